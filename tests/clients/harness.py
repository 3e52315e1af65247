"""Runs each client against the real binary, and cuts it off in the middle: first its sockets, then the server itself.

`harness.py SERVER NAME=COMMAND...`, a command being one of shell's words. A proxy stands between client and server, so that a
cut is what a network does and no client can prepare for it. What a client saw is compared with the server's own log.
"""

import asyncio
import json
import os
import re
import secrets
import shlex
import shutil
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "src/dataset/samples/penguins.csv"
PATIENCE = 180
# What a developer has set must not change what is tested.
FOREIGN = ("ANTHROPIC_", "OPENAI_", "AWS_", "S3_", "MODAL_", "DATABASE_URL", "TRAINABLE_", "RUST_LOG")
KEPT = ("TRAINABLE_PYTHON_ROOT", "TRAINABLE_PYTHON", "TRAINABLE_PYTHON_ENV")


def environment(**more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN) or name in KEPT}
    return kept | more


class Server:
    """`trainable serve` on a data directory, with a token."""

    def __init__(self, binary, data):
        self.binary, self.data, self.token = binary, data, secrets.token_urlsafe(24)
        self.process = self.port = None

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            self.binary,
            "serve",
            "--listen",
            "127.0.0.1:0",
            stderr=asyncio.subprocess.PIPE,
            env=environment(TRAINABLE_DATA=str(self.data), TRAINABLE_TOKEN=self.token),
        )
        said = []
        while line := (await self.process.stderr.readline()).decode():
            said.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)/ ", line):
                self.port = int(found.group(1))
                self.listening = asyncio.create_task(self.process.stderr.read())
                return
        raise SystemExit(f"the server did not start: {''.join(said)}")

    async def kill(self):
        self.process.kill()
        await self.process.wait()

    async def stop(self):
        self.process.terminate()
        await asyncio.wait_for(self.process.wait(), 20)

    def ask(self, query, **variables):
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"content-type": "application/json", "authorization": f"Bearer {self.token}"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["data"]

    def log(self, session):
        """The sequences and kinds of a session's whole log."""
        entries = []
        while True:
            found = self.ask(
                "query($id: ID!, $after: Long) { session(id: $id) { state lastSeq"
                " events(first: 100, after: $after) { __typename seq } } }",
                id=session,
                after=len(entries),
            )["session"]
            entries += [[event["seq"], event["__typename"]] for event in found["events"]]
            if len(entries) >= found["lastSeq"]:
                return found["state"], entries


class Proxy:
    """Passes bytes between a client and the server of the moment, until it is told to cut."""

    def __init__(self, server):
        self.server, self.open, self.sockets = server, {}, 0

    async def start(self):
        self.listener = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.listener.sockets[0].getsockname()[1]}"

    async def _join(self, reader, writer):
        try:
            head = await reader.read(65536)
            there, back = await asyncio.open_connection("127.0.0.1", self.server.port)
        except OSError:
            writer.transport.abort()
            return
        ends = (writer.transport, back.transport)
        self.open[ends] = head.startswith(b"GET /graphql/ws")
        self.sockets += self.open[ends]
        back.write(head)
        await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        del self.open[ends]

    async def _pass(self, reader, writer):
        try:
            while piece := await reader.read(65536):
                writer.write(piece)
                await writer.drain()
            writer.close()
        except OSError:
            writer.transport.abort()

    def watching(self):
        """How many sockets of subscriptions are open."""
        return sum(self.open.values())

    def cut(self):
        """Resets every connection, as a network that breaks."""
        for ends in list(self.open):
            for transport in ends:
                transport.abort()


async def journey(binary, name, command):
    data = Path(tempfile.mkdtemp(prefix="trainable-clients-"))
    # The sandboxes' own user must be able to pass through.
    data.chmod(0o755)
    server = Server(binary, data)
    await server.start()
    proxy = Proxy(server)
    await proxy.start()
    client = await asyncio.create_subprocess_exec(
        *shlex.split(command),
        proxy.url,
        str(TABLE),
        stdout=asyncio.subprocess.PIPE,
        env=environment(TRAINABLE_TOKEN=server.token),
    )
    try:
        await asyncio.wait_for(_watch(name, client, server, proxy), PATIENCE)
    finally:
        if client.returncode is None:
            client.kill()
        await server.stop()
        proxy.listener.close()
        shutil.rmtree(data, ignore_errors=True)


async def _watch(name, client, server, proxy):
    begun, cuts, ended = time.monotonic(), [], None
    while line := await client.stdout.readline():
        said = json.loads(line)
        if "seen" not in said:
            ended = said
            continue
        seen = said["seen"]
        # Some events into the stage, and some events after the client has found its way back.
        if len(cuts) == 0 and seen >= 8:
            cuts.append((seen, proxy.watching()))
            proxy.cut()
        elif len(cuts) == 1 and seen >= cuts[0][0] + 8:
            cuts.append((seen, proxy.watching()))
            await server.kill()
            await server.start()
    code = await client.wait()
    assert code == 0 and ended, f"{name} ended with {code}"
    state, log = server.log(ended["session"])
    assert ended["state"] == state == "EDA_DONE", f"{name}: {ended['state']}, and the server says {state}"
    assert ended["lastSeq"] == len(log), f"{name}: {ended['lastSeq']} of {len(log)}"
    assert ended["events"] == log, f"{name} saw another log: {ended['events']} instead of {log}"
    assert [seq for seq, _ in log] == list(range(1, len(log) + 1)), f"{name}: the log has gaps"
    assert [watching for _, watching in cuts] == [1, 1], f"{name} was not cut in the middle: {cuts}"
    assert len(log) > cuts[1][0] + 8, f"{name}: nothing much came after the cuts {cuts}"
    # Two refusals, the first subscription, and one after each cut at least.
    assert proxy.sockets >= 5, f"{name} opened {proxy.sockets} sockets"
    at = " and ".join(str(seen) for seen, _ in cuts)
    took = time.monotonic() - begun
    print(f"clients: {name}: {len(log)} events in order, cut after {at}, {proxy.sockets} sockets, {took:.1f} s")


def snippets(page):
    """Every piece of code in a page is a piece of the file that it names; answers how many there are."""
    text = page.read_text()
    found = re.findall(r"^```(\w+) (\S+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert len(found) == text.count("```") // 2, f"{page.name}: a piece of code names no file"
    for _, file, code in found:
        squeezed = lambda lines: [line.strip() for line in lines.splitlines() if line.strip()]  # noqa: E731
        whole, part = squeezed((page.parent / file).read_text()), squeezed(code)
        there = any(whole[at : at + len(part)] == part for at in range(len(whole)))
        assert there, f"{page.name}: this is not in {file}:\n{code}"
    return len(found)


async def main(binary, *clients):
    for client in clients:
        name, command = client.split("=", 1)
        await journey(binary, name, command)
    page = Path(__file__).parent / "README.md"
    print(f"clients: {snippets(page)} snippets of {page.name} are pieces of code that ran")
    print(f"{len(clients)} passed, 0 failed")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
