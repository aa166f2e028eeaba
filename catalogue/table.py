"""The two words every record table is declared with: `Column` and `Table`. Nothing here does I/O.

Storage of a value, by kind:

    kind      SQLite                                   columns (Parquet)
    TEXT      text                                     VARCHAR
    INSTANT   integer, UTC epoch seconds               BIGINT
    COUNT     integer                                  BIGINT
    KEY       integer, 64 bit signed, stands for a     BIGINT
              text id in joins and distinct counts
    MONEY     text, TikTok's decimal string, exact     DECIMAL(18,4)
    RATE      text, a decimal string                   DECIMAL(18,6)
    FLAG      integer 0 or 1                           BOOLEAN

Every value may be null: TikTok leaves optional fields out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

#: Seconds. Days and hours of nearly every time zone begin with one.
QUARTER_HOUR: Final = 900


class Kind(Enum):
    TEXT = "text"
    INSTANT = "instant"
    COUNT = "count"
    KEY = "key"
    MONEY = "money"
    RATE = "rate"
    FLAG = "flag"

    @property
    def sqlite_type(self) -> str:
        return "TEXT" if self in (Kind.TEXT, Kind.MONEY, Kind.RATE) else "INTEGER"

    @property
    def column_type(self) -> str:
        return _COLUMN_TYPES.get(self, "BIGINT")


_COLUMN_TYPES = {
    Kind.TEXT: "VARCHAR",
    Kind.MONEY: "DECIMAL(18,4)",
    Kind.RATE: "DECIMAL(18,6)",
    Kind.FLAG: "BOOLEAN",
}


@dataclass(frozen=True)
class Column:
    """One column of a record table; `about` is its sentence in the generated documentation."""

    name: str
    kind: Kind
    about: str = ""


@dataclass(frozen=True)
class Derived:
    """A column that exists only in the columns; `sql` is SQLite's, over the record row."""

    name: str
    kind: Kind
    sql: str
    about: str = ""


@dataclass(frozen=True)
class Parent:
    """The header a line belongs to. `carries` are the header's columns (or derived ones) that are
    repeated in the line's columns as `<table>__<column>`, so that most answers need no join."""

    table: str
    key: str
    carries: tuple[str, ...]

    def carried_name(self, column: str) -> str:
        return f"{self.table}__{column}"


@dataclass(frozen=True)
class Made:
    """Rows that follow from those of the table `source` and its header, one for each, and so are
    stored nowhere. `columns` are pairs of a name and SQL that SQLite and DuckDB read alike, where
    `[column]` is the source's own and `[header.column]` one of its header that it carries; columns
    not named are null. Rows that TikTok told are stored in `told_in` and stand in the place of the
    made ones of the same `update_time`; the table's own name is that of a view over both."""

    source: str
    told_in: str
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """A record table.

    `key`: primary key. `root`: the id whose rows are replaced together in a delta segment (an
    order with all its lines). `axis`: the immutable instant that decides the month of a segment,
    or None for a small table that is one segment. `has_histogram`: beside its segments it is
    kept how many rows there are in each quarter of an hour, for questions that ask for no more. Two
    bookkeeping columns come with every table: `fetched_at` (when this content was read) and
    `last_seen_at` (when TikTok last mentioned it).
    A row replaces a stored one only if its (update_time, fetched_at) is not older.
    """

    name: str
    about: str
    key: tuple[str, ...]
    root: str
    axis: str | None
    columns: tuple[Column, ...]
    derived: tuple[Derived, ...] = ()
    parent: Parent | None = None
    made: Made | None = None
    has_histogram: bool = False

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError(f"{self.name}: a column is declared twice")
        missing = {*self.key, self.root, *([self.axis] if self.axis else [])} - set(names)
        if missing:
            raise ValueError(f"{self.name}: {sorted(missing)} is not a column")
        if self.has_histogram and not (self.axis and self.key == (self.root,)):
            raise ValueError(f"{self.name}: a histogram is of roots on an axis")

    def __getitem__(self, name: str) -> Column:
        for column in self.stored():
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name}")

    def stored(self) -> Iterator[Column]:
        """All columns of the SQLite table, bookkeeping included, in DDL order."""
        yield from self.columns
        yield FETCHED_AT
        yield LAST_SEEN_AT

    @property
    def stored_in(self) -> str:
        """The SQLite table that rows are written to; `name` is what they are read from."""
        return self.made.told_in if self.made else self.name

    @property
    def has_update_time(self) -> bool:
        return any(column.name == "update_time" for column in self.columns)


FETCHED_AT = Column("fetched_at", Kind.INSTANT, "When this content was read from TikTok.")
LAST_SEEN_AT = Column("last_seen_at", Kind.INSTANT, "When TikTok last mentioned this record.")


def texts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Kind.TEXT) for name in names)


def instants(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Kind.INSTANT) for name in names)


def counts(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Kind.COUNT) for name in names)


def keys(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Kind.KEY) for name in names)


def money(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Kind.MONEY) for name in names)


def rates(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Kind.RATE) for name in names)


def flags(*names: str) -> tuple[Column, ...]:
    return tuple(Column(name, Kind.FLAG) for name in names)
