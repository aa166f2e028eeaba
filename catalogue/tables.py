"""The record tables (schema `tiktok_shop`). DDL, upserts, segments and docs/tables.md derive from
here.

Names are TikTok's own (Partner API, versions 202309 to 202602) unless a clash or a plural called
for another; `<thing>_id` is always the id of the thing. Personal data has no column: of a recipient
only country, state and city are kept, of a buyer a keyed hash.
"""

from __future__ import annotations

from typing import Final

from catalogue.table import (
    Column,
    Derived,
    Kind,
    Made,
    Parent,
    Table,
    counts,
    flags,
    instants,
    keys,
    money,
    rates,
    texts,
)
from catalogue.tables_analytics import ANALYTICS_TABLES
from catalogue.tables_fbt import EXTERNAL_TABLES, FBT_TABLES
from catalogue.tables_finance import FINANCE_TABLES

#: Header columns repeated in every line of an order.
_CARRIED_FROM_ORDERS: Final = (
    "create_time",
    "paid_time",
    "is_paid",
    "status",
    "order_type",
    "fulfillment_type",
    "shipping_type",
    "delivery_type",
    "warehouse_id",
    "payment_method_name",
    "recipient_region_code",
    "recipient_state",
    "is_cod",
    "is_sample_order",
    "is_replacement_order",
    "buyer_key",
)

#: What the price detail of a line is made from, beside the line.
_CARRIED_FOR_PRICES: Final = (
    "line_count",
    "original_shipping_fee",
    "shipping_fee",
    "shipping_fee_seller_discount",
    "shipping_fee_platform_discount",
    "shipping_fee_cofunded_discount",
    "shipping_fee_tax",
)

SHOPS = Table(
    name="shops",
    about="The shops of the authorization, as TikTok lists them.",
    key=("shop_id",),
    root="shop_id",
    axis=None,
    columns=(
        *texts("shop_id", "name", "code", "region", "seller_type", "currency"),
        Column("time_zone", Kind.TEXT, "The shop's own zone (IANA name); a setting of ours."),
    ),
)

ORDERS = Table(
    name="orders",
    about="One row per order, in any status.",
    key=("order_id",),
    root="order_id",
    axis="create_time",
    has_histogram=True,
    columns=(
        *texts("order_id"),
        *keys("order_key"),
        *texts("status", "order_type"),
        *instants("create_time", "update_time", "paid_time", "rts_time", "collection_time"),
        *instants("delivery_time", "cancel_time", "request_cancel_time"),
        *instants("rts_sla_time", "tts_sla_time", "delivery_sla_time", "cancel_order_sla_time"),
        *instants("shipping_due_time", "collection_due_time", "delivery_due_time"),
        *texts("fulfillment_type", "shipping_type", "delivery_type"),
        *texts("delivery_option_id", "delivery_option_name"),
        *texts("shipping_provider_id", "shipping_provider", "tracking_number", "warehouse_id"),
        *texts("payment_method_name"),
        *texts("recipient_region_code", "recipient_state", "recipient_city"),
        Column("buyer_user_id", Kind.TEXT, "Keyed hash of the buyer id; not reversible."),
        Column("buyer_key", Kind.KEY, "The same hash as a 64-bit integer."),
        *texts("cancel_reason", "cancellation_initiator"),
        Column("external_checked_at", Kind.INSTANT, "When we asked for its number elsewhere."),
        *flags("is_cod", "is_sample_order", "is_replacement_order", "is_exchange_order"),
        *flags("is_subscription_order", "is_on_hold_order", "is_buyer_request_cancel"),
        *texts("replaced_order_id", "exchange_source_order_id"),
        *texts("fast_delivery_program", "commerce_platform", "split_or_combine_tag"),
        *texts("auto_combine_group_id", "currency"),
        *money("total_amount", "sub_total", "original_total_product_price"),
        *money("seller_discount", "platform_discount", "payment_platform_discount"),
        *money("payment_discount_service_fee", "shipping_fee", "original_shipping_fee"),
        *money("shipping_fee_seller_discount", "shipping_fee_platform_discount"),
        *money("shipping_fee_cofunded_discount", "tax", "product_tax", "shipping_fee_tax"),
        *money("buyer_service_fee", "handling_fee", "small_order_fee", "retail_delivery_fee"),
        *money("item_insurance_fee", "item_insurance_tax", "shipping_insurance_fee"),
        *money("distance_fee", "distance_shipping_fee"),
        Column("line_count", Kind.COUNT, "Units in the order: one line item per unit."),
    ),
    derived=(
        Derived(
            "is_paid",
            Kind.FLAG,
            "status <> 'UNPAID' AND (COALESCE(paid_time, 0) > 0 OR COALESCE(is_cod, 0) = 1)",
            "The filter behind GMV.",
        ),
    ),
)

