"""A clock that was days ahead for a while: when it is right again, everything goes on at once, and
what was read under it is read again. (The calls that TikTok allows: test_throttle.py.)"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogue.table import Table
from catalogue.tables import INVENTORY, ORDERS, TABLES
from store.accounts import Accounts
from store.columns import ShopColumns
from store.commits import Commit, Covered, Window, Write
from store.engine import Engine
from store.freshness import Freshness
from store.ledger import Ledger
from store.records import ShopRecords
from tests.importing import NOW, digests
from tests.installation import START, MadeGrant, MadeShop, accounts_in, connect_shop
from tests.installation import FakeClock as AccountsClock
from tests.store_rows import DAY, NOON, FakeClock, full_row, write_of
from tests.test_sync import fresh_shop, pass_time

pytestmark = pytest.mark.slow

STATEMENTS = TABLES["statements"]
AHEAD = NOON + 5 * DAY
WEEK_AGO = NOON - 7 * DAY
LANE = "forward"


class File:
    """A shop's file, a lane of which was held under a clock five days ahead. The clock is right by
    now."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock(AHEAD)
        path = folder / "records.sqlite"
        self.records = ShopRecords.open(path, self.clock)
        self.columns = ShopColumns(path, folder / "columns", self.clock)
        self.token = self.records.grant(LANE, 0)

    def keep(
        self, *writes: Write, fetched_at: int = AHEAD, covered: tuple[Covered, ...] = ()
    ) -> int:
        commit = Commit(writes=writes, covered=covered, fetched_at=fetched_at)
        return self.records.commit(LANE, self.token, commit)

    def clock_is_right(self) -> None:
        self.clock.instant = NOON
        self.token = self.records.grant(LANE, 0)

    def stamps(self, table: Table) -> list[tuple[int, int]]:
        rows = self.records.query(f"SELECT fetched_at, last_seen_at FROM {table.name}")
        return [tuple(row) for row in rows]


@pytest.fixture
def file(tmp_path: Path) -> Iterator[File]:
    made = File(tmp_path)
    yield made
    made.records.close()
    made.columns.close()


def stock(units: int) -> Write:
    return write_of(INVENTORY, full_row(INVENTORY, 1, available_quantity=units))


def test_a_row_read_under_it_gives_way_to_the_next_reading(file: File) -> None:
    file.keep(stock(5))
    file.clock_is_right()
    assert file.stamps(INVENTORY) == [(WEEK_AGO, WEEK_AGO)]
    assert file.keep(stock(3), fetched_at=NOON) == 1
    (row,) = file.records.query(f"SELECT available_quantity FROM {INVENTORY.name}")
    assert tuple(row) == (3,)


def test_a_row_only_seen_again_under_it_keeps_the_instant_of_its_reading(file: File) -> None:
    file.keep(stock(5), fetched_at=NOON - DAY)
    file.keep(stock(5))
    assert file.stamps(INVENTORY) == [(NOON - DAY, AHEAD)]
    file.clock_is_right()
    assert file.stamps(INVENTORY) == [(NOON - DAY, NOON - DAY)]


def test_rows_of_before_stay_as_they_are(file: File) -> None:
    file.keep(stock(5), fetched_at=NOON - 60)
    file.clock_is_right()
    assert file.stamps(INVENTORY) == [(NOON - 60, NOON - 60)]


def test_columns_tell_the_same_as_the_records(file: File) -> None:
    statement = full_row(STATEMENTS, 1, statement_time=NOON - DAY)
    file.keep(stock(5), write_of(STATEMENTS, statement))
    file.columns.publish(force=True)
    file.clock_is_right()
    file.columns.publish(force=True)
    engine = Engine()
    for table in (INVENTORY, STATEMENTS):
        scan = file.columns.manifest().scan(table)
        found = engine.query(f"SELECT fetched_at FROM {scan}", {})
        assert found.column(0).to_pylist() == [WEEK_AGO], table.name
    engine.close()


def test_nothing_is_covered_in_the_future_and_what_was_read_under_it_is_old(file: File) -> None:
    old = Covered("statements", NOON - 90 * DAY, NOON - 3 * DAY, NOON - DAY)
    ahead = Covered("statements", NOON - 3 * DAY, AHEAD, AHEAD)
    later = Covered("payments", NOON + DAY, AHEAD, AHEAD)
    file.keep(covered=(old, ahead, later))
    file.columns.publish(force=True)
    file.clock_is_right()
    right = Covered("statements", NOON - 3 * DAY, NOON, WEEK_AGO)
    assert file.records.readings("statements") == [old, right]
    assert file.records.readings("payments") == []
    assert file.columns.manifest().newest_reading == {"statements": NOON - DAY}


