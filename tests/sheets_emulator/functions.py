"""Values of formulas and the functions people put around a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from .grid import Value


@dataclass(frozen=True)
class Failure:
    """An error value, for example `#REF!`; `kind` is ErrorValue's type."""

    text: str
    kind: str
    message: str = ""


Result = float | str | bool | Failure | None
Argument = Result | list[Result]

REF: Final = Failure("#REF!", "REF", "Reference does not exist")
NAME: Final = Failure("#NAME?", "NAME", "Unknown name or function")
DIVIDED: Final = Failure("#DIV/0!", "DIVIDE_BY_ZERO", "Division by zero")
WRONG: Final = Failure("#VALUE!", "VALUE", "The values are of a wrong type")
BROKEN: Final = Failure("#ERROR!", "ERROR", "Formula parse error.")
CIRCLE: Final = Failure("#REF!", "REF", "Circular dependency detected.")


class Stop(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.text)
        self.failure = failure


def number(value: Argument) -> float:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, Failure):
        raise Stop(value)
    if value is None:
        return 0
    if isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise Stop(WRONG) from None
    return value


def text_of(value: Argument) -> str:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, Failure):
        raise Stop(value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def flat(arguments: list[Argument]) -> Iterator[Result]:
    for one in arguments:
        for value in one if isinstance(one, list) else [one]:
            if isinstance(value, Failure):
                raise Stop(value)
            yield value


def numbers(arguments: list[Argument]) -> list[float]:
    return [v for v in flat(arguments) if isinstance(v, int | float) and not isinstance(v, bool)]


def _average(arguments: list[Argument]) -> Result:
    found = numbers(arguments)
    return sum(found) / len(found) if found else DIVIDED


FUNCTIONS: Final[dict[str, Callable[[list[Argument]], Result]]] = {
    "SUM": lambda a: sum(numbers(a)),
    "AVERAGE": _average,
    "MIN": lambda a: min(numbers(a), default=0),
    "MAX": lambda a: max(numbers(a), default=0),
    "COUNT": lambda a: len(numbers(a)),
    "COUNTA": lambda a: sum(v is not None for v in flat(a)),
    "ROUND": lambda a: round(number(a[0]) + 1e-12, int(number(a[1])) if len(a) > 1 else 0),
    "ABS": lambda a: abs(number(a[0])),
    "LEN": lambda a: len(text_of(a[0])),
    "UPPER": lambda a: text_of(a[0]).upper(),
    "CONCATENATE": lambda a: "".join(text_of(v) for v in flat(a)),
    "IF": lambda a: first(a[1] if number(a[0]) else (a[2] if len(a) > 2 else False)),
    "IFERROR": lambda a: first(a[1] if len(a) > 1 else None) if _failed(a[0]) else first(a[0]),
    "ISBLANK": lambda a: first(a[0]) is None,
    "TRUE": lambda _: True,
    "FALSE": lambda _: False,
}


def first(value: Argument) -> Result:
    if isinstance(value, list):
        return value[0] if value else None
    return value


def _failed(value: Argument) -> bool:
    return isinstance(first(value), Failure)


def compared(sign: str, left: Result, right: Result) -> Result:
    for side in (left, right):
        if isinstance(side, Failure):
            return side
    if isinstance(left, str) or isinstance(right, str):
        a, b = text_of(left).lower(), text_of(right).lower()
        order = (a > b) - (a < b)
    else:
        x, y = number(left), number(right)
        order = (x > y) - (x < y)
    return {
        "=": order == 0,
        "<>": order != 0,
        "<": order < 0,
        ">": order > 0,
        "<=": order <= 0,
        ">=": order >= 0,
    }[sign]


def plain(value: Value | None) -> Value | None:
    """5.0 is 5 on the wire."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value
