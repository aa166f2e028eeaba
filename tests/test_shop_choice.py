"""Which shops of a grant are read, who owns them, and what happens to those that are not wanted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from errors import BadRequest, Reauthorise, Refused
from hub.connecting import Connected, every_shop, together_with, usual_choice
from store.accounts import OfferedShop
from store.fencing import Fenced
from store.sessions import Intent
from tests.authorizing import (
    ONE,
    THREE,
    TWO,
    House,
    Seller,
    SellersGrant,
    back,
    form_token_in,
    other_seller,
    started,
)
from tests.installation import MadeGrant

pytestmark = pytest.mark.slow


@pytest.fixture
def house(tmp_path: Path) -> House:
    house = House(tmp_path)
    house.tiktok.sellers["both"] = Seller(shops=(ONE, TWO))
    return house


def connect(house: House, code: str = "code-1", workspace_id: str = "alice") -> Connected:
    return house.connecting.connect(Intent(workspace_id, "GB"), code)


def never(_refresh_token: str) -> MadeGrant:
    pytest.fail("TikTok was asked")


# --- the choice -----------------------------------------------------------------------------------


def shop(shop_id: str, state: str = "", former_owner: str = "") -> OfferedShop:
    return OfferedShop(shop_id, f"Shop {shop_id}", "GB", state, former_owner)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        ([shop("1")], ["1"]),
        ([shop("1"), shop("2")], []),
        ([shop("1", "connected"), shop("2")], ["1"]),
        ([shop("1", "reauthorise"), shop("2", "inactive")], ["1", "2"]),
        ([shop("1", "disconnected"), shop("2")], []),
        ([shop("1", "disconnected")], ["1"]),
        ([shop("1", "connected", former_owner="Seller 2")], []),
        ([shop("1", "connected", former_owner="Seller 2"), shop("2", "connected")], ["2"]),
    ],
)
def test_nobody_is_asked_about_the_only_shop_or_those_chosen_before(
    offered: list[OfferedShop], chosen: list[str]
) -> None:
    assert usual_choice(offered) == chosen


def test_one_more_shop_leaves_those_chosen_before_connected() -> None:
    offered = [shop("1", "connected"), shop("2"), shop("3")]
    assert together_with(["3", "1"])(offered) == ["1", "3"]
    assert every_shop(offered) == ["1", "2", "3"]


def test_of_several_shops_none_is_read_before_a_person_chooses(house: House) -> None:
    member = house.signed_in()
    answer = back(member, code="both", state=started(member, region="GB"))
    place = answer.headers["Location"]
    page = member.get(place).text
    assert [page.count(one.name) for one in (ONE, TWO)] == [1, 1]
    assert "checked" not in page
    assert (house.shops(), house.ledger.runs("alice")) == ({}, [])
    form = {"shop": [ONE.id], "form_token": form_token_in(page)}
    assert member.post(place, data=form).headers["Location"] == "/"
    assert house.shops() == {ONE.id: "connected"}
    assert [run.shop_id for run in house.ledger.runs("alice")] == [ONE.id]


def test_the_choice_can_be_changed_later_without_a_new_consent(house: House) -> None:
    grant = connect(house, "both").authorization_id
    house.connecting.choose("alice", grant, [ONE.id])
    house.connecting.choose("alice", grant, [TWO.id])
    assert house.shops() == {ONE.id: "disconnected", TWO.id: "connected"}
    house.connecting.choose("alice", grant, [ONE.id, TWO.id])
    assert house.shops() == {ONE.id: "connected", TWO.id: "connected"}
    assert house.tiktok.exchanged == ["both"]
    assert sorted(run.shop_id for run in house.ledger.runs("alice")) == [ONE.id, TWO.id]


def test_connecting_again_keeps_the_choice(house: House) -> None:
    grant = connect(house, "both").authorization_id
    house.connecting.choose("alice", grant, [TWO.id])
    again = connect(house, "both")
    assert (again.authorization_id, [one.shop_id for one in again.shops]) == (grant, [TWO.id])
    assert house.shops() == {TWO.id: "connected"}


def test_no_choice_and_a_shop_that_is_not_offered_are_refused(house: House) -> None:
    grant = connect(house, "both").authorization_id
    with pytest.raises(BadRequest, match="at least one"):
        house.connecting.choose("alice", grant, [])
    with pytest.raises(BadRequest, match=f"does not cover shop {THREE.id}"):
        house.connecting.choose("alice", grant, [ONE.id, THREE.id])
    assert house.shops() == {}


def test_another_workspace_can_neither_see_nor_change_the_choice(house: House) -> None:
    grant = connect(house, "both").authorization_id
    with pytest.raises(BadRequest, match="no such authorization"):
        house.connecting.offered("bob", grant)
    with pytest.raises(BadRequest, match="no such authorization"):
        house.connecting.choose("bob", grant, [ONE.id])
    with pytest.raises(BadRequest, match="no such authorization"):
        house.accounts.workspace("bob").forget_authorization(grant)


def test_the_choice_of_a_grant_that_has_ended_needs_a_new_consent(house: House) -> None:
    grant = connect(house).authorization_id
    house.accounts.workspace("alice").forget_authorization(grant)
    assert house.shops() == {ONE.id: "reauthorise"}
    with pytest.raises(Reauthorise):
        house.connecting.choose("alice", grant, [ONE.id])


# --- owners (C9) ----------------------------------------------------------------------------------


def test_a_different_shop_of_a_different_owner_becomes_a_shop_of_its_own(house: House) -> None:
    connect(house)
    house.tiktok.sellers["code-2"] = other_seller(TWO)
    connect(house, "code-2")
    one, two = house.own_shops()
    assert (one.state, two.state) == ("connected", "connected")
    assert one.authorization_id != two.authorization_id


def test_reconnecting_a_shop_with_an_account_that_does_not_have_it_changes_nothing(
    house: House,
) -> None:
    connect(house)
    before = house.own_shops()
    house.tiktok.sellers["code-2"] = other_seller(TWO, THREE)
    member = house.signed_in()
    answer = back(member, code="code-2", state=started(member, shop=ONE.id))
    assert answer.status_code == 400
    assert "does not have Test Shop 1. Nothing was connected." in answer.text
    assert house.own_shops() == before
    assert len(house.accounts.workspace("alice").authorizations()) == 1


def test_a_shop_whose_owner_has_changed_goes_on_only_when_somebody_says_so(house: House) -> None:
    former = connect(house).authorization_id
    before = house.own_shops()
    house.tiktok.sellers["code-2"] = other_seller(ONE)
    member = house.signed_in()
    place = back(member, code="code-2", state=started(member, shop=ONE.id)).headers["Location"]
    assert house.own_shops() == before, "the former owner's access goes on until then"
    page = member.get(place).text
    assert "This shop was connected by Test Seller 1 before." in page
    form = {"shop": ONE.id, "form_token": form_token_in(page)}
    refused = member.post(place, data=form)
    assert refused.status_code == 400
    assert "connected by Test Seller 1 before, and now by another seller account" in refused.text
    assert house.own_shops() == before
    assert member.post(place, data=form | {"new_owner": "yes"}).status_code == 303
    (now,) = house.own_shops()
    assert now.state == "connected"
    assert now.authorization_id != former
    grants = {row.id: row.state for row in house.accounts.workspace("alice").authorizations()}
    assert grants[former] == "reauthorise", "the former owner's tokens are forgotten"
    keeper = house.accounts.token_keeper(now, never)
    assert keeper.access_token() == "access-canary-2"


def test_a_worker_that_began_under_the_former_owner_uses_the_new_ones_token(house: House) -> None:
    connect(house)
    (shop_before,) = house.own_shops()
    keeper = house.accounts.token_keeper(shop_before, never)
    house.tiktok.sellers["code-2"] = other_seller(ONE)
    grant = connect(house, "code-2").authorization_id
    house.connecting.choose("alice", grant, [ONE.id], new_owner=True)
    assert keeper.access_token() == "access-canary-2"


# --- disconnecting (D7) ---------------------------------------------------------------------------


def test_a_shop_that_is_disconnected_stops_at_its_next_call_and_its_run_is_blocked(
    house: House,
) -> None:
    connect(house)
    (row,) = house.own_shops()
    keeper = house.accounts.token_keeper(row, never)
    assert keeper.access_token() == "access-canary-1"
    claim = house.ledger.claim("worker", ["backward"])
    assert claim is not None
    house.accounts.workspace("alice").disconnect_shop(ONE.id)
    house.clock.instant += 1
    with pytest.raises(Reauthorise):
        keeper.access_token()
    with pytest.raises(Fenced):
        house.ledger.renew(claim)
    (run,) = house.ledger.runs("alice")
    assert (run.state, "was disconnected" in run.message) == ("blocked", True)
    assert house.shops() == {ONE.id: "disconnected"}


def test_the_other_shop_of_the_grant_goes_on(house: House) -> None:
    grant = connect(house, "both").authorization_id
    house.connecting.choose("alice", grant, [ONE.id, TWO.id])
    alice = house.accounts.workspace("alice")
    alice.disconnect_shop(ONE.id)
    assert house.accounts.token_keeper(alice.shop(TWO.id), never).access_token()
    with pytest.raises(Reauthorise):
        house.accounts.token_keeper(alice.shop(ONE.id), never).access_token()
    runs = {run.shop_id: run.state for run in house.ledger.runs("alice")}
    assert runs == {ONE.id: "blocked", TWO.id: "pending"}
    alice.disconnect_shop(TWO.id)
    (row,) = alice.authorizations()
    assert row.state == "reauthorise", "no shop is left, so the tokens are forgotten"


def test_connecting_a_disconnected_shop_again_goes_on_with_the_same_run(house: House) -> None:
    connect(house)
    (before,) = house.ledger.runs("alice")
    house.accounts.workspace("alice").disconnect_shop(ONE.id)
    connect(house)
    (after,) = house.ledger.runs("alice")
    assert (after.id, after.state) == (before.id, "pending")
    assert house.shops() == {ONE.id: "connected"}


def test_a_foreign_shop_and_the_sample_account_cannot_be_disconnected(house: House) -> None:
    connect(house)
    for shop_id in (ONE.id, "sample", "7999999"):
        with pytest.raises(BadRequest):
            house.accounts.workspace("bob").disconnect_shop(shop_id)
    assert house.shops() == {ONE.id: "connected"}


def test_a_seller_may_move_to_another_workspace_once_disconnected_there(house: House) -> None:
    connect(house)
    with pytest.raises(Refused, match="Disconnect it there first"):
        connect(house, workspace_id="bob")
    house.accounts.workspace("alice").disconnect_shop(ONE.id)
    connect(house, workspace_id="bob")
    assert (house.shops("alice"), house.shops("bob")) == (
        {ONE.id: "disconnected"},
        {ONE.id: "connected"},
    )


def test_a_shop_the_grant_no_longer_covers_cannot_be_chosen(house: House) -> None:
    grant = connect(house, "both").authorization_id
    house.connecting.choose("alice", grant, [ONE.id, TWO.id])
    house.tiktok.sellers["both"] = Seller(replace(SellersGrant()), shops=(TWO,))
    connect(house, "both")
    assert house.shops() == {ONE.id: "disconnected", TWO.id: "connected"}
    assert [one.shop_id for one in house.connecting.offered("alice", grant)] == [TWO.id]
