"""What one execution sees: its own /proc, /tmp and /dev/shm, and of the volumes those that it was given."""

import os
import stat

from . import linux

# Where bubblewrap shows the zygote what it hands on. An execution sees neither.
VOLUMES = "/run/host/volumes"
RECORDS = "/run/host/run"
_RECORDS_AT = "/run/trainable"
_DATA = "/data"
_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def arrange(request):
    """Mounts all of it, in mounts of this process's own, and returns the paths that may be written to."""
    # Opened before anything is mounted over what leads to them.
    opened = [(mount, _beneath(VOLUMES, mount["volume"])) for mount in request["mounts"]]
    fixed = linux.MS_NOSUID | linux.MS_NODEV
    linux.mount(os.path.join(RECORDS, request["records"]), _RECORDS_AT, flags=linux.MS_BIND)
    linux.mount("proc", "/proc", "proc", fixed | linux.MS_NOEXEC)
    linux.mount("tmpfs", "/tmp", "tmpfs", fixed, _size(request["tmp_mib"]))
    linux.mount("tmpfs", "/dev/shm", "tmpfs", fixed, _size(request["shm_mib"]))
    linux.mount("tmpfs", _DATA, "tmpfs", fixed, "size=64k,mode=0755")
    writable = ["/tmp", "/dev/shm"] + _devices()
    for mount, source in opened:
        at = mount["at"]
        target = _beneath(_DATA, at[len(_DATA) + 1 :], make=True)
        linux.mount(_of(source), _of(target), flags=linux.MS_BIND)
        shown = _beneath(_DATA, at[len(_DATA) + 1 :])
        if mount["write"]:
            writable.append(at)
        else:
            linux.remount_read_only(_of(shown))
        for descriptor in (source, target, shown):
            os.close(descriptor)
    linux.remount_read_only(_DATA)
    linux.unmount(VOLUMES)
    linux.unmount(RECORDS)
    return writable


def _size(mib):
    return f"size={max(mib, 1)}m,mode=1777"


def _devices():
    """All of /dev that is a device; a terminal is not among them."""
    found = []
    for folder, _, names in os.walk("/dev"):
        paths = [os.path.join(folder, name) for name in names]
        found += [path for path in paths if stat.S_ISCHR(os.lstat(path).st_mode)]
    return found


def _of(descriptor):
    return f"/proc/self/fd/{descriptor}"


def _beneath(root, path, make=False):
    """Opens a folder without following a link on the way: what is inside a volume belongs to programs that ran before."""
    here = os.open(root, _FOLDER)
    for part in path.split("/"):
        if part in ("", ".", ".."):
            raise ValueError(f"`{path}` is no path of a volume")
        inner = _open(part, here, make)
        os.close(here)
        here = inner
    return here


def _open(part, here, make):
    try:
        return os.open(part, _FOLDER, dir_fd=here)
    except FileNotFoundError:
        if not make:
            raise
        os.mkdir(part, 0o755, dir_fd=here)
        return os.open(part, _FOLDER, dir_fd=here)
