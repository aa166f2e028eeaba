"""getConfig: the questions in their order, what each answer brings, what is said of the shops."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from connector.config import Chosen, ShopChoice, config
from connector.standing import Standing, sentence
from errors import BadRequest
from store.commits import Commit, Covered, StageProgress
from tests.answering import NOW, Answering, HandMadeShop, answering, at, fill, request_for

CONTRACT = json.loads(
    (Path(__file__).parent / "contracts" / "getconfig_response.schema.json").read_text()
)
US = ShopChoice("111", "First shop (US)", "America/Los_Angeles", is_sample=False, client="Acme")
GB = ShopChoice("222", "Second shop (GB)", "Europe/London", is_sample=False)
SAMPLE = ShopChoice("sample", "Sample Account", "America/Los_Angeles", is_sample=True)
FIRST = ["about", "workspace", "shops"]
COUNTING = ["seller_center", "order_date", "time_zone", "strict"]


def screen(
    *shops: ShopChoice,
    chosen: Sequence[ShopChoice] = (),
    client: bool = False,
    currency: bool = False,
    currencies: Sequence[str] = ("USD",),
    told: Sequence[tuple[str, str]] = (),
    untold: int = 0,
) -> Any:
    made = Chosen(chosen, client, currency, currencies, told, untold) if chosen else None
    answer = config(("w1", "Alice's agency"), shops, made)
    jsonschema.validate(answer, CONTRACT)
    return answer


def names(answer: Any) -> list[str]:
    return [param["name"] for param in answer["configParams"]]


def offered(answer: Any, name: str) -> list[str]:
    (param,) = [param for param in answer["configParams"] if param["name"] == name]
    return [option["value"] for option in param["options"]]


# -- the steps -----------------------------------------------------------------------------------


def test_first_come_workspace_and_shops() -> None:
    answer = screen(US, GB, SAMPLE)
    assert names(answer) == FIRST
    assert answer["isSteppedConfig"] is True
    assert answer["dateRangeRequired"] is True
    assert offered(answer, "workspace") == ["w1"]


def test_all_shops_is_offered_when_there_are_several_and_the_sample_account_always() -> None:
    assert offered(screen(SAMPLE), "shops") == ["sample"]
    assert offered(screen(US, SAMPLE), "shops") == ["111", "sample"]
    assert offered(screen(US, GB, SAMPLE), "shops") == ["all", "111", "222", "sample"]


def test_the_sample_account_needs_no_more_than_the_defaults() -> None:
    answer = screen(US, SAMPLE, chosen=[SAMPLE])
    assert names(answer) == [*FIRST, *COUNTING]
    assert answer["isSteppedConfig"] is False


def test_the_client_is_asked_for_where_the_chosen_shops_have_one() -> None:
    answer = screen(US, GB, SAMPLE, chosen=[US, GB])
    assert names(answer) == [*FIRST, "client"]
    assert offered(answer, "client") == ["all", "Acme"]
    assert answer["isSteppedConfig"] is True
    assert names(screen(US, GB, SAMPLE, chosen=[GB])) == [*FIRST, *COUNTING]


def test_of_one_shop_nobody_chooses_a_client(agency: Answering) -> None:
    assert names(screen(US, GB, SAMPLE, chosen=[US])) == [*FIRST, *COUNTING]
    # A client that a link or an earlier answer named stays a question, so that it can be changed.
    named = asked(agency, shops="111", client="Acme")
    assert names(named)[: len(FIRST) + 1] == [*FIRST, "client"]
    assert named["isSteppedConfig"] is False


def test_the_currency_is_mandatory_when_there_are_several() -> None:
    several = ["GBP", "USD"]
    before = screen(US, GB, chosen=[GB], currencies=several)
    after = screen(US, GB, chosen=[GB], currencies=several, currency=True)
    assert names(before) == names(after) == [*FIRST, "currency", *COUNTING]
    assert offered(before, "currency") == ["GBP", "USD", "each"]
    assert (before["isSteppedConfig"], after["isSteppedConfig"]) == (True, False)


def test_a_later_step_has_the_questions_of_the_earlier_ones_before_it() -> None:
    steps = [
        screen(US, GB),
        screen(US, GB, chosen=[US, GB]),
        screen(US, GB, chosen=[US, GB], client=True, currencies=["GBP", "USD"]),
    ]
    for earlier, later in pairwise(steps):
        assert later["configParams"][: len(earlier["configParams"])] == earlier["configParams"]


def test_questions_that_others_depend_on_are_dynamic_and_none_can_be_overridden() -> None:
    answer = screen(US, GB, chosen=[US, GB], client=True, currencies=["GBP", "USD"])
    dynamic = [param["name"] for param in answer["configParams"] if param.get("isDynamic")]
    assert dynamic == ["shops", "client"]
    assert not any("parameterControl" in param for param in answer["configParams"])


def test_the_zones_are_utc_and_those_of_the_chosen_shops() -> None:
    assert offered(screen(US, GB, chosen=[GB]), "time_zone") == ["UTC", "Europe/London"]


def test_of_very_many_shops_the_first_are_told_about() -> None:
    answer = screen(GB, chosen=[GB], told=[("1", "One."), ("2", "Two.")], untold=3)
    assert names(answer)[len(FIRST + COUNTING) :] == ["status_1", "status_2", "status_more"]
    assert answer["configParams"][-1]["text"] == "And 3 more shops."


# -- what is said of a shop ----------------------------------------------------------------------


def standing(**changes: Any) -> Standing:
    read_at = at("2026-08-20 12:05")
    orders = [Covered("orders", at("2026-06-01 07:00"), at("2026-08-20 12:00"), read_at)]
    paid = [Covered("statements", at("2026-06-01 07:00"), at("2026-08-19 07:00"), read_at)]
    zone = "America/Los_Angeles"
    whole = Standing("Cups", "connected", zone, zone, orders, paid, under_way="")
    return replace(whole, **changes)


def test_a_shop_says_from_when_to_when_it_is_read_in_its_own_days() -> None:
    assert sentence(standing(), "https://hub.example") == (
        "Cups: orders from 1 June 2026 to 20 August 2026, last read on 20 August 2026 at 12:05 "
        "UTC. Settlements are complete through 18 August 2026."
    )


def test_orders_are_told_from_the_first_whole_day_of_the_report() -> None:
    text = sentence(standing(zone="UTC"), "https://hub.example")
    assert text.startswith("Cups: orders from 2 June 2026 to 20 August 2026,")


@pytest.mark.parametrize(
    ("end", "through"),
    [
        ("2026-08-19 06:59", "17 August"),
        ("2026-08-19 07:00", "18 August"),
        ("2026-08-19 20:00", "18 August"),
        ("2026-08-20 06:59", "18 August"),
    ],
)
def test_settlements_are_complete_through_a_day_that_is_over_for_the_shop(
    end: str, through: str
) -> None:
    paid = [Covered("statements", at("2026-06-01 07:00"), at(end), at("2026-08-20 12:05"))]
    told = sentence(standing(finance=paid, zone="Asia/Tokyo"), "https://hub.example")
    assert told.endswith(f"Settlements are complete through {through} 2026.")


def test_days_that_were_left_out_are_told() -> None:
    read_at = at("2026-08-20 12:05")
    parts = [("2026-01-01 08:00", "2026-02-01 08:00"), ("2026-08-01 07:00", "2026-08-19 07:00")]
    broken = [Covered("orders", at(start), at(end), read_at) for start, end in parts]
    text = sentence(standing(orders=broken, finance=broken), "https://hub.example")
    assert text == (
        "Cups: orders from 1 January 2026 to 18 August 2026, with days between that are not read "
        "yet, last read on 20 August 2026 at 12:05 UTC. Settlements are complete through 18 August "
        "2026, but for days before that are not read yet."
    )
    joined = [Covered("orders", at("2026-01-01 08:00"), at("2026-08-01 07:00"), read_at), broken[1]]
    assert "not read yet" not in sentence(standing(orders=joined), "https://hub.example")


def test_a_shop_that_must_be_connected_again_says_so_first_and_where() -> None:
    text = sentence(standing(state="reauthorise"), "https://hub.example")
    assert text.startswith("Cups has to be connected again, because TikTok no longer gives access")
    assert "open https://hub.example and choose Connect again." in text
    assert "orders from 1 June 2026" in text


@pytest.mark.parametrize("state", ["inactive", "disconnected"])
def test_a_shop_that_stands_still_says_so(state: str) -> None:
    assert "nothing new comes" in sentence(standing(state=state), "https://hub.example")


def test_an_import_under_way_says_how_far_it_is() -> None:
    text = sentence(standing(under_way="35 % done, 7 of 20 items.", finance=[]), "h")
    assert text.endswith(
        "Settlements are not read yet. The import goes on, the newest days first: 35 % done, 7 of "
        "20 items."
    )


def test_a_shop_of_which_nothing_is_there_yet_says_what_reports_will_do() -> None:
    text = sentence(standing(orders=[], finance=[], under_way="0 % done, 0 items."), "h")
    assert text == (
        "Cups: the import has only begun, so reports show an error until the newest days are "
        "there. 0 % done, 0 items."
    )


# -- over HTTP -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    """Shop 111 (USD, of the client Acme), 222 (GBP) and 333, of which nothing is imported."""
    test = answering(tmp_path_factory.mktemp("agency"))
    fill(test, test.shop(HandMadeShop("111", "Cups", "US")))
    pounds = test.shop(HandMadeShop("222", "Hats", "GB"))
    empty = test.shop(HandMadeShop("333", "New", "US"))
    begun = StageProgress("orders", "running", 12, 100, started_at=NOW - 60, heartbeat_at=NOW)
    test.commit(empty, Commit(progress=begun))
    order = {"order_id": "Z", "order_key": 9, "status": "COMPLETED", "currency": "GBP"}
    placed = {"create_time": at("2026-08-01 01:00"), "update_time": at("2026-08-01 01:00")}
    test.write(pounds, "orders", [{**order, **placed}])
    test.cover(pounds, "2026-08-01 00:00", "2026-08-20 12:00", "orders")
    test.publish(pounds)
    scope = test.here.accounts.workspace("default")
    scope.set_client("111", "Acme")
    yield test
    test.here.close()


def asked(test: Answering, **answers: str) -> Any:
    request = {"languageCode": "en", **({"configParams": answers} if answers else {})}
    response = test.post("getConfig", request)
    assert response.status_code == 200, response.text
    answer = response.get_json()
    jsonschema.validate(answer, CONTRACT)
    return answer


def test_an_agency_is_asked_step_by_step(agency: Answering) -> None:
    assert names(asked(agency)) == FIRST
    assert names(asked(agency, shops="all")) == [*FIRST, "client"]
    told = ["status_111", "status_222", "status_333"]
    everything = asked(agency, shops="all", client="all")
    assert names(everything) == [*FIRST, "client", "currency", *COUNTING, *sorted(told)]
    assert offered(everything, "currency") == ["GBP", "USD", "each"]
    assert everything["isSteppedConfig"] is True
    for currency in ("USD", "each"):
        done = asked(agency, shops="all", client="all", currency=currency)
        assert done["isSteppedConfig"] is False
        assert done["configParams"] == everything["configParams"]
    one = asked(agency, shops="all", client="Acme")
    assert names(one) == [*FIRST, "client", *COUNTING, "status_111"]
    assert one["isSteppedConfig"] is False


def test_the_same_answers_give_the_same_screen(agency: Answering) -> None:
    assert asked(agency, shops="111") == asked(agency, shops="111")


def test_the_screen_tells_what_is_there_of_each_shop(agency: Answering) -> None:
    told = {
        param["name"]: param["text"]
        for param in asked(agency, shops="all", client="all")["configParams"]
        if param["name"].startswith("status_")
    }
    assert told["status_111"].startswith("Cups: orders from 1 August 2026 to 20 August 2026")
    assert "Settlements are not read yet." in told["status_222"]
    assert told["status_333"].startswith("New: the import has only begun")
    assert "12 % done, 12 of 100 items" in told["status_333"]


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Asia/Tokyo", ""])
def test_orders_begin_on_the_screen_where_they_begin_in_answers(
    agency: Answering, zone: str
) -> None:
    screen = asked(agency, shops="111", time_zone=zone)
    (text,) = [one["text"] for one in screen["configParams"] if one["name"] == "status_111"]
    (day,) = re.findall(r"orders from (\d+ \w+ \d+) to", text)
    options = {"shops": "111", "time_zone": zone}
    answer = agency.post("getData", request_for("gmv", options=options))
    start = dt.date.fromisoformat(json.loads(answer.headers["X-Answer"])["covered_from"])
    assert day == f"{start.day} {start:%B %Y}"


def test_a_shop_that_is_gone_is_asked_for_again_with_the_reason(agency: Answering) -> None:
    answer = asked(agency, shops="111,does-not-exist")
    assert names(answer) == [*FIRST, "problem"]
    assert "not connected to your workspace" in answer["configParams"][-1]["text"]


def test_a_client_of_another_name_is_asked_for_again_and_charts_say_where(
    agency: Answering,
) -> None:
    told = (
        "No chosen shop belongs to the client Ajax any more. Choose the client again in the data "
        "source's settings."
    )
    for shops in ("all", "111"):
        answer = asked(agency, shops=shops, client="Ajax", currency="USD")
        assert names(answer) == [*FIRST, "client", "client_problem"]
        assert offered(answer, "client") == ["all", "Acme"]
        assert answer["configParams"][-1]["text"] == told
        assert answer["isSteppedConfig"] is True
        for call in ("getSchema", "getData"):
            refused = agency.post(call, request_for("gmv", options={"client": "Ajax"}))
            assert (refused.status_code, refused.get_json()["error"]["message"]) == (404, told)


def test_no_client_is_called_what_stands_for_all_of_them(agency: Answering) -> None:
    scope = agency.here.accounts.workspace("default")
    for name in ("all", "All", " ALL "):
        with pytest.raises(BadRequest, match="stands for all clients"):
            scope.set_client("111", name)
        with pytest.raises(BadRequest, match="stands for all clients"):
            scope.rename_client("Acme", name)
    assert scope.clients() == ["Acme"]
    assert asked(agency, shops="all", client="ALL", currency="USD")["isSteppedConfig"] is False


def test_a_currency_that_is_gone_is_asked_for_again(agency: Answering) -> None:
    answer = asked(agency, shops="111,222", client="all", currency="EUR")
    assert answer["isSteppedConfig"] is True


def test_shops_of_another_workspace_are_not_taken_for_those_of_the_key(agency: Answering) -> None:
    other = {"workspace": "somebody-elses", "shops": "all"}
    assert names(asked(agency, **other)) == [*FIRST, "problem"]
    for call in ("getSchema", "getData"):
        refused = agency.post(call, request_for("gmv", options=other))
        assert refused.status_code == 404
        assert "made for another workspace" in refused.get_json()["error"]["message"]
    assert names(asked(agency, workspace="default", shops="111"))[: len(FIRST)] == FIRST


def test_all_clients_and_each_currency_are_no_restriction(agency: Answering) -> None:
    rows = agency.rows(
        "currency", "orders", options={"shops": "111,222", "client": "all", "currency": "each"}
    )
    assert rows == [["GBP", 1], ["USD", 4]]


def test_an_answer_that_never_could_be_given_is_refused(agency: Answering) -> None:
    wrong = {"configParams": {"shops": "111", "client": "all", "time_zone": "Moon/Sea"}}
    assert agency.post("getConfig", wrong).status_code == 400
