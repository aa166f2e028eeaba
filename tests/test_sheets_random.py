"""A user's spreadsheet survives two hundred refreshes, with faults: the block is what the answer
says, everything else is as the user left it, and nobody who looks on ever sees half a table."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import sheets_export.assembly
import sheets_export.turn
from errors import Refused, Retryable
from sheets_export.target import Mode
from tests.conftest import SOAK_SECONDS
from tests.installation import FakeClock
from tests.sheets_emulator.faults import Fault, Scripted
from tests.sheets_users import COLUMNS, User, block_of, picture, shown
from tests.sheets_writing import AUGUST, Writing, table

REFRESHES = 200
#: What this test gets in `make test`.
SHORT_SECONDS = 30.0
HEADERS = ["Date", "Product", "Units", "GMV"]
NAMES = ["Cap", "=1+1", "-", "Straße 🎁", "00123", None, "@home", "x" * 60]

Rows = list[list[Any]]


def an_answer(chance: random.Random) -> tuple[Rows, tuple[int, int]]:
    """Rows with distinct keys, of a window of days, and the window."""
    first = AUGUST + chance.randrange(12)
    last = first + chance.randrange(6)
    keys = [(day, name) for day in range(first, last + 1) for name in NAMES]
    some = chance.sample(keys, chance.randrange(min(len(keys), 34) + 1))
    if chance.random() < 0.5:
        some.sort(key=str)
    rows = [
        [day, name, chance.choice([None, 0, 3, 12]), chance.choice([None, 0.5, 99.99])]
        for day, name in some
    ]
    return rows, (first, last)


def by_header(view: Rows) -> Rows:
    """Rows as (date, product, units, GMV), whatever order the user put the columns in."""
    places = [view[0].index(header) for header in HEADERS]
    return [[row[place] for place in places] for row in view[1:]]


def expected(mode: Mode, before: Rows, answer: Rows, window: tuple[int, int]) -> Rows:
    """Worked out row by row, in the simplest way."""
    if mode == "replace":
        return answer
    wanted = {(row[0], row[1]): row for row in answer}
    done: set[tuple[Any, Any]] = set()
    after: Rows = []
    for row in before:
        key = (row[0], row[1])
        if key == (None, None) or key in done:
            after.append(row)
            continue
        done.add(key)
        if key in wanted:
            after.append(wanted[key])
        elif isinstance(row[0], int | float) and window[0] <= row[0] <= window[1]:
            after.append([row[0], row[1], None, None])
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


def one_sheet(folder: Path, seed: int, monkeypatch: pytest.MonkeyPatch, deadline: float) -> int:
    """How many refreshes it has survived."""
    chance = random.Random(seed)
    folder.mkdir()
    writing = Writing(folder)
    mode: Mode = chance.choice(["replace", "upsert"])
    size = {"rowCount": chance.choice([20, 45, 90]), "columnCount": chance.choice([4, 7, 11])}
    writing.by_hand({"addSheet": {"properties": {"title": "Sales", "gridProperties": size}}})
    if chance.random() < 0.5:
        monkeypatch.setattr(sheets_export.assembly, "ONE_WRITE_BYTES", 4_000)
        monkeypatch.setattr(sheets_export.turn, "CHUNK_BYTES", 600)
    else:
        monkeypatch.setattr(sheets_export.assembly, "ONE_WRITE_BYTES", 3_000_000)
    monkeypatch.setattr("sheets_export.cells._ROWS_AT_ONCE", 7)
    answer, window = an_answer(chance)
    writing.refresh(table(*answer), mode=mode)
    assert shown(writing.emulator.books[writing.book_id]) == [HEADERS, *answer]
    user = User(writing, chance)
    for number in range(1, REFRESHES + 1):
        if number > 1 and time.monotonic() > deadline:
            return number
        did = [user.do_something() for _ in range(chance.randrange(4))]
        answer, window = an_answer(chance)
        told = f"seed {seed}, refresh {number}, {mode}, after {did}"
        one_refresh(writing, mode, (answer, window), chance, told)
    return REFRESHES


def one_refresh(
    writing: Writing, mode: Mode, given: tuple[Rows, tuple[int, int]], chance: random.Random,
    told: str,
) -> None:  # fmt: skip
    answer, window = given
    book = writing.emulator.books[writing.book_id]
    block, old = block_of(book), shown(book)
    after = expected(mode, by_header(old), answer, window)
    places = [HEADERS.index(header) for header in old[0]]
    new = [old[0], *[[row[place] for place in places] for row in after]]
    bottom = block.header + max(len(old), len(new))
    size = block.tab.grid.row_count
    before = picture(book, block, bottom, size)
    seen: set[bool] = set()

    def look_on() -> None:
        view = shown(writing.emulator.books[writing.book_id])
        assert view in (old, new), told
        seen.add(view == new)

    writing.emulator.between[:] = [look_on]
    trouble(writing, chance)
    writing.runs += 1
    run = f"{told} {writing.runs}"
    until_done(writing, lambda: writing.refresh(table(*answer), mode=mode, window=window, run=run))
    writing.emulator.between.clear()
    writing.emulator.quotas.per_user = 60
    book = writing.emulator.books[writing.book_id]
    assert shown(book) == new, told
    assert picture(book, block_of(book), bottom, size) == before, told


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.timeout(0)
def test_a_users_spreadsheet_survives_random_refreshes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, soak_seconds: float
) -> None:
    deadline = time.monotonic() + (soak_seconds if SOAK_SECONDS else SHORT_SECONDS)
    seed, done = (random.randrange(10**9) if SOAK_SECONDS else 0), 0
    while not done or time.monotonic() < deadline:
        done += one_sheet(tmp_path / str(seed), seed, monkeypatch, deadline)
        seed += 1
    assert done


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
            user._insert("COLUMNS", block.left + chance.randrange(1, COLUMNS))
        else:
            row = block.bottom + chance.randrange(3)
            user._put(block.tab, row, block.left + chance.randrange(COLUMNS), f"mine {number}")
        book = writing.emulator.books[writing.book_id]
        rows = [[AUGUST + n, "Cap", n, n] for n in range(4 + number)]
        with pytest.raises(Refused, match=r"inserted between|is in the way"):
            writing.refresh(table(*rows), tab="Sheet1")
        assert writing.emulator.books[writing.book_id] is book
        if is_column:
            foreign = next(
                n for n in range(block.left, block.left + COLUMNS + 1)
                if block_of(book).tab.grid.get(block.header, n).value is None
            )  # fmt: skip
            user._by_hand("deleteDimension", range=user._lines("COLUMNS", foreign))
        else:
            writing.emulator.by_hand(writing.book_id, {"updateCells": {
                "range": {"sheetId": block.tab.sheet_id, "startRowIndex": block.bottom,
                          "endRowIndex": block.bottom + 3, "startColumnIndex": block.left,
                          "endColumnIndex": block.left + COLUMNS},
                "fields": "userEnteredValue"}})  # fmt: skip
        writing.refresh(table([AUGUST, "Cap", number, 1]), tab="Sheet1")
        assert shown(writing.emulator.books[writing.book_id])[1:] == [[AUGUST, "Cap", number, 1]]
