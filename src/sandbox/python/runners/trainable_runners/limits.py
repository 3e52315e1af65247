"""How much is read. A request may set each of them; these are what a table for training never needs to pass."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Limits:
    max_columns: int = 4096
    # Bytes of one cell, as UTF-8.
    max_cell_bytes: int = 1024 * 1024
    # Rows read per table; None reads all. Reading fewer is said in the answer.
    max_rows: int | None = None
    # Bytes of a file once unpacked: workbooks and Parquet files may hold far more than their size shows.
    max_unpacked_bytes: int = 16 * 1024**3
    # Memory that DuckDB may take before it works from disk.
    memory_bytes: int = 768 * 1024 * 1024

    @classmethod
    def of(cls, given):
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in (given or {}).items() if key in known and value is not None})
