"""Runs and leases: one run per slot, one worker per lane, nothing lost with a worker."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from errors import BadRequest
from store.accounts import Accounts
from store.fencing import Fenced
from store.ledger import LEASE_SECONDS, STATES, Claim, Ledger, Run
from tests.installation import (
    START,
    FakeClock,
    MadeGrant,
    MadeShop,
    accounts_in,
    at_once,
    claim_and_die,
    connect_shop,
    in_processes,
)

pytestmark = pytest.mark.slow

SHOPS = ("7000001", "7000002", "7000003")
LANES = ("forward", "backward", "tail")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def accounts(tmp_path: Path, clock: FakeClock) -> Accounts:
    accounts = accounts_in(tmp_path, clock)
    connect_shop(accounts, "alice", MadeGrant(), *(MadeShop(shop, shop) for shop in SHOPS))
    return accounts


@pytest.fixture
def ledger(accounts: Accounts, clock: FakeClock) -> Ledger:
    return Ledger(accounts.database, clock)


def ask(
    ledger: Ledger,
    slot: str = "initial",
    shop: str = SHOPS[0],
    lane: str = "backward",
    priority: int = 0,
    not_before: float = 0.0,
    workspace: str = "alice",
) -> Run:
    return ledger.enqueue(
        workspace,
        shop,
        lane,
        "import",
        slot=slot,
        parameters={"days": 90},
        priority=priority,
        not_before=not_before,
    )


def claimed(ledger: Ledger, owner: str = "worker-1", lanes: tuple[str, ...] = LANES) -> Claim:
    claim = ledger.claim(owner, lanes)
    assert claim is not None
    return claim


# Asking


def test_asking_twice_for_a_slot_gives_one_run(ledger: Ledger) -> None:
    first = ask(ledger)
    assert ask(ledger, priority=7) == first
    assert (first.state, first.parameters, first.attempt) == ("pending", {"days": 90}, 0)
    assert len(ledger.runs()) == 1


def test_a_slot_that_is_done_is_not_done_again(ledger: Ledger) -> None:
    ask(ledger)
    ledger.finish(claimed(ledger), "done")
    assert ask(ledger).state == "done"
    assert ledger.claim("worker-1", LANES) is None


def test_schedulers_that_ask_at_once_make_one_run(ledger: Ledger) -> None:
    found = at_once(8, lambda _: ask(ledger, slot="2026-01-01").id)
    assert len(set(found)) == 1
    assert len(ledger.runs()) == 1


def test_the_same_slot_of_another_shop_or_kind_is_another_run(ledger: Ledger) -> None:
    ask(ledger)
    ask(ledger, shop=SHOPS[1])
    ledger.enqueue("alice", SHOPS[0], "backward", "rebuild", slot="initial", parameters={})
    assert len(ledger.runs()) == 3


def test_a_run_for_an_unknown_shop_is_refused(ledger: Ledger) -> None:
    with pytest.raises(BadRequest) as caught:
        ask(ledger, shop="0")
    assert caught.value.code == "unknown_shop"


def test_runs_are_told_by_workspace_and_shop(ledger: Ledger, clock: FakeClock) -> None:
    ask(ledger, "one")
    clock.instant += 1
    newest = ask(ledger, "two", shop=SHOPS[1])
    assert [run.slot for run in ledger.runs("alice")] == ["two", "one"]
    assert ledger.runs("alice", limit=1) == [newest]
    assert [run.slot for run in ledger.runs("alice", SHOPS[0])] == ["one"]
    assert ledger.runs("bob") == []
    assert ledger.run(newest.id) == newest
    with pytest.raises(BadRequest):
        ledger.run("none")


# Claiming


def test_a_claim_starts_the_run(ledger: Ledger, clock: FakeClock) -> None:
    asked = ask(ledger)
    clock.instant += 5
    claim = claimed(ledger)
    assert (claim.run.id, claim.token) == (asked.id, 1)
    assert claim.expires_at == START + 5 + LEASE_SECONDS
    run = ledger.run(asked.id)
    assert (run.state, run.attempt, run.started_at) == ("running", 1, START + 5)


def test_a_lane_of_a_shop_has_one_worker(ledger: Ledger, clock: FakeClock) -> None:
    ask(ledger, "one")
    clock.instant += 1
    ask(ledger, "two")
    first = claimed(ledger)
    assert ledger.claim("worker-2", LANES) is None
    ledger.finish(first, "done")
    second = claimed(ledger, "worker-2")
    assert (second.run.slot, second.token) == ("two", 2)


def test_other_lanes_and_other_shops_go_on_at_the_same_time(ledger: Ledger) -> None:
    for shop, lane in ((SHOPS[0], "backward"), (SHOPS[0], "forward"), (SHOPS[1], "backward")):
        ask(ledger, shop=shop, lane=lane, slot=lane)
    places = {(claim.run.shop_id, claim.run.lane) for claim in (claimed(ledger) for _ in "123")}
    assert len(places) == 3


def test_workers_that_claim_at_once_never_get_the_same_run(ledger: Ledger) -> None:
    for shop in SHOPS:
        for lane in LANES:
            for slot in "ab":
                ask(ledger, slot=lane + slot, shop=shop, lane=lane)
    claims = at_once(8, lambda number: [ledger.claim(f"w{number}", LANES) for _ in "123"])
    got = [claim for some in claims for claim in some if claim is not None]
    assert len(got) == 9
    assert max(Counter((claim.run.shop_id, claim.run.lane) for claim in got).values()) == 1


def test_only_the_asked_lanes_are_claimed(ledger: Ledger) -> None:
    ask(ledger)
    assert ledger.claim("worker-1", ["forward"]) is None
    assert claimed(ledger, lanes=("backward",)).run.lane == "backward"


def test_a_run_is_not_claimed_before_its_time(ledger: Ledger, clock: FakeClock) -> None:
    ask(ledger, not_before=START + 10)
    clock.instant = START + 9.9
    assert ledger.claim("worker-1", LANES) is None
    assert ledger.longest_due_seconds() == 0.0
    clock.instant = START + 13
    assert ledger.longest_due_seconds() == pytest.approx(3.0)
    claimed(ledger)


def test_the_higher_priority_goes_first(ledger: Ledger) -> None:
    ask(ledger, "one")
    ask(ledger, "two", shop=SHOPS[1], priority=5)
    assert claimed(ledger).run.slot == "two"


def test_no_shop_waits_while_another_is_served_twice(ledger: Ledger, clock: FakeClock) -> None:
    for slot in "abc":
        ask(ledger, slot, shop=SHOPS[0])
        clock.instant += 1
    for shop in SHOPS[1:]:
        ask(ledger, "late", shop=shop)
    order = []
    while claim := ledger.claim("worker-1", LANES):
        order.append(claim.run.shop_id)
        clock.instant += 1
        ledger.finish(claim, "done")
    assert set(order[:3]) == set(SHOPS)
    assert order[3:] == [SHOPS[0], SHOPS[0]]


@pytest.fixture
def bobs_shop(accounts: Accounts) -> str:
    connect_shop(accounts, "bob", MadeGrant("open-id-2"), MadeShop("8000001", "Bob's"))
    return "8000001"


def test_a_workspace_that_asks_without_end_does_not_hold_up_the_schedule_of_another(
    ledger: Ledger, clock: FakeClock, bobs_shop: str
) -> None:
    """Alice asks for a run of each of her shops as soon as there is none."""
    ask(ledger, "at:1", shop=bobs_shop, workspace="bob")
    ask(ledger, "at:2", shop=bobs_shop, workspace="bob")
    served = []
    for turn in range(6):
        for shop in SHOPS:
            ask(ledger, f"asked:{turn}", shop=shop, priority=10)
        claim = claimed(ledger)
        served.append(claim.run.workspace_id)
        clock.instant += 1
        ledger.finish(claim, "done")
    # Who of the two begins is left open; from then on they take turns while both have work.
    assert served[:4].count("bob") == 2
    assert served[4:] == ["alice", "alice"]


def test_within_its_workspace_what_was_asked_for_goes_before_the_schedule(
    ledger: Ledger, clock: FakeClock, bobs_shop: str
) -> None:
    ask(ledger, "at:1", shop=SHOPS[0])
    ask(ledger, "first", shop=SHOPS[1], priority=10)
    ask(ledger, "at:1", shop=bobs_shop, workspace="bob")
    order = []
    while claim := ledger.claim("worker-1", LANES):
        order.append(claim.run.shop_id)
        clock.instant += 1
    assert order.index(SHOPS[1]) < order.index(SHOPS[0])


def test_what_a_request_waits_for_goes_before_all_turns(
    ledger: Ledger, clock: FakeClock, bobs_shop: str
) -> None:
    """What TikTok pushed for Bob is waited for by nobody, also when Alice was served just now."""
    ask(ledger, "one", lane="tail", priority=20)
    ledger.finish(claimed(ledger), "done")
    clock.instant += 1
    ask(ledger, "pushed", shop=bobs_shop, lane="tail", workspace="bob")
    ask(ledger, "two", lane="tail", priority=20)
    assert claimed(ledger).run.slot == "two"


def test_a_turn_noted_under_a_clock_that_was_ahead_holds_up_nobody(
    ledger: Ledger, clock: FakeClock, bobs_shop: str
) -> None:
    clock.instant += 86_400
    ask(ledger, "ahead")
    ledger.finish(claimed(ledger), "done")
    clock.instant -= 86_300
    ask(ledger, "late", shop=bobs_shop, workspace="bob")
    ledger.finish(claimed(ledger), "done")
    clock.instant += 1
    ask(ledger, "next", shop=bobs_shop, workspace="bob")
    ask(ledger, "mine", shop=SHOPS[1])
    assert claimed(ledger).run.slot == "mine"


# Losing and giving up a claim


def test_a_renewed_claim_holds_for_another_minute(ledger: Ledger, clock: FakeClock) -> None:
    ask(ledger)
    claim = claimed(ledger)
    clock.instant += 59
    claim = ledger.renew(claim)
    assert claim.expires_at == START + 59 + LEASE_SECONDS
    clock.instant += 59
    assert ledger.claim("worker-2", LANES) is None
    assert ledger.run(claim.run.id).heartbeat_at == START + 59


def test_who_slept_past_the_lease_is_refused_and_the_next_goes_on(
    ledger: Ledger, clock: FakeClock
) -> None:
    ask(ledger)
    sleeper = claimed(ledger)
    clock.instant += LEASE_SECONDS
    successor = claimed(ledger, "worker-2")
    assert (successor.run.id, successor.token, successor.run.attempt) == (sleeper.run.id, 2, 2)
    with pytest.raises(Fenced):
        ledger.renew(sleeper)
    with pytest.raises(Fenced):
        ledger.finish(sleeper, "failed")
    with pytest.raises(Fenced):
        ledger.hand_back(sleeper, 0.0, "")
    assert ledger.run(sleeper.run.id).state == "running"
    ledger.finish(ledger.renew(successor), "done")


def test_the_token_counts_even_if_a_worker_comes_back_under_its_old_name(
    ledger: Ledger, clock: FakeClock
) -> None:
    ask(ledger)
    before = claimed(ledger, "worker-1")
    clock.instant += LEASE_SECONDS
    after = claimed(ledger, "worker-1")
    with pytest.raises(Fenced):
        ledger.finish(before, "done")
    ledger.finish(after, "done")


def test_a_late_sign_of_life_counts_if_nobody_came_meanwhile(
    ledger: Ledger, clock: FakeClock
) -> None:
    ask(ledger)
    claim = claimed(ledger)
    clock.instant += 10 * LEASE_SECONDS
    ledger.finish(ledger.renew(claim), "done")


def test_a_claim_ends_with_the_run(ledger: Ledger) -> None:
    ask(ledger)
    claim = claimed(ledger)
    ledger.finish(claim, "done", "90 days")
    assert ledger.run(claim.run.id).message == "90 days"
    with pytest.raises(Fenced):
        ledger.finish(claim, "failed")


def test_a_killed_worker_leaves_a_run_that_is_claimed_after_its_lease(
    ledger: Ledger, clock: FakeClock, tmp_path: Path
) -> None:
    asked = ask(ledger)
    assert in_processes(1, claim_and_die, str(tmp_path)) == [-9]
    assert ledger.run(asked.id).state == "running"
    assert ledger.claim("worker-2", LANES) is None
    clock.instant = START + LEASE_SECONDS
    claim = claimed(ledger, "worker-2")
    assert (claim.run.id, claim.token, claim.run.attempt) == (asked.id, 2, 2)


def test_the_run_of_a_dead_worker_comes_before_younger_ones(
    ledger: Ledger, clock: FakeClock
) -> None:
    ask(ledger, "zz-first")
    dead = claimed(ledger)
    ask(ledger, "aa-second", not_before=START - 5)
    clock.instant += LEASE_SECONDS
    assert claimed(ledger, "worker-2").run.id == dead.run.id


def test_a_run_handed_back_waits_until_its_time(ledger: Ledger, clock: FakeClock) -> None:
    asked = ask(ledger)
    ledger.hand_back(claimed(ledger), START + 30, "TikTok asked us to slow down.")
    run = ledger.run(asked.id)
    assert (run.state, run.message) == ("waiting", "TikTok asked us to slow down.")
    assert ledger.claim("worker-2", LANES) is None
    clock.instant = START + 30
    assert claimed(ledger, "worker-2").token == 2


def test_connecting_again_lets_blocked_runs_of_the_shop_go_on(ledger: Ledger) -> None:
    for shop in SHOPS[:2]:
        ask(ledger, shop=shop)
        ledger.finish(claimed(ledger), "blocked", "Connect the shop again.")
    assert ledger.unblock("alice", SHOPS[0]) == 1
    assert ledger.unblock("bob", SHOPS[1]) == 0
    assert claimed(ledger).run.shop_id == SHOPS[0]
    assert ledger.claim("worker-2", LANES) is None


def test_runs_are_counted_by_state(ledger: Ledger) -> None:
    ask(ledger, "one")
    ask(ledger, "two", shop=SHOPS[1])
    claimed(ledger)
    assert ledger.counts() == dict.fromkeys(STATES, 0) | {"pending": 1, "running": 1}


def test_a_run_cannot_end_in_a_state_that_is_no_end(ledger: Ledger) -> None:
    ask(ledger)
    with pytest.raises(ValueError, match="pending"):
        ledger.finish(claimed(ledger), "pending")


MOVES = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from(SHOPS), st.sampled_from(LANES)),
    st.tuples(st.just("claim"), st.sampled_from("xyz"), st.just("")),
    st.tuples(
        st.sampled_from(("renew", "finish", "hand_back")), st.sampled_from("xyz"), st.just("")
    ),
    st.tuples(st.just("pass"), st.sampled_from(("1", "30", "61")), st.just("")),
)


@pytest.mark.soak
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(MOVES, min_size=10, max_size=40))
def test_whatever_workers_do_tokens_grow_and_one_holder_counts(
    tmp_path_factory: pytest.TempPathFactory, moves: list[tuple[str, str, str]]
) -> None:
    clock = FakeClock()
    accounts = accounts_in(tmp_path_factory.mktemp("ledger"), clock)
    connect_shop(accounts, "alice", MadeGrant(), *(MadeShop(shop, shop) for shop in SHOPS))
    ledger = Ledger(accounts.database, clock)
    newest: dict[tuple[str, str], Claim] = {}
    held: dict[str, Claim] = {}
    over: set[tuple[str, str, int]] = set()
    for number, (move, who, lane) in enumerate(moves):
        clock.instant += 0.001
        if move == "ask":
            ask(ledger, slot=str(number), shop=who, lane=lane)
        elif move == "pass":
            clock.instant += float(who)
        elif move == "claim":
            claim = ledger.claim(who, LANES)
            if claim is None:
                continue
            place = (claim.run.shop_id, claim.run.lane)
            former = newest.get(place)
            if former is not None:
                assert claim.token > former.token
                ended = (*place, former.token) in over
                assert ended or former.expires_at <= clock.instant
            newest[place] = held[who] = claim
        elif who in held:
            claim = held[who]
            place = (claim.run.shop_id, claim.run.lane)
            valid = newest[place].token == claim.token and (*place, claim.token) not in over
            try:
                if move == "renew":
                    held[who] = newest[place] = ledger.renew(claim)
                elif move == "finish":
                    ledger.finish(claim, "done")
                else:
                    ledger.hand_back(claim, clock.instant, "")
            except Fenced:
                assert not valid
            else:
                assert valid
                if move != "renew":
                    over.add((*place, claim.token))
    accounts.database.close()
