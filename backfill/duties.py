"""What a worker process sees to besides runs, again and again: the schedule, runs that get nowhere,
and columns that are damaged."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from backfill.checking import Checking
from backfill.schedule import enqueue_due
from backfill.slots import Known
from clock import Clock
from store.accounts import Accounts
from store.ledger import Ledger
from store.shops import ShopStores
from store.stalls import Stalls


def duties(
    accounts: Accounts, ledger: Ledger, stores: ShopStores, clock: Clock
) -> Mapping[str, Callable[[], object]]:
    """By name; each is harmless to repeat."""
    stalls = Stalls(accounts.database, clock)
    checking = Checking(stores, accounts.all_shops, clock)
    return {
        "schedule": lambda: enqueue_due(ledger, clock, _synced_shops(accounts)),
        "begin_again": stalls.begin_again,
        "mark_stuck": stalls.mark_stuck,
        "check_columns": checking.next_due,
    }


def _synced_shops(accounts: Accounts) -> list[Known]:
    return [
        Known(shop.workspace_id, shop.shop_id, shop.connected_at, shop.state == "connected")
        for shop in accounts.all_shops()
        if shop.state in ("connected", "inactive")
    ]
