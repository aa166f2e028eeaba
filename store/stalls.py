"""Runs that bring nothing although somebody works on them.

A worker that dies loses its lease and the run is claimed again. One that lives and gets nowhere
keeps its lease; whoever watches takes it away, so that the run is begun again by itself, and marks
what gets nowhere for a long time, so that people are told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, select, update

from clock import Clock
from store.accounts_schema import leases, runs
from store.database import Database
from store.runs import Run, run_of

#: Without a page for so long, a run is begun again, and after so long it is marked.
BEGUN_AGAIN_AFTER_SECONDS: Final = 600.0
STUCK_AFTER_SECONDS: Final = 7_200.0

AGAIN: Final = "Nothing came for 10 minutes, so the import was begun again by itself."


class Stalls:
    """The watch over all runs of an installation. Several may watch at once."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin_again(self) -> list[Run]:
        """Take the lease from every run that has had it, and brought nothing, for 10 minutes. The
        run is due at once; its former worker is refused by `Fenced`."""
        now = self._clock.now()
        since = now - BEGUN_AGAIN_AFTER_SECONDS
        idle = and_(runs.c.state == "running", runs.c.progress_at < since)
        held = and_(
            leases.c.run_id == runs.c.id,
            leases.c.workspace_id == runs.c.workspace_id,
            leases.c.shop_id == runs.c.shop_id,
            leases.c.lane == runs.c.lane,
            leases.c.claimed_at < since,
            leases.c.expires_at > now,
        )
        which = and_(idle, exists().where(held))
        again = {"state": "waiting", "message": AGAIN, "not_before": now}
        return self._change(which, again, {"expires_at": 0.0, "owner": ""})

    def mark_stuck(self) -> list[Run]:
        """Mark every run that was begun, is not finished, and has brought nothing for 2 hours;
        gives those that were not marked before. The next page takes the mark away."""
        now = self._clock.now()
        idle = and_(
            runs.c.state.in_(("running", "waiting")),
            runs.c.progress_at < now - STUCK_AFTER_SECONDS,
            runs.c.stuck_at.is_(None),
        )
        return self._change(idle, {"stuck_at": now})

    def _change(
        self,
        which: ColumnElement[bool],
        values: Mapping[str, Any],
        of_lease: Mapping[str, Any] | None = None,
    ) -> list[Run]:
        """The runs as they were before."""
        with self._database.reading() as connection:
            if connection.execute(select(runs.c.id).where(which).limit(1)).first() is None:
                return []
        with self._database.writing() as connection:
            found = connection.execute(select(runs).where(which).with_for_update()).all()
            ids = [row.id for row in found]
            connection.execute(update(runs).where(runs.c.id.in_(ids)).values(**values))
            if of_lease:
                connection.execute(
                    update(leases).where(leases.c.run_id.in_(ids)).values(**of_lease)
                )
        return [run_of(row) for row in found]
