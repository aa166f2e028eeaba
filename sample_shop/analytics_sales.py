"""What was sold and what went back on a day of the shop, unit by unit, read off the orders.

An order counts on the day it was paid, a cash-on-delivery order on the day it was placed, later
cancelled ones too; samples, replacements and exchanges count with an amount of 0. The amount of a
unit is its sale price: after all discounts, without freight, and without tax where tax comes on
top. Money that goes back counts on the day it does, as product value.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from .aftersales import ALL_UNITS, COURSES, PAID_BACK
from .analytics_content import NONE, Sessions, Videos
from .analytics_days import Days
from .analytics_sources import CARD, LIVE, SHOP_TAB, VIDEO
from .draws import Flags, Ints
from .kept import Kept
from .life import CREATED, P_REFUSED, PAID, Lives
from .shop import Shop
from .timeline import NEVER
from .traits import MAX_UNITS

_KEPT_DAYS: Final = 80
_CHANNEL_WEIGHTS: Final = (0.24, 0.38, 0.38)
_BACK_WEIGHTS: Final = (0.6, 0.3, 0.1)

CANCELED, REFUNDED, RETURNED, REPLACED = range(4)
_KIND_OF_COURSE: Final = np.asarray(
    [{"REFUND": REFUNDED, "RETURN_AND_REFUND": RETURNED, "REPLACEMENT": REPLACED}[course.kind]
     for course in COURSES]
)  # fmt: skip
#: Courses that end with money or goods for the buyer.
_GRANTED: Final = PAID_BACK | np.asarray(
    [course.states[-1].endswith("COMPLETE") for course in COURSES]
)
_LAST_STEP: Final = np.asarray([len(course.states) - 1 for course in COURSES])
_PART: Final = np.asarray([course.part for course in COURSES])


@dataclass(frozen=True, slots=True)
class Units:
    """Units sold, one entry each. Money in minor units; `sku` = product * 8 + SKU."""

    day: Ints
    at: Ints
    hour: Ints
    order: Ints
    buyer: Ints
    sku: Ints
    sale: Ints
    tax: Ints
    platform_discount: Ints
    freight: Ints  # of the order, on its first unit
    source: Ints
    content: Ints  # position of the video, number of the session it came from or after, or NONE

    def where(self, kept: Flags) -> Units:
        """Return some of the units."""
        return Units(*(getattr(self, field.name)[kept] for field in fields(self)))

    @property
    def product(self) -> Ints:
        """Return the number of each unit's product."""
        return self.sku // 8


@dataclass(frozen=True, slots=True)
class Undone:
    """Units cancelled, refunded, returned or replaced; `refund`: product value, minor units."""

    kind: Ints
    buyer: Ints
    product: Ints
    refund: Ints
    counted: Flags  # the goods or the order went back (the money may come on another day)


