"""The numbered steps that lead an older accounts database to the tables of today.

The tables are declared in store/accounts_schema.py; here is how a database of an earlier release
gets there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, inspect, select

from errors import Refused
from store.accounts_schema import ACCOUNTS, metadata
from store.bookkeeping_schema import BOOKKEEPING, add_bookkeeping
from store.database import Database
from store.exports_schema import EXPORTS, add_exports
from store.members_step import add_members
from store.operations_schema import OPERATIONS, add_operations
from store.sheets_schema import SHEETS, add_sheets


def _add_notifications(connection: Connection) -> None:
    for statement in (
        """CREATE TABLE notifications (
            workspace_id TEXT NOT NULL, shop_id TEXT NOT NULL, notification_id TEXT NOT NULL,
            topic TEXT NOT NULL, named TEXT NOT NULL, received_at DOUBLE PRECISION NOT NULL,
            settled_at DOUBLE PRECISION, PRIMARY KEY (workspace_id, shop_id, notification_id))""",
        "CREATE INDEX notifications_by_age ON notifications (workspace_id, shop_id, received_at)",
        """CREATE TABLE access_ends (
            workspace_id TEXT NOT NULL, shop_id TEXT NOT NULL, ends_at DOUBLE PRECISION,
            told_at DOUBLE PRECISION NOT NULL, PRIMARY KEY (workspace_id, shop_id))""",
    ):
        connection.exec_driver_sql(statement)


def _add_history(connection: Connection) -> None:
    """What a run was for, what it cost and brought, and whether it is stuck."""
    for column in (
        "\"trigger\" TEXT NOT NULL DEFAULT ''",
        "window_start BIGINT",
        "window_end BIGINT",
        '"rows" BIGINT NOT NULL DEFAULT 0',
        "calls BIGINT NOT NULL DEFAULT 0",
        "retries BIGINT NOT NULL DEFAULT 0",
        "reference TEXT NOT NULL DEFAULT ''",
        "progress_at DOUBLE PRECISION",
        "stuck_at DOUBLE PRECISION",
    ):
        connection.exec_driver_sql(f"ALTER TABLE runs ADD COLUMN {column}")


def _add_invites(connection: Connection) -> None:
    """Invites, and the shops that a grant covers beside those that were chosen."""
    for statement in (
        """CREATE TABLE listed_shops (
            authorization_id TEXT NOT NULL REFERENCES authorizations (id), shop_id TEXT NOT NULL,
            name TEXT NOT NULL, code TEXT NOT NULL, region TEXT NOT NULL,
            seller_type TEXT NOT NULL, cipher TEXT NOT NULL,
            PRIMARY KEY (authorization_id, shop_id))""",
        """CREATE TABLE invites (
            id TEXT NOT NULL PRIMARY KEY, workspace_id TEXT NOT NULL REFERENCES workspaces (id),
            digest TEXT NOT NULL UNIQUE, shop_id TEXT NOT NULL,
            created_at DOUBLE PRECISION NOT NULL, expires_at DOUBLE PRECISION NOT NULL,
            revoked_at DOUBLE PRECISION, used_at DOUBLE PRECISION,
            used_by TEXT NOT NULL DEFAULT '', authorization_id TEXT NOT NULL DEFAULT '')""",
    ):
        connection.exec_driver_sql(statement)


def _add_refused_rate(connection: Connection) -> None:
    connection.exec_driver_sql(
        "ALTER TABLE buckets ADD COLUMN refused_rate DOUBLE PRECISION NOT NULL DEFAULT 0"
    )


def _add_serves_kept(connection: Connection) -> None:
    """Whether TikTok's own figures are shown further back than TikTok gives them."""
    connection.exec_driver_sql(
        "ALTER TABLE shops ADD COLUMN serves_kept BOOLEAN NOT NULL DEFAULT FALSE"
    )


def _add_wishes(connection: Connection) -> None:
    """Per shop: whether TikTok tells us what happens, and which data is read on request only."""
    for column in ("listens BOOLEAN NOT NULL DEFAULT TRUE", "optional_data TEXT"):
        connection.exec_driver_sql(f"ALTER TABLE shops ADD COLUMN {column}")


def _add_key_limits(connection: Connection) -> None:
    """Which shops a key opens: those of a client, or some by their ids, with spaces between."""
    for column in ("client TEXT", "shop_ids TEXT NOT NULL DEFAULT ''"):
        connection.exec_driver_sql(f"ALTER TABLE keys ADD COLUMN {column}")


#: Step n leads a database of version n to version n + 1. Add to the end, never change one. A new
#: database gets the tables as declared above and goes through none of them.
STEPS: Final[tuple[Callable[[Connection], None], ...]] = (
    _add_notifications,
    _add_history,
    _add_invites,
    _add_refused_rate,
    _add_serves_kept,
    add_bookkeeping,
    _add_wishes,
    _add_key_limits,
    add_members,
    add_operations,
    add_exports,
    add_sheets,
)


def migrate(database: Database, steps: tuple[Callable[[Connection], None], ...] = STEPS) -> None:
    """Lead the database to the newest version, all steps in one transaction; safe to call from
    several processes at once. Before it changes an SQLite file that is in use it keeps a copy
    beside it. Raises Refused for a database of a newer release."""
    newest = 1 + len(steps)
    database.use_write_ahead_log()
    with database.reading() as connection:
        version = _version(connection)
    if version > newest:
        raise Refused(
            "This data folder was written by a newer release. Install that release, or restore the "
            "copy that was made before the upgrade.",
            code="internal",
        )
    if version == newest:
        return
    with database.writing() as connection:
        version = _version(connection)
        if version == newest:
            return  # another process was quicker
        if version:
            database.keep_copy(f"version-{version}")
            for step in steps[version - 1 :]:
                step(connection)
        else:
            ACCOUNTS.create_all(connection)
            BOOKKEEPING.create_all(connection)
            OPERATIONS.create_all(connection)
            EXPORTS.create_all(connection)
            SHEETS.create_all(connection)
        connection.execute(metadata.delete().where(metadata.c.name == "version"))
        connection.execute(metadata.insert().values(name="version", value=str(newest)))


def _version(connection: Connection) -> int:
    if not inspect(connection).has_table("metadata"):
        return 0
    found = connection.scalar(select(metadata.c.value).where(metadata.c.name == "version"))
    return int(found or 0)
