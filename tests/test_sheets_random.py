"""A user's spreadsheet survives two hundred refreshes, with faults: the block is what the answer
says, everything else is as the user left it, and nobody who looks on ever sees half a table.

The modes take turns, the fields change, and now and then only a status is told."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import sheets_export.assembly
import sheets_export.turn
from errors import Refused, Retryable
from sheets_export.formats import WHOLE_NUMBER
from sheets_export.table import Column, Table
from sheets_export.target import Mode
from tests.conftest import SOAK_SECONDS
from tests.installation import FakeClock
from tests.sheets_emulator.faults import Fault, Scripted
from tests.sheets_users import User, block_of, fields_of, picture, shown
from tests.sheets_writing import AUGUST, DATE, GMV, PRODUCT, UNITS, Writing, status, table

#: Of every mode; together two hundred and some.
REFRESHES = 67
#: What this test gets in `make test`, in all.
SHORT_SECONDS = 60.0
MODES: tuple[Mode, ...] = ("replace", "upsert", "append")
ORDERS = Column("orders", "Orders", "number", WHOLE_NUMBER)
REFUND = Column("refund_total", "Refunds", "number", GMV.number_format)
KEYS = (DATE, PRODUCT)
METRICS = (UNITS, GMV, ORDERS, REFUND)
ALL = {column.field_id: column for column in (*KEYS, *METRICS)}
SNAPSHOT = "snapshot_taken_at"
NAMES = ["Cap", "=1+1", "-", "Straße 🎁", "00123", None, "@home", "x" * 60]
#: 1970-01-01 as a serial number.
EPOCH = 25_569

#: Values by field.
Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What one refresh is about. `window`: the days that were asked for."""

    mode: Mode
    columns: tuple[Column, ...]
    rows: list[Row]
    window: tuple[int, int]

    @property
    def fields(self) -> list[str]:
        return [column.field_id for column in self.columns]

    def table(self) -> Table:
        rows = [[row[field] for field in self.fields] for row in self.rows]
        return table(*rows, columns=self.columns)


def an_answer(chance: random.Random, mode: Mode) -> Asked:
    """Rows with distinct keys, of a window of days; some of the numbers, in some order."""
    first = AUGUST + chance.randrange(12)
    last = first + chance.randrange(6)
    keys = [(day, name) for day in range(first, last + 1) for name in NAMES]
    some = chance.sample(keys, chance.randrange(min(len(keys), 34) + 1))
    if mode == "append":
        # What is added stays, and a table that grows for ever is not what is looked at here.
        some = some[:4]
    if chance.random() < 0.5:
        some.sort(key=str)
    shown_now = chance.sample(METRICS, chance.choice([1, 2, 4, 4, 4]))
    values = (None, 0, 3, 12, 0.5, 99.99)
    rows: list[Row] = []
    for day, name in some:
        numbers = {column.field_id: chance.choice(values) for column in shown_now}
        rows.append({DATE.field_id: day, PRODUCT.field_id: name, **numbers})
    return Asked(mode, (*KEYS, *shown_now), rows, (first, last))


def read(cells: list[list[Any]], fields: list[str]) -> list[Row]:
    """Rows as a reader sees them, by field."""
    return [dict(zip(fields, row, strict=True)) for row in cells[1:]]


def expected(before: list[Row], asked: Asked, fields: list[str]) -> list[Row]:
    """The rows afterwards, worked out row by row, in the simplest way. What is not shown any more
    is empty in every row that is written."""
    answer = [{field: row.get(field) for field in fields} for row in asked.rows]
    if asked.mode == "replace":
        return answer
    if asked.mode == "append":
        return before + answer
    wanted = {(row["date"], row["product_name"]): row for row in answer}
    done: set[tuple[Any, Any]] = set()
    after: list[Row] = []
    for row in before:
        key = (row["date"], row["product_name"])
        if key == (None, None) or key in done:
            after.append(row)
            continue
        done.add(key)
        if key in wanted:
            after.append(wanted[key])
        elif isinstance(key[0], int | float) and asked.window[0] <= key[0] <= asked.window[1]:
            after.append({**dict.fromkeys(fields), "date": key[0], "product_name": key[1]})
        else:
            after.append(row)
    return after + [row for key, row in wanted.items() if key not in done]


