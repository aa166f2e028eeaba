"""The privacy allow-list, as data: `column -> path in TikTok's record`, compiled once.

What no mapping names never leaves the record: there is no list of things to drop. Columns are
grouped by where they stand and how they are converted, so that reading a record is a few `map`s
that run in C; 70 columns cost about 4 microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from backfill.normalise.values import Converter, WrongShape, converter
from catalogue.table import Table

Record = Mapping[str, Any]

_NOTHING: Final[Record] = {}


@dataclass(frozen=True, slots=True)
class _Group:
    parent: str  # "" for the record itself, else the name of an object inside it
    names: tuple[str, ...]
    convert: Converter


class Shape:
    """How rows of one table (or some of its columns) are read from one kind of record.

    `fields` maps a column to `name` or `object.name`; `required` columns must not be null.
    `columns` are the columns of a row in the order `read` gives them (not the table's order);
    whoever adds computed values adds their names behind these.
    """

    def __init__(self, table: Table, fields: Mapping[str, str], required: Sequence[str]) -> None:
        grouped: dict[tuple[str, Converter], dict[str, str]] = {}
        for column, path in fields.items():
            parent, _, name = path.rpartition(".")
            kind = table[column].kind
            grouped.setdefault((parent, converter(column, kind)), {})[column] = name
        self.columns: tuple[str, ...] = tuple(
            column for names in grouped.values() for column in names
        )
        self._groups = tuple(
            _Group(parent, tuple(names.values()), convert)
            for (parent, convert), names in grouped.items()
        )
        self._paths = tuple(fields[column] for column in self.columns)
        self._required = tuple(self.columns.index(column) for column in required)

    def position(self, column: str) -> int:
        return self.columns.index(column)

    def read(self, record: object) -> list[Any]:
        """The values of `columns`. Raises `WrongShape` with the path of the first bad one."""
        if not isinstance(record, dict):
            raise WrongShape("is not an object")
        row: list[Any] = []
        try:
            for group in self._groups:
                parent = record if not group.parent else child(record, group.parent)
                row += map(group.convert, map(parent.get, group.names))
        except (WrongShape, TypeError, AttributeError):
            raise self._complaint(record) from None
        for position in self._required:
            if row[position] is None:
                raise WrongShape("is missing", self._paths[position])
        return row

    def _complaint(self, record: Record) -> WrongShape:
        """The slow way through the same columns, to name the one that failed."""
        for group in self._groups:
            try:
                parent = record if not group.parent else child(record, group.parent)
            except WrongShape as wrong:
                return wrong
            for name in group.names:
                path = f"{group.parent}.{name}" if group.parent else name
                try:
                    group.convert(parent.get(name))
                except WrongShape as wrong:
                    return WrongShape(wrong.reason, path)
                except (TypeError, AttributeError):
                    return WrongShape("is an object or a list", path)
        return WrongShape("cannot be read")


def child(record: Record, name: str) -> Record:
    """The object called `name` inside a record; an absent one is empty."""
    inner = record.get(name)
    if inner is None or inner == "":
        return _NOTHING
    if not isinstance(inner, dict):
        raise WrongShape("is not an object", name)
    return inner


def children(record: Record, name: str) -> list[Any]:
    """The list called `name` inside a record; an absent one is empty."""
    inner = record.get(name)
    if inner is None or inner == "":
        return []
    if not isinstance(inner, list):
        raise WrongShape("is not a list", name)
    return inner
