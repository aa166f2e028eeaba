"""What each metric counts, written down a second time, from the field definitions alone."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from benchmarks.oracle_facts import Row, instant, is_paid, money, text

HOUR: Final = 3600
DAY: Final = 24 * HOUR


@dataclass(frozen=True)
class Sum:
    """Adds `value` over the rows of the first of `facts` that reaches what is asked.

    `last_days`: not over the range of the request, but over so many full days before today.
    """

    facts: tuple[str, ...]
    value: Callable[[Row], Decimal | int]
    last_days: int = 0


@dataclass(frozen=True)
class Distinct:
    """Counts different keys; a row whose key is None does not count."""

    facts: tuple[str, ...]
    key: Callable[[Row], Hashable]


@dataclass(frozen=True)
class Average:
    """The mean of `value` over the rows where it is not None; no such row: null."""

    facts: tuple[str, ...]
    value: Callable[[Row], Decimal | None]


@dataclass(frozen=True)
class Ratio:
    """`top` / `bottom`, both names of metrics, times `times`; null when the bottom is 0."""

    top: str
    bottom: str
    times: int = 1


@dataclass(frozen=True)
class Difference:
    """The first of `parts` less all others, names of metrics."""

    parts: tuple[str, ...]


Metric = Sum | Distinct | Average | Ratio | Difference

_COUNTED_ORDERS: Final = ("orders", "lines")
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
_DELIVERED: Final = frozenset({"DELIVERED", "COMPLETED"})


def _status(row: Row) -> object:
    return row.order.get("status")


def _counted(row: Row) -> bool:
    return is_paid(row.order)


def _always(_row: Row) -> bool:
    return True


def _paid_in(*names: str, where: Callable[[Row], bool] = _always) -> Sum:
    """Parts of the payment block, added up; an absent part is 0."""

    def value(row: Row) -> Decimal | int:
        if not where(row):
            return 0
        payment = row.order.get("payment") or {}
        return sum((money(payment.get(name)) for name in names), Decimal(0))

    return Sum(("orders",), value)


def _of_lines(*names: str, where: Callable[[Row], bool] = _always) -> Sum:
    """Amounts of line items, added up; an absent one is 0."""

    def value(row: Row) -> Decimal | int:
        return sum((money(row.line.get(name)) for name in names), Decimal(0)) if where(row) else 0

    return Sum(("lines",), value)


def _priced(name: str) -> Sum:
    """Amounts of the price details of line items, added up."""
    return Sum(("lines",), lambda row: money(row.price.get(name)))


def _line_count(where: Callable[[Row], bool], last_days: int = 0) -> Sum:
    return Sum(("lines",), lambda row: int(where(row)), last_days)


def _order_count(where: Callable[[Row], bool]) -> Distinct:
    return Distinct(_COUNTED_ORDERS, lambda row: row.order["id"] if where(row) else None)


def _line_tax(row: Row) -> Decimal:
    taxes = row.line.get("item_tax") or ()
    return sum((money(tax.get("tax_amount")) for tax in taxes), Decimal(0))


def _is_complete(row: Row) -> bool:
    if row.return_:
        return row.return_.get("return_status") in _RETURN_COMPLETE
    return row.cancel.get("cancel_status") in _CANCELLATION_COMPLETE


def _refunded(row: Row, name: str) -> Decimal:
    """An amount of the refund block: of the unit where units are read, else of the request."""
    source = row.return_line or row.return_ or row.cancel_line or row.cancel
    return money((source.get("refund_amount") or {}).get(name))


def _refund(name: str) -> Sum:
    return Sum(
        ("returns", "return_lines"),
        lambda row: _refunded(row, name) if _is_complete(row) else 0,
    )


def _between(first: str, last: str, unit: int) -> Average:
    def value(row: Row) -> Decimal | None:
        start, end = instant(row.order.get(first)), instant(row.order.get(last))
        return None if start is None or end is None else Decimal(end - start) / unit

    return Average(("orders",), value)


def _sku_price(row: Row) -> Decimal | None:
    price = row.sku.get("price") or {}
    shown = text(price.get("sale_price")) or text(price.get("tax_exclusive_price"))
    return None if shown is None else Decimal(shown)


def _sku_list_price(row: Row) -> Decimal | None:
    shown = text((row.sku.get("list_price") or {}).get("amount"))
    return None if shown is None else Decimal(shown)


def _distributed(name: str) -> Sum:
    def value(row: Row) -> int:
        shares = row.sku_stock.get("total_available_inventory_distribution") or {}
        return sum(int(share.get("quantity") or 0) for share in shares.get(name) or ())

    return Sum(("sku_stock",), value)


def _in_stock(row: Row) -> int:
    return int(row.sku_stock.get("total_available_quantity") or 0)


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
        _COUNTED_ORDERS, lambda row: text(row.order.get("user_id")) if _counted(row) else None
    ),
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
    "tax_amount": Sum(("lines",), _line_tax),
    "tax_rate": Ratio("tax_amount", "sale_price"),
    "avg_sale_price": Ratio("sale_price", "items_ordered"),
    "products_sold": Distinct(("lines",), lambda row: row.product_id if _counted(row) else None),
    "skus_sold": Distinct(("lines",), lambda row: row.sku_id if _counted(row) else None),
    "pd_list_price": _priced("sku_list_price"),
    "pd_net_price": _priced("net_price_amount"),
    "pd_payment": _priced("payment"),
    # products, SKUs, stock: the newest state
    "products_count": Distinct(
        ("products", "skus"),
        lambda row: None if row.product.get("made_by_us") else row.product_id,
    ),
    "active_products": Distinct(
        ("products", "skus"),
        lambda row: row.product_id if row.product.get("status") == "ACTIVATE" else None,
    ),
    "skus_count": Distinct(("skus",), lambda row: row.sku_id),
    "sku_price": Average(("skus",), _sku_price),
    "sku_list_price": Average(("skus",), _sku_list_price),
    "available_quantity": Sum(
        ("warehouse_stock",), lambda row: int(row.stock.get("available_quantity") or 0)
    ),
    "committed_quantity": Sum(
        ("warehouse_stock",), lambda row: int(row.stock.get("committed_quantity") or 0)
    ),
    "total_available_quantity": Sum(("sku_stock",), _in_stock),
    "campaign_inventory": _distributed("campaign_inventory"),
    "creator_inventory": _distributed("creator_inventory"),
    "out_of_stock_skus": Distinct(
        ("sku_stock",), lambda row: row.sku_id if _in_stock(row) == 0 else None
    ),
    "days_of_stock": Ratio("total_available_quantity", "items_sold_28d", times=28),
    "items_sold_28d": _line_count(_counted, last_days=28),
    # returns and cancellations, by their own creation
    "returns": Distinct(("returns", "return_lines"), lambda row: row.return_["return_id"]),
    "returned_items": Sum(("return_lines",), lambda _row: 1),
    "refund_total": _refund("refund_total"),
    "refund_subtotal": _refund("refund_subtotal"),
    "refund_shipping_fee": _refund("refund_shipping_fee"),
    "refund_tax": _refund("refund_tax"),
    "seller_return_shipping_cost": Sum(
        ("returns",),
        lambda row: sum(
            (
                money(fee.get("seller_paid_return_shipping_fee"))
                for fee in row.return_.get("shipping_fee_amount") or ()
            ),
            Decimal(0),
        ),
    ),
    "partial_refund_amount": Sum(
        ("returns",), lambda row: money((row.return_.get("partial_refund") or {}).get("amount"))
    ),
    "cancellations": Distinct(
        ("cancellations", "cancel_lines"), lambda row: row.cancel["cancel_id"]
    ),
    "cancellation_refund_total": Sum(
        ("cancellations", "cancel_lines"), lambda row: _refunded(row, "refund_total")
    ),
    # returns and cancellations, by the date of the order they undo
    "order_returned_items": Sum(("order_return_lines",), lambda _row: 1),
    "order_refund_subtotal": Sum(
        ("order_return_lines",),
        lambda row: _refunded(row, "refund_subtotal") if _is_complete(row) else 0,
    ),
    "order_cancellation_refund_subtotal": Sum(
        ("order_cancel_lines",),
        lambda row: _refunded(row, "refund_subtotal") if _is_complete(row) and _counted(row) else 0,
    ),
    "return_rate": Ratio("order_returned_items", "items_sold"),
    "refund_rate": Ratio("order_refund_subtotal", "gmv"),
}
