"""Questions that ask how many orders there are, and when: answered from how many there are in each
quarter of an hour, which is kept beside the segments, without looking at an order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from sqlite3 import Connection
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import store.cold
import store.columns
import store.publish
import store.shapes
from catalogue.field import TimeDimension
from catalogue.fields import FIELDS
from catalogue.tables import ORDERS, TABLES
from connector.zones import has_whole_quarters, known_zones
from store.cold import join_old_months
from store.engine import Engine
from store.families import Family, families
from store.manifest_file import Pending
from store.publish import publish_month
from store.shapes import SHAPES, Histogram, Shape
from tests.answering import HandMadeShop, answering, at
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
    yield from shelf_in(tmp_path_factory.mktemp("histogram"))


def put(shop: Shop, *placed_at: int, first: int = 0) -> None:
    orders = [order_rows(first + number, instant) for number, instant in enumerate(placed_at)]
    shop.write(*order_writes(*orders))
    shop.publish()


def of_an_older_version(patch: pytest.MonkeyPatch) -> None:
    """What this program was before there were histograms."""
    patch.setitem(SHAPES, ORDERS.name, Shape(replace(ORDERS, has_histogram=False), TABLES))
    patch.setattr(
        store.publish,
        "FAMILIES",
        families(replace(t, has_histogram=False) for t in TABLES.values()),
    )


def kinds_read(shop: Shop) -> set[tuple[str, str]]:
    """What files it is read from, histograms or orders, and their months."""
    scan = shop.columns.manifest().histogram(ORDERS)
    names = [part.split(".parquet")[0].split("/")[-1] for part in scan.split("'")[1::2]]
    return {(name.split("-20")[0], name.split("-", 1)[1].rsplit("-", 2)[0]) for name in names}


# -- what is kept --------------------------------------------------------------------------------


def test_orders_are_counted_by_the_quarter_of_an_hour_they_are_placed_in(
    shop: Shop, engine: Engine
) -> None:
    put(shop, NOON, NOON + 899, NOON + 900, NOON - 1)
    rows = engine.query(f"FROM {shop.columns.manifest().histogram(ORDERS)} ORDER BY 1").to_pylist()
    assert rows == [
        {"create_time": NOON - QUARTER, "rows": 1},
        {"create_time": NOON, "rows": 2},
        {"create_time": NOON + QUARTER, "rows": 1},
    ]
    assert shop.columns.manifest().histogram_rows(ORDERS) == 3
    assert kinds_read(shop) == {("orders_histogram", "2026-08")}


def test_of_a_delta_only_the_orders_that_are_new_are_added(shop: Shop, engine: Engine) -> None:
    put(shop, *range(NOON, NOON + 20), *range(NOON - MONTH, NOON - MONTH + 20))
    changed = order_rows(3, NOON + 3, status="CHANGED", update_time=NOON * 2)
    shop.write(*order_writes(changed, order_rows(100, NOON + 5 * QUARTER)))
    shop.publish()
    (delta,) = (one for one in shop.columns.manifest().segments["orders"] if one.delta)
    assert delta.rows == 2
    assert counted(shop, engine, ORDERS) == {
        NOON // QUARTER: 20,
        (NOON - MONTH) // QUARTER: 20,
        NOON // QUARTER + 5: 1,
    }
    looked_at = {
        ("orders_histogram", "2026-07"),
        ("orders_histogram", "2026-08"),
        ("orders", "2026-08"),
    }
    assert kinds_read(shop) == looked_at
    assert differences(shop, engine) == []


def test_a_span_of_old_months_keeps_their_histograms(
    shop: Shop, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.cold, "LEAST_MONTHS", 2)
    put(shop, *(NOON - back * MONTH + at for back in range(6) for at in (0, 1, QUARTER)))
    assert ("orders_histogram", "2026-03..2026-05") in kinds_read(shop)
    assert len(kinds_read(shop)) == 4
    assert differences(shop, engine) == []


def test_segments_of_an_older_declaration_are_counted_order_by_order_until_they_are_made_again(
    shop: Shop, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        of_an_older_version(before)
        put(shop, NOON, NOON + 1)
    assert kinds_read(shop) == {("orders", "2026-08")}
    assert counted(shop, engine, ORDERS) == {NOON // QUARTER: 2}
    assert shop.publish() is True
    assert kinds_read(shop) == {("orders_histogram", "2026-08")}
    assert differences(shop, engine) == []


def test_a_damaged_histogram_is_made_again(shop: Shop, engine: Engine) -> None:
    put(shop, NOON, NOON + 1)
    (segment,) = shop.columns.manifest().segments["orders_histogram"]
    segment.path.write_bytes(b"something else")
    assert segment.path in shop.columns.check()
    assert kinds_read(shop) == {("orders_histogram", "2026-08")}
    assert differences(shop, engine) == []


def test_a_span_is_not_joined_from_months_that_an_older_version_wrote_meanwhile(
    shop: Shop, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would have a histogram without them, for good."""
    monkeypatch.setattr(store.cold, "LEAST_MONTHS", 2)

    def write_meanwhile(
        writer: Connection, reader: Connection, folder: Path, family: Family, now: float
    ) -> bool:
        if family.name == ORDERS.name:
            with monkeypatch.context() as before:
                of_an_older_version(before)
                publish_month(writer, reader, folder, Pending(family.name, "2026-03"), now)
        return join_old_months(writer, reader, folder, family, now)

    monkeypatch.setattr(store.columns, "join_old_months", write_meanwhile)
    put(shop, *(NOON - back * MONTH for back in range(6)))
    assert differences(shop, engine) == []
    monkeypatch.setattr(store.columns, "join_old_months", join_old_months)
    shop.publish()
    assert ("orders_histogram", "2026-03..2026-05") in kinds_read(shop)
    assert differences(shop, engine) == []


