"""Fields of orders."""

from __future__ import annotations

from typing import Final

from catalogue.field import Additive, Combined, Count, Dimension, Ratio

_GROUP: Final = "Orders"
_PAID_ORDER: Final = "[is_paid]"
_PAID_LINE: Final = "[orders.is_paid]"
_TABLES_WITH_ORDER_ID: Final = (
    *("orders", "order_line_items", "order_line_item_price_detail"),
    *("returns", "return_line_items", "cancellations", "cancellation_line_items"),
    *("statement_transaction_skus", "external_orders"),
)


def _order(field_id: str, label: str, column: str, about: str, semantic: str = "TEXT") -> Dimension:
    return Dimension(
        id=field_id,
        label=label,
        group=_GROUP,
        semantic=semantic,
        homes={"orders": f"[{column}]"},
        about=about,
    )


def _instant(field_id: str, label: str, column: str, about: str) -> Dimension:
    return _order(field_id, label, column, about, "YEAR_MONTH_DAY_SECOND")


def _flag(field_id: str, label: str, column: str, about: str) -> Dimension:
    return _order(field_id, label, column, about, "BOOLEAN")


def _amount(field_id: str, label: str, sql: str, about: str, where: str = "") -> Additive:
    """Money of the order header."""
    return Additive(
        id=field_id, label=label, group=_GROUP, semantic="CURRENCY", on={"orders": sql},
        where=where, about=about,
    )  # fmt: skip


def _line_amount(field_id: str, label: str, sql: str, where: str, about: str) -> Additive:
    """Money of the units, so that it can be split by product and SKU."""
    return Additive(
        id=field_id, label=label, group=_GROUP, semantic="CURRENCY", on={"order_line_items": sql},
        where=where, about=about,
    )  # fmt: skip


def _count(field_id: str, label: str, condition: str, about: str) -> Count:
    """Orders; `condition` over columns of the order, written for the order's own row."""
    return Count(
        id=field_id,
        label=label,
        group=_GROUP,
        semantic="NUMBER",
        on={"orders": "*", "order_line_items": "[order_key]"},
        where={
            "orders": condition,
            "order_line_items": condition.replace("[", "[orders."),
        },
        about=about,
    )


def _ratio(field_id: str, label: str, top: str, bottom: str, semantic: str, about: str) -> Ratio:
    return Ratio(
        id=field_id, label=label, group=_GROUP, semantic=semantic, numerator=top,
        denominator=bottom, about=about,
    )  # fmt: skip


def _sum(*columns: str) -> str:
    """Sum of columns that TikTok leaves out when they do not apply (absent = 0)."""
    return " + ".join(f"COALESCE([{column}], 0)" for column in columns)


