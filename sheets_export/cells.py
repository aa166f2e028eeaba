"""Cells as the Sheets API takes them in. Pure, and made for many: texts are put together, for
objects cost five times as much (measured).

A text is always a text (`stringValue`, RAW), whatever it begins with; nothing empties its cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from json.encoder import encode_basestring as quoted
from typing import Final

import orjson

from sheets_export.table import Cell, Kind

#: What a spreadsheet might take for a formula when it is pasted, also behind spaces; the wide signs
#: are those of East Asian keyboards.
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "'", "＝", "＋", "－", "＠")

_ROWS_AT_ONCE: Final = 2_000

#: What every cell of a column looks like (%s, %r), and what goes into it, row by row.
Prepared = tuple[str, Sequence[object]]
_TEXT: Final = '{"userEnteredValue":{"stringValue":%s}}'
_NUMBER: Final = '{"userEnteredValue":{"numberValue":%r}}'


def cell_text(cell: Cell) -> str:
    """One CellData with its value alone."""
    if isinstance(cell, str):
        return _TEXT % quoted(cell) if cell else "{}"
    if cell is None:
        return "{}"
    if isinstance(cell, bool):
        return f'{{"userEnteredValue":{{"boolValue":{"true" if cell else "false"}}}}}'
    return _NUMBER % cell


def prepared(kind: Kind, column: Sequence[Cell]) -> Prepared:
    """The cells of a column, ready to be put into rows."""
    if kind == "truth" or None in column or "" in column:
        return "%s", list(map(cell_text, column))
    if kind == "text":
        return _TEXT, [quoted(cell) for cell in column]  # type: ignore[arg-type]
    return _NUMBER, column


def row_data(columns: Sequence[Prepared], start: int, end: int) -> str:
    """RowData of the rows from `start` to `end`."""
    row = f'{{"values":[{",".join(piece for piece, _ in columns)}]}}'
    parts = [islice(values, start, end) for _, values in columns]
    return f"[{','.join([row % cells for cells in zip(*parts, strict=True)])}]"


def rows_as_data(rows: Sequence[Sequence[Cell]]) -> orjson.Fragment:
    """RowData of a few rows."""
    made = [f'{{"values":[{",".join(map(cell_text, row))}]}}' for row in rows]
    return orjson.Fragment(f"[{','.join(made)}]")


def may_be_formula(cell: Cell) -> bool:
    """Whether a text must not go through the clipboard. Whether pasting values keeps a text that
    begins like a formula a text is said nowhere."""
    return isinstance(cell, str) and cell.lstrip()[:1] in _FORMULA_SIGNS and cell.strip() != ""


def value_chunks(
    columns: Sequence[Sequence[Cell]], rows: int, most_bytes: int
) -> Iterator[tuple[int, int, bytes]]:
    """(first row, row behind the last, body) of `values.update` after `values.update`, none much
    longer than `most_bytes`."""
    begun, parts, size = 0, list[bytes](), 0
    for start in range(0, rows, _ROWS_AT_ONCE):
        end = min(rows, start + _ROWS_AT_ONCE)
        some = [column[start:end] for column in columns]
        part = orjson.dumps(list(zip(*some, strict=True)))[1:-1]
        if parts and size + len(part) > most_bytes:
            yield begun, start, b'{"values":[' + b",".join(parts) + b"]}"
            begun, parts, size = start, [], 0
        parts.append(part)
        size += len(part)
    if parts:
        yield begun, rows, b'{"values":[' + b",".join(parts) + b"]}"
