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
from store.shapes import HISTOGRAMS, SHAPES


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
class _Counted:
    """What tells how many rows a table has: histograms of bases, the deltas that lie over some of
    these bases, and other segments."""

    histograms: Sequence[Segment]
    deltas: Sequence[Segment]
    bases: Sequence[Segment]
    rest: Sequence[Segment]


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

    def histogram(self, table: Table, lowest: int | None = None, highest: int | None = None) -> str:
        """Likewise the axis and `rows`, how many rows of the table there are: in the quarter of an
        hour that begins then, or at that instant. For a table that `has_histogram`."""
        found, axis = self._counted(table, lowest, highest), table.axis
        key = SHAPES[table.name].root_key
        parts = []
        if found.histograms:
            parts.append(f"SELECT {axis}, rows FROM {_files(found.histograms, old=False)}")
        if found.deltas:
            # A row never moves: of what lies over a base only the new ones count.
            parts.append(
                f"SELECT d.{axis}, 1 AS rows FROM {_files(found.deltas, old=False)} AS d "
                f"ANTI JOIN {_files(found.bases, old=False)} AS b ON b.{key} = d.{key}"
            )
        if found.rest or not parts:
            parts.append(f"SELECT {axis}, 1 AS rows FROM {_overlaid(table, found.rest)}")
        return f"({' UNION ALL '.join(parts)})"

    def histogram_rows(
        self, table: Table, lowest: int | None = None, highest: int | None = None
    ) -> int:
        """How many rows the segments have that `histogram` lists for the same range."""
        found = self._counted(table, lowest, highest)
        listed = (*found.histograms, *found.deltas, *found.bases, *found.rest)
        return sum(segment.rows for segment in listed)

    def _counted(self, table: Table, lowest: int | None, highest: int | None) -> _Counted:
        chosen = _chosen(self.segments.get(table.name, ()), lowest, highest)
        made = HISTOGRAMS[table.name]
        known = {
            one.month: one
            for one in self.segments.get(made.name, ())
            if one.shape == made.fingerprint
        }
        shape = SHAPES[table.name].fingerprint
        old = {one.month for one in chosen if one.shape != shape or one.month not in known}
        new = [one for one in chosen if one.month not in old]
        deltas = [one for one in new if one.delta]
        touched = {one.month for one in deltas}
        bases = [one for one in new if not one.delta]
        return _Counted(
            histograms=[known[one.month] for one in bases],
            deltas=deltas,
            bases=[one for one in bases if one.month in touched],
            rest=[one for one in chosen if one.month in old],
        )

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
