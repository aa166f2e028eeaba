"""The list of segments that answers are made from, and the SQL that reads them. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from catalogue.table import Table
from catalogue.tables import TABLES
from store.commits import Covered
from store.freshness import Freshness
from store.made import scan_of
from store.shapes import SHAPES, counts_name


@dataclass(frozen=True, slots=True)
class Segment:
    """One immutable Parquet file. `month` is "2026-08" (UTC), a span of old months such as
    "2024-11..2026-05", or "all". `lowest` and `highest` are of the table's axis, both included;
    None without an axis. `shape` names the declaration it was made from."""

    path: Path
    table: str
    month: str
    delta: bool
    rows: int
    lowest: int | None
    highest: int | None
    shape: str = ""


@dataclass(frozen=True)
class Manifest:
    """A consistent list of segments. Its files stay at least ten minutes after it was replaced.

    `version` grows, per table, with every publication that changed the table; `published_at` is
    the UTC instant of the last publication, None before the first. `newest_reading`: per resource,
    when the part that was read last was read. `freshness`: what short pulls have seen since.
    """

    version: Mapping[str, int] = field(default_factory=dict)
    published_at: float | None = None
    segments: Mapping[str, Sequence[Segment]] = field(default_factory=dict)
    coverage: Mapping[str, Sequence[Covered]] = field(default_factory=dict)
    newest_reading: Mapping[str, int] = field(default_factory=dict)
    freshness: Mapping[str, Freshness] = field(default_factory=dict)

    def covered(self, resource: str) -> Sequence[Covered]:
        """What the segments hold of a resource completely: maximal ranges, ascending. Less than the
        records' own coverage while something waits to be published."""
        return self.coverage.get(resource, ())

    def rows(self, table: Table, lowest: int | None = None, highest: int | None = None) -> int:
        """How many rows the segments have that `scan` lists for the same range."""
        names = [table.name, *([table.made.source] if table.made else [])]
        return sum(
            segment.rows
            for name in names
            for segment in _chosen(self.segments.get(name, ()), lowest, highest)
        )

    def scan(self, table: Table, lowest: int | None = None, highest: int | None = None) -> str:
        """A parenthesised FROM item for DuckDB: every column of the table, once per row.

        Only files that may hold rows with `lowest` <= axis < `highest` are listed; rows outside
        that range may come along. Delta segments lie over the bases of their months: a base's rows
        of a root that the delta holds do not count.
        """
        made = table.made
        if made is None:
            return self._stored(table, lowest, highest)
        told = self._stored(table, lowest, highest) if self.segments.get(table.name) else ""
        source = self._stored(TABLES[made.source], lowest, highest)
        return scan_of(table, made, SHAPES[table.name].column_types, source, told)

    def counts(self, table: Table, lowest: int | None = None, highest: int | None = None) -> str:
        """Likewise the axis and `rows`, how many rows of the table there are: in the quarter of an
        hour that begins then, or at that instant. For a table that `is_counted`."""
        counted, rest = self._counted(table, lowest, highest)
        parts = []
        if counted:
            parts.append(f'SELECT "{table.axis}", "rows" FROM {_files(counted, old=False)}')
        if rest or not counted:
            parts.append(f'SELECT "{table.axis}", 1 AS "rows" FROM {_overlaid(table, rest)}')
        return f"({' UNION ALL '.join(parts)})"

    def counts_rows(
        self, table: Table, lowest: int | None = None, highest: int | None = None
    ) -> int:
        """How many rows the segments have that `counts` lists for the same range."""
        return sum(one.rows for group in self._counted(table, lowest, highest) for one in group)

    def _counted(
        self, table: Table, lowest: int | None, highest: int | None
    ) -> tuple[list[Segment], list[Segment]]:
        """The counts of all bases that nothing lies over, and the other segments."""
        shape = SHAPES[name := counts_name(table)].fingerprint
        known = {one.month: one for one in self.segments.get(name, ()) if one.shape == shape}
        chosen = _chosen(self.segments.get(table.name, ()), lowest, highest)
        touched = {one.month for one in chosen if one.delta}
        counted = [one for one in chosen if one.month in known and one.month not in touched]
        return [known[one.month] for one in counted], [one for one in chosen if one not in counted]

    def _stored(self, table: Table, lowest: int | None, highest: int | None) -> str:
        return _overlaid(table, _chosen(self.segments.get(table.name, ()), lowest, highest))


def _overlaid(table: Table, chosen: Sequence[Segment]) -> str:
    """What `Manifest.scan` gives, of these segments."""
    shape = SHAPES[table.name]
    deltas = [one for one in chosen if one.delta]
    touched = {one.month for one in deltas}
    bases = [one for one in chosen if not one.delta]
    old = any(one.shape != shape.fingerprint for one in chosen)
    parts = []
    if untouched := [one for one in bases if one.month not in touched]:
        parts.append(f"SELECT * FROM {_files(untouched, old)}")
    if covered := [one for one in bases if one.month in touched]:
        key = shape.root_key
        parts.append(
            f"SELECT b.* FROM {_files(covered, old)} AS b "
            f"ANTI JOIN (SELECT {key} FROM {_files(deltas, old)}) AS d ON b.{key} = d.{key}"
        )
    if deltas:
        parts.append(f"SELECT * FROM {_files(deltas, old)}")
    if not parts or old:
        parts.insert(0, f"SELECT {_typed_nulls(shape.column_types)} WHERE false")
    # A file of an older declaration may lack columns or have others: only the names count.
    rows = (" UNION ALL BY NAME " if old else " UNION ALL ").join(parts)
    if old:
        return f"(SELECT {', '.join(shape.column_types)} FROM ({rows}))"
    return f"({rows})"


def _chosen(segments: Iterable[Segment], lowest: int | None, highest: int | None) -> list[Segment]:
    """Whole months: a delta and its base are listed together or not at all."""
    listed = list(segments)
    months = {
        one.month
        for one in listed
        if (lowest is None or one.highest is None or one.highest >= lowest)
        and (highest is None or one.lowest is None or one.lowest < highest)
    }
    return [one for one in listed if one.month in months]


def _files(segments: Iterable[Segment], old: bool) -> str:
    names = ", ".join(f"'{str(one.path).replace(chr(39), chr(39) * 2)}'" for one in segments)
    return f"read_parquet([{names}]{', union_by_name = true' if old else ''})"


def _typed_nulls(types: Mapping[str, str]) -> str:
    return ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in types.items())
