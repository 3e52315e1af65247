"""Bad input is answered by its code and one sentence; good input by what it holds. How to run: see support.py."""

import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support import PYTHONPATH, ROOT, strict_json

sys.path.insert(0, str(ROOT / "tests/fixtures"))
import bad_input  # noqa: E402
from trainable_runners import contract, describe  # noqa: E402


def answer(request):
    """The result of a request, without a process of its own: starting one takes longer than most answers."""
    return strict_json(contract.encode(describe.answer(request)))


def run(folder, request, runner="describe", before=None):
    """(result, stderr) of a runner, as the server calls it."""
    asked, answered = Path(folder) / "request.json", Path(folder) / "result.json"
    answered.unlink(missing_ok=True)
    asked.write_text(json.dumps(request))
    ended = subprocess.run(
        [sys.executable, "-m", f"trainable_runners.{runner}", str(asked), str(answered)],
        env={"PYTHONPATH": PYTHONPATH, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=before,
    )
    if ended.returncode:
        raise AssertionError(ended.stderr)
    return strict_json(answered.read_text()), ended.stderr


class BadInput(unittest.TestCase):
    def test_every_case(self):
        with tempfile.TemporaryDirectory() as folder:
            for case in bad_input.write(folder):
                with self.subTest(case["case"]):
                    self.check(folder, case)

    def check(self, folder, case):
        files = [{"path": os.path.join(folder, file["path"]), "name": file["name"]} for file in case["files"]]
        out = os.path.join(folder, "out", case["case"])
        result = answer({**case, "files": files, "extract_to": out})
        codes = sorted(problem["code"] for problem in result["problems"])
        self.assertEqual((codes, result["ok"]), (case["codes"], case["ok"]), result["problems"])
        for problem in result["problems"]:
            self.check_sentence(problem["message"], folder)
        for note in result["notes"]:
            self.check_sentence(note, folder)
        for text in case["notes"]:
            self.assertTrue(any(text in note for note in result["notes"]), result["notes"])
        left = sorted(name for name in os.listdir(out)) if os.path.isdir(out) else []
        expected = sorted(table["path"] for table in result["tables"]) + ["dataset.json"] if result["ok"] else []
        self.assertEqual(left, sorted(expected))

    def check_sentence(self, text, folder):
        self.assertRegex(text, r"^[A-Z`].*[.?]$")
        self.assertNotIn("\n", text)
        self.assertLess(len(text), 600)
        # One sentence: nothing ends inside it. Names and values stand in backquotes and may hold anything.
        bare = re.sub(r"`[^`]*`", "x", text)
        self.assertNotRegex(bare, r"[.?!] [A-Z]")
        for forbidden in (folder, "/tmp", "Traceback", "Error", "line_num", "pyarrow", "duckdb"):
            self.assertNotIn(forbidden, text)


class Description(unittest.TestCase):
    maxDiff = None

    def describe(self, *contents, names=None, **request):
        with tempfile.TemporaryDirectory() as folder:
            files = []
            for index, content in enumerate(contents):
                path = Path(folder) / f"upload_{index}"
                path.write_bytes(content.encode() if isinstance(content, str) else content)
                files.append({"path": str(path), "name": names[index] if names else f"file{index}.csv"})
            return answer({"files": files, **request})

    def column(self, values, rows=None):
        """The description of a column of these texts, repeated to enough rows, beside a plain one."""
        values = (values * 60)[: rows or 60]
        lines = ['x,z,"v"'] + [f'{i * 0.5},1,"{value}"' for i, value in enumerate(values)]
        result = self.describe("\n".join(lines))
        return {column["name"]: column for column in result["tables"][0]["columns"]}.get("v")

    def check_type(self, values, dtype, kind, missing=0):
        column = self.column(values)
        self.assertEqual((column["dtype"], column["kind"], column["missing"]), (dtype, kind, missing), values)

    def test_types_are_conservative(self):
        self.check_type(["1", "2", "-3"], "int64", "numeric")
        self.check_type(["1", "2.5", "1e3"], "float64", "numeric")
        self.check_type([" 1", "2 ", "+3"], "float64", "numeric")
        self.check_type(["00501", "12345"], "string", "categorical")
        self.check_type(["0x1F", "0x2A"], "string", "categorical")
        self.check_type(["12345678901234567890", "98765432109876543210"], "string", "categorical")
        self.check_type(["1_000", "2"], "string", "categorical")
        self.check_type(["true", "False"], "bool", "boolean")
        self.check_type(["yes", "no"], "string", "categorical")
        self.check_type(["1.5", "abc"], "string", "categorical")

    def test_dates_need_every_value(self):
        self.check_type(["2024-01-31", "2024-02-01"], "datetime64[us]", "datetime")
        self.check_type(["2024-01-31 10:00:00", "2024-02-01T11:30:15.5"], "datetime64[us]", "datetime")
        self.check_type(["2024-01-31T10:00:00Z", "2024-02-01T11:30:15+02:00"], "datetime64[us, UTC]", "datetime")
        self.check_type(["31.01.2024", "01.02.2024"], "datetime64[us]", "datetime")
        self.check_type(["01/31/2024 10:30", "02/01/2024 9:05"], "datetime64[us]", "datetime")
        self.check_type(["2024-01-31", "soon"], "string", "categorical")
        self.check_type(["31/01/24", "01/02/24"], "string", "categorical")
        self.check_type(["2024-02-30", "2024-02-01"], "string", "categorical")
        self.check_type(["30.02.2024", "01.02.2024"], "string", "categorical")
        self.check_type(["2019", "2024"], "int64", "numeric")

    def test_what_is_missing(self):
        self.check_type(["1", "", "NA", "?", "-", "None"], "int64", "numeric", missing=50)
        self.check_type(["red", "", "NA", "None", "-"], "string", "categorical", missing=24)
        self.check_type(["None", "red"], "string", "categorical")
        self.check_type(["2024-01-31", "NaT", "null"], "datetime64[us]", "datetime", missing=40)
        self.assertIsNone(self.column(["", "NA"]))

    def test_kinds(self):
        numbers = [str(i) for i in range(60)]
        self.assertEqual(self.column([f"id-{i:04d}" for i in range(60)])["kind"], "identifier")
        self.assertEqual(self.column(numbers)["kind"], "identifier")
        self.assertEqual(self.column([f"the {i}th remark of a user" for i in numbers])["kind"], "text")

    def test_statistics(self):
        lines = ["n,c,y"] + [f"{i % 10},{'ab'[i % 2]},{i / 4}" for i in range(100)] + ["9,b,24.75"] * 3
        result = self.describe("\n".join(lines), target="y")
        table = result["tables"][0]
        n, c, y = table["columns"]
        self.assertEqual((table["rows"], table["duplicates"], result["target"]["problem_type"]), (103, 3, "regression"))
        self.assertEqual((n["min"], n["max"], n["unique"], n["unique_exact"]), (0, 9, 10, True))
        self.assertEqual(c["top"], [{"value": "b", "count": 53}, {"value": "a", "count": 50}])
        self.assertEqual((y["min"], y["max"], y["examples"][:3]), (0.0, 24.75, [0.0, 0.25, 0.5]))

    def test_numbers_that_json_cannot_write(self):
        lines = ["a,b"] + [f"{i},{['inf', '-inf', '1e308', '-1e308', '2.5'][i % 5]}" for i in range(50)]
        b = self.describe("\n".join(lines))["tables"][0]["columns"][1]
        self.assertEqual((b["min"], b["max"], b["mean"]), ("-Infinity", "Infinity", 2.5))

    def test_problem_types(self):
        def problem(values):
            lines = ["x,y"] + [f"{i * 0.1},{values[i % len(values)]}" for i in range(200)]
            return self.describe("\n".join(lines), target="y")["target"]["problem_type"]

        self.assertEqual(problem(["a", "b"]), "binary")
        self.assertEqual(problem(["0", "1"]), "binary")
        self.assertEqual(problem(["a", "b", "c"]), "multiclass")
        self.assertEqual(problem(["1", "2", "3"]), "multiclass")
        self.assertEqual(problem([str(i) for i in range(50)]), "regression")
        self.assertEqual(problem(["1.5", "2.5", "3"]), "regression")

    def test_rows_that_are_left_out_are_neither_written_nor_described(self):
        import pyarrow.parquet as pq

        first = "n,y\n" + "\n".join(f"{i},{i % 2}" for i in range(50))
        second = "y,n\n" + "\n".join(f"{i % 2},{i}" for i in range(50, 100))
        with tempfile.TemporaryDirectory() as folder:
            for name, text in (("a", first), ("b", second)):
                (Path(folder) / name).write_text(text)
            files = [{"path": f"{folder}/{name}", "name": f"{name}.csv"} for name in "ab"]
            request = {"files": files, "extract_to": f"{folder}/out", "leave_out": {"a": [0, 49, 50, 99]}}
            result, _ = run(folder, request)
            written = pq.read_table(f"{folder}/out/a.parquet")["n"].to_pylist()
            self.assertEqual(strict_json((Path(folder) / "out/dataset.json").read_text()), result)
        self.assertEqual(written, [*range(1, 49), *range(51, 99)])
        self.assertEqual((result["tables"][0]["rows"], result["tables"][0]["columns"][0]["min"]), (96, 1))

    def test_thousands_of_columns_stay_within_the_answer(self):
        names = ",".join(f"a rather long name of column number {i} {'n' * 100}" for i in range(4000))
        row = ",".join(f"{'v' * 100}{i}" for i in range(4000))
        result = self.describe("\n".join([names] + [row] * 30))
        self.assertTrue(result["ok"], result["problems"])
        self.assertEqual(len(result["tables"][0]["columns"]), 4000)

    def test_a_full_disk_is_said_and_leaves_nothing(self):
        def small_disk():
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "a").write_text(bad_input.table(100_000))
            request = {"files": [{"path": f"{folder}/a", "name": "a.csv"}], "extract_to": f"{folder}/out"}
            result, _ = run(folder, request, before=small_disk)
            self.assertEqual(os.listdir(f"{folder}/out"), [])
        self.assertEqual([problem["code"] for problem in result["problems"]], ["DISK_FULL"])

    def test_an_unforeseen_failure_is_one_sentence(self):
        with tempfile.TemporaryDirectory() as folder:
            result, stderr = run(folder, {"files": [{"path": f"{folder}/none", "name": "x.csv"}]})
        self.assertEqual([problem["code"] for problem in result["problems"]], ["UNREADABLE"])
        self.assertIn("Traceback", stderr)
        self.assertNotIn(folder, json.dumps(result))
