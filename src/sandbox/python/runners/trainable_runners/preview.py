"""A page of a file's rows, as text, for people who look into it.

    python -m trainable_runners.preview REQUEST.json RESULT.json

REQUEST: {"path", "name": str|null, "offset": 0, "limit": 50, "columns_offset": 0, "limits": {…}}
RESULT:  {"ok", "problem": {"code", "message"}|null, "columns": [{"name", "dtype"}], "rows": [[text or null]],
          "total_rows": int|null, "total_columns", "columns_offset", "notes"}

`total_rows` is null where counting would mean reading a large file to its end. The types of text files are judged by
the rows of the page. Nothing is imported that the file's format does not need: a page must come at once.
"""

import os

import pyarrow as pa

from . import contract, names, types
from .detect import open_source
from .limits import Limits
from .problems import Findings, Refused

MAX_ROWS = 1000
MAX_COLUMNS = 200
MAX_CELL = 200
# A text file of up to this size is read to its end, so that its rows are counted.
COUNTED_BYTES = 64 * 1024 * 1024


def answer(request):
    limits, findings = Limits.of(request.get("limits")), Findings()
    path, name = request["path"], request.get("name") or os.path.basename(request["path"])
    offset, limit = _whole(request, "offset", 0), min(_whole(request, "limit", 50), MAX_ROWS)
    start = _whole(request, "columns_offset", 0)
    try:
        source = open_source(path, name, limits, findings)
        shown = names.mended(source, limits, findings)
        page, total = _page(source, path, offset, limit, range(start, min(start + MAX_COLUMNS, len(shown))))
    except Refused as refused:
        return failure(refused.problem.code, str(refused))
    return {
        "ok": True,
        "problem": None,
        "columns": [{"name": name, "dtype": _dtype(source, column)} for name, column in zip(shown[start:], page)],
        "rows": [list(row) for row in zip(*([_cell(value) for value in column.to_pylist()] for column in page))],
        "total_rows": total,
        "total_columns": len(shown),
        "columns_offset": start,
        "notes": findings.notes,
    }


def failure(code, sentence):
    return {
        "ok": False,
        "problem": {"code": code, "message": sentence},
        "columns": [],
        "rows": [],
        "total_rows": None,
        "total_columns": 0,
        "columns_offset": 0,
        "notes": [],
    }


def _whole(request, key, default):
    value = request.get(key)
    return max(0, int(value)) if value is not None else default


def _page(source, path, offset, limit, positions):
    """The columns of the page, and how many rows there are if that is known."""
    pieces, seen = [[] for _ in positions], 0
    if source.format == "parquet":
        total, counting = source.rows, False
        groups, seen = source.groups_from(offset)
        batches = source.batches(groups)
    else:
        total, counting = None, os.path.getsize(path) <= COUNTED_BYTES
        batches = source.batches()
    for batch in batches:
        first, last = max(offset - seen, 0), min(offset + limit - seen, batch.num_rows)
        if first < last:
            for piece, position in zip(pieces, positions):
                piece.append(batch.column(position).slice(first, last - first))
        seen += batch.num_rows
        if seen >= offset + limit and not counting:
            break
    else:
        total = seen if total is None else total
    return [pa.concat_arrays(piece) if piece else pa.nulls(0, pa.string()) for piece in pieces], total


def _dtype(source, column):
    if source.typed:
        return types.dtype_name(column.type)
    guess = types.Guess()
    guess.see(types.without(types.trimmed(column), types.MISSING))
    return types.dtype_name(guess.arrow)


def _cell(value):
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    text = value.isoformat(sep=" ") if hasattr(value, "isoformat") else str(value)
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


if __name__ == "__main__":
    contract.main(answer, failure)
