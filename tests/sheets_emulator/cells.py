"""batchUpdate: cells written, repeated, appended, merged, framed, checked and sorted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import references
from .areas import Area, Box
from .describe import entered
from .discovery import mask_of
from .evaluate import Evaluator
from .grid import BLANK, Cell, Formula, Row, Value, put_in
from .masks import Mask, merged
from .refusals import Json, invalid
from .typed import bounded
from .workbook import Tab, Workbook

READ_ONLY = frozenset({"effectiveValue", "formattedValue", "effectiveFormat", "hyperlink"})
VALUE_ONLY: Mask = {"userEnteredValue": {}}


def value_of(extended: Mapping[str, Any] | None, titles: list[str]) -> Value | None:
    """An ExtendedValue's value; a string stays text whatever it begins with."""
    for name, value in (extended or {}).items():
        if value is None:
            continue
        if name == "errorValue":
            raise invalid("errorValue is read-only.")
        if name == "formulaValue":
            text = bounded(str(value))
            if not text.startswith("="):
                raise invalid(f"Invalid formula: {text}")
            return Formula(references.canonical(text, titles))
        if name == "stringValue":
            return bounded(str(value)) or None
        if name == "numberValue" and isinstance(value, str):
            raise invalid("numberValue must be finite.")
        return value  # type: ignore[no-any-return]
    return None


def with_fields(old: Cell, given: Json, mask: Mask, titles: list[str]) -> Cell:
    """`old` with the masked members taken from CellData."""
    if mask == VALUE_ONLY:
        return Cell(value_of(given.get("userEnteredValue"), titles), old.rest)
    body = merged(entered(old), given, mask)
    value = value_of(body.pop("userEnteredValue", None), titles)
    return Cell(value, {k: v for k, v in body.items() if k not in READ_ONLY and v is not None})


def update_cells(book: Workbook, request: Json, user: str) -> None:
    mask = mask_of("", "CellData", request.get("fields"))
    rows: list[Json] = request.get("rows") or []
    whole, start = request.get("range"), request.get("start")
    if whole is None and start is None:
        raise invalid("No area specified.")
    if whole is not None:
        area = Area.of(whole)
        tab = book.tab(area.sheet_id)
    else:
        assert start is not None
        top, left = start.get("rowIndex") or 0, start.get("columnIndex") or 0
        tab = book.tab(start.get("sheetId") or 0)
        area = Area(tab.sheet_id, top, None, left, None)
    box = tab.started_inside(area)
    check_fits(box, rows)
    widest = max((len(row.get("values") or []) for row in rows), default=0)
    touched = (
        box if whole is not None else Box(box.top, box.left, box.top + len(rows), box.left + widest)
    )
    book.check_editable(tab, touched, user)
    put_rows(book, tab, box, rows, mask, clears=whole is not None)


def check_fits(box: Box, rows: list[Json]) -> None:
    if len(rows) > box.height:
        raise invalid(
            f"Attempting to write row: {box.bottom}, beyond the last requested row of:"
            f" {box.bottom - 1}"
        )
    if any(len(row.get("values") or []) > box.width for row in rows):
        raise invalid(
            f"Attempting to write column: {box.right}, beyond the last requested column of:"
            f" {box.right - 1}"
        )


def put_rows(
    book: Workbook, tab: Tab, box: Box, rows: list[Json], mask: Mask, clears: bool
) -> None:
    """The rows from the box's corner. `clears`: what they do not cover of the box is cleared."""
    titles = [one.title for one in book.tabs]
    for offset in range(box.height if clears else len(rows)):
        number = box.top + offset
        cells = (rows[offset].get("values") or []) if offset < len(rows) else []
        if not cells and not tab.grid.rows[number].cells:
            continue
        row = tab.grid.edit(number)
        for place, given in enumerate(cells):
            put_one(row, box.left + place, given or {}, mask, titles)
        if clears:
            for column in [c for c in row.cells if box.left + len(cells) <= c < box.right]:
                put_one(row, column, {}, mask, titles)


def put_one(row: Row, column: int, given: Json, mask: Mask, titles: list[str]) -> None:
    old = row.cells.get(column, BLANK)
    put_in(row, column, with_fields(old, given, mask, titles))


def repeat_cell(book: Workbook, request: Json, user: str) -> None:
    """A relative formula moves along, as if it had been filled."""
    mask = mask_of("", "CellData", request.get("fields"))
    given = request.get("cell") or {}
    area = Area.of(request.get("range") or {})
    tab = book.tab(area.sheet_id)
    box = tab.started_inside(area)
    book.check_editable(tab, box, user)
    titles = [one.title for one in book.tabs]
    formula = (given.get("userEnteredValue") or {}).get("formulaValue")
    clears = not merged({}, given, mask)
    #: Rows that were one and the same stay one and the same: {id of the old: (old, new)}.
    same: dict[int, tuple[Row, Row]] = {}
    for number in range(box.top, box.bottom):
        old = tab.grid.rows[number]
        if id(old) in same and not formula:
            tab.grid.rows[number] = same[id(old)][1]
            continue
        row = old.copied(None)
        columns = range(box.left, box.right)
        made: dict[int, Cell] = {}
        for column in [c for c in row.cells if c in columns] if clears else columns:
            cell = given
            before = row.cells.get(column, BLANK)
            if formula:
                moved = references.carried(formula, number - box.top, column - box.left)
                cell = {**given, "userEnteredValue": {"formulaValue": moved}}
            elif id(before) in made:
                put_in(row, column, made[id(before)])
                continue
            made[id(before)] = with_fields(before, cell, mask, titles)
            put_in(row, column, made[id(before)])
        same[id(old)] = (old, row)
        tab.grid.rows[number] = row


