"""What a refresh is going to write, decided from what was seen of the spreadsheet. Pure.

Everything that could go wrong is looked at before anything is written: foreign columns in the
block, something of the user's where the block has to grow, Google's limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from errors import Refused
from sheets_export import changes
from sheets_export.assembly import (
    Draft,
    Plan,
    Staged,
    Wish,
    assembled,
    shown_columns,
)
from sheets_export.bounds import (
    check_limits,
    refuse_filled,
    refuse_other_header,
    refuse_other_lines,
    refuse_other_mode,
)
from sheets_export.found import Found, find, lost_tab, refuse_deleted
from sheets_export.layout import Area, Layout, status_height, status_lines
from sheets_export.sighting import Mark, NeedsLook, Sighting, Tab
from sheets_export.table import Cell, Table
from sheets_export.target import Place, Status, Target
from sheets_export.upsert import Rows, appended, replaced, stretches, upserted

#: What a new tab has, so that there is room beside the block, unless it is long.
_USUAL_ROWS: Final = 1_000
_USUAL_COLUMNS: Final = 26
_LONG_ROWS: Final = 20_000


def plan(seen: Sighting, wish: Wish, staged: Staged | None = None) -> Plan:
    """Raises NeedsLook and NeedsWhole when more must be seen, Refused and BadRequest when the
    export cannot be written as things are."""
    found = find(seen, wish.target, wish.moved.height if wish.moved else None)
    if found is None:
        return _created(seen, wish, staged)
    if found.was_written_by(wish.run):
        return Plan(found.tab, found.layout(), is_done=True)
    return _refreshed(seen, wish, found, staged)


def told(found: Found, status: Status) -> list[dict[str, Any]]:
    """The requests that change the status and nothing else; none where its lines are not whole.
    They stay inside our own columns, also when somebody has put another between them. Nothing is
    told where the block is only supposed to be."""
    lines, pairs = found.lines, found.mark.pairs
    cells = status_lines(status, pairs, len(found.columns), found.bottom - found.header_row - 1, ())
    if lines is None or not found.has_lines_named or lines.bottom - lines.top != len(cells) + 1:
        return []
    requests = []
    for first, last in stretches(found.columns):
        some = [line[first:last] for line in cells]
        area = Area(lines.top, found.columns[first], lines.bottom - 1, found.columns[last - 1] + 1)
        requests.append(changes.put(found.tab.sheet_id, area, some))
    return requests


def holds(found: Found, table: Table, target: Target) -> bool:
    """Whether the block has the columns of a table that was written into it, and as many rows; in
    the other modes than replace no fewer than it was left with. What stands in them is not looked
    at."""
    missing = {column.field_id for column in table.columns} - set(found.field_ids)
    count = found.bottom - found.header_row - 1
    if target.mode == "replace" or target.place is None:
        return not missing and count == table.row_count
    place = target.place
    was = place.bottom - place.top - status_height(place.pairs) - 2
    return not missing and count >= was


def place_of(layout: Layout, tab: Tab, tabs: Sequence[Tab]) -> Place:
    """`tabs`: all, as large as they are now."""
    now = next((one for one in tabs if one.sheet_id == tab.sheet_id), tab)
    return Place(
        sheet_id=tab.sheet_id,
        title=now.title,
        top=layout.top,
        left=layout.left,
        bottom=layout.bottom,
        pairs=layout.pairs,
        field_ids=layout.field_ids,
        grid_rows=now.rows,
        grid_columns=now.columns,
        other_cells=sum(one.cell_count for one in tabs if one.sheet_id != tab.sheet_id),
    )


# --- a block that is new ---


def _created(seen: Sighting, wish: Wish, staged: Staged | None) -> Plan:
    target, table = wish.target, wish.table
    if target.mode == "upsert":
        table.row_keys()
    layout = Layout.new(target.row, target.column, [one.field_id for one in table.columns])
    rows = replaced(table, layout, layout.bottom)
    layout = replace(layout, bottom=rows.bottom)
    # Below the block of a tab that was there may be something of the user's.
    formatted_to = layout.bottom
    before: list[dict[str, Any]] = []
    tab = _tab_titled(seen, target.tab)
    if tab is None:
        if target.place is not None:
            raise lost_tab(target)
        tab = _new_tab(target, layout, wish.attempt)
        formatted_to = tab.rows
        frozen = layout.first_row if layout.top == 0 else 0
        before.append(changes.add_tab(tab.sheet_id, tab.title, tab.rows, tab.columns, frozen))
        already = 0
    else:
        if tab.mark is not None:
            raise Refused(f"The tab “{tab.title}” belongs to another export. Choose another title.")
        refuse_filled(tab, layout.whole)
        size = (max(tab.rows, layout.bottom), max(tab.columns, layout.right))
        before += _grown(tab, *size)
        already = tab.cell_count
        tab = replace(tab, rows=size[0], columns=size[1])
    check_limits(seen, wish, tab, layout, already)
    names = [changes.number_of(part, target.export_id, wish.attempt) for part in ("rows", "lines")]
    mark = Mark(
        target.export_id,
        layout.pairs,
        layout.field_ids,
        _patterns(layout, wish.table, {}),
        f"tts{names[0]}",
        f"tts{names[1]}",
        changes.number_of("guard", target.export_id, wish.attempt),
        formatted_to - layout.first_row,
        target.mode,
        _key_ids(table),
    )
    called = _free_name(seen, target.range_name, wish.attempt)
    after = [
        changes.name(tab.sheet_id, mark.name, called, layout.named),
        changes.name(tab.sheet_id, mark.lines, f"{called}_status", layout.lines),
        changes.guard(tab.sheet_id, mark.guard, layout.whole),
        changes.mark(tab.sheet_id, mark),
        *_column_marks(tab.sheet_id, layout, 0),
        *changes.written(tab.sheet_id, target.export_id, 1, wish.run),
    ]
    columns = shown_columns(layout, table)
    before += changes.first_formats(tab.sheet_id, layout, columns, formatted_to)
    before += changes.status_number_formats(tab.sheet_id, layout)
    return assembled(seen, wish, Draft(tab, layout, rows, before, after), staged)


def _new_tab(target: Target, layout: Layout, attempt: int) -> Tab:
    long = layout.row_count > _LONG_ROWS
    rows = layout.bottom if long else max(_USUAL_ROWS, layout.bottom)
    columns = layout.right if long else max(_USUAL_COLUMNS, layout.right)
    sheet_id = changes.number_of("tab", target.export_id, attempt)
    everything = (Area(0, 0, rows, columns), ())
    return Tab(sheet_id, target.tab, rows, columns, seen=(everything,))


def _tab_titled(seen: Sighting, title: str) -> Tab | None:
    same = (tab for tab in seen.tabs.values() if tab.title.lower() == title.lower())
    return next(same, None)


def _free_name(
    seen: Sighting, wanted: str, attempt: int, endings: Sequence[str] = ("", "_status")
) -> str:
    """A name that no other range has, also with these endings; upper and lower case are the same to
    Google. A name whose cells were deleted is still taken, and told to nobody."""
    taken = {called.lower() for called, _, _ in seen.names.values()}
    number = attempt + 1
    called = f"{wanted}_{number}" if attempt else wanted
    while taken & {f"{called}{ending}".lower() for ending in endings}:
        number += 1
        called = f"{wanted}_{number}"
    return called


# --- a block that is there ---


def _refreshed(seen: Sighting, wish: Wish, found: Found, staged: Staged | None) -> Plan:
    target, table, tab = wish.target, wish.table, found.tab
    refuse_deleted(found, table)
    refuse_other_mode(found, target.mode, _key_ids(table))
    old = found.layout()
    if not found.is_named:
        refuse_other_header(tab, old, wish)
        old = replace(old, bottom=_first_empty(tab, old))
    if not found.has_lines_named:
        refuse_other_lines(tab, old)
    new_ids = [c.field_id for c in table.columns if c.field_id not in old.field_ids]
    layout = replace(old, field_ids=(*old.field_ids, *new_ids))
    if new_ids:
        refuse_filled(tab, Area(old.top, old.right, tab.rows, layout.right))
    if wish.moved and target.mode != "replace":
        # Which of the rows are still what they were nobody knows.
        rows = Rows((), None, (), layout.bottom)
    else:
        rows = _MODES[target.mode](wish, tab, layout)
    layout = replace(layout, bottom=rows.bottom)
    if rows.bottom > old.bottom:
        refuse_filled(tab, Area(old.bottom, old.left, rows.bottom, old.right))
    size = (max(tab.rows, layout.bottom), max(tab.columns, layout.right))
    larger = replace(tab, rows=size[0], columns=size[1])
    check_limits(seen, wish, larger, layout, tab.cell_count)
    strays = wish.moved.strays if wish.moved else ()
    before = [changes.empty(tab.sheet_id, area) for area in strays]
    before += _grown(tab, *size)
    known = dict(zip(found.mark.fields, found.mark.formats, strict=True))
    patterns = _patterns(layout, wish.table, known)
    # What a user has put below the table keeps its format, until the table reaches there.
    is_same = patterns == found.mark.formats
    formatted = max(found.mark.formatted, layout.row_count) if is_same else layout.row_count
    mark = replace(
        found.mark,
        fields=layout.field_ids,
        formats=patterns,
        formatted=formatted,
        mode=target.mode,
        keys=_key_ids(table),
    )
    before += _changed_formats(found, layout, wish, known)
    if new_ids:
        new = [(n, column) for n, column in shown_columns(layout, table) if n >= old.right]
        before += changes.first_formats(tab.sheet_id, layout, new, layout.bottom)
    after = [*_moved_names(seen, found, layout, wish)]
    if mark != found.mark:
        after += [changes.change_mark(tab.mark_id, mark)]
        after += _column_marks(tab.sheet_id, layout, len(old.field_ids))
    after += changes.written(tab.sheet_id, target.export_id, found.last_number + 1, wish.run)
    names = (found.mark.name, found.mark.lines)
    draft = Draft(larger, layout, rows, before, after, names, old.bottom)
    return assembled(seen, wish, draft, staged)


def _first_empty(tab: Tab, layout: Layout) -> int:
    """Where the rows end that are only supposed to be as many as they were: what follows an empty
    one may be the user's. Raises NeedsLook."""
    rows = tab.cells(layout.rows(layout.first_row, layout.bottom))
    filled = [any(cell is not None for cell in row) for row in rows]
    count = filled.index(False) if False in filled else len(filled)
    return layout.first_row + count


