"""Which of the requested dimensions follow from others. Pure.

An order's state, place and time follow from its id: rows that are grouped by the id need not be
grouped by the rest. Where the id is that of the fact's own rows nothing needs to be grouped: every
row is a group of its own. A group by one short key takes a fraction of the time of one by six.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from catalogue.facts import FACTS, Fact
from catalogue.field import Dimension, TimeDimension, references
from catalogue.tables import TABLES
from connector.reach import home

Reference = tuple[str, str]

#: Dashboards ask the same again and again; what else is asked for must not pile up.
_REMEMBERED: Final = 1_000


@dataclass(frozen=True)
class Grouping:
    """Positions of dimensions. `by`: those that make the groups; any other has one value throughout
    a group. `each_row`: a group is one row of the fact. `ordered`: those that settle the order of
    the groups."""

    by: frozenset[int]
    each_row: bool
    ordered: tuple[int, ...]


def plain(count: int) -> Grouping:
    """Nothing is known of one dimension from another."""
    return Grouping(frozenset(range(count)), each_row=False, ordered=tuple(range(count)))


@lru_cache(_REMEMBERED)
def grouping(fact: Fact, axis: str | None, dimensions: tuple[Dimension, ...]) -> Grouping:
    """For rows of one shop: in another an id may be that of something else. `axis`: the reference
    that dates are cut from."""
    read = [_references(fact, axis, dimension) for dimension in dimensions]
    # All rows are of the same shop.
    told = {"shops"}
    naming = set()
    for position, dimension in enumerate(dimensions):
        if tables := _named_by(fact, dimension):
            naming.add(position)
            told |= tables
    while further := {
        join.table
        for join in fact.joins
        if join.table not in told and _owners(_of_join(fact, join.left)) <= told
    }:
        told |= further
    follow = {position for position, parts in enumerate(read) if _owners(parts) <= told}
    # No group at all would make a row of no rows.
    by = frozenset(range(len(dimensions))) - (follow - naming) or frozenset({0} & follow)
    return Grouping(by, fact.table.name in told, _ordered(len(dimensions), by))


def together(
    facts: Sequence[tuple[Fact, str | None]], dimensions: tuple[Dimension, ...]
) -> Grouping:
    """Of the groups of several facts, each with its axis, below each other: what follows must
    follow in all of them, and be the same column of the same table."""
    if len(facts) == 1:
        return grouping(*facts[0], dimensions)
    made = [grouping(fact, axis, dimensions).by for fact, axis in facts]
    by = [
        position
        for position, dimension in enumerate(dimensions)
        if any(position in one for one in made)
        or len({tuple(_references(fact, axis, dimension)) for fact, axis in facts}) > 1
    ]
    return Grouping(frozenset(by), each_row=False, ordered=_ordered(len(dimensions), by))


@dataclass(frozen=True)
class Header:
    """`fact` has one row for each group and tells every dimension; lines are added up by its `key`
    and joined to it, so that nothing but a number is grouped."""

    fact: Fact
    key: str


@lru_cache(_REMEMBERED)
def header(
    facts: tuple[Fact, ...],
    axis: str,
    dimensions: tuple[Dimension, ...],
    filtered: tuple[Dimension, ...],
) -> Header | None:
    """What the rows of the facts are lines of, if the dimensions name it and neither they nor the
    filters ask for more than it tells. Of one shop; `axis`: what the range means to each fact."""
    names = {fact.table.parent.table if fact.table.parent else fact.table.name for fact in facts}
    top = FACTS.get(names.pop()) if len(names) == 1 else None
    if top is None or axis not in top.axes or set(facts) == {top}:
        return None
    if any(home(top, one) is None for one in (*dimensions, *filtered)):
        return None
    if not grouping(top, top.axes[axis], dimensions).each_row:
        return None
    key = f"{top.table.root.removesuffix('_id')}_key"
    for fact in facts:
        if key not in (column.name for column in fact.table.columns):
            return None
        for dimension in {*dimensions, *filtered}:
            above = set(_references(top, top.axes[axis], dimension))
            if _told_above(fact, top, axis, dimension) != above:
                return None
    return Header(top, key)


def _told_above(fact: Fact, top: Fact, axis: str, dimension: Dimension) -> set[Reference]:
    """What the dimension's value on a line is made of; a header's id and instant are the header's
    on its lines, too."""
    repeated = {(fact.table.name, column) for column in (*top.table.key, top.table.axis)}
    return {
        (top.table.name, part[1]) if part in repeated else part
        for part in _references(fact, fact.axes[axis], dimension)
    }


@lru_cache(_REMEMBERED)
def names_records(fact: Fact, dimension: Dimension) -> bool:
    """Whether the dimension has as many values as there are orders, returns and so on."""
    if isinstance(dimension, TimeDimension):
        return False
    named = (TABLES.get(name) for name in _named_by(fact, dimension))
    return dimension.is_instant or any(table and table.axis for table in named)


def _ordered(count: int, by: Collection[int]) -> tuple[int, ...]:
    last = max(by, default=-1)
    return tuple(position for position in range(count) if position <= last)


def _references(fact: Fact, axis: str | None, dimension: Dimension) -> list[Reference]:
    """Table and column of all that the dimension's value is made of."""
    if isinstance(dimension, TimeDimension):
        return [_placed(axis or "", fact.table.name)]
    table = home(fact, dimension) or ""
    return [_placed(one, table) for one in references(dimension.homes[table])]


def _of_join(fact: Fact, left: str) -> list[Reference]:
    named = references(left) if "[" in left else (left,)
    return [_placed(one, fact.table.name) for one in named]


def _placed(reference: str, table: str) -> Reference:
    owner, _, column = reference.rpartition(".")
    return owner or table, column


def _owners(parts: Iterable[Reference]) -> set[str]:
    return {table for table, _ in parts}


def _named_by(fact: Fact, dimension: Dimension) -> set[str]:
    """Tables of which the dimension's value names one row: a key of its own table, the key of its
    header, or what another table is joined by."""
    if isinstance(dimension, TimeDimension) or dimension.is_instant:
        return set()
    name = home(fact, dimension) or ""
    template = dimension.homes[name]
    parts = [_placed(one, name) for one in references(template)]
    if len(parts) != 1 or not template.startswith("[") or not template.endswith("]"):
        return set()
    ((owner, column),) = parts
    if owner == "shops":
        return set()
    named = {join.table for join in fact.joins if _of_join(fact, join.left) == parts}
    table = TABLES.get(owner)  # a view has no key
    if table is not None and table.key == (column,):
        named.add(owner)
    if table is not None and table.parent is not None and table.parent.key == column:
        named.add(table.parent.table)
    return named
