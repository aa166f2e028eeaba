"""A user who builds around a block: random things people do in a spreadsheet, and what of it must
still be there after a refresh."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tests.sheets_emulator.areas import letters
from tests.sheets_emulator.grid import Cell, Formula
from tests.sheets_emulator.workbook import Tab, Workbook
from tests.sheets_writing import Writing

OURS = "tts"


class Block(NamedTuple):
    """Where the block is now: header row, first row below it, first column and the one behind the
    last; its tab."""

    tab: Tab
    header: int
    bottom: int
    left: int
    right: int
    top: int


def block_of(book: Workbook) -> Block:
    """As the two ranges of ours say, whatever they are called."""
    ours = [one for one in book.named if one["namedRangeId"].startswith(OURS)]
    lines, rows = sorted((one["range"] for one in ours), key=lambda r: r["startRowIndex"])
    tab = book.tab(rows["sheetId"])
    return Block(
        tab,
        rows["startRowIndex"],
        rows["endRowIndex"],
        rows["startColumnIndex"],
        rows["endColumnIndex"],
        lines["startRowIndex"],
    )


def shown(book: Workbook) -> list[list[Any]]:
    """Values of header and rows, as a reader of the named range gets them."""
    block = block_of(book)
    found = []
    for row in range(block.header, block.bottom):
        cells = [block.tab.grid.get(row, n).value for n in range(block.left, block.right)]
        found.append(cells)
    return found


def fields_of(book: Workbook) -> list[str]:
    """Which field each column of the block is for: the mark on it moves with it."""
    block = block_of(book)
    marks = {
        one["location"]["dimensionRange"]["startIndex"]: one["metadataValue"]
        for one in book.metadata
        if one["metadataKey"] == "tiktok_shop_field"
        and one["location"]["dimensionRange"]["sheetId"] == block.tab.sheet_id
    }
    return [marks[n] for n in range(block.left, block.right)]


def picture(book: Workbook, block: Block, bottom: int) -> dict[str, Any]:
    """All that is not the block's values down to `bottom`. Formats and notes inside it count, but
    for those of numbers below the header: rows that the block reaches for the first time get the
    columns'."""
    tabs = []
    for tab in book.tabs:
        cells: dict[tuple[int, int], Any] = {}
        for row, column, cell in tab.grid.filled(tab.grid.whole):
            inside = (
                tab.sheet_id == block.tab.sheet_id
                and block.top <= row < bottom
                and block.left <= column < block.right
            )
            rest = _without_number_format(cell.rest) if inside and row > block.header else cell.rest
            kept = rest if inside else (text_of(cell), rest)
            if kept:
                cells[row, column] = copy.deepcopy(kept)
        tabs.append((copy.deepcopy(tab.properties), cells, tab.merges, tab.basic_filter))
    return {
        "tabs": tabs,
        "columns": [tab.grid.column_count for tab in book.tabs],
        "names": [one for one in book.named if not one["namedRangeId"].startswith(OURS)],
        "our names": sorted(one["name"] for one in book.named),
        "guards": [one for one in book.protected if not one.get("warningOnly")],
        "notes": [one for one in book.metadata if not one["metadataKey"].startswith("tiktok")],
    }


def _without_number_format(rest: Mapping[str, Any]) -> dict[str, Any]:
    formats = {k: v for k, v in rest.get("userEnteredFormat", {}).items() if k != "numberFormat"}
    others = {k: v for k, v in rest.items() if k != "userEnteredFormat"}
    return {**others, "userEnteredFormat": formats} if formats else others


def text_of(cell: Cell) -> Any:
    return cell.value.text if isinstance(cell.value, Formula) else cell.value


