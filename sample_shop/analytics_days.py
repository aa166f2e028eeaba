"""The shop's own days, which of them analytics are ready for, and the window a call asks for.

Analytics dates are days of the shop's registered zone, `start_date_ge` inclusive, `end_date_lt`
exclusive (Data Analytics, 202405 to 202605). A day is a number: days since 1970-01-01.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from . import params
from .answers import BAD_WINDOW, RefusedCall, refused
from .draws import Ints

_EPOCH: Final = dt.date(1970, 1, 1)
#: From this hour of the shop's day on yesterday is ready; before it, the day before yesterday.
READY_HOUR: Final = 5
#: The product list lags behind the other calls.
PRODUCTS_READY_HOUR: Final = 14
#: So many days back there are figures, and so many days one call may ask for.
DEPTH_DAYS: Final = 60
MOST_DAYS: Final = 60
HOURLY_DEPTH_DAYS: Final = 30
#: Days just after the newest ready one show traffic without sales.
_HALF_READY_DAYS: Final = 3


def text_of(day: int) -> str:
    """Return a day as YYYY-MM-DD."""
    return (_EPOCH + dt.timedelta(days=day)).isoformat()


def day_in(text: str) -> int | None:
    """Return the day that YYYY-MM-DD names, or None if it names none."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return (day - _EPOCH).days if day.isoformat() == text else None


class Days:
    """The days of one zone (IANA name)."""

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._hour_starts = lru_cache(maxsize=128)(self._starts)

    def _starts(self, day: int) -> tuple[int, ...]:
        date = _EPOCH + dt.timedelta(days=day)
        return tuple(
            int(dt.datetime.combine(date, dt.time(hour), self._zone).timestamp())
            for hour in range(24)
        )

    def start(self, day: int) -> int:
        """Return the instant (UTC seconds) at which a day begins."""
        return self._hour_starts(day)[0]

    def day_of(self, instant: int) -> int:
        """Return the day in which an instant falls."""
        return (dt.datetime.fromtimestamp(instant, self._zone).date() - _EPOCH).days

    def hours(self, day: int, instants: Ints) -> Ints:
        """Return the hour (0-23 by the wall) of instants within `day`.

        The hour that comes twice in autumn is one, the one left out in spring stays empty.
        """
        starts = np.asarray(self._hour_starts(day), dtype=np.int64)
        return np.asarray(np.searchsorted(starts, instants, side="right") - 1, dtype=np.int64)

    def hour(self, instant: int) -> int:
        """Return the hour of an instant by the shop's wall."""
        return int(self.hours(self.day_of(instant), np.asarray([instant]))[0])

    def latest(self, now: int, ready_hour: int = READY_HOUR) -> int:
        """Return the newest day that is ready at `now`."""
        return self.day_of(now) - (1 if self.hour(now) >= ready_hour else 2)

    def elapsed(self, day: int, now: int) -> float:
        """Return the part of a day that has passed at `now`, 0 to 1."""
        start, end = self.start(day), self.start(day + 1)
        return min(1.0, max(0.0, (now - start) / (end - start)))


@dataclass(frozen=True, slots=True)
class Window:
    """The days from `first` to `end` - 1. `ready`: with figures; `half`: traffic, no sales yet."""

    first: int
    end: int
    ready: range
    half: range
    now: int

    @property
    def days(self) -> list[int]:
        """Return the days there is anything for."""
        return [*self.ready, *self.half]

    def only(self, day: int) -> Window:
        """Return the window of one of its days."""
        return Window(
            day,
            day + 1,
            range(day, day + (day in self.ready)),
            range(day, day + (day in self.half)),
            self.now,
        )


def window(days: Days, first: int, end: int, now: int, latest: int, opened: int) -> Window:
    """Return the window of days `first` to `end` - 1; the shop opened on the day `opened`."""
    today = days.day_of(now)
    since = max(first, today - DEPTH_DAYS, opened)
    half = range(
        max(since, latest + 1), max(since, min(end, latest + 1 + _HALF_READY_DAYS, today + 1))
    )
    return Window(first, end, range(since, max(since, min(end, latest + 1))), half, now)


def asked_days(query: Mapping[str, str], too_long: RefusedCall) -> tuple[int, int]:
    """Return (first day, day after the last) of a call. Refused: `too_long` over MOST_DAYS."""
    first = _date(query, "start_date_ge")
    end = _date(query, "end_date_lt")
    if end <= first:
        raise refused(BAD_WINDOW, "Invalid date range: end_date_lt must be after start_date_ge.")
    if end - first > MOST_DAYS:
        raise too_long
    return first, end


def _date(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "")
    if not text:
        raise params.bad(name, "is required")
    day = day_in(text)
    if day is None:
        raise params.bad(name, "must be a date as YYYY-MM-DD")
    return day
