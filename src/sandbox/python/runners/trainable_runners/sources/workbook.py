"""Excel workbooks: the first sheet that holds a table, with the values that were saved, formulas never run."""

import warnings
import zipfile

import pyarrow as pa

from ..problems import Refused, counted, listed, quotable, show
from . import BATCH_ROWS

# A workbook unpacks to ten or twenty times its size; a bomb to thousands.
MAX_RATIO = 200
SMALL = 64 * 1024 * 1024
MAX_SHARED_STRINGS = 256 * 1024 * 1024
MAX_MEMBERS = 10_000
# Rows without a value in a row, after which the rest of a sheet is taken for empty.
MAX_GAP = 10_000


class WorkbookSource:
    format = "xlsx"
    typed = False

    def __init__(self, path, name, limits, findings):
        self.path, self.name, self.limits = path, name, limits
        _check_size(path, name, limits)
        self._sheet, self.columns = None, []
        others = []
        for title, rows in self._sheets():
            header = next(rows, None)
            if header is None:
                continue
            if self._sheet is None:
                self._sheet, self.columns = title, header
            else:
                others.append(title)
        if self._sheet is None:
            raise Refused(
                "EMPTY_FILE", f"`{show(name)}` has no sheet with values; upload one with a header and rows.", name
            )
        if others:
            findings.note(
                f"`{show(name)}`: the first sheet, `{quotable(self._sheet)}`, is used, and {listed(others)} left out; "
                "save a sheet of its own as a file to add it."
            )
        formulas = _formulas(path)
        if formulas:
            findings.note(
                f"`{show(name)}` has formulas; the values that they had when the workbook was last saved are used."
            )

    def batches(self):
        columns, rows = [[] for _ in self.columns], 0
        for row in self._rows():
            for index, values in enumerate(columns):
                values.append(row[index] if index < len(row) else None)
            if len(row) > len(columns) and any(value is not None for value in row[len(columns) :]):
                raise Refused(
                    "RAGGED_ROWS",
                    f"`{show(self.name)}`: a row of sheet `{quotable(self._sheet)}` has values to the right of the "
                    f"header's {counted(len(columns), 'column')}; name those columns or remove the values.",
                    self.name,
                )
            rows += 1
            if rows % BATCH_ROWS == 0:
                yield self._batch(columns)
                columns = [[] for _ in self.columns]
        if rows % BATCH_ROWS:
            yield self._batch(columns)

    def _batch(self, columns):
        names = [f"c{index}" for index in range(len(columns))]
        return pa.RecordBatch.from_arrays([pa.array(values, pa.string()) for values in columns], names)

    def _rows(self):
        for title, rows in self._sheets():
            if title == self._sheet:
                next(rows, None)
                yield from rows

    def _sheets(self):
        import openpyxl

        try:
            # Opened here: given a path, openpyxl judges by how it ends.
            with open(self.path, "rb") as file, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
                try:
                    for sheet in book.worksheets:
                        # What a sheet says of its own size is often wrong.
                        sheet.reset_dimensions()
                        yield sheet.title, self._texts(sheet)
                finally:
                    book.close()
        except (Refused, MemoryError, GeneratorExit):
            raise
        except OSError as error:
            if error.errno is not None:
                raise
            raise self._damaged() from error
        except Exception as error:
            # A damaged workbook surfaces as whatever openpyxl, zlib or the XML parser happened to trip over.
            raise self._damaged() from error

    def _damaged(self):
        return Refused("TRUNCATED_XLSX", f"`{show(self.name)}` is damaged; save and upload it again.", self.name)

    def _texts(self, sheet):
        """Rows of texts that have any value; the first is the header."""
        gap = 0
        for row in sheet.iter_rows(values_only=True):
            if len(row) > self.limits.max_columns:
                row = row[: self.limits.max_columns + 1]
            texts = [None if value is None else self._text(value) for value in row]
            while texts and texts[-1] is None:
                texts.pop()
            if texts:
                gap = 0
                yield texts
            else:
                gap += 1
                if gap > MAX_GAP:
                    return

    def _text(self, value):
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
            return repr(int(value))
        if hasattr(value, "isoformat"):
            return value.isoformat()
        text = repr(value) if isinstance(value, (int, float)) else str(value)
        if len(text) > self.limits.max_cell_bytes:
            raise Refused(
                "CELL_TOO_LARGE",
                f"`{show(self.name)}` has a value of more than {self.limits.max_cell_bytes / 1024**2:g} MiB; remove it.",
                self.name,
            )
        return text


def _check_size(path, name, limits):
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        packed = sum(member.compress_size for member in members)
        unpacked = sum(member.file_size for member in members)
        shared = sum(member.file_size for member in members if member.filename.lower().endswith("sharedstrings.xml"))
    bomb = (
        len(members) > MAX_MEMBERS
        or unpacked > limits.max_unpacked_bytes
        or (unpacked > SMALL and unpacked > MAX_RATIO * max(packed, 1))
        or shared > MAX_SHARED_STRINGS
    )
    if bomb:
        raise Refused(
            "ZIP_BOMB",
            f"`{show(name)}` would unpack to {unpacked / 1024**2:,.0f} MiB, which is far more than a workbook holds; "
            "save the table as CSV or Parquet.",
            name,
        )


def _formulas(path):
    """Whether any sheet has a formula: the reader only sees values, and whoever reads them should know."""
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if not member.startswith("xl/worksheets/sheet"):
                continue
            try:
                with archive.open(member) as file:
                    tail = b""
                    while chunk := file.read(1024 * 1024):
                        window = tail + chunk
                        if b"<f>" in window or b"<f " in window:
                            return True
                        tail = chunk[-2:]
            except (zipfile.BadZipFile, EOFError, ValueError):
                return False
    return False
