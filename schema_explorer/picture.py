"""The chart of a preview: which of the rows it shows, and how. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from catalogue.field import Dimension, Field, Metric
from catalogue.fields import FIELDS
from connector.rows import Row
from web.charts import Curve, Tick, curve, round_scale
from web.figures import Value, cell

WIDTH: Final = 720.0
HEIGHT: Final = 200.0
#: Bars of a chart; more cannot be told apart.
_MOST_BARS: Final = 12
#: Points of a curve that say what they stand for.
_MOST_MARKS: Final = 100
_TIMES: Final = frozenset(
    {"YEAR_MONTH_DAY", "YEAR_MONTH_DAY_HOUR", "YEAR_WEEK", "YEAR_MONTH", "YEAR_QUARTER", "YEAR"}
)

Points = Sequence[tuple[str, float | None]]


@dataclass(frozen=True, slots=True)
class Mark:
    """What is said of the stretch of a curve that begins at `x`."""

    x: float
    width: float
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """`share` of the longest bar, 0 to 100."""

    label: str
    share: float
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A curve over time, or the bars of the largest rows. `ticks`: the grid, with its texts."""

    title: str
    curve: Curve | None = None
    ticks: Sequence[tuple[Tick, str]] = ()
    marks: Sequence[Mark] = ()
    first: str = ""
    last: str = ""
    bars: Sequence[Bar] = ()


def picture(fields: Sequence[str], rows: Sequence[Row], currency: str) -> Picture | None:
    """Of one dimension and the first metric; None where that is not what the rows are."""
    dimensions = [FIELDS[name] for name in fields if isinstance(FIELDS[name], Dimension)]
    metrics = [FIELDS[name] for name in fields if isinstance(FIELDS[name], Metric)]
    if len(dimensions) != 1 or not metrics or len(rows) < 2:
        return None
    dimension, metric = dimensions[0], metrics[0]
    points = [(_label(row[dimension.id]), _number(row[metric.id])) for row in rows]
    title = f"{metric.label} by {dimension.label}"
    if dimension.semantic in _TIMES:
        points = [point for point in points if point[0] != _EMPTY]
        whole = _every_day(points) if dimension.semantic == "YEAR_MONTH_DAY" else points
        return _over_time(title, whole, metric, currency)
    return _largest(title, points, metric, currency)


def _every_day(points: Points) -> Points:
    """Days without a row become gaps, so that a day is as wide as every other."""
    known = dict(points)
    days = [dt.date.fromisoformat(label) for label in known]
    length = (max(days) - min(days)).days + 1
    if length > 2 * len(days) + 400:
        return points  # a few days, years apart
    every = [f"{min(days) + dt.timedelta(days=number)}" for number in range(length)]
    return [(label, known.get(label)) for label in every]


def _over_time(title: str, points: Points, metric: Field, currency: str) -> Picture:
    values = [value for _, value in points]
    to, ticks = round_scale(values, HEIGHT)
    room = WIDTH / len(values)
    return Picture(
        title=title,
        curve=curve(values, WIDTH, to),
        ticks=[(tick, cell(metric, tick.value)) for tick in ticks],
        marks=[
            Mark(
                round(place * room, 2), round(room, 2), f"{label}: {_said(metric, value, currency)}"
            )
            for place, (label, value) in enumerate(points)
            if len(points) <= _MOST_MARKS
        ],
        first=points[0][0],
        last=points[-1][0],
    )


def _largest(title: str, points: Points, metric: Field, currency: str) -> Picture | None:
    known = [(label, value) for label, value in points if value]
    largest = sorted(known, key=lambda point: -point[1])[:_MOST_BARS]
    longest = max((abs(value) for _, value in largest), default=0.0)
    if not longest:
        return None
    return Picture(
        title=title if len(largest) == len(points) else f"{title}: the largest {len(largest)}",
        bars=[
            Bar(label, round(100 * abs(value) / longest, 1), _said(metric, value, currency))
            for label, value in largest
        ],
    )


_EMPTY: Final = "(empty)"


def _label(value: Value) -> str:
    return _EMPTY if value in (None, "") else str(value)


def _number(value: Value) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _said(metric: Field, value: float | None, currency: str) -> str:
    return cell(metric, value, currency) or "not known"
