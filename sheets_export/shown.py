"""A table as a page shows it: cells as people read them. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sheets_export.asking import Answered
from sheets_export.table import Cell, Column

_EPOCH: Final = dt.datetime(1899, 12, 30, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Preview:
    days: str
    coverage: str
    notes: tuple[str, ...]
    titles: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    totals: Sequence[str]
    is_cut: bool


def preview_of(answered: Answered, zone: str) -> Preview:
    """`zone`: by whose clock instants are told."""
    table = answered.table
    return Preview(
        days=answered.range_in_words,
        coverage=answered.coverage_in_words(zone),
        notes=answered.notes,
        titles=tuple(column.header for column in table.columns),
        rows=[_row(table.columns, row) for row in zip(*table.cells, strict=True)],
        totals=_row(table.columns, table.totals) if table.totals else (),
        is_cut=answered.is_cut,
    )


def _row(columns: Sequence[Column], cells: Sequence[Cell]) -> list[str]:
    return [shown(column, cell) for column, cell in zip(columns, cells, strict=True)]


def shown(column: Column, cell: Cell) -> str:
    """A cell in the column's format, as far as that matters to a reader."""
    if cell is None or isinstance(cell, str):
        return cell or ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if column.kind in ("date", "date_time"):
        moment = _EPOCH + dt.timedelta(seconds=round(cell * 86_400))
        return f"{moment:%Y-%m-%d}" if column.kind == "date" else f"{moment:%Y-%m-%d %H:%M:%S}"
    if column.number_format.type == "PERCENT":
        return f"{100 * cell:,.2f} %"
    if column.number_format.type == "CURRENCY" or cell != round(cell):
        return f"{cell:,.2f}"
    return f"{cell:,.0f}"