ORDER_LINE_ITEMS = Table(
    name="order_line_items",
    about="One row per unit sold: TikTok lists every unit as a line of its own.",
    key=("line_item_id",),
    root="order_id",
    axis="create_time",
    columns=(
        *texts("line_item_id"),
        *keys("line_key"),
        *texts("order_id"),
        *keys("order_key"),
        Column("create_time", Kind.INSTANT, "Of the order."),
        Column("update_time", Kind.INSTANT, "Of the order."),
        *texts("product_id", "product_name", "sku_id", "sku_name", "seller_sku", "sku_type"),
        Column("auction_product_id", Kind.TEXT, "The product of ours that stands for the auction."),
        *texts("sku_image", "display_status", "package_id", "package_status"),
        *texts("tracking_number", "shipping_provider_id", "shipping_provider_name"),
        *texts("cancel_reason", "cancel_user"),
        *flags("is_gift", "is_bundle", "is_dangerous_good"),
        *instants("rts_time"),
        Column("live_room_id", Kind.TEXT, "LIVE session the unit was bought in (US)."),
        *texts("currency"),
        *money("original_price", "sale_price", "seller_discount", "platform_discount"),
        *money("gift_retail_price"),
        Column("tax_amount", Kind.MONEY, "Sum of item_tax[].tax_amount."),
        *rates("tax_rate"),
        *texts("tax_type"),
        *money("buyer_service_fee", "small_order_fee", "retail_delivery_fee"),
        Column("payment", Kind.MONEY, "What the buyer paid for it, where the order says it."),
        Column("tax_with_freight", Kind.MONEY, "Its tax and that of its own freight, if taxed."),
    ),
    derived=(
        Derived(
            "sold_product_id",
            Kind.TEXT,
            "COALESCE(auction_product_id, product_id)",
            "What reports call the product: that of the auction, else the listing.",
        ),
    ),
    parent=Parent("orders", "order_id", (*_CARRIED_FROM_ORDERS, *_CARRIED_FOR_PRICES)),
)

#: The order gives freight as a whole: it is known of a unit where there is no other unit, or none.
_FREIGHT: Final = (
    *("original_shipping_fee", "shipping_fee"),
    *("shipping_fee_seller_discount", "shipping_fee_platform_discount"),
)
_IS_SHARED: Final = "COALESCE([orders.line_count], 0) <> 1 AND ({})".format(
    " OR ".join(f"COALESCE(CAST([orders.{fee}] AS REAL), 0) <> 0" for fee in _FREIGHT)
)
_OWN_FREIGHT: Final = [f"CASE WHEN NOT ({_IS_SHARED}) THEN [orders.{fee}] END" for fee in _FREIGHT]
#: The seller bears the co-funded discount, too. Both at once are left open: texts do not add up.
_SELLERS_FREIGHT: Final = (
    f"CASE WHEN {_IS_SHARED} THEN NULL "
    "WHEN COALESCE(CAST([orders.shipping_fee_cofunded_discount] AS REAL), 0) = 0 "
    "THEN [orders.shipping_fee_seller_discount] "
    "WHEN COALESCE(CAST([orders.shipping_fee_seller_discount] AS REAL), 0) = 0 "
    "THEN [orders.shipping_fee_cofunded_discount] END"
)
_TAX_WITH_FREIGHT: Final = (
    "CASE WHEN [tax_with_freight] IS NOT NULL THEN [tax_with_freight] "
    f"WHEN {_IS_SHARED} AND COALESCE(CAST([orders.shipping_fee_tax] AS REAL), 0) <> 0 THEN NULL "
    "ELSE [tax_amount] END"
)

