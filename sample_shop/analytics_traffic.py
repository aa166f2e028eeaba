"""How often products were shown, clicked and looked at on a day, by source.

Made up, but never against the sales: whoever bought had clicked, whoever clicked had been shown
the product. People are counted per day; over several days they are fewer than the days' sum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from .analytics_content import Sessions, Videos
from .analytics_days import Days
from .analytics_sales import Sales
from .analytics_sources import CARD, SOURCES, VIDEO
from .arrivals import DAY
from .draws import Draws, Flags, Floats, Ints
from .kept import Kept
from .listings import ACTIVATE, FIRST_WEEKLY, Listings

_KEPT_DAYS: Final = 80
_DAYS: Final = 65_536  # a day's number is below this
#: Share of a source in the visits that lead to no sale.
_WEIGHTS: Final = np.asarray([0.5, 0.25, 0.4, 0.5, 0.2, 0.8, 1.0, 0.7])


@dataclass(frozen=True, slots=True)
class Traffic:
    """One row per product (`number`, ascending), one column per source; counts of one day.

    `impression_people`, `click_people`, `cart_people`, `visitors`: distinct people of the day.
    """

    number: Ints
    impressions: Ints
    clicks: Ints
    carts: Ints
    views: Ints
    impression_people: Ints
    click_people: Ints
    cart_people: Ints
    visitors: Ints


COUNTS: Final = ("impressions", "clicks", "carts", "views")
PEOPLE: Final = ("impression_people", "click_people", "cart_people", "visitors")


def distinct(total: Ints, most: Ints, days: int) -> Ints:
    """Return how many people come over `days` days: `total` of the days' counts, `most` on one.

    One day's people are that day's; over more days some come again.
    """
    if days <= 1:
        return total
    return np.maximum(most, (total * (0.4 + 0.6 / days)).astype(np.int64))


class Visits:
    """The product traffic of one shop by its own days."""

    def __init__(
        self,
        listings: Listings,
        draws: Draws,
        days: Days,
        sales: Sales,
        videos: Videos,
        sessions: Sessions,
    ) -> None:
        self._listings = listings
        self._draws = draws
        self._days = days
        self._sales = sales
        self._videos = videos
        self._sessions = sessions
        self._kept: Kept[Traffic] = Kept(_KEPT_DAYS)

    def on(self, day: int) -> Traffic:
        """Return the traffic of a whole day."""
        return self._kept.get(day, lambda: self._made(day))

    def products_shown(self, day: int) -> Ints:
        """Return the products on sale on a day, and those that were still paid for."""
        noon = self._days.start(day) + DAY // 2
        numbers = self._listings.numbers_at(noon)
        state = self._listings.status(numbers, np.full(len(numbers), noon, dtype=np.int64))
        return np.union1d(numbers[state == ACTIVATE], self._sales.sold(day).product)

    def _made(self, day: int) -> Traffic:
        number = self.products_shown(day)
        orders = self._orders(day, number)
        key = (number[:, None] * SOURCES + np.arange(SOURCES)) * _DAYS + day

        def below(salt: str, bound: int) -> Ints:
            return self._draws.below(salt, key, bound)

        idle = self._idle(day, number, below)
        clicks = orders * (6 + below("clicks an order", 9)) + idle
        impressions = clicks * (14 + below("impressions a click", 30))
        carts = orders + (clicks - orders) * (5 + below("carts", 10)) // 100
        views = clicks + clicks * below("views", 45) // 100
        return Traffic(
            number,
            impressions,
            clicks,
            carts,
            views,
            impressions * (45 + below("impression people", 20)) // 100,
            np.maximum(clicks * (70 + below("click people", 20)) // 100, np.minimum(clicks, 1)),
            carts - (carts - orders) // 5,
            np.maximum(views * (62 + below("visitors", 24)) // 100, np.minimum(views, 1)),
        )

    def _orders(self, day: int, number: Ints) -> Ints:
        """Return distinct orders by product and source."""
        sold = self._sales.sold(day)
        row = np.searchsorted(number, sold.product)
        pairs = np.unique((row * SOURCES + sold.source) * (1 << 34) + sold.order) >> 34
        counts = np.bincount(pairs, minlength=len(number) * SOURCES)
        return np.asarray(counts.reshape(len(number), SOURCES), dtype=np.int64)

    def _idle(self, day: int, number: Ints, below: Callable[[str, int], Ints]) -> Ints:
        """Return the clicks that lead to no sale; none where nothing shows the product."""
        fame: Floats = np.where(number < FIRST_WEEKLY, 400 / (1.0 + number) ** 0.8, 20.0) + 3
        clicks = (fame[:, None] * _WEIGHTS * (50 + below("idle clicks", 100)) / 100).astype(
            np.int64
        )
        return np.where(self._shows(day, number), clicks, 0)

    def _shows(self, day: int, number: Ints) -> Flags:
        shows = np.zeros((len(number), SOURCES), dtype=np.bool_)
        shows[:, CARD:] = True
        watched = self._videos.watched(number, day)
        row = np.searchsorted(number, self._videos.product(watched))
        shows[row, VIDEO + self._videos.account(watched)] = True
        for account in set(self._sessions.account(self._sessions.held(day)).tolist()):
            key = (number * 3 + account) * _DAYS + day
            shows[:, account] = self._draws.unit("shown live", key) < 0.3
        return shows
