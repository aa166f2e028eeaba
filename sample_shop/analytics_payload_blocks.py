"""The blocks of a product in the 202605 list: the whole, one per channel, the shop tab.

Identities that hold: ctr = clicks / impressions; add_cart_rate = add_cart_count / clicks;
click_order_rate = orders / clicks; gmv + tax = gmv_incl_tax.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from .analytics_sources import EVERY_SOURCE
from .analytics_tables import Back, Shown, Sums
from .analytics_wire import Wire, fraction, per
from .draws import Ints

Payload = dict[str, Any]
Columns = dict[str, list[int]]

_PEOPLE: Final = ("impression_people", "click_people", "cart_people")
#: Blocks that show no orders -> (name of their amount, of the people with a full cart).
_WITHOUT_ORDERS: Final = {
    "affiliate_live_performance": "live_attributed_gmv",
    "affiliate_video_performance": "attributed_video_gmv",
}


def columns(sold: Sums, shown: Shown, sources: tuple[int, ...], at: Ints) -> Columns:
    """Return what a block is made of, for the products in the rows `at`."""
    found = {name: getattr(sold, name)[at].tolist() for name in Sums.__slots__}
    for name in ("impressions", "clicks", "carts"):
        found[name] = shown.count(name, sources)[at].tolist()
    for name in _PEOPLE:
        people = np.maximum(shown.people(name, sources), sold.customers)
        found[name] = people[at].tolist()
    return found


def _funnel(block: Columns, i: int, cart_people: str) -> Payload:
    impressions, clicks, carts = (block[name][i] for name in ("impressions", "clicks", "carts"))
    shown_to, clicked_by, carted_by = (block[name][i] for name in _PEOPLE)
    return {
        "product_impressions": impressions,
        "product_clicks": clicks,
        "ctr": fraction(clicks, impressions),
        "add_cart_count": carts,
        cart_people: carted_by,
        "add_cart_rate": fraction(carts, clicks),
        "click_order_rate": fraction(block["orders"][i], clicks),
        "unique_product_impressions": shown_to,
        "unique_clicks": clicked_by,
        "unique_ctr": fraction(clicked_by, shown_to),
        "unique_atc_rate": fraction(carted_by, clicked_by),
        "unique_click_order_rate": fraction(block["customers"][i], clicked_by),
    }


def total_columns(
    sold: Sums, shown: Shown, back: Back, tax: Ints, freight: Ints, at: Ints
) -> Columns:
    """Return what `total_performance` is made of; `tax`: on top of the prices."""
    return columns(sold, shown, EVERY_SOURCE, at) | {
        "tax": tax[at].tolist(),
        "freight": freight[at].tolist(),
        "refunds": back.refunds[at].tolist(),
        "refunded_items": back.refunded_items[at].tolist(),
        "refund_customers": back.refund_customers[at].tolist(),
    }


def total_block(block: Columns, i: int, wire: Wire) -> Payload:
    """Return `total_performance`; tax, freight and GMV with tax stay in the shop's currency."""
    gmv, orders, tax = block["gmv"][i], block["orders"][i], block["tax"][i]
    return {
        "gmv": wire.money(gmv),
        "gross_merchandise_value": wire.money(gmv),
        "gmv_incl_tax": wire.local(gmv + tax),
        "tax": wire.local(tax),
        "shipping_fees": wire.local(block["freight"][i]),
        "aov": wire.money(per(gmv, orders)),
        "orders": orders,
        "sku_orders": block["sku_orders"][i],
        "items_sold": block["items"][i],
        "estimated_customers": block["customers"][i],
        "refunds": wire.money(block["refunds"][i]),
        "refunded_items": block["refunded_items"][i],
        "refund_customers": block["refund_customers"][i],
        **_funnel(block, i, "add_cart_users"),
    }


def channel_block(name: str, block: Columns, i: int, new_contents: int, wire: Wire) -> Payload:
    """Return the block of a channel; those of affiliates' LIVEs and videos have no orders."""
    gmv, orders = block["gmv"][i], block["orders"][i]
    if name in _WITHOUT_ORDERS:
        made = {_WITHOUT_ORDERS[name]: wire.money(gmv), **_funnel(block, i, "atc_users")}
    else:
        made = {
            "attributed_gmv": wire.money(gmv),
            "attributed_orders": orders,
            "attributed_sku_orders": block["sku_orders"][i],
            "attributed_sold_items": block["items"][i],
            "estimated_customers": block["customers"][i],
            "aov": wire.money(per(gmv, orders)),
            **_funnel(block, i, "add_cart_users"),
        }
    if name == "affiliate_total_performance":
        made["avg_daily_creator_posted_content"] = new_contents
    elif "live" in name:
        made["new_live_count"] = new_contents
    elif "video" in name:
        made["new_video_count"] = new_contents
    return made


def shop_tab_block(block: Columns, i: int, wire: Wire) -> Payload:
    """Return `shop_tab_performance`."""
    impressions, clicks = block["impressions"][i], block["clicks"][i]
    return {
        "shop_tab_gmv": wire.money(block["gmv"][i]),
        "shop_tab_sold_items": block["items"][i],
        "estimated_shop_tab_customers": block["customers"][i],
        "shop_tab_product_impressions": impressions,
        "shop_tab_product_clicks": clicks,
        "unique_shop_tab_product_clicks": block["click_people"][i],
        "shop_tab_ctr": fraction(clicks, impressions),
        "shop_tab_ctor_sku": fraction(block["sku_orders"][i], clicks),
    }
