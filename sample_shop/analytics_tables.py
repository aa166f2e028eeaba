"""Sales and traffic of a window, added up by shop, product, SKU, video or LIVE session.

Sums are sums of days. Orders, SKU orders and buyers are counted distinct over the whole window:
a window's buyers are not the sum of its days'.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .analytics_content import UNKNOWN, VIDEO_DAYS, Sessions, Videos
from .analytics_days import Days, Window
from .analytics_sales import CANCELED, REPLACED, RETURNED, Sales, Units
from .analytics_sources import CHANNELS, EVERY_SOURCE, SOURCES, VIDEO, among, of_accounts
from .analytics_traffic import COUNTS, PEOPLE, Traffic, Visits, distinct
from .draws import Draws, Ints
from .shop import Shop

_PEOPLE: Final = 1 << 36
_SKUS: Final = 1 << 24
_DAYS: Final = 65_536


@dataclass(frozen=True, slots=True)
class Sums:
    """Sales by group. Money in minor units; `daily_customers`: the days' distinct, added up."""

    gmv: Ints
    orders: Ints
    sku_orders: Ints
    items: Ints
    customers: Ints
    daily_customers: Ints


def sums(units: Units, group: Ints, groups: int) -> Sums:
    """Return the sales of units by group (0 to `groups` - 1); groups never part an order's SKU."""
    first = np.unique(units.order * _SKUS + units.sku, return_index=True)[1]
    by_day = group * _DAYS + units.day
    return Sums(
        _added(units.sale, group, groups),
        _distinct(group, units.order, groups),
        np.bincount(group[first], minlength=groups),
        np.bincount(group, minlength=groups),
        _distinct(group, units.buyer, groups),
        _distinct_days(by_day, units.buyer, groups),
    )


def _added(values: Ints, group: Ints, groups: int) -> Ints:
    total = np.zeros(groups, dtype=np.int64)
    np.add.at(total, group, values)
    return total


def _distinct(group: Ints, value: Ints, groups: int) -> Ints:
    pairs = np.unique(group * _PEOPLE + value) // _PEOPLE
    return np.asarray(np.bincount(pairs, minlength=groups), dtype=np.int64)


