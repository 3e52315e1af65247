"""What a file is, by its content: a name ends as its owner likes."""

import os
import zipfile

from .problems import Refused, show
from .survey import survey

# Files that people take for tables, by how they begin, and what to do with them.
_FOREIGN = (
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", "save it as .xlsx or CSV"),
    (b"\x1f\x8b", "compressed with gzip", "unpack it first"),
    (b"BZh", "compressed with bzip2", "unpack it first"),
    (b"\xfd7zXZ", "compressed with xz", "unpack it first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive", "unpack it first"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (b"%PDF", "a PDF document", "export the table as CSV"),
    (b"SQLite format 3", "an SQLite database", "export the table as CSV"),
    (b"ARROW1", "an Arrow (Feather) file", "save it as Parquet"),
    (b"\x89PNG", "an image", "upload a table"),
    (b"\xff\xd8\xff", "an image", "upload a table"),
    (b"\x89HDF", "an HDF5 file", "save it as Parquet"),
    (b"\x7fELF", "a program", "upload a table"),
    (b"<!DOCTYPE", "a web page", "download the table itself"),
    (b"<!doctype", "a web page", "download the table itself"),
    (b"<html", "a web page", "download the table itself"),
)


def open_source(path, name, limits, findings):
    """The reader for a file; Refused when it is none that can be read."""
    with open(path, "rb") as file:
        head = file.read(4096)
        size = os.fstat(file.fileno()).st_size
    if size == 0:
        raise Refused("EMPTY_FILE", f"`{show(name)}` is empty; upload a file with a header and rows.", name)
    if head.startswith(b"PAR1"):
        from .sources.parquet import ParquetSource

        return ParquetSource(path, name, limits, findings)
    if head.startswith(b"PK\x03\x04"):
        return _workbook(path, name, limits, findings)
    for magic, what, remedy in _FOREIGN:
        if head.startswith(magic):
            raise Refused("BINARY_FILE", f"`{show(name)}` is {what}; {remedy} and upload that.", name)
    if name.lower().endswith((".parquet", ".pq")):
        raise Refused(
            "TRUNCATED_PARQUET", f"`{show(name)}` is not a Parquet file or is damaged; write and upload it again.", name
        )
    text = survey(path, name)
    if text.note:
        findings.note(text.note)
    if _looks_like_json(path, text.encoding):
        from .sources.json_lines import JsonSource

        return JsonSource(path, name, text.encoding, limits, findings)
    from .sources.delimited import DelimitedSource

    return DelimitedSource(path, name, text.encoding, limits, findings)


def _workbook(path, name, limits, findings):
    try:
        with zipfile.ZipFile(path) as archive:
            members = set(archive.namelist()[:100_000])
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, NotImplementedError):
        raise Refused(
            "TRUNCATED_XLSX", f"`{show(name)}` is a damaged workbook or archive; save and upload it again.", name
        ) from None
    if "xl/workbook.xml" not in members:
        what = "a binary Excel workbook (.xlsb)" if "xl/workbook.bin" in members else "a zip archive"
        remedy = "save it as .xlsx or CSV" if "xl/workbook.bin" in members else "unpack it first"
        raise Refused("BINARY_FILE", f"`{show(name)}` is {what}; {remedy} and upload that.", name)
    from .sources.workbook import WorkbookSource

    return WorkbookSource(path, name, limits, findings)


def _looks_like_json(path, encoding):
    """A first character that opens an object; or an array of objects, which a CSV header never looks like."""
    with open(path, encoding=encoding, errors="replace", newline="") as file:
        start = "".join(file.read(4096).split())
    return start.startswith(('{"', "{}", '[{"', "[{}", "[]"))
