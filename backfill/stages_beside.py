"""The stages of what other hands keep beside the shop: TikTok's own warehouses (FBT), pictures, and
the numbers of orders in other systems."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from backfill.fbt import without_sellers_names
from backfill.images import normalise_images
from backfill.normalise.external import normalise_external_orders
from backfill.normalise.fbt import (
    normalise_fbt_inventory,
    normalise_fbt_records,
    normalise_fbt_warehouses,
    normalise_inbound_orders,
)
from backfill.normalise.rows import Normalised
from backfill.stage import ById, Context, Images, InWindows, Stage, Whole, plain
from catalogue import tables, tables_fbt

#: Only of shops that use FBT; a SKU that is not there is not answered.
_FBT_SKUS: Final = """
    SELECT sku_id FROM product_skus JOIN products USING (product_id)
    WHERE COALESCE(products.status, '') <> 'DELETED'
      AND EXISTS (SELECT 1 FROM warehouses WHERE fbt_warehouse_id IS NOT NULL)
      AND sku_id NOT IN (SELECT sku_id FROM fbt_inventory WHERE last_seen_at >= ?)
    ORDER BY sku_id
"""
#: Without the prefix, which the call does not take.
_SHIPMENTS: Final = """
    SELECT replace(inbound_order_id, 'IBR', '') FROM inbound_orders
    WHERE COALESCE(status, '') NOT IN ('RECEIVED', 'CANCELLED')
    ORDER BY inbound_order_id
"""
#: The part of the address before its signature is what tells pictures apart.
_PICTURES: Final = """
    SELECT product_id, update_time, main_image_url FROM products
    WHERE main_image_url IS NOT NULL AND COALESCE(status, '') <> 'DELETED'
      AND COALESCE(image_source, '') <>
          substr(main_image_url, 1, instr(main_image_url || '?', '?') - 1)
    ORDER BY update_time DESC, product_id
"""
#: An order is asked for once, a day after it was made: other systems take it over within hours.
_REFERENCES: Final = """
    SELECT order_id, order_key, create_time, update_time FROM orders
    WHERE external_checked_at IS NULL AND create_time < ? - 86400
      AND status NOT IN ('UNPAID', 'ON_HOLD')
    ORDER BY create_time DESC
"""


def _references(records: Iterable[object], context: Context) -> Normalised:
    """References of one order, and on the order that it was asked for."""
    order: tuple[Any, ...] = (*context.asked[:4], context.as_of)
    return normalise_external_orders(records, order)


BESIDE_STAGES: Final = (
    Stage(
        name="fbt_warehouses",
        label="Warehouses & FBT",
        data="products",
        endpoint="fbt_warehouses",
        reads=Whole(once_a_day=True),
        normalise=plain(normalise_fbt_warehouses),
        tables=(tables.WAREHOUSES,),
        after=("warehouses", "cancellations"),
        reconcile=without_sellers_names,
        may_be_refused=True,
    ),
    Stage(
        name="fbt_inventory",
        label="Product Inventory",
        data="products",
        endpoint="fbt_inventory_search",
        reads=ById(_FBT_SKUS, id_filter="sku_ids"),
        normalise=plain(normalise_fbt_inventory),
        tables=(tables_fbt.FBT_INVENTORY,),
        needs=("products", "fbt_warehouses"),
        after=("inventory",),
        may_be_refused=True,
    ),
    Stage(
        name="fbt_records",
        label="Warehouses & FBT",
        data="products",
        endpoint="fbt_records_search",
        reads=InWindows("create_time", 30),
        normalise=plain(normalise_fbt_records),
        tables=(tables_fbt.INBOUND_ORDERS,),
        after=("fbt_inventory",),
        may_be_refused=True,
    ),
    Stage(
        name="inbound_orders",
        label="Warehouses & FBT",
        data="products",
        endpoint="inbound_orders",
        reads=ById(_SHIPMENTS, id_filter="ids"),
        normalise=plain(normalise_inbound_orders),
        tables=(tables_fbt.INBOUND_ORDERS,),
        needs=("fbt_records",),
        may_be_refused=True,
    ),
    Stage(
        name="product_images",
        label="Product Details & Images",
        data="products",
        endpoint="product_detail",
        reads=Images(_PICTURES),
        normalise=normalise_images,
        tables=(tables.PRODUCTS,),
        after=("product_details",),
    ),
    Stage(
        name="external_orders",
        label="External Orders",
        data="external_orders",
        endpoint="external_orders",
        reads=ById(_REFERENCES, path="order_id"),
        normalise=_references,
        tables=(
            tables_fbt.EXTERNAL_ORDERS,
            tables_fbt.EXTERNAL_ORDER_LINE_ITEMS,
            tables.ORDERS,
        ),
        needs=("orders",),
        after=("product_details",),
        optional=True,
    ),
)
