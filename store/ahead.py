"""What a clock that was ahead has left in a shop's file, set right once the clock is right again.

Rows that were read "tomorrow" would refuse every newer reading until tomorrow, stretches that are
covered until then would not be read, and what was read then would not count as old. All of it was
read at some time before now, nobody knows when: it is taken to be a week old, so that the next sync
reads it again.
"""

from __future__ import annotations

import sqlite3
from typing import Final

import structlog

from catalogue.table import Table
from catalogue.tables import ORDERS, TABLES
from store.families import family_name
from store.manifest_file import PUBLISHED, READ, counter, note_switch
from store.marks import label_of, mark_whole, next_commit
from store.months import ALL, DAY, month_of

#: Seconds. The clocks of several machines differ by less; TikTok refuses calls of one that is
#: further off, and then only the signature is corrected.
AHEAD_SECONDS: Final = 300.0

_TAKEN_AS_OLD: Final = 7 * DAY
_NEWEST: Final = "newest_instant"
#: A checkpoint that says until when changes are known.
_AN_INSTANT_AHEAD: Final = "value NOT GLOB '*[^0-9]*' AND CAST(value AS INTEGER) > :now"

_log = structlog.get_logger(__name__)


def note_instant(connection: sqlite3.Connection, instant: float) -> None:
    """The file holds what is as of `instant` (UTC epoch seconds); within a writing transaction."""
    connection.execute(
        "INSERT INTO _counters VALUES (?1, ?2) "
        "ON CONFLICT (name) DO UPDATE SET value = max(value, ?2)",
        (_NEWEST, instant),
    )


def set_right(connection: sqlite3.Connection, now: float) -> bool:
    """Whether the file held what lies after `now`; nothing of it does any more. Within a writing
    transaction. Were the clock behind now instead, orders would lie in its future, too: then the
    file stays as it is."""
    newest = counter(connection, _NEWEST)
    if newest is None or newest <= now + AHEAD_SECONDS:
        return False
    (order,) = connection.execute(f"SELECT max({ORDERS.axis}) FROM {ORDERS.name}").fetchone()
    if order is not None and order > now:
        return False
    _log.error("clock_was_ahead", seconds=round(newest - now))
    instants = {"now": int(now), "then": int(now) - _TAKEN_AS_OLD}
    commit = next_commit(connection)
    for table in {table.stored_in: table for table in TABLES.values()}.values():
        _mark_months(connection, table, int(now), commit)
        connection.execute(
            f"UPDATE {table.stored_in} SET "
            "fetched_at = iif(fetched_at > :now, :then, fetched_at), "
            "last_seen_at = iif(last_seen_at > :now, "
            "max(:then, iif(fetched_at > :now, :then, fetched_at)), last_seen_at) "
            "WHERE fetched_at > :now OR last_seen_at > :now",
            instants,
        )
    for table_name in (READ, PUBLISHED):
        connection.execute(f"DELETE FROM {table_name} WHERE start >= :now", instants)
        connection.execute(
            f"UPDATE {table_name} SET end = min(end, :now), "
            "read_at = iif(read_at > :now, :then, read_at) WHERE end > :now OR read_at > :now",
            instants,
        )
    for statement in (
        # What was to be read of the future is planned again.
        "DELETE FROM _windows WHERE end > :now",
        "DELETE FROM _window_counts WHERE counted_at > :now",
        # What is read when it has not been read since.
        "UPDATE statements SET transactions_read_at = :then WHERE transactions_read_at > :now",
        f"UPDATE _checkpoints SET value = CAST(:then AS TEXT) WHERE {_AN_INSTANT_AHEAD}",
        *(
            f"UPDATE _freshness SET {one} = :then WHERE {one} > :now"
            for one in ("read_at", "told_at", "looked_at")
        ),
        *(
            f"UPDATE _progress SET {one} = :now WHERE {one} > :now"
            for one in ("started_at", "heartbeat_at", "finished_at")
        ),
        "UPDATE _segments SET retired_at = :now WHERE retired_at > :now",
        f"UPDATE _counters SET value = :now WHERE name = '{_NEWEST}'",
    ):
        connection.execute(statement, instants)
    note_switch(connection)
    return True


def _mark_months(connection: sqlite3.Connection, table: Table, now: int, commit: int) -> None:
    """Segments tell when a row was read: those of these rows are made again."""
    family = family_name(table)
    if table.axis is None:
        days = connection.execute(
            f"SELECT 1 FROM {table.stored_in} WHERE fetched_at > ? LIMIT 1", (now,)
        ).fetchall()
        months = {ALL} if days else set()
    else:
        days = connection.execute(
            f"SELECT DISTINCT {table.axis} / {DAY} FROM {table.stored_in} WHERE fetched_at > ?",
            (now,),
        ).fetchall()
        months = {month_of(day * DAY) for (day,) in days}
    for month in months:
        label = month if month == ALL else label_of(connection, family, month)
        mark_whole(connection, family, label, commit)
