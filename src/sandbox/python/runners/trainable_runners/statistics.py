"""What the columns of a written table look like, by DuckDB, which works from disk where memory ends.

Columns are addressed by position, `c0` on: DuckDB does not tell upper from lower case in names, and tables may.
"""

import os
import tempfile
from collections import Counter
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .contract import number
from .types import IDENTIFIER_NAME, dtype_name

# Up to here distinct values are counted exactly, beyond it DuckDB's estimate is taken where it decides nothing.
EXACT_ROWS = 200_000
EXACT_DISTINCT = 20_000
# A query is planned over all columns of the file, which is slow for thousands; and a distinct count takes some
# megabytes however few the rows. So where rows are few, many columns are asked at once, and counted by lists.
FEW_ROWS, COLUMNS_OF_FEW_ROWS, COLUMNS_PER_QUERY = 20_000, 500, 40
TOP = 10
EXAMPLES = 5
MAX_VALUE = 80


class Statistics:
    """Statistics of one Parquet file. Closes with `with`."""

    def __init__(self, path, limits):
        import duckdb

        self._file = pq.ParquetFile(path)
        self.schema = self._file.schema_arrow
        self.rows = self._file.metadata.num_rows
        self._spill = tempfile.TemporaryDirectory(dir=os.path.dirname(path), prefix=".spill-")
        self._duck = duckdb.connect(
            config={
                "memory_limit": f"{limits.memory_bytes // 1024**2}MB",
                "threads": str(max(1, min(4, os.cpu_count() or 1))),
                "temp_directory": self._spill.name,
                "preserve_insertion_order": "false",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            }
        )
        names = ", ".join(f"c{index}" for index in range(len(self.schema)))
        escaped = path.replace("'", "''")
        self._from = f"FROM read_parquet('{escaped}', hive_partitioning = false) AS t({names})"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._duck.close()
        self._file.close()
        self._spill.cleanup()

    def columns(self):
        """One description per column, in order."""
        described = []
        step = COLUMNS_OF_FEW_ROWS if self.rows <= FEW_ROWS else COLUMNS_PER_QUERY
        for start in range(0, len(self.schema), step):
            positions = range(start, min(start + step, len(self.schema)))
            described += self._measured(positions)
        self._add_examples(described)
        for position, column in enumerate(described):
            self._classify(position, column)
        self._add_top(described)
        for column in described:
            del column["_words"], column["_length"]
        return described

    def duplicates(self):
        """How many rows equal an earlier row, by a 64-bit hash of all values."""
        if not self.rows:
            return 0
        # Nested by groups: a function call of thousands of arguments is slow to plan.
        positions = range(len(self.schema))
        groups = [
            "hash(" + ", ".join(f"c{i}" for i in positions[start : start + 100]) + ")"
            for start in range(0, len(positions), 100)
        ]
        row = groups[0] if len(groups) == 1 else "hash(" + ", ".join(groups) + ")"
        (distinct,) = self._duck.execute(f"SELECT count(*) FROM (SELECT DISTINCT {row} {self._from})").fetchone()
        return self.rows - distinct

    def class_counts(self, position, limit):
        """(value, rows) of the most frequent values of a column."""
        return self._duck.execute(
            f"SELECT c{position}, count(*) AS n {self._from} WHERE c{position} IS NOT NULL "
            f"GROUP BY 1 ORDER BY n DESC, 1 LIMIT {limit}"
        ).fetchall()

    def smallest_class(self, position):
        return self._duck.execute(
            f"SELECT c{position}, count(*) AS n {self._from} WHERE c{position} IS NOT NULL GROUP BY 1 ORDER BY n, 1 LIMIT 1"
        ).fetchone()

    def _measured(self, positions):
        if self.rows <= FEW_ROWS:
            distinct = "coalesce(len(list_distinct(list({}))), 0)"
        else:
            distinct = "count(DISTINCT {})" if self.rows <= EXACT_ROWS else "approx_count_distinct({})"
        parts = []
        for position in positions:
            name, kind = f"c{position}", self.schema.field(position).type
            parts += [f"count({name})", distinct.format(name)]
            if pa.types.is_integer(kind) or pa.types.is_floating(kind):
                # Variances of numbers beyond this overflow, which DuckDB takes for an error.
                finite = f"CASE WHEN abs({name}::DOUBLE) < 1e150 THEN {name}::DOUBLE END"
                parts += [f"min({name})", f"max({name})", f"avg({finite})", f"stddev_samp({finite})", "NULL", "NULL"]
            elif pa.types.is_timestamp(kind):
                parts += [f"epoch_us(min({name}))", f"epoch_us(max({name}))", "NULL", "NULL", "NULL", "NULL"]
            elif pa.types.is_string(kind):
                parts += ["NULL"] * 4 + [
                    f"avg(length({name}))",
                    f"avg(length({name}) - length(replace({name}, ' ', '')))",
                ]
            else:
                parts += ["NULL"] * 6
        values = iter(self._duck.execute(f"SELECT {', '.join(parts)} {self._from}").fetchone())
        return [self._column(position, *(next(values) for _ in range(8))) for position in positions]

    def _column(self, position, present, unique, low, high, mean, std, length, words):
        field = self.schema.field(position)
        exact = self.rows <= EXACT_ROWS
        textual = not (pa.types.is_floating(field.type) or pa.types.is_timestamp(field.type))
        if not exact and (unique <= EXACT_DISTINCT or textual and unique > 0.8 * present):
            # Few values are cheap to count; near the number of rows, being unique or not is what tells an identifier.
            (unique,) = self._duck.execute(f"SELECT count(DISTINCT c{position}) {self._from}").fetchone()
            exact = True
        timestamp = pa.types.is_timestamp(field.type)
        return {
            "name": field.name,
            "dtype": dtype_name(field.type),
            "kind": None,
            "missing": self.rows - present,
            "unique": min(unique, present),
            "unique_exact": exact,
            "min": _moment(low) if timestamp else number(low),
            "max": _moment(high) if timestamp else number(high),
            "mean": number(mean),
            "std": number(std),
            "top": [],
            "examples": [],
            "_length": length or 0,
            "_words": (words or 0) + 1,
        }

    def _classify(self, position, column):
        kind, present = self.schema.field(position).type, self.rows - column["missing"]
        if not present:
            column["kind"] = "empty"
        elif pa.types.is_boolean(kind):
            column["kind"] = "boolean"
        elif pa.types.is_timestamp(kind):
            column["kind"] = "datetime"
        elif self._identifies(column, kind, present):
            column["kind"] = "identifier"
        elif not pa.types.is_string(kind):
            column["kind"] = "numeric"
        else:
            many = column["unique"] > max(20, 0.2 * present)
            column["kind"] = "text" if many and (column["_words"] >= 3 or column["_length"] > 40) else "categorical"

    @staticmethod
    def _identifies(column, kind, present):
        """Every value its own, and either named like a key, numbered without gaps, or short words without spaces."""
        if pa.types.is_floating(kind) or column["unique"] < present or present < 20 or not column["unique_exact"]:
            return False
        if IDENTIFIER_NAME.search(column["name"]):
            return True
        if pa.types.is_integer(kind):
            return column["max"] - column["min"] + 1 == present
        return column["_words"] < 1.05 and column["_length"] <= 64

    @staticmethod
    def _is_discrete(column):
        if column["kind"] in ("boolean", "categorical"):
            return True
        return column["kind"] == "numeric" and column["unique"] <= 50

    def _add_top(self, described):
        """The most frequent values of discrete columns.

        Counted a row group at a time: a query per column would take minutes for thousands of columns. Columns with
        more distinct values than should be counted in memory are few, and left to DuckDB.
        """
        counts = {}
        for position, column in enumerate(described):
            if self._is_discrete(column):
                if column["unique"] <= EXACT_DISTINCT:
                    counts[position] = Counter()
                else:
                    column["top"] = _listed(self.class_counts(position, TOP))
        names = [self.schema.field(position).name for position in counts]
        for group in range(self._file.num_row_groups if names else 0):
            table = self._file.read_row_group(group, columns=names)
            for position, counter in counts.items():
                found = pc.value_counts(table[self.schema.field(position).name])
                values, rows = found.field("values").to_pylist(), found.field("counts").to_pylist()
                counter.update(dict(zip(values, rows)))
        for position, counter in counts.items():
            counter.pop(None, None)
            described[position]["top"] = _listed(sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))[:TOP])

    def _add_examples(self, described):
        """The first distinct values of each column."""
        head = next(self._file.iter_batches(batch_size=200), None)
        if head is None:
            return
        for position, column in enumerate(described):
            found = []
            for value in head.column(position).drop_null().to_pylist():
                value = shown_value(value)
                if value not in found:
                    found.append(value)
                    if len(found) == EXAMPLES:
                        break
            column["examples"] = found


def _listed(counted):
    return [{"value": shown_value(value), "count": rows} for value, rows in counted]


def _moment(microseconds):
    """ISO 8601 of microseconds since 1970, by which nobody's time zone comes into it."""
    if microseconds is None:
        return None
    try:
        return (datetime(1970, 1, 1) + timedelta(microseconds=microseconds)).isoformat(sep=" ")
    except OverflowError:
        return None


def shown_value(value):
    """A value as JSON, of a length for people."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float)):
        return number(value)
    text = value.isoformat(sep=" ") if hasattr(value, "isoformat") else str(value)
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"
