"""A request and its descriptors, as they pass from the server to process 1 and from there to the program."""

import json
import os
import socket

_LARGEST = 1 << 18
_MOST_DESCRIPTORS = 16


class Received:
    """One request with the descriptors that came with it."""

    def __init__(self, request, descriptors):
        self.request = request
        self.stdout, self.stderr, self.record, self.status, *self.groups = descriptors

    def enter_groups(self):
        """Makes this process count as the execution's: before it allocates anything."""
        for group in self.groups:
            os.write(group, b"0")

    def forward(self, way):
        socket.send_fds(way, [json.dumps(self.request).encode()], self._all())

    def close_all_but(self, kept):
        for descriptor in self._all():
            if descriptor != kept:
                os.close(descriptor)

    def _all(self):
        return [self.stdout, self.stderr, self.record, self.status, *self.groups]


def receive(way):
    """The next request; None when whoever would have sent it has gone."""
    text, descriptors, _, _ = socket.recv_fds(way, _LARGEST, _MOST_DESCRIPTORS)
    return Received(json.loads(text), descriptors) if text else None
