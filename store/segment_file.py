"""Writes the rows of a SELECT into one Parquet file, in little memory.

SQLite turns each row into a JSON array, which has quotes, commas and backslashes where CSV with a
backslash as escape has them; so Arrow's CSV reader can take many rows at once, without a Python
object for every value (measured: a third of the time). Where the two languages differ (control
characters) or a value does not fit its type, the same rows go through Python instead.
"""

from __future__ import annotations

import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from itertools import chain
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from catalogue.table import Kind

#: Rows that are read from SQLite and handed to Arrow together.
CHUNK_ROWS: Final = 2_000

#: Values of a row group: small groups make every reader slower, big ones need memory here (a group
#: of 13,000 rows of 77 columns needs about 30 MB).
GROUP_VALUES: Final = 1_000_000

_ARROW_TYPES: Final = {
    Kind.TEXT: pa.string(),
    Kind.FLAG: pa.bool_(),
    Kind.MONEY: pa.decimal128(18, 4),
    Kind.RATE: pa.decimal128(18, 6),
}

_SCALES: Final = {Kind.MONEY: Decimal("0.0001"), Kind.RATE: Decimal("0.000001")}
_MOST_DIGITS: Final = 18


def _has_foreign_escape(text: bytes) -> bool:
    """Whether there is an escape that CSV reads otherwise than JSON: all but \\\\ and \\"."""
    at = text.find(b"\\")
    while at >= 0:
        if text[at + 1] not in b'\\"':
            return True
        at = text.find(b"\\", at + 2)
    return False


@dataclass(frozen=True)
class Written:
    """A finished file. `lowest` and `highest` are of the axis, None without one; `malformed` counts
    values that did not fit their type and are null here (the records keep their text)."""

    rows: int
    lowest: int | None
    highest: int | None
    size: int
    crc: int
    malformed: int


