"""A spreadsheet of the emulator, and a writer in front of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from clock import Clock
from sheets_export.book import Book, Sheets
from sheets_export.formats import TEXT, WHOLE_NUMBER
from sheets_export.table import Column, NumberFormat, Table
from sheets_export.target import Mode, Place, Status, Target, Written
from sheets_export.writer import Writer
from store.accounts_migration import migrate
from store.database import Database
from store.sheet_budget import SheetBudget
from store.sheet_locks import SheetLocks
from tests.installation import START, FakeClock
from tests.sheets_emulator.adapters import session
from tests.sheets_emulator.files import Account
from tests.sheets_emulator.server import Emulator

DATE = Column("date", "Date", "date", NumberFormat("DATE", "yyyy-mm-dd"), is_key=True)
PRODUCT = Column("product_name", "Product", "text", TEXT, is_key=True)
UNITS = Column("units", "Units", "number", WHOLE_NUMBER)
GMV = Column("gmv", "GMV", "number", NumberFormat("CURRENCY", '"$"#,##0.00'))

#: 1 August 2026 as a serial number: 46,235 days after 1899-12-30.
AUGUST = 46_235


def table(*rows: Sequence[Any], columns: Sequence[Column] = (), **more: Any) -> Table:
    """Rows of (date, product, units, GMV) unless other columns are given."""
    chosen = tuple(columns or (DATE, PRODUCT, UNITS, GMV))
    cells = tuple(list(column) for column in zip(*rows, strict=True)) or ((),) * len(chosen)
    return Table(chosen, cells, **more)


def status(state: str = "Up to date", **more: Any) -> Status:
    return Status(export="Daily sales", state=state, zone="UTC", last_attempt=START, **more)


@cache
def new_database() -> bytes:
    """An accounts database with nothing in it, made once."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "accounts.sqlite"
        database = Database(f"sqlite:///{path}")
        migrate(database)
        database.close()
        return path.read_bytes()


class Writing:
    """`book_id`: a spreadsheet with one tab of the user's, "Sheet1". Calls come from one service
    account."""

    address = "exports@example.iam.gserviceaccount.com"

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self.clock = clock or FakeClock()
        (folder / "accounts.sqlite").write_bytes(new_database())
        self.database = Database(f"sqlite:///{folder / 'accounts.sqlite'}")
        self.emulator = Emulator(self.clock.now)
        small = {"rowCount": 60, "columnCount": 12}
        sheets = [{"title": "Sheet1", "gridProperties": small}]
        self.book_id = self.emulator.create(self.address, sheets=sheets).spreadsheet_id
        self.emulator.visitor = None
        self.emulator.sign_in("token", self.account())
        self.locks = SheetLocks(self.database, self.clock)
        self.budget = SheetBudget(self.database, self.clock)
        self.writer = Writer(self.locks, self.clock)
        self.sheets = self.connected()
        self.place: Place | None = None
        self.runs = 0

    def account(self) -> Account:
        return Account(self.address)

    def connected(self) -> Sheets:
        return Sheets(
            session(self.emulator, "token"),
            self.address,
            self.clock,
            self.budget,
            jitter=lambda: 0.5,
        )

    @property
    def book(self) -> Book:
        return self.sheets.book(self.book_id)

    def target(self, mode: Mode = "replace", **more: Any) -> Target:
        given = {"export_id": "e1", "tab": "Sales", "range_name": "sales", "place": self.place}
        return Target(mode=mode, **{**given, **more})

    def refresh(
        self,
        of: Table,
        mode: Mode = "replace",
        said: Status | None = None,
        run: str = "",
        **more: Any,
    ) -> Written:
        """Like a worker: the place is kept for the next time."""
        self.runs += 1
        done = self.writer.refresh(
            self.book, self.target(mode, **more), of, said or status(), run=run or f"run{self.runs}"
        )
        self.place = done.place
        return done

    # --- looking at it ---

    def cells(self, area: str = "Sales!A1:Z200", render: str = "UNFORMATTED_VALUE") -> list[Any]:
        return self.emulator.look(self.book_id, area, render=render)

    def rows(self, width: int = 4, tab: str = "Sales", top: int = 0) -> list[list[Any]]:
        """Header and rows of the block, cut to its columns, without empty rows at the end."""
        last = chr(ord("A") + width - 1)
        begin = (top or self.header_row) + 1
        found = self.cells(f"{tab}!A{begin}:{last}5000")
        return [list(row) for row in found]

    @property
    def header_row(self) -> int:
        assert self.place is not None
        height = -(-11 // self.place.pairs) + 3
        return self.place.top + height

    def said(self, label: str, tab: str = "Sales") -> Any:
        """The value beside a label of the status."""
        for row in self.cells(f"{tab}!A1:H15"):
            for number, cell in enumerate(row):
                if cell == label:
                    return row[number + 1] if number + 1 < len(row) else None
        raise AssertionError(label)

    def by_hand(self, *requests: dict[str, Any]) -> None:
        self.emulator.by_hand(self.book_id, *requests)

    def typed(self, row: int, column: int, *values: Any, tab: str = "Sales") -> None:
        """Somebody types values into cells beside each other; `=…` is a formula."""
        kinds = {str: "stringValue", int: "numberValue", float: "numberValue", bool: "boolValue"}
        cells = []
        for value in values:
            kind = kinds[type(value)]
            if isinstance(value, str) and value.startswith("="):
                kind = "formulaValue"
            cells.append({"userEnteredValue": {kind: value}})
        start = {"sheetId": self.sheet_id(tab), "rowIndex": row, "columnIndex": column}
        request = {"start": start, "rows": [{"values": cells}], "fields": "userEnteredValue"}
        self.by_hand({"updateCells": request})

    def sheet_id(self, tab: str = "Sales") -> int:
        found = self.emulator.books[self.book_id].titled(tab)
        assert found is not None
        return found.sheet_id

    def counted(self) -> list[str]:
        """The calls since the last time this was asked."""
        kinds = [seen.kind for seen in self.emulator.seen]
        self.emulator.seen.clear()
        return kinds
