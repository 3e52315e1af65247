"""Column names that can be worked with: every one present, distinct, on one line. What was mended is said."""

from .problems import Refused, counted, listed, show

MAX_NAME = 200


def mended(source, limits, findings):
    """The names of a source's columns, in order."""
    raw = source.columns
    if len(raw) > limits.max_columns:
        raise Refused(
            "TOO_MANY_COLUMNS",
            f"`{show(source.name)}` has more than {limits.max_columns:,} columns "
            f"({counted(len(raw), 'column')} were read); remove those that are not needed.",
            source.name,
        )
    names = [_clean(name) for name in raw]
    empty = [index for index, name in enumerate(names) if not name]
    taken = {name for name in names if name}
    for index in empty:
        names[index] = _free(f"column_{index + 1}", taken)
    if empty:
        which = listed([names[index] for index in empty])
        findings.warn(
            "EMPTY_COLUMN_NAMES",
            f"`{show(source.name)}` has {counted(len(empty), 'column')} without a name, now called {which}.",
            source.name,
        )
    repeated = _number_repeats(names, taken)
    if repeated:
        pairs = listed([f"{old} → {new}" for old, new in repeated])
        findings.warn(
            "DUPLICATE_COLUMN_NAMES",
            f"`{show(source.name)}` has column names that stand more than once, so the later ones are renamed: {pairs}.",
            source.name,
        )
    return names


def _clean(name):
    text = "" if name is None else str(name)
    text = text.encode("utf-8", "replace").decode().replace("\ufeff", "")
    # Line breaks and other control characters turn into spaces; everything that people can see stays.
    text = " ".join("".join(" " if ord(c) < 32 or ord(c) == 127 else c for c in text).split())
    return text[:MAX_NAME]


def _number_repeats(names, taken):
    seen, repeated = set(), []
    for index, name in enumerate(names):
        if name in seen:
            names[index] = _free(name, taken, start=2)
            repeated.append((name, names[index]))
        seen.add(names[index])
    return repeated


def _free(name, taken, start=None):
    candidate, number = (name, 2) if start is None else (f"{name}_{start}", start + 1)
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    taken.add(candidate)
    return candidate
