"""Which sellers' consents end soon: from 30 days before, a banner on every page says so. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub.times import moment
from store.accounts import AuthorizationRow, ShopRow

DAY: Final = 86_400.0
#: So long before the end people are told.
TOLD_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Ending:
    """Shops whose access ends at the same instant (UTC epoch seconds). `days`: whole days left, 0
    on the last one."""

    shops: tuple[ShopRow, ...]
    ends_at: float
    days: int

    @property
    def names(self) -> str:
        names = [shop.name for shop in self.shops]
        if len(names) <= 3:
            return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        return f"{', '.join(names[:2])} and {len(names) - 2} more shops"

    @property
    def moment(self) -> str:
        """In UTC."""
        return moment(self.ends_at)

    @property
    def time_left(self) -> str:
        match self.days:
            case 0:
                return "today"
            case 1:
                return "tomorrow"
            case days:
                return f"in {days} days"


def endings(
    shops: Sequence[ShopRow],
    authorizations: Sequence[AuthorizationRow],
    told_ends: Mapping[str, float],
    now: float,
) -> list[Ending]:
    """The soonest first. `told_ends`: shop id -> when TikTok said that access ends; it counts
    before the end of the refresh token, which may be renewed until then. A shop that is not read
    any more is left out."""
    token_ends = {row.id: row.refresh_expires_at for row in authorizations}
    by_instant: dict[float, list[ShopRow]] = {}
    for shop in shops:
        if shop.is_sample or shop.state not in ("connected", "inactive"):
            continue
        ends_at = told_ends.get(shop.shop_id) or token_ends.get(shop.authorization_id or "")
        if ends_at and now < ends_at <= now + TOLD_DAYS * DAY:
            by_instant.setdefault(ends_at, []).append(shop)
    return [
        Ending(tuple(found), ends_at, math.floor((ends_at - now) / DAY))
        for ends_at, found in sorted(by_instant.items())
    ]
