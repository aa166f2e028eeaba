"""How far an import is, as its page shows it and as the page renews itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import render_template_string

from backfill.schedule import enqueue_backfill, enqueue_first_import, enqueue_sync
from backfill.stages import STAGES
from hub.import_progress import length, missing, picture, seconds_or_longer
from hub.progress import address_of
from store.commits import StageProgress
from tests.import_house import BOBS, ONE, TWO, ImportHouse, token_of, words
from tests.installation import START

pytestmark = pytest.mark.slow

NINE = (
    *("Products Catalog", "Product Details & Images", "Product Inventory", "Orders"),
    *("Refunds & Returns", "Warehouses & FBT", "Financial Statements"),
    *("Statement Transactions", "Analytics & Metrics"),
)


@pytest.fixture
def house(tmp_path: Path) -> ImportHouse:
    return ImportHouse(tmp_path)


def begun(house: ImportHouse, shop_id: str = ONE) -> None:
    enqueue_first_import(house.ledger, "alice", shop_id)
    house.claimed()


# --- the picture, worked out by hand ---


def test_nine_stages_are_always_there_and_others_only_where_they_were_asked_for() -> None:
    assert tuple(line.label for line in picture({}, [], START).lines) == NINE
    asked = {"price_detail": StageProgress("price_detail", "pending")}
    labels = [line.label for line in picture(asked, [], START).lines]
    assert labels == [*NINE[:6], "Price Details", *NINE[6:]]


def test_a_stage_that_is_read_says_how_fast_it_goes_and_how_long_it_takes(
    house: ImportHouse,
) -> None:
    """1,200 in two minutes are 600 a minute; 3,000 are left, which take five."""
    begun(house)
    orders = StageProgress("orders", "running", 1_200, 4_200, started_at=START - 120.0)
    shown = picture({"orders": orders}, house.ledger.runs("alice", ONE), START)
    line = next(line for line in shown.lines if line.label == "Orders")
    assert (line.a_minute, line.seconds_left, line.percent) == (600, 300.0, 28)
    assert shown.seconds_left == 300.0, "never sooner than its slowest stage"


@pytest.mark.parametrize(
    ("stage", "a_minute"),
    [
        (StageProgress("orders", "running", 10, 20, started_at=START - 3.0), None),
        (StageProgress("orders", "running", 0, 20, started_at=START - 60.0), None),
        (StageProgress("orders", "waiting", 10, 20, started_at=START - 60.0), None),
        (StageProgress("orders", "running", 10, None, started_at=START - 60.0), 10),
    ],
)
def test_a_rate_is_told_only_where_there_is_one(stage: StageProgress, a_minute: int | None) -> None:
    (line,) = [line for line in picture({"orders": stage}, [], START).lines if line.state]
    assert line.a_minute == a_minute
    assert line.seconds_left is None or line.total is not None


def test_a_hundred_percent_is_kept_for_what_is_done() -> None:
    almost = StageProgress("orders", "running", 9_999, 9_999, started_at=START - 60.0)
    (line,) = [line for line in picture({"orders": almost}, [], START).lines if line.state]
    assert line.percent == 99


def test_what_a_former_run_has_done_is_not_taken_for_the_one_that_was_asked_for(
    house: ImportHouse,
) -> None:
    done = {"orders": StageProgress("orders", "done", 9, 9, finished_at=START)}
    assert picture(done, [], START).percent == 100
    enqueue_first_import(house.ledger, "alice", ONE)
    assert picture(done, house.ledger.runs("alice", ONE), START).percent == 0
    house.claimed()
    assert picture(done, house.ledger.runs("alice", ONE), START).percent == 99


def test_a_sync_that_is_over_does_not_stand_for_history_that_is_not() -> None:
    fresh = {"orders": StageProgress("orders", "done", 5, 5, finished_at=START)}
    history = {"orders": StageProgress("orders", "running", 1, 9)}
    assert "Orders" in missing(history, fresh)
    history = {"orders": StageProgress("orders", "done", 9, 9, finished_at=START)}
    assert "Orders" not in missing(history, {"orders": StageProgress("orders", "running")})


@pytest.mark.parametrize(
    ("seconds", "said", "said_afterwards"),
    [
        (0.4, "less than a minute", "1 s"),
        (29.0, "less than a minute", "29 s"),
        (60.0, "1 minute", "1 minute"),
        (750.0, "12 minutes", "12 minutes"),
        (7_200.0, "2 h", "2 h"),
        (12_000.0, "3 h 20 min", "3 h 20 min"),
    ],
)
def test_lengths_of_time_are_told_in_words(seconds: float, said: str, said_afterwards: str) -> None:
    assert length(seconds) == said
    assert seconds_or_longer(seconds) == said_afterwards


# --- the page ---


def test_the_page_tells_each_stage_with_its_state_and_what_it_waits_for(
    house: ImportHouse,
) -> None:
    begun(house)
    house.reads(
        ONE,
        StageProgress("products", "done", 12, 12, finished_at=START),
        StageProgress(
            "orders", "running", 1_200, 4_200, started_at=START - 120, heartbeat_at=START
        ),
        StageProgress("statements", "waiting", waits_for="TikTok allows no more calls."),
        StageProgress(
            "shop_performance", "blocked", error="Permission is missing.", reference="r7"
        ),
    )
    said = words(house.alice.get(f"/shops/{ONE}/import").text)
    assert "Import of First shop" in said
    assert "You may close this page; the import goes on." in said
    assert "Reading Orders." in said
    assert "Products Catalog Done 100 % 12 of 12 Read just now" in said
    assert "Orders Reading 28 % 1,200 of 4,200 600 a minute · about 5 minutes left" in said
    assert "Financial Statements Waiting 0 % – Waits for: TikTok allows no more calls." in said
    assert "Analytics &amp; Metrics Needs you" in said
    assert "Permission is missing. Reference r7" in said
    assert "Not complete yet: Product Details &amp; Images" in said


def test_the_live_part_is_the_inner_part_of_the_page_and_says_whether_to_go_on(
    house: ImportHouse,
) -> None:
    begun(house)
    page = house.alice.get(f"/shops/{ONE}/import").text
    assert f'data-poll="/shops/{ONE}/import/live"' in page
    part = house.alice.get(f"/shops/{ONE}/import/live").text
    assert "<html" not in part
    assert part.strip().startswith("<div data-live>")
    house.clock.instant += 120.0  # the first worker's lease has run out
    house.ledger.finish(house.claimed(), "done")
    assert house.alice.get(f"/shops/{ONE}/import/live").text.strip().startswith("<div>")


def test_a_run_that_no_worker_takes_says_so_after_a_while(house: ImportHouse) -> None:
    enqueue_first_import(house.ledger, "alice", ONE)
    path = f"/shops/{ONE}/import"
    assert "begins as soon as a worker is free" in house.alice.get(path).text
    assert "No worker has taken this up" not in house.alice.get(path).text
    house.clock.instant += 180.0
    assert "No worker has taken this up for 3 minutes" in house.alice.get(path).text


def test_a_shop_of_somebody_else_is_not_there(house: ImportHouse) -> None:
    for path in (f"/shops/{BOBS}/import", f"/shops/{BOBS}/import/live", "/shops/%3Cb%3E/import"):
        assert house.alice.get(path).status_code == 404
    assert BOBS not in house.alice.get(f"/imports?shop={BOBS}").text


def test_several_shops_are_shown_together_those_under_way_first(house: ImportHouse) -> None:
    begun(house, TWO)
    house.reads(TWO, StageProgress("orders", "running", 50, 100, started_at=START - 60))
    said = words(house.alice.get(f"/imports?shop={ONE}&shop={TWO}").text)
    assert said.index("Second shop Under way") < said.index("First shop Not complete")
    assert "Imports under way 25 %" in said, "50 % of the one and nothing of the other"


def test_the_sample_account_can_be_looked_at(house: ImportHouse) -> None:
    assert "Import of Sample Account" in house.alice.get("/shops/sample/import").text


def test_any_page_can_say_what_is_not_there_yet(house: ImportHouse) -> None:
    done = [stage.name for stage in STAGES if stage.name not in ("orders", "payments")]
    house.reads(ONE, *(StageProgress(name, "done", finished_at=START) for name in done))
    shops = [shop for shop in house.own_shops() if shop.shop_id == ONE]
    page = '{% from "incomplete.html" import incomplete with context %}{{ incomplete(shops) }}'
    with house.app.test_request_context("/anywhere"):
        said = words(render_template_string(page, shops=shops))
        assert said.startswith("Not complete yet: Orders, Financial Statements.")
        house.reads(
            ONE,
            StageProgress("orders", "done", finished_at=START),
            StageProgress("payments", "done", finished_at=START),
        )
        assert words(render_template_string(page, shops=shops)) == ""


def test_of_many_shops_that_are_not_complete_a_few_are_named(house: ImportHouse) -> None:
    page = '{% from "incomplete.html" import incomplete with context %}{{ incomplete(shops) }}'
    shops = [shop for shop in house.own_shops() if shop.shop_id == ONE] * 6
    with house.app.test_request_context("/anywhere"):
        said = words(render_template_string(page, shops=shops[:5]))
        assert said.count("Not complete yet in First shop: Products Catalog,") == 5
        said = words(render_template_string(page, shops=shops))
    assert said.startswith("Not complete yet in 6 of 6 shops: First shop, First shop, First shop,")
    assert "and 3 more." in said


# --- Run import ---


def test_run_import_asks_for_fresh_data_and_for_history_that_is_missing(
    house: ImportHouse,
) -> None:
    answer = house.post("/import", {"shop": ONE})
    assert (answer.status_code, answer.location) == (303, f"/shops/{ONE}/import")
    assert sorted(run.kind for run in house.ledger.runs("alice")) == ["import", "sync"]
    assert "The import of First shop was asked for." in house.alice.get(answer.location).text


def test_pressing_run_import_twice_asks_once(house: ImportHouse) -> None:
    house.post("/import", {"shop": ONE})
    before = [run.id for run in house.ledger.runs("alice")]
    house.clock.instant += 70.0
    house.post("/import", {"shop": ONE})
    assert [run.id for run in house.ledger.runs("alice")] == before


def test_several_shops_are_imported_with_one_press(house: ImportHouse) -> None:
    answer = house.post("/import", {"shop": [ONE, TWO, ONE]})
    assert answer.location == f"/imports?shop={ONE}&shop={TWO}"
    assert {run.shop_id for run in house.ledger.runs("alice")} == {ONE, TWO}


def test_no_number_of_shops_makes_an_address_longer_than_web_servers_take(
    house: ImportHouse,
) -> None:
    ids = [f"{7_495_000_000_000_000_000 + number}" for number in range(101)]
    with house.app.test_request_context("/"):
        assert len(address_of(ids[:100])) < 4_094, "gunicorn's, unless one sets it"
        assert address_of(ids) == "/imports"


def test_a_shop_without_access_is_not_asked_for_and_says_why(house: ImportHouse) -> None:
    house.accounts.workspace("alice").set_shop_state(ONE, "reauthorise")
    answer = house.post("/import", {"shop": ONE})
    assert (answer.status_code, answer.location) == (303, "/")
    assert house.ledger.runs("alice") == []
    assert "is not connected at the moment" in house.alice.get(f"/shops/{ONE}/import").text


@pytest.mark.parametrize(
    ("shop", "status"),
    [("", 404), ("<script>alert(1)</script>", 404), (BOBS, 404), ("x" * 10_000, 404)],
)
def test_hostile_shops_start_nothing(house: ImportHouse, shop: str, status: int) -> None:
    answer = house.post("/import", {"shop": [ONE, shop]})
    assert answer.status_code == status
    assert "<script>alert" not in answer.text
    assert house.ledger.runs("alice") == house.ledger.runs("bob") == []


def test_without_the_forms_token_nothing_starts(house: ImportHouse) -> None:
    assert house.alice.post("/import", data={"shop": ONE}).status_code == 400
    assert house.post("/import", {}).status_code == 400
    strange = token_of(house.signed_in("bob"))
    refused = house.alice.post("/import", data={"shop": ONE, "form_token": strange})
    assert refused.status_code == 400
    assert house.ledger.runs("alice") == []


def test_backfill_and_sync_beside_each_other_are_both_under_way(house: ImportHouse) -> None:
    enqueue_backfill(house.ledger, house.clock, "alice", ONE)
    enqueue_sync(house.ledger, house.clock, "alice", ONE)
    said = words(house.alice.get(f"/shops/{ONE}/import").text)
    assert "Older data Asked for by hand" in said
    assert "Fresh data Asked for by hand" in said


def test_of_more_shops_than_a_page_shows_those_under_way_are_shown(
    house: ImportHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.progress._MOST_SHOPS", 1)
    first = house.alice.get("/imports").text
    shown, other = (ONE, TWO) if f"/shops/{ONE}/import" in first else (TWO, ONE)
    assert f"/shops/{other}/import" not in first
    house.post("/import", {"shop": other})
    then = house.alice.get("/imports").text
    assert f"/shops/{other}/import" in then
    assert f"/shops/{shown}/import" not in then
