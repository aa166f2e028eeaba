"""Looker's eleven filter operators on one shown value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import re2

#: A cell: text, flag, amount or count, mean or ratio, or nothing.
Cell = str | bool | Decimal | int | float | None


def shown_text(value: Cell) -> str | None:
    """The value as the text that filters compare."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return None if value is None else str(value)


def number(value: Cell) -> Decimal | None:
    """The value as a number, or None when it is none."""
    if value is None or isinstance(value, bool):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _same(value: Cell, wanted: str) -> bool:
    if isinstance(value, Decimal | int | float) and not isinstance(value, bool):
        return number(value) == number(wanted)
    return shown_text(value) == wanted


def _between(value: Cell, values: Sequence[str]) -> bool:
    low, high = number(values[0]), number(values[1])
    if low is not None and high is not None:
        found = number(value)
        return found is not None and low <= found <= high
    shown = shown_text(value)
    return shown is not None and values[0] <= shown <= values[1]


def _compared(holds: Callable[[Decimal, Decimal], bool]) -> Callable[[Cell, Sequence[str]], bool]:
    def test(value: Cell, values: Sequence[str]) -> bool:
        found, bound = number(value), number(values[0])
        return found is not None and bound is not None and holds(found, bound)

    return test


_OPERATORS: Final[dict[str, Callable[[Cell, Sequence[str]], bool]]] = {
    "EQUALS": lambda value, values: _same(value, values[0]),
    "CONTAINS": lambda value, values: values[0] in (shown_text(value) or ""),
    "IN_LIST": lambda value, values: any(_same(value, wanted) for wanted in values),
    "REGEXP_EXACT_MATCH": lambda value, values: bool(
        re2.fullmatch(values[0], shown_text(value) or "")
    ),
    "REGEXP_PARTIAL_MATCH": lambda value, values: bool(
        re2.search(values[0], shown_text(value) or "")
    ),
    "BETWEEN": _between,
    "NUMERIC_GREATER_THAN": _compared(lambda value, bound: value > bound),
    "NUMERIC_GREATER_THAN_OR_EQUAL": _compared(lambda value, bound: value >= bound),
    "NUMERIC_LESS_THAN": _compared(lambda value, bound: value < bound),
    "NUMERIC_LESS_THAN_OR_EQUAL": _compared(lambda value, bound: value <= bound),
}


def holds(clause: Mapping[str, Any], value: Cell) -> bool:
    """Whether a value passes a clause: false for nothing, and EXCLUDE is the opposite."""
    if clause["operator"] == "IS_NULL":
        included = value is None
    else:
        test = _OPERATORS[clause["operator"]]
        included = value is not None and test(value, clause["values"])
    return included if clause["type"] == "INCLUDE" else not included
