"""What an answer falls short of: imports that are overdue, counts that end early; and the reports
that would rather have none. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

from catalogue.facts import FACTS
from connector.about import About
from connector.counted import WindowCount
from connector.coverage import Known
from connector.reads import FactRead
from connector.seen import FIGURES_STALE_AFTER_SECONDS, Seen
from connector.select import Days
from errors import BadRequest, NotReady
from store.accounts import ShopRow
from store.window_counts import WindowCounts

#: A little more than the 12 hours between two syncs.
_STALE_AFTER_SECONDS: Final = 13 * 3_600

#: What is missing may come with the next import.
_RETRY_AFTER_SECONDS: Final = 60

_OVERDUE: Final = "{name}: its last import was long ago, and the next one is overdue."
_COUNTED_UNTIL: Final = "{name}: TikTok has counted people up to {until} so far."


def overdue(
    reads: Iterable[FactRead], shops: Iterable[ShopRow], known: Known, now: float
) -> list[str]:
    """A sentence for each shop of which a sync should have read something that is shown."""
    shown = [(read.fed_by, _longest_age(read.fact)) for read in reads]
    late = [
        shop.name
        for shop in shops
        for fed_by, longest in shown
        if (stretches := known[shop.shop_id].get(fed_by))
        and now - max(one.read_at for one in stretches) > longest
    ]
    return [_OVERDUE.format(name=name) for name in dict.fromkeys(late)]


def _longest_age(fact: str) -> float:
    return FIGURES_STALE_AFTER_SECONDS if FACTS[fact].cap else _STALE_AFTER_SECONDS


def counted_until(
    counts: Mapping[WindowCount, WindowCounts], shops: Iterable[ShopRow]
) -> list[str]:
    """A sentence for each range that TikTok did not count to its end."""
    names = {shop.shop_id: shop.name for shop in shops}
    return [
        _COUNTED_UNTIL.format(name=names[window.shop_id], until=counted.until)
        for window, counted in counts.items()
        if counted.until < counted.last
    ]


def counted_days(counts: Mapping[WindowCount, WindowCounts]) -> list[Days]:
    """The days that were counted of each such range."""
    return [
        Days(window.first, dt.date.fromisoformat(counted.until))
        for window, counted in counts.items()
        if counted.until < counted.last
    ]


def refuse_unless_whole(about: About, seen: Seen | None, *, stands_still: bool) -> None:
    """What a report must not show that wants all or nothing: what no import can bring is the
    request's (BadRequest), everything else comes with time (NotReady), unless a shop is read no
    more: `stands_still`."""
    if about.clamped:
        raise BadRequest(" ".join(one.note for one in about.clamped), code="bad_date_range")
    if seen is not None and seen.to_ask_for is not None:
        first, last = seen.to_ask_for
        days = f"from {first} to {last}" if first else f"up to {last}"
        notes = " ".join(about.notes)
        raise BadRequest(f"{notes} Choose days {days}.".strip(), code="bad_date_range")
    if seen is not None and seen.never_read:
        notes = " ".join(seen.never_read)
        raise BadRequest(f"{notes} Leave their fields out.", code="incompatible_fields")
    if about.partial or about.stale:
        raise NotReady(
            " ".join(about.notes) or "The newest numbers are not there yet.",
            retry_after=None if stands_still else _RETRY_AFTER_SECONDS,
        )
