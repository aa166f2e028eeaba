"""A getData request, read: what is asked for, of which shops, over which days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from benchmarks.oracle_coverage import CachedShop, Span, days_before, told_days
from benchmarks.oracle_fields import DIMENSIONS, TIME_DIMENSIONS
from benchmarks.oracle_metrics import METRICS
from benchmarks.oracle_reach import Fact
from benchmarks.oracle_rows import currencies


class CannotCombine(ValueError):
    """The fields of a request have no fact that reaches all of them."""


class MixedCurrency(ValueError):
    """Amounts in several currencies would be added."""


class NotReady(ValueError):
    """Nothing of what is asked for was ever read."""


@dataclass(frozen=True)
class Asked:
    """One request, read. `zones`: by shop."""

    shops: Sequence[CachedShop]
    zones: Sequence[ZoneInfo]
    now: float
    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    names: tuple[str, ...]
    row_clauses: tuple[tuple[Mapping[str, Any], ...], ...]
    group_clauses: tuple[tuple[Mapping[str, Any], ...], ...]
    order_axis: str
    days: Span
    needs: frozenset[str] = field(default=frozenset())

    @property
    def having(self) -> set[str]:
        return {clause["fieldName"] for clauses in self.group_clauses for clause in clauses}

    @property
    def filtered(self) -> set[str]:
        return {clause["fieldName"] for clauses in self.row_clauses for clause in clauses}

    def span(self, fact: Fact, shop: int) -> Span:
        """The days of a fact that the answer is about."""
        if fact.last_days:
            today = datetime.fromtimestamp(self.now, self.zones[shop]).date()
            return days_before(today, fact.last_days)
        return told_days(fact, self.days, self.shops[shop].today(self.now))


def read_request(request: Mapping[str, Any], shops: Sequence[CachedShop], now: float) -> Asked:
    names = tuple(
        item["name"] for item in request["fields"] if not item.get("forFilterOnly", False)
    )
    row_clauses: list[tuple[Mapping[str, Any], ...]] = []
    group_clauses: list[tuple[Mapping[str, Any], ...]] = []
    for inner in map(tuple, request.get("dimensionsFilters") or ()):
        about_metrics = {clause["fieldName"] in METRICS for clause in inner}
        if about_metrics == {True, False}:
            raise CannotCombine("one list of clauses is about dimensions and metrics at once")
        (group_clauses if about_metrics == {True} else row_clauses).append(inner)
    dimensions = tuple(name for name in names if name not in METRICS)
    parameters = request.get("configParams") or {}
    if currency := parameters.get("currency"):
        shops = [shop for shop in shops if currency in currencies(shop.facts.payloads)]
    used = {*dimensions, *(clause["fieldName"] for inner in row_clauses for clause in inner)}
    order_axis = parameters.get("order_date") or "created"
    if "paid_date" in used and not TIME_DIMENSIONS.intersection(used):
        order_axis = "paid"
    span = request["dateRange"]
    zone = parameters.get("time_zone")
    return Asked(
        shops=shops,
        zones=[ZoneInfo(zone or shop.report_zone) for shop in shops],
        now=now,
        dimensions=dimensions,
        metrics=tuple(name for name in names if name in METRICS),
        names=names,
        row_clauses=tuple(row_clauses),
        group_clauses=tuple(group_clauses),
        order_axis=order_axis,
        days=Span(date.fromisoformat(span["startDate"]), date.fromisoformat(span["endDate"])),
        needs=frozenset(DIMENSIONS[name].reads for name in used),
    )
