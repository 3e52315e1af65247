"""Sandboxes: bubblewrap, in which an agent runs what is asked for."""

import asyncio
import json
import os
import pickle
import signal
import socket
import subprocess
import threading
import time
import uuid
from pathlib import PurePosixPath

from . import exception
from .state import both, check_tokens, fault, fault_of, root
from .volume import Mounted

GPUS = {"T4", "L4", "A10", "L40S", "A100-40GB", "A100-80GB", "H100", "H200", "B200"}
AGENT = os.path.join(os.path.dirname(__file__), "agent.py")
# Bytes of all arguments together.
ARG_MAX_BYTES = 1 << 16
# Seconds that Modal takes to keep what was written last in a container that was ended.
AFTERMATH = 0.15


class Sandbox:
    def __init__(self, number):
        self.object_id = number
        self.folder = os.path.join(root(), "sandboxes", number)
        self.filesystem = Filesystem(self)

    @both
    async def create(*command, app, image, tags, timeout, idle_timeout, cpu, memory, gpu, block_network, volumes):
        check_tokens()
        assert image.object_id and command and timeout > 0 and idle_timeout > 0
        if fault("no-capacity"):
            raise exception.ResourceExhaustedError("no capacity")
        if gpu is not None and gpu not in GPUS:
            raise exception.InvalidError(f"Unknown GPU type {gpu}")
        names = [volume.name for volume in volumes.values()]
        if len(set(names)) != len(names):
            raise exception.InvalidError("The same Volume cannot be mounted in multiple locations")
        sandbox = Sandbox(f"sb-{uuid.uuid4().hex[:12]}")
        os.makedirs(os.path.join(sandbox.folder, "run"))
        mounts = {}
        for number, (at, volume) in enumerate(volumes.items()):
            mounts[at] = Mounted(volume, os.path.join(sandbox.folder, f"mount-{number}"))
            mounts[at].reload()
        sandbox._remember(mounts)
        about = {"until": time.time() + timeout, "tags": tags, "cpu": cpu, "memory": memory, "gpu": gpu, "block_network": block_network}
        with open(os.path.join(sandbox.folder, "about.json"), "w") as file:
            json.dump(about, file)
        sandbox._start(image, mounts, block_network)
        return sandbox

    def _remember(self, mounts):
        with open(os.path.join(self.folder, "mounts"), "wb") as file:
            pickle.dump(mounts, file)

    def _mounts(self):
        with open(os.path.join(self.folder, "mounts"), "rb") as file:
            return pickle.load(file)

    def _start(self, image, mounts, block_network):
        python = os.path.realpath("/usr/bin/python3")
        command = ["bwrap", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--ro-bind", "/usr", "/usr"]
        for name in ("bin", "sbin", "lib", "lib64"):
            if os.path.islink(f"/{name}"):
                command += ["--symlink", f"usr/{name}", f"/{name}"]
        command += ["--proc", "/proc", "--dev", "/dev", "--dir", "/run"]
        for shared in ("/tmp", "/dev/shm"):
            command += ["--perms", "1777", "--tmpfs", shared]
        command += folders_to("/opt/agent.py")
        command += ["--bind", os.path.join(self.folder, "run"), "/run/agent", "--ro-bind", AGENT, "/opt/agent.py"]
        if block_network:
            command += ["--unshare-net"]
        for local, remote in image.local:
            command += [*folders_to(remote), "--ro-bind", local, remote]
        for at, mounted in mounts.items():
            command += folders_to(at)
            command += ["--ro-bind" if mounted.volume.read_only else "--bind", mounted.copy, at]
        command += ["--clearenv", "--setenv", "PATH", "/usr/bin:/bin", python, "-I", "/opt/agent.py"]
        with open(os.path.join(self.folder, "log"), "wb") as log:
            started = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, close_fds=True
            )
        with open(os.path.join(self.folder, "pid"), "w") as file:
            file.write(str(started.pid))
        until = time.monotonic() + 20
        while not os.path.exists(os.path.join(self.folder, "run", "socket")):
            if started.poll() is not None or time.monotonic() > until:
                with open(os.path.join(self.folder, "log")) as log:
                    raise exception.Error(f"the stand-in's sandbox does not start: {log.read()}")
            time.sleep(0.005)

    @both
    async def from_id(number):
        sandbox = Sandbox(number)
        if not os.path.exists(sandbox.folder):
            raise exception.NotFoundError(f"Sandbox {number} not found")
        return sandbox

    @both
    async def list(*, app_id=None, tags=None):
        for number in sorted(os.listdir(os.path.join(root(), "sandboxes"))):
            sandbox = Sandbox(number)
            with open(os.path.join(sandbox.folder, "about.json")) as file:
                found = json.load(file)["tags"]
            if sandbox._pid() and (tags or {}).items() <= found.items():
                yield sandbox

    def _pid(self):
        """Of a sandbox that lives, which one that has lived too long does not."""
        try:
            with open(os.path.join(self.folder, "about.json")) as file:
                is_over = json.load(file)["until"] < time.time()
            with open(os.path.join(self.folder, "pid")) as file:
                pid = int(file.read())
            with open(f"/proc/{pid}/stat") as file:
                if file.read().rpartition(")")[2].split()[0] in "ZX":
                    return None
            if is_over:
                os.killpg(pid, signal.SIGKILL)
            return None if is_over else pid
        except (OSError, ValueError):
            return None

    @both
    async def exec(self, *argv, env=None, timeout=None, text=True):
        size = sum(map(len, argv))
        if size > ARG_MAX_BYTES:
            raise exception.InvalidError(f"Total length of CMD arguments cannot exceed {ARG_MAX_BYTES} bytes. Got {size}.")
        if not self._pid():
            raise exception.NotFoundError("Sandbox has already finished")
        if "make" in argv and fault_of("no-shadow", self.object_id):
            raise exception.ServiceError("the machine of this sandbox does not answer")
        if argv[0] == "sync":
            mounts = self._mounts()
            for at in argv[1:]:
                mounts[at].commit()
            self._remember(mounts)
            return Done(0)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        folder = os.open(os.path.join(self.folder, "run"), os.O_PATH)
        try:
            # The path of a socket may be long here.
            connection.connect(f"/proc/self/fd/{folder}/socket")
        finally:
            os.close(folder)
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        request = json.dumps({"argv": argv, "env": env or {}, "timeout": timeout}).encode()
        socket.send_fds(connection, [len(request).to_bytes(4, "big")], [out_end, err_end])
        os.close(out_end)
        os.close(err_end)
        connection.sendall(request)
        return Process(connection, out, err, timeout)

    @both
    async def reload_volumes(self):
        if fault("open-files"):
            raise exception.ConflictError("there are open files preventing the operation")
        if fault_of("no-reload", self.object_id):
            raise exception.ServiceError("the machine of this sandbox does not answer")
        mounts = self._mounts()
        for mounted in mounts.values():
            mounted.reload()
        self._remember(mounts)

    @both
    async def terminate(self, *, wait=False):
        if pid := self._pid():
            os.killpg(pid, signal.SIGKILL)
            while self._pid():
                await asyncio.sleep(0.002)
            ending = threading.Thread(target=self._keep_the_last)
            ending.start()
            if wait:
                await asyncio.to_thread(ending.join)

    def _keep_the_last(self):
        """As Modal does, which is not told to whoever does not wait."""
        time.sleep(AFTERMATH)
        for mounted in self._mounts().values():
            mounted.commit()


