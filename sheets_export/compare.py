"""Earlier rows beside those of now: which row of the period before belongs to which. Pure.

The values of a row are those of the form `ndjson`: dates are ISO 8601 (2026-08-01,
2026-08-01T10:00:00, 2026-W31, 2026-08, 2026-Q3).
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from catalogue.field import Dimension, TimeDimension
from sheets_export.date_ranges import Days, Earlier

Value = str | float | bool | None
Row = Mapping[str, Value]

#: Days that the request's range is about when it has no other date.
_OTHER_AXES: Final = frozenset({"paid_date", "settlement_date"})

_DAYS_OF_52_WEEKS: Final = 364
_WHOLE_MONTHS: Final = {"YEAR_MONTH": 1, "YEAR_QUARTER": 3, "YEAR": 12}


@dataclass(frozen=True)
class Shift:
    """How far the earlier period lies back; one of the two is 0."""

    days: int = 0
    months: int = 0


@dataclass(frozen=True)
class Comparison:
    """`rows`: the answer to the same question for the earlier range. `totals`: its totals row."""

    label: Literal["previous_period", "previous_year"]
    rows: Iterable[Row]
    shift: Shift
    totals: Row | None = field(default=None)


def is_comparable(dimension: Dimension, shift: Shift) -> bool:
    """Whether a day, week or month of the dimension is one again so much later."""
    if dimension.semantic == "YEAR_WEEK" or dimension.id.startswith("week_start"):
        return shift.days % 7 == 0 and shift.months % 12 == 0
    months = _WHOLE_MONTHS.get(dimension.semantic)
    return months is None or (shift.days == 0 and shift.months % months == 0)


def now_of(dimension: Dimension, earlier: Value, shift: Shift) -> Value:
    """What an earlier value of the dimension is compared with: a date so much later, everything
    else the same. None where the calendar has no such date (31 March, a month after February)."""
    is_date = isinstance(dimension, TimeDimension) or dimension.id in _OTHER_AXES
    move = _MOVES.get(dimension.semantic)
    if not (is_date and move and isinstance(earlier, str)):
        return earlier
    if shift.months and shift.months % 12 == 0 and dimension.id.startswith("week_start"):
        # A year later the same date is no Monday: 52 weeks are.
        shift = Shift(days=shift.months // 12 * _DAYS_OF_52_WEEKS)
    return move(earlier, shift)


def wider(earlier: Earlier, days: Days, dimensions: Iterable[str]) -> Earlier:
    """As far back from days that were made wider, to begin with a whole unit of the dimensions."""
    shift = Shift(earlier.days, earlier.months)
    return replace(earlier, of=_days_before(days, shift, set(dimensions)))


def _days_before(days: Days, shift: Shift, dimensions: set[str]) -> Days:
    """What `now_of` moves to these. ValueError or OverflowError where the calendar ends."""
    if not shift.months:
        back = dt.timedelta(days=shift.days)
        return Days(days.first - back, days.last - back)
    if any(name.startswith("week_start") for name in dimensions):
        return _days_before(days, Shift(days=shift.months // 12 * _DAYS_OF_52_WEEKS), set())
    move = _same_week if "week_iso" in dimensions else _months_before
    return Days(move(days.first, shift.months), move(days.last, shift.months))


def _same_week(day: dt.date, months: int) -> dt.date:
    year, week, weekday = day.isocalendar()
    try:
        return dt.date.fromisocalendar(year - months // 12, week, weekday)
    except ValueError:  # that year has no week 53
        return day - dt.timedelta(days=months // 12 * _DAYS_OF_52_WEEKS)


def _months_before(day: dt.date, months: int) -> dt.date:
    """The last day of a month for the last day of one, and for a day that it has not."""
    number = day.year * 12 + day.month - 1 - months
    last = calendar.monthrange(number // 12, number % 12 + 1)[1]
    is_last = day.day == calendar.monthrange(day.year, day.month)[1]
    return dt.date(number // 12, number % 12 + 1, last if is_last else min(day.day, last))


def _day(text: str, shift: Shift) -> str | None:
    day = dt.date.fromisoformat(text) + dt.timedelta(days=shift.days)
    months = day.year * 12 + day.month - 1 + shift.months
    try:
        return day.replace(year=months // 12, month=months % 12 + 1).isoformat()
    except ValueError:
        return None


def _moment(text: str, shift: Shift) -> str | None:
    day = _day(text[:10], shift)
    return None if day is None else day + text[10:]


def _week(text: str, shift: Shift) -> str | None:
    year, week = map(int, text.split("-W"))
    if shift.months % 12 or shift.days % 7:
        return None
    try:
        monday = dt.date.fromisocalendar(year + shift.months // 12, week, 1)
    except ValueError:
        return None
    moved = (monday + dt.timedelta(days=shift.days)).isocalendar()
    return f"{moved.year}-W{moved.week:02d}"


def _month(text: str, shift: Shift) -> str | None:
    if shift.days:
        return None
    year, month = map(int, text.split("-"))
    months = year * 12 + month - 1 + shift.months
    return f"{months // 12}-{months % 12 + 1:02d}"


def _quarter(text: str, shift: Shift) -> str | None:
    if shift.days or shift.months % 3:
        return None
    year, quarter = map(int, text.split("-Q"))
    quarters = year * 4 + quarter - 1 + shift.months // 3
    return f"{quarters // 4}-Q{quarters % 4 + 1}"


def _year(text: str, shift: Shift) -> str | None:
    if shift.days or shift.months % 12 or not re.fullmatch(r"\d+", text):
        return None
    return str(int(text) + shift.months // 12)


_MOVES: Final[Mapping[str, Callable[[str, Shift], str | None]]] = {
    "YEAR_MONTH_DAY": _day,
    "YEAR_MONTH_DAY_HOUR": _moment,
    "YEAR_MONTH_DAY_SECOND": _moment,
    "YEAR_WEEK": _week,
    "YEAR_MONTH": _month,
    "YEAR_QUARTER": _quarter,
    "YEAR": _year,
}
