"""What passes from the server to process 1 and from there to the program: groups to enter, then a request with its descriptors."""

import errno
import json
import os
import socket

# Instead of a request: its descriptors are the cgroups that the execution enters.
PREPARE = b"prepare"
_LARGEST = 1 << 18
_MOST_DESCRIPTORS = 16


class Received:
    """One request with the descriptors that came with it."""

    def __init__(self, request, descriptors):
        self.request = request
        self.stdout, self.stderr, self.record, self.status = descriptors

    def forward(self, way):
        socket.send_fds(way, [json.dumps(self.request).encode()], self._all())

    def close_all_but(self, kept):
        for descriptor in self._all():
            if descriptor != kept:
                os.close(descriptor)

    def _all(self):
        return [self.stdout, self.stderr, self.record, self.status]


def take(way):
    """The next message as it came, and its descriptors."""
    text, descriptors, flags, _ = socket.recv_fds(way, _LARGEST, _MOST_DESCRIPTORS)
    if flags & (socket.MSG_CTRUNC | socket.MSG_TRUNC):
        for descriptor in descriptors:
            os.close(descriptor)
        raise OSError(errno.EMFILE, "a message did not arrive whole")
    return text, descriptors


def receive(way, prepare, wait=lambda: None):
    """The next request, None when whoever would have sent it has gone; groups that come before it go to `prepare`.

    `wait` is called before each message is taken.
    """
    while True:
        wait()
        text, descriptors = take(way)
        if text != PREPARE:
            return Received(json.loads(text), descriptors) if text else None
        try:
            prepare(descriptors)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
