"""A seller's grant from its end: taken back, and given again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from errors import Reauthorise
from store.accounts import Accounts, TokenKeeper
from store.accounts_schema import authorizations
from store.fencing import Fenced
from store.ledger import Ledger
from store.runs import Run
from tests.installation import START, FakeClock, MadeGrant, MadeShop, accounts_in, connect_shop

ONE, TWO, THREE = MadeShop(), MadeShop("7000002", "Test Shop 2"), MadeShop("7000003", "Test Shop 3")
TAKEN_BACK = "The seller has taken back our access"


class World:
    """Alice has two shops of one seller, Bob one of another."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.accounts: Accounts = accounts_in(folder, self.clock)
        self.ledger = Ledger(self.accounts.database, self.clock)
        connect_shop(self.accounts, "alice", MadeGrant(), ONE, TWO)
        connect_shop(self.accounts, "bob", MadeGrant("open-id-2"), THREE)

    def run(self, shop: MadeShop, slot: str = "first", workspace_id: str = "alice") -> Run:
        return self.ledger.enqueue(
            workspace_id, shop.id, "backward", "import", slot=slot, parameters={"until": 7}
        )

    def states(self, workspace_id: str) -> dict[str, str]:
        shops = self.accounts.workspace(workspace_id).shops()
        return {shop.shop_id: shop.state for shop in shops if not shop.is_sample}

    def keeper(
        self, refresh: Callable[[str], MadeGrant], shop: MadeShop = ONE, workspace_id: str = "alice"
    ) -> TokenKeeper:
        return self.accounts.token_keeper(
            self.accounts.workspace(workspace_id).shop(shop.id), refresh
        )

    def kept_tokens(self) -> dict[str, tuple[str, str]]:
        """What is kept, still sealed, by open id."""
        with self.accounts.database.reading() as connection:
            found = connection.execute(select(authorizations))
            return {
                row.open_id: (row.sealed_access_token, row.sealed_refresh_token) for row in found
            }


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def never(_refresh_token: str) -> MadeGrant:
    pytest.fail("TikTok was asked")


# --- taken back -----------------------------------------------------------------------------------


def test_the_tokens_of_a_grant_that_was_taken_back_are_gone_at_once(world: World) -> None:
    world.accounts.deauthorised(ONE.id)
    kept = world.kept_tokens()
    assert kept["open-id-1"] == ("", "")
    assert "" not in kept["open-id-2"]


def test_every_shop_of_the_grant_asks_to_be_authorised_again_and_no_other(world: World) -> None:
    world.accounts.deauthorised(TWO.id)
    assert world.states("alice") == {ONE.id: "reauthorise", TWO.id: "reauthorise"}
    assert [row.state for row in world.accounts.workspace("alice").authorizations()] == [
        "reauthorise"
    ]
    assert world.states("bob") == {THREE.id: "connected"}


@pytest.mark.parametrize("shop", [ONE, TWO])
def test_no_call_is_made_for_a_grant_that_was_taken_back(world: World, shop: MadeShop) -> None:
    world.accounts.deauthorised(ONE.id)
    keeper = world.keeper(never, shop)
    with pytest.raises(Reauthorise):
        keeper.access_token()
    with pytest.raises(Reauthorise):
        keeper.renew("access-canary-1")


def test_unfinished_runs_of_its_shops_are_blocked_with_a_sentence(world: World) -> None:
    world.clock.instant = START + 50
    waiting, of_another = world.run(TWO), world.run(THREE, workspace_id="bob")
    world.accounts.deauthorised(ONE.id)
    found = world.ledger.run(waiting.id)
    assert (found.state, found.finished_at) == ("blocked", START + 50)
    assert found.message.startswith(TAKEN_BACK)
    assert world.ledger.run(of_another.id).state == "pending"


def test_a_run_that_is_done_stays_done(world: World) -> None:
    done = world.run(ONE)
    claim = world.ledger.claim("worker", ["backward"])
    assert claim is not None
    world.ledger.finish(claim, "done")
    world.accounts.deauthorised(ONE.id)
    assert world.ledger.run(done.id).state == "done"


def test_a_run_in_work_is_blocked_and_its_worker_is_refused(world: World) -> None:
    run = world.run(ONE)
    claim = world.ledger.claim("worker", ["backward"])
    assert claim is not None
    world.accounts.deauthorised(ONE.id)
    with pytest.raises(Fenced):
        world.ledger.renew(claim)
    with pytest.raises(Fenced):
        world.ledger.finish(claim, "failed")
    assert world.ledger.run(run.id).state == "blocked"
    assert world.ledger.claim("another", ["backward"]) is None


def test_tokens_that_arrive_after_the_grant_was_taken_back_are_not_kept(world: World) -> None:
    def refresh(_refresh_token: str) -> MadeGrant:
        world.accounts.deauthorised(ONE.id)
        return MadeGrant().next(2)

    with pytest.raises(Reauthorise):
        world.keeper(refresh).renew("access-canary-1")
    assert world.kept_tokens()["open-id-1"] == ("", "")
    assert world.states("alice")[ONE.id] == "reauthorise"


def test_a_refusal_that_arrives_after_the_grant_was_taken_back_is_passed_on(world: World) -> None:
    def refresh(_refresh_token: str) -> MadeGrant:
        world.accounts.deauthorised(ONE.id)
        raise Reauthorise("Connect the shop again.")

    with pytest.raises(Reauthorise):
        world.keeper(refresh).renew("access-canary-1")
    assert world.states("alice")[ONE.id] == "reauthorise"


def test_taking_a_grant_back_again_changes_nothing_more(world: World) -> None:
    world.accounts.deauthorised(ONE.id)
    world.accounts.deauthorised(ONE.id)
    assert world.states("alice")[ONE.id] == "reauthorise"


@pytest.mark.parametrize("shop_id", ["7999999", "", "sample"])
def test_neither_an_unknown_shop_nor_the_sample_account_takes_anything_back(
    world: World, shop_id: str
) -> None:
    connect_shop(world.accounts, "sample", MadeGrant("open-id-3"), MadeShop("sample"))
    world.accounts.deauthorised(shop_id)
    assert set(world.states("alice").values()) == {"connected"}
    assert world.accounts.workspace("alice").shop("sample").state == "connected"
    assert all("" not in pair for pair in world.kept_tokens().values())


def test_a_shop_that_is_connected_again_goes_on_with_the_same_run(world: World) -> None:
    run = world.run(ONE)
    first = world.ledger.claim("worker", ["backward"])
    world.accounts.deauthorised(ONE.id)

    connect_shop(world.accounts, "alice", MadeGrant().next(2), ONE, TWO)
    world.ledger.unblock("alice", ONE.id)
    again = world.ledger.claim("worker", ["backward"])
    assert first is not None
    assert again is not None
    assert (again.run.id, again.run.parameters) == (run.id, {"until": 7})
    assert again.token > first.token
    assert world.states("alice") == {ONE.id: "connected", TWO.id: "connected"}
    assert world.keeper(never).access_token() == "access-canary-2"
