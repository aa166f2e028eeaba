"""The history of imports: what a run was for, what it cost and brought, and whether it gets on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text

from backfill.history import for_support, told
from backfill.progress import overall
from backfill.schedule import IMPORT, LANE, enqueue_first_import, enqueue_sync
from backfill.tally import Tally
from store.accounts import Accounts
from store.accounts_migration import migrate
from store.accounts_schema import ACCOUNTS
from store.commits import Commit, StageProgress
from store.database import Database
from store.fencing import Fenced
from store.ledger import Claim, Ledger, Run
from store.records import ShopRecords
from store.runs import Figures
from store.stalls import AGAIN, Stalls
from tests.answering import Answering, HandMadeShop, answering, fill
from tests.importing import ShopUnderTest, refuses
from tests.installation import (
    START,
    FakeClock,
    MadeGrant,
    MadeShop,
    accounts_in,
    connect_shop,
)
from tiktok_shop.client import CallRecord
from tiktok_shop.errors import Remedy

pytestmark = pytest.mark.slow

SHOP = "7000001"
MINUTE = 60.0
HOUR = 3_600.0


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def accounts(tmp_path: Path, clock: FakeClock) -> Accounts:
    accounts = accounts_in(tmp_path, clock)
    connect_shop(accounts, "alice", MadeGrant(), MadeShop(SHOP))
    return accounts


@pytest.fixture
def ledger(accounts: Accounts, clock: FakeClock) -> Ledger:
    return Ledger(accounts.database, clock)


@pytest.fixture
def stalls(accounts: Accounts, clock: FakeClock) -> Stalls:
    return Stalls(accounts.database, clock)


def claimed(ledger: Ledger) -> Claim:
    claim = ledger.claim("worker-1", [LANE])
    assert claim is not None
    return claim


def begun(ledger: Ledger) -> Claim:
    enqueue_first_import(ledger, "alice", SHOP)
    return claimed(ledger)


def work_on(ledger: Ledger, clock: FakeClock, claim: Claim, seconds: float, **more: Any) -> Claim:
    """Signs of life every 30 seconds; `more` are figures that come with each."""
    until = clock.instant + seconds
    while clock.instant < until:
        clock.instant += 30.0
        claim = ledger.renew(claim, Figures(**more))
    return claim


# --- what is written down ---


def test_a_run_adds_up_what_its_attempts_cost_and_brought(ledger: Ledger, clock: FakeClock) -> None:
    claim = begun(ledger)
    ledger.renew(claim, Figures(rows=100, calls=3, retries=1, advanced=True, window=(1_000, 2_000)))
    ledger.hand_back(claim, clock.now(), "TikTok is away.", reference="req-1")
    handed_back = ledger.run(claim.run.id)
    assert (handed_back.message, handed_back.reference) == ("TikTok is away.", "req-1")
    clock.instant += 100.0
    claim = claimed(ledger)
    ledger.add(claim, Figures(rows=20, calls=2, window=(500, 2_000)))
    clock.instant += 20.0
    ledger.finish(claim, "done")
    run = ledger.run(claim.run.id)
    assert (run.rows, run.calls, run.retries, run.attempt) == (120, 5, 1, 2)
    assert (run.window_start, run.window_end) == (500, 2_000)
    assert (run.state, run.trigger, run.reference) == ("done", "connect", "")


def test_calls_count_for_a_run_whose_lease_was_lost(ledger: Ledger, clock: FakeClock) -> None:
    claim = begun(ledger)
    clock.instant += 120.0
    claimed(ledger)
    with pytest.raises(Fenced):
        ledger.renew(claim, Figures(calls=1))
    ledger.add(claim, Figures(calls=4, retries=2))
    run = ledger.run(claim.run.id)
    assert (run.calls, run.retries) == (4, 2)


def test_a_tally_gives_what_came_since_it_was_last_asked() -> None:
    tally = Tally()
    for attempt in (1, 2, 1):
        tally.note_call(
            CallRecord("orders", "202309", "shop", LANE, attempt, 200, 0, Remedy.OK, 0.1, "req")
        )
    tally.advance(30)
    tally.widen((10, 20))
    tally.widen((5, 15))
    assert tally.taken() == Figures(30, 3, 1, True, (5, 20))
    assert tally.taken() == Figures(0, 0, 0, False, (5, 20))


def test_every_try_of_a_run_is_counted_by_its_own_client(tmp_path: Path) -> None:
    """Two clients of one way to TikTok: each tells its own calls, both what they have learned."""
    shop = ShopUnderTest(tmp_path)
    first, second = Tally(), Tally()
    one, other = shop.client.counted(first.note_call), shop.client.counted(second.note_call)
    away = [refuses(36009003, status=500)]
    shop.between.faults.append(lambda _asked: away.pop() if away else None)
    one.call("warehouses", shop.access)
    other.call("warehouses", shop.access)
    assert (first.taken().calls, second.taken().calls) == (2, 1)
    assert shop.between.count("warehouses") == 3
    shop.close()


def test_a_database_without_a_history_gets_one(tmp_path: Path) -> None:
    """Version 1 had runs without trigger, figures and marks; they are kept."""
    database = Database(f"sqlite:///{tmp_path}/accounts.sqlite")
    with database.writing() as connection:
        for statement in (
            "CREATE TABLE metadata (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
            "INSERT INTO metadata VALUES ('version', '1')",
            "CREATE TABLE workspaces (id TEXT PRIMARY KEY)",
            """CREATE TABLE authorizations (id TEXT PRIMARY KEY, state TEXT)""",
            """CREATE TABLE shops (workspace_id TEXT, shop_id TEXT, state TEXT)""",
            """CREATE TABLE keys (id TEXT PRIMARY KEY, workspace_id TEXT, name TEXT,
                created_at DOUBLE PRECISION, revoked_at DOUBLE PRECISION)""",
            """CREATE TABLE members (id TEXT PRIMARY KEY, workspace_id TEXT, name TEXT,
                created_at DOUBLE PRECISION)""",
            "CREATE TABLE clients (workspace_id TEXT, name TEXT)",
            """CREATE TABLE one_use_tokens (digest TEXT PRIMARY KEY, purpose TEXT)""",
            """CREATE TABLE buckets (app_key TEXT, shop_key TEXT, rate DOUBLE PRECISION)""",
            """CREATE TABLE runs (
                id TEXT PRIMARY KEY, workspace_id TEXT, shop_id TEXT, lane TEXT, kind TEXT,
                slot TEXT, parameters TEXT, priority INTEGER, not_before DOUBLE PRECISION,
                state TEXT, attempt INTEGER, message TEXT, created_at DOUBLE PRECISION,
                started_at DOUBLE PRECISION, heartbeat_at DOUBLE PRECISION,
                finished_at DOUBLE PRECISION)""",
            """INSERT INTO runs VALUES ('run-1', 'alice', '7000001', 'backward', 'import', 'first',
                '{}', 0, 0, 'done', 1, '', 1, 2, 3, 4)""",
        ):
            connection.execute(text(statement))
    migrate(database)
    with database.reading() as connection:
        names = {column["name"] for column in inspect(connection).get_columns("runs")}
    assert names == {column.name for column in ACCOUNTS.tables["runs"].columns}
    run = Ledger(database, FakeClock()).run("run-1")
    assert (run.state, run.trigger, run.rows, run.progress_at) == ("done", "", 0, None)
    database.close()


# --- runs that get nowhere ---


def test_without_a_page_for_ten_minutes_a_run_is_begun_again_and_says_why(
    ledger: Ledger, clock: FakeClock, stalls: Stalls
) -> None:
    claim = work_on(ledger, clock, begun(ledger), 10 * MINUTE)
    assert stalls.begin_again() == []
    claim = work_on(ledger, clock, claim, MINUTE)
    assert [run.id for run in stalls.begin_again()] == [claim.run.id]
    run = ledger.run(claim.run.id)
    assert (run.state, run.message) == ("waiting", AGAIN)
    with pytest.raises(Fenced):
        ledger.renew(claim)
    again = claimed(ledger)
    assert (again.run.id, again.run.attempt) == (claim.run.id, 2)
    assert again.token > claim.token
    assert stalls.begin_again() == [], "the new worker has its ten minutes"


def test_a_run_that_brings_pages_is_left_alone(
    ledger: Ledger, clock: FakeClock, stalls: Stalls
) -> None:
    claim = work_on(ledger, clock, begun(ledger), 3 * HOUR, rows=1, advanced=True)
    assert stalls.begin_again() == []
    assert stalls.mark_stuck() == []
    ledger.finish(claim, "done")


def test_the_lease_of_another_run_is_not_taken(
    ledger: Ledger, clock: FakeClock, stalls: Stalls
) -> None:
    """A run that waits for its time holds nothing, and the lane has another holder."""
    claim = begun(ledger)
    ledger.hand_back(claim, clock.now() + 5 * HOUR, "TikTok is away.")
    other = ledger.enqueue("alice", SHOP, LANE, IMPORT, slot="other", parameters={})
    busy = claimed(ledger)
    assert busy.run.id == other.id
    work_on(ledger, clock, busy, 20 * MINUTE, advanced=True)
    assert stalls.begin_again() == []


def test_after_two_hours_a_run_is_marked_until_its_next_page(
    ledger: Ledger, clock: FakeClock, stalls: Stalls
) -> None:
    claim = begun(ledger)
    ledger.hand_back(claim, clock.now() + 3 * HOUR, "TikTok is away.")
    clock.instant += 2 * HOUR
    assert stalls.mark_stuck() == []
    clock.instant += 1
    assert [run.id for run in stalls.mark_stuck()] == [claim.run.id]
    assert stalls.mark_stuck() == [], "once"
    assert ledger.run(claim.run.id).stuck_at == clock.instant
    clock.instant += HOUR
    claim = claimed(ledger)
    assert ledger.run(claim.run.id).stuck_at is not None
    ledger.renew(claim, Figures(rows=5, advanced=True))
    assert ledger.run(claim.run.id).stuck_at is None


def test_a_run_that_waits_behind_another_is_not_stuck(
    ledger: Ledger, clock: FakeClock, stalls: Stalls
) -> None:
    enqueue_first_import(ledger, "alice", SHOP)
    clock.instant += 5 * HOUR
    assert stalls.mark_stuck() == []


# --- in words ---

RUN = Run(
    *("run-1", "alice", SHOP, LANE, IMPORT, "first", {}, 0, 0.0, "running", 3, AGAIN),
    created_at=START,
    started_at=START + 60,
    heartbeat_at=START + 7_000,
    finished_at=None,
    trigger="connect",
    window_start=int(START) - 90 * 86_400,
    window_end=int(START),
    rows=1_200,
    calls=40,
    retries=2,
    progress_at=START + 100,
)


def test_the_history_tells_window_and_duration() -> None:
    row = told(RUN, START + 360)
    assert row["window"] == "2025-10-03 00:00 to 2026-01-01 00:00"
    assert row["seconds"] == 300
    assert told(replace(RUN, finished_at=START + 90), START + 360)["seconds"] == 30
    unbegun = replace(RUN, started_at=None, window_start=None)
    assert (told(unbegun, START)["window"], told(unbegun, START)["seconds"]) == ("", None)


def test_a_stuck_run_says_what_to_send_to_support() -> None:
    stages = [
        StageProgress("products", "done", done=25),
        StageProgress("orders", "waiting", done=70, reference="req-7"),
        StageProgress("returns", "pending"),
    ]
    assert for_support(RUN, stages) == ""
    lines = for_support(replace(RUN, stuck_at=START + 8_000), stages).splitlines()
    assert lines == [
        "Please send this to support:",
        f"run run-1 (import, asked for: the shop was connected) of shop {SHOP}",
        "attempt 3, 40 calls, 2 repeated, 1200 rows",
        "last progress 2026-01-01 00:01",
        "left in: orders (waiting, 70 read)",
        "references: req-7",
        f"it says: {AGAIN}",
    ]


def test_a_failed_run_says_what_to_send_to_support() -> None:
    failed = replace(RUN, state="failed", reference="ref-9", message="Something happened.")
    assert "references: ref-9" in for_support(failed, [])


# --- how far it is ---


def test_the_whole_is_the_mean_of_its_stages() -> None:
    """Done, a quarter, not begun: 1.25 of 3 is 41 %. 125 s for that: the rest takes 175 s."""
    stages = [
        StageProgress("products", "done", 10, 10, started_at=START, heartbeat_at=START + 20),
        StageProgress(
            *("orders", "running", 50, 200), started_at=START + 20, heartbeat_at=START + 120
        ),
        StageProgress("returns", "pending"),
    ]
    whole = overall(stages, START + 125)
    assert (whole.done, whole.total, whole.percent) == (60, None, 41)
    assert whole.seconds_left == 175
    assert whole.heartbeat_at == START + 120


def test_nothing_is_at_a_hundred_before_all_is_over() -> None:
    nearly = [StageProgress("orders", "running", 1_000, 1_000, started_at=START)]
    assert overall(nearly, START + 10).percent == 99
    over = [StageProgress("orders", "done", 5, 5), StageProgress("returns", "blocked")]
    assert (overall(over, START).percent, overall(over, START).seconds_left) == (100, 0.0)
    assert overall([], START).percent == 0


def test_what_it_waits_for_is_said_and_no_time_is_promised() -> None:
    waiting = [StageProgress("orders", "waiting", 5, 10, waits_for="TikTok is away.")]
    whole = overall(waiting, START)
    assert (whole.waits_for, whole.seconds_left) == ("TikTok is away.", None)


# --- on the command line ---


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[Answering]:
    test = answering(tmp_path)
    fill(test, test.shop(HandMadeShop("111", "First shop", "US")))
    yield test
    test.here.close()


def lines(test: Answering, *args: str) -> list[str]:
    result = test.app.test_cli_runner().invoke(args=list(args))
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_the_history_can_be_listed_and_a_run_shown(filled: Answering) -> None:
    ledger = filled.here.ledger
    workspace = next(shop.workspace_id for shop in filled.here.accounts.all_shops())
    run = enqueue_sync(ledger, filled.here.clock, workspace, "111")
    claim = ledger.claim("worker-1", ["forward"])
    assert claim is not None
    ledger.renew(claim, Figures(rows=7, calls=3, retries=1, window=(0, 86_400)))
    ledger.finish(claim, "failed", "Something unexpected happened.", reference="ref-1")
    rows = [json.loads(line) for line in lines(filled, "runs", "list", "--shop", "111", "--json")]
    (row,) = [row for row in rows if row["id"] == run.id]
    assert (row["trigger"], row["rows"], row["calls"], row["retries"]) == ("manual", 7, 3, 1)
    assert (row["state"], row["window"]) == ("failed", "1970-01-01 00:00 to 1970-01-02 00:00")
    shown = "\n".join(lines(filled, "runs", "show", run.id))
    assert "Asked for because: somebody asked for it." in shown
    assert "Please send this to support:" in shown
    document = json.loads(lines(filled, "runs", "show", run.id, "--json")[0])
    assert document["overall"]["percent"] == 0
    assert "ref-1" in document["support"]


def test_run_import_gives_the_run(filled: Answering) -> None:
    (run_id, *others) = lines(filled, "import", "111")
    run = filled.here.ledger.run(run_id)
    assert (run.kind, run.trigger, run.shop_id) == ("sync", "manual", "111")
    assert lines(filled, "import", "111")[0] == run_id
    assert [filled.here.ledger.run(other).kind for other in others] == ["import"]


def test_history_of_several_shops_is_asked_for_at_once(filled: Answering) -> None:
    filled.shop(HandMadeShop("222", "Second shop", "US"))
    asked = lines(filled, "backfill", "111", "222", "--start", "2026-01-01", "--end", "2026-01-31")
    found = [filled.here.ledger.run(run_id).shop_id for run_id in asked]
    assert found == ["111", "222"]
    everyone = lines(filled, "backfill", "all", "--start", "2026-01-02", "--end", "2026-01-31")
    assert len(everyone) == 2


def test_an_estimate_is_told_before_anything_is_asked_for(filled: Answering) -> None:
    before = len(filled.here.ledger.runs())
    wish = ("--start", "2026-01-01", "--end", "2026-01-31", "--data", "orders")
    told_rows = [
        json.loads(line) for line in lines(filled, "backfill", "111", *wish, "--estimate", "--json")
    ]
    stages = [row["stage"] for row in told_rows]
    assert stages == ["orders", "returns", "cancellations", "all"]
    assert told_rows[-1]["calls"] == sum(row["calls"] for row in told_rows[:-1])
    assert told_rows[-1]["end"] - told_rows[-1]["start"] == 31 * 86_400
    assert "From 2026-01-01 00:00:00 to 2026-02-01 00:00:00 UTC." in "\n".join(
        lines(filled, "backfill", "111", *wish, "--estimate")
    )
    assert len(filled.here.ledger.runs()) == before


def test_the_list_of_shops_says_how_far_a_shop_is(filled: Answering) -> None:
    workspace = next(shop.workspace_id for shop in filled.here.accounts.all_shops())
    records = filled.here.stores.records(workspace, "111")
    token = records.grant(LANE, 1)
    now = filled.here.clock.now()
    for stage in (
        StageProgress("products", "done", 10, 10, started_at=now - 100, heartbeat_at=now),
        StageProgress("orders", "running", 400, 1_000, started_at=now - 90, heartbeat_at=now),
    ):
        records.commit(LANE, token, Commit(progress=stage))
    client = filled.app.test_client()
    link = lines(filled, "login-link")[0]
    client.post("/sign-in", data={"token": link.partition("token=")[2]})
    page = client.get("/").get_data(as_text=True)
    assert "70 % done, 410 of 1,010 items, about 1 min left." in page


def test_a_shop_file_of_an_older_release_keeps_its_progress(tmp_path: Path) -> None:
    """Before, there was one progress for all lanes; it was that of history."""
    path = tmp_path / "records.sqlite"
    ShopRecords.open(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DELETE FROM _migrations WHERE number = 2")
        connection.execute("DROP TABLE _progress")
        connection.execute(
            """CREATE TABLE _progress (
                stage TEXT PRIMARY KEY, state TEXT NOT NULL, done INTEGER NOT NULL, total INTEGER,
                waits_for TEXT NOT NULL, error TEXT NOT NULL, reference TEXT NOT NULL,
                started_at REAL, heartbeat_at REAL, finished_at REAL)"""
        )
        connection.execute(
            "INSERT INTO _progress VALUES ('orders', 'done', 5, 5, '', '', '', 1, 2, 3)"
        )
    records = ShopRecords.open(path)
    kept = StageProgress("orders", "done", 5, 5, "", "", "", 1.0, 2.0, 3.0)
    assert records.progress("backward") == {"orders": kept}
    assert records.progress("forward") == {}
    records.close()
