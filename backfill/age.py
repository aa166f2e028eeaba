"""How old what is shown may be before a request has TikTok asked for what is newer. Pure.

What changes all day is fresh for five minutes, also when TikTok itself told a change in them. Of
figures by day there is something newer only once another day (or hour) is over, and then TikTok is
not asked for it with every request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from backfill.days import HOUR, day_of, local_seconds
from backfill.stage import InDays, Stage
from backfill.stages import BY_NAME
from store.commits import Covered
from store.freshness import Freshness
from store.segments import Manifest

FRESH_SECONDS: Final = 300.0

#: Days or hours that TikTok did not have yet are asked for again so long after.
LOOKED_AGAIN_SECONDS: Final = 1_800.0

#: Resource -> the stages of a short pull for it. What is missing here (an order a call, and few
#: calls a day) is read by imports alone.
FED: Final[Mapping[str, tuple[str, ...]]] = {
    "warehouses": ("warehouses",),
    "products": ("products", "product_details"),
    "orders": ("orders",),
    "returns": ("returns",),
    "cancellations": ("cancellations",),
    "inventory": ("inventory",),
    "statements": ("statements",),
    "payments": ("payments",),
    "statement_transactions": ("statements", "statement_transactions"),
    "unsettled_transactions": ("unsettled_transactions",),
    "fbt_inventory": ("fbt_inventory",),
    "inbound_orders": ("fbt_records", "inbound_orders"),
    "shop_performance": ("shop_performance",),
    "shop_exposure": ("shop_exposure",),
    "product_performance": ("product_performance",),
    "sku_performance": ("sku_performance",),
    "video_overview": ("video_overview",),
    "video_performance": ("video_performance",),
    "live_overview": ("live_overview",),
    "live_sessions": ("live_sessions",),
    "shop_performance_hourly": ("shop_performance_hourly",),
}

_NEVER: Final = Freshness()


def stale_stages(resource: str, manifest: Manifest, now: float, zone: str) -> list[str]:
    """The stages of a short pull for `resource` that are worth a call at `now` (UTC epoch seconds);
    none while it is fresh. `zone` is the shop's own. What was never imported is left alone: an
    import brings it."""
    return [
        name
        for name in FED.get(resource, ())
        if manifest.covered(name) and _is_old(BY_NAME[name], manifest, now, zone)
    ]


def _is_old(stage: Stage, manifest: Manifest, now: float, zone: str) -> bool:
    seen = manifest.freshness.get(stage.name, _NEVER)
    if isinstance(stage.reads, InDays):
        end = max(one.end for one in manifest.covered(stage.name))
        may_have = local_seconds(now, zone) // HOUR * HOUR
        if not stage.reads.with_today:
            may_have = day_of(now, zone)
        return end < may_have and now - seen.looked_at > LOOKED_AGAIN_SECONDS
    return now - max(_read_at(stage, manifest), seen.tried_at) > FRESH_SECONDS


def shown_coverage(manifest: Manifest) -> dict[str, Sequence[Covered]]:
    """The coverage of what can be shown, with when it was read: `read_at` is that of the resource,
    the newest reading that left out no change."""
    found: dict[str, Sequence[Covered]] = {}
    for resource, covered in manifest.coverage.items():
        seen = manifest.freshness.get(resource, _NEVER)
        stage = BY_NAME.get(resource)
        if stage is None or not covered:
            found[resource] = covered
            continue
        read_at = int(max(_read_at(stage, manifest), seen.as_of))
        found[resource] = tuple(replace(one, read_at=read_at) for one in covered)
    return found


def _read_at(stage: Stage, manifest: Manifest) -> float:
    """Of what is listed by its changes, a stretch may have been read anew while the changes of the
    others are not known yet; of everything else the newest reading tells what there is."""
    if stage.updates is not None:
        return min(one.read_at for one in manifest.covered(stage.name))
    return manifest.newest_reading.get(stage.name, 0)
