"""The worker: claims, works, finishes or hands back, and cannot be brought down by a bad run."""

from __future__ import annotations

import errno
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy.exc
import structlog

from backfill.run import Outcome
from backfill.schedule import IMPORT, LANE, SYNC, enqueue_backfill, enqueue_first_import
from backfill.stages import DATA
from errors import BadRequest
from store.accounts import Accounts
from store.fencing import Fenced
from store.ledger import Claim, Ledger, Run
from tests.installation import SECRET, FakeClock, MadeGrant, MadeShop, accounts_in, connect_shop
from worker import SIDE_BY_SIDE, Handler, Stop, Worker

pytestmark = pytest.mark.slow


@dataclass
class House:
    """A ledger with one shop in it, and a clock that a test moves."""

    accounts: Accounts
    ledger: Ledger
    clock: FakeClock
    workspace_id: str
    shop_id: str

    def ask(self, slot: str = "first", kind: str = IMPORT, **more: Any) -> Run:
        return self.ledger.enqueue(
            self.workspace_id, self.shop_id, LANE, kind, slot=slot, parameters={}, **more
        )

    def state(self, run: Run) -> str:
        return self.ledger.run(run.id).state

    def worker(self, **handlers: Handler) -> Worker:
        return Worker(self.ledger, handlers, self.clock, "worker-1")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    clock = FakeClock()
    accounts = accounts_in(tmp_path, clock)
    workspace_id = "alice"
    shop = MadeShop()
    connect_shop(accounts, workspace_id, MadeGrant(), shop)
    yield House(accounts, Ledger(accounts.database, clock), clock, workspace_id, shop.id)
    accounts.database.close()


def done(claim: Claim, stop: Stop) -> Outcome:
    return Outcome("done")


@pytest.mark.parametrize("state", ["done", "blocked", "failed"])
def test_a_run_ends_as_its_handler_says(house: House, state: str) -> None:
    run = house.ask()
    worker = house.worker(**{IMPORT: lambda claim, stop: Outcome(state, "because")})
    assert worker.run_until_idle() == 1
    ended = house.ledger.run(run.id)
    assert (ended.state, ended.message) == (state, "because")
    assert ended.finished_at == house.clock.now()


def test_a_run_that_waits_is_handed_back_and_worked_when_it_is_due(house: House) -> None:
    run = house.ask()
    outcomes = [Outcome("waiting", "TikTok is away", house.clock.now() + 60), Outcome("done")]
    worker = house.worker(**{IMPORT: lambda claim, stop: outcomes.pop(0)})
    assert worker.run_until_idle() == 1
    assert house.state(run) == "waiting"
    assert house.ledger.run(run.id).message == "TikTok is away"
    house.clock.instant += 59
    assert worker.run_until_idle() == 0
    house.clock.instant += 1
    assert worker.run_until_idle() == 1
    assert house.state(run) == "done"


def test_what_nobody_expected_fails_the_run_with_a_reference_and_the_worker_goes_on(
    house: House,
) -> None:
    bad, good = house.ask("1", "bad"), house.ask("2", "good")

    def explode(claim: Claim, stop: Stop) -> Outcome:
        raise KeyError("canary@test.invalid")

    with structlog.testing.capture_logs() as logged:
        assert house.worker(bad=explode, good=done).run_until_idle() == 2
    assert (house.state(bad), house.state(good)) == ("failed", "done")
    (noted,) = [one for one in logged if one["event"] == "run_failed"]
    assert noted["reference"] in house.ledger.run(bad.id).message
    assert noted["error"] == "KeyError"
    assert "explode" in repr(noted["where"])
    assert "canary" not in repr(logged), "a message may repeat a payload"


def no_room() -> Exception:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


def held() -> Exception:
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY_SNAPSHOT
    return error


@pytest.mark.parametrize(
    "refused",
    [
        *(no_room(), held(), sqlalchemy.exc.OperationalError("BEGIN", {}, held())),
        *(OSError(errno.ENOSPC, "no space"), OSError(errno.EMFILE, "too many files")),
    ],
)
def test_a_machine_without_room_or_time_makes_the_run_wait_a_minute(
    house: House, refused: Exception
) -> None:
    """Wherever it is met: before the first page as well."""
    run = house.ask()

    def refuse(claim: Claim, stop: Stop) -> Outcome:
        raise refused

    assert house.worker(**{IMPORT: refuse}).run_until_idle() == 1
    waiting = house.ledger.run(run.id)
    assert (waiting.state, waiting.not_before) == ("waiting", house.clock.now() + 60)
    assert waiting.message.startswith("The server cannot write its data at the moment.")
    house.clock.instant += 60
    assert house.worker(**{IMPORT: done}).run_until_idle() == 1
    assert house.state(run) == "done"


