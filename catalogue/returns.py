"""Fields of returns, refunds and cancellations."""

from __future__ import annotations

from typing import Final

from catalogue.field import Additive, Count, Dimension, Ratio

_GROUP: Final = "Returns & refunds"


def _return(field_id: str, label: str, sql: str, about: str, semantic: str = "TEXT") -> Dimension:
    return Dimension(
        id=field_id,
        label=label,
        group=_GROUP,
        semantic=semantic,
        homes={"returns": sql},
        about=about,
    )


def _cancellation(
    field_id: str, label: str, sql: str, about: str, semantic: str = "TEXT"
) -> Dimension:
    return Dimension(
        id=field_id, label=label, group=_GROUP, semantic=semantic,
        homes={"cancellations": sql}, about=about,
    )  # fmt: skip


def _cancellation_amount(field_id: str, label: str, column: str, about: str) -> Additive:
    """Of requests in any status; from the units where products are asked for."""
    return Additive(
        id=field_id, label=label, group=_GROUP, semantic="CURRENCY",
        on=dict.fromkeys(("cancellations", "cancellation_line_items"), f"[{column}]"),
        about=f"{about} of cancellation requests in any status.",
    )  # fmt: skip


def _refund(field_id: str, label: str, column: str, about: str) -> Additive:
    """Money that went back, of completed returns; from the units where products are asked for."""
    return Additive(
        id=field_id,
        label=label,
        group=_GROUP,
        semantic="CURRENCY",
        on={"returns": f"[{column}]", "return_line_items": f"[{column}]"},
        where={"returns": "[is_complete]", "return_line_items": "[returns.is_complete]"},
        about=about,
    )


def _header(field_id: str, label: str, column: str, about: str) -> Additive:
    return Additive(
        id=field_id, label=label, group=_GROUP, semantic="CURRENCY", on={"returns": f"[{column}]"},
        about=about,
    )  # fmt: skip


