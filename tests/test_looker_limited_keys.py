"""What a key says that opens only some shops of its workspace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from store.accounts import Limit
from tests.answering import Answering, HandMadeShop, answering, fill, request_for

NOT_OPENED = (
    "Your key does not open this shop. Use a key that does, or choose another shop in the data "
    "source's settings."
)


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    """Shops 111 of the client Acme, 222 of Beta, 333 of none; all alike, in USD."""
    test = answering(tmp_path_factory.mktemp("limited"))
    for shop_id, name in (("111", "Cups"), ("222", "Hats"), ("333", "Mugs")):
        fill(test, test.shop(HandMadeShop(shop_id, name, "US")))
    scope = test.here.accounts.workspace("default")
    scope.set_client("111", "Acme")
    scope.set_client("222", "Beta")
    yield test
    test.here.close()


@pytest.fixture(scope="module")
def acme(agency: Answering) -> Answering:
    return with_key(agency, Limit(clients=("Acme",)))


@pytest.fixture(scope="module")
def mugs(agency: Answering) -> Answering:
    return with_key(agency, Limit(shop_ids=("333",)))


def with_key(test: Answering, limit: Limit) -> Answering:
    scope = test.here.accounts.workspace("default")
    _, key = scope.create_key("limited", "read", limit, numbered=True)
    return replace(test, key=key)


def data(test: Answering, *fields: str, **options: str) -> tuple[Any, list[str]]:
    """The rows, and the notes of the header."""
    reply = test.post("getData", request_for(*fields, options=options))
    assert reply.status_code == 200, reply.text
    return reply.get_json()["rows"], json.loads(reply.headers["X-Answer"])["notes"]


def screen(test: Answering, **answers: str) -> dict[str, Any]:
    reply = test.post("getConfig", {"languageCode": "en", "configParams": answers})
    assert reply.status_code == 200, reply.text
    return {param["name"]: param for param in reply.get_json()["configParams"]}


# -- a shop that is not opened -------------------------------------------------------------------


def test_a_shop_that_the_key_does_not_open_is_refused_with_what_to_do(acme: Answering) -> None:
    assert acme.refused("gmv", options={"shops": "222"}) == (
        404,
        "unknown_shop",
        NOT_OPENED,
    )


@pytest.mark.parametrize("call", ["getSchema", "getData"])
def test_of_a_shop_that_is_not_opened_nobody_learns_whether_it_is_there(
    acme: Answering, call: str
) -> None:
    refusals = [
        acme.post(call, request_for("gmv", options={"shops": shop_id})).get_json()["error"]
        for shop_id in ("222", "999")
    ]
    assert len({(one["code"], one["message"], one["debug"]) for one in refusals}) == 1


def test_getconfig_asks_for_shops_again_with_the_same_sentence(acme: Answering) -> None:
    asked = screen(acme, shops="222")
    assert asked["problem"]["text"].startswith("Your key does not open this shop.")


def test_a_client_that_the_key_does_not_open_is_asked_for_again(acme: Answering) -> None:
    told = "Your key opens no chosen shop of a client Beta."
    _, code, message = acme.refused("gmv", options={"client": "Beta"})
    assert code == "unknown_shop"
    assert message.startswith(told)
    assert screen(acme, shops="all", client="Beta")["client_problem"]["text"].startswith(told)


def test_without_a_limit_a_shop_that_is_not_there_is_called_so(agency: Answering) -> None:
    _, _, message = agency.refused("gmv", options={"shops": "999"})
    assert message.startswith("This shop is not connected to your workspace.")


# -- all shops -----------------------------------------------------------------------------------


def test_all_shops_of_a_limited_key_are_told_to_be_some(
    acme: Answering, mugs: Answering, agency: Answering
) -> None:
    _, of_acme = data(acme, "gmv", shops="all")
    assert of_acme == [
        "All shops here are those that this access opens: only shops of client Acme."
    ]
    _, of_mugs = data(mugs, "gmv", shops="all")
    assert of_mugs == ["All shops here are those that this access opens: only Mugs."]
    assert data(agency, "gmv", shops="all")[1] == []


def test_the_note_stands_in_the_report_too(acme: Answering) -> None:
    rows, notes = data(acme, "data_note", "gmv", shops="all")
    assert rows[0]["values"][0] == notes[0]


def test_nothing_is_missing_of_what_was_asked_for_by_name(acme: Answering) -> None:
    assert data(acme, "gmv", shops="111")[1] == []
    assert data(acme, "gmv", shops="all", client="Acme")[1] == []
    assert data(acme, "gmv", shops="all", client="all")[1] != []


def test_a_limited_key_answers_with_strict_what_it_opens(acme: Answering) -> None:
    rows, _ = data(acme, "gmv", shops="all", strict="true")
    assert rows == data(acme, "gmv", shops="111")[0]


def test_the_configuration_says_what_the_key_opens(acme: Answering, agency: Answering) -> None:
    asked = screen(acme)
    assert asked["limit"]["text"] == "This key opens only shops of client Acme."
    assert asked["workspace"]["helpText"].endswith("It opens shops of client Acme.")
    assert "limit" not in screen(agency)
    assert screen(agency)["workspace"]["helpText"].endswith("It opens all shops.")
    assert "Hats" not in json.dumps(screen(acme, shops="all", client="all"))


def test_a_key_that_opens_no_shop_any_more_says_so(agency: Answering) -> None:
    test = with_key(agency, Limit(clients=("Beta",)))
    scope = agency.here.accounts.workspace("default")
    scope.set_client("222", None)
    _, _, message = test.refused("gmv")
    scope.set_client("222", "Beta")
    assert message.startswith("Your key opens no shop any more.")
