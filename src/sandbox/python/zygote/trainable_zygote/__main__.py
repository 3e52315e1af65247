"""`python -P -m trainable_zygote CONTROL FILTER warm|cold`: imports, says so, and hands each request to an execution that waits.

CONTROL is a SOCK_SEQPACKET socket. Each message from the server is a JSON object with the descriptors of the execution
(stdout, stderr, records, status), or `prepare` with the cgroups that the next execution enters: sent ahead of its request,
because entering can take longer than all that follows. The answer to a request is `{"forked": true}` with a descriptor of process 1,
or `{"failed": …}`. Beside answers it says `{"up": …}` at once and `{"warm": …}` when all is imported; a request may come
before that and is forked from a bare interpreter then. The end of the socket is the end of the zygote. FILTER holds the system-call filter of the executions.
"""

import errno
import json
import os
import select
import signal
import socket
import sys

from . import init, linux
from .message import PREPARE, take
from .preload import Preload

# The next execution is forked when the last one has had the cores for this long, in seconds.
_PAUSE = 0.01
_LONG_PAUSE = 1.0


def main():
    control = socket.socket(fileno=int(sys.argv[1]))
    with open(int(sys.argv[2]), "rb") as file:
        filter_program = file.read()
    # Processes 1 of executions are waited for by the server, through their descriptors.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nested = _forbid_user_namespaces()
    forker = _Forker(control, filter_program)
    _tell(control, up={"user_namespaces_forbidden": nested, "landlock": linux.landlock_version()})
    if sys.argv[3] == "cold":
        _tell(control, warm=False)
        forker.serve()
    else:
        _serve_while_warming(control, forker)


def _serve_while_warming(control, forker):
    """Forks from this bare interpreter until another process has imported everything and takes over for good.

    Nobody waits for an import that way, and one that hangs or crashes costs warmth and nothing else.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        linux.die_with_parent()
        # What runs meanwhile goes first.
        os.nice(10)
        ours.close()
        forker.preload.run()
        forker.wait_ahead()
        theirs.send(b"warm")
        # No two may read from one socket.
        word, groups = take(theirs)
        if word:
            forker.prepare(groups)
            _tell(control, warm=forker.preload.warm)
            forker.serve()
        os._exit(0)
    theirs.close()
    if forker.serve(until=ours) and ours.recv(8):
        forker.rest(ours)
        # For as long as the other lives: all in these namespaces end with this process.
        ours.recv(1)
    else:
        forker.serve()


class _Forker:
    """Hands requests to executions, one of which waits ready when there is time to fork ahead."""

    def __init__(self, control, filter_program):
        self.preload = Preload()
        self._control = control
        self._filter = filter_program
        self._own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
        self._waiting = None
        self._groups = []
        self._pause = _PAUSE

    def wait_ahead(self):
        try:
            self._waiting = self._waiting or self._fork()
            self._pause = _PAUSE
        except OSError as error:
            # The next request tries as well, and tells what comes of it.
            print(f"nothing can be forked ahead: {error}", file=sys.stderr, flush=True)
            self._pause = _LONG_PAUSE

    def rest(self, other):
        """Lets go of the execution that waits and hands the groups of the next on: another process serves now."""
        if self._waiting:
            with self._waiting:
                self._waiting = None
        socket.send_fds(other, [b"!"], self._groups)
        self._forget_groups()

    def prepare(self, groups):
        """Takes the groups of the next execution, which enters them at once where it waits already."""
        self._forget_groups()
        self._groups = groups
        waiting, self._waiting = self._waiting, None
        # One that does not get them must not be given a request: another one is forked, and gets them.
        if waiting and waiting.prepare(groups):
            self._waiting = waiting

    def serve(self, until=None):
        """Serves until the server has gone, or until there is word from another socket: then it is true."""
        while True:
            pause = None if self._waiting else self._pause
            readable = select.select([self._control, *filter(None, [until])], [], [], pause)[0]
            if until in readable:
                return True
            if not readable:
                self.wait_ahead()
            elif not self._hand_on():
                os._exit(0)

    def _hand_on(self):
        request, descriptors = take(self._control)
        if request == PREPARE:
            self.prepare(descriptors)
            return True
        waiting, self._waiting = self._waiting, None
        try:
            # One that was forked ahead may have ended since; a new one has not.
            if request and not (waiting and self._sent(waiting, request, descriptors)):
                if not self._sent(self._fork(), request, descriptors):
                    _tell(self._control, failed="the new process ended at once")
        except OSError as error:
            _tell(self._control, failed=str(error))
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
            self._forget_groups()
        return bool(request)

    def _forget_groups(self):
        for group in self._groups:
            os.close(group)
        self._groups = []

    def _sent(self, execution, request, descriptors):
        with execution:
            try:
                socket.send_fds(execution.way, [request], descriptors)
            except OSError as error:
                if error.errno in (errno.EPIPE, errno.ECONNRESET):
                    return False
                raise
            socket.send_fds(self._control, [b'{"forked":true}'], [execution.handle])
        return True

    def _fork(self):
        self.preload.settle()
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # The next child begins a process namespace; this process stays where it is.
        linux.unshare(linux.CLONE_NEWPID)
        try:
            child = os.fork()
            if child == 0:
                try:
                    near.close()
                    self._control.close()
                    self._forget_groups()
                    init.run(far, self._filter, self.preload)
                except BaseException:
                    sys.excepthook(*sys.exc_info())
                finally:
                    # Whatever went wrong: this is no zygote.
                    os._exit(1)
        finally:
            linux.setns(self._own, linux.CLONE_NEWPID)
        far.close()
        execution = _Execution(near, os.pidfd_open(child))
        if not execution.prepare(self._groups):
            raise OSError("the new process could not be told its cgroups")
        return execution


class _Execution:
    """A process 1 that waits for its request: a socket to tell it, and a descriptor to end it by."""

    def __init__(self, way, handle):
        self.way = way
        self.handle = handle

    def prepare(self, groups):
        """Tells it the groups to enter; false when it cannot be told, and then it is let go of."""
        try:
            if groups:
                socket.send_fds(self.way, [PREPARE], groups)
        except OSError:
            with self:
                return False
        return True

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


def _tell(control, **what):
    control.send(json.dumps(what).encode())


if __name__ == "__main__":
    main()
