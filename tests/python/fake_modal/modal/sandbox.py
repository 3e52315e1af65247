"""Sandboxes: bubblewrap, in which an agent runs what is asked for."""

import asyncio
import base64
import json
import os
import pickle
import signal
import socket
import subprocess
import time
import uuid

from . import exception
from .state import both, check_tokens, fault, root
from .volume import Mounted

GPUS = {"T4", "L4", "A10", "L40S", "A100-40GB", "A100-80GB", "H100", "H200", "B200"}
AGENT = os.path.join(os.path.dirname(__file__), "agent.py")


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
        about = {"tags": tags, "cpu": cpu, "memory": memory, "gpu": gpu, "block_network": block_network}
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
        command += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--dir", "/run"]
        command += ["--bind", os.path.join(self.folder, "run"), "/run/agent", "--ro-bind", AGENT, "/opt/agent.py"]
        if block_network:
            command += ["--unshare-net"]
        for local, remote in image.local:
            command += ["--ro-bind", local, remote]
        for at, mounted in mounts.items():
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
        """Of a sandbox that lives."""
        try:
            with open(os.path.join(self.folder, "pid")) as file:
                pid = int(file.read())
            with open(f"/proc/{pid}/stat") as file:
                return None if file.read().rpartition(")")[2].split()[0] in "ZX" else pid
        except (OSError, ValueError):
            return None

    @both
    async def exec(self, *argv, env=None, timeout=None, text=True):
        if not self._pid():
            raise exception.NotFoundError("Sandbox has already finished")
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
        request = json.dumps({"argv": argv, "env": env or {}}).encode()
        socket.send_fds(connection, [len(request).to_bytes(4, "big")], [out_end, err_end])
        os.close(out_end)
        os.close(err_end)
        connection.sendall(request)
        return Process(connection, out, err)

    @both
    async def reload_volumes(self):
        if fault("open-files"):
            raise exception.ConflictError("there are open files preventing the operation")
        mounts = self._mounts()
        for mounted in mounts.values():
            mounted.reload()
        self._remember(mounts)

    @both
    async def terminate(self):
        if pid := self._pid():
            os.killpg(pid, signal.SIGKILL)
            while self._pid():
                await asyncio.sleep(0.002)
            # Modal commits what is left at the end of a container.
            for mounted in self._mounts().values():
                mounted.commit()


class Filesystem:
    def __init__(self, sandbox):
        self.sandbox = sandbox

    @both
    async def write_bytes(self, data, path):
        for at, mounted in self.sandbox._mounts().items():
            if path.startswith(at + "/"):
                there = mounted.copy + path[len(at) :]
                os.makedirs(os.path.dirname(there), exist_ok=True)
                with open(there, "wb") as file:
                    file.write(data)
                return
        # Anywhere else it takes a program in there.
        code = "import base64, os, sys; open(sys.argv[1], 'wb').write(base64.b64decode(os.environ['DATA']))"
        data = {"DATA": base64.b64encode(data).decode()}
        process = await self.sandbox.exec.aio("python", "-c", code, path, env=data)
        if await process.wait.aio() != 0:
            raise exception.NotFoundError(f"No such file or directory: {path}")


class Done:
    def __init__(self, code):
        self.code = code

    @property
    def wait(self):
        return self

    async def aio(self):
        return self.code


class Process:
    def __init__(self, connection, out, err):
        self.connection = connection
        self.stdout, self.stderr = Stream(out), Stream(err)

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
    def __init__(self, descriptor):
        self.descriptor = descriptor

    async def __aiter__(self):
        reader = asyncio.StreamReader(limit=1 << 16)
        loop = asyncio.get_running_loop()
        pipe = os.fdopen(self.descriptor, "rb")
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        try:
            # Pieces of no size that anybody could count on.
            while data := await reader.read(100_000):
                yield data
        finally:
            transport.close()


