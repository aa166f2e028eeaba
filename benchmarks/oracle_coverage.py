"""Which days of a fact an answer is about, and which of them a cache has read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from benchmarks.oracle_facts import Facts
from benchmarks.oracle_reach import Fact

_ONE_DAY = timedelta(days=1)
#: [start, end) that was read, in UTC seconds; of a shop's own days its wall clock as if it were UTC
Stretch = tuple[int, int]


@dataclass(frozen=True)
class Span:
    """Days, both included; none when the last lies before the first."""

    first: date
    last: date

    def __iter__(self) -> Iterator[date]:
        day = self.first
        while day <= self.last:
            yield day
            day += _ONE_DAY

    def __contains__(self, day: object) -> bool:
        return isinstance(day, date) and self.first <= day <= self.last


@dataclass(frozen=True)
class CachedShop:
    """One shop as a cache has it: `facts` made of what was read, `covered` by what it is read as.

    `covered`: None when everything was read. `report_zone`: for requests that name none.
    """

    facts: Facts
    report_zone: str = "UTC"
    covered: Mapping[str, Sequence[Stretch]] | None = None

    def today(self, now: float) -> date:
        """The day it is in the shop's own zone."""
        return datetime.fromtimestamp(now, ZoneInfo(self.facts.payloads.zone)).date()

    def was_read(self, fact: Fact) -> bool:
        """Whether anything of a fact was ever read."""
        if self.covered is None or not fact.read_as:
            return True
        return bool(self.covered.get(fact.read_as))

    def is_out(self, fact: Fact, day: date, now: float) -> bool:
        """Whether TikTok had given out its own figures of a day when the shop was read, at `now`.

        It may need two days more than it takes for a day to be over. Who read up to a day so near
        has read all there was; a cache that ends earlier was not read to the end.
        """
        stretches = (self.covered or {}).get(fact.read_as, ())
        if not fact.has_own_days or not stretches:
            return True
        newest = datetime.fromtimestamp(max(end for _, end in stretches) - 1, UTC).date()
        age = (self.today(now) - newest).days
        return age not in (2, 3) or day <= newest

    def has_read(self, fact: Fact, day: date, zone: ZoneInfo, now: float) -> bool:
        """Whether a whole day of a fact was read, or the day at whose middle reading has got to."""
        if self.covered is None:
            return True
        zone = ZoneInfo("UTC") if fact.has_own_days else zone
        start, end = _midnight(day, zone), _midnight(day + _ONE_DAY, zone)
        stretches = sorted(self.covered.get(fact.read_as, ()))
        if not stretches or start >= now:
            return False
        newest = stretches[-1]
        reached = end if newest[0] <= start < newest[1] else start
        for low, high in stretches:
            if low <= reached < high:
                reached = high
        return reached >= end


def told_days(fact: Fact, asked: Span, today: date) -> Span:
    """The days of `asked` that there can be figures for; `today` is the shop's own."""
    if not fact.most_days:
        return asked
    first = today - timedelta(days=fact.most_days)
    last = today if fact.axis == "hour" else today - _ONE_DAY
    return Span(max(asked.first, first), min(asked.last, last))


def days_before(today: date, count: int) -> Span:
    """So many full days before today."""
    return Span(today - timedelta(days=count), today - _ONE_DAY)


def _midnight(day: date, zone: ZoneInfo) -> int:
    return int(datetime.combine(day, time(), zone).astimezone(UTC).timestamp())
