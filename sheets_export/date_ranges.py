"""Which days an export is about: templates such as "last 28 days", resolved from a day of today.
Pure. Days are inclusive and those of the export's zone.

A template that runs up to now ends with yesterday, the last whole day, unless today is included. On
the first day of a week, month, quarter or year "this …" has no whole day yet: then it is that day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MONDAY: Final = "monday"
SUNDAY: Final = "sunday"
CUSTOM: Final = "custom"

#: By name, what people call it, in the order of a list.
LABELS: Final[Mapping[str, str]] = {
    "today": "Today",
    "yesterday": "Yesterday",
    "last_7_days": "Last 7 days",
    "last_14_days": "Last 14 days",
    "last_28_days": "Last 28 days",
    "last_30_days": "Last 30 days",
    "last_90_days": "Last 90 days",
    "this_week": "This week",
    "last_week": "Last week",
    "this_month": "This month",
    "last_month": "Last month",
    "this_quarter": "This quarter",
    "last_quarter": "Last quarter",
    "year_to_date": "Year to date",
    "last_year": "Last year",
    CUSTOM: "From one day to another",
}

_ROLLING: Final[Mapping[str, int]] = {
    name: int(name.split("_")[1]) for name in LABELS if name.endswith("_days")
}
#: Template → unit, and how many units back.
_UNITS: Final[Mapping[str, tuple[str, int]]] = {
    "this_week": ("week", 0),
    "last_week": ("week", 1),
    "this_month": ("month", 0),
    "last_month": ("month", 1),
    "this_quarter": ("quarter", 0),
    "last_quarter": ("quarter", 1),
    "year_to_date": ("year", 0),
    "last_year": ("year", 1),
}
_MONTHS: Final[Mapping[str, int]] = {"month": 1, "quarter": 3, "year": 12}
_DAY: Final = dt.timedelta(days=1)
#: So that days of the week stay where they are.
_YEAR_OF_WEEKS: Final = dt.timedelta(weeks=52)


@dataclass(frozen=True, slots=True)
class Days:
    first: dt.date
    last: dt.date

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Earlier:
    """Days to compare with, and how many days or months they lie back."""

    of: Days
    days: int = 0
    months: int = 0


@dataclass(frozen=True, slots=True)
class DateRange:
    """`template` is one of LABELS; `start` and `end` are those of `custom`. `week_start`: monday or
    sunday."""

    template: str
    include_today: bool = False
    week_start: str = MONDAY
    start: dt.date | None = None
    end: dt.date | None = None

    def on(self, today: dt.date) -> Days:
        """The days that are meant on a day."""
        if self.template == CUSTOM and self.start is not None and self.end is not None:
            return Days(self.start, self.end)
        if self.template == "today":
            return Days(today, today)
        last = today if self.include_today else today - _DAY
        if self.template in _ROLLING:
            return Days(last - (_ROLLING[self.template] - 1) * _DAY, last)
        if self.template in _UNITS:
            unit, back = _UNITS[self.template]
            whole = self._unit(unit, today, back)
            return whole if back else Days(whole.first, max(last, whole.first))
        return Days(today - _DAY, today - _DAY)

    def previous_period(self, today: dt.date) -> Earlier:
        """The whole week, month … before for a whole one; the beginning of the one before, equally
        long if it can be, for one that has begun; else as many days, directly before."""
        days = self.on(today)
        if self.template not in _UNITS:
            before = Days(days.first - days.count * _DAY, days.first - _DAY)
            return Earlier(before, days=days.count)
        unit, back = _UNITS[self.template]
        whole = self._unit(unit, today, back + 1)
        last = whole.last if back else min(whole.last, whole.first + (days.count - 1) * _DAY)
        before = Days(whole.first, last)
        return Earlier(before, days=7) if unit == "week" else Earlier(before, months=_MONTHS[unit])

    def previous_year(self, today: dt.date) -> Earlier:
        """The same days of the year before; of weeks those 52 weeks before; 28 February for the
        29th."""
        days = self.on(today)
        unit, back = _UNITS.get(self.template, ("", 0))
        if unit == "week":
            before = Days(days.first - _YEAR_OF_WEEKS, days.last - _YEAR_OF_WEEKS)
            return Earlier(before, days=_YEAR_OF_WEEKS.days)
        if unit and back:
            return Earlier(self._unit(unit, today, back + 12 // _MONTHS[unit]), months=12)
        return Earlier(Days(_year_before(days.first), _year_before(days.last)), months=12)

    def whole(self, days: Days, unit: str, today: dt.date) -> Days:
        """Wider, so that they begin with a whole unit (day, week …) and end with one, or with the
        last day that these dates can tell of today."""
        if unit == "day":
            return days
        try:
            first = self._unit(unit, days.first, 0).first
            up_to = today if self.include_today else today - _DAY
            last = days.last
            if last < up_to:
                last = min(self._unit(unit, last, 0).last, up_to)
        except (ValueError, OverflowError):
            return days  # at the ends of the calendar
        return Days(first, last)

    def _unit(self, unit: str, day: dt.date, back: int) -> Days:
        """The whole week, month, quarter or year that `day` is in, or one so many before."""
        if unit == "week":
            into = (day.weekday() + (self.week_start == SUNDAY)) % 7
            first = day - into * _DAY - back * 7 * _DAY
            return Days(first, first + 6 * _DAY)
        length = _MONTHS[unit]
        number = (day.year * 12 + day.month - 1) // length - back
        return Days(_month(number * length), _month((number + 1) * length) - _DAY)


def _month(number: int) -> dt.date:
    """The first day of a month; `number` counts months from the year 0."""
    return dt.date(number // 12, number % 12 + 1, 1)


def _year_before(day: dt.date) -> dt.date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
