"""Months of segments: labels such as "2026-08" for instants, in UTC. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

#: The label of a table without an axis: one segment holds all its rows.
ALL: Final = "all"

#: Seconds.
DAY: Final = 86_400
_TO: Final = ".."
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST: Final = "0001-01"
_LAST: Final = "9999-12"
_FIRST_DAY: Final = -719_162
_LAST_DAY: Final = 2_932_896


def month_of(instant: int) -> str:
    """An instant beyond the calendar belongs to the calendar's first or last month."""
    return _month_of_day(instant // DAY)


@lru_cache(maxsize=4096)
def _month_of_day(day: int) -> str:
    inside = max(_FIRST_DAY, min(_LAST_DAY, day))
    moment = _EPOCH + timedelta(days=inside)
    return f"{moment.year:04}-{moment.month:02}"


def bounds(label: str) -> tuple[int, int]:
    """Half-open [start, end) in UTC epoch seconds, within SQLite's integers, of a month or of a
    span of months."""
    first, _, last = label.partition(_TO)
    return _ends(first)[0], _ends(last or first)[1]


def span_of(labels: Iterable[str]) -> str:
    """From the first to the last of these months and spans: "2024-11..2026-05"."""
    months = sorted(month for label in labels for month in label.split(_TO))
    return f"{months[0]}{_TO}{months[-1]}"


def is_span(label: str) -> bool:
    return _TO in label


def months_in(label: str) -> list[str]:
    """Every calendar month of a span, those without rows too."""
    first, _, last = label.partition(_TO)
    numbers = range(_number(first), _number(last or first) + 1)
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in numbers]


def _number(month: str) -> int:
    return int(month[:4]) * 12 + int(month[5:]) - 1


def _ends(month: str) -> tuple[int, int]:
    year, number = int(month[:4]), int(month[5:])
    start = -(2**63) if month == _FIRST else _start(year, number)
    if month == _LAST:
        return start, 2**63 - 1
    return start, _start(year + number // 12, number % 12 + 1)


def _start(year: int, number: int) -> int:
    return int((datetime(year, number, 1, tzinfo=UTC) - _EPOCH).total_seconds())
