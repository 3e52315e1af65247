"""Which type a column of texts has, judged by all of its values, and the conversion to it.

Conservative: a column becomes a number or a date only when every value that is not missing is one, and nothing that
identifies is turned into a number that forgets how it was written (00501, or more digits than a float can hold).
"""

import re
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

# Always missing, in the spellings of pandas, R, SQL, Excel and the UCI repository.
MISSING = pa.array(
    ["", "NA", "N/A", "n/a", "NaN", "nan", "NAN", "NULL", "Null", "null", "<NA>", "#N/A", "#NA", "NaT", "?"]
)
# Missing where numbers or dates are expected; among words, "None" or "unknown" may well be a level of its own.
MISSING_NUMBER = pa.array(
    MISSING.to_pylist()
    + [
        "-",
        "--",
        ".",
        "None",
        "none",
        "na",
        "missing",
        "Missing",
        "unknown",
        "Unknown",
        "#DIV/0!",
        "#VALUE!",
        "#REF!",
        "#NUM!",
    ]
)

BOOLEAN, INTEGER, FLOAT, DECIMAL_COMMA, TEXT = "boolean", "integer", "float", "decimal comma", "text"
ISO, ISO_ZONE = "iso", "iso with zone"

ARROW = {BOOLEAN: pa.bool_(), INTEGER: pa.int64(), FLOAT: pa.float64(), DECIMAL_COMMA: pa.float64(), TEXT: pa.string()}
_TRUTH = {"true": True, "false": False}
_COMMA = r"^[+-]?[0-9]+(,[0-9]+)?$"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"

# Two-digit years are left as text: nobody can tell the century. Month before day comes first where both are possible.
_DATES = (
    ("%m/%d/%Y", r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}"),
    ("%d/%m/%Y", r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}"),
    ("%d.%m.%Y", r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}"),
    ("%m-%d-%Y", r"[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}"),
    ("%d-%m-%Y", r"[0-9]{1,2}-[0-9]{1,2}-[0-9]{4}"),
    ("%Y/%m/%d", r"[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}"),
    ("%d-%b-%Y", r"[0-9]{1,2}-[A-Za-z]{3}-[0-9]{4}"),
    ("%d %b %Y", r"[0-9]{1,2} [A-Za-z]{3} [0-9]{4}"),
)
_TIMES = (("", ""), (" %H:%M", r" [0-9]{1,2}:[0-9]{2}"), (" %H:%M:%S", r" [0-9]{1,2}:[0-9]{2}:[0-9]{2}"))
FORMATS = {day + time: f"^{day_like}{time_like}$" for day, day_like in _DATES for time, time_like in _TIMES}


def trimmed(array):
    return pc.utf8_trim_whitespace(array)


def without(array, missing):
    return pc.if_else(pc.is_in(array, missing), None, array)


class Guess:
    """The type of one column, narrowed by each batch that `see` is shown."""

    def __init__(self):
        self._possible = None
        self.values = 0
        self.odd = None

    @property
    def type(self):
        """The first type that every value so far fits; text when there is none, or nothing to judge by."""
        return self._possible[0] if self._possible else TEXT

    @property
    def arrow(self):
        if self.type == ISO_ZONE:
            return pa.timestamp("us", "UTC")
        return ARROW.get(self.type, pa.timestamp("us"))

    @property
    def ambiguous_date(self):
        """A date that could be read with month and day exchanged."""
        other = self.type.replace("%m", "%x").replace("%d", "%m").replace("%x", "%d")
        return other != self.type and other in (self._possible or [])

    def see(self, batch):
        """`batch` is trimmed, with what is always missing taken out."""
        present = pc.drop_null(batch)
        self.values += len(present)
        if self._possible == [] or not len(present):
            return
        numbers = without(present, MISSING_NUMBER)
        numbers = pc.drop_null(numbers) if numbers.null_count else numbers
        if not len(numbers):
            # Nothing but words like "None": levels of a category, unless numbers come later.
            return
        if self._possible is None:
            self._possible = _first_candidates(numbers)
            if not self._possible:
                self.odd = _odd_one(numbers)
        narrowed = [kind for kind in self._possible if _fits(numbers, kind)]
        if not narrowed and self._possible and self._possible[-1] in (INTEGER, FLOAT):
            self.odd = _odd_one(numbers)
        self._possible = narrowed

    def convert(self, batch):
        """The batch with its values of the column's type; `batch` as for `see`."""
        if self.type == TEXT:
            return batch
        return _parsed(without(batch, MISSING_NUMBER), self.type)


