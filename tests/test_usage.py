"""What a workspace uses: calls as runs make them, amounts as a worker counts them, and the page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backfill.allowance import Limits, Used, left, month_start
from backfill.schedule import enqueue_first_import, enqueue_sync
from catalogue.tables import ORDERS, PRODUCTS
from hub.usage import Allowed, allowed, size
from store.amounts import MEASURED_EVERY_SECONDS, Stored
from store.commits import Commit
from store.run_history import RunHistory
from store.runs import Figures
from tests.import_house import BOBS, DAY, ONE, TWO, ImportHouse, words
from tests.installation import START
from tests.sample_account import NOW, SampleAccount, sample_account
from tests.store_rows import write_of

pytestmark = pytest.mark.slow

MEGABYTE = 1024 * 1024


@pytest.fixture
def house(tmp_path: Path) -> ImportHouse:
    return ImportHouse(tmp_path)


# --- calls ---


def calls(house: ImportHouse, shop_id: str, count: int, retries: int = 0) -> None:
    """A sync that makes so many calls, and is forgotten."""
    enqueue_sync(house.ledger, house.clock, "alice", shop_id)
    claim = house.claimed("forward")
    house.ledger.add(claim, Figures(calls=count, retries=retries))
    house.ledger.finish(claim, "done")
    house.clock.instant += 60.0


def test_calls_are_added_up_by_shop_and_day(house: ImportHouse) -> None:
    calls(house, ONE, 10, retries=3)
    calls(house, ONE, 5)
    calls(house, TWO, 1)
    house.clock.instant = START + DAY
    calls(house, ONE, 100)
    assert house.amounts.calls("alice", START) == {ONE: 115, TWO: 1}
    assert house.amounts.calls("alice", START + DAY) == {ONE: 100}
    assert house.amounts.calls("bob", START) == {}
    assert house.amounts.calls("alice", START + 2 * DAY) == {}


def test_calls_stay_counted_when_their_lease_was_lost(house: ImportHouse) -> None:
    enqueue_first_import(house.ledger, "alice", ONE)
    claim = house.claimed()
    house.ledger.renew(claim, Figures(calls=4))
    house.clock.instant += 120.0
    house.claimed()
    house.ledger.add(claim, Figures(calls=2))
    assert house.amounts.calls("alice", START) == {ONE: 6}


@pytest.mark.parametrize(
    ("now", "start"),
    [
        (START, START),
        (START + 31 * DAY - 1, START),
        (START + 31 * DAY, START + 31 * DAY),
        (START + 45 * DAY + 7, START + 31 * DAY),
    ],
)
def test_a_month_begins_at_utc_midnight_of_its_first_day(now: float, start: float) -> None:
    assert month_start(now) == start


# --- what is stored ---


def fill(house: ImportHouse, shop_id: str, orders: int, products: int) -> None:
    records = house.stores.records("alice", shop_id)
    placed = [
        {"order_id": f"O{n}", "order_key": n, "create_time": int(START), "update_time": int(START)}
        for n in range(orders)
    ]
    made = [{"product_id": f"P{n}", "update_time": int(START)} for n in range(products)]
    writes = (write_of(ORDERS, *placed), write_of(PRODUCTS, *made))
    token = records.grant("backward", 1)
    records.commit("backward", token, Commit(writes=writes, fetched_at=int(START)))


def measured(house: ImportHouse, *shop_ids: str) -> dict[str, Stored]:
    house.amounts.measure_next([("alice", one) for one in shop_ids], house.stores.records)
    return house.amounts.stored("alice")


def test_one_shop_is_counted_at_a_time_the_one_that_waits_longest(house: ImportHouse) -> None:
    fill(house, ONE, orders=3, products=2)
    fill(house, TWO, orders=1, products=1)
    found = measured(house, ONE, TWO)
    assert found.keys() == {ONE}
    assert (found[ONE].orders, found[ONE].products, found[ONE].rows) == (3, 2, 5)
    assert found[ONE].measured_at == START
    on_disk = house.stores.records("alice", ONE).path.parent.rglob("*")
    assert found[ONE].bytes == sum(path.stat().st_size for path in on_disk if path.is_file())
    house.clock.instant += 60.0
    assert measured(house, ONE, TWO).keys() == {ONE, TWO}
    assert measured(house, ONE, TWO)[ONE].measured_at == START, "nothing is due"
    house.clock.instant = START + MEASURED_EVERY_SECONDS
    assert measured(house, ONE, TWO)[ONE].measured_at == house.clock.instant


# --- limits ---


def test_what_is_left_of_a_limit() -> None:
    assert (left(0, 5), left(10, 4), left(10, 12)) == (None, 6, 0)


def test_limits_that_are_set_are_told_with_what_is_left() -> None:
    limits = Limits(orders=1_000, storage_mb=10)
    found = allowed(limits, Used(orders=250, bytes=20 * MEGABYTE, calls=7))
    assert found == [
        Allowed("Orders stored", "250", "1,000", "750", 25),
        Allowed("Storage", "20.0 MB", "10.0 MB", "0 bytes", 100),
    ]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1_023, "1,023 bytes"),
        (1_536, "1.5 KB"),
        (5 * MEGABYTE, "5.0 MB"),
        (3 * 1024 * MEGABYTE, "3.0 GB"),
    ],
)
def test_bytes_are_told_in_the_largest_unit(count: int, said: str) -> None:
    assert size(count) == said


# --- the page ---


def test_the_page_adds_up_all_shops_and_lists_them(house: ImportHouse) -> None:
    fill(house, ONE, orders=3, products=2)
    calls(house, ONE, 1_234)
    calls(house, TWO, 6)
    measured(house, ONE)
    said = words(house.alice.get("/usage").text)
    assert "Orders 3 Products 2 Rows 5 Storage" in said
    assert "Calls to TikTok this month 1,240" in said
    assert "Calls since 1 Jan 2026, 00:00 UTC" in said
    assert "Not counted yet: Second shop." in said
    assert "First shop 3 2 5" in said
    assert "Second shop not counted yet 6" in said
    assert "Whoever runs this installation has set none." in said
    assert BOBS not in said
    assert "Bob" not in said


def test_what_was_not_counted_yet_is_a_dash_and_no_zero(house: ImportHouse) -> None:
    fill(house, ONE, orders=3, products=2)
    said = words(house.alice.get("/usage").text)
    assert "Orders – Products – Rows – Storage – Calls to TikTok this month 0" in said
    assert "Not counted yet: First shop, Second shop." in said


def test_the_page_tells_what_remains(tmp_path: Path) -> None:
    house = ImportHouse(tmp_path, limits=Limits(monthly_calls=1_000))
    calls(house, ONE, 400)
    said = words(house.alice.get("/usage").text)
    assert "Calls to TikTok this month 400 of 1,000 40 % 600 left." in said


def test_who_is_not_signed_in_sees_nothing(house: ImportHouse) -> None:
    for path in ("/usage", "/history", "/settings/notices", "/backfill", f"/shops/{ONE}/import"):
        assert house.app.test_client().get(path).status_code == 401


# --- through a real import ---


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SampleAccount]:
    with sample_account(tmp_path_factory.mktemp("usage")) as made:
        yield made


def test_a_real_import_leaves_its_calls_and_its_stages(account: SampleAccount) -> None:
    here = account.here
    (run,) = here.ledger.runs("sample")
    assert run.calls > 100
    assert here.amounts.calls("sample", NOW) == {"sample": run.calls}
    kept = {one.stage: one for one in RunHistory(here.accounts.database).stages(run.id)}
    assert {one.state for one in kept.values()} == {"done"}
    assert (kept["orders"].done, kept["orders"].total) == (300, 300)
    assert "price_detail" not in kept, "nobody asked for it"


def test_a_worker_counts_every_shop_but_the_sample_account(account: SampleAccount) -> None:
    account.here.rounds().once()
    assert account.here.amounts.stored("sample") == {}
