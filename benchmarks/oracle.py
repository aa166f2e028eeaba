"""Looker's getData worked out by brute force: plain loops over raw payloads, exact decimals.

Slow on purpose and written apart from the product: no SQL, no tables, no columns. Each fact is
aggregated at the requested dimensions by itself, then the facts are put side by side.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from benchmarks.oracle_asked import Asked, CannotCombine, MixedCurrency, NotReady, read_request
from benchmarks.oracle_coverage import CachedShop
from benchmarks.oracle_facts import Facts
from benchmarks.oracle_fields import DIMENSIONS, HASHED
from benchmarks.oracle_filters import Cell, holds
from benchmarks.oracle_kinds import (
    Average,
    Base,
    Counted,
    Difference,
    Distinct,
    Peak,
    Ratio,
    Shared,
    Sum,
    WholeSum,
)
from benchmarks.oracle_metrics import LENGTHS_OF_TIME, METRICS
from benchmarks.oracle_reach import FACTS
from benchmarks.oracle_read import Group, dated_part, is_clamped, is_partial, read_groups
from benchmarks.oracle_rows import Payloads, Row, currencies

#: Rows with the number of the shop they are of.
Members = list[tuple[int, Row]]

#: Metrics of a kind that needs a day to be told apart from others.
_ONE_DAY: Final = frozenset({"date", "date_hour"})


@dataclass(frozen=True)
class Answer:
    """`rows` in the order of the answer; amounts are Decimal, counts int, ratios float.

    `hashed`: positions of columns whose texts are known up to a hash; `seconds`: of columns whose
    numbers are sent as text, which is how Looker wants lengths of time. `partial`: some days were
    not read. `clamped`: facts that were asked for more days than are told.
    """

    schema: list[str]
    rows: list[list[Cell]]
    hashed: frozenset[int] = frozenset()
    seconds: frozenset[int] = frozenset()
    partial: bool = False
    clamped: frozenset[str] = frozenset()


def answer(
    request: Mapping[str, Any],
    shops: Sequence[CachedShop] | CachedShop | Facts | Payloads,
    now: float,
) -> Answer:
    """The whole answer to a Looker getData request over the shops it is about.

    `now`: UTC seconds, for "before today". Pass `CachedShop` or `Facts` to answer many requests
    over the same payloads; payloads alone stand for a cache that has read everything. Raises
    CannotCombine, MixedCurrency, NotReady, KeyError for an unknown field.
    """
    asked = read_request(request, _cached(shops), now)
    bases = _bases([*asked.metrics, *asked.having])
    reads = {name: _fact_of(metric, asked) for name, metric in bases.items()}
    home = "" if bases else _home(asked)
    _check_currency(asked, bases.values())
    used = {*reads.values(), *filter(None, [home])}
    if not any(FACTS[name].is_optional or _was_read(name, asked) for name in used):
        raise NotReady(sorted(used))
    if bases:
        groups = _side_by_side(asked, bases, reads)
    else:
        groups = {key: {} for key in _grouped(asked, home)}
    for values in groups.values():
        for name in (*asked.metrics, *asked.having):
            values[name] = _value(name, values)
    kept = [key for key, values in groups.items() if _passes(asked.group_clauses, values)]
    rows = []
    for key in sorted(kept, key=_sort_key):
        cells = {**groups[key], **dict(zip(asked.dimensions, key, strict=True))}
        rows.append([cells[name] for name in asked.names])
    hashed = frozenset(place for place, name in enumerate(asked.names) if name in HASHED)
    return Answer(
        list(asked.names),
        rows,
        hashed,
        frozenset(place for place, name in enumerate(asked.names) if name in LENGTHS_OF_TIME),
        partial=any(is_partial(asked, FACTS[name]) for name in used),
        clamped=frozenset(name for name in used if is_clamped(asked, FACTS[name])),
    )


def _cached(shops: Sequence[CachedShop] | CachedShop | Facts | Payloads) -> Sequence[CachedShop]:
    if isinstance(shops, Payloads):
        shops = Facts(shops)
    if isinstance(shops, Facts):
        shops = CachedShop(shops)
    return [shops] if isinstance(shops, CachedShop) else shops


def _bases(names: Iterable[str]) -> dict[str, Base]:
    """The metrics that are counted from rows, among `names` and what they are made of."""
    found: dict[str, Base] = {}
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


def _fact_of(metric: Base, asked: Asked) -> str:
    for fact in metric.facts:
        if asked.needs <= FACTS[fact].reaches and (
            # Only where a metric is read from nothing else, its optional fact is just unknown.
            len(metric.facts) == 1 or not FACTS[fact].is_optional or _was_read(fact, asked)
        ):
            return fact
    raise CannotCombine(f"{metric.facts} do not reach {sorted(asked.needs)}")


def _was_read(fact: str, asked: Asked) -> bool:
    return any(shop.was_read(FACTS[fact]) for shop in asked.shops)


def goes_with(metric: str, needs: frozenset[str]) -> bool:
    """Whether a metric can be shown and filtered by what reads these kinds of payload."""
    return all(
        any(needs <= FACTS[fact].reaches for fact in base.facts)
        for base in _bases([metric]).values()
    )


def _home(asked: Asked) -> str:
    """Where dimensions alone are listed from: where one of them is at home, if it reaches all."""
    homes = {DIMENSIONS[name].home for name in asked.dimensions}
    for fact in sorted(FACTS, key=lambda name: name not in homes):
        if asked.needs <= FACTS[fact].reaches:
            return fact
    raise CannotCombine(f"nothing reaches {sorted(asked.needs)}")


def _check_currency(asked: Asked, bases: Iterable[Base]) -> None:
    if "currency" in {*asked.dimensions, *asked.filtered}:
        return
    if not any(isinstance(metric, Sum | Average) and metric.is_money for metric in bases):
        return
    found = {currency for shop in asked.shops for currency in currencies(shop.facts.payloads)}
    if len(found) > 1:
        raise MixedCurrency(sorted(found))


def _side_by_side(
    asked: Asked, bases: Mapping[str, Base], reads: Mapping[str, str]
) -> dict[Group, dict[str, Cell]]:
    """The value of each base metric in each group of any of the facts.

    A sum that no row has is 0 where days of its fact were read, and null where none was.
    """
    counted: dict[str, dict[Group, Members]] = {}
    read: dict[str, set[Group]] = {}
    keys: dict[Group, None] = {} if asked.dimensions else {(): None}
    for name in bases:
        counted[name] = _grouped(asked, reads[name])
        read[name] = read_groups(asked, FACTS[reads[name]])
        keys.update(dict.fromkeys(counted[name]))
    return {
        key: {
            name: _aggregate(metric, counted[name].get(key, []), asked)
            if dated_part(asked, FACTS[reads[name]], key) in read[name]
            else None
            for name, metric in bases.items()
        }
        for key in keys
    }


def _grouped(asked: Asked, fact: str) -> dict[Group, Members]:
    """The rows of a fact in range that pass the filters, by what the dimensions show."""
    groups: dict[Group, Members] = {}
    for number, shop in enumerate(asked.shops):
        span, zone = asked.span(FACTS[fact], number), asked.zones[number]
        for row in shop.facts.rows(fact, asked.order_axis):
            row.now = asked.now
            moment = row.moment(zone)
            if FACTS[fact].is_dated and (moment is None or moment.date() not in span):
                continue
            shown: dict[str, Cell] = {}
            if not all(
                any(
                    holds(clause, _shown(clause["fieldName"], row, zone, shown)) for clause in inner
                )
                for inner in asked.row_clauses
            ):
                continue
            key = tuple(_shown(name, row, zone, shown) for name in asked.dimensions)
            groups.setdefault(key, []).append((number, row))
    return groups


def _shown(name: str, row: Row, zone: ZoneInfo, known: dict[str, Cell]) -> Cell:
    if name not in known:
        known[name] = DIMENSIONS[name].show(row, zone)
    return known[name]


# -- values --------------------------------------------------------------------------------------


def _aggregate(metric: Base, members: Members, asked: Asked) -> Cell:
    if isinstance(metric, Distinct):
        keys = {
            (number if metric.of_each_shop else None, key)
            for number, row in members
            if (key := metric.key(row)) is not None
        }
        return len(keys)
    if isinstance(metric, Shared):
        told = {(number, metric.key(row)): metric.value(row) for number, row in members}
        return sum(filter(None, told.values()), 0)
    found = [value for _, row in members if (value := metric.value(row)) is not None]
    if isinstance(metric, WholeSum) and not len(members) == len(found) > 0:
        return None
    if isinstance(metric, Sum):
        if metric.stays_unknown and not found:
            return None
        return sum(found, 0)
    if isinstance(metric, Counted):
        return found[0] if len(members) == len(found) == 1 and _is_one(metric, asked) else None
    if isinstance(metric, Peak):
        return max(found, default=None)
    return float(sum(found, Decimal(0)) / len(found)) if found else None


def _is_one(metric: Counted, asked: Asked) -> bool:
    """Whether a group is about one day at most, so that its only row tells of all of it."""
    if metric.by == "session" or _ONE_DAY.intersection(asked.dimensions):
        return True
    fact = FACTS[metric.facts[0]]
    spans = [asked.span(fact, number) for number in range(len(asked.shops))]
    return all(span.first == span.last for span in spans)


def _value(name: str, values: Mapping[str, Cell]) -> Cell:
    """The value of any metric from those of the base metrics."""
    metric = METRICS[name]
    if isinstance(metric, Ratio):
        top, bottom = _exact(metric.top, values), _exact(metric.bottom, values)
        return float(top * metric.times / bottom) if bottom and top is not None else None
    if isinstance(metric, Difference):
        return _exact(name, values)
    return values[name]


def _exact(name: str, values: Mapping[str, Cell]) -> Decimal | None:
    metric = METRICS[name]
    if isinstance(metric, Difference):
        parts = [_exact(part, values) for part in metric.parts]
        if None in parts:
            return None
        first, *others = (part for part in parts if part is not None)
        return first - sum(others, Decimal(0))
    if isinstance(metric, Ratio):
        raise TypeError(f"{name} is a ratio and no part of anything")
    value = values[name]
    return None if value is None else Decimal(str(value))


def _passes(clauses: Sequence[Sequence[Mapping[str, Any]]], values: Mapping[str, Cell]) -> bool:
    return all(
        any(holds(clause, values[clause["fieldName"]]) for clause in inner) for inner in clauses
    )


def _sort_key(key: Group) -> tuple[tuple[bool, str], ...]:
    """Ascending, nothing last; the text of flags sorts as the flags do."""
    return tuple((cell is None, str(cell)) for cell in key)
