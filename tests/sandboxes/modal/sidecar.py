#!/usr/bin/python3
"""A sidecar that runs no program and, once, does not do as it should: LIE says how, the file LIED that it did.

It answers what a supervisor asks of a good one; every program prints `go` and ends with 0.
"""

import base64
import json
import os
import sys
import threading
import time

LIE = os.environ.get("LIE", "")
LIED = os.environ["LIED"]
NONCE = ""


def say(message):
    sys.stdout.buffer.write(json.dumps(message).encode() + b"\n")
    sys.stdout.buffer.flush()


def printed(number, text):
    say({"id": number, "event": {"stdout": base64.b64encode(text.encode()).decode()}})


def told(number, kind, value):
    printed(number, "\x1e" + json.dumps([NONCE, kind, value], separators=(",", ":")) + "\n")


def lies(name):
    """Whether this is the time for a lie of this name."""
    if LIE != name or os.path.exists(LIED):
        return False
    open(LIED, "w").close()
    return True


def outlive_nobody(server):
    while os.getppid() == server:
        time.sleep(0.2)
    os._exit(1)


def main():
    threading.Thread(target=outlive_nobody, args=(os.getppid(),), daemon=True).start()
    if lies("dead"):
        sys.exit("as-test has died")
    if lies("silent"):
        time.sleep(60)
    if lies("old"):
        say({"hello": {"protocol": 0, "sdk": "1", "error": None}})
    elif lies("broken"):
        say({"hello": {"protocol": 1, "sdk": None, "error": "No module named 'modal'"}})
    elif lies("rude"):
        say({"id": 1, "done": {}})
    say({"hello": {"protocol": 1, "sdk": "1", "error": None}})
    for line in sys.stdin.buffer:
        serve(json.loads(line))


def serve(message):
    global NONCE
    number, op = message["id"], message["op"]
    if op in ("credit", "chunk", "end", "cancel"):
        return
    if op == "create":
        say({"id": number, "done": {"sandbox": f"sb-{os.getpid()}"}})
        return
    if op != "exec":
        say({"id": number, "done": {}})
        return
    NONCE = json.loads(message["env"]["TRAINABLE_LAUNCH"])["nonce"]
    told(number, "begun", {"pid": 7})
    printed(number, "go\n")
    lie(number)
    report = {"cut": None, "code": 0, "signal": None, "cpu_seconds": 0.1, "peak_memory": 1}
    report |= {"dropped": 0, "survivors": 0, "wall": 0.1}
    told(number, "exit", report)
    say({"id": number, "done": {"code": 0}})
    if lies("two exits"):
        say({"id": number, "done": {"code": 0}})
        time.sleep(60)


def lie(number):
    if lies("crash"):
        os._exit(1)
    if lies("stall"):
        time.sleep(60)
    if lies("flood"):
        while True:
            printed(number, "x" * 1000)
    if lies("wrong id"):
        say({"id": 999_999, "done": {}})
        time.sleep(60)
    if lies("second greeting"):
        say({"hello": {"protocol": 1, "sdk": "1", "error": None}})
        time.sleep(60)
    if lies("long line"):
        sys.stdout.buffer.write(b"x" * (1 << 20))
        sys.stdout.buffer.flush()
        time.sleep(60)
    for name, raw in (
        ("no JSON", b"nonsense\n"),
        ("no UTF-8", b'{"id":1,"done":{"a":"\xff"}}\n'),
        ("half a line", b'{"id":1,"do'),
    ):
        if lies(name):
            sys.stdout.buffer.write(raw)
            sys.stdout.buffer.flush()
            os._exit(0)


main()
