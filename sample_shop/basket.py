"""What was bought and what it cost, for many orders at once, in whole minor units.

Documented sums that hold here to the last cent:
sale price = original price - seller discount - platform discount (per unit);
sub_total = sum of the sale prices; shipping_fee = original - all freight discounts;
total = sub_total + shipping_fee + fees, and + tax where tax comes on top (US).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .draws import Draws, Flags, Ints
from .listings import Listings
from .traits import AUCTION, MAX_UNITS, NORMAL, SUBSCRIPTION, Traits

_SELLER_PERCENT: Final = np.asarray([0, 0, 0, 5, 10, 15, 20, 25, 30])
_PLATFORM_PERCENT: Final = np.asarray([0, 0, 0, 0, 0, 5, 8, 10])
RETAIL_DELIVERY_CENTS: Final = 28  # Colorado


@dataclass(slots=True)
class Baskets:
    """Arrays by order; those named `unit_*` have a second axis of MAX_UNITS (zero beyond)."""

    units: Ints
    place: Ints
    unit_product: Ints
    unit_sku: Ints
    unit_revision: Ints
    unit_original: Ints
    unit_seller_discount: Ints
    unit_platform_discount: Ints
    unit_sale: Ints
    unit_tax: Ints
    unit_gift_value: Ints
    shipping_original: Ints
    shipping_seller: Ints
    shipping_platform: Ints
    shipping_cofunded: Ints
    shipping_fee: Ints
    shipping_tax: Ints
    retail_delivery: Ints
    small_order: Ints
    buyer_service: Ints
    handling: Ints
    insurance: Ints
    insurance_tax: Ints
    shipping_insurance: Ints
    total: Ints


class Till:
    """Works out the baskets of one shop's orders."""

    def __init__(self, traits: Traits, listings: Listings, draws: Draws) -> None:
        self._traits = traits
        self._listings = listings
        self._draws = draws
        places = traits.region.places
        self._place_tax = np.asarray([place.tax_millis for place in places])
        self._colorado = np.asarray([place.state == "Colorado" for place in places])

    def baskets(self, position: Ints, created: Ints) -> Baskets:
        """Return the baskets of orders at `position`, created at these UTC seconds."""
        region, draws = self._traits.region, self._draws
        kind, units = self._traits.kind(position), self._traits.units(position)
        free = self._traits.is_free(position)
        place = draws.below("place", self._traits.buyer(position), len(region.places))
        product, sku = self._lines(position, kind, created)
        real = np.arange(MAX_UNITS) < units[:, None]
        when = np.broadcast_to(created[:, None], product.shape).ravel()
        price = self._listings.price(product.ravel(), sku.ravel(), when).reshape(product.shape)
        bid = (100 + draws.below("bid", position, 6_000)) * region.price_scale
        price = np.where((kind == AUCTION)[:, None], bid[:, None], price)
        gift = self._gifts(position, kind, units)
        gift_value = np.where(gift, price, 0)
        original = np.where(real & ~gift, price, 0)
        seller, platform = self._discounts(position, kind, free, original)
        sale = original - seller - platform
        rate = self._place_tax[place] if not region.tax_inside_millis else None
        if rate is not None:
            tax = (sale * rate[:, None] + 500) // 1000
        else:
            inside = region.tax_inside_millis
            tax = (sale * inside + (1000 + inside) // 2) // (1000 + inside)
        sub_total = sale.sum(axis=1)
        freight = self._freight(position, free)
        fee = freight[0] - freight[1] - freight[2] - freight[3]
        fee_tax = np.zeros_like(fee) if rate is None else (fee * rate + 500) // 1000
        fees = self._fees(position, free, sub_total, self._colorado[place])
        total = sub_total + fee + sum(fees.values())
        if rate is not None:
            total = total + tax.sum(axis=1) + fee_tax
        revision = self._listings.revision(product.ravel(), when).reshape(product.shape)
        return Baskets(
            units, place, product, sku, revision, original, seller, platform, sale, tax,
            gift_value, *freight, shipping_fee=fee, shipping_tax=fee_tax, total=total, **fees,
        )  # fmt: skip

    def _lines(self, position: Ints, kind: Ints, created: Ints) -> tuple[Ints, Ints]:
        shape = (len(position), MAX_UNITS)
        key = position[:, None] * 8 + np.arange(MAX_UNITS)
        product, sku = self._listings.chosen(
            key.ravel(), np.repeat(kind, MAX_UNITS), np.repeat(created, MAX_UNITS)
        )
        product, sku = product.reshape(shape), sku.reshape(shape)
        again = self._draws.unit("same again", key) < 0.5
        for unit in range(1, MAX_UNITS):
            same = again[:, unit]
            product[:, unit] = np.where(same, product[:, unit - 1], product[:, unit])
            sku[:, unit] = np.where(same, sku[:, unit - 1], sku[:, unit])
        return product, sku

    def _gifts(self, position: Ints, kind: Ints, units: Ints) -> Flags:
        given = (kind == NORMAL) & (units > 2) & (self._draws.unit("gift", position) < 0.15)
        last = np.arange(MAX_UNITS) == units[:, None] - 1
        return np.asarray(last & given[:, None], dtype=np.bool_)

    def _discounts(
        self, position: Ints, kind: Ints, free: Flags, original: Ints
    ) -> tuple[Ints, Ints]:
        draws = self._draws
        percent = _SELLER_PERCENT[draws.below("seller discount", position, len(_SELLER_PERCENT))]
        percent = np.where(kind == SUBSCRIPTION, np.maximum(percent, 10), percent)
        percent = np.where(kind == AUCTION, 0, percent)
        percent = np.where(free, 100, percent)
        platform = _PLATFORM_PERCENT[draws.below("voucher", position, len(_PLATFORM_PERCENT))]
        platform = np.where(free | (kind == AUCTION), 0, platform)
        by_seller = original * percent[:, None] // 100
        return by_seller, (original - by_seller) * platform[:, None] // 100

    def _freight(self, position: Ints, free: Flags) -> tuple[Ints, Ints, Ints, Ints]:
        """Return freight before discounts, and the seller's, the platform's and shared parts."""
        draws, region = self._draws, self._traits.region
        fees = np.asarray(region.shipping_fees)
        original = np.where(free, 0, fees[draws.below("freight", position, len(fees))])
        who = draws.pick("freight discount", position, (0.55, 0.15, 0.2, 0.05, 0.05))
        scale = 100 if region.price_scale > 20 and region.decimals == 0 else 1
        half = original // 2 // scale * scale
        seller = np.where(who == 1, original, np.where(who >= 3, half, 0))
        platform = np.where(who == 2, original, np.where(who == 3, original - half, 0))
        shared = np.where(who == 4, half // 2, 0)
        return original, seller, platform, shared

    def _fees(
        self, position: Ints, free: Flags, sub_total: Ints, colorado: Flags
    ) -> dict[str, Ints]:
        draws, code = self._draws, self._traits.region.code
        none = np.zeros(len(position), dtype=np.int64)
        insured = (draws.unit("insured", position) < 0.04) & ~free
        in_us, in_id = code == "US", code == "ID"
        return {
            "retail_delivery": np.where(colorado & ~free, RETAIL_DELIVERY_CENTS, 0),
            "small_order": np.where((sub_total < 20_000) & ~free, 500, 0) if code == "TH" else none,
            "buyer_service": np.where(free, 0, 2_000) if in_id else none,
            "handling": np.where(self._traits.is_cod(position), 500, 0)
            if code in ("TH", "VN")
            else none,
            "insurance": np.where(insured, 99, 0) if in_us else none,
            "insurance_tax": np.where(insured, 8, 0) if in_us else none,
            "shipping_insurance": np.where(insured, 1_500, 0) if in_id else none,
        }
