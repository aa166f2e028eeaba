"""Refusals, time-outs and answers that are lost: what is tried again, and that nothing is written
twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from google.auth.exceptions import RefreshError

from errors import BadRequest, RateLimited, Reauthorise, Refused, Retryable
from sheets_export.book import Rejected
from sheets_export.target import Mode
from store.fencing import Fenced
from store.sheet_budget import SheetBudget
from tests.installation import FakeClock
from tests.sheets_emulator.faults import Fault, Scripted
from tests.sheets_writing import AUGUST, Writing, status, table

pytestmark = pytest.mark.slow

HEADER = ["Date", "Product", "Units", "GMV"]
CAP = [AUGUST, "Cap", 1, 10.5]
HAT = [AUGUST + 1, "Hat", 2, 20]

LOST = (Fault.UNAVAILABLE, Fault.BAD_GATEWAY, Fault.NO_ANSWER, Fault.CONNECTION_LOST)
MODES: tuple[Mode, ...] = ("replace", "upsert", "append")


@pytest.fixture
def writing(tmp_path: Path) -> Writing:
    return Writing(tmp_path)


def is_batch(method: str) -> bool:
    return method.endswith("batchUpdate")


def is_get(method: str) -> bool:
    return method.endswith("spreadsheets.get")


def rows_of(writing: Writing, mode: Mode) -> list[list[object]]:
    """The block without the time of a snapshot."""
    skipped = 1 if mode == "append" else 0
    return [row[skipped:] for row in writing.rows(width=4 + skipped)]


# --- answers that are lost ---


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("committed", [False, True])
@pytest.mark.parametrize("fault", LOST)
def test_a_write_whose_answer_is_lost_is_done_once(
    writing: Writing, mode: Mode, committed: bool, fault: Fault
) -> None:
    """The first write, which makes the tab, and a later one."""
    for number, row in enumerate((CAP, HAT)):
        writing.emulator.script.add(Scripted(fault, committed, of=is_batch))
        done = writing.refresh(table(row), mode=mode)
        assert done.did == "written"
        expected = [HEADER, row] if mode == "replace" else [HEADER, CAP, HAT][: 2 + number]
        assert rows_of(writing, mode) == expected
    assert [tab.title for tab in writing.emulator.books[writing.book_id].tabs] == [
        "Sheet1",
        "Sales",
    ]


@pytest.mark.parametrize("fault", LOST)
def test_a_read_is_simply_repeated(writing: Writing, fault: Fault) -> None:
    writing.emulator.script.add(Scripted(fault, of=is_get, times=3))
    writing.refresh(table(CAP))
    assert writing.counted() == ["Read", "Read", "Read", "Read", "Write"]


def test_waiting_gets_longer_and_has_an_end(writing: Writing) -> None:
    clock = writing.clock
    assert isinstance(clock, FakeClock)
    writing.emulator.script.add(Scripted(Fault.UNAVAILABLE, of=is_get, times=1_000))
    began = clock.instant
    with pytest.raises(Retryable, match="did not answer"):
        writing.refresh(table(CAP))
    # With chance in the middle: 0.5, 1, 2, 4, 8 and then 16 seconds, for 150 seconds.
    waits = [second for second in clock.slept if second in (0.5, 1, 2, 4, 8, 16)]
    assert waits[:6] == [0.5, 1, 2, 4, 8, 16]
    assert 130 <= clock.instant - began <= 150


def test_a_write_that_never_gets_an_answer_is_given_up(writing: Writing) -> None:
    writing.refresh(table(CAP))
    writing.emulator.script.add(Scripted(Fault.NO_ANSWER, of=is_batch, times=1_000))
    with pytest.raises(Retryable):
        writing.refresh(table(HAT))
    assert rows_of(writing, "replace") == [HEADER, CAP]


def test_a_status_whose_answer_is_lost_is_told_once_more(writing: Writing) -> None:
    writing.refresh(table(CAP))
    writing.emulator.script.add(Scripted(Fault.NO_ANSWER, committed=True, of=is_batch))
    done = writing.writer.tell(writing.book, writing.target(), status("Failed"), run="x")
    assert (done.did, writing.said("State")) == ("written", "Failed")


# --- what is not tried again ---


def test_a_spreadsheet_that_is_not_shared_names_the_address(writing: Writing) -> None:
    writing.emulator.files[writing.book_id].permissions.clear()
    with pytest.raises(Refused, match=f"{writing.address} may not edit this spreadsheet. Share"):
        writing.refresh(table(CAP))
    assert writing.counted() == ["Read"]


def test_a_spreadsheet_that_may_only_be_read_names_the_address(writing: Writing) -> None:
    file = writing.emulator.files[writing.book_id]
    file.permissions.clear()
    file.share("user", "reader", writing.address)
    with pytest.raises(Refused, match=f"{writing.address} may not edit"):
        writing.refresh(table(CAP))
    assert writing.counted() == ["Read", "Write"]


def test_a_spreadsheet_that_is_gone_names_the_address(writing: Writing) -> None:
    del writing.emulator.files[writing.book_id]
    with pytest.raises(Refused, match=f"or {writing.address} may not see it"):
        writing.refresh(table(CAP))


def test_credentials_that_google_no_longer_takes_have_to_be_given_again(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing.emulator.tokens.clear()
    with pytest.raises(Reauthorise, match=writing.address):
        writing.refresh(table(CAP))

    def revoked(*args: object, **more: object) -> None:
        raise RefreshError("invalid_grant")  # type: ignore[no-untyped-call]

    monkeypatch.setattr("requests.Session.request", revoked)
    with pytest.raises(Reauthorise, match="Connect Google Sheets again"):
        writing.refresh(table(CAP))


def test_what_google_calls_wrong_is_planned_anew_twice_and_then_told(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing.refresh(table(CAP))
    writing.counted()
    monkeypatch.setattr("sheets_export.changes.VALUE", "noSuchField")
    with pytest.raises(Rejected, match="Google Sheets did not accept this"):
        writing.refresh(table(HAT))
    assert Counter(writing.counted()) == {"Read": 3, "Write": 3}
    assert rows_of(writing, "replace") == [HEADER, CAP]


# --- quotas ---


def test_a_refusal_for_too_many_calls_is_waited_out(writing: Writing) -> None:
    writing.refresh(table(CAP))
    writing.emulator.quotas.per_user = 0
    clock = writing.clock
    assert isinstance(clock, FakeClock)
    opened = clock.instant + 40

    def open_again() -> None:
        if clock.instant >= opened:
            writing.emulator.quotas.per_user = 60

    writing.emulator.between.append(open_again)
    done = writing.refresh(table(HAT))
    assert (done.did, rows_of(writing, "replace")) == ("written", [HEADER, HAT])
    assert clock.instant >= opened


def test_a_storm_of_refusals_ends_with_the_time_to_come_back(writing: Writing) -> None:
    writing.emulator.quotas.per_user = 0
    with pytest.raises(RateLimited) as told:
        writing.refresh(table(CAP))
    assert told.value.retry_after


def test_seventy_refreshes_in_a_row_never_ask_google_for_too_much(writing: Writing) -> None:
    for number in range(70):
        writing.refresh(table([AUGUST + number, "Cap", 1, 1.0]), tab="Sheet1")
    assert {seen.status for seen in writing.emulator.seen} == {200}


def many(calls: int, acquire: Callable[[], None], clock: FakeClock) -> list[float]:
    """When each call was allowed."""
    at = []
    for _ in range(calls):
        acquire()
        at.append(clock.instant)
    return at


def in_the_worst_minute(at: list[float]) -> int:
    return max(sum(1 for one in at if start <= one < start + 60) for start in at)


def test_no_minute_has_more_calls_than_google_allows_a_user(writing: Writing) -> None:
    clock = writing.clock
    assert isinstance(clock, FakeClock)
    other = SheetBudget(writing.database, clock)
    both = [writing.budget, other]

    def acquire() -> None:
        both.reverse()
        both[0].acquire("write", "a@example.com", "p")

    at = many(200, acquire, clock)
    assert in_the_worst_minute(at) <= 60
    assert at[-1] - at[0] == pytest.approx(190 / (50 / 60), abs=2)


def test_no_minute_has_more_calls_than_google_allows_a_project(writing: Writing) -> None:
    clock = writing.clock
    assert isinstance(clock, FakeClock)
    users = [f"u{number}@example.com" for number in range(40)]

    def acquire() -> None:
        users.append(users.pop(0))
        writing.budget.acquire("read", users[0], "p")

    assert in_the_worst_minute(many(700, acquire, clock)) <= 300


def test_reads_writes_and_other_users_have_budgets_of_their_own(writing: Writing) -> None:
    clock = writing.clock
    assert isinstance(clock, FakeClock)
    for _ in range(10):
        writing.budget.acquire("write", "a@example.com", "p")
        writing.budget.acquire("read", "a@example.com", "p")
        writing.budget.acquire("write", "b@example.com", "p")
    assert clock.slept == []
    writing.budget.acquire("write", "a@example.com", "p")
    assert sum(clock.slept) == pytest.approx(1.2, abs=0.1)


def test_a_wait_that_would_be_too_long_is_told_at_once(writing: Writing) -> None:
    impatient = SheetBudget(writing.database, writing.clock, patience_seconds=0.5)
    for _ in range(10):
        impatient.acquire("write", "a@example.com", "p")
    with pytest.raises(RateLimited) as told:
        impatient.acquire("write", "a@example.com", "p")
    assert told.value.retry_after == pytest.approx(1.2)


def test_a_budget_that_was_written_under_a_clock_ahead_is_not_waited_for(
    writing: Writing,
) -> None:
    clock = writing.clock
    assert isinstance(clock, FakeClock)
    clock.instant += 900_000
    for _ in range(10):
        writing.budget.acquire("write", "a@example.com", "p")
    writing.budget.refused("write", "a@example.com", 30)
    clock.instant -= 900_000
    writing.budget.acquire("write", "a@example.com", "p")
    assert sum(clock.slept) < 10


# --- two workers ---


def test_a_spreadsheet_that_is_being_written_is_left_to_who_writes_it(writing: Writing) -> None:
    with (
        writing.locks.held(writing.book_id, "other"),
        pytest.raises(Retryable, match="Another export writes"),
    ):
        writing.refresh(table(CAP))
    assert writing.counted() == []
    writing.refresh(table(CAP))


def test_a_lock_whose_holder_died_is_free_after_its_time(writing: Writing) -> None:
    held = writing.locks.held(writing.book_id, "dead")
    held.__enter__()
    writing.clock.sleep(239)
    with pytest.raises(Retryable):
        writing.refresh(table(CAP))
    writing.clock.sleep(2)
    writing.refresh(table(CAP))


def test_who_goes_on_with_the_same_run_waits_for_nobody(writing: Writing) -> None:
    writing.locks.held(writing.book_id, "r1").__enter__()
    assert writing.refresh(table(CAP), run="r1").did == "written"


def test_who_lost_the_lock_writes_nothing(writing: Writing) -> None:
    """Between its look and its write a worker was asleep for long, and another took over."""
    writing.refresh(table(CAP))
    between: list[bool] = []

    def fall_asleep() -> None:
        if not between and writing.emulator.seen and writing.emulator.seen[-1].kind == "Read":
            between.append(True)
            writing.clock.sleep(1_000)
            writing.refresh(table(HAT), run="other")

    writing.emulator.seen.clear()
    writing.emulator.between.append(fall_asleep)
    with pytest.raises(Fenced, match="Another worker goes on"):
        writing.refresh(table(CAP, CAP), run="sleepy")
    assert rows_of(writing, "replace") == [HEADER, HAT]


def test_a_plan_that_is_out_of_date_is_refused_even_when_the_lock_did_not_help(
    writing: Writing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write of a number can be made once: the second is planned anew, from what is there."""
    writing.refresh(table(CAP), mode="append")
    asleep: list[bool] = []

    def fall_asleep() -> None:
        if not asleep and writing.emulator.seen[-1:] and writing.emulator.seen[-1].kind == "Read":
            asleep.append(True)
            writing.clock.sleep(1_000)
            writing.refresh(table(HAT), mode="append", run="other")

    writing.emulator.seen.clear()
    writing.emulator.between.append(fall_asleep)
    monkeypatch.setattr(writing.locks, "renew", lambda lease: None)
    late = [AUGUST + 5, "Late", 5, 5]
    writing.refresh(table(late), mode="append", run="sleepy", place=writing.place)
    assert rows_of(writing, "append") == [HEADER, CAP, HAT, late]


