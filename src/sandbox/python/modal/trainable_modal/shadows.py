"""Folders of a container that show a read-only volume in which one folder may be written.

Modal mounts a volume once in a container, so the whole is mounted aside, `trainable_launch.shadow` shows it by links with
a copy of that one folder, and what changes in the copy is brought to the volume here, after each program.
"""

import asyncio
import json
import tempfile

from .cloud import last_of, run
from .files import put_file
from .problems import Refused

# Bytes of the longest head of a file.
HEAD = 16 * 1024
# Bytes and files that are brought to the volume together, so that no more of them lies on the server's disk.
BATCH_BYTES, BATCH_FILES = 256 << 20, 200


class Shadows:
    def __init__(self, cloud, files):
        self.cloud, self.files = cloud, files
        # What was brought already, by container: a file's state by its path.
        self.known = {}
        cloud.after_end.append(lambda number: self.known.pop(number, None))

    async def shadow(self, call, request):
        """Makes one in a container."""
        sandbox = await self.cloud.sandbox(request["sandbox"])
        paths = [request[name] for name in ("whole", "at", "part")]
        process = await run(sandbox, "shadow", "make", *paths, timeout=300)
        said, code = await asyncio.gather(last_of(process.stderr), process.wait.aio())
        if code != 0:
            raise Refused(f"the folders of the sandbox could not be made: {said}")
        return {}

    async def collect(self, call, request):
        """Brings what has changed in the copy to the volume."""
        number = request["sandbox"]
        sandbox, volume = await self.cloud.sandbox(number), await self.cloud.volume(request["kind"])
        known = self.known.setdefault(number, {})
        held = await self.cloud.hold(sandbox, json.dumps(known).encode())
        process = await run(sandbox, "shadow", "show", request["folder"], held, timeout=900)
        batch, size, count = [], 0, 0
        try:
            async for path, state, file in self._receive(process.stdout, request["most_bytes"], request["most_files"]):
                batch.append((path, state, file))
                size += file.tell()
                count += 1
                if size >= BATCH_BYTES or len(batch) >= BATCH_FILES:
                    await self._bring(volume, request["path"], batch, known)
                    size = 0
            if await process.wait.aio() != 0:
                raise Refused("what the program wrote could not be read")
            await self._bring(volume, request["path"], batch, known)
        finally:
            for _, _, file in batch:
                file.close()
        return {"files": count}

    async def _bring(self, volume, folder, batch, known):
        """Uploads these files, and forgets them."""
        async with volume.batch_upload.aio(force=True) as upload:
            for path, _, file in batch:
                put_file(upload, file, f"{folder}/{path}")
        known.update({path: state for path, state, _ in batch})
        for _, _, file in batch:
            file.close()
        batch.clear()
        await self.files.changed()

    async def _receive(self, stream, most_bytes, most_files):
        """Files with their paths and states. Whatever is said of them is a claim."""
        pieces, rest = aiter(stream), bytearray()

        async def more():
            piece = await anext(pieces, b"")
            rest.extend(piece)
            return bool(piece)

        while True:
            while b"\n" not in rest:
                if len(rest) > HEAD or not await more():
                    if rest:
                        raise Refused("what the program wrote could not be read")
                    return
            line, _, tail = bytes(rest).partition(b"\n")
            rest[:] = tail
            head = json.loads(line)
            path, size, state = str(head["path"]), int(head["size"]), str(head["state"])
            most_bytes, most_files = most_bytes - size, most_files - 1
            if size < 0 or most_bytes < 0 or most_files < 0:
                raise Refused("the program wrote more than it may keep")
            file = tempfile.TemporaryFile()
            try:
                while size > 0:
                    if not rest and not await more():
                        raise Refused("what the program wrote could not be read")
                    data = rest[:size]
                    file.write(data)
                    size -= len(data)
                    del rest[: len(data)]
            except BaseException:
                file.close()
                raise
            if is_plain(path):
                yield path, state, file
            else:
                file.close()


def is_plain(path):
    """Whether it stays below where it is put."""
    return all(part not in ("", ".", "..") for part in path.split("/")) and path.isprintable() and len(path) < 900
