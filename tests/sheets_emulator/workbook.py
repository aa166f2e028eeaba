"""A spreadsheet: its tabs, and what is kept beside the cells (names, protections, metadata)."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Final

from . import references
from .areas import Area, Box, parse_cells, past_grid, split_title
from .changes import Change, moved_area
from .grid import Cell, Formula, Grid
from .refusals import PROTECTED, TOO_MANY_CELLS, Json, invalid, no_grid

CELL_LIMIT: Final = 10_000_000
COLUMN_LIMIT: Final = 18_278

NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,249}")


class Tab:
    """One sheet. `properties` are SheetProperties without index, row and column counts."""

    def __init__(self, properties: Json, rows: int = 1000, columns: int = 26) -> None:
        self.properties = properties
        self.grid = Grid(rows, columns)
        self.merges: list[Json] = []
        self.basic_filter: Json | None = None

    @property
    def sheet_id(self) -> int:
        return int(self.properties["sheetId"])

    @property
    def title(self) -> str:
        return str(self.properties["title"])

    @property
    def hidden(self) -> bool:
        return bool(self.properties.get("hidden"))

    def frozen(self, dimension: str) -> int:
        name = "frozenRowCount" if dimension == "ROWS" else "frozenColumnCount"
        return int(self.properties.get("gridProperties", {}).get(name) or 0)

    def size(self, dimension: str) -> int:
        return self.grid.row_count if dimension == "ROWS" else self.grid.column_count

    def box(self, area: Area) -> Box:
        return area.box(self.grid.row_count, self.grid.column_count)

    def started_inside(self, area: Area) -> Box:
        """The area's box; refused if it starts at or past the end of the grid."""
        rows, columns = self.grid.row_count, self.grid.column_count
        if (area.top or 0) >= rows or (area.left or 0) >= columns:
            raise past_grid(self.title, area, rows, columns)
        return self.box(area)

    def clone(self) -> Tab:
        tab = Tab(copy.deepcopy(self.properties), 0, 0)
        tab.grid = self.grid.clone()
        tab.merges = copy.deepcopy(self.merges)
        tab.basic_filter = copy.deepcopy(self.basic_filter)
        return tab


