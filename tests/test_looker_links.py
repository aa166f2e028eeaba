"""The hub's page of Looker Studio reports: links that answer every question, and keys."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from catalogue.fields import DEFAULT_METRIC
from tests.answering import Answering, HandMadeShop, answering, at, fill, request_for
from tests.reporting import Member, text_of


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    """Shops 111 (USD) and 222 (GBP) of the client Acme, and 333 (USD) of none."""
    test = answering(tmp_path_factory.mktemp("links"), looker_connector_id="connector-1")
    fill(test, test.shop(HandMadeShop("111", "Cups", "US")))
    fill(test, test.shop(HandMadeShop("333", "Mugs", "US")))
    pounds = test.shop(HandMadeShop("222", "Hats", "GB"))
    order = {"order_id": "Z", "order_key": 9, "status": "COMPLETED", "currency": "GBP"}
    placed = {"create_time": at("2026-08-01 01:00"), "update_time": at("2026-08-01 01:00")}
    test.write(pounds, "orders", [{**order, **placed}])
    test.cover(pounds, "2026-08-01 00:00", "2026-08-20 12:00", "orders")
    test.publish(pounds)
    scope = test.here.accounts.workspace("default")
    for shop_id in ("111", "222"):
        scope.set_client(shop_id, "Acme")
    yield test
    test.here.close()


def links(page: str) -> dict[str, dict[str, str]]:
    """The answers that each link gives to getConfig's questions, by the report's name."""
    found = {}
    for address in re.findall(r'href="(https://[^"]+/reporting/create[^"]+)"', page):
        asked = dict(parse_qsl(urlsplit(address.replace("&amp;", "&")).query))
        answers = {
            name.removeprefix("ds0."): value
            for name, value in asked.items()
            if name.startswith("ds0.")
        }
        for name in ("connector", "connectorId", "datasourceName", "refreshFields"):
            del answers[name]
        found[asked["r.reportName"].rpartition(" – ")[2]] = answers
    return found


def config_of(test: Answering, answers: dict[str, str]) -> Any:
    response = test.post("getConfig", {"languageCode": "en", "configParams": answers})
    assert response.status_code == 200, response.text
    return response.get_json()


def test_each_link_is_about_one_currency_and_says_which_where_there_are_several(
    agency: Answering,
) -> None:
    every = {"workspace": "default", "client": "all"}
    assert links(Member(agency).page("/looker")) == {
        "All shops (GBP)": {**every, "shops": "all", "currency": "GBP"},
        "All shops (USD)": {**every, "shops": "all", "currency": "USD"},
        "Client Acme (GBP)": {**every, "shops": "all", "client": "Acme", "currency": "GBP"},
        "Client Acme (USD)": {**every, "shops": "all", "client": "Acme", "currency": "USD"},
        "Cups": {**every, "shops": "111", "currency": "USD"},
        "Hats": {**every, "shops": "222", "currency": "GBP"},
        "Mugs": {**every, "shops": "333", "currency": "USD"},
    }


def test_what_a_link_answers_leaves_no_question_open(agency: Answering) -> None:
    for name, answers in links(Member(agency).page("/looker")).items():
        screen = config_of(agency, answers)
        assert screen["isSteppedConfig"] is False, name
        asked = {param["name"] for param in screen["configParams"]}
        assert "problem" not in asked, name


def test_the_first_chart_of_each_link_shows_numbers(agency: Answering) -> None:
    gmv = {}
    for name, answers in links(Member(agency).page("/looker")).items():
        reply = agency.post("getData", request_for(DEFAULT_METRIC, options=answers))
        assert reply.status_code == 200, (name, reply.text)
        gmv[name] = reply.get_json()["rows"]
    # The two shops with USD are alike.
    assert gmv["All shops (USD)"] == [{"values": [2 * gmv["Cups"][0]["values"][0]]}]
    assert gmv["Client Acme (USD)"] == gmv["Cups"] == gmv["Mugs"]


def test_without_its_currency_a_link_would_show_no_number(agency: Answering) -> None:
    answers = {**links(Member(agency).page("/looker"))["Client Acme (USD)"], "currency": ""}
    assert config_of(agency, answers)["isSteppedConfig"] is True
    reply = agency.post("getData", request_for(DEFAULT_METRIC, options=answers))
    assert reply.get_json()["error"]["code"] == "mixed_currency"


# -- keys ----------------------------------------------------------------------------------------


def key_of(test: Answering, about: str) -> tuple[str, str]:
    """A key made on the page, and what the page says of it."""
    answer = Member(test).post("/looker/key", {"about": about}, page="/looker")
    (key,) = re.findall(r'<code id="bare-key">([^<]+)', answer.text)
    return key, text_of(answer.text)


def opens(test: Answering, key: str) -> set[str]:
    headers = {"Authorization": f"Bearer {key}"}
    return set(test.client.get("/connector/v1/whoami", headers=headers).get_json()["shops"])


def test_one_key_opens_all_reports_for_looker_studio_keeps_one(agency: Answering) -> None:
    assert "Looker Studio keeps one key for each Google account" in text_of(
        Member(agency).page("/looker")
    )
    key, told = key_of(agency, "all")
    assert opens(agency, key) == {"111", "222", "333"}
    assert "The key for all reports is ready" in told


def test_a_limited_key_is_for_somebody_elses_google_account_and_says_so(agency: Answering) -> None:
    assert "It is meant for somebody else's Google account" in text_of(
        Member(agency).page("/looker")
    )
    key, told = key_of(agency, "client:Acme")
    assert opens(agency, key) == {"111", "222"}
    assert "Do not enter it in your own Google account" in told


def test_a_lost_key_is_made_anew_under_a_name_of_its_own(agency: Answering) -> None:
    for _ in range(2):
        key_of(agency, "333")
    made = agency.here.accounts.workspace("default").keys()
    assert [key.name for key in made if "Mugs" in key.name] == [
        "Looker Studio: Mugs",
        "Looker Studio: Mugs 2",
    ]