def test_changes_are_looked_for_again_and_windows_are_planned_again(file: File) -> None:
    window = Window("statements", LANE, NOON, AHEAD)
    file.records.plan_windows(LANE, file.token, [window])
    file.records.save_checkpoint(LANE, file.token, "orders changes", str(AHEAD - 180))
    file.records.save_checkpoint(LANE, file.token, "stalls", "3")
    file.clock_is_right()
    assert file.records.windows(LANE, "statements") == []
    assert file.records.checkpoint("orders changes") == str(WEEK_AGO)
    assert file.records.checkpoint("stalls") == "3"


def test_transactions_of_a_statement_read_under_it_are_asked_for_again(file: File) -> None:
    row = full_row(STATEMENTS, 1, statement_time=NOON - DAY, transactions_read_at=AHEAD)
    file.keep(write_of(STATEMENTS, row))
    file.clock_is_right()
    ((read_at,),) = file.records.query("SELECT transactions_read_at FROM statements")
    assert read_at == WEEK_AGO


def test_a_short_pull_under_it_does_not_count_as_lately(file: File) -> None:
    file.columns.publish_rows((), seen={"orders": Freshness(read_at=AHEAD, told_at=NOON - 60)})
    file.clock_is_right()
    assert file.records.freshness("orders") == Freshness(WEEK_AGO, NOON - 60, 0.0)


def test_a_clock_that_is_behind_now_changes_nothing(file: File) -> None:
    """An order is in the file that the clock says is still to come: the clock is wrong, not it."""
    order = full_row(ORDERS, 1, create_time=AHEAD - 60)
    file.keep(write_of(ORDERS, order), stock(5))
    file.clock_is_right()
    assert file.stamps(INVENTORY) == [(AHEAD, AHEAD)]


def test_clocks_of_two_machines_may_differ_by_minutes(file: File) -> None:
    file.clock_is_right()
    file.keep(stock(5), fetched_at=NOON + 240)
    file.clock_is_right()
    assert file.stamps(INVENTORY) == [(NOON + 240, NOON + 240)]


# --- the ledger ---


@pytest.fixture
def clock() -> AccountsClock:
    return AccountsClock(START + 5 * DAY)


@pytest.fixture
def ledger(tmp_path: Path, clock: AccountsClock) -> Ledger:
    accounts: Accounts = accounts_in(tmp_path, clock)
    connect_shop(accounts, "alice", MadeGrant(), MadeShop("7000001", "7000001"))
    return Ledger(accounts.database, clock)


def test_a_run_begun_under_it_is_claimed_and_began_now(
    ledger: Ledger, clock: AccountsClock
) -> None:
    ledger.enqueue("alice", "7000001", LANE, "sync", slot="one", parameters={})
    claim = ledger.claim("before", [LANE])
    assert claim is not None
    ledger.hand_back(claim, clock.now() + 1_800.0, "TikTok is away.")
    clock.instant = START
    again = ledger.claim("after", [LANE])
    assert again is not None
    assert again.run.started_at == START


def test_a_lease_taken_under_it_by_a_worker_that_died_runs_out(
    ledger: Ledger, clock: AccountsClock
) -> None:
    ledger.enqueue("alice", "7000001", LANE, "sync", slot="one", parameters={})
    assert ledger.claim("dies", [LANE]) is not None
    clock.instant = START
    assert ledger.claim("after", [LANE]) is not None


def test_a_wait_for_tomorrow_is_not_taken_for_a_wrong_clock(
    ledger: Ledger, clock: AccountsClock
) -> None:
    ledger.enqueue("alice", "7000001", LANE, "sync", slot="one", parameters={})
    claim = ledger.claim("one", [LANE])
    assert claim is not None
    ledger.hand_back(claim, clock.now() + 24 * 3_600.0, "The calls of today are spent.")
    assert ledger.claim("two", [LANE]) is None


# --- a whole sync ---


def test_after_a_sync_under_it_the_next_one_brings_everything(tmp_path: Path) -> None:
    """Imported at NOW, and synced twelve hours later; one of the two shops was synced between under
    a clock five days ahead. Money that was paid out since NOW is in the statements of both."""
    kinds = ["orders", "finance", "products"]
    found = {}
    for name in ("disturbed", "undisturbed"):
        shop = fresh_shop(tmp_path / name)
        path = tmp_path / name / "records.sqlite"
        shop.records.close()
        shop.records = ShopRecords.open(path, shop.clock)
        assert shop.work(data=kinds).state == "done"
        if name == "disturbed":
            shop.clock.instant = NOW + 5.0 * DAY
            shop.access.token = shop.simulator.gateway.office.exchange().access
            ahead = shop.work(lane="forward", began_at=NOW + 5 * DAY, start=None, data=kinds)
            assert ahead.state == "done"
        pass_time(shop, NOW + 12 * 3_600)
        again = shop.work(lane="forward", began_at=NOW + 12 * 3_600, start=None, data=kinds)
        assert again.state == "done"
        found[name] = digests(path)
        shop.close()
    assert found["disturbed"] == found["undisturbed"]
