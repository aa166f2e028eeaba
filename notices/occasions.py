"""What is worth telling about shops: access that ends or has ended, imports that fail twice or get
stuck; and about exports that fail. Pure: from how the shops are; UTC epoch seconds.

Each occasion has a key that stays the same as long as it is the same, so that it is told once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from typing import Final

from store.exports import Export
from store.farewell import Leaving
from store.notices import Occasion
from store.shop_health import ShopHealth

ENDING: Final = "authorization_ending"
ENDED: Final = "authorization_ended"
FAILING: Final = "import_failing"
STUCK: Final = "import_stuck"
EXPORT: Final = "export_failing"
LEAVING: Final = "data_deleted_soon"
DIGEST: Final = "digest"
TEST: Final = "test"

_DAY: Final = 86_400.0

#: So many days before an authorization ends, each told once.
TOLD_DAYS_BEFORE: Final = (30, 7, 1)

#: So long before what was imported of a shop is deleted it is told.
_TOLD_BEFORE_DELETION: Final = 7 * _DAY

#: UTC hour from which on a digest is sent; a weekly one on Mondays.
DIGEST_HOUR: Final = 6


def occasions(shops: Iterable[ShopHealth], now: float) -> list[Occasion]:
    return [one for shop in shops for one in _of(shop, now)]


def export_occasions(failing: Iterable[Export], now: float) -> list[Occasion]:
    """Exports that fail: each is told at its first failure after a success, then once a day."""
    return [
        Occasion(
            f"export:{one.id}:{int(one.failing_since)}:{int((now - one.failing_since) // _DAY)}",
            EXPORT,
            "",
            {"export": one},
        )
        for one in failing
        if one.failing_since is not None
    ]


def leaving_occasions(leaving: Iterable[Leaving], now: float) -> list[Occasion]:
    """Shops that were left and whose data is deleted within a week: told once each time."""
    return [
        Occasion(f"leaving:{one.shop_id}:{int(one.ends_at)}", LEAVING, one.shop_id, {"shop": one})
        for one in leaving
        if one.ends_at - now <= _TOLD_BEFORE_DELETION
    ]


def digest_key(kind: str, now: float) -> str:
    """The key of the digest that is due at `now`, "" when none is: `kind` is daily or weekly."""
    today = dt.datetime.fromtimestamp(now, dt.UTC)
    if kind == "none" or today.hour < DIGEST_HOUR or (kind == "weekly" and today.weekday() != 0):
        return ""
    return f"digest:{today.date().isoformat()}"


def _of(shop: ShopHealth, now: float) -> Iterator[Occasion]:
    if shop.state == "reauthorise":
        key = f"ended:{shop.shop_id}:{shop.token_version}"
        yield Occasion(key, ENDED, shop.shop_id, {"shop": shop})
        return  # whatever else is wrong follows from it
    if shop.access_ends_at is not None and shop.state == "connected":
        days_left = (shop.access_ends_at - now) / _DAY
        near = [days for days in TOLD_DAYS_BEFORE if days_left <= days]
        if near:
            end = int(shop.access_ends_at // _DAY)
            key = f"ending:{shop.shop_id}:{end}:{min(near)}"
            yield Occasion(key, ENDING, shop.shop_id, {"shop": shop, "days": max(0, days_left)})
    if len(shop.ended) == 2 and all(run.state in ("failed", "blocked") for run in shop.ended):
        # Until an import ends well, it is one failure, however often it is tried.
        key = f"failing:{shop.shop_id}:{int(shop.last_done_at or 0)}"
        yield Occasion(key, FAILING, shop.shop_id, {"shop": shop, "run": shop.ended[0]})
    for run in shop.stuck:
        yield Occasion(f"stuck:{run.id}", STUCK, shop.shop_id, {"shop": shop, "run": run})