def test_work_that_nobody_knows_fails(house: House) -> None:
    run = house.ask(kind="dance")
    assert house.worker().run_until_idle() == 1
    assert house.state(run) == "failed"


def test_a_lost_lease_leaves_the_run_to_whoever_has_it(house: House) -> None:
    run = house.ask()

    def lose(claim: Claim, stop: Stop) -> Outcome:
        house.clock.instant += 61
        other = Ledger(house.accounts.database, house.clock).claim("worker-2", [LANE])
        assert other is not None
        house.ledger.renew(claim)
        raise AssertionError("unreachable")

    house.worker(**{IMPORT: lose}).run_until_idle()
    assert house.state(run) == "running"


def test_a_result_that_comes_after_the_lease_is_lost_is_not_written(house: House) -> None:
    run = house.ask()

    def dawdle(claim: Claim, stop: Stop) -> Outcome:
        house.clock.instant += 61
        other = house.ledger.claim("worker-2", [LANE])
        assert other is not None
        house.ledger.finish(other, "blocked", "the other says")
        return Outcome("done")

    house.worker(**{IMPORT: dawdle}).run_until_idle()
    assert house.state(run) == "blocked"


def test_a_stop_lets_the_handler_hand_back(house: House) -> None:
    run = house.ask()
    workers: list[Worker] = []

    def until_stopped(claim: Claim, stop: Stop) -> Outcome:
        assert not stop()
        workers[0].stop()
        assert stop()
        return Outcome("waiting", "interrupted")

    workers.append(house.worker(**{IMPORT: until_stopped}))
    workers[0].run_until_stopped()
    assert house.state(run) == "waiting"
    claim = house.ledger.claim("worker-2", [LANE])
    assert claim is not None, "the lease is free at once"
    assert claim.run.id == run.id


def test_a_stop_wakes_what_sleeps(house: House) -> None:
    woken: list[bool] = []
    worker = Worker(house.ledger, {}, house.clock, "worker-1", interrupt=lambda: woken.append(True))
    worker.stop()
    worker.run_until_stopped()
    assert woken == [True]


def test_an_idle_worker_looks_again_every_second(house: House) -> None:
    worker = house.worker(**{IMPORT: done})
    naps = 0
    sleep = house.clock.sleep

    def nap(seconds: float) -> None:
        nonlocal naps
        sleep(seconds)
        naps += 1
        if naps == 3:
            house.ask()
        if naps == 5:
            worker.stop()

    house.clock.sleep = nap  # type: ignore[method-assign]
    worker.run_until_stopped()
    assert house.clock.slept == [1.0] * 5
    assert house.ledger.counts()["done"] == 1


def test_the_tail_lane_is_looked_at_four_times_a_second(house: House) -> None:
    worker = Worker(house.ledger, {}, house.clock, "worker-1", lanes=("tail",))
    sleep = house.clock.sleep

    def nap(seconds: float) -> None:
        sleep(seconds)
        worker.stop()

    house.clock.sleep = nap  # type: ignore[method-assign]
    worker.run_until_stopped()
    assert house.clock.slept == [0.25]


def test_a_sync_is_worked_beside_an_import_that_takes_long(house: House) -> None:
    """One process: the import ends only after the sync has been worked."""
    long = house.ask()
    short = house.ledger.enqueue(
        house.workspace_id, house.shop_id, "forward", SYNC, slot="at:0", parameters={}
    )
    synced = threading.Event()

    def import_long(claim: Claim, stop: Stop) -> Outcome:
        assert synced.wait(timeout=10)
        return Outcome("done")

    def sync(claim: Claim, stop: Stop) -> Outcome:
        synced.set()
        return Outcome("done")

    def nap(seconds: float) -> None:
        time.sleep(0.01)

    house.clock.sleep = nap  # type: ignore[method-assign]
    handlers: dict[str, Handler] = {IMPORT: import_long, SYNC: sync}
    first, *others = (
        Worker(house.ledger, handlers, house.clock, "one process", lanes=lanes)
        for lanes in SIDE_BY_SIDE
    )
    thread = threading.Thread(target=first.run_until_stopped, kwargs={"beside": others})
    thread.start()
    deadline = time.monotonic() + 10
    while house.ledger.counts()["done"] < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    first.stop()
    thread.join(timeout=10)
    assert (house.state(long), house.state(short)) == ("done", "done")
    assert not thread.is_alive()