def _key_ids(table: Table) -> tuple[str, ...]:
    return tuple(table.columns[n].field_id for n in table.key_columns)


def _replaced(wish: Wish, _tab: Tab, layout: Layout) -> Rows:
    return replaced(wish.table, layout, layout.bottom)


def _appended(wish: Wish, _tab: Tab, layout: Layout) -> Rows:
    return appended(wish.table, layout)


def _upserted(wish: Wish, tab: Tab, layout: Layout) -> Rows:
    return upserted(wish.table, layout, _keys(wish, tab, layout), wish.target.window)


_MODES: Final = {"replace": _replaced, "append": _appended, "upsert": _upserted}


def _keys(wish: Wish, tab: Tab, layout: Layout) -> list[Sequence[Cell]]:
    """Per key column what stands in its rows. Raises NeedsLook for all that are missing."""
    wanted = [wish.table.columns[n].field_id for n in wish.table.key_columns]
    areas = []
    for field_id in wanted:
        place = layout.left + layout.field_ids.index(field_id)
        areas.append(Area(layout.first_row, place, layout.bottom, place + 1))
    found: list[Sequence[Cell]] = []
    missing: list[Area] = []
    for area in areas:
        try:
            rows = tab.cells(area)
        except NeedsLook as look:
            missing += look.areas
            continue
        column = [row[0] if row else None for row in rows]
        found.append([*column, *[None] * (area.bottom - area.top - len(column))])
    if missing:
        raise NeedsLook(tab.title, missing)
    return found


