"""What the workspace uses: orders, products, rows, calls to TikTok, storage, by shop and together;
what an operator allows, and what of it is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, g, render_template

from backfill.allowance import MEGABYTE, Allowance, Limits, Used, left, month_start
from clock import Clock
from store.accounts import Accounts, ShopRow
from store.amounts import Amounts, Stored
from store.roles import EDITOR, needs

_UNITS: Final = (("GB", 1024**3), ("MB", 1024**2), ("KB", 1024))


@dataclass(frozen=True, slots=True)
class ShopUse:
    """`stored` is null while a shop was not counted yet; `calls` are those of this month."""

    name: str
    shop_id: str
    stored: Stored | None
    calls: int


@dataclass(frozen=True, slots=True)
class Allowed:
    """One limit: `percent` of it is used."""

    label: str
    used: str
    limit: str
    remaining: str
    percent: int


def size(count: int) -> str:
    """Bytes for people: 512 bytes, 1.4 MB."""
    for unit, length in _UNITS:
        if count >= length:
            return f"{count / length:,.1f} {unit}"
    return f"{count:,} byte{'' if count == 1 else 's'}"


def uses(
    shops: Sequence[ShopRow], stored: Mapping[str, Stored], calls: Mapping[str, int]
) -> list[ShopUse]:
    """The largest first. Pure."""
    found = [
        ShopUse(shop.name, shop.shop_id, stored.get(shop.shop_id), calls.get(shop.shop_id, 0))
        for shop in shops
    ]
    return sorted(found, key=lambda one: -(one.stored.bytes if one.stored else 0))


def allowed(limits: Limits, used: Used) -> list[Allowed]:
    """The limits that are set. Pure."""
    table = (
        ("Orders stored", limits.orders, used.orders, "{:,}".format),
        ("Storage", limits.storage_mb * MEGABYTE, used.bytes, size),
        ("Calls to TikTok this month", limits.monthly_calls, used.calls, "{:,}".format),
    )
    return [
        Allowed(
            label,
            told(amount),
            told(limit),
            told(left(limit, amount) or 0),
            min(100, 100 * amount // limit),
        )
        for label, limit, amount, told in table
        if limit
    ]


def usage_routes(
    *, accounts: Accounts, amounts: Amounts, allowance: Allowance, clock: Clock
) -> Blueprint:
    routes = Blueprint("usage", __name__, template_folder="templates")
    routes.add_app_template_filter(size, "size_in_bytes")

    @routes.get("/usage")
    @needs(EDITOR, whole=True)
    def page() -> str:
        workspace_id = g.principal.workspace_id
        shops = [shop for shop in accounts.scope_of(g.principal).shops() if not shop.is_sample]
        stored = amounts.stored(workspace_id)
        since = month_start(clock.now())
        used = allowance.used(workspace_id)
        return render_template(
            "usage/page.html",
            shops=uses(shops, stored, amounts.calls(workspace_id, since)),
            used=used,
            products=sum(one.products for one in stored.values()),
            rows=sum(one.rows for one in stored.values()),
            since=since,
            measured_at=min((one.measured_at for one in stored.values()), default=None),
            allowed=allowed(allowance.limits, used),
            uncounted=[shop.name for shop in shops if shop.shop_id not in stored],
        )

    return routes
