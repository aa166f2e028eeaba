"""Not covered is not zero: what an answer shows of days and shops that were not read.

First shop (USD), zone UTC: orders read from 08-03 to 08-06 12:00, and again from 08-08 to 08-10;
returns read from 08-03 to 08-05 only; it is 08-10. Second shop (GBP): orders of 08-05 only.

order  day    shop    amount            return of it
A      08-03  first   10.00             R1, 08-04, 3.00
B      08-05  first   20.00
C      08-07  first   50.00 (known from a webhook; the day was never read)
D      08-09  first   40.00
E      08-05  second  7.00
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.seen import seen
from connector.select import ShopScope
from store.accounts import ShopRow
from store.commits import Covered
from tests.answering import Answering, HandMadeShop, answering, at
from tests.planning import US, Shelf, planned

TODAY = dt.date(2026, 8, 10)
DOLLARS = ShopScope("111", "First shop", "US", "LOCAL", ("USD",), "UTC")
POUNDS = ShopScope("222", "Second shop", "GB", "LOCAL", ("GBP",), "UTC")
AUGUST = ("2026-08-01", "2026-08-10")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    test = answering(tmp_path_factory.mktemp("coverage"))
    first = test.shop(HandMadeShop("111", "First shop", "US"))
    for name, key, day, amount in [
        ("A", 1, "2026-08-03", "10.00"),
        ("B", 2, "2026-08-05", "20.00"),
        ("C", 3, "2026-08-07", "50.00"),
        ("D", 4, "2026-08-09", "40.00"),
    ]:
        order(test, first, name, key, day, amount, "USD")
    returned = {"return_id": "R1", "return_key": 1, "order_id": "A", "order_key": 1}
    test.write(
        first,
        "returns",
        [
            returned
            | {"return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE", "refund_total": "3.00"}
            | {"create_time": at("2026-08-04 09:00"), "update_time": 1, "currency": "USD"}
        ],
    )
    test.write(first, "products", [{"product_id": "P1", "title": "Cup", "update_time": 1}])
    test.cover(first, "2026-08-03", "2026-08-06 12:00", "orders")
    test.cover(first, "2026-08-08", "2026-08-10", "orders")
    test.cover(first, "2026-08-03", "2026-08-05", "returns")
    test.cover(first, "1970-01-01", "2026-08-10", "products", "inventory")
    test.publish(first)
    second = test.shop(HandMadeShop("222", "Second shop", "GB"))
    order(test, second, "E", 1, "2026-08-05", "7.00", "GBP")
    test.cover(second, "2026-08-05", "2026-08-06", "orders")
    test.publish(second)
    yield Shelf(test, {"111": DOLLARS, "222": POUNDS}, TODAY)
    test.here.close()


def order(
    test: Answering, shop: ShopRow, name: str, key: int, day: str, amount: str, currency: str
) -> None:
    moment = at(f"{day} 10:00")
    shared = {"order_id": name, "order_key": key, "create_time": moment, "update_time": moment}
    header = {"paid_time": moment, "status": "COMPLETED", "total_amount": amount}
    test.write(shop, "orders", [shared | header | {"currency": currency}])


def first(shelf: Shelf, *fields: str, **changes: Any) -> list[Any]:
    return shelf.rows(*fields, shops=["111"], **{"days": AUGUST, **changes})


# -- by time -----------------------------------------------------------------------------------


def test_a_day_that_was_not_read_is_null_and_a_day_without_sales_is_zero(shelf: Shelf) -> None:
    assert first(shelf, "date", "payment_total_amount", "refund_total") == [
        ["20260803", 10.0, 0.0],
        ["20260804", 0.0, 3.0],
        ["20260805", 20.0, None],
        ["20260807", None, None],
        ["20260809", 40.0, None],
    ]


def test_what_is_computed_from_an_unknown_value_is_unknown(shelf: Shelf) -> None:
    rows = first(shelf, "date", "gmv_customer_payment", "net_revenue", "refund_total")
    assert [row[2] for row in rows] == [None, None, None, None, None]  # cancellations: never read


def test_a_week_is_shown_if_any_of_its_days_was_read(shelf: Shelf) -> None:
    # ISO week 32 is 08-03 to 08-09, week 31 ends on 08-02: nothing of it was read.
    assert first(shelf, "week_iso", "orders", "returns") == [["202632", 4, 1]]
    # Returns of the second half of the week are unknown, which makes the answer partial.
    made = shelf.plan("week_iso", "orders", "returns", shops=["111"], days=AUGUST)
    assert made.seen is not None
    assert made.seen.partial


def test_a_day_of_the_week_is_null_if_none_of_those_days_was_read(shelf: Shelf) -> None:
    # Of returns Monday 08-03 and Tuesday 08-04 were read; of orders no Friday.
    assert first(shelf, "day_of_week", "orders", "returns") == [
        ["0", 1, None],
        ["1", 1, 0],
        ["2", 0, 1],
        ["3", 1, None],
        ["5", None, None],
    ]
    assert shelf.rows("shop_id", "day_of_week", "orders", "returns", days=AUGUST)[-1] == [
        "222", "3", 1, None,
    ]  # fmt: skip


def test_hours_belong_to_their_days(shelf: Shelf) -> None:
    assert first(shelf, "date_hour", "orders", "returns")[-2:] == [
        ["2026080710", None, None],
        ["2026080910", 1, None],
    ]
    assert first(shelf, "hour", "orders", "returns") == [["09", 0, 1], ["10", 4, 0]]


def test_a_filter_on_a_metric_knows_no_zero_where_nothing_was_read(shelf: Shelf) -> None:
    clause = {"fieldName": "refund_total", "operator": "EQUALS", "type": "INCLUDE", "values": ["0"]}
    shown = first(shelf, "date", "orders", dimensionsFilters=[[clause]])
    assert shown == [["20260803", 1]]


def test_without_any_time_what_is_there_is_shown(shelf: Shelf) -> None:
    assert first(shelf, "payment_total_amount", "refund_total") == [[120.0, 3.0]]
    assert first(shelf, "order_status", "orders", "returns") == [["COMPLETED", 4, 1]]


def test_a_fact_of_which_no_day_of_the_range_was_read_is_null(shelf: Shelf) -> None:
    late = ("2026-08-08", "2026-08-10")
    assert first(shelf, "payment_total_amount", "refund_total", days=late) == [[40.0, None]]
    assert first(shelf, "order_status", "orders", "refund_total", days=late) == [
        ["COMPLETED", 1, None]
    ]


def test_a_day_of_which_only_a_half_was_read_is_not_covered_unless_it_is_the_newest(
    shelf: Shelf,
) -> None:
    # 08-06 was read until noon only. In Tokyo 08-03 began nine hours before the reading did.
    assert first(shelf, "orders", days=("2026-08-06", "2026-08-06")) == [[None]]
    assert first(shelf, "orders", days=("2026-08-04", "2026-08-04")) == [[0]]
    tokyo = Shelf(shelf.test, {"111": replace(DOLLARS, zone="Asia/Tokyo")}, TODAY)
    assert tokyo.rows("orders", days=("2026-08-03", "2026-08-03")) == [[None]]
    # Of the newest day what is read so far counts: 08-10 began in Tokyo at 15:00 UTC of 08-09.
    assert tokyo.rows("orders", days=("2026-08-10", "2026-08-10")) == [[0]]


def test_on_days_of_payment_outside_of_the_range_sales_are_unknown_and_not_zero(
    shelf: Shelf,
) -> None:
    # The return of 08-04 is of an order paid on 08-03, which is not in the range.
    late = ("2026-08-04", "2026-08-05")
    for fields in (("paid_date",), ("shop_id", "paid_date")):
        rows = first(shelf, *fields, "payment_total_amount", "refund_total", days=late)
        assert [row[-3:] for row in rows] == [["20260803", None, 3.0], ["20260805", 20.0, 0.0]]
    rows = first(shelf, "date", "paid_date", "orders", "returns", days=late)
    assert rows == [["20260804", "20260803", 0, 1], ["20260805", "20260805", 1, None]]
    paid = {"configParams": {"order_date": "paid"}}
    rows = first(shelf, "date", "paid_date", "orders", "returns", days=late, **paid)
    assert rows == [["20260804", "20260803", None, 1], ["20260805", "20260805", 1, None]]


# -- by shop -----------------------------------------------------------------------------------


def test_a_shop_that_was_not_read_is_null_beside_one_that_was(shelf: Shelf) -> None:
    assert shelf.rows("shop_name", "orders", "returns", days=AUGUST) == [
        ["First shop", 4, 1],
        ["Second shop", 1, None],
    ]
    assert shelf.rows("shop_id", "currency", "payment_total_amount", "refund_total", days=AUGUST)[
        1
    ] == ["222", "GBP", 7.0, None]
    assert shelf.rows("currency", "payment_total_amount", "refund_total", days=AUGUST) == [
        ["GBP", 7.0, None],
        ["USD", 120.0, 3.0],
    ]


def test_shops_are_told_apart_day_by_day(shelf: Shelf) -> None:
    # Of 08-09 the second shop is unknown, and has no row.
    rows = shelf.rows("date", "shop_id", "orders", "returns", days=("2026-08-05", "2026-08-09"))
    assert rows == [
        ["20260805", "111", 1, None],
        ["20260805", "222", 1, None],
        ["20260807", "111", None, None],
        ["20260809", "111", 1, None],
    ]


def test_a_row_without_a_currency_is_unknown_where_nothing_was_read(tmp_path: Path) -> None:
    """Returns of orders that were not read: of 08-04 orders were read, of 08-07 they were not."""
    test = answering(tmp_path)
    shop = test.shop(HandMadeShop("111", "First shop", "US"))
    for key, day in ((1, "2026-08-04"), (2, "2026-08-07")):
        moment = at(f"{day} 09:00")
        row = {"return_id": f"R{key}", "return_key": key, "order_id": f"X{key}", "order_key": key}
        test.write(shop, "returns", [row | {"create_time": moment, "update_time": moment}])
    test.cover(shop, "2026-08-03", "2026-08-05", "orders")
    test.cover(shop, "2026-08-03", "2026-08-10", "returns")
    test.publish(shop)
    shelf = Shelf(test, {"111": DOLLARS}, TODAY)
    assert first(shelf, "date", "currency", "orders", "returns") == [
        ["20260804", None, 0, 1],
        ["20260807", None, None, 1],
    ]
    test.here.close()


def test_together_they_show_what_is_there(shelf: Shelf) -> None:
    rows = shelf.rows("date", "orders", "returns", days=("2026-08-03", "2026-08-05"))
    assert rows == [["20260803", 1, 0], ["20260804", 0, 1], ["20260805", 2, None]]


def test_the_state_of_now_is_null_only_where_nothing_was_ever_read(shelf: Shelf) -> None:
    assert shelf.rows("shop_name", "products_count", "orders", days=AUGUST) == [
        ["First shop", 1, 4],
        ["Second shop", None, 1],
    ]
    assert first(shelf, "products_count", days=("2020-01-01", "2020-01-01")) == [[1]]


# -- what the answer says of it ----------------------------------------------------------------


def test_the_usual_case_adds_nothing_to_the_sql() -> None:
    whole = [Covered(name, 0, at("2026-09-01 02:00"), 1) for name in ("orders", "returns")]
    known = {"1": {one.resource: [one] for one in whole}}
    fields = ("date", "shop_name", "gmv", "refund_total")
    assert planned(*fields, known=known).sql == planned(*fields).sql
    ahead = ("2026-08-15", "2026-09-30")  # days that have not been yet are nobody's
    assert planned(*fields, known=known, days=ahead).sql == planned(*fields, days=ahead).sql


def test_the_answer_says_since_when_and_as_of_when(shelf: Shelf) -> None:
    made = shelf.plan("orders", "returns", shops=["111"], days=AUGUST)
    assert made.seen is not None
    assert (made.seen.partial, made.seen.ready) == (True, True)
    assert made.seen.covered_from == dt.date(2026, 8, 3)
    assert made.seen.notes == ("First shop: not every day of the range is imported yet.",)
    inside = shelf.plan("orders", shops=["111"], days=("2026-08-03", "2026-08-05"))
    assert inside.seen is not None
    assert not inside.seen.partial
    # Today may not be read yet, and later days are yet to come.
    newest = shelf.plan("orders", shops=["111"], days=("2026-08-08", "2026-08-31"))
    assert newest.seen is not None
    assert not newest.seen.partial


def test_days_before_today_that_nobody_read_are_missing(shelf: Shelf) -> None:
    # The second shop was read up to 08-05 and never again; it is 08-10.
    made = shelf.plan("orders", shops=["222"], days=("2026-08-05", "2026-08-06"))
    assert made.seen is not None
    assert made.seen.partial
    whole = shelf.plan("orders", shops=["222"], days=("2026-08-05", "2026-08-05"))
    assert whole.seen is not None
    assert not whole.seen.partial


def test_of_several_resources_the_one_read_longest_ago_counts() -> None:
    reads = planned("orders", "returns").reads
    known = {
        "1": {
            "orders": [Covered("orders", at("2026-08-01"), at("2026-09-01"), 500)],
            "returns": [Covered("returns", at("2026-08-04 06:00"), at("2026-09-01"), 400)],
        }
    }
    found = seen(reads, [US], known, TODAY)
    assert found.as_of == 400
    assert found.covered_from == dt.date(2026, 8, 5)  # the first day that is whole


def test_what_is_final_makes_an_answer_no_older() -> None:
    final = Covered("statements", at("2026-07-01"), at("2026-08-01"), at("2026-08-01"))
    newest = Covered("statements", at("2026-08-02"), at("2026-09-01"), at("2026-09-01"))
    found = seen(
        planned("settlement_amount").reads, [US], {"1": {"statements": [final, newest]}}, TODAY
    )
    assert found.as_of == at("2026-09-01")


def test_nothing_imported_at_all_is_not_ready() -> None:
    found = seen(planned("orders", "returns").reads, [US], {}, TODAY)
    assert not found.ready
    assert seen(planned("shop_name").reads, [US], {}, TODAY).ready
    half = {"1": {"orders": [Covered("orders", 0, at("2026-09-01"), 1)]}}
    assert seen(planned("orders", "returns").reads, [US], half, TODAY).ready