def _moved_names(seen: Sighting, found: Found, new: Layout, wish: Wish) -> Iterator[dict[str, Any]]:
    """Name and protection around the block as it is now; a name that was deleted is made again, a
    protection that was taken away stays away."""
    sheet_id, mark = found.tab.sheet_id, found.mark
    if not found.is_named:
        called = _free_name(seen, wish.target.range_name, wish.attempt, [""])
        yield changes.name(sheet_id, mark.name, called, new.named)
    elif seen.names[mark.name][2] != new.named:
        yield changes.rename_area(sheet_id, mark.name, new.named)
    if not found.has_lines_named:
        called = _free_name(seen, f"{wish.target.range_name}_status", wish.attempt, [""])
        yield changes.name(sheet_id, mark.lines, called, new.lines)
    elif seen.names[mark.lines][2] != new.lines:
        yield changes.rename_area(sheet_id, mark.lines, new.lines)
    if found.tab.guards.get(mark.guard, new.whole) != new.whole:
        yield changes.move_guard(sheet_id, mark.guard, new.whole)


def _changed_formats(
    found: Found, layout: Layout, wish: Wish, known: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Rows that the block never had get the formats of their columns; all rows of a column get
    another one only if the export's has changed, as with another currency. Else the formats are
    the user's."""
    sheet_id = found.tab.sheet_id
    unformatted = layout.first_row + found.mark.formatted
    for place, column in shown_columns(layout, wish.table):
        one = [(place, column)]
        if column.field_id not in known:
            continue
        if known[column.field_id] != column.number_format.pattern:
            yield from changes.column_formats(sheet_id, one, layout.first_row, layout.bottom)
            top, bottom = layout.totals_row, layout.header_row
            yield from changes.column_formats(sheet_id, one, top, bottom)
        elif layout.bottom > unformatted:
            yield from changes.column_formats(sheet_id, one, unformatted, layout.bottom)


# --- for both ---


def _patterns(layout: Layout, table: Table, known: Mapping[str, str]) -> tuple[str, ...]:
    """Per column of the block the pattern it has after the write."""
    shown = {column.field_id: column.number_format.pattern for column in table.columns}
    return tuple(shown.get(name, known.get(name, "")) for name in layout.field_ids)


def _column_marks(sheet_id: int, layout: Layout, first: int) -> list[dict[str, Any]]:
    return [
        changes.mark_column(sheet_id, layout.left + place, field_id)
        for place, field_id in enumerate(layout.field_ids)
        if place >= first
    ]


def _grown(tab: Tab, rows: int, columns: int) -> list[dict[str, Any]]:
    made = []
    if rows > tab.rows:
        made.append(changes.grow(tab.sheet_id, "ROWS", rows - tab.rows))
    if columns > tab.columns:
        made.append(changes.grow(tab.sheet_id, "COLUMNS", columns - tab.columns))
    return made
