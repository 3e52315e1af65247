"""Volumes: a folder of what was committed for each."""

import asyncio
import contextlib
import enum
import os
import shutil
import stat
import uuid

from . import exception
from .state import both, check_tokens, root

BLOCK = 8 * 1024


class FileEntryType(enum.IntEnum):
    UNSPECIFIED = 0
    FILE = 1
    DIRECTORY = 2
    SYMLINK = 3
    FIFO = 4
    SOCKET = 5


class FileEntry:
    def __init__(self, top, path):
        self.path = os.path.relpath(path, top)
        found = os.lstat(path)
        kinds = {
            stat.S_IFREG: FileEntryType.FILE,
            stat.S_IFDIR: FileEntryType.DIRECTORY,
            stat.S_IFLNK: FileEntryType.SYMLINK,
            stat.S_IFIFO: FileEntryType.FIFO,
            stat.S_IFSOCK: FileEntryType.SOCKET,
        }
        self.type = kinds.get(stat.S_IFMT(found.st_mode), FileEntryType.UNSPECIFIED)
        self.size, self.mtime = found.st_size, int(found.st_mtime)


class Volume:
    def __init__(self, name, read_only=False, sub_path=None):
        self.name, self.read_only, self.sub_path = name, read_only, sub_path

    @staticmethod
    def from_name(name, *, create_if_missing=False, version=None):
        assert create_if_missing and version == 2, "only the second version commits by `sync`"
        return Volume(name)

    @property
    def folder(self):
        return os.path.join(root(), "volumes", self.name)

    def at(self, path):
        path = os.path.normpath(os.path.join(self.folder, path.lstrip("/")))
        assert path.startswith(self.folder)
        return path

    def with_mount_options(self, *, read_only=None, sub_path=None):
        return Volume(self.name, bool(read_only), sub_path)

    @both
    async def hydrate(self):
        check_tokens()
        os.makedirs(self.folder, exist_ok=True)
        return self

    @both
    async def iterdir(self, path, *, recursive=True):
        if path.endswith("*"):
            raise exception.InvalidError("Glob patterns in `volume get` and `Volume.listdir()` are deprecated.")
        for entry in self._below(path, recursive):
            yield entry

    def _below(self, path, recursive):
        start = self.at(path)
        if not os.path.lexists(start):
            raise exception.NotFoundError(f"No such file or directory: {path}")
        if not os.path.isdir(start) or os.path.islink(start):
            yield FileEntry(self.folder, start)
            return
        names = sorted(os.scandir(start), key=lambda entry: entry.name)
        for entry in names:
            found = FileEntry(self.folder, entry.path)
            yield found
            if recursive and found.type == FileEntryType.DIRECTORY:
                yield from self._below(found.path, recursive)

    @both
    async def read_file(self, path):
        at = self.at(path)
        if not os.path.isfile(at) or os.path.islink(at):
            raise FileNotFoundError(path)
        with open(at, "rb") as file:
            while data := file.read(BLOCK):
                await asyncio.sleep(0)
                yield data

    @both
    async def remove_file(self, path, recursive=False):
        at = self.at(path)
        if not os.path.lexists(at):
            raise FileNotFoundError(path)
        if os.path.isdir(at) and not os.path.islink(at):
            assert recursive
            shutil.rmtree(at)
        else:
            os.unlink(at)

    @both
    async def copy_files(self, sources, target, recursive=False):
        """As `cp`: into a folder that is there, else under this name in one that is there."""
        to = self.at(target)
        for source in sources:
            here = self.at(source)
            there = os.path.join(to, os.path.basename(here)) if os.path.isdir(to) else to
            if not os.path.isdir(os.path.dirname(there)):
                raise exception.NotFoundError(f"No such directory: {os.path.dirname(target)}")
            if os.path.isdir(here):
                assert recursive
                shutil.copytree(here, there, symlinks=True)
            else:
                shutil.copy2(here, there)

    @both
    @contextlib.asynccontextmanager
    async def batch_upload(self, force=False):
        batch = Batch(self)
        yield batch
        for local, remote, mode in batch.files:
            at = self.at(remote)
            if os.path.isdir(at):
                raise exception.InvalidError("a folder is in the way")
            os.makedirs(os.path.dirname(at), exist_ok=True)
            # Whole or not at all, as an upload is.
            aside = os.path.join(root(), f"upload-{uuid.uuid4().hex}")
            shutil.copyfile(local, aside)
            os.chmod(aside, mode or stat.S_IMODE(os.stat(local).st_mode))
            os.replace(aside, at)


class Batch:
    def __init__(self, volume):
        self.volume, self.files = volume, []

    def put_file(self, local, remote, mode=None):
        self.files.append((local, remote, mode))


class Mounted:
    """A sandbox's own copy of a part of a volume."""

    def __init__(self, volume, copy):
        self.volume, self.copy = volume, copy
        self.origin = volume.at(volume.sub_path or "/")
        self.seen = {}

    def reload(self):
        self.commit()
        os.makedirs(self.origin, exist_ok=True)
        os.makedirs(self.copy, exist_ok=True)
        for name in os.listdir(self.copy):
            remove(os.path.join(self.copy, name))
        shutil.copytree(self.origin, self.copy, symlinks=True, dirs_exist_ok=True)
        self.seen = survey(self.copy)

    def commit(self):
        """Shows what changed here since the last time, and nothing else."""
        if self.volume.read_only or not os.path.isdir(self.copy):
            return
        now = survey(self.copy)
        for path in self.seen.keys() - now.keys():
            remove(os.path.join(self.origin, path))
        for path in sorted(path for path in now if now[path] != self.seen.get(path)):
            here, there = os.path.join(self.copy, path), os.path.join(self.origin, path)
            kind = os.lstat(here).st_mode
            if stat.S_ISDIR(kind):
                os.makedirs(there, exist_ok=True)
                continue
            remove(there)
            os.makedirs(os.path.dirname(there), exist_ok=True)
            if stat.S_ISREG(kind) or stat.S_ISLNK(kind):
                shutil.copy2(here, there, follow_symlinks=False)
            elif stat.S_ISFIFO(kind):
                os.mkfifo(there)
        self.seen = now


def survey(top):
    found = {}
    for folder, folders, files in os.walk(top):
        for name in folders + files:
            path = os.path.join(folder, name)
            state = os.lstat(path)
            changes = None if stat.S_ISDIR(state.st_mode) else (state.st_ino, state.st_mtime_ns, state.st_size)
            found[os.path.relpath(path, top)] = (stat.S_IFMT(state.st_mode), changes)
    return found


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)
