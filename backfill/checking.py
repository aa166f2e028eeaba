"""Looking through the columns of all shops now and then: a bit that changes on a disk is noticed by
nobody else, and an answer from it would be wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from clock import Clock
from store.accounts import ShopRow
from store.shops import ShopStores

#: A shop's segments are read so often, against their checksums.
CHECKED_EVERY_SECONDS: Final = 86_400.0


class Checking:
    """One shop at a time, so that nothing else waits long."""

    def __init__(
        self, stores: ShopStores, shops: Callable[[], Iterable[ShopRow]], clock: Clock
    ) -> None:
        self._stores = stores
        self._shops = shops
        self._clock = clock
        self._checked_at: dict[tuple[str, str], float] = {}

    def next_due(self) -> None:
        """Check the shop that was not checked the longest, if any is due; what is damaged is made
        again. Raises NotReady when it cannot be."""
        now = self._clock.monotonic()
        places = [(shop.workspace_id, shop.shop_id) for shop in self._shops()]
        due = [place for place in places if self._is_due(place, now)]
        if due:
            place = min(due, key=lambda one: self._checked_at.get(one, 0.0))
            self._checked_at[place] = now
            self._stores.columns(*place).mend()

    def _is_due(self, place: tuple[str, str], now: float) -> bool:
        checked_at = self._checked_at.get(place)
        return checked_at is None or now - checked_at >= CHECKED_EVERY_SECONDS
