"""How a small chart cuts its days: a year of days is more than it can show. Pure."""

from __future__ import annotations

import datetime as dt
from typing import Final

from hub.asking import Days

_MOST_BY_DAY: Final = 92
_MOST_BY_WEEK: Final = 400


def step_of(days: Days) -> str:
    """The dimension that the chart of these days is asked by."""
    if days.length <= _MOST_BY_DAY:
        return "date"
    return "week_start_date" if days.length <= _MOST_BY_WEEK else "year_month"


def points_of(days: Days) -> list[tuple[str, Days]]:
    """In the order of time, what the dimension of `step_of` shows, and the days it stands for."""
    step = step_of(days)
    if step == "date":
        return [(f"{day}", Days(day, day)) for day in days.every()]
    found: dict[str, Days] = {}
    for day in days.every():
        monday = day - dt.timedelta(days=day.weekday())
        label = f"{monday}" if step == "week_start_date" else f"{day:%Y-%m}"
        found[label] = Days(found[label].first if label in found else day, day)
    return list(found.items())
