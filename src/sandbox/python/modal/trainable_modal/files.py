"""The files of volumes: what Modal holds, whether a container runs or not."""

import asyncio
import hashlib
import os
import tempfile
import time

import modal
from modal.volume import FileEntryType

from .problems import Absent, Refused

# Entries of a listing that are told in one line.
TOGETHER = 200
# What a file is that is none, in the words of the server's other backends.
ODD = {
    "SYMLINK": "is a symbolic link",
    "FIFO": "is a FIFO",
    "SOCKET": "is a socket",
}
# Modal hands out files from their beginning, so that who reads one piece after the other keeps the place.
PLACES, REST_SECONDS = 4, 10.0


class Files:
    def __init__(self, cloud):
        self.cloud = cloud
        self.places = {}
        # Counts changes: what was begun to be read before the last one is not read on.
        self.changes = 0
        cloud.after_change.append(self.changed)

    async def list(self, call, request):
        """Tells of all below a folder, with their paths in the volume."""
        volume = await self.cloud.volume(request["kind"])
        entries, count, truncated = [], 0, False
        try:
            async for entry in entries_of(volume, request["path"], request["recursive"]):
                if entry.type == FileEntryType.DIRECTORY:
                    continue
                count += 1
                if count > request["most"]:
                    truncated = True
                    break
                entries.append(described(entry))
                if len(entries) == TOGETHER:
                    await call.event(entries=entries)
                    entries = []
        except (modal.exception.NotFoundError, FileNotFoundError):
            pass
        if entries:
            await call.event(entries=entries)
        return {"truncated": truncated}

    async def read(self, call, request):
        """Hands on bytes of a file from an offset on."""
        kind, path, offset, length = (request[name] for name in ("kind", "path", "offset", "length"))
        place = await self._place(kind, path, offset)
        try:
            while length > 0:
                data = await place.take(min(length, 1 << 20))
                if not data:
                    break
                await call.data("data", data)
                length -= len(data)
        except BaseException:
            await place.close()
            raise
        await self._keep(kind, path, place)
        return {}

    async def _place(self, kind, path, offset):
        place = self.places.pop((kind, path), None)
        if place is None or place.at != offset or place.is_old():
            if place is not None:
                await place.close()
            volume = await self.cloud.volume(kind)
            place = Place(volume.read_file.aio(path), self.changes)
            await place.skip(offset)
        return place

    async def _keep(self, kind, path, place):
        if place.ended or place.since != self.changes:
            await place.close()
            return
        place.used = time.monotonic()
        self.places[kind, path] = place
        for key, other in list(self.places.items()):
            if other.is_old() or len(self.places) > PLACES:
                del self.places[key]
                await other.close()

    async def changed(self):
        """Who reads on after a change reads anew."""
        self.changes += 1
        places, self.places = list(self.places.values()), {}
        for place in places:
            await place.close()

    async def digest(self, call, request):
        """SHA-256 of a whole file, and its size."""
        volume = await self.cloud.volume(request["kind"])
        hashed, size = hashlib.sha256(), 0
        async for data in present(volume.read_file.aio(request["path"])):
            hashed.update(data)
            size += len(data)
        return {"sha256": hashed.hexdigest(), "size": size}

    async def put(self, call, request):
        """Takes a whole file and puts it in place of what was there."""
        volume = await self.cloud.volume(request["kind"])
        size = 0
        with tempfile.TemporaryFile() as file:
            async for data in call.received():
                file.write(data)
                size += len(data)
            async with volume.batch_upload.aio(force=True) as batch:
                put_file(batch, file, request["path"])
        await self.changed()
        return {"size": size}

    async def delete(self, call, request):
        """Deletes a file or a folder; nothing happens when it is not there."""
        await self._delete(await self.cloud.volume(request["kind"]), request["path"])
        await self.changed()
        return {}

    async def _delete(self, volume, path):
        try:
            await volume.remove_file.aio(path, recursive=True)
        except (modal.exception.NotFoundError, FileNotFoundError):
            pass

    async def rename(self, call, request):
        """Moves a file or a folder. Modal copies, as `cp` does, and deletes, so one that broke off is begun anew."""
        volume = await self.cloud.volume(request["kind"])
        source, target = request["path"], request["to"]
        if not await self._is_there(volume, source):
            return {}
        await self._delete(volume, target)
        # `cp` copies into a folder that is there, and makes none.
        parent = os.path.dirname(target)
        marker = os.path.join(parent, f".trainable-{os.urandom(6).hex()}")
        with tempfile.TemporaryFile() as empty:
            async with volume.batch_upload.aio(force=True) as batch:
                put_file(batch, empty, marker)
        try:
            await volume.copy_files.aio([source], target, recursive=True)
        finally:
            await self._delete(volume, marker)
        await self._delete(volume, source)
        await self.changed()
        return {}

    async def _is_there(self, volume, path):
        try:
            async for _ in entries_of(volume, path, recursive=False):
                return True
        except (modal.exception.NotFoundError, FileNotFoundError):
            return False
        # An empty folder, or nothing; either way there is nothing to move.
        return False


def put_file(batch, file, path):
    """Has an open file uploaded, for everybody to read: programs are not who mounts the volume."""
    file.flush()
    # By a path, since the SDK reads it at several places at once, where copies of a descriptor would share one.
    batch.put_file(f"/proc/self/fd/{file.fileno()}", path, mode=0o644)


async def entries_of(volume, path, recursive):
    """What Modal lists at a path. One that ends in `*` it takes for a pattern, so that is picked from a folder above."""
    folder = path
    while folder.endswith("*"):
        folder = os.path.dirname(folder)
    if folder == path:
        async for entry in volume.iterdir.aio(path, recursive=recursive):
            yield entry
        return
    async for entry in volume.iterdir.aio(folder or "/", recursive=True):
        at = entry.path.lstrip("/")
        inner = at.removeprefix(f"{path}/") if at.startswith(f"{path}/") else None
        if inner is None:
            if at == path and entry.type != FileEntryType.DIRECTORY:
                yield entry
        elif recursive or "/" not in inner:
            yield entry


class Place:
    """A file that is being read from its beginning."""

    def __init__(self, stream, since):
        self.stream, self.since = present(stream), since
        self.at, self.rest, self.ended = 0, b"", False
        self.used = time.monotonic()

    def is_old(self):
        return time.monotonic() - self.used > REST_SECONDS

    async def take(self, most):
        """At most so many bytes; none at the end."""
        while not self.rest and not self.ended:
            try:
                self.rest = memoryview(await anext(self.stream))
            except StopAsyncIteration:
                self.ended = True
        data, self.rest = self.rest[:most], self.rest[most:]
        self.at += len(data)
        return data

    async def skip(self, offset):
        # The first read also tells whether there is a file.
        data = await self.take(offset)
        while self.at < offset and data:
            data = await self.take(offset - self.at)
        if offset == 0 and not self.rest and not self.ended:
            first = await self.take(1 << 62)
            self.at, self.rest = 0, first

    async def close(self):
        await self.stream.aclose()


async def present(stream):
    """The same bytes, with one word for a file that is not there."""
    try:
        async for data in stream:
            yield data
    except (modal.exception.NotFoundError, FileNotFoundError) as error:
        raise Absent("there is no such file") from error
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()


def described(entry):
    kind = entry.type.name
    return {
        "path": entry.path,
        "size": entry.size,
        "modified": int(entry.mtime),
        "odd": None if kind == "FILE" else ODD.get(kind, "is not a regular file"),
    }
