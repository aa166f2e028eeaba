"""References inside formulas: found, written as Google writes them, and moved with the cells."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from .areas import Area, column_of, letters, quoted
from .changes import Change

SHEET: Final = r"(?:(?P<sheet>'(?:[^']|'')+'|[A-Za-z_][\w.]*)!)?"
CELL: Final = r"\$?[A-Za-z]{1,3}\$?[1-9][0-9]*"
COLUMN: Final = r"\$?[A-Za-z]{1,3}"
ROW: Final = r"\$?[1-9][0-9]*"
BARE: Final = (
    rf"(?<![\w.$'!]){SHEET}(?P<first>{CELL}|{COLUMN}(?=:)|{ROW}(?=:))"
    rf"(?::(?P<last>{CELL}|{COLUMN}|{ROW}))?(?![\w.(!])"
)
REFERENCE: Final = re.compile(r'(?P<text>"(?:[^"]|"")*")|' + BARE)
CORNER: Final = re.compile(r"(\$?)([A-Za-z]{1,3})?(\$?)([1-9][0-9]*)?")

LOST: Final = "#REF!"


@dataclass(frozen=True)
class Corner:
    """One end of a reference; None where it names no row or no column."""

    row: int | None
    column: int | None
    fixed_row: bool
    fixed_column: bool

    def text(self) -> str:
        column = "" if self.column is None else "$" * self.fixed_column + letters(self.column)
        row = "" if self.row is None else "$" * self.fixed_row + str(self.row + 1)
        return column + row


@dataclass(frozen=True)
class Reference:
    """A cell or a range; `sheet` is the title it names, if it names one."""

    sheet: str | None
    first: Corner
    last: Corner

    def text(self) -> str:
        prefix = "" if self.sheet is None else quoted(self.sheet) + "!"
        first, last = self.first.text(), self.last.text()
        whole = self.first.row is None or self.first.column is None
        if not whole and (self.first.row, self.first.column) == (self.last.row, self.last.column):
            return prefix + first
        return f"{prefix}{first}:{last}"

    def area(self, sheet_id: int) -> Area:
        def end(index: int | None) -> int | None:
            return None if index is None else index + 1

        return Area(
            sheet_id, self.first.row, end(self.last.row), self.first.column, end(self.last.column)
        )

    def at(self, area: Area) -> Reference:
        """The same reference, pointing at another area."""

        def before(index: int | None) -> int | None:
            return None if index is None else index - 1

        return replace(
            self,
            first=replace(self.first, row=area.top, column=area.left),
            last=replace(self.last, row=before(area.bottom), column=before(area.right)),
        )


def corner(text: str) -> Corner:
    match = CORNER.fullmatch(text)
    assert match
    first_mark, column, second_mark, row = match.groups()
    if column is None:
        return Corner(int(row) - 1, None, bool(first_mark), False)
    return Corner(
        int(row) - 1 if row else None, column_of(column), bool(second_mark), bool(first_mark)
    )


def reference(match: re.Match[str]) -> Reference:
    sheet = match["sheet"]
    if sheet and sheet.startswith("'"):
        sheet = sheet[1:-1].replace("''", "'")
    first = corner(match["first"])
    last = corner(match["last"]) if match["last"] else first
    return Reference(sheet, *_ordered(first, last))


def _ordered(first: Corner, last: Corner) -> tuple[Corner, Corner]:
    """B3:A2 is A2:B3."""
    if first.row is not None and last.row is not None and first.row > last.row:
        first, last = (
            replace(first, row=last.row, fixed_row=last.fixed_row),
            replace(last, row=first.row, fixed_row=first.fixed_row),
        )
    if first.column is not None and last.column is not None and first.column > last.column:
        first, last = (
            replace(first, column=last.column, fixed_column=last.fixed_column),
            replace(last, column=first.column, fixed_column=first.fixed_column),
        )
    return first, last


def rewritten(formula: str, change: Callable[[Reference], Reference | None]) -> str:
    """The formula with every reference passed through `change`; None is `#REF!`."""

    def one(match: re.Match[str]) -> str:
        if match["text"] is not None:
            return match["text"]
        new = change(reference(match))
        return LOST if new is None else new.text()

    return REFERENCE.sub(one, formula)


def restructured(formula: str, here: bool, title: str, dimension: str, change: Change) -> str:
    """After rows or columns of the sheet `title` changed; `here`: the formula is on that sheet."""

    def one(found: Reference) -> Reference | None:
        meant = here if found.sheet is None else found.sheet.lower() == title.lower()
        if not meant:
            return found
        area = found.area(0)
        start, end = (area.top, area.bottom) if dimension == "ROWS" else (area.left, area.right)
        if start is None and end is None:
            return found
        span = change.span(start or 0, end)
        if span is None:
            return None
        new_start = None if start is None else span[0]
        if dimension == "ROWS":
            return found.at(replace(area, top=new_start, bottom=span[1]))
        return found.at(replace(area, left=new_start, right=span[1]))

    return rewritten(formula, one)


def carried(formula: str, rows: int, columns: int) -> str:
    """As copying does: relative references move along; what leaves the sheet is `#REF!`."""

    def one(found: Reference) -> Reference | None:
        ends = []
        for end in (found.first, found.last):
            row, column = end.row, end.column
            if row is not None and not end.fixed_row:
                row += rows
            if column is not None and not end.fixed_column:
                column += columns
            if (row or 0) < 0 or (column or 0) < 0:
                return None
            ends.append(replace(end, row=row, column=column))
        return replace(found, first=ends[0], last=ends[1])

    return rewritten(formula, one)


def retitled(formula: str, old: str, new: str | None) -> str:
    """After a sheet was renamed, or deleted (None)."""

    def one(found: Reference) -> Reference | None:
        if found.sheet is None or found.sheet.lower() != old.lower():
            return found
        return None if new is None else replace(found, sheet=new)

    return rewritten(formula, one)


def canonical(formula: str, titles: list[str]) -> str:
    """As Google stores it: capital letters, ordered corners, titles as they are spelt."""
    spelt = {title.lower(): title for title in titles}

    def one(found: Reference) -> Reference:
        if found.sheet is None:
            return found
        return replace(found, sheet=spelt.get(found.sheet.lower(), found.sheet))

    return rewritten(formula, one)
