"""All rows of the analytics and FBT tables as the calls would give them now, for `/_rows/<table>`.

Days are those that are ready; `date` (or `date` and `index` by hour) is added to what a call gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np

from .analytics_days import DEPTH_DAYS, PRODUCTS_READY_HOUR, READY_HOUR, Window, text_of
from .analytics_sources import ACCOUNT_TYPES
from .analytics_wire import Wire
from .books import Book

Rows = Iterator[dict[str, Any]]
_BATCH: Final = 200
_EVERY_ACCOUNT: Final = ACCOUNT_TYPES["ALL"]


def _ready(book: Book, now: int, ready_hour: int = READY_HOUR) -> Window:
    today = book.analytics.days.day_of(now)
    window = book.analytics.window(today - DEPTH_DAYS, today + 1, now, ready_hour)
    return Window(window.first, window.end, window.ready, range(0), now)


def _days(book: Book, now: int, ready_hour: int = READY_HOUR) -> Iterator[tuple[str, Window]]:
    window = _ready(book, now, ready_hour)
    for day in window.ready:
        yield text_of(day), window.only(day)


def _wire(book: Book) -> Wire:
    return book.analytics.wire({})


def _shop(book: Book, now: int) -> Rows:
    window, shop = _ready(book, now), book.analytics.shop
    older = shop.intervals("202405", window, True, _wire(book))
    newer = shop.intervals("202509", window, True, _wire(book))
    for row, old in zip(newer, older, strict=True):
        yield {"date": row["start_date"], **row, "performance_202405": old}


def _hours(book: Book, now: int) -> Rows:
    for day in book.analytics.shop.hourly_days(now):
        for hour in book.analytics.shop.hourly(day, now, _wire(book))["intervals"]:
            yield {"date": text_of(day), **hour}


def _products(book: Book, now: int) -> Rows:
    products, wire = book.analytics.products, _wire(book)
    for date, window in _days(book, now, PRODUCTS_READY_HOUR):
        table = products.table(window)
        for row in products.rows("202605", table, table.number, window, wire):
            yield {"date": date, **row}


def _skus(book: Book, now: int) -> Rows:
    products = book.analytics.products
    for date, window in _days(book, now):
        table = products.skus(window)
        for row in products.sku_rows(table, table[0], _wire(book)):
            yield {"date": date, **row}


def _videos(book: Book, now: int) -> Rows:
    contents = book.analytics.contents
    for date, window in _days(book, now):
        table = contents.watched(window, _EVERY_ACCOUNT)
        for row in contents.videos("202605", table, table.position, window, _wire(book)):
            yield {"date": date, **row}


def _lives(book: Book, now: int) -> Rows:
    analytics, window = book.analytics, _ready(book, now)
    number = analytics.tables.sessions_in(window, _EVERY_ACCOUNT)
    yield from analytics.contents.sessions(window, number, _wire(book))


def _overview(channel: str) -> Callable[[Book, int], Rows]:
    def rows(book: Book, now: int) -> Rows:
        overview = book.analytics.contents.overview
        for date, window in _days(book, now):
            yield {"date": date, **overview(channel, window, _EVERY_ACCOUNT, _wire(book))}

    return rows


def _fbt_inventory(book: Book, now: int) -> Rows:
    goods = book.fbt.fbt.goods(now)
    for start in range(0, len(goods), _BATCH):
        yield from book.fbt.inventory(goods[start : start + _BATCH], now)


def _fbt_records(book: Book, now: int) -> Rows:
    rows = book.fbt.fbt.records(0, now, now, book.fbt.fbt.goods(now))[0]
    for start in range(0, len(rows), _BATCH):
        yield from book.fbt.records(np.asarray(rows[start : start + _BATCH]))


def _inbound(book: Book, now: int) -> Rows:
    for order in book.fbt.fbt.inbounds(0, now):
        yield book.fbt.inbound(order, now)


def _fbt_warehouses(book: Book, _now: int) -> Rows:
    yield from book.fbt.warehouses()


#: Table -> its rows at an instant of the shop clock.
TABLES: Final[dict[str, Callable[[Book, int], Rows]]] = {
    "shop_performance_daily": _shop,
    "shop_performance_hourly": _hours,
    "product_performance_daily": _products,
    "sku_performance_daily": _skus,
    "video_performance_daily": _videos,
    "live_sessions": _lives,
    "video_overview_daily": _overview("VIDEO"),
    "live_overview_daily": _overview("LIVE"),
    "fbt_warehouses": _fbt_warehouses,
    "fbt_inventory": _fbt_inventory,
    "fbt_inventory_records": _fbt_records,
    "inbound_orders": _inbound,
}
