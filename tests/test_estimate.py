"""What history will cost, worked out by hand from made-up shops, and from a shop's own records."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from backfill.estimate import (
    ASSUMED_ROWS_A_DAY,
    MOST_CALLS_A_SECOND,
    Known,
    measure,
    together,
)
from backfill.estimate import estimate as estimate_at
from backfill.stages import in_order
from catalogue.tables_fbt import INBOUND_ORDERS
from store.commits import Commit, Covered
from tests.importing import DAY, NOW, START, ShopUnderTest
from tests.store_rows import write_of

MIDNIGHT = NOW // DAY * DAY
#: Four weeks that begin on a Thursday, as the weeks that windows are cut at do.
WEEKS = (20_608 * DAY, 20_636 * DAY)


estimate = partial(estimate_at, now=NOW)


def stages_of(found: object) -> dict[str, tuple[int, int]]:
    return {one.stage: (one.calls, one.rows) for one in found.stages}  # type: ignore[attr-defined]


def test_orders_are_counted_by_day_and_hundred_and_returns_by_week_and_fifty() -> None:
    """150 orders a day are two pages a day; 10 returns a day are 70 a week, which is two pages; one
    cancellation a day is a page a week."""
    known = {
        "orders": Known(rows_a_day=150.0),
        "returns": Known(rows_a_day=10.0),
        "cancellations": Known(rows_a_day=1.0),
    }
    found = estimate(WEEKS, known, data=["orders"], calls_a_second=2.0)
    assert stages_of(found) == {
        "orders": (56, 4_200),
        "returns": (8, 280),
        "cancellations": (4, 28),
    }
    assert (found.calls, found.rows, found.assumed) == (68, 4_508, False)
    assert found.minutes == 0.6, "68 calls at two a second are 34 s"


def test_what_is_there_costs_nothing_unless_it_is_read_again() -> None:
    known = {
        name: Known(covered=[WEEKS], rows_a_day=50.0)
        for name in ("orders", "returns", "cancellations")
    }
    assert estimate(WEEKS, known, data=["orders"]).calls == 0
    longer = (WEEKS[0] - 7 * DAY, WEEKS[1])
    found = estimate(longer, known, data=["orders"])
    assert stages_of(found) == {
        "orders": (7, 350),
        "returns": (7, 350),
        "cancellations": (7, 350),
    }
    again = estimate(WEEKS, known, data=["orders"], reread=True)
    assert stages_of(again)["orders"] == (28, 1_400)


def test_of_an_unknown_shop_the_estimate_says_that_it_is_a_guess() -> None:
    found = estimate(WEEKS, {}, data=["orders"])
    assert found.assumed
    assert stages_of(found)["orders"] == (28, round(28 * ASSUMED_ROWS_A_DAY))


def test_lists_are_read_whole_and_ids_as_many_as_a_call_takes() -> None:
    """250 products are three pages; their stock is asked for 100 at a time, details one by one."""
    known = {
        "products": Known(rows=250),
        "warehouses": Known(rows=3),
        "inventory": Known(pending=250),
        "product_details": Known(pending=12),
    }
    found = stages_of(estimate(WEEKS, known, data=["products"]))
    assert found["products"] == (3, 250)
    assert found["warehouses"] == (1, 3)
    assert found["inventory"] == (3, 250)
    assert found["product_details"] == (12, 12)


def test_a_longer_range_brings_more_ids_to_ask_for() -> None:
    """A statement a day, 28 of them, and two that wait already: a call each."""
    known = {
        "statements": Known(rows_a_day=1.0),
        "statement_transactions": Known(pending=2),
    }
    found = stages_of(estimate(WEEKS, known, data=["finance"]))
    assert found["statements"][1] == 28
    assert found["statement_transactions"] == (30, 30)


def test_analytics_are_counted_as_deep_as_tiktok_gives_them() -> None:
    deep = estimate((MIDNIGHT - 730 * DAY, MIDNIGHT), {}, data=["analytics"])
    shallow = estimate((MIDNIGHT - 60 * DAY, MIDNIGHT), {}, data=["analytics"])
    assert deep.calls == shallow.calls > 0


def test_analytics_of_days_that_tiktok_gives_no_more_cost_nothing() -> None:
    """70 to 50 days back: the ten days from 60 back on. A call a day of products, one of 30 days of
    the shop's own figures; hours reach back 29 days only."""
    found = stages_of(estimate((MIDNIGHT - 70 * DAY, MIDNIGHT - 50 * DAY), {}, data=["analytics"]))
    assert found["product_performance"][0] == 10
    assert found["shop_performance"][0] == 1
    assert found["shop_performance_hourly"] == (0, 0)
    older = estimate((MIDNIGHT - 200 * DAY, MIDNIGHT - 170 * DAY), {}, data=["analytics"])
    assert older.calls == 0


