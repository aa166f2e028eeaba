"""Signing in with a link, the sessions that follow, and the `state` of TikTok's consent page.

Only digests of the random tokens are stored. Links and states work once and only for a while: the
mark that they were used is set by the same statement that finds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, and_, delete, select, update

from clock import Clock
from errors import BadRequest, Refused
from store.accounts_rows import NO_LIMIT, Limit, Principal
from store.accounts_schema import member_clients, members, one_use_tokens, sessions, workspaces
from store.database import Database
from store.members import NO_SUCH, add_member
from store.roles import OWNER
from store.secrets import digest, random_token

LINK_SECONDS: Final = 15 * 60.0
STATE_SECONDS: Final = 15 * 60.0
#: A session ends this long after its last page, and at the latest so long after its start.
IDLE_SECONDS: Final = 7 * 86_400.0
LONGEST_SECONDS: Final = 30 * 86_400.0
#: `seen_at` is not written more often than this.
SEEN_EVERY_SECONDS: Final = 600.0


class Sessions:
    """Sign-in links and sessions of the members."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def new_link_token(
        self, workspace_id: str, valid_seconds: float = LINK_SECONDS, *, member_id: str = ""
    ) -> str:
        """The token of a sign-in link for a member, "" for the workspace's first owner; works once.
        BadRequest `not_found` when there is no such member."""
        now = self._clock.now()
        with self._database.writing() as connection:
            mine = and_(members.c.workspace_id == workspace_id, members.c.id == member_id)
            if member_id and connection.execute(select(members.c.id).where(mine)).first() is None:
                raise BadRequest(NO_SUCH, code="not_found")
            return _new_token(
                connection,
                now,
                purpose="sign_in",
                workspace_id=workspace_id,
                detail=member_id,
                valid_seconds=valid_seconds,
            )

    def sign_in(self, link_token: str) -> str:
        """Use up a sign-in link; returns the bare token of a new session. Refused `unauthorised`
        when the link is wrong, used or too old."""
        now = self._clock.now()
        with self._database.writing() as connection:
            link = _used(connection, link_token, now, purpose="sign_in", bound_to="")
            member_id = _member_of(connection, link) if link is not None else None
            if link is None or member_id is None:
                raise Refused(
                    "This sign-in link was used already or is too old. Ask an owner of your "
                    "workspace for a new one; 'flask --app app login-link' makes one too.",
                    code="unauthorised",
                )
            return _new_session(connection, link.workspace_id, member_id, now)

    def sign_in_as(self, workspace_id: str, name: str, role: str = OWNER) -> str:
        """The bare token of a new session for somebody who was recognised; a member of this name
        is made where there is none, with this role. BadRequest `not_found` for an unknown
        workspace."""
        now = self._clock.now()
        with self._database.writing() as connection:
            workspace = select(workspaces.c.id).where(workspaces.c.id == workspace_id)
            if connection.scalar(workspace) is None:
                raise BadRequest("There is no such workspace.", code="not_found")
            known = select(members.c.id).where(
                members.c.workspace_id == workspace_id, members.c.name == name
            )
            member_id = connection.scalar(known)
            if member_id is None:
                member_id = add_member(
                    connection,
                    workspace_id,
                    name=name,
                    role=role,
                    limited_to=None,
                    now=now,
                    by_google=True,
                )
            return _new_session(connection, workspace_id, member_id, now)

    def principal(self, session_token: str) -> Principal | None:
        """Who this session belongs to, with the role and the limit of this moment; None when it is
        unknown or has ended."""
        now = self._clock.now()
        this = sessions.c.digest == digest(session_token)
        wanted = (
            select(sessions, members.c.name, members.c.role, members.c.is_limited)
            .join_from(sessions, members)
            .where(this, sessions.c.seen_at > now - IDLE_SECONDS)
            .where(sessions.c.created_at > now - LONGEST_SECONDS)
        )
        with self._database.reading() as connection:
            row = connection.execute(wanted).first()
            limit = _limit_of(connection, row) if row is not None else NO_LIMIT
        if row is None:
            return None
        if now - row.seen_at >= SEEN_EVERY_SECONDS:
            with self._database.writing() as connection:
                connection.execute(update(sessions).where(this).values(seen_at=now))
        return Principal(
            workspace_id=row.workspace_id,
            member=row.name,
            member_id=row.member_id,
            role=row.role,
            session_id=row.digest,
            limit=limit,
        )

    def sign_out(self, session_token: str) -> None:
        with self._database.writing() as connection:
            this = sessions.c.digest == digest(session_token)
            connection.execute(delete(sessions).where(this))


@dataclass(frozen=True, slots=True)
class Intent:
    """What somebody set out to connect. `region` is that of the consent page; `shop_id`: the shop
    that is to be connected again, "" for any; `invite_id`: the invite it is done with, "" for a
    member."""

    workspace_id: str
    region: str
    shop_id: str = ""
    invite_id: str = ""


