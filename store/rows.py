"""The texts of a result column as one piece of memory."""

from __future__ import annotations

from typing import NamedTuple

import pyarrow as pa


class Texts(NamedTuple):
    """Some rows' texts, one after the other."""

    rows: int
    text: bytes


def joined_texts(column: pa.Array) -> Texts:
    """All texts of a column without nulls, without a Python object per row: Arrow keeps them back
    to back, and the offsets say where ours begin and end."""
    _, starts, texts = column.buffers()
    if texts is None or not len(column):
        return Texts(len(column), b"")
    wide = pa.types.is_large_string(column.type)
    offsets = memoryview(starts).cast("q") if wide else memoryview(starts).cast("i")
    begin, end = offsets[column.offset], offsets[column.offset + len(column)]
    return Texts(len(column), bytes(memoryview(texts)[begin:end]))
