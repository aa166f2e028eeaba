"""Everything there is: the shops of one seller, the shop clock, and who may see what.

The shop clock is apart from the wall clock that signatures are checked with. It runs with the
wall or stands still, can be set forward and never goes back.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Final

from .arrivals import DAY
from .regions import REGIONS
from .shop import Shop

Wall = Callable[[], float]

SAMPLE_ANCHOR: Final = 1_730_419_200  # 2024-11-01T00:00Z
SAMPLE_PER_DAY: Final = 60.0
SAMPLE_PRODUCTS: Final = 120
SAMPLE_SEED: Final = 20241101


class ShopClock:
    """The shop's own time, in UTC seconds. Runs with the wall unless `stands_at` is given."""

    def __init__(self, wall: Wall = time.time, stands_at: int | None = None) -> None:
        self._wall = wall
        self._stands_at = stands_at
        self._offset = 0.0
        self._lock = threading.Lock()

    def now(self) -> int:
        """Return the shop's time."""
        return int(self._offset + (self._wall() if self._stands_at is None else self._stands_at))

    def set_to(self, instant: int) -> int:
        """Move to a later instant; return the time afterwards. ValueError if it is earlier."""
        with self._lock:
            now = self.now()
            if instant < now:
                raise ValueError(f"the shop clock is at {now} and never goes back")
            self._offset += instant - now
            return self.now()


class World:
    """The shops of one authorization and their clock."""

    def __init__(self, shops: list[Shop], clock: ShopClock, open_id: str, seller: str) -> None:
        self.shops = shops
        self.clock = clock
        self.open_id = open_id
        self.seller = seller
        self._by_id = {shop.id: shop for shop in shops}
        self._ciphers = {shop.id: self._cipher(shop) for shop in shops}
        self._by_cipher = {cipher: self._by_id[sid] for sid, cipher in self._ciphers.items()}

    def _cipher(self, shop: Shop) -> str:
        digest = hashlib.blake2b(f"{self.open_id}/{shop.id}".encode(), digest_size=18).digest()
        return shop.region.token_prefix + urlsafe_b64encode(digest).decode()

    def cipher(self, shop: Shop) -> str:
        """Return the value other calls take as `shop_cipher`."""
        return self._ciphers[shop.id]

    def shop_of_cipher(self, cipher: str) -> Shop | None:
        """Return the shop a cipher stands for."""
        return self._by_cipher.get(cipher)

    def shop(self, shop_id: str) -> Shop | None:
        """Return a shop by its id."""
        return self._by_id.get(shop_id)

    def now(self) -> int:
        """Return the shop clock's time, with every shop worked out until then."""
        now = self.clock.now()
        for shop in self.shops:
            shop.advance(now)
        return now


def seeded_world(
    seed: int,
    orders: int,
    days: int,
    shops: int = 1,
    now: int | None = None,
    products: int | None = None,
    wall: Wall = time.time,
) -> World:
    """Return a world whose every shop has `orders` orders at `now`, over the days before it.

    The shops open at UTC midnight `days` days before `now` (default: the wall clock, and then
    the shop clock runs with it; given, it stands still until it is moved).
    """
    clock = ShopClock(wall, now)
    start = clock.now()
    anchor = (start - days * DAY) // DAY * DAY
    standing = products or max(50, int(1.5 * math.sqrt(orders)))
    made = []
    for number in range(shops):
        region = REGIONS[number % len(REGIONS)]
        shop_id = str(7_495_000_000_000_000_000 + seed % 10**6 * 10**6 + number + 1)
        name = f"Shop {number + 1} {region.code}"
        shop = Shop(shop_id, name, region, number, seed, anchor, standing)
        shop.arrivals.exactly(orders, start)
        made.append(shop)
    return World(made, clock, f"sample-open-id-{seed}", "Sample Seller")


def sample_world(wall: Wall = time.time) -> World:
    """Return the Sample Account: one US shop with the id `sample`, the same in every process."""
    shop = Shop(
        "sample", "Sample Account", REGIONS[0], 0, SAMPLE_SEED, SAMPLE_ANCHOR, SAMPLE_PRODUCTS
    )
    shop.arrivals.per_day = SAMPLE_PER_DAY
    return World([shop], ShopClock(wall), "sample-open-id", "Sample Account")
