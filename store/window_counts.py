"""Counts that TikTok made for a whole range of days: distinct people, which no sum of days gives.

One row per fact and range holds every figure of one question to TikTok, so that several metrics of
the same range cost one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

_TABLE: Final = "_window_counts"

#: Ranges that are kept of a shop, the newest ones; a rolling range makes a new one every day.
MOST_KEPT: Final = 400


@dataclass(frozen=True, slots=True)
class WindowCounts:
    """What TikTok counted over the days `[first, last]` (dates of the shop's own zone, as
    2026-09-12), as the rows of the fact's table: `columns`, and a list of values each. `until`: the
    last day that was in it, before `last` where TikTok had not got so far. `counted_at`: UTC epoch
    seconds."""

    fact: str
    first: str
    last: str
    until: str
    counted_at: float
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]

    def by_name(self) -> list[dict[str, object]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


def keep_window_counts(connection: sqlite3.Connection, counted: Iterable[WindowCounts]) -> None:
    """In the place of older ones of the same range; within one writing transaction."""
    rows = [
        (
            one.fact,
            one.first,
            one.last,
            one.until,
            one.counted_at,
            orjson.dumps({"columns": one.columns, "rows": one.rows}).decode(),
        )
        for one in counted
    ]
    if not rows:
        return
    connection.executemany(f"INSERT OR REPLACE INTO {_TABLE} VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.execute(
        f"DELETE FROM {_TABLE} WHERE (fact, first, last) IN (SELECT fact, first, last "
        f"FROM {_TABLE} ORDER BY counted_at DESC LIMIT -1 OFFSET ?)",
        (MOST_KEPT,),
    )


#: The SELECT of one range by (fact, first, last); `window_counts_of` reads its row.
ONE: Final = f"SELECT * FROM {_TABLE} WHERE fact = ? AND first = ? AND last = ?"


def window_counts_of(row: Mapping[str, Any] | sqlite3.Row) -> WindowCounts:
    counted = orjson.loads(row["counted"])
    return WindowCounts(
        fact=row["fact"],
        first=row["first"],
        last=row["last"],
        until=row["until"],
        counted_at=row["counted_at"],
        columns=tuple(counted["columns"]),
        rows=counted["rows"],
    )
