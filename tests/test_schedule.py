"""What is asked for and when: the two syncs a day, history on request, and "Run import".

START is 1 January 2026, 00:00 UTC; the slots are at 02:00 and 14:00 UTC.
"""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path

import pytest
from sqlalchemy import update

from backfill.schedule import (
    IMPORT,
    SYNC,
    check_wish,
    enqueue_backfill,
    enqueue_due,
    enqueue_first_import,
    enqueue_import_now,
    enqueue_sync,
)
from backfill.slots import SPREAD_SECONDS, Known, delay_of, due_slots, newest_slot
from errors import BadRequest, RateLimited
from store.accounts import Accounts
from store.accounts_schema import runs
from store.ledger import Ledger
from tests.installation import (
    START,
    FakeClock,
    MadeGrant,
    MadeShop,
    accounts_in,
    at_once,
    connect_shop,
)
from worker import Rounds

DAY = 86_400
HOUR = 3_600.0
SLOT = int(START) + 2 * 3_600
SHOPS = ("7000001", "7000002", "7000003")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def accounts(tmp_path: Path, clock: FakeClock) -> Accounts:
    accounts = accounts_in(tmp_path, clock)
    connect_shop(accounts, "alice", MadeGrant(), *(MadeShop(shop, shop) for shop in SHOPS))
    return accounts


@pytest.fixture
def ledger(accounts: Accounts, clock: FakeClock) -> Ledger:
    return Ledger(accounts.database, clock)


def known(*shop_ids: str, connected_at: float = START - DAY) -> list[Known]:
    return [Known("alice", shop_id, connected_at) for shop_id in shop_ids or SHOPS]


def instant(text: str) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()


# --- slots ---


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2026-01-01 02:00:00", "2026-01-01 02:00:00"),
        ("2026-01-01 01:59:59", "2025-12-31 14:00:00"),
        ("2026-01-01 13:59:59", "2026-01-01 02:00:00"),
        ("2026-01-01 14:00:00", "2026-01-01 14:00:00"),
        ("2026-01-01 23:59:59", "2026-01-01 14:00:00"),
        ("2028-02-29 03:00:00", "2028-02-29 02:00:00"),
        ("2028-03-01 00:30:00", "2028-02-29 14:00:00"),
    ],
)
def test_the_newest_slot_is_the_last_two_or_fourteen_oclock_utc(now: str, slot: str) -> None:
    assert newest_slot(instant(now)) == instant(slot)


