"""What normalising a page gives: rows to write, and the records that could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from backfill.normalise.shape import Record, children
from backfill.normalise.values import WrongShape, key_of
from store.commits import Write

#: A buyer's id -> (keyed hash as text, the same as a signed 64-bit integer); per workspace.
BuyerHasher = Callable[[str], tuple[str, int]]

#: Of a record that could not be read: the path to the bad value and what is wrong with it.
Rejected = tuple[str, str]

Row = tuple[Any, ...]

_Made = TypeVar("_Made")


@dataclass(frozen=True, slots=True)
class Normalised:
    """`writes` in an order in which headers come before their lines. `rejected` never holds a
    value of the payload, only where it was and what was wrong with it."""

    writes: tuple[Write, ...]
    rejected: tuple[Rejected, ...] = ()


def read_each(
    records: Iterable[object], name: str, read: Callable[[Record], None]
) -> tuple[Rejected, ...]:
    """Call `read` on every record. A record that raises `WrongShape` is left out as a whole, with
    its lines: half an order would be a wrong number that nobody notices. So is one of a shape that
    `read` did not foresee: it must not stop an import."""
    rejected: list[Rejected] = []
    for position, record in enumerate(records):
        try:
            if not isinstance(record, dict):
                raise WrongShape("is not an object")  # noqa: TRY301
            read(record)
        except WrongShape as wrong:
            complaint = wrong.under(f"{name}[{position}]")
            rejected.append((complaint.path, complaint.reason))
        except (TypeError, AttributeError, ValueError, ArithmeticError):
            rejected.append((f"{name}[{position}]", "cannot be read"))
    return tuple(rejected)


def each_of(record: Record, name: str, read: Callable[[Any], _Made]) -> list[_Made]:
    """What `read` makes of every entry of the list `name`; a complaint says which entry it was."""
    made: list[_Made] = []
    for position, entry in enumerate(children(record, name)):
        try:
            made.append(read(entry))
        except WrongShape as wrong:
            raise wrong.under(f"{name}[{position}]") from None
    return made


def key_or_none(identifier: str | None) -> int | None:
    return None if identifier is None else key_of(identifier)


def by_name(*names: str) -> dict[str, str]:
    """Fields whose column is called as TikTok calls them."""
    return {name: name for name in names}


def inside(parent: str, *names: str) -> dict[str, str]:
    """The same, of an object inside the record."""
    return {name: f"{parent}.{name}" for name in names}
