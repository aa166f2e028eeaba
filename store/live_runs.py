"""The short pulls that requests ask for: of a shop one at a time, however many ask.

    ask ──> nobody has asked       a run
        ──> one is not begun       it does this, too
        ──> one is under way       it, if it does all of this; else one more behind it
        ──> one has just ended     that one: what it brought, or why it failed, still holds

Runs are numbered by their slots, so that all who ask at the same moment make the same one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import orjson
from sqlalchemy import and_, delete, select, update
from sqlalchemy.exc import OperationalError

from clock import Clock
from errors import Retryable
from store.accounts_schema import runs
from store.database import Database
from store.due import WAITED_FOR
from store.ledger import Ledger

KIND: Final = "freshen"
LANE: Final = "tail"

#: Nobody is sent to TikTok again so soon after it failed, or after it was done.
FAILURE_RESTS_SECONDS: Final = 45.0
DONE_RESTS_SECONDS: Final = 10.0

_NOT_BEGUN: Final = ("pending", "waiting")
_OPEN: Final = (*_NOT_BEGUN, "running")

#: How often it is looked again when other processes ask at the same moment.
_LOOKS: Final = 20

_TURNS: Final = 64
_LONGEST_TURN_SECONDS: Final = 1.0

_COLUMNS: Final = (
    runs.c.id,
    runs.c.slot,
    runs.c.state,
    runs.c.parameters,
    runs.c.message,
    runs.c.created_at,
    runs.c.finished_at,
)


@dataclass(frozen=True, slots=True)
class LiveRun:
    """`wanted`: what it reads. `message` says to people why it failed. UTC epoch seconds."""

    id: str
    number: int
    state: str
    wanted: frozenset[str]
    message: str
    created_at: float
    finished_at: float | None

    @property
    def is_over(self) -> bool:
        return self.state not in _OPEN


class LiveRuns:
    """`database` should not let anybody wait long for a turn: a request does. Threads share it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._ledger = Ledger(database, clock)
        self._clock = clock
        # Of those who ask in one process the first writes, and the others read what it wrote.
        self._turns = [Lock() for _ in range(_TURNS)]

    def ask(self, workspace_id: str, shop_id: str, wanted: Collection[str]) -> LiveRun:
        """The run that reads all of `wanted`, or the one that failed a moment ago. Raises Retryable
        when the database has no time for it, BadRequest for an unknown shop."""
        turn = self._turns[hash((workspace_id, shop_id)) % _TURNS]
        if not turn.acquire(timeout=_LONGEST_TURN_SECONDS):
            raise _busy()
        try:
            return self._ask(workspace_id, shop_id, frozenset(wanted))
        except OperationalError as error:
            raise _busy() from error
        finally:
            turn.release()

    def _ask(self, workspace_id: str, shop_id: str, wish: frozenset[str]) -> LiveRun:
        for _ in range(_LOOKS):
            newest = self._newest(workspace_id, shop_id)
            if newest is not None and self._serves(newest, wish):
                return newest
            if newest is not None and newest.state in _NOT_BEGUN:
                self._widen(newest, newest.wanted | wish)
            else:
                self._enqueue(workspace_id, shop_id, newest.number + 1 if newest else 1, wish)
        raise _busy()

    def look(self, run_id: str) -> LiveRun | None:
        """As it is now; None once it has ended and the next one was begun. Raises Retryable like
        `ask`."""
        try:
            with self._database.reading() as connection:
                row = connection.execute(select(*_COLUMNS).where(runs.c.id == run_id)).first()
        except OperationalError as error:
            raise _busy() from error
        return None if row is None else _live_run(row)

    def forget_before(self, run_id: str, workspace_id: str, shop_id: str) -> None:
        """Those that ended before this one was begun: there is one every few minutes while somebody
        looks at a report, and nobody looks at its history."""
        ended = and_(_of(workspace_id, shop_id), runs.c.finished_at.is_not(None))
        with self._database.writing() as connection:
            connection.execute(delete(runs).where(ended, runs.c.id != run_id))

    def _serves(self, run: LiveRun, wish: frozenset[str]) -> bool:
        if run.state in _OPEN:
            return wish <= run.wanted
        age = self._clock.now() - (run.finished_at or 0.0)
        if run.state == "done":
            return age < DONE_RESTS_SECONDS and wish <= run.wanted
        return age < FAILURE_RESTS_SECONDS

    def _newest(self, workspace_id: str, shop_id: str) -> LiveRun | None:
        wanted = select(*_COLUMNS).where(_of(workspace_id, shop_id))
        with self._database.reading() as connection:
            row = connection.execute(wanted.order_by(runs.c.slot.desc()).limit(1)).first()
        return None if row is None else _live_run(row)

    def _enqueue(
        self, workspace_id: str, shop_id: str, number: int, wanted: frozenset[str]
    ) -> None:
        self._ledger.enqueue(
            workspace_id,
            shop_id,
            LANE,
            KIND,
            slot=f"{number:012}",
            parameters=_parameters(wanted),
            trigger="live",
            priority=WAITED_FOR,
        )

    def _widen(self, run: LiveRun, wanted: frozenset[str]) -> None:
        """Only while nobody has begun it, or widened it otherwise."""
        same = and_(
            runs.c.id == run.id,
            runs.c.state.in_(_NOT_BEGUN),
            runs.c.parameters == orjson.dumps(_parameters(run.wanted)).decode(),
        )
        values = {"parameters": orjson.dumps(_parameters(wanted)).decode()}
        with self._database.writing() as connection:
            connection.execute(update(runs).where(same).values(values))


def _of(workspace_id: str, shop_id: str) -> Any:
    return and_(runs.c.workspace_id == workspace_id, runs.c.shop_id == shop_id, runs.c.kind == KIND)


def _parameters(wanted: frozenset[str]) -> dict[str, list[str]]:
    return {"wanted": sorted(wanted)}


def _live_run(row: Any) -> LiveRun:
    return LiveRun(
        id=row.id,
        number=int(row.slot),
        state=row.state,
        wanted=frozenset(orjson.loads(row.parameters)["wanted"]),
        message=row.message,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def _busy() -> Retryable:
    return Retryable("The service is busy.", debug="the accounts database had no time")