FIELDS: Final = (
    Dimension(
        id="return_id", label="Return ID", group=_GROUP, semantic="TEXT",
        homes={"returns": "[return_id]", "return_line_items": "[return_id]"},
        about="TikTok's id of the return.",
    ),
    _return("return_type", "Return Type", "[return_type]",
            "REFUND, RETURN_AND_REFUND or REPLACEMENT."),
    _return("return_status", "Return Status", "[return_status]", "Where the return stands."),
    _return("return_reason", "Return Reason", "COALESCE([return_reason_text], [return_reason])",
            "Why the buyer returns, in words where TikTok gives them."),
    _return("return_role", "Return Opened By", "[role]", "BUYER, SELLER, OPERATOR or SYSTEM."),
    _return("arbitration_status", "Arbitration Status", "[arbitration_status]",
            "State of a dispute decided by TikTok."),
    _return("return_create_time", "Return Create Time", "[create_time]",
            "When the return was opened.", "YEAR_MONTH_DAY_SECOND"),
    _return("return_update_time", "Return Update Time", "[update_time]",
            "Last change of the return.", "YEAR_MONTH_DAY_SECOND"),
    _return("return_tracking_number", "Return Tracking Number", "[return_tracking_number]",
            "Tracking number of the parcel that comes back."),
    _return("return_carrier", "Return Carrier", "[return_provider_name]",
            "Who carries the parcel that comes back."),
    _return("return_method", "Return Method", "[return_method]",
            "Who arranges the transport back."),
    _return("return_handover_method", "Return Handover", "[handover_method]",
            "How the parcel is handed over, such as DROP_OFF or PICKUP."),
    _return("return_shipment_type", "Return Shipment Type", "[shipment_type]",
            "Transport back that the buyer chose."),
    _return("seller_proposed_return_type", "Proposed by Seller", "[seller_proposed_return_type]",
            "What the seller offered instead."),
    _return("is_quick_refund", "Quick Refund", "[is_quick_refund]",
            "True when TikTok refunded without waiting.", "BOOLEAN"),
    _return("can_buyer_keep_item", "Buyer Keeps Item", "[can_buyer_keep_item]",
            "True when the goods need not come back.", "BOOLEAN"),
    _return("is_partial_refund_rejected", "Partial Refund Rejected",
            "[buyer_rejected_partial_refund]",
            "True when the buyer declined the partial refund offered.", "BOOLEAN"),
    Count(
        id="returns", label="Returns", group=_GROUP, semantic="NUMBER",
        on={"returns": "*", "return_line_items": "[return_key]"},
        about="Return and refund requests, in any status.",
    ),
    Additive(
        id="returned_items", label="Returned Items", group=_GROUP, semantic="NUMBER",
        on={"return_line_items": "1"}, about="Units in return and refund requests.",
    ),
    _refund("refund_total", "Refund Total", "refund_total",
            "Money of completed returns: goods, shipping and tax."),
    _refund("refund_subtotal", "Refund Subtotal", "refund_subtotal",
            "Goods refunded by completed returns."),
    _refund("refund_shipping_fee", "Refunded Shipping", "refund_shipping_fee",
            "Shipping refunded by completed returns."),
    _refund("refund_tax", "Refunded Tax", "refund_tax", "Tax refunded by completed returns."),
    _refund("refund_retail_delivery_fee", "Refunded Retail Delivery Fee", "retail_delivery_fee",
            "Retail delivery fee refunded by completed returns."),
    _refund("refund_buyer_service_fee", "Refunded Buyer Service Fee", "buyer_service_fee",
            "Buyers' service fee refunded by completed returns."),
    _header("seller_return_shipping_cost", "Return Shipping paid by Seller",
            "seller_paid_return_shipping_fee", "Return shipping that the seller pays."),
    _header("platform_return_shipping_cost", "Return Shipping paid by TikTok",
            "platform_paid_return_shipping_fee", "Return shipping that TikTok pays."),
    _header("buyer_return_shipping_cost", "Return Shipping paid by Buyer",
            "buyer_paid_return_shipping_fee", "Return shipping that the buyer pays."),
    _header("returned_seller_discount", "Seller Discount on Returns", "product_seller_discount",
            "The seller's discounts on what is returned."),
    _header("returned_platform_discount", "Platform Discount on Returns",
            "product_platform_discount", "TikTok's discounts on what is returned."),
    _header("partial_refund_amount", "Partial Refund Offered", "partial_refund_amount",
            "Partial refunds that the seller offered."),
    Additive(
        id="order_returned_items", label="Returned Items (order date)", group=_GROUP,
        semantic="NUMBER", on={"returns_by_order_date": "1"},
        about="Units in return and refund requests, booked on the date of the order.",
    ),
    Additive(
        id="order_refund_subtotal", label="Refund Subtotal (order date)", group=_GROUP,
        semantic="CURRENCY", on={"returns_by_order_date": "[refund_subtotal]"},
        where="[returns.is_complete]",
        about="Goods refunded by completed returns, booked on the date of the order.",
    ),
    Additive(
        id="order_cancellation_refund_subtotal", group=_GROUP,
        label="Cancellation Refund Subtotal (order date)", semantic="CURRENCY",
        on={"cancellations_by_order_date": "[refund_subtotal]"},
        where="[cancellations.is_complete] AND [orders.is_paid]",
        about="Goods refunded by cancellations after payment, booked on the date of the order.",
    ),
    Ratio(
        id="return_rate", label="Return Rate", group=_GROUP, semantic="PERCENT",
        numerator="order_returned_items", denominator="items_sold",
        about="Share of the units sold that came into a return, by the date of the order.",
    ),
    Ratio(
        id="refund_rate", label="Refund Rate", group=_GROUP, semantic="PERCENT",
        numerator="order_refund_subtotal", denominator="gmv",
        about="Share of GMV that was refunded, by the date of the order.",
    ),
    Dimension(
        id="cancel_id", label="Cancellation ID", group=_GROUP, semantic="TEXT",
        homes={"cancellations": "[cancel_id]", "cancellation_line_items": "[cancel_id]"},
        about="TikTok's id of the cancellation.",
    ),
    _cancellation("cancel_type", "Cancellation Type", "[cancel_type]",
                  "CANCEL (by seller or system) or BUYER_CANCEL."),
    _cancellation("cancel_status", "Cancellation Status", "[cancel_status]",
                  "Where the cancellation stands."),
    _cancellation("cancellation_reason", "Cancellation Reason",
                  "COALESCE([cancel_reason_text], [cancel_reason])",
                  "Why it is cancelled, in words where TikTok gives them."),
    _cancellation("cancellation_role", "Cancellation Opened By", "[role]",
                  "BUYER, SELLER, OPERATOR or SYSTEM."),
    _cancellation("cancellation_create_time", "Cancellation Create Time", "[create_time]",
                  "When the cancellation was opened.", "YEAR_MONTH_DAY_SECOND"),
    _cancellation("cancellation_update_time", "Cancellation Update Time", "[update_time]",
                  "Last change of the cancellation.", "YEAR_MONTH_DAY_SECOND"),
    _cancellation("is_stock_replenished", "Stock Put Back", "[should_replenish_stock]",
                  "True when the stock should be put back.", "BOOLEAN"),
    Count(
        id="cancellations", label="Cancellations", group=_GROUP, semantic="NUMBER",
        on={"cancellations": "*", "cancellation_line_items": "[cancel_key]"},
        about="Cancellation requests, in any status.",
    ),
    _cancellation_amount("cancellation_refund_total", "Cancellation Refunds", "refund_total",
                         "Money (goods, shipping and tax)"),
    _cancellation_amount("cancellation_refund_subtotal", "Cancellation Refund Subtotal",
                         "refund_subtotal", "Goods"),
    _cancellation_amount("cancellation_refund_shipping_fee", "Cancellation Refunded Shipping",
                         "refund_shipping_fee", "Shipping"),
    _cancellation_amount("cancellation_refund_tax", "Cancellation Refunded Tax", "refund_tax",
                         "Tax"),
    _cancellation_amount("cancellation_refund_retail_delivery_fee",
                         "Cancellation Refunded Retail Delivery Fee", "retail_delivery_fee",
                         "Retail delivery fee"),
    _cancellation_amount("cancellation_refund_buyer_service_fee",
                         "Cancellation Refunded Buyer Service Fee", "buyer_service_fee",
                         "Buyers' service fee"),
)  # fmt: skip
