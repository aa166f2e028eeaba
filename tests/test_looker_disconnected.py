"""What a chart of a shop says that is read no more: old numbers, and what to do about them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.answering import Answering, HandMadeShop, answering, fill, request_for

HOME = "https://hub.example"
#: What to do where a shop is in this state.
REMEDIES = {
    "disconnected": f"Connect it again at {HOME}/shops, or take it out of the data source.",
    "reauthorise": f"Open {HOME}/shops and choose Connect again.",
    "inactive": "Its seller finds the reason in Seller Center; else take it out of the data "
    "source.",
}


@pytest.fixture(scope="module")
def test(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    made = answering(tmp_path_factory.mktemp("stopped"), public_url=HOME)
    fill(made, made.shop(HandMadeShop("111", "Cups", "US")))
    yield made
    made.here.close()


@pytest.mark.parametrize("state", REMEDIES)
def test_old_numbers_come_with_what_to_do(test: Answering, state: str) -> None:
    test.here.accounts.workspace("default").set_shop_state("111", state)
    reply = test.post("getData", request_for("data_note", "gmv"))
    (note,) = json.loads(reply.headers["X-Answer"])["notes"]
    assert note.startswith(("Cups", "TikTok has closed Cups"))
    assert "its numbers stopped on the last import." in note
    assert note.endswith(REMEDIES[state])
    assert reply.get_json()["rows"][0]["values"][0] == note


@pytest.mark.parametrize("state", REMEDIES)
def test_strict_refuses_with_what_to_do_and_not_with_a_time_to_wait(
    test: Answering, state: str
) -> None:
    test.here.accounts.workspace("default").set_shop_state("111", state)
    days = ("2026-08-01", "2026-08-20")
    reply = test.post("getData", request_for("gmv", options={"strict": "true"}, days=days))
    error = reply.get_json()["error"]
    assert (reply.status_code, error["code"]) == (503, "not_ready")
    assert REMEDIES[state] in error["message"]
    assert error["retry_after"] is None
    assert "Retry-After" not in reply.headers


def test_a_shop_that_is_read_says_nothing(test: Answering) -> None:
    test.here.accounts.workspace("default").set_shop_state("111", "connected")
    reply = test.post("getData", request_for("gmv"))
    assert json.loads(reply.headers["X-Answer"])["notes"] == []
