"""A field in words: what it is, where its numbers come from, what it goes with. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from catalogue.docs import kind_of, read_from
from catalogue.facts import FACTS
from catalogue.field import (
    Aggregate,
    AnswerDimension,
    Combined,
    Dimension,
    Field,
    Metric,
    Ratio,
    TimeDimension,
)
from catalogue.fields import FIELDS, aggregates
from catalogue.usage import goes_with
from connector.schema import description, looker_field

#: What the import calls a part of TikTok's data -> where people know it from.
_SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "Orders": ("orders",),
    "Products and stock": ("products", "inventory", "warehouses", "shops"),
    "Returns and cancellations": ("returns", "cancellations"),
    "Settlements": (
        *("statements", "statement_transactions", "statement_transaction_skus", "payments"),
        "unsettled_transactions",
    ),
    "TikTok's own figures": (
        *("shop_performance", "shop_exposure", "video_overview", "live_overview"),
        *("shop_performance_hourly", "product_performance", "sku_performance"),
        *("video_performance", "live_sessions"),
    ),
    "Fulfilled by TikTok": ("fbt_inventory", "inbound_orders"),
    "Other systems": ("external_orders",),
}
SOURCES: Final = tuple(_SOURCES)
_SOURCE_OF: Final = {part: name for name, parts in _SOURCES.items() for part in parts}
#: The tables that only views are made of, and what feeds them.
_VIEW_SOURCES: Final = {
    "order_money": "Settlements",
    "buyers": "Orders",
    "order_references": "Other systems",
}

#: kind -> what it means for whoever makes a chart of it.
KINDS: Final[Mapping[str, str]] = {
    "dimension": "A value to group and filter by.",
    "time": "A day, week, month or hour, cut from the report's date.",
    "answer": "Tells of the answer itself, such as how fresh it is. It goes with everything.",
    "sum": "Adds up over anything.",
    "sum, if whole": "Adds up; empty where a part is not known.",
    "count": "Counts different things. Rows of different products may share one.",
    "unique": "Counts different people or products. Never add up the rows of a table.",
    "counted": "A number of people that only TikTok can count. Never add it up.",
    "highest": "The largest value.",
    "now": "The state of this moment, whatever the date range is.",
    "ratio": "Computed from two other fields for exactly the rows shown.",
}

_TYPES: Final[Mapping[str, str]] = {
    "TEXT": "Text",
    "BOOLEAN": "True or false",
    "URL": "Link",
    "IMAGE": "Picture",
    "COUNTRY_CODE": "Country",
    "REGION": "State or region",
    "CITY": "City",
    "NUMBER": "Number",
    "PERCENT": "Percent",
    "CURRENCY": "Amount of money",
    "DURATION": "Duration in seconds",
    "YEAR_MONTH_DAY": "Day",
    "YEAR_MONTH_DAY_HOUR": "Day and hour",
    "YEAR_MONTH_DAY_SECOND": "Moment",
    "YEAR_WEEK": "Year and week",
    "YEAR_MONTH": "Year and month",
    "YEAR_QUARTER": "Year and quarter",
    "YEAR": "Year",
    "QUARTER": "Quarter of the year",
    "MONTH": "Month of the year",
    "WEEK": "Week of the year",
    "MONTH_DAY": "Month and day",
    "DAY_OF_WEEK": "Day of the week",
    "DAY": "Day of the month",
    "HOUR": "Hour of the day",
}
_AGGREGATIONS: Final = {
    "SUM": "Sum: Looker Studio may add up rows.",
    "MAX": "Maximum: Looker Studio may take the largest of several rows.",
    "": "None: computed here for exactly the rows shown. Looker Studio must not add it up.",
}


@dataclass(frozen=True, slots=True)
class Described:
    """`kind` is one of KINDS, `sources` are some of SOURCES."""

    field: Field
    kind: str
    type: str
    sources: tuple[str, ...]

    @property
    def is_metric(self) -> bool:
        return isinstance(self.field, Metric)


@cache
def described() -> tuple[Described, ...]:
    """Every field that people may choose, in the order of the catalogue."""
    return tuple(
        Described(field, _kind(field), _TYPES[field.semantic], tuple(_sources(field)))
        for field in FIELDS.values()
        if not field.hidden
    )


@cache
def by_id() -> Mapping[str, Described]:
    return {one.field.id: one for one in described()}


def groups() -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.field.group for one in described()))


def about(field: Field) -> str:
    """The field's sentence and what to mind when charting it."""
    return description(field)


def formula(field: Field) -> list[tuple[str, str]]:
    """(where, what) of a formula, one for each place that the value can be read from."""
    if isinstance(field, Dimension) and field.homes:
        return list(field.homes.items())
    if isinstance(field, Aggregate):
        return [(fact, field.aggregate(fact)) for fact in field.on]
    return [("", read_from(field).replace("`", ""))]


def made_of(field: Field) -> list[Field]:
    """The fields that a field is computed from."""
    return [FIELDS[name] for name in field.inputs] if isinstance(field, Metric) else []


def aggregation(field: Field) -> str:
    """What a report may do with the rows, in a sentence; "" for a dimension."""
    if not isinstance(field, Metric):
        return ""
    made = looker_field(field)
    if "formula" in made:
        return f"Looker Studio computes it: {made['formula']}"
    return _AGGREGATIONS[str(made.get("defaultAggregationType", ""))]


@cache
def companions(field_id: str) -> Mapping[str, tuple[Field, ...]]:
    """By group, what goes into one table with the field: of a metric the dimensions that it can be
    shown by, of a dimension the metrics that can be shown by it."""
    field = FIELDS[field_id]
    found: dict[str, list[Field]] = {}
    for other in described():
        if _go_together(field, other.field):
            found.setdefault(other.field.group, []).append(other.field)
    return {group: tuple(fields) for group, fields in found.items()}


def _go_together(field: Field, other: Field) -> bool:
    if isinstance(field, Metric) and isinstance(other, Dimension):
        return goes_with(field, other)
    if isinstance(field, Dimension) and isinstance(other, Metric):
        return goes_with(other, field)
    return False


def _kind(field: Field) -> str:
    kind = kind_of(field)
    return kind if kind in KINDS else kind.partition(",")[0]


def _sources(field: Field) -> Iterator[str]:
    """Each once, in the order of SOURCES."""
    if isinstance(field, TimeDimension | AnswerDimension):
        found = set(SOURCES)
    elif isinstance(field, Dimension):
        found = {source for table in field.homes for source in _of_table(table)}
    elif isinstance(field, Aggregate | Ratio | Combined):
        parts = aggregates(field)
        found = {_SOURCE_OF[FACTS[fact].fed_by] for part in parts for fact in part.on}
    else:
        raise TypeError(field)
    yield from (source for source in SOURCES if source in found)


def _of_table(table: str) -> set[str]:
    if table in _VIEW_SOURCES:
        return {_VIEW_SOURCES[table]}
    return {_SOURCE_OF[fact.fed_by] for fact in FACTS.values() if fact.table.name == table}
