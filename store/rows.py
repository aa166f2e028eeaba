"""The texts of a result column as one piece of memory."""

from __future__ import annotations

import pyarrow as pa


def joined_text(column: pa.ChunkedArray) -> bytes:
    """All texts of a column one after the other, without a Python object per row."""
    return b"".join(_text_of(chunk) for chunk in column.chunks)


def _text_of(chunk: pa.Array) -> memoryview:
    """Arrow keeps the texts of a chunk back to back; the offsets say where ours begin and end."""
    _, starts, texts = chunk.buffers()
    if texts is None or not len(chunk):
        return memoryview(b"")
    wide = pa.types.is_large_string(chunk.type)
    offsets = memoryview(starts).cast("q") if wide else memoryview(starts).cast("i")
    return memoryview(texts)[offsets[chunk.offset] : offsets[chunk.offset + len(chunk)]]
