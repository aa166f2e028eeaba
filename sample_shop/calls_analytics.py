"""The Data Analytics calls. Where their versions differ, the payload makers know it.

Refused: a window of more than 60 days (28001022 by the video list, 36009004 by the others), an
empty or backward one (28001022), a product of somebody else (28001007). Empty lists are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import orjson

from . import params
from .analytics_days import MOST_DAYS, PRODUCTS_READY_HOUR, READY_HOUR, Window, asked_days, text_of
from .analytics_days import day_in as day_named
from .analytics_sources import ACCOUNT_TYPES
from .analytics_tables import Sums
from .analytics_wire import per
from .answers import BAD_WINDOW, NOT_YOUR_PRODUCT, RefusedCall, refused
from .books import Call, Found
from .draws import Flags, Ints
from .names import THINGS
from .payloads_products import category_id

Payload = dict[str, Any]

_STATUSES: Final = ("ALL", "LIVE", "INACTIVE")
_LEAVES: Final = {
    key: {n for n, thing in enumerate(THINGS) if key in map(category_id, thing[1:])}
    for thing in THINGS
    for key in map(category_id, thing[1:])
}


def _window(
    call: Call, ready_hour: int = READY_HOUR, too_long: RefusedCall | None = None
) -> Window:
    too_long = too_long or params.bad(
        "end_date_lt", f"exceeds the limit: at most {MOST_DAYS} days may be asked for"
    )
    first, end = asked_days(call.request.query, too_long)
    return call.book.analytics.window(first, end, call.now, ready_hour)


def _latest(call: Call, ready_hour: int = READY_HOUR) -> Payload:
    day = call.book.analytics.days.latest(call.now, ready_hour)
    return {"latest_available_date": text_of(day)}


def _by_day(call: Call) -> bool:
    return params.choice(call.request.query, "granularity", ("ALL", "1D"), "ALL") == "1D"


def _truth(call: Call, name: str) -> bool:
    return params.choice(call.request.query, name, ("true", "false"), "false") == "true"


def _accounts(call: Call) -> tuple[int, ...]:
    kinds = tuple(ACCOUNT_TYPES)
    return ACCOUNT_TYPES[params.choice(call.request.query, "account_type", kinds, "ALL")]


def _listed(call: Call, name: str) -> list[str] | None:
    """Return a list in the query, as a JSON array or joined by commas."""
    text = call.request.query.get(name)
    if not text:
        return None
    if not text.startswith("["):
        return text.split(",")
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise params.bad(name, "must be a JSON array or joined by commas") from None
    return [str(value) for value in values]


def _of_intervals(intervals: list[Payload], more: Payload) -> Payload:
    return {"performance": {"intervals": intervals} if intervals else {}, **more}


def _page(
    call: Call, key: str, values: dict[str, Ints], rows: Ints, make: Callable[[Ints], list[Payload]]
) -> Payload:
    """Return a page of a list, sorted by one of `values` (entries as in `rows`, ascending)."""
    query = call.request.query
    size = params.page_size(query, 1, 100, 10)
    field = params.choice(query, "sort_field", tuple(values), "gmv")
    ascending = params.choice(query, "sort_order", ("ASC", "DESC"), "DESC") == "ASC"

    def search() -> Found:
        order = np.lexsort((rows, values[field]))
        return rows[order], values[field][order].astype(np.int64)

    picked, more = call.page(size, ascending, search)
    return ({key: make(picked)} if len(picked) else {}) | more


def shop_performance(call: Call) -> Payload:
    """GET /analytics/{202509,202405}/shop/performance; only 202405 compares."""
    analytics, window = call.book.analytics, _window(call)
    wire, by_day = analytics.wire(call.request.query), _by_day(call)
    intervals = analytics.shop.intervals(call.version, window, by_day, wire)
    answer = _of_intervals(intervals, _latest(call))
    if call.version == "202405" and _truth(call, "with_comparison"):
        length = window.end - window.first
        before = analytics.window(window.first - length, window.first, call.now)
        compared = analytics.shop.intervals(call.version, before, by_day, wire)
        if compared:
            answer["performance"]["comparison_intervals"] = compared
    return answer


def shop_performance_per_hour(call: Call) -> Payload:
    """GET /analytics/202510/shop/performance/{date}/performance_per_hour: 30 days and today."""
    analytics = call.book.analytics
    day = day_named(call.ids[0])
    if day is None:
        raise params.bad("date", "must be a date as YYYY-MM-DD")
    if day not in analytics.shop.hourly_days(call.now):
        raise refused(BAD_WINDOW, "Invalid date: it must lie within the last 30 days.")
    wire = analytics.wire(call.request.query)
    return {"performance": analytics.shop.hourly(day, call.now, wire)}


def product_list(call: Call) -> Payload:
    """GET /analytics/{202605,202509}/shop_products/performance."""
    analytics, window = call.book.analytics, _window(call, PRODUCTS_READY_HOUR)
    wire, table = analytics.wire(call.request.query), analytics.products.table(window)
    total = table.total
    values = {"gmv": total.gmv, "items_sold": total.items, "orders": total.orders}
    kept = _kept(call, table.number)
    number = table.number[kept]
    page = _page(
        call,
        "products",
        {name: column[kept] for name, column in values.items()},
        number,
        lambda rows: analytics.products.rows(call.version, table, rows, window, wire),
    )
    return page | _latest(call, PRODUCTS_READY_HOUR)


def _kept(call: Call, number: Ints) -> Flags:
    """Return which products pass `product_status_filter` and `category_filter`."""
    kept = np.ones(len(number), dtype=np.bool_)
    wanted = params.choice(call.request.query, "product_status_filter", _STATUSES, "ALL")
    if wanted != "ALL":
        kept &= call.book.analytics.products.on_sale(number, call.now) == (wanted == "LIVE")
    categories = _listed(call, "category_filter")
    if categories is not None:
        things = set().union(*(_LEAVES.get(category, set()) for category in categories))
        kept &= np.asarray(
            [call.shop.listings.thing(each) in things for each in number.tolist()], dtype=np.bool_
        )
    return kept


def product_performance(call: Call) -> Payload:
    """GET /analytics/202509/shop_products/{product_id}/performance."""
    analytics, window = call.book.analytics, _window(call)
    number = call.shop.ids.position("product", call.ids[0])
    if number is None or not call.shop.listings.exists(number, call.now):
        raise refused(NOT_YOUR_PRODUCT, "The product does not exist in this shop.")
    wire = analytics.wire(call.request.query)
    detail = analytics.products.detail(number, window, _by_day(call), wire)
    return {"performance": detail, **_latest(call)}


def sku_list(call: Call) -> Payload:
    """GET /analytics/202509/shop_skus/performance."""
    analytics, window = call.book.analytics, _window(call)
    wire = analytics.wire(call.request.query)
    positions, sold = analytics.products.skus(window)
    kept = _kept(call, positions // 8)
    products = _listed(call, "product_ids")
    if products is not None:
        wanted = [call.shop.ids.position("product", text) for text in products]
        kept &= np.isin(positions // 8, [number for number in wanted if number is not None])
    values = {"gmv": sold.gmv, "sku_orders": sold.sku_orders, "units_sold": sold.items}
    page = _page(
        call,
        "skus",
        {name: column[kept] for name, column in values.items()},
        positions[kept],
        lambda rows: analytics.products.sku_rows((positions, sold), rows, wire),
    )
    return page | _latest(call)


def video_list(call: Call) -> Payload:
    """GET /analytics/{202605,202509}/shop_videos/performance."""
    analytics = call.book.analytics
    too_long = refused(BAD_WINDOW, f"The date range cannot exceed {MOST_DAYS} days.")
    window = _window(call, too_long=too_long)
    wire = analytics.wire(call.request.query)
    table = analytics.contents.watched(window, _accounts(call))
    page = _page(
        call,
        "videos",
        _video_values(table.sales, table.views, table.clicks),
        table.position,
        lambda rows: analytics.contents.videos(call.version, table, rows, window, wire),
    )
    return page | _latest(call)


def _video_values(sold: Sums, views: Ints, clicks: Ints) -> dict[str, Ints]:
    seen = np.maximum(views, 1)
    gpm = [
        per(gmv * 1000, view) for gmv, view in zip(sold.gmv.tolist(), seen.tolist(), strict=True)
    ]
    return {
        "gmv": sold.gmv,
        "gpm": np.asarray(gpm, dtype=np.int64),
        "avg_customers": sold.daily_customers,
        "sku_orders": sold.sku_orders,
        "items_sold": sold.items,
        "views": views,
        "click_through_rate": clicks * 1_000_000 // seen,
    }


def live_list(call: Call) -> Payload:
    """GET /analytics/202509/shop_lives/performance: the sessions that began in the window."""
    analytics, window = call.book.analytics, _window(call)
    wire, contents = analytics.wire(call.request.query), analytics.contents
    number = analytics.tables.sessions_in(window, _accounts(call))
    page = _page(
        call,
        "live_stream_sessions",
        contents.session_values(window, number),
        number,
        lambda rows: contents.sessions(window, rows, wire),
    )
    return page | _latest(call)


def video_overview(call: Call) -> Payload:
    """GET /analytics/202509/shop_videos/overview_performance."""
    return _overview(call, "VIDEO")


def live_overview(call: Call) -> Payload:
    """GET /analytics/202509/shop_lives/overview_performance."""
    return _overview(call, "LIVE")


def _overview(call: Call, channel: str) -> Payload:
    analytics, accounts = call.book.analytics, _accounts(call)
    wire, by_day = analytics.wire(call.request.query), _by_day(call)
    if _truth(call, "today"):
        day = analytics.days.day_of(call.now)
        # Real time: the day as it is now, and not only once it is ready.
        window = Window(day, day + 1, range(day, day + 1), range(0), call.now)
    else:
        window = _window(call)
    parts = [window.only(day) for day in window.days] if by_day else [window]
    overview = analytics.contents.overview
    intervals = [overview(channel, part, accounts, wire) for part in parts if part.days]
    return _of_intervals(intervals, _latest(call))
