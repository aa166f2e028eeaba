"""The calls below `spreadsheets.values`."""

from __future__ import annotations

from typing import Any, Final

from .areas import Area, Box, a1, a1_of_box, cell_name, letters
from .describe import formatted
from .dimensions import insert
from .evaluate import Evaluator
from .functions import Failure, plain
from .grid import Cell, Formula
from .number_formats import format_of, is_temporal
from .references import canonical
from .refusals import Json, Refusal, invalid
from .tables import table_for
from .typed import raw, user_entered
from .workbook import Tab, Workbook

RENDER: Final = ("valueRenderOption", "dateTimeRenderOption")
RESPONSE_RENDER: Final = ("responseValueRenderOption", "responseDateTimeRenderOption")


def render_options(asked: Json, names: tuple[str, str]) -> tuple[str, str]:
    return (
        asked.get(names[0]) or "FORMATTED_VALUE",
        asked.get(names[1]) or "SERIAL_NUMBER",
    )


def rendered(cell: Cell, value: Any, options: tuple[str, str]) -> Any:
    """One cell as a reader asked for it."""
    how, times = options
    if cell.value is None:
        return ""
    if how == "FORMATTED_VALUE":
        return formatted(value, cell)
    if how == "FORMULA" and isinstance(cell.value, Formula):
        return cell.value.text
    if isinstance(value, Failure):
        return value.text
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number and times == "FORMATTED_STRING" and is_temporal(format_of(cell.rest)):
        return formatted(value, cell)
    return plain(value)


def read_range(book: Workbook, text: str, major: str | None, options: tuple[str, str]) -> Json:
    """A ValueRange; trailing empty rows and columns are left out, and `values` if nothing is."""
    area = book.area_of(text)
    tab = book.tab(area.sheet_id)
    return read_box(book, tab, tab.started_inside(area), major, options)


def read_box(
    book: Workbook, tab: Tab, box: Box, major: str | None, options: tuple[str, str]
) -> Json:
    major = major if major == "COLUMNS" else "ROWS"
    body: Json = {"range": a1_of_box(tab.title, tab.sheet_id, box), "majorDimension": major}
    evaluator = Evaluator(book)
    lines: dict[int, dict[int, Any]] = {}
    for row, column, cell in tab.grid.filled(box):
        value: Any = cell.value
        if isinstance(value, Formula):
            value = evaluator.value(tab, row, column)
        value = rendered(cell, value, options)
        if value != "":
            line, place = row - box.top, column - box.left
            if major == "COLUMNS":
                line, place = place, line
            lines.setdefault(line, {})[place] = value
    if lines:
        body["values"] = [
            [lines[n].get(p, "") for p in range(max(lines[n]) + 1)] if n in lines else []
            for n in range(max(lines) + 1)
        ]
    return body


def rows_of(value_range: Json, where: str) -> list[list[Any]]:
    """The values by row, with None where the writer skips a cell."""
    lines = value_range.get("values") or []
    for number, line in enumerate(lines):
        for place, value in enumerate(line or []):
            if isinstance(value, list | dict):
                kind = "list_value" if isinstance(value, list) else "struct_value"
                raise invalid(f"Invalid {where}values[{number}][{place}]: {kind} {{}}")
    if value_range.get("majorDimension") != "COLUMNS":
        return [list(line or []) for line in lines]
    height = max((len(line or []) for line in lines), default=0)
    return [
        [line[row] if line and row < len(line) else None for line in lines] for row in range(height)
    ]


def put_values(
    book: Workbook, tab: Tab, top: int, left: int, rows: list[list[Any]], option: str
) -> int:
    """Writes and returns how many cells it wrote; None skips a cell."""
    titles = [one.title for one in book.tabs]
    written = 0
    for offset, line in enumerate(rows):
        for place, given in enumerate(line):
            if given is None:
                continue
            written += 1
            row, column = top + offset, left + place
            rest = dict(tab.grid.get(row, column).rest)
            value, number_format = (raw(given), {}) if option == "RAW" else user_entered(given)
            if isinstance(value, Formula):
                value = Formula(canonical(value.text, titles))
            current = format_of(rest)
            if number_format and not current:
                old = rest.get("userEnteredFormat", {})
                rest["userEnteredFormat"] = {**old, "numberFormat": number_format}
            if current.get("type") == "TEXT" and option != "RAW":
                value = raw(given)
            tab.grid.put(row, column, Cell(value, rest))
    return written


def input_option(given: str | None) -> str:
    if given not in {"RAW", "USER_ENTERED"}:
        raise invalid("'valueInputOption' is required but not specified")
    return given


def bounds(tab: Tab, area: Area) -> tuple[Box, str]:
    """Where a write to the range may go, and the range as sentences name it. A single cell is the
    corner of a write that may go on to the end of the grid."""
    box = tab.started_inside(area)
    if area.bottom == (area.top or 0) + 1 and area.right == (area.left or 0) + 1:
        box = Box(box.top, box.left, tab.grid.row_count, tab.grid.column_count)
    elif (area.bottom or 0) > tab.grid.row_count or (area.right or 0) > tab.grid.column_count:
        raise invalid(
            f"Range ({a1(tab.title, area)}) exceeds grid limits. Max rows:"
            f" {tab.grid.row_count}, max columns: {tab.grid.column_count}"
        )
    if area.bottom is None or area.right is None:
        return box, a1_of_box(tab.title, tab.sheet_id, box)
    return box, a1(tab.title, area)


