"""Having TikTok count people over a whole range of days, which no sum of its days gives.

One question gives every such figure of a fact: of the shop in one bucket (202405), of all its
products in the list (202605, which is about the whole range anyway).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from backfill.days import Asked, as_date, day_begins_at, day_named, day_of, known_until
from backfill.fetch import Source
from backfill.normalise.analytics import normalise_shop_exposure_in_all
from backfill.normalise.analytics_lists import normalise_product_days
from backfill.normalise.rows import Normalised
from backfill.pulls import MOST_PAGES
from backfill.stages import BY_NAME
from backfill.windows import DAY
from catalogue.facts import FACTS
from catalogue.field import Counted, references
from catalogue.fields import FIELDS
from store.window_counts import WindowCounts

#: A count over days whose figures still change is made again after so long.
COUNTED_AGAIN_SECONDS: Final = 3_600.0

#: So many days after it began TikTok changes a day's figures no more.
_SETTLES_AFTER_DAYS: Final = 3

_WHEN: Final = frozenset({"date", "day", "hour"})


@dataclass(frozen=True, slots=True)
class _Counting:
    """How a fact's figures over a range are asked for, and read."""

    normalise: Callable[[Iterable[object], Asked], Normalised]
    query: Mapping[str, str] = field(default_factory=dict)


_COUNTED: Final[Mapping[str, _Counting]] = {
    "shop_exposure_daily": _Counting(normalise_shop_exposure_in_all, {"granularity": "ALL"}),
    "product_performance_daily": _Counting(normalise_product_days),
}


def is_good(counted: WindowCounts, now: float, zone: str) -> bool:
    """Whether what was counted is what TikTok would count now. Pure. `zone` is the shop's own."""
    last = day_named(counted.last) or 0
    settled_at = day_begins_at(last + _SETTLES_AFTER_DAYS * DAY, zone)
    if counted.until == counted.last and counted.counted_at >= settled_at:
        return True
    return now - counted.counted_at <= COUNTED_AGAIN_SECONDS


def count_window(
    fact: str, first: str, last: str, source: Source, zone: str, now: float
) -> WindowCounts:
    """What TikTok counts over the days `[first, last]` (dates of the shop's own zone), as far as it
    has them: what it says of later days is half a number. KeyError for a fact that it does not
    count so; raises what the client raises."""
    start, end = day_named(first) or 0, (day_named(last) or 0) + DAY
    ready = end
    rows: list[dict[str, Any]] = []
    while start < ready:
        asked = Asked(start, ready, ready, zone, "")
        rows, known = _ask(fact, asked, source, day_of(now, zone))
        if known >= ready:
            break
        ready, rows = known, []
    columns = _columns(fact)
    return WindowCounts(
        fact=fact,
        first=first,
        last=last,
        until=as_date(ready - DAY),
        counted_at=now,
        columns=columns,
        rows=[[row.get(name) for name in columns] for row in rows],
    )


def _ask(fact: str, asked: Asked, source: Source, today: int) -> tuple[list[dict[str, Any]], int]:
    """The rows, and up to where TikTok has figures; when that is before the end, no rows."""
    counting = _COUNTED[fact]
    query = {
        "start_date_ge": as_date(asked.start),
        "end_date_lt": as_date(asked.end),
        **counting.query,
    }
    found: list[dict[str, Any]] = []
    endpoint = BY_NAME[FACTS[fact].fed_by].endpoint
    pages = source.client.pages(endpoint, source.access, lane=source.lane, query=query)
    for number, page in enumerate(pages, start=1):
        known = known_until(page.reply.data, today, asked.zone)
        if known < asked.end:
            return [], known
        made = counting.normalise(page.rows, replace(asked, version=page.reply.version))
        for write in made.writes:
            found += (dict(zip(write.columns, row, strict=True)) for row in write.rows)
        if number == MOST_PAGES:
            break
    return found, asked.end


def _columns(fact: str) -> tuple[str, ...]:
    """Whose the figures are, their currency, and everything TikTok counts over a range."""
    table = FACTS[fact].table
    whose = [name for name in table.key if name not in _WHEN]
    counted = [
        reference
        for each in FIELDS.values()
        if isinstance(each, Counted) and each.over_window and fact in each.on
        for reference in references(each.on[fact])
    ]
    return tuple(dict.fromkeys([*whose, "currency", *counted]))