def _first_candidates(numbers):
    """What the first values could be, so that only that is tried on the millions that follow."""
    head = numbers[:50]
    if all(value.lower() in _TRUTH for value in head.to_pylist()):
        return [BOOLEAN]
    if _fits(head, FLOAT):
        return [INTEGER, FLOAT] if _fits(head, INTEGER) else [FLOAT]
    if _all_match(head, _COMMA):
        return [DECIMAL_COMMA]
    return [kind for kind in (ISO, ISO_ZONE, *FORMATS) if _fits(head, kind)]


def _fits(values, kind):
    if kind in FORMATS and not _all_match(values, FORMATS[kind]):
        return False
    if kind == DECIMAL_COMMA and not _all_match(values, _COMMA):
        return False
    if kind in (INTEGER, FLOAT, DECIMAL_COMMA) and not _keeps_its_digits(values, kind):
        return False
    try:
        _parsed(values, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return True


def _parsed(values, kind):
    if kind == BOOLEAN:
        lower = pc.utf8_lower(values)
        index = pc.index_in(lower, pa.array(list(_TRUTH)))
        if pc.sum(pc.is_null(index)).as_py() != values.null_count:
            raise pa.ArrowInvalid("not a boolean")
        return pc.equal(index, 0)
    if kind == INTEGER:
        return pc.cast(values, pa.int64())
    if kind == FLOAT:
        return pc.cast(values, pa.float64())
    if kind == DECIMAL_COMMA:
        return pc.cast(pc.replace_substring(values, ",", ".", max_replacements=1), pa.float64())
    if kind == ISO:
        return pc.cast(values, pa.timestamp("us"))
    if kind == ISO_ZONE:
        return pc.cast(values, pa.timestamp("us", "UTC"))
    parsed = pc.strptime(values, format=kind, unit="us")
    _check_calendar(values, parsed, kind)
    return parsed


def _check_calendar(values, parsed, date_format):
    """The C library takes 30 February for 1 or 2 March, so days it may have rolled over to are looked at again."""
    suspects = pc.unique(pc.drop_null(values.filter(pc.less_equal(pc.day(parsed), 3))))
    for text in suspects.to_pylist():
        try:
            datetime.strptime(text, date_format)
        except ValueError:
            raise pa.ArrowInvalid("not in the calendar") from None


def _keeps_its_digits(values, kind):
    """Whether values stay themselves as numbers: no leading zeros, no hexadecimal, no digits beyond a float's."""
    zero = pc.starts_with(values, "0")
    if pc.any(zero).as_py():
        leading = values.filter(zero)
        if pc.any(pc.match_substring_regex(leading, "^0[0-9xX]")).as_py():
            return False
    if kind != INTEGER and (pc.max(pc.binary_length(values)).as_py() or 0) > 16:
        return not pc.any(pc.match_substring_regex(values, "^[+-]?[0-9]{17,}$")).as_py()
    return True


def _all_match(values, pattern):
    return pc.all(pc.match_substring_regex(values, pattern)).as_py()


def _odd_one(values):
    """A value that alone keeps a column of numbers from being one."""
    head = values[:32_768]
    numeric = pc.match_substring_regex(head, _NUMBER)
    share = (pc.sum(numeric).as_py() or 0) / len(head)
    if share < 0.9 or share == 1 or not _keeps_its_digits(head.filter(numeric), FLOAT):
        return None
    return head.filter(pc.invert(numeric))[0].as_py()


def dtype_name(kind):
    """A type by the name that it has in pandas, which is what people who read it use."""
    if pa.types.is_timestamp(kind):
        return "datetime64[us, UTC]" if kind.tz else "datetime64[us]"
    return {pa.int64(): "int64", pa.float64(): "float64", pa.bool_(): "bool"}.get(kind, "string")


IDENTIFIER_NAME = re.compile(
    r"(^|[_\s.-])(id|ids|uuid|guid|key|index|idx|rowid|row|pk)$|^(id|unnamed)[_\s.-]", re.IGNORECASE
)
