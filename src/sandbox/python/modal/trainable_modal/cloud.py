"""The app, the image and the sandboxes at Modal."""

import asyncio
import math

import modal

from .problems import Refused

# Where containers see the SDK and the launcher.
SDK_AT = "/opt/trainable/sdk"
TAG = "trainable-server"


class Cloud:
    def __init__(self):
        self.app = None
        self.image = None
        self.server = None
        self.volume_name = None
        self.volumes = {}
        self.sandboxes = {}

    async def ping(self, call, request):
        """Says that this process is awake."""
        return {}

    async def open(self, call, request):
        """Shows the tokens at Modal, finds the app, and ends what a dead server of the same name left running."""
        self.server, self.volume_name = request["server"], request["volume"]
        self.app = await modal.App.lookup.aio(request["app"], create_if_missing=True)
        swept = 0
        async for sandbox in modal.Sandbox.list.aio(app_id=self.app.app_id, tags={TAG: self.server}):
            if sandbox.object_id not in self.sandboxes:
                await sandbox.terminate.aio()
                swept += 1
        return {"swept": swept, "sdk": modal.__version__}

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
        self.image = await image.build.aio(self.opened())
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
        await sandbox.filesystem.write_bytes.aio(bytes(data), request["path"])
        return {}

    async def terminate(self, call, request):
        """Ends a container and all in it; nothing happens when it has ended."""
        number = request["sandbox"]
        try:
            sandbox = await self.sandbox(number)
            await sandbox.terminate.aio()
        except modal.exception.NotFoundError:
            pass
        self.sandboxes.pop(number, None)
        return {}

    async def leave(self):
        """Ends every container that this process started: nobody is left who would."""
        left, self.sandboxes = list(self.sandboxes.values()), {}
        ended = (sandbox.terminate.aio() for sandbox in left)
        await asyncio.gather(*ended, return_exceptions=True)
