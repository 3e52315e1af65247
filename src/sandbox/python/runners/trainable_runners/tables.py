"""Which files make which table, and reading a table's rows with its types.

Files with the same columns are one table. A file named train beside one named test that lacks just the target: the
test table is to be scored and never trained on. Otherwise each table stands alone, and one of them is the main one.
"""

import re

import pyarrow as pa
import pyarrow.compute as pc

from . import types
from .problems import listed, show

MAIN, SCORE, OTHER = "main", "score", "other"


class Table:
    """One or more sources with the same columns, in the order of the first."""

    def __init__(self, name, source, columns):
        self.name, self.role = name, OTHER
        self.columns = columns
        self.sources = [(source, list(range(len(columns))))]
        self.guesses = [types.Guess() for _ in columns]
        self.rows = 0
        self.cut = False
        # Positions in `columns` of those that have any value; known after `study`.
        self.kept = list(range(len(columns)))

    def add(self, source, columns):
        self.sources.append((source, [columns.index(name) for name in self.columns]))

    @property
    def file_names(self):
        return [show(source.name) for source, _ in self.sources]

    @property
    def typed(self):
        """Types are taken from the files only when all files have them and agree; else values are read as text."""
        if not all(source.typed for source, _ in self.sources):
            return False
        first = self._types_of(0)
        return all(self._types_of(index) == first for index in range(len(self.sources)))

    def _types_of(self, index):
        source, order = self.sources[index]
        return [source.types[position] for position in order]

    def study(self, limits):
        """Reads every row once: the number of rows, and what each column is."""
        self.rows, typed = 0, self.typed
        for batch in self._raw(limits, typed):
            self.rows += len(batch)
            for guess, column in zip(self.guesses, batch):
                if typed:
                    guess.values += len(column) - column.null_count
                else:
                    guess.see(types.without(column, types.MISSING))
        self.kept = [index for index, guess in enumerate(self.guesses) if guess.values]

    @property
    def schema(self):
        if self.typed:
            all_types = self._types_of(0)
            return pa.schema([(self.columns[i], all_types[i]) for i in self.kept])
        return pa.schema([(self.columns[i], self.guesses[i].arrow) for i in self.kept])

    def batches(self, limits, leave_out=frozenset()):
        """Batches by `schema`, after `study`. `leave_out`: numbers of rows, counted from 0 through all files in order."""
        schema, typed, number = self.schema, self.typed, 0
        hidden = pa.array(sorted(leave_out), pa.int64()) if leave_out else None
        for batch in self._raw(limits, typed):
            size = len(batch)
            columns = [batch[index] for index in self.kept]
            if not typed:
                columns = [
                    self.guesses[index].convert(types.without(column, types.MISSING))
                    for index, column in zip(self.kept, columns)
                ]
            made = pa.RecordBatch.from_arrays(columns, schema=schema)
            if hidden is not None:
                numbers = pa.array(range(number, number + size), pa.int64())
                made = made.filter(pc.invert(pc.is_in(numbers, hidden)))
            number += size
            yield made

    def _raw(self, limits, typed):
        """Lists of arrays in the table's column order: typed, or trimmed texts."""
        left = limits.max_rows
        for source, order in self.sources:
            for batch in source.batches():
                if left is not None:
                    if left < batch.num_rows:
                        batch, self.cut = batch.slice(0, left), True
                    left -= batch.num_rows
                if batch.num_rows:
                    columns = [batch.column(position) for position in order]
                    yield _Columns(columns if typed else [_as_text(column) for column in columns], batch.num_rows)
                if left == 0 and self.cut:
                    return


class _Columns(list):
    """The columns of a batch; its length is the number of rows."""

    def __init__(self, columns, rows):
        super().__init__(columns)
        self._rows = rows

    def __len__(self):
        return self._rows


def _as_text(column):
    if pa.types.is_string(column.type):
        return types.trimmed(column)
    return pc.cast(column, pa.string())


def grouped(sources, findings):
    """Tables of (source, column names) pairs."""
    tables, by_columns, taken = [], {}, set()
    for source, columns in sources:
        same = by_columns.get(frozenset(columns))
        if same is not None:
            same.add(source, columns)
            continue
        table = Table(_table_name(source.name, taken), source, columns)
        by_columns[frozenset(columns)] = table
        tables.append(table)
    for table in tables:
        if len(table.sources) > 1:
            findings.note(f"{listed(table.file_names)} have the same columns and are one table, `{table.name}`.")
    return tables


def _table_name(file_name, taken):
    stem = show(file_name).rsplit(".", 1)[0] if "." in show(file_name)[1:] else show(file_name)
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", stem).strip("_-")[:60] or "table"
    candidate, number = name, 2
    while candidate.lower() in taken:
        candidate, number = f"{name}_{number}", number + 1
    taken.add(candidate.lower())
    return candidate


def choose_main(tables, wanted, target, findings):
    """Sets the role of each table and returns the main one, or None when the user has to say."""
    main = _wanted(tables, wanted, findings) if wanted else None
    if wanted and main is None:
        return None
    if main is None and len(tables) == 1:
        main = tables[0]
    if main is None:
        main = _named_train(tables)
    if main is None and target is not None:
        having = [table for table in tables if target in table.columns]
        main = having[0] if len(having) == 1 else None
        if main is not None:
            findings.note(f"Only `{main.name}` has the target, so it is the main table.")
    if main is None:
        findings.refuse(
            "MAIN_TABLE_NEEDED",
            f"The files are {len(tables)} tables with different columns ({listed(t.name for t in tables)}); "
            "say which is the main table.",
        )
        return None
    main.role = MAIN
    for table in tables:
        if table is not main and _is_test_of(table, main, target):
            table.role = SCORE
            findings.note(f"`{table.name}` has no target; its rows are scored and never trained on.")
    beside = [table.name for table in tables if table.role == OTHER]
    if beside:
        be = "is" if len(beside) == 1 else "are"
        findings.note(
            f"{listed(beside)} {be} not joined to `{main.name}`, since no key was stated, and {be} left out of training."
        )
    return main


def _wanted(tables, wanted, findings):
    for table in tables:
        if wanted == table.name or show(wanted) in table.file_names:
            return table
    findings.refuse(
        "MAIN_TABLE_NOT_FOUND", f"There is no table `{show(wanted)}`; the tables are {listed(t.name for t in tables)}."
    )
    return None


def _named_train(tables):
    """The table named train, when all others are tables named test that lack columns of it."""
    trains = [table for table in tables if _is_named(table, "train", "training")]
    if len(trains) != 1:
        return None
    return trains[0] if any(_is_test_of(table, trains[0], None) for table in tables) else None


def _is_test_of(table, train, target):
    if not (
        _is_named(table, "test", "testing", "holdout", "score", "predict") and _is_named(train, "train", "training")
    ):
        return False
    lacking = set(train.columns) - set(table.columns)
    extra = set(table.columns) - set(train.columns)
    return len(lacking) == 1 and not extra and (target is None or target in lacking)


def _is_named(table, *words):
    return any(set(re.split(r"[^a-z]+", name.lower())) & set(words) for name in table.file_names)
