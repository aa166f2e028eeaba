"""Answers → the figures on top of the dashboard, and a small chart of each. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from catalogue.field import Field, Metric
from catalogue.fields import FIELDS
from connector.rows import Row
from hub.asking import Days
from hub.dashboard.questions import FIGURES
from hub.dashboard.steps import points_of, step_of
from web.charts import Curve, curve, scale
from web.figures import UNKNOWN, cell, change, signed

WIDTH: Final = 160.0
HEIGHT: Final = 36.0
#: Less of these is better.
_LESS_IS_BETTER: Final = frozenset({"refund_total"})
#: A change that is smaller says nothing.
_HARDLY: Final = 0.0005
_BY: Final = {"date": "day", "week_start_date": "week", "year_month": "month"}


@dataclass(frozen=True, slots=True)
class Known:
    """Which days an answer knows of: those from `first` to `last`. Where it has no row, it is zero
    within them and unknown outside."""

    first: dt.date | None
    last: dt.date | None

    def knows(self, days: Days) -> bool:
        """Whether it knows of any of the days."""
        if self.first is None or self.last is None:
            return False
        return self.first <= days.last and days.first <= self.last


@dataclass(frozen=True, slots=True)
class Tile:
    """`change`: as text, "" when there is nothing to say; `tone`: ok, bad or quiet."""

    field: Field
    value: str
    change: str
    tone: str
    before_value: str


@dataclass(frozen=True, slots=True)
class Period:
    """`rows`: one for each point of a chart of these days (`hub.dashboard.steps`)."""

    days: Days
    rows: Sequence[Row]
    known: Known


@dataclass(frozen=True, slots=True)
class Chart:
    """`line`: the days shown, `before`: those compared with, on the same scale. `said`: the chart
    for somebody who does not see it."""

    field: Field
    line: Curve
    before: Curve | None
    said: str


def tiles(now: Row, before: Row | None, currency: str) -> list[Tile]:
    """One for each of FIGURES. The rows are answers without a dimension."""
    return [_tile(FIELDS[name], now, before or {}, currency) for name in FIGURES]


def charts(now: Period, before: Period | None, currency: str) -> list[Chart]:
    """One for each of FIGURES."""
    return [_chart(FIELDS[name], now, before, currency) for name in FIGURES]


def _tile(field: Field, now: Row, before: Row, currency: str) -> Tile:
    value, former = _number(now, field.id), _number(before, field.id)
    share = change(value, former)
    return Tile(
        field=field,
        value=cell(field, value, currency) or UNKNOWN,
        change="" if share is None else signed(share),
        tone=_tone(field.id, share),
        before_value=cell(field, former, currency),
    )


def _tone(name: str, share: float | None) -> str:
    if share is None or abs(share) < _HARDLY:
        return "quiet"
    return "ok" if (share > 0) != (name in _LESS_IS_BETTER) else "bad"


def _chart(field: Field, now: Period, before: Period | None, currency: str) -> Chart:
    here = _values(field, now)
    there = _values(field, before) if before is not None else []
    to = scale([*here, *there], HEIGHT)
    return Chart(
        field=field,
        line=curve(here, WIDTH, to),
        before=curve(there, WIDTH, to) if there else None,
        said=_said(field, now.days, here, currency),
    )


def _values(field: Field, period: Period) -> list[float | None]:
    """The value of every point. One without a row is zero where nothing happened, and unknown where
    nothing was read; what is computed from several fields says nothing of it."""
    step = step_of(period.days)
    by_label: Mapping[str, Row] = {str(row[step]): row for row in period.rows}
    nothing = 0.0 if isinstance(field, Metric) and not field.inputs else None
    found: list[float | None] = []
    for label, days in points_of(period.days):
        row = by_label.get(label)
        if row is not None:
            found.append(_number(row, field.id))
        else:
            found.append(nothing if period.known.knows(days) else None)
    return found


def _number(row: Row, name: str) -> float | None:
    value = row.get(name)
    return float(value) if isinstance(value, int | float) else None


def _said(field: Field, days: Days, values: Sequence[float | None], currency: str) -> str:
    labels = [label for label, _ in points_of(days)]
    known = [(value, at) for value, at in zip(values, labels, strict=True) if value is not None]
    title = f"{field.label} by {_BY[step_of(days)]}"
    if not known:
        return f"{title}: nothing is known of these days."
    (least, worst), (most, best) = min(known), max(known)
    return (
        f"{title}, {days.first} to {days.last}: between {cell(field, least, currency)} ({worst}) "
        f"and {cell(field, most, currency)} ({best})."
    )
