"""What `spreadsheets.get` says: properties, ranges, metadata and, where asked, the cells."""

from __future__ import annotations

from typing import Any, Final

from . import masks
from .areas import Area, Box, shown
from .evaluate import Evaluator
from .functions import Failure, plain
from .grid import Cell, Formula
from .number_formats import format_of, shown_number
from .refusals import Json
from .workbook import Tab, Workbook, metadata_sheet

ROW_HEIGHT: Final = 21
COLUMN_WIDTH: Final = 100


def extended(value: Any) -> Json:
    """A value as ExtendedValue."""
    if isinstance(value, Formula):
        return {"formulaValue": value.text}
    if isinstance(value, Failure):
        return {"errorValue": {"type": value.kind, "message": value.message}}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    return {"numberValue": plain(value)}


def entered(cell: Cell) -> Json:
    """The writable members of CellData."""
    body = dict(cell.rest)
    if cell.value is not None:
        body["userEnteredValue"] = extended(cell.value)
    return body


def formatted(value: Any, cell: Cell) -> str:
    """A value as the cell shows it."""
    if value is None:
        return ""
    if isinstance(value, Failure):
        return value.text
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, str):
        return value
    return shown_number(value, format_of(cell.rest))


def cell_data(cell: Cell, value: Any) -> Json:
    """CellData with what is worked out; `value` is the effective value."""
    body = entered(cell)
    if cell.value is not None:
        body["effectiveValue"] = extended(value)
        body["formattedValue"] = formatted(value, cell)
    if "userEnteredFormat" in body:
        body["effectiveFormat"] = body["userEnteredFormat"]
    return body


def sheet_properties(book: Workbook, tab: Tab) -> Json:
    body = {
        "sheetId": tab.sheet_id,
        "title": tab.title,
        "index": book.tabs.index(tab),
        "sheetType": "GRID",
    }
    sizes = {"rowCount": tab.grid.row_count, "columnCount": tab.grid.column_count}
    more = {k: v for k, v in tab.properties.items() if k not in {*body, "gridProperties"} and v}
    grid = {k: v for k, v in tab.properties.get("gridProperties", {}).items() if v}
    return {**body, "gridProperties": {**sizes, **grid}, **more}


def named_range(one: Json) -> Json:
    return {**one, "range": shown(one["range"])}


def protected_range(book: Workbook, one: Json, user: str) -> Json:
    body = dict(one)
    area = book.protected_area(one)
    if area:
        body["range"] = shown(area.stored())
    body["requestingUserCanEdit"] = book.may_edit(one, user)
    if "unprotectedRanges" in one:
        body["unprotectedRanges"] = [shown(free) for free in one["unprotectedRanges"]]
    return body


def basic_filter(one: Json) -> Json:
    return {**one, "range": shown(one["range"])}


def metadata(one: Json) -> Json:
    place = dict(one["location"])
    if "dimensionRange" in place:
        place["dimensionRange"] = shown(place["dimensionRange"])
    return {**one, "location": place}


def grid_data(book: Workbook, tab: Tab, box: Box, evaluator: Evaluator) -> Json:
    """The cells of a box; trailing rows and cells that are empty are left out."""
    grid = tab.grid
    rows: list[Json] = []
    for row in range(box.top, box.bottom):
        kept = {c: v for c, v in grid.rows[row].cells.items() if box.left <= c < box.right}
        if not kept:
            rows.append({})
            continue
        cells: list[Json] = [{} for _ in range(max(kept) + 1 - box.left)]
        for column, cell in kept.items():
            cells[column - box.left] = cell_data(cell, evaluator.value(tab, row, column))
        rows.append({"values": cells})
    while rows and not rows[-1]:
        rows.pop()
    on_sheet = [one for one in book.metadata if metadata_sheet(one) == tab.sheet_id]

    def of_dimension(name: str, index: int, size: Json) -> Json:
        here = [
            metadata(one)
            for one in on_sheet
            if (place := one["location"].get("dimensionRange"))
            and place["dimension"] == name
            and place["startIndex"] == index
        ]
        return {**size, "developerMetadata": here} if here else size

    body: Json = {"startRow": box.top, "startColumn": box.left}
    body = {k: v for k, v in body.items() if v}
    if rows:
        body["rowData"] = rows
    body["rowMetadata"] = [
        of_dimension("ROWS", r, {"pixelSize": ROW_HEIGHT, **grid.rows[r].properties})
        for r in range(box.top, box.bottom)
    ]
    sizes = grid.column_properties
    body["columnMetadata"] = [
        of_dimension("COLUMNS", c, {"pixelSize": COLUMN_WIDTH, **sizes.get(c, {})})
        for c in range(box.left, box.right)
    ]
    return body


def sheet(
    book: Workbook, tab: Tab, user: str, boxes: list[Box] | None, evaluator: Evaluator
) -> Json:
    """One Sheet; `boxes`: the parts of the grid to tell, None for none of it."""
    body: Json = {"properties": sheet_properties(book, tab)}
    if boxes is not None:
        body["data"] = [grid_data(book, tab, box, evaluator) for box in boxes]
    if tab.merges:
        body["merges"] = [shown(merge) for merge in tab.merges]
    if tab.basic_filter:
        body["basicFilter"] = basic_filter(tab.basic_filter)
    protections = [
        protected_range(book, one, user)
        for one in book.protected
        if (area := book.protected_area(one)) and area.sheet_id == tab.sheet_id
    ]
    if protections:
        body["protectedRanges"] = protections
    on_sheet = [
        metadata(one) for one in book.metadata if one["location"].get("sheetId") == tab.sheet_id
    ]
    if on_sheet:
        body["developerMetadata"] = on_sheet
    return body


def spreadsheet(
    book: Workbook, user: str, ranges: list[str], with_grid: bool, mask: masks.Mask
) -> Json:
    """The Spreadsheet as `get` answers it. A mask decides by itself whether cells are told."""
    if mask:
        sheets = mask.get("sheets")
        with_grid = sheets is not None and (not sheets or "data" in sheets)
    asked: dict[int, list[Area]] = {}
    for text in ranges:
        area = book.area_of(text)
        book.tab(area.sheet_id).started_inside(area)
        asked.setdefault(area.sheet_id, []).append(area)
    evaluator = Evaluator(book)
    body: Json = {
        "spreadsheetId": book.spreadsheet_id,
        "properties": dict(book.properties),
        "sheets": [],
        "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{book.spreadsheet_id}/edit",
    }
    for tab in book.tabs:
        if ranges and tab.sheet_id not in asked:
            continue
        boxes = None
        if with_grid:
            areas = asked.get(tab.sheet_id, [Area(tab.sheet_id)])
            boxes = [tab.box(area) for area in areas]
        body["sheets"].append(sheet(book, tab, user, boxes, evaluator))
    # A name that has lost its range is told to nobody, although it is still taken.
    if names := [named_range(one) for one in book.named if "range" in one]:
        body["namedRanges"] = names
    of_file = [metadata(one) for one in book.metadata if one["location"].get("spreadsheet")]
    if of_file:
        body["developerMetadata"] = of_file
    found = masks.projected(body, mask)
    assert isinstance(found, dict)
    return found
