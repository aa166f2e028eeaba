"""What an answer says of itself, as values of dimensions, for a header nobody sees. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from catalogue.facts import FACTS
from catalogue.field import Dimension, TimeDimension
from connector.coverage import Known, newest_day
from connector.reads import FactRead
from connector.seen import Seen
from connector.select import ShopScope
from connector.zones import zone_info

_DAY = "%Y%m%d"


def of_two_clocks(
    reads: Iterable[FactRead], dimensions: Sequence[Dimension], shops: Sequence[ShopScope]
) -> Iterator[str]:
    """A sentence for each shop of which days, or hours, of two time zones stand in one row."""
    if not any(isinstance(dimension, TimeDimension) for dimension in dimensions):
        return
    dated = [FACTS[read.fact] for read in reads if FACTS[read.fact].is_dated]
    if len({fact.own_days for fact in dated}) < 2:
        return
    for shop in shops:
        if shop.own_zone != shop.zone:
            yield (
                f"{shop.name}: TikTok's own figures are by the shop's clock ({shop.own_zone}), all "
                f"other numbers by the report's ({shop.zone})."
            )


def says(
    seen: Seen | None, notes: Sequence[str], shops: Sequence[ShopScope], known: Known | None
) -> Mapping[str, str | None]:
    """By id of the dimension, its text in Looker's digits; None where there is nothing to say."""
    as_of = covered_from = ready_until = None
    if seen is not None and seen.as_of is not None:
        moment = dt.datetime.fromtimestamp(seen.as_of, zone_info(shops[0].zone))
        as_of = moment.strftime(f"{_DAY}%H%M%S")
    if seen is not None and seen.covered_from is not None:
        covered_from = seen.covered_from.strftime(_DAY)
    if known is not None:
        newest = newest_day(shops, known, "shop_performance")
        ready_until = newest.strftime(_DAY) if newest else None
    return {
        "data_as_of": as_of,
        "covered_from": covered_from,
        "data_note": " ".join(dict.fromkeys(notes)) or None,
        "data_ready_date": ready_until,
    }
