"""Questions that ask how many orders there are, and when: answered from how many there are in each
quarter of an hour, which is kept beside the segments, without looking at an order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import store.cold
from catalogue.field import TimeDimension
from catalogue.fields import FIELDS
from catalogue.tables import ORDERS, TABLES
from connector.zones import has_whole_quarters, known_zones
from store.engine import Engine
from store.shapes import SHAPES, Shape
from tests.planning import US, Shelf, planned, where
from tests.store_rows import NOON, Shop, counted, differences, order_rows, order_writes
from tests.test_traps import AUGUST, LA, shelf_in

QUARTER = 900
MONTH = 31 * 86_400


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    yield from shelf_in(tmp_path_factory.mktemp("counts"))


def put(shop: Shop, *placed_at: int, first: int = 0) -> None:
    orders = [order_rows(first + number, instant) for number, instant in enumerate(placed_at)]
    shop.write(*order_writes(*orders))
    shop.publish()


def kinds_read(shop: Shop) -> set[tuple[str, str]]:
    """What files the counts are read from: counts or orders, and the month."""
    scan = shop.columns.manifest().counts(ORDERS)
    names = [part.split(".parquet")[0].split("/")[-1] for part in scan.split("'")[1::2]]
    return {(name.split("-20")[0], name.split("-", 1)[1].rsplit("-", 2)[0]) for name in names}


# -- what is kept --------------------------------------------------------------------------------


def test_orders_are_counted_by_the_quarter_of_an_hour_they_are_placed_in(
    shop: Shop, engine: Engine
) -> None:
    put(shop, NOON, NOON + 899, NOON + 900, NOON - 1)
    rows = engine.query(f"FROM {shop.columns.manifest().counts(ORDERS)} ORDER BY 1").to_pylist()
    assert rows == [
        {"create_time": NOON - QUARTER, "rows": 1},
        {"create_time": NOON, "rows": 2},
        {"create_time": NOON + QUARTER, "rows": 1},
    ]
    assert shop.columns.manifest().counts_rows(ORDERS) == 3
    assert kinds_read(shop) == {("orders_counts", "2026-08")}


def test_a_month_that_a_delta_lies_over_is_counted_order_by_order(
    shop: Shop, engine: Engine
) -> None:
    put(shop, *range(NOON, NOON + 20), *range(NOON - MONTH, NOON - MONTH + 20))
    put(shop, NOON + 5 * QUARTER, first=100)
    assert kinds_read(shop) == {("orders_counts", "2026-07"), ("orders", "2026-08")}
    assert counted(shop, engine, ORDERS)[NOON // QUARTER + 5] == 1
    assert differences(shop, engine) == []


def test_a_span_of_old_months_keeps_their_counts(
    shop: Shop, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.cold, "LEAST_MONTHS", 2)
    put(shop, *(NOON - back * MONTH + at for back in range(6) for at in (0, 1, QUARTER)))
    assert ("orders_counts", "2026-03..2026-05") in kinds_read(shop)
    assert len(kinds_read(shop)) == 4
    assert differences(shop, engine) == []


def test_segments_of_an_older_declaration_are_counted_order_by_order_until_they_are_made_again(
    shop: Shop, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr("store.publish.names_of_bases", lambda tables: [t.name for t in tables])
        uncounted = Shape(replace(ORDERS, is_counted=False), TABLES)
        before.setitem(SHAPES, ORDERS.name, uncounted)
        put(shop, NOON, NOON + 1)
    assert kinds_read(shop) == {("orders", "2026-08")}
    assert counted(shop, engine, ORDERS) == {NOON // QUARTER: 2}
    assert shop.publish() is True
    assert kinds_read(shop) == {("orders_counts", "2026-08")}
    assert differences(shop, engine) == []


def test_counts_that_are_damaged_are_made_again(shop: Shop, engine: Engine) -> None:
    put(shop, NOON, NOON + 1)
    (segment,) = shop.columns.manifest().segments["orders_counts"]
    segment.path.write_bytes(b"something else")
    assert segment.path in shop.columns.check()
    assert kinds_read(shop) == {("orders_counts", "2026-08")}
    assert differences(shop, engine) == []


# -- which questions they answer -----------------------------------------------------------------


def reads_counts(*fields: str, **changes: Any) -> bool:
    (source,) = (one for one in planned(*fields, **changes).sources if one.table == "orders")
    return source.is_counted


@pytest.mark.parametrize(
    "fields",
    [("orders",), ("hour", "orders"), ("date", "shop_name", "orders"), ("week_iso",)],
)
def test_how_many_orders_and_when_is_read_from_the_counts(fields: tuple[str, ...]) -> None:
    assert reads_counts(*fields)


def test_a_filter_on_the_time_needs_no_order_either() -> None:
    assert reads_counts("date", "orders", dimensionsFilters=where("hour", "07"))


@pytest.mark.parametrize("field", ["order_status", "order_id", "create_time", "recipient_state"])
def test_whatever_else_is_asked_of_orders_is_read_from_orders(field: str) -> None:
    assert not reads_counts("date", field, "orders")
    assert not reads_counts("date", "orders", dimensionsFilters=where(field, "2026-08-03 10:00:00"))


def test_orders_on_a_condition_orders_by_payment_and_orders_in_one_currency_are_looked_at() -> None:
    assert not reads_counts("date", "cancelled_orders")
    assert not reads_counts("date", "orders", "cancelled_orders")
    assert not reads_counts("date", "orders", configParams={"shops": "1", "order_date": "paid"})
    assert not reads_counts("date", "orders", configParams={"shops": "1", "currency": "USD"})


def test_a_zone_that_once_changed_at_a_minute_past_is_reckoned_order_by_order() -> None:
    """Casey's clocks went on by three hours at 00:01 on 4 October 2020 (IANA database)."""
    assert {name for name in known_zones() if not has_whole_quarters(name)} == {"Antarctica/Casey"}
    assert not reads_counts("date", "orders", shops=[replace(US, zone="Antarctica/Casey")])
    assert reads_counts("date", "orders", shops=[replace(US, zone="Asia/Kathmandu")])


