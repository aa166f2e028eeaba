"""Exports to begin with: six questions that most shops ask. Pure.

A preset is the texts of a definition; whoever takes one may change any of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Preset:
    """`texts` as `definition.read_definition` takes them."""

    label: str
    about: str
    texts: Mapping[str, str]


PRESETS: Final[Mapping[str, Preset]] = {
    "daily_sales": Preset(
        "Daily sales",
        "One row a day: GMV, orders, units, customers and refunds.",
        {
            "fields": "date,shop_name,currency,gmv,orders,items_sold,avg_order_value,customers,"
            "seller_discount,refund_total",
            "range": "last_90_days",
            "totals": "yes",
        },
    ),
    "orders": Preset(
        "Orders",
        "One row per order of the last 30 days, updated in place; older rows stay.",
        {
            "fields": "order_id,create_time,order_status,shop_name,currency,paid_time,"
            "recipient_region_code,payment_total_amount,items_ordered,seller_discount,tax_total",
            "range": "last_30_days",
            "include_today": "yes",
            "mode": "upsert",
        },
    ),
    "products": Preset(
        "Products",
        "What sold in the last 28 days, the best first, beside the 28 days before.",
        {
            "fields": "product_id,product_name,shop_name,currency,gmv,items_sold,orders",
            "range": "last_28_days",
            "sort": "gmv desc",
            "compare": "previous_period",
            "totals": "yes",
        },
    ),
    "returns": Preset(
        "Returns",
        "One row per return of the last 90 days, updated in place.",
        {
            "fields": "return_id,return_create_time,order_id,return_status,return_type,"
            "return_reason,shop_name,currency,returned_items,refund_total",
            "range": "last_90_days",
            "include_today": "yes",
            "mode": "upsert",
        },
    ),
    "settlement": Preset(
        "Settlement",
        "One row per statement: revenue, fees, shipping, adjustments and what was settled.",
        {
            "fields": "settlement_date,statement_id,statement_payment_status,shop_name,currency,"
            "settled_revenue,statement_fee_amount,statement_shipping_cost,adjustment_amount,"
            "settlement_amount",
            "range": "last_90_days",
            "totals": "yes",
        },
    ),
    "stock": Preset(
        "Stock",
        "What is available now, by product and SKU.",
        {
            "fields": "product_name,sku_name,seller_sku,sku_id,shop_name,total_available_quantity,"
            "total_committed_quantity",
            "range": "today",
            "sort": "total_available_quantity",
        },
    ),
}
