"""What a segment of a table holds: its columns with their types, and the SELECT over the records
that fills it. Pure; everything follows from the table's declaration."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from catalogue.table import FETCHED_AT, QUARTER_HOUR, Kind, Table
from catalogue.tables import TABLES
from store.families import carried_kinds, root_key

#: SQLite takes no more arguments in one call of json_array.
MOST_COLUMNS = 120


@dataclass(frozen=True)
class Shape:
    """Columns of a table's segments: its own, derived ones, those carried from the header, and
    `fetched_at`. Rows that are made from others have none: segments hold what is stored."""

    table: Table
    tables: Mapping[str, Table]

    @property
    def name(self) -> str:
        """What its segments are called."""
        return self.table.name

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        return {
            **{column.name: column.kind for column in self.table.columns},
            **{column.name: column.kind for column in self.table.derived},
            **self._carried,
            FETCHED_AT.name: FETCHED_AT.kind,
        }

    @cached_property
    def _carried(self) -> dict[str, Kind]:
        return carried_kinds(self.table, self.tables)

    @cached_property
    def column_types(self) -> dict[str, str]:
        """DuckDB's types by name, in the order of the file."""
        return {name: kind.column_type for name, kind in self.kinds.items()}

    @cached_property
    def root_key(self) -> str:
        return root_key(self.table)

    @cached_property
    def fingerprint(self) -> str:
        """Changes whenever a segment made from an older declaration would differ."""
        # With a histogram, so that months without one are made again.
        with_one = ["histogram"] if self.table.has_histogram else []
        return _digest(repr((self.column_types, self._source, *with_one)))

    def select_all(self) -> str:
        """Every row of a table without an axis. No parameters."""
        keys = ", ".join(f"t.{name}" for name in self.table.key)
        return f"SELECT {self._row} FROM {self._source} ORDER BY {keys}"

    def select_month(self) -> str:
        """Parameters: start, end. The index on (axis, root) gives the order: nothing is sorted."""
        axis = f"t.{self.table.axis}"
        return (
            f"SELECT {self._row} FROM {self._source} WHERE {axis} >= ? AND {axis} < ? "
            f"ORDER BY {axis}, t.{self.root_key}"
        )

    def select_changed(self) -> str:
        """Rows of the roots that are written down. Parameters: family, month, start, end."""
        axis, root = f"t.{self.table.axis}", f"t.{self.root_key}"
        order = f"AND {axis} >= ? AND {axis} < ? ORDER BY {axis}, {root}"
        if self.table.parent is None:
            # The month's index holds both columns: looking through it is quick.
            return (
                f"SELECT {self._row} FROM {self._source} WHERE {root} IN "
                f"(SELECT root FROM _changed WHERE family = ? AND month = ?) {order}"
            )
        return (
            f"SELECT {self._row} FROM _changed AS c CROSS JOIN {self._source} "
            f"WHERE c.family = ? AND c.month = ? AND {root} = c.root {order}"
        )

    def select_roots(self) -> str:
        """Rows of some roots. Parameters: their keys as a JSON list, start, end."""
        axis, root = f"t.{self.table.axis}", f"t.{self.root_key}"
        return (
            f"SELECT {self._row} FROM {self._source} "
            f"WHERE {root} IN (SELECT value FROM json_each(?)) "
            f"AND {axis} >= ? AND {axis} < ? ORDER BY {axis}, {root}"
        )

    @cached_property
    def _row(self) -> str:
        """One row as the bytes of a JSON array between two zeros (see `store.segment_file`)."""
        if len(self.kinds) > MOST_COLUMNS:
            raise ValueError(f"{self.table.name} has too many columns for one segment")
        names = ", ".join(
            f"p.{name}" if name in self._carried else f"t.{name}" for name in self.kinds
        )
        return f"CAST(json_array(0, {names}, 0) AS BLOB)"

    @cached_property
    def _source(self) -> str:
        derived = "".join(f", ({column.sql}) AS {column.name}" for column in self.table.derived)
        own = f"(SELECT *{derived} FROM {self.table.stored_in}) AS t"
        parent = self.table.parent
        if parent is None:
            return own
        header = self.tables[parent.table]
        meaning = {column.name: column.sql for column in header.derived}
        carried = ", ".join(
            f"({meaning.get(name, name)}) AS {parent.carried_name(name)}" for name in parent.carries
        )
        return (
            f"{own} LEFT JOIN (SELECT {parent.key} AS header_id, {carried} FROM {header.name}) "
            f"AS p ON p.header_id = t.{parent.key}"
        )


@dataclass(frozen=True)
class Histogram:
    """How many rows (`rows`) of a table there are in each quarter of an hour, called by the instant
    it begins, in the place of the axis. A segment of its own beside each base of the table."""

    table: Table

    @property
    def name(self) -> str:
        """What its segments are called."""
        return f"{self.table.name}_histogram"

    @cached_property
    def kinds(self) -> dict[str, Kind]:
        return {str(self.table.axis): Kind.INSTANT, "rows": Kind.COUNT}

    @cached_property
    def fingerprint(self) -> str:
        return _digest(self.select_month())

    def select_month(self) -> str:
        """Parameters: start, end. The index on the axis has it all: no row is read."""
        axis = self.table.axis
        # The remainder of an instant before 1970 is negative.
        begun = f"{axis} - ({axis} % {QUARTER_HOUR} + {QUARTER_HOUR}) % {QUARTER_HOUR}"
        return (
            f"SELECT CAST(json_array(0, {begun}, count(*), 0) AS BLOB) FROM {self.table.stored_in} "
            f"WHERE {axis} >= ? AND {axis} < ? GROUP BY {begun} ORDER BY {begun}"
        )


def _digest(said: str) -> str:
    return hashlib.blake2s(said.encode(), digest_size=8).hexdigest()


SHAPES: dict[str, Shape] = {name: Shape(table, TABLES) for name, table in TABLES.items()}

#: By name of the table.
HISTOGRAMS: dict[str, Histogram] = {
    name: Histogram(table) for name, table in TABLES.items() if table.has_histogram
}


def shapes_of_bases(tables: Iterable[Table]) -> list[Shape | Histogram]:
    """Of the segments that a month of these tables consists of while nothing lies over it."""
    names = [table.name for table in tables]
    return [
        *(SHAPES[name] for name in names),
        *(HISTOGRAMS[name] for name in names if name in HISTOGRAMS),
    ]


def fingerprints() -> dict[str, str]:
    """Of all segments that are made today, by what they are called."""
    return {one.name: one.fingerprint for one in shapes_of_bases(TABLES.values())}


def column_types(table: Table) -> dict[str, str]:
    """All columns in the table's segments (own, derived, carried as `orders__status`, fetched_at)
    with DuckDB's types."""
    return SHAPES[table.name].column_types
