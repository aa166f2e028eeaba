"""How many calls an import and a sync cost, so that they cannot creep up.

The bounds are worked out by hand: 91 UTC days lie in an import of 90 days that begins within one;
they touch 14 weeks and 4 stretches of 30 days. TikTok gives 60 days of analytics and 30 by hour.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sample_shop.world import seeded_world
from tests.importing import NOW, ShopUnderTest

pytestmark = pytest.mark.slow

HOUR = 3_600
_IDS = re.compile(r"/(\d{6}|\d{10,}|\d{4}-\d\d-\d\d)(?=/|$)")

#: What the calls of a path, without version, ids and dates, may number in the first import.
FIXED = {
    "/logistics/warehouses": 1,
    "/product/products/search": 1,  # pages of 100
    "/product/inventory/search": 1,  # 100 products in a call
    "/order/orders/search": 91,  # a call a day of up to 100 orders
    "/return_refund/returns/search": 14,  # a call a week of up to 50
    "/return_refund/cancellations/search": 14,
    "/finance/statements": 4,
    "/finance/payments": 4,
    "/finance/orders/unsettled": 1,  # 75 of up to 100
    "/analytics/shop/performance": 2 + 6,  # 30 days in a call; 10 of the older version
    "/analytics/shop/performance/performance_per_hour": 30,
    "/analytics/shop_products/performance": 60,
    "/analytics/shop_videos/overview_performance": 2,
    "/analytics/shop_lives/overview_performance": 2,
    "/analytics/shop_lives/performance": 2,
    "/fbt/warehouses": 1,
}
#: The same where it follows from what the shop has: rows of a table, and how many a call brings.
BY_ROWS = {
    "/product/products": ("SELECT count(*) FROM products WHERE is_auction IS NULL", 1),
    "/finance/statements/statement_transactions": ("SELECT count(*) FROM statements", 1),
    "/fbt/inventory/search": ("SELECT count(*) FROM product_skus", 100),
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopUnderTest]:
    """120 orders in ten days, 25 products besides those of auctions; imported at NOW."""
    world = seeded_world(7, 120, 10, now=NOW, products=25, wall=lambda: NOW)
    test = ShopUnderTest(tmp_path, world)
    assert test.work(start=None).state == "done"
    yield test
    test.close()


def by_path(shop: ShopUnderTest) -> Counter[str]:
    return Counter(_IDS.sub("", asked.path) for asked in shop.calls)


def test_a_first_import_makes_no_more_calls_than_its_windows_days_and_ids_need(
    shop: ShopUnderTest,
) -> None:
    calls = by_path(shop)
    allowed = dict(FIXED)
    for path, (sql, in_a_call) in BY_ROWS.items():
        ((rows,),) = shop.records.query(sql)
        allowed[path] = -(-rows // in_a_call)
    more = {path: calls[path] for path, most in allowed.items() if calls[path] > most}
    assert more == {}
    # Lists of videos, movements and shipments, whose rows depend on the simulator.
    assert set(calls) - set(allowed) == {
        "/analytics/shop_videos/performance",
        "/fbt/inventory_records/search",
        "/fbt/inbound_orders",
    }


@pytest.mark.parametrize("hours", [1, 12])
def test_a_sync_that_finds_nothing_new_costs_at_most_thirty_calls(
    shop: ShopUnderTest, hours: int
) -> None:
    """The shop's own clock stands still: nothing has changed."""
    later = NOW + hours * HOUR
    shop.clock.instant = float(later)
    shop.access.token = shop.simulator.gateway.office.exchange().access
    shop.calls.clear()
    assert shop.work(lane="forward", began_at=later, start=None).state == "done"
    assert len(shop.calls) <= 30


def test_a_quiet_sync_of_three_hundred_products_costs_at_most_54_calls(tmp_path: Path) -> None:
    """30, and 12 for each further hundred."""
    world = seeded_world(7, 300, 40, now=NOW, products=250, wall=lambda: NOW)
    shop = ShopUnderTest(tmp_path, world)
    assert shop.work(start=None).state == "done"
    ((products,),) = shop.records.query("SELECT count(*) FROM products")
    assert 200 < products <= 300
    later = NOW + 12 * HOUR
    shop.clock.instant = float(later)
    shop.access.token = shop.simulator.gateway.office.exchange().access
    shop.calls.clear()
    assert shop.work(lane="forward", began_at=later, start=None).state == "done"
    assert len(shop.calls) <= 54
    shop.close()
