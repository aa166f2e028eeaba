"""Short pulls in the ledger: one at a time for a shop, however many ask for what."""

from __future__ import annotations

from pathlib import Path

import pytest

from errors import BadRequest, Retryable
from store.accounts import Accounts
from store.database import Database
from store.ledger import Claim, Ledger
from store.live_runs import DONE_RESTS_SECONDS, FAILURE_RESTS_SECONDS, KIND, LANE, LiveRuns
from tests.installation import FakeClock, MadeGrant, MadeShop, accounts_in, at_once, connect_shop

SHOP, OTHER = "7000001", "7000002"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def accounts(tmp_path: Path, clock: FakeClock) -> Accounts:
    accounts = accounts_in(tmp_path, clock)
    connect_shop(accounts, "alice", MadeGrant(), *(MadeShop(shop, shop) for shop in (SHOP, OTHER)))
    return accounts


@pytest.fixture
def ledger(accounts: Accounts, clock: FakeClock) -> Ledger:
    return Ledger(accounts.database, clock)


@pytest.fixture
def live(accounts: Accounts, clock: FakeClock) -> LiveRuns:
    return LiveRuns(accounts.database, clock)


def begun(ledger: Ledger) -> Claim:
    claim = ledger.claim("worker", (LANE,))
    assert claim is not None
    return claim


def numbers(ledger: Ledger) -> list[str]:
    return sorted(run.slot for run in ledger.runs("alice") if run.kind == KIND)


def test_whoever_asks_while_a_run_waits_joins_it(live: LiveRuns, ledger: Ledger) -> None:
    first = live.ask("alice", SHOP, ["orders"])
    assert (first.state, set(first.wanted)) == ("pending", {"orders"})
    assert live.ask("alice", SHOP, ["orders"]).id == first.id
    wider = live.ask("alice", SHOP, ["returns", "orders"])
    assert (wider.id, set(wider.wanted)) == (first.id, {"orders", "returns"})
    assert begun(ledger).run.parameters == {"wanted": ["orders", "returns"]}
    assert ledger.runs("alice")[0].trigger == "live"


def test_another_shop_has_a_run_of_its_own(live: LiveRuns) -> None:
    first = live.ask("alice", SHOP, ["orders"])
    assert live.ask("alice", OTHER, ["orders"]).id != first.id
    with pytest.raises(BadRequest):
        live.ask("alice", "0", ["orders"])


def test_a_run_under_way_is_joined_or_followed_by_one_more(live: LiveRuns, ledger: Ledger) -> None:
    first = live.ask("alice", SHOP, ["orders", "returns"])
    begun(ledger)
    assert live.ask("alice", SHOP, ["returns"]).id == first.id
    second = live.ask("alice", SHOP, ["products"])
    assert second.id != first.id
    third = live.ask("alice", SHOP, ["orders", "inventory"])
    assert (third.id, set(third.wanted)) == (second.id, {"products", "orders", "inventory"})
    assert ledger.claim("other", (LANE,)) is None, "one at a time"


def test_what_was_done_just_now_is_not_done_again(
    live: LiveRuns, ledger: Ledger, clock: FakeClock
) -> None:
    """Somebody looked before the run ended, and asks after it."""
    first = live.ask("alice", SHOP, ["orders"])
    ledger.finish(begun(ledger), "done")
    assert live.ask("alice", SHOP, ["orders"]).is_over
    assert live.ask("alice", SHOP, ["returns"]).id != first.id, "this it did not do"
    clock.instant += DONE_RESTS_SECONDS
    assert live.ask("alice", OTHER, ["orders"]).state == "pending"


def test_after_a_failure_nobody_asks_for_a_while_whatever_for(
    live: LiveRuns, ledger: Ledger, clock: FakeClock
) -> None:
    first = live.ask("alice", SHOP, ["orders"])
    ledger.finish(begun(ledger), "failed", "TikTok is away.")
    clock.instant += FAILURE_RESTS_SECONDS - 1
    for wish in (["orders"], ["products"]):
        found = live.ask("alice", SHOP, wish)
        assert (found.id, found.state, found.message) == (first.id, "failed", "TikTok is away.")
    clock.instant += 1
    again = live.ask("alice", SHOP, ["orders"])
    assert (again.number, again.state) == (first.number + 1, "pending")


def test_all_who_ask_at_once_make_one_run(live: LiveRuns, ledger: Ledger) -> None:
    wishes = ["orders", "returns", "products", "statements"]
    found = at_once(8, lambda number: live.ask("alice", SHOP, [wishes[number % 4]]))
    assert len({run.id for run in found}) == 1
    assert live.ask("alice", SHOP, wishes).wanted == set(wishes)
    assert numbers(ledger) == ["000000000001"]


def test_runs_that_ended_are_forgotten_by_the_next(live: LiveRuns, ledger: Ledger) -> None:
    first = live.ask("alice", SHOP, ["orders"])
    ledger.finish(begun(ledger), "done")
    second = live.ask("alice", SHOP, ["returns"])
    assert live.look(first.id) is not None
    claim = begun(ledger)
    live.forget_before(claim.run.id, "alice", SHOP)
    assert live.look(first.id) is None
    ledger.finish(claim, "done")
    assert live.ask("alice", SHOP, ["products"]).number == second.number + 1


def test_a_database_without_time_is_told_at_once(
    accounts: Accounts, clock: FakeClock, tmp_path: Path
) -> None:
    hurried = Database(f"sqlite:///{tmp_path}/accounts.sqlite", busy_timeout_ms=1)
    live = LiveRuns(hurried, clock)
    with accounts.database.writing(), pytest.raises(Retryable):
        live.ask("alice", SHOP, ["orders"])
    assert live.ask("alice", SHOP, ["orders"]).state == "pending"
