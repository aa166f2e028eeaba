"""What a settlement record is about: which units were sold and what of them went back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .aftersales import ALL_UNITS, COURSES
from .basket import Baskets
from .draws import Flags, Ints
from .finance_records import CODES, REFUND, SALE, Settlements
from .life import P_ONE_LINE
from .shop import Shop
from .traits import MAX_UNITS

_PART: Final = np.asarray([course.part for course in COURSES])
_COMES_BACK: Final = np.asarray([course.kind == "RETURN_AND_REFUND" for course in COURSES])


@dataclass(slots=True)
class Units:
    """Sales and refunds unit by unit (second axis), zero for units the record is not about.

    Minor units, positive also for what went back. `there`: the record is about the unit.
    """

    there: Flags
    original: Ints
    discount: Ints
    platform: Ints
    original_back: Ints
    discount_back: Ints
    platform_back: Ints


@dataclass(slots=True)
class Back:
    """What went back to the buyer, per record, in minor units; `paid` is all of it.

    `return_freight`: what the seller paid for the way back.
    """

    paid: Ints
    tax: Ints
    freight: Ints
    retail: Ints
    return_freight: Ints


def baskets(shop: Shop, position: Ints) -> Baskets:
    """Return the baskets of orders."""
    return shop.till.baskets(position, shop.orders.created[position].astype(np.int64))


def parts(
    shop: Shop, rows: Ints, basket: Baskets, known: Settlements, estimated: bool = False
) -> tuple[Units, Back]:
    """Return what sales and refunds are about; `estimated`: a sale before anything came back."""
    position, code = rows // CODES, rows % CODES
    number = np.arange(MAX_UNITS)
    live = number < basket.units[:, None]
    one_line = known.lives.plan[position] == P_ONE_LINE
    live &= ~(one_line[:, None] & (number == basket.units[:, None] - 1))
    sale = (code == SALE)[:, None] & live
    units = Units(
        sale,
        np.where(sale, basket.unit_original, 0),
        np.where(sale, basket.unit_seller_discount, 0),
        np.where(sale, basket.unit_platform_discount, 0),
        *(np.zeros(live.shape, dtype=np.int64) for _ in range(3)),
    )
    back = Back(*(np.zeros(len(rows), dtype=np.int64) for _ in range(5)))
    for slot in range(2):
        row = known.return_rows(position, slot)
        taken = code == REFUND + slot
        if not estimated:
            taken |= (code == SALE) & known.is_in_sale(row)
        if taken.any():
            _take_back(shop, units, back, basket, known, live & taken[:, None], row)
    return units, back


def _take_back(
    shop: Shop,
    units: Units,
    back: Back,
    basket: Baskets,
    known: Settlements,
    live: Flags,
    row: Ints,
) -> None:
    """Add what the returns in `row` gave back of the `live` units, as the return calls tell it."""
    returns, taken = known.returns, live.any(axis=1)
    unit, course = returns.unit[row], returns.course[row]
    key = returns.position[row] * 2 + returns.slot[row]
    dice = (shop.draws.words("return dice", key) >> np.uint64(8)).astype(np.int64)
    percent = np.where(_PART[course], 30 + dice % 31, 100)[:, None]
    hit = live & ((unit == ALL_UNITS)[:, None] | (np.arange(MAX_UNITS) == unit[:, None]))
    original = np.where(hit, basket.unit_original * percent // 100, 0)
    discount = np.where(hit, basket.unit_seller_discount * percent // 100, 0)
    paid = np.where(hit, basket.unit_sale * percent // 100, 0)
    units.there |= hit
    units.original_back += original
    units.discount_back += discount
    units.platform_back += original - discount - paid
    # Freight and fees go back with the whole order only.
    whole = taken & (percent[:, 0] == 100) & (unit == ALL_UNITS)
    tax = np.where(whole, basket.shipping_tax, 0)
    if not shop.region.tax_inside_millis:
        tax += np.where(hit, basket.unit_tax * percent // 100, 0).sum(axis=1)
    freight = np.where(whole, basket.shipping_fee, 0)
    retail = np.where(whole, basket.retail_delivery, 0)
    service = np.where(whole, basket.buyer_service, 0)
    back.tax += tax
    back.freight += freight
    back.retail += retail
    back.paid += paid.sum(axis=1) + tax + freight + retail + service
    by_seller = taken & _COMES_BACK[course] & (dice % 3 == 1)
    back.return_freight += np.where(by_seller, shop.region.shipping_fees[-1], 0)
