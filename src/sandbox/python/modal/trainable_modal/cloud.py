"""The app, the image and the sandboxes at Modal."""

import asyncio
import collections
import contextlib
import math
import secrets
import sys

import modal

from .problems import Refused

# Where containers see the SDK and the launcher.
SDK_AT = "/opt/trainable/sdk"
# Where files lie in a container that its programs can neither read nor change.
HELD_AT = "/run/trainable"
ENVIRONMENT = {"PYTHONPATH": SDK_AT, "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}
TAG = "trainable-server"
# Seconds that a container may take to end, and those that were left behind all together.
ENDING, SWEEPING = 30, 8


class Cloud:
    def __init__(self):
        self.app = None
        self.image = None
        self.server = None
        self.volume_name = None
        self.volumes = {}
        self.sandboxes = {}
        # Awaited when what a container wrote may have become visible, and called with the number of one that has ended.
        self.after_change, self.after_end = [], []

    async def ping(self, call, request):
        """Says that this process is awake."""
        return {}

    async def open(self, call, request):
        """Shows the tokens at Modal, finds the app, and ends what a dead server of the same name left running."""
        self.server, self.volume_name = request["server"], request["volume"]
        self.app = await modal.App.lookup.aio(request["app"], create_if_missing=True)
        listed = modal.Sandbox.list.aio(app_id=self.app.app_id, tags={TAG: self.server})
        left = [sandbox async for sandbox in listed if sandbox.object_id not in self.sandboxes]
        await asyncio.gather(*(end(sandbox, SWEEPING) for sandbox in left))
        if left:
            await self.changed()
        return {"swept": len(left), "sdk": modal.__version__}

    async def build(self, call, request):
        """Makes the image of what the locks pin, which Modal keeps: only the first time takes minutes."""
        image = modal.Image.debian_slim(python_version="3.11").apt_install("libgomp1")
        for lock in request["locks"]:
            image = image.pip_install_from_requirements(
                lock, extra_options="--require-hashes --only-binary :all: --no-deps"
            )
        # Not a layer: with another version of the server only these few files change.
        image = image.add_local_dir(request["sdk"], SDK_AT)
        await call.notice(progress="Modal makes the image of the Python packages; the first time takes some minutes")
        said = Tail()
        try:
            # Only then the SDK prints what the tools say that make it.
            with contextlib.redirect_stdout(said), modal.enable_output():
                self.image = await image.build.aio(self.opened())
        except modal.exception.ImageBuildError as error:
            error.args = (f"{' '.join(str(error).split())[:120]}: {said.text()}",)
            raise
        return {"image": self.image.object_id}

    def opened(self):
        if self.app is None:
            raise Refused("Modal was not opened yet; ask for that first")
        return self.app

    async def volume(self, kind):
        """The volume of a kind of folder. Two kinds are mounted in one sandbox, and Modal mounts each volume once."""
        self.opened()
        if kind not in self.volumes:
            name = self.volume_name if kind == "sessions" else f"{self.volume_name}-{kind}"
            # Only the second version lets a sandbox commit by `sync`.
            volume = modal.Volume.from_name(name, create_if_missing=True, version=2)
            await volume.hydrate.aio()
            self.volumes[kind] = volume
        return self.volumes[kind]

    async def create(self, call, request):
        """Starts a container that does nothing yet."""
        if self.image is None:
            raise Refused("the image was not made yet; ask for that first")
        mounts = {}
        for mount in request["mounts"]:
            volume = await self.volume(mount["kind"])
            mounts[mount["at"]] = volume.with_mount_options(read_only=mount["read_only"], sub_path=mount["sub_path"])
        sandbox = await modal.Sandbox.create.aio(
            # What a container runs is of no interest; it is there to run other things in.
            "sleep",
            "infinity",
            app=self.opened(),
            image=self.image,
            tags={TAG: self.server},
            timeout=math.ceil(request["timeout"]),
            idle_timeout=math.ceil(request["idle_timeout"]),
            cpu=tuple(request["cpu"]),
            memory=tuple(request["memory"]),
            gpu=request["gpu"],
            block_network=request["block_network"],
            volumes=mounts,
        )
        self.sandboxes[sandbox.object_id] = sandbox
        return {"sandbox": sandbox.object_id}

    async def sandbox(self, number):
        if number not in self.sandboxes:
            self.sandboxes[number] = await modal.Sandbox.from_id.aio(number)
        return self.sandboxes[number]

    async def exec(self, call, request):
        """Runs a command in a container and hands on what it prints, as bytes."""
        sandbox = await self.sandbox(request["sandbox"])
        process = await sandbox.exec.aio(
            *request["argv"],
            env=request["env"],
            timeout=math.ceil(request["timeout"]),
            text=False,
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(call, "stdout", process.stdout))
            group.create_task(self._follow(call, "stderr", process.stderr))
        return {"code": await process.wait.aio()}

    async def _follow(self, call, name, stream):
        async for data in stream:
            await call.data(name, data if isinstance(data, bytes) else data.encode())

    async def kill(self, call, request):
        """Asks a launcher to end all that it started."""
        sandbox = await self.sandbox(request["sandbox"])
        # A slim image has no `kill` but its shell's.
        process = await sandbox.exec.aio("sh", "-c", 'kill -TERM "$0"', str(int(request["pid"])), timeout=20)
        return {"code": await process.wait.aio()}

    async def commit(self, call, request):
        """Makes what was written below these folders visible outside of the container."""
        sandbox = await self.sandbox(request["sandbox"])
        process = await sandbox.exec.aio("sync", *request["folders"], timeout=600)
        code = await process.wait.aio()
        if code != 0:
            raise Refused(f"what the sandbox wrote was not committed: `sync` ended with {code}")
        await self.changed()
        return {}

    async def reload(self, call, request):
        """Makes what was written outside visible in the container; `ConflictError` while a file is open there."""
        sandbox = await self.sandbox(request["sandbox"])
        await sandbox.reload_volumes.aio()
        return {}

    async def place(self, call, request):
        """Writes a small file into a container whose volumes cannot be reloaded now."""
        sandbox = await self.sandbox(request["sandbox"])
        data = bytearray()
        async for chunk in call.received():
            data += chunk
        held = await self.hold(sandbox, bytes(data))
        process = await run(sandbox, "place", held, request["path"], *request["folders"], timeout=60)
        said, code = await asyncio.gather(last_of(process.stderr), process.wait.aio())
        if code != 0:
            raise Refused(f"a script could not be put into the sandbox: {said}")
        return {}

    async def hold(self, sandbox, data):
        """Puts bytes into a container, out of reach of its programs; the path."""
        path = f"{HELD_AT}/{secrets.token_hex(8)}"
        await sandbox.filesystem.write_bytes.aio(data, path)
        return path

    async def terminate(self, call, request):
        """Ends a container and all in it; nothing happens when it has ended."""
        number = request["sandbox"]
        try:
            await end(await self.sandbox(number), ENDING)
        except modal.exception.NotFoundError:
            pass
        self.sandboxes.pop(number, None)
        for told in self.after_end:
            told(number)
        await self.changed()
        return {}

    async def changed(self):
        for told in self.after_change:
            await told()

    async def leave(self):
        """Ends every container that this process started: nobody is left who would."""
        left, self.sandboxes = list(self.sandboxes.values()), {}
        ended = (sandbox.terminate.aio() for sandbox in left)
        await asyncio.gather(*ended, return_exceptions=True)


async def end(sandbox, seconds):
    """Ends a container, and waits so long at most: Modal keeps what was written last only at its very end."""
    try:
        async with asyncio.timeout(seconds):
            await sandbox.terminate.aio(wait=True)
    except TimeoutError:
        print(f"the container {sandbox.object_id} takes long to end", file=sys.stderr)
    except (modal.exception.NotFoundError, modal.exception.SandboxTimeoutError):
        # It had ended before.
        pass


async def run(sandbox, module, *arguments, timeout):
    """Starts a module of the launcher's package in a container."""
    argv = ("python", "-P", "-B", "-m", f"trainable_launch.{module}", *arguments)
    return await sandbox.exec.aio(*argv, env=ENVIRONMENT, timeout=timeout, text=False)


async def last_of(stream):
    """The end of what a program prints, as text."""
    data = bytearray()
    async for piece in stream:
        data += piece
        del data[:-4096]
    return data[-300:].decode(errors="replace").strip()


class Tail:
    """A file that hands on what is printed, and keeps the end of it."""

    def __init__(self):
        self.kept = collections.deque(maxlen=4096)

    def write(self, text):
        self.kept.extend(text)
        return sys.stderr.write(text)

    def flush(self):
        sys.stderr.flush()

    def isatty(self):
        return False

    def text(self):
        lines = "".join(self.kept).splitlines()
        return " | ".join(line.strip() for line in lines if line.strip())[-170:]