FIELDS: Final = (
    Dimension(
        id="order_id", label="Order ID", group=_GROUP, semantic="TEXT",
        homes={
            **dict.fromkeys(_TABLES_WITH_ORDER_ID, "[order_id]"),
            "statement_transactions": "COALESCE([order_id], [adjustment_order_id], "
            "[associated_order_id])",
            "unsettled_transactions": "COALESCE([order_id], [adjustment_order_id])",
        },
        about="TikTok's order id, always text.",
    ),
    _order("order_status", "Status", "status",
           "UNPAID, ON_HOLD, AWAITING_SHIPMENT, PARTIALLY_SHIPPING, AWAITING_COLLECTION, "
           "IN_TRANSIT, DELIVERED, COMPLETED or CANCELLED."),
    _order("order_type", "Order Type", "order_type",
           "NORMAL, PRE_ORDER and so on; may be empty for standard orders."),
    _flag("is_paid", "Is Paid", "is_paid",
          "True when the order is not UNPAID and has a payment time or is cash on delivery."),
    _instant("create_time", "Create Time", "create_time", "When the order was placed."),
    _instant("update_time", "Update Time", "update_time", "Last change of the order's status."),
    _instant("paid_time", "Paid Time", "paid_time", "When the order was paid."),
    _instant("cancel_time", "Cancel Time", "cancel_time", "When the order was cancelled."),
    _instant("rts_time", "Shipped Time", "rts_time", "When the seller arranged the shipment."),
    _instant("collection_time", "Collected Time", "collection_time",
             "When the carrier took the parcels over."),
    _instant("delivery_time", "Delivered Time", "delivery_time", "When the order was delivered."),
    _order("fulfillment_type", "Fulfillment Type", "fulfillment_type",
           "FULFILLMENT_BY_SELLER, FULFILLMENT_BY_TIKTOK or FULFILLMENT_BY_DILAYANI_TOKOPEDIA."),
    _order("shipping_type", "Shipping Type", "shipping_type",
           "TIKTOK (platform label), SELLER or TIKTOK_DIGITAL."),
    _order("delivery_type", "Delivery Type", "delivery_type",
           "HOME_DELIVERY or COLLECTION_POINT."),
    _order("delivery_option_name", "Delivery Option", "delivery_option_name",
           "Name of the delivery option the buyer chose."),
    _order("shipping_provider", "Shipping Provider", "shipping_provider",
           "Name of the carrier."),
    Dimension(
        id="tracking_number", label="Tracking Number", group=_GROUP, semantic="TEXT",
        homes={"orders": "[tracking_number]", "order_line_items": "[tracking_number]"},
        about="Tracking number of the order, or of the unit where units are asked for.",
    ),
    Dimension(
        id="warehouse_id", label="Warehouse ID", group=_GROUP, semantic="TEXT",
        homes={
            "orders": "[warehouse_id]",
            "inventory": "[warehouse_id]",
            **dict.fromkeys(("fbt_inventory", "inbound_orders"), "[fbt_warehouse_id]"),
        },
        about="Warehouse the order ships from, or the stock lies in.",
    ),
    Dimension(
        id="warehouse_name", label="Warehouse Name", group=_GROUP, semantic="TEXT",
        homes={"warehouses": "[name]"},
        about="Name of the warehouse the order ships from, or the stock lies in.",
    ),
    _order("payment_method_name", "Payment Method Name", "payment_method_name",
           "How the buyer paid."),
    _flag("is_cod", "Cash on Delivery", "is_cod", "True for cash on delivery."),
    _order("recipient_region_code", "Recipient Region Code", "recipient_region_code",
           "Country the order goes to.", "COUNTRY_CODE"),
    _order("recipient_state", "Recipient State/Province", "recipient_state",
           "State or province the order goes to; empty while unpaid or on hold.", "REGION"),
    _order("recipient_city", "Recipient City", "recipient_city",
           "City the order goes to; empty while unpaid or on hold.", "CITY"),
    _order("buyer_user_id", "Customer ID (hashed)", "buyer_user_id",
           "Stands for the buyer: a one-way hash, the same for all orders of one buyer."),
    _order("cancel_reason", "Cancel Reason", "cancel_reason", "Why the order was cancelled."),
    _order("cancellation_initiator", "Cancelled By", "cancellation_initiator",
           "SELLER, BUYER or SYSTEM."),
    _flag("is_sample_order", "Sample Order", "is_sample_order",
          "True for free samples to creators."),
    _flag("is_replacement_order", "Replacement Order", "is_replacement_order",
          "True when the order replaces another."),
    _flag("is_exchange_order", "Exchange Order", "is_exchange_order",
          "True when the order comes from an exchange."),
    _flag("is_subscription_order", "Subscription Order", "is_subscription_order",
          "True when a subscription made the order."),
    _flag("is_on_hold_order", "Was On Hold", "is_on_hold_order",
          "True when the order waited through the hour in which a buyer may cancel freely."),
    _order("fast_delivery_program", "Fast Delivery Badge", "fast_delivery_program",
           "Badge shown to the buyer, e.g. 3_DAY_DELIVERY."),
    _order("commerce_platform", "Commerce Platform", "commerce_platform",
           "TIKTOK_SHOP or TOKOPEDIA (Indonesia)."),
    _order("split_or_combine", "Split/Combined", "split_or_combine_tag",
           "COMBINED or SPLIT packages."),
    _count("orders", "Orders", "", "Orders in any status."),
    _count("paid_orders", "Paid Orders", _PAID_ORDER,
           "Orders that were paid, later cancelled ones included."),
    Count(
        id="sku_orders", label="SKU Orders", group=_GROUP, semantic="NUMBER",
        on={"order_line_items": "([order_key], [sku_id])"}, where=_PAID_LINE,
        about="Different SKUs per paid order, added up: how TikTok and GMV Max count orders.",
    ),
    _line_amount("gmv", "GMV", "[sale_price]", _PAID_LINE,
                 "Sale price of the units of paid orders, later cancelled or refunded ones "
                 "included; after all discounts, without tax and shipping."),
    _amount("gmv_customer_payment", "GMV incl. Tax & Shipping", "[total_amount]",
            "What buyers paid for paid orders, tax and shipping included.", _PAID_ORDER),
    _line_amount("gross_revenue", "Gross Revenue",
                 "[sale_price] + COALESCE([platform_discount], 0)", _PAID_LINE,
                 "Units of paid orders before TikTok's discounts and after the seller's, without "
                 "tax and shipping."),
    _amount("gross_revenue_incl_shipping", "Gross Revenue incl. Shipping",
            "[total_amount] - COALESCE([tax], 0) + COALESCE([platform_discount], 0)",
            "Customer payment less tax plus TikTok's discounts, of paid orders.", _PAID_ORDER),
    _line_amount("gross_sales_list", "Gross Sales (list price)", "[original_price]", _PAID_LINE,
                 "List price of the units of paid orders, before every discount."),
    Combined(
        id="net_sales_tw", label="Net Sales (payment less tax & refunds)", group=_GROUP,
        semantic="CURRENCY", plus=("gmv_customer_payment",), minus=("tax_total", "refund_total"),
        about="GMV incl. Tax & Shipping less Tax (order) less Refund Total, refunds on the day the "
        "return was opened: the net sales of Triple Whale.",
    ),
    Combined(
        id="net_revenue", label="Net Revenue", group=_GROUP, semantic="CURRENCY",
        plus=("gmv",),
        minus=("order_refund_subtotal", "order_cancellation_refund_subtotal"),
        about="GMV less product refunds (completed returns, and cancellations after payment), "
        "booked on the date of the order, so that past days can fall.",
    ),
    _line_amount("cancelled_gmv", "Cancelled GMV", "[sale_price]",
                 f"{_PAID_LINE} AND [orders.status] = 'CANCELLED'",
                 "GMV of orders that are cancelled now."),
    _line_amount("completed_gmv", "Completed GMV", "[sale_price]",
                 f"{_PAID_LINE} AND [orders.status] IN ('DELIVERED', 'COMPLETED')",
                 "GMV of orders that are delivered or completed now."),
    _amount("unpaid_amount", "Unpaid Amount", "[total_amount]",
            "Amount of orders that are not paid yet.", "[status] = 'UNPAID'"),
    _amount("payment_total_amount", "Payment Total Amount", "[total_amount]",
            "Total of orders in any status; filter by Status to leave some out."),
    _amount("payment_sub_total", "Subtotal", "[sub_total]",
            "Products after seller and TikTok discounts, orders in any status."),
    _amount("original_product_price", "Original Product Price", "[original_total_product_price]",
            "Products before discounts, orders in any status."),
    _amount("discount_amount", "Discount Amount", _sum("seller_discount", "platform_discount"),
            "Product discounts of seller and TikTok; shipping discounts are apart."),
    _amount("seller_discount", "Seller Discount", "[seller_discount]",
            "Product discounts paid by the seller."),
    _amount("platform_discount", "Platform Discount", "[platform_discount]",
            "Product discounts paid by TikTok."),
    _amount("payment_platform_discount", "Payment Platform Discount",
            "[payment_platform_discount]", "Discounts paid by the payment provider."),
    _amount("payment_discount_service_fee", "Payment Discount Service Fee",
            "[payment_discount_service_fee]",
            "Fee the buyer paid for using a discount of the payment provider."),
    _amount("shipping_fee", "Shipping Fee (buyer paid)", "[shipping_fee]",
            "Shipping the buyer paid, after discounts."),
    _amount("original_shipping_fee", "Original Shipping Fee", "[original_shipping_fee]",
            "Shipping before discounts."),
    _amount("shipping_discount", "Shipping Discount",
            _sum("shipping_fee_seller_discount", "shipping_fee_platform_discount",
                 "shipping_fee_cofunded_discount"),
            "Shipping discounts of seller and TikTok together."),
    _amount("shipping_seller_discount", "Shipping Discount (seller)",
            _sum("shipping_fee_seller_discount", "shipping_fee_cofunded_discount"),
            "Shipping discounts paid by the seller, co-funded ones included."),
    _amount("shipping_platform_discount", "Shipping Discount (platform)",
            "[shipping_fee_platform_discount]", "Shipping discounts paid by TikTok."),
    _amount("tax_total", "Tax (order)", "[tax]", "Tax of the order."),
    _amount("product_tax", "Product Tax", "[product_tax]", "Tax on the products."),
    _amount("shipping_tax", "Shipping Tax", "[shipping_fee_tax]", "Tax on shipping."),
    _amount("buyer_fees", "Other Buyer Fees",
            _sum("buyer_service_fee", "handling_fee", "small_order_fee", "retail_delivery_fee",
                 "item_insurance_fee", "shipping_insurance_fee"),
            "Service, handling, small order, retail delivery and insurance fees the buyer paid."),
    _amount("retail_delivery_fee", "Retail Delivery Fee", "[retail_delivery_fee]",
            "Retail delivery fee of US states."),
    _ratio("avg_order_value", "Avg. Order Value", "gmv", "paid_orders", "CURRENCY",
           "GMV per paid order."),
    _ratio("items_per_order", "Items/Order", "items_sold", "paid_orders", "NUMBER",
           "Units sold per paid order."),
    _ratio("avg_item_price", "Avg. Item Price", "gmv", "items_sold", "CURRENCY",
           "GMV per unit sold."),
    _count("cancelled_orders", "Cancelled Orders", "[status] = 'CANCELLED'",
           "Orders that are cancelled now."),
    _ratio("cancellation_rate", "Cancellation Rate", "cancelled_orders", "orders", "PERCENT",
           "Share of orders that are cancelled now."),
    _count("delivered_orders", "Delivered Orders", "[status] IN ('DELIVERED', 'COMPLETED')",
           "Orders that are delivered or completed now."),
    _ratio("discount_rate", "Discount Rate", "discount_amount", "original_product_price",
           "PERCENT", "Product discounts per original product price."),
)  # fmt: skip
