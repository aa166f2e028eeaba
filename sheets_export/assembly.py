"""The one write of a refresh, put together: as one body, or with a staging tab before it. Pure.

Up to some 3 MB the cells are in the body. Beyond that they are written into a hidden tab first, and
the write copies their values from there: who looks on sees the block as it was, and then as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from errors import BadRequest
from sheets_export import changes
from sheets_export.cells import Prepared, cell_text, may_be_formula, prepared, row_data
from sheets_export.layout import Area, Layout, status_lines
from sheets_export.sighting import Sighting, Tab
from sheets_export.table import Cell, Column, Table
from sheets_export.target import Status, Target
from sheets_export.upsert import Rows, Run, stretches

#: Google advises 2 MB a request and was seen to take 9 (2026). 40,000 cells with their names take
#: up to 3 in this form.
ONE_WRITE_BYTES: Final = 3_000_000
LARGEST_WRITE_BYTES: Final = 9_000_000
#: Below that no cell is, on the average.
_LEAST_CELL_BYTES: Final = 20


@dataclass(frozen=True)
class Moved:
    """Rows or columns came or went on the tab between a look and the write that it was for.
    `height`: of header and rows, at most, as they may stand now. `strays`: what the write has
    filled that was empty and is not the block's."""

    height: int
    strays: tuple[Area, ...] = ()


@dataclass(frozen=True)
class Wish:
    """What a refresh is to bring about. `run`: of the ledger, the same however often it is begun.
    `notes`: said after the status' message. `attempt`: how many writes were rejected before.
    `moved`: what became of the block under the write before this one."""

    target: Target
    table: Table
    status: Status
    run: str
    notes: tuple[str, ...] = ()
    attempt: int = 0
    moved: Moved | None = None


@dataclass(frozen=True)
class Staged:
    """A staging tab that holds the table's cells, row by row, its columns in this order."""

    sheet_id: int
    title: str
    field_ids: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """`body`: of the one write, after which the block is laid out as `layout` on the tab `tab`.
    None when the cells have to be staged first: `before` (requests) makes `staged`. `is_done`: this
    run has written everything already. Of a block that was there before, `names`: the ids of the
    named ranges around rows and lines, and `was_bottom`: the first row below it."""

    tab: Tab
    layout: Layout
    body: bytes | None = None
    before: tuple[dict[str, Any], ...] = ()
    staged: Staged | None = None
    is_done: bool = False
    names: tuple[str, ...] = ()
    was_bottom: int = 0


@dataclass(frozen=True)
class Draft:
    """`before` and `after`: the requests around the cells. The two last are as in the plan."""

    tab: Tab
    layout: Layout
    rows: Rows
    before: Sequence[dict[str, Any]]
    after: Sequence[dict[str, Any]]
    names: tuple[str, ...] = ()
    was_bottom: int = 0


def is_long(table: Table) -> bool:
    """Whether the cells are certainly too many for one write."""
    return table.cell_count * _LEAST_CELL_BYTES > ONE_WRITE_BYTES


def assembled(seen: Sighting, wish: Wish, draft: Draft, staged: Staged | None) -> Plan:
    """`staged`: what is there already. Raises BadRequest where it cannot be one write."""
    tab, layout = draft.tab, draft.layout
    head = [*_leftovers(seen, staged), *draft.before, _top(wish, tab, layout)]
    tail = [changes.empty(tab.sheet_id, area) for area in draft.rows.emptied]
    tail += draft.after
    if staged is None and not (draft.rows.runs and is_long(wish.table)):
        body = _body([*head, *_filled(wish.table, draft), *tail])
        if len(body) <= ONE_WRITE_BYTES:
            return _planned(draft, body)
    if staged is None or staged.field_ids != layout.field_ids:
        return _to_be_staged(seen, wish, draft)
    tail += changes.remove_staging(staged.sheet_id, staged.sheet_id)
    body = _body([*head, *_pasted(wish.table, draft, staged), *tail])
    if len(body) > LARGEST_WRITE_BYTES:
        raise BadRequest(
            "The rows that changed lie too far apart to be written in one go. Sort the table by "
            "its date, or let the export replace the table instead.",
            code="too_large",
        )
    return _planned(draft, body)


def _planned(draft: Draft, body: bytes) -> Plan:
    return Plan(draft.tab, draft.layout, body, names=draft.names, was_bottom=draft.was_bottom)


def staged_columns(table: Table, field_ids: Sequence[str]) -> list[Sequence[Cell]]:
    """What a staging tab holds, by column: everything but the texts that a paste might take for a
    formula."""
    nothing: Sequence[Cell] = [None] * table.row_count
    columns = []
    for number in by_place(field_ids, table):
        cells = nothing if number is None else table.cells[number]
        if number is not None and _is_doubtful(table, number):
            cells = [None if may_be_formula(cell) else cell for cell in cells]
        columns.append(cells)
    return columns


