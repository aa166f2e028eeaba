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
from tests.importing import DAY, NOW, ShopUnderTest

pytestmark = pytest.mark.slow

HOUR = 3_600
MIDNIGHT = NOW // DAY * DAY
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


#: What belongs to orders: how many calls a first import makes where there is nothing, the rows of a
#: table, and how many a further call brings.
OF_ORDERS = {
    "/order/orders/search": (91, "SELECT count(*) FROM orders", 100),
    "/return_refund/returns/search": (14, "SELECT count(*) FROM returns", 50),
    "/return_refund/cancellations/search": (14, "SELECT count(*) FROM cancellations", 50),
    "/finance/statements": (4, "SELECT count(*) FROM statements", 100),
    "/finance/payments": (4, "SELECT count(*) FROM payments", 100),
    "/finance/orders/unsettled": (1, "SELECT count(*) FROM unsettled_transactions", 100),
}
_PAGES_OF_TRANSACTIONS = (
    "SELECT sum((n + 99) / 100) FROM "
    "(SELECT count(*) AS n FROM statement_transactions GROUP BY statement_key)"
)


@pytest.mark.slow
def test_a_thousand_orders_more_cost_the_pages_they_fill(tmp_path: Path) -> None:
    """2,000 orders in ten days: 20 pages of orders beside the first of every day, and of whatever
    belongs to them likewise. No stage makes a call an order."""
    world = seeded_world(7, 2_000, 10, now=NOW, products=25, wall=lambda: NOW)
    shop = ShopUnderTest(tmp_path, world)
    assert shop.work(start=None, data=["orders", "finance"]).state == "done"
    calls = by_path(shop)
    allowed = {
        path: least + shop.records.query(sql)[0][0] // in_a_call
        for path, (least, sql, in_a_call) in OF_ORDERS.items()
    }
    ((pages,),) = shop.records.query(_PAGES_OF_TRANSACTIONS)
    allowed["/finance/statements/statement_transactions"] = pages
    assert allowed["/order/orders/search"] <= 91 + 20
    assert set(calls) == set(allowed)
    assert {path: calls[path] for path in allowed if calls[path] > allowed[path]} == {}
    shop.close()


# --- syncs ---

#: A product that was changed costs a call for its detail; nobody changes one in a quiet shop.
_CHANGED = "/product/products"


@pytest.mark.slow
@pytest.mark.parametrize(("products", "hundreds"), [(25, 1), (60, 1), (110, 2), (250, 3)])
def test_no_sync_of_three_quiet_days_costs_more_than_its_share(
    tmp_path: Path, products: int, hundreds: int
) -> None:
    """At most 30 calls, and 12 for each hundred products after the first. The shop sells a dozen
    orders a day and uses FBT, and its own clock goes on: new days of figures come, and those of the
    days before settle."""
    world = seeded_world(7, 120, 10, now=NOW, products=products, wall=lambda: NOW)
    shop = ShopUnderTest(tmp_path, world)
    assert shop.work(start=None).state == "done"
    ((listed,),) = shop.records.query("SELECT count(*) FROM products WHERE is_auction IS NULL")
    assert (hundreds - 1) * 100 < listed <= hundreds * 100
    costs = []
    for number in range(6):
        later = MIDNIGHT + DAY + (2 + 12 * number) * HOUR
        world.clock.set_to(later)
        shop.clock.instant = float(later)
        shop.access.token = shop.simulator.gateway.office.exchange().access
        shop.calls.clear()
        assert shop.work(lane="forward", began_at=later, start=None).state == "done"
        calls = by_path(shop)
        costs.append(calls.total() - calls[_CHANGED])
    assert max(costs) <= 30 + 12 * (hundreds - 1), costs
    shop.close()
