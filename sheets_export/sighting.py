"""What was seen of a spreadsheet in one or several masked looks (`spreadsheets.get`). Pure.

A whole look tells every tab, and no cell. A narrow one tells a few areas of one tab with their
cells, and nothing of the other tabs; names and marks of the file come with both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from sheets_export.layout import Area
from sheets_export.table import Cell

#: Keys of our developer metadata. On the tab: which export it is, and what was written last; on a
#: column: the id of the field it shows; on the file: a staging tab that is in use.
MARK: Final = "tiktok_shop_export"
WRITTEN: Final = "tiktok_shop_written"
FIELD: Final = "tiktok_shop_field"
STAGING: Final = "tiktok_shop_staging"

_METADATA: Final = "developerMetadata(metadataId,metadataKey,metadataValue)"
_AROUND: Final = (
    f"namedRanges,{_METADATA},sheets(properties(sheetId,title,gridProperties(rowCount,columnCount)),"
    f"{_METADATA},protectedRanges(protectedRangeId,range)"
)
_COLUMNS: Final = (
    "startRow,startColumn,columnMetadata(developerMetadata(metadataKey,metadataValue))"
)
WHOLE_MASK: Final = f"{_AROUND},data({_COLUMNS}))"
NARROW_MASK: Final = f"{_AROUND},data({_COLUMNS},rowData(values(effectiveValue))))"
#: Of the answer to a write: how large the tabs are now, and where the names are.
AFTER_MASK: Final = (
    "namedRanges,sheets(properties(sheetId,title,gridProperties(rowCount,columnCount)))"
)

_SHEET_ROWS: Final = 10_000_000


class NeedsLook(Exception):
    """These areas of a tab must be seen before anything is decided."""

    def __init__(self, title: str, areas: Sequence[Area]) -> None:
        super().__init__()
        self.title = title
        self.areas = areas


class NeedsWhole(Exception):
    """All tabs must be seen before anything is decided."""


@dataclass(frozen=True)
class Mark:
    """What the tab remembers of its export. `formats`: per field the pattern that its column was
    given. The three next are ids: of the named range around header and rows, of the one around the
    lines above, of the protection. `formatted`: how many rows below the header have the formats.
    `mode`: that of the last write, and `keys` the fields that its rows are known by."""

    export: str
    pairs: int
    fields: tuple[str, ...]
    formats: tuple[str, ...]
    name: str
    lines: str
    guard: int
    formatted: int = 0
    mode: str = ""
    keys: tuple[str, ...] = ()

    def to_text(self) -> str:
        return orjson.dumps(self).decode()

    @classmethod
    def from_text(cls, text: str) -> Mark | None:
        try:
            given = orjson.loads(text)
            lists = {name: tuple(given[name]) for name in ("fields", "formats")}
            lists["keys"] = tuple(given.get("keys", ()))
            return cls(**{**given, **lists})
        except (ValueError, TypeError, KeyError):
            return None


@dataclass(frozen=True)
class Tab:
    """`fields`: the field id of every column of ours that was seen. `writes`: (number, run) of what
    was written last, newest last. `guards`: protected areas by id. `seen`: the areas whose cells
    are known, with their rows."""

    sheet_id: int
    title: str
    rows: int
    columns: int
    mark: Mark | None = None
    mark_id: int = 0
    writes: tuple[tuple[int, str], ...] = ()
    fields: Mapping[int, str] = field(default_factory=dict)
    guards: Mapping[int, Area] = field(default_factory=dict)
    seen: tuple[tuple[Area, Sequence[Sequence[Cell]]], ...] = ()

    @property
    def cell_count(self) -> int:
        return self.rows * self.columns

    def cells(self, area: Area) -> list[Sequence[Cell]]:
        """The rows of an area, shorter where the rest is empty; what is beyond the grid is empty.
        Raises NeedsLook."""
        inside = area.clipped(self.rows, self.columns)
        if inside.is_empty:
            return []
        for known, rows in self.seen:
            if known.holds(inside):
                some = rows[inside.top - known.top : inside.bottom - known.top]
                return [row[inside.left - known.left : inside.right - known.left] for row in some]
        raise NeedsLook(self.title, [inside])

    def first_filled(self, area: Area) -> tuple[int, int] | None:
        """(row, column) of the first cell there that holds something. Raises NeedsLook."""
        for number, row in enumerate(self.cells(area)):
            for place, cell in enumerate(row):
                if cell is not None:
                    return area.top + number, area.left + place
        return None


@dataclass(frozen=True)
class Sighting:
    """`names`: by id of the named range its name, its tab and its area; `stagings`: by id of the
    metadata the staging tab that somebody left or is using. `is_whole`: `tabs` are all."""

    tabs: Mapping[int, Tab]
    names: Mapping[str, tuple[str, int, Area]]
    stagings: Mapping[int, int]
    is_whole: bool

    def joined(self, later: Sighting) -> Sighting:
        """With what a later look has added; where both tell the same, the later one is right."""
        tabs = dict(self.tabs)
        for sheet_id, tab in later.tabs.items():
            known = self.tabs.get(sheet_id, tab)
            fields = tab.fields if later.is_whole else {**known.fields, **tab.fields}
            seen = (*tab.seen, *known.seen) if known is not tab else tab.seen
            tabs[sheet_id] = replace(tab, fields=fields, seen=seen)
        return replace(later, tabs=tabs, is_whole=self.is_whole or later.is_whole)


def sighting(answer: Mapping[str, Any], asked: Iterable[Area] = ()) -> Sighting:
    """`asked`: the areas of a narrow look; none: it is a whole one."""
    areas = {(area.top, area.left): area for area in asked}
    tabs = [_tab(sheet, areas) for sheet in answer.get("sheets", [])]
    names = {}
    for one in answer.get("namedRanges", []):
        place = one.get("range", {})
        area = _area(place)
        names[one["namedRangeId"]] = (one.get("name", ""), place.get("sheetId", 0), area)
    stagings = {
        one["metadataId"]: int(one["metadataValue"])
        for one in answer.get("developerMetadata", [])
        if one.get("metadataKey") == STAGING
    }
    return Sighting({tab.sheet_id: tab for tab in tabs}, names, stagings, not areas)


def _area(place: Mapping[str, Any]) -> Area:
    """Of a GridRange, which is open where it says nothing."""
    return Area(
        place.get("startRowIndex", 0),
        place.get("startColumnIndex", 0),
        place.get("endRowIndex", _SHEET_ROWS),
        place.get("endColumnIndex", _SHEET_ROWS),
    )


def _tab(sheet: Mapping[str, Any], areas: Mapping[tuple[int, int], Area]) -> Tab:
    properties = sheet["properties"]
    size = properties.get("gridProperties", {})
    rows, columns = size.get("rowCount", 0), size.get("columnCount", 0)
    marks, writes = [], []
    for one in sheet.get("developerMetadata", []):
        if one.get("metadataKey") == MARK and (mark := Mark.from_text(one["metadataValue"])):
            marks.append((mark, one["metadataId"]))
        elif one.get("metadataKey") == WRITTEN:
            number, _, run = one["metadataValue"].partition(" ")
            writes.append((int(number), run))
    mark, mark_id = marks[0] if marks else (None, 0)
    fields: dict[int, str] = {}
    seen = []
    for part in sheet.get("data", []):
        top, left = part.get("startRow", 0), part.get("startColumn", 0)
        for number, column in enumerate(part.get("columnMetadata", [])):
            for one in column.get("developerMetadata", []):
                if one.get("metadataKey") == FIELD:
                    fields[left + number] = one["metadataValue"]
        if (top, left) in areas:
            found = [
                [_value(cell) for cell in row.get("values", [])] for row in part.get("rowData", [])
            ]
            seen.append((areas[top, left].clipped(rows, columns), found))
    return Tab(
        properties.get("sheetId", 0),
        properties.get("title", ""),
        rows,
        columns,
        mark,
        mark_id,
        tuple(sorted(writes)),
        fields,
        {
            one["protectedRangeId"]: _area(one.get("range", {}))
            for one in sheet.get("protectedRanges", [])
        },
        tuple(seen),
    )


def _value(cell: Mapping[str, Any]) -> Cell:
    """An error counts as something that stands there."""
    for kind, value in cell.get("effectiveValue", {}).items():
        return str(value) if kind == "errorValue" else value
    return None
