"""python -m trainable_modal: serves the lines on stdin until they end."""

import asyncio
import json
import os
import signal
import sys
import threading
import time

from .wire import LINE, PROTOCOL, Call, Wire


# How long this process may go on without its server, in seconds.
ALONE = 20


def main():
    # A supervisor of the server may signal all of its processes at once; this one has containers to end, and does so when
    # its stdin ends.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=outlive_nobody, args=(os.getppid(),), daemon=True).start()
    # Whatever the SDK prints must not fall between the lines.
    descriptor = os.dup(1)
    os.dup2(2, 1)
    asyncio.run(serve(descriptor))


def outlive_nobody(server):
    """Ends this process some time after its server, also when the SDK hangs."""
    while os.getppid() == server:
        time.sleep(2)
    time.sleep(ALONE)
    os._exit(1)


async def serve(descriptor):
    wire = Wire(descriptor)
    # Only now: what is wrong with the SDK is told as anything else is.
    try:
        import modal

        from .cloud import Cloud
        from .files import Files
        from .shadows import Shadows
    except ImportError as error:
        await wire.say({"hello": {"protocol": PROTOCOL, "sdk": None, "error": str(error)[:300]}})
        await wire.lines.join()
        return
    await wire.say({"hello": {"protocol": PROTOCOL, "sdk": modal.__version__, "error": None}})
    cloud = Cloud()
    files = Files(cloud)
    shadows = Shadows(cloud, files)
    ops = {
        name: getattr(owner, name)
        for owner, names in (
            (cloud, ("ping", "open", "build", "create", "exec", "kill", "commit", "reload", "place", "terminate")),
            (shadows, ("shadow", "collect")),
            (files, ("list", "read", "digest", "put", "delete", "rename")),
        )
        for name in names
    }
    calls = {}
    try:
        async for line in lines():
            take(json.loads(line), ops, calls, wire)
    finally:
        for call in list(calls.values()):
            call.task.cancel()
        try:
            await asyncio.wait_for(cloud.leave(), 10)
        except TimeoutError:
            print("some sandboxes were not ended in time", file=sys.stderr)


async def lines():
    reader = asyncio.StreamReader(limit=LINE)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        yield line


def take(message, ops, calls, wire):
    """Begins a call, or tells one that is under way something more."""
    number, op = message["id"], message["op"]
    call = calls.get(number)
    if op in ops:
        call = calls[number] = Call(wire, number)
        # Two, because one that is cancelled before it began would never answer.
        call.task = asyncio.create_task(ops[op](call, message))
        call.teller = asyncio.create_task(answer(call, calls))
    elif op not in ("credit", "chunk", "end", "cancel"):
        unknown = {"id": number, "error": {"kind": "fault", "message": f"the sidecar knows no `{op}`"}}
        asyncio.create_task(wire.say(unknown))
    elif call is None:
        # It ended while this was on its way.
        return
    elif op == "credit":
        for _ in range(message["count"]):
            call.credit.release()
    elif op in ("chunk", "end"):
        call.chunks.put_nowait((op, message.get("data")))
    elif op == "cancel":
        call.task.cancel()


async def answer(call, calls):
    """Waits for what a call comes to, and says it."""
    from .problems import tell

    try:
        said = {"id": call.number, "done": await call.task}
    except asyncio.CancelledError:
        said = {"id": call.number, "error": {"kind": "cancelled", "message": "it was given up"}}
    except BaseException as error:
        kind, sentence = tell(narrowed(error))
        said = {"id": call.number, "error": {"kind": kind, "message": sentence}}
    del calls[call.number]
    await call.wire.say(said)


def narrowed(error):
    """The first of the exceptions that a group holds."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


main()
