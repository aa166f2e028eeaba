"""The answer to `sampleExtraction`: Looker Studio wants to see what values look like, no more.

Examples by semantic type, the same ones every time; no store is asked. Formats:
developers.google.com/looker-studio/connector/semantics.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Final

import orjson

from catalogue.field import Dimension, Field
from catalogue.fields import FIELDS
from connector.request import GetDataRequest
from connector.schema import data_type

_ROWS: Final = 10
#: The day of the first row if the request names none.
_DAY: Final = dt.date(2026, 1, 5)
_HOUR: Final = dt.timedelta(hours=1)
_DATES: Final = {
    "YEAR": "%Y",
    "YEAR_MONTH": "%Y%m",
    "YEAR_WEEK": "%G%V",
    "YEAR_MONTH_DAY": "%Y%m%d",
    "YEAR_MONTH_DAY_HOUR": "%Y%m%d%H",
    "YEAR_MONTH_DAY_SECOND": "%Y%m%d%H%M%S",
    "MONTH": "%m",
    "WEEK": "%V",
    "MONTH_DAY": "%m%d",
    "DAY_OF_WEEK": "%w",
    "DAY": "%d",
    "HOUR": "%H",
}
_EXAMPLES: Final[Mapping[str, Callable[[int], str | float | bool]]] = {
    "BOOLEAN": lambda number: number % 2 == 0,
    "URL": lambda number: f"https://shop.example/{number + 1}",
    "IMAGE": lambda number: f"https://shop.example/{number + 1}.jpg",
    "NUMBER": lambda number: number + 1,
    "CURRENCY": lambda number: (1999 + 1250 * number) / 100,
    "PERCENT": lambda number: (number + 1) / 100,
    "DURATION": lambda number: str(90 * (number + 1)),
}
_PLACES: Final = {
    "COUNTRY_CODE": ("US", "GB", "MX"),
    "REGION": ("California", "Texas", "New York"),
    "CITY": ("Los Angeles", "Austin", "New York"),
}


def sample_response(asked: GetDataRequest) -> bytes:
    """getData's response, as JSON."""
    fields = [FIELDS[name] for name in asked.fields]
    return orjson.dumps(
        {
            "schema": [{"name": field.id, "dataType": data_type(field)} for field in fields],
            "rows": [
                {"values": [_value(field, number, asked.start or _DAY) for field in fields]}
                for number in range(_ROWS)
            ],
            "filtersApplied": True,
        }
    )


def _value(field: Field, number: int, first: dt.date) -> str | float | bool:
    """The field's example in row `number`; the rows are 25 hours apart."""
    moment = dt.datetime.combine(first, dt.time(9, 30), dt.UTC) + number * 25 * _HOUR
    kind = field.semantic
    if kind in _DATES:
        return moment.strftime(_DATES[kind])
    if kind in ("QUARTER", "YEAR_QUARTER"):
        quarter = str((moment.month + 2) // 3)
        return quarter if kind == "QUARTER" else f"{moment.year}{quarter}"
    if kind in _PLACES:
        return _PLACES[kind][number % len(_PLACES[kind])]
    return _EXAMPLES[kind](number) if kind in _EXAMPLES else _text(field, number)


def _text(field: Field, number: int) -> str:
    if field.id == "currency":
        return "USD"
    is_id = isinstance(field, Dimension) and field.id.endswith("_id")
    return str(576_460_000_000_000_001 + number) if is_id else f"{field.label} {number + 1}"
