"""batchUpdate: sheets added, deleted, copied and given other properties."""

from __future__ import annotations

import copy
from typing import Any

from . import references
from .describe import sheet_properties
from .dimensions import delete
from .discovery import mask_of
from .masks import Mask, merged
from .refusals import Json, Refusal, invalid
from .workbook import Tab, Workbook

SIZES = ("rowCount", "columnCount")
FREEZES = (("frozenRowCount", "ROWS", "rows"), ("frozenColumnCount", "COLUMNS", "columns"))


def check_title(book: Workbook, title: str, besides: Tab | None = None) -> None:
    if len(title) > 100:
        raise invalid("The sheet name cannot be greater than 100 characters.")
    found = book.titled(title)
    if found is not None and found is not besides:
        raise invalid(f'A sheet with the name "{title}" already exists. Please enter another name.')


def check_id(book: Workbook, sheet_id: int) -> None:
    if sheet_id < 0:
        raise invalid("Sheet id must be non-negative.")
    if any(tab.sheet_id == sheet_id for tab in book.tabs):
        raise invalid(f"Sheet with id {sheet_id} already exists.")


def free_title(book: Workbook, base: str) -> str:
    number = len(book.tabs) + 1
    while book.titled(f"{base}{number}"):
        number += 1
    return f"{base}{number}"


def check_frozen(tab: Tab) -> None:
    for name, dimension, word in FREEZES:
        size = tab.size(dimension)
        frozen = tab.properties.get("gridProperties", {}).get(name) or 0
        if frozen < 0 or frozen >= size:
            raise invalid(f"You can't freeze all visible {word} on the sheet.")


def new_tab(book: Workbook, given: Json) -> Tab:
    """A tab of these SheetProperties at the end of the book."""
    properties = copy.deepcopy(given)
    sheet_id = properties.get("sheetId")
    if sheet_id is None:
        sheet_id = book.new_id() if book.tabs else 0
    check_id(book, sheet_id)
    title = properties.get("title") or free_title(book, "Sheet")
    check_title(book, title)
    grid = {k: v for k, v in (properties.get("gridProperties") or {}).items() if k not in SIZES}
    rows, columns = (
        (properties.get("gridProperties") or {}).get(name) or usual
        for name, usual in zip(SIZES, (1000, 26), strict=True)
    )
    book.check_cells(rows * columns)
    properties |= {"sheetId": sheet_id, "title": title, "gridProperties": grid}
    for unkept in ("index", "sheetType"):
        properties.pop(unkept, None)
    tab = Tab(properties, 0, 0)
    book.tabs.append(tab)
    book.resize(tab, rows, columns)
    check_frozen(tab)
    return tab


def add_sheet(book: Workbook, request: Json, user: str) -> Json:
    given = request.get("properties") or {}
    tab = new_tab(book, given)
    if given.get("index") is not None:
        place(book, tab, given["index"])
    return {"properties": sheet_properties(book, tab)}


def place(book: Workbook, tab: Tab, index: int) -> None:
    if not 0 <= index <= len(book.tabs):
        raise invalid(f"Invalid sheet index: {index}")
    book.tabs.remove(tab)
    book.tabs.insert(index, tab)


def sheet_of(book: Workbook, sheet_id: int) -> Tab:
    """Requests about a whole sheet have another sentence than those about its grid."""
    try:
        return book.tab(sheet_id)
    except Refusal:
        raise invalid(f"No sheet with id: {sheet_id}") from None


def delete_sheet(book: Workbook, request: Json, user: str) -> None:
    tab = sheet_of(book, request.get("sheetId") or 0)
    if not any(not other.hidden for other in book.tabs if other is not tab):
        raise invalid("You can't remove all the visible sheets in a document.")
    book.check_editable(tab, tab.grid.whole, user)
    book.forget(tab)


