"""What a worker sees on its rounds and the metrics tell: that it is there, how the stages of all
shops are, and how old their data is."""

from __future__ import annotations

from collections import Counter
from typing import Final

from clock import Clock
from store.accounts import Accounts
from store.shops import ShopStores
from store.tallies import Labels, Tallies

#: UTC epoch seconds of a worker's last round.
WORKER_SEEN: Final = "worker_seen"
STAGES: Final = "stages"
SHOPS: Final = "shops"
#: UTC epoch seconds of the newest reading of orders, of the shop where it is oldest and of the one
#: in the middle.
READ_AT: Final = "orders_read_at"

_LOOK_SECONDS: Final = 60.0


class Observing:
    """One per worker process."""

    def __init__(
        self, accounts: Accounts, stores: ShopStores, tallies: Tallies, clock: Clock
    ) -> None:
        self._accounts = accounts
        self._stores = stores
        self._tallies = tallies
        self._clock = clock
        self._looked_at: float | None = None

    def once(self) -> None:
        """Harmless to repeat, also by several workers."""
        self._tallies.put(WORKER_SEEN, {(): self._clock.now()})
        self._tallies.flush()
        now = self._clock.monotonic()
        if self._looked_at is None or now - self._looked_at >= _LOOK_SECONDS:
            self._looked_at = now
            self._look()

    def _look(self) -> None:
        stages: Counter[Labels] = Counter()
        shops: Counter[Labels] = Counter()
        read_at: list[float] = []
        for shop in self._accounts.all_shops():
            shops[(shop.state,)] += 1
            records = self._stores.records(shop.workspace_id, shop.shop_id)
            for stage in records.progress().values():
                stages[(stage.stage, stage.state)] += 1
            covered = records.readings("orders")
            if covered and shop.state == "connected" and not shop.is_sample:
                read_at.append(max(one.read_at for one in covered))
        self._tallies.put(SHOPS, dict(shops))
        self._tallies.put(STAGES, dict(stages))
        self._tallies.put(READ_AT, _spread(read_at))


def _spread(instants: list[float]) -> dict[Labels, float]:
    if not instants:
        return {}
    ordered = sorted(instants)
    return {("oldest",): ordered[0], ("median",): ordered[len(ordered) // 2]}
