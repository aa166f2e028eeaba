"""What the fields of returns and cancellations show and count."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from benchmarks.oracle_kinds import (
    SECOND,
    Dimension,
    Distinct,
    Metric,
    Ratio,
    Sum,
    shown_flag,
    shown_moment,
    shown_text,
)
from benchmarks.oracle_rows import Row, is_paid, money, text, within

_RETURNS: Final = ("returns", "return_lines")
_CANCELLATIONS: Final = ("cancellations", "cancel_lines")
_RETURN_COMPLETE: Final = frozenset(
    {
        "RETURN_OR_REFUND_REQUEST_COMPLETE",
        "REPLACEMENT_REQUEST_COMPLETE",
        "REPLACEMENT_REQUEST_REFUND_SUCCESS",
    }
)
_CANCELLATION_COMPLETE: Final = frozenset(
    {"CANCELLATION_REQUEST_SUCCESS", "CANCELLATION_REQUEST_COMPLETE"}
)


def _return_text(*names: str) -> Dimension:
    """The first of these that is there."""
    return shown_text(
        "return", "returns", lambda row: next(filter(None, map(row.return_.get, names)), None)
    )


def _return_second(name: str) -> Dimension:
    return shown_moment("return", "returns", lambda row: row.return_.get(name), SECOND)


def _return_flag(name: str) -> Dimension:
    return shown_flag("return", "returns", lambda row: row.return_.get(name))


def _cancel_text(*names: str) -> Dimension:
    """The first of these that is there."""
    return shown_text(
        "cancel", "cancellations", lambda row: next(filter(None, map(row.cancel.get, names)), None)
    )


def _cancel_second(name: str) -> Dimension:
    return shown_moment("cancel", "cancellations", lambda row: row.cancel.get(name), SECOND)


AFTERSALES_DIMENSIONS: Final[dict[str, Dimension]] = {
    "return_id": _return_text("return_id"),
    "return_type": _return_text("return_type"),
    "return_status": _return_text("return_status"),
    "return_reason": _return_text("return_reason_text", "return_reason"),
    "return_role": _return_text("role"),
    "arbitration_status": _return_text("arbitration_status"),
    "return_create_time": _return_second("create_time"),
    "return_update_time": _return_second("update_time"),
    "return_tracking_number": _return_text("return_tracking_number"),
    "return_carrier": _return_text("return_provider_name"),
    "return_method": _return_text("return_method"),
    "return_handover_method": _return_text("handover_method"),
    "return_shipment_type": _return_text("shipment_type"),
    "seller_proposed_return_type": _return_text("seller_proposed_return_type"),
    "is_quick_refund": _return_flag("is_quick_refund"),
    "can_buyer_keep_item": _return_flag("can_buyer_keep_item"),
    "is_partial_refund_rejected": _return_flag("buyer_rejected_partial_refund"),
    "cancel_id": _cancel_text("cancel_id"),
    "cancel_type": _cancel_text("cancel_type"),
    "cancel_status": _cancel_text("cancel_status"),
    "cancellation_reason": _cancel_text("cancel_reason_text", "cancel_reason"),
    "cancellation_role": _cancel_text("role"),
    "cancellation_create_time": _cancel_second("create_time"),
    "cancellation_update_time": _cancel_second("update_time"),
    "is_stock_replenished": shown_flag(
        "cancel", "cancellations", lambda row: row.cancel.get("should_replenish_stock")
    ),
}


def _is_complete(row: Row) -> bool:
    if row.return_:
        return text(row.return_.get("return_status")) in _RETURN_COMPLETE
    return text(row.cancel.get("cancel_status")) in _CANCELLATION_COMPLETE


def _amount_of(row: Row, name: str) -> Decimal:
    """An amount of the refund block: of the unit where units are read, else of the request."""
    source = row.return_line or row.return_ or row.cancel_line or row.cancel
    return money(within(source, "refund_amount", name))


def _refund(name: str, facts: tuple[str, ...] = _RETURNS) -> Sum:
    """What completed returns give back."""
    return Sum(facts, lambda row: _amount_of(row, name) if _is_complete(row) else 0, is_money=True)


def _cancelled(name: str) -> Sum:
    """What cancellations are about, whether they are done or not."""
    return Sum(_CANCELLATIONS, lambda row: _amount_of(row, name), is_money=True)


def _listed(block: str, name: str) -> Sum:
    """An amount that stands in each of several blocks of a return."""
    return Sum(
        ("returns",),
        lambda row: sum(
            (money(each.get(name)) for each in row.return_.get(block) or ()), Decimal(0)
        ),
        is_money=True,
    )


AFTERSALES_METRICS: Final[dict[str, Metric]] = {
    # by their own creation
    "returns": Distinct(_RETURNS, lambda row: row.return_["return_id"]),
    "returned_items": Sum(("return_lines",), lambda _row: 1),
    "refund_total": _refund("refund_total"),
    "refund_subtotal": _refund("refund_subtotal"),
    "refund_shipping_fee": _refund("refund_shipping_fee"),
    "refund_tax": _refund("refund_tax"),
    "refund_retail_delivery_fee": _refund("retail_delivery_fee"),
    "refund_buyer_service_fee": _refund("buyer_service_fee"),
    "seller_return_shipping_cost": _listed(
        "shipping_fee_amount", "seller_paid_return_shipping_fee"
    ),
    "platform_return_shipping_cost": _listed(
        "shipping_fee_amount", "platform_paid_return_shipping_fee"
    ),
    "buyer_return_shipping_cost": _listed("shipping_fee_amount", "buyer_paid_return_shipping_fee"),
    "returned_seller_discount": _listed("discount_amount", "product_seller_discount"),
    "returned_platform_discount": _listed("discount_amount", "product_platform_discount"),
    "partial_refund_amount": Sum(
        ("returns",), lambda row: money(row.return_.get("partial_refund")), is_money=True
    ),
    "cancellations": Distinct(_CANCELLATIONS, lambda row: row.cancel["cancel_id"]),
    "cancellation_refund_total": _cancelled("refund_total"),
    "cancellation_refund_subtotal": _cancelled("refund_subtotal"),
    "cancellation_refund_shipping_fee": _cancelled("refund_shipping_fee"),
    "cancellation_refund_tax": _cancelled("refund_tax"),
    "cancellation_refund_retail_delivery_fee": _cancelled("retail_delivery_fee"),
    "cancellation_refund_buyer_service_fee": _cancelled("buyer_service_fee"),
    # by the date of the order they undo
    "order_returned_items": Sum(("order_return_lines",), lambda _row: 1),
    "order_refund_subtotal": _refund("refund_subtotal", ("order_return_lines",)),
    "order_cancellation_refund_subtotal": Sum(
        ("order_cancel_lines",),
        lambda row: (
            _amount_of(row, "refund_subtotal") if _is_complete(row) and is_paid(row.order) else 0
        ),
        is_money=True,
    ),
    "return_rate": Ratio("order_returned_items", "items_sold"),
    "refund_rate": Ratio("order_refund_subtotal", "gmv"),
}
