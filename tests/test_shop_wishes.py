"""What is decided for one shop: the data that is read of it beyond the usual, and the newest run of
each kind, by which the list of shops says how it is doing."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from backfill.schedule import enqueue_backfill
from sample_shop.adapter import SampleShopAdapter
from store.database import Database
from store.ledger import Ledger
from store.newest_runs import newest_runs
from store.throttle import StoreThrottle
from tests.importing import Between
from tests.installation import FakeClock, MadeGrant, MadeShop, accounts_in, connect_shop
from tests.living import START, Living, MovedClock, world_of

pytestmark = pytest.mark.slow


def test_price_details_are_asked_for_of_the_shop_that_wants_them_and_of_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbounded = functools.partial(StoreThrottle, first_rate=10_000.0, highest_rate=10_000.0)
    monkeypatch.setattr("installation.StoreThrottle", unbounded)
    clock = MovedClock()
    world = world_of(clock, 2)
    made = Living(tmp_path, world, clock, Between(SampleShopAdapter(world, wall=clock.now)))
    here = made.here
    here.connect("default", "sample-code", "US")
    while (claim := here.ledger.claim("test", ["backward"])) is not None:
        here.ledger.finish(claim, "done")  # the first imports, of ninety days
    first, second = made.shops
    here.accounts.workspace("default").want_optional_data(first, ["price_detail"])
    for shop_id in (first, second):
        enqueue_backfill(here.ledger, clock, "default", shop_id, start=START)
        here.worker("importer").run_until_idle()
    read = {
        shop_id: "price_detail" in here.stores.records("default", shop_id).progress()
        for shop_id in (first, second)
    }
    here.close()
    assert read == {first: True, second: False}
    assert "price" in {call.resource for call in made.calls}


def test_of_every_kind_only_the_newest_run_counts(tmp_path: Path) -> None:
    clock = FakeClock()
    accounts = accounts_in(tmp_path, clock)
    two = MadeShop("7000002", "Test Shop 2")
    connect_shop(accounts, "alice", MadeGrant(), MadeShop(), two)
    connect_shop(accounts, "bob", MadeGrant(open_id="open-2"), MadeShop())
    ledger = Ledger(accounts.database, clock)
    for workspace_id, shop_id, kind, slot in (
        ("alice", "7000001", "import", "first"),
        ("alice", "7000001", "sync", "1"),
        ("alice", "7000001", "sync", "2"),
        ("alice", "7000001", "reread", "1"),
        ("alice", "7000002", "sync", "1"),
        ("bob", "7000001", "sync", "1"),
    ):
        clock.instant += 1
        ledger.enqueue(workspace_id, shop_id, "forward", kind, slot=slot, parameters={})
    found = newest(accounts.database, "alice")
    assert found == {
        ("alice", "7000001"): [("sync", "2"), ("import", "first")],
        ("alice", "7000002"): [("sync", "1")],
    }


def newest(database: Database, workspace_id: str) -> dict[tuple[str, str], list[tuple[str, str]]]:
    found = newest_runs(database, (workspace_id, "sample"), ("import", "sync"))
    return {shop: [(run.kind, run.slot) for run in runs] for shop, runs in found.items()}
