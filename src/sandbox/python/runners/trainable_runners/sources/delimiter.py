"""Which character separates the values of a text file."""

import csv
from collections import Counter

from ..problems import Refused, show

CANDIDATES = (",", "\t", ";", "|")
# Seen in the wild, but too ordinary inside text to be guessed silently.
UNUSUAL = ("~", "^", ":", "#", "\x01", "\x1f", " ")
_LINES = 500


def sniff(sample, whole, name):
    """The delimiter, and how many lines before the header only declare it (Excel writes `sep=;`)."""
    first, _, rest = sample.partition("\n")
    declared = first.strip().lower()
    if len(declared) == 5 and declared.startswith("sep=") and first.strip()[4] in CANDIDATES:
        return first.strip()[4], 1
    if declared == "sep=" and "\t" in first:
        return "\t", 1
    best, score = None, (0.0, 0)
    for candidate in CANDIDATES:
        found = _agreement(sample, candidate)
        if found > score:
            best, score = candidate, found
    if best is not None:
        return best, 0
    for candidate in UNUSUAL:
        share, columns = _agreement(sample, candidate)
        if columns > 1 and share >= 0.95 and sample.count("\n") >= 2:
            raise Refused(
                "WRONG_DELIMITER",
                f"`{show(name)}` seems to separate its values by {_spoken(candidate)}; "
                "save it with commas, semicolons, tabs or vertical bars.",
                name,
            )
    return ",", 0


def _agreement(sample, delimiter):
    """(share of records with as many values as the header, that number); nothing when the header has one value."""
    try:
        rows = [
            row
            for row, _ in zip(csv.reader(sample.splitlines(keepends=True), delimiter=delimiter), range(_LINES))
            if row
        ]
    except csv.Error:
        return 0.0, 0
    if not rows or len(rows[0]) < 2:
        return 0.0, 0
    counts = Counter(len(row) for row in rows)
    share = counts[len(rows[0])] / len(rows)
    # A few broken rows must not hide the delimiter: they are to be reported, with their lines.
    return (1.0 if share > 0.6 else share), len(rows[0])


def _spoken(character):
    return {" ": "spaces", "\x01": "control characters", "\x1f": "control characters"}.get(character, f"`{character}`")


def is_number(text):
    text = text.strip()
    if not text or "_" in text:
        return False
    try:
        float(text)
    except ValueError:
        return False
    return text.lower().lstrip("+-") not in ("nan", "inf", "infinity")
