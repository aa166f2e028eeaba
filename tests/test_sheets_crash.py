"""A writer that is killed at any call, and another that goes on: the spreadsheet is as if nothing
had happened, and never shows half of a refresh in between."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import requests

import sheets_export.assembly
import sheets_export.turn
import store.sheet_budget
from clock import SystemClock
from errors import Retryable
from sheets_export.book import Sheets
from sheets_export.target import Mode, Written
from sheets_export.writer import Writer
from store.database import Database
from store.fencing import Fenced
from store.sheet_budget import SheetBudget
from store.sheet_locks import SheetLocks
from tests.installation import FakeClock
from tests.sheets_bridge import BridgeAdapter, Point, served
from tests.sheets_writing import AUGUST, Writing, status, table

HEADER = ["Date", "Product", "Units", "GMV"]
OLD = [[AUGUST + n, f"=Product {n}", n, n / 4] for n in range(12)]
NEW = [[AUGUST + n, f"=Product {n}", n, n / 2] for n in range(4, 30)]
CASES: tuple[tuple[Mode, bool, bool], ...] = (
    ("replace", False, False),
    ("replace", True, False),
    ("replace", False, True),
    ("replace", True, True),
    ("upsert", True, False),
    ("upsert", True, True),
    ("append", True, False),
    ("append", True, True),
)


def in_child(writing: Writing, folder: Path, mode: Mode, port: int, kill_at: Point | None) -> int:
    """How many calls a refresh took in a process of its own; 0 when that was killed."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read_end)
            clock = FakeClock(writing.clock.now())
            database = Database(f"sqlite:///{folder / 'accounts.sqlite'}")
            adapter = BridgeAdapter(port, kill_at)
            session = requests.Session()
            session.headers["Authorization"] = "Bearer token"
            session.mount("https://", adapter)
            budget = SheetBudget(database, clock)
            sheets = Sheets(session, writing.address, clock, budget, jitter=lambda: 0.5)
            writer = Writer(SheetLocks(database, clock), clock)
            book = sheets.book(writing.book_id)
            writer.refresh(book, writing.target(mode), table(*NEW), status(), run="the run")
            os.write(write_end, str(adapter.calls).encode())
        finally:
            os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        said = pipe.read()
    _, code = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(code) and os.WTERMSIG(code) == signal.SIGKILL
    assert killed == (kill_at is not None), "the point was not reached"
    return int(said or 0)


def block(writing: Writing) -> list[list[object]]:
    """Rows of the named range, without the time of a snapshot and without the header."""
    if writing.emulator.books[writing.book_id].titled("Sales") is None:
        return []
    found = writing.emulator.look(writing.book_id, "sales")
    return [row[-4:] for row in found[1:]]


def expected(mode: Mode, is_later: bool) -> list[list[object]]:
    if not is_later or mode == "replace":
        return list(NEW)
    return [*OLD[:4], *NEW] if mode == "upsert" else [*OLD, *NEW]


def prepared(folder: Path, mode: Mode, is_later: bool) -> Writing:
    folder.mkdir()
    writing = Writing(folder)
    if is_later:
        writing.refresh(table(*OLD), mode=mode)
    return writing


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("mode", "is_later", "is_staged"), CASES)
def test_a_writer_that_is_killed_anywhere_leaves_the_old_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode, is_later: bool, is_staged: bool
) -> None:
    if is_staged:
        monkeypatch.setattr(sheets_export.assembly, "ONE_WRITE_BYTES", 3_500)
        monkeypatch.setattr(sheets_export.turn, "CHUNK_BYTES", 900)
        monkeypatch.setattr("sheets_export.cells._ROWS_AT_ONCE", 10)
    whole = prepared(tmp_path / "whole", mode, is_later)
    with served(whole.emulator) as port:
        calls = in_child(whole, tmp_path / "whole", mode, port, None)
    assert block(whole) == expected(mode, is_later)
    assert calls >= 5 if is_staged else calls == 2
    for number in range(1, calls + 1):
        for moment in ("before", "after"):
            folder = tmp_path / f"{moment}{number}"
            writing = prepared(folder, mode, is_later)
            old = block(writing)
            with served(writing.emulator) as port:
                in_child(writing, folder, mode, port, (moment, number))
            assert block(writing) in (old, expected(mode, is_later))
            done = writing.refresh(table(*NEW), mode=mode, run="the run")
            assert block(writing) == expected(mode, is_later)
            is_last = (moment, number) == ("after", calls)
            assert done.did == ("already" if is_last else "written")
            titles = [tab.title for tab in writing.emulator.books[writing.book_id].tabs]
            assert titles == ["Sheet1", "Sales"]


# --- two workers at the same time ---


def patient(writer: Writer, sheets: Sheets, writing: Writing, of: int, run: str) -> Written:
    """Like the ledger: what was put off, or taken over, is begun again."""
    while True:
        try:
            return writer.refresh(
                sheets.book(writing.book_id),
                writing.target("append", place=None),
                table([AUGUST + of, run, of, of]),
                status(),
                run=run,
            )
        except (Retryable, Fenced):
            time.sleep(0.01)


def test_two_workers_on_one_spreadsheet_write_everything_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.sheet_budget._USER", store.sheet_budget._Size(1_000, 1_000))
    writing = Writing(tmp_path, SystemClock())
    writing.emulator.quotas.per_user = writing.emulator.quotas.per_project = 10_000
    problems: list[BaseException] = []

    def work(numbers: Sequence[int]) -> None:
        try:
            sheets = writing.connected()
            writer = Writer(SheetLocks(writing.database, writing.clock), writing.clock)
            for number in numbers:
                patient(writer, sheets, writing, number, f"run {number}")
        except BaseException as problem:  # noqa: BLE001 - told below
            problems.append(problem)

    threads = [
        threading.Thread(target=work, args=(numbers,))
        for numbers in ([1, 2, 3, 4, 5], [6, 7, 8, 9])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    names = [row[2] for row in writing.emulator.look(writing.book_id, "sales")[1:]]
    assert sorted(names) == [f"run {number}" for number in range(1, 10)]
