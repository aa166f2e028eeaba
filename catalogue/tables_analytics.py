"""The record tables of TikTok's own figures (Data Analytics, versions 202405 to 202605).

A day is a date in the shop's own time zone. `date` shows it; `day`, the same date at 00:00 UTC,
stands for it on the time axis whatever the zone is. Days once read are kept for ever, because
TikTok gives only about the last 60. Rates that follow from two other columns are not kept: they
are worked out at the grain of the answer. Nothing here is personal: of a creator only the public
handle and the kind of account are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from catalogue.table import Column, Derived, Kind, Table, counts, instants, money, rates, texts

_DAY: Final = (
    Column("date", Kind.TEXT, "The day, in the shop's own zone."),
    Column("day", Kind.INSTANT, "The same date at 00:00 UTC: the axis, not a moment."),
)
_VERSION: Final = Column("api_version", Kind.TEXT, "Version of the call that gave the row.")

#: Kinds of content to which TikTok ascribes a sale or an impression: TikTok's word -> ours.
CONTENT: Final[Mapping[str, str]] = {
    "LIVE": "live",
    "VIDEO": "video",
    "PRODUCT_CARD": "product_card",
}

SHOP_PERFORMANCE_DAILY = Table(
    name="shop_performance_daily",
    about="TikTok's own figures of the shop by day. Four calls fill it (shop 202509 and 202405, "
    "overviews of videos and LIVEs 202509); what a call has not told is null.",
    key=("date",),
    root="date",
    axis="day",
    columns=(
        *_DAY,
        *texts("currency"),
        *money("gmv", *(f"gmv_{content}" for content in CONTENT.values()), "gross_revenue"),
        Column("gmv_max_share", Kind.RATE, "Of gross revenue: GMV Max (SEA, MX, BR), ads (EU)."),
        *counts("orders_count", "sku_orders_count", "items_sold"),
        *money("refunds"),
        Column("avg_customers_count", Kind.RATE, "Distinct payers of the day."),
        Column("avg_visitors", Kind.RATE, "Distinct visitors of product pages on the day."),
        Column("avg_page_views", Kind.RATE, "Views of product pages on the day."),
        Column("avg_conversion_rate", Kind.RATE, "TikTok spells it avg_conversation_rate."),
        _VERSION,
        Column("buyers", Kind.COUNT, "Distinct payers of the day (202405)."),
        Column("product_impressions", Kind.COUNT, "From 202405, like its parts."),
        *counts(*(f"product_impressions_{content}" for content in CONTENT.values())),
        Column("cancellations_and_returns", Kind.COUNT, "Items (202405)."),
        Column("exposure_api_version", Kind.TEXT, "Version of the call behind the impressions."),
        Column("videos_gmv", Kind.MONEY, "Of the overview of videos, like all `videos_`."),
        *counts("videos_sku_orders", "videos_product_impressions", "videos_product_clicks"),
        Column("videos_api_version", Kind.TEXT, "Version of the overview of videos."),
        Column("lives_gmv", Kind.MONEY, "Of the overview of LIVEs, like all `lives_`."),
        *counts("lives_sku_orders", "lives_items_sold"),
        Column("lives_customers", Kind.COUNT, "Distinct payers in LIVEs on the day."),
        *rates("lives_click_to_order_rate", "lives_click_through_rate"),
        Column("lives_api_version", Kind.TEXT, "Version of the overview of LIVEs."),
    ),
)

SHOP_PERFORMANCE_HOURLY = Table(
    name="shop_performance_hourly",
    about="TikTok's own figures of the shop by hour of the shop's day (202510).",
    key=("date", "hour"),
    root="date",
    axis="day",
    columns=(
        *_DAY,
        Column("hour", Kind.COUNT, "0 to 23, in the shop's own zone."),
        *texts("currency"),
        *money("gmv"),
        *counts("items_sold"),
        Column("visitors", Kind.COUNT, "Distinct visitors within the hour."),
        Column("customers", Kind.COUNT, "Distinct payers within the hour."),
        _VERSION,
    ),
    derived=(
        Derived("hour_start", Kind.INSTANT, "day + hour * 3600", "The hour on the axis of days."),
    ),
)

#: What all kinds of content are told about in the product list, and how the rows call it.
FUNNEL: Final = (
    *("product_impressions", "product_clicks", "add_cart_count", "add_cart_users"),
    *("unique_product_impressions", "unique_clicks"),
)
_ATTRIBUTED: Final = ("orders", "sku_orders", "sold_items", "estimated_customers")

#: Blocks of the product list that share their names: prefix of our columns -> has its own orders.
CHANNELS: Final[Mapping[str, bool]] = {
    "seller_live": True,
    "seller_video": True,
    "seller_product_card": True,
    "affiliate": True,
    "affiliate_live": False,
    "affiliate_video": False,
}


def _channel(prefix: str, has_orders: bool) -> tuple[Column, ...]:
    more = (*_ATTRIBUTED, *FUNNEL) if has_orders else FUNNEL
    return (
        Column(f"{prefix}_gmv", Kind.MONEY, "Attributed; channels overlap, never add them up."),
        *counts(*(f"{prefix}_{name}" for name in more)),
    )


PRODUCT_PERFORMANCE_DAILY = Table(
    name="product_performance_daily",
    about="TikTok's own figures of a listing by day (202605; 202509 has GMV, orders and items "
    "only). A listing without any activity has no row.",
    key=("date", "product_id"),
    root="date",
    axis="day",
    columns=(
        *_DAY,
        *texts("product_id", "currency"),
        Column("gmv", Kind.MONEY, "Without tax."),
        Column("gmv_incl_tax", Kind.MONEY, "Always in the shop's currency."),
        *money("tax", "shipping_fees"),
        Column("orders", Kind.COUNT, "Adds up over days, not over products."),
        *counts("sku_orders", "items_sold"),
        Column("estimated_customers", Kind.COUNT, "Distinct payers of the day."),
        *money("refunds"),
        *counts("refunded_items", "refund_customers", *FUNNEL),
        *(
            column
            for prefix, has_orders in CHANNELS.items()
            for column in _channel(prefix, has_orders)
        ),
        *counts("seller_live_new_live_count", "seller_video_new_video_count"),
        *counts("affiliate_live_new_live_count", "affiliate_video_new_video_count"),
        Column("affiliate_avg_daily_creator_posted_content", Kind.RATE, "Of the day."),
        Column("shop_tab_gmv", Kind.MONEY, "Attributed; channels overlap, never add them up."),
        *counts("shop_tab_sold_items", "shop_tab_estimated_customers"),
        *counts("shop_tab_product_impressions", "shop_tab_product_clicks"),
        *counts("shop_tab_unique_clicks"),
        _VERSION,
    ),
)

SKU_PERFORMANCE_DAILY = Table(
    name="sku_performance_daily",
    about="TikTok's own figures of a variant by day (202509).",
    key=("date", "sku_id"),
    root="date",
    axis="day",
    columns=(
        *_DAY,
        *texts("sku_id", "product_id", "currency"),
        *money("gmv"),
        *counts("sku_orders", "units_sold"),
        _VERSION,
    ),
)

#: 2026-08-01 18:30:00, as TikTok writes the moment of a post; SQLite's GLOB.
_WRITTEN_TIME: Final = (
    "[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9][ T][0-2][0-9]:[0-5][0-9]:[0-5][0-9]"
)

VIDEO_PERFORMANCE_DAILY = Table(
    name="video_performance_daily",
    about="TikTok's own figures of a video by day (202605, else 202509). Deleted and unknown "
    "videos share the id 0, as TikTok lists them.",
    key=("date", "video_id"),
    root="date",
    axis="day",
    columns=(
        *_DAY,
        *texts("video_id", "title", "username"),
        Column("author_type", Kind.TEXT, "OFFICIAL, CHANNEL or AFFILIATE (202605)."),
        Column("video_post_time", Kind.TEXT, "As TikTok writes it; the shop's zone is assumed."),
        Column("duration", Kind.RATE, "Seconds."),
        Column("hash_tags", Kind.TEXT, "Joined with a space."),
        Column("product_ids", Kind.TEXT, "Comma list of the products in the video."),
        *texts("currency"),
        *money("gmv"),
        Column("gpm", Kind.MONEY, "GMV per 1,000 views."),
        *counts("sku_orders", "items_sold", "views"),
        Column("avg_customers", Kind.RATE, "Distinct payers of the day."),
        Column("click_through_rate", Kind.RATE, "Product clicks per view."),
        _VERSION,
    ),
    derived=(
        Derived(
            "posted_digits",
            Kind.TEXT,
            f"CASE WHEN video_post_time GLOB '{_WRITTEN_TIME}*' THEN "
            + " || ".join(f"substr(video_post_time, {at}, 2)" for at in (1, 3, 6, 9, 12, 15, 18))
            + " END",
            "video_post_time as YYYYMMDDHHMMSS.",
        ),
    ),
)

LIVE_SESSIONS = Table(
    name="live_sessions",
    about="LIVE sessions with TikTok's figures of the whole session (202509). What viewers did is "
    "told of the shop's own accounts only. The day is the one on which the session began.",
    key=("live_id",),
    root="live_id",
    axis="day",
    columns=(
        *texts("live_id"),
        *_DAY,
        *texts("title", "username"),
        *instants("start_time", "end_time"),
        *texts("currency"),
        *money("gmv"),
        Column("gmv_24h", Kind.MONEY, "Within 24 hours of the LIVE."),
        *money("avg_price"),
        *counts("products_added", "different_products_sold"),
        *counts("created_sku_orders", "sku_orders", "items_sold", "customers"),
        *rates("click_to_order_rate"),
        Column("acu", Kind.RATE, "Average concurrent viewers."),
        Column("pcu", Kind.COUNT, "Most concurrent viewers."),
        *counts("viewers", "views"),
        Column("avg_viewing_duration", Kind.RATE, "Seconds per view."),
        *counts("comments", "shares", "likes", "new_followers"),
        *counts("product_impressions", "product_clicks"),
        *rates("click_through_rate"),
        _VERSION,
    ),
)

ANALYTICS_TABLES: Final = (
    SHOP_PERFORMANCE_DAILY,
    SHOP_PERFORMANCE_HOURLY,
    PRODUCT_PERFORMANCE_DAILY,
    SKU_PERFORMANCE_DAILY,
    VIDEO_PERFORMANCE_DAILY,
    LIVE_SESSIONS,
)
