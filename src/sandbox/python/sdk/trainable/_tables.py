"""Tables and texts."""

from . import _channel
from ._values import check_name, check_run, check_step, is_missing, json_number, scalar, sequence, type_name

MAX_ROWS = 1000
MAX_COLUMNS = 100
MAX_CELL = 500
MAX_TEXT = 500_000


def log_table(name, table, columns=None, step=None, run=None):
    """Show a table, such as a leaderboard of models or the worst predictions.

    The first 1,000 rows and 100 columns are shown, with the true size stated. For data itself, save a file instead.

    Args:
        name: the table's heading; logging the same name again adds a newer version of it.
        table: a pandas DataFrame, a dict of column name to values, a list of dicts (one per row), or a list of lists.
        columns: list of the column names; needed for a list of lists, otherwise chooses and orders the columns.
        step: optional integer from 0 up, for a table that changes over time.
        run: optional name of the model or trial that it belongs to.

    Raises:
        TypeError, ValueError: an argument is not what is described above.

    Example:
        trainable.log_table("Models", [{"model": "lightgbm", "auc": 0.91}, {"model": "dummy", "auc": 0.5}])
    """
    name, step, run = check_name("name", name), check_step(step), check_run(run)
    names, rows, total_rows = _rows(table, None if columns is None else sequence("columns", columns))
    data = {
        "columns": [str(column)[:MAX_CELL] for column in names[:MAX_COLUMNS]],
        "rows": [[_cell(value) for value in row[:MAX_COLUMNS]] for row in rows],
        "total_rows": total_rows,
        "total_columns": len(names),
    }
    _channel.send(
        {"type": "table", "name": name, "step": step, "run": run, "data": data},
        lambda: f"[table] {name}: {total_rows} rows, {len(names)} columns",
    )


def _rows(table, columns):
    """Column names, at most MAX_ROWS rows, and how many rows there are."""
    if hasattr(table, "iloc") and hasattr(table, "columns"):
        return _frame_rows(table, columns)
    if hasattr(table, "to_pydict"):
        table = table.to_pydict()
    if isinstance(table, dict):
        names = list(table) if columns is None else columns
        values = [sequence(f"table[{key!r}]", _known(table, key)) for key in names]
        for key, column in zip(names, values):
            if len(column) != len(values[0]):
                raise ValueError(
                    f"table[{key!r}] has {len(column)} values and table[{names[0]!r}] has {len(values[0])}"
                )
        total = len(values[0]) if values else 0
        return names, [[column[i] for column in values] for i in range(min(total, MAX_ROWS))], total
    if isinstance(table, (list, tuple)) or hasattr(table, "tolist"):
        return _list_rows(sequence("table", table), columns)
    raise TypeError(f"table must be a DataFrame, a dict of columns or a list of rows, not {type_name(table)}")


def _frame_rows(table, columns):
    total, names, values = len(table), [], []
    head = table.head(MAX_ROWS)
    # A meaningful index (names of groups, of models) is part of what the table says.
    if columns is None and type(head.index).__name__ != "RangeIndex":
        index = head.index.to_frame(index=False)
        names = ["index" if name is None else name for name in head.index.names]
        values = [index.iloc[:, position].tolist() for position in range(len(names))]
    for key in columns or ():
        if key not in table.columns:
            raise ValueError(f"columns names {key!r}, which the table does not have")
    head = head if columns is None else head[columns]
    names = names + list(head.columns)
    values += [head.iloc[:, position].tolist() for position in range(min(head.shape[1], MAX_COLUMNS))]
    return names, [list(row) for row in zip(*values)], total


def _list_rows(rows, columns):
    total = len(rows)
    if rows and all(isinstance(row, dict) for row in rows):
        names = columns if columns is not None else list(dict.fromkeys(key for row in rows for key in row))
        return names, [[row.get(key) for key in names] for row in rows[:MAX_ROWS]], total
    if columns is None:
        raise ValueError("columns must be given when the table is a list of lists")
    for index, row in enumerate(rows):
        if not isinstance(row, (list, tuple)):
            raise TypeError(f"table[{index}] must be a list of values, not {type_name(row)}")
        if len(row) != len(columns):
            raise ValueError(f"table[{index}] has {len(row)} values for {len(columns)} columns")
    return columns, [list(row) for row in rows[:MAX_ROWS]], total


def _known(table, key):
    if key not in table:
        raise ValueError(f"columns names {key!r}, which the table does not have")
    return table[key]


def _cell(value):
    value = scalar(value)
    if is_missing(value):
        return None
    if isinstance(value, (bool, int, float)):
        # JavaScript would round a longer integer, so it travels as text.
        return str(value) if isinstance(value, int) and abs(value) > 2**53 else json_number(value)
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text if len(text) <= MAX_CELL else text[: MAX_CELL - 1] + "…"


def log_text(name, text, step=None, run=None):
    """Show a text, such as a finding, a model's parameters or a classification report. Markdown is rendered.

    Args:
        name: the text's heading.
        text: the text itself, at most 500,000 characters; longer texts are cut and say so.
        step: optional integer from 0 up, for a text that changes over time.
        run: optional name of the model or trial that it belongs to.

    Raises:
        TypeError, ValueError: an argument is not what is described above.

    Example:
        trainable.log_text("Decision", "LightGBM wins on validation: AUC 0.91 against 0.88.")
    """
    name, step, run = check_name("name", name), check_step(step), check_run(run)
    if not isinstance(text, str):
        raise TypeError(f"text must be a string, not {type_name(text)}")
    if len(text) > MAX_TEXT:
        text = text[:MAX_TEXT] + f"\n… ({len(text) - MAX_TEXT} more characters)"
    _channel.send(
        {"type": "text", "name": name, "step": step, "run": run, "data": {"text": text}},
        lambda: f"[text] {name}: {text}",
    )
