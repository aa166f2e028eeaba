"""What a process does about notifications: act on those that came, and see that more come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog

from backfill.fetch import Source
from backfill.registration import deregister, register
from backfill.reread import Tools, reread
from backfill.run import Outcome
from backfill.tally import Tally
from clock import Clock
from errors import ConnectorError
from store.accounts import Accounts, ShopRow
from store.fencing import Fenced
from store.ledger import Claim, Ledger
from store.notifications import Notifications
from store.shops import ShopStores

#: Somebody waits for it.
_ASKED_FOR_LANE: Final = "tail"

_log = structlog.get_logger(__name__)


class Listening:
    """`source(shop, lane)` is the way to TikTok for a shop. `public_url`: where TikTok reaches this
    installation; None where it cannot, and then nothing is registered."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        ledger: Ledger,
        stores: ShopStores,
        notifications: Notifications,
        clock: Clock,
        source: Callable[[ShopRow, str], Source],
        public_url: str | None,
    ) -> None:
        self._accounts = accounts
        self._ledger = ledger
        self._stores = stores
        self._notifications = notifications
        self._clock = clock
        self._source = source
        self._public_url = public_url

    def reread(self, claim: Claim, stop: Callable[[], bool]) -> Outcome:
        """Handler of the runs that `Notifications` asks for."""
        run = claim.run
        place = (run.workspace_id, run.shop_id)
        taken = self._notifications.take(*place)
        if not taken.ids:
            return Outcome("done")
        scope = self._accounts.workspace(run.workspace_id)
        source, tally = self._source(scope.shop(run.shop_id), run.lane), Tally()
        tools = Tools(
            records=self._stores.records(*place),
            columns=self._stores.columns(*place),
            source=replace(source, client=source.client.counted(tally.note_call)),
            buyer=scope.buyer_hasher(),
            clock=self._clock,
        )
        try:
            outcome = reread(
                taken.named,
                tools,
                ledger_token=claim.token,
                renew=lambda: self._renew(claim, tally),
                stop=stop,
            )
        except Fenced:
            raise
        except Exception:
            # What nobody expected must not be tried for ever; the next sync reads these anyway.
            self._notifications.settle(*place, taken)
            raise
        finally:
            self._ledger.add(claim, tally.taken())
        if outcome.state == "done":
            self._notifications.settle(*place, taken)
        if outcome.closed:
            scope.found_open(run.shop_id, False)
        return outcome

    def register(self, shop: ShopRow, lane: str, *, also_not_offered: bool) -> None:
        """See that TikTok pushes what happens in `shop`. Whatever stands in the way is logged: an
        import is worth having without it, and the next one tries again."""
        if self._public_url is None or shop.is_sample or not shop.listens:
            return
        try:
            source = self._source(shop, lane)
            if lane == _ASKED_FOR_LANE:
                source = _tried_once(source)
            changed = register(source, self._public_url, also_not_offered=also_not_offered)
        except ConnectorError as error:
            _log.warning("not_registered", debug=error.debug, reference=error.reference)
        else:
            if changed:
                _log.info("registered", shop=shop.shop_id, topics=changed)

    def listen(self, shop: ShopRow, listens: bool) -> None:
        """Somebody has decided whether TikTok shall tell us what happens in `shop`."""
        if listens:
            self.register(shop, _ASKED_FOR_LANE, also_not_offered=True)
        elif shop.state == "connected":
            self.deregister(shop)

    def deregister(self, shop: ShopRow) -> None:
        """See that TikTok pushes no more what happens in `shop`, while there is still access to it.
        It is tried once and logged: what comes for a shop that nobody reads is dropped anyway.
        Where another workspace reads the same shop, nothing changes."""
        if self._public_url is None or shop.is_sample or self._is_read_elsewhere(shop):
            return
        try:
            source = _tried_once(self._source(shop, _ASKED_FOR_LANE))
            ended = deregister(source, self._public_url)
        except ConnectorError as error:
            _log.warning("not_deregistered", debug=error.debug, reference=error.reference)
        else:
            _log.info("deregistered", shop=shop.shop_id, topics=ended)

    def _is_read_elsewhere(self, shop: ShopRow) -> bool:
        return any(
            other.shop_id == shop.shop_id
            and other.workspace_id != shop.workspace_id
            and other.state in ("connected", "inactive")
            for other in self._accounts.all_shops()
        )

    def _renew(self, claim: Claim, tally: Tally) -> None:
        self._ledger.renew(claim, tally.taken())


def _tried_once(source: Source) -> Source:
    return replace(source, client=source.client.trying(1))
