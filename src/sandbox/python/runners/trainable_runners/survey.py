"""One look at all bytes of a text file: is it text, in which encoding, and does it have lines."""

import codecs
from dataclasses import dataclass

from .problems import Refused, show

CHUNK = 4 * 1024 * 1024

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    # UTF-32's little-endian mark begins with UTF-16's, so it is looked for first.
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)

# Windows-1252 leaves these five undefined; Latin-1 gives every byte a meaning.
_NOT_CP1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")
# Control characters that no table contains: what a program wrote for programs.
_BINARY = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1a\x1b\x01\x1c\x1d\x1e\x1f")


@dataclass(frozen=True)
class Text:
    encoding: str
    # What to say about it, if anything.
    note: str | None


def survey(path, name):
    """The encoding of a text file; Refused when it holds no text."""
    with open(path, "rb") as file:
        head = file.read(64 * 1024)
        # Zeros are half of a UTF-16 blank; elsewhere they are a binary file.
        blank = b" \t\r\n\x00\xff\xfe" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else b" \t\r\n\xef\xbb\xbf"
        if not head.strip(blank):
            _refuse_blank(file, name, blank)
        for mark, encoding, label in _BOMS:
            if head.startswith(mark):
                return Text(encoding, _mark_note(name, label))
        wide = _utf16_without_mark(head)
        if wide:
            return Text(wide, f"`{show(name)}` is read as UTF-16.")
        file.seek(0)
        return _narrow(file, name)


def _refuse_blank(file, name, blank):
    while chunk := file.read(CHUNK):
        if chunk.strip(blank):
            return
    raise Refused("EMPTY_FILE", f"`{show(name)}` is empty; upload a file with a header and rows.", name)


def _mark_note(name, label):
    if label == "UTF-8":
        return f"`{show(name)}` starts with a byte-order mark, which is skipped."
    return f"`{show(name)}` is read as {label}."


def _utf16_without_mark(head):
    """UTF-16 of mostly Latin letters has a zero in every other byte."""
    even, odd = head[0::2], head[1::2]
    if not odd:
        return None
    if odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.02 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.4 * len(even) and odd.count(0) < 0.02 * len(odd):
        return "utf-16-be"
    return None


def _narrow(file, name):
    decoder, utf8, high = codecs.getincrementaldecoder("utf-8")(), True, set()
    while chunk := file.read(CHUNK):
        if b"\x00" in chunk:
            raise _binary(name)
        if utf8:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                # A look at all earlier bytes again is not needed: they were UTF-8, and decide nothing below.
                utf8 = False
        if not utf8:
            found = set(chunk)
            if found & _BINARY:
                raise _binary(name)
            high |= found
    if utf8:
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            utf8 = False
    if utf8:
        return Text("utf-8", None)
    encoding, label = ("latin-1", "Latin-1") if high & _NOT_CP1252 else ("cp1252", "Windows-1252 (Latin-1)")
    return Text(encoding, f"`{show(name)}` is not UTF-8 and is read as {label}.")


def _binary(name):
    return Refused(
        "BINARY_FILE",
        f"`{show(name)}` is not a table but a binary file; upload CSV, TSV, Parquet, XLSX or JSON lines.",
        name,
    )
