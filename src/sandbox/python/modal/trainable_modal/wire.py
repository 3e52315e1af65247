"""Lines of JSON, in both directions, none longer than LINE bytes."""

import asyncio
import base64
import json
import os

PROTOCOL = 1
CHUNK = 64 * 1024
LINE = 256 * 1024
CREDIT = 16


class Wire:
    """The way back to the server. Lines leave whole and in order, whoever is cancelled meanwhile."""

    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.lines = asyncio.Queue(maxsize=CREDIT)
        self.writer = asyncio.create_task(self._write())

    async def say(self, message):
        line = json.dumps(message, separators=(",", ":")).encode() + b"\n"
        if len(line) > LINE:
            raise ValueError(f"a line of {len(line)} bytes")
        await self.lines.put(line)

    async def _write(self):
        broken = False
        while True:
            line = await self.lines.get()
            try:
                if not broken:
                    # The pipe blocks while the server reads nothing, and then all calls wait here.
                    await asyncio.to_thread(write_all, self.descriptor, line)
            except OSError:
                # Nobody reads any more: stdin is about to end as well.
                broken = True
            self.lines.task_done()


def write_all(descriptor, data):
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


class Call:
    """One thing that the server asked for."""

    def __init__(self, wire, number):
        self.wire, self.number = wire, number
        self.credit = asyncio.Semaphore(CREDIT)
        self.chunks = asyncio.Queue()
        self.task = self.teller = None

    async def event(self, **what):
        """Tells of something, as soon as the server takes more."""
        await self.credit.acquire()
        await self.wire.say({"id": self.number, "event": what})

    async def data(self, name, data):
        """Hands on bytes, in chunks."""
        for at in range(0, len(data), CHUNK):
            chunk = bytes(data[at : at + CHUNK])
            await self.event(**{name: base64.b64encode(chunk).decode()})

    async def notice(self, **what):
        """Tells of something small that waits for nobody, such as progress."""
        await self.wire.say({"id": self.number, "event": what})

    async def received(self):
        """The chunks that the server sends, to their end; it cancels the call when it has no more before."""
        while True:
            op, data = await self.chunks.get()
            if op == "end":
                return
            yield base64.b64decode(data, validate=True)
            await self.notice(credit=1)
