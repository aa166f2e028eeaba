"""batchUpdate: rows and columns added, inserted, deleted, moved and sized."""

from __future__ import annotations

from .areas import Area, Box
from .changes import Deleted, Inserted, Moved
from .discovery import mask_of
from .masks import merged
from .refusals import Json, invalid
from .workbook import COLUMN_LIMIT, Tab, Workbook

ONE = {"ROWS": "row", "COLUMNS": "column"}


def dimension_of(body: Json) -> str:
    dimension = body.get("dimension")
    if dimension not in ONE:
        raise invalid("No dimension specified.")
    return str(dimension)


def bounded(body: Json, tab: Tab) -> tuple[str, int, int]:
    """(dimension, start, end) of a DimensionRange; open ends are the grid's."""
    dimension = dimension_of(body)
    start, end = body.get("startIndex") or 0, body.get("endIndex")
    end = tab.size(dimension) if end is None else end
    if start < 0 or end <= start:
        raise invalid("range.endIndex must be greater than range.startIndex.")
    return dimension, start, end


def across(tab: Tab, dimension: str, start: int, end: int) -> Box:
    if dimension == "ROWS":
        return Box(start, 0, end, tab.grid.column_count)
    return Box(0, start, tab.grid.row_count, end)


def append_dimension(book: Workbook, request: Json, user: str) -> None:
    tab = book.tab(request.get("sheetId") or 0)
    dimension, length = dimension_of(request), request.get("length") or 0
    if length < 1:
        raise invalid("length must be positive.")
    rows, columns = tab.grid.row_count, tab.grid.column_count
    if dimension == "ROWS":
        book.resize(tab, rows + length, columns)
    else:
        book.resize(tab, rows, columns + length)


def insert(
    book: Workbook, tab: Tab, dimension: str, start: int, end: int, from_before: bool
) -> None:
    """New ones from `start` to `end`, dressed like the neighbour before or after."""
    size, count = tab.size(dimension), end - start
    if start > size:
        raise invalid(f"range.startIndex is larger than current grid size ({size})")
    if start == size and not from_before:
        raise invalid(
            f"range.startIndex must be less than the grid size ({size}) if inheritFromBefore is"
            " false."
        )
    if start == 0 and from_before:
        raise invalid("range.startIndex must be greater than 0 if inheritFromBefore is true.")
    other = tab.grid.column_count if dimension == "ROWS" else tab.grid.row_count
    book.check_cells(count * other)
    if dimension == "COLUMNS" and size + count > COLUMN_LIMIT:
        raise invalid(f"Number of columns must be at most {COLUMN_LIMIT}.")
    tab.grid.insert(dimension, start, count, start - 1 if from_before else start)
    book.restructured(tab, dimension, Inserted(start, count))


def insert_dimension(book: Workbook, request: Json, user: str) -> None:
    place = request.get("range") or {}
    tab = book.tab(place.get("sheetId") or 0)
    if place.get("endIndex") is None:
        raise invalid("range.endIndex must be specified.")
    dimension, start, end = bounded(place, tab)
    insert(book, tab, dimension, start, end, bool(request.get("inheritFromBefore")))


def delete(book: Workbook, tab: Tab, dimension: str, start: int, end: int, user: str) -> None:
    size, one = tab.size(dimension), ONE[dimension]
    if end > size:
        raise invalid(
            f"Cannot delete a {one} that doesn't exist. Tried to delete {one} index"
            f" {max(start, size)} but there are only {size} {one}s."
        )
    if end - start >= size:
        raise invalid(f"You can't delete all the {one}s on the sheet.")
    frozen = tab.frozen(dimension)
    frozen_left = frozen - max(0, min(end, frozen) - start)
    if size - (end - start) <= frozen_left:
        raise invalid(f"Sorry, it is not possible to delete all non-frozen {one}s.")
    book.check_editable(tab, across(tab, dimension, start, end), user)
    tab.grid.delete(dimension, start, end)
    if frozen:
        name = "frozenRowCount" if dimension == "ROWS" else "frozenColumnCount"
        tab.properties["gridProperties"][name] = frozen_left
    book.restructured(tab, dimension, Deleted(start, end))


def delete_dimension(book: Workbook, request: Json, user: str) -> None:
    place = request.get("range") or {}
    tab = book.tab(place.get("sheetId") or 0)
    delete(book, tab, *bounded(place, tab), user)


def move_dimension(book: Workbook, request: Json, user: str) -> None:
    source = request.get("source") or {}
    tab = book.tab(source.get("sheetId") or 0)
    dimension, start, end = bounded(source, tab)
    to, size = request.get("destinationIndex") or 0, tab.size(dimension)
    if end > size or not 0 <= to <= size:
        raise invalid(f"The move is outside the grid of {size} {ONE[dimension]}s.")
    if start <= to <= end:
        return
    book.check_editable(tab, across(tab, dimension, start, end), user)
    change = Moved(start, end, to)
    tab.grid.move(dimension, change)
    book.restructured(tab, dimension, change)


def update_dimension_properties(book: Workbook, request: Json, user: str) -> None:
    place = request.get("range") or {}
    tab = book.tab(place.get("sheetId") or 0)
    dimension, start, end = bounded(place, tab)
    mask = mask_of("", "DimensionProperties", request.get("fields"))
    given = request.get("properties") or {}
    for index in range(start, min(end, tab.size(dimension))):
        if dimension == "ROWS":
            row = tab.grid.edit(index)
            row.properties = merged(row.properties, given, mask)
        else:
            old = tab.grid.column_properties.get(index, {})
            tab.grid.column_properties[index] = merged(old, given, mask)


def auto_resize_dimensions(book: Workbook, request: Json, user: str) -> None:
    """Widths are seven pixels a character here; Google measures the fonts."""
    place = request.get("dimensions") or {}
    tab = book.tab(place.get("sheetId") or 0)
    dimension, start, end = bounded(place, tab)
    if dimension == "ROWS":
        return
    area = Area(tab.sheet_id, None, None, start, end)
    widths: dict[int, int] = {}
    for _, column, cell in tab.grid.filled(tab.box(area)):
        if isinstance(cell.value, str):
            widths[column] = max(widths.get(column, 0), len(cell.value))
    for column, width in widths.items():
        old = tab.grid.column_properties.get(column, {})
        tab.grid.column_properties[column] = {**old, "pixelSize": 7 * width + 16}
