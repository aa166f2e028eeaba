"""What is known between two syncs: until when a resource was looked at in a hurry.

A pull that a request asked for moves no checkpoint and, but for what is new, no coverage. What it
has brought is told here, once readers can see its rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Final

_TABLE: Final = "_freshness"


@dataclass(frozen=True, slots=True)
class Freshness:
    """Of one resource, UTC epoch seconds, 0 for never. `read_at`: every change before it is there,
    because TikTok was asked for all. `told_at`: TikTok said by itself what changed, and that was
    read again. `looked_at`: as much as a short pull may ask for was read."""

    read_at: float = 0.0
    told_at: float = 0.0
    looked_at: float = 0.0

    @property
    def as_of(self) -> float:
        """The rows are as of this instant: TikTok tells every change when it tells any."""
        return max(self.read_at, self.told_at)

    @property
    def tried_at(self) -> float:
        return max(self.read_at, self.told_at, self.looked_at)


def load_freshness(connection: sqlite3.Connection) -> dict[str, Freshness]:
    """By resource; nothing from a file that no writer of this release has opened yet."""
    known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (_TABLE,)).fetchone()
    if known is None:
        return {}
    rows = connection.execute(f"SELECT resource, read_at, told_at, looked_at FROM {_TABLE}")
    return {row[0]: Freshness(*row[1:]) for row in rows}


def note_freshness(connection: sqlite3.Connection, seen: Mapping[str, Freshness]) -> None:
    """Instants only grow; within one writing transaction."""
    connection.executemany(
        f"INSERT INTO {_TABLE} VALUES (?1, ?2, ?3, ?4) ON CONFLICT (resource) DO UPDATE SET "
        "read_at = max(read_at, ?2), told_at = max(told_at, ?3), looked_at = max(looked_at, ?4)",
        [(resource, *astuple(one)) for resource, one in seen.items()],
    )
