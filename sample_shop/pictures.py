"""Product pictures: 32 x 32 PNGs of a few hundred bytes, drawn from the product's id."""

from __future__ import annotations

import hashlib
import struct
import zlib
from functools import lru_cache
from typing import Final

_SIDE: Final = 32
_CELL: Final = 4


def _chunk(kind: bytes, content: bytes) -> bytes:
    mark = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", mark)


@lru_cache(maxsize=512)
def picture(name: str) -> bytes:
    """Return a PNG: a symmetric pattern in two colours that belongs to `name`."""
    digest = hashlib.blake2b(name.encode(), digest_size=32).digest()
    colours = (digest[0:3], digest[3:6])
    cells = _SIDE // _CELL
    lines = []
    for row in range(cells):
        bits = digest[6 + row]
        left = [colours[bits >> column & 1] * _CELL for column in range(cells // 2)]
        lines.extend([b"\0" + b"".join(left + left[::-1])] * _CELL)
    header = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(b"".join(lines), 9))
        + _chunk(b"IEND", b"")
    )
