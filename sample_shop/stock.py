"""Stock by product, SKU and warehouse at any instant.

Each revision of a product brings its stock to a drawn level, from which it runs down day by day.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .arrivals import DAY
from .draws import Draws, Ints
from .listings import FIRST_WEEKLY, Listings

_SKUS: Final = 8


class Stock:
    """The stock of one shop's products in some warehouses (their numbers)."""

    def __init__(self, listings: Listings, draws: Draws, places: list[int]) -> None:
        self._listings = listings
        self._draws = draws
        self._places = np.asarray(places, dtype=np.int64)

    def at(self, products: Ints, when: Ints) -> tuple[Ints, Ints]:
        """Return (available, committed) units, both [product, SKU 0-7, place], as of `when`.

        What a product has fewer SKUs than 8 for means nothing.
        """
        key = (products[:, None] * 8 + np.arange(_SKUS))[:, :, None] * 4 + self._places
        return self._levels(products[:, None, None], when[:, None, None], key)

    def of(self, sku: Ints, place: int, when: Ints) -> tuple[Ints, Ints]:
        """Return (available, committed) units of SKUs (product * 8 + SKU) in one warehouse."""
        return self._levels(sku // 8, when, sku * 4 + place)

    def _levels(self, product: Ints, when: Ints, key: Ints) -> tuple[Ints, Ints]:
        listings, draws = self._listings, self._draws
        age = np.maximum(0, (when - listings.updated(product, when)) // DAY)
        key = key * 4096 + listings.revision(product, when) % 4096
        level = draws.below("level", key, 160)
        # Now and then a SKU of the standing range is sold out altogether.
        level = np.where((product < FIRST_WEEKLY) & (level < 14), 0, level)
        sold = age * draws.below("sold a day", key, 11)
        committed = draws.below("committed", key + age, 9)
        return np.maximum(0, level - sold), np.where(level > 0, committed, 0)
