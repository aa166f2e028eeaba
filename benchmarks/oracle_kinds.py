"""The kinds of field. A metric names the facts it can be read from, coarsest first."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from benchmarks.oracle_rows import Row, instant, text

#: What a cell of a dimension can be.
Shown = str | bool | None


@dataclass(frozen=True)
class Dimension:
    """`reads`: the kind of payload a fact must reach. `home`: the fact that lists its values."""

    reads: str
    show: Callable[[Row, ZoneInfo], Shown]
    home: str


@dataclass(frozen=True)
class Sum:
    """Adds `value` over the rows of the first of `facts` that reaches what is asked.

    `stays_unknown`: rows of which none tells the value make null and not 0.
    """

    facts: tuple[str, ...]
    value: Callable[[Row], Decimal | int | None]
    is_money: bool = False
    stays_unknown: bool = False


@dataclass(frozen=True)
class WholeSum(Sum):
    """Null as soon as one row does not tell its value, and where there is no row."""


@dataclass(frozen=True)
class Distinct:
    """Counts different keys; a row whose key is None does not count. `of_each_shop`: the same key
    in two shops is two things."""

    facts: tuple[str, ...]
    key: Callable[[Row], Hashable]
    of_each_shop: bool = True


@dataclass(frozen=True)
class Shared:
    """Adds `value` once for each different `key` of a shop: several rows tell the same of one
    thing."""

    facts: tuple[str, ...]
    key: Callable[[Row], Hashable]
    value: Callable[[Row], Decimal | None]


@dataclass(frozen=True)
class Average:
    """The mean of `value` over the rows where it is not None; no such row: null."""

    facts: tuple[str, ...]
    value: Callable[[Row], Decimal | None]
    is_money: bool = False


@dataclass(frozen=True)
class Peak:
    """The largest `value` over the rows where it is not None; no such row: null."""

    facts: tuple[str, ...]
    value: Callable[[Row], Decimal | None]


@dataclass(frozen=True)
class Counted:
    """Distinct people as TikTok counted them in one stored row; never of several rows together.

    `by`: whether a row is a day, an hour or a session. `over_window`: TikTok tells it of a whole
    range, too.
    """

    facts: tuple[str, ...]
    value: Callable[[Row], Decimal | None]
    by: Literal["day", "hour", "session"]
    over_window: bool = False


@dataclass(frozen=True)
class Ratio:
    """`top` / `bottom`, both names of metrics, times `times`; null when the bottom is 0."""

    top: str
    bottom: str
    times: int = 1


@dataclass(frozen=True)
class Difference:
    """The first of `parts` less all others, names of metrics."""

    parts: tuple[str, ...]


#: Read from rows.
Base = Sum | Shared | Distinct | Average | Peak | Counted
Metric = Base | Ratio | Difference


def shown_text(reads: str, home: str, take: Callable[[Row], object]) -> Dimension:
    """A dimension that shows a text without the blanks around it."""
    return Dimension(reads, lambda row, _zone: text(take(row)), home)


def shown_flag(reads: str, home: str, take: Callable[[Row], object]) -> Dimension:
    """A dimension that is true, false or nothing."""

    def show(row: Row, _zone: ZoneInfo) -> Shown:
        value = take(row)
        return None if value is None else bool(value)

    return Dimension(reads, show, home)


def shown_moment(reads: str, home: str, take: Callable[[Row], object], form: str) -> Dimension:
    """A dimension that shows UTC seconds by the clock of the report."""

    def show(row: Row, zone: ZoneInfo) -> Shown:
        seconds = instant(take(row))
        return None if seconds is None else datetime.fromtimestamp(seconds, zone).strftime(form)

    return Dimension(reads, show, home)


#: How instants are shown, to the second and to the day.
SECOND = "%Y%m%d%H%M%S"
DAY = "%Y%m%d"
