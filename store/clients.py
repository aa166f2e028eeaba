"""Clients: an agency's grouping of shops. A client is its name within a workspace."""

from __future__ import annotations

from sqlalchemy import Connection, and_, select, update

from errors import BadRequest
from store.accounts_schema import clients, keys, member_clients, shops

NAME_RESERVED = "“All” stands for all clients in a report. Choose another name."


def is_reserved(name: str) -> bool:
    """Whether it means all clients where one is chosen, and so can be no client's name."""
    return name.strip().lower() == "all"


def add_client(connection: Connection, workspace_id: str, name: str) -> None:
    """Harmless when there is such a client. BadRequest for a name that means all of them."""
    if is_reserved(name):
        raise BadRequest(NAME_RESERVED)
    if not _is_there(connection, workspace_id, name):
        connection.execute(clients.insert().values(workspace_id=workspace_id, name=name))


def rename_client(connection: Connection, workspace_id: str, name: str, new_name: str) -> None:
    """Its shops, and the keys and members that are limited to it, go along. BadRequest when there
    is no such client, or another of the new name."""
    if name == new_name:
        return
    if not _is_there(connection, workspace_id, name):
        raise BadRequest("There is no such client.", code="not_found")
    if _is_there(connection, workspace_id, new_name):
        raise BadRequest(f"There is a client called {new_name} already.")
    add_client(connection, workspace_id, new_name)
    for table in (shops, keys, member_clients):
        its = and_(table.c.workspace_id == workspace_id, table.c.client == name)
        connection.execute(update(table).where(its).values(client=new_name))
    _remove(connection, workspace_id, name)


def remove_client(connection: Connection, workspace_id: str, name: str) -> None:
    """Its shops stay, under no client; members who were limited to it see them no more. BadRequest
    while a key is limited to it, for such a key would open nothing; harmless when there is no such
    client."""
    its = and_(
        keys.c.workspace_id == workspace_id, keys.c.client == name, keys.c.revoked_at.is_(None)
    )
    if connection.execute(select(keys.c.id).where(its)).first() is not None:
        raise BadRequest(
            f"A key is limited to the client {name}. Revoke that key first, then delete the client."
        )
    of_client = and_(shops.c.workspace_id == workspace_id, shops.c.client == name)
    connection.execute(update(shops).where(of_client).values(client=None))
    seen = and_(member_clients.c.workspace_id == workspace_id, member_clients.c.client == name)
    connection.execute(member_clients.delete().where(seen))
    _remove(connection, workspace_id, name)


def _is_there(connection: Connection, workspace_id: str, name: str) -> bool:
    known = and_(clients.c.workspace_id == workspace_id, clients.c.name == name)
    return connection.execute(select(clients.c.name).where(known)).first() is not None


def _remove(connection: Connection, workspace_id: str, name: str) -> None:
    this = and_(clients.c.workspace_id == workspace_id, clients.c.name == name)
    connection.execute(clients.delete().where(this))
