"""The record tables of what other hands keep: stock at TikTok (FBT 202408 and 202409) and the same
order's number in another system (external order references 202406, or a file of the seller)."""

from __future__ import annotations

from typing import Final

from catalogue.table import Column, Kind, Table, counts, instants, texts

FBT_INVENTORY = Table(
    name="fbt_inventory",
    about="Stock in TikTok's own warehouses per SKU and warehouse, newest reading only. Goods in "
    "transit are told of the goods, not of the SKU, and repeat in each of its SKUs.",
    key=("sku_id", "fbt_warehouse_id"),
    root="sku_id",
    axis=None,
    columns=(
        *texts("sku_id", "fbt_warehouse_id", "goods_id", "goods_name", "reference_code"),
        *counts("available_quantity", "reserved_quantity", "total_quantity"),
        Column("goods_in_transit_quantity", Kind.COUNT, "Of the goods, on their way."),
        Column("goods_unfulfillable_quantity", Kind.COUNT, "Of the goods, damaged or expired."),
    ),
)

INBOUND_ORDERS = Table(
    name="inbound_orders",
    about="Shipments to TikTok's warehouses. TikTok has no list of them: their ids come from the "
    "movements of stock, so a row may hold its id alone until it is read.",
    key=("inbound_order_id",),
    root="inbound_order_id",
    axis=None,
    columns=(
        *texts("inbound_order_id", "type"),
        Column("status", Kind.TEXT, "That of the newest entry of its history."),
        *instants("create_time"),
        Column("update_time", Kind.INSTANT, "When its status changed last."),
        *instants("ship_time", "expect_arrive_time", "actual_arrive_time"),
        *texts("fbt_warehouse_id", "carrier_name", "tracking_number"),
        Column("planned_quantity", Kind.COUNT, "Units announced."),
        Column("received_quantity", Kind.COUNT, "Units received so far."),
        Column("normal_quantity", Kind.COUNT, "Of those received, in good condition."),
        Column("defective_quantity", Kind.COUNT, "Of those received, defective."),
    ),
)

EXTERNAL_ORDERS = Table(
    name="external_orders",
    about="The number of the same order in another system, such as Shopify.",
    key=("order_id", "platform", "external_order_id"),
    root="order_id",
    axis=None,
    columns=(
        *texts("order_id", "platform", "external_order_id"),
        Column("source", Kind.TEXT, "`tiktok`, or `file` for what the seller handed in."),
    ),
)

EXTERNAL_ORDER_LINE_ITEMS = Table(
    name="external_order_line_items",
    about="The number of the same unit in another system.",
    key=("order_id", "platform", "external_order_id", "external_line_item_id"),
    root="order_id",
    axis=None,
    columns=(
        *texts("order_id", "platform", "external_order_id", "external_line_item_id"),
        Column("line_item_id", Kind.TEXT, "The unit here; null when it was not told."),
        Column("source", Kind.TEXT, "`tiktok`, or `file` for what the seller handed in."),
    ),
)

FBT_TABLES: Final = (FBT_INVENTORY, INBOUND_ORDERS)
EXTERNAL_TABLES: Final = (EXTERNAL_ORDERS, EXTERNAL_ORDER_LINE_ITEMS)
