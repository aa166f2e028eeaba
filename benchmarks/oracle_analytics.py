"""What the fields of TikTok's own figures of the shop, its products and SKUs show and count."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from benchmarks.oracle_figures import Value, amount, at, people, times, total, where
from benchmarks.oracle_kinds import Counted, Dimension, Metric, Ratio, Sum, shown_text
from benchmarks.oracle_rows import Row, number, within

_OLDER: Final = "performance_202405"


def _of_type(entries: Any, kind: str, *path: str) -> Decimal | None:
    """The value of the entry of a breakdown that has this type."""
    for entry in entries or ():
        if entry.get("type") == kind:
            return number(within(entry, *path))
    return None


def _channel(kind: str) -> Value:
    return lambda row: _of_type(within(row.own, "sales", "gmv", "breakdowns"), kind, "gmv")


def _shown_in(kind: str) -> Value:
    name = "product_impression_breakdowns"
    return lambda row: _of_type(within(row.own, _OLDER, name), kind, "amount")


def _advertised(row: Row) -> Decimal | None:
    entries = within(row.own, "sales", "gross_revenue", "breakdowns")
    for kind in ("GMV_MAX", "ADS"):
        share = _of_type(entries, kind, "percentage")
        if share is not None:
            return share
    return None


# -- the shop by day and by hour -----------------------------------------------------------------

_GROSS: Final = at("sales", "gross_revenue", "overall")
_VISITORS: Final = at("traffic", "avg_visitors")
_CONVERTED: Final = at("traffic", "avg_conversation_rate")


def _exposed(value: Value) -> Sum:
    """From the older call (202405), which may have told nothing."""
    return total("shop_exposure", value, may_be_missing=True)


_SHOP: Final[Mapping[str, Metric]] = {
    "shop_gmv": amount("shop_days", at("sales", "gmv", "overall")),
    "shop_gmv_live": amount("shop_days", _channel("LIVE"), may_be_missing=True),
    "shop_gmv_video": amount("shop_days", _channel("VIDEO"), may_be_missing=True),
    "shop_gmv_product_card": amount("shop_days", _channel("PRODUCT_CARD"), may_be_missing=True),
    "shop_gross_revenue": amount("shop_days", _GROSS, may_be_missing=True),
    "shop_gross_revenue_gmv_max": amount(
        "shop_days", times(_GROSS, _advertised), may_be_missing=True
    ),
    "shop_gross_revenue_gmv_max_share": Ratio("shop_gross_revenue_gmv_max", "_shared_revenue"),
    "_shared_revenue": amount("shop_days", where(_advertised, _GROSS)),
    "shop_orders": total("shop_days", at("sales", "orders_count")),
    "shop_sku_orders": total("shop_days", at("sales", "sku_orders_count")),
    "shop_items_sold": total("shop_days", at("sales", "items_sold")),
    "shop_refunds": amount("shop_days", at("sales", "refunds")),
    "shop_daily_customers": people("shop_days", at("sales", "avg_customers_count")),
    "shop_visitors": people("shop_days", _VISITORS),
    "shop_page_views": total("shop_days", at("traffic", "avg_page_views")),
    "shop_conversion_rate": Ratio("_converted_visitors", "_rated_visitors"),
    "_converted_visitors": total("shop_days", times(_CONVERTED, _VISITORS)),
    "_rated_visitors": total("shop_days", where(_CONVERTED, _VISITORS)),
    "shop_aov": Ratio("shop_gmv", "shop_orders"),
    "shop_buyers": people("shop_exposure", at(_OLDER, "buyers"), over_window=True),
    "shop_product_impressions": _exposed(at(_OLDER, "product_impressions")),
    "shop_impressions_live": _exposed(_shown_in("LIVE")),
    "shop_impressions_video": _exposed(_shown_in("VIDEO")),
    "shop_impressions_product_card": _exposed(_shown_in("PRODUCT_CARD")),
    "shop_cancellations_returns": _exposed(at(_OLDER, "cancellations_and_returns")),
    "shop_videos_gmv": amount("videos_days", at("gmv"), may_be_missing=True),
    "shop_videos_sku_orders": total("videos_days", at("sku_orders"), may_be_missing=True),
    "shop_lives_gmv": amount("lives_days", at("gmv"), may_be_missing=True),
    "shop_lives_sku_orders": total("lives_days", at("sku_orders"), may_be_missing=True),
    "shop_lives_items_sold": total("lives_days", at("items_sold"), may_be_missing=True),
    "shop_lives_daily_customers": people("lives_days", at("customers")),
    "hourly_gmv": amount("shop_hours", at("gmv")),
    "hourly_items_sold": total("shop_hours", at("items_sold")),
    "hourly_customers": people("shop_hours", at("customers"), "hour"),
    "hourly_visitors": people("shop_hours", at("visitors"), "hour"),
}

# -- products and SKUs by day --------------------------------------------------------------------


def _whole(name: str) -> Value:
    return at("total_performance", name)


def _told(name: str, *, is_money: bool = False) -> Sum:
    """A figure that only the newer call (202605) tells."""
    return Sum(("product_days",), _whole(name), is_money=is_money, stays_unknown=True)


def _reached(name: str) -> Counted:
    return people("product_days", _whole(name), over_window=True)


#: Channel -> (block of the payload, name of its GMV there).
_CHANNELS: Final = {
    "seller_live": ("seller_live_performance", "attributed_gmv"),
    "seller_video": ("seller_video_performance", "attributed_gmv"),
    "seller_product_card": ("seller_product_card_performance", "attributed_gmv"),
    "affiliate": ("affiliate_total_performance", "attributed_gmv"),
    "affiliate_live": ("affiliate_live_performance", "live_attributed_gmv"),
    "affiliate_video": ("affiliate_video_performance", "attributed_video_gmv"),
    "shop_tab": ("shop_tab_performance", "shop_tab_gmv"),
}
_WITH_ORDERS: Final = ("seller_live", "seller_video", "seller_product_card", "affiliate")
#: Fields of a channel -> their names in its block.
_ORDERED: Final = {
    "orders": "attributed_orders",
    "sku_orders": "attributed_sku_orders",
    "items_sold": "attributed_sold_items",
}
_FUNNEL: Final = {
    "impressions": "product_impressions",
    "clicks": "product_clicks",
    "add_to_cart": "add_cart_count",
}


def _by_channel() -> dict[str, Metric]:
    made: dict[str, Metric] = {}
    for channel, (block, gmv) in _CHANNELS.items():
        made[f"pa_gmv_{channel}"] = amount("product_days", at(block, gmv), may_be_missing=True)
        if channel == "shop_tab":
            continue
        told = _FUNNEL | (_ORDERED if channel in _WITH_ORDERS else {})
        for name, path in told.items():
            value = at(block, path)
            made[f"pa_{name}_{channel}"] = total("product_days", value, may_be_missing=True)
        if channel in _WITH_ORDERS:
            value = at(block, "estimated_customers")
            made[f"pa_customers_{channel}"] = people("product_days", value, over_window=True)
    return made


def _in_shop_tab(name: str) -> Sum:
    return total("product_days", at("shop_tab_performance", name), may_be_missing=True)


def _new(channel: str, name: str) -> Sum:
    value = at(f"{channel}_performance", f"new_{name}_count")
    return total("product_days", value, may_be_missing=True)


_PRODUCT: Final[Mapping[str, Metric]] = {
    "pa_gmv": amount("product_days", _whole("gmv")),
    "pa_gmv_incl_tax": _told("gmv_incl_tax", is_money=True),
    "pa_tax": _told("tax", is_money=True),
    "pa_shipping_fees": _told("shipping_fees", is_money=True),
    "pa_orders": total("product_days", _whole("orders")),
    "pa_sku_orders": _told("sku_orders"),
    "pa_items_sold": total("product_days", _whole("items_sold")),
    "pa_impressions": _told("product_impressions"),
    "pa_clicks": _told("product_clicks"),
    "pa_ctr": Ratio("pa_clicks", "pa_impressions"),
    "pa_add_to_cart": _told("add_cart_count"),
    "pa_add_to_cart_rate": Ratio("pa_add_to_cart", "pa_clicks"),
    "pa_click_to_order_rate": Ratio("_orders_with_clicks", "pa_clicks"),
    "_orders_with_clicks": total(
        "product_days", where(_whole("product_clicks"), _whole("orders")), may_be_missing=True
    ),
    "pa_customers": _reached("estimated_customers"),
    "pa_unique_viewers": _reached("unique_product_impressions"),
    "pa_unique_clickers": _reached("unique_clicks"),
    "pa_cart_users": _reached("add_cart_users"),
    "pa_refund_customers": _reached("refund_customers"),
    "pa_refunds": _told("refunds", is_money=True),
    "pa_refunded_items": _told("refunded_items"),
    **_by_channel(),
    "pa_items_sold_shop_tab": _in_shop_tab("shop_tab_sold_items"),
    "pa_impressions_shop_tab": _in_shop_tab("shop_tab_product_impressions"),
    "pa_clicks_shop_tab": _in_shop_tab("shop_tab_product_clicks"),
    "pa_customers_shop_tab": people(
        "product_days",
        at("shop_tab_performance", "estimated_shop_tab_customers"),
        over_window=True,
    ),
    "pa_new_lives_seller": _new("seller_live", "live"),
    "pa_new_videos_seller": _new("seller_video", "video"),
    "pa_new_lives_affiliate": _new("affiliate_live", "live"),
    "pa_new_videos_affiliate": _new("affiliate_video", "video"),
    "ska_gmv": amount("sku_days", at("gmv")),
    "ska_sku_orders": total("sku_days", at("sku_orders")),
    "ska_units_sold": total("sku_days", at("units_sold")),
}

ANALYTICS_METRICS: Final[Mapping[str, Metric]] = {**_SHOP, **_PRODUCT}

ANALYTICS_DIMENSIONS: Final[Mapping[str, Dimension]] = {
    "pa_product_id": shown_text("product_id", "product_days", lambda row: row.product_id),
    "ska_sku_id": shown_text("sku_id", "sku_days", lambda row: row.sku_id),
}
