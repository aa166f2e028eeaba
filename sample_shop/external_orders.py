"""Links between the shop's orders and orders in another system.

Three orders in ten of a shop have been carried into the merchant's Shopify shop, an hour or two
after they were released. Links that a client adds are kept as long as the process.
"""

from __future__ import annotations

import threading
from typing import Any, Final

import numpy as np

from .arrivals import HOUR
from .life import RELEASED
from .shop import Shop
from .timeline import NEVER
from .traits import MAX_UNITS

Payload = dict[str, Any]
#: The only name of another system that is documented.
PLATFORM: Final = "SHOPIFY"
_SHARE: Final = 0.3


class ExternalLinks:
    """The links of one shop; an order has at most one per platform."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._added: dict[int, Payload] = {}
        self._lock = threading.Lock()

    def of_order(self, position: int, now: int) -> Payload | None:
        """Return an order's link as the calls send it, or None while there is none."""
        with self._lock:
            added = self._added.get(position)
        return added or self._given(position, now)

    def _given(self, position: int, now: int) -> Payload | None:
        """Return the link an order has by itself."""
        shop, one = self._shop, np.asarray([position], dtype=np.int64)
        released = int(shop.lives.at[position, RELEASED])
        carried = released + HOUR // 2 + shop.draws.one("carried over", position, 2 * HOUR)
        if released == NEVER or carried > now or shop.draws.unit("external", one)[0] >= _SHARE:
            return None
        lines = [position * 8 + unit for unit in range(int(shop.traits.units(one)[0]))]
        return {
            "id": shop.ids.one("external_order", position),
            "platform": PLATFORM,
            "line_items": [
                {"id": shop.ids.one("external_line", line), "origin_id": shop.ids.one("line", line)}
                for line in lines
            ],
        }

    def add(self, position: int, link: Payload) -> None:
        """Keep a link; it takes the place of the one the order had."""
        with self._lock:
            self._added[position] = link

    def is_line(self, position: int, line_id: str) -> bool:
        """Return whether a line id belongs to this order."""
        line = self._shop.ids.position("line", line_id)
        if line is None or line // 8 != position or line % 8 >= MAX_UNITS:
            return False
        units = self._shop.traits.units(np.asarray([position], dtype=np.int64))
        return line % 8 < int(units[0])

    def find(self, external_id: str, now: int) -> list[int]:
        """Return the positions of the orders linked to an order of the other system."""
        with self._lock:
            found = [row for row, link in self._added.items() if link["id"] == external_id]
        position = self._shop.ids.position("external_order", external_id)
        if position is not None and position < len(self._shop.lives) and position not in found:
            link = self.of_order(position, now)
            if link is not None and link["id"] == external_id:
                found.append(position)
        return sorted(found)