def append_cells(book: Workbook, request: Json, user: str) -> None:
    """After the last row with data, from the first column; the grid grows downwards."""
    mask = mask_of("", "CellData", request.get("fields"))
    rows: list[Json] = request.get("rows") or []
    tab = book.tab(request.get("sheetId") or 0)
    top = tab.grid.last_row_with_data()
    book.resize(tab, max(tab.grid.row_count, top + len(rows)), tab.grid.column_count)
    box = Box(top, 0, tab.grid.row_count, tab.grid.column_count)
    check_fits(box, rows)
    widest = max((len(row.get("values") or []) for row in rows), default=0)
    book.check_editable(tab, Box(top, 0, top + len(rows), widest), user)
    put_rows(book, tab, box, rows, mask, clears=False)


def merge_cells(book: Workbook, request: Json, user: str) -> None:
    area = Area.of(request.get("range") or {})
    tab = book.tab(area.sheet_id)
    box = tab.started_inside(area)
    kind = request.get("mergeType") or "MERGE_ALL"
    parts = [box]
    if kind == "MERGE_ROWS":
        parts = [Box(r, box.left, r + 1, box.right) for r in range(box.top, box.bottom)]
    elif kind == "MERGE_COLUMNS":
        parts = [Box(box.top, c, box.bottom, c + 1) for c in range(box.left, box.right)]
    for merge in tab.merges:
        other = tab.box(Area.of(merge))
        if other.meets(box) and not (
            box.holds(other.top, other.left) and box.holds(other.bottom - 1, other.right - 1)
        ):
            raise invalid("You must select all cells in a merged range to merge or unmerge them.")
    unmerge(tab, box)
    for part in parts:
        if part.height * part.width < 2:
            continue
        tab.merges.append(Area(tab.sheet_id, part.top, part.bottom, part.left, part.right).stored())
        for row, column, cell in list(tab.grid.filled(part)):
            if (row, column) != (part.top, part.left):
                tab.grid.put(row, column, Cell(None, cell.rest))


def unmerge(tab: Tab, box: Box) -> None:
    tab.merges = [merge for merge in tab.merges if not tab.box(Area.of(merge)).meets(box)]


def unmerge_cells(book: Workbook, request: Json, user: str) -> None:
    area = Area.of(request.get("range") or {})
    tab = book.tab(area.sheet_id)
    unmerge(tab, tab.started_inside(area))


def set_data_validation(book: Workbook, request: Json, user: str) -> None:
    """Without a rule the validation is cleared."""
    cell = {"dataValidation": request["rule"]} if request.get("rule") else {}
    repeat_cell(
        book, {"range": request.get("range"), "cell": cell, "fields": "dataValidation"}, user
    )


def update_borders(book: Workbook, request: Json, user: str) -> None:
    area = Area.of(request.get("range") or {})
    tab = book.tab(area.sheet_id)
    box = tab.started_inside(area)
    for row in range(box.top, box.bottom):
        for column in range(box.left, box.right):
            sides = {
                "top": "top" if row == box.top else "innerHorizontal",
                "bottom": "bottom" if row == box.bottom - 1 else "innerHorizontal",
                "left": "left" if column == box.left else "innerVertical",
                "right": "right" if column == box.right - 1 else "innerVertical",
            }
            for side, name in sides.items():
                if request.get(name) is not None:
                    _frame(tab, row, column, side, request[name])


def _frame(tab: Tab, row: int, column: int, side: str, border: Json) -> None:
    cell = tab.grid.get(row, column)
    given = {} if border.get("style") in {None, "NONE"} else border
    source: Json = {"userEnteredFormat": {"borders": {side: given}}}
    mask: Mask = {"userEnteredFormat": {"borders": {side: {}}}}
    rest = merged(dict(cell.rest), source if given else {}, mask)
    tab.grid.put(row, column, Cell(cell.value, rest))


def sort_range(book: Workbook, request: Json, user: str) -> None:
    """By the columns of the specs: numbers, text, truth values; blanks last whatever the order."""
    area = Area.of(request.get("range") or {})
    tab = book.tab(area.sheet_id)
    box = tab.started_inside(area)
    book.check_editable(tab, box, user)
    evaluator = Evaluator(book)
    order = list(range(box.top, box.bottom))
    for spec in reversed(request.get("sortSpecs") or []):
        column = spec.get("dimensionIndex") or 0
        if not box.left <= column < box.right:
            raise invalid("The sort column must be inside the range.")
        values = {row: evaluator.value(tab, row, column) for row in order}
        filled = [row for row in order if values[row] is not None]
        blank = [row for row in order if values[row] is None]
        filled.sort(
            key=lambda row: _rank(values[row]), reverse=spec.get("sortOrder") == "DESCENDING"
        )
        order = filled + blank
    columns = range(box.left, box.right)
    old = {row: {c: tab.grid.get(row, c) for c in columns} for row in order}
    for row, source in zip(range(box.top, box.bottom), order, strict=True):
        for column in columns:
            tab.grid.put(row, column, _carried(old[source][column], row - source))


def _rank(value: Any) -> tuple[int, Any]:
    if isinstance(value, bool):
        return 2, value
    if isinstance(value, int | float):
        return 0, value
    return 1, str(getattr(value, "text", value)).lower()


def _carried(cell: Cell, rows: int) -> Cell:
    if isinstance(cell.value, Formula):
        return Cell(Formula(references.carried(cell.value.text, rows, 0)), cell.rest)
    return cell
