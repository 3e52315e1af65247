"""The launcher of rented containers: what it hands on, how it says the end, and that all ends with it."""

import base64
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from support import ROOT

NONCE = "0123456789abcdef" * 2
OPENING = b'\x1e["' + NONCE.encode() + b'",'
PATH = os.pathsep.join(str(ROOT / "src/sandbox/python" / part) for part in ("launch", "sdk"))


def request(source, **more):
    return {
        "nonce": NONCE,
        "argv": ["-P", "-c", source],
        "env": {"PATH": os.environ["PATH"], "PYTHONPATH": PATH, "GIVEN": "yes"},
        "workdir": more.pop("workdir", "/"),
        "timeout": more.pop("timeout", 30),
        "output_bytes": more.pop("output_bytes", 1 << 20),
        "memory_bytes": more.pop("memory_bytes", 1 << 40),
        "limits": more.pop("limits", {"NOFILE": 256}),
    }


def start(asked):
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": PATH,
        "TRAINABLE_LAUNCH": json.dumps(asked),
        "TMPDIR": tempfile.gettempdir(),
    }
    command = [sys.executable, "-P", "-m", "trainable_launch"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


class Ended:
    """What came out: bytes that were printed, and the launcher's lines by their kinds."""

    def __init__(self, stdout, stderr, code):
        self.printed, self.lines, self.stderr, self.code = b"", [], stderr, code
        while OPENING in stdout:
            before, _, rest = stdout.partition(OPENING)
            line, _, stdout = rest.partition(b"\n")
            self.printed += before
            kind, value = json.loads(b"[" + line)
            self.lines.append((kind, base64.b64decode(value) if kind == "record" else value))
        self.printed += stdout
        self.exit = self.lines[-1][1]
        self.records = [value for kind, value in self.lines if kind == "record"]


def run(source, **more):
    started = start(request(source, **more))
    stdout, stderr = started.communicate(timeout=60)
    return Ended(stdout, stderr, started.returncode)


class Launch(unittest.TestCase):
    def test_output_and_the_end_are_told_apart(self):
        ended = run("import os, sys; print(os.environ['GIVEN'], sorted(os.environ)[:1]); os.write(2, b'\\xff'); sys.exit(7)")
        self.assertEqual((ended.printed, ended.stderr), (b"yes ['GIVEN']\n", b"\xff"))
        self.assertEqual([kind for kind, _ in ended.lines], ["begun", "exit"])
        self.assertEqual((ended.exit["code"], ended.exit["signal"], ended.exit["cut"]), (7, None, None))
        self.assertGreater(ended.exit["cpu_seconds"], 0)
        self.assertGreater(ended.exit["peak_memory"], 1 << 20)

    def test_a_signal_is_no_exit_code(self):
        self.assertEqual(run("import os; os.kill(os.getpid(), 9)").exit["signal"], 9)
        self.assertEqual(run("import sys; sys.exit(137)").exit["code"], 137)

    def test_the_clock_goes_on_while_nobody_reads(self):
        started = start(request("import os\nwhile True: os.write(1, b'x' * 65536)", timeout=1, output_bytes=1 << 40))
        time.sleep(2)
        stdout, _ = started.communicate(timeout=20)
        ended = Ended(stdout, b"", 0)
        self.assertEqual(ended.exit["cut"], "timed_out")
        self.assertLess(ended.exit["wall"], 1.5)

    def test_output_past_the_cap_is_counted(self):
        ended = run("import os\nfor _ in range(10): os.write(1, b'x' * 1000)", output_bytes=2500)
        self.assertEqual((len(ended.printed), ended.exit["dropped"]), (2500, 7500))

    def test_nothing_is_left_behind(self):
        with tempfile.TemporaryDirectory() as folder:
            source = (
                "import os, time\n"
                "if os.fork() == 0:\n"
                "    os.setsid()\n"
                "    if os.fork() == 0:\n"
                "        open('pid', 'w').write(str(os.getpid())); time.sleep(600)\n"
                "    os._exit(0)\n"
                "os.wait()\n"
                "while not os.path.exists('pid') or not open('pid').read(): time.sleep(.01)\n"
            )
            ended = run(source, workdir=folder)
            self.assertEqual(ended.exit["code"], 0)
            with open(os.path.join(folder, "pid")) as file:
                self.assertFalse(os.path.exists(f"/proc/{file.read()}"))

    def test_whoever_asks_it_to_end_is_obeyed(self):
        started = start(request("import signal, time\nsignal.signal(15, signal.SIG_IGN)\nprint('go', flush=True)\ntime.sleep(600)"))
        head = started.stdout.readline() + started.stdout.readline()
        pid = json.loads(head.splitlines()[0][1:])[2]["pid"]
        os.kill(pid, signal.SIGTERM)
        stdout, stderr = started.communicate(timeout=20)
        self.assertEqual(Ended(head + stdout, stderr, 0).exit["cut"], "terminated")

    def test_records_of_every_worker_stand_between_what_is_printed(self):
        ended = run(
            "import os, socket, sys, trainable\n"
            "print('a', flush=True)\n"
            "trainable.log(1, {'m': 2})\n"
            "if os.fork() == 0:\n"
            "    os.close(3); trainable.log(2, {'m': 2}); os._exit(0)\n"
            "os.wait()\n"
            "s = socket.socket(fileno=os.dup(3))\n"
            "s.send(b'\\xff\\n\\x1e')\n"
        )
        self.assertEqual(ended.printed, b"a\n")
        self.assertIn(b"\xff\n\x1e", ended.records)
        steps = sorted(json.loads(record)["step"] for record in ended.records if record[:1] == b"{")
        self.assertEqual(steps, [1, 2])

    def test_a_kill_near_the_limit_is_the_kernels(self):
        source = "import os\nx = b'x' * (64 << 20)\nos.kill(os.getpid(), 9)"
        self.assertEqual(run(source, memory_bytes=80 << 20).exit["cut"], "out_of_memory")
        self.assertIsNone(run(source, memory_bytes=800 << 20).exit["cut"])

    def test_limits_hold(self):
        ended = run("import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))", limits={"NOFILE": 99})
        self.assertEqual(ended.printed, b"(99, 99)\n")

    def test_a_program_that_cannot_start_says_why(self):
        ended = run("pass", workdir="/nowhere")
        self.assertEqual(ended.exit["code"], 126)
        self.assertIn(b"/nowhere", ended.stderr)
