"""Parquet: values come with types, which are reduced to the few that every later step understands."""

import json

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..problems import Refused, listed, show
from . import BATCH_ROWS

_TARGET_BATCH_BYTES = 64 * 1024 * 1024


class ParquetSource:
    format = "parquet"
    typed = True

    def __init__(self, path, name, limits, findings):
        self.path, self.name, self.limits = path, name, limits
        try:
            file = pq.ParquetFile(path)
            schema, self._metadata = file.schema_arrow, file.metadata
        except (pa.ArrowException, OSError, EOFError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise self._damaged() from None
        self._check_size()
        left_out = [
            field.name for field in schema if _plain(field.type) is None or field.name.startswith("__index_level_")
        ]
        # By position: names may repeat.
        self._positions = [i for i, field in enumerate(schema) if field.name not in left_out]
        self.columns = [schema.field(i).name for i in self._positions]
        self.types = [_plain(schema.field(i).type) for i in self._positions]
        if left_out:
            findings.note(
                f"`{show(name)}`: {listed(left_out)} left out, being an index or raw bytes rather than values."
            )
        if any(pa.types.is_nested(schema.field(i).type) for i in self._positions):
            findings.note(f"`{show(name)}` has nested values, which are kept as JSON text.")

    @property
    def rows(self):
        return self._metadata.num_rows

    def groups_from(self, row):
        """The row groups from the one that holds a row on, and how many rows stand before them."""
        before = 0
        for group in range(self._metadata.num_row_groups):
            rows = self._metadata.row_group(group).num_rows
            if row < before + rows:
                return list(range(group, self._metadata.num_row_groups)), before
            before += rows
        return [], before

    def batches(self, groups=None):
        """All rows, or those of the given row groups."""
        names = [f"c{index}" for index in range(len(self.columns))]
        try:
            file = pq.ParquetFile(self.path)
            for batch in file.iter_batches(batch_size=self._batch_rows(), row_groups=groups):
                arrays = [self._convert(batch.column(i), kind) for i, kind in zip(self._positions, self.types)]
                yield pa.RecordBatch.from_arrays(arrays, names)
        except pa.lib.ArrowMemoryError:
            raise
        except (pa.ArrowException, OSError) as error:
            if isinstance(error, OSError) and error.errno is not None:
                raise
            raise self._damaged() from error

    def _batch_rows(self):
        width = self._unpacked() / max(self._metadata.num_rows, 1)
        return int(max(16, min(BATCH_ROWS, _TARGET_BATCH_BYTES / max(width, 1))))

    def _unpacked(self):
        groups = range(min(self._metadata.num_row_groups, 100_000))
        return sum(self._metadata.row_group(i).total_byte_size for i in groups)

    def _check_size(self):
        if self._unpacked() > self.limits.max_unpacked_bytes:
            raise Refused(
                "FILE_TOO_LARGE",
                f"`{show(self.name)}` unpacks to {self._unpacked() / 1024**3:,.0f} GiB where "
                f"{self.limits.max_unpacked_bytes / 1024**3:,.0f} GiB are allowed; upload fewer rows.",
                self.name,
            )

    def _convert(self, array, kind):
        if isinstance(array, pa.ExtensionArray):
            array = array.storage
        if pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        if pa.types.is_nested(array.type):
            texts = [
                None if value is None else json.dumps(value, ensure_ascii=False, default=str)
                for value in array.to_pylist()
            ]
            array = pa.array(texts, pa.string())
        elif pa.types.is_null(array.type):
            array = pa.nulls(len(array), pa.string())
        elif pa.types.is_timestamp(array.type) and array.type.tz is not None:
            array = pc.cast(array, pa.timestamp("us", "UTC"), safe=False)
        elif array.type != kind:
            array = pc.cast(array, kind, safe=False)
        if pa.types.is_string(array.type) and array.nbytes > self.limits.max_cell_bytes:
            if (pc.max(pc.binary_length(array)).as_py() or 0) > self.limits.max_cell_bytes:
                raise Refused(
                    "CELL_TOO_LARGE",
                    f"`{show(self.name)}` has a value of more than {self.limits.max_cell_bytes / 1024**2:g} MiB; remove it.",
                    self.name,
                )
        if pa.types.is_floating(array.type):
            # NaN is how pandas writes a missing number.
            array = pc.if_else(pc.is_nan(array), None, array)
        return array

    def _damaged(self):
        return Refused(
            "TRUNCATED_PARQUET",
            f"`{show(self.name)}` is cut off or damaged; write and upload it again.",
            self.name,
        )


def _plain(kind):
    """The type that values of a Parquet type get, or None for what cannot be a column of a table."""
    t = pa.types
    if isinstance(kind, pa.BaseExtensionType):
        return _plain(kind.storage_type)
    if t.is_dictionary(kind):
        return _plain(kind.value_type)
    if t.is_boolean(kind):
        return pa.bool_()
    if t.is_integer(kind) and kind != pa.uint64():
        return pa.int64()
    if t.is_integer(kind) or t.is_floating(kind) or t.is_decimal(kind):
        return pa.float64()
    if t.is_timestamp(kind):
        return pa.timestamp("us", "UTC" if kind.tz else None)
    if t.is_date(kind):
        return pa.timestamp("us")
    if t.is_duration(kind):
        return pa.int64()
    if t.is_binary(kind) or t.is_large_binary(kind) or t.is_fixed_size_binary(kind):
        return None
    return pa.string()
