"""Invite links: with one of them a shop's owner connects the shop to an agency's workspace, without
an account here. A link works for one connection and for a while.

Only the digest of a link's token is stored. Looking at a link does not use it up, nor does a seller
who says no; what counts is the grant that comes back. It is taken before the code is exchanged, so
that two browsers cannot use one link, and given back when the exchange fails.

    open ──take──> used ──give_back──> open
      └──revoke──> revoked   └──(time)──> expired
"""

from __future__ import annotations

import secrets as random
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, select, update

from clock import Clock
from errors import BadRequest
from store.accounts_schema import invites
from store.database import Database
from store.secrets import digest, random_token

DAY_SECONDS: Final = 86_400.0
USUAL_DAYS: Final = 7
LONGEST_DAYS: Final = 30
#: For so long after the connection its browser may change which shops are connected.
CHOICE_SECONDS: Final = 3_600.0


@dataclass(frozen=True, slots=True)
class Invite:
    """`shop_id`: the shop that is to be connected again, "" for any. `state` is open, used, revoked
    or expired. Instants are UTC epoch seconds."""

    id: str
    workspace_id: str
    shop_id: str
    created_at: float
    expires_at: float
    used_at: float | None
    state: str


class Invites:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(
        self, workspace_id: str, *, shop_id: str = "", days: int = USUAL_DAYS
    ) -> tuple[Invite, str]:
        """A new invite and the token of its link, which is shown this once. BadRequest unless it is
        good for 1 to 30 days; that `shop_id` is the workspace's own is for the caller to check."""
        if not 1 <= days <= LONGEST_DAYS:
            raise BadRequest(f"An invite is good for 1 to {LONGEST_DAYS} days.")
        now, token = self._clock.now(), random_token()
        invite_id = random.token_hex(6)
        values = {
            "id": invite_id,
            "workspace_id": workspace_id,
            "digest": digest(token),
            "shop_id": shop_id,
            "created_at": now,
            "expires_at": now + days * DAY_SECONDS,
        }
        with self._database.writing() as connection:
            connection.execute(invites.insert().values(values))
            row = connection.execute(select(invites).where(invites.c.id == invite_id)).one()
        return _invite(row, now), token

    def of_workspace(self, workspace_id: str) -> list[Invite]:
        """The newest first."""
        mine = select(invites).where(invites.c.workspace_id == workspace_id)
        with self._database.reading() as connection:
            found = connection.execute(mine.order_by(invites.c.created_at.desc(), invites.c.id))
            return [_invite(row, self._clock.now()) for row in found]

    def open(self, token: str) -> Invite:
        """The invite of a link; BadRequest `not_found` when it cannot be used (any more)."""
        this = invites.c.digest == digest(token)
        with self._database.reading() as connection:
            row = connection.execute(select(invites).where(this)).first()
        if row is None or _invite(row, self._clock.now()).state != "open":
            raise _of_no_use()
        return _invite(row, self._clock.now())

    def revoke(self, workspace_id: str, invite_id: str) -> None:
        """From now on the link opens nothing. BadRequest `not_found` when there is none to revoke:
        a used one stays used."""
        mine = and_(
            invites.c.workspace_id == workspace_id,
            invites.c.id == invite_id,
            invites.c.used_at.is_(None),
        )
        with self._database.writing() as connection:
            revoked = update(invites).where(mine).values(revoked_at=self._clock.now())
            if not connection.execute(revoked).rowcount:
                raise BadRequest("There is no such open invite.", code="not_found")

    def take(self, invite_id: str, browser: str) -> None:
        """Use an invite up. BadRequest when it was used, revoked or has expired meanwhile."""
        now = self._clock.now()
        this = and_(invites.c.id == invite_id, _is_open(now))
        with self._database.writing() as connection:
            taken = update(invites).where(this).values(used_at=now, used_by=browser)
            if not connection.execute(taken).rowcount:
                raise _of_no_use()

    def give_back(self, invite_id: str, browser: str) -> None:
        """It led to no connection after all."""
        this = and_(
            invites.c.id == invite_id,
            invites.c.used_by == browser,
            invites.c.authorization_id == "",
        )
        with self._database.writing() as connection:
            connection.execute(update(invites).where(this).values(used_at=None, used_by=""))

    def connected(self, invite_id: str, authorization_id: str) -> None:
        """Note which grant the invite led to."""
        led_to = {"authorization_id": authorization_id}
        with self._database.writing() as connection:
            connection.execute(update(invites).where(invites.c.id == invite_id).values(led_to))

    def workspace_of_visitor(self, authorization_id: str, browser: str) -> str | None:
        """The workspace a browser has just connected this grant to with an invite; else None."""
        this = and_(
            invites.c.authorization_id == authorization_id,
            invites.c.used_by == browser,
            invites.c.used_at > self._clock.now() - CHOICE_SECONDS,
        )
        with self._database.reading() as connection:
            found = connection.scalar(select(invites.c.workspace_id).where(this).limit(1))
        return None if found is None else str(found)


def _is_open(now: float) -> ColumnElement[bool]:
    return and_(
        invites.c.used_at.is_(None), invites.c.revoked_at.is_(None), invites.c.expires_at > now
    )


def _invite(row: Row[Any], now: float) -> Invite:
    state = "open"
    if row.used_at is not None:
        state = "used"
    elif row.revoked_at is not None:
        state = "revoked"
    elif row.expires_at <= now:
        state = "expired"
    return Invite(
        id=row.id,
        workspace_id=row.workspace_id,
        shop_id=row.shop_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
        state=state,
    )


def _of_no_use() -> BadRequest:
    return BadRequest(
        "This invite was used already, was withdrawn or is too old. Ask whoever sent it for a new "
        "one.",
        code="not_found",
    )
