"""Members of a workspace: invited, changed, removed. A workspace always keeps an owner who has been
there.

An invited member is there at once, with a role; what makes somebody that member is the sign-in link
that goes with it (`Sessions.new_link_token`). Removing a member ends the member's sessions and
links.
"""

from __future__ import annotations

import secrets as random
from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, and_, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from errors import BadRequest
from store.accounts_rows import MemberRow
from store.accounts_schema import clients, member_clients, members, one_use_tokens, sessions
from store.roles import OWNER, ROLES

MOST_MEMBERS: Final = 500

NAMES_OF_GOOGLE: Final = (
    "Write a name without @. Who signs in with Google is put on the list of whoever runs this "
    "installation, and is a member from then on."
)
NO_SUCH: Final = "There is no such member."
LAST_OWNER: Final = (
    "This is the last owner. Make somebody else an owner first, who has signed in here before."
)


def members_of(connection: Connection, workspace_id: str) -> list[MemberRow]:
    """The first one first."""
    mine = select(members).where(members.c.workspace_id == workspace_id)
    of_clients = select(member_clients).where(member_clients.c.workspace_id == workspace_id)
    limits: dict[str, list[str]] = {}
    for row in connection.execute(of_clients.order_by(member_clients.c.client)):
        limits.setdefault(row.member_id, []).append(row.client)
    return [
        MemberRow(
            id=row.id,
            name=row.name,
            role=row.role,
            created_at=row.created_at,
            joined_at=row.joined_at,
            clients=tuple(limits.get(row.id, ())) if row.is_limited else None,
        )
        for row in connection.execute(mine.order_by(members.c.created_at, members.c.id))
    ]


def add_member(
    connection: Connection,
    workspace_id: str,
    *,
    name: str,
    role: str,
    limited_to: Collection[str] | None,
    now: float,
    by_google: bool = False,
) -> str:
    """Its id. `limited_to`: the clients whose shops the member sees, None for all shops.
    `by_google`: the name is an e-mail address that Google vouches for. BadRequest for a name that
    is taken or none, an unknown role, a client that is not there, an owner with a limit."""
    name = name.strip()
    _check_name(name, by_google=by_google)
    _check(connection, workspace_id, role, limited_to)
    held = select(func.count()).where(members.c.workspace_id == workspace_id)
    if (connection.scalar(held) or 0) >= MOST_MEMBERS:
        raise BadRequest(f"A workspace has at most {MOST_MEMBERS} members.")
    taken = and_(members.c.workspace_id == workspace_id, members.c.name == name)
    name_taken = "There is a member of this name already."
    if connection.execute(select(members.c.id).where(taken)).first() is not None:
        raise BadRequest(name_taken)
    member_id = random.token_hex(8)
    try:
        connection.execute(
            members.insert().values(
                id=member_id,
                workspace_id=workspace_id,
                name=name,
                role=role,
                created_at=now,
                is_limited=limited_to is not None,
            )
        )
    except IntegrityError:
        raise BadRequest(name_taken) from None
    _limit(connection, workspace_id, member_id, limited_to)
    return member_id


def change_member(
    connection: Connection,
    workspace_id: str,
    member_id: str,
    *,
    role: str,
    limited_to: Collection[str] | None,
) -> None:
    """Takes effect with the member's next page. BadRequest as with `add_member`, and for the last
    owner who would be none any more."""
    _check(connection, workspace_id, role, limited_to)
    this = _this(connection, workspace_id, member_id)
    if role != OWNER:
        _keep_an_owner(connection, workspace_id, member_id)
    changed = {"role": role, "is_limited": limited_to is not None}
    connection.execute(update(members).where(members.c.id == this).values(changed))
    _limit(connection, workspace_id, this, limited_to)


def remove_member(connection: Connection, workspace_id: str, member_id: str) -> None:
    """With the member's sessions and sign-in links. BadRequest for the last owner."""
    this = _this(connection, workspace_id, member_id)
    _keep_an_owner(connection, workspace_id, this)
    mine = and_(
        one_use_tokens.c.workspace_id == workspace_id,
        one_use_tokens.c.purpose == "sign_in",
        one_use_tokens.c.detail == this,
    )
    connection.execute(delete(one_use_tokens).where(mine))
    connection.execute(delete(sessions).where(sessions.c.member_id == this))
    connection.execute(delete(member_clients).where(member_clients.c.member_id == this))
    connection.execute(delete(members).where(members.c.id == this))


def _this(connection: Connection, workspace_id: str, member_id: str) -> str:
    """The id, when it is a member of the workspace; BadRequest `not_found` when not."""
    mine = and_(members.c.workspace_id == workspace_id, members.c.id == member_id)
    found = connection.scalar(select(members.c.id).where(mine))
    if found is None:
        raise BadRequest(NO_SUCH, code="not_found")
    return str(found)


def _check_name(name: str, *, by_google: bool) -> None:
    if not name:
        raise BadRequest("Write a name.")
    if not name.isprintable():
        raise BadRequest("Use letters, digits and signs only for the name, on one line.")
    if "@" in name and not by_google:
        # Such a member is let in by Google alone, and no link would work.
        raise BadRequest(NAMES_OF_GOOGLE)


def _check(
    connection: Connection, workspace_id: str, role: str, limited_to: Collection[str] | None
) -> None:
    if role not in ROLES:
        raise BadRequest(f"Choose one of the roles: {', '.join(ROLES)}.")
    if limited_to is None:
        return
    if role == OWNER:
        raise BadRequest("An owner sees all shops. Choose another role to limit somebody.")
    known = select(clients.c.name).where(clients.c.workspace_id == workspace_id)
    if not set(limited_to) <= set(connection.scalars(known)):
        raise BadRequest("There is no such client.", code="not_found")


def _keep_an_owner(connection: Connection, workspace_id: str, member_id: str) -> None:
    """BadRequest when without this member no owner is left who has ever been here."""
    owners = and_(
        members.c.workspace_id == workspace_id,
        members.c.role == OWNER,
        members.c.joined_at.is_not(None),
    )
    # All rows are held, so that two owners cannot leave at the same moment.
    held = select(members.c.id).where(owners).with_for_update()
    if set(connection.scalars(held)) == {member_id}:
        raise BadRequest(LAST_OWNER)


def _limit(
    connection: Connection, workspace_id: str, member_id: str, limited_to: Collection[str] | None
) -> None:
    connection.execute(delete(member_clients).where(member_clients.c.member_id == member_id))
    for client in sorted(set(limited_to or ())):
        values = {"workspace_id": workspace_id, "member_id": member_id, "client": client}
        connection.execute(member_clients.insert().values(values))