def test_a_shop_starts_at_its_own_minute_within_twenty_of_the_hour() -> None:
    delays = [delay_of(("alice", str(7_000_000 + number))) for number in range(500)]
    assert all(0 <= delay < 1_200 for delay in delays)
    assert delays == [delay_of(("alice", str(7_000_000 + number))) for number in range(500)]
    by_minute = [sum(1 for delay in delays if delay // 60 == minute) for minute in range(20)]
    assert min(by_minute) > 0
    assert max(by_minute) < 60, "25 a minute on average"


def test_due_is_who_was_connected_before_the_slot_and_has_no_run_of_it() -> None:
    shops = [*known("1", "2"), *known("3", connected_at=SLOT + 1)]
    due = due_slots(SLOT + 60, shops, {("alice", "2")})
    assert [(one.shop_id, one.slot) for one in due] == [("1", SLOT)]
    assert due[0].not_before == SLOT + delay_of(("alice", "1"))


def test_a_shop_that_was_closed_is_looked_at_once_a_day() -> None:
    closed = [Known("alice", "1", START - DAY, is_open=False)]
    assert [one.slot for one in due_slots(SLOT + 60, closed, set())] == [SLOT]
    assert due_slots(SLOT + 12 * HOUR, closed, set()) == []
    assert [one.slot for one in due_slots(SLOT + DAY, closed, set())] == [SLOT + DAY]


# --- the schedule in the ledger ---


def test_each_slot_is_asked_for_once_however_often_it_is_looked_at(
    ledger: Ledger, clock: FakeClock
) -> None:
    clock.instant = SLOT
    assert len(enqueue_due(ledger, clock, known())) == 3
    clock.instant += 15
    assert enqueue_due(ledger, clock, known()) == []
    (run,) = ledger.runs("alice", SHOPS[0])
    assert (run.kind, run.lane, run.trigger) == (SYNC, "forward", "schedule")
    assert SLOT <= run.not_before < SLOT + SPREAD_SECONDS


@pytest.mark.parametrize("up_again", [SLOT + 7 * 60, SLOT + 3 * DAY + 60])
def test_a_process_that_was_down_asks_for_the_newest_slot_once(
    ledger: Ledger, clock: FakeClock, up_again: int
) -> None:
    """D5: up again at 02:07, or three days later: one run, not one for every slot missed."""
    clock.instant = SLOT - 11 * HOUR
    assert len(enqueue_due(ledger, clock, known(SHOPS[0]))) == 1
    claim = ledger.claim("worker-1", ["forward"])
    assert claim is not None
    ledger.finish(claim, "done")
    clock.instant = up_again
    assert len(enqueue_due(ledger, clock, known(SHOPS[0]))) == 1
    assert enqueue_due(ledger, clock, known(SHOPS[0])) == []
    assert len(ledger.runs("alice", SHOPS[0])) == 2


def test_a_late_slot_may_begin_at_once(ledger: Ledger, clock: FakeClock) -> None:
    clock.instant = SLOT + 30 * 60
    enqueue_due(ledger, clock, known(SHOPS[0]))
    assert ledger.claim("worker-1", ["forward"]) is not None


def test_two_schedulers_make_one_run(ledger: Ledger, clock: FakeClock) -> None:
    """D6."""
    clock.instant = SLOT
    at_once(4, lambda _: enqueue_due(ledger, clock, known()))
    assert ledger.counts()["pending"] == 3


def test_a_sync_that_is_not_finished_takes_the_next_slot_until_it_is(
    ledger: Ledger, clock: FakeClock
) -> None:
    clock.instant = SLOT + HOUR
    enqueue_due(ledger, clock, known(SHOPS[0]))
    claim = ledger.claim("worker-1", ["forward"])
    assert claim is not None
    ledger.hand_back(claim, SLOT + 13 * HOUR, "TikTok is away.")
    clock.instant = SLOT + 12 * HOUR
    assert enqueue_due(ledger, clock, known(SHOPS[0])) == []
    clock.instant = SLOT + 13 * HOUR
    claim = ledger.claim("worker-1", ["forward"])
    assert claim is not None
    ledger.finish(claim, "done")
    assert [run.slot for run in enqueue_due(ledger, clock, known(SHOPS[0]))] == [
        f"at:{SLOT + 12 * 3_600}"
    ]


def test_connecting_again_runs_one_of_the_syncs_that_were_blocked_meanwhile(
    ledger: Ledger, clock: FakeClock
) -> None:
    enqueue_first_import(ledger, "alice", SHOPS[0])
    claim = ledger.claim("worker-1", ["backward"])
    assert claim is not None
    ledger.finish(claim, "blocked", "Access was withdrawn.")
    for number in range(3):
        clock.instant = SLOT + number * 12 * HOUR + HOUR
        enqueue_due(ledger, clock, known(SHOPS[0]))
        claim = ledger.claim("worker-1", ["forward"])
        assert claim is not None
        ledger.finish(claim, "blocked", "Access was withdrawn.")
    assert ledger.unblock("alice", SHOPS[0]) == 2
    pending = [run.slot for run in ledger.runs("alice") if run.state == "pending"]
    assert sorted(pending) == [f"at:{SLOT + DAY}", "first"]


@pytest.mark.slow
def test_five_hundred_shops_are_served_in_turn_and_a_slow_one_holds_up_nobody(
    accounts: Accounts, ledger: Ledger, clock: FakeClock
) -> None:
    """D4: two workers, four seconds a sync. 500 shops are 1,000 seconds of work spread over 1,200
    seconds of starting times, so nobody should wait much longer than a crowded minute takes."""
    shop_ids = [str(8_000_000 + number) for number in range(500)]
    connect_shop(accounts, "bob", MadeGrant("open-id-2"), *(MadeShop(one, one) for one in shop_ids))
    clock.instant = SLOT
    enqueue_due(ledger, clock, [Known("bob", one, START - DAY) for one in shop_ids])
    slow, waited = None, []
    while ledger.counts()["pending"]:
        worked = []
        for worker in ("worker-1", "worker-2"):
            claim = ledger.claim(worker, ["forward"])
            if claim is None:
                continue
            waited.append(clock.instant - claim.run.not_before)
            if slow is None:
                slow = claim
            else:
                worked.append(claim)
        clock.instant += 4.0
        for claim in worked:
            ledger.finish(claim, "done")
        assert slow is not None
        slow = ledger.renew(slow)
    assert len(waited) == 500
    assert max(waited) < 180.0
    assert ledger.counts()["running"] == 1


# --- what people ask for ---


def test_history_reaches_back_two_years_and_not_a_day_further() -> None:
    """730 days before 1 January 2026 is 2 January 2024; 2024 had a leap day."""
    floor = int(instant("2024-01-02 00:00:00"))
    check_wish(START + HOUR, floor, int(START), ())
    with pytest.raises(BadRequest, match="from 2024-01-02 on, which is 730 days back") as refused:
        check_wish(START + HOUR, floor - 1, int(START), ())
    assert refused.value.code == "bad_date_range"


def test_history_of_the_future_is_refused_and_today_is_not() -> None:
    now = START + HOUR
    check_wish(now, int(START), int(START) + DAY, ())
    with pytest.raises(BadRequest, match="future; today is 2026-01-01"):
        check_wish(now, int(START), int(START) + 2 * DAY, ())
    with pytest.raises(BadRequest, match="future"):
        check_wish(now, int(START) + 2 * DAY, int(START) + 3 * DAY, ())


def test_reading_again_is_another_wish(ledger: Ledger, clock: FakeClock) -> None:
    start, end = int(START) - 10 * DAY, int(START)
    first = enqueue_backfill(ledger, clock, "alice", SHOPS[0], start=start, end=end)
    again = enqueue_backfill(ledger, clock, "alice", SHOPS[0], start=start, end=end, reread=True)
    assert first.id != again.id
    assert again.parameters == {"start": start, "end": end, "data": [], "reread": True}
    assert (again.trigger, again.lane) == ("manual", "backward")


def test_what_a_person_asked_for_goes_before_the_schedule(ledger: Ledger, clock: FakeClock) -> None:
    clock.instant = SLOT + HOUR
    enqueue_due(ledger, clock, known(SHOPS[0], SHOPS[1]))
    asked = enqueue_sync(ledger, clock, "alice", SHOPS[2])
    claim = ledger.claim("worker-1", ["forward"])
    assert claim is not None
    assert claim.run.id == asked.id


def test_a_sync_that_waits_for_a_worker_is_not_asked_for_twice(
    ledger: Ledger, clock: FakeClock
) -> None:
    """D3: the schedule and a person want the same thing; one run does it for both."""
    clock.instant = SLOT + HOUR
    (scheduled,) = enqueue_due(ledger, clock, known(SHOPS[0]))
    assert enqueue_sync(ledger, clock, "alice", SHOPS[0]).id == scheduled.id
    claim = ledger.claim("worker-1", ["forward"])
    assert claim is not None
    assert enqueue_sync(ledger, clock, "alice", SHOPS[0]).id != scheduled.id
    assert ledger.claim("worker-2", ["forward"]) is None, "one worker for a shop's lane"


def test_run_import_reads_what_is_new_and_takes_up_history_that_failed(
    ledger: Ledger, clock: FakeClock
) -> None:
    first = enqueue_first_import(ledger, "alice", SHOPS[0])
    asked = enqueue_import_now(ledger, clock, "alice", SHOPS[0])
    assert [run.kind for run in asked] == [SYNC, IMPORT]
    assert asked[1].id == first.id, "it is under way"
    claim = ledger.claim("worker-1", ["backward"])
    assert claim is not None
    ledger.finish(claim, "failed", "Something unexpected happened.")
    clock.instant += 60
    asked = enqueue_import_now(ledger, clock, "alice", SHOPS[0])
    assert [(run.kind, run.state) for run in asked] == [(SYNC, "pending"), (IMPORT, "pending")]
    assert asked[1].id != first.id


def test_run_import_leaves_finished_history_alone(ledger: Ledger, clock: FakeClock) -> None:
    enqueue_first_import(ledger, "alice", SHOPS[0])
    claim = ledger.claim("worker-1", ["backward"])
    assert claim is not None
    ledger.finish(claim, "done")
    asked = enqueue_import_now(ledger, clock, "alice", SHOPS[0])
    assert [run.kind for run in asked] == [SYNC]


def test_run_import_leaves_finished_history_alone_also_after_many_syncs(
    ledger: Ledger, clock: FakeClock
) -> None:
    """Sixty syncs and short pulls are more than a list of the newest runs shows."""
    enqueue_first_import(ledger, "alice", SHOPS[0])
    claim = ledger.claim("worker-1", ["backward"])
    assert claim is not None
    ledger.finish(claim, "done")
    for number in range(60):
        clock.instant += 60
        ledger.enqueue("alice", SHOPS[0], "forward", SYNC, slot=f"at:{number}", parameters={})
        claim = ledger.claim("worker-1", ["forward"])
        assert claim is not None
        ledger.finish(claim, "done")
    asked = enqueue_import_now(ledger, clock, "alice", SHOPS[0])
    assert [run.kind for run in asked] == [SYNC]


def test_history_under_way_is_found_behind_many_other_runs(
    ledger: Ledger, clock: FakeClock
) -> None:
    first = enqueue_backfill(ledger, clock, "alice", SHOPS[0])
    sync = enqueue_sync(ledger, clock, "alice", SHOPS[0])
    for number in range(60):
        clock.instant += 60
        ledger.enqueue("alice", SHOPS[0], "tail", "freshen", slot=f"{number}", parameters={})
    assert enqueue_backfill(ledger, clock, "alice", SHOPS[0]).id == first.id
    assert enqueue_sync(ledger, clock, "alice", SHOPS[0]).id == sync.id


def test_ten_runs_of_a_shop_may_be_open(ledger: Ledger, clock: FakeClock) -> None:
    days = [int(START) - days * DAY for days in range(1, 11)]
    asked = [enqueue_backfill(ledger, clock, "alice", SHOPS[0], start=day) for day in days]
    with pytest.raises(RateLimited, match="not finished") as refused:
        enqueue_backfill(ledger, clock, "alice", SHOPS[0], start=int(START) - 11 * DAY)
    assert refused.value.retry_after == 60.0
    with pytest.raises(RateLimited):
        enqueue_sync(ledger, clock, "alice", SHOPS[0])
    again = enqueue_backfill(ledger, clock, "alice", SHOPS[0], start=days[0])
    assert again.id == asked[0].id
    enqueue_sync(ledger, clock, "alice", SHOPS[1])
    claim = ledger.claim("worker-1", ["backward"])
    assert claim is not None
    ledger.finish(claim, "done")
    enqueue_sync(ledger, clock, "alice", SHOPS[0])


# --- rounds ---


def test_rounds_go_on_when_a_duty_fails(clock: FakeClock) -> None:
    done: list[str] = []

    def fail() -> None:
        done.append("failed")
        raise RuntimeError("the database is locked")

    rounds = Rounds({"first": fail, "second": lambda: done.append("did")}, clock)
    rounds.once()
    rounds.once()
    assert done == ["failed", "did", "failed", "did"]


def test_rounds_end_when_they_are_told(clock: FakeClock) -> None:
    def stop() -> None:
        rounds.stop()

    rounds = Rounds({"only": stop}, clock)
    thread = threading.Thread(target=rounds.run_until_stopped)
    thread.start()
    thread.join(timeout=5)
    assert not thread.is_alive()


def test_runs_older_than_the_history_go_on(accounts: Accounts, ledger: Ledger) -> None:
    """A run that was asked for by an older release has no trigger."""
    run = enqueue_first_import(ledger, "alice", SHOPS[0])
    with accounts.database.writing() as connection:
        connection.execute(update(runs).where(runs.c.id == run.id).values(trigger=""))
    claim = ledger.claim("worker-1", ["backward"])
    assert claim is not None
    ledger.finish(claim, "blocked")
    assert ledger.unblock("alice", SHOPS[0]) == 1
