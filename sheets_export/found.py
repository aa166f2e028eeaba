"""The block of an export in what was seen of a spreadsheet, or why it cannot be written. Pure.

Tab and columns are known by our metadata, which moves with them; rows by the named range. So the
tab may be renamed and moved, rows and columns around the block added and removed, and its columns
put into another order. What stands inside the block and is not ours stops the export.
"""

from __future__ import annotations

from dataclasses import dataclass

from errors import Refused
from sheets_export.layout import Area, Layout, letters, status_height
from sheets_export.sighting import Mark, NeedsWhole, Sighting, Tab
from sheets_export.table import Table
from sheets_export.target import Place, Target


@dataclass(frozen=True)
class Found:
    """`columns`: where our columns are, from the left, and `field_ids` what they show; they need
    not be beside each other. `header_row` and `bottom` bound the named range; `lines` is where the
    status was found, None if it is not whole. `is_named`, `has_lines_named`: rows and status still
    have their names; without them they are only supposed to be here."""

    tab: Tab
    mark: Mark
    columns: tuple[int, ...]
    field_ids: tuple[str, ...]
    header_row: int
    bottom: int
    lines: Area | None
    is_named: bool
    has_lines_named: bool

    @property
    def last_number(self) -> int:
        return self.tab.writes[-1][0] if self.tab.writes else 0

    def was_written_by(self, run: str) -> bool:
        """Whether the run is among the last ones that wrote."""
        return any(known == run for _, known in self.tab.writes)

    def layout(self) -> Layout:
        """Raises Refused where the block is no longer in one piece."""
        first, last = self.columns[0], self.columns[-1]
        foreign = [n for n in range(first, last) if n not in self.columns]
        if foreign:
            raise Refused(
                f"Column {letters(foreign[0])} of the tab “{self.tab.title}” was inserted between "
                "the columns of the table. Move it to the right of the table, then refresh again."
            )
        height = status_height(self.mark.pairs) + 1
        if self.lines is None or self.lines.bottom - self.lines.top != height:
            raise Refused(
                f"Rows were added or removed above the table of the tab “{self.tab.title}”, "
                "between its first line and its header. Undo that, then refresh again."
            )
        top = self.header_row - height
        return Layout(top, first, self.bottom, self.mark.pairs, self.field_ids)


def find(seen: Sighting, target: Target, height: int | None = None) -> Found | None:
    """None when there is no such block. `height`: of header and rows, where a write that was out of
    date has set the name that would tell. Raises NeedsWhole, and Refused for one without rows."""
    usual = target.place.sheet_id if target.place else None
    marked = [tab for tab in seen.tabs.values() if tab.mark and tab.mark.export == target.export_id]
    originals = (tab for tab in marked if _is_original(seen, tab))
    tab = min(originals, key=lambda tab: tab.sheet_id != usual, default=None)
    if tab is None or tab.mark is None:
        if not seen.is_whole:
            raise NeedsWhole
        if marked:
            raise cut_and_pasted(marked[0].title)
        return None
    mark = tab.mark
    shown = {field_id: column for column, field_id in sorted(tab.fields.items(), reverse=True)}
    ours = sorted((shown[field_id], field_id) for field_id in mark.fields if field_id in shown)
    if len(ours) < len(mark.fields) and not seen.is_whole:
        raise NeedsWhole
    rows = _rows(seen, tab, mark, target.place)
    lines = _named(seen, tab, mark.lines)
    if height is not None and lines is not None:
        rows = lines.bottom, lines.bottom + height, mark.name in seen.names
    if rows is None or not ours:
        raise lost_header(tab)
    header_row, bottom, is_named = rows
    columns, field_ids = zip(*ours, strict=True)
    named = None if height is not None else _named(seen, tab, mark.name)
    if named is not None and not named.left <= columns[0] <= columns[-1] < named.right:
        raise cut_and_pasted(tab.title)
    above = status_height(mark.pairs) + 1
    has_lines_named = mark.lines in seen.names
    if not has_lines_named and header_row >= above:
        lines = Area(header_row - above, columns[0], header_row, columns[-1] + 1)
    if lines is not None and lines.bottom != header_row:
        lines = None
    return Found(
        tab, mark, columns, field_ids, header_row, bottom, lines, is_named, has_lines_named
    )


def refuse_deleted(found: Found, table: Table) -> None:
    """Raises Refused when a column that the export shows was deleted in the spreadsheet."""
    known = {column.field_id: column.header for column in table.columns}
    gone = [known[one] for one in found.mark.fields if one in known and one not in found.field_ids]
    if gone:
        raise Refused(
            f"The column “{gone[0]}” was deleted from the table in the tab “{found.tab.title}”. "
            "Undo that, or take the field out of the export."
        )


def lost_header(tab: Tab) -> Refused:
    """The error when header and rows of the block are gone, or cannot be told from others."""
    return Refused(
        f"The header of the table in the tab “{tab.title}” was deleted or changed, or the named "
        "ranges that mark it were. Undo that; or delete the tab, add an empty one with the title "
        "that the export names, and refresh again."
    )


def cut_and_pasted(title: str) -> Refused:
    """The error when the cells of the block are elsewhere than its columns."""
    return Refused(
        f"The table of the tab “{title}” was moved by cutting and pasting its cells, which leaves "
        "its marks behind. Undo that and move whole columns or rows, or the tab; or delete the "
        "tab, add an empty one with the title that the export names, and refresh again."
    )


def lost_tab(target: Target) -> Refused:
    """The error when the tab that was written before is no longer there."""
    return Refused(
        f"The tab of this export was deleted. Add an empty tab with the title “{target.tab}” and "
        "refresh again, or delete the export."
    )


def _is_original(seen: Sighting, tab: Tab) -> bool:
    """A copy of the tab carries the mark as well; the names are those of the original."""
    if tab.mark is None:
        return False
    names = (seen.names.get(tab.mark.name), seen.names.get(tab.mark.lines))
    return all(known is None or known[1] == tab.sheet_id for known in names)


def _named(seen: Sighting, tab: Tab, name_id: str) -> Area | None:
    known = seen.names.get(name_id)
    if known is None or known[1] != tab.sheet_id:
        return None
    return known[2].clipped(tab.rows, tab.columns)


def _rows(
    seen: Sighting, tab: Tab, mark: Mark, place: Place | None
) -> tuple[int, int, bool] | None:
    """(header row, first row below the block, whether that is what the name says)."""
    named = _named(seen, tab, mark.name)
    if named is not None and not named.is_empty:
        # The name is the user's to change; the protection goes no further than what was written.
        guard = tab.guards.get(mark.guard, named)
        bottom = min(named.bottom, max(guard.bottom, named.top + 1))
        return named.top, bottom, True
    if place is None or place.sheet_id != tab.sheet_id:
        return None
    # Somebody deleted the name. The lines above still tell where the header is; without them too it
    # is looked for where it was.
    lines = _named(seen, tab, mark.lines)
    was = place.top + status_height(place.pairs) + 1
    header_row = was if lines is None else lines.bottom
    return header_row, header_row + max(1, place.bottom - was), False
