"""One writer at a time in a spreadsheet, across threads, processes and machines.

A lock is a lease: who dies with it is waited for no longer than it lasts. Whoever goes on with the
same run takes it over at once; the token it gets is greater, and the one before is shut out.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.exc import IntegrityError

from clock import Clock
from errors import Retryable
from store.database import Database
from store.fencing import Fenced
from store.sheets_schema import sheet_locks

#: Longer than Google works on one call (180 s; Sheets API, usage limits) and than we wait for it.
LEASE_SECONDS: Final = 240.0

_TRY_AGAIN_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Lease:
    """A lock that is held, as long as nobody has a greater token."""

    spreadsheet_id: str
    owner: str
    token: int


class SheetLocks:
    """Threads may share it."""

    def __init__(
        self, database: Database, clock: Clock, *, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._database = database
        self._clock = clock
        self._lease_seconds = lease_seconds

    @contextmanager
    def held(self, spreadsheet_id: str, owner: str) -> Iterator[Lease]:
        """The lock, given up at the end of the block. Raises Retryable when somebody else has it;
        the same `owner` (a run) takes it over."""
        lease = self._take(spreadsheet_id, owner)
        try:
            yield lease
        finally:
            with self._database.writing() as connection:
                connection.execute(update(sheet_locks).where(_held_by(lease)).values(expires_at=0))

    def renew(self, lease: Lease) -> None:
        """Before each write: the lock then holds for 0.9 of a lease at least. Raises Fenced when
        somebody else has taken it meanwhile."""
        now = self._clock.now()
        with self._database.reading() as connection:
            expires_at = connection.scalar(select(sheet_locks.c.expires_at).where(_held_by(lease)))
        if expires_at is not None and 0.9 < (expires_at - now) / self._lease_seconds <= 1:
            return
        with self._database.writing() as connection:
            renewed = update(sheet_locks).where(_held_by(lease))
            new = {"expires_at": now + self._lease_seconds}
            if not connection.execute(renewed.values(new)).rowcount:
                raise Fenced("Another worker goes on with this spreadsheet.", debug=lease.owner)

    def _take(self, spreadsheet_id: str, owner: str) -> Lease:
        now = self._clock.now()
        expires_at = now + self._lease_seconds
        this = sheet_locks.c.spreadsheet_id == spreadsheet_id
        with self._database.writing() as connection:
            known = connection.execute(select(sheet_locks).where(this).with_for_update()).first()
            if known is None:
                try:
                    connection.execute(
                        sheet_locks.insert().values(
                            spreadsheet_id=spreadsheet_id,
                            owner=owner,
                            token=1,
                            expires_at=expires_at,
                        )
                    )
                except IntegrityError:
                    raise _busy() from None  # somebody else was quicker (PostgreSQL)
                return Lease(spreadsheet_id, owner, 1)
            # A lease that ends later than any can was written under a clock that was ahead.
            holds = now < known.expires_at <= now + 2 * self._lease_seconds
            if holds and known.owner != owner:
                raise _busy()
            token = int(known.token) + 1
            connection.execute(
                update(sheet_locks)
                .where(this)
                .values(owner=owner, token=token, expires_at=expires_at)
            )
        return Lease(spreadsheet_id, owner, token)


def _busy() -> Retryable:
    return Retryable(
        "Another export writes into this spreadsheet right now. This one follows by itself.",
        retry_after=_TRY_AGAIN_SECONDS,
    )


def _held_by(lease: Lease) -> ColumnElement[bool]:
    return and_(
        sheet_locks.c.spreadsheet_id == lease.spreadsheet_id,
        sheet_locks.c.owner == lease.owner,
        sheet_locks.c.token == lease.token,
    )
