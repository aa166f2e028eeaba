"""What an order says of the price of one of its units, in the words of TikTok's price detail.

Written from what the fields mean and from the payloads. An order gives its freight as a whole:
it is that of its only unit, and of no unit in particular where several share it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from benchmarks.oracle_rows import Payload, number

_FREIGHT: Final = (
    *("original_shipping_fee", "shipping_fee", "shipping_fee_seller_discount"),
    *("shipping_fee_platform_discount", "shipping_fee_cofunded_discount"),
)


def price_said_by_order(order: Payload, line: Payload) -> dict[str, Decimal | None]:
    """Amounts by their name in the price detail; None, or no name, for what the order leaves open.

    What TikTok alone tells is left open: subtotals, net prices and vouchers.
    """
    units = order.get("line_items") or ()
    said = {
        "sku_list_price": number(line.get("original_price")),
        "sku_sale_price": number(line.get("sale_price")),
        "subtotal_deduction_seller": number(line.get("seller_discount")),
        "subtotal_deduction_platform": number(line.get("platform_discount")),
        "tax_amount": _tax(line),
    }
    payment = order.get("payment") or {}
    freight = {name: number(payment.get(name)) for name in _FREIGHT}
    freight_tax = number(payment.get("shipping_fee_tax")) or Decimal(0)
    is_shared = len(units) > 1 and any(freight.values())
    if not is_shared:
        said["shipping_list_price"] = freight["original_shipping_fee"]
        said["shipping_sale_price"] = freight["shipping_fee"]
        said["shipping_fee_deduction_seller"] = _both(
            freight["shipping_fee_seller_discount"], freight["shipping_fee_cofunded_discount"]
        )
        said["shipping_fee_deduction_platform"] = freight["shipping_fee_platform_discount"]
        said["payment"] = _payment(payment, units, line, freight_tax)
    if freight_tax:
        said["tax_amount"] = None if is_shared else (_tax(line) or Decimal(0)) + freight_tax
    return said


def _tax(line: Payload) -> Decimal | None:
    found = [number(tax.get("tax_amount")) for tax in line.get("item_tax") or ()]
    told = [amount for amount in found if amount is not None]
    return sum(told, Decimal(0)) if told else None


def _both(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    if not other:
        return one
    return other if not one else None


def _payment(
    payment: Payload, units: Sequence[Payload], line: Payload, freight_tax: Decimal
) -> Decimal | None:
    """Price and freight of the unit, with tax and small-order fee on top where such payments of
    all units make the order's total, without where those do (prices that hold their tax). The
    total may hold the retail delivery fee, which is no unit's. Anything else is left open."""
    total = number(payment.get("total_amount"))
    if total is None or any(number(unit.get("sale_price")) is None for unit in units):
        return None
    freight = number(payment.get("shipping_fee")) or Decimal(0)
    totals = (total, total - (number(payment.get("retail_delivery_fee")) or Decimal(0)))
    bare = [(number(unit.get("sale_price")) or Decimal(0)) + freight for unit in units]
    on_top = [
        (_tax(unit) or Decimal(0)) + freight_tax + (number(unit.get("small_order_fee")) or 0)
        for unit in units
    ]
    place = list(units).index(line)
    if sum(bare) + sum(on_top) in totals:
        return bare[place] + on_top[place]
    return bare[place] if sum(bare) in totals else None
