"""Checks of arguments, and plain Python values from what numpy, pandas and torch hand over.

Values are recognised by what they can do (`item`, `tolist`), so that none of those libraries is imported here.
"""

MAX_NAME = 200
# A step travels through JSON and JavaScript, which hold integers exactly up to here.
MAX_STEP = 2**53 - 1


def check_name(argument, value):
    """A name that people will read: not empty, of a sane length, on one line."""
    if not isinstance(value, str):
        raise TypeError(f"{argument} must be a string, not {type_name(value)}")
    if not value.strip():
        raise ValueError(f"{argument} must not be empty")
    if len(value) > MAX_NAME:
        raise ValueError(f"{argument} must have at most {MAX_NAME} characters, not {len(value)}")
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise ValueError(f"{argument} must not contain line breaks or control characters: {value!r}")
    return value


def check_run(value):
    return None if value is None else check_name("run", value)


def check_step(value, optional=True):
    if value is None and optional:
        return None
    plain = scalar(value)
    if isinstance(plain, float) and plain.is_integer():
        plain = int(plain)
    if isinstance(plain, bool) or not isinstance(plain, int):
        raise TypeError(f"step must be an integer, not {type_name(value)}")
    if not 0 <= plain <= MAX_STEP:
        raise ValueError(f"step must be between 0 and {MAX_STEP}, not {plain}")
    return plain


def check_number(argument, value):
    """A Python int or float, finite or not; a boolean counts as 0 or 1."""
    plain = scalar(value)
    if isinstance(plain, bool):
        return int(plain)
    if isinstance(plain, int):
        return plain if abs(plain) <= MAX_STEP else _as_float(argument, plain)
    if isinstance(plain, float):
        return plain
    if isinstance(plain, (str, bytes, type(None), complex)) or not hasattr(plain, "__float__"):
        raise TypeError(f"{argument} must be a number, not {type_name(value)}")
    return _as_float(argument, plain)


def _as_float(argument, value):
    try:
        return float(value)
    except (OverflowError, TypeError, ValueError):
        raise ValueError(f"{argument} is not a number that fits a float: {value!r:.80}") from None


def scalar(value):
    """The Python value inside a numpy scalar, a zero-dimensional array or a tensor of one element."""
    if isinstance(value, (bool, int, float, str)) and type(value).__module__ == "builtins":
        return value
    item = getattr(value, "item", None)
    if callable(item):
        try:
            return item()
        except (TypeError, ValueError, RuntimeError, IndexError):
            return value
    return value


def sequence(argument, values):
    """A list of plain values, of rows when the argument has two dimensions."""
    if isinstance(values, (str, bytes, dict)) or values is None:
        raise TypeError(f"{argument} must be a sequence of values, not {type_name(values)}")
    if hasattr(values, "iloc") and not hasattr(values, "tolist"):
        values = values.to_numpy()
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    for method in ("tolist", "to_list", "to_pylist"):
        convert = getattr(values, method, None)
        if callable(convert):
            values = convert()
            break
    try:
        return [scalar(value) for value in values]
    except TypeError:
        raise TypeError(f"{argument} must be a sequence of values, not {type_name(values)}") from None


def same_length(first, first_values, second, second_values):
    if len(first_values) != len(second_values):
        raise ValueError(
            f"{first} and {second} must have the same length, not {len(first_values)} and {len(second_values)}"
        )
    if not first_values:
        raise ValueError(f"{first} must not be empty")


def is_missing(value):
    """None, NaN, NaT and pandas' NA; comparing the last with itself is not even a boolean."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and value != value


def json_number(value):
    """A number as strict JSON can carry it: what is not finite becomes a word."""
    if isinstance(value, float):
        if value != value:
            return "NaN"
        if value in (float("inf"), float("-inf")):
            return "Infinity" if value > 0 else "-Infinity"
    return value


def type_name(value):
    return type(value).__name__
