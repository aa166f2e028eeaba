"""batchUpdate: copyPaste, cutPaste and pasteData."""

from __future__ import annotations

import csv
from dataclasses import replace

from . import references
from .areas import Area, Box, past_grid
from .evaluate import Evaluator
from .functions import Failure, Result, plain
from .grid import Cell, Formula, Value
from .refusals import Json, invalid
from .values import put_values
from .workbook import Tab, Workbook

FORMATS = ("userEnteredFormat", "textFormatRuns")

#: What each kind of paste takes: value, formula as formula, formats, the rest (notes, validation).
KINDS = {
    "PASTE_NORMAL": (True, True, True, True),
    "PASTE_NO_BORDERS": (True, True, True, True),
    "PASTE_VALUES": (True, False, False, False),
    "PASTE_FORMULA": (True, True, False, False),
    "PASTE_FORMAT": (False, False, True, False),
    "PASTE_DATA_VALIDATION": (False, False, False, False),
}


def copy_paste(book: Workbook, request: Json, user: str) -> None:
    """The source fills the destination as often as it fits; a smaller destination takes it once."""
    source_area = Area.of(request.get("source") or {})
    target_area = Area.of(request.get("destination") or {})
    source_tab, tab = book.tab(source_area.sheet_id), book.tab(target_area.sheet_id)
    source = source_tab.started_inside(source_area)
    target = tab.started_inside(target_area)
    turned = request.get("pasteOrientation") == "TRANSPOSE"
    height, width = source.height, source.width
    if turned:
        height, width = width, height
    down = max(target.height // height, 1) if height else 0
    aside = max(target.width // width, 1) if width else 0
    into = Box(target.top, target.left, target.top + height * down, target.left + width * aside)
    check_inside(tab, into)
    book.check_editable(tab, into, user)
    kind = request.get("pasteType") or "PASTE_NORMAL"
    evaluator = Evaluator(book)
    taken: dict[tuple[int, int], tuple[Cell, Value | None]] = {}
    for row in range(source.top, source.bottom):
        for column in range(source.left, source.right):
            cell = source_tab.grid.get(row, column)
            kept = shown_value(evaluator.value(source_tab, row, column))
            taken[row - source.top, column - source.left] = cell, kept
    for row in range(into.top, into.bottom):
        for column in range(into.left, into.right):
            place = ((row - into.top) % height, (column - into.left) % width)
            if turned:
                place = (place[1], place[0])
            cell, value = taken[place]
            shift = (row - source.top - place[0], column - source.left - place[1])
            old = tab.grid.get(row, column)
            tab.grid.put(row, column, pasted(old, cell, value, kind, shift))


def shown_value(result: Result) -> Value | None:
    """What is left of a formula when only its value is pasted."""
    return result.text if isinstance(result, Failure) else plain(result)


def pasted(old: Cell, new: Cell, value: Value | None, kind: str, shift: tuple[int, int]) -> Cell:
    if kind not in KINDS:
        raise invalid(f"Unsupported paste type: {kind}")
    values, formulas, formats, others = KINDS[kind]
    result = old.value
    if values:
        result = new.value if formulas else value
        if isinstance(result, Formula):
            result = Formula(references.carried(result.text, *shift))
    rest = dict(old.rest)
    names = {*old.rest, *new.rest}
    if kind == "PASTE_DATA_VALIDATION":
        names = {"dataValidation"}
    else:
        names = {name for name in names if (formats if name in FORMATS else others)}
    for name in names:
        if name in new.rest:
            rest[name] = new.rest[name]
        else:
            rest.pop(name, None)
    if kind == "PASTE_NO_BORDERS" and "userEnteredFormat" in rest:
        look = rest["userEnteredFormat"]
        rest["userEnteredFormat"] = {k: v for k, v in look.items() if k != "borders"}
    return Cell(result, rest)


def check_inside(tab: Tab, into: Box) -> None:
    rows, columns = tab.grid.row_count, tab.grid.column_count
    if into.bottom > rows or into.right > columns:
        area = Area(tab.sheet_id, into.top, into.bottom, into.left, into.right)
        raise past_grid(tab.title, area, rows, columns)


def cut_paste(book: Workbook, request: Json, user: str) -> None:
    """The cells move, and what points at all of them goes along."""
    area = Area.of(request.get("source") or {})
    to = request.get("destination") or {}
    source_tab, tab = book.tab(area.sheet_id), book.tab(to.get("sheetId") or 0)
    source = source_tab.started_inside(area)
    down = (to.get("rowIndex") or 0) - source.top
    aside = (to.get("columnIndex") or 0) - source.left
    into = Box(source.top + down, source.left + aside, source.bottom + down, source.right + aside)
    check_inside(tab, into)
    book.check_editable(source_tab, source, user)
    book.check_editable(tab, into, user)
    kind = request.get("pasteType") or "PASTE_NORMAL"
    evaluator = Evaluator(book)
    cut: dict[tuple[int, int], tuple[Cell, Value | None]] = {}
    for row in range(source.top, source.bottom):
        for column in range(source.left, source.right):
            kept = shown_value(evaluator.value(source_tab, row, column))
            cut[row, column] = source_tab.grid.get(row, column), kept
            source_tab.grid.put(row, column, Cell(None))
    for (row, column), (cell, value) in cut.items():
        old = tab.grid.get(row + down, column + aside)
        tab.grid.put(row + down, column + aside, pasted(old, cell, value, kind, (0, 0)))
    _follow(book, source_tab, source, tab, (down, aside))


def _follow(book: Workbook, source_tab: Tab, source: Box, tab: Tab, by: tuple[int, int]) -> None:
    def moved(area: Area) -> Area | None:
        box = source_tab.box(area)
        if None in (area.top, area.bottom, area.left, area.right):
            return None
        if not (source.holds(box.top, box.left) and source.holds(box.bottom - 1, box.right - 1)):
            return None
        down, aside = by
        return Area(
            tab.sheet_id, box.top + down, box.bottom + down, box.left + aside, box.right + aside
        )

    for one in [*book.named, *book.protected]:
        if "range" in one and (one["range"].get("sheetId") or 0) == source_tab.sheet_id:
            area = moved(Area.of(one["range"]))
            if area:
                one["range"] = area.stored()

    def change(text: str, owner: Tab) -> str:
        def one(found: references.Reference) -> references.Reference:
            named = owner if found.sheet is None else book.titled(found.sheet)
            area = moved(found.area(0)) if named is source_tab else None
            if area is None:
                return found
            sheet = found.sheet if tab is source_tab else tab.title
            return replace(found.at(area), sheet=sheet)

        return references.rewritten(text, one)

    book.rewrite_formulas(change)


def paste_data(book: Workbook, request: Json, user: str) -> None:
    """Text split by a delimiter and read as typing."""
    to = request.get("coordinate") or {}
    tab = book.tab(to.get("sheetId") or 0)
    delimiter = request.get("delimiter")
    if not delimiter or len(delimiter) != 1:
        raise invalid("Must specify a delimiter or html.")
    lines = (request.get("data") or "").splitlines()
    rows = [list(line) for line in csv.reader(lines, delimiter=delimiter)]
    top, left = to.get("rowIndex") or 0, to.get("columnIndex") or 0
    width = max((len(row) for row in rows), default=0)
    into = Box(top, left, top + len(rows), left + width)
    check_inside(tab, into)
    book.check_editable(tab, into, user)
    put_values(book, tab, top, left, [list(row) for row in rows], "USER_ENTERED")
