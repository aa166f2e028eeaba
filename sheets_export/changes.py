"""The requests of a `spreadsheets.batchUpdate` that an export uses (Sheets API v4). Pure.

None of them deletes or shrinks what is the user's, or what a formula may point at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final
from zlib import crc32

from sheets_export.cells import rows_as_data
from sheets_export.layout import Area, Layout, status_formats
from sheets_export.sighting import FIELD, MARK, STAGING, WRITTEN, Mark
from sheets_export.table import Cell, Column, NumberFormat

Request = dict[str, Any]

VALUE: Final = "userEnteredValue"
_NUMBER_FORMAT: Final = "userEnteredFormat.numberFormat"
_BOLD: Final = {"userEnteredFormat": {"textFormat": {"bold": True}}}
_VISIBLE: Final = "DOCUMENT"


def number_of(*words: object) -> int:
    """An id for something of ours, the same each time, so that a repetition is refused."""
    return crc32(" ".join(map(str, words)).encode()) & 0x7FFF_FFFF or 1


def update(sheet_id: int, area: Area, rows: Any) -> Request:
    """The values of an area; what `rows` (RowData) do not cover of it is emptied."""
    return {"updateCells": {"range": area.on(sheet_id), "rows": rows, "fields": VALUE}}


def put(sheet_id: int, area: Area, rows: Sequence[Sequence[Cell]]) -> Request:
    """The same for a few rows of plain cells."""
    return update(sheet_id, area, rows_as_data(rows))


def empty(sheet_id: int, area: Area) -> Request:
    """No value is left in the area; formats and notes stay."""
    return {"updateCells": {"range": area.on(sheet_id), "fields": VALUE}}


def paste_values(source: tuple[int, Area], target: tuple[int, Area]) -> Request:
    """The values alone, from one tab to another."""
    return {
        "copyPaste": {
            "source": source[1].on(source[0]),
            "destination": target[1].on(target[0]),
            "pasteType": "PASTE_VALUES",
        }
    }


def grow(sheet_id: int, dimension: str, length: int) -> Request:
    """So many rows or columns at the end of the grid; never an absolute size, for that would cut
    off what somebody else has just added."""
    return {"appendDimension": {"sheetId": sheet_id, "dimension": dimension, "length": length}}


def add_tab(sheet_id: int, title: str, rows: int, columns: int, frozen: int) -> Request:
    grid = {"rowCount": rows, "columnCount": columns, "frozenRowCount": frozen}
    properties = {"sheetId": sheet_id, "title": title, "gridProperties": grid}
    return {"addSheet": {"properties": properties}}


def add_staging(sheet_id: int, title: str, rows: int, columns: int) -> list[Request]:
    """A hidden tab, and a note in the file that it is there."""
    grid = {"rowCount": rows, "columnCount": columns}
    properties = {"sheetId": sheet_id, "title": title, "gridProperties": grid, "hidden": True}
    note = {
        "metadataId": sheet_id,
        "metadataKey": STAGING,
        "metadataValue": str(sheet_id),
        "location": {"spreadsheet": True},
        "visibility": _VISIBLE,
    }
    return [
        {"addSheet": {"properties": properties}},
        {"createDeveloperMetadata": {"developerMetadata": note}},
    ]


def remove_staging(metadata_id: int, sheet_id: int | None) -> list[Request]:
    """`sheet_id` None: the tab is gone, only the note is there."""
    tab = [] if sheet_id is None else [{"deleteSheet": {"sheetId": sheet_id}}]
    return [*tab, forget(metadata_id)]


def forget(metadata_id: int) -> Request:
    lookup = {"developerMetadataLookup": {"metadataId": metadata_id}}
    return {"deleteDeveloperMetadata": {"dataFilter": lookup}}


def written(sheet_id: int, export_id: str, number: int, run: str) -> list[Request]:
    """That this run has written, as the tab's write of that number. Who writes a number for the
    second time, after a plan that is out of date, is refused: the id is taken."""
    note = {
        "metadataId": _write_id(export_id, number),
        "metadataKey": WRITTEN,
        "metadataValue": f"{number} {run}",
        "location": {"sheetId": sheet_id},
        "visibility": _VISIBLE,
    }
    made: Request = {"createDeveloperMetadata": {"developerMetadata": note}}
    return [made, forget(_write_id(export_id, number - 2))] if number > 2 else [made]


def mark(sheet_id: int, of: Mark) -> Request:
    note = {
        "metadataKey": MARK,
        "metadataValue": of.to_text(),
        "location": {"sheetId": sheet_id},
        "visibility": _VISIBLE,
    }
    return {"createDeveloperMetadata": {"developerMetadata": note}}


def change_mark(metadata_id: int, of: Mark) -> Request:
    return {
        "updateDeveloperMetadata": {
            "dataFilters": [{"developerMetadataLookup": {"metadataId": metadata_id}}],
            "developerMetadata": {"metadataValue": of.to_text()},
            "fields": "metadataValue",
        }
    }


def mark_column(sheet_id: int, column: int, field_id: str) -> Request:
    place = {"sheetId": sheet_id, "dimension": "COLUMNS"}
    note = {
        "metadataKey": FIELD,
        "metadataValue": field_id,
        "location": {"dimensionRange": {**place, "startIndex": column, "endIndex": column + 1}},
        "visibility": _VISIBLE,
    }
    return {"createDeveloperMetadata": {"developerMetadata": note}}


def name(sheet_id: int, named_range_id: str, called: str, area: Area) -> Request:
    named = {"namedRangeId": named_range_id, "name": called, "range": area.on(sheet_id)}
    return {"addNamedRange": {"namedRange": named}}


def rename_area(sheet_id: int, named_range_id: str, area: Area) -> Request:
    """The range of a name; what it is called is the user's."""
    named = {"namedRangeId": named_range_id, "range": area.on(sheet_id)}
    return {"updateNamedRange": {"namedRange": named, "fields": "range"}}


