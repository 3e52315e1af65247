"""Folders of a container that show a read-only volume in which one folder may be written.

Modal mounts a volume once in a container, so the whole is mounted aside, `trainable_launch.shadow` shows it by links with
a copy of that one folder, and what changes in the copy is brought to the volume here, after each program.
"""

import asyncio
import json
import os
import tempfile

from .cloud import SDK_AT
from .problems import Refused

ENVIRONMENT = {"PYTHONPATH": SDK_AT, "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"}
# Bytes of the longest head of a file.
HEAD = 16 * 1024


class Shadows:
    def __init__(self, cloud, files):
        self.cloud, self.files = cloud, files
        # What was brought already, by container: a file's state by its path.
        self.known = {}

    async def shadow(self, call, request):
        """Makes one in a container."""
        sandbox = await self.cloud.sandbox(request["sandbox"])
        paths = [request[name] for name in ("whole", "at", "part")]
        process = await sandbox.exec.aio(*command("make", *paths), env=ENVIRONMENT, timeout=300, text=False)
        said, code = await asyncio.gather(all_of(process.stderr), process.wait.aio())
        if code != 0:
            raise Refused(f"the folders of the sandbox could not be made: {said[-300:].decode(errors='replace')}")
        return {}

    async def collect(self, call, request):
        """Brings what has changed in the copy to the volume."""
        number = request["sandbox"]
        sandbox, volume = await self.cloud.sandbox(number), await self.cloud.volume(request["kind"])
        known = self.known.setdefault(number, {})
        process = await sandbox.exec.aio(
            *command("show", request["folder"], json.dumps(known)), env=ENVIRONMENT, timeout=900, text=False
        )
        with tempfile.TemporaryDirectory(prefix="collect-") as folder:
            files = await self._receive(process.stdout, folder, request["most_bytes"], request["most_files"])
            if await process.wait.aio() != 0:
                raise Refused("what the program wrote could not be read")
            async with volume.batch_upload.aio(force=True) as batch:
                for path, _, local in files:
                    batch.put_file(local, f"{request['path']}/{path}")
        known.update({path: state for path, state, _ in files})
        await self.files.changed()
        return {"files": len(files)}

    async def _receive(self, stream, folder, most_bytes, most_files):
        """Files by their paths, states and where they lie now. Whatever is said of them is a claim."""
        files, pieces, rest = [], aiter(stream), bytearray()

        async def more():
            piece = await anext(pieces, b"")
            rest.extend(piece)
            return bool(piece)

        while True:
            while b"\n" not in rest:
                if len(rest) > HEAD or not await more():
                    if rest:
                        raise Refused("what the program wrote could not be read")
                    return files
            line, _, tail = bytes(rest).partition(b"\n")
            rest[:] = tail
            head = json.loads(line)
            path, size, state = str(head["path"]), int(head["size"]), str(head["state"])
            most_bytes -= size
            if size < 0 or most_bytes < 0 or len(files) >= most_files:
                raise Refused("the program wrote more than it may keep")
            local = os.path.join(folder, str(len(files)))
            with open(local, "wb") as file:
                while size > 0:
                    if not rest and not await more():
                        raise Refused("what the program wrote could not be read")
                    data = rest[:size]
                    file.write(data)
                    size -= len(data)
                    del rest[: len(data)]
            if is_plain(path):
                files.append((path, state, local))


def is_plain(path):
    """Whether it stays below where it is put."""
    return all(part not in ("", ".", "..") for part in path.split("/")) and path.isprintable() and len(path) < 900


def command(*arguments):
    return ("python", "-P", "-B", "-m", "trainable_launch.shadow", *arguments)


async def all_of(stream):
    data = bytearray()
    async for piece in stream:
        data += piece
        del data[:-4096]
    return bytes(data)
