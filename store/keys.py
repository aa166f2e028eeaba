"""API keys of a workspace: made, listed, revoked. Of a key only a keyed hash is kept."""

from __future__ import annotations

from itertools import count

from sqlalchemy import Connection, and_, select, update
from sqlalchemy.exc import IntegrityError

from errors import BadRequest
from store.accounts_rows import NO_LIMIT, SAMPLE, KeyRow, Limit, key_row
from store.accounts_schema import clients, keys, shops
from store.roles import REFRESH, SCOPES
from store.secrets import WorkspaceSecrets, new_bare_key

NAME_TAKEN = "There is a key of this name already. Choose another, or revoke that one."


def create_key(
    connection: Connection,
    workspace_id: str,
    secrets: WorkspaceSecrets,
    *,
    name: str,
    scope: str,
    limit: Limit,
    target: str,
    now: float,
) -> tuple[KeyRow, str]:
    """The key and its bare text. BadRequest for a name that a key in use has, also when both are
    made at the same moment; for an unknown scope; for a limit to what is not the workspace's or to
    several clients, and for one of a key that only refreshes; for a target of a key that does
    not only refresh."""
    if scope not in SCOPES:
        raise BadRequest(f"{scope} is not a scope. Choose one of: {', '.join(SCOPES)}.")
    if limit != NO_LIMIT and scope == REFRESH:
        raise BadRequest("A key that refreshes a spreadsheet has no limit to clients or shops.")
    if target and scope != REFRESH:
        raise BadRequest("Only a key for refreshing can be bound to one spreadsheet.")
    if len(limit.clients or ()) > 1:
        raise BadRequest("A key can be limited to one client.")
    _check_limit(connection, workspace_id, limit)
    key_id, bare_key = new_bare_key()
    made = keys.insert().values(
        id=key_id,
        workspace_id=workspace_id,
        name=name,
        scope=scope,
        digest=secrets.key_digest(bare_key),
        created_at=now,
        client=next(iter(limit.clients or ()), None),
        shop_ids=" ".join(limit.shop_ids),
        target=target,
    )
    if _is_taken(connection, workspace_id, name):
        raise BadRequest(NAME_TAKEN)
    try:
        connection.execute(made)
    except IntegrityError:
        # Somebody else's was first; SQLite lets one at a time come so far.
        raise BadRequest(NAME_TAKEN) from None
    return key_row(connection.execute(select(keys).where(keys.c.id == key_id)).one()), bare_key


def free_name(connection: Connection, workspace_id: str, name: str) -> str:
    """The name, or the name with the first number that makes it one of no key in use."""
    tries = (name if number == 1 else f"{name} {number}" for number in count(1))
    return next(one for one in tries if not _is_taken(connection, workspace_id, one))


def keys_of(connection: Connection, workspace_id: str) -> list[KeyRow]:
    mine = select(keys).where(keys.c.workspace_id == workspace_id).order_by(keys.c.created_at)
    return [key_row(row) for row in connection.execute(mine)]


def revoke_key(connection: Connection, workspace_id: str, key_id: str, now: float) -> None:
    """From now on the key opens nothing; harmless to repeat. BadRequest when it is not ours."""
    this = and_(keys.c.id == key_id, keys.c.workspace_id == workspace_id)
    known = connection.execute(select(keys.c.revoked_at).where(this)).first()
    if known is None:
        raise BadRequest("There is no such API key.", code="not_found")
    if known.revoked_at is None:
        connection.execute(update(keys).where(this).values(revoked_at=now))


def _is_taken(connection: Connection, workspace_id: str, name: str) -> bool:
    same = and_(
        keys.c.workspace_id == workspace_id, keys.c.name == name, keys.c.revoked_at.is_(None)
    )
    return connection.execute(select(keys.c.id).where(same)).first() is not None


def _check_limit(connection: Connection, workspace_id: str, limit: Limit) -> None:
    for client in limit.clients or ():
        known = and_(clients.c.workspace_id == workspace_id, clients.c.name == client)
        if connection.execute(select(clients.c.name).where(known)).first() is None:
            raise BadRequest("There is no such client.", code="not_found")
    wanted = set(limit.shop_ids) - {SAMPLE}
    if wanted:
        mine = and_(shops.c.workspace_id == workspace_id, shops.c.shop_id.in_(wanted))
        found = set(connection.scalars(select(shops.c.shop_id).where(mine)))
        if found != wanted:
            raise BadRequest("This shop is not connected to your workspace.", code="unknown_shop")
