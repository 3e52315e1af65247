"""JSON lines: one object a line. An array of objects is taken too while it is small enough to read whole."""

import json

import pyarrow as pa

from ..problems import Refused, quotable, show
from . import BATCH_ROWS

MAX_ARRAY = 64 * 1024 * 1024


class JsonSource:
    format = "jsonl"
    typed = False

    def __init__(self, path, name, encoding, limits, findings):
        self.path, self.name, self.encoding, self.limits = path, name, encoding, limits
        self._array = None
        self._nested = False
        names = {}
        for record in self._records():
            names.update(dict.fromkeys(record))
            if len(names) > limits.max_columns:
                break
            self._nested = self._nested or any(isinstance(value, (dict, list)) for value in record.values())
        if self._array is not None:
            findings.note(
                f"`{show(name)}` is one JSON array rather than JSON lines and is read as a table all the same."
            )
        if self._nested:
            findings.note(f"`{show(name)}` has nested values, which are kept as JSON text.")
        self.columns = list(names)

    def batches(self):
        columns, rows = [[] for _ in self.columns], 0
        for record in self._records():
            for key, values in zip(self.columns, columns):
                values.append(self._text(record.get(key)))
            rows += 1
            if rows % BATCH_ROWS == 0:
                yield self._batch(columns)
                columns = [[] for _ in self.columns]
        if rows % BATCH_ROWS:
            yield self._batch(columns)

    def _batch(self, columns):
        return pa.RecordBatch.from_arrays([pa.array(values, pa.string()) for values in columns], self._keys())

    def _keys(self):
        return [f"c{index}" for index in range(len(self.columns))]

    def _text(self, value):
        if value is None or isinstance(value, str):
            text = value
        elif isinstance(value, bool):
            return "true" if value else "false"
        elif isinstance(value, (int, float)):
            return repr(value)
        else:
            text = json.dumps(value, ensure_ascii=False)
        if text is None:
            return None
        if len(text) > self.limits.max_cell_bytes:
            raise Refused(
                "CELL_TOO_LARGE",
                f"`{show(self.name)}` has a value of more than {self.limits.max_cell_bytes / 1024**2:g} MiB; remove it.",
                self.name,
            )
        # A lone surrogate, which an escape can write, has no UTF-8.
        return text if text.isascii() else text.encode("utf-8", "replace").decode()

    def _records(self):
        longest = 4 * self.limits.max_cell_bytes + 1024 * 1024
        with open(self.path, encoding=self.encoding, errors="replace") as file:
            if self._array is None and file.read(4096).lstrip().startswith("["):
                self._array = self._load_array(file)
            if self._array is not None:
                yield from self._array
                return
            file.seek(0)
            number = 0
            while line := file.readline(longest):
                number += 1
                if len(line) >= longest:
                    raise Refused(
                        "CELL_TOO_LARGE",
                        f"`{show(self.name)}` has a line of more than {longest / 1024**2:g} MiB; shorten line {number:,}.",
                        self.name,
                    )
                if line.strip():
                    yield self._object(line, number)

    def _object(self, line, number):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            raise Refused(
                "BAD_JSON",
                f"`{show(self.name)}`: line {number:,} is not one JSON object; write each row as one object on one line.",
                self.name,
            ) from None
        if not isinstance(record, dict):
            raise Refused(
                "BAD_JSON",
                f"`{show(self.name)}`: line {number:,} is `{quotable(line, 30)}` rather than an object; "
                'write each row as {"column": value}.',
                self.name,
            )
        return record

    def _load_array(self, file):
        file.seek(0)
        text = file.read(MAX_ARRAY + 1)
        if len(text) > MAX_ARRAY:
            raise Refused(
                "BAD_JSON",
                f"`{show(self.name)}` is one large JSON array; write one object per line (JSON lines) instead.",
                self.name,
            )
        try:
            records = json.loads(text)
        except (ValueError, RecursionError):
            records = None
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            raise Refused(
                "BAD_JSON", f"`{show(self.name)}` is not valid JSON; write one object per line (JSON lines).", self.name
            )
        return records