ORDER_LINE_ITEM_PRICE_DETAIL = Table(
    name="order_line_item_price_detail",
    about="How the buyer's price of a unit came about. Derived from the order; asked from TikTok "
    "(202407) only for what cannot be derived, see `is_derived`.",
    key=("line_item_id",),
    root="order_id",
    axis="create_time",
    columns=(
        *texts("line_item_id"),
        *keys("line_key"),
        *texts("order_id"),
        *keys("order_key"),
        *instants("create_time", "update_time"),
        Column("is_derived", Kind.FLAG, "1: computed from the order; 0: TikTok's own answer."),
        *texts("currency"),
        *money("sku_list_price", "sku_sale_price", "subtotal_deduction_seller"),
        *money("subtotal_deduction_platform", "subtotal", "tax_amount"),
        *rates("tax_rate"),
        *money("net_price_amount", "shipping_list_price", "shipping_sale_price"),
        *money("shipping_fee_deduction_seller", "shipping_fee_deduction_platform", "payment"),
        *money("voucher_deduction_seller", "voucher_deduction_platform"),
    ),
    parent=Parent("orders", "order_id", _CARRIED_FROM_ORDERS),
    made=Made(
        source="order_line_items",
        told_in="order_line_item_price_answers",
        columns=(
            *(
                (name, f"[{name}]")
                for name in (
                    *("line_item_id", "line_key", "order_id", "order_key"),
                    *("create_time", "update_time", "currency", "tax_rate", "payment"),
                )
            ),
            ("is_derived", "1"),
            ("sku_list_price", "[original_price]"),
            ("sku_sale_price", "[sale_price]"),
            ("subtotal_deduction_seller", "[seller_discount]"),
            ("subtotal_deduction_platform", "[platform_discount]"),
            ("tax_amount", _TAX_WITH_FREIGHT),
            ("shipping_list_price", _OWN_FREIGHT[0]),
            ("shipping_sale_price", _OWN_FREIGHT[1]),
            ("shipping_fee_deduction_seller", _SELLERS_FREIGHT),
            ("shipping_fee_deduction_platform", _OWN_FREIGHT[3]),
        ),
    ),
)

PRODUCTS = Table(
    name="products",
    about="The catalogue: one row per listing, deleted ones included.",
    key=("product_id",),
    root="product_id",
    axis=None,
    columns=(
        *texts("product_id", "title", "status"),
        *instants("create_time", "update_time"),
        *texts("audit_status", "listing_quality_tier"),
        Column(
            "failed_reasons",
            Kind.TEXT,
            "Why TikTok's review turned it down, joined with '; '; from the product's detail.",
        ),
        Column("sales_regions", Kind.TEXT, "Comma list of country codes."),
        *flags("is_not_for_sale", "has_draft"),
        Column("category_id", Kind.TEXT, "Leaf category; from the product's detail."),
        Column("category_name", Kind.TEXT, "Leaf category; from the product's detail."),
        Column("category_path", Kind.TEXT, "Root to leaf, joined with ' > '."),
        *texts("brand_id", "brand_name"),
        Column("main_image_url", Kind.TEXT, "First gallery picture; signed and short-lived."),
        Column("image_path", Kind.TEXT, "Where we serve our copy of it, without the host."),
        Column("image_source", Kind.TEXT, "Address our copy was asked from, without signature."),
        Column("image_skip_reason", Kind.TEXT, "Why there is no copy of the newest picture."),
        Column("is_auction", Kind.FLAG, "1: made by us, in place of countdown-auction listings."),
        Column("product_types", Kind.TEXT, "Comma list, e.g. COMBINED_PRODUCT."),
        Column("detail_update_time", Kind.INSTANT, "update_time of the detail last read."),
    ),
)

