"""What the columns must learn: which months changed, and in a month that has segments already,
which roots. Written inside the commit that changed them."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping

from store.months import ALL


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
    roots_of: Mapping[str, Collection[object]],
    commit: int,
) -> None:
    """`roots_of` each month. Roots are written down only in months that collect them: a first import pays per month."""
    for month, roots in roots_of.items():
        (collects,) = connection.execute(
            "INSERT INTO _months (family, month, changed_seq) VALUES (?1, ?2, ?3) "
            "ON CONFLICT (family, month) DO UPDATE SET changed_seq = ?3 RETURNING collects",
            (family, month, commit),
        ).fetchone()
        if collects and month != ALL:
            connection.executemany(
                "INSERT INTO _changed VALUES (?1, ?2, ?3, ?4) "
                "ON CONFLICT (family, month, root) DO UPDATE SET seq = ?4",
                [(family, month, root, commit) for root in roots],
            )


def mark_whole(connection: sqlite3.Connection, family: str, month: str, commit: int) -> None:
    """The month's base is to be made anew from the records, whatever it shows now."""
    connection.execute(
        "INSERT INTO _months (family, month, changed_seq) VALUES (?1, ?2, ?3) "
        "ON CONFLICT (family, month) DO UPDATE SET changed_seq = ?3, whole = 1",
        (family, month, commit),
    )
