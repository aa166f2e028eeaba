"""Which fields a column is behind, and which dimensions go with a metric. Pure, for documents."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from catalogue.fact import Fact
from catalogue.facts import FACTS
from catalogue.field import Aggregate, AnswerDimension, Dimension, Field, Metric, TimeDimension
from catalogue.field import references as named
from catalogue.fields import FIELDS, aggregates
from catalogue.tables import TABLES
from catalogue.views import VIEWS

_WORD = re.compile(r"[a-z_][a-z0-9_]*")


@cache
def columns_behind() -> Mapping[tuple[str, str], Sequence[str]]:
    """(table, column) -> ids of the fields whose value or condition needs it."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for field in FIELDS.values():
        for table, template in _templates(field):
            for reference in named(template):
                owner, _, column = reference.rpartition(".")
                for place in _sources(owner or table, column):
                    found.setdefault(place, {})[field.id] = None
    return {place: tuple(ids) for place, ids in found.items()}


def _templates(field: Field) -> Iterator[tuple[str, str]]:
    """(table its bare references are about, template)."""
    if isinstance(field, Dimension):
        yield from field.homes.items()
    if isinstance(field, Aggregate):
        for fact, template in field.on.items():
            table = FACTS[fact].table.name
            yield table, template
            yield table, field.condition(fact)


def _sources(table: str, column: str) -> Iterator[tuple[str, str]]:
    """The column, or the stored ones that a derived column or a view is made from."""
    if table in VIEWS:
        words = set(_WORD.findall(VIEWS[table].sql))
        for name in words & set(TABLES):
            yield from ((name, one.name) for one in TABLES[name].columns if one.name in words)
        return
    yield table, column
    for derived in TABLES[table].derived:
        if derived.name == column:
            words = set(_WORD.findall(derived.sql))
            yield from ((table, one.name) for one in TABLES[table].columns if one.name in words)


def goes_with(metric: Metric, dimension: Dimension) -> bool:
    """Whether the metric can be shown by the dimension: every part of it on some fact."""
    return all(
        any(reaches(FACTS[name], dimension) for name in part.on) for part in aggregates(metric)
    )


def reaches(fact: Fact, dimension: Dimension) -> bool:
    if isinstance(dimension, AnswerDimension):
        return True
    if isinstance(dimension, TimeDimension):
        return fact.is_dated and (fact.by_hour or not dimension.hourly)
    return any(fact.reaches(table) for table in dimension.homes)
