"""The amounts of settlement records, for many at once, in signed whole minor units.

Sums that hold to the last cent: revenue, freight, fees and taxes are the sums of their lines;
settlement = revenue + freight + fees and taxes + adjustment. Reserves move apart from it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from . import finance_rates as rates
from .basket import Baskets
from .draws import Flags, Ints
from .finance_corrections import corrections, reserves
from .finance_records import CODES, REFUND_AGAIN, RELEASED, RESERVED, SALE, Settlements
from .finance_units import Back, Units, baskets, parts
from .life import DELIVERED
from .shop import Shop

Columns = dict[str, Ints]
TOTALS: Final = (
    "revenue_amount", "shipping_cost_amount", "fee_tax_amount", "adjustment_amount",
    "settlement_amount", "reserve_amount",
)  # fmt: skip
#: Where an order came from decides who has to be paid: share of orders below this number.
_BY_PARTNER, _BY_ADS, _BY_CREATOR = 0.02, 0.08, 0.38


def _of(millis: int | Ints, base: Ints) -> Ints:
    return np.asarray((base * millis + 500) // 1000, dtype=np.int64)


def _sum(columns: Columns, names: tuple[str, ...]) -> Ints:
    return np.asarray(sum(columns[name] for name in names), dtype=np.int64)


class Amounts:
    """Works out the amounts of one shop's records."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.fees = rates.fees(shop.region.code)
        self.taxes = rates.taxes(shop.region.code)
        self.behind = rates.BEHIND + (rates.BEHIND_US if shop.region.code == "US" else ())
        charged = tuple(rate.name for rate in self.fees + self.taxes)
        #: The lines whose sum each total is; the settlement is the sum of these totals.
        self.sums = {
            "revenue_amount": rates.REVENUE,
            "shipping_cost_amount": rates.FREIGHT,
            "fee_tax_amount": tuple(name for name in charged if name != rates.BEFORE_TAX),
        }
        self._names = (
            *TOTALS, *rates.REVENUE, *rates.FREIGHT, *rates.FREIGHT_BEHIND, *self.behind, *charged,
        )  # fmt: skip

    def of(self, rows: Ints, known: Settlements, estimated_at: int | None = None) -> Columns:
        """Return every amount of these records.

        `estimated_at`: as sales are estimated at this instant, before they are settled.
        """
        columns = {name: np.zeros(len(rows), dtype=np.int64) for name in self._names}
        code = rows % CODES
        sold, kept = code <= REFUND_AGAIN, (code == RESERVED) | (code == RELEASED)
        for name, values in self._sold(rows[sold], known, estimated_at).items():
            columns[name][sold] = values
        if kept.any():
            columns["reserve_amount"][kept] = reserves(self._shop, rows[kept])
        if (other := ~(sold | kept)).any():
            amount = corrections(self._shop, rows[other], known)[1]
            columns["adjustment_amount"][other] = columns["settlement_amount"][other] = amount
        return columns

    def _sold(self, rows: Ints, known: Settlements, estimated_at: int | None) -> Columns:
        """Return the amounts of orders' sales and refunds."""
        position, sale = rows // CODES, rows % CODES == SALE
        basket = baskets(self._shop, position)
        units, back = parts(self._shop, rows, basket, known, estimated_at is not None)
        made: Columns = {
            rates.SUBTOTAL: units.original.sum(axis=1),
            rates.DISCOUNT: -units.discount.sum(axis=1),
            rates.SUBTOTAL_BACK: -units.original_back.sum(axis=1),
            rates.DISCOUNT_BACK: units.discount_back.sum(axis=1),
            "platform_discount_amount": units.platform.sum(axis=1),
            "platform_discount_refund_amount": -units.platform_back.sum(axis=1),
            "customer_payment_amount": np.where(sale, basket.total, 0),
            "customer_refund_amount": -back.paid,
        }
        delivered = known.lives.at[position, DELIVERED].astype(np.int64)
        under_way = delivered > (estimated_at if estimated_at is not None else 2**40)
        made |= self._freight(position, basket, sale, back, under_way)
        made |= self._charges(
            position,
            made[rates.SUBTOTAL] + made[rates.DISCOUNT],
            -made[rates.SUBTOTAL_BACK] - made[rates.DISCOUNT_BACK],
            np.where(sale, units.there.sum(axis=1), 0),
        )
        if self._shop.region.code == "US":
            made |= _handed_on(basket, units, sale, back)
        for total, lines in self.sums.items():
            made[total] = _sum(made, lines)
        made["settlement_amount"] = _sum(made, tuple(self.sums))
        return made

    def _freight(
        self, position: Ints, basket: Baskets, sale: Flags, back: Back, under_way: Flags
    ) -> Columns:
        region, traits = self._shop.region, self._shop.traits
        own, by_tiktok = traits.ships_itself(position), traits.fulfillment(position) == 1
        carriers = np.asarray(region.shipping_fees[1:])
        cost = carriers[self._shop.draws.below("carrier cost", position, len(carriers))]
        cost = np.where(sale & ~own, cost, 0)
        # Until the carrier has weighed the parcel, most of it is known.
        cost = np.where(under_way, cost * 9 // 10, cost)
        paid = np.where(sale, basket.shipping_fee, 0)
        platform = np.where(sale, basket.shipping_platform, 0)
        nothing, in_us = np.zeros_like(paid), region.code == "US"
        fbt = np.where(by_tiktok, -cost, 0)
        return {
            "actual_shipping_fee_amount": -cost,
            "customer_paid_shipping_fee_amount": paid - back.freight,
            "shipping_fee_discount_amount": platform + np.where(sale, basket.shipping_cofunded, 0),
            "return_shipping_fee_amount": -back.return_freight,
            "customer_shipping_fee": paid,
            "customer_shipping_fee_offset_amount": -paid if in_us else nothing,
            "fbm_shipping_cost_amount": -cost - fbt,
            "fbt_fulfillment_fee_amount": fbt if in_us else nothing,
            "fbt_shipping_cost_amount": nothing if in_us else fbt,
            "platform_shipping_fee_discount_amount": platform,
            "seller_shipping_fee_discount_amount": -np.where(sale, basket.shipping_seller, 0),
            "shipping_fee_subsidy_amount": np.where(own, platform, 0),
            "refunded_customer_shipping_fee_amount": -back.freight,
        }

    def _charges(self, position: Ints, base: Ints, back: Ints, units: Ints) -> Columns:
        """Return fees and taxes on the revenue `base`, less what is credited for `back`."""
        charged, credited = self._on(position, base), self._on(position, back)
        made = {name: credited[name] - charged[name] for name in charged}
        for rate in self.fees:
            if rate.fixed:
                many = units if rate.per_unit else np.minimum(units, 1)
                made[rate.name] = made[rate.name] - rate.fixed * many
        if rates.REFUND_FEE in made:
            made[rates.REFUND_FEE] = -_of(rates.REFUND_FEE_MILLIS, credited[rates.REFERRAL])
        return made

    def _on(self, position: Ints, base: Ints) -> Columns:
        """Return every fee and tax in proportion to a revenue, as positive amounts."""
        draws, made = self._shop.draws, dict[str, Ints]()
        for rate in self.fees + self.taxes:
            applies = draws.unit("fee " + rate.name, position) < rate.share
            made[rate.name] = _of(rate.millis, np.where(applies, base, 0))
        source = draws.unit("affiliate", position)
        creator_millis = np.asarray(rates.CREATOR_MILLIS)
        chosen = draws.below("creator rate", position, len(creator_millis))
        commission = _of(creator_millis[chosen], np.where(source < _BY_CREATOR, base, 0))
        by_ads = source < _BY_ADS
        made[rates.ADS_CREATORS] = np.where(by_ads, commission, 0)
        made[rates.PARTNERS] = _of(rates.PARTNER_MILLIS, np.where(source < _BY_PARTNER, base, 0))
        commission = np.where(by_ads, 0, commission)
        if rates.BEFORE_TAX in made:
            withheld = _of(rates.INCOME_TAX_MILLIS, commission)
            made[rates.BEFORE_TAX] = commission
            made[rates.INCOME_TAX] = made[rates.INCOME_TAX] + withheld
            commission = commission - withheld
        made[rates.CREATORS] = commission
        return made


def _handed_on(basket: Baskets, units: Units, sale: Flags, back: Back) -> Columns:
    """Return what TikTok collects from buyers for the state: collected, given back, net."""
    tax = np.where(units.there, basket.unit_tax, 0).sum(axis=1) + basket.shipping_tax
    tax = np.where(sale, tax, 0)
    retail = np.where(sale, basket.retail_delivery, 0)
    return {
        "sales_tax_payment_amount": tax,
        "sales_tax_refund_amount": -back.tax,
        "sales_tax_amount": back.tax - tax,
        "retail_delivery_fee_payment_amount": retail,
        "retail_delivery_fee_refund_amount": -back.retail,
        "retail_delivery_fee_amount": back.retail - retail,
    }
