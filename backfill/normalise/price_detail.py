"""The buyer's price of each unit: derived from the order, or TikTok's own answer (202407).

The order says most of it exactly. Only freight and its tax are given per order, so that they are
known per unit when the order has one unit or no freight at all; for the rest TikTok can be asked, a
call an order. `tax_amount` is the tax on the unit and on its freight, as in TikTok's answer (which
gives the tax on the unit alone, too).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from backfill.normalise.rows import Normalised, Row, by_name, each_of, read_each
from backfill.normalise.shape import Record, Shape
from backfill.normalise.values import WrongShape, decimal_text, exact_sum, key_of
from catalogue.tables import ORDER_LINE_ITEM_PRICE_DETAIL
from store.commits import Write

#: Columns of an order and of its unit that the price detail is derived from.
FREIGHT: Final = (
    *("original_shipping_fee", "shipping_fee"),
    *("shipping_fee_seller_discount", "shipping_fee_platform_discount", "shipping_fee_tax"),
)
PAID: Final = ("total_amount", "retail_delivery_fee")
UNIT: Final = (
    *("line_item_id", "line_key", "order_id", "order_key", "create_time", "update_time"),
    *("currency", "original_price", "sale_price", "seller_discount", "platform_discount"),
    *("tax_rate", "tax_amount", "small_order_fee"),
)
_SALE_PRICE, _RATE, _TAX, _SMALL_ORDER_FEE = 8, 11, 12, 13

#: What `derive_prices` makes of a unit and the freight, in this order.
DERIVED_COLUMNS: Final = (
    *("line_item_id", "line_key", "order_id", "order_key", "create_time", "update_time"),
    *("currency", "sku_list_price", "sku_sale_price", "subtotal_deduction_seller"),
    *("subtotal_deduction_platform", "tax_rate"),
    *("shipping_list_price", "shipping_sale_price", "shipping_fee_deduction_seller"),
    *("shipping_fee_deduction_platform", "tax_amount", "payment", "is_derived"),
)

_UNKNOWN_FREIGHT: Final = (None, None, None, None)


def derive_prices(freight: Row, paid: Row, units: Sequence[Row]) -> list[Row]:
    """Rows of `DERIVED_COLUMNS`, null where the order does not say it exactly.

    `freight`: the values of `FREIGHT`; `paid`: of `PAID`; `units`: of `UNIT`.
    """
    *fees, freight_tax = freight
    if len(units) == 1:
        tax = units[0][_TAX]
        if _is_some(freight_tax):
            tax = exact_sum([tax, freight_tax])
        (payment,) = _payments(paid, units, fees[1], tax)
        return [(*units[0][: _RATE + 1], *fees, tax, payment, 1)]
    if any(map(_is_some, fees)):
        taxed = _is_some(freight_tax)
        return [
            (*unit[: _RATE + 1], *_UNKNOWN_FREIGHT, None if taxed else unit[_TAX], None, 1)
            for unit in units
        ]
    return [
        (*unit[: _RATE + 1], *fees, unit[_TAX], payment, 1)
        for unit, payment in zip(units, _payments(paid, units), strict=True)
    ]


def _is_some(amount: str | None) -> bool:
    return bool(amount and amount.strip("-0."))


def _payments(
    paid: Row, units: Sequence[Row], freight: str | None = None, tax: str | None = None
) -> Sequence[str | None]:
    """What was paid for each unit: price and freight, with tax and small-order fee on top where
    that makes the order's total, without where that does (outside the US tax is part of the price).
    The retail delivery fee is of the order. Null where it cannot be made out. `freight` and `tax`
    (with that of the freight) are of an order's only unit."""
    unknown = (None,) * len(units)
    total, delivery_fee = paid
    if total is None or any(unit[_SALE_PRICE] is None for unit in units):
        return unknown
    prices = [Decimal(unit[_SALE_PRICE]) + Decimal(freight or 0) for unit in units]
    full = [
        price + Decimal(tax or unit[_TAX] or 0) + Decimal(unit[_SMALL_ORDER_FEE] or 0)
        for price, unit in zip(prices, units, strict=True)
    ]
    totals = (Decimal(total), Decimal(total) - Decimal(delivery_fee or 0))
    for made in (full, prices):
        if sum(made) in totals:
            return [format(payment, "f") for payment in made]
    return unknown


_ANSWER: Final = Shape(
    ORDER_LINE_ITEM_PRICE_DETAIL,
    {
        "line_item_id": "id",
        **by_name(
            *("currency", "sku_list_price", "sku_sale_price", "subtotal_deduction_seller"),
            *("subtotal_deduction_platform", "subtotal", "tax_amount", "tax_rate"),
            *("net_price_amount", "shipping_list_price", "shipping_sale_price"),
            *("shipping_fee_deduction_seller", "shipping_fee_deduction_platform", "payment"),
        ),
    },
    required=("line_item_id",),
)
_VOUCHERS: Final = ("voucher_deduction_seller", "voucher_deduction_platform")
_ANSWER_COLUMNS: Final = (
    *_ANSWER.columns,
    *_VOUCHERS,
    *("line_key", "order_id", "order_key", "create_time", "update_time", "is_derived"),
)


_ANSWER_LINE_ID: Final = _ANSWER.position("line_item_id")


def normalise_price_detail(
    records: Sequence[object], order_id: str, create_time: int, update_time: int
) -> Normalised:
    """Rows of order_line_item_price_detail from TikTok's answer for one order (a list of one),
    whose id and times are ours: the answer has none."""
    rows: list[Row] = []
    shared = (order_id, key_of(order_id), create_time, update_time, 0)

    def read_line(line: Any) -> Row:
        row = _ANSWER.read(line)
        vouchers = map(_voucher, map(line.get, _VOUCHERS))
        return (*row, *vouchers, key_of(row[_ANSWER_LINE_ID]), *shared)

    def read_answer(answer: Record) -> None:
        rows.extend(each_of(answer, "line_items", read_line))

    rejected = read_each(records, "price_detail", read_answer)
    return Normalised((Write(ORDER_LINE_ITEM_PRICE_DETAIL, _ANSWER_COLUMNS, rows),), rejected)


def _voucher(value: object) -> str | None:
    """Documented as an amount, sampled as a code: kept where it is a number."""
    try:
        return decimal_text(value)
    except WrongShape:
        return None
