"""What the configuration screen says of a shop: what is there of it, and what to do if it stands
still. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from connector.coverage import first_whole_day
from connector.zones import day_number, day_of, local_day
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
    is, in a sentence, "" when none is. `zone`: of the report's days; `own_zone`: of the shop's,
    which statements are closed by."""

    name: str
    state: str
    zone: str
    own_zone: str
    orders: Sequence[Covered]
    finance: Sequence[Covered]
    under_way: str


def sentence(shop: Standing, home: str) -> str:
    """Orders are there from the first whole day on, as answers say it; of settlements the last day
    is told that is over."""
    parts = []
    if shop.state in _STANDS_STILL:
        parts.append(_STANDS_STILL[shop.state].format(name=shop.name, home=home))
    if shop.orders:
        first, last = shop.orders[0], shop.orders[-1]
        start = _written(first_whole_day(first.start, shop.zone))
        end = _written(local_day(shop.zone, last.end - 1))
        gaps = ", with days between that are not read yet" if _has_gaps(shop.orders) else ""
        read_at = _instant(max(one.read_at for one in shop.orders))
        parts.append(f"{shop.name}: orders from {start} to {end}{gaps}, last read on {read_at}.")
        if shop.finance:
            through = _written(local_day(shop.own_zone, shop.finance[-1].end) - 1)
            gaps = ", but for days before that are not read yet" if _has_gaps(shop.finance) else ""
            parts.append(f"Settlements are complete through {through}{gaps}.")
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


def _has_gaps(stretches: Sequence[Covered]) -> bool:
    return any(later.start > earlier.end for earlier, later in pairwise(stretches))


def _written(number: int) -> str:
    day = day_of(number)
    return f"{day.day} {day:%B %Y}"


def _instant(seconds: int) -> str:
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return f"{_written(day_number(moment.date()))} at {moment:%H:%M} UTC"
