"""The brute-force computation over caches that were read in part, and over several shops."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from benchmarks.oracle import Answer, answer
from benchmarks.oracle_asked import MixedCurrency, NotReady
from benchmarks.oracle_coverage import CachedShop, Stretch
from benchmarks.oracle_facts import Facts
from benchmarks.oracle_rows import Payloads

NOW = 1_773_144_000  # 2026-03-10 12:00 UTC
DAY = 86_400


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def order(order_id: str, when: str, price: str, currency: str, buyer: str = "b1") -> dict[str, Any]:
    line = {"id": f"{order_id}-1", "sku_id": "a1", "product_id": "A", "sale_price": price}
    return {
        "id": order_id,
        "status": "COMPLETED",
        "create_time": at(when),
        "paid_time": at(when),
        "user_id": buyer,
        "line_items": [line],
        "payment": {"currency": currency},
    }


def shop(shop_id: str, currency: str, **covered: list[Stretch]) -> CachedShop:
    """Sales on the 3rd and the 5th; a unit of the 3rd came back on the 5th."""
    refund = {"refund_subtotal": "2.00", "refund_total": "2.00", "currency": currency}
    payloads = Payloads(
        shop={"id": shop_id},
        currency=currency,
        orders=[
            order("1", "2026-03-03 10:00", "10.00", currency),
            order("2", "2026-03-05 10:00", "7.00", currency),
        ],
        returns=[
            {
                "return_id": "r1",
                "order_id": "1",
                "create_time": at("2026-03-05 12:00"),
                "return_status": "RETURN_OR_REFUND_REQUEST_COMPLETE",
                "refund_amount": refund,
                "return_line_items": [
                    {"order_line_item_id": "1-1", "sku_id": "a1", "refund_amount": refund}
                ],
            }
        ],
    )
    return CachedShop(Facts(payloads), covered=covered)


FROM_THE_4TH: list[Stretch] = [(at("2026-03-04 00:00"), NOW)]
ALL_OF_IT: list[Stretch] = [(at("2026-03-01 00:00"), NOW)]


def ask(
    shops: list[CachedShop],
    *names: str,
    days: tuple[str, str] = ("2026-03-01", "2026-03-08"),
    **options: str,
) -> Answer:
    request = {
        "fields": [{"name": name} for name in names],
        "dateRange": {"startDate": days[0], "endDate": days[1]},
        "configParams": options,
    }
    return answer(request, shops, NOW)


def test_days_that_were_not_read_are_null_in_the_fact_that_was_not_read() -> None:
    half = shop("1", "USD", orders=ALL_OF_IT, returns=FROM_THE_4TH)
    found = ask([half], "date", "gmv", "returns")
    assert found.rows == [["20260303", Decimal("10.00"), None], ["20260305", Decimal("7.00"), 1]]
    assert found.partial
    assert not ask([half], "date", "gmv").partial


def test_a_total_is_of_what_was_read_and_null_if_no_day_was() -> None:
    half = shop("1", "USD", orders=ALL_OF_IT, returns=FROM_THE_4TH)
    assert ask([half], "gmv", "returns").rows == [[Decimal("17.00"), 1]]
    early = ("2026-03-01", "2026-03-03")
    assert ask([half], "gmv", "returns", "cancellations", days=early).rows == [
        [Decimal("10.00"), None, None]
    ]
    # What is computed from something unknown is unknown.
    assert ask([half], "net_revenue", "return_rate", days=early).rows == [[None, None]]


def test_a_day_is_read_when_all_of_it_was_by_the_clock_of_the_report() -> None:
    half = shop("1", "USD", orders=FROM_THE_4TH, returns=ALL_OF_IT)
    names = ("date", "returned_items", "orders")
    # 12:00 UTC on the 5th is that day in Tokyo, which began at 15:00 UTC on the 4th.
    assert ask([half], *names, time_zone="Asia/Tokyo").rows[-1] == ["20260305", 1, 1]
    fifth = shop("1", "USD", orders=[(at("2026-03-05 00:00"), NOW)], returns=ALL_OF_IT)
    assert ask([fifth], *names, time_zone="Asia/Tokyo").rows[-1] == ["20260305", 1, None]
    assert ask([fifth], *names).rows[-1] == ["20260305", 1, 1]


def test_a_group_of_several_days_needs_one_of_them() -> None:
    half = shop("1", "USD", orders=FROM_THE_4TH, returns=ALL_OF_IT)
    assert ask([half], "year_month", "gmv").rows == [["202603", Decimal("17.00")]]
    # A Tuesday that was not read, and a Thursday that was.
    assert ask([half], "day_of_week", "gmv").rows == [["2", None], ["4", Decimal("7.00")]]


def test_today_is_read_when_it_was_read_until_now() -> None:
    late = [(at("2026-03-10 00:00"), NOW)]
    one = shop("1", "USD", orders=late)
    assert ask([one], "orders", days=("2026-03-10", "2026-03-10")).rows == [[0]]


def test_nothing_read_at_all_is_not_ready_and_nothing_of_the_range_is_null() -> None:
    with pytest.raises(NotReady):
        ask([shop("1", "USD", orders=ALL_OF_IT)], "returns")
    long_ago = ask(
        [shop("1", "USD", orders=ALL_OF_IT)], "orders", days=("2020-01-01", "2020-01-31")
    )
    assert (long_ago.rows, long_ago.partial) == ([[None]], True)


def test_a_shop_that_was_not_read_is_null_where_shops_are_told_apart() -> None:
    shops = [shop("1", "USD", orders=ALL_OF_IT), shop("2", "USD", returns=ALL_OF_IT)]
    assert ask(shops, "shop_id", "gmv", "returns").rows == [
        ["1", Decimal("17.00"), None],
        ["2", None, 1],
    ]
    whole = ask(shops, "gmv", "returns")
    assert (whole.rows, whole.partial) == ([[Decimal("34.00"), 2]], True)


def test_the_same_order_number_is_two_orders_and_the_same_buyer_one_customer() -> None:
    shops = [shop(name, "USD", orders=ALL_OF_IT) for name in "12"]
    assert ask(shops, "orders", "customers", "products_sold").rows == [[4, 1, 1]]


def test_amounts_of_two_currencies_are_not_added_however_they_are_used() -> None:
    shops = [
        shop("1", "USD", orders=ALL_OF_IT, returns=ALL_OF_IT),
        shop("2", "GBP", orders=ALL_OF_IT, returns=ALL_OF_IT),
    ]
    for name in ("gmv", "refund_rate", "net_revenue"):
        with pytest.raises(MixedCurrency):
            ask(shops, name)
    assert ask(shops, "orders").rows == [[4]]
    assert ask(shops, "currency", "gmv").rows == [
        ["GBP", Decimal("17.00")],
        ["USD", Decimal("17.00")],
    ]


def test_a_report_without_a_zone_has_that_of_each_shop() -> None:
    shops = [
        CachedShop(shop(name, "USD").facts, report_zone=zone)
        for name, zone in (("1", "UTC"), ("2", "Pacific/Kiritimati"))
    ]
    # 10:00 UTC is the day after at UTC+14.
    assert ask(shops, "shop_id", "date", "orders").rows == [
        ["1", "20260303", 1],
        ["1", "20260305", 1],
        ["2", "20260304", 1],
        ["2", "20260306", 1],
    ]
    assert len(ask(shops, "date", "orders", time_zone="UTC").rows) == 2


def test_days_behind_the_newest_reading_are_missing_but_for_today() -> None:
    one = shop("1", "USD", orders=[(at("2026-03-01 00:00"), at("2026-03-07 12:00"))])
    assert not ask([one], "orders", days=("2026-03-01", "2026-03-07")).partial
    assert ask([one], "orders", days=("2026-03-01", "2026-03-08")).partial
    fresh = shop("1", "USD", orders=[(at("2026-03-01 00:00"), at("2026-03-10 00:00"))])
    assert not ask([fresh], "orders", days=("2026-03-01", "2026-03-10")).partial


def test_a_day_cut_short_by_a_gap_was_not_read() -> None:
    stretches = [
        (at("2026-03-01 00:00"), at("2026-03-03 15:00")),
        (at("2026-03-04 00:00"), at("2026-03-05 12:00")),
    ]
    gap = shop("1", "USD", orders=stretches)
    # The 5th is as far as reading has got; the 3rd has lost its evening.
    assert ask([gap], "date", "gmv").rows == [["20260303", None], ["20260305", Decimal("7.00")]]
