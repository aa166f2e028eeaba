"""Questions that other connectors answer wrongly, with rows small enough to add up by hand.

First shop, Los Angeles, USD. Second shop, Berlin, EUR, whose one order E is of 08-03 23:30 UTC.

order  placed (UTC)      paid (UTC)        buyer  units            order total
A      2026-08-03 10:00  2026-08-03 10:00  b1     P1 10 x 3        33.00
B      2026-08-04 10:00  2026-08-06 10:00  b1     P1 10, P2 5      16.00
C      2026-08-05 10:00  2026-08-05 10:00  b2     P2 5             5.50
E      2026-08-03 23:30  2026-08-03 23:30  b9     P9 7             7.00 EUR

Of A two returns are complete: 08-10 one unit, 08-12 another, 10.00 each; and two transactions
settle it, -1.00 and -2.00 of commission. 2026-08-03 is a Monday.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connector.select import ShopScope
from store.accounts import ShopRow
from tests.answering import FINANCE, Answering, HandMadeShop, answering, at
from tests.planning import Shelf, refused, where

TODAY = dt.date(2026, 8, 20)
LA = ShopScope("111", "First shop", "US", "LOCAL", ("USD",), "UTC", "America/Los_Angeles")
BERLIN = ShopScope("222", "Second shop", "DE", "LOCAL", ("EUR",), "UTC", "Europe/Berlin")
AUGUST = ("2026-08-01", "2026-08-31")
DONE = "RETURN_OR_REFUND_REQUEST_COMPLETE"


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    yield from shelf_in(tmp_path_factory.mktemp("traps"))


def shelf_in(folder: Path) -> Iterator[Shelf]:
    test = answering(folder)
    first = test.shop(HandMadeShop("111", "First shop", "US"))
    a, b, c = "2026-08-03 10:00", "2026-08-04 10:00", "2026-08-05 10:00"
    order(test, first, ("A", 1, a, a, 21, "33.00"), [("P1", "10.00")] * 3)
    order(
        test, first, ("B", 2, b, "2026-08-06 10:00", 21, "16.00"), [("P1", "10.00"), ("P2", "5.00")]
    )
    order(test, first, ("C", 3, c, c, 22, "5.50"), [("P2", "5.00")])
    give_back(test, first, "R1", 1, "2026-08-10 09:00")
    give_back(test, first, "R2", 2, "2026-08-12 09:00")
    test.write(
        first,
        "statement_transactions",
        [
            {"transaction_id": name, "statement_id": "T1", "statement_key": 1, "type": "ORDER"}
            | {"statement_time": at("2026-08-15"), "order_id": "A", "order_key": 1}
            | {"currency": "USD", "platform_commission_amount": amount}
            for name, amount in [("X1", "-1.00"), ("X2", "-2.00")]
        ],
    )
    imported = ("orders", "returns", "cancellations", *FINANCE)
    test.cover(first, "2026-01-01", "2026-08-20", *imported)
    test.publish(first)
    second = test.shop(HandMadeShop("222", "Second shop", "DE"))
    e = "2026-08-03 23:30"
    order(test, second, ("E", 1, e, e, 29, "7.00"), [("P9", "7.00")], "EUR")
    test.cover(second, "2026-01-01", "2026-08-20", *imported)
    test.publish(second)
    yield Shelf(test, {"111": LA, "222": BERLIN}, TODAY)
    test.here.close()


def order(
    test: Answering,
    shop: ShopRow,
    header: tuple[str, int, str, str, int, str],
    units: list[tuple[str, str]],
    currency: str = "USD",
) -> None:
    name, key, placed, paid, buyer, total = header
    shared = {"order_id": name, "order_key": key, "create_time": at(placed), "currency": currency}
    shared["update_time"] = at(paid)
    money = {"paid_time": at(paid), "buyer_key": buyer, "total_amount": total}
    test.write(shop, "orders", [shared | money | {"status": "COMPLETED", "is_cod": 0}])
    test.write(
        shop,
        "order_line_items",
        [
            shared
            | {"line_item_id": f"{name}{number}", "line_key": 10 * key + number}
            | {"product_id": product, "sku_id": product.lower(), "sale_price": price}
            for number, (product, price) in enumerate(units)
        ],
    )


def give_back(test: Answering, shop: ShopRow, name: str, key: int, when: str) -> None:
    """A complete return of one unit of A."""
    shared = {"return_id": name, "return_key": key, "order_id": "A", "order_key": 1}
    shared |= {"create_time": at(when), "update_time": at(when), "currency": "USD"}
    money = {"refund_total": "10.00", "refund_subtotal": "10.00"}
    unit = {"return_line_item_id": f"{name}-1", "line_key": 10, "sku_id": "p1"}
    test.write(shop, "returns", [shared | money | {"return_status": DONE}])
    test.write(shop, "return_line_items", [shared | money | unit])


def first(shelf: Shelf, *fields: str, **changes: Any) -> list[Any]:
    return shelf.rows(*fields, shops=["111"], **{"days": AUGUST, **changes})


# -- joins that would multiply -----------------------------------------------------------------


def test_fan_trap_an_orders_total_is_not_repeated_by_its_units(shelf: Shelf) -> None:
    assert first(shelf, "gmv", "payment_total_amount", "items_sold", "orders") == [
        [50.0, 54.5, 6, 3]
    ]
    assert first(shelf, "order_id", "gmv", "payment_total_amount", "items_sold") == [
        ["A", 30.0, 33.0, 3],
        ["B", 15.0, 16.0, 2],
        ["C", 5.0, 5.5, 1],
    ]


def test_fan_trap_orders_by_product_are_orders_and_not_units(shelf: Shelf) -> None:
    assert first(shelf, "product_id", "orders", "items_sold", "avg_order_value") == [
        ["P1", 2, 4, 20.0],
        ["P2", 2, 2, 5.0],
    ]
    # Order B holds both: the rows share it, and the whole is not their sum.
    assert first(shelf, "orders", "items_sold") == [[3, 6]]


def test_chasm_trap_returns_and_fees_of_one_order_do_not_multiply_each_other(
    shelf: Shelf,
) -> None:
    assert first(shelf, "order_id", "gmv", "refund_total", "platform_commission") == [
        ["A", 30.0, 20.0, -3.0],
        ["B", 15.0, 0.0, 0.0],
        ["C", 5.0, 0.0, 0.0],
    ]
    assert first(shelf, "gmv", "refund_total", "platform_commission", "returns") == [
        [50.0, 20.0, -3.0, 2]
    ]


def test_three_facts_by_date_stand_on_their_own_days(shelf: Shelf) -> None:
    assert first(shelf, "date", "gmv", "refund_total", "platform_commission") == [
        ["20260803", 30.0, 0.0, 0.0],
        ["20260804", 15.0, 0.0, 0.0],
        ["20260805", 5.0, 0.0, 0.0],
        ["20260810", 0.0, 10.0, 0.0],
        ["20260812", 0.0, 10.0, 0.0],
        ["20260815", 0.0, 0.0, -3.0],
    ]


# -- people ------------------------------------------------------------------------------------


def test_the_customers_of_a_week_are_not_the_sum_of_its_days(shelf: Shelf) -> None:
    by_day = first(shelf, "date", "customers")
    assert by_day == [["20260803", 1], ["20260804", 1], ["20260805", 1]]
    assert first(shelf, "week_iso", "customers") == [["202632", 2]]
    assert first(shelf, "customers", "gmv_per_customer") == [[2, 25.0]]


# -- money that comes back ---------------------------------------------------------------------


def test_a_refund_is_booked_on_its_own_day_or_on_the_day_of_its_order(shelf: Shelf) -> None:
    assert first(shelf, "date", "net_revenue", "order_refund_subtotal", "order_returned_items") == [
        ["20260803", 10.0, 20.0, 2],
        ["20260804", 15.0, 0.0, 0],
        ["20260805", 5.0, 0.0, 0],
    ]
    one_day = ("2026-08-03", "2026-08-03")
    ((rate, refunded),) = first(shelf, "return_rate", "refund_rate", days=one_day)
    assert (rate, refunded) == (pytest.approx(2 / 3), pytest.approx(20 / 30))
    # Of the range in which the goods came back no order is: nothing to divide by.
    assert first(shelf, "return_rate", "refund_total", days=("2026-08-10", "2026-08-12")) == [
        [None, 20.0]
    ]


def test_a_refund_that_comes_later_turns_a_past_day(tmp_path: Path) -> None:
    for shelf in shelf_in(tmp_path):
        day = ("2026-08-03", "2026-08-03")
        assert first(shelf, "date", "net_revenue", days=day) == [["20260803", 10.0]]
        (shop,) = (row for row in shelf.shops() if row.shop_id == "111")
        give_back(shelf.test, shop, "R3", 3, "2026-08-19 09:00")
        shelf.test.publish(shop)
        assert first(shelf, "date", "net_revenue", days=day) == [["20260803", 0.0]]


# -- which date --------------------------------------------------------------------------------


def test_paid_date_without_date_means_the_range_too(shelf: Shelf) -> None:
    days = ("2026-08-05", "2026-08-06")
    assert first(shelf, "paid_date", "gmv", days=days) == [["20260805", 5.0], ["20260806", 15.0]]
    assert first(shelf, "date", "paid_date", "gmv", days=("2026-08-04", "2026-08-04")) == [
        ["20260804", "20260806", 15.0]
    ]
    assert first(shelf, "gmv", days=days, configParams={"order_date": "paid"}) == [[20.0]]
    assert first(shelf, "gmv", days=days) == [[5.0]]


def test_settlement_date_without_date_means_the_range_too(shelf: Shelf) -> None:
    on_it = ("2026-08-15", "2026-08-15")
    assert first(shelf, "settlement_date", "platform_commission", days=on_it) == [
        ["20260815", -3.0]
    ]


# -- clocks ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clocks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """One order at every half hour around the days on which Los Angeles changes its clocks."""
    test = answering(tmp_path_factory.mktemp("clocks"))
    shop = test.shop(HandMadeShop("111", "First shop", "US"))
    moments = [
        at(start) + 1_800 * number
        for start in ("2026-03-08 00:00", "2026-11-01 00:00")
        for number in range(96)
    ]
    rows = [
        {"order_id": str(key), "order_key": key, "create_time": moment, "update_time": moment}
        | {"status": "UNPAID", "currency": "USD"}
        for key, moment in enumerate(moments)
    ]
    test.write(shop, "orders", rows)
    test.cover(shop, "2026-01-01", "2026-12-01", "orders")
    test.publish(shop)
    local = ShopScope("111", "First shop", "US", "LOCAL", ("USD",), "America/Los_Angeles")
    yield Shelf(test, {"111": local}, dt.date(2026, 12, 1))
    test.here.close()


def test_a_day_of_23_hours_has_46_half_hours_and_one_of_25_has_50(clocks: Shelf) -> None:
    # 00:00 UTC is 16:00 of the day before in winter, 17:00 in summer.
    assert clocks.rows("date", "orders", days=("2026-03-07", "2026-03-09")) == [
        ["20260307", 16],
        ["20260308", 46],
        ["20260309", 34],
    ]
    assert clocks.rows("date", "orders", days=("2026-10-31", "2026-11-02")) == [
        ["20261031", 14],
        ["20261101", 50],
        ["20261102", 32],
    ]
    assert clocks.rows("orders", days=("2026-03-08", "2026-03-08")) == [[46]]
    assert clocks.rows("orders", days=("2026-11-01", "2026-11-01")) == [[50]]


def test_the_hour_that_is_left_out_is_empty_and_the_one_that_comes_twice_is_double(
    clocks: Shelf,
) -> None:
    spring = dict(clocks.rows("hour", "orders", days=("2026-03-08", "2026-03-08")))
    assert [spring.get(hour) for hour in ("01", "02", "03")] == [2, None, 2]
    autumn = dict(clocks.rows("hour", "orders", days=("2026-11-01", "2026-11-01")))
    assert [autumn[hour] for hour in ("00", "01", "02")] == [2, 4, 2]


# -- several shops -----------------------------------------------------------------------------


def test_amounts_of_two_currencies_are_refused_and_shown_apart(shelf: Shelf) -> None:
    code, message = refused("gmv", shops=(LA, BERLIN))
    assert code == "mixed_currency"
    assert "EUR, USD" in message
    asked: dict[str, Any] = {"days": AUGUST}
    assert shelf.rows("currency", "gmv", "refund_total", **asked) == [
        ["EUR", 7.0, 0.0],
        ["USD", 50.0, 20.0],
    ]
    assert shelf.rows("orders", "customers", **asked) == [[4, 3]]
    only = {"configParams": {"currency": "USD"}}
    assert shelf.rows("gmv", "orders", shops=["111"], **asked, **only) == [[50.0, 3]]
    dollars = where("currency", "USD")
    assert shelf.rows("gmv", "orders", **asked, dimensionsFilters=dollars) == [[50.0, 3]]


def test_every_shop_has_days_of_its_own_zone(shelf: Shelf) -> None:
    both = {
        shop_id: ShopScope(
            scope.shop_id, scope.name, scope.region, "LOCAL", scope.currencies, scope.own_zone
        )
        for shop_id, scope in shelf.scopes.items()
    }
    local = Shelf(shelf.test, both, TODAY)
    # E is of 01:30 in Berlin, on the next day; A of 03:00 in Los Angeles, on the same.
    rows = local.rows("date", "shop_region", "orders", days=("2026-08-03", "2026-08-04"))
    assert rows == [
        ["20260803", "US", 1],
        ["20260804", "DE", 1],
        ["20260804", "US", 1],
    ]
    assert local.rows("orders", days=("2026-08-03", "2026-08-03")) == [[1]]