def test_no_part_of_the_calendar_is_finer_than_a_quarter_of_an_hour(engine: Engine) -> None:
    for field in FIELDS.values():
        if isinstance(field, TimeDimension):
            for begun in (NOON, NOON + 3 * QUARTER, NOON + 12 * 3_600 - QUARTER):
                first, last = (field.raw.format(s=begun + plus) for plus in (0, QUARTER - 1))
                assert engine.query_scalar(f"SELECT {first} IS NOT DISTINCT FROM {last}"), field.id


# -- what is answered ----------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns"])
def test_orders_by_hour_of_zones_that_are_not_whole_hours_away(shelf: Shelf, zone: str) -> None:
    """Three orders at 10:00 UTC on three days: 15:30 in Kolkata, 15:45 in Kathmandu."""
    hours = {"UTC": "10", "Asia/Kolkata": "15", "Asia/Kathmandu": "15", "America/St_Johns": "07"}
    there = Shelf(shelf.test, {"111": replace(LA, zone=zone)}, shelf.today)
    assert there.rows("hour", "orders", days=AUGUST) == [[hours[zone], 3]]


def test_the_first_and_the_last_day_begin_and_end_where_the_zone_says(shelf: Shelf) -> None:
    """An order of 23:30 UTC on 3 August is of the 4th in Kathmandu, from 18:15 UTC on."""
    berlin = shelf.scopes["222"]
    for zone, day in (("UTC", 3), ("Asia/Kathmandu", 4)):
        there = Shelf(shelf.test, {"222": replace(berlin, zone=zone)}, shelf.today)
        for number in (2, 3, 4, 5):
            asked = dt.date(2026, 8, number).isoformat()
            (row,) = there.rows("orders", days=(asked, asked))
            assert row == [int(number == day)]
        placed = dt.datetime(2026, 8, 3, 23, 30, tzinfo=dt.UTC).astimezone(ZoneInfo(zone))
        assert placed.day == day


def test_orders_of_several_shops_are_counted_apart_and_together(shelf: Shelf) -> None:
    both = ["111", "222"]
    assert shelf.rows("orders", shops=both, days=AUGUST) == [[4]]
    assert shelf.rows("shop_name", "orders", shops=both, days=AUGUST) == [
        ["First shop", 3],
        ["Second shop", 1],
    ]
    assert shelf.rows("date", "orders", shops=both, days=AUGUST)[:4] == [
        ["20260803", 2],
        ["20260804", 1],
        ["20260805", 1],
    ]


def test_counts_stand_beside_amounts_of_the_same_days(shelf: Shelf) -> None:
    rows = shelf.rows("date", "orders", "gmv", shops=["111"], days=("2026-08-03", "2026-08-05"))
    assert rows == [["20260803", 1, 30.0], ["20260804", 1, 15.0], ["20260805", 1, 5.0]]


def test_a_range_without_orders_has_none_of_them(shelf: Shelf) -> None:
    assert shelf.rows("orders", shops=["111"], days=("2026-07-01", "2026-07-31")) == [[0]]
