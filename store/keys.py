"""API keys of a workspace: made, listed, revoked. Of a key only a digest is kept."""

from __future__ import annotations

from sqlalchemy import Connection, and_, select, update

from errors import BadRequest
from store.accounts_rows import NO_LIMIT, SAMPLE, SCOPES, KeyRow, Limit, key_row
from store.accounts_schema import clients, keys, shops
from store.secrets import WorkspaceSecrets, new_bare_key


def create_key(
    connection: Connection,
    workspace_id: str,
    secrets: WorkspaceSecrets,
    *,
    name: str,
    scope: str,
    limit: Limit,
    now: float,
) -> tuple[KeyRow, str]:
    """The key and its bare text. BadRequest for an unknown scope, for a limit to what is not the
    workspace's, and for a key that may manage but not see everything."""
    if scope not in SCOPES:
        raise BadRequest(f"{scope} is not a scope. Choose one of: {', '.join(SCOPES)}.")
    if limit != NO_LIMIT and scope != "read":
        raise BadRequest("Only a key for reading can be limited to a client or to shops.")
    _check_limit(connection, workspace_id, limit)
    key_id, bare_key = new_bare_key()
    connection.execute(
        keys.insert().values(
            id=key_id,
            workspace_id=workspace_id,
            name=name,
            scope=scope,
            digest=secrets.key_digest(bare_key),
            created_at=now,
            client=limit.client,
            shop_ids=" ".join(limit.shop_ids),
        )
    )
    return key_row(connection.execute(select(keys).where(keys.c.id == key_id)).one()), bare_key


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


def _check_limit(connection: Connection, workspace_id: str, limit: Limit) -> None:
    if limit.client is not None:
        known = and_(clients.c.workspace_id == workspace_id, clients.c.name == limit.client)
        if connection.execute(select(clients.c.name).where(known)).first() is None:
            raise BadRequest("There is no such client.", code="not_found")
    wanted = set(limit.shop_ids) - {SAMPLE}
    if wanted:
        mine = and_(shops.c.workspace_id == workspace_id, shops.c.shop_id.in_(wanted))
        found = set(connection.scalars(select(shops.c.shop_id).where(mine)))
        if found != wanted:
            raise BadRequest("This shop is not connected to your workspace.", code="unknown_shop")