def test_no_more_calls_a_second_are_promised_than_fit_in_flight() -> None:
    known = {name: Known(rows_a_day=0.0) for name in ("orders", "returns", "cancellations")}
    fast = estimate(WEEKS, known, data=["orders"], calls_a_second=10_000.0)
    assert fast.calls_a_second == MOST_CALLS_A_SECOND


def test_several_shops_are_added_up_and_take_turns() -> None:
    """36 calls at two a second and 36 at one: 18 s and 36 s, which is 0.9 minutes."""
    known = {name: Known(rows_a_day=1.0) for name in ("orders", "returns", "cancellations")}
    one = estimate(WEEKS, known, data=["orders"], calls_a_second=2.0)
    other = estimate(WEEKS, known, data=["orders"], calls_a_second=1.0)
    whole = together([one, other])
    assert (one.calls, other.calls, whole.calls) == (36, 36, 72)
    assert (one.minutes, other.minutes, whole.minutes) == (0.3, 0.6, 0.9)
    assert stages_of(whole)["orders"] == (56, 56)


def test_nobody_knows_other_data() -> None:
    with pytest.raises(ValueError, match="no data called weather"):
        estimate(WEEKS, {}, data=["weather"])


def test_every_stage_can_be_estimated() -> None:
    assert {one.stage for one in estimate(WEEKS, {}).stages} == {one.name for one in in_order()}


# --- from a shop's own records ---


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopUnderTest]:
    """120 orders in the ten days before NOW, imported."""
    test = ShopUnderTest(tmp_path)
    test.work(data=["orders"])
    yield test
    test.close()


def test_the_shops_own_rate_is_what_it_sold_a_day(shop: ShopUnderTest) -> None:
    known = measure(shop.records, NOW, ["orders"])
    assert known["orders"].covered == [(START, NOW)]
    assert known["orders"].rows_a_day == pytest.approx(120 * DAY / (NOW - START))


def test_an_estimate_is_what_the_import_then_costs(shop: ShopUnderTest) -> None:
    """For stages with a window a call; the shop opened ten days ago, so older windows are empty."""
    wanted = (START - 20 * DAY, NOW)
    found = stages_of(estimate(wanted, measure(shop.records, NOW, ["orders"]), data=["orders"]))
    before = len(shop.calls)
    shop.work(start=wanted[0], data=["orders"])
    made = [asked.resource for asked in shop.calls[before:]]
    assert found["orders"][0] == made.count("orders") == 20
    assert found["returns"][0] == made.count("returns")
    assert found["cancellations"][0] == made.count("cancellations")


def test_shipments_of_fbt_are_guessed_from_what_was_read_of_them(shop: ShopUnderTest) -> None:
    """Eight records in the 28 days that were read last: two a week."""
    rows = [
        {
            "inbound_order_id": f"IBR{number}",
            "create_time": NOW - number * 3 * DAY,
            "update_time": NOW,
        }
        for number in range(1, 9)
    ]
    read = Covered("fbt_records", NOW - 90 * DAY, NOW, NOW)
    token = shop.records.grant("backward", 9)
    write = write_of(INBOUND_ORDERS, *rows)
    shop.records.commit("backward", token, Commit(writes=(write,), covered=(read,)))
    known = measure(shop.records, NOW, ["products"])["fbt_records"]
    assert known.rows_a_day == pytest.approx(8 / 28)
    wanted = (NOW - 146 * DAY, NOW - 90 * DAY)
    found = stages_of(estimate(wanted, {"fbt_records": known}, data=["products"]))
    assert found["fbt_records"][1] == 16, "56 days at two a week"


def test_every_stage_can_be_measured(shop: ShopUnderTest) -> None:
    assert set(measure(shop.records, NOW)) == {stage.name for stage in in_order()}
