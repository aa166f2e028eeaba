"""When a shop is synced by itself. Pure: what is due follows from the clock and from the runs that
are in the ledger, so it does not matter which process looks, how often, or what it missed.

A slot is a UTC hour of a day. Only the newest one counts: a process that was down at 02:00 asks for
that slot when it is back, once, and nobody asks for the slots of the days between.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Set
from dataclasses import dataclass
from typing import Final

from backfill.windows import DAY, midnight

#: UTC. TikTok cuts statements at midnight UTC and fills analytics some hours later.
HOURS: Final = (2, 14)

#: Shops start within so long after the hour, each always at its own minute.
SPREAD_SECONDS: Final = 20 * 60

#: (workspace id, shop id)
ShopKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Known:
    """A shop that may be synced, since when it is connected (UTC epoch seconds), and whether it is
    open, as far as we know."""

    workspace_id: str
    shop_id: str
    connected_at: float
    is_open: bool = True

    @property
    def key(self) -> ShopKey:
        return self.workspace_id, self.shop_id


@dataclass(frozen=True, slots=True)
class Due:
    """A sync to ask for: of which slot, and when it may begin at the earliest."""

    workspace_id: str
    shop_id: str
    slot: int
    not_before: float


def newest_slot(now: float) -> int:
    """The last 02:00 or 14:00 UTC that is not after `now`."""
    today = midnight(now)
    instants = [today + day * DAY + hour * 3_600 for day in (-1, 0) for hour in HOURS]
    return max(instant for instant in instants if instant <= now)


def next_sync(now: float, shop: ShopKey) -> float:
    """When the schedule will sync the shop next, if it is connected and open."""
    slot = newest_slot(now)
    hours = [hour * 3_600 for hour in HOURS]
    after = [midnight(slot) + day * DAY + hour for day in (0, 1) for hour in hours]
    return min(instant for instant in after if instant > slot) + delay_of(shop)


def delay_of(shop: ShopKey) -> float:
    """Seconds after the hour, the same for a shop every time."""
    digest = hashlib.sha256("/".join(shop).encode()).digest()
    return int.from_bytes(digest[:4], "big") % SPREAD_SECONDS


def due_slots(now: float, shops: Iterable[Known], taken: Set[ShopKey]) -> list[Due]:
    """The syncs to ask for. `taken`: shops that have a run of the newest slot or one of an earlier
    slot that is not finished. A shop that was connected after the slot had its first import. One
    that TikTok had closed is looked at by the first slot of a day: it may be open again."""
    slot = newest_slot(now)
    is_first = slot % DAY == HOURS[0] * 3_600
    return [
        Due(shop.workspace_id, shop.shop_id, slot, slot + delay_of(shop.key))
        for shop in shops
        if shop.connected_at <= slot and shop.key not in taken and (shop.is_open or is_first)
    ]
