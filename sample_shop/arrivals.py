"""When orders arrive: more in the evening, at week-ends and before Christmas, for ever."""

from __future__ import annotations

from typing import Final

import numpy as np

from .draws import Draws, Floats, Ints

DAY: Final = 86_400
HOUR: Final = 3_600
_BY_HOUR: Final = np.asarray(
    [5, 3, 2, 1.5, 1.5, 2, 4, 7, 9, 11, 12, 13, 14, 13, 12, 12, 13, 15, 19, 23, 25, 22, 16, 10]
)
#: Monday first (epoch day 0 was a Thursday).
_BY_WEEKDAY: Final = np.asarray([0.95, 0.92, 0.93, 0.98, 1.06, 1.12, 1.04])
_BY_MONTH: Final = np.asarray(
    [0.88, 0.86, 0.92, 0.93, 0.96, 0.95, 0.97, 0.96, 0.97, 1.02, 1.3, 1.28]
)


def _hourly_weight(hours: Ints, utc_offset_hours: int) -> Floats:
    """Return the relative number of orders in each absolute hour (hours since the epoch)."""
    local = hours + utc_offset_hours
    month = (local * HOUR).astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) % 12
    weekday = (local // 24 + 3) % 7
    return np.asarray(
        _BY_HOUR[local % 24] / _BY_HOUR.mean() * _BY_WEEKDAY[weekday] * _BY_MONTH[month],
        dtype=np.float64,
    )


class Arrivals:
    """The creation times of one shop's orders, sorted, as a pure function of the position.

    `anchor`: UTC midnight at which order 0 may arrive. `per_day`: mean number of orders a day.
    The curve is anchored in absolute time; growing it never changes what it said before.
    """

    def __init__(self, anchor: int, utc_offset_hours: int, draws: Draws) -> None:
        self.anchor = anchor
        self.per_day = 0.0
        self._offset = utc_offset_hours
        self._draws = draws
        self._curve: Floats = np.zeros(1)

    def exactly(self, count: int, now: int) -> None:
        """Choose the rate so that exactly `count` orders exist at `now`."""
        self.per_day = 24.0 * count / self._weight_until(now)

    def _grow(self, hours: int) -> None:
        if hours >= len(self._curve):
            total = hours + 24 * 400
            first = self.anchor // HOUR
            weight = _hourly_weight(np.arange(first, first + total, dtype=np.int64), self._offset)
            self._curve = np.concatenate([np.zeros(1), np.cumsum(weight)])

    def _weight_until(self, instant: int) -> float:
        hours, rest = divmod(max(0, instant - self.anchor), HOUR)
        self._grow(hours + 2)
        before, after = self._curve[hours], self._curve[hours + 1]
        return float(before + (after - before) * rest / HOUR)

    def count_until(self, instant: int) -> int:
        """Return how many positions are sure to cover every order created until `instant`."""
        return int(self.per_day / 24.0 * self._weight_until(instant)) + 1

    def created_at(self, first: int, last: int) -> Ints:
        """Return the creation instants (UTC seconds) of positions `first` to `last` - 1."""
        position = np.arange(first, last, dtype=np.int64)
        wanted = (position + self._draws.unit("arrival", position)) / (self.per_day / 24.0)
        while len(wanted) and wanted[-1] > self._curve[-1]:
            self._grow(len(self._curve))
        hours = np.interp(wanted, self._curve, np.arange(len(self._curve), dtype=np.float64))
        return self.anchor + (hours * HOUR).astype(np.int64)