def folders_to(path):
    """Makes the folders above a path as containers have them, which bubblewrap would keep to root."""
    folders = reversed(PurePosixPath(path).parents[:-1])
    return [part for folder in folders for part in ("--perms", "0755", "--dir", str(folder))]


class Filesystem:
    def __init__(self, sandbox):
        self.sandbox = sandbox

    @both
    async def write_bytes(self, data, path):
        if fault_of("no-writes", self.sandbox.object_id):
            raise exception.SandboxFilesystemError("An unexpected error occurred")
        # Like Modal's own tool, by a program of the container's root.
        name = uuid.uuid4().hex
        with open(os.path.join(self.sandbox.folder, "run", name), "wb") as file:
            file.write(data)
        code = (
            "import os, shutil, sys; os.makedirs(os.path.dirname(sys.argv[2]), exist_ok=True)\n"
            "shutil.copyfile(sys.argv[1], sys.argv[2]); os.unlink(sys.argv[1])"
        )
        process = await self.sandbox.exec.aio("python", "-c", code, f"/run/agent/{name}", path)
        if await process.wait.aio() != 0:
            raise exception.SandboxFilesystemError(f"Operation on '{path}' failed with exit code 1")


class Done:
    def __init__(self, code):
        self.code = code

    @property
    def wait(self):
        return self

    async def aio(self):
        return self.code


class Process:
    def __init__(self, connection, out, err, timeout):
        self.connection = connection
        until = None if timeout is None else time.monotonic() + timeout
        self.stdout, self.stderr = Stream(out, until), Stream(err, until)

    @both
    async def wait(self):
        def read():
            with self.connection:
                return self.connection.recv(64)

        answer = await asyncio.to_thread(read)
        if not answer:
            raise exception.NotFoundError("Sandbox has already finished")
        return int(answer)


class Stream:
    def __init__(self, descriptor, until):
        self.descriptor, self.until = descriptor, until

    async def __aiter__(self):
        reader = asyncio.StreamReader(limit=1 << 16)
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(self.descriptor, "rb")
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            # Pieces of no size that anybody could count on, until the program's time is over, whoever still holds a pipe.
            while data := await self._read(reader):
                yield data
        finally:
            transport.close()

    async def _read(self, reader):
        if self.until is None:
            return await reader.read(100_000)
        try:
            return await asyncio.wait_for(reader.read(100_000), max(0.0, self.until - time.monotonic()))
        except TimeoutError:
            return b""
