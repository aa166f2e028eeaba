"""To TikTok's consent page and back: which answers reach the token exchange."""

from __future__ import annotations

from pathlib import Path

import pytest

from errors import Reauthorise
from store.sessions import Intent
from tests.authorizing import House, Seller, back, other_seller, started
from tests.installation import MadeShop

pytestmark = pytest.mark.slow


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def test_a_seller_who_agrees_is_connected_and_sent_to_the_status_page(house: House) -> None:
    client = house.signed_in()
    answer = back(client, code="code-1", state=started(client, region="GB"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert house.shops() == {"7000001": "connected"}
    (grant,) = house.accounts.workspace("alice").authorizations()
    assert (grant.open_id, grant.region) == ("open-id-1", "GB")
    (run,) = house.ledger.runs("alice")
    assert (run.shop_id, run.kind, run.state) == ("7000001", "import", "pending")


@pytest.mark.parametrize("region", ["", "us", "XX", "https://evil.test"])
def test_an_unknown_region_starts_nothing(house: House, region: str) -> None:
    answer = house.signed_in().get("/connect/tiktok/start", query_string={"region": region})
    assert answer.status_code == 400
    assert "US, GB, SEA, ROW" in answer.text


def test_only_a_signed_in_member_may_start(house: House) -> None:
    assert house.app.test_client().get("/connect/tiktok/start?region=US").status_code == 401


# --- the state (C10) ------------------------------------------------------------------------------


def test_a_missing_or_made_up_state_is_refused(house: House) -> None:
    client = house.signed_in()
    started(client, region="US")
    for query in ({}, {"state": ""}, {"state": "made-up"}, {"state": "\udcff" * 3}):
        encoded = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
        assert back(client, code="code-1", **encoded).status_code == 400
    assert house.tiktok.exchanged == []


def test_a_state_works_once(house: House) -> None:
    client = house.signed_in()
    state = started(client, region="US")
    assert back(client, code="code-1", state=state).status_code == 303
    assert back(client, code="code-1", state=state).status_code == 400
    assert house.tiktok.exchanged == ["code-1"]


def test_a_state_works_for_fifteen_minutes(house: House) -> None:
    client = house.signed_in()
    late, early = started(client, region="US"), started(client, region="US")
    house.clock.instant += 899
    assert back(client, code="code-1", state=early).status_code == 303
    house.clock.instant += 2
    assert back(client, code="code-1", state=late).status_code == 400
    assert house.tiktok.exchanged == ["code-1"]


@pytest.mark.parametrize("workspace_id", ["alice", "bob"])
def test_the_state_of_another_session_is_refused_and_stays_good_for_its_own(
    house: House, workspace_id: str
) -> None:
    client, other = house.signed_in(), house.signed_in(workspace_id)
    state = started(client, region="US")
    assert back(other, code="stolen", state=state).status_code == 400
    assert house.tiktok.exchanged == []
    assert back(client, code="code-1", state=state).status_code == 303


def test_a_browser_that_is_not_signed_in_cannot_use_a_members_state(house: House) -> None:
    state = started(house.signed_in(), region="US")
    assert back(house.app.test_client(), code="stolen", state=state).status_code == 400
    assert house.tiktok.exchanged == []


def test_a_sign_in_link_is_no_state(house: House) -> None:
    token = house.sessions.new_link_token("alice")
    assert back(house.signed_in(), code="code-1", state=token).status_code == 400


def test_a_state_is_no_sign_in_link(house: House) -> None:
    state = house.states.new(Intent("alice", "US"), "")
    answer = house.app.test_client().post("/sign-in", data={"token": state})
    assert answer.status_code == 401


# --- the seller's answer --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [{"code": "null", "error": "auth_denied"}, {"code": "null"}, {"code": ""}, {}],
)
def test_a_seller_who_refuses_is_told_so(house: House, query: dict[str, str]) -> None:
    client = house.signed_in()
    answer = back(client, **query, state=started(client, region="US"))
    assert answer.status_code == 400
    assert "Access was not granted" in answer.text
    assert house.tiktok.exchanged == []


def test_a_code_that_was_used_already_is_told_on_a_page_and_connects_nothing(house: House) -> None:
    house.tiktok.fails = Reauthorise("It works once and for 30 minutes. Please start again.")
    client = house.signed_in()
    answer = back(client, code="code-1", state=started(client, region="US"))
    assert answer.status_code == 409
    assert "works once" in answer.text
    assert house.shops() == {}
    assert house.accounts.workspace("alice").authorizations() == []


def test_a_seller_who_is_connected_elsewhere_is_told_on_a_page(house: House) -> None:
    house.connecting.connect(Intent("bob", "GB"), "code-1")
    client = house.signed_in()
    answer = back(client, code="code-1", state=started(client, region="GB"))
    assert answer.status_code == 403
    assert "already connected to another workspace" in answer.text
    assert house.shops() == {}


# --- what the grant is good for -------------------------------------------------------------------


def test_no_shop_in_another_region_names_the_right_one(house: House) -> None:
    house.tiktok.sellers["code-1"] = Seller(shops=())
    client = house.signed_in()
    answer = back(client, code="code-1", state=started(client, region="US"))
    assert answer.status_code == 400
    assert (
        "belongs to the region United Kingdom and European Union, and not to United States"
        in answer.text
    )
    assert house.accounts.workspace("alice").authorizations() == []


def test_no_shop_in_the_right_region_asks_for_the_main_account(house: House) -> None:
    house.tiktok.sellers["code-1"] = Seller(shops=())
    client = house.signed_in()
    answer = back(client, code="code-1", state=started(client, region="GB"))
    assert "main account" in answer.text


def test_a_permission_that_is_missing_is_named_and_the_rest_is_connected(house: House) -> None:
    grant = Seller().grant
    scopes = tuple(scope for scope in grant.scopes if scope != "seller.finance.info")
    house.tiktok.sellers["code-1"] = Seller(type(grant)(scopes=scopes))
    client = house.signed_in()
    answer = back(client, code="code-1", state=started(client, region="GB"))
    page = client.get(answer.headers["Location"]).text
    assert "Permission is missing for statements and payments." in page
    assert "added to the app in Partner Center" in page
    assert house.shops() == {"7000001": "connected"}


def test_a_shop_without_its_cipher_is_refused(house: House) -> None:
    house.tiktok.sellers["code-2"] = other_seller(MadeShop(cipher=""))
    client = house.signed_in()
    assert back(client, code="code-2", state=started(client, region="GB")).status_code == 400
    assert house.shops() == {}
