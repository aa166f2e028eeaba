"""Asking for history of one or several shops: what it costs, and the runs that read it. The command
line and the pages come here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backfill.allowance import Allowance
from backfill.estimate import Estimate, estimate, measure, together
from backfill.schedule import (
    check_wish,
    enqueue_backfill,
    enqueue_import_now,
    is_history_left,
    room_for,
)
from backfill.stages import USUAL
from backfill.windows import Stretch, floor_of
from clock import Clock
from errors import BadRequest
from store.accounts import Accounts, ShopRow
from store.ledger import Ledger, Run
from store.shops import ShopStores
from store.throttle import known_rate


@dataclass(frozen=True, slots=True)
class Wish:
    """Rows created in `wanted` (UTC epoch seconds), of these kinds of data (none: all that are not
    optional). `reread`: what is there already is read again."""

    wanted: Stretch
    data: Sequence[str] = ()
    reread: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """`optional(shop)` are kinds of data that are read on request only, and of this shop always."""

    accounts: Accounts
    ledger: Ledger
    stores: ShopStores
    allowance: Allowance
    clock: Clock
    optional: Callable[[ShopRow], Sequence[str]] = lambda _shop: ()

    def estimates(self, shops: Sequence[ShopRow], wish: Wish) -> dict[str, Estimate]:
        """By shop. Raises BadRequest like `check_wish`."""
        now = int(self.clock.now())
        check_wish(now, *wish.wanted, wish.data)
        start, end = wish.wanted
        return {
            shop.shop_id: estimate(
                (start, min(end, now)),
                measure(self.stores.records(shop.workspace_id, shop.shop_id), now, data),
                now=now,
                data=data,
                reread=wish.reread,
                calls_a_second=known_rate(self.accounts.database, shop.shop_id),
            )
            for shop in shops
            for data in [wish.data or self._usual(shop)]
        }

    def _usual(self, shop: ShopRow) -> Sequence[str]:
        """What is read of the shop when nothing is named."""
        return (*USUAL, *self.optional(shop))

    def why_not(self, workspace_id: str, shops: Sequence[ShopRow], wish: Wish) -> str:
        """Why the operator's limits do not allow it, in a sentence; "" when they do."""
        if not shops or not self.allowance.is_limited:
            return ""
        costs = self.estimates(shops, wish)
        return self.allowance.why_not(workspace_id, together(list(costs.values())))

    def start(self, workspace_id: str, shops: Sequence[ShopRow], wish: Wish) -> list[Run]:
        """A run for each of the shops, or the one there is for the same wish; none when one of them
        cannot be asked for. Raises BadRequest like `check_wish`, and for more than the operator
        allows the workspace; RateLimited while one of them has too many open runs."""
        check_wish(self.clock.now(), *wish.wanted, wish.data)
        if reason := self.why_not(workspace_id, shops, wish):
            raise BadRequest(reason)
        start, end = wish.wanted
        parameters = {"start": start, "end": end, "data": list(wish.data)}
        parameters |= {"reread": True} if wish.reread else {}
        for shop in shops:
            room_for(self.ledger, shop.workspace_id, shop.shop_id, parameters)
        return [
            enqueue_backfill(
                self.ledger,
                self.clock,
                shop.workspace_id,
                shop.shop_id,
                start=start,
                end=end,
                data=wish.data,
                reread=wish.reread,
            )
            for shop in shops
        ]

    def import_now(self, workspace_id: str, shops: Sequence[ShopRow]) -> list[Run]:
        """ "Run import" of each of the shops. Raises BadRequest where history goes with it that the
        operator does not allow the workspace, RateLimited like `start`."""
        now = int(self.clock.now())
        left = [
            shop for shop in shops if is_history_left(self.ledger, shop.workspace_id, shop.shop_id)
        ]
        history = Wish((floor_of(now), now))
        if reason := self.why_not(workspace_id, left, history):
            raise BadRequest(reason)
        return [
            run
            for shop in shops
            for run in enqueue_import_now(self.ledger, self.clock, shop.workspace_id, shop.shop_id)
        ]
