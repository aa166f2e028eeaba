"""The manifest as it is kept in the shop's file: reading it, and switching it.

A segment is live until `retired_at` is set; then it stays for readers that hold an older list.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Final

from store.commits import Covered
from store.coverage import laid_over, merged
from store.freshness import Freshness, load_freshness, note_freshness
from store.months import ALL
from store.segment_file import Written
from store.segments import Manifest, Segment

READ: Final = "_coverage"
PUBLISHED: Final = "_published_coverage"


@dataclass(frozen=True)
class NewSegment:
    """A file that is ready, not yet listed."""

    file: str
    table: str
    shape: str
    written: Written


def load(connection: sqlite3.Connection, folder: Path) -> Manifest:
    """All live segments; to be called within one transaction."""
    segments: dict[str, list[Segment]] = {}
    for file, table, month, delta, rows, lowest, highest, shape in connection.execute(
        'SELECT file, "table", month, delta, rows, lowest, highest, shape FROM _segments '
        "WHERE retired_at IS NULL ORDER BY month, delta"
    ):
        segments.setdefault(table, []).append(
            Segment(folder / file, table, month, bool(delta), rows, lowest, highest, shape)
        )
    shown = stretches(connection, PUBLISHED)
    return Manifest(
        version=dict(connection.execute('SELECT "table", version FROM _versions')),
        published_at=counter(connection, "published_at"),
        segments=segments,
        coverage=_by_resource(shown),
        newest_reading=_newest_reading(shown),
        freshness=load_freshness(connection),
    )


def stretches(connection: sqlite3.Connection, table: str) -> list[Covered]:
    """Coverage, of the records (READ) or as of the last publication (PUBLISHED)."""
    rows = connection.execute(f"SELECT resource, start, end, read_at FROM {table}")
    return sorted((Covered(*row) for row in rows), key=lambda one: (one.resource, one.start))


def publish_coverage(
    connection: sqlite3.Connection,
    shown: Sequence[Covered],
    seen: Mapping[str, Freshness] = MappingProxyType({}),
) -> None:
    """Promise what the segments show by now, beside what was promised before (somebody else may
    have promised more meanwhile); within one writing transaction."""
    promised: dict[str, list[Covered]] = {}
    for one in stretches(connection, PUBLISHED):
        promised.setdefault(one.resource, []).append(one)
    for one in shown:
        promised[one.resource] = laid_over(promised.get(one.resource, ()), one)
    connection.execute(f"DELETE FROM {PUBLISHED}")
    connection.executemany(
        f"INSERT INTO {PUBLISHED} VALUES (?, ?, ?, ?)",
        [astuple(one) for group in promised.values() for one in group],
    )
    note_freshness(connection, seen)
    note_switch(connection)


def _by_resource(found: Sequence[Covered]) -> dict[str, Sequence[Covered]]:
    return {resource: merged(group) for resource, group in groupby(found, lambda one: one.resource)}


def _newest_reading(found: Sequence[Covered]) -> dict[str, int]:
    newest: dict[str, int] = {}
    for one in found:
        newest[one.resource] = max(one.read_at, newest.get(one.resource, 0))
    return newest


def counter(connection: sqlite3.Connection, name: str) -> float | None:
    row = connection.execute("SELECT value FROM _counters WHERE name = ?", (name,)).fetchone()
    return float(row[0]) if row else None


def set_counter(connection: sqlite3.Connection, name: str, value: float) -> None:
    connection.execute("INSERT OR REPLACE INTO _counters VALUES (?, ?)", (name, value))


@dataclass(frozen=True)
class Pending:
    """A month, or span of months, of a family whose segments do not show the newest commit."""

    family: str
    month: str


def pending(connection: sqlite3.Connection, shapes: dict[str, str]) -> list[Pending]:
    """Newest month first. `shapes`: today's shape of each table; segments of others are redone."""
    found = {
        Pending(*row)
        for row in connection.execute(
            "SELECT family, month FROM _months WHERE changed_seq > published_seq"
        )
    }
    for family, month, table, shape in connection.execute(
        'SELECT DISTINCT family, month, "table", shape FROM _segments WHERE retired_at IS NULL'
    ):
        if shapes.get(table) != shape:
            found.add(Pending(family, month))
    return sorted(found, key=lambda one: (one.month != ALL, one.month, one.family), reverse=True)


