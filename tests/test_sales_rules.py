"""Which orders are sales, and what calendars do at their edges; worked out by hand.

Every order has one unit, whose price is a power of two, so that a sum says what is in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.answering import Answering, HandMadeShop, answering, at

#: What is particular to the order: whether it is a sale, and its price.
ORDERS: dict[str, tuple[bool, int, dict[str, Any]]] = {
    "plain": (True, 1, {}),
    "sample": (True, 2, {"is_sample_order": 1}),
    "replacement": (True, 4, {"is_replacement_order": 1, "replaced_order_id": "plain"}),
    "exchange": (True, 8, {"is_exchange_order": 1}),
    "subscription": (True, 16, {"is_subscription_order": 1}),
    "held": (True, 32, {"status": "ON_HOLD", "is_on_hold_order": 1}),
    "combined": (True, 64, {"split_or_combine_tag": "COMBINED"}),
    "auction": (True, 128, {"order_type": "ZERO_LOTTERY"}),
    "cancelled after it was paid": (True, 256, {"status": "CANCELLED"}),
    "cash on delivery": (True, 512, {"is_cod": 1, "paid_time": None, "status": "IN_TRANSIT"}),
    "unpaid": (False, 1024, {"paid_time": None, "status": "UNPAID"}),
    "unpaid, with cash to come": (
        *(False, 2048),
        {"paid_time": None, "status": "UNPAID", "is_cod": 1},
    ),
    "cancelled before it was paid": (False, 4096, {"paid_time": None, "status": "CANCELLED"}),
}
#: The last day of February of a leap year, and the last second of a year and the first of the next.
EDGES = ("2024-02-29 12:00:00", "2024-12-31 23:59:59", "2025-01-01 00:00:00")


#: Ids as long as TikTok's, which a float would round to one and the same.
LONG = "576461413038785752", "576461413038785753", "576461413038785754"


@pytest.fixture
def moved(tmp_path: Path) -> Iterator[Answering]:
    """A shop that sold in pounds, then in dollars, and once in rupiahs."""
    test = answering(tmp_path)
    row = test.shop(HandMadeShop("222", "Moved shop", "GB"))
    sold = zip(LONG, ("2026-07-30", "2026-08-02", "2026-08-03"), ("GBP", "USD", "IDR"), strict=True)
    for (name, day, currency), price in zip(sold, ("10.50", "7.25", "150000"), strict=True):
        when = at(f"{day} 10:00")
        shared = {"order_id": name, "order_key": int(name), "create_time": when}
        shared |= {"update_time": when, "currency": currency}
        test.write(row, "orders", [{**shared, "status": "COMPLETED", "paid_time": when}])
        unit = {"line_item_id": f"{name}9", "line_key": int(name), "sale_price": price}
        test.write(row, "order_line_items", [{**shared, **unit}])
    test.cover(row, "2026-07-01 00:00", "2026-08-20 12:00", "orders")
    test.publish(row)
    yield test
    test.here.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    test = answering(tmp_path_factory.mktemp("rules"))
    row = test.shop(HandMadeShop("111", "First shop", "US"))
    placed = at("2026-08-01 10:00")
    rows = [(name, placed, price, more) for name, (_, price, more) in ORDERS.items()]
    rows += [(when, at(when), 2**number, {}) for number, when in enumerate(EDGES)]
    for number, (name, when, price, more) in enumerate(rows):
        shared = {"order_id": name, "order_key": number, "create_time": when, "update_time": when}
        order = {"status": "COMPLETED", "paid_time": when + 60, "is_cod": 0, "currency": "USD"}
        test.write(row, "orders", [{**shared, **order, **more}])
        unit = {"line_item_id": f"{name}-1", "line_key": number, "sale_price": f"{price}.00"}
        test.write(row, "order_line_items", [{**shared, **unit, "currency": "USD"}])
    test.cover(row, "2024-01-01 00:00", "2026-08-20 12:00", "orders")
    test.cover(row, "2023-01-01 00:00", "2026-08-20 12:00", "statements")
    test.publish(row)
    yield test
    test.here.close()


def test_an_order_is_a_sale_where_money_came_or_will_come_in_cash(shop: Answering) -> None:
    """1 + 2 + 4 + ... + 512 = 1023 in ten orders; three more are none."""
    assert shop.rows("gmv", "paid_orders", "items_sold", "orders") == [[1023.0, 10, 10, 13]]
    assert {name: bool(gmv) for name, gmv in shop.rows("order_id", "gmv")} == {
        name: is_sale for name, (is_sale, _, _) in ORDERS.items()
    }


@pytest.mark.parametrize(
    ("flag", "gmv"),
    [
        ("is_sample_order", 2.0),
        ("is_replacement_order", 4.0),
        ("is_exchange_order", 8.0),
        ("is_subscription_order", 16.0),
        ("is_on_hold_order", 32.0),
    ],
)
def test_whoever_wants_to_leave_a_kind_out_has_a_flag_for_it(
    shop: Answering, flag: str, gmv: float
) -> None:
    clause = {"fieldName": flag, "operator": "EQUALS", "values": ["true"]}
    for kind, sales in (("INCLUDE", gmv), ("EXCLUDE", 1023.0 - gmv)):
        only = [[{**clause, "type": kind}]]
        assert shop.rows("gmv", dimensionsFilters=only) == [[sales]]


def test_a_shop_that_changes_its_currency_has_amounts_of_each(moved: Answering) -> None:
    july = ("2026-07-01", "2026-08-10")
    assert moved.refused("gmv", days=july)[1] == "mixed_currency"
    assert moved.rows("currency", "gmv", days=july) == [
        ["GBP", 10.5],
        ["IDR", 150000.0],
        ["USD", 7.25],
    ]
    assert moved.rows("orders", days=july) == [[3]]
    assert moved.rows("gmv", days=july, options={"currency": "GBP"}) == [[10.5]]


def test_ids_stay_text_to_the_last_digit(moved: Answering) -> None:
    july = ("2026-07-01", "2026-08-10")
    assert moved.rows("order_id", "orders", days=july) == [[name, 1] for name in LONG]
    one = {"fieldName": "order_id", "type": "INCLUDE", "operator": "EQUALS", "values": [LONG[1]]}
    assert moved.rows("order_id", days=july, dimensionsFilters=[[one]]) == [[LONG[1]]]


def test_a_leap_day_and_the_turn_of_a_year_are_days_like_others(shop: Answering) -> None:
    """31 December 2024 is a Tuesday, of the first week of 2025 by ISO 8601."""
    february = ("2024-02-28", "2024-03-01")
    assert shop.rows("date", "gmv", days=february) == [["20240229", 1.0]]
    assert shop.rows("gmv", days=("2024-02-29", "2024-02-29")) == [[1.0]]
    turn = ("2024-12-31", "2025-01-01")
    assert shop.rows("date", "year", "week_iso", "gmv", days=turn) == [
        ["20241231", "2024", "202501", 2.0],
        ["20250101", "2025", "202501", 4.0],
    ]
    assert shop.rows("week_iso", "gmv", days=turn) == [["202501", 6.0]]
    assert shop.rows("year", "gmv", days=("2024-01-01", "2024-12-31")) == [["2024", 3.0]]


def test_before_there_were_statements_nothing_was_settled(shop: Answering) -> None:
    """TikTok has none of before July 2023: read and empty is 0, and no day is listed."""
    june = ("2023-06-01", "2023-06-30")
    assert shop.rows("settlement_amount", days=june) == [[0.0]]
    assert shop.rows("date", "settlement_amount", days=june) == []
