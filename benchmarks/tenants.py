"""A hundred workspaces with copies of the Sample Account: each has the same shop id, and other rows
of it, so that whatever leaks from one to another changes a number.

Run by `benchmarks.load_answers` in a process of its own, over the data folder of DATA_DIR.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app import create_app
from benchmarks.product import report
from installation import Installation
from settings import load
from store.accounts import SAMPLE

#: No call is ever made with them.
_NO_ACCESS = "no-access"
#: Of all of them.
SHOP = "7000000000000000001"


@dataclass(frozen=True)
class _Grant:
    open_id: str
    seller_name: str = "Load"
    access_token: str = _NO_ACCESS
    access_expires_at: float = 1.0
    refresh_token: str = _NO_ACCESS
    refresh_expires_at: float = 1.0
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Listed:
    id: str = SHOP
    name: str = "Shop of a tenant"
    code: str = "LOAD"
    region: str = "US"
    seller_type: str = "LOCAL"
    cipher: str = _NO_ACCESS


def make(here: Installation, count: int) -> None:
    """Print one line per workspace: its id, an API key, the shop's id. The Sample Account must have
    been imported."""
    source = here.folder.shop_folder(SAMPLE, SAMPLE)
    for number in range(count):
        workspace_id = f"tenant-{number:03}"
        here.accounts.create_workspace(f"Tenant {number}", workspace_id=workspace_id)
        scope = here.accounts.workspace(workspace_id)
        grant = scope.save_authorization(_Grant(f"open-id-{number}"), "US")
        scope.save_shops(grant.id, [_Listed()])
        # Nobody may be asked for anything newer: this is about answers.
        scope.disconnect_shop(SHOP)
        target = here.folder.shop_folder(workspace_id, SHOP)
        shutil.copytree(source, target)
        _leave_out(target / "records.sqlite", number)
        columns = here.stores.columns(workspace_id, SHOP)
        columns.rebuild()
        columns.publish(force=True)
        _, key = scope.create_key("load", "read")
        report(workspace=workspace_id, key=key, shop=SHOP)
    here.stores.close()


def _leave_out(records: Path, count: int) -> None:
    """The oldest orders of the shop, so many, with their units."""
    with closing(sqlite3.connect(records)) as database:
        keys = [
            key
            for (key,) in database.execute(
                "SELECT order_key FROM orders ORDER BY create_time, order_key LIMIT ?", (count,)
            )
        ]
        for table in ("order_line_items", "orders"):
            database.executemany(f"DELETE FROM {table} WHERE order_key = ?", [(k,) for k in keys])
        database.commit()


if __name__ == "__main__":
    app = create_app(load(os.environ))
    make(app.extensions["installation"], int(sys.argv[1]))
