"""The sidecar for Modal, by its lines, on a stand-in for Modal's SDK."""

import base64
import hashlib
import json
import os
import queue
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

from support import ROOT

PATH = os.pathsep.join([str(ROOT / "src/sandbox/python/modal"), str(ROOT / "tests/python/fake_modal")])
LOCK = str(ROOT / "src/sandbox/python/requirements.lock")


class Sidecar:
    def __init__(self, root, **env):
        environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": PATH,
            "MODAL_TOKEN_ID": "ak-test",
            "MODAL_TOKEN_SECRET": "as-test",
            "MODAL_SANDBOX_V2": "0",
            "FAKE_MODAL_ROOT": str(root),
            **env,
        }
        command = [sys.executable, "-P", "-m", "trainable_modal"]
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.hello = json.loads(self.process.stdout.readline())
        self.answers, self.last = {}, 0
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            message = json.loads(line)
            self.answers[message["id"]].put(message)

    def tell(self, **message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def begin(self, op, **params):
        self.last += 1
        self.answers[self.last] = queue.Queue()
        self.tell(id=self.last, op=op, **params)
        return self.last

    def next(self, number):
        return self.answers[number].get(timeout=30)

    def finish(self, number, granted=True):
        """The events and the end of a call."""
        events = []
        while "event" in (message := self.next(number)):
            events.append(message["event"])
            if granted and not {"progress", "credit"} & message["event"].keys():
                self.tell(id=number, op="credit", count=1)
        return events, message

    def ask(self, op, **params):
        events, end = self.finish(self.begin(op, **params))
        return events, end.get("done"), end.get("error")

    def put(self, path, data):
        number = self.begin("put", kind="sessions", path=path)
        for at in range(0, len(data), 65536):
            self.tell(id=number, op="chunk", data=base64.b64encode(data[at : at + 65536]).decode())
        self.tell(id=number, op="end")
        return self.finish(number, granted=False)[1]

    def end(self):
        self.process.stdin.close()
        code = self.process.wait(30)
        self.reader.join(30)
        self.process.stdout.close()
        return code


def data(events, name="data"):
    return b"".join(base64.b64decode(event[name]) for event in events)


class Lines(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def start(self, opened=True, **env):
        sidecar = Sidecar(self.root, **env)
        self.addCleanup(sidecar.end)
        if opened:
            _, done, error = sidecar.ask("open", app="trainable", volume="trainable-data", server="one")
            self.assertIsNone(error)
        return sidecar

    def test_it_says_which_protocol_it_speaks(self):
        sidecar = self.start()
        self.assertEqual(sidecar.hello, {"hello": {"protocol": 1, "sdk": "1.6.0+fake", "error": None}})
        self.assertEqual(sidecar.ask("ping"), ([], {}, None))
        self.assertEqual(sidecar.ask("nonsense")[2]["kind"], "fault")
        self.assertEqual(sidecar.end(), 0)

    def test_tokens_are_not_repeated(self):
        sidecar = self.start(opened=False, MODAL_TOKEN_SECRET="as-wrong")
        _, _, error = sidecar.ask("open", app="a", volume="v", server="s")
        self.assertEqual(error["kind"], "token")
        self.assertNotIn("as-wrong", json.dumps(error))
        self.assertIn("…", error["message"])

    def test_files_come_and_go(self):
        sidecar = self.start()
        large = os.urandom(300_000)
        self.assertEqual(sidecar.put("sessions/s/a/large", large)["done"], {"size": 300_000})
        self.assertEqual(sidecar.put("sessions/s/empty", b"")["done"], {"size": 0})
        events, done, _ = sidecar.ask("list", kind="sessions", path="sessions/s", recursive=True, most=10)
        found = [(entry["path"], entry["size"]) for event in events for entry in event["entries"]]
        self.assertEqual(found, [("sessions/s/a/large", 300_000), ("sessions/s/empty", 0)])
        self.assertEqual(done, {"truncated": False})
        read = lambda offset, length: data(
            sidecar.ask("read", kind="sessions", path="sessions/s/a/large", offset=offset, length=length)[0]
        )
        # One after the other, back again, past the end.
        for offset, length in ((0, 100_000), (100_000, 100_000), (200_000, 1 << 20), (5, 10), (0, 0), (1 << 30, 5)):
            self.assertEqual(read(offset, length), large[offset : offset + length], (offset, length))
        _, done, _ = sidecar.ask("digest", kind="sessions", path="sessions/s/a/large")
        self.assertEqual(done, {"sha256": hashlib.sha256(large).hexdigest(), "size": 300_000})
        for _ in range(2):
            self.assertEqual(sidecar.ask("rename", kind="sessions", path="sessions/s/a", to="sessions/s/b/c")[1], {})
            self.assertEqual(sidecar.ask("delete", kind="sessions", path="sessions/s/empty")[1], {})
        events, _, _ = sidecar.ask("list", kind="sessions", path="sessions", recursive=True, most=10)
        self.assertEqual([entry["path"] for entry in events[0]["entries"]], ["sessions/s/b/c/large"])
        self.assertEqual(sidecar.ask("read", kind="sessions", path="none", offset=0, length=0)[2]["kind"], "no_file")

    def test_an_upload_that_breaks_off_changes_nothing(self):
        sidecar = self.start()
        sidecar.put("sessions/s/x", b"before")
        number = sidecar.begin("put", kind="sessions", path="sessions/s/x")
        sidecar.tell(id=number, op="chunk", data=base64.b64encode(b"half").decode())
        sidecar.tell(id=number, op="cancel")
        self.assertEqual(sidecar.finish(number, granted=False)[1]["error"]["kind"], "cancelled")
        events, _, _ = sidecar.ask("read", kind="sessions", path="sessions/s/x", offset=0, length=99)
        self.assertEqual(data(events), b"before")

    def container(self, sidecar, **more):
        (self.root / "sdk").mkdir(exist_ok=True)
        sidecar.ask("build", locks=[LOCK], sdk=str(self.root / "sdk"))
        mount = {"kind": "sessions", "sub_path": "sessions/s", "at": "/data/s", "read_only": False}
        asked = {
            "mounts": [mount], "cpu": [1, 1], "memory": [128, 256], "gpu": None,
            "timeout": 100, "idle_timeout": 60, "block_network": True, **more,
        }  # fmt: skip
        return sidecar.ask("create", **asked)

    def living(self):
        found = []
        for pid in (self.root / "sandboxes").glob("*/pid"):
            try:
                state = Path(f"/proc/{pid.read_text()}/stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if state not in "ZX":
                found.append(pid)
        return found

    def test_what_is_printed_waits_for_who_reads(self):
        sidecar = self.start()
        _, done, _ = self.container(sidecar)
        flood = "import os\nfor _ in range(64): os.write(1, b'x' * 65536)"
        number = sidecar.begin("exec", sandbox=done["sandbox"], argv=["python", "-c", flood], env={}, timeout=30)
        held = [sidecar.next(number) for _ in range(16)]
        self.assertTrue(all("event" in message for message in held))
        with self.assertRaises(queue.Empty):
            sidecar.answers[number].get(timeout=0.5)
        # Others are served meanwhile.
        self.assertEqual(sidecar.ask("ping"), ([], {}, None))
        sidecar.tell(id=number, op="credit", count=16)
        events, end = sidecar.finish(number)
        size = len(data([message["event"] for message in held] + events, "stdout"))
        self.assertEqual((size, end["done"]), (64 * 65536, {"code": 0}))

    def test_what_a_container_wrote_is_seen_when_it_was_committed(self):
        sidecar = self.start()
        _, done, _ = self.container(sidecar)
        number = done["sandbox"]
        write = ["python", "-c", "open('/data/s/made', 'w').write('x')"]
        sidecar.ask("exec", sandbox=number, argv=write, env={}, timeout=30)
        listed = lambda: sidecar.ask("list", kind="sessions", path="sessions/s", recursive=True, most=9)[0]
        self.assertEqual(listed(), [])
        self.assertEqual(sidecar.ask("commit", sandbox=number, folders=["/data/s"])[1], {})
        self.assertEqual([entry["path"] for entry in listed()[0]["entries"]], ["sessions/s/made"])
        sidecar.put("sessions/s/late", b"x")
        look = ["python", "-c", "import os; print(sorted(os.listdir('/data/s')))"]
        see = lambda: data(sidecar.ask("exec", sandbox=number, argv=look, env={}, timeout=30)[0], "stdout")
        self.assertEqual(see(), b"['made']\n")
        self.assertEqual(sidecar.ask("reload", sandbox=number)[1], {})
        self.assertEqual(see(), b"['late', 'made']\n")

    def test_one_folder_of_a_read_only_volume_may_be_written(self):
        sidecar = self.start()
        sidecar.put("sessions/s/eda/report.md", b"kept")
        sidecar.put("sessions/s/notes/before", b"before")
        mount = {"kind": "sessions", "sub_path": "sessions/s", "at": "/data/.whole", "read_only": True}
        number = self.container(sidecar, mounts=[mount])[1]["sandbox"]
        launcher = ROOT / "src/sandbox/python/launch/trainable_launch"
        shutil.copytree(launcher, self.root / "sdk" / "trainable_launch")
        self.assertIn("No such file", self.shadow(sidecar, number, "/nowhere")[2]["message"])
        self.assertEqual(self.shadow(sidecar, number, "/data/.whole")[1:], ({}, None))
        source = (
            "import os; os.chdir('/data/s/notes')\n"
            "print(open('before').read(), open('../eda/report.md').read())\n"
            "os.makedirs('deep'); open('deep/made', 'wb').write(bytes(range(256)) * 1000)\n"
            "open('before', 'a').write(', after'); os.symlink('/etc/passwd', 'link'); os.mkfifo('fifo')\n"
            "open(b'bad\\xff', 'w').close(); open('line\\nbreak', 'w').close()\n"
            "try: open('../eda/report.md', 'w')\n"
            "except OSError: print('refused')\n"
        )
        asked = {"sandbox": number, "argv": ["python", "-c", source], "env": {}, "timeout": 30}
        events = sidecar.ask("exec", **asked)[0]
        self.assertEqual(data(events, "stdout"), b"before kept\nrefused\n")
        collect = lambda **more: sidecar.ask(
            "collect", sandbox=number, folder="/data/s/notes", kind="sessions", path="sessions/s/notes",
            **{"most_bytes": 1 << 20, "most_files": 10, **more},
        )  # fmt: skip
        self.assertIn("more than it may keep", collect(most_bytes=1000)[2]["message"])
        self.assertIn("more than it may keep", collect(most_files=1)[2]["message"])
        self.assertEqual(collect()[1], {"files": 2})
        self.assertEqual(collect()[1], {"files": 0})
        events = sidecar.ask("list", kind="sessions", path="sessions/s", recursive=True, most=99)[0]
        paths = [entry["path"].removeprefix("sessions/s/") for entry in events[0]["entries"]]
        self.assertEqual(paths, ["eda/report.md", "notes/before", "notes/deep/made"])
        read = lambda path: data(sidecar.ask("read", kind="sessions", path=path, offset=0, length=1 << 20)[0])
        self.assertEqual(read("sessions/s/notes/before"), b"before, after")
        self.assertEqual(read("sessions/s/notes/deep/made"), bytes(range(256)) * 1000)

    def test_however_many_files_were_brought_the_next_are_too(self):
        sidecar = self.start()
        sidecar.put("sessions/s/notes/before", b"before")
        mount = {"kind": "sessions", "sub_path": "sessions/s", "at": "/data/.whole", "read_only": True}
        number = self.container(sidecar, mounts=[mount])[1]["sandbox"]
        launcher = ROOT / "src/sandbox/python/launch/trainable_launch"
        shutil.copytree(launcher, self.root / "sdk" / "trainable_launch")
        self.assertEqual(self.shadow(sidecar, number, "/data/.whole")[1:], ({}, None))
        write = lambda first, count: sidecar.ask(
            "exec", sandbox=number, env={}, timeout=30, argv=[
                "python", "-c", f"for n in range({first}, {first + count}): open('/data/s/notes/{'x' * 80}-%d' % n, 'w').write(str(n))",
            ],
        )  # fmt: skip
        collect = lambda: sidecar.ask(
            "collect", sandbox=number, folder="/data/s/notes", kind="sessions", path="sessions/s/notes",
            most_bytes=1 << 20, most_files=2000,
        )[1]  # fmt: skip
        write(0, 900)
        self.assertEqual(collect(), {"files": 901})
        write(900, 1)
        self.assertEqual(collect(), {"files": 1})
        events, _, _ = sidecar.ask("list", kind="sessions", path="sessions/s/notes", recursive=True, most=9999)
        self.assertEqual(sum(len(event["entries"]) for event in events), 902)

    def test_what_was_written_last_is_there_when_the_end_is_told(self):
        sidecar = self.start()
        sidecar.put("sessions/s/large", b"a" * 300_000)
        read = lambda offset: data(
            sidecar.ask("read", kind="sessions", path="sessions/s/large", offset=offset, length=1000)[0]
        )
        change = lambda letter: sidecar.ask(
            "exec", sandbox=number, argv=["python", "-c", f"open('/data/s/large', 'w').write('{letter}' * 300_000)"],
            env={}, timeout=30,
        )  # fmt: skip
        number = self.container(sidecar)[1]["sandbox"]
        for letter, after, asked in (("b", "commit", {"folders": ["/data/s"]}), ("c", "terminate", {})):
            change(letter)
            before = read(0)
            self.assertNotEqual(before, letter.encode() * 1000)
            self.assertEqual(sidecar.ask(after, sandbox=number, **asked)[1], {})
            # Who reads on does not read what was there before.
            self.assertEqual(read(1000), letter.encode() * 1000, after)

    def test_a_path_that_ends_like_a_pattern_is_a_path(self):
        sidecar = self.start()
        for path in ("a*", "ab", "b*/x", "b*/deep*/y", "bc/x"):
            sidecar.put(f"sessions/s/{path}", b"x")
        listed = lambda path, recursive: [
            entry["path"].removeprefix("sessions/s/")
            for event in sidecar.ask("list", kind="sessions", path=f"sessions/s/{path}", recursive=recursive, most=99)[0]
            for entry in event["entries"]
        ]
        self.assertEqual(listed("a*", False), ["a*"])
        self.assertEqual(listed("b*", False), ["b*/x"])
        self.assertEqual(listed("b*", True), ["b*/deep*/y", "b*/x"])
        self.assertEqual(listed("b*/deep*", True), ["b*/deep*/y"])
        self.assertEqual(listed("*", True), [])
        moved = {"kind": "sessions", "path": "sessions/s/b*", "to": "sessions/s/c*"}
        self.assertEqual(sidecar.ask("rename", **moved)[1], {})
        self.assertEqual(listed("c*", True), ["c*/deep*/y", "c*/x"])

    @unittest.skipUnless(os.geteuid() == 0, "only root may write where programs may not")
    def test_a_script_is_put_no_further_than_a_program_comes(self):
        sidecar = self.start()
        number = self.container(sidecar)[1]["sandbox"]
        shutil.copytree(ROOT / "src/sandbox/python/launch/trainable_launch", self.root / "sdk" / "trainable_launch")
        run = lambda source: data(
            sidecar.ask("exec", sandbox=number, argv=["python", "-c", source], env={}, timeout=30)[0], "stdout"
        )
        run(
            "import os; os.makedirs('/outside'); open('/outside/kept', 'w').write('kept')\n"
            "os.symlink('/outside', '/data/s/scripts'); os.symlink('/outside/kept', '/data/s/kept')"
        )

        def place(path):
            call = sidecar.begin("place", sandbox=number, path=path, folders=["/data/s"])
            sidecar.tell(id=call, op="chunk", data=base64.b64encode(b"new").decode())
            sidecar.tell(id=call, op="end")
            return sidecar.finish(call, granted=False)[1]

        self.assertIn("Permission denied", place("/data/s/scripts/step.py")["error"]["message"])
        self.assertEqual(place("/data/s/kept")["done"], {})
        self.assertEqual(place("/data/s/made/step.py")["done"], {})
        look = (
            "import os; print(os.listdir('/outside'), open('/outside/kept').read(), open('/data/s/kept').read(),"
            " open('/data/s/made/step.py').read(), os.listdir('/run/trainable'))"
        )
        self.assertEqual(run(look), b"['kept'] kept new new []\n")

    def test_time_is_kept(self):
        sidecar = self.start()
        number = self.container(sidecar)[1]["sandbox"]
        source = "import os, time\nif os.fork() == 0: os.setsid()\ntime.sleep(20)"
        before = time.monotonic()
        _, done, _ = sidecar.ask("exec", sandbox=number, argv=["python", "-c", source], env={}, timeout=1)
        self.assertEqual(done, {"code": -1})
        self.assertLess(time.monotonic() - before, 10)
        number = self.container(sidecar, timeout=1)[1]["sandbox"]
        time.sleep(1.2)
        _, _, error = sidecar.ask("exec", sandbox=number, argv=["python", "-c", ""], env={}, timeout=5)
        self.assertEqual(error["kind"], "absent")

    def shadow(self, sidecar, number, whole):
        return sidecar.ask("shadow", sandbox=number, whole=whole, at="/data/s", part="notes")

    def test_containers_end_with_it_or_by_the_next(self):
        sidecar = self.start()
        self.container(sidecar)
        self.assertEqual(len(self.living()), 1)
        self.assertEqual(sidecar.end(), 0)
        self.assertEqual(self.living(), [])
        sidecar = self.start()
        self.container(sidecar)
        sidecar.process.kill()
        sidecar.process.wait()
        self.assertEqual(len(self.living()), 1)
        other = self.start(opened=False)
        for server, swept in (("two", 0), ("one", 1), ("one", 0)):
            _, done, _ = other.ask("open", app="trainable", volume="v", server=server)
            self.assertEqual(done["swept"], swept, server)
        self.assertEqual(self.living(), [])

    def test_a_signal_to_all_processes_of_a_server_leaves_nothing_behind(self):
        sidecar = self.start()
        self.container(sidecar)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            sidecar.process.send_signal(number)
        self.assertEqual(sidecar.ask("ping"), ([], {}, None))
        self.assertEqual(sidecar.end(), 0)
        self.assertEqual(self.living(), [])

    def test_uploads_are_for_everybody_to_read(self):
        spool = self.root / "spool"
        spool.mkdir()
        sidecar = self.start(TMPDIR=str(spool))
        sidecar.put("sessions/s/x", b"x")
        found = self.root / "volumes/trainable-data/sessions/s/x"
        self.assertEqual(stat.S_IMODE(found.stat().st_mode), 0o644)
        self.assertEqual(list(spool.iterdir()), [])

    def test_an_image_that_cannot_be_made_is_told_with_what_was_printed(self):
        sidecar = self.start(FAKE_MODAL_FAULTS="no-image")
        (self.root / "sdk").mkdir()
        _, _, error = sidecar.ask("build", locks=[LOCK], sdk=str(self.root / "sdk"))
        self.assertEqual(error["kind"], "refused")
        for part in ("could not make the image", "im-1 failed", "No matching distribution found for pandas==0.0.0"):
            self.assertIn(part, error["message"])

    def test_what_modal_refuses_is_one_sentence(self):
        sidecar = self.start()
        self.assertEqual(self.container(sidecar, gpu="Z9")[2]["kind"], "refused")
        mount = {"kind": "sessions", "sub_path": "a", "at": "/data/a", "read_only": True}
        twice = [mount, {**mount, "at": "/data/b"}]
        self.assertIn("multiple locations", self.container(sidecar, mounts=twice)[2]["message"])
        _, _, error = sidecar.ask("exec", sandbox="sb-none", argv=["python"], env={}, timeout=1)
        self.assertEqual(error["kind"], "absent")
        self.assertEqual(sidecar.ask("terminate", sandbox="sb-none")[1], {})


class Problems(unittest.TestCase):
    def test_the_sdk_s_exceptions_have_kinds(self):
        code = (
            "import modal; from trainable_modal import problems\n"
            "e = modal.exception\n"
            "for error in (e.ImageBuildError('x', 'im-1'), e.ClientClosed('x'), e.SandboxFilesystemPermissionError('x'),\n"
            "    e.RequestSizeError('x'), e.ConflictError('x'), e.SandboxTimeoutError('x'), KeyError('x')):\n"
            "    print(problems.tell(error)[0])"
        )
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": PATH}
        said = subprocess.run([sys.executable, "-P", "-c", code], env=environment, capture_output=True, timeout=30)
        kinds = ["refused", "away", "refused", "refused", "conflict", "absent", "fault"]
        self.assertEqual(said.stdout.decode().split(), kinds, said.stderr)
