"""Fields of TikTok's own figures of listings, in total and by channel (202605; 202509 tells GMV,
orders and units only). Channels overlap: one sale may be ascribed to several."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from catalogue.conformed import PRODUCT_ID, at_home
from catalogue.field import Additive, Counted, Dimension, Field, Ratio

_GROUP: Final = "Product analytics"
_BY_CHANNEL: Final = "Product analytics by channel"
_DAYS: Final = "product_performance_daily"
_UNTOLD: Final = " Empty where TikTok tells none."
_PEOPLE: Final = (
    " Of one product only, and of one day or of the whole date range: never add the values of "
    "several rows."
)


def _sum(
    field_id: str,
    label: str,
    column: str,
    about: str,
    semantic: str = "NUMBER",
    *,
    untold: bool = False,
    group: str = _GROUP,
) -> Additive:
    return Additive(
        id=field_id, label=label, group=group, semantic=semantic, on={_DAYS: f"[{column}]"},
        about=about + (_UNTOLD if untold else ""), may_be_untold=untold,
    )  # fmt: skip


def _people(field_id: str, label: str, column: str, about: str, *, group: str = _GROUP) -> Counted:
    return Counted(
        id=field_id, label=label, group=group, semantic="NUMBER", on={_DAYS: f"[{column}]"},
        about=about + _PEOPLE, over_window=True,
    )  # fmt: skip


def _ratio(field_id: str, label: str, top: str, bottom: str, about: str) -> Ratio:
    return Ratio(
        id=field_id, label=label, group=_GROUP, semantic="PERCENT", numerator=top,
        denominator=bottom, about=about,
    )  # fmt: skip


#: Prefix of the columns -> (how people call the channel, whether it has orders of its own).
_CHANNELS: Final = {
    "seller_live": ("Seller LIVE", True),
    "seller_video": ("Seller Video", True),
    "seller_product_card": ("Product Card", True),
    "affiliate": ("Affiliate", True),
    "affiliate_live": ("Affiliate LIVE", False),
    "affiliate_video": ("Affiliate Video", False),
}
_OVERLAP: Final = " Channels overlap: never add them up."


def _channel_gmv() -> Iterator[Field]:
    for prefix, name in (*((key, name) for key, (name, _) in _CHANNELS.items()), _SHOP_TAB):
        yield _sum(f"pa_gmv_{prefix}", f"Attributed GMV: {name}", f"{prefix}_gmv",
                   f"GMV of the product that TikTok ascribes to the channel {name}.{_OVERLAP}",
                   "CURRENCY", untold=True)  # fmt: skip


_SHOP_TAB: Final = ("shop_tab", "Shop Tab")


def _by_channel() -> Iterator[Field]:
    for prefix, (name, has_orders) in _CHANNELS.items():
        if has_orders:
            yield from _orders_of(prefix, name)
        yield from _funnel_of(prefix, name)
    prefix, name = _SHOP_TAB
    yield _part("pa_items_sold", prefix, "Attributed Items", name, "sold_items", "Units sold")
    yield _customers(prefix, name)
    yield _part("pa_impressions", prefix, "Impressions", name, "product_impressions",
                "How often the product was shown")  # fmt: skip
    yield _part("pa_clicks", prefix, "Clicks", name, "product_clicks", "Clicks on the product")


def _orders_of(prefix: str, name: str) -> Iterator[Field]:
    yield _part("pa_orders", prefix, "Attributed Orders", name, "orders",
                "Orders with the product (an order of two products counts for both)")  # fmt: skip
    yield _part("pa_sku_orders", prefix, "Attributed SKU Orders", name, "sku_orders", "SKU orders")
    yield _part("pa_items_sold", prefix, "Attributed Items", name, "sold_items", "Units sold")
    yield _customers(prefix, name)


def _funnel_of(prefix: str, name: str) -> Iterator[Field]:
    yield _part("pa_impressions", prefix, "Impressions", name, "product_impressions",
                "How often the product was shown")  # fmt: skip
    yield _part("pa_clicks", prefix, "Clicks", name, "product_clicks", "Clicks on the product")
    yield _part("pa_add_to_cart", prefix, "Add to Cart", name, "add_cart_count",
                "How often the product was put into a cart")  # fmt: skip


def _part(start: str, prefix: str, label: str, name: str, column: str, what: str) -> Additive:
    return _sum(
        f"{start}_{prefix}", f"{label}: {name}", f"{prefix}_{column}",
        f"{what} in the channel {name}, by TikTok's attribution.{_OVERLAP}", untold=True,
        group=_BY_CHANNEL,
    )  # fmt: skip


def _customers(prefix: str, name: str) -> Counted:
    return _people(
        f"pa_customers_{prefix}", f"Attributed Customers: {name}",
        f"{prefix}_estimated_customers",
        f"Different buyers of the product that TikTok ascribes to the channel {name}, estimated.",
        group=_BY_CHANNEL,
    )  # fmt: skip


FIELDS: Final[tuple[Field, ...]] = (
    Dimension(
        id="pa_product_id", label="Product ID (analytics)", group=_GROUP, semantic="TEXT",
        homes=at_home(_DAYS, PRODUCT_ID),
        about="TikTok's id of the listing, the same as Product ID.",
    ),
    _sum("pa_gmv", "Product GMV", "gmv",
         "GMV of the product as TikTok reports it, without tax.", "CURRENCY"),
    _sum("pa_gmv_incl_tax", "Product GMV incl. Tax", "gmv_incl_tax",
         "GMV of the product as TikTok reports it, with tax.", "CURRENCY", untold=True),
    _sum("pa_tax", "Product Tax (TikTok)", "tax", "Tax on the product's GMV.", "CURRENCY",
         untold=True),
    _sum("pa_shipping_fees", "Product Shipping Fees (TikTok)", "shipping_fees",
         "Shipping fees that TikTok reports for the product.", "CURRENCY", untold=True),
    _sum("pa_orders", "Product Orders", "orders",
         "Orders with the product as TikTok counts them; an order of two products counts for "
         "both."),
    Additive(
        id="pa_orders_with_clicks", label="Product Orders with Clicks Told", group=_GROUP,
        semantic="NUMBER", on={_DAYS: "[orders]"}, where="[product_clicks] IS NOT NULL",
        about="Orders with the product, of the days whose clicks are told.", hidden=True,
        may_be_untold=True,
    ),
    _sum("pa_sku_orders", "Product SKU Orders", "sku_orders",
         "Different SKUs of the product per order, added up, as TikTok counts them.",
         untold=True),
    _sum("pa_items_sold", "Product Items Sold", "items_sold",
         "Units of the product sold, as TikTok counts them."),
    _sum("pa_impressions", "Product Impressions", "product_impressions",
         "How often the product was shown.", untold=True),
    _sum("pa_clicks", "Product Clicks", "product_clicks", "Clicks on the product.", untold=True),
    _ratio("pa_ctr", "Product CTR", "pa_clicks", "pa_impressions", "Clicks per impression."),
    _sum("pa_add_to_cart", "Add to Cart", "add_cart_count",
         "How often the product was put into a cart.", untold=True),
    _ratio("pa_add_to_cart_rate", "Add-to-cart Rate", "pa_add_to_cart", "pa_clicks",
           "How often the product was put into a cart, per click."),
    _ratio("pa_click_to_order_rate", "Click-to-order Rate", "pa_orders_with_clicks", "pa_clicks",
           "Orders with the product per click, of the days whose clicks TikTok tells."),
    _people("pa_customers", "Product Customers (est.)", "estimated_customers",
            "Different buyers of the product, estimated by TikTok."),
    _people("pa_unique_viewers", "Unique Product Viewers", "unique_product_impressions",
            "Different people to whom the product was shown, as TikTok counts them."),
    _people("pa_unique_clickers", "Unique Product Clickers", "unique_clicks",
            "Different people who clicked on the product, as TikTok counts them."),
    _people("pa_cart_users", "Add-to-cart Users", "add_cart_users",
            "Different people who put the product into a cart, as TikTok counts them."),
    _sum("pa_refunds", "Product Refunds", "refunds",
         "Money refunded for the product on the day, as TikTok reports it.", "CURRENCY",
         untold=True),
    _sum("pa_refunded_items", "Refunded Items", "refunded_items",
         "Units of the product refunded on the day, as TikTok counts them.", untold=True),
    _people("pa_refund_customers", "Refunded Customers", "refund_customers",
            "Different buyers of the product who got money back, as TikTok counts them."),
    *_channel_gmv(),
    *_by_channel(),
    *(
        _sum(field_id, label, column,
             f"New {what} with the product; one with two products counts for both.",
             untold=True, group=_BY_CHANNEL)
        for field_id, label, column, what in (
            ("pa_new_lives_seller", "New LIVEs: Seller", "seller_live_new_live_count",
             "LIVEs of the seller"),
            ("pa_new_videos_seller", "New Videos: Seller", "seller_video_new_video_count",
             "videos of the seller"),
            ("pa_new_lives_affiliate", "New LIVEs: Affiliate", "affiliate_live_new_live_count",
             "LIVEs of creators"),
            ("pa_new_videos_affiliate", "New Videos: Affiliate",
             "affiliate_video_new_video_count", "videos of creators"),
        )
    ),
)  # fmt: skip
