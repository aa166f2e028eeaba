"""Looker's filter clauses as SQL conditions. Pure; every value is a bound parameter.

A clause is about the shown value: text as Looker sees it, true/false for booleans, numbers for
metrics. It is case-sensitive, false on null when it includes, and plainly negated when it excludes
(so that nulls stay). Operators: developers.google.com/looker-studio/connector/filters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from catalogue.fields import FIELDS
from connector.request import Clause
from errors import BadRequest

#: operator -> condition on the shown text {x} and the bound values {v}, {w}
_TEXT: Final = {
    "IS_NULL": "{x} IS NULL",
    "EQUALS": "{x} = {v}",
    "IN_LIST": "{x} IN (SELECT unnest({v}))",
    "CONTAINS": "contains({x}, {v})",
    "REGEXP_EXACT_MATCH": "regexp_full_match({x}, {v})",
    "REGEXP_PARTIAL_MATCH": "regexp_matches({x}, {v})",
    "BETWEEN": "{x} BETWEEN {v} AND {w}",
}
_NUMERIC: Final = {
    "NUMERIC_GREATER_THAN": "{x} > {v}",
    "NUMERIC_GREATER_THAN_OR_EQUAL": "{x} >= {v}",
    "NUMERIC_LESS_THAN": "{x} < {v}",
    "NUMERIC_LESS_THAN_OR_EQUAL": "{x} <= {v}",
    "BETWEEN": "{x} BETWEEN {v} AND {w}",
    "EQUALS": "{x} = {v}",
    "IN_LIST": "{x} IN (SELECT unnest({v}))",
}
#: What DECIMAL(38, 6) holds; no amount and no id comes near.
_LARGEST: Final = 1e31
#: A longer list is looked up by a hash join, which costs memory for every clause.
_SHORT_LIST: Final = 32
#: More conditions than these are tested as one, see all_of.
_FEW_TESTS: Final = 20
_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)


class Parameters:
    """Named parameters of one statement, numbered in the order in which they are met."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}

    def bind(self, value: object) -> str:
        name = f"p{len(self.values)}"
        self.values[name] = value
        return f"${name}"


def condition(clause: Clause, shown: str, parameters: Parameters, *, number: bool) -> str:
    """SQL condition on `shown`: text, or a number when `number` (a metric). Never null."""
    met = f"COALESCE({_met(clause, shown, parameters, number=number)}, false)"
    return f"(NOT {met})" if clause.exclude else met


def all_of(tests: Sequence[str]) -> str:
    """SQL that holds where all of the tests do. The engine takes time in proportion to the square
    of how many it can move about (measured: 12 seconds for a thousand), so many are put into one.
    """
    together = " AND ".join(tests)
    return together if len(tests) <= _FEW_TESTS else f"CASE WHEN {together} THEN true END"


def _met(clause: Clause, shown: str, parameters: Parameters, *, number: bool) -> str:
    compared = number or clause.operator not in _TEXT
    if clause.operator == "BETWEEN":
        compared = number or all(_NUMBER.fullmatch(value.strip()) for value in clause.values)
    if compared and clause.operator in _NUMERIC:
        # DECIMAL is wide enough for 18-digit ids, which a double would round.
        kind = "DOUBLE" if number else "DECIMAL(38, 6)"
        cast = "CAST" if number else "TRY_CAST"
        template, it = _NUMERIC[clause.operator], f"{cast}({shown} AS {kind})"
        values: list[object] = [_number(clause, value) for value in clause.values]
    else:
        kind = "VARCHAR"
        template, it = _TEXT[clause.operator], f"CAST({shown} AS VARCHAR)" if number else shown
        values = list(clause.values)
    if clause.operator == "BETWEEN":
        _refuse_reversed(clause, compared)
    if clause.operator == "IN_LIST":
        bound_list = f"CAST({parameters.bind(values)} AS {kind}[])"
        if len(values) <= _SHORT_LIST:
            return f"list_contains({bound_list}, {it})"
        return template.format(x=it, v=bound_list)
    bound = [f"CAST({parameters.bind(value)} AS {kind})" for value in values]
    return template.format(x=it, **dict(zip("vw", bound, strict=False)))


def _refuse_reversed(clause: Clause, compared: bool) -> None:
    """What lies between a value and a smaller one is nothing, which nobody asks for."""
    first, last = clause.values
    if Decimal(first.strip()) > Decimal(last.strip()) if compared else first > last:
        raise BadRequest(
            f"The filter on {FIELDS[clause.field].label} is from {first[:60]!r} to {last[:60]!r}, "
            "but the first is the larger of the two. Exchange them."
        )


def _number(clause: Clause, value: str) -> str:
    if not _NUMBER.fullmatch(value.strip()) or abs(float(value)) >= _LARGEST:
        raise BadRequest(
            f"The filter on {FIELDS[clause.field].label} needs a number of ordinary size, but got "
            f"{value[:60]!r}."
        )
    return value.strip()