class ConsentStates:
    """The `state` that goes with a seller to TikTok and comes back: bound to the browser and the
    intent it was made for. `browser` is `web`'s digest of a session or visit cookie."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def new(self, intent: Intent, browser: str) -> str:
        told = (intent.region, intent.shop_id, intent.invite_id)
        with self._database.writing() as connection:
            return _new_token(
                connection,
                self._clock.now(),
                purpose="connect",
                workspace_id=intent.workspace_id,
                bound_to=browser,
                detail=orjson.dumps(told).decode(),
                valid_seconds=STATE_SECONDS,
            )

    def use(self, state: str, browser: str) -> Intent:
        """Use up a state; returns its intent. BadRequest when it is missing, wrong, used, too old,
        or was made in another browser. A foreign browser cannot use it up."""
        now = self._clock.now()
        with self._database.writing() as connection:
            row = _used(connection, state, now, purpose="connect", bound_to=browser)
        if row is None:
            raise BadRequest(
                "This answer from TikTok does not belong to a connection you started here, or it "
                "came too late. Please start again."
            )
        return Intent(row.workspace_id, *orjson.loads(row.detail))


class GoogleStates:
    """The `state` that goes with a member to Google and comes back. `browser` as for
    `ConsentStates`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def new(self, workspace_id: str, browser: str) -> str:
        with self._database.writing() as connection:
            return _new_token(
                connection,
                self._clock.now(),
                purpose="google",
                workspace_id=workspace_id,
                bound_to=browser,
                valid_seconds=STATE_SECONDS,
            )

    def use(self, state: str, workspace_id: str, browser: str) -> None:
        """Use up a state. BadRequest when it is missing, wrong, used, too old, or was made in
        another browser or for another workspace."""
        now = self._clock.now()
        with self._database.writing() as connection:
            row = _used(connection, state, now, purpose="google", bound_to=browser)
        if row is None or row.workspace_id != workspace_id:
            raise BadRequest(
                "This answer from Google does not belong to a sign-in you started here, or it came "
                "too late. Please start again."
            )


def _new_session(connection: Connection, workspace_id: str, member_id: str, now: float) -> str:
    """Its bare token. Sessions that have ended go."""
    session_token = random_token()
    first_time = and_(members.c.id == member_id, members.c.joined_at.is_(None))
    connection.execute(update(members).where(first_time).values(joined_at=now))
    connection.execute(delete(sessions).where(_ended(now)))
    connection.execute(
        sessions.insert().values(
            digest=digest(session_token),
            workspace_id=workspace_id,
            member_id=member_id,
            created_at=now,
            seen_at=now,
        )
    )
    return session_token


def _member_of(connection: Connection, link: Row[Any]) -> str | None:
    """Whom a sign-in link is for; None for a member who was removed."""
    mine = select(members.c.id).where(members.c.workspace_id == link.workspace_id)
    if link.detail:
        return connection.scalar(mine.where(members.c.id == link.detail))
    owners = mine.where(members.c.role == OWNER, members.c.joined_at.is_not(None))
    return connection.scalar(owners.order_by(members.c.created_at, members.c.id).limit(1))


def _limit_of(connection: Connection, row: Row[Any]) -> Limit:
    if not row.is_limited:
        return NO_LIMIT
    its = select(member_clients.c.client).where(member_clients.c.member_id == row.member_id)
    return Limit(clients=tuple(connection.scalars(its.order_by(member_clients.c.client))))


def _new_token(
    connection: Connection,
    now: float,
    *,
    purpose: str,
    workspace_id: str,
    valid_seconds: float,
    bound_to: str = "",
    detail: str = "",
) -> str:
    token = random_token()
    values: Mapping[str, object] = {
        "digest": digest(token),
        "purpose": purpose,
        "workspace_id": workspace_id,
        "bound_to": bound_to,
        "detail": detail,
        "expires_at": now + valid_seconds,
    }
    connection.execute(delete(one_use_tokens).where(one_use_tokens.c.expires_at <= now))
    connection.execute(one_use_tokens.insert().values(values))
    return token


def _used(
    connection: Connection, token: str, now: float, *, purpose: str, bound_to: str
) -> Row[Any] | None:
    """Mark the token as used and return its row; None when it cannot be used (any more)."""
    this = and_(
        one_use_tokens.c.digest == digest(token),
        one_use_tokens.c.purpose == purpose,
        one_use_tokens.c.bound_to == bound_to,
        one_use_tokens.c.used_at.is_(None),
        one_use_tokens.c.expires_at > now,
    )
    if not connection.execute(update(one_use_tokens).where(this).values(used_at=now)).rowcount:
        return None
    same = one_use_tokens.c.digest == digest(token)
    return connection.execute(select(one_use_tokens).where(same)).one()


def _ended(now: float) -> Any:
    return (sessions.c.seen_at <= now - IDLE_SECONDS) | (
        sessions.c.created_at <= now - LONGEST_SECONDS
    )
