"""What a row of an export is known by: the dimensions that the others do not follow from. Pure.

An order's number stays when its status changes. So where a column names a record (order_id,
return_id, …), whatever belongs to that record is no part of the key, and a row that is updated in
place is found again. Which dimensions belong to which record the catalogue knows: they are what a
fact of that record reaches, many to one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from catalogue.facts import FACTS
from catalogue.field import AnswerDimension, Dimension, TimeDimension
from catalogue.fields import FIELDS
from catalogue.tables import TABLES

#: The fields that name a stretch of the report's own time → that stretch, and whether its weeks
#: begin on Sunday; the finest first. Others, such as the day of the week, come again and again.
UNITS: Final[Mapping[str, tuple[str, bool]]] = {
    "date_hour": ("day", False),
    "date": ("day", False),
    "week_start_date": ("week", False),
    "week_iso": ("week", False),
    "week_start_sunday": ("week", True),
    "year_month": ("month", False),
    "year_quarter": ("quarter", False),
    "year": ("year", False),
}


def row_key(fields: Sequence[str]) -> tuple[str, ...]:
    """The ids of the fields that a row is known by, in their order."""
    known = [FIELDS[name] for name in fields]
    dimensions = [
        one for one in known if isinstance(one, Dimension) and not isinstance(one, AnswerDimension)
    ]
    kept = list(dimensions)
    for one in dimensions:
        others = [other for other in kept if other is not one]
        if any(_follows(one, other) for other in others):
            kept.remove(one)
    return tuple(one.id for one in kept)


def unit_of(keys: Sequence[str]) -> tuple[str, bool] | None:
    """The stretch of time that a row of these keys is about, as in UNITS. None for no such."""
    return next((unit for name, unit in UNITS.items() if name in keys), None)


def is_lasting(keys: Sequence[str]) -> bool:
    """Whether a row of these keys is about the same thing in every refresh: a stretch of time or a
    record. Any other row is about whatever days were asked for."""
    known = [FIELDS[name] for name in keys]
    return unit_of(keys) is not None or any(
        _names(one, fact.table.name)
        for one in known
        if isinstance(one, Dimension)
        for fact in FACTS.values()
    )


def _follows(dimension: Dimension, record: Dimension) -> bool:
    """Whether a record's id leaves no choice. The report's own time never follows: of one order
    things happen on several days. A dimension counts where it is at home: the name of a product is
    that of each sale, though a stock list shows one."""
    if isinstance(dimension, TimeDimension):
        return False
    home = next(iter(dimension.homes))
    reached = {
        table
        for fact in FACTS.values()
        if _names(record, fact.table.name)
        for table in fact.reached()
    }
    return home in reached


def _names(dimension: Dimension, table: str) -> bool:
    """Whether a dimension is the primary key of a table."""
    key = TABLES[table].key
    return len(key) == 1 and dimension.homes.get(table) == f"[{key[0]}]"
