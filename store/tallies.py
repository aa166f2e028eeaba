"""Counts of all processes together, for the metrics.

Each process counts in memory and adds what it has to the accounts database now and then, so that
every process tells the same and a restart loses nothing. A process that is killed loses what it
counted since: at most `EVERY_SECONDS`, or longer while the database could not be written.
"""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Final

import orjson
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import DBAPIError

from clock import Clock
from store.database import Database
from store.operations_schema import tallies

EVERY_SECONDS: Final = 10.0

Labels = tuple[str, ...]


class Tallies:
    """`database` should let nobody wait for a turn: who counts has something better to do. Threads
    share it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = Lock()
        self._amounts: dict[tuple[str, Labels], float] = {}
        self._flushed_at = clock.monotonic()
        insert = sqlite_insert if database.is_sqlite else postgresql_insert
        row = insert(tallies).values(
            name=bindparam("name"), labels=bindparam("labels"), value=bindparam("value")
        )
        key = (tallies.c.name, tallies.c.labels)
        self._add = row.on_conflict_do_update(
            index_elements=key, set_={"value": tallies.c.value + row.excluded.value}
        )
        self._put = row.on_conflict_do_update(
            index_elements=key, set_={"value": row.excluded.value}
        )

    def count(self, name: str, labels: Labels = (), amount: float = 1.0) -> None:
        """Something has happened, or taken so long."""
        with self._lock:
            key = (name, labels)
            self._amounts[key] = self._amounts.get(key, 0.0) + amount

    def flush_if_due(self) -> None:
        if self._clock.monotonic() - self._flushed_at >= EVERY_SECONDS:
            self.flush()

    def flush(self) -> bool:
        """Add what was counted here to what all have counted; False when the database has no time
        or no room for it, and then it is kept for the next time."""
        with self._lock:
            self._flushed_at = self._clock.monotonic()
            counted, self._amounts = self._amounts, {}
        if not counted:
            return True
        rows = [
            {"name": name, "labels": _text(labels), "value": amount}
            for (name, labels), amount in counted.items()
        ]
        try:
            with self._database.writing() as connection:
                connection.execute(self._add, rows)
        except DBAPIError:
            for (name, labels), amount in counted.items():
                self.count(name, labels, amount)
            return False
        return True

    def put(self, name: str, values: Mapping[Labels, float]) -> bool:
        """What was found just now, in place of everything that was known under this name; False
        when the database has no time or no room for it: the next look finds it again."""
        rows = [
            {"name": name, "labels": _text(labels), "value": value}
            for labels, value in values.items()
        ]
        try:
            with self._database.writing() as connection:
                connection.execute(tallies.delete().where(tallies.c.name == name))
                if rows:
                    connection.execute(self._put, rows)
        except DBAPIError:
            return False
        return True

    def read(self) -> dict[str, dict[Labels, float]]:
        """By name and labels: what all processes have added, this one's newest included."""
        self.flush()
        found: dict[str, dict[Labels, float]] = {}
        with self._database.reading() as connection:
            for row in connection.execute(select(tallies)):
                found.setdefault(row.name, {})[tuple(orjson.loads(row.labels))] = row.value
        return found


def _text(labels: Labels) -> str:
    return orjson.dumps(labels).decode()
