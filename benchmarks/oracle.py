"""Looker's getData worked out by brute force: plain loops over raw payloads, exact decimals.

Slow on purpose and written apart from the product: no SQL, no tables, no columns. Each fact is
aggregated at the requested dimensions by itself, then the facts are put side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from benchmarks.oracle_facts import ORDER_DATED, REACH, SNAPSHOTS, Facts, Payloads, Row
from benchmarks.oracle_fields import DIMENSIONS, HASHED, TIME_DIMENSIONS, local
from benchmarks.oracle_filters import Cell, holds
from benchmarks.oracle_metrics import METRICS, Average, Difference, Distinct, Metric, Ratio, Sum

Group = tuple[Cell, ...]

#: Where dimensions alone are listed from: the first of these that is the home of one of them and
#: reaches the others.
_HOMES: Final = (
    "shops",
    "products",
    "skus",
    "warehouse_stock",
    "orders",
    "lines",
    "returns",
    "return_lines",
    "cancellations",
    "cancel_lines",
)


class CannotCombine(ValueError):
    """The fields of a request have no fact that reaches all of them."""


@dataclass(frozen=True)
class Answer:
    """`rows` in the order of the answer; amounts are Decimal, counts int, ratios float.

    `hashed`: positions of columns whose texts are known up to a hash.
    """

    schema: list[str]
    rows: list[list[Cell]]
    hashed: frozenset[int] = frozenset()


@dataclass(frozen=True)
class _Asked:
    """One request, read."""

    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    names: tuple[str, ...]
    row_clauses: tuple[tuple[Mapping[str, Any], ...], ...]
    group_clauses: tuple[tuple[Mapping[str, Any], ...], ...]
    zone: ZoneInfo
    order_axis: str
    first: str
    last: str
    needs: frozenset[str] = field(default=frozenset())

    @property
    def having(self) -> set[str]:
        return {clause["fieldName"] for clauses in self.group_clauses for clause in clauses}


def answer(request: Mapping[str, Any], facts: Facts | Payloads, now: float) -> Answer:
    """The whole answer to a Looker getData request. `now`: UTC seconds, for "before today".

    Pass `Facts` to answer many requests over the same payloads. Raises CannotCombine, KeyError
    for an unknown field.
    """
    facts = Facts(facts) if isinstance(facts, Payloads) else facts
    asked = _read(request)
    bases = _bases([*asked.metrics, *asked.having])
    if not bases:
        groups: dict[Group, dict[str, Cell]] = {
            key: {} for key in _grouped(facts, asked, _home(asked), last_days=0, now=now)
        }
    else:
        groups = _side_by_side(facts, asked, bases, now)
    for values in groups.values():
        for name in (*asked.metrics, *asked.having):
            values[name] = _value(name, values)
    kept = [key for key, values in groups.items() if _passes(asked.group_clauses, values)]
    rows = []
    for key in sorted(kept, key=_sort_key):
        cells = {**groups[key], **dict(zip(asked.dimensions, key, strict=True))}
        rows.append([cells[name] for name in asked.names])
    hashed = frozenset(place for place, name in enumerate(asked.names) if name in HASHED)
    return Answer(list(asked.names), rows, hashed)


def _read(request: Mapping[str, Any]) -> _Asked:
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
    order_axis = parameters.get("order_date") or "created"
    if "paid_date" in dimensions and not TIME_DIMENSIONS.intersection(dimensions):
        order_axis = "paid"
    used = {*dimensions, *(clause["fieldName"] for inner in row_clauses for clause in inner)}
    span = request["dateRange"]
    return _Asked(
        dimensions=dimensions,
        metrics=tuple(name for name in names if name in METRICS),
        names=names,
        row_clauses=tuple(row_clauses),
        group_clauses=tuple(group_clauses),
        zone=ZoneInfo(parameters.get("time_zone") or "UTC"),
        order_axis=order_axis,
        first=span["startDate"],
        last=span["endDate"],
        needs=frozenset(DIMENSIONS[name].reads for name in used),
    )


def _bases(names: Iterable[str]) -> dict[str, Sum | Distinct | Average]:
    """The metrics that are counted from rows, among `names` and what they are made of."""
    found: dict[str, Sum | Distinct | Average] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        metric = METRICS[name]
        if isinstance(metric, Ratio):
            waiting += [metric.top, metric.bottom]
        elif isinstance(metric, Difference):
            waiting += metric.parts
        else:
            found[name] = metric
    return found


def _fact_of(metric: Sum | Distinct | Average, asked: _Asked) -> str:
    for fact in metric.facts:
        if asked.needs <= REACH[fact]:
            return fact
    raise CannotCombine(f"{metric.facts} do not reach {sorted(asked.needs)}")


def _home(asked: _Asked) -> str:
    homes = {DIMENSIONS[name].home for name in asked.dimensions}
    for fact in _HOMES:
        if fact in homes and asked.needs <= REACH[fact]:
            return fact
    for fact in _HOMES:
        if asked.needs <= REACH[fact]:
            return fact
    raise CannotCombine(f"nothing reaches {sorted(asked.needs)}")


def _side_by_side(
    facts: Facts, asked: _Asked, bases: Mapping[str, Sum | Distinct | Average], now: float
) -> dict[Group, dict[str, Cell]]:
    """The value of each base metric in each group of any of the facts; missing sums are 0."""
    counted: dict[str, dict[Group, Cell]] = {}
    keys: dict[Group, None] = {} if asked.dimensions else {(): None}
    for name, metric in bases.items():
        last_days = metric.last_days if isinstance(metric, Sum) else 0
        rows = _grouped(facts, asked, _fact_of(metric, asked), last_days, now)
        counted[name] = {key: _aggregate(metric, members) for key, members in rows.items()}
        keys.update(dict.fromkeys(rows))
    return {
        key: {name: counted[name].get(key, _aggregate(bases[name], [])) for name in bases}
        for key in keys
    }


def _grouped(
    facts: Facts, asked: _Asked, fact: str, last_days: int, now: float
) -> dict[Group, list[Row]]:
    """The rows of a fact in range that pass the filters, by what the dimensions show."""
    first, last = asked.first, asked.last
    order_axis = asked.order_axis
    if last_days:
        today = local(int(now), asked.zone).date()
        first = (today - timedelta(days=last_days)).isoformat()
        last = (today - timedelta(days=1)).isoformat()
        order_axis = "created"
    groups: dict[Group, list[Row]] = {}
    for row in facts.rows(fact, order_axis if fact in ORDER_DATED else "created"):
        if fact not in SNAPSHOTS and not _in_range(row, asked.zone, first, last):
            continue
        shown: dict[str, Cell] = {}
        if not all(
            any(holds(clause, _shown(clause["fieldName"], row, asked, shown)) for clause in inner)
            for inner in asked.row_clauses
        ):
            continue
        key = tuple(_shown(name, row, asked, shown) for name in asked.dimensions)
        groups.setdefault(key, []).append(row)
    return groups


def _in_range(row: Row, zone: ZoneInfo, first: str, last: str) -> bool:
    if row.at is None:
        return False
    return date.fromisoformat(first) <= local(row.at, zone).date() <= date.fromisoformat(last)


def _shown(name: str, row: Row, asked: _Asked, known: dict[str, Cell]) -> Cell:
    if name not in known:
        known[name] = DIMENSIONS[name].show(row, asked.zone)
    return known[name]


def _aggregate(metric: Sum | Distinct | Average, rows: Sequence[Row]) -> Cell:
    if isinstance(metric, Sum):
        return sum((metric.value(row) for row in rows), 0)
    if isinstance(metric, Distinct):
        return len({metric.key(row) for row in rows} - {None})
    found = [value for row in rows if (value := metric.value(row)) is not None]
    return float(sum(found, Decimal(0)) / len(found)) if found else None


def _value(name: str, values: Mapping[str, Cell]) -> Cell:
    """The value of any metric from those of the base metrics."""
    metric: Metric = METRICS[name]
    if isinstance(metric, Ratio):
        top, bottom = _exact(metric.top, values), _exact(metric.bottom, values)
        return float(top * metric.times / bottom) if bottom else None
    if isinstance(metric, Difference):
        return _exact(name, values)
    return values[name]


def _exact(name: str, values: Mapping[str, Cell]) -> Decimal:
    metric = METRICS[name]
    if isinstance(metric, Difference):
        first, *others = (_exact(part, values) for part in metric.parts)
        return first - sum(others, Decimal(0))
    return Decimal(str(values[name]))


def _passes(clauses: Sequence[Sequence[Mapping[str, Any]]], values: Mapping[str, Cell]) -> bool:
    return all(
        any(holds(clause, values[clause["fieldName"]]) for clause in inner) for inner in clauses
    )


def _sort_key(key: Group) -> tuple[tuple[bool, str], ...]:
    """Ascending, nothing last; the text of flags sorts as the flags do."""
    return tuple((cell is None, str(cell)) for cell in key)
