"""Keeping the C library and the collector from holding on to memory (glibc; elsewhere the former do
nothing). To be called before the first thread starts."""

from __future__ import annotations

import ctypes
import gc
from typing import Final

#: Objects, more made than freed, until the collector looks at them; a page of orders has 10,000.
_NEW_OBJECTS: Final = 100_000
#: Blocks from this size are mappings of their own, which leave no holes when they are freed: a
#: column of the rows that a segment takes together has 32,000 bytes. Twenty-five megabytes less.
_MAPPED_BYTES: Final = 30_000
#: mallopt(3)
_M_TRIM_THRESHOLD: Final = -1
_M_MMAP_THRESHOLD: Final = -3
_M_ARENA_MAX: Final = -8


def use_one_heap() -> None:
    """By default each thread gets an arena of its own that is hardly ever given back: 40 MB in a
    web server's process that has answered large questions."""
    _mallopt(_M_ARENA_MAX, 1)


def use_little_memory() -> None:
    """The same for an import, which makes and drops many short-lived objects in several threads."""
    # Pages are freed without the collector's help: it would only walk through everything that is
    # alive, several times a page.
    gc.set_threshold(_NEW_OBJECTS, 20, 20)
    use_one_heap()
    _mallopt(_M_TRIM_THRESHOLD, 1_000_000)
    _mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES)


def _mallopt(option: int, value: int) -> None:
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(option, value)
