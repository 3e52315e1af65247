"""What Python's library does not have of Linux. What a kernel refuses is left out: a container is there already."""

import ctypes
import os
import resource
import time

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP = 4, 36, 38, 24
_CAPSET_VERSION_3 = 0x20080522


def become_guardian():
    """Orphans of the program come to this process, and none of them may look into its memory."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def give_up_powers():
    """Root of a container without capabilities: it reads no other process' memory and mounts nothing."""
    for capability in range(64):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(_CAPSET_VERSION_3, 0)
    _libc.capset(header, (ctypes.c_uint32 * 6)())
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def above(descriptor, least):
    import fcntl

    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, least)


def most_descriptors():
    return min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 1 << 16)


def limit(limits):
    for name, most in limits.items():
        kind = getattr(resource, f"RLIMIT_{name}")
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))


def descendants():
    """All processes below this one, which the guardian of orphans never loses."""
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    # The name of a program may hold spaces and parentheses.
                    parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
            except (OSError, IndexError, ValueError):
                continue
    below, grew = {os.getpid()}, True
    while grew:
        found = {child for child, parent in parents.items() if parent in below and child not in below}
        below |= found
        grew = bool(found)
    below.discard(os.getpid())
    return below


def kill_all(wanted, seconds=5):
    """Kills everything below this process, again and again while something is born.

    Returns the raw status of `wanted` when it ended in here.
    """
    until, status = time.monotonic() + seconds, None
    while time.monotonic() < until:
        left = descendants()
        if not left:
            return status
        for pid in left:
            try:
                os.kill(pid, 9)
            except OSError:
                pass
        status = status if (found := reap(wanted)) is None else found
        time.sleep(0.002)
    return status


def reap(wanted=None):
    """Waits for all that have ended; the raw status of `wanted` when it is one of them."""
    status = None
    while True:
        try:
            pid, raw = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return status
        if pid == 0:
            return status
        if pid == wanted:
            status = raw
