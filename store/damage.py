"""Segments that are not what was written: lost, cut off, or with a bit that has changed.

The engine notices few changed bits and answers with wrong numbers otherwise, so a process reads
each segment once, against its checksum, before the first answer from it.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from store.segment_file import fingerprint


@dataclass(frozen=True, slots=True)
class Listed:
    """A live segment, and size and checksum (CRC-32) as it was written."""

    file: str
    family: str
    month: str
    size: int
    crc: int

    def is_intact(self, folder: Path) -> bool:
        try:
            return fingerprint(folder / self.file) == (self.size, self.crc)
        except OSError:
            return False


def listed(connection: sqlite3.Connection) -> list[Listed]:
    """All live segments."""
    rows = connection.execute(
        "SELECT file, family, month, bytes, crc FROM _segments WHERE retired_at IS NULL"
    )
    return [Listed(*row) for row in rows]


class Verified:
    """The segments that this process has found intact. One caller at a time."""

    def __init__(self) -> None:
        self._files: frozenset[str] = frozenset()

    def damaged(self, live: list[Listed], folder: Path) -> bool:
        """Whether one of these, not found intact before, is damaged."""
        known = self._files
        found = {one.file for one in live if one.file in known or one.is_intact(folder)}
        self._files = frozenset(found)
        return len(found) < len(live)