class Sales:
    """The sales of one shop by its own days."""

    def __init__(self, shop: Shop, days: Days, videos: Videos, sessions: Sessions) -> None:
        self._shop = shop
        self._days = days
        self._videos = videos
        self._sessions = sessions
        self._sold: Kept[Units] = Kept(_KEPT_DAYS)
        self._undone: Kept[Undone] = Kept(_KEPT_DAYS)
        self._index: Kept[tuple[Ints, Ints]] = Kept(1)

    def sold(self, day: int) -> Units:
        """Return the units sold on a day (the shop must have been advanced to its end)."""
        return self._sold.get(day, lambda: self._units(day))

    def undone(self, day: int) -> Undone:
        """Return what was cancelled or went back on a day."""
        return self._undone.get(day, lambda: self._events(day))

    def between(self, days: list[int]) -> Units:
        """Return the units sold on several days."""
        parts = [self.sold(day) for day in days]
        if not parts:
            return self._made(0, np.empty(0, np.int64), np.empty(0, np.int64))
        return Units(
            *(np.concatenate([getattr(part, field.name) for part in parts])
              for field in fields(Units))
        )  # fmt: skip

    def _by_payment(self, lives: Lives) -> tuple[Ints, Ints]:
        """Return the orders that count, by the instant at which they do, and the instants."""
        paid, created = lives.at[:, PAID], lives.at[:, CREATED]
        rows = np.arange(len(lives), dtype=np.int64)
        at = np.where(self._shop.traits.is_cod(rows), created, paid)
        counted = np.flatnonzero(at != NEVER)
        order = counted[np.argsort(at[counted], kind="stable")]
        return order, at[order].astype(np.int64)

    def _units(self, day: int) -> Units:
        lives = self._shop.lives
        rows, at = self._index.get(len(lives), lambda: self._by_payment(lives))
        low, high = np.searchsorted(at, [self._days.start(day), self._days.start(day + 1)])
        return self._made(day, rows[low:high], at[low:high])

    def _made(self, day: int, rows: Ints, at: Ints) -> Units:
        shop = self._shop
        basket = shop.till.baskets(rows, shop.lives.at[rows, CREATED].astype(np.int64))
        real = (np.arange(MAX_UNITS) < basket.units[:, None]).ravel()

        def spread(values: Ints) -> Ints:
            return np.repeat(values, MAX_UNITS)[real]

        freight = np.zeros((len(rows), MAX_UNITS), dtype=np.int64)
        freight[:, 0] = basket.shipping_fee
        product = basket.unit_product.ravel()[real]
        order, instants = spread(rows), spread(at)
        source, content = self._sources(day, order, product, instants)
        return Units(
            np.full(len(order), day, dtype=np.int64),
            instants,
            self._days.hours(day, instants),
            order,
            spread(shop.traits.buyer(rows)),
            product * 8 + basket.unit_sku.ravel()[real],
            basket.unit_sale.ravel()[real],
            basket.unit_tax.ravel()[real],
            basket.unit_platform_discount.ravel()[real],
            freight.ravel()[real],
            source,
            content,
        )

    def _sources(self, day: int, order: Ints, product: Ints, at: Ints) -> tuple[Ints, Ints]:
        """Return the source and the content of units; what finds no content was a card's."""
        draws = self._shop.draws
        channel = draws.pick("channel", order, _CHANNEL_WEIGHTS)
        session = self._sessions.sold(day, at)
        video = self._videos.sold(product, draws.pick("video back", order, _BACK_WEIGHTS), day)
        live, filmed = (channel == 0) & (session != NONE), (channel == 1) & (video != NONE)
        source = np.where(draws.unit("shop tab", order) < 0.4, SHOP_TAB, CARD)
        source = np.where(live, LIVE + self._sessions.account(np.maximum(session, 0)), source)
        source = np.where(filmed, VIDEO + self._videos.account(np.maximum(video, 0)), source)
        content = np.where(live, session, np.where(filmed, video, NONE))
        # Before the first session of a day the last one of the day before still has its effect.
        after = self._sessions.after(day, at)
        return source, np.where((channel == 0) & ~live, after, content)

    def _events(self, day: int) -> Undone:
        shop = self._shop
        low, high = self._days.start(day), self._days.start(day + 1)

        def on_day(instants: Ints) -> Flags:
            return np.asarray((instants >= low) & (instants < high), dtype=np.bool_)

        back = shop.returns
        ended = back.at[np.arange(len(back.at)), _LAST_STEP[back.course]].astype(np.int64)
        rows = np.flatnonzero(on_day(ended) & _GRANTED[back.course])
        course = back.course[rows]
        dice = shop.draws.words("return dice", back.position[rows] * 2 + back.slot[rows])
        offered = 30 + (dice >> np.uint64(8)).astype(np.int64) % 31
        percent = np.where(_PART[course], offered, 100) * PAID_BACK[course]
        off = shop.cancellations
        plan_ends = off.at.astype(np.int64)
        answered = on_day(plan_ends[:, 1]) & (off.plan != P_REFUSED)
        moneyed = on_day(plan_ends[:, 2])
        cancelled = np.flatnonzero(answered | moneyed)
        return self._undoing(
            np.concatenate([back.position[rows], off.position[cancelled]]),
            np.concatenate([back.unit[rows], off.unit[cancelled]]),
            np.concatenate([_KIND_OF_COURSE[course], np.full(len(cancelled), CANCELED)]),
            np.concatenate([percent, 100 * moneyed[cancelled]]),
            np.concatenate([np.ones(len(rows), dtype=np.bool_), answered[cancelled]]),
        )

    def _undoing(
        self, position: Ints, unit: Ints, kind: Ints, percent: Ints, counted: Flags
    ) -> Undone:
        shop = self._shop
        basket = shop.till.baskets(position, shop.lives.at[position, CREATED].astype(np.int64))
        place = np.arange(MAX_UNITS)
        meant = (unit[:, None] == ALL_UNITS) | (unit[:, None] == place)
        meant &= place < basket.units[:, None]
        row, column = np.nonzero(meant)
        return Undone(
            kind[row],
            shop.traits.buyer(position)[row],
            basket.unit_product[row, column],
            basket.unit_sale[row, column] * percent[row] // 100,
            counted[row],
        )
