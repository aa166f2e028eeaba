"""The disk is full, or somebody else holds the file: the import waits and says so, what was there
stays readable, and with room again it goes on to the same end (quality: J1, J4).

Cases and families are those of `tests.test_faults_by_stage`; the disk is SQLite's own limit of
pages for the records, and a number of bytes for segments.
"""

from __future__ import annotations

import errno
import io
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from catalogue.tables import ORDERS
from store.engine import Engine
from store.shop_file import cannot_write
from tests import test_faults_by_stage as by_stage
from tests.store_rows import NOON, Shop, differences, order_rows, order_writes
from tests.test_faults_by_stage import FAMILIES, House, Undisturbed

pytestmark = pytest.mark.slow

several_pages_a_list = by_stage.several_pages_a_list
world = by_stage.world
undisturbed = by_stage.undisturbed
house = by_stage.house

#: Calls that may be in flight when a run ends.
IN_FLIGHT = 4


def assert_sound(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        states = {row[0] for row in connection.execute("SELECT state FROM _progress")}
    assert "running" not in states


# The few orders of these days fit into the pages that an empty file has.
@pytest.mark.parametrize("family", ["products", "finance", "analytics"])
def test_a_disk_that_is_full_at_any_page_makes_the_run_wait_and_costs_nothing(
    family: str, house: House, undisturbed: dict[str, Undisturbed]
) -> None:
    """J1. One page more each time, so that each time another write finds no room."""
    whole = undisturbed[family]
    writer = house.shop.records._writer
    (room,) = writer.execute("PRAGMA page_count").fetchone()
    waits = 0
    while True:
        writer.execute(f"PRAGMA max_page_count = {room}")
        outcome = house.work(family, in_flight=IN_FLIGHT)
        if outcome.state == "done":
            break
        assert outcome.state == "waiting"
        assert "cannot write" in outcome.message
        assert outcome.not_before == house.shop.clock.now() + 60
        writer.execute("PRAGMA max_page_count = 1000000")
        assert_sound(house.path)
        waits += 1
        room += 1
    assert waits >= 2
    assert house.tables() == whole.tables
    assert (house.faulty.calls() - whole.calls).total() <= waits * IN_FLIGHT


@pytest.mark.parametrize("family", FAMILIES)
def test_a_disk_that_is_full_in_the_middle_of_any_commit_keeps_nothing_of_it(
    family: str,
    house: House,
    undisturbed: dict[str, Undisturbed],
) -> None:
    """J1. Each run is refused at a later write: of rows, then of what is known of them, ..."""
    whole = undisturbed[family]
    left = 0

    def no_room() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error

    class Writes:
        """The connection, on which a statement that writes may find no room."""

        def __init__(self, behind: sqlite3.Connection) -> None:
            self._behind = behind

        def __getattr__(self, name: str) -> Any:
            return getattr(self._behind, name)

        def execute(self, sql: str, *more: Any) -> Any:
            if not sql.lstrip().startswith(("SELECT", "BEGIN", "ROLLBACK", "PRAGMA")):
                no_room()
            return self._behind.execute(sql, *more)

        def executemany(self, sql: str, *more: Any) -> Any:
            no_room()
            return self._behind.executemany(sql, *more)

    records = house.shop.records
    records._writer = Writes(records._writer)  # type: ignore[assignment]
    waits = 0
    while True:
        left = 1 + waits * 3
        try:
            outcome = house.work(family, in_flight=IN_FLIGHT)
        except sqlite3.OperationalError as error:
            assert cannot_write(error), "which the worker takes for a reason to wait"  # noqa: PT017
            outcome = None
        left = 0
        if outcome and outcome.state == "done":
            break
        assert outcome is None or outcome.state == "waiting"
        waits += 1
        assert_sound(house.path)
    assert waits >= 5
    assert house.tables() == whole.tables
    assert (house.faulty.calls() - whole.calls).total() <= waits * IN_FLIGHT


@pytest.mark.parametrize("family", FAMILIES)
def test_a_file_that_somebody_else_holds_makes_the_run_wait(
    family: str, house: House, undisturbed: dict[str, Undisturbed]
) -> None:
    """J4. Held from the third commit on, for longer than a transaction waits for its turn (here
    20 ms, else 15 s); readers go on."""
    whole = undisturbed[family]
    house.shop.records._writer.execute("PRAGMA busy_timeout = 20")
    held = sqlite3.connect(house.path, isolation_level=None, check_same_thread=False)
    commits = 0
    commit = house.shop.records.commit

    def counting(lane: str, token: int, *more: Any) -> int:
        nonlocal commits
        commits += 1
        if commits == 3:
            held.execute("BEGIN IMMEDIATE")
        return commit(lane, token, *more)

    house.shop.records.commit = counting  # type: ignore[method-assign]
    outcome = house.work(family)
    assert (outcome.state, commits >= 3) == ("waiting", True)
    assert "cannot write" in outcome.message
    assert house.shop.records.progress()
    held.rollback()
    held.close()
    assert house.work(family).state == "done"
    assert_sound(house.path)
    assert house.tables() == whole.tables


def test_a_lock_that_ends_in_time_is_only_waited_for(
    house: House, undisturbed: dict[str, Undisturbed]
) -> None:
    """J4. Held for a moment again and again, as a backup does."""
    stop = threading.Event()

    def hold() -> None:
        with closing(sqlite3.connect(house.path, isolation_level=None)) as other:
            while not stop.wait(0.002):
                other.execute("BEGIN IMMEDIATE")
                stop.wait(0.01)
                other.rollback()

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert house.work("orders").state == "done"
    finally:
        stop.set()
        holder.join()
    assert house.tables() == undisturbed["orders"].tables


# --- segments ---


class SmallDisk:
    """So many bytes can be written to files that are opened for it."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._open = Path.open

    def in_place(self) -> Callable[..., Any]:
        """What stands in the place of `Path.open`."""

        def opened(path: Path, mode: str = "r", *args: Any, **more: Any) -> Any:
            if "w" in mode:
                return _Limited(path, self)
            return self._open(path, mode, *args, **more)

        return opened

    def take(self, wanted: int) -> int:
        given = min(wanted, self.room)
        self.room -= given
        return given


class _Limited(io.FileIO):
    def __init__(self, path: Path, disk: SmallDisk) -> None:
        super().__init__(str(path), "wb")
        self._disk = disk

    def write(self, content: Any, /) -> int:
        kept = self._disk.take(len(content))
        super().write(bytes(content)[:kept])
        if kept < len(content):
            raise OSError(errno.ENOSPC, "No space left on device")
        return kept


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(folders=[tmp_path])
    yield made
    made.close()


def test_segments_that_find_no_room_leave_the_former_ones_in_use(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """J1. At any byte of a publication; the next one with room brings everything."""
    shop = Shop(tmp_path)
    orders = [order_rows(number, NOON - number * 86_400, lines=2) for number in range(40)]
    shop.write(*order_writes(*orders))
    shop.publish()
    assert differences(shop, engine) == []
    newer = [
        order_rows(number, NOON - number * 86_400, lines=2, update_time=NOON + 1)
        for number in range(40)
    ]
    shop.write(*order_writes(*newer), fetched_at=NOON + 2)
    failures = 0
    while is_too_small(SmallDisk(failures * 4_000), shop, monkeypatch):
        failures += 1
        found = engine.query(f"SELECT count(*) FROM {shop.columns.manifest().scan(ORDERS)}", {})
        assert found.column(0).to_pylist() == [40]
    assert failures >= 3
    assert differences(shop, engine) == []
    shop.close()


def is_too_small(disk: SmallDisk, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> bool:
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", disk.in_place())
        try:
            shop.publish()
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return True
    return False
