"""What an export shows: columns with their formats, and the cells under them. Pure.

A table holds no layout: where its columns stand in a spreadsheet is decided in `layout.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import orjson

from errors import BadRequest

#: Dates and instants are serial numbers: days since 1899-12-30, with parts of a day behind the
#: point, by the clock of the report's zone (Sheets API v4, "Date/time serial numbers").
Cell = str | float | bool | None

Kind = Literal["text", "number", "date", "date_time", "truth"]

#: Google refuses a longer text, and the whole request with it.
LONGEST_TEXT: Final = 50_000
CUT_MARK: Final = " … (cut)"


class NumberFormat(NamedTuple):
    """`type` and `pattern` of the Sheets API's NumberFormat."""

    type: str
    pattern: str = ""


@dataclass(frozen=True)
class Column:
    """`field_id` is stable and marks the column in the spreadsheet: the field's id, with
    `@previous_period` or `@previous_year` behind it for a column to compare with. `is_key`: a row
    is known by this column's value, together with the other keys'."""

    field_id: str
    header: str
    kind: Kind
    number_format: NumberFormat
    is_key: bool = False


@dataclass(frozen=True)
class Table:
    """`cells` by column, each as long as there are rows. `totals`: one cell per column, None where
    there is nothing to tell; () when no totals are shown. `cut_texts`: how many texts were longer
    than a cell may be.

    Raises ValueError for columns of different lengths or a field that is there twice."""

    columns: tuple[Column, ...]
    cells: tuple[Sequence[Cell], ...]
    totals: tuple[Cell, ...] = ()
    cut_texts: int = 0

    def __post_init__(self) -> None:
        ids = [column.field_id for column in self.columns]
        if len(set(ids)) != len(ids) or not ids:
            raise ValueError("a table has columns, and each once")
        if len(self.cells) != len(ids) or len({len(column) for column in self.cells}) != 1:
            raise ValueError("every column has a cell in every row")
        if self.totals and len(self.totals) != len(ids):
            raise ValueError("the totals have a cell for every column")

    @property
    def row_count(self) -> int:
        return len(self.cells[0])

    @property
    def cell_count(self) -> int:
        return self.row_count * len(self.columns)

    @property
    def key_columns(self) -> tuple[int, ...]:
        """Numbers of the columns that a row is known by."""
        return tuple(n for n, column in enumerate(self.columns) if column.is_key)

    def row_keys(self) -> list[tuple[Cell, ...]]:
        """The key of each row. BadRequest when two rows have the same, or there is none."""
        if not self.key_columns:
            raise BadRequest(
                "Rows that are updated in place need something to know them by: add a dimension, "
                "for example the date."
            )
        found = list(zip(*(self.cells[n] for n in self.key_columns), strict=True))
        if len(set(found)) != len(found):
            raise BadRequest("Two rows of the answer have the same dimensions.")
        return found

    def digest(self) -> str:
        """The same for the same columns, cells and totals, whenever they were read."""
        made = hashlib.blake2b(digest_size=16)
        made.update(orjson.dumps([self.columns, self.totals], default=list))
        for column in self.cells:
            for start in range(0, len(column), 50_000):
                made.update(orjson.dumps(column[start : start + 50_000]))
        return made.hexdigest()


def texts_cut(column: Sequence[Cell], kind: Kind) -> tuple[Sequence[Cell], int]:
    """The column with texts that fit into a cell, and how many had to be cut."""
    if kind != "text":
        return column, 0
    texts = filter(None, column)
    if max(map(len, texts), default=0) <= LONGEST_TEXT // 2:  # type: ignore[arg-type]
        return column, 0
    long = [n for n, cell in enumerate(column) if isinstance(cell, str) and too_long(cell)]
    if not long:
        return column, 0
    changed = list(column)
    for number in long:
        text = str(changed[number])
        while too_long(text + CUT_MARK):
            text = text[: LONGEST_TEXT - len(CUT_MARK) - max(0, wide(text))]
        changed[number] = text + CUT_MARK
    return changed, len(long)


def too_long(text: str) -> bool:
    return len(text) > LONGEST_TEXT // 2 and len(text) + wide(text) > LONGEST_TEXT


def wide(text: str) -> int:
    """Characters that are two in the spreadsheet's own counting (UTF-16)."""
    return 0 if text.isascii() else sum(character > "\uffff" for character in text)