def trouble(writing: Writing, chance: random.Random) -> None:
    """Sometimes something goes wrong on the way."""
    writing.emulator.script.entries.clear()
    if chance.random() < 0.4:
        fault = chance.choice(list(Fault))
        ending = chance.choice(["batchUpdate", "get", "update"])
        writing.emulator.script.add(
            Scripted(fault, chance.random() < 0.5, of=lambda m: m.lower().endswith(ending.lower()),
                     times=chance.choice([1, 1, 2, 9]))
        )  # fmt: skip
    if chance.random() < 0.05:
        writing.emulator.quotas.per_user = chance.choice([0, 1, 2])


def until_done(writing: Writing, attempt: Callable[[], object]) -> None:
    """Like the ledger, which begins a run again until it is over."""
    for _ in range(8):
        try:
            attempt()
        except Retryable:
            writing.emulator.script.entries.clear()
            writing.emulator.quotas.per_user = 60
            writing.clock.sleep(30)
        else:
            return
    raise AssertionError("it never ends")


def sheet_of(folder: Path, chance: random.Random, monkeypatch: pytest.MonkeyPatch) -> Writing:
    """Of some size, and written in one go or through a staging tab."""
    folder.mkdir()
    writing = Writing(folder)
    size = {"rowCount": chance.choice([20, 45, 90]), "columnCount": chance.choice([7, 9, 13])}
    writing.by_hand({"addSheet": {"properties": {"title": "Sales", "gridProperties": size}}})
    in_one_go = chance.random() < 0.5
    monkeypatch.setattr(
        sheets_export.assembly, "ONE_WRITE_BYTES", 3_000_000 if in_one_go else 4_000
    )
    monkeypatch.setattr(sheets_export.turn, "CHUNK_BYTES", 600)
    monkeypatch.setattr("sheets_export.cells._ROWS_AT_ONCE", 7)
    return writing


def survive(
    folder: Path, mode: Mode, seed: int, monkeypatch: pytest.MonkeyPatch, deadline: float
) -> int:
    """How many refreshes it has survived."""
    chance = random.Random(f"{mode} {seed}")
    writing = sheet_of(folder, chance, monkeypatch)
    first = Asked(mode, tuple(ALL.values()), [], (AUGUST, AUGUST))
    writing.refresh(first.table(), mode=mode)
    user = User(writing, chance)
    for number in range(1, REFRESHES + 1):
        if SOAK_SECONDS and number > 1 and time.monotonic() > deadline:
            return number
        did = [user.do_something() for _ in range(chance.randrange(4))]
        told = f"seed {seed}, refresh {number}, {mode}, after {did}"
        if chance.random() < 0.2:
            only_told(writing, mode, chance, told)
        one_refresh(writing, an_answer(chance, mode), chance, told)
        if mode == "replace" and chance.random() < 0.1:
            moved_meanwhile(writing, an_answer(chance, mode), user, told)
    return REFRESHES


def one_refresh(writing: Writing, asked: Asked, chance: random.Random, told: str) -> None:
    book = writing.emulator.books[writing.book_id]
    block, old, fields = block_of(book), shown(book), fields_of(book)
    before = read(old, fields)
    after = expected(before, asked, fields)
    headers = [ALL[field].header if field in asked.fields else None for field in fields]
    if asked.mode == "append":
        headers[fields.index(SNAPSHOT)] = "Snapshot"
    new = [headers, *[[row[field] for field in fields] for row in after]]
    bottom = block.header + max(len(old), len(new))
    around = picture(book, block, bottom)
    begun = writing.clock.now()

    def as_seen() -> list[list[Any]]:
        """When a snapshot was taken is looked at in the end."""
        book = writing.emulator.books[writing.book_id]
        view = shown(book)
        for row in view[1 + len(before) :] if asked.mode == "append" else ():
            row[fields_of(book).index(SNAPSHOT)] = None
        return view

    def look_on() -> None:
        assert as_seen() in (old, new), told

    writing.emulator.between[:] = [look_on]
    trouble(writing, chance)
    writing.runs += 1
    run = f"{told} {writing.runs}"
    made = asked.table()
    until_done(
        writing, lambda: writing.refresh(made, mode=asked.mode, window=asked.window, run=run)
    )
    undisturbed(writing)
    book = writing.emulator.books[writing.book_id]
    assert as_seen() == new, told
    assert picture(book, block_of(book), bottom) == around, told
    if asked.mode == "append":
        taken = {row[SNAPSHOT] for row in read(shown(book), fields)[len(before) :]}
        days = (begun - 1) / 86_400 + EPOCH, (writing.clock.now() + 1) / 86_400 + EPOCH
        assert len(taken) == min(1, len(asked.rows)), told
        assert all(days[0] <= moment <= days[1] for moment in taken), told


