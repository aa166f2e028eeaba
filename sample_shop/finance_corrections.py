"""Adjustments and reserves: records that are no sale, and what they move."""

from __future__ import annotations

from typing import Final

import numpy as np

from . import finance_rates as rates
from .draws import Floats, Ints
from .finance_records import (
    ADVERTISING,
    CODES,
    CORRECTION,
    OF_THE_DAY,
    RELEASED,
    WAREHOUSING,
    Settlements,
)
from .finance_units import baskets
from .life import P_LOST
from .regions import Region
from .shop import Shop
from .traits import SAMPLE

_RESERVED_PERCENT: Final = 15
_TABLES: Final = {
    CORRECTION: rates.OF_ORDERS,
    OF_THE_DAY: rates.OF_THE_SHOP,
    ADVERTISING: (rates.ADVERTISING,),
    WAREHOUSING: (rates.WAREHOUSING,),
}
#: What adjustments are called; a kind below is an index into these.
KINDS: Final = (
    rates.LOST,
    rates.SAMPLES,
    *dict.fromkeys(each.kind for table in _TABLES.values() for each in table),
)


def corrections(shop: Shop, rows: Ints, known: Settlements) -> tuple[Ints, Ints]:
    """Return (kind, signed amount in minor units) of adjustments, one of both per row."""
    kind, amount = np.zeros((2, len(rows)), dtype=np.int64)
    code = rows % CODES
    for which, table in _TABLES.items():
        here = code == which
        chosen = shop.draws.pick("correction kind", rows[here], tuple(e.weight for e in table))
        low, high, sign, name = np.asarray(
            [(e.low, e.high, e.sign, KINDS.index(e.kind)) for e in table]
        ).T
        size = shop.draws.unit("correction size", rows[here])
        cents = low[chosen] + (high - low)[chosen] * size
        kind[here] = name[chosen]
        amount[here] = sign[chosen] * _minor(shop.region, cents)
    _lost_and_samples(shop, rows, known, kind, amount)
    return kind, amount


def _minor(region: Region, cents: Floats) -> Ints:
    """Return US cents as whole minor units of a market; round sums where prices are such."""
    minor = (cents * region.price_scale).astype(np.int64)
    coarse = region.decimals == 0 and region.price_scale > 20
    return minor // 100 * 100 if coarse else minor


def _lost_and_samples(shop: Shop, rows: Ints, known: Settlements, kind: Ints, amount: Ints) -> None:
    """Set what lost parcels (their revenue is made good) and samples (their freight) come to."""
    of_order = np.flatnonzero(rows % CODES == CORRECTION)
    position = rows[of_order] // CODES
    lost = known.lives.plan[position] == P_LOST
    basket = baskets(shop, position[lost])
    kind[of_order[lost]] = KINDS.index(rates.LOST)
    amount[of_order[lost]] = (basket.unit_original - basket.unit_seller_discount).sum(axis=1)
    sample = shop.traits.kind(position) == SAMPLE
    kind[of_order[sample]] = KINDS.index(rates.SAMPLES)
    amount[of_order[sample]] = -shop.region.shipping_fees[1]


def reserves(shop: Shop, rows: Ints) -> Ints:
    """Return how reserves move: negative when money is kept, positive when it is released."""
    basket = baskets(shop, rows // CODES)
    revenue = (basket.unit_original - basket.unit_seller_discount).sum(axis=1)
    sign = np.where(rows % CODES == RELEASED, 1, -1)
    return np.asarray(sign * (revenue * _RESERVED_PERCENT // 100), dtype=np.int64)