class Workbook:
    """All of one spreadsheet. A batch works on a clone."""

    def __init__(self, spreadsheet_id: str, properties: Json) -> None:
        self.spreadsheet_id = spreadsheet_id
        self.properties = properties
        self.tabs: list[Tab] = []
        self.named: list[Json] = []
        self.protected: list[Json] = []
        self.metadata: list[Json] = []
        self.owner = ""
        self.issued = 0

    def clone(self) -> Workbook:
        book = Workbook(self.spreadsheet_id, copy.deepcopy(self.properties))
        book.tabs = [tab.clone() for tab in self.tabs]
        book.named = copy.deepcopy(self.named)
        book.protected = copy.deepcopy(self.protected)
        book.metadata = copy.deepcopy(self.metadata)
        book.owner = self.owner
        book.issued = self.issued
        return book

    def new_id(self) -> int:
        """An id that looks as arbitrary as Google's and repeats from run to run."""
        self.issued += 1
        return (self.issued * 1_103_515_245 + 12_345) % 2_000_000_011

    @property
    def locale(self) -> str:
        return str(self.properties.get("locale", "en_US"))

    # --- finding ---

    def tab(self, sheet_id: int) -> Tab:
        for tab in self.tabs:
            if tab.sheet_id == sheet_id:
                return tab
        raise no_grid(sheet_id)

    def titled(self, title: str) -> Tab | None:
        return next((tab for tab in self.tabs if tab.title.lower() == title.lower()), None)

    def first_visible(self) -> Tab:
        return next((tab for tab in self.tabs if not tab.hidden), self.tabs[0])

    def name(self, name: str) -> Json | None:
        return next((one for one in self.named if one["name"].lower() == name.lower()), None)

    def area_of(self, text: str) -> Area:
        """What an A1 range means. A named range goes before a sheet of the same title, unless the
        title is quoted."""
        title, cells = split_title(text)
        if title is None:
            plain = parse_cells(cells, self.first_visible().sheet_id)
            if plain:
                return plain
            named = self.name(cells)
            if named and "range" in named:
                return Area.of(named["range"])
            title, cells = cells, ""
        tab = self.titled(title)
        area = None
        if tab:
            area = parse_cells(cells, tab.sheet_id) if cells else Area(tab.sheet_id)
        if area is None:
            raise invalid(f"Unable to parse range: {text}")
        return area

    # --- rules ---

    def check_cells(self, more: int) -> None:
        if sum(tab.grid.cell_count for tab in self.tabs) + more > CELL_LIMIT:
            raise invalid(TOO_MANY_CELLS)

    def resize(self, tab: Tab, rows: int, columns: int) -> None:
        """To an absolute size, within the workbook's limit."""
        self.check_cells(rows * columns - tab.grid.cell_count)
        if columns > COLUMN_LIMIT:
            raise invalid(f"Number of columns must be at most {COLUMN_LIMIT}.")
        tab.grid.resize(rows, columns)

    def check_editable(self, tab: Tab, box: Box, user: str) -> None:
        """A protection that only warns stops nobody who comes through the API."""
        for one in self.protected:
            if self.may_edit(one, user):
                continue
            area = self.protected_area(one)
            if area is None or area.sheet_id != tab.sheet_id or not tab.box(area).meets(box):
                continue
            free = [tab.box(Area.of(area)) for area in one.get("unprotectedRanges", [])]
            if any(
                f.top <= box.top and f.left <= box.left and f.bottom >= box.bottom
                and f.right >= box.right
                for f in free
            ):  # fmt: skip
                continue
            raise invalid(PROTECTED)

    def may_edit(self, protection: Json, user: str) -> bool:
        editors = protection.get("editors", {}).get("users", [])
        return bool(protection.get("warningOnly")) or user == self.owner or user in editors

    def protected_area(self, one: Json) -> Area | None:
        if named := one.get("namedRangeId"):
            one = next((n for n in self.named if n["namedRangeId"] == named), {})
        return Area.of(one["range"]) if "range" in one else None

    # --- formulas ---

    def rewrite_formulas(self, change: Callable[[str, Tab], str]) -> None:
        for tab in self.tabs:
            for number, row in enumerate(tab.grid.rows):
                if not row.has_formulas:
                    continue
                for column, cell in list(row.cells.items()):
                    if isinstance(cell.value, Formula):
                        text = change(cell.value.text, tab)
                        if text != cell.value.text:
                            tab.grid.put(number, column, Cell(Formula(text), cell.rest))

    # --- structure ---

    def _ranged(self) -> Iterator[tuple[list[Json], Json]]:
        for one in self.named:
            yield self.named, one
        for one in list(self.protected):
            yield self.protected, one

    def restructured(self, tab: Tab, dimension: str, change: Change) -> None:
        """Everything that points into `tab` follows a change of its rows or columns."""
        for kept, one in self._ranged():
            if "range" not in one or (one["range"].get("sheetId") or 0) != tab.sheet_id:
                continue
            area = moved_area(Area.of(one["range"]), dimension, change)
            if area is not None:
                one["range"] = area.stored()
            elif kept is self.named:
                # The name stays and means #REF!.
                del one["range"]
            else:
                kept.remove(one)
        tab.merges = [
            area.stored()
            for merge in tab.merges
            if (area := moved_area(Area.of(merge), dimension, change))
        ]
        if tab.basic_filter:
            area = moved_area(Area.of(tab.basic_filter["range"]), dimension, change)
            if area:
                tab.basic_filter["range"] = area.stored()
            else:
                tab.basic_filter = None
        self._move_metadata(tab, dimension, change)
        self.rewrite_formulas(
            lambda text, owner: references.restructured(
                text, owner is tab, tab.title, dimension, change
            )
        )

    def _move_metadata(self, tab: Tab, dimension: str, change: Change) -> None:
        for one in list(self.metadata):
            place = one["location"].get("dimensionRange")
            if not place or place["sheetId"] != tab.sheet_id or place["dimension"] != dimension:
                continue
            span = change.span(place["startIndex"], place["endIndex"])
            if span is None:
                self.metadata.remove(one)
            else:
                place["startIndex"], place["endIndex"] = span[0], span[0] + 1

    def forget(self, tab: Tab) -> None:
        """The tab is deleted, and what belonged to it; formulas that named it are `#REF!`."""
        self.tabs.remove(tab)
        gone = tab.sheet_id

        def elsewhere(one: Json) -> bool:
            return "range" not in one or (one["range"].get("sheetId") or 0) != gone

        self.protected = [one for one in self.protected if elsewhere(one)]
        for one in self.named:
            if not elsewhere(one):
                del one["range"]
        self.metadata = [one for one in self.metadata if metadata_sheet(one) != gone]
        self.rewrite_formulas(lambda text, _: references.retitled(text, tab.title, None))


def metadata_sheet(one: Json) -> int | None:
    """The sheet that a developer metadata is on; None: the spreadsheet."""
    place = one["location"]
    if "dimensionRange" in place:
        return int(place["dimensionRange"]["sheetId"])
    return int(place["sheetId"]) if "sheetId" in place else None