def test_a_beat_that_fails_ends_it_before_the_next_step(writing: Writing) -> None:
    beats = []

    def beat() -> None:
        beats.append(len(writing.emulator.seen))
        if len(beats) == 2:
            raise Fenced("gone")

    with pytest.raises(Fenced, match="gone"):
        writing.writer.refresh(
            writing.book, writing.target(), table(CAP), status(), run="r", beat=beat
        )
    assert beats == [0, 1]
    writing.refresh(table(CAP))


# --- limits ---


def test_a_spreadsheet_that_would_get_too_many_cells_is_refused_before_a_write(
    writing: Writing,
) -> None:
    big = {"title": "Big", "gridProperties": {"rowCount": 99_600, "columnCount": 100}}
    writing.by_hand({"addSheet": {"properties": big}})
    with pytest.raises(BadRequest, match="more than 10,000,000 cells") as told:
        writing.refresh(table(*[[AUGUST + n, "Cap", 1, 1.0] for n in range(2_000)]))
    assert told.value.code == "too_large"
    assert writing.counted() == ["Read"]


def test_tabs_that_grew_since_the_last_time_are_found_out_by_google(writing: Writing) -> None:
    writing.refresh(table(CAP))
    big = {"title": "Big", "gridProperties": {"rowCount": 99_700, "columnCount": 100}}
    writing.by_hand({"addSheet": {"properties": big}})
    with pytest.raises(BadRequest, match="more than 10,000,000 cells"):
        writing.refresh(table(*[[AUGUST + n, "Cap", 1, 1.0] for n in range(2_000)]))
    assert rows_of(writing, "replace") == [HEADER, CAP]


def test_texts_of_every_length_go_through(writing: Writing) -> None:
    writing.refresh(table([AUGUST, "x" * 50_000, 1, 1]))
    assert len(writing.rows()[1][1]) == 50_000