def test_a_ledger_that_cannot_be_read_is_asked_again(house: House) -> None:
    run = house.ask()
    worker = house.worker(**{IMPORT: done})
    claim = house.ledger.claim
    failures = [sqlite3.OperationalError("database is locked")] * 2

    def flaky(owner: str, lanes: Any) -> Claim | None:
        if failures:
            raise failures.pop()
        worker.stop()
        return claim(owner, lanes)

    house.ledger.claim = flaky  # type: ignore[method-assign]
    worker.run_until_stopped()
    assert house.state(run) == "done"


def test_fenced_from_a_handler_is_not_a_failure(house: House) -> None:
    run = house.ask()

    def fenced(claim: Claim, stop: Stop) -> Outcome:
        raise Fenced("somebody else")

    house.worker(**{IMPORT: fenced}).run_until_idle()
    assert house.state(run) == "running"


def test_signals_are_given_back_afterwards(house: House) -> None:
    before = signal.getsignal(signal.SIGTERM)
    house.worker().run_until_idle()
    assert signal.getsignal(signal.SIGTERM) is before


def test_in_another_thread_the_worker_leaves_signals_alone(house: House) -> None:
    run = house.ask()
    thread = threading.Thread(target=house.worker(**{IMPORT: done}).run_until_idle)
    thread.start()
    thread.join(10)
    assert house.state(run) == "done"


_PROGRAM = """
import sys, time
from pathlib import Path
from backfill.run import Outcome
from clock import SystemClock
from store.accounts import Accounts
from store.ledger import Ledger
from store.secrets import Vault
from worker import Worker

folder = Path(sys.argv[1])
clock = SystemClock()
accounts = Accounts(f"sqlite:///{folder}/accounts.sqlite", Vault(sys.argv[2]), clock)

def handler(claim, stop):
    (folder / "working").touch()
    while not stop():
        clock.sleep(0.02)
    return Outcome("waiting", "interrupted")

worker = Worker(Ledger(accounts.database, clock), {"import": handler}, clock, "w",
                interrupt=clock.interrupt)
worker.run_until_stopped()
print("clean")
"""


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT] * 2])
def test_a_signal_ends_the_process_cleanly_and_frees_the_lease(
    tmp_path: Path, signals: list[signal.Signals]
) -> None:
    from clock import SystemClock

    clock = SystemClock()
    accounts = accounts_in(tmp_path, clock)
    workspace_id = "alice"
    shop = MadeShop()
    connect_shop(accounts, workspace_id, MadeGrant(), shop)
    ledger = Ledger(accounts.database, clock)
    run = enqueue_first_import(ledger, workspace_id, shop.id)
    child = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(tmp_path), SECRET],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=Path(__file__).parent.parent,
        env={**os.environ, "PYTHONPATH": "."},
    )
    try:
        while not (tmp_path / "working").exists() and child.poll() is None:
            time.sleep(0.02)
        for one in signals:
            child.send_signal(one)
        output, _ = child.communicate(timeout=30)
    finally:
        child.kill()
    assert child.returncode == 0, output
    assert output.endswith(b"clean\n")
    assert ledger.run(run.id).state == "waiting"
    assert ledger.claim("next", [LANE]) is not None
    accounts.database.close()


# --- what is asked for ---


def test_the_first_import_is_asked_for_once(house: House) -> None:
    first = enqueue_first_import(house.ledger, house.workspace_id, house.shop_id)
    again = enqueue_first_import(house.ledger, house.workspace_id, house.shop_id)
    assert first.id == again.id
    assert (first.kind, first.lane, first.parameters) == (IMPORT, LANE, {})


def test_history_is_asked_for_by_range_and_data(house: House) -> None:
    def ask(**more: Any) -> Run:
        return enqueue_backfill(
            house.ledger, house.clock, house.workspace_id, house.shop_id, **more
        )

    run = ask(start=1_760_000_000, end=1_760_100_000, data=["orders"])
    assert run.parameters == {"start": 1_760_000_000, "end": 1_760_100_000, "data": ["orders"]}
    assert ask(start=1_760_000_000, end=1_760_100_000, data=["orders"]).id == run.id
    assert ask(start=1_760_000_000).id != run.id
    house.clock.instant += 61
    assert ask(start=1_760_000_000, end=1_760_100_000, data=["orders"]).id == run.id
    while claim := house.ledger.claim("somebody", ["backward"]):
        house.ledger.finish(claim, "done")
    assert ask(start=1_760_000_000, end=1_760_100_000, data=["orders"]).id != run.id
    with pytest.raises(BadRequest, match="start must lie before"):
        ask(start=1_760_100_000, end=1_760_000_000)
    with pytest.raises(BadRequest, match="no data called weather"):
        ask(data=["weather"])
    assert {"products", "orders", "price_detail", "finance", "sku_finance"} <= set(DATA)
