"""Asking for older data: the form, what it shows before anything starts, and what it refuses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from backfill.allowance import Limits, Used, why_not
from backfill.estimate import Estimate, StageEstimate
from backfill.schedule import enqueue_backfill
from hub.read_months import STAGES_OF, months, strip, years
from store.bookkeeping_schema import calls_made
from store.ledger import Run
from tests.import_house import BOBS, DAY, ONE, TWO, ImportHouse, token_of, words
from tests.installation import START

pytestmark = pytest.mark.slow

#: START is 1 January 2026; the earliest day is 730 days before.
EARLIEST = "2024-01-02"
GOOD: dict[str, Any] = {
    "shop": [ONE, TWO],
    "start": "2025-06-01",
    "end": "2025-12-31",
    "data": ["orders"],
}


@pytest.fixture
def house(tmp_path: Path) -> ImportHouse:
    return ImportHouse(tmp_path)


def asked(house: ImportHouse, **changes: Any) -> str:
    """The form with its cost, as the page shows it when nothing was started."""
    answer = house.post("/backfill", {**GOOD, "step": "estimate", **changes})
    assert answer.status_code == 200
    return answer.text


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return found[1] if found else ""


def runs(house: ImportHouse) -> list[Run]:
    return house.ledger.runs("alice")


# --- looking ---


def test_the_form_comes_with_a_year_of_the_usual_data_for_the_shops_of_the_address(
    house: ImportHouse,
) -> None:
    page = house.alice.get(f"/backfill?shop={ONE}").text
    assert re.search(rf'value="{ONE}" checked', page)
    assert not re.search(rf'value="{TWO}" checked', page)
    assert 'id="start" name="start" value="2025-01-01"' in page
    assert 'id="end" name="end" value="2026-01-01"' in page
    assert f'min="{EARLIEST}"' in page
    for word in ("orders", "finance", "analytics", "products"):
        assert re.search(rf'id="data-{word}" value="{word}" checked', page)
    assert not re.search(r'value="price_detail" checked', page)
    assert "Sample Account" not in page


def test_what_it_costs_is_shown_before_the_button(house: ImportHouse) -> None:
    """Nothing was read yet, so 50 orders a day are assumed: 214 days of one call and 50 rows each
    for both shops. Returns and cancellations are weeks: 32 of each, about 50 a day too."""
    page = asked(house)
    said = words(page)
    assert "What it costs" in said
    assert "Part of this is a guess" in said
    assert "Start importing 2 shops" in said
    calls = int(re.search(r"Calls to TikTok, about ([\d,]+)", said)[1].replace(",", ""))  # type: ignore[index]
    both = {"orders": 214, "returns": 32, "cancellations": 32}
    least = 2 * sum(both.values())
    assert least <= calls <= 10 * least
    assert page.index("What it costs") < page.index('value="start"')
    assert runs(house) == []


def test_what_is_there_already_costs_nothing(house: ImportHouse) -> None:
    for stage in ("orders", "returns", "cancellations"):
        house.covers(ONE, stage, int(START) - 800 * DAY, int(START) + DAY)
    said = words(asked(house, shop=[ONE]))
    assert "Calls to TikTok, about 0" in said
    assert "Everything of this is there already." in said
    said = words(asked(house, shop=[ONE], reread="yes"))
    assert "Everything of this is there already." not in said


def test_the_cost_alone_is_answered_while_somebody_chooses(house: ImportHouse) -> None:
    answer = house.post("/backfill/estimate", GOOD)
    assert "<html" not in answer.text
    assert answer.text.strip().startswith('<div id="cost">')
    assert "Start importing 2 shops" in answer.text
    answer = house.post("/backfill/estimate", {**GOOD, "start": "soon"})
    assert answer.status_code == 200
    assert "Start importing" not in answer.text
    assert "Write the first day like 2026-03-31." in answer.text


# --- months, worked out by hand ---


def test_months_are_cut_at_both_ends() -> None:
    found = months(int(START) - 20 * DAY, int(START) + 40 * DAY)
    assert [(month.year, month.month) for month in found] == [(2025, 12), (2026, 1), (2026, 2)]
    assert [(month.end - month.start) // DAY for month in found] == [20, 31, 9]
    assert [month.letter for month in found] == ["D", "J", "F"]
    assert years(found) == [(2025, 1), (2026, 2)]


def test_a_box_is_full_only_when_every_shop_and_stage_has_every_day() -> None:
    (january,) = months(int(START), int(START) + 31 * DAY)
    whole, half = (january.start, january.end), (january.start, january.start + 15 * DAY)
    all_of = {stage: [whole] for stage in STAGES_OF["Orders"]}
    assert strip([all_of], [january])["Orders"][0].level == 4
    assert strip([all_of, {}], [january])["Orders"][0].share == 50
    some = {**all_of, "returns": [half]}
    (box,) = strip([some], [january])["Orders"]
    assert (box.share, box.level) == (83, 3), "78 of 93 days are 83.9 %, and never full"
    assert strip([{}], [january])["Orders"][0].level == 0
    sliver = {"orders": [(january.start, january.start + 60)]}
    (box,) = strip([sliver], [january])["Orders"]
    assert (box.share, box.level) == (1, 1), "a little is not nothing"


def test_the_calendar_tells_each_month_in_words_too(house: ImportHouse) -> None:
    for stage in STAGES_OF["Orders"]:
        house.covers(ONE, stage, int(START) - 31 * DAY, int(START))
    page = asked(house, shop=[ONE])
    assert 'title="Orders, December 2025: complete"' in page
    assert 'title="Orders, November 2025: not read"' in page


# --- starting ---


def start(house: ImportHouse, estimated: str, **changes: Any) -> Any:
    return house.post("/backfill", {**GOOD, "step": "start", "estimated": estimated, **changes})


def test_after_the_cost_was_shown_the_button_starts_a_run_for_each_shop(
    house: ImportHouse,
) -> None:
    answer = start(house, hidden(asked(house), "estimated"))
    assert (answer.status_code, answer.location) == (303, f"/imports?shop={ONE}&shop={TWO}")
    found = sorted(runs(house), key=lambda run: run.shop_id)
    assert [run.shop_id for run in found] == [ONE, TWO]
    # 1 June 2025 and 1 January 2026, 00:00 UTC: the last day is included.
    wanted = {"start": 1_748_736_000, "end": 1_767_225_600, "data": ["orders"]}
    assert [run.parameters for run in found] == [wanted, wanted]
    assert "The imports of 2 shops were asked for." in house.alice.get(answer.location).text


def test_a_form_sent_twice_starts_one_backfill(house: ImportHouse) -> None:
    estimated = hidden(asked(house, shop=[ONE], end="2026-01-01"), "estimated")
    changes = {"shop": [ONE], "end": "2026-01-01"}
    start(house, estimated, **changes)
    for seconds in (0.0, 1.0, 90.0):
        house.clock.instant += seconds
        again = start(house, estimated, **changes)
        assert again.location == f"/shops/{ONE}/import"
    assert len(runs(house)) == 1


def test_the_same_wish_by_the_command_line_is_the_same_run(house: ImportHouse) -> None:
    start(house, hidden(asked(house, shop=[ONE]), "estimated"), shop=[ONE])
    (run,) = runs(house)
    wanted = dict(run.parameters)
    house.clock.instant += 600.0
    assert enqueue_backfill(house.ledger, house.clock, "alice", ONE, **wanted).id == run.id


def test_whoever_changes_the_choice_after_the_cost_sees_the_new_cost_first(
    house: ImportHouse,
) -> None:
    estimated = hidden(asked(house), "estimated")
    answer = start(house, estimated, start="2024-06-01")
    assert answer.status_code == 200
    assert "Your choice has changed." in answer.text
    assert runs(house) == []
    assert start(house, "").status_code == 200
    assert runs(house) == []
    assert start(house, hidden(answer.text, "estimated"), start="2024-06-01").status_code == 303


def test_the_usual_data_are_what_a_run_reads_when_nothing_is_named(house: ImportHouse) -> None:
    usual = ["orders", "finance", "analytics", "products"]
    changes = {"shop": [ONE], "data": usual, "reread": "yes"}
    start(house, hidden(asked(house, **changes), "estimated"), **changes)
    (run,) = runs(house)
    assert (run.parameters["data"], run.parameters["reread"]) == ([], True)


# --- what it refuses, beside the field, with everything that was typed ---


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"shop": []}, "shop", "Choose at least one shop."),
        ({"shop": [BOBS]}, "shop", "One of these shops is not connected to your workspace."),
        ({"shop": [ONE, "sample"]}, "shop", "One of these shops is not connected"),
        ({"start": ""}, "start", "Write the first day like 2026-03-31."),
        ({"start": "31/12/2025"}, "start", "Write the first day like 2026-03-31."),
        ({"end": "2025-02-30"}, "end", "Write the last day like 2026-03-31."),
        ({"start": "0001-01-01"}, "start", "Write the first day like 2026-03-31."),
        ({"start": "2024-01-01"}, "start", "History can be imported from 2024-01-02 on"),
        ({"start": "2025-12-31", "end": "2025-12-01"}, "start", "The start must lie before"),
        ({"end": "2026-02-01"}, "end", "The range must not lie in the future"),
        ({"data": []}, "data", "Choose at least one kind of data."),
        ({"data": ["secrets"]}, "data", "Choose kinds of data from the list."),
        ({"start": "<script>alert(1)</script>"}, "start", "Write the first day like 2026-03-31."),
        ({"end": "x" * 10_000}, "end", "Write the last day like 2026-03-31."),
    ],
)
def test_bad_input_answers_beside_the_field_and_keeps_what_was_typed(
    house: ImportHouse, changes: dict[str, Any], field: str, sentence: str
) -> None:
    sent = {**GOOD, "reread": "yes", **changes}
    answer = house.post("/backfill", {**sent, "step": "start"})
    assert answer.status_code == 422
    beside = re.search(rf'id="{field}-problem">([^<]*)<', answer.text)
    assert beside is not None
    assert beside[1].startswith(sentence)
    assert "<script>alert" not in answer.text
    for name in ("start", "end"):
        kept = sent[name].replace("<", "&lt;").replace(">", "&gt;")
        assert f'name="{name}" value="{kept}"' in answer.text
    assert re.search(r'name="reread" id="reread-yes" value="yes" checked', answer.text)
    for shop_id in {*sent["shop"]} & {ONE, TWO}:
        assert re.search(rf'value="{shop_id}" checked', answer.text)
    assert BOBS not in answer.text
    assert runs(house) == house.ledger.runs("bob") == []


def test_a_shop_without_access_cannot_be_chosen(house: ImportHouse) -> None:
    house.accounts.workspace("alice").set_shop_state(ONE, "reauthorise")
    page = house.alice.get(f"/backfill?shop={ONE}").text
    assert re.search(rf'value="{ONE}" disabled', page)
    answer = house.post("/backfill", {**GOOD, "step": "start"})
    assert "First shop cannot be read: connect it again first." in answer.text
    assert runs(house) == []


def test_without_the_forms_token_nothing_starts(house: ImportHouse) -> None:
    estimated = hidden(asked(house), "estimated")
    sent = {**GOOD, "step": "start", "estimated": estimated}
    strange = token_of(house.signed_in("bob"))
    for token in ("", strange, "0" * 64):
        refused = house.alice.post("/backfill", data={**sent, "form_token": token})
        assert refused.status_code == 400
    assert house.app.test_client().post("/backfill", data=sent).status_code in (400, 401)
    assert runs(house) == []


# --- what the operator allows ---


def cost_of(calls: int, orders: int) -> Estimate:
    return Estimate(0, 1, (StageEstimate("orders", "Orders", calls, orders),), 1.0)


@pytest.mark.parametrize(
    ("limits", "used", "cost", "sentence"),
    [
        (Limits(), Used(10**9, 10**15, 10**9), cost_of(10**6, 10**6), ""),
        (Limits(orders=100), Used(orders=40), cost_of(1, 60), ""),
        (Limits(orders=100), Used(orders=40), cost_of(1, 61), "61 orders, and 60 of 100 are left"),
        (Limits(monthly_calls=10), Used(calls=9), cost_of(2, 0), "2 calls, and 1 of 10 are left"),
        (Limits(storage_mb=1), Used(bytes=2**20), cost_of(1, 1), "storage of this workspace"),
        (Limits(storage_mb=1), Used(bytes=2**20 - 1), cost_of(1, 1), ""),
    ],
)
def test_a_limit_stops_what_would_go_beyond_it(
    limits: Limits, used: Used, cost: Estimate, sentence: str
) -> None:
    found = why_not(limits, used, cost)
    assert sentence in found
    assert bool(found) == bool(sentence)


def test_beyond_a_limit_there_is_a_sentence_in_the_place_of_the_button(tmp_path: Path) -> None:
    house = ImportHouse(tmp_path, limits=Limits(monthly_calls=1_000))
    with house.accounts.database.writing() as connection:
        place = {"workspace_id": "alice", "shop_id": ONE, "day": int(START), "retries": 0}
        connection.execute(calls_made.insert().values(calls=990, **place))
    page = asked(house)
    assert "10 of 1,000 are left this month" in page
    assert "Start importing" not in page
    choice = f"{ONE},{TWO}|1748736000|1767225600|orders|False"
    answer = start(house, choice)
    assert answer.status_code == 422
    assert runs(house) == []
