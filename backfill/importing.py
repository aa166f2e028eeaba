"""The handler of imports and syncs: puts together what a claimed run needs, and counts its work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from backfill.fetch import Source
from backfill.images import Pictures
from backfill.normalise.rows import BuyerHasher
from backfill.run import Outcome, Shop, Task, Tools, work
from backfill.schedule import FIRST
from backfill.stages import USUAL, in_order
from backfill.tally import Tally
from clock import Clock
from store.accounts import Accounts, ShopRow
from store.ledger import Claim, Ledger
from store.run_history import RunHistory
from store.shops import ShopStores


class Importing:
    """`source(shop, lane)` is the way to TikTok for a shop; `listen(shop, lane, first)` sees that
    TikTok tells us what happens there. `optional(shop)` are kinds of data that are read on request
    only, and of this shop always; `daily_calls` and `analytics_days` see `backfill.work.Work`;
    `pictures(shop, keyed)` is where its pictures come from and go to, None where they are not
    kept."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        ledger: Ledger,
        stores: ShopStores,
        clock: Clock,
        source: Callable[[ShopRow, str], Source],
        listen: Callable[[ShopRow, str, bool], None],
        optional: Callable[[ShopRow], Sequence[str]] = lambda _shop: (),
        daily_calls: Mapping[str, int],
        analytics_days: int,
        pictures: Callable[[ShopRow, BuyerHasher], Pictures | None],
    ) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._history = RunHistory(accounts.database)
        self._stores = stores
        self._clock = clock
        self._source = source
        self._listen = listen
        self._optional = optional
        self._daily_calls = daily_calls
        self._analytics_days = analytics_days
        self._pictures = pictures

    def work(self, claim: Claim, stop: Callable[[], bool]) -> Outcome:
        """Work a claimed run; raises what `backfill.run.work` raises, and BadRequest for a shop
        that is gone."""
        run = claim.run
        scope = self._accounts.workspace(run.workspace_id)
        shop = scope.shop(run.shop_id)
        self._listen(shop, run.lane, run.slot == FIRST)
        wanted = run.parameters.get("data") or self._usual_of(shop)
        task = Task.of({**run.parameters, "data": wanted}, run.started_at or self._clock.now())
        keyed = scope.buyer_hasher()
        source, tally = self._source(shop, run.lane), Tally()
        records = self._stores.records(run.workspace_id, run.shop_id)

        def renew() -> None:
            self._ledger.renew(claim, tally.taken())

        try:
            outcome = work(
                task,
                _described(shop),
                Tools(
                    records=records,
                    columns=self._stores.columns(run.workspace_id, run.shop_id),
                    source=replace(source, client=source.client.counted(tally.note_call)),
                    buyer=keyed,
                    clock=self._clock,
                    daily_calls=self._daily_calls,
                    analytics_days=self._analytics_days,
                    pictures=self._pictures(shop, keyed),
                    tally=tally,
                ),
                ledger_token=claim.token,
                renew=renew,
                stop=stop,
            )
        finally:
            self._ledger.add(claim, tally.taken())
            seen, read = records.progress(run.lane), in_order(task.data)
            self._history.keep_stages(run, [seen[one.name] for one in read if one.name in seen])
        if outcome.closed:
            scope.found_open(run.shop_id, False)
        elif (
            tally.was_answered and shop.state == "inactive" and scope.found_open(run.shop_id, True)
        ):
            self._ledger.unblock(run.workspace_id, run.shop_id)
        return outcome

    def _usual_of(self, shop: ShopRow) -> Sequence[str]:
        """What is read when nobody asks for anything in particular."""
        beyond = self._optional(shop)
        return (*USUAL, *beyond) if beyond else ()


def _described(shop: ShopRow) -> Shop:
    """The shop as TikTok's list of authorized shops has it (202309), and what we know besides."""
    names = ("name", "code", "region", "seller_type")
    listed = {"id": shop.shop_id, **{name: getattr(shop, name) for name in names}}
    return Shop(listed=listed, currency=shop.currency, time_zone=shop.shop_zone)
