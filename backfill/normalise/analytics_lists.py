"""TikTok's own figures of listings, variants and videos by day, and of LIVE sessions
(202605, else 202509).

The lists hold one figure for the whole range that is asked for, so a day is a call of its own. A
listing that was idle in a channel lacks its block: null, not zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from backfill.days import Asked, as_date, day_of
from backfill.normalise.rows import Normalised, Row, by_name, inside, read_each
from backfill.normalise.shape import Record, Shape, child, children
from backfill.normalise.values import WrongShape, identifier, plain_text
from backfill.windows import DAY
from catalogue.table import Table
from catalogue.tables_analytics import (
    CHANNELS,
    FUNNEL,
    LIVE_SESSIONS,
    PRODUCT_PERFORMANCE_DAILY,
    SKU_PERFORMANCE_DAILY,
    VIDEO_PERFORMANCE_DAILY,
)
from store.commits import Write

_DAY_COLUMNS: Final = ("date", "day", "api_version")

#: What our prefix stands for in the list of products, where TikTok uses another word.
_BLOCKS: Final = {"affiliate": "affiliate_total_performance"}
_GMV: Final = {"affiliate_live": "live_attributed_gmv", "affiliate_video": "attributed_video_gmv"}
_CART_USERS: Final = {"affiliate_live": "atc_users", "affiliate_video": "atc_users"}
_OWN_ORDERS: Final = {
    "orders": "attributed_orders",
    "sku_orders": "attributed_sku_orders",
    "sold_items": "attributed_sold_items",
    "estimated_customers": "estimated_customers",
}


def _channel(prefix: str, has_orders: bool) -> dict[str, str]:
    block = _BLOCKS.get(prefix, f"{prefix}_performance")
    names = {
        **by_name(*FUNNEL),
        "add_cart_users": _CART_USERS.get(prefix, "add_cart_users"),
        **(_OWN_ORDERS if has_orders else {}),
    }
    gmv = _GMV.get(prefix, "attributed_gmv")
    return {
        f"{prefix}_gmv": f"{block}.{gmv}.amount",
        **{f"{prefix}_{ours}": f"{block}.{theirs}" for ours, theirs in names.items()},
    }


_TOTAL: Final = "total_performance"
_MONEY: Final = ("gmv", "gmv_incl_tax", "tax", "shipping_fees", "refunds")
_PRODUCT: Final = Shape(
    PRODUCT_PERFORMANCE_DAILY,
    {
        "product_id": "id",
        **{name: f"{_TOTAL}.{name}.amount" for name in _MONEY},
        **inside(
            _TOTAL,
            *("orders", "sku_orders", "items_sold", "estimated_customers"),
            *("refunded_items", "refund_customers", *FUNNEL),
        ),
        **{
            column: path
            for prefix, has_orders in CHANNELS.items()
            for column, path in _channel(prefix, has_orders).items()
        },
        "seller_live_new_live_count": "seller_live_performance.new_live_count",
        "seller_video_new_video_count": "seller_video_performance.new_video_count",
        "affiliate_live_new_live_count": "affiliate_live_performance.new_live_count",
        "affiliate_video_new_video_count": "affiliate_video_performance.new_video_count",
        "affiliate_avg_daily_creator_posted_content": (
            "affiliate_total_performance.avg_daily_creator_posted_content"
        ),
        "shop_tab_gmv": "shop_tab_performance.shop_tab_gmv.amount",
        "shop_tab_sold_items": "shop_tab_performance.shop_tab_sold_items",
        "shop_tab_estimated_customers": "shop_tab_performance.estimated_shop_tab_customers",
        "shop_tab_product_impressions": "shop_tab_performance.shop_tab_product_impressions",
        "shop_tab_product_clicks": "shop_tab_performance.shop_tab_product_clicks",
        "shop_tab_unique_clicks": "shop_tab_performance.unique_shop_tab_product_clicks",
    },
    required=("product_id",),
)

#: Blocks in which the currency can be found; a day with visits alone has none.
_CURRENCY_AT: Final = (
    (_TOTAL, "gmv"),
    *(
        (_BLOCKS.get(prefix, f"{prefix}_performance"), _GMV.get(prefix, "attributed_gmv"))
        for prefix in CHANNELS
    ),
    ("shop_tab_performance", "shop_tab_gmv"),
)


def normalise_product_days(records: Iterable[object], asked: Asked) -> Normalised:
    """Rows of product_performance_daily for the day asked for."""

    def read(record: Record) -> Row:
        if _TOTAL not in record and "overall_performance" in record:
            record = {**record, _TOTAL: record["overall_performance"]}  # the name of 202509
        found = (
            plain_text(child(child(record, block), gmv).get("currency"))
            for block, gmv in _CURRENCY_AT
        )
        return (*_PRODUCT.read(record), next(filter(None, found), None))

    columns = (*_PRODUCT.columns, "currency")
    return _one_day(PRODUCT_PERFORMANCE_DAILY, columns, records, asked, read)


_SKU: Final = Shape(
    SKU_PERFORMANCE_DAILY,
    {
        "sku_id": "id",
        "gmv": "gmv.amount",
        "currency": "gmv.currency",
        **by_name("product_id", "sku_orders", "units_sold"),
    },
    required=("sku_id",),
)


def normalise_sku_days(records: Iterable[object], asked: Asked) -> Normalised:
    """Rows of sku_performance_daily for the day asked for."""
    return _one_day(
        SKU_PERFORMANCE_DAILY, _SKU.columns, records, asked, lambda sku: tuple(_SKU.read(sku))
    )


_VIDEO: Final = Shape(
    VIDEO_PERFORMANCE_DAILY,
    {
        **by_name(
            *("title", "username", "video_post_time", "duration", "sku_orders", "items_sold"),
            *("views", "avg_customers", "click_through_rate"),
        ),
        "author_type": "creator.author_type",
        "gmv": "gmv.amount",
        "currency": "gmv.currency",
        "gpm": "gpm.amount",
    },
    required=(),
)


def normalise_video_days(records: Iterable[object], asked: Asked) -> Normalised:
    """Rows of video_performance_daily for the day asked for. Of the creator only the public handle
    and the kind of account are kept."""

    def read(record: Record) -> Row:
        video_id = plain_text(record.get("id"))
        if video_id is None:
            raise WrongShape("is missing", "id")
        tags = _joined(map(plain_text, children(record, "hash_tags")), " ", "hash_tags")
        ids = (identifier(one.get("id")) for one in children(record, "products"))
        return (video_id, *_VIDEO.read(record), tags, _joined(ids, ",", "products"))

    columns = ("video_id", *_VIDEO.columns, "hash_tags", "product_ids")
    return _one_day(VIDEO_PERFORMANCE_DAILY, columns, records, asked, read)


def _joined(parts: Any, by: str, name: str) -> str | None:
    try:
        return by.join(filter(None, parts)) or None
    except (WrongShape, AttributeError):
        raise WrongShape("is not a list of words or objects", name) from None


def _one_day(
    table: Table,
    columns: tuple[str, ...],
    records: Iterable[object],
    asked: Asked,
    read: Callable[[Record], Row],
) -> Normalised:
    rows: list[Row] = []
    shared = (as_date(asked.start), asked.start, asked.version)

    def read_one(record: Record) -> None:
        rows.append((*shared, *read(record)))

    is_known = asked.start < asked.end <= asked.known_until
    rejected = read_each(records if is_known else (), table.name, read_one)
    return Normalised((Write(table, (*_DAY_COLUMNS, *columns), rows),), rejected)


_LIVE: Final = Shape(
    LIVE_SESSIONS,
    {
        "live_id": "id",
        **by_name("title", "username", "start_time", "end_time"),
        "gmv": "sales_performance.gmv.amount",
        "currency": "sales_performance.gmv.currency",
        "gmv_24h": "sales_performance.24h_live_gmv.amount",
        "avg_price": "sales_performance.avg_price.amount",
        **inside(
            "sales_performance",
            *("products_added", "different_products_sold", "created_sku_orders", "sku_orders"),
            *("items_sold", "customers", "click_to_order_rate"),
        ),
        **inside(
            "interaction_performance",
            *("acu", "pcu", "viewers", "views", "avg_viewing_duration", "comments", "shares"),
            *("likes", "new_followers", "product_impressions", "product_clicks"),
            "click_through_rate",
        ),
    },
    required=("live_id", "start_time"),
)
_BEGAN: Final = _LIVE.position("start_time")


def normalise_live_sessions(records: Iterable[object], asked: Asked) -> Normalised:
    """Rows of live_sessions for the sessions that began on the days asked for. A session that goes
    on past midnight is listed on both days; only the range that holds its beginning, and is asked
    for with a day more, shows all of it."""
    rows: list[Row] = []

    def read(record: Record) -> None:
        row = _LIVE.read(record)
        day = day_of(row[_BEGAN], asked.zone)
        if asked.start <= day < asked.end and day + DAY <= asked.known_until:
            rows.append((as_date(day), day, asked.version, *row))

    rejected = read_each(records, "live_stream_sessions", read)
    return Normalised((Write(LIVE_SESSIONS, (*_DAY_COLUMNS, *_LIVE.columns), rows),), rejected)