def write_range(book: Workbook, text: str, value_range: Json, asked: Json, user: str) -> Json:
    """values.update, and one part of values.batchUpdate."""
    area = book.area_of(text)
    tab = book.tab(area.sheet_id)
    given = value_range.get("range")
    if given and book.area_of(given) != area:
        raise invalid(f"Request range[{text}] does not match value's range[{given}]")
    option = input_option(asked.get("valueInputOption"))
    rows = rows_of(value_range, asked.get("where", ""))
    box, named = bounds(tab, area)
    height, width = len(rows), max((len(row) for row in rows), default=0)
    inside = f"Requested writing within range [{named}], but tried writing to"
    if height > box.height:
        raise invalid(f"{inside} row [{box.bottom + 1}]")
    if width > box.width:
        raise invalid(f"{inside} column [{letters(box.right)}]")
    target = Box(box.top, box.left, box.top + height, box.left + width)
    book.check_editable(tab, target, user)
    written = put_values(book, tab, box.top, box.left, rows, option)
    return write_answer(book, tab, target, written, asked)


def write_answer(book: Workbook, tab: Tab, target: Box, written: int, asked: Json) -> Json:
    body: Json = {"spreadsheetId": book.spreadsheet_id}
    if target.height and target.width:
        body["updatedRange"] = a1_of_box(tab.title, tab.sheet_id, target)
        counts = (target.height, target.width, written)
        names = ("updatedRows", "updatedColumns", "updatedCells")
        body |= {name: count for name, count in zip(names, counts, strict=True) if count}
    else:
        cell = cell_name(target.top, target.left)
        body["updatedRange"] = a1(tab.title, Area(tab.sheet_id)).replace("A1", cell)
    if asked.get("includeValuesInResponse"):
        options = render_options(asked, RESPONSE_RENDER)
        body["updatedData"] = read_box(book, tab, target, "ROWS", options)
    return body


def write_ranges(book: Workbook, body: Json, user: str) -> Json:
    """values.batchUpdate, on a clone: all or nothing."""
    input_option(body.get("valueInputOption"))
    responses = []
    for number, part in enumerate(body.get("data") or []):
        asked = {**body, "where": f"data[{number}]."}
        try:
            responses.append(write_range(book, part.get("range") or "", part, asked, user))
        except Refusal as refusal:
            if refusal.message.startswith("Invalid data"):
                raise
            raise invalid(f"Invalid data[{number}]: {refusal.message}") from refusal
    answer: Json = {"spreadsheetId": book.spreadsheet_id, "responses": responses}
    for total, one in (
        ("totalUpdatedRows", "updatedRows"),
        ("totalUpdatedColumns", "updatedColumns"),
        ("totalUpdatedCells", "updatedCells"),
    ):
        if count := sum(response.get(one, 0) for response in responses):
            answer[total] = count
    sheets = {response["updatedRange"].rpartition("!")[0] for response in responses}
    if sheets:
        answer["totalUpdatedSheets"] = len(sheets)
    return answer


def append(book: Workbook, text: str, value_range: Json, asked: Json, user: str) -> Json:
    """values.append: after the table that the range finds, else at the range's first cell."""
    area = book.area_of(text)
    tab = book.tab(area.sheet_id)
    option = input_option(asked.get("valueInputOption"))
    rows = rows_of(value_range, "")
    height, width = len(rows), max((len(row) for row in rows), default=0)
    box = tab.started_inside(area)
    table = table_for(tab, box)
    top, left = (table.bottom, table.left) if table else (box.top, box.left)
    if asked.get("insertDataOption") == "INSERT_ROWS" and height and top < tab.grid.row_count:
        insert(book, tab, "ROWS", top, top + height, top > 0)
    need_rows = max(tab.grid.row_count, top + height)
    need_columns = max(tab.grid.column_count, left + width)
    book.resize(tab, need_rows, need_columns)
    target = Box(top, left, top + height, left + width)
    book.check_editable(tab, target, user)
    written = put_values(book, tab, top, left, rows, option)
    answer: Json = {"spreadsheetId": book.spreadsheet_id}
    if table:
        answer["tableRange"] = a1_of_box(tab.title, tab.sheet_id, table)
    answer["updates"] = write_answer(book, tab, target, written, asked)
    return answer


def clear(book: Workbook, text: str, user: str) -> str:
    """Empties the values, nothing else; the cleared range, clipped to the grid."""
    area = book.area_of(text)
    tab = book.tab(area.sheet_id)
    box = tab.started_inside(area)
    book.check_editable(tab, box, user)
    for row, column, cell in list(tab.grid.filled(box)):
        tab.grid.put(row, column, Cell(None, cell.rest))
    return a1_of_box(tab.title, tab.sheet_id, box)


def clear_all(book: Workbook, body: Json, user: str) -> list[str]:
    """values.batchClear, on a clone: all or nothing."""
    cleared = []
    for number, text in enumerate(body.get("ranges") or []):
        try:
            cleared.append(clear(book, text, user))
        except Refusal as refusal:
            raise invalid(f"Invalid range[{number}]: {refusal.message}") from refusal
    return cleared
