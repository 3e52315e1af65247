"""Describes uploads, and writes them as the dataset that agents see: `<table>.parquet` and `dataset.json`.

    python -m trainable_runners.describe REQUEST.json RESULT.json

REQUEST: {"files": [{"path", "name"}], "target": str|null, "main_table": str|null, "extract_to": folder|null,
          "limits": {…}, "leave_out": {table: [row numbers]}}
RESULT:  {"ok", "problems": [{"code", "severity", "message", "file", "column"}],
          "tables": [{"name", "role", "file_names", "path", "rows", "columns": […], "duplicates", "bytes"}],
          "main_table", "target", "sampled", "notes"}

Every row is read, twice: once to judge types by all values, once to write them. Rows are numbered from 0 through a
table's files in their order; those in `leave_out` are neither written nor described.
"""

import contextlib
import json
import os
import tempfile

import pyarrow as pa
import pyarrow.parquet as pq

from . import contract, names, tables, target, types
from .detect import open_source
from .limits import Limits
from .problems import Findings, Refused, counted, listed, quotable
from .statistics import Statistics

# Fewer rows cannot be split three ways.
MIN_ROWS = 10
ROW_GROUP_ROWS = 131_072
ROW_GROUP_BYTES = 64 * 1024 * 1024
# The answer stays below the contract's limit with room for what is not columns.
MAX_COLUMN_JSON = 3 * 1024 * 1024


def answer(request):
    limits, findings = Limits.of(request.get("limits")), Findings()
    sources = _open_all(request["files"], limits, findings)
    found = _studied(tables.grouped(sources, findings), limits, findings)
    wanted = _target_name(request.get("target"))
    main = tables.choose_main(found, request.get("main_table"), wanted, findings) if found else None
    folder = request.get("extract_to")
    if folder:
        try:
            described, about = _described(found, main, wanted, folder, request, limits, findings)
        except BaseException:
            # On a full disk above all, half a dataset must not stay behind.
            for table in found:
                _remove(folder, table)
            raise
    else:
        with tempfile.TemporaryDirectory() as temporary:
            described, about = _described(found, main, wanted, temporary, request, limits, findings)
        for table in described:
            table["path"] = None
    result = {
        "ok": not findings.refused,
        "problems": [problem.as_json() for problem in findings.problems],
        "tables": described,
        "main_table": main.name if main else None,
        "target": about,
        "sampled": any(table.cut for table in found),
        "notes": findings.notes,
    }
    _shorten(result)
    if folder:
        _finish_folder(folder, result)
    return result


def failure(code, sentence):
    findings = Findings()
    findings.refuse(code, sentence)
    return {
        "ok": False,
        "problems": [problem.as_json() for problem in findings.problems],
        "tables": [],
        "main_table": None,
        "target": None,
        "sampled": False,
        "notes": [],
    }


def _target_name(given):
    return " ".join(given.split()) if isinstance(given, str) and given.strip() else None


def _open_all(files, limits, findings):
    """(source, column names) of every file that is a table."""
    if not files:
        findings.refuse("NO_FILES", "There is no file; upload a table as CSV, TSV, Parquet, XLSX or JSON lines.")
    sources = []
    for file in files:
        try:
            source = open_source(file["path"], file["name"], limits, findings)
            sources.append((source, names.mended(source, limits, findings)))
        except Refused as refused:
            findings.add(refused.problem)
    return sources


def _studied(found, limits, findings):
    """The tables that can be used, each read through once."""
    usable = []
    for table in found:
        shown = listed(table.file_names)
        try:
            table.study(limits)
        except Refused as refused:
            findings.add(refused.problem)
            continue
        if table.rows == 0:
            findings.refuse(
                "ONLY_HEADER", f"{shown} has a header but no rows; upload a file with rows.", table.file_names[0]
            )
            continue
        _say_empty_columns(table, findings)
        if len(table.kept) < 2:
            findings.refuse(
                "ONE_COLUMN",
                f"{shown} has only {counted(len(table.kept), 'column')} with values; "
                "a target and at least one other column are needed, so check the delimiter.",
                table.file_names[0],
            )
            continue
        if table.rows < MIN_ROWS:
            findings.refuse(
                "TOO_FEW_ROWS",
                f"{shown} has {counted(table.rows, 'row')}; at least {MIN_ROWS} are needed.",
                table.file_names[0],
            )
            continue
        if table.cut:
            findings.note(f"Only the first {counted(table.rows, 'row')} of `{table.name}` are read.")
        _say_types(table, findings)
        usable.append(table)
    return usable


