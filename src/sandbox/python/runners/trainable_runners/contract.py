"""How every runner is called and answers: REQUEST.json in, RESULT.json out, no traceback but on stderr."""

import errno
import json
import math
import os
import sys
import traceback

MAX_RESULT = 4 * 1024 * 1024

UNFORESEEN = "The file could not be read; save it again as CSV or Parquet and upload that."
FULL_DISK = "There is not enough disk space to read the file; free some space or upload a smaller file."
NO_MEMORY = "The file needs more memory than is allowed; upload a smaller file or allow more memory."


def main(answer, failure):
    """Runs `answer(request)`; `failure(code, sentence)` makes the result of whatever it did not foresee."""
    if len(sys.argv) != 3:
        print("usage: python -m trainable_runners.RUNNER REQUEST.json RESULT.json", file=sys.stderr)
        sys.exit(2)
    with open(sys.argv[1], encoding="utf-8") as file:
        request = json.load(file)
    try:
        result = answer(request)
    except BaseException as error:
        traceback.print_exc()
        result = failure(*_said(error))
    write(sys.argv[2], result)


def _said(error):
    # pyarrow's and DuckDB's own errors carry what the operating system said only as text.
    text = str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "DISK_FULL", FULL_DISK
    if "No space left on device" in text or "File too large" in text:
        return "DISK_FULL", FULL_DISK
    if isinstance(error, MemoryError) or "Out of Memory" in text or "malloc of size" in text:
        return "OUT_OF_MEMORY", NO_MEMORY
    return "UNREADABLE", UNFORESEEN


def write(path, result):
    """Leaves the whole answer or none: its reader takes what is there for finished."""
    content = encode(result)
    if len(content) > MAX_RESULT:
        raise ValueError(f"the result has {len(content)} bytes; its maker must keep it below {MAX_RESULT}")
    temporary = f"{path}.partial"
    with open(temporary, "wb") as file:
        file.write(content)
    os.replace(temporary, path)


def encode(result):
    # Lone surrogates (from odd file names) have no UTF-8.
    return json.dumps(result, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def number(value):
    """A number as strict JSON can carry it."""
    if value is None or isinstance(value, int):
        return value
    value = float(value)
    if math.isfinite(value):
        return value
    return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
