"""What is looked at before anything is written: room for the block, and Google's limits. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from errors import BadRequest, Refused
from sheets_export.assembly import Wish, is_long
from sheets_export.found import Found, lost_header
from sheets_export.layout import FIRST_LABEL, Area, Layout, letters
from sheets_export.sighting import NeedsWhole, Sighting, Tab
from sheets_export.target import Mode

#: Of a spreadsheet, blank ones included; of a tab.
MOST_CELLS: Final = 10_000_000
MOST_COLUMNS: Final = 18_278


def refuse_filled(tab: Tab, area: Area) -> None:
    """Raises Refused when something of the user's stands where the block has to grow."""
    filled = tab.first_filled(area)
    if filled is not None:
        cell = f"{letters(filled[1])}{filled[0] + 1}"
        raise Refused(
            f"Cell {cell} of the tab “{tab.title}” is in the way: the table needs the cells from "
            f"{letters(area.left)}{area.top + 1} to {letters(area.right - 1)}{area.bottom}. Move "
            "what stands there to the right of the table or to another tab, then refresh again."
        )


def refuse_other_header(tab: Tab, layout: Layout, wish: Wish) -> None:
    """Raises Refused when the row that is taken for the header, for want of a name, is another."""
    headers = {column.field_id: column.header for column in wish.table.columns}
    (row,) = tab.cells(layout.rows(layout.header_row, layout.first_row)) or [()]
    there = {
        name: cell for name, cell in zip(layout.field_ids, row, strict=False) if name in headers
    }
    if there != {name: header for name, header in headers.items() if name in layout.field_ids}:
        raise lost_header(tab)


def refuse_other_lines(tab: Tab, layout: Layout) -> None:
    """Raises Refused when the lines above the header, for want of a name, are not the status."""
    (row,) = tab.cells(layout.rows(layout.top, layout.top + 1)) or [()]
    if tuple(row[:1]) != (FIRST_LABEL,):
        raise lost_header(tab)


def refuse_other_mode(found: Found, mode: Mode, keys: Sequence[str]) -> None:
    """Raises Refused when rows that are there to stay would go, or come a second time. `keys`: the
    fields that a row is known by."""
    mark = found.mark
    if mark.mode not in ("upsert", "append") or (
        mode == mark.mode and (mode == "append" or set(keys) == set(mark.keys))
    ):
        return
    raise Refused(
        f"The table in the tab “{found.tab.title}” holds rows of earlier days, which this export "
        "would remove or repeat: it was written in another mode, or with other dimensions. Let the "
        "export write to another tab."
    )


def check_limits(seen: Sighting, wish: Wish, tab: Tab, layout: Layout, already: int) -> None:
    """`tab`: as large as it will be; `already`: how many cells of it there are now. Raises
    BadRequest, and NeedsWhole when it depends on the other tabs."""
    if layout.right > MOST_COLUMNS:
        raise BadRequest(f"A tab has no more than {MOST_COLUMNS:,} columns.", code="too_large")
    staging = wish.table.row_count * len(layout.field_ids) if is_long(wish.table) else 0
    if tab.cell_count + staging <= already:
        return
    if seen.is_whole:
        others = sum(one.cell_count for one in seen.tabs.values() if one.sheet_id != tab.sheet_id)
    elif wish.target.place is not None:
        others = wish.target.place.other_cells
    else:
        raise NeedsWhole
    if others + tab.cell_count + staging <= MOST_CELLS:
        return
    if not seen.is_whole:
        raise NeedsWhole
    raise BadRequest(too_many_cells(), code="too_large")


def too_many_cells() -> str:
    return (
        f"The spreadsheet would have more than {MOST_CELLS:,} cells, which Google does not allow; "
        "blank ones count. Delete tabs or rows that nobody needs, shorten the date range, or let "
        "the export write into a spreadsheet of its own."
    )
