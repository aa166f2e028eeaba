"""Where the parts of a block stand: lines of the status, totals, header, rows. Pure.

Rows and columns are counted from 0; an area's bottom and right are the first outside of it. The
height above the header never changes once the block is made, so that whoever points at a cell of it
goes on pointing at the same thing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, Self

from sheets_export.formats import INSTANT, WHOLE_NUMBER
from sheets_export.grid import instant
from sheets_export.table import Cell, NumberFormat
from sheets_export.target import Status

#: Labels of the status, several to a line; the last ones have lines of their own.
_PAIRED: Final = (
    "Export", "State", "Last success", "Last attempt", "Next run", "Time zone", "Date range",
    "Data covered", "Rows", "Shops", "Cut short",
)  # fmt: skip
FIRST_LABEL: Final = _PAIRED[0]
_SINGLE: Final = ("Message", "Refresh")
_FORMATS: Final[dict[str, NumberFormat]] = {
    **dict.fromkeys(("Last success", "Last attempt", "Next run"), INSTANT),
    "Rows": WHOLE_NUMBER,
}
_MOST_PAIRS: Final = 4
#: A value stands beside its label, also in a table of one column.
_LEAST_WIDTH: Final = 2
#: A column of ours that shows nothing.
FILLER: Final = "-"


class Area(NamedTuple):
    """A rectangle of cells on one tab."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def is_empty(self) -> bool:
        return self.top >= self.bottom or self.left >= self.right

    def holds(self, other: Area) -> bool:
        return (
            self.top <= other.top
            and self.left <= other.left
            and other.bottom <= self.bottom
            and other.right <= self.right
        )

    def clipped(self, rows: int, columns: int) -> Area:
        """What of it is on a grid of that size."""
        return Area(self.top, self.left, min(self.bottom, rows), min(self.right, columns))

    def without(self, other: Area) -> list[Area]:
        """What of it lies outside of the other area, in rectangles."""
        top, bottom = max(self.top, other.top), min(self.bottom, other.bottom)
        if top >= bottom:
            return [self]
        parts = (
            self._replace(bottom=top),
            self._replace(top=bottom),
            Area(top, self.left, bottom, min(self.right, other.left)),
            Area(top, max(self.left, other.right), bottom, self.right),
        )
        return [part for part in parts if not part.is_empty]

    def on(self, sheet_id: int) -> dict[str, Any]:
        """As a GridRange of the Sheets API."""
        return {
            "sheetId": sheet_id,
            "startRowIndex": self.top,
            "endRowIndex": self.bottom,
            "startColumnIndex": self.left,
            "endColumnIndex": self.right,
        }

    def a1(self, title: str) -> str:
        """In A1 notation, on the tab of that title."""
        first = f"{letters(self.left)}{self.top + 1}"
        quoted = title.replace("'", "''")
        return f"'{quoted}'!{first}:{letters(self.right - 1)}{self.bottom}"


@dataclass(frozen=True)
class Layout:
    """`bottom`: the first row below the block. `field_ids`: of the columns from `left` on, in the
    spreadsheet's order; some of them may no longer be shown."""

    top: int
    left: int
    bottom: int
    pairs: int
    field_ids: tuple[str, ...]

    @classmethod
    def new(cls, row: int, column: int, field_ids: Sequence[str]) -> Self:
        """An empty block."""
        filled = (*field_ids, *[FILLER] * (_LEAST_WIDTH - len(field_ids)))
        made = cls(row, column, row, min(_MOST_PAIRS, len(filled) // 2), filled)
        return replace(made, bottom=made.first_row)

    @property
    def right(self) -> int:
        return self.left + len(self.field_ids)

    @property
    def totals_row(self) -> int:
        return self.top + status_height(self.pairs)

    @property
    def header_row(self) -> int:
        return self.totals_row + 1

    @property
    def first_row(self) -> int:
        return self.header_row + 1

    @property
    def row_count(self) -> int:
        return self.bottom - self.first_row

    @property
    def lines(self) -> Area:
        """Status and totals."""
        return Area(self.top, self.left, self.header_row, self.right)

    @property
    def named(self) -> Area:
        """Header and rows: what the named range is around."""
        return Area(self.header_row, self.left, self.bottom, self.right)

    @property
    def whole(self) -> Area:
        return Area(self.top, self.left, self.bottom, self.right)

    def rows(self, top: int, bottom: int) -> Area:
        """All our columns of these rows."""
        return Area(top, self.left, bottom, self.right)


def status_height(pairs: int) -> int:
    """How many lines the status takes."""
    return -(-len(_PAIRED) // pairs) + len(_SINGLE)


def places(pairs: int) -> Iterator[tuple[str, int, int]]:
    """(label, its line, its column), both from 0; the value stands in the next column."""
    for number, label in enumerate(_PAIRED):
        yield label, number // pairs, number % pairs * 2
    lines = -(-len(_PAIRED) // pairs)
    for number, label in enumerate(_SINGLE):
        yield label, lines + number, 0


def status_lines(
    status: Status, pairs: int, width: int, rows: int, notes: Sequence[str]
) -> list[list[Cell]]:
    """The cells of the status, `width` to a line. `notes` are said after the message."""
    known: dict[str, Cell] = {
        "Export": status.export,
        "State": status.state,
        "Last success": _shown(status.last_success, status.zone),
        "Last attempt": _shown(status.last_attempt, status.zone),
        "Next run": _shown(status.next_run, status.zone),
        "Time zone": status.zone,
        "Date range": status.range_used,
        "Data covered": status.coverage,
        "Rows": rows,
        "Shops": status.shops,
        "Cut short": status.truncated or "no",
        "Message": " ".join([status.message, *notes]).strip(),
        "Refresh": status.refresh_link,
    }
    # A block that has lost columns is too narrow for some of it.
    most = max(width, pairs * 2)
    lines: list[list[Cell]] = [[None] * most for _ in range(status_height(pairs))]
    for label, line, column in places(pairs):
        value = known[label]
        lines[line][column : column + 2] = label, None if value == "" else value
    return [line[:width] for line in lines]


def status_formats(pairs: int) -> Iterator[tuple[int, int, NumberFormat]]:
    """(line, column, format) of the values that are no text."""
    for label, line, column in places(pairs):
        if label in _FORMATS:
            yield line, column + 1, _FORMATS[label]


def letters(column: int) -> str:
    """0 → A, 25 → Z, 26 → AA."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _shown(seconds: float | None, zone: str) -> float | None:
    return None if seconds is None else instant(seconds, zone)
