"""The privacy allow-list, as data: `column -> path in TikTok's record`, compiled once.

What no mapping names never leaves the record: there is no list of things to drop.

A record has up to 75 columns and an import reads a million records, so the mapping is not walked
for each of them: `_generated` writes it down once as a Python function that is one list of 75
expressions. That is twice as fast, and its only input are the names in our own mappings.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from backfill.normalise.values import (
    LATEST_INSTANT,
    Converter,
    Remembering,
    WrongShape,
    converter,
    instant,
)
from catalogue.table import Table

Record = Mapping[str, Any]

_NOTHING: Final[Record] = {}


@dataclass(frozen=True, slots=True)
class _Field:
    column: str
    parent: str  # "" for the record itself, else the way to an object inside it
    name: str
    convert: Converter

    @property
    def path(self) -> str:
        return f"{self.parent}.{self.name}" if self.parent else self.name


class Shape:
    """How rows of one table (or some of its columns) are read from one kind of record.

    `fields` maps a column to `name` or `object.name` (or `object.inner.name`); `required` columns
    must not be null.
    `columns` are the columns of a row, in order; whoever adds computed values adds their names
    behind these.
    """

    def __init__(self, table: Table, fields: Mapping[str, str], required: Sequence[str]) -> None:
        self.columns: tuple[str, ...] = tuple(fields)
        self._fields: list[_Field] = []
        for column, path in fields.items():
            parent, _, name = path.rpartition(".")
            convert = converter(column, table[column].kind)
            self._fields.append(_Field(column, parent, name, convert))
        self._required = tuple(self.columns.index(column) for column in required)
        self._read = _generated(self._fields, self._required)

    def position(self, column: str) -> int:
        return self.columns.index(column)

    def read(self, record: Any) -> list[Any]:
        """The values of `columns`. Raises `WrongShape` with the path of the first bad one."""
        try:
            return self._read(record)
        except (WrongShape, TypeError, AttributeError):
            raise self._complaint(record) from None

    def _complaint(self, record: object) -> WrongShape:
        """The slow way through the same fields, to name the one that failed."""
        if not isinstance(record, dict):
            return WrongShape("is not an object")
        values = []
        for field in self._fields:
            try:
                parent = _inside(record, field.parent)
                values.append(field.convert(parent.get(field.name)))
            except WrongShape as wrong:
                return WrongShape(wrong.reason, wrong.path or field.path)
            except (TypeError, AttributeError):
                return WrongShape("is an object or a list", field.path)
        for position in self._required:
            if values[position] is None:
                return WrongShape("is missing", self._fields[position].path)
        return WrongShape("cannot be read")


def child(record: Record, name: str) -> Record:
    """The object called `name` inside a record; an absent one is empty."""
    inner = record.get(name)
    if inner is None or inner == "":
        return _NOTHING
    if not isinstance(inner, dict):
        raise WrongShape("is not an object", name)
    return inner


def _inside(record: Record, way: str) -> Record:
    """The object at the end of a way such as `sales.gmv`; the record itself for no way."""
    for name in way.split(".") if way else ():
        record = child(record, name)
    return record


def children(record: Record, name: str) -> list[Any]:
    """The list called `name` inside a record; an absent one is empty."""
    inner = record.get(name)
    if inner is None or inner == "":
        return []
    if not isinstance(inner, list):
        raise WrongShape("is not a list", name)
    return inner


def _generated(fields: Sequence[_Field], required: Sequence[int]) -> Callable[[Any], list[Any]]:
    """A function from a record to the list of its values, such as

    def read(record):
        get = record.get
        get_1 = child(record, 'payment').get
        row = [c0[get('status')], c1[get_1('total_amount')], ...]
        if row[0] is None: raise missing
        return row
    """
    known: dict[str, Any] = {"child": child, "inside": _inside, "latest": LATEST_INSTANT}
    known["missing"] = WrongShape
    getters = {"": "get"}
    opening = ["    get = record.get"]
    values = []
    for number, field in enumerate(fields):
        if field.parent not in getters:
            getters[field.parent] = f"get_{len(getters)}"
            reach = "inside" if "." in field.parent else "child"
            opening.append(f"    {getters[field.parent]} = {reach}(record, {field.parent!r}).get")
        value = f"{getters[field.parent]}({field.name!r})"
        convert = f"c{number}"
        known[convert] = field.convert
        if isinstance(field.convert, Remembering):
            values.append(f"{convert}[{value}]")
        elif field.convert is instant:
            plain = "x.__class__ is int and 0 < x <= latest"
            values.append(f"x if (x := {value}) is None or {plain} else {convert}(x)")
        else:
            values.append(f"{convert}({value})")
    lines = ["def read(record):", *opening, f"    row = [{', '.join(values)}]"]
    if required:
        is_missing = " or ".join(f"row[{position}] is None" for position in required)
        lines.append(f"    if {is_missing}: raise missing('is missing')")
    exec("\n".join([*lines, "    return row"]), known)  # noqa: S102 - our own declarations, see above
    read: Callable[[Any], list[Any]] = known["read"]
    return read
