"""The import history as pages: all runs, the filters in the address, and one run in full."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backfill.schedule import enqueue_backfill, enqueue_first_import, enqueue_sync
from hub.run_filters import KIND_WORDS, STATE_WORDS, WHY_WORDS, wanted
from store.commits import Commit, Quarantined, StageProgress
from store.run_history import Wanted
from store.runs import STATES, TRIGGERS, Figures, Run
from tests.import_house import BOBS, DAY, ONE, TWO, ImportHouse, words
from tests.installation import START

pytestmark = pytest.mark.slow

HOUR = 3_600.0


@pytest.fixture
def house(tmp_path: Path) -> ImportHouse:
    return ImportHouse(tmp_path)


def ended(house: ImportHouse, state: str, message: str = "", **more: str) -> Run:
    """The run that is due ends so; the next is asked for an hour later."""
    claim = house.ledger.claim("worker-1", ["backward", "forward"])
    assert claim is not None
    house.ledger.finish(claim, state, message, **more)
    house.clock.instant += HOUR
    return house.ledger.run(claim.run.id)


def three_runs(house: ImportHouse) -> tuple[Run, Run, Run]:
    """A first import that is done, a backfill of the second shop that failed, a sync to come."""
    enqueue_first_import(house.ledger, "alice", ONE)
    first = ended(house, "done")
    enqueue_backfill(house.ledger, house.clock, "alice", TWO, data=["finance"])
    failed = ended(house, "failed", "TikTok did not answer.", reference="req-9")
    return first, failed, enqueue_sync(house.ledger, house.clock, "alice", ONE, trigger="schedule")


def listed(house: ImportHouse, query: str = "") -> list[str]:
    """The ids of the runs on the page, from the top."""
    answer = house.alice.get(f"/history{query}")
    assert answer.status_code == 200
    return re.findall(r'href="/history/([0-9a-f]{16})"', answer.text)


# --- the list ---


def test_the_newest_run_comes_first_with_what_it_cost_and_brought(house: ImportHouse) -> None:
    enqueue_first_import(house.ledger, "alice", ONE)
    claim = house.claimed()
    house.ledger.renew(claim, Figures(rows=1_234, calls=56, retries=7))
    house.clock.instant += 125.0
    house.ledger.finish(claim, "done")
    sync = enqueue_sync(house.ledger, house.clock, "alice", ONE)
    assert listed(house) == [sync.id, claim.run.id]
    said = words(house.alice.get("/history").text)
    assert "1 Jan 2026, 00:00 Done First shop Older data Shop connected 1,234 56" in said
    assert "7 repeated 2 minutes" in said
    assert "Times in UTC." in said


@pytest.mark.parametrize(
    ("query", "which"),
    [
        ("", [2, 1, 0]),
        (f"?shop={ONE}", [2, 0]),
        ("?state=failed", [1]),
        ("?state=stuck", []),
        ("?why=schedule", [2]),
        ("?why=connect&state=done", [0]),
        ("?from=2026-01-01&to=2026-01-01", [2, 1, 0]),
        ("?to=2025-12-31", []),
        ("?from=2026-01-02", []),
    ],
)
def test_filters_stand_in_the_address(house: ImportHouse, query: str, which: list[int]) -> None:
    runs = three_runs(house)
    assert listed(house, query) == [runs[number].id for number in which]


def test_days_of_a_shop_are_those_of_its_reports_zone(house: ImportHouse) -> None:
    """The run of 00:00 UTC on 1 January was asked for on 31 December in New York."""
    run = three_runs(house)[0]
    house.accounts.workspace("alice").set_zones(
        ONE, shop_zone="UTC", report_zone="America/New_York"
    )
    assert run.id in listed(house, f"?shop={ONE}&from=2025-12-31&to=2025-12-31")
    assert run.id not in listed(house, f"?shop={ONE}&from=2026-01-01")
    said = words(house.alice.get(f"/history?shop={ONE}").text)
    assert "31 Dec 2025, 19:00" in said
    assert "Times in America/New_York." in said


@pytest.mark.parametrize(
    ("query", "field", "sentence"),
    [
        ("?from=yesterday", "from", "Write the first day like 2026-03-31."),
        ("?from=2026-02-01&to=2026-01-01", "to", "The last day lies before the first."),
        ("?from=0001-01-01", "from", "Write the first day like 2026-03-31."),
        ("?state=great", "state", "Choose a state from the list."),
        ("?why=fun", "why", "Choose a reason from the list."),
        (f"?shop={BOBS}", "shop", "This shop is not connected to your workspace."),
        ("?shop=<script>alert(1)</script>", "shop", "This shop is not connected"),
        ("?to=" + "9" * 3_000, "to", "Write the last day like 2026-03-31."),
    ],
)
def test_a_filter_that_cannot_be_answers_beside_its_field(
    house: ImportHouse, query: str, field: str, sentence: str
) -> None:
    three_runs(house)
    answer = house.alice.get(f"/history{query}")
    assert answer.status_code == 422
    beside = re.search(rf'id="{field}-problem">([^<]*)<', answer.text)
    assert beside is not None
    assert beside[1].startswith(sentence)
    assert "<script>alert" not in answer.text
    assert "/history/" not in answer.text.replace('"/history"', "")


def test_what_was_typed_is_kept(house: ImportHouse) -> None:
    page = house.alice.get("/history?from=yesterday&state=failed").text
    assert 'name="from" value="yesterday"' in page
    assert '<option value="failed" selected>' in page


def test_older_runs_are_a_page_further_and_keep_the_filters(house: ImportHouse) -> None:
    asked = []
    for number in range(55):
        house.clock.instant += 120.0
        start = int(START) - (number + 1) * DAY
        asked.append(enqueue_backfill(house.ledger, house.clock, "alice", ONE, start=start).id)
        house.ledger.finish(house.claimed(), "done")
    first = house.alice.get("/history?state=done").text
    link = re.search(r'href="(/history\?state=done&amp;before=[0-9a-f]+)">Older', first)
    assert link is not None
    shown = listed(house, "?state=done")
    older = listed(house, link[1].replace("&amp;", "&").removeprefix("/history"))
    assert shown + older == asked[::-1]
    assert len(shown) == 50


def test_a_place_in_the_list_that_is_not_ours_shows_nothing(house: ImportHouse) -> None:
    run = house.ledger.enqueue("bob", BOBS, "forward", "sync", slot="x", parameters={})
    three_runs(house)
    assert listed(house, f"?before={run.id}") == []


def test_nothing_of_another_workspace_is_listed(house: ImportHouse) -> None:
    run = house.ledger.enqueue("bob", BOBS, "forward", "sync", slot="x", parameters={})
    assert listed(house) == []
    assert house.alice.get(f"/history/{run.id}").status_code == 404
    assert house.alice.get("/history/0000000000000000").status_code == 404
    assert house.alice.get("/history/" + "x" * 3_000).status_code == 404


def test_everything_that_a_run_can_be_has_a_name() -> None:
    assert {*STATES, "stuck"} == STATE_WORDS.keys()
    assert set(TRIGGERS) == WHY_WORDS.keys()
    assert KIND_WORDS.keys() == {"import", "sync", "reread", "freshen"}


def test_days_of_23_hours_are_whole_days() -> None:
    """29 March 2026 in London ends at 23:00 UTC."""
    _, found = wanted({"from": "2026-03-29", "to": "2026-03-29"}, ("a",), (), "Europe/London")
    assert found == Wanted(("a",), since=1_774_742_400.0, until=1_774_825_200.0)


# --- one run ---


def test_a_run_tells_its_stages_its_errors_and_their_references(house: ImportHouse) -> None:
    failed = three_runs(house)[1]
    house.history.keep_stages(
        failed,
        [
            StageProgress("statements", "done", 40, 40, finished_at=START),
            StageProgress("payments", "failed", 3, 9, error="TikTok is away.", reference="req-8"),
            StageProgress("statement_transactions", "blocked", waits_for="Financial Statements"),
        ],
    )
    said = words(house.alice.get(f"/history/{failed.id}").text)
    assert "Older data: Second shop" in said
    assert "Failed TikTok did not answer. Reference req-9" in said
    assert "Statements Done 40 of 40" in said
    assert "Payments Failed 3 of 9 TikTok is away. req-8" in said
    assert "Statement transactions Needs you 0 Waits for: Financial Statements" in said
    assert "Please send this to support:" in said
    assert "references: req-8, req-9" in said
    assert "Connecting the shop again is needed only when TikTok gives no access" in said
    assert "Data finance" in said


def test_what_was_put_aside_is_counted(house: ImportHouse) -> None:
    first = three_runs(house)[0]
    records = house.stores.records("alice", ONE)
    strange = Quarantined("orders", "req-1", "orders[3].id", "it is not text", int(START))
    records.commit("backward", records.grant("backward", 1), Commit(quarantined=(strange,)))
    said = words(house.alice.get(f"/history/{first.id}").text)
    assert "1 record of this shop could not be read in all runs together and was put aside" in said


def test_a_run_that_is_under_way_shows_its_stages_as_they_are_now(house: ImportHouse) -> None:
    enqueue_first_import(house.ledger, "alice", ONE)
    house.reads(ONE, StageProgress("price_detail", "done", 4, 4, heartbeat_at=START - 60))
    house.clock.instant += 60.0
    run = house.claimed().run
    house.reads(
        ONE,
        StageProgress("orders", "running", 7, 9, heartbeat_at=house.clock.instant),
        StageProgress("returns", "pending"),
    )
    said = words(house.alice.get(f"/history/{run.id}").text)
    assert "Orders Reading 7 of 9" in said
    assert "Returns Next 0" in said
    assert "Price detail" not in said, "that was another run's"


def test_names_and_messages_from_outside_are_shown_as_text(house: ImportHouse) -> None:
    enqueue_first_import(house.ledger, "alice", ONE)
    run = ended(house, "failed", "<img src=x onerror=alert(1)>", reference="<b>")
    for path in ("/history", f"/history/{run.id}", f"/shops/{ONE}/import"):
        page = house.alice.get(path).text
        assert "<img src=x" not in page
        assert "&lt;img src=x onerror=alert(1)&gt;" in page


def test_a_run_keeps_how_its_stages_were_when_the_next_one_works(house: ImportHouse) -> None:
    """The stages of a shop's file are those of the newest run; the history has each run's own."""
    first, failed, _ = three_runs(house)
    house.history.keep_stages(first, [StageProgress("orders", "running", 9, 10)])
    house.history.keep_stages(first, [StageProgress("orders", "done", 10, 10)])
    house.history.keep_stages(failed, [StageProgress("orders", "failed", 1, 10)])
    assert house.history.stages(first.id) == [StageProgress("orders", "done", 10, 10)]
    assert house.history.stages("no such run") == []


def test_a_purged_shop_leaves_no_run_and_no_stages(house: ImportHouse) -> None:
    first, *_ = three_runs(house)
    house.history.keep_stages(first, [StageProgress("orders", "done", 10, 10)])
    house.ledger.forget("alice", ONE)
    assert house.history.stages(first.id) == []
    assert {run.shop_id for run in house.ledger.runs("alice")} == {TWO}
