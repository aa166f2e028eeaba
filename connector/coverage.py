"""What the store has read of the days an answer shows: null or zero. Pure.

A day of a shop counts as covered for a fact when it has been read whole, or, the newest one, from
its beginning up to the newest reading. Days are those of the fact: of the report's zone, or the
shop's own where TikTok reckons in them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from catalogue.facts import FACTS, Fact
from connector.reads import FactRead
from connector.select import Days, ShopScope
from connector.zones import DAY, day_of, local_day
from store.commits import Covered

#: Shop id -> resource -> maximal half-open stretches of UTC instants, ascending.
Known = Mapping[str, Mapping[str, Sequence[Covered]]]
#: Inclusive numbers of days since 1970-01-01, disjoint, ascending.
Intervals = Sequence[tuple[int, int]]

_OWN: Final = "UTC"  # days of the shop's own zone are kept as the same dates in UTC


@dataclass(frozen=True)
class Extent:
    """Of one fact in one shop: days of the range that are covered, and days that are not. For a
    fact that ignores the range, whether anything was read: both lists are empty."""

    shop: int
    covered: Intervals
    missing: Intervals
    is_read: bool


def extents(
    read: FactRead, span: Days | None, shops: Sequence[ShopScope], known: Known, today: dt.date
) -> list[Extent]:
    """`span`: the range asked for; days after `today` are nobody's and never missing."""
    fact = FACTS[read.fact]
    return [
        _extent(position, fact, read, span, shop, stretches_of(known, shop, read), today)
        for position, shop in enumerate(shops)
    ]


def is_unknown(found: Iterable[Extent]) -> bool:
    """Nothing of what the fact was asked for has been read, in any shop."""
    return not any(extent.is_read for extent in found)


def newest_day(shops: Sequence[ShopScope], known: Known, resource: str) -> dt.date | None:
    """The last day in the shops' own zones that is read of a resource, in all that have any."""
    ends = [
        stretches[-1].end
        for shop in shops
        if (stretches := known.get(shop.shop_id, {}).get(resource))
    ]
    return day_of(min(ends) // DAY - 1) if ends else None


def rest(covered: Intervals, asked: tuple[int, int]) -> list[tuple[int, int]]:
    """Of the days `asked`, first and last, those that are not covered; intervals ascend."""
    found = []
    next_day, last = asked
    for low, high in covered:
        if low > next_day:
            found.append((next_day, min(low - 1, last)))
        next_day = max(next_day, high + 1)
    if next_day <= last:
        found.append((next_day, last))
    return found


def _extent(
    position: int,
    fact: Fact,
    read: FactRead,
    span: Days | None,
    shop: ShopScope,
    stretches: Sequence[Covered],
    today: dt.date,
) -> Extent:
    if fact.fed_by == "shops":
        return Extent(position, (), (), True)
    if not read.axis:
        return Extent(position, (), (), bool(stretches))
    days = read.days.get(shop.shop_id)
    covered = covered_days(stretches, zone_of(fact, shop), days) if days else []
    asked = days if fact.window_days else span
    if asked is None:
        return Extent(position, covered, (), bool(covered))
    latest = max(today_of(fact, shop, today), asked.start)
    missing = rest(covered, numbers(Days(asked.start, min(asked.end, latest))))
    return Extent(position, covered, missing, bool(covered))


def stretches_of(known: Known, shop: ShopScope, read: FactRead) -> Sequence[Covered]:
    return known.get(shop.shop_id, {}).get(read.fed_by, ())


def today_of(fact: Fact, shop: ShopScope, today: dt.date) -> dt.date:
    return (shop.today or today) if fact.own_days else today


def zone_of(fact: Fact, shop: ShopScope) -> str:
    return _OWN if fact.own_days else shop.zone


def numbers(days: Days) -> tuple[int, int]:
    start, end = days.local
    return start // DAY, end // DAY - 1


def newest_of(stretches: Sequence[Covered], zone: str) -> int:
    return local_day(zone, stretches[-1].end - 1) if stretches else 0


def first_whole_day(instant: int, zone: str) -> int:
    return local_day(zone, instant - 1) + 1


def covered_days(stretches: Sequence[Covered], zone: str, days: Days) -> list[tuple[int, int]]:
    """Covered days within `days`; stretches ascend."""
    first, last = numbers(days)
    newest = newest_of(stretches, zone)
    found: list[tuple[int, int]] = []
    for stretch in stretches:
        low = max(first_whole_day(stretch.start, zone), first)
        high = newest if stretch is stretches[-1] else local_day(zone, stretch.end) - 1
        high = min(high, last)
        if low <= high:
            found.append((low, high))
    return found