def switch(
    connection: sqlite3.Connection,
    at: Pending,
    new: Sequence[NewSegment],
    tables: Sequence[str],
    *,
    commit: int,
    base: bool,
    now: float,
) -> bool:
    """Put the new segments in the place of the old ones and clear the marks that they cover.

    `commit` is the newest one the new segments show. False, and nothing changes, if segments of
    a newer commit are listed already. To be called within one writing transaction.
    """
    row = connection.execute(
        "SELECT published_seq FROM _months WHERE family = ? AND month = ?", (at.family, at.month)
    ).fetchone()
    if row is None or row[0] > commit:
        return False
    connection.execute(
        "UPDATE _segments SET retired_at = ? WHERE family = ? AND month = ? "
        "AND retired_at IS NULL AND (? OR delta)",
        (now, at.family, at.month, base),
    )
    insert_segments(connection, at, new, base=base)
    if base:
        connection.execute(
            "DELETE FROM _changed WHERE family = ? AND month = ? AND seq <= ?",
            (at.family, at.month, commit),
        )
    connection.execute(
        "UPDATE _months SET published_seq = ?, whole = (whole AND NOT ?) "
        "WHERE family = ? AND month = ?",
        (commit, base, at.family, at.month),
    )
    _grow_versions(connection, tables)
    set_counter(connection, "published_at", now)
    note_switch(connection)
    return True


def lay_over(
    connection: sqlite3.Connection,
    at: Pending,
    new: Sequence[NewSegment],
    tables: Sequence[str],
    *,
    seen: tuple[int, list[str]],
    now: float,
) -> bool:
    """Put new deltas in the place of the month's old ones; what else changed stays to be published.
    `seen` is `overlay` as of the new segments' snapshot: False, and nothing changes, if it is
    another by now. To be called within one writing transaction."""
    if overlay(connection, at) != seen:
        return False
    connection.execute(
        "UPDATE _segments SET retired_at = ? WHERE family = ? AND month = ? "
        "AND retired_at IS NULL AND delta",
        (now, at.family, at.month),
    )
    insert_segments(connection, at, new, base=False)
    _grow_versions(connection, tables)
    set_counter(connection, "published_at", now)
    note_switch(connection)
    return True


def overlay(connection: sqlite3.Connection, at: Pending) -> tuple[int, list[str]]:
    """The newest commit that a month's segments show, and its live deltas."""
    (shown,) = connection.execute(
        "SELECT COALESCE(MAX(published_seq), -1) FROM _months WHERE family = ? AND month = ?",
        (at.family, at.month),
    ).fetchone()
    files = connection.execute(
        "SELECT file FROM _segments WHERE family = ? AND month = ? AND delta "
        "AND retired_at IS NULL ORDER BY file",
        (at.family, at.month),
    )
    return shown, [file for (file,) in files]


def _grow_versions(connection: sqlite3.Connection, tables: Sequence[str]) -> None:
    connection.executemany(
        "INSERT INTO _versions VALUES (?, 1) "
        'ON CONFLICT ("table") DO UPDATE SET version = version + 1',
        [(table,) for table in tables],
    )


def insert_segments(
    connection: sqlite3.Connection, at: Pending, new: Sequence[NewSegment], *, base: bool
) -> None:
    connection.executemany(
        f"INSERT INTO _segments VALUES ({', '.join('?' * 13)})",
        [
            (
                one.file,
                at.family,
                at.month,
                one.table,
                not base,
                one.written.rows,
                one.written.lowest,
                one.written.highest,
                one.written.size,
                one.written.crc,
                one.written.malformed,
                one.shape,
                None,
            )
            for one in new
        ],
    )


def note_switch(connection: sqlite3.Connection) -> None:
    """Readers load the manifest again when this has changed."""
    set_counter(connection, "switches", (counter(connection, "switches") or 0) + 1)
