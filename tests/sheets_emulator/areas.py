"""Rectangles of cells: GridRange and A1 notation, and how a title is quoted.

All indexes are zero-based and half open; None means unbounded on that side.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from .refusals import Json, Refusal, invalid

CELL_REFERENCE: Final = re.compile(r"[A-Za-z]{1,3}[0-9]+")
R1C1: Final = re.compile(r"[Rr][0-9]*[Cc][0-9]*")
PLAIN_TITLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
CELLS: Final = re.compile(
    r"\$?([A-Za-z]{1,3})?\$?([1-9][0-9]*)?(?:(:)\$?([A-Za-z]{1,3})?\$?([1-9][0-9]*)?)?"
)


class Box(NamedTuple):
    """A bounded rectangle, clipped to a grid."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def height(self) -> int:
        return max(self.bottom - self.top, 0)

    @property
    def width(self) -> int:
        return max(self.right - self.left, 0)

    def holds(self, row: int, column: int) -> bool:
        return self.top <= row < self.bottom and self.left <= column < self.right

    def meets(self, other: Box) -> bool:
        return (
            self.top < other.bottom
            and other.top < self.bottom
            and self.left < other.right
            and other.left < self.right
        )


@dataclass(frozen=True)
class Area:
    """A GridRange: a rectangle on one sheet, open where it is None."""

    sheet_id: int
    top: int | None = None
    bottom: int | None = None
    left: int | None = None
    right: int | None = None

    @classmethod
    def of(cls, grid_range: Json) -> Area:
        area = cls(
            grid_range.get("sheetId") or 0,
            grid_range.get("startRowIndex"),
            grid_range.get("endRowIndex"),
            grid_range.get("startColumnIndex"),
            grid_range.get("endColumnIndex"),
        )
        for name, start, end in (
            ("Row", area.top, area.bottom),
            ("Column", area.left, area.right),
        ):
            if (start or 0) < 0 or (end is not None and end < (start or 0)):
                raise invalid(f"range.end{name}Index must not be less than range.start{name}Index.")
        return area

    def stored(self) -> Json:
        """The GridRange with its sheet, as it is kept."""
        named = {
            "startRowIndex": self.top,
            "endRowIndex": self.bottom,
            "startColumnIndex": self.left,
            "endColumnIndex": self.right,
        }
        return {"sheetId": self.sheet_id} | {k: v for k, v in named.items() if v is not None}

    def box(self, rows: int, columns: int) -> Box:
        """Clipped to a grid of that size."""
        return Box(
            min(self.top or 0, rows),
            min(self.left or 0, columns),
            rows if self.bottom is None else min(self.bottom, rows),
            columns if self.right is None else min(self.right, columns),
        )


def shown(grid_range: Json) -> Json:
    """A GridRange as answers show it: the sheet with id 0 is left out."""
    return {k: v for k, v in grid_range.items() if not (k == "sheetId" and v == 0)}


def letters(column: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def column_of(text: str) -> int:
    """A → 0, AA → 26."""
    number = 0
    for letter in text.upper():
        number = number * 26 + ord(letter) - 64
    return number - 1


def quoted(title: str) -> str:
    """The title as Google writes it before `!`."""
    plain = (
        PLAIN_TITLE.fullmatch(title)
        and not CELL_REFERENCE.fullmatch(title)
        and not R1C1.fullmatch(title)
    )
    return title if plain else "'" + title.replace("'", "''") + "'"


def cell_name(row: int, column: int) -> str:
    return f"{letters(column)}{row + 1}"


def a1(title: str, area: Area) -> str:
    """`T!A1001:B` and the like: the first corner whole, the last as far as it is bounded."""
    first = cell_name(area.top or 0, area.left or 0)
    last = ("" if area.right is None else letters(area.right - 1)) + (
        "" if area.bottom is None else str(area.bottom)
    )
    if last in {first, ""}:
        return f"{quoted(title)}!{first}"
    return f"{quoted(title)}!{first}:{last}"


def a1_of_box(title: str, sheet_id: int, box: Box) -> str:
    return a1(title, Area(sheet_id, box.top, box.bottom, box.left, box.right))


def past_grid(title: str, area: Area, rows: int, columns: int) -> Refusal:
    return invalid(
        f"Range ({a1(title, area)}) exceeds grid limits. Max rows: {rows}, max columns: {columns}"
    )


def parse_cells(text: str, sheet_id: int) -> Area | None:
    """The part after `!`: A1, A1:B2, A:B, 3:5, A5:B, in any case and order. None: not such."""
    match = CELLS.fullmatch(text)
    if not match or not text:
        return None
    first_letters, first_digits, colon, last_letters, last_digits = match.groups()
    if not colon:
        if not (first_letters and first_digits):
            return None
        last_letters, last_digits = first_letters, first_digits
    elif not (first_letters or first_digits) or not (last_letters or last_digits):
        return None
    columns = [column_of(part) for part in (first_letters, last_letters) if part]
    rows = [int(part) - 1 for part in (first_digits, last_digits) if part]
    return Area(
        sheet_id,
        min(rows) if rows else None,
        max(rows) + 1 if len(rows) == 2 else None,
        min(columns) if columns else None,
        max(columns) + 1 if len(columns) == 2 else None,
    )


def split_title(text: str) -> tuple[str | None, str]:
    """('Q''1'!A1 → (Q'1, A1)), (A1 → (None, A1)), ('T' → (T, ""))."""
    if match := re.fullmatch(r"'((?:[^']|'')*)'(?:!(.*))?", text, re.DOTALL):
        return match[1].replace("''", "'"), match[2] or ""
    title, mark, cells = text.rpartition("!")
    return (title, cells) if mark else (None, text)
