"""The handler of the short pulls that requests ask for, and the words in which they ask."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

import structlog

from backfill.fetch import Source
from backfill.freshen import ATTEMPTS, Tools, freshen
from backfill.run import Outcome
from backfill.tally import Tally
from backfill.window_counts import count_window
from clock import Clock
from errors import ConnectorError
from store.accounts import Accounts, ShopRow
from store.commits import Commit
from store.ledger import Claim, Ledger
from store.live_runs import LiveRuns
from store.shops import ShopStores
from store.window_counts import WindowCounts
from tiktok_shop.errors import ScopeMissing

#: Ranges that are counted over beside each other; a dashboard has few.
COUNTED_AT_ONCE: Final = 2

_COUNT: Final = "count"

_log = structlog.get_logger(__name__)


def count_wish(fact: str, first: str, last: str) -> str:
    """The wish that TikTok counts a fact's people over the days `[first, last]` (2026-09-12). Every
    other wish is the name of a stage."""
    return f"{_COUNT} {fact} {first} {last}"


class Freshening:
    """`source(shop, lane)` is the way to TikTok for a shop."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        ledger: Ledger,
        live_runs: LiveRuns,
        stores: ShopStores,
        clock: Clock,
        source: Callable[[ShopRow, str], Source],
    ) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._live_runs = live_runs
        self._stores = stores
        self._clock = clock
        self._source = source

    def work(self, claim: Claim, stop: Callable[[], bool]) -> Outcome:
        """Work a claimed run. Raises BadRequest for a shop that is gone."""
        run = claim.run
        place = (run.workspace_id, run.shop_id)
        scope = self._accounts.workspace(run.workspace_id)
        shop = scope.shop(run.shop_id)
        source, tally = self._source(shop, run.lane), Tally()
        client = source.client.counted(tally.note_call).trying(ATTEMPTS)
        tools = Tools(
            records=self._stores.records(*place),
            columns=self._stores.columns(*place),
            source=replace(source, client=client),
            buyer=scope.buyer_hasher(),
            clock=self._clock,
            zone=shop.shop_zone,
            tally=tally,
        )
        self._live_runs.forget_before(run.id, *place)
        token = tools.records.grant(run.lane, claim.token)
        wishes = [wish.split(" ") for wish in run.parameters["wanted"]]
        windows = [words[1:] for words in wishes if words[0] == _COUNT]
        with ThreadPoolExecutor(max_workers=COUNTED_AT_ONCE) as pool:
            counted = [pool.submit(_count, tools, token, *window) for window in windows]
            try:
                outcome = freshen(
                    [words[0] for words in wishes if words[0] != _COUNT],
                    tools,
                    token=token,
                    renew=lambda: self._renew(claim, tally),
                    stop=stop,
                )
                if outcome.closed:
                    scope.found_open(shop.shop_id, False)
                return next((failed for one in counted if (failed := one.result())), outcome)
            finally:
                self._ledger.add(claim, tally.taken())

    def _renew(self, claim: Claim, tally: Tally) -> None:
        self._ledger.renew(claim, tally.taken())


def _count(tools: Tools, token: int, fact: str, first: str, last: str) -> Outcome | None:
    """Have TikTok count and keep what it says; how that failed, if it did."""
    now = tools.clock.now()
    try:
        counted = count_window(fact, first, last, tools.source, tools.zone, now)
    except ScopeMissing as error:
        # Nothing is kept, too: the next request need not ask again at once.
        _log.warning("not_counted", debug=error.debug, reference=error.reference)
        counted = WindowCounts(fact, first, last, "", now, (), ())
    except ConnectorError as error:
        _log.warning("not_counted", debug=error.debug, reference=error.reference)
        return Outcome("failed", error.message, reference=error.reference)
    tools.records.commit(tools.source.lane, token, Commit(window_counts=(counted,)))
    return None