PRODUCT_SKUS = Table(
    name="product_skus",
    about="One row per variant of a listing.",
    key=("sku_id",),
    root="product_id",
    axis=None,
    columns=(
        *texts("sku_id", "product_id", "seller_sku", "status", "deactivation_source"),
        Column("sku_name", Kind.TEXT, "Variant values, e.g. 'Black, M'; from the detail."),
        Column("image_url", Kind.TEXT, "Picture of the variant; from the detail."),
        *texts("currency"),
        *money("sale_price", "tax_exclusive_price", "list_price"),
        Column("update_time", Kind.INSTANT, "Of the product."),
    ),
)

INVENTORY = Table(
    name="inventory",
    about="Stock per SKU and warehouse, newest reading only.",
    key=("sku_id", "warehouse_id"),
    root="product_id",
    axis=None,
    columns=(
        *texts("sku_id", "warehouse_id", "product_id", "seller_sku"),
        *counts("available_quantity", "committed_quantity"),
    ),
)

SKU_INVENTORY = Table(
    name="sku_inventory",
    about="Stock per SKU over all warehouses, newest reading only.",
    key=("sku_id",),
    root="product_id",
    axis=None,
    columns=(
        *texts("sku_id", "product_id", "seller_sku"),
        *counts("total_available_quantity", "total_committed_quantity", "in_shop_quantity"),
        Column("campaign_quantity", Kind.COUNT, "Reserved for campaigns."),
        Column("creator_quantity", Kind.COUNT, "Reserved for creators."),
    ),
)

_REFUND: Final = (
    Column(
        "currency",
        Kind.TEXT,
        "Of the refund; without one, of the request's other lines if they agree.",
    ),
    *money("refund_total", "refund_subtotal", "refund_shipping_fee", "refund_tax"),
    *money("retail_delivery_fee", "buyer_service_fee"),
)

_CARRIED_FROM_RETURNS: Final = ("return_type", "return_status", "return_reason_text")

RETURNS = Table(
    name="returns",
    about="One row per return or refund request, in any status.",
    key=("return_id",),
    root="return_id",
    axis="create_time",
    columns=(
        *texts("return_id"),
        *keys("return_key"),
        *texts("order_id"),
        *keys("order_key"),
        *instants("create_time", "update_time"),
        *texts("return_type", "return_status", "arbitration_status"),
        *texts("return_reason", "return_reason_text"),
        Column("role", Kind.TEXT, "Who opened it."),
        *texts("return_tracking_number", "return_provider_name", "return_method"),
        *texts("handover_method", "shipment_type", "seller_proposed_return_type"),
        *texts("combined_return_id", "pre_return_id", "next_return_id"),
        *flags("is_combined_return", "can_buyer_keep_item", "is_quick_refund"),
        *flags("buyer_rejected_partial_refund"),
        *_REFUND,
        *money("partial_refund_amount"),
        Column("seller_paid_return_shipping_fee", Kind.MONEY, "Sum of shipping_fee_amount[]."),
        Column("platform_paid_return_shipping_fee", Kind.MONEY, "Sum of shipping_fee_amount[]."),
        Column("buyer_paid_return_shipping_fee", Kind.MONEY, "Sum of shipping_fee_amount[]."),
        Column("product_seller_discount", Kind.MONEY, "Sum of discount_amount[]."),
        Column("product_platform_discount", Kind.MONEY, "Sum of discount_amount[]."),
    ),
    derived=(
        Derived(
            "is_complete",
            Kind.FLAG,
            "return_status IN ('RETURN_OR_REFUND_REQUEST_COMPLETE', "
            "'REPLACEMENT_REQUEST_COMPLETE', 'REPLACEMENT_REQUEST_REFUND_SUCCESS')",
            "The money is back, or the replacement is done.",
        ),
    ),
)

