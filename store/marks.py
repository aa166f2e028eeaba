"""What the columns must learn: which months changed, and in a month that has segments already,
which roots. Written inside the commit that changed them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from store.months import ALL, DAY, month_of


def next_commit(connection: sqlite3.Connection) -> int:
    """The number of this commit among those that changed rows."""
    row = connection.execute(
        "INSERT INTO _counters VALUES ('commits', 1) "
        "ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"
    ).fetchone()
    return int(row[0])


def newest_commit(connection: sqlite3.Connection) -> int:
    row = connection.execute("SELECT value FROM _counters WHERE name = 'commits'").fetchone()
    return int(row[0]) if row else 0


def mark(
    connection: sqlite3.Connection,
    family: str,
    changed: Sequence[tuple[Any, ...]],
    axis_at: int | None,
    root_at: int,
    commit: int,
) -> None:
    """Rows that this commit changed; `axis_at` and `root_at` say where in a row those are.

    Roots are written down only in months that collect them: a first import pays per month.
    """
    if axis_at is None:
        _mark_month(connection, family, ALL, commit)
        return
    days = {row[axis_at] // DAY for row in changed}
    for month in {month_of(day * DAY) for day in days}:
        label = label_of(connection, family, month)
        if _mark_month(connection, family, label, commit):
            roots = {row[root_at] for row in changed if month_of(row[axis_at]) == month}
            connection.executemany(
                "INSERT INTO _changed VALUES (?1, ?2, ?3, ?4) "
                "ON CONFLICT (family, month, root) DO UPDATE SET seq = ?4",
                [(family, label, root, commit) for root in roots],
            )


def label_of(connection: sqlite3.Connection, family: str, month: str) -> str:
    """The span that the month has become part of, or the month itself."""
    row = connection.execute(
        "SELECT span FROM _spans WHERE family = ? AND month = ?", (family, month)
    ).fetchone()
    return str(row[0]) if row else month


def _mark_month(connection: sqlite3.Connection, family: str, month: str, commit: int) -> bool:
    """Whether the month collects its changed roots."""
    (collects,) = connection.execute(
        "INSERT INTO _months (family, month, changed_seq) VALUES (?1, ?2, ?3) "
        "ON CONFLICT (family, month) DO UPDATE SET changed_seq = ?3 RETURNING collects",
        (family, month, commit),
    ).fetchone()
    return bool(collects)


def mark_whole(connection: sqlite3.Connection, family: str, month: str, commit: int) -> None:
    """The month's base is to be made anew from the records, whatever it shows now."""
    connection.execute(
        "INSERT INTO _months (family, month, changed_seq) VALUES (?1, ?2, ?3) "
        "ON CONFLICT (family, month) DO UPDATE SET changed_seq = ?3, whole = 1",
        (family, month, commit),
    )