def duplicate_sheet(book: Workbook, request: Json, user: str) -> Json:
    source = sheet_of(book, request.get("sourceSheetId") or 0)
    sheet_id = request.get("newSheetId")
    sheet_id = book.new_id() if sheet_id is None else sheet_id
    check_id(book, sheet_id)
    title = request.get("newSheetName") or f"Copy of {source.title}"
    number = 1
    while not request.get("newSheetName") and book.titled(title):
        number += 1
        title = f"Copy of {source.title} {number}"
    check_title(book, title)
    book.check_cells(source.grid.cell_count)
    tab = source.clone()
    tab.properties |= {"sheetId": sheet_id, "title": title}
    for merge in tab.merges:
        merge["sheetId"] = sheet_id
    if tab.basic_filter:
        tab.basic_filter["range"]["sheetId"] = sheet_id
    for one in [one for one in book.protected if "range" in one]:
        if (one["range"].get("sheetId") or 0) == source.sheet_id:
            copied = copy.deepcopy(one)
            copied["range"]["sheetId"] = sheet_id
            copied["protectedRangeId"] = book.new_id()
            book.protected.append(copied)
    book.tabs.insert(min(request.get("insertSheetIndex") or 0, len(book.tabs)), tab)
    return {"properties": sheet_properties(book, tab)}


def update_sheet_properties(book: Workbook, request: Json, user: str) -> None:
    given = request.get("properties") or {}
    mask = mask_of("", "SheetProperties", request.get("fields"))
    tab = sheet_of(book, given.get("sheetId") or 0)
    whole = not mask
    if whole or "title" in mask:
        rename(book, tab, given.get("title") or "")
    if whole or "index" in mask:
        reorder(book, tab, given.get("index"))
    if whole or "gridProperties" in mask:
        resize(book, tab, given.get("gridProperties") or {}, mask.get("gridProperties", {}), user)
    plain: Mask = {k: v for k, v in mask.items() if k not in {"title", "index", "sheetId"}}
    kept = ("sheetId", "title")
    old = {k: tab.properties[k] for k in kept}
    if plain or whole:
        tab.properties = merged(tab.properties, copy.deepcopy(given), plain) | old
    grid = tab.properties.setdefault("gridProperties", {})
    for name in SIZES:
        grid.pop(name, None)
    tab.properties.pop("index", None)
    if all(one.hidden for one in book.tabs):
        raise invalid("You can't hide all the sheets in a document.")
    check_frozen(tab)


def rename(book: Workbook, tab: Tab, title: str) -> None:
    """Formulas that name the sheet follow."""
    if not title:
        raise invalid("Sheet name cannot be empty.")
    check_title(book, title, tab)
    old, tab.properties["title"] = tab.title, title
    if old != title:
        book.rewrite_formulas(lambda text, _: references.retitled(text, old, title))


def reorder(book: Workbook, tab: Tab, index: int | None) -> None:
    """`index` counts before the move: to go ahead of a sheet to the right, say its index."""
    now = book.tabs.index(tab)
    index = len(book.tabs) if index is None else index
    if not 0 <= index <= len(book.tabs):
        raise invalid(f"Invalid sheet index: {index}")
    if index not in {now, now + 1}:
        place(book, tab, index - 1 if index > now else index)


def resize(book: Workbook, tab: Tab, given: Json, mask: Mask, user: str) -> None:
    """Absolute sizes; shrinking deletes at the end, with all that follows from deleting."""
    wanted: dict[str, Any] = {}
    for name, dimension in (("rowCount", "ROWS"), ("columnCount", "COLUMNS")):
        if mask and name not in mask:
            wanted[dimension] = tab.size(dimension)
            continue
        wanted[dimension] = given.get(name) or 0
        if wanted[dimension] < tab.size(dimension):
            delete(book, tab, dimension, wanted[dimension], tab.size(dimension), user)
    book.resize(tab, wanted["ROWS"], wanted["COLUMNS"])


def update_spreadsheet_properties(book: Workbook, request: Json, user: str) -> None:
    mask = mask_of("", "SpreadsheetProperties", request.get("fields"))
    given = request.get("properties") or {}
    for name in ("title", "locale", "timeZone"):
        if name in mask and not given.get(name):
            raise invalid(f"properties.{name} must not be empty.")
    book.properties = merged(book.properties, copy.deepcopy(given), mask)