RETURN_LINE_ITEMS = Table(
    name="return_line_items",
    about="One row per returned unit.",
    key=("return_line_item_id",),
    root="return_id",
    axis="create_time",
    columns=(
        *texts("return_line_item_id", "return_id"),
        *keys("return_key"),
        *texts("order_id"),
        *keys("order_key"),
        *texts("order_line_item_id"),
        *keys("line_key"),
        Column("create_time", Kind.INSTANT, "Of the return."),
        Column("update_time", Kind.INSTANT, "Of the return."),
        *texts("sku_id", "sku_name", "seller_sku", "product_name"),
        *_REFUND,
    ),
    parent=Parent("returns", "return_id", (*_CARRIED_FROM_RETURNS, "is_complete")),
)

CANCELLATIONS = Table(
    name="cancellations",
    about="One row per cancellation request, in any status.",
    key=("cancel_id",),
    root="cancel_id",
    axis="create_time",
    columns=(
        *texts("cancel_id"),
        *keys("cancel_key"),
        *texts("order_id"),
        *keys("order_key"),
        *instants("create_time", "update_time"),
        *texts("cancel_type", "cancel_status", "cancel_reason", "cancel_reason_text"),
        Column("role", Kind.TEXT, "Who opened it."),
        *flags("should_replenish_stock"),
        *_REFUND,
    ),
    derived=(
        Derived(
            "is_complete",
            Kind.FLAG,
            "cancel_status IN ('CANCELLATION_REQUEST_SUCCESS', 'CANCELLATION_REQUEST_COMPLETE')",
            "The cancellation went through.",
        ),
    ),
)

CANCELLATION_LINE_ITEMS = Table(
    name="cancellation_line_items",
    about="One row per cancelled unit.",
    key=("cancel_line_item_id",),
    root="cancel_id",
    axis="create_time",
    columns=(
        *texts("cancel_line_item_id", "cancel_id"),
        *keys("cancel_key"),
        *texts("order_id"),
        *keys("order_key"),
        *texts("order_line_item_id"),
        *keys("line_key"),
        Column("create_time", Kind.INSTANT, "Of the cancellation."),
        Column("update_time", Kind.INSTANT, "Of the cancellation."),
        *texts("sku_id", "sku_name", "seller_sku", "product_name"),
        *_REFUND,
    ),
    parent=Parent("cancellations", "cancel_id", ("cancel_type", "cancel_status", "is_complete")),
)

WAREHOUSES = Table(
    name="warehouses",
    about="The seller's warehouses. Of the address only country, state and city are kept.",
    key=("warehouse_id",),
    root="warehouse_id",
    axis=None,
    columns=(
        *texts("warehouse_id", "name", "type", "sub_type", "effect_status", "entity_id"),
        *flags("is_default"),
        *texts("region_code", "state", "city"),
        Column("fbt_warehouse_id", Kind.TEXT, "TikTok's warehouse (FBT) behind it, if any."),
    ),
    derived=(Derived("is_fbt", Kind.FLAG, "fbt_warehouse_id IS NOT NULL", "Run by TikTok (FBT)."),),
)

TABLES: Final[dict[str, Table]] = {
    table.name: table
    for table in (
        SHOPS,
        ORDERS,
        ORDER_LINE_ITEMS,
        ORDER_LINE_ITEM_PRICE_DETAIL,
        PRODUCTS,
        PRODUCT_SKUS,
        INVENTORY,
        SKU_INVENTORY,
        RETURNS,
        RETURN_LINE_ITEMS,
        CANCELLATIONS,
        CANCELLATION_LINE_ITEMS,
        WAREHOUSES,
        *FINANCE_TABLES,
        *ANALYTICS_TABLES,
        *FBT_TABLES,
        *EXTERNAL_TABLES,
    )
}