def test_an_order_that_comes_late_is_added_to_a_span(
    shop: Shop, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store.cold, "LEAST_MONTHS", 2)
    put(shop, *(NOON - back * MONTH + at for back in range(6) for at in range(4)))
    put(shop, NOON - 4 * MONTH + QUARTER, first=100)
    assert ("orders", "2026-03..2026-05") in kinds_read(shop)
    assert counted(shop, engine, ORDERS)[(NOON - 4 * MONTH) // QUARTER + 1] == 1
    assert differences(shop, engine) == []


def test_orders_that_somebody_waits_for_are_added_beside_an_import(
    shop: Shop, engine: Engine
) -> None:
    put(shop, *range(NOON, NOON + 20))
    many = [order_rows(number, NOON + number) for number in range(100, 140)]
    shop.write(*order_writes(*many))
    waited_for = order_writes(
        order_rows(3, NOON + 3, status="CHANGED", update_time=NOON * 2),
        order_rows(200, NOON + 2 * QUARTER),
    )
    shop.write(*waited_for)
    assert shop.columns.publish_rows(waited_for) is True
    assert counted(shop, engine, ORDERS) == {NOON // QUARTER: 20, NOON // QUARTER + 2: 1}
    shop.publish()
    assert differences(shop, engine) == []


def test_another_way_of_counting_makes_histograms_again(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Histogram(ORDERS).fingerprint
    assert Histogram(ORDERS).fingerprint == before
    monkeypatch.setattr(store.shapes, "QUARTER_HOUR", 3_600)
    assert Histogram(ORDERS).fingerprint != before


# -- which questions it answers -----------------------------------------------------------------


def reads_histogram(*fields: str, **changes: Any) -> bool:
    (source,) = (one for one in planned(*fields, **changes).sources if one.table == "orders")
    return source.as_histogram


@pytest.mark.parametrize(
    "fields",
    [("orders",), ("hour", "orders"), ("date", "shop_name", "orders"), ("week_iso",)],
)
def test_how_many_orders_and_when_is_read_from_the_histogram(fields: tuple[str, ...]) -> None:
    assert reads_histogram(*fields)


def test_a_filter_on_the_time_needs_no_order_either() -> None:
    assert reads_histogram("date", "orders", dimensionsFilters=where("hour", "07"))


@pytest.mark.parametrize("field", ["order_status", "order_id", "create_time", "recipient_state"])
def test_whatever_else_is_asked_of_orders_is_read_from_orders(field: str) -> None:
    assert not reads_histogram("date", field, "orders")
    assert not reads_histogram(
        "date", "orders", dimensionsFilters=where(field, "2026-08-03 10:00:00")
    )


def test_orders_on_a_condition_orders_by_payment_and_orders_in_one_currency_are_looked_at() -> None:
    assert not reads_histogram("date", "cancelled_orders")
    assert not reads_histogram("date", "orders", "cancelled_orders")
    assert not reads_histogram("date", "orders", configParams={"shops": "1", "order_date": "paid"})
    assert not reads_histogram("date", "orders", configParams={"shops": "1", "currency": "USD"})


def test_a_zone_that_once_changed_at_a_minute_past_is_reckoned_order_by_order() -> None:
    """Casey's clocks went on by three hours at 00:01 on 4 October 2020 (IANA database)."""
    assert {name for name in known_zones() if not has_whole_quarters(name)} == {"Antarctica/Casey"}
    assert not reads_histogram("date", "orders", shops=[replace(US, zone="Antarctica/Casey")])
    assert reads_histogram("date", "orders", shops=[replace(US, zone="Asia/Kathmandu")])


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


def test_an_hour_that_comes_twice_has_the_orders_of_both(tmp_path: Path) -> None:
    """Clocks in New York go back from 02:00 to 01:00 on 1 November 2026 at 06:00 UTC."""
    test = answering(tmp_path)
    shop = test.shop(HandMadeShop("111", "First shop", "US"))
    placed = ["2026-11-01 03:59", "2026-11-01 04:00", "2026-11-01 05:10", "2026-11-01 06:10"]
    placed += ["2026-11-01 07:00", "2026-11-02 04:59", "2026-11-02 05:00"]
    keys = [{"order_id": f"O{key}", "order_key": key} for key in range(len(placed))]
    stamps = [{"create_time": at(when), "update_time": at(when)} for when in placed]
    test.write(shop, "orders", [one | two for one, two in zip(keys, stamps, strict=True)])
    test.cover(shop, "2026-10-01", "2026-11-20", "orders")
    test.publish(shop)
    there = Shelf(test, {"111": replace(LA, zone="America/New_York")}, dt.date(2026, 11, 20))
    day = ("2026-11-01", "2026-11-01")
    assert there.rows("orders", days=day) == [[5]]
    assert there.rows("hour", "orders", days=day) == [["00", 1], ["01", 2], ["02", 1], ["23", 1]]
    test.here.close()


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


def test_numbers_of_orders_stand_beside_amounts_of_the_same_days(shelf: Shelf) -> None:
    rows = shelf.rows("date", "orders", "gmv", shops=["111"], days=("2026-08-03", "2026-08-05"))
    assert rows == [["20260803", 1, 30.0], ["20260804", 1, 15.0], ["20260805", 1, 5.0]]


def test_a_range_without_orders_has_none_of_them(shelf: Shelf) -> None:
    assert shelf.rows("orders", shops=["111"], days=("2026-07-01", "2026-07-31")) == [[0]]
