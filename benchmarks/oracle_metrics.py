"""What each metric counts, written down a second time, from the field definitions alone."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from benchmarks.oracle_aftersales import AFTERSALES_METRICS
from benchmarks.oracle_analytics import ANALYTICS_METRICS
from benchmarks.oracle_beside import BESIDE_METRICS
from benchmarks.oracle_content import CONTENT_METRICS
from benchmarks.oracle_finance import FINANCE_METRICS
from benchmarks.oracle_kinds import Average, Difference, Distinct, Metric, Ratio, Sum, WholeSum
from benchmarks.oracle_rows import Row, instant, is_paid, money, number, text
from benchmarks.oracle_stock import STOCK_METRICS

HOUR: Final = 3600
DAY: Final = 24 * HOUR

_COUNTED_ORDERS: Final = ("orders", "lines")
_DELIVERED: Final = frozenset({"DELIVERED", "COMPLETED"})


def _status(row: Row) -> object:
    return row.order.get("status")


def _counted(row: Row) -> bool:
    return is_paid(row.order)


def _always(_row: Row) -> bool:
    return True


def _amount(facts: tuple[str, ...], value: Callable[[Row], Decimal | int]) -> Sum:
    return Sum(facts, value, is_money=True)


def _paid_in(*names: str, where: Callable[[Row], bool] = _always) -> Sum:
    """Parts of the payment block, added up; an absent part is 0."""

    def value(row: Row) -> Decimal | int:
        if not where(row):
            return 0
        payment = row.order.get("payment") or {}
        return sum((money(payment.get(name)) for name in names), Decimal(0))

    return _amount(("orders",), value)


def _of_lines(*names: str, where: Callable[[Row], bool] = _always) -> Sum:
    """Amounts of line items, added up; an absent one is 0."""

    def value(row: Row) -> Decimal | int:
        return sum((money(row.line.get(name)) for name in names), Decimal(0)) if where(row) else 0

    return _amount(("lines",), value)


def _priced(name: str, kind: type[Sum] = Sum) -> Sum:
    """Amounts of the price details of line items, added up."""
    return kind(("lines",), lambda row: number(row.price.get(name)), is_money=True)


def _line_count(where: Callable[[Row], bool], fact: str = "lines") -> Sum:
    return Sum((fact,), lambda row: int(where(row)))


def _order_count(where: Callable[[Row], bool]) -> Distinct:
    return Distinct(_COUNTED_ORDERS, lambda row: row.order["id"] if where(row) else None)


def _line_tax(row: Row) -> Decimal:
    taxes = row.line.get("item_tax") or ()
    return sum((money(tax.get("tax_amount")) for tax in taxes), Decimal(0))


def _is_late(row: Row) -> bool:
    """Shipped after the time to ship by, or neither shipped nor cancelled though it is over."""
    until, shipped = instant(row.order.get("rts_sla_time")), instant(row.order.get("rts_time"))
    if until is None:
        return False
    if shipped is not None:
        return shipped > until
    return _status(row) != "CANCELLED" and row.now > until


def _between(first: str, last: str, unit: int) -> Average:
    def value(row: Row) -> Decimal | None:
        start, end = instant(row.order.get(first)), instant(row.order.get(last))
        return None if start is None or end is None else Decimal(end - start) / unit

    return Average(("orders",), value)


#: Fields of the price detail by their name in the payload, those that any order tells ...
_ALWAYS_TOLD: Final = {
    "pd_list_price": "sku_list_price",
    "pd_sale_price": "sku_sale_price",
    "pd_seller_discount": "subtotal_deduction_seller",
    "pd_platform_discount": "subtotal_deduction_platform",
}
#: ... and those that may be left open, unless TikTok was asked for the order's price detail.
_MAY_BE_OPEN: Final = {
    "pd_subtotal": "subtotal",
    "pd_tax": "tax_amount",
    "pd_net_price": "net_price_amount",
    "pd_shipping_list_price": "shipping_list_price",
    "pd_shipping": "shipping_sale_price",
    "pd_shipping_seller_discount": "shipping_fee_deduction_seller",
    "pd_shipping_platform_discount": "shipping_fee_deduction_platform",
    "pd_payment": "payment",
    "pd_seller_voucher": "voucher_deduction_seller",
    "pd_platform_voucher": "voucher_deduction_platform",
}

METRICS: Final[dict[str, Metric]] = {
    # orders
    "orders": _order_count(_always),
    "paid_orders": _order_count(_counted),
    "cancelled_orders": _order_count(lambda row: _status(row) == "CANCELLED"),
    "delivered_orders": _order_count(lambda row: _status(row) in _DELIVERED),
    "sku_orders": Distinct(
        ("lines",), lambda row: (row.order["id"], row.sku_id) if _counted(row) else None
    ),
    "customers": Distinct(
        _COUNTED_ORDERS,
        lambda row: text(row.order.get("user_id")) if _counted(row) else None,
        of_each_shop=False,
    ),
    "new_customers": Distinct(
        _COUNTED_ORDERS,
        lambda row: text(row.order.get("user_id")) if _counted(row) and row.is_first_paid else None,
        of_each_shop=False,
    ),
    "returning_customers": Difference(("customers", "new_customers")),
    "late_shipments": _order_count(_is_late),
    "gmv": _of_lines("sale_price", where=_counted),
    "gross_revenue": _of_lines("sale_price", "platform_discount", where=_counted),
    "gross_sales_list": _of_lines("original_price", where=_counted),
    "cancelled_gmv": _of_lines(
        "sale_price", where=lambda row: _counted(row) and _status(row) == "CANCELLED"
    ),
    "completed_gmv": _of_lines(
        "sale_price", where=lambda row: _counted(row) and _status(row) in _DELIVERED
    ),
    "gmv_customer_payment": _paid_in("total_amount", where=_counted),
    "gross_revenue_incl_shipping": Difference(("_paid_before_platform_discount", "_paid_tax")),
    "_paid_before_platform_discount": _paid_in("total_amount", "platform_discount", where=_counted),
    "_paid_tax": _paid_in("tax", where=_counted),
    "net_revenue": Difference(
        ("gmv", "order_refund_subtotal", "order_cancellation_refund_subtotal")
    ),
    "net_sales_tw": Difference(("gmv_customer_payment", "tax_total", "refund_total")),
    "unpaid_amount": _paid_in("total_amount", where=lambda row: _status(row) == "UNPAID"),
    "payment_total_amount": _paid_in("total_amount"),
    "payment_sub_total": _paid_in("sub_total"),
    "original_product_price": _paid_in("original_total_product_price"),
    "discount_amount": _paid_in("seller_discount", "platform_discount"),
    "seller_discount": _paid_in("seller_discount"),
    "platform_discount": _paid_in("platform_discount"),
    "payment_platform_discount": _paid_in("payment_platform_discount"),
    "payment_discount_service_fee": _paid_in("payment_discount_service_fee"),
    "shipping_fee": _paid_in("shipping_fee"),
    "original_shipping_fee": _paid_in("original_shipping_fee"),
    "shipping_discount": _paid_in(
        "shipping_fee_seller_discount",
        "shipping_fee_platform_discount",
        "shipping_fee_cofunded_discount",
    ),
    "shipping_seller_discount": _paid_in(
        "shipping_fee_seller_discount", "shipping_fee_cofunded_discount"
    ),
    "shipping_platform_discount": _paid_in("shipping_fee_platform_discount"),
    "tax_total": _paid_in("tax"),
    "product_tax": _paid_in("product_tax"),
    "shipping_tax": _paid_in("shipping_fee_tax"),
    "buyer_fees": _paid_in(
        "buyer_service_fee",
        "handling_fee",
        "small_order_fee",
        "retail_delivery_fee",
        "item_insurance_fee",
        "shipping_insurance_fee",
    ),
    "retail_delivery_fee": _paid_in("retail_delivery_fee"),
    "avg_order_value": Ratio("gmv", "paid_orders"),
    "items_per_order": Ratio("items_sold", "paid_orders"),
    "avg_item_price": Ratio("gmv", "items_sold"),
    "gmv_per_customer": Ratio("gmv", "customers"),
    "orders_per_customer": Ratio("paid_orders", "customers"),
    "cancellation_rate": Ratio("cancelled_orders", "orders"),
    "discount_rate": Ratio("discount_amount", "original_product_price"),
    "hours_to_ship": _between("paid_time", "rts_time", HOUR),
    "days_to_deliver": _between("paid_time", "delivery_time", DAY),
    # line items
    "items_sold": _line_count(_counted),
    "items_ordered": _line_count(_always),
    "items_cancelled": _line_count(lambda row: row.line.get("display_status") == "CANCELLED"),
    "sale_price": _of_lines("sale_price"),
    "original_price": _of_lines("original_price"),
    "line_seller_discount": _of_lines("seller_discount"),
    "line_platform_discount": _of_lines("platform_discount"),
    "tax_amount": _amount(("lines",), _line_tax),
    "tax_rate": Ratio("tax_amount", "sale_price"),
    "avg_sale_price": Ratio("sale_price", "items_ordered"),
    "products_sold": Distinct(
        ("lines",), lambda row: row.product_id if _counted(row) else None, of_each_shop=False
    ),
    "skus_sold": Distinct(
        ("lines",), lambda row: row.sku_id if _counted(row) else None, of_each_shop=False
    ),
    "gift_value": _of_lines("gift_retail_price"),
    **{name: _priced(path) for name, path in _ALWAYS_TOLD.items()},
    **{name: _priced(path, WholeSum) for name, path in _MAY_BE_OPEN.items()},
    **STOCK_METRICS,
    **AFTERSALES_METRICS,
    **FINANCE_METRICS,
    **ANALYTICS_METRICS,
    **CONTENT_METRICS,
    **BESIDE_METRICS,
}

#: Metrics in seconds that Looker shows as a length of time.
LENGTHS_OF_TIME: Final = frozenset({"video_duration", "live_duration", "live_avg_view_duration"})
