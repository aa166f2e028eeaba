"""Which days of which fact an answer reads: of the range what the fact may show. Pure.

TikTok's own figures are shown for the last days only, counted in the shop's own zone and up to
yesterday (up to today by hour), because TikTok itself gives no more. What a shop serves of the days
that were kept beyond that is a switch of the shop.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from catalogue.facts import FACTS, Fact
from connector.select import Days, ShopScope
from connector.zones import today as today_in
from errors import BadRequest

#: TikTok documents 30 days by hour, today included.
HOURLY_DAYS: Final = 30
ANALYTICS_DAYS: Final = 60


@dataclass(frozen=True)
class Clamp:
    """A fact whose range was cut; `first` and `last` are None when nothing was left, and `told`
    then says which days can be asked for."""

    fact: str
    label: str
    first: dt.date | None
    last: dt.date | None
    told: Days | None = None

    @property
    def note(self) -> str:
        what = self.label.rstrip(".")
        if self.first is not None and self.last is not None:
            return f"{what}: shown from {self.first} to {self.last} only."
        if self.told is not None:
            days = f"{self.told.start} to {self.told.end}"
            return f"{what}: shown from {days} only, and there is no such day in this date range."
        return f"{what}: not shown for this date range."


@dataclass(frozen=True)
class FactRead:
    """`axis`: what the range means for the fact: "created", "paid", "own", or "" where it has no
    effect. `days`: by shop id, None where nothing is left to read or the range has no effect.
    `clamped`: the cap left out days of the range. `metrics`: ids. `told`: by shop id, of a fact
    with a cap, the days that TikTok itself tells, whatever the range and whatever was kept."""

    fact: str
    fed_by: str
    axis: str
    days: Mapping[str, Days | None]
    clamped: bool
    metrics: tuple[str, ...]
    told: Mapping[str, Days] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def first(self) -> dt.date | None:
        return min((days.start for days in self.days.values() if days), default=None)

    @property
    def last(self) -> dt.date | None:
        return max((days.end for days in self.days.values() if days), default=None)

    @property
    def clamp(self) -> Clamp | None:
        if not self.clamped:
            return None
        told = None
        if self.first is None and self.told:
            one_by_one = self.told.values()
            told = Days(min(d.start for d in one_by_one), max(d.end for d in one_by_one))
        return Clamp(self.fact, FACTS[self.fact].about, self.first, self.last, told)


@dataclass(frozen=True)
class Span:
    """The range asked for, on the axis of orders (`order_date`: "created" or "paid"), and how many
    days back TikTok's own figures are shown. `today` is in the report's zone."""

    start: dt.date | None
    end: dt.date | None
    order_date: str
    today: dt.date
    analytics_days: int

    def read(self, fact: Fact, metrics: Sequence[str], shops: Sequence[ShopScope]) -> FactRead:
        """Raises BadRequest(bad_date_range) for a dated fact without a range."""
        days = {shop.shop_id: self._days(fact, shop) for shop in shops}
        return FactRead(
            fact=fact.name,
            fed_by=fact.fed_by,
            axis=self._axis(fact),
            days=days,
            clamped=bool(fact.cap) and any(self._is_cut(one) for one in days.values()),
            metrics=tuple(metrics),
            told={shop.shop_id: self._told(fact, shop) for shop in shops} if fact.cap else {},
        )

    def _axis(self, fact: Fact) -> str:
        wanted = "created" if fact.window_days else self.order_date
        return next((name for name in (wanted, "own") if name in fact.axes), "")

    def _days(self, fact: Fact, shop: ShopScope) -> Days | None:
        if fact.window_days:
            # Of several shops each is at its own day.
            there = today_in(shop.zone, shop.now) if shop.now else self.today
            before = dt.timedelta(days=fact.window_days)
            return Days(there - before, there - dt.timedelta(days=1))
        if not fact.is_dated:
            return None
        if self.start is None or self.end is None:
            raise BadRequest(
                "This needs a date range: choose one in the report.", code="bad_date_range"
            )
        if not fact.cap:
            return Days(self.start, self.end)
        told = self._told(fact, shop)
        oldest = self.start if shop.serves_kept else told.start
        first, last = max(self.start, oldest), min(self.end, told.end)
        return Days(first, last) if first <= last else None

    def _told(self, fact: Fact, shop: ShopScope) -> Days:
        today = shop.today or self.today
        newest, count = today - dt.timedelta(days=1), self.analytics_days
        if fact.cap == "hourly":
            newest, count = today, HOURLY_DAYS
        return Days(newest - dt.timedelta(days=count - 1), newest)

    def _is_cut(self, days: Days | None) -> bool:
        return days is None or (days.start, days.end) != (self.start, self.end)
