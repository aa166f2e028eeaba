"""An agency's link with which a shop's owner connects the shop, without an account here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from errors import BadRequest, Retryable
from store.sessions import Intent
from tests.authorizing import (
    ONE,
    TWO,
    House,
    Seller,
    SellersGrant,
    back,
    form_token_in,
    other_seller,
    started,
    state_in,
)
from web.entries import ENTRIES, Entry, entry_of

pytestmark = pytest.mark.slow

DAY = 86_400


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


@pytest.fixture
def owner(house: House) -> FlaskClient:
    """A browser nobody has signed in with."""
    return house.app.test_client()


def new_invite(house: House, shop_id: str = "", workspace_id: str = "alice") -> str:
    return house.invites.create(workspace_id, shop_id=shop_id)[1]


def opened(client: FlaskClient, token: str, region: str = "GB") -> str:
    """Open an invite and follow its link; the state that TikTok is given."""
    query = {"token": token}
    assert client.get("/connect/invite", query_string=query).status_code == 200
    return state_in(client.get("/connect/invite/start", query_string=query | {"region": region}))


def states(house: House) -> list[str]:
    return [invite.state for invite in house.invites.of_workspace("alice")]


# --- the link -------------------------------------------------------------------------------------


def test_an_owner_without_an_account_connects_a_shop_to_the_inviting_workspace(
    house: House, owner: FlaskClient
) -> None:
    state = opened(owner, new_invite(house))
    answer = back(owner, code="code-1", state=state)
    assert answer.status_code == 303
    page = owner.get(answer.headers["Location"])
    assert page.status_code == 200
    assert "Thank you. Alice&#39;s agency reads the chosen shops now" in page.text
    assert house.shops("alice") == {ONE.id: "connected"}
    assert [run.shop_id for run in house.ledger.runs("alice")] == [ONE.id]
    assert states(house) == ["used"]


def test_an_invite_names_who_asks_and_lets_the_owner_choose_the_region(
    house: House, owner: FlaskClient
) -> None:
    page = owner.get("/connect/invite", query_string={"token": new_invite(house)}).text
    assert "Alice&#39;s agency asks to read your TikTok shop" in page
    assert page.count("/connect/invite/start?") == 4


def test_looking_at_a_link_and_following_it_do_not_use_it_up(
    house: House, owner: FlaskClient
) -> None:
    token = new_invite(house)
    for _ in range(3):
        opened(owner, token)
    owner.head("/connect/invite", query_string={"token": token})
    assert states(house) == ["open"]


def test_a_link_connects_once(house: House, owner: FlaskClient) -> None:
    token = new_invite(house)
    first, second = opened(owner, token), opened(owner, token)
    assert back(owner, code="code-1", state=first).status_code == 303
    answer = back(owner, code="code-1", state=second)
    assert (answer.status_code, "used already" in answer.text) == (404, True)
    assert owner.get("/connect/invite", query_string={"token": token}).status_code == 404
    assert house.tiktok.exchanged == ["code-1"]


def test_a_link_ends_after_its_time(house: House, owner: FlaskClient) -> None:
    token = new_invite(house)
    house.clock.instant += 7 * DAY - 60
    state = opened(owner, token)
    house.clock.instant += 60
    assert owner.get("/connect/invite", query_string={"token": token}).status_code == 404
    assert back(owner, code="code-1", state=state).status_code == 404
    assert house.tiktok.exchanged == []
    assert states(house) == ["expired"]


def test_a_link_that_was_withdrawn_opens_nothing(house: House, owner: FlaskClient) -> None:
    invite, token = house.invites.create("alice")
    state = opened(owner, token)
    house.invites.revoke("alice", invite.id)
    assert owner.get("/connect/invite", query_string={"token": token}).status_code == 404
    refused = back(owner, code="code-1", state=state)
    assert refused.status_code == 404
    assert "was withdrawn" in refused.text
    assert "still good" not in refused.text
    assert house.tiktok.exchanged == []


@pytest.mark.parametrize("token", ["", "made-up", "é" * 500])
def test_a_made_up_link_opens_nothing(owner: FlaskClient, token: str) -> None:
    for page in ("/connect/invite", "/connect/invite/start"):
        query = {"token": token, "region": "GB"}
        assert owner.get(page, query_string=query).status_code == 404


@pytest.mark.parametrize("days", [-1, 0, 31])
def test_an_invite_is_good_for_one_to_thirty_days(house: House, days: int) -> None:
    with pytest.raises(BadRequest, match="1 to 30 days"):
        house.invites.create("alice", days=days)


def test_a_seller_who_says_no_may_use_the_link_again(house: House, owner: FlaskClient) -> None:
    token = new_invite(house)
    refused = back(owner, code="null", error="auth_denied", state=opened(owner, token))
    assert refused.status_code == 400
    assert "Your invite is still good." in refused.text
    assert back(owner, code="code-1", state=opened(owner, token)).status_code == 303


def test_a_connection_that_fails_gives_the_link_back(house: House, owner: FlaskClient) -> None:
    token = new_invite(house)
    house.tiktok.fails = Retryable("TikTok is away.")
    assert back(owner, code="code-1", state=opened(owner, token)).status_code == 503
    assert states(house) == ["open"]
    house.tiktok.fails = None
    assert back(owner, code="code-1", state=opened(owner, token)).status_code == 303


# --- whose browser --------------------------------------------------------------------------------


def test_the_state_of_an_invite_works_in_the_browser_that_opened_it_only(
    house: House, owner: FlaskClient
) -> None:
    token = new_invite(house)
    state = opened(owner, token)
    for other in (house.app.test_client(), house.signed_in("alice"), house.signed_in("bob")):
        assert back(other, code="stolen", state=state).status_code == 400
    assert house.tiktok.exchanged == []
    assert back(owner, code="code-1", state=state).status_code == 303


def test_the_cookie_of_a_visit_is_guarded(house: House, owner: FlaskClient) -> None:
    answer = owner.get("/connect/invite", query_string={"token": new_invite(house)})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("tts_visit=")
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))


def test_a_guest_sees_nothing_of_the_workspace(house: House, owner: FlaskClient) -> None:
    back(owner, code="code-1", state=opened(owner, new_invite(house)))
    for page in ("/", "/connect/invites", "/connect/tiktok/start?region=GB"):
        assert owner.get(page).status_code == 401


def test_the_shops_of_a_grant_are_shown_to_its_giver_and_its_workspace_only(
    house: House, owner: FlaskClient
) -> None:
    place = back(owner, code="code-1", state=opened(owner, new_invite(house))).headers["Location"]
    assert owner.get(place).status_code == 200
    assert house.signed_in("alice").get(place).status_code == 200
    assert house.signed_in("bob").get(place).status_code == 404
    assert house.app.test_client().get(place).status_code == 404
    house.clock.instant += 3_601
    assert owner.get(place).status_code == 404


def test_an_owner_chooses_among_several_shops(house: House, owner: FlaskClient) -> None:
    house.tiktok.sellers["code-1"] = Seller(shops=(ONE, TWO))
    place = back(owner, code="code-1", state=opened(owner, new_invite(house))).headers["Location"]
    page = owner.get(place).text
    assert (ONE.name in page, TWO.name in page, "Thank you" in page) == (True, True, False)
    assert house.shops() == {}
    without = owner.post(place, data={"shop": TWO.id})
    assert without.status_code == 400, "a form needs the token of its own page"
    chosen = owner.post(place, data={"shop": TWO.id, "form_token": form_token_in(page)})
    assert chosen.status_code == 303
    assert house.shops() == {TWO.id: "connected"}
    assert "Thank you" in owner.get(place).text


def test_a_guest_may_open_these_pages_and_no_others() -> None:
    assert {address for address, entry in ENTRIES if entry is Entry.GUEST} == {
        "/connect/invite",
        "/connect/invite/start",
        "/connect/tiktok/callback",
        "/connect/shops/",
    }
    for address in ("/connect/invites", "/connect/invite/", "/connect/shops", "/connect/"):
        assert entry_of(address) is Entry.MEMBER


# --- to be connected again ------------------------------------------------------------------------


def test_an_invite_for_a_shop_revives_it_with_the_same_run(
    house: House, owner: FlaskClient
) -> None:
    house.connecting.connect(Intent("alice", "GB"), "code-1")
    (run,) = house.ledger.runs("alice")
    house.accounts.deauthorised(ONE.id)
    assert house.shops() == {ONE.id: "reauthorise"}
    token = new_invite(house, ONE.id)
    page = owner.get("/connect/invite", query_string={"token": token}).text
    assert "asks to read Test Shop 1" in page
    assert page.count("/connect/invite/start?") == 1, "the region is known"
    assert back(owner, code="code-1", state=opened(owner, token)).status_code == 303
    assert house.shops() == {ONE.id: "connected"}
    (again,) = house.ledger.runs("alice")
    assert (again.id, again.state) == (run.id, "pending")


def test_an_invite_for_a_shop_refuses_a_seller_who_does_not_have_it(
    house: House, owner: FlaskClient
) -> None:
    house.connecting.connect(Intent("alice", "GB"), "code-1")
    house.tiktok.sellers["code-2"] = other_seller(TWO)
    token = new_invite(house, ONE.id)
    answer = back(owner, code="code-2", state=opened(owner, token))
    assert answer.status_code == 400
    assert "another seller account, which does not have Test Shop 1" in answer.text
    assert house.shops() == {ONE.id: "connected"}
    assert len(house.accounts.workspace("alice").authorizations()) == 1
    assert states(house) == ["open"], "the right account may still come"


def test_a_guest_cannot_put_a_shop_under_a_new_owner(house: House, owner: FlaskClient) -> None:
    house.connecting.connect(Intent("alice", "GB"), "code-1")
    house.tiktok.sellers["code-2"] = other_seller(ONE)
    answer = back(owner, code="code-2", state=opened(owner, new_invite(house, ONE.id)))
    place = answer.headers["Location"]
    page = owner.get(place).text
    assert "must confirm that its numbers go on under the new owner" in page
    form = {"shop": ONE.id, "new_owner": "yes", "form_token": form_token_in(page)}
    assert owner.post(place, data=form).status_code == 400
    member = house.signed_in("alice")
    form["form_token"] = form_token_in(member.get(place).text)
    assert member.post(place, data=form).status_code == 303
    (shop,) = house.own_shops()
    (_, new) = house.accounts.workspace("alice").authorizations()
    assert (shop.state, shop.authorization_id, new.open_id) == ("connected", new.id, "open-id-2")


@pytest.mark.parametrize("shop_id", ["7000009", "sample"])
def test_nobody_is_invited_for_a_shop_that_is_not_the_workspaces_own(
    house: House, shop_id: str
) -> None:
    member = house.signed_in("alice")
    token = form_token_in(member.get("/connect/invites").text)
    answer = member.post("/connect/invites", data={"shop": shop_id, "form_token": token})
    assert answer.status_code == 404
    assert house.invites.of_workspace("alice") == []


# --- the page of invites --------------------------------------------------------------------------


def test_a_member_makes_a_link_sees_it_once_and_withdraws_it(house: House) -> None:
    member = house.signed_in("alice")
    token = form_token_in(member.get("/connect/invites").text)
    page = member.post("/connect/invites", data={"days": "3", "form_token": token}).text
    link = page.partition('<code id="link">')[2].partition("</code>")[0]
    assert link.startswith("https://here.example.com/connect/invite?token=")
    bare = parse_qs(urlsplit(link).query)["token"][0]
    assert house.invites.open(bare).expires_at == house.clock.instant + 3 * DAY
    assert bare not in member.get("/connect/invites").text
    (invite,) = house.invites.of_workspace("alice")
    revoke = f"/connect/invites/{invite.id}/revoke"
    assert house.signed_in("bob").post(revoke, data={"form_token": token}).status_code == 400
    assert member.post(revoke, data={"form_token": token}).status_code == 303
    assert states(house) == ["revoked"]


@pytest.mark.parametrize("days", ["", "soon", "99", "1e3", "-1", "9" * 5_000])
def test_a_strange_number_of_days_is_told_beside_the_field(house: House, days: str) -> None:
    member = house.signed_in("alice")
    token = form_token_in(member.get("/connect/invites").text)
    answer = member.post("/connect/invites", data={"days": days, "form_token": token})
    assert answer.status_code == 422
    assert 'aria-describedby="days-help days-problem"' in answer.text
    assert house.invites.of_workspace("alice") == []


def test_an_invite_of_another_workspace_cannot_be_withdrawn(house: House) -> None:
    invite, _ = house.invites.create("alice")
    with pytest.raises(BadRequest, match="no such open invite"):
        house.invites.revoke("bob", invite.id)
    assert house.invites.of_workspace("bob") == []
    assert states(house) == ["open"]


def test_a_used_invite_cannot_be_withdrawn(house: House, owner: FlaskClient) -> None:
    back(owner, code="code-1", state=opened(owner, new_invite(house)))
    (invite,) = house.invites.of_workspace("alice")
    with pytest.raises(BadRequest):
        house.invites.revoke("alice", invite.id)


def test_two_browsers_cannot_use_one_link_at_the_same_time(
    house: House, owner: FlaskClient
) -> None:
    token = new_invite(house)
    other = house.app.test_client()
    first, second = opened(owner, token), opened(other, token)
    answers: list[int] = []
    inner: Callable[[str], SellersGrant] = house.tiktok.exchange

    def slow(code: str) -> SellersGrant:
        if not answers:
            answers.append(back(other, code="code-1", state=second).status_code)
        return inner(code)

    house.tiktok.exchange = slow  # type: ignore[method-assign]
    assert back(owner, code="code-1", state=first).status_code == 303
    assert answers == [404]
    assert house.tiktok.exchanged == ["code-1"]


def test_a_member_may_open_an_invite_to_another_workspace(house: House) -> None:
    bob = house.signed_in("bob")
    answer = back(bob, code="code-1", state=opened(bob, new_invite(house)))
    assert bob.get(answer.headers["Location"]).status_code == 200
    assert (house.shops("alice"), house.shops("bob")) == ({ONE.id: "connected"}, {})


def test_the_state_of_a_member_is_no_invite(house: House, owner: FlaskClient) -> None:
    state = started(house.signed_in("alice"), region="GB")
    assert owner.get("/connect/invite", query_string={"token": state}).status_code == 404
