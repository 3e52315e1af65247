"""What the Python tests share: how they are run, and a listener for the records of a program under test.

All Python tests, from the top of the repository, with the Python of the sandboxes' environment:

    PYTHONPATH=src/sandbox/python/sdk:src/sandbox/python/runners:tests/python:tests/fixtures \\
        /path/to/venv/bin/python -m unittest discover -s tests/python
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHONPATH = os.pathsep.join(
    str(ROOT / part) for part in ("src/sandbox/python/sdk", "src/sandbox/python/runners", "tests/python")
)


class Finished:
    """A program that has ended: what it printed, its exit code, and the records that it sent."""

    def __init__(self, code, stdout, stderr, records):
        self.code, self.stdout, self.stderr, self.records = code, stdout, stderr, records


def run_program(source, stage, inherit=True, listen=False, attached=True):
    """Runs Python source as a script in the stage's folder, as a sandbox would."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    records, readers = [], []
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": PYTHONPATH,
        "TRAINABLE_STAGE_DIR": str(stage),
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(stage),
    }
    if attached:
        environment["TRAINABLE_RECORD_FD"] = str(theirs.fileno() if inherit else 987)
    script = Path(stage) / "scripts" / "program.py"
    script.parent.mkdir(exist_ok=True)
    script.write_text(source)
    with tempfile.TemporaryDirectory() as folder:
        listener = None
        if listen:
            address = os.path.join(folder, "records")
            environment["TRAINABLE_RECORD_SOCKET"] = address
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            listener.bind(address)
            listener.listen(16)
            threading.Thread(target=_accept, args=(listener, records, readers), daemon=True).start()
        readers.append(_read(ours, records))
        ended = subprocess.run(
            [sys.executable, str(script)],
            env=environment,
            pass_fds=[theirs.fileno()],
            cwd=stage,
            capture_output=True,
            text=True,
            timeout=60,
        )
        theirs.close()
        for reader in list(readers):
            reader.join(10)
        if listener:
            listener.close()
    return Finished(ended.returncode, ended.stdout, ended.stderr, records)


def _accept(listener, records, readers):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        readers.append(_read(connection, records))


def _read(connection, records):
    def loop():
        with connection:
            while message := connection.recv(1 << 20):
                records.append(json.loads(message, parse_constant=_refuse))

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    return thread


def _refuse(token):
    raise AssertionError(f"{token} is not strict JSON")


def strict_json(text):
    return json.loads(text, parse_constant=_refuse)
