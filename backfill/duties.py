"""What a worker process sees to besides runs, again and again: the schedule, runs that get nowhere,
columns that are damaged, and how much is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from backfill.checking import Checking
from backfill.schedule import enqueue_due
from backfill.slots import Known
from clock import Clock
from store.accounts import Accounts
from store.amounts import Amounts
from store.ledger import Ledger
from store.shops import ShopStores
from store.stalls import Stalls


def duties(
    accounts: Accounts, ledger: Ledger, stores: ShopStores, amounts: Amounts, clock: Clock
) -> Mapping[str, Callable[[], object]]:
    """By name; each is harmless to repeat."""
    stalls = Stalls(accounts.database, clock)
    checking = Checking(stores, accounts.all_shops, clock)
    return {
        "schedule": lambda: enqueue_due(ledger, clock, _synced_shops(accounts)),
        "begin_again": stalls.begin_again,
        "mark_stuck": stalls.mark_stuck,
        "check_columns": checking.next_due,
        "measure": lambda: amounts.measure_next(_places(accounts), stores.records),
    }


def _places(accounts: Accounts) -> list[tuple[str, str]]:
    """Of all shops; the Sample Account is nobody's, so nobody asks what it takes."""
    shops = accounts.all_shops()
    return [(shop.workspace_id, shop.shop_id) for shop in shops if not shop.is_sample]


def _synced_shops(accounts: Accounts) -> list[Known]:
    return [
        Known(shop.workspace_id, shop.shop_id, shop.connected_at, shop.state == "connected")
        for shop in accounts.all_shops()
        if shop.state in ("connected", "inactive")
    ]
