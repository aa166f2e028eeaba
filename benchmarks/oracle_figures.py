"""What figures of TikTok's own are made of: values of a row's payload, added up or left alone."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Literal

from benchmarks.oracle_kinds import Counted, Sum
from benchmarks.oracle_rows import Row, number, within

Value = Callable[[Row], Decimal | None]


def at(*path: str) -> Value:
    """What stands at the end of a path of names in the payload."""
    return lambda row: number(within(row.own, *path))


def times(*values: Value) -> Value:
    """The product of values, of rows that have all of them."""

    def value(row: Row) -> Decimal | None:
        product = Decimal(1)
        for each in values:
            found = each(row)
            if found is None:
                return None
            product *= found
        return product

    return value


def where(known: Value, value: Value) -> Value:
    """`value` of the rows that have `known`."""
    return lambda row: None if known(row) is None else value(row)


def amount(fact: str, value: Value, *, may_be_missing: bool = False) -> Sum:
    """Money, added up; `may_be_missing`: null where no row tells it."""
    return Sum((fact,), value, is_money=True, stays_unknown=may_be_missing)


def total(fact: str, value: Value, *, may_be_missing: bool = False) -> Sum:
    """A number, added up; `may_be_missing`: null where no row tells it."""
    return Sum((fact,), value, stays_unknown=may_be_missing)


def people(
    fact: str,
    value: Value,
    by: Literal["day", "hour", "session"] = "day",
    *,
    over_window: bool = False,
) -> Counted:
    """Distinct people or things, as TikTok counted them in one row."""
    return Counted((fact,), value, by, over_window)
