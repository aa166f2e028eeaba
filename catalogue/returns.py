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


def _cancellation(field_id: str, label: str, column: str, about: str) -> Dimension:
    return Dimension(
        id=field_id, label=label, group=_GROUP, semantic="TEXT",
        homes={"cancellations": f"[{column}]"}, about=about,
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
    _header("seller_return_shipping_cost", "Return Shipping paid by Seller",
            "seller_paid_return_shipping_fee", "Return shipping that the seller pays."),
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
    _cancellation("cancel_type", "Cancellation Type", "cancel_type",
                  "CANCEL (by seller or system) or BUYER_CANCEL."),
    _cancellation("cancel_status", "Cancellation Status", "cancel_status",
                  "Where the cancellation stands."),
    Count(
        id="cancellations", label="Cancellations", group=_GROUP, semantic="NUMBER",
        on={"cancellations": "*", "cancellation_line_items": "[cancel_key]"},
        about="Cancellation requests, in any status.",
    ),
    Additive(
        id="cancellation_refund_total", label="Cancellation Refunds", group=_GROUP,
        semantic="CURRENCY",
        on={"cancellations": "[refund_total]", "cancellation_line_items": "[refund_total]"},
        about="Money of cancellation requests in any status: goods, shipping and tax.",
    ),
)  # fmt: skip
