"""When an export refreshes itself. Pure: the next moment follows from the schedule, its zone and
the moment before, so it does not matter which process looks, how often, or what it missed.

A time of day is that of the zone's clock. Where the clock leaps over it (spring), the moment is
that of the leap; where it comes twice (autumn), the first counts: one refresh a day, always.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

NEVER: Final = "never"

#: By kind, what people call it, in the order of a list.
LABELS: Final[Mapping[str, str]] = {
    NEVER: "Only when asked for",
    "hourly": "Every hour",
    "hours": "Every few hours",
    "daily": "Every day",
    "weekly": "Every week",
    "monthly": "Every month",
}
#: For "every few hours": those that divide a day.
HOURS: Final = (2, 3, 4, 6, 8, 12)
WEEKDAYS: Final = (
    *("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"),
    *("Saturday", "Sunday"),
)

_HOUR_SECONDS: Final = 3_600
#: More days than lie between two refreshes of any schedule.
_DAYS_AHEAD: Final = 64


@dataclass(frozen=True, slots=True)
class Schedule:
    """`kind` is one of LABELS. `minute` counts from midnight (hourly: of the hour only); `hours`
    for every few hours; `weekday`: 0 is Monday; `day` of the month, of shorter months the last."""

    kind: str = NEVER
    minute: int = 0
    hours: int = 2
    weekday: int = 0
    day: int = 1

    def next_after(self, moment: float, zone: str) -> float | None:
        """The first moment of the schedule that lies after `moment` (UTC epoch seconds)."""
        if self.kind == NEVER:
            return None
        place = ZoneInfo(zone)
        if self.kind == "hourly":
            return _next_hour(moment, self.minute % 60, place)
        today = dt.datetime.fromtimestamp(moment, place).date()
        # A day earlier, for a leap may have moved a moment past midnight.
        days = (today + dt.timedelta(days=ahead) for ahead in range(-1, _DAYS_AHEAD))
        moments = (instant for day in days for instant in self._on(day, place))
        return next(instant for instant in moments if instant > moment)

    def _on(self, day: dt.date, zone: ZoneInfo) -> Iterator[float]:
        """Its moments on a day, in order."""
        if self.kind == "hours":
            first = self.minute % (self.hours * 60)
            for minute in range(first, 24 * 60, self.hours * 60):
                yield _instant(day, minute, zone)
        elif self._is_on(day):
            yield _instant(day, self.minute, zone)

    def _is_on(self, day: dt.date) -> bool:
        if self.kind == "weekly":
            return day.weekday() == self.weekday
        if self.kind == "monthly":
            last = ((day.replace(day=28) + dt.timedelta(days=4)).replace(day=1)) - dt.timedelta(1)
            return day.day == min(self.day, last.day)
        return True

    def in_words(self, zone: str) -> str:
        """Such as `Every day at 07:00 (Europe/London)`."""
        at = f"{self.minute // 60:02}:{self.minute % 60:02}"
        told = {
            "hourly": f"Every hour, {self.minute % 60} minutes past",
            "hours": f"Every {self.hours} hours from {at}",
            "daily": f"Every day at {at}",
            "weekly": f"Every {WEEKDAYS[self.weekday]} at {at}",
            "monthly": f"On day {self.day} of every month at {at}",
        }.get(self.kind)
        return f"{told} ({zone})" if told else LABELS[NEVER]


def _next_hour(moment: float, minute: int, zone: ZoneInfo) -> float:
    """The zone's clock shows this minute once in every hour, also on days of 23 and 25 hours."""
    offset = dt.datetime.fromtimestamp(moment, zone).utcoffset() or dt.timedelta()
    # Zones differ from UTC by quarters of an hour; leaps are whole or half hours.
    shift = (minute * 60 - int(offset.total_seconds())) % _HOUR_SECONDS
    return float((int(moment) - shift) // _HOUR_SECONDS * _HOUR_SECONDS + shift + _HOUR_SECONDS)


def _instant(day: dt.date, minute: int, zone: ZoneInfo) -> float:
    """A time of a day's clock as UTC epoch seconds; of one that is leapt over, the leap."""
    wall = dt.datetime.combine(day, dt.time(minute // 60, minute % 60), zone)
    instant = wall.timestamp()
    if dt.datetime.fromtimestamp(instant, zone).replace(tzinfo=None) == wall.replace(tzinfo=None):
        return instant
    # Not on that clock: `fold=1` reckons with the offset after the leap, and so is as much too
    # early as `fold=0` is too late.
    low, high = int(wall.replace(fold=1).timestamp()), int(instant)
    before = dt.datetime.fromtimestamp(low, zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if dt.datetime.fromtimestamp(middle, zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return float(high)
