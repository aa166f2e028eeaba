"""The step of the accounts database that brings members with roles, and keys whose names differ.

A step is written once and never changed: it names tables and columns as they were at its time.
"""

from __future__ import annotations

from sqlalchemy import Connection, text


def add_members(connection: Connection) -> None:
    """What a member may see, keys for refreshing only, and names that are there once. Names that
    were there several times before get a number: "Report", "Report 2"."""
    for statement in (
        "ALTER TABLE members ADD COLUMN is_limited BOOLEAN NOT NULL DEFAULT FALSE",
        "ALTER TABLE members ADD COLUMN joined_at DOUBLE PRECISION",
        "UPDATE members SET joined_at = created_at",
        """CREATE TABLE member_clients (
            member_id TEXT NOT NULL REFERENCES members (id), client TEXT NOT NULL,
            workspace_id TEXT NOT NULL REFERENCES workspaces (id),
            PRIMARY KEY (member_id, client),
            FOREIGN KEY (workspace_id, client) REFERENCES clients (workspace_id, name))""",
        "ALTER TABLE keys ADD COLUMN target TEXT NOT NULL DEFAULT ''",
    ):
        connection.exec_driver_sql(statement)
    _number(connection, "members", "")
    _number(connection, "keys", "WHERE revoked_at IS NULL")
    for statement in (
        "CREATE UNIQUE INDEX members_by_name ON members (workspace_id, name)",
        "CREATE UNIQUE INDEX keys_by_name ON keys (workspace_id, name) WHERE revoked_at IS NULL",
    ):
        connection.exec_driver_sql(statement)


def _number(connection: Connection, table: str, which: str) -> None:
    """The oldest of a name keeps it."""
    listed = f"SELECT id, workspace_id, name FROM {table} {which} ORDER BY created_at, id"
    found = connection.exec_driver_sql(listed).all()
    taken = {(row.workspace_id, row.name) for row in found}
    seen: set[tuple[str, str]] = set()
    rename = text(f"UPDATE {table} SET name = :name WHERE id = :id")
    for row in found:
        if (row.workspace_id, row.name) in seen:
            number = 2
            while (row.workspace_id, f"{row.name} {number}") in taken:
                number += 1
            name = f"{row.name} {number}"
            taken.add((row.workspace_id, name))
            connection.execute(rename, {"name": name, "id": row.id})
        seen.add((row.workspace_id, row.name))
