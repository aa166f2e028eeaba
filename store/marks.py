"""What the columns must learn: which months changed, and in a month that has segments already,
which roots. Written inside the commit that changed them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter
from typing import Any, Final

from store.months import ALL, DAY, month_of

#: (instant of the axis, root) of a row.
Place = tuple[Any, Any]

#: Of every row of a table without an axis.
NOWHERE: Final[Place] = (None, None)


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


def places_of(
    rows: Sequence[tuple[Any, ...]], axis_at: int | None, root_at: int
) -> Iterable[Place]:
    """Where these rows belong; `axis_at` and `root_at` say where in a row its axis and root are."""
    return (NOWHERE,) if axis_at is None else map(itemgetter(axis_at, root_at), rows)


def mark(
    connection: sqlite3.Connection, family: str, changed: Collection[Place], commit: int
) -> None:
    """Places whose rows this commit changed.

    Roots are written down only in months that collect them: a first import pays per month.
    """
    if NOWHERE in changed:
        _mark_month(connection, family, ALL, commit)
        return
    days = {instant // DAY for instant, _ in changed}
    for month in {month_of(day * DAY) for day in days}:
        label = label_of(connection, family, month)
        if _mark_month(connection, family, label, commit):
            roots = {root for instant, root in changed if month_of(instant) == month}
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
