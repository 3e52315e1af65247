"""Moves what comes out of the program to the server, keeps its clock, and ends all of it."""

import os
import resource
import selectors
import signal
import socket
import time

from . import linux, owner

# The other side reads messages of up to this size; larger ones are dropped.
MAX_RECORD = 1024 * 1024
CHUNK = 64 * 1024
# What is left in the pipes after the end is read for so long at most.
AFTERMATH = 10.0
# How often it is looked at what the program and all that it started hold in memory.
WEIGHED = 0.5

_woken, _wakes = None, None
_asked_to_end = False


def catch_termination():
    global _woken, _wakes
    _woken, _wakes = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(_wakes, warn_on_full_buffer=False)

    def end(*_):
        global _asked_to_end
        _asked_to_end = True

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    # Only so that the wake-up comes; a handler is needed for that.
    signal.signal(signal.SIGCHLD, lambda *_: None)


class Records:
    """The sockets that the SDK knows: one that is inherited, and one that is connected to by path."""

    def __init__(self, path):
        self.path = path
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        if owner.is_needed():
            os.chown(path, owner.PROGRAMS, owner.PROGRAMS)
        self.listener.listen(64)
        for ours in (self.ours, self.listener):
            ours.setblocking(False)
        try:
            self.theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
        except OSError:
            pass


class Relay:
    def __init__(self, request, child, out, err, records, writer):
        self.child, self.records, self.writer = child, records, writer
        self.begun = time.monotonic()
        self.deadline = self.begun + request["timeout"]
        self.left = request["output_bytes"]
        self.memory_bytes = request["memory_bytes"]
        self.dropped = 0
        self.peak = 0
        self.weighed = self.begun
        self.survivors = 0
        self.status = None
        self.cut = None
        self.selector = selectors.DefaultSelector()
        self.pipes = {out: 1, err: 2}
        for pipe in self.pipes:
            os.set_blocking(pipe, False)
        self.connections = {records.ours}
        self.watched = {}

    def until_the_end(self):
        """Serves until the program has ended, and with it all that it started."""
        self._watch(_woken, selectors.EVENT_READ)
        while self.status is None and self.cut is None:
            self._turn(min(self.deadline, self.weighed + WEIGHED))
            if _asked_to_end:
                self.cut = "terminated"
            elif time.monotonic() >= self.deadline:
                self.cut = "timed_out"
            elif self.status is None and time.monotonic() >= self.weighed + WEIGHED:
                self._weigh()
        wall = time.monotonic() - self.begun
        self._end_all()
        until = time.monotonic() + AFTERMATH
        while (self.pipes or self.connections) and time.monotonic() < until and not self.writer.broken:
            self._turn(until)
        return self._report(wall)

    def _weigh(self):
        """Ends the program before Modal ends the whole container for its memory."""
        held = linux.memory_of(linux.descendants(), self.memory_bytes)
        if held >= self.memory_bytes:
            self.cut, self.peak = "out_of_memory", held
        self.weighed = time.monotonic()

    def _end_all(self):
        status, self.survivors = linux.kill_all(self.child)
        if self.status is None:
            self.status = status

    def _report(self, wall):
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        code = signal_number = None
        if self.status is not None:
            if os.WIFSIGNALED(self.status):
                signal_number = os.WTERMSIG(self.status)
            else:
                code = os.waitstatus_to_exitcode(self.status)
        # Of the largest process, or of all when they were too much together.
        peak = max(self.peak, used.ru_maxrss * 1024)
        # A kill that nobody here sent, close below the limit, is the kernel's.
        starved = self.cut is None and signal_number == signal.SIGKILL and peak >= self.memory_bytes * 3 // 4
        return {
            "cut": "out_of_memory" if starved else self.cut,
            "code": code,
            "signal": signal_number,
            "cpu_seconds": used.ru_utime + used.ru_stime,
            "peak_memory": peak,
            "dropped": self.dropped,
            "survivors": self.survivors,
            "wall": wall,
        }

    def _turn(self, until):
        for pipe, target in self.pipes.items():
            self._watch(pipe, 0 if self.writer.is_full(target) else selectors.EVENT_READ)
        hears = 0 if self.writer.is_full(1) else selectors.EVENT_READ
        for connection in self.connections:
            self._watch(connection, hears)
        if self.status is None and self.cut is None:
            self._watch(self.records.listener, hears)
        else:
            self._watch(self.records.listener, 0)
        for target in (1, 2):
            self._watch(target, selectors.EVENT_WRITE if self.writer.waiting[target] else 0)
        for key, _ in self.selector.select(max(0.0, until - time.monotonic())):
            self._serve(key.fileobj)

    def _watch(self, file, events):
        """Asks for these events alone; the system is told only what has changed."""
        before = self.watched.get(file, 0)
        if events == before:
            return
        try:
            if not before:
                self.selector.register(file, events)
            elif events:
                self.selector.modify(file, events)
            else:
                self.selector.unregister(file)
        except PermissionError:
            # A file that never blocks, such as a regular one that the launcher's output goes to.
            if isinstance(file, int) and file in self.writer.waiting:
                while self.writer.waiting[file]:
                    self.writer.push(file)
            return
        self.watched[file] = events

    def _serve(self, file):
        if file in self.pipes:
            self._read(file)
        elif file in self.connections:
            self._hear(file)
        elif file is self.records.listener:
            self._accept()
        elif file == _woken:
            os.read(_woken, 4096)
            status = linux.reap(self.child)
            if status is not None:
                self.status = status
        else:
            self.writer.push(file)

    def _read(self, pipe):
        try:
            data = os.read(pipe, CHUNK)
        except BlockingIOError:
            return
        if not data:
            self._watch(pipe, 0)
            del self.pipes[pipe]
            os.close(pipe)
            return
        granted = data[: self.left]
        self.left -= len(granted)
        self.dropped += len(data) - len(granted)
        if granted:
            self.writer.pass_on(self.pipes[pipe], granted)

    def _hear(self, connection):
        try:
            # One byte more tells those that are too large.
            message = connection.recv(MAX_RECORD + 1)
        except BlockingIOError:
            return
        except OSError:
            message = b""
        if not message:
            self._watch(connection, 0)
            self.connections.discard(connection)
            connection.close()
        elif len(message) <= MAX_RECORD:
            self.writer.tell("record", message)

    def _accept(self):
        try:
            connection, _ = self.records.listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        self.connections.add(connection)
