"""The cells of one sheet. A grid is cloned in one go and rows are copied when they are written, so
that a batch can work on a copy and be thrown away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from .areas import Box
from .changes import Moved
from .refusals import Json


@dataclass(frozen=True, slots=True)
class Formula:
    """The text, with its equals sign."""

    text: str


Value = float | str | bool | Formula

NOTHING: Final[Mapping[str, Any]] = {}


class Cell(NamedTuple):
    """What was entered, and the other members of CellData that were written; never altered."""

    value: Value | None
    rest: Mapping[str, Any] = NOTHING


BLANK: Final = Cell(None)


class Row:
    """`owner` is the grid's mark: a row of another mark is copied before it is written."""

    __slots__ = ("cells", "has_formulas", "owner", "properties")

    def __init__(self, owner: object) -> None:
        self.cells: dict[int, Cell] = {}
        self.owner = owner
        self.has_formulas = False
        self.properties: Json = {}

    def copied(self, owner: object) -> Row:
        row = Row(owner)
        row.cells = dict(self.cells)
        row.has_formulas = self.has_formulas
        row.properties = dict(self.properties)
        return row


UNTOUCHED: Final = Row(None)


class Grid:
    """Rows are dense, cells are sparse."""

    def __init__(self, rows: int, columns: int) -> None:
        self._mark = object()
        self.rows: list[Row] = [UNTOUCHED] * rows
        self.column_count = columns
        self.column_properties: dict[int, Json] = {}

    @property
    def row_count(self) -> int:
        return len(self.rows)

    @property
    def cell_count(self) -> int:
        return self.row_count * self.column_count

    @property
    def whole(self) -> Box:
        return Box(0, 0, self.row_count, self.column_count)

    def clone(self) -> Grid:
        copy = Grid(0, self.column_count)
        copy.rows = list(self.rows)
        copy.column_properties = {k: dict(v) for k, v in self.column_properties.items()}
        self._mark = object()
        return copy

    def get(self, row: int, column: int) -> Cell:
        if row >= len(self.rows):
            return BLANK
        return self.rows[row].cells.get(column, BLANK)

    def edit(self, row: int) -> Row:
        found = self.rows[row]
        if found.owner is not self._mark:
            found = self.rows[row] = found.copied(self._mark)
        return found

    def put(self, row: int, column: int, cell: Cell) -> None:
        put_in(self.edit(row), column, cell)

    def filled(self, box: Box) -> Iterator[tuple[int, int, Cell]]:
        """Every kept cell in the box, by row and column."""
        for row in range(box.top, box.bottom):
            cells = self.rows[row].cells
            if cells:
                for column in sorted(cells):
                    if box.left <= column < box.right:
                        yield row, column, cells[column]

    def last_row_with_data(self) -> int:
        """One past the last row that has a value; 0 if none."""
        for row in range(self.row_count, 0, -1):
            if any(cell.value is not None for cell in self.rows[row - 1].cells.values()):
                return row
        return 0

    # --- rows and columns ---

    def insert(self, dimension: str, at: int, count: int, model: int | None) -> None:
        """`model`: the old row or column whose formats and size the new ones take."""
        if dimension == "ROWS":
            new = UNTOUCHED if model is None else self._formats_of(self.rows[model])
            self.rows[at:at] = [new] * count
            return
        for number, row in enumerate(self.rows):
            if not row.cells:
                continue
            moved = {c + count if c >= at else c: cell for c, cell in row.cells.items()}
            taken = None if model is None else _format_only(row.cells.get(model, BLANK))
            if taken:
                moved |= {at + i: taken for i in range(count)}
            self.edit(number).cells = moved
        sizes = self.column_properties
        self.column_properties = {c + count if c >= at else c: p for c, p in sizes.items()}
        if model is not None and model in sizes:
            self.column_properties |= {at + i: dict(sizes[model]) for i in range(count)}
        self.column_count += count

    def delete(self, dimension: str, start: int, end: int) -> None:
        if dimension == "ROWS":
            del self.rows[start:end]
            return
        self._reorder_columns([c for c in range(self.column_count) if not start <= c < end])

    def move(self, dimension: str, change: Moved) -> None:
        if dimension == "ROWS":
            self.rows = [self.rows[i] for i in change.order(self.row_count)]
        else:
            self._reorder_columns(change.order(self.column_count))

    def _reorder_columns(self, kept: list[int]) -> None:
        place = {old: new for new, old in enumerate(kept)}
        for number, row in enumerate(self.rows):
            if row.cells:
                self.edit(number).cells = {
                    place[c]: cell for c, cell in row.cells.items() if c in place
                }
        self.column_properties = {
            place[c]: p for c, p in self.column_properties.items() if c in place
        }
        self.column_count = len(kept)

    def resize(self, rows: int, columns: int) -> None:
        """Grow with blanks, or cut off at the end."""
        if rows < self.row_count:
            self.delete("ROWS", rows, self.row_count)
        self.rows += [UNTOUCHED] * (rows - self.row_count)
        if columns < self.column_count:
            self.delete("COLUMNS", columns, self.column_count)
        self.column_count = columns

    def _formats_of(self, model: Row) -> Row:
        row = Row(None)
        row.properties = dict(model.properties)
        for column, cell in model.cells.items():
            if taken := _format_only(cell):
                row.cells[column] = taken
        return row


def _format_only(cell: Cell) -> Cell | None:
    entered = cell.rest.get("userEnteredFormat")
    return Cell(None, {"userEnteredFormat": entered}) if entered else None


def put_in(row: Row, column: int, cell: Cell) -> None:
    """Into a row that `Grid.edit` gave."""
    if cell.value is None and not cell.rest:
        row.cells.pop(column, None)
        return
    row.cells[column] = cell
    if isinstance(cell.value, Formula):
        row.has_formulas = True
