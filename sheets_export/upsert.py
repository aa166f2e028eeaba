"""Which row of a table goes into which row of the block, by mode. Pure.

*replace*: the table from the first row on, and what was below it is emptied. *upsert*: a row whose
key is there already keeps its place, others follow at the end; a row of the window that the answer
no longer has keeps its key and loses its numbers, for a place is never taken away. *append*: all
rows at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sheets_export.layout import Area, Layout
from sheets_export.table import Cell, Table


@dataclass(frozen=True)
class Run:
    """`count` rows of the order, from place `start` on, go into the tab from row `row` on."""

    row: int
    start: int
    count: int


@dataclass(frozen=True)
class Rows:
    """`order`: the table's rows as they are written; None: as they are. `emptied`: areas whose
    values go. `bottom`: the first row below the block afterwards."""

    runs: tuple[Run, ...]
    order: list[int] | None
    emptied: tuple[Area, ...]
    bottom: int


def replaced(table: Table, layout: Layout, old_bottom: int) -> Rows:
    end = layout.first_row + table.row_count
    runs = (Run(layout.first_row, 0, table.row_count),) if table.row_count else ()
    tail = (layout.rows(end, old_bottom),) if end < old_bottom else ()
    return Rows(runs, None, tail, end)


def appended(table: Table, layout: Layout) -> Rows:
    runs = (Run(layout.bottom, 0, table.row_count),) if table.row_count else ()
    return Rows(runs, None, (), layout.bottom + table.row_count)


def upserted(
    table: Table,
    layout: Layout,
    keys: Sequence[Sequence[Cell]],
    window: tuple[int, int] | None,
) -> Rows:
    """`keys`: per key column, in the table's order, what stands in the block's rows. `window`: the
    first and the last day that were asked for. Raises BadRequest like `Table.row_keys`."""
    wanted = [_comparable(key) for key in table.row_keys()]
    nameless = {key for key in wanted if all(cell is None for cell in key)}
    there: dict[tuple[Cell, ...], int] = {}
    for number, key in enumerate(zip(*keys, strict=True)):
        # Where nothing stands, the row without any name may go: else it came again each time.
        if any(cell is not None for cell in key) or key in nameless:
            there.setdefault(_comparable(key), layout.first_row + number)
    end = layout.bottom
    targets = []
    for key in wanted:
        row = there.get(key)
        if row is None:
            row = there[key] = end
            end += 1
        targets.append(row)
    order = sorted(range(len(targets)), key=targets.__getitem__)
    rows = [targets[n] for n in order]
    runs = tuple(Run(rows[start], start, behind - start) for start, behind in stretches(rows))
    gone = _gone(table, there, set(wanted), window)
    return Rows(runs, order, tuple(_numbers(table, layout, gone)), end)


def _gone(
    table: Table,
    there: dict[tuple[Cell, ...], int],
    wanted: set[tuple[Cell, ...]],
    window: tuple[int, int] | None,
) -> list[int]:
    """Rows of the window that the answer no longer has."""
    dates = [n for n, key in enumerate(table.key_columns) if table.columns[key].kind == "date"]
    if window is None or not dates:
        return []
    first, last = window
    return sorted(
        row
        for key, row in there.items()
        if key not in wanted
        and isinstance(day := key[dates[0]], int | float)
        and first <= day <= last
    )


def _numbers(table: Table, layout: Layout, gone: Sequence[int]) -> list[Area]:
    """The columns that are no key, of these rows; as few areas as may be."""
    keys = {table.columns[n].field_id for n in table.key_columns}
    places = [n for n, field in enumerate(layout.field_ids, layout.left) if field not in keys]
    return [
        Area(gone[top], places[left], gone[bottom - 1] + 1, places[right - 1] + 1)
        for top, bottom in stretches(gone)
        for left, right in stretches(places)
    ]


def stretches(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(first place, place behind the last) of each part whose numbers follow one another."""
    start = 0
    for place in range(1, len(numbers) + 1):
        if place == len(numbers) or numbers[place] != numbers[place - 1] + 1:
            yield start, place
            start = place


def _comparable(key: Sequence[Cell]) -> tuple[Cell, ...]:
    """Sheets keeps numbers as doubles; parts of a second come back rounded."""
    return tuple(
        round(cell, 6) if isinstance(cell, int | float) and not isinstance(cell, bool) else cell
        for cell in key
    )
