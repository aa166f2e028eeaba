"""Seller Center mode: one switch makes days those of payment in the zone of each shop.

Los Angeles is seven hours behind UTC in August, Tokyo nine ahead. A is placed on 08-01 and paid on
08-02 by UTC; in Los Angeles both are on 08-01. B of the second shop is placed and paid on 08-01 by
UTC, which is 08-02 in Tokyo. C is placed on 07-31 and paid on 08-03.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connector.config import Chosen, ShopChoice, config
from connector.request import parse_options, report_zone
from tests.answering import Answering, HandMadeShop, answering, at

SWITCHED = {"seller_center": "true"}
AUGUST = ("2026-08-01", "2026-08-31")


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    test = answering(tmp_path_factory.mktemp("seller-center"))
    for shop_id, region, orders in [
        ("111", "US", [("A", "2026-08-01 20:00", "2026-08-02 01:00")]),
        ("111", "US", [("C", "2026-07-31 12:00", "2026-08-03 12:00")]),
        ("222", "JP", [("B", "2026-08-01 16:00", "2026-08-01 16:05")]),
    ]:
        row = test.shop(HandMadeShop(shop_id, f"Shop {region}", region))
        for name, placed, paid in orders:
            shared = {"order_id": name, "order_key": ord(name), "currency": "USD"}
            times = {"create_time": at(placed), "update_time": at(paid), "paid_time": at(paid)}
            paid_order = {"status": "COMPLETED", "total_amount": "1.00"}
            test.write(row, "orders", [shared | times | paid_order])
        test.cover(row, "2026-07-01", "2026-08-20", "orders")
        test.publish(row)
    yield test
    test.here.close()


def test_days_are_those_of_payment_in_each_shops_own_zone(shops: Answering) -> None:
    asked: dict[str, Any] = {"days": AUGUST, "options": SWITCHED}
    assert shops.rows("date", "shop_region", "orders", **asked) == [
        ["20260801", "US", 1],
        ["20260802", "JP", 1],
        ["20260803", "US", 1],
    ]
    assert shops.rows("date", "shop_region", "orders", days=AUGUST) == [
        ["20260801", "JP", 1],
        ["20260801", "US", 1],
    ]


def test_the_switch_stands_above_zone_and_date_of_orders() -> None:
    options = parse_options(
        {"shops": "1", "seller_center": "true", "order_date": "created", "time_zone": "UTC"}
    )
    assert (options.order_date, options.time_zone) == ("paid", "")
    assert report_zone(options, "Europe/Paris", "Asia/Tokyo") == "Asia/Tokyo"


def test_without_it_the_chosen_zone_counts_then_the_shops_setting_then_utc() -> None:
    named = parse_options({"shops": "1", "time_zone": "Europe/Rome"})
    plain = parse_options({"shops": "1"})
    assert report_zone(named, "Europe/Paris", "Asia/Tokyo") == "Europe/Rome"
    assert report_zone(plain, "Europe/Paris", "Asia/Tokyo") == "Europe/Paris"
    assert report_zone(plain, None, "Asia/Tokyo") == "UTC"


def test_the_configuration_offers_it_as_one_box_to_tick() -> None:
    shop = ShopChoice("1", "Shop", "Asia/Tokyo", is_sample=False)
    chosen = Chosen([shop], False, False, ["USD"], [])
    screen: Any = config(("w", "Workspace"), [shop], chosen)
    boxes = [one["name"] for one in screen["configParams"] if one["type"] == "CHECKBOX"]
    assert boxes == ["seller_center", "strict"]
