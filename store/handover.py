"""Everything that is kept of a workspace, as files its owner may take along.

workspace.json           the workspace, its members, clients, keys, shops, runs, exports, notices;
                         no secret
SHOP/records.sqlite      the record tables, for SQLite and Datasette
SHOP/TABLE.parquet       the same rows, one file a table, for any engine
SHOP/images/             the pictures of its products
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import Table as DatabaseTable
from sqlalchemy import select

from catalogue.tables import TABLES
from errors import BadRequest
from store.accounts_schema import (
    authorizations,
    clients,
    invites,
    keys,
    member_clients,
    members,
    runs,
    shops,
    workspaces,
)
from store.bookkeeping_schema import messages, notice_channels
from store.columns import ShopColumns
from store.database import Database
from store.drafts import drafted
from store.exports_schema import exports, google_grants, spreadsheets
from store.images import ImageFolder
from store.paths import DataFolder, checked_id
from store.shops import ShopStores

_LAST: Final = "workspace.json"

#: What is told of each; a column that is not named here stays.
TOLD: Final[Mapping[DatabaseTable, tuple[str, ...]]] = {
    workspaces: ("id", "name", "created_at"),
    members: ("id", "name", "role", "created_at", "is_limited", "joined_at"),
    member_clients: ("member_id", "client"),
    clients: ("name",),
    keys: (
        *("id", "name", "scope", "created_at", "last_used_at", "revoked_at"),
        *("client", "shop_ids", "target"),
    ),
    authorizations: ("id", "seller_name", "region", "scopes", "state", "created_at"),
    shops: (
        *("shop_id", "name", "code", "region", "seller_type", "currency", "shop_zone"),
        *("report_zone", "client", "state", "connected_at", "authorization_id"),
        *("serves_kept", "listens", "optional_data"),
    ),
    invites: ("id", "shop_id", "created_at", "expires_at", "revoked_at", "used_at"),
    spreadsheets: ("spreadsheet_id", "title", "shows", "reads_settings", "added_at"),
    google_grants: ("email", "state", "created_at"),
    exports: (
        *("id", "name", "spreadsheet_id", "tab", "definition", "origin", "is_paused"),
        *("created_at", "changed_at", "state", "message", "succeeded_at", "rows"),
    ),
    notice_channels: ("addresses", "digest"),
    messages: ("kind", "subject", "body", "made_at"),
    runs: (
        *("id", "shop_id", "kind", "trigger", "state", "message", "created_at", "started_at"),
        *("finished_at", "window_start", "window_end", "rows", "calls", "retries"),
    ),
}


def hand_over(
    accounts: Database, folder: DataFolder, stores: ShopStores, workspace_id: str, target: Path
) -> list[str]:
    """Write the files into `target`, which must not exist or be empty; gives their names. An import
    may go on meanwhile: each shop is as of one moment.

    BadRequest when there is something at `target` already or there is no such workspace.
    """
    told = _told(accounts, workspace_id)
    if not told["workspaces"]:
        raise BadRequest("There is no such workspace.", code="not_found")
    with drafted(target, last=_LAST) as draft:
        (draft / _LAST).write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        for shop in told["shops"]:
            _write_shop(folder, stores, workspace_id, str(shop["shop_id"]), draft)
    return sorted(
        path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()
    )


def _write_shop(
    folder: DataFolder, stores: ShopStores, workspace_id: str, shop_id: str, target: Path
) -> None:
    records = folder.records_path(workspace_id, shop_id)
    if not records.exists():
        return
    place = target / checked_id(shop_id)
    place.mkdir(mode=0o700)
    columns = stores.columns(workspace_id, shop_id)
    columns.publish(force=True)
    _write_parquet(columns, place)
    _write_sqlite(records, place / "records.sqlite")
    ImageFolder(folder.images_folder(workspace_id, shop_id)).copy_to(place / "images")


def _told(accounts: Database, workspace_id: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    with accounts.reading() as connection:
        for table, names in TOLD.items():
            owner = table.c.id if table is workspaces else table.c.workspace_id
            columns = [table.c[name] for name in names]
            rows = connection.execute(select(*columns).where(owner == workspace_id))
            found[str(table.name)] = [
                {str(name): value for name, value in row._mapping.items()} for row in rows
            ]
    return found


def _write_parquet(columns: ShopColumns, place: Path) -> None:
    import duckdb  # noqa: PLC0415 - takes as long to load as a small export

    manifest = columns.manifest()
    with closing(duckdb.connect(config={"threads": 2, "memory_limit": "512MB"})) as engine:
        for table in TABLES.values():
            key = ", ".join(table.key)
            engine.execute(
                f"COPY (SELECT * FROM {manifest.scan(table)} ORDER BY {key}) "
                f"TO '{_quoted(place / f'{table.name}.parquet')}' "
                "(FORMAT parquet, COMPRESSION zstd)"
            )


def _quoted(path: Path) -> str:
    return str(path.absolute()).replace("'", "''")


def _write_sqlite(records: Path, copy: Path) -> None:
    copy.touch(mode=0o600)
    with (
        closing(sqlite3.connect(f"{records.absolute().as_uri()}?mode=ro", uri=True)) as reading,
        closing(sqlite3.connect(copy, isolation_level=None)) as writing,
    ):
        reading.backup(writing, pages=-1)
        writing.execute("PRAGMA journal_mode = DELETE")
        for name in _own_tables(writing):
            writing.execute(f'DROP TABLE "{name}"')
        writing.execute("VACUUM")


def _own_tables(connection: sqlite3.Connection) -> Sequence[str]:
    """What is kept beside the record tables, for ourselves."""
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '\\_%' ESCAPE '\\'"
    )
    return [name for (name,) in found]
