"""After a power loss the end of the write-ahead log may be missing: wherever it ends, the shop's
file opens and is sound, and the import goes on to the same end (quality: A7).

The first half of the import is in the file, the second in its log. The log is cut at boundaries of
4 KiB, which is what a disk writes at once; a frame of the log is larger, so that most cuts go
through one.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from backfill.windows import floor_of
from tests.importing import NOW, ShopUnderTest, digests, world_of

START = floor_of(NOW, 2)
FILES = ("records.sqlite", "records.sqlite-wal")
BLOCK = 4096
CUTS = 20

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class CutOff:
    """The files as a power loss finds them, the tables of a whole import, and how many calls both
    halves of it take."""

    folder: Path
    tables: dict[str, str]
    first: int
    second: int


def go_on(folder: Path) -> int:
    """Import to the end; gives the calls that it took."""
    shop = ShopUnderTest(folder, world_of())
    outcome = shop.work(start=START, in_flight=1)
    shop.close()
    assert outcome.state == "done"
    return len(shop.calls)


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory: pytest.TempPathFactory) -> CutOff:
    whole, running, left = (tmp_path_factory.mktemp(name) for name in ("whole", "running", "left"))
    calls = go_on(whole)
    shop = ShopUnderTest(running, world_of())
    shop.work(start=START, in_flight=1, data=["orders"])
    first = len(shop.calls)
    shop.records._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    # Else SQLite writes the log back when it has grown.
    shop.records._writer.execute("PRAGMA wal_autocheckpoint = 0")
    assert shop.work(start=START, in_flight=1).state == "done"
    for name in FILES:
        shutil.copy(running / name, left / name)
    shop.close()
    return CutOff(left, digests(whole / FILES[0]), first, calls - first)


@pytest.mark.parametrize("cut", range(CUTS))
def test_whatever_is_left_of_the_log_the_import_goes_on_to_the_same_end(
    cut: int, cut_off: CutOff, tmp_path: Path
) -> None:
    for name in FILES:
        shutil.copy(cut_off.folder / name, tmp_path / name)
    log = tmp_path / FILES[1]
    os.truncate(log, log.stat().st_size // BLOCK * cut // (CUTS - 1) * BLOCK)
    with closing(sqlite3.connect(tmp_path / FILES[0])) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        # Not closed before the import opens it: the last one to close writes the log back.
        again = go_on(tmp_path)
    assert digests(tmp_path / FILES[0]) == cut_off.tables
    # What was in the file is not asked for again; without the log all that was in it is.
    assert again <= cut_off.second
    assert cut > 0 or again == cut_off.second
    # The last boundary may lie in the last frame, which says no more than that all is done.
    assert cut < CUTS - 1 or again == 0
