"""How often Google Sheets may be called: shared by all processes.

Google allows 60 reads and 60 writes a minute to a user, and 300 of each to a project (Sheets API,
usage limits). A bucket that holds a few calls and refills evenly never lets more through in any
minute, wherever Google begins to count: 10 + 50 = 60, 50 + 250 = 300.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection, Row, select, update

from clock import Clock
from errors import RateLimited, Retryable
from store.database import Database
from store.sheets_schema import sheet_budgets

Kind = Literal["read", "write"]


class _Size(NamedTuple):
    """`most` calls at once, and so many a second."""

    most: float
    rate: float


_USER: Final = _Size(10, 50 / 60)
_PROJECT: Final = _Size(50, 250 / 60)

#: Nobody waits longer in one go than a worker's sign of life may take.
PATIENCE_SECONDS: Final = 90.0

_STEP_SECONDS: Final = 1.0
_SHORTEST_STEP_SECONDS: Final = 0.01
#: What lies further ahead was written under a clock that was ahead.
_LONGEST_BLOCK_SECONDS: Final = 300.0


class SheetBudget:
    """Threads may share it."""

    def __init__(
        self, database: Database, clock: Clock, *, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._database = database
        self._clock = clock
        self._patience = patience_seconds

    def acquire(self, kind: Kind, user: str, project: str) -> None:
        """Block until a call is allowed. RateLimited, with the time to wait, when that is longer
        than the patience; Retryable when the clock was interrupted because the process stops."""
        give_up_at = self._clock.monotonic() + self._patience
        while (wait := self._take(kind, user, project)) > 0:
            started = self._clock.monotonic()
            if started + wait > give_up_at:
                raise RateLimited(
                    "Google Sheets allows no more calls at the moment. The export goes on by "
                    "itself.",
                    retry_after=wait,
                )
            step = min(max(wait, _SHORTEST_STEP_SECONDS), _STEP_SECONDS)
            self._clock.sleep(step)
            if self._clock.monotonic() - started < step / 2:
                raise Retryable("The program is being stopped.", debug="sheet budget")

    def refused(self, kind: Kind, user: str, seconds: float) -> None:
        """Google said: too many requests. Nobody calls for this user before so many seconds."""
        now = self._clock.now()
        with self._database.writing() as connection:
            bucket = _bucket(connection, _name(kind, "user", user), _USER, now)
            until = max(bucket.blocked_until, now + seconds)
            _change(connection, bucket.name, tokens=0.0, counted_at=now, blocked_until=until)

    def _take(self, kind: Kind, user: str, project: str) -> float:
        """0 when the call is taken, else how many seconds to wait before asking again."""
        now = self._clock.now()
        sizes = {_name(kind, "user", user): _USER, _name(kind, "project", project): _PROJECT}
        with self._database.writing() as connection:
            left = {}
            for name, size in sizes.items():
                bucket = _bucket(connection, name, size, now)
                since = max(0.0, now - bucket.counted_at)
                tokens = min(size.most, bucket.tokens + since * size.rate)
                blocked = bucket.blocked_until - now
                if 0 < blocked <= _LONGEST_BLOCK_SECONDS:
                    return float(blocked)
                if tokens < 1:
                    return float((1 - tokens) / size.rate)
                left[name] = tokens - 1
            for name, tokens in left.items():
                _change(connection, name, tokens=tokens, counted_at=now)
        return 0.0


def _name(kind: Kind, scope: str, whose: str) -> str:
    return f"{kind} {scope} {whose}"


def _bucket(connection: Connection, name: str, size: _Size, now: float) -> Row[Any]:
    wanted = select(sheet_budgets).where(sheet_budgets.c.name == name).with_for_update()
    row = connection.execute(wanted).first()
    if row is None:
        full = {"tokens": size.most, "counted_at": now, "blocked_until": 0.0}
        connection.execute(sheet_budgets.insert().values(name=name, **full))
        row = connection.execute(wanted).one()
    elif row.counted_at > now + _STEP_SECONDS:
        _change(connection, name, counted_at=now)
        row = connection.execute(wanted).one()
    return row


def _change(connection: Connection, name: str, **values: float) -> None:
    connection.execute(update(sheet_budgets).where(sheet_budgets.c.name == name).values(**values))
