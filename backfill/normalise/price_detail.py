"""The buyer's price of each unit: derived from the order, or TikTok's own answer (202407).

The order says most of it exactly. Only freight is given per order, so that it is known per unit
when the order has one unit or no freight at all; for the rest TikTok can be asked, a call an order.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from backfill.normalise.rows import Normalised, Row, by_name, each_of, read_each
from backfill.normalise.shape import Record, Shape
from backfill.normalise.values import WrongShape, decimal_text, key_of
from catalogue.tables import ORDER_LINE_ITEM_PRICE_DETAIL
from store.commits import Write

#: Columns of an order and of its unit that the price detail is derived from.
FREIGHT: Final = (
    *("original_shipping_fee", "shipping_fee"),
    *("shipping_fee_seller_discount", "shipping_fee_platform_discount"),
)
UNIT: Final = (
    *("line_item_id", "line_key", "order_id", "order_key", "create_time", "update_time"),
    *("currency", "original_price", "sale_price", "seller_discount", "platform_discount"),
    *("tax_amount", "tax_rate", "small_order_fee"),
)
_SALE_PRICE, _TAX, _RATE, _SMALL_ORDER_FEE = 8, 11, 12, 13

#: What `derive_prices` makes of a unit and the freight, in this order.
DERIVED_COLUMNS: Final = (
    *("line_item_id", "line_key", "order_id", "order_key", "create_time", "update_time"),
    *("currency", "sku_list_price", "sku_sale_price", "subtotal_deduction_seller"),
    *("subtotal_deduction_platform", "tax_amount", "tax_rate"),
    *("shipping_list_price", "shipping_sale_price", "shipping_fee_deduction_seller"),
    *("shipping_fee_deduction_platform", "payment", "is_derived"),
)

_UNKNOWN_FREIGHT: Final = (None, None, None, None)


def derive_prices(freight: Row, total: str | None, units: Sequence[Row]) -> list[Row]:
    """Rows of `DERIVED_COLUMNS`, null where the order does not say it exactly.

    `freight`: the values of `FREIGHT`; `units`: of `UNIT`; `total`: what the buyer paid.
    """
    if len(units) == 1:
        return [(*units[0][: _RATE + 1], *freight, total, 1)]
    if any(amount and amount.strip("-0.") for amount in freight):
        freight, payments = _UNKNOWN_FREIGHT, _unknown(units)
    else:
        payments = _payments(total, units)
    return [
        (*unit[: _RATE + 1], *freight, payment, 1)
        for unit, payment in zip(units, payments, strict=True)
    ]


def _unknown(units: Sequence[Row]) -> Sequence[str | None]:
    return (None,) * len(units)


def _payments(total: str | None, units: Sequence[Row]) -> Sequence[str | None]:
    """What was paid for each unit of an order without freight: its price, with tax and fee on top
    where the units then make the order's total, without where they make it so (outside the US tax
    is part of the price); null where they make it neither way."""
    if total is None or any(unit[_SALE_PRICE] is None for unit in units):
        return _unknown(units)
    prices = [Decimal(unit[_SALE_PRICE]) for unit in units]
    on_top = [Decimal(unit[_TAX] or 0) + Decimal(unit[_SMALL_ORDER_FEE] or 0) for unit in units]
    if sum(prices) + sum(on_top) == Decimal(total):
        return [format(price + extra, "f") for price, extra in zip(prices, on_top, strict=True)]
    if sum(prices) == Decimal(total):
        return [unit[_SALE_PRICE] for unit in units]
    return _unknown(units)


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
