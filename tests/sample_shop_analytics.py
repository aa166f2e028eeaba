"""What the tests of the simulated analytics count by hand: orders as the order call gives them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sample_shop.control import rows_of
from sample_shop.world import World, seeded_world
from tests.sample_shop_client import NOW, ShopClient, in_process

Row = dict[str, Any]

ZONES = ("America/Los_Angeles", "Europe/London", "Asia/Jakarta")
#: 11:53 in Los Angeles, 19:53 in London, 01:53 of the next day in Jakarta.
NOON = NOW + 10 * 3_600

SHOP = "/analytics/202509/shop/performance"
SHOP_OLD = "/analytics/202405/shop/performance"
PRODUCTS = "/analytics/202605/shop_products/performance"
SKUS = "/analytics/202509/shop_skus/performance"
VIDEOS = "/analytics/202605/shop_videos/performance"
LIVES = "/analytics/202509/shop_lives/performance"
VIDEO_OVERVIEW = "/analytics/202509/shop_videos/overview_performance"
LIVE_OVERVIEW = "/analytics/202509/shop_lives/overview_performance"


def world(orders: int = 1000, days: int = 70, now: int = NOON) -> World:
    return seeded_world(7, orders, days, 3, now)


def client(made: World, shop: int = 0) -> ShopClient:
    found = in_process(made)
    found.cipher = found.shops[shop]["cipher"]
    return found


def gateway_of(found: ShopClient) -> Any:
    return found.session.get_adapter(found.base).gateway  # type: ignore[attr-defined]


def table(found: ShopClient, name: str, shop: int = 0) -> list[Row]:
    return list(rows_of(gateway_of(found), name, found.shops[shop]["id"]))


def between(start: str, end: str, **more: str) -> dict[str, str]:
    return {"start_date_ge": start, "end_date_lt": end, **more}


def every_page(found: ShopClient, path: str, key: str, query: dict[str, str]) -> list[Row]:
    rows: list[Row] = []
    token = ""
    while True:
        asked = {"page_size": "100", **query, **({"page_token": token} if token else {})}
        page = found.data("GET", path, asked)
        rows += page.get(key, [])
        token = page["next_page_token"]
        if not token:
            assert page["total_count"] == len(rows)
            return rows


def day_of(instant: int, zone: str) -> str:
    return dt.datetime.fromtimestamp(instant, ZoneInfo(zone)).date().isoformat()


def counted_at(order: Row) -> int:
    """When an order counts: cash on delivery when placed, others when paid; 0 if it does not."""
    return int(order["create_time"] if order["is_cod"] else order.get("paid_time", 0))


def by_day(orders: Iterable[Row], zone: str) -> dict[str, list[Row]]:
    days: dict[str, list[Row]] = defaultdict(list)
    for order in orders:
        if at := counted_at(order):
            days[day_of(at, zone)].append(order)
    return days


def lines(orders: Iterable[Row]) -> list[Row]:
    return [line for order in orders for line in order["line_items"]]


def gmv(orders: Iterable[Row]) -> Decimal:
    return sum((Decimal(line["sale_price"]) for line in lines(orders)), Decimal(0))


def sku_orders(orders: Iterable[Row]) -> int:
    return sum(len({line["sku_id"] for line in order["line_items"]}) for order in orders)


def buyers(orders: Iterable[Row]) -> int:
    return len({order["user_id"] for order in orders})


def amount(block: Row) -> Decimal:
    return Decimal(block["amount"])
