"""One turn at a spreadsheet, under its lock: the looks and the writes, counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from errors import Refused
from sheets_export.assembly import Moved, Plan, Staged, Wish, staged_columns
from sheets_export.book import Book, Rejected
from sheets_export.cells import value_chunks
from sheets_export.found import Found, find
from sheets_export.layout import Area, Layout
from sheets_export.plan import place_of, plan
from sheets_export.sighting import (
    AFTER_MASK,
    NARROW_MASK,
    WHOLE_MASK,
    NeedsLook,
    NeedsWhole,
    Sighting,
    sighting,
)
from sheets_export.table import Table
from sheets_export.target import Target, Written
from store.sheet_locks import Lease, SheetLocks

#: What `values.update` writes into a staging tab at once: the size that Google advises.
CHUNK_BYTES: Final = 2_000_000

_MOST_LOOKS: Final = 5

Beat = Callable[[], None]


class Turn:
    """`beat` is called before each step."""

    def __init__(
        self, book: Book, target: Target, locks: SheetLocks, lease: Lease, beat: Beat
    ) -> None:
        self.book = book
        self.reads = 0
        self.writes = 0
        self._target = target
        self._locks = locks
        self._lease = lease
        self._beat = beat

    # --- looking ---

    def planned(self, wish: Wish, staged: Staged | None) -> tuple[Plan, Sighting]:
        """The plan, and what it was made from. After a rejected write everything is looked at."""
        seen = self._whole() if wish.attempt else self._first_look(wish.table)
        for _ in range(_MOST_LOOKS):
            try:
                return plan(seen, wish, staged), seen
            except NeedsLook as needed:
                seen = seen.joined(self._narrow(needed.title, needed.areas))
            except NeedsWhole:
                seen = seen.joined(self._whole())
        raise Rejected("The spreadsheet changes while it is looked at.")

    def found(self) -> Found | None:
        """The block; None where it is not, or not in such a state that it can be found."""
        seen = self._first_look(None)
        try:
            return find(seen, self._target)
        except NeedsWhole:
            seen = seen.joined(self._whole())
        except Refused:
            return None
        try:
            return find(seen, self._target)
        except Refused:
            return None

    def _first_look(self, table: Table | None) -> Sighting:
        """At the block where it was last, and at what writing `table` needs; at everything where
        the block never was."""
        place = self._target.place
        if place is None:
            return self._whole()
        layout = Layout(place.top, place.left, place.bottom, place.pairs, place.field_ids)
        areas = [layout.rows(layout.header_row, layout.first_row)]
        if table is not None:
            areas.append(layout.rows(layout.bottom, place.grid_rows))
        if table is not None and self._target.mode == "upsert":
            keys = {table.columns[n].field_id for n in table.key_columns}
            places = [n for n, name in enumerate(layout.field_ids, layout.left) if name in keys]
            areas += [Area(layout.first_row, n, layout.bottom, n + 1) for n in places]
        grid = (place.grid_rows, place.grid_columns)
        there = [area for area in areas if not area.clipped(*grid).is_empty]
        try:
            return self._narrow(place.title, there)
        except Rejected:
            # The tab was renamed or deleted, or its grid is smaller than it was.
            return self._whole()

    def _whole(self) -> Sighting:
        self._beat()
        self.reads += 1
        return sighting(self.book.read(WHOLE_MASK))

    def _narrow(self, title: str, areas: Sequence[Area]) -> Sighting:
        self._beat()
        self.reads += 1
        ranges = [area.a1(title) for area in areas]
        return sighting(self.book.read(NARROW_MASK, ranges), areas)

    # --- writing ---

    def stage(self, made: Plan, staged: Staged, table: Table) -> Staged:
        """The cells, in a hidden tab of their own."""
        self.write(made.before)
        columns = staged_columns(table, staged.field_ids)
        for start, end, body in value_chunks(columns, table.row_count, CHUNK_BYTES):
            self.writes += 1
            area = Area(start, 0, end, len(columns))
            self.book.put(area.a1(staged.title), body, self._ready)
        return staged

    def commit(self, made: Plan, body: bytes, wish: Wish) -> tuple[Written, Moved | None]:
        """The one write that everybody sees; with it what became of the block when somebody put
        rows or columns in or out after it was looked at."""
        self.writes += 1
        answer = self.book.send(body, AFTER_MASK, self._ready)
        seen = sighting(answer["updatedSpreadsheet"])
        return self.outcome(made, seen, wish), _moved(made, seen)

    def write(self, requests: Sequence[Mapping[str, Any]]) -> None:
        self.writes += 1
        self.book.send(orjson.dumps({"requests": requests}), ready=self._ready)

    def outcome(self, made: Plan, seen: Sighting, wish: Wish, *, already: bool = False) -> Written:
        """`seen`: the spreadsheet as it is now."""
        if not seen.is_whole:
            seen = self._whole()
        return Written(
            did="already" if already else "written",
            place=place_of(made.layout, made.tab, list(seen.tabs.values())),
            rows=made.layout.row_count,
            reads=self.reads,
            writes=self.writes,
            notes=wish.notes,
        )

    def _ready(self) -> None:
        """Before each try of a write, which takes less time than the lease. Raises Fenced when
        somebody else goes on with the spreadsheet."""
        self._beat()
        self._locks.renew(self._lease)


def _moved(made: Plan, seen: Sighting) -> Moved | None:
    """None when the tab is as large as it was to be. The name of the lines tells where the block is
    now: the write has not touched it."""
    planned, now = made.layout, seen.tabs.get(made.tab.sheet_id)
    lines = seen.names.get(made.names[1]) if made.names else None
    if now is None or lines is None:
        return None
    rows, columns = now.rows - made.tab.rows, now.columns - made.tab.columns
    if rows == columns == 0:
        return None
    bottom = max(planned.bottom, made.was_bottom)
    height = bottom - planned.header_row + max(0, rows)
    top, left = lines[2].top, lines[2].left
    whole = Area(top, left, planned.bottom + top - planned.top, planned.right + left - planned.left)
    # What was there before where something was taken out is not ours to empty.
    is_new = rows >= 0 and columns >= 0
    return Moved(height, tuple(planned.whole.without(whole)) if is_new else ())
