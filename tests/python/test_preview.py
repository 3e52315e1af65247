"""Pages of files of every format. How to run: see support.py."""

import io
import json
import os
import tempfile
import unittest
from pathlib import Path

from support import strict_json
from test_describe import bad_input, run
from trainable_runners import contract, preview


class Preview(unittest.TestCase):
    maxDiff = None

    def page(self, content, name="file.csv", **request):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            return strict_json(contract.encode(preview.answer({"path": str(path), **request})))

    def test_page_of_csv(self):
        content = "n,word,day\n" + "\n".join(f"{i},w{i},2024-01-{i + 1:02d}" for i in range(20)) + "\n20,,NA\n"
        page = self.page(content, offset=18, limit=5)
        self.assertEqual(
            page,
            {
                "ok": True,
                "problem": None,
                "columns": [
                    {"name": "n", "dtype": "int64"},
                    {"name": "word", "dtype": "string"},
                    {"name": "day", "dtype": "datetime64[us]"},
                ],
                "rows": [["18", "w18", "2024-01-19"], ["19", "w19", "2024-01-20"], ["20", None, "NA"]],
                "total_rows": 21,
                "total_columns": 3,
                "columns_offset": 0,
                "notes": [],
            },
        )

    def test_long_cells_and_many_columns_are_cut(self):
        content = ",".join(f"c{i}" for i in range(300)) + "\n" + ",".join(["x" * 500] * 300) + "\n"
        page = self.page(content, columns_offset=150)
        self.assertEqual((len(page["columns"]), page["columns"][0]["name"], page["total_columns"]), (150, "c150", 300))
        self.assertEqual((len(page["rows"][0]), page["rows"][0][0]), (150, "x" * 199 + "…"))
        self.assertEqual(len(self.page(content)["columns"]), 200)

    def test_parquet_reads_from_the_row_group_of_the_offset(self):
        import pyarrow as pa
        import pyarrow.parquet as pq

        content, when = io.BytesIO(), pa.array([0, None] * 500, pa.timestamp("us"))
        table = pa.table({"n": list(range(1000)), "x": [0.5, float("nan")] * 500, "t": when, "l": [[1, 2]] * 1000})
        pq.write_table(table, content, row_group_size=100)
        page = self.page(content.getvalue(), name="file.parquet", offset=998, limit=50)
        self.assertEqual(page["rows"], [["998", "0.5", "1970-01-01 00:00:00", "[1, 2]"], ["999", None, None, "[1, 2]"]])
        self.assertEqual([c["dtype"] for c in page["columns"]], ["int64", "float64", "datetime64[us]", "string"])
        self.assertEqual(page["total_rows"], 1000)
        across = self.page(content.getvalue(), name="file.parquet", offset=95, limit=10)
        self.assertEqual([row[0] for row in across["rows"]], [str(i) for i in range(95, 105)])
        self.assertEqual(self.page(content.getvalue(), offset=5000)["rows"], [])

    def test_workbook_and_json_lines(self):
        page = self.page(bad_input._workbook(), name="file.xlsx", limit=1)
        self.assertEqual(
            ([c["name"] for c in page["columns"]], page["total_rows"]),
            (["age", "city", "score", "outcome", "total"], 60),
        )
        page = self.page('{"a": 1, "b": null}\n{"a": 2.5, "c": {"d": true}}\n', name="file.jsonl")
        self.assertEqual(page["rows"], [["1", None, None], ["2.5", None, '{"d": true}']])

    def test_header_only_is_an_empty_page(self):
        page = self.page("a,b\n")
        self.assertEqual((page["ok"], page["rows"], page["total_rows"]), (True, [], 0))

    def test_what_cannot_be_read_is_said(self):
        self.assertEqual(self.page("")["problem"]["code"], "EMPTY_FILE")
        self.assertEqual(self.page(b"\x89PNG\r\n\x1a\n" + bytes(100))["problem"]["code"], "BINARY_FILE")
        with tempfile.TemporaryDirectory() as folder:
            result, stderr = run(folder, {"path": os.path.join(folder, "none.csv")}, runner="preview")
        self.assertEqual(result["problem"]["code"], "UNREADABLE")
        self.assertIn("Traceback", stderr)
        self.assertNotIn(folder, json.dumps(result))
