"""Fulfilled by TikTok: which goods TikTok keeps, how their stock moves, what is on its way.

A goods is a SKU of a product whose number is divisible by three and that stays on sale. Its stock
is that of the shop's FBT warehouse in the stock call; it changes once a day, at the hour at which
the product was made, so that the records of a goods lead from one level to the next. A revision
that brings stock up is an inbound order; one that brings none was an inbound order that was
cancelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from .arrivals import DAY, HOUR
from .draws import Flags, Ints
from .shop import Shop
from .stock import Stock
from .warehouses import FBT, FBT_REGIONS

#: So long before the shop opened its goods were with TikTok.
_BEFORE: Final = 30 * DAY
_REVISIONS: Final = 4_096
_STEPS: Final = 1 << 20
#: Seconds before an inbound order is received at which it came to each status.
COURSE: Final = (
    ("WORKING", 96 * HOUR), ("READY_TO_SHIP", 84 * HOUR), ("TO_BE_RECEIVED", 72 * HOUR),
    ("DELIVERED", 8 * HOUR), ("RECEIVING", 2 * HOUR), ("RECEIVED", 0),
)  # fmt: skip
CANCELLED_COURSE: Final = (
    ("WORKING", 96 * HOUR), ("READY_TO_SHIP", 84 * HOUR), ("CANCELLED", 76 * HOUR),
)  # fmt: skip
_SHIPPED: Final = 72 * HOUR
_CANCELLED_UNITS: Final = 12
_KEPT_ORDERS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Inbound:
    """An inbound order: product, its revision, when it is received; units by SKU."""

    position: int
    number: int
    received_at: int
    cancelled: bool
    planned: dict[int, int]
    defective: dict[int, int]

    def steps(self, now: int) -> list[tuple[str, int]]:
        """Return (status, since) of everything that came to pass by `now`."""
        course = CANCELLED_COURSE if self.cancelled else COURSE
        steps = [(status, self.received_at - before) for status, before in course]
        return [step for step in steps if step[1] <= now]


class Fbt:
    """The goods of one shop that TikTok keeps."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._listings = shop.listings
        self._stock = Stock(shop.listings, shop.draws, [FBT])
        self._since = shop.anchor - _BEFORE
        self._order = lru_cache(maxsize=_KEPT_ORDERS)(self._make)

    def products(self, now: int) -> Ints:
        """Return the products TikTok keeps at `now`, ascending; none outside FBT's markets."""
        if self._shop.region.code not in FBT_REGIONS:
            return np.empty(0, dtype=np.int64)
        numbers = np.sort(self._listings.numbers_at(now))
        return np.asarray(
            numbers[(numbers % 3 == 0) & self._listings.lasts(numbers)], dtype=np.int64
        )

    def goods(self, now: int) -> Ints:
        """Return the goods (product * 8 + SKU) at `now`, ascending."""
        products = self.products(now)
        counts = self._listings.sku_count(products)
        sku = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        return np.asarray(np.repeat(products, counts) * 8 + sku, dtype=np.int64)

    def warehouse(self, product: Ints) -> Ints:
        """Return the number (0 or 1) of the FBT warehouse that keeps a product."""
        return self._shop.draws.below("fbt warehouse", product, 2)

    def on_hand(self, goods: Ints, when: Ints) -> tuple[Ints, Ints]:
        """Return (available, reserved) units of goods at instants."""
        return self._stock.of(goods, FBT, when)

    def total(self, goods: Ints, when: Ints) -> Ints:
        """Return all units of goods on hand at instants."""
        free, held = self.on_hand(goods, when)
        return free + held

    def unfulfillable(self, goods: Ints, now: int) -> Ints:
        """Return the units that came in defective with the last delivery."""
        when = np.full(len(goods), now, dtype=np.int64)
        return self._defective(goods, self._listings.revision(goods // 8, when))

    def _defective(self, goods: Ints, revision: Ints) -> Ints:
        return self._shop.draws.below("defective", goods * _REVISIONS + revision, 3)

    def records(self, low: int, high: int, now: int, goods: Ints) -> tuple[Ints, Ints]:
        """Return (rows, instants) of the stock movements from `low` to `high`, both included.

        A row is goods * 2**20 + days since the product was made; ordered by instant, then row.
        """
        created = self._listings.created(goods // 8)
        first = np.maximum(1, -((created - max(low, self._since)) // DAY))
        last = np.maximum(first - 1, (min(high, now) - created) // DAY)
        counts = last - first + 1
        within = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
        step = np.repeat(first, counts) + within
        many = np.repeat(goods, counts)
        at = np.repeat(created, counts) + step * DAY
        moved = self.total(many, at) != self.total(many, at - DAY)
        rows, at = (many * _STEPS + step)[moved], at[moved]
        order = np.lexsort((rows, at))
        return rows[order], at[order]

    def movement(self, rows: Ints) -> tuple[Ints, Ints, Ints, Ints, Flags]:
        """Return (goods, instant, units before, units after, is a revision) of records."""
        goods, step = rows // _STEPS, rows % _STEPS
        at = self._listings.created(goods // 8) + step * DAY
        revised = step * DAY % self._listings.period(goods // 8) == 0
        return goods, at, self.total(goods, at - DAY), self.total(goods, at), revised

    def inbound_position(self, goods: int, at: int) -> int:
        """Return the position of the inbound order that was received at an instant."""
        revision = self._listings.revision(np.asarray([goods // 8]), np.asarray([at]))
        return goods // 8 * _REVISIONS + int(revision[0])

    def inbound(self, position: int, now: int) -> Inbound | None:
        """Return an inbound order that has been made by `now`, or None."""
        number, revision = divmod(position, _REVISIONS)
        products = self.products(now)
        row = int(np.searchsorted(products, number))
        if revision < 1 or row >= len(products) or products[row] != number:
            return None
        return self._inbound(number, revision, now)

    def _inbound(self, number: int, revision: int, now: int) -> Inbound | None:
        order = self._order(number, revision)
        made = order.received_at - COURSE[0][1] <= now
        return order if made and order.received_at >= self._since else None

    def _make(self, number: int, revision: int) -> Inbound:
        one = np.asarray([number], dtype=np.int64)
        created, period = self._listings.created(one), self._listings.period(one)
        received_at = int(created[0] + revision * period[0])
        skus = number * 8 + np.arange(int(self._listings.sku_count(one)[0]), dtype=np.int64)
        at = np.full(len(skus), received_at, dtype=np.int64)
        rise = self.total(skus, at) - self.total(skus, at - DAY)
        spoilt = self._defective(skus, np.full(len(skus), revision, dtype=np.int64))
        pairs = list(zip(skus.tolist(), rise.tolist(), spoilt.tolist(), strict=True))
        planned = {sku: up + bad for sku, up, bad in pairs if up > 0}
        return Inbound(
            number * _REVISIONS + revision,
            number,
            received_at,
            not planned,
            planned or {number * 8: _CANCELLED_UNITS},
            {sku: bad for sku, up, bad in pairs if up > 0},
        )

    def inbounds(self, after: int, now: int) -> list[Inbound]:
        """Return the inbound orders made by `now` and received (or due) after `after`."""
        products = self.products(now)
        created, period = self._listings.created(products), self._listings.period(products)
        first = np.maximum(1, (max(after, self._since - 1) - created) // period + 1)
        last = (now + COURSE[0][1] - created) // period
        found = []
        for number, low, high in zip(products.tolist(), first.tolist(), last.tolist(), strict=True):
            for revision in range(low, high + 1):
                order = self._inbound(number, revision, now)
                if order is not None:
                    found.append(order)
        return found

    def in_transit(self, goods: Ints, now: int) -> Ints:
        """Return the units of goods that were shipped and have not been received yet."""
        on_its_way: dict[int, int] = {}
        for order in self.inbounds(now, now):
            if not order.cancelled and order.received_at - _SHIPPED <= now:
                on_its_way |= order.planned
        return np.asarray([on_its_way.get(sku, 0) for sku in goods.tolist()], dtype=np.int64)
