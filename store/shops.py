"""The open files of shops: each shop's records and columns once per process."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock

from clock import Clock
from store.columns import ShopColumns
from store.migrations import prepare_shop_file
from store.paths import DataFolder
from store.purge import purge_shop
from store.records import ShopRecords
from store.shop_file import open_writer


class ShopStores:
    """Opens on first use and keeps open. Threads share it; every process makes its own."""

    def __init__(self, folder: DataFolder, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = Lock()
        # With which file it was: a workspace may be deleted, and made again, by another process.
        self._records: dict[tuple[str, str], tuple[int, ShopRecords]] = {}
        self._columns: dict[tuple[str, str], tuple[int, ShopColumns]] = {}

    def records(self, workspace_id: str, shop_id: str) -> ShopRecords:
        key = (workspace_id, shop_id)
        path = self._folder.records_path(*key)
        with self._lock:
            known = self._records.get(key)
            if known is None or known[0] != _file_number(path):
                # Who still works with the former file has its object, and closes it with that.
                opened = ShopRecords.open(path, self._clock)
                known = self._records[key] = _file_number(path), opened
            return known[1]

    def columns(self, workspace_id: str, shop_id: str) -> ShopColumns:
        key = (workspace_id, shop_id)
        path = self._folder.records_path(*key)
        with self._lock:
            known = self._columns.get(key)
            if known is None or known[0] != _file_number(path):
                _upgrade(path)
                opened = ShopColumns(path, self._folder.columns_folder(*key), self._clock)
                known = self._columns[key] = _file_number(path), opened
            return known[1]

    def purge(self, workspace_id: str, shop_id: str, tokens: Mapping[str, int]) -> None:
        """Delete everything that was read of a shop; see `store.purge.purge_shop`."""
        purge_shop(self._folder, workspace_id, shop_id, tokens)

    def close(self) -> None:
        with self._lock:
            for _, records in self._records.values():
                records.close()
            for _, columns in self._columns.values():
                columns.close()
            self._records.clear()
            self._columns.clear()


def _file_number(path: Path) -> int:
    """Which file this is, however often one of its name is made again; 0 for none."""
    try:
        return path.stat().st_ino
    except FileNotFoundError:
        return 0


def _upgrade(records_path: Path) -> None:
    """A file of an older release is brought to today's shape before anybody reads its columns, for
    answers may be asked for before a worker has opened it. What cannot be opened is told by whoever
    reads it."""
    if records_path.exists():
        with suppress(sqlite3.Error), closing(open_writer(records_path)) as writer:
            prepare_shop_file(writer, records_path)
