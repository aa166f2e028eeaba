"""The buyer's price of each unit: what must be derived from the order for it, and TikTok's own
answer (202407).

The order says most of it exactly: those rows are made from orders and units where they are asked
for (`catalogue.tables`), and only what was paid for a unit is worked out here, because it takes a
look at the whole order. Freight and its tax are given per order, so that they are known per unit
when the order has one unit or no freight at all; for the rest TikTok can be asked, a call an order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from backfill.normalise.rows import Normalised, Row, by_name, each_of, read_each
from backfill.normalise.shape import Record, Shape
from backfill.normalise.values import REMEMBERED, WrongShape, decimal_text, key_of
from catalogue.tables import ORDER_LINE_ITEM_PRICE_DETAIL
from store.commits import Write

#: Columns of an order and of its unit that the payment is derived from.
ORDER: Final = (
    *("total_amount", "retail_delivery_fee", "shipping_fee", "shipping_fee_tax"),
    *("original_shipping_fee", "shipping_fee_seller_discount", "shipping_fee_platform_discount"),
)
UNIT: Final = ("sale_price", "tax_amount", "small_order_fee")

#: What `derive_prices` makes for a unit, in this order.
DERIVED_COLUMNS: Final = ("payment", "tax_with_freight")

_UNKNOWN: Final = (None, None)


class _Exact(dict[str | None, Decimal]):
    """Amounts as numbers, 0 for none; most amounts come again and again."""

    def __missing__(self, amount: str | None) -> Decimal:
        if len(self) >= REMEMBERED:
            self.clear()
        number = self[amount] = Decimal(amount or 0)
        return number


_exact: Final = _Exact()


def derive_prices(order: Row, units: Sequence[Row]) -> list[tuple[str | None, str | None]]:
    """For each unit `DERIVED_COLUMNS`: what was paid for it, null where the order does not say it
    exactly; and the tax on it and on its freight, null where no freight is known to be taxed.

    `order`: the values of `ORDER`; `units`: of `UNIT`. Freight is known of an order's only unit,
    and where there is none.
    """
    total, delivery_fee, freight, freight_tax, *other_freight = order
    if len(units) == 1:
        ((price, tax, small_fee),) = units
        with_freight = None
        if _exact[freight_tax]:
            with_freight = tax = format(_exact[tax] + _exact[freight_tax], "f")
        if total is None or price is None:
            return [(None, with_freight)]
        bare = _exact[price] + _exact[freight]
        full = bare + _exact[tax] + _exact[small_fee]
        if _exact[total] in (full, bare):
            return [(total, with_freight)]
        (payment,) = _told_apart(total, delivery_fee, [full], [bare])
        return [(payment, with_freight)]
    if _exact[freight] or any(map(_exact.__getitem__, other_freight)):
        return [_UNKNOWN] * len(units)
    if total is None or not all(unit[0] for unit in units):
        return [_UNKNOWN] * len(units)
    prices = [_exact[price] for price, _, _ in units]
    taxed = [_exact[price] + _exact[tax] + _exact[small_fee] for price, tax, small_fee in units]
    return [(payment, None) for payment in _told_apart(total, delivery_fee, taxed, prices)]


def _told_apart(
    total: str, delivery_fee: str | None, full: Sequence[Decimal], bare: Sequence[Decimal]
) -> Sequence[str | None]:
    """What was paid for each unit: price and freight, with tax and small-order fee on top (`full`)
    where that makes the order's total, without (`bare`) where that does: outside the US tax is part
    of the price. The retail delivery fee is of the order. Null where neither does."""
    whole = _exact[total]
    for payments in (full, bare):
        added = sum(payments)
        if added == whole or added == whole - _exact[delivery_fee]:
            return [format(payment, "f") for payment in payments]
    return [None] * len(full)


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
    records: Iterable[object], order_id: str, create_time: int, update_time: int
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
