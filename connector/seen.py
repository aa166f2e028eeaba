"""What an answer can say of what it shows: as of when, partial, not ready, and why. Pure.

A day is missing when it should be there: today may not be read yet, and TikTok's own figures come a
day or two late. What was looked for lately and was not there is nobody's gap.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from catalogue.facts import FACTS, Fact
from catalogue.field import Dimension
from connector.coverage import (
    Intervals,
    Known,
    covered_days,
    first_whole_day,
    newest_of,
    numbers,
    rest,
    stretches_of,
    today_of,
    zone_of,
)
from connector.reach import OPTIONAL, home
from connector.reads import FactRead
from connector.select import Days, ShopScope
from connector.zones import day_number, day_of
from store.commits import Covered

#: TikTok's own figures are read once a day; what was read longer ago should have been read again.
FIGURES_STALE_AFTER_SECONDS: Final = 37 * 3_600

#: So many days TikTok may be late with its own figures. What is missing before is a gap.
_LATE_DAYS: Final = 2

#: What is said of a fact, from its description.
_AS_A_WHOLE: Final = ("TikTok's", "What", "Price")

#: Tables that dimensions are read from -> the optional resource they hold, in `OPTIONAL`.
_FROM: Final = {"order_references": "external_orders"}

_OPTIONAL_NOTE: Final = "{what} are not imported; they are an optional part."


@dataclass(frozen=True)
class Seen:
    """`as_of`: when what is shown was read, epoch seconds; of several resources and shops the one
    read longest ago. `partial`: days of the range are missing that should be there. `ready`:
    something is imported. `notes` are sentences for people. `to_ask_for`: where no import can bring
    all days of the range, the first and the last day for which one can; the first may be unknown.
    `never_read`: sentences about optional parts of the import that nobody had read.
    """

    as_of: float | None
    covered_from: dt.date | None
    partial: bool
    ready: bool
    notes: tuple[str, ...]
    to_ask_for: tuple[dt.date | None, dt.date] | None = None
    never_read: tuple[str, ...] = ()


def as_told(read: FactRead, shops: Sequence[ShopScope], known: Known) -> FactRead:
    """The read without the newest days, of which TikTok had not told its own figures when it was
    last asked."""
    if not read.told:
        return read
    days, told = dict(read.days), dict(read.told)
    for shop in shops:
        asked, until = days.get(shop.shop_id), _told_until(read, shop, known)
        if asked is not None and until is not None and until < asked.end:
            days[shop.shop_id] = Days(asked.start, until) if asked.start <= until else None
        if until is not None:
            told[shop.shop_id] = replace(told[shop.shop_id], end=until)
    return replace(read, days=days, told=told)


def seen(
    reads: Sequence[FactRead],
    shops: Sequence[ShopScope],
    known: Known,
    today: dt.date,
    counted_at: Sequence[float] = (),
) -> Seen:
    """What the answer can say of itself. `today`, in the report's zone, may not be read yet.
    `counted_at`: when TikTok counted what is shown of whole ranges, epoch seconds."""
    looks = [
        _Look(read, shop, stretches_of(known, shop, read), _told_until(read, shop, known), today)
        for shop in shops
        for read in reads
        if read.fed_by != "shops"
    ]
    starts = [start for one in looks if (start := one.start) is not None]
    asked_for = [days for one in looks if (days := one.to_ask_for) is not None]
    firsts = [first for first, _ in asked_for if first is not None]
    return Seen(
        as_of=min([*counted_at, *(one.read_at for one in looks if one.stretches)], default=None),
        covered_from=day_of(max(starts)) if starts else None,
        partial=any(not one.stretches or one.missing for one in looks),
        ready=not looks or any(one.stretches or one.fact.name in OPTIONAL for one in looks),
        notes=tuple(dict.fromkeys(note for one in looks for note in one.notes())),
        to_ask_for=(max(firsts, default=None), min(last for _, last in asked_for))
        if asked_for
        else None,
        never_read=tuple(
            dict.fromkeys(note for one in looks if one.is_never_read for note in one.notes())
        ),
    )


@dataclass(frozen=True)
class _Look:
    """One fact in one shop. `told_until`: the last day TikTok has told, where it is late."""

    read: FactRead
    shop: ShopScope
    stretches: Sequence[Covered]
    told_until: dt.date | None
    today: dt.date

    @property
    def fact(self) -> Fact:
        return FACTS[self.read.fact]

    @property
    def read_at(self) -> float:
        """What is final is not read again: the newest reading tells how old the rest is."""
        return max(stretch.read_at for stretch in self.stretches)

    @property
    def is_never_read(self) -> bool:
        return not self.stretches and self.fact.name in OPTIONAL

    @property
    def days(self) -> Days | None:
        """Days of the range on the fact's axis."""
        return self.read.days.get(self.shop.shop_id) if self.fact.axes else None

    @property
    def own_today(self) -> dt.date:
        return today_of(self.fact, self.shop, self.today)

    @property
    def is_late(self) -> bool:
        """Whether TikTok has not told all of the range yet."""
        days, until = self.days, self.told_until
        return days is not None and until is not None and until < days.end

    @property
    def is_ahead(self) -> bool:
        return self.days is not None and self.days.start > self.own_today

    @property
    def start(self) -> int | None:
        """The first day that is there whole; None for what is read without dates."""
        if self.days is None or not self.fact.is_dated or not self.stretches:
            return None
        first = self.stretches[0].start
        return first_whole_day(first, zone_of(self.fact, self.shop)) if first > 0 else None

    @cached_property
    def covered(self) -> Intervals:
        days = self.days
        return covered_days(self.stretches, zone_of(self.fact, self.shop), days) if days else ()

    @cached_property
    def missing(self) -> Intervals:
        """Days of the range that should be there and are not."""
        days = self.days
        if days is None or not self.stretches:
            return ()
        newest = day_of(newest_of(self.stretches, zone_of(self.fact, self.shop)))
        yesterday = self.own_today - dt.timedelta(days=1)
        last = self.told_until or max(newest, yesterday, days.start)
        return rest(self.covered, numbers(Days(days.start, min(days.end, last))))

    @property
    def to_ask_for(self) -> tuple[dt.date | None, dt.date] | None:
        told = self.read.told.get(self.shop.shop_id)
        is_over = told and any(low < day_number(told.start) for low, _ in self.missing)
        if told and (self.is_late or is_over):
            return told.start, self.told_until or told.end
        if self.is_ahead:
            return (day_of(self.start) if self.start is not None else None), self.own_today
        return None

    def notes(self) -> Iterator[str]:
        name = self.shop.name
        if not self.stretches:
            optional = OPTIONAL.get(self.fact.name)
            missing = f"{self.fact.about} Not imported yet."
            if optional:
                missing = _OPTIONAL_NOTE.format(what=optional)
            yield f"{name}: {missing}"
            return
        if self.is_late:
            yield f"{name}: TikTok has given its own figures up to {self.told_until} so far."
        if self.missing and self.is_ahead:
            yield f"{name}: the date range begins after today."
        elif self.missing and not self.covered:
            yield f"{name}: {_none_of(self.fact)}"
        elif self.missing:
            yield f"{name}: not every day of the range is imported yet."


