"""What a fact is: a table to read on a time axis, and the tables it reaches.

A fact reaches its own columns and those behind a many-to-one path, never more: a join can then
neither drop nor repeat a row of the fact, and a sum over it is right whatever is grouped by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from catalogue.table import Table


@dataclass(frozen=True)
class Join:
    """`table` (or view) joined many-to-one: `left` (a template over the fact, or a reference alone)
    = `right` (its column)."""

    table: str
    left: str
    right: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Fact:
    """`axes`: what the date range means -> reference of the instant. Facts about orders have
    "created" and "paid", others have "own" only; a fact without axes ignores the range.
    `window_days`: the fact always covers the last full days before today instead of the range.
    `own_days`: the axis holds days of the shop's own zone, each as its 00:00 UTC; no zone moves
    them. `by_hour`: the axis tells the hour. `cap`: which of the caps on TikTok's own figures
    holds, "analytics" or "hourly"; empty for facts without one.
    `fed_by`: the imported resource whose coverage says what is known.
    """

    name: str
    about: str
    table: Table
    axes: Mapping[str, str] = field(default_factory=dict)
    joins: tuple[Join, ...] = ()
    window_days: int = 0
    own_days: bool = False
    by_hour: bool = True
    cap: str = ""
    fed_by: str

    @property
    def is_dated(self) -> bool:
        return bool(self.axes) and not self.window_days

    def reached(self) -> tuple[str, ...]:
        """Tables a dimension or condition may come from; every fact reaches its shop."""
        return (self.table.name, "shops", *(join.table for join in self.joins))

    def reaches(self, table: str) -> bool:
        return table in self.reached()

    def join_to(self, table: str) -> Join:
        return next(join for join in self.joins if join.table == table)
