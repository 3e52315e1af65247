"""The real stdout and stderr: bytes of the program, and lines of the launcher's own between them."""

import base64
import json
import os
import select

# A record separator, as RFC 7464 asks before each text.
SEPARATOR = b"\x1e"
# Bytes that wait for a reader before the program's are read no further.
FULL = 256 * 1024


class Writer:
    """Never blocks: a clock must go on while nobody reads."""

    def __init__(self, nonce):
        self.nonce = nonce
        self.waiting = {1: bytearray(), 2: bytearray()}
        self.broken = False
        for descriptor in self.waiting:
            os.set_blocking(descriptor, False)

    def pass_on(self, descriptor, data):
        self.waiting[descriptor] += data

    def tell(self, kind, value):
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode()
        text = json.dumps([self.nonce, kind, value], separators=(",", ":"))
        self.waiting[1] += SEPARATOR + text.encode() + b"\n"

    def is_full(self, descriptor):
        return len(self.waiting[descriptor]) >= FULL

    def wanted(self):
        """The descriptors that something waits for."""
        return [descriptor for descriptor, data in self.waiting.items() if data]

    def push(self, descriptor):
        """Writes what fits now."""
        data = self.waiting[descriptor]
        try:
            written = os.write(descriptor, memoryview(data)[: 64 * 1024])
        except BlockingIOError:
            return
        except OSError:
            # Nobody is there any more; the program is about to be stopped, and must not be held up.
            self.broken = True
            data.clear()
            return
        del data[:written]

    def flush(self):
        while wanted := self.wanted():
            waiter = select.poll()
            for descriptor in wanted:
                waiter.register(descriptor, select.POLLOUT)
            for descriptor, _ in waiter.poll():
                self.push(descriptor)