def _say_empty_columns(table, findings):
    empty = [name for index, name in enumerate(table.columns) if index not in set(table.kept)]
    if empty and table.kept:
        has, be = ("has", "is") if len(empty) == 1 else ("have", "are")
        findings.warn(
            "ALL_MISSING_COLUMN",
            f"{listed(empty)} {has} no values in `{table.name}` and {be} left out.",
            table.file_names[0],
            empty[0] if len(empty) == 1 else None,
        )


def _say_types(table, findings):
    if table.typed:
        return
    for index in table.kept:
        guess, name = table.guesses[index], quotable(table.columns[index])
        if guess.type == types.TEXT and guess.odd is not None:
            findings.warn(
                "MIXED_TYPES",
                f"`{name}` holds numbers but also texts such as `{quotable(guess.odd, 30)}`, so it is read as text; "
                "mend those values if it should be a number.",
                table.file_names[0],
                table.columns[index],
            )
        elif guess.ambiguous_date:
            findings.note(f"The dates of `{name}` could be read in two ways; they are read as {_spoken(guess.type)}.")
        elif guess.type == types.DECIMAL_COMMA:
            findings.note(f"`{name}` writes decimals with a comma and is read as a number.")


def _spoken(date_format):
    return "month before day" if date_format.index("%m") < date_format.index("%d") else "day before month"


def _described(found, main, wanted, folder, request, limits, findings):
    """Descriptions of the tables, written into the folder; and of the target."""
    described, about = [], None
    os.makedirs(folder, exist_ok=True)
    for table in found:
        path = os.path.join(folder, f"{table.name}.parquet")
        _write(table, path, limits, (request.get("leave_out") or {}).get(table.name, ()))
        with Statistics(path, limits) as statistics:
            columns = statistics.columns()
            described.append(
                {
                    "name": table.name,
                    "role": table.role,
                    "file_names": table.file_names,
                    "path": os.path.basename(path),
                    "rows": statistics.rows,
                    "columns": columns,
                    "duplicates": statistics.duplicates(),
                    "bytes": os.path.getsize(path),
                }
            )
            if table is main and wanted is not None:
                about = _target(table, wanted, columns, statistics, findings)
    return described, about


def _target(table, wanted, columns, statistics, findings):
    present = [column["name"] for column in columns]
    if wanted in table.columns and wanted not in present:
        findings.refuse(
            "TARGET_EMPTY",
            f"The target `{quotable(wanted)}` has no values; choose another column or fill it in.",
            column=wanted,
        )
        return None
    name = target.find(wanted, present, findings)
    if name is None:
        return None
    position = present.index(name)
    return {"table": table.name, **target.judge(columns[position], position, statistics, findings)}


def _write(table, path, limits, leave_out):
    """Row groups of a size that can be read piece by piece."""
    with pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=1) as writer:
        waiting, rows, size = [], 0, 0
        for batch in table.batches(limits, frozenset(leave_out)):
            waiting.append(batch)
            rows, size = rows + batch.num_rows, size + batch.nbytes
            if rows >= ROW_GROUP_ROWS or size >= ROW_GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(waiting))
                waiting, rows, size = [], 0, 0
        if rows:
            writer.write_table(pa.Table.from_batches(waiting))


def _remove(folder, table):
    with contextlib.suppress(OSError):
        os.unlink(os.path.join(folder, f"{table.name}.parquet"))


def _shorten(result):
    """Keeps the answer within its limit: of thousands of columns, nobody needs ten values each."""
    columns = [column for table in result["tables"] for column in table["columns"]]
    for keep in (2, 0):
        if len(contract.encode(columns)) <= MAX_COLUMN_JSON:
            return
        for column in columns:
            column["top"], column["examples"] = column["top"][:keep], column["examples"][:keep]
    while len(contract.encode([table["columns"] for table in result["tables"]])) > MAX_COLUMN_JSON:
        largest = max(result["tables"], key=lambda table: len(table["columns"]))
        kept = len(largest["columns"]) // 2
        result["notes"].append(f"Only the first {kept:,} columns of `{largest['name']}` are described.")
        largest["columns"] = largest["columns"][:kept]


def _finish_folder(folder, result):
    """The description beside the tables; nothing is left of an upload that was refused."""
    if not result["ok"]:
        for table in result["tables"]:
            os.unlink(os.path.join(folder, table["path"]))
            table["path"] = None
        return
    path = os.path.join(folder, "dataset.json")
    with open(path, "w", encoding="utf-8", errors="replace") as file:
        json.dump(result, file, allow_nan=False, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    contract.main(answer, failure)
