"""What the configuration screen says of a shop: what is there of it, and what to do if it stands
still. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from connector.zones import day_of, local_day
from store.commits import Covered

#: Why nothing new comes, and what to do; `home` is where people sign in.
_STANDS_STILL: Final = {
    "reauthorise": "{name} has to be connected again, because TikTok no longer gives access to it: "
    "open {home} and choose Connect again.",
    "inactive": "TikTok has closed {name} or suspended its seller, so nothing new comes.",
    "disconnected": "{name} was disconnected, so nothing new comes; it can be connected again at "
    "{home}.",
}


@dataclass(frozen=True)
class Standing:
    """`orders` and `finance`: what was read of each, ascending; `under_way`: how far the import
    is, in a sentence, "" when none is."""

    name: str
    state: str
    zone: str
    orders: Sequence[Covered]
    finance: Sequence[Covered]
    under_way: str


def sentence(shop: Standing, home: str) -> str:
    """Days are those of the shop's zone."""
    parts = []
    if shop.state in _STANDS_STILL:
        parts.append(_STANDS_STILL[shop.state].format(name=shop.name, home=home))
    if shop.orders:
        first, last = shop.orders[0], shop.orders[-1]
        parts.append(
            f"{shop.name}: orders from {_day(shop, first.start)} to {_day(shop, last.end - 1)}, "
            f"last read on {_instant(max(one.read_at for one in shop.orders))}."
        )
        if shop.finance:
            through = _day(shop, shop.finance[-1].end - 1)
            parts.append(f"Settlements are complete through {through}.")
        else:
            parts.append("Settlements are not read yet.")
        if shop.under_way:
            parts.append(f"The import goes on, the newest days first: {shop.under_way}")
    else:
        parts.append(
            f"{shop.name}: the import has only begun, so reports show an error until the newest "
            f"days are there. {shop.under_way}".rstrip()
        )
    return " ".join(parts)


def _day(shop: Standing, instant: int) -> str:
    return _written(day_of(local_day(shop.zone, instant)))


def _written(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"


def _instant(seconds: int) -> str:
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return f"{_written(moment.date())} at {moment:%H:%M} UTC"