def moved_meanwhile(writing: Writing, asked: Asked, user: User, told: str) -> None:
    """The user puts rows or columns in or out while a refresh is under way: what was typed beside
    the table in that moment may be lost, but the table is right in the end."""
    calls = iter(range(50))

    def meanwhile() -> None:
        if next(calls) == 1:
            user.do_one_of(user.insert_above, user.insert_left, user.insert_inside,
                           user.delete_inside)  # fmt: skip

    writing.emulator.between[:] = [meanwhile]
    writing.refresh(asked.table(), run=f"{told} moved")
    undisturbed(writing)
    book = writing.emulator.books[writing.book_id]
    fields = fields_of(book)
    rows = [[row.get(field) for field in fields] for row in asked.rows]
    assert shown(book)[1:] == rows, told


def only_told(writing: Writing, mode: Mode, chance: random.Random, told: str) -> None:
    """A refresh that failed before anything was written: only its status is."""
    book = writing.emulator.books[writing.book_id]
    rows, block = shown(book), block_of(book)
    around = picture(book, block, block.bottom)

    def look_on() -> None:
        assert shown(writing.emulator.books[writing.book_id]) == rows, told

    writing.emulator.between[:] = [look_on]
    trouble(writing, chance)
    said = status("Failed", message=told)
    until_done(
        writing,
        lambda: writing.writer.tell(writing.book, writing.target(mode), said, run=f"{told} told"),
    )
    undisturbed(writing)
    book = writing.emulator.books[writing.book_id]
    block = block_of(book)
    assert shown(book) == rows, told
    assert picture(book, block, block.bottom) == around, told
    above = [
        block.tab.grid.get(row, column).value
        for row in range(block.top, block.header)
        for column in range(block.left, block.right)
    ]
    assert {"Failed", told} <= set(above), told


def undisturbed(writing: Writing) -> None:
    writing.emulator.between.clear()
    writing.emulator.script.entries.clear()
    writing.emulator.quotas.per_user = 60


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.timeout(0)
@pytest.mark.parametrize("mode", MODES)
def test_a_users_spreadsheet_survives_random_refreshes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, soak_seconds: float, mode: Mode
) -> None:
    seconds = soak_seconds if SOAK_SECONDS else SHORT_SECONDS
    deadline = time.monotonic() + seconds / len(MODES)
    seed, done = (random.randrange(10**9) if SOAK_SECONDS else 0), 0
    while not done or time.monotonic() < deadline:
        done += survive(tmp_path / str(seed), mode, seed, monkeypatch, deadline)
        seed += 1
    assert done >= (1 if SOAK_SECONDS else REFRESHES)


def test_what_is_in_the_way_stops_a_refresh_and_nothing_is_changed(tmp_path: Path) -> None:
    """Twenty times something is put where the block would grow, or into its middle."""
    writing = Writing(tmp_path)
    assert isinstance(writing.clock, FakeClock)
    chance = random.Random(3)
    writing.refresh(table([AUGUST, "Cap", 1, 1]), tab="Sheet1")
    user = User(writing, chance)
    for number in range(20):
        book = writing.emulator.books[writing.book_id]
        block = block_of(book)
        is_column = chance.random() < 0.5
        if is_column:
            user._insert("COLUMNS", block.left + chance.randrange(1, 4))
        else:
            row = block.bottom + chance.randrange(3)
            user._put(block.tab, row, block.left + chance.randrange(4), f"mine {number}")
        book = writing.emulator.books[writing.book_id]
        rows = [[AUGUST + n, "Cap", n, n] for n in range(4 + number)]
        with pytest.raises(Refused, match=r"inserted between|is in the way"):
            writing.refresh(table(*rows), tab="Sheet1")
        assert writing.emulator.books[writing.book_id] is book
        if is_column:
            foreign = next(
                n for n in range(block.left, block.right)
                if block_of(book).tab.grid.get(block.header, n).value is None
            )  # fmt: skip
            user._by_hand("deleteDimension", range=user._lines("COLUMNS", foreign))
        else:
            writing.emulator.by_hand(writing.book_id, {"updateCells": {
                "range": {"sheetId": block.tab.sheet_id, "startRowIndex": block.bottom,
                          "endRowIndex": block.bottom + 3, "startColumnIndex": block.left,
                          "endColumnIndex": block.right},
                "fields": "userEnteredValue"}})  # fmt: skip
        writing.refresh(table([AUGUST, "Cap", number, 1]), tab="Sheet1")
        assert shown(writing.emulator.books[writing.book_id])[1:] == [[AUGUST, "Cap", number, 1]]
