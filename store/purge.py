"""Deleting what was read of one shop, for good: records, columns, pictures, older copies.

The shop's file stays, empty: other processes have it open. Its fencing tokens grow, so that a
worker that was still reading cannot bring anything back, and a right to work that was given before
the shop was disconnected opens the file no more.
"""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing

from catalogue.tables import TABLES
from store.manifest_file import note_switch, set_counter
from store.migrations import prepare_shop_file
from store.paths import DataFolder
from store.shop_file import open_writer, writing

#: Beside the record tables, all that tells what they held. `_segments` says which files to delete.
_KEPT_BESIDE = (
    *("_windows", "_progress", "_coverage", "_published_coverage", "_checkpoints", "_quarantine"),
    *("_months", "_spans", "_changed", "_segments", "_freshness", "_window_counts"),
)


def least_token_name(lane: str) -> str:
    """The counter that says which of the ledger's tokens may still work on a lane."""
    return f"least_ledger_token:{lane}"


def purge_shop(
    folder: DataFolder, workspace_id: str, shop_id: str, tokens: Mapping[str, int]
) -> None:
    """`tokens`: the ledger's newest token by lane, from after the shop was disconnected; older ones
    are refused from now on. Harmless to repeat, also for a shop of which nothing was read.

    An answer that is being computed this very moment may fail.
    """
    path = folder.records_path(workspace_id, shop_id)
    shutil.rmtree(folder.images_folder(workspace_id, shop_id), ignore_errors=True)
    for copy in path.parent.glob(f"{path.name}.before-*"):
        copy.unlink(missing_ok=True)
    if not path.exists():
        return
    columns = folder.columns_folder(workspace_id, shop_id)
    columns.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (columns / "lock").open("w") as lock, closing(open_writer(path)) as writer:
        # A publisher that has read what is deleted here must not promise it afterwards.
        fcntl.flock(lock, fcntl.LOCK_EX)
        prepare_shop_file(writer, path)
        with writing(writer):
            _empty(writer, tokens)
        for segment in columns.glob("*.parquet*"):
            segment.unlink(missing_ok=True)
        # What was deleted is still in free pages and in the write-ahead log.
        writer.execute("VACUUM")
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _empty(writer: sqlite3.Connection, tokens: Mapping[str, int]) -> None:
    for table in (*(table.stored_in for table in TABLES.values()), *_KEPT_BESIDE):
        writer.execute(f"DELETE FROM {table}")
    writer.execute("UPDATE _fencing SET token = token + 1")
    for lane, token in tokens.items():
        set_counter(writer, least_token_name(lane), token)
    writer.execute("UPDATE _versions SET version = version + 1")
    note_switch(writer)