class User:
    """Chooses by `chance`. Every method does one thing; `things` are those that a block
    survives."""

    def __init__(self, writing: Writing, chance: random.Random) -> None:
        self.writing = writing
        self.chance = chance
        self.typed = 0

    @property
    def book(self) -> Workbook:
        return self.writing.emulator.books[self.writing.book_id]

    @property
    def block(self) -> Block:
        return block_of(self.book)

    def do_something(self) -> str:
        thing: Callable[[], None] = self.chance.choice(
            [
                self.type_beside, self.type_beside, self.type_beside, self.type_elsewhere,
                self.dress, self.note, self.rename_tab, self.move_tab, self.add_tab,
                self.insert_above, self.insert_left, self.insert_right, self.insert_inside,
                self.delete_inside, self.freeze, self.filter, self.sort, self.swap_columns,
                self.name_something, self.rename_range, self.overwrite,
            ]
        )  # fmt: skip
        thing()
        return thing.__name__

    def do_one_of(self, *things: Callable[[], None]) -> None:
        self.chance.choice(things)()

    # --- cells ---

    def _put(self, tab: Tab, row: int, column: int, value: Any) -> None:
        if row < tab.grid.row_count and column < tab.grid.column_count:
            self.writing.typed(row, column, value, tab=tab.title)

    def _value(self) -> Any:
        self.typed += 1
        block = self.block
        row = self.chance.randrange(block.header + 1, block.bottom + 3) + 1
        place = f"{letters(block.left + 3)}{row}"
        title = block.tab.title.replace("'", "''")
        return self.chance.choice(
            [
                f"mine {self.typed}",
                self.typed,
                f"='{title}'!{place}*2",
                f"=SUM('{title}'!{place}:{letters(block.left + 3)}{row + 20})",
                f"=A{row}",
            ]
        )

    def type_beside(self) -> None:
        block = self.block
        row = self.chance.randrange(block.tab.grid.row_count)
        if block.right < block.tab.grid.column_count:
            column = self.chance.randrange(block.right, block.tab.grid.column_count)
            self._put(block.tab, row, column, self._value())

    def type_elsewhere(self) -> None:
        others = [tab for tab in self.book.tabs if tab.sheet_id != self.block.tab.sheet_id]
        if others:
            self._put(self.chance.choice(others), self.chance.randrange(9), 2, self._value())

    def overwrite(self) -> None:
        """A number of ours is typed over; it comes back."""
        block = self.block
        if block.bottom > block.header + 1:
            row = self.chance.randrange(block.header + 1, block.bottom)
            self._put(block.tab, row, block.left + 3, -1)

    def _area(self) -> dict[str, int]:
        block = self.block
        row = self.chance.randrange(block.top, block.bottom)
        width = min(block.right + 2, block.tab.grid.column_count)
        column = self.chance.randrange(block.left, width)
        return {"sheetId": block.tab.sheet_id, "startRowIndex": row, "endRowIndex": row + 1,
                "startColumnIndex": column, "endColumnIndex": column + 1}  # fmt: skip

    def dress(self) -> None:
        look = {"userEnteredFormat": {"backgroundColor": {"red": self.chance.random()}}}
        fields = "userEnteredFormat.backgroundColor"
        self._by_hand("repeatCell", range=self._area(), cell=look, fields=fields)

    def note(self) -> None:
        self.typed += 1
        cell = {"note": f"note {self.typed}"}
        self._by_hand("repeatCell", range=self._area(), cell=cell, fields="note")

    # --- tabs ---

    def _by_hand(self, kind: str, **request: Any) -> None:
        self.writing.by_hand({kind: request})

    def _properties(self, fields: str, **given: Any) -> None:
        properties = {"sheetId": self.block.tab.sheet_id, **given}
        self._by_hand("updateSheetProperties", properties=properties, fields=fields)

    def rename_tab(self) -> None:
        self.typed += 1
        self._properties("title", title=self.chance.choice(["It's {}", "Umsätze {}", "A1 {}"])
                         .format(self.typed))  # fmt: skip

    def move_tab(self) -> None:
        self._properties("index", index=self.chance.randrange(len(self.book.tabs) + 1))

    def add_tab(self) -> None:
        if len(self.book.tabs) < 5:
            size = {"rowCount": 12, "columnCount": 5}
            self._by_hand("addSheet", properties={"gridProperties": size})

    def freeze(self) -> None:
        grid = {"frozenRowCount": self.chance.randrange(4)}
        self._properties("gridProperties.frozenRowCount", gridProperties=grid)

    def filter(self) -> None:
        block = self.block
        area = {"sheetId": block.tab.sheet_id, "startRowIndex": block.header,
                "endRowIndex": block.bottom, "startColumnIndex": block.left,
                "endColumnIndex": block.right}  # fmt: skip
        self._by_hand("setBasicFilter", filter={"range": area})

    # --- rows and columns ---

    def _lines(self, dimension: str, start: int) -> dict[str, Any]:
        sheet_id = self.block.tab.sheet_id
        return {"sheetId": sheet_id, "dimension": dimension, "startIndex": start,
                "endIndex": start + 1}  # fmt: skip

    def _insert(self, dimension: str, start: int) -> None:
        size = self.block.tab.size(dimension)
        if start < size < 140:
            place = self._lines(dimension, start)
            self._by_hand("insertDimension", range=place, inheritFromBefore=False)

    def insert_above(self) -> None:
        if self.block.top < 3:
            self._insert("ROWS", self.chance.randrange(self.block.top + 1))

    def insert_left(self) -> None:
        if self.block.left < 3:
            self._insert("COLUMNS", self.chance.randrange(self.block.left + 1))

    def insert_right(self) -> None:
        if self.block.tab.grid.column_count < 16:
            self._insert("COLUMNS", self.block.right)

    def insert_inside(self) -> None:
        block = self.block
        if block.bottom > block.header + 2:
            self._insert("ROWS", self.chance.randrange(block.header + 2, block.bottom))

    def delete_inside(self) -> None:
        block = self.block
        if block.bottom > block.header + 2:
            row = self.chance.randrange(block.header + 1, block.bottom)
            self._by_hand("deleteDimension", range=self._lines("ROWS", row))

    def swap_columns(self) -> None:
        """Two columns of the block that are beside each other."""
        block = self.block
        left = self.chance.randrange(block.left, block.right - 1)
        source = self._lines("COLUMNS", left + 1)
        self._by_hand("moveDimension", source=source, destinationIndex=left)

    def sort(self) -> None:
        block = self.block
        if block.bottom > block.header + 1:
            area = {"sheetId": block.tab.sheet_id, "startRowIndex": block.header + 1,
                    "endRowIndex": block.bottom, "startColumnIndex": block.left,
                    "endColumnIndex": block.right}  # fmt: skip
            spec = {"dimensionIndex": self.chance.randrange(block.left, block.right),
                    "sortOrder": self.chance.choice(["ASCENDING", "DESCENDING"])}  # fmt: skip
            self._by_hand("sortRange", range=area, sortSpecs=[spec])

    # --- names ---

    def name_something(self) -> None:
        self.typed += 1
        named = {"name": f"mine_{self.typed}", "range": self._area()}
        self._by_hand("addNamedRange", namedRange=named)

    def rename_range(self) -> None:
        self.typed += 1
        ours = [one for one in self.book.named if one["namedRangeId"].startswith(OURS)]
        one = self.chance.choice(ours)
        named = {"namedRangeId": one["namedRangeId"], "name": f"renamed_{self.typed}"}
        self._by_hand("updateNamedRange", namedRange=named, fields="name")