def guard(sheet_id: int, protected_range_id: int, area: Area) -> Request:
    """Whoever types into the block is warned, and may go on."""
    protected = {
        "protectedRangeId": protected_range_id,
        "range": area.on(sheet_id),
        "description": "Filled by the TikTok Shop export: what is typed here is overwritten.",
        "warningOnly": True,
    }
    return {"addProtectedRange": {"protectedRange": protected}}


def move_guard(sheet_id: int, protected_range_id: int, area: Area) -> Request:
    protected = {"protectedRangeId": protected_range_id, "range": area.on(sheet_id)}
    return {"updateProtectedRange": {"protectedRange": protected, "fields": "range"}}


def number_format(sheet_id: int, area: Area, of: NumberFormat) -> Request:
    given = {"type": of.type, **({"pattern": of.pattern} if of.pattern else {})}
    return {
        "repeatCell": {
            "range": area.on(sheet_id),
            "cell": {"userEnteredFormat": {"numberFormat": given}},
            "fields": _NUMBER_FORMAT,
        }
    }


def bold(sheet_id: int, area: Area) -> Request:
    fields = "userEnteredFormat.textFormat.bold"
    return {"repeatCell": {"range": area.on(sheet_id), "cell": _BOLD, "fields": fields}}


def column_formats(
    sheet_id: int, columns: Sequence[tuple[int, Column]], top: int, bottom: int
) -> Iterator[Request]:
    """(place, column): the formats of these rows in these columns."""
    for place, column in columns:
        area = Area(top, place, bottom, place + 1)
        yield number_format(sheet_id, area, column.number_format)


def first_formats(
    sheet_id: int, layout: Layout, columns: Sequence[tuple[int, Column]], bottom: int
) -> Iterator[Request]:
    """Of columns that are new: numbers down to that row, and in the totals; header and totals
    bold."""
    totals, header = layout.totals_row, layout.header_row
    yield from column_formats(sheet_id, columns, layout.first_row, bottom)
    yield from column_formats(sheet_id, columns, totals, header)
    for place, _ in columns:
        yield bold(sheet_id, Area(totals, place, layout.first_row, place + 1))


def status_number_formats(sheet_id: int, layout: Layout) -> Iterator[Request]:
    """Instants and numbers of a status that is new."""
    for line, column, of in status_formats(layout.pairs):
        row, place = layout.top + line, layout.left + column
        yield number_format(sheet_id, Area(row, place, row + 1, place + 1), of)


def _write_id(export_id: str, number: int) -> int:
    return (number_of("write", export_id) + number) % 0x7FFF_FFFF or 1