def _distinct_days(by_day: Ints, value: Ints, groups: int) -> Ints:
    present, row = np.unique(by_day, return_inverse=True)
    counts = _distinct(row, value, len(present))
    return _added(counts, present // _DAYS, groups)


@dataclass(frozen=True, slots=True)
class Shown:
    """Traffic by product (rows as in `number`) and source over a window."""

    number: Ints
    counts: dict[str, Ints]
    most: dict[str, Ints]  # of PEOPLE: the largest day
    days: int

    def count(self, name: str, sources: tuple[int, ...]) -> Ints:
        """Return sums by product, e.g. of `clicks`."""
        return np.asarray(self.counts[name][:, list(sources)].sum(axis=1), dtype=np.int64)

    def people(self, name: str, sources: tuple[int, ...]) -> Ints:
        """Return distinct people of the window by product, e.g. of `click_people`."""
        most = np.asarray(self.most[name][:, list(sources)].sum(axis=1), dtype=np.int64)
        return distinct(self.count(name, sources), most, self.days)


@dataclass(frozen=True, slots=True)
class Back:
    """What was undone in a window, by group: units by kind, money back and who got it."""

    refunds: Ints
    refunded_items: Ints
    refund_customers: Ints
    by_kind: tuple[Ints, ...]

    @property
    def cancelled_or_returned(self) -> Ints:
        """Return the units of orders cancelled and of returns of goods."""
        return self.by_kind[CANCELED] + self.by_kind[RETURNED]


@dataclass(frozen=True, slots=True)
class Watched:
    """Videos of a window (`position`, UNKNOWN for all deleted ones): sales, views and clicks."""

    position: Ints
    sales: Sums
    views: Ints
    clicks: Ints


class Tables:
    """Adds up the sales and visits of one shop."""

    def __init__(
        self,
        shop: Shop,
        days: Days,
        sales: Sales,
        visits: Visits,
        videos: Videos,
        sessions: Sessions,
    ) -> None:
        self._draws: Draws = shop.draws
        self._days = days
        self.sales = sales
        self.visits = visits
        self.videos = videos
        self.sessions = sessions

    def sold(self, window: Window, sources: tuple[int, ...] = EVERY_SOURCE) -> Units:
        """Return the units sold on the ready days of a window, until `now` on the last of them."""
        units = self.sales.between(list(window.ready))
        return units.where(among(units.source, sources) & (units.at <= window.now))

    def shop_sums(self, window: Window, sources: tuple[int, ...] = EVERY_SOURCE) -> Sums:
        """Return the sales of the shop; one group."""
        units = self.sold(window, sources)
        return sums(units, np.zeros(len(units.order), dtype=np.int64), 1)

    def undone(self, window: Window, number: Ints | None = None) -> Back:
        """Return what was undone on the ready days, by product, or of the shop (one group)."""
        groups = 1 if number is None else len(number)
        parts = [self.sales.undone(day) for day in window.ready]

        def joined(name: str) -> Ints:
            return np.concatenate(
                [np.empty(0, dtype=np.int64)] + [getattr(part, name) for part in parts]
            ).astype(np.int64)

        product, kind, refund = joined("product"), joined("kind"), joined("refund")
        buyer, counted = joined("buyer"), joined("counted") > 0
        group = np.zeros(len(product), dtype=np.int64)
        if number is not None and len(number):
            group = np.minimum(np.searchsorted(number, product), len(number) - 1)
            kept = number[group] == product
            group, kind, refund = group[kept], kind[kept], refund[kept]
            buyer, counted = buyer[kept], counted[kept]
        paid = refund > 0
        return Back(
            _added(refund, group, groups),
            np.bincount(group[paid], minlength=groups),
            _distinct(group[paid], buyer[paid], groups),
            tuple(
                np.bincount(group[(kind == which) & counted], minlength=groups)
                for which in range(REPLACED + 1)
            ),
        )

    def products_in(self, window: Window) -> Ints:
        """Return the products with traffic in a window or with something undone, ascending."""
        shown = [self.visits.on(day).number for day in window.days]
        undone = [self.sales.undone(day).product for day in window.ready]
        return np.unique(np.concatenate([np.empty(0, dtype=np.int64), *shown, *undone]))

    def shown(self, window: Window, number: Ints) -> Shown:
        """Return the traffic of these products; of today only the part that has passed."""
        names = COUNTS + PEOPLE
        counts = {name: np.zeros((len(number), SOURCES), dtype=np.int64) for name in names}
        most = {name: np.zeros((len(number), SOURCES), dtype=np.int64) for name in PEOPLE}
        for day in window.days:
            traffic = self._so_far(day, window.now)
            at = np.searchsorted(traffic.number, number)
            at = np.minimum(at, max(0, len(traffic.number) - 1))
            there = (
                traffic.number[at] == number
                if len(traffic.number)
                else np.zeros(len(number), dtype=np.bool_)
            )
            for name in names:
                values = getattr(traffic, name)[at[there]]
                counts[name][there] += values
                if name in most:
                    most[name][there] = np.maximum(most[name][there], values)
        return Shown(number, counts, most, len(window.days))

    def _so_far(self, day: int, now: int) -> Traffic:
        traffic, part = self.visits.on(day), self._days.elapsed(day, now)
        if part >= 1:
            return traffic

        def passed(values: Ints) -> Ints:
            return (values * part).astype(np.int64)

        return Traffic(
            traffic.number, *(passed(getattr(traffic, name)) for name in COUNTS + PEOPLE)
        )

    def watched(self, window: Window, accounts: tuple[int, ...]) -> Watched:
        """Return the videos of these accounts that were watched in a window."""
        parts = [self._videos_of(day, accounts) for day in window.days]
        known = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *parts]))
        units = self.sold(window, of_accounts(VIDEO, accounts))
        group = np.searchsorted(known, units.content)
        items = np.bincount(group, minlength=len(known))
        sku_orders = sums(units, group, len(known)).sku_orders
        plays, visits = np.zeros(len(known), np.int64), np.zeros(len(known), np.int64)
        for day, part in zip(window.days, parts, strict=True):
            at = np.searchsorted(known, part)
            key = part * _DAYS + day
            seen = self._plays(part, key, day, self._days.elapsed(day, window.now))
            plays[at] += seen
            visits[at] += seen * (10 + self._draws.below("video clicks", key, 25)) // 1000
        plays += items * 35
        visits += sku_orders * 5
        gone = self.videos.gone(known)
        position = np.where(gone, UNKNOWN, known)
        shown, row = np.unique(position, return_inverse=True)
        return Watched(
            shown,
            sums(units, row[group], len(shown)),
            _added(plays, row, len(shown)),
            _added(visits, row, len(shown)),
        )

    def _videos_of(self, day: int, accounts: tuple[int, ...]) -> Ints:
        videos = self.videos.watched(self.visits.on(day).number, day)
        return videos[np.isin(self.videos.account(videos), accounts)]

    def _plays(self, position: Ints, key: Ints, day: int, part: float) -> Ints:
        """Return the views of videos on a day that lead to no sale; older videos get fewer."""
        age = day - self.videos.posted(position)
        reach = 60 + self._draws.below("video reach", position, 4_000)
        fading = (1 - age / (VIDEO_DAYS + 1)) ** 2
        noise = (50 + self._draws.below("video views", key, 100)) / 100
        return np.asarray(1 + reach * fading * noise * part, dtype=np.int64)

    def sessions_in(self, window: Window, accounts: tuple[int, ...]) -> Ints:
        """Return the sessions that began on the ready days of a window, oldest first."""
        parts = [self.sessions.held(day) for day in window.ready]
        found = np.concatenate([np.empty(0, dtype=np.int64), *parts])
        return found[np.isin(self.sessions.account(found), accounts)]

    def sessions_sold(self, window: Window, number: Ints) -> tuple[Units, Ints]:
        """Return the units these sessions (ascending) led to until `now`, and whose each is.

        Those whose source is no LIVE came after midnight, within 24 hours of the session.
        """
        today = self._days.day_of(window.now)
        days = sorted({day for ready in window.ready for day in (ready, ready + 1)})
        units = self.sales.between([day for day in days if day <= today])
        led = ~among(units.source, CHANNELS["VIDEO"]) & np.isin(units.content, number)
        units = units.where(led & (units.at <= window.now))
        return units, np.searchsorted(number, units.content)

    def visitors(self, window: Window) -> list[int]:
        """Return the distinct visitors of the shop on each day there is anything for.

        Many look at more than one product, so they are fewer than the products' visitors together.
        """
        found = []
        for day in window.days:
            number = self.visits.on(day).number
            shown = self.shown(window.only(day), number)
            found.append(int(shown.count("visitors", EVERY_SOURCE).sum()) * 72 // 100)
        return found

    def hours(self, day: int, until: int) -> tuple[Sums, Sums]:
        """Return the sales of a day's 24 hours before the instant `until`, and of all of them."""
        units = self.sales.sold(day)
        units = units.where(units.at < until)
        whole = np.zeros(len(units.order), dtype=np.int64)
        return sums(units, units.hour, 24), sums(units, whole, 1)
