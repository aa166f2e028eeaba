"""Everything that is kept of a workspace, as files its owner may take along.

workspace.json           the workspace, its members, clients, keys, shops and runs; no secret
SHOP/records.sqlite      the record tables, for SQLite and Datasette
SHOP/TABLE.parquet       the same rows, one file a table, for any engine
SHOP/images/             the pictures of its products
"""

from __future__ import annotations

import shutil
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
from store.accounts_schema import clients, keys, members, runs, shops, workspaces
from store.columns import ShopColumns
from store.database import Database
from store.paths import DataFolder, checked_id
from store.shops import ShopStores

#: What is told of each; a column that is not named here stays.
_TOLD: Final[Mapping[DatabaseTable, tuple[str, ...]]] = {
    workspaces: ("id", "name", "created_at"),
    members: ("id", "name", "role", "created_at"),
    clients: ("name",),
    keys: ("id", "name", "scope", "created_at", "last_used_at", "revoked_at"),
    shops: (
        *("shop_id", "name", "code", "region", "seller_type", "currency", "shop_zone"),
        *("report_zone", "client", "state", "connected_at"),
    ),
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
    if target.exists() and any(target.iterdir()):
        raise BadRequest(f"{target} is not empty. Name a folder that does not exist yet.")
    told = _told(accounts, workspace_id)
    if not told["workspaces"]:
        raise BadRequest("There is no such workspace.", code="not_found")
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    (target / "workspace.json").write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    for shop in told["shops"]:
        shop_id = str(shop["shop_id"])
        place = target / checked_id(shop_id)
        records = folder.records_path(workspace_id, shop_id)
        if not records.exists():
            continue
        place.mkdir(mode=0o700)
        columns = stores.columns(workspace_id, shop_id)
        columns.publish(force=True)
        _write_parquet(columns, place)
        _write_sqlite(records, place / "records.sqlite")
        images = folder.images_folder(workspace_id, shop_id)
        if images.is_dir():
            shutil.copytree(images, place / "images")
    return sorted(
        path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()
    )


def _told(accounts: Database, workspace_id: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    with accounts.reading() as connection:
        for table, names in _TOLD.items():
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
