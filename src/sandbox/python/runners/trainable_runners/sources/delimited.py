"""CSV, TSV and their relatives: anything with one record a line and a delimiter between values."""

import csv
import itertools

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from ..problems import Refused, counted, show
from .delimiter import is_number, sniff

BLOCK = 4 * 1024 * 1024
# A value that runs over more lines than this, in a row that has the wrong length, is a quote that was not closed.
MANY_LINES = 10
_SAID = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}


class DelimitedSource:
    typed = False

    def __init__(self, path, name, encoding, limits, findings):
        self.path, self.name, self.encoding, self.limits = path, name, encoding, limits
        sample, whole = self._sample()
        self.delimiter, self._skipped = sniff(sample, whole, name)
        self.format = "tsv" if self.delimiter == "\t" else "csv"
        self._say_delimiter(findings)
        self.columns, self._first_row, self._has_rows = self._header(findings)

    def _sample(self):
        """The beginning of the file, cut at a line's end, and whether that is all of it."""
        with self._open() as file:
            sample = file.read(256 * 1024)
            whole = not file.read(1)
        if not whole and "\n" in sample:
            sample = sample[: sample.rindex("\n") + 1]
        return sample, whole

    def _say_delimiter(self, findings):
        ending = self.name.lower().rsplit(".", 1)[-1]
        expected = {"csv": ",", "tsv": "\t"}.get(ending)
        if expected and expected != self.delimiter:
            findings.warn(
                "WRONG_DELIMITER",
                f"`{show(self.name)}` separates its values by {_SAID[self.delimiter]} rather than {_SAID[expected]} "
                "and is read that way.",
                self.name,
            )

    def _open(self):
        return open(self.path, encoding=self.encoding, errors="replace", newline="")

    def _records(self, file):
        for _ in range(self._skipped):
            file.readline(BLOCK)
        return csv.reader(_bounded_lines(file, self.name), delimiter=self.delimiter)

    def _header(self, findings):
        """Column names, how many physical lines stand before the first row, and whether there is one."""
        csv.field_size_limit(max(self.limits.max_cell_bytes, 1024))
        with self._open() as file:
            reader = self._records(file)
            try:
                names = next((row for row in reader if any(value.strip() for value in row)), None)
                lines = reader.line_num + self._skipped
                row = next((row for row in reader if row), None)
            except csv.Error:
                raise _too_large(self.name, self.limits) from None
        if names is None:
            raise Refused(
                "EMPTY_FILE", f"`{show(self.name)}` is empty; upload a file with a header and rows.", self.name
            )
        if len(names) > 1 and row is not None and all(is_number(value) for value in names):
            findings.note(
                f"`{show(self.name)}` has no header, so its columns are named column_1 to column_{len(names)}."
            )
            return [f"column_{index + 1}" for index in range(len(names))], lines - 1, True
        return names, lines, row is not None

    def batches(self):
        """Batches of strings; every row is read, and rows of another length than the header refuse the file."""
        if not self._has_rows:
            return
        keys = [f"c{index}" for index in range(len(self.columns))]
        ragged = []

        def on_ragged(row):
            # A line of spaces is a blank line to people.
            if row.text.strip():
                ragged.append(row.actual_columns)
                return "error"
            return "skip"

        try:
            reader = arrow_csv.open_csv(
                self.path,
                read_options=arrow_csv.ReadOptions(
                    column_names=keys, skip_rows=self._first_row, block_size=BLOCK, encoding=self._arrow_encoding()
                ),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=on_ragged
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types={key: pa.string() for key in keys}, strings_can_be_null=False, check_utf8=False
                ),
            )
            for batch in reader:
                self._check_cells(batch)
                yield batch
        except pa.ArrowInvalid as error:
            if ragged:
                raise self._ragged() from None
            if "straddling" in str(error) or "block size" in str(error):
                raise self._oversized() from None
            raise

    def _arrow_encoding(self):
        # The mark that these name is skipped by pyarrow itself, or stands before the header, which is skipped.
        return {"utf-8-sig": "utf-8"}.get(self.encoding, self.encoding)

    def _check_cells(self, batch):
        for column in batch.columns:
            if column.nbytes > self.limits.max_cell_bytes:
                longest = pc.max(pc.binary_length(column)).as_py() or 0
                if longest > self.limits.max_cell_bytes:
                    raise _too_large(self.name, self.limits)

    def _oversized(self):
        """A record that does not end within a block: one huge value, or a quote that nothing closes."""
        csv.field_size_limit(self.limits.max_cell_bytes)
        with self._open() as file:
            reader = self._records(file)
            started = 1
            try:
                for _ in reader:
                    started = reader.line_num + self._skipped + 1
            except (csv.Error, Refused):
                if reader.line_num + self._skipped - started > MANY_LINES:
                    return self._unclosed(started)
        return _too_large(self.name, self.limits)

    def _unclosed(self, line):
        return Refused(
            "UNCLOSED_QUOTE",
            f"`{show(self.name)}` opens a quote in line {line:,} that is not closed where its value ends; "
            "close it, or double quotes that belong to a value.",
            self.name,
        )

    def _ragged(self):
        """Where the rows of another length are, by the line numbers that an editor shows."""
        found, more, count, before = [], False, len(self.columns), self._first_row
        with self._open() as file:
            reader = self._records(file)
            rows = (row for row in reader if any(value.strip() for value in row) or len(row) > 1)
            if self._first_row > self._skipped:
                next(rows, None)
            try:
                for row in rows:
                    line = reader.line_num + self._skipped
                    if len(row) != count and line - before > MANY_LINES:
                        return self._unclosed(before + 1)
                    before = line
                    if len(row) != count:
                        more = len(found) == 5
                        if more:
                            break
                        found.append((line, len(row)))
            except (csv.Error, Refused):
                if not found:
                    return self._oversized()
        lines = ", ".join(f"{line:,}" for line, _ in found) + (" and more" if more else "")
        lengths = sorted({length for _, length in found})
        has = "has" if len(found) == 1 else "have"
        where = f"line{'s' if len(found) != 1 else ''} {lines}" if found else "some lines"
        said = counted(lengths[0], "value") if len(lengths) == 1 else "another number of values"
        return Refused(
            "RAGGED_ROWS",
            f"`{show(self.name)}`: {where} {has} {said} where the header has {count:,}; mend the lines, "
            "or put quotes around values that contain the delimiter.",
            self.name,
        )


def _bounded_lines(file, name):
    """Lines of a size that fits memory; Python's own would read a file without line ends whole."""
    for _ in itertools.count():
        line = file.readline(4 * BLOCK)
        if not line:
            return
        if len(line) >= 4 * BLOCK:
            raise Refused("CELL_TOO_LARGE", _cell_sentence(name, 4 * BLOCK), name)
        yield line


def _too_large(name, limits):
    return Refused("CELL_TOO_LARGE", _cell_sentence(name, limits.max_cell_bytes), name)


def _cell_sentence(name, size):
    return (
        f"`{show(name)}` has a value or line of more than {size / 1024**2:g} MiB; "
        "remove it, or check for a quote that is not closed."
    )