def write_segment(
    path: Path, kinds: dict[str, Kind], axis: str | None, rows: sqlite3.Cursor
) -> Written | None:
    """Writes `path` anew and gives its figures; None, and no file, if there are no rows.

    `rows` holds one column: a JSON array as bytes, between two zeros, of the values in the order of
    `kinds`. The file is on disk when this returns.
    """
    chunks = _Chunks(kinds, rows)
    written = _write(path, kinds, axis, _grouped(chunks, GROUP_VALUES // len(kinds)))
    return written and replace(written, malformed=chunks.malformed)


def join_segments(
    path: Path, kinds: dict[str, Kind], axis: str | None, parts: Sequence[Path]
) -> Written | None:
    """The rows of several segments of today's shape, in that order, in one file, like
    `write_segment`. `malformed` is not known here: 0."""

    def groups() -> Iterator[Any]:
        for part in parts:
            with pq.ParquetFile(part) as file:
                for group in range(file.num_row_groups):
                    yield file.read_row_group(group, use_threads=False)

    # Few groups, because a reader looks at each: those of the parts are put together in twos.
    return _write(path, kinds, axis, _grouped(groups(), GROUP_VALUES // len(kinds)))


def _write(
    path: Path, kinds: dict[str, Kind], axis: str | None, groups: Iterator[Any]
) -> Written | None:
    """One row group for each of the tables; only one of them is in memory at a time."""
    table = next(groups, None)
    if table is None:
        return None
    count = 0
    ends: list[int] = []
    with path.open("wb") as file:
        with pq.ParquetWriter(
            file,
            table.schema,
            # Rows come in the order of the axis, of which nearly every question needs some: as
            # differences it is as small as zstd makes it, and read in two thirds of the time.
            compression={name: "none" if name == axis else "zstd" for name in kinds},
            column_encoding={axis: "DELTA_BINARY_PACKED"} if axis else None,
            use_dictionary=_repeated(kinds),
            store_decimal_as_integer=True,
        ) as writer:
            while table is not None:
                writer.write_table(table, row_group_size=len(table))
                count += len(table)
                if axis:  # rows come in its order
                    ends += [table[axis][0].as_py(), table[axis][-1].as_py()]
                del table
                table = next(groups, None)
        file.flush()
        os.fsync(file.fileno())
    pa.default_memory_pool().release_unused()
    size, crc = fingerprint(path)
    return Written(count, min(ends, default=None), max(ends, default=None), size, crc, 0)


def _grouped(tables: Iterable[Any], most: int) -> Iterator[Any]:
    """Tables put together until they have `most` rows or a little more."""
    group: list[Any] = []
    rows = 0
    for table in tables:
        group.append(table)
        rows += len(table)
        del table  # nothing here may keep alive what was handed on
        if rows >= most:
            group, rows = [pa.concat_tables(group)], 0
            yield group.pop()
    if group:
        yield pa.concat_tables(group)


def _repeated(kinds: dict[str, Kind]) -> list[str]:
    """Columns of few different values: prices out of a dictionary are read twice as fast."""
    often = (Kind.TEXT, Kind.MONEY, Kind.RATE)
    return [name for name, kind in kinds.items() if kind in often]


def fingerprint(path: Path) -> tuple[int, int]:
    """Size in bytes and CRC-32 of a file's content. OSError if it cannot be read."""
    size = crc = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            crc = zlib.crc32(block, crc)
            size += len(block)
    return size, crc


class _Chunks(Iterator[Any]):
    """Arrow tables of up to CHUNK_ROWS rows; counts malformed values on the way."""

    def __init__(self, kinds: dict[str, Kind], rows: sqlite3.Cursor) -> None:
        self.malformed = 0
        self._kinds = kinds
        self._rows = rows
        self._schema = pa.schema(
            [(name, _ARROW_TYPES.get(kind, pa.int64())) for name, kind in kinds.items()]
        )
        self._read = pa.csv.ReadOptions(
            column_names=["_first", *kinds, "_last"], use_threads=False, block_size=1 << 24
        )
        self._parse = pa.csv.ParseOptions(escape_char="\\", double_quote=False)
        self._convert = pa.csv.ConvertOptions(
            column_types=self._schema,
            include_columns=list(kinds),
            null_values=["null"],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["1"],
            false_values=["0"],
        )

    def __next__(self) -> Any:
        rows = list(chain.from_iterable(self._rows.fetchmany(CHUNK_ROWS)))
        if not rows:
            raise StopIteration
        text = b"\n".join(rows)
        if not _has_foreign_escape(text):
            try:
                return self._at_once(text)
            except pa.ArrowInvalid:
                pass
        return self._one_by_one(rows)

    def _at_once(self, text: bytes) -> Any:
        """pyarrow.ArrowInvalid if some value does not fit."""
        table = pa.csv.read_csv(pa.BufferReader(text), self._read, self._parse, self._convert)
        for column in table.columns:
            if pa.types.is_decimal(column.type):
                column.validate(full=True)  # the reader lets 19 digits pass as DECIMAL(18,4)
        return table

    def _one_by_one(self, rows: Sequence[bytes]) -> Any:
        columns = list(zip(*(orjson.loads(row)[1:-1] for row in rows), strict=True))
        return pa.table(
            [
                pa.array([self._fitting(value, kind) for value in column], field.type)
                for column, kind, field in zip(
                    columns, self._kinds.values(), self._schema, strict=True
                )
            ],
            schema=self._schema,
        )

    def _fitting(self, value: Any, kind: Kind) -> Any:
        """The value as its column takes it, or None (counted) if it does not fit."""
        if value is None:
            return None
        try:
            return _converted(value, kind)
        except (ValueError, InvalidOperation, OverflowError):
            self.malformed += 1
            return None


def _converted(value: Any, kind: Kind) -> Any:
    if kind is Kind.TEXT:
        return value if isinstance(value, str) else str(value)
    if kind in _SCALES:
        number = Decimal(str(value)).quantize(_SCALES[kind], ROUND_HALF_UP)
        if len(number.as_tuple().digits) > _MOST_DIGITS or not number.is_finite():
            raise ValueError(value)
        return number
    if not isinstance(value, int) or (kind is Kind.FLAG and value not in (0, 1)):
        raise ValueError(value)
    return bool(value) if kind is Kind.FLAG else value
