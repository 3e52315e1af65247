"""What Python's library does not have of Linux. What a kernel refuses is left out: a container is there already."""

import ctypes
import os
import resource
import time

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER = 4, 36


def become_guardian():
    """Orphans of the program come to this process, and none of them may look into its memory."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


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

    Returns the raw status of `wanted` when it ended in here, and how many were left when the time was over.
    """
    until, status = time.monotonic() + seconds, None
    while left := descendants():
        if time.monotonic() >= until:
            return status, len(left)
        for pid in left:
            try:
                os.kill(pid, 9)
            except OSError:
                pass
        status = status if (found := reap(wanted)) is None else found
        time.sleep(0.002)
    return status, 0


def memory_of(processes, most):
    """Bytes that these processes hold together, or what can be said of it when that may be more than `most`."""
    resident = [found for pid in processes if (found := _resident(pid)) is not None]
    together = sum(resident)
    if together < most:
        return together
    # Forks share pages, which were counted for each. To ask for shares is dear, so it is done only now.
    shares = [_share(pid) for pid in processes]
    if None not in shares:
        return sum(shares)
    # Whoever is not told of shares knows of one process for certain.
    return max(resident, default=0)


def _resident(pid):
    try:
        with open(f"/proc/{pid}/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except (OSError, IndexError, ValueError):
        return None


def _share(pid):
    """A process' share of the pages that it uses; `None` where the kernel does not tell."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
        return None
    except (FileNotFoundError, ProcessLookupError):
        return 0 if not os.path.exists(f"/proc/{pid}") else None
    except (OSError, IndexError, ValueError):
        return None


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
