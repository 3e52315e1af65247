"""`python -P -m trainable_zygote CONTROL FILTER warm|cold`: imports, says so, and hands each request to an execution that waits.

CONTROL is a SOCK_SEQPACKET socket. Each message from the server is a JSON object with the descriptors of the execution
(stdout, stderr, records, status, then cgroups to enter). The answer is `{"forked": true}` with a descriptor of process 1,
or `{"failed": …}`. Beside answers it says `{"up": …}` at once and `{"warm": …}` when all is imported; a request may come
before that. The end of the socket is the end of the zygote. FILTER holds the system-call filter of the executions.
"""

import json
import os
import select
import signal
import socket
import sys

from . import init, linux
from .preload import Preload

_LARGEST_REQUEST = 1 << 18
_MOST_DESCRIPTORS = 16
# The next execution is forked when the last one has had the cores for this long, in seconds.
_PAUSE = 0.01


def main():
    control = socket.socket(fileno=int(sys.argv[1]))
    with open(int(sys.argv[2]), "rb") as file:
        filter_program = file.read()
    # Processes 1 of executions are waited for by the server, through their descriptors.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nested = _forbid_user_namespaces()
    _tell(control, up={"user_namespaces_forbidden": nested, "landlock": linux.landlock_version()})
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    preload = Preload(warm=sys.argv[3] == "warm")
    waiting = None

    def fork():
        return _fork(control, own, filter_program, preload)

    while True:
        if not preload.done and not _readable(control, 0):
            preload.step()
            if preload.done:
                waiting = fork()
                _tell(control, warm=preload.warm)
            continue
        if preload.done and waiting is None and not _readable(control, _PAUSE):
            waiting = fork()
        request, descriptors, _, _ = socket.recv_fds(control, _LARGEST_REQUEST, _MOST_DESCRIPTORS)
        if not request:
            return
        try:
            with waiting or fork() as execution:
                socket.send_fds(execution.way, [request], descriptors)
                socket.send_fds(control, [b'{"forked":true}'], [execution.handle])
        except OSError as error:
            _tell(control, failed=str(error))
        finally:
            waiting = None
            for descriptor in descriptors:
                os.close(descriptor)


def _tell(control, **what):
    control.send(json.dumps(what).encode())


def _readable(control, seconds):
    return bool(select.select([control], [], [], seconds)[0])


class _Execution:
    """A process 1 that waits for its request: a socket to tell it, and a descriptor to end it by."""

    def __init__(self, way, handle):
        self.way = way
        self.handle = handle

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.way.close()
        os.close(self.handle)


def _forbid_user_namespaces():
    """Beside the system-call filter: in this user namespace and below, there can be no other."""
    try:
        with open("/proc/sys/user/max_user_namespaces", "w") as file:
            file.write("0")
    except OSError:
        return False
    return True


def _fork(control, own, filter_program, preload):
    preload.settle()
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # The next child begins a process namespace; this process stays where it is.
    linux.unshare(linux.CLONE_NEWPID)
    try:
        child = os.fork()
        if child == 0:
            near.close()
            control.close()
            init.run(far, filter_program, preload)
    finally:
        linux.setns(own, linux.CLONE_NEWPID)
    far.close()
    return _Execution(near, os.pidfd_open(child))


if __name__ == "__main__":
    main()