def by_place(field_ids: Sequence[str], table: Table) -> list[int | None]:
    """Per column of the block the table's column that it shows, None for one of old."""
    places = {column.field_id: n for n, column in enumerate(table.columns)}
    return [places.get(field_id) for field_id in field_ids]


def shown_columns(layout: Layout, table: Table) -> list[tuple[int, Column]]:
    """(place on the tab, column) of what the block shows."""
    return [
        (layout.left + place, table.columns[n])
        for place, n in enumerate(by_place(layout.field_ids, table))
        if n is not None
    ]


def _body(requests: Sequence[Any]) -> bytes:
    return orjson.dumps({"requests": requests, "includeSpreadsheetInResponse": True})


def _to_be_staged(seen: Sighting, wish: Wish, draft: Draft) -> Plan:
    sheet_id = changes.number_of("staging", wish.target.export_id, wish.attempt)
    field_ids = draft.layout.field_ids
    staged = Staged(sheet_id, f"tiktok_shop_staging_{sheet_id}", field_ids)
    rows, width = wish.table.row_count, len(field_ids)
    made = changes.add_staging(sheet_id, staged.title, rows, width)
    before = (*_leftovers(seen, None), *made)
    return Plan(draft.tab, draft.layout, before=before, staged=staged)


def _leftovers(seen: Sighting, staged: Staged | None) -> Iterator[dict[str, Any]]:
    """Staging tabs of writers that died go. Only one writer is at work in a spreadsheet."""
    for note, sheet_id in seen.stagings.items():
        if staged is None or sheet_id != staged.sheet_id:
            is_gone = seen.is_whole and sheet_id not in seen.tabs
            yield from changes.remove_staging(note, None if is_gone else sheet_id)


def _top(wish: Wish, tab: Tab, layout: Layout) -> dict[str, Any]:
    """Status, totals and header."""
    table, width = wish.table, len(layout.field_ids)
    columns = by_place(layout.field_ids, table)
    status = status_lines(wish.status, layout.pairs, width, layout.row_count, wish.notes)
    totals = [table.totals[n] if n is not None and table.totals else None for n in columns]
    header = [None if n is None else table.columns[n].header for n in columns]
    area = layout.rows(layout.top, layout.first_row)
    return changes.put(tab.sheet_id, area, [*status, totals, header])


def _filled(table: Table, draft: Draft) -> Iterator[dict[str, Any]]:
    """The rows with their cells."""
    rows, layout = draft.rows, draft.layout
    nothing: Prepared = ("%s", ["{}"] * table.row_count)
    columns: list[Prepared] = [
        nothing if n is None else prepared(table.columns[n].kind, table.cells[n])
        for n in by_place(layout.field_ids, table)
    ]
    if rows.order is not None:
        columns = [(piece, [cells[n] for n in rows.order]) for piece, cells in columns]
    for run in rows.runs:
        area = layout.rows(run.row, run.row + run.count)
        cells = orjson.Fragment(row_data(columns, run.start, run.start + run.count))
        yield changes.update(draft.tab.sheet_id, area, cells)


def _pasted(table: Table, draft: Draft, staged: Staged) -> Iterator[dict[str, Any]]:
    """The rows from the staging tab; and by themselves the texts that are not in it."""
    layout, sheet_id = draft.layout, draft.tab.sheet_id
    for run in _staged_runs(draft.rows):
        source = Area(run.start, 0, run.start + run.count, len(layout.field_ids))
        target = layout.rows(run.row, run.row + run.count)
        yield changes.paste_values((staged.sheet_id, source), (sheet_id, target))
    for place, number in enumerate(by_place(layout.field_ids, table), layout.left):
        if number is None or not _is_doubtful(table, number):
            continue
        cells = table.cells[number]
        for run in _staged_runs(draft.rows):
            there = [n for n in range(run.start, run.start + run.count) if may_be_formula(cells[n])]
            for first, behind in stretches(there):
                some = cells[there[first] : there[first] + behind - first]
                top = run.row + there[first] - run.start
                area = Area(top, place, top + len(some), place + 1)
                made = ",".join(f'{{"values":[{cell_text(cell)}]}}' for cell in some)
                yield changes.update(sheet_id, area, orjson.Fragment(f"[{made}]"))


def _staged_runs(rows: Rows) -> Iterator[Run]:
    """The runs in terms of the table's own rows, as they stand in the staging tab."""
    if rows.order is None:
        yield from rows.runs
        return
    for run in rows.runs:
        numbers = rows.order[run.start : run.start + run.count]
        for first, behind in stretches(numbers):
            yield replace(run, row=run.row + first, start=numbers[first], count=behind - first)


def _is_doubtful(table: Table, number: int) -> bool:
    is_text = table.columns[number].kind == "text"
    return is_text and any(map(may_be_formula, table.cells[number]))
