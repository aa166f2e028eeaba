"""Is a request answered from the cache, or may TikTok be asked first? Pure.

A metric that counts different people or things, shown by any date, is answered from the cache
alone. What ended before the days that still change is in the cache, too. Everything else may be
freshened: the resources that feed what is asked, and no others.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from catalogue.field import Aggregate, AnswerDimension, Counted, Dimension, TimeDimension, Unique
from connector.reads import FactRead
from connector.select import ShopScope

#: What is younger may still change at TikTok: the look-back of every top-up.
LOOK_BACK_DAYS: Final = 3


@dataclass(frozen=True)
class Live:
    """`resources` are to be freshened if they are old; none unless `may_freshen`."""

    may_freshen: bool
    resources: tuple[str, ...]
    why: str


def decide(
    dimensions: Iterable[Dimension],
    parts: Iterable[Aggregate],
    reads: Sequence[FactRead],
    shops: Sequence[ShopScope],
    today: dt.date,
    *,
    sample_extraction: bool = False,
) -> Live:
    """`parts`: what is aggregated, for columns and for filters alike; `reads`: what is read from
    the store for them. `today`, in the report's zone, counts for shops that say none."""
    if sample_extraction:
        return Live(False, (), "A sample to guess types from is made up, not read.")
    dates = [dimension for dimension in dimensions if is_date(dimension)]
    unique = [part for part in parts if isinstance(part, Unique | Counted)]
    if dates and unique:
        return Live(
            False,
            (),
            f"{unique[0].label} counts what is different, shown by {dates[0].label}: such a "
            "request is answered from the cache alone.",
        )
    resources = [read.fed_by for read in reads if _may_have_changed(read, shops, today)]
    chosen = tuple(dict.fromkeys(name for name in resources if name != "shops"))
    if not chosen:
        return Live(False, (), "Nothing that is asked for changes any more: the cache has it.")
    return Live(True, chosen, f"Freshened if older than a few minutes: {', '.join(chosen)}.")


def is_date(dimension: Dimension) -> bool:
    """Any dimension that shows a moment or a part of the calendar."""
    if isinstance(dimension, AnswerDimension):
        return False
    return isinstance(dimension, TimeDimension) or dimension.is_instant


def _may_have_changed(read: FactRead, shops: Sequence[ShopScope], today: dt.date) -> bool:
    if not read.axis:
        return True
    since = dt.timedelta(days=LOOK_BACK_DAYS)
    return any(
        days.end >= (shop.today or today) - since
        for shop in shops
        if (days := read.days.get(shop.shop_id)) is not None
    )
