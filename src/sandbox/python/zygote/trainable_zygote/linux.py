"""System calls that Python has no name for."""

import ctypes
import os
import platform
import struct

CLONE_NEWNS = 0x00020000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MNT_DETACH = 0x2
# What `statvfs` tells of a mount, by the flags of `mount` that ask for the same.
_KEPT = ((0x1, MS_RDONLY), (0x2, MS_NOSUID), (0x4, MS_NODEV), (0x8, MS_NOEXEC), (0x400, 0x400), (0x800, 0x800), (0x1000, 0x200000))

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2
_SIGKILL = 9

# The same numbers on every architecture since Linux 5.13.
_LANDLOCK_CREATE = 444
_LANDLOCK_ADD_RULE = 445
_LANDLOCK_RESTRICT = 446
_CAPSET = {"x86_64": 126, "aarch64": 91}[platform.machine()]
_CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _done(result, what):
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error)}")
    return result


def _bytes(text):
    return None if text is None else os.fsencode(text)


def unshare(namespaces):
    _done(_libc.unshare(namespaces), "new namespaces")


def setns(descriptor, namespace):
    _done(_libc.setns(descriptor, namespace), "enter a namespace")


def mount(source, at, kind=None, flags=0, options=None):
    done = _libc.mount(_bytes(source), _bytes(at), _bytes(kind), ctypes.c_ulong(flags), _bytes(options))
    _done(done, f"mount {at}")


def remount_read_only(at):
    """Forbids writes on one mount and keeps all else that was forbidden on it."""
    found = os.statvfs(at).f_flag
    kept = sum(flag for told, flag in _KEPT if found & told)
    mount(None, at, flags=MS_REMOUNT | MS_BIND | MS_RDONLY | kept)


def unmount(at):
    _done(_libc.umount2(_bytes(at), MNT_DETACH), f"unmount {at}")


def die_with_parent():
    _done(_libc.prctl(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0), "tie to the parent")


def set_dumpable(dumpable):
    """Whether processes of the same user may look into this one."""
    _done(_libc.prctl(_PR_SET_DUMPABLE, int(dumpable), 0, 0, 0), "set dumpable")


def drop_capabilities():
    header = struct.pack("Ii", _CAPABILITY_VERSION_3, 0)
    _done(_libc.syscall(_CAPSET, header, bytes(24)), "drop capabilities")


class _Filter(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p)]


def filter_system_calls(program):
    """Applies a seccomp filter, as bytes of `struct sock_filter`, to this process and all it starts."""
    _done(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "give up new privileges")
    loaded = _Filter(len(program) // 8, program)
    _done(_libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(loaded), 0, 0), "filter system calls")


def landlock_version():
    """The version of Landlock that this kernel has; 0 where there is none."""
    return max(0, _libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1))


# Rights on files by the version that brought them: reading, writing, and what only folders have.
_EXECUTE_AND_READ = 1 << 0 | 1 << 2 | 1 << 3
_TRUNCATE = 1 << 14
_REFER = 1 << 13
_ALL = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1}
_OF_FILES = 1 << 0 | 1 << 1 | 1 << 2 | _TRUNCATE
_TCP = 1 << 0 | 1 << 1
_SCOPES = 1 << 0 | 1 << 1


def landlock(writable):
    """Forbids writes outside of some paths, all TCP, and signals and abstract sockets that lead out, as far as this kernel can."""
    version = landlock_version()
    if version == 0:
        return
    handled = _ALL[min(version, 3)]
    attributes = struct.pack("QQQ", handled, _TCP if version >= 4 else 0, _SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 16 if version >= 4 else 8
    rules = _done(_libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(size), 0), "make Landlock rules")
    try:
        _allow(rules, "/", _EXECUTE_AND_READ)
        for path in writable:
            rights = handled if os.path.isdir(path) else handled & _OF_FILES
            _allow(rules, path, rights)
        _done(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "give up new privileges")
        _done(_libc.syscall(_LANDLOCK_RESTRICT, rules, 0), "apply Landlock rules")
    finally:
        os.close(rules)


def _allow(rules, path, rights):
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = struct.pack("=Qi", rights, place)
        _done(_libc.syscall(_LANDLOCK_ADD_RULE, rules, 1, rule, 0), f"allow {path}")
    finally:
        os.close(place)
