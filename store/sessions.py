"""Signing in with a link, the sessions that follow, and the `state` of TikTok's consent page.

Only digests of the random tokens are stored. Links and states work once and only for a while: the
mark that they were used is set by the same statement that finds them.
"""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Row, and_, delete, select, update

from clock import Clock
from errors import BadRequest, Refused
from store.accounts_rows import SCOPES, Principal
from store.accounts_schema import members, one_use_tokens, sessions, workspaces
from store.database import Database
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

    def new_link_token(self, workspace_id: str, valid_seconds: float = LINK_SECONDS) -> str:
        """The token of a sign-in link for the workspace's owner; works once."""
        return _new_token(
            self._database,
            self._clock.now(),
            purpose="sign_in",
            workspace_id=workspace_id,
            valid_seconds=valid_seconds,
        )

    def sign_in(self, link_token: str) -> str:
        """Use up a sign-in link; returns the bare token of a new session. Refused `unauthorised`
        when the link is wrong, used or too old."""
        now = self._clock.now()
        with self._database.writing() as connection:
            link = _used(connection, link_token, now, purpose="sign_in", bound_to="")
            if link is None:
                raise Refused(
                    "This sign-in link was used already or is too old. Make a new one with "
                    "'flask --app app login-link'.",
                    code="unauthorised",
                )
            member = members.c.workspace_id == link.workspace_id
            oldest = select(members.c.id).where(member).order_by(members.c.created_at).limit(1)
            member_id = connection.scalar(oldest)
            return _new_session(connection, link.workspace_id, str(member_id), now)

    def sign_in_as(self, workspace_id: str, name: str) -> str:
        """The bare token of a new session for somebody who was recognised; a member of this name
        is made where there is none. BadRequest `not_found` for an unknown workspace."""
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
                member_id = random.token_hex(8)
                values = {"id": member_id, "workspace_id": workspace_id, "name": name}
                connection.execute(members.insert().values(**values, role="owner", created_at=now))
            return _new_session(connection, workspace_id, member_id, now)

    def principal(self, session_token: str) -> Principal | None:
        """Who this session belongs to; None when it is unknown or has ended."""
        now = self._clock.now()
        this = sessions.c.digest == digest(session_token)
        wanted = (
            select(sessions, members.c.name)
            .join_from(sessions, members)
            .where(this, sessions.c.seen_at > now - IDLE_SECONDS)
            .where(sessions.c.created_at > now - LONGEST_SECONDS)
        )
        with self._database.reading() as connection:
            row = connection.execute(wanted).first()
        if row is None:
            return None
        if now - row.seen_at >= SEEN_EVERY_SECONDS:
            with self._database.writing() as connection:
                connection.execute(update(sessions).where(this).values(seen_at=now))
        return Principal(
            workspace_id=row.workspace_id,
            member=row.name,
            session_id=row.digest,
            scopes=frozenset(SCOPES),
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
        return _new_token(
            self._database,
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


def _new_session(connection: Connection, workspace_id: str, member_id: str, now: float) -> str:
    """Its bare token. Sessions that have ended go."""
    session_token = random_token()
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


def _new_token(
    database: Database,
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
    with database.writing() as connection:
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