def cut_short(found: Seen | None, counted: Sequence[Days]) -> Seen | None:
    """With counts over ranges of which TikTok had only these days, which no import can mend."""
    if found is None or not counted:
        return found
    firsts, last = [days.start for days in counted], min(days.end for days in counted)
    if found.to_ask_for is not None:
        first, other = found.to_ask_for
        firsts, last = [*firsts, *([first] if first else [])], min(last, other)
    return replace(found, partial=True, to_ask_for=(max(firsts), last))


def optional_notes(
    facts: Iterable[Fact],
    dimensions: Sequence[Dimension],
    shops: Sequence[ShopScope],
    known: Known | None,
) -> Iterator[str]:
    """A sentence for what dimensions are read from, beside the facts, and nobody had imported."""
    tables = {home(fact, dimension) for fact in facts for dimension in dimensions}
    resources = dict.fromkeys(
        _FROM[table] for table in sorted(filter(None, tables)) if table in _FROM
    )
    for shop in shops if known is not None else ():
        for resource in resources:
            if not (known or {}).get(shop.shop_id, {}).get(resource):
                yield f"{shop.name}: {_OPTIONAL_NOTE.format(what=OPTIONAL[resource])}"


def _none_of(fact: Fact) -> str:
    what = re.split(r"[.,;]", fact.about)[0]
    if what.startswith(_AS_A_WHOLE):
        whole = what if what.startswith("TikTok") else what[0].lower() + what[1:]
        return f"nothing of {whole} is imported for this date range."
    plain = what if what[1].isupper() else what[0].lower() + what[1:]
    return f"no {plain} of this date range are imported."


def _told_until(read: FactRead, shop: ShopScope, known: Known) -> dt.date | None:
    """The newest day of a shop's own that is read, where TikTok had no newer one lately: it is some
    days late with them. None where everything up to yesterday is there, or should be."""
    fact, stretches = FACTS[read.fact], stretches_of(known, shop, read)
    told = read.told.get(shop.shop_id)
    if not (fact.own_days and told and stretches and shop.today):
        return None
    if shop.now - max(stretch.read_at for stretch in stretches) > FIGURES_STALE_AFTER_SECONDS:
        return None
    newest = day_of(newest_of(stretches, zone_of(fact, shop)))
    yesterday = shop.today - dt.timedelta(days=1)
    is_late = yesterday - dt.timedelta(days=_LATE_DAYS) <= newest < yesterday
    return newest if is_late else None
