"""The launcher of rented containers: what it hands on, how it says the end, and that all ends with it."""

import base64
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

from support import ROOT

NONCE = "0123456789abcdef" * 2
OPENING = b'\x1e["' + NONCE.encode() + b'",'
AS_ROOT = os.geteuid() == 0
PATH = None


def setUpModule():
    """Programs of a launcher that is root are nobody, who may not see this repository: a copy is theirs to read."""
    global PATH
    folder = tempfile.mkdtemp()
    unittest.addModuleCleanup(shutil.rmtree, folder)
    os.chmod(folder, 0o755)
    for part in ("launch/trainable_launch", "sdk/trainable"):
        shutil.copytree(ROOT / "src/sandbox/python" / part, os.path.join(folder, os.path.basename(part)))
    PATH = folder


def request(source, **more):
    return {
        "nonce": NONCE,
        "argv": ["-P", "-c", source],
        "env": {"PATH": os.environ["PATH"], "PYTHONPATH": PATH, "GIVEN": "yes"},
        "workdir": more.get("workdir", "/"),
        "folders": more.pop("folders", [more.pop("workdir")] if "workdir" in more else []),
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

    @unittest.skipUnless(AS_ROOT, "only root has programs that are somebody else")
    def test_a_program_cannot_touch_its_launcher_nor_what_the_next_one_runs(self):
        source = (
            "import json, os, resource, trainable\n"
            "def tried(what):\n"
            "    try: what(); return 'done'\n"
            "    except PermissionError: return 'refused'\n"
            "launcher = os.getppid()\n"
            "library = os.path.dirname(os.__file__)\n"
            "print(json.dumps({\n"
            "    'kill': tried(lambda: os.kill(launcher, 9)), 'all': tried(lambda: os.kill(1, 9)),\n"
            "    'library': tried(lambda: open(os.path.join(library, 'made'), 'w')),\n"
            "    'sdk': tried(lambda: open(trainable.__file__, 'a')),\n"
            "    'memory': tried(lambda: open(f'/proc/{launcher}/mem', 'rb')),\n"
            "    'files': tried(lambda: os.listdir(f'/proc/{launcher}/fd')),\n"
            "    'again': tried(lambda: os.setuid(0)),\n"
            "    'ids': [*os.getresuid(), *os.getresgid(), *os.getgroups()],\n"
            "}))"
        )
        ended = run(source)
        self.assertEqual(ended.exit["code"], 0, ended.stderr)
        told = json.loads(ended.printed)
        self.assertEqual(len(set(told["ids"])), 1)
        self.assertNotIn(0, told.pop("ids"))
        self.assertEqual(set(told.values()), {"refused"}, told)

    @unittest.skipUnless(AS_ROOT, "only root gives files away")
    def test_folders_are_the_programs_and_nothing_beyond_them(self):
        with tempfile.TemporaryDirectory() as outside, tempfile.TemporaryDirectory() as folder:
            kept = os.path.join(outside, "kept")
            for path in (kept, os.path.join(folder, "deep/er/file")):
                os.makedirs(os.path.dirname(path), exist_ok=True)
                open(path, "w").close()
                os.chmod(path, 0o600)
            os.symlink(kept, os.path.join(folder, "link"))
            os.symlink(outside, os.path.join(folder, "folder"))
            os.link(kept, os.path.join(folder, "second"))
            os.mkfifo(os.path.join(folder, "fifo"))
            source = (
                "import os\n"
                "open('deep/er/file', 'a').write('x'); open('deep/new', 'w').write('x'); os.unlink('deep/er/file')\n"
                "for name in ('second', 'link', 'folder/kept'):\n"
                "    try: open(name, 'a')\n"
                "    except PermissionError: print(name)"
            )
            ended = run(source, workdir=folder)
            self.assertEqual((ended.exit["code"], ended.printed), (0, b"second\nlink\nfolder/kept\n"), ended.stderr)
            found = os.stat(kept)
            self.assertEqual((found.st_uid, stat.S_IMODE(found.st_mode)), (0, 0o600))
            self.assertEqual(os.stat(outside).st_uid, 0)

    @unittest.skipUnless(AS_ROOT, "another user has more processes than the program's")
    def test_processes_are_counted(self):
        source = (
            "import os, time\n"
            "try:\n"
            "    for n in range(50):\n"
            "        if os.fork() == 0: time.sleep(60); os._exit(0)\n"
            "except BlockingIOError: print(n < 20)"
        )
        ended = run(source, limits={"NPROC": 20})
        self.assertEqual((ended.printed, ended.exit["survivors"]), (b"True\n", 0))

    def test_processes_that_outlive_their_kill_are_told(self):
        code = (
            "import os, time\n"
            "from trainable_launch import linux\n"
            "if os.fork() == 0: time.sleep(60)\n"
            "print(linux.kill_all(None, seconds=0), linux.kill_all(None))"
        )
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": PATH}
        said = subprocess.run([sys.executable, "-P", "-c", code], env=environment, capture_output=True, timeout=30)
        self.assertEqual(said.stdout, b"(None, 1) (None, 0)\n", said.stderr)

    def test_processes_may_not_hold_more_together_than_one(self):
        workers = (
            "import os, time\n"
            "for _ in range(4):\n"
            "    if os.fork() == 0:\n"
            "        held = os.urandom(1) * (60 << 20); time.sleep(60)\n"
            "time.sleep(60)"
        )
        ended = run(workers, memory_bytes=200 << 20)
        self.assertEqual(ended.exit["cut"], "out_of_memory")
        self.assertGreaterEqual(ended.exit["peak_memory"], 200 << 20)
        self.assertLess(ended.exit["wall"], 20)

    def test_what_forks_share_is_counted_once(self):
        shared = (
            "import os, time\n"
            "held = os.urandom(1) * (100 << 20)\n"
            "for _ in range(4):\n"
            "    if os.fork() == 0: time.sleep(2); os._exit(0)\n"
            "for _ in range(4): os.wait()\n"
            "print(len(held))"
        )
        ended = run(shared, memory_bytes=300 << 20)
        self.assertEqual((ended.exit["cut"], ended.exit["code"]), (None, 0))

    def test_limits_hold(self):
        ended = run("import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE))", limits={"NOFILE": 99})
        self.assertEqual(ended.printed, b"(99, 99)\n")

    def test_a_program_that_cannot_start_says_why(self):
        ended = run("pass", workdir="/nowhere")
        self.assertEqual(ended.exit["code"], 126)
        self.assertIn(b"/nowhere", ended.stderr)
