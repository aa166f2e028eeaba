"""The catalogue: every field, once, by id. Checked as a whole when it is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final, cast

from catalogue import (
    about,
    analytics,
    analytics_content,
    analytics_products,
    buyers,
    fbt,
    finance,
    finance_parts,
    fulfilment,
    inventory,
    line_items,
    orders,
    products,
    returns,
    shop,
    time,
)
from catalogue.facts import FACTS, SHOP_VALUES, Fact
from catalogue.field import (
    Additive,
    Aggregate,
    Combined,
    Dimension,
    Field,
    Metric,
    Ratio,
    Snapshot,
    Unique,
    references,
)
from catalogue.table import LAST_SEEN_AT
from catalogue.tables import TABLES
from catalogue.views import VIEWS


def _columns_of(table: str) -> set[str]:
    if table in VIEWS:
        return {column.name for column in VIEWS[table].columns}
    declared = TABLES[table]
    # When a record was last mentioned is not in the columns: it changes with every reading.
    stored = {column.name for column in declared.stored() if column is not LAST_SEEN_AT}
    known = SHOP_VALUES if table == "shops" else ()
    return stored.union((column.name for column in declared.derived), known)


def _check_template(owner: str, table: str, reachable: Iterable[str], template: str) -> None:
    for reference in references(template):
        where, _, column = reference.rpartition(".")
        if where and where not in reachable:
            raise ValueError(f"{owner}: {table} does not reach {where}")
        if column not in _columns_of(where or table):
            raise ValueError(f"{owner}: {where or table} has no column {column}")


def _check(field: Field, fields: Mapping[str, Field]) -> None:
    if isinstance(field, Dimension):
        for table, template in field.homes.items():
            _check_template(field.id, table, (*TABLES, *VIEWS), template)
    if isinstance(field, Aggregate):
        for name in field.on:
            fact = FACTS[name]
            for template in (field.on[name], field.condition(name)):
                if template != "*":
                    _check_template(field.id, fact.table.name, fact.reached(), template)
    if isinstance(field, Ratio | Combined):
        kinds = (Additive, Unique) if isinstance(field, Combined) else Aggregate
        wrong = [name for name in field.inputs if not isinstance(fields.get(name), kinds)]
        if wrong:
            raise ValueError(f"{field.id}: {wrong} cannot be computed with")


def load(fields: Iterable[Field]) -> Mapping[str, Field]:
    """Fields by id; raises ValueError for a field declared twice or one that cannot be read."""
    catalogue: dict[str, Field] = {}
    for field in fields:
        if field.id in catalogue:
            raise ValueError(f"{field.id} is declared twice")
        catalogue[field.id] = field
    for field in catalogue.values():
        _check(field, catalogue)
    return MappingProxyType(catalogue)


FIELDS: Final[Mapping[str, Field]] = load(
    (
        *time.FIELDS,
        *shop.FIELDS,
        *orders.FIELDS,
        *buyers.FIELDS,
        *fulfilment.FIELDS,
        *line_items.FIELDS,
        *products.FIELDS,
        *inventory.FIELDS,
        *fbt.FIELDS,
        *returns.FIELDS,
        *finance.FIELDS,
        *finance_parts.FIELDS,
        *analytics.FIELDS,
        *analytics_products.FIELDS,
        *analytics_content.FIELDS,
        *about.FIELDS,
    )
)
DEFAULT_DIMENSION: Final = "date"
DEFAULT_METRIC: Final = "gmv"


def aggregates(metric: Metric) -> Iterator[Aggregate]:
    """The aggregates a metric is made of: itself, or its inputs."""
    if isinstance(metric, Aggregate):
        yield metric
    for input_id in metric.inputs:
        yield cast(Aggregate, FIELDS[input_id])  # load() has checked it


def is_snapshot(metric: Metric) -> bool:
    """Shows the state of now and therefore refuses a date dimension."""
    return any(isinstance(part, Snapshot) for part in aggregates(metric))


def is_additive(metric: Metric) -> bool:
    """May be summed over any rows."""
    if isinstance(metric, Combined):
        return all(isinstance(part, Additive) for part in aggregates(metric))
    return isinstance(metric, Additive)


def facts_of(metric: Aggregate) -> tuple[Fact, ...]:
    """Facts the metric can be read from, coarsest first."""
    return tuple(FACTS[name] for name in metric.on)
