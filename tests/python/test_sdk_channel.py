"""Records arrive whole from threads and from every kind of worker process, whatever their size."""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support import PYTHONPATH, run_program


class Channel(unittest.TestCase):
    def run_in_stage(self, source, **options):
        with tempfile.TemporaryDirectory() as stage:
            ended = run_program(source, stage, **options)
            self.assertEqual(ended.code, 0, ended.stderr)
            ended.spilled = [
                json.loads((Path(stage) / record["path"]).read_text())
                for record in ended.records
                if record["type"] == "spilled"
            ]
        return ended

    def steps(self, ended):
        return sorted(record["step"] for record in ended.records)

    def test_threads_and_forks_share_the_connection(self):
        ended = self.run_in_stage(
            "import multiprocessing as mp, threading, trainable\n"
            "def work(base):\n"
            "    threads = [threading.Thread(target=lambda k=k: [trainable.log(base + k * 50 + i, {'a': i}) for i in range(50)]) for k in range(4)]\n"
            "    [t.start() for t in threads]; [t.join() for t in threads]\n"
            "if __name__ == '__main__':\n"
            "    context = mp.get_context('fork')\n"
            "    workers = [context.Process(target=work, args=(n * 200,)) for n in range(3)]\n"
            "    [w.start() for w in workers]; [w.join() for w in workers]\n"
            "    work(600)\n"
        )
        self.assertEqual(self.steps(ended), list(range(800)))
        self.assertEqual(ended.stderr, "")

    def test_spawned_and_loky_workers_connect_again(self):
        source = (
            "import multiprocessing as mp, joblib, trainable\n"
            "def work(i): trainable.log(i, {'a': i})\n"
            "if __name__ == '__main__':\n"
            "    worker = mp.get_context('spawn').Process(target=work, args=(0,)); worker.start(); worker.join()\n"
            "    joblib.Parallel(n_jobs=2)(joblib.delayed(work)(i) for i in range(1, 5))\n"
        )
        ended = self.run_in_stage(source, listen=True)
        self.assertEqual(self.steps(ended), [0, 1, 2, 3, 4])
        self.assertEqual(ended.stderr, "")

    def test_a_worker_without_a_connection_warns_once_and_goes_on(self):
        ended = self.run_in_stage(
            "import trainable\nfor i in range(5): trainable.log(i, {'a': 1})\nprint('done')", inherit=False
        )
        self.assertEqual((ended.records, ended.stdout), ([], "done\n"))
        self.assertEqual(len(ended.stderr.splitlines()), 1)
        self.assertIn("did not inherit the connection", ended.stderr)

    def test_some_other_file_under_the_number_is_left_alone(self):
        ended = self.run_in_stage(
            "import os, trainable\n"
            "reader, writer = os.pipe()\n"
            "os.environ['TRAINABLE_RECORD_FD'] = str(writer)\n"
            "trainable.log(0, {'a': 1})\n"
            "os.close(writer)\n"
            "print(os.read(reader, 10))\n"
        )
        self.assertEqual((ended.records, ended.stdout), ([], "b''\n"))

    def test_a_listener_that_went_away_stops_nothing(self):
        ended = self.run_in_stage(
            "import os, socket, trainable\n"
            "ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
            "os.environ['TRAINABLE_RECORD_FD'] = str(theirs.fileno())\n"
            "ours.close()\n"
            "for i in range(3): trainable.log(i, {'a': 1})\n"
            "print('done')"
        )
        self.assertEqual((ended.stdout, len(ended.stderr.splitlines())), ("done\n", 1))

    def test_a_socket_that_does_not_block_still_gets_everything(self):
        ended = self.run_in_stage(
            "import os, trainable\n"
            "os.set_blocking(int(os.environ['TRAINABLE_RECORD_FD']), False)\n"
            "for i in range(5000): trainable.log(i, {'a': 1})\n"
        )
        self.assertEqual(self.steps(ended), list(range(5000)))

    def test_large_records_go_by_file(self):
        # Above the socket's own limit (about 200 KiB by default) and above the contract's 1 MiB.
        ended = self.run_in_stage(
            "import trainable\n"
            "trainable.log_text('small', 'x' * 1000)\n"
            "trainable.log_text('large', 'y' * 400_000)\n"
            "trainable.log_table('huge', {'c%d' % i: ['z' * 499] * 1000 for i in range(3)})\n"
        )
        self.assertEqual([record["type"] for record in ended.records], ["text", "spilled", "spilled"])
        self.assertEqual([record["name"] for record in ended.spilled], ["large", "huge"])

    def test_a_connection_that_comes_after_the_import_is_used(self):
        # As in a process that was forked ahead of time, which logs for one execution and then for another.
        ended = self.run_in_stage(
            "import os, socket, trainable\n"
            "first = os.environ.pop('TRAINABLE_RECORD_FD')\n"
            "trainable.log(0, {'a': 1})\n"
            "ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n"
            "os.environ['TRAINABLE_RECORD_FD'] = str(theirs.fileno()); trainable.log(1, {'a': 1})\n"
            "os.environ['TRAINABLE_RECORD_FD'] = first; trainable.log(2, {'a': 1})\n"
            "assert b'\"step\":1' in ours.recv(1000)\n"
        )
        self.assertEqual(self.steps(ended), [2])
        self.assertEqual(ended.stdout, "[metrics] step 0  a=1\n")

    def test_what_is_not_unicode_is_replaced(self):
        ended = self.run_in_stage("import trainable\ntrainable.log_text('t', 'a\\udc80\\0b')")
        self.assertEqual(ended.records[0]["data"], {"text": "a?\0b"})


class Import(unittest.TestCase):
    def test_importing_loads_nothing_heavy(self):
        loaded = subprocess.run(
            [
                sys.executable,
                "-c",
                "import sys; before = set(sys.modules); import trainable; print(*sorted(set(sys.modules) - before))",
            ],
            env={"PYTHONPATH": PYTHONPATH},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        self.assertEqual([name for name in loaded if not name.startswith("trainable")], [])
