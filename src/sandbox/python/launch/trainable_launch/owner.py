"""Who programs are where the launcher is root: an id of their own, which owns their folders and nothing else."""

import ctypes
import os
import stat

# Of users and groups; no system gives it out, and nothing else in a container has it.
PROGRAMS = 59_873
# Folders within folders that are looked into. What lies deeper was made by a program, which owns it.
DEPTH = 100
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP = 38, 24
_CAPSET_VERSION_3 = 0x20080522


def is_needed():
    """Whether this process is more than a program may be."""
    return os.geteuid() == 0


def become():
    """Turns this process into one that can neither touch its launcher nor change what later launchers run.

    Raises what the kernel says where it does not let it: then no program is to run.
    """
    for capability in range(64):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    if is_needed():
        os.setgroups([])
        os.setresgid(PROGRAMS, PROGRAMS, PROGRAMS)
        os.setresuid(PROGRAMS, PROGRAMS, PROGRAMS)
    header = (ctypes.c_uint32 * 2)(_CAPSET_VERSION_3, 0)
    _libc.capset(header, (ctypes.c_uint32 * 6)())
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def hand_over(folder):
    """Lets programs write in a folder and in all that it holds.

    Other programs may run in there meanwhile, so no link is followed, and a file with a second name is left alone.
    """
    if not is_needed():
        return
    try:
        descriptor = os.open(folder, _FOLDER)
    except OSError:
        # The program says what is missing when it misses it.
        return
    _hand_over(descriptor, DEPTH)


def _hand_over(folder, depth):
    """Takes the descriptor."""
    try:
        _give(folder, os.fstat(folder), 0o777)
        if depth == 0:
            return
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    found = entry.stat(follow_symlinks=False)
                    if stat.S_ISDIR(found.st_mode):
                        _hand_over(os.open(entry.name, _FOLDER, dir_fd=folder), depth - 1)
                    elif stat.S_ISREG(found.st_mode) and found.st_uid != PROGRAMS:
                        _give_file(entry.name, folder)
                except OSError:
                    # Gone, or replaced, meanwhile.
                    continue
    finally:
        os.close(folder)


def _give_file(name, folder):
    descriptor = os.open(name, _FILE, dir_fd=folder)
    try:
        # Only now it is certain which file it is.
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
            _give(descriptor, found, 0o666)
    finally:
        os.close(descriptor)


def _give(descriptor, found, everybody):
    if found.st_uid == PROGRAMS:
        return
    try:
        os.fchown(descriptor, PROGRAMS, PROGRAMS)
    except OSError:
        # A file system that knows no owners: then all of the container may, where it lets them.
        try:
            os.fchmod(descriptor, stat.S_IMODE(found.st_mode) | everybody)
        except OSError:
            pass
