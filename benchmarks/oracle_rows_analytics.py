"""Rows of TikTok's own figures: a day or an hour of the shop, a day of a product, SKU or video, and
LIVE sessions by the day on which they began."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from benchmarks.oracle_rows import Known, Maker, Payload, Row, text, within


def analytics_rows(known: Known) -> Mapping[str, Maker]:
    """The facts of analytics of one shop."""
    payloads = known.payloads
    return {
        "shop_days": lambda: _days(known, payloads.shop_days, ("sales", "gmv", "overall")),
        "shop_exposure": lambda: _days(known, payloads.shop_days, ("sales", "gmv", "overall")),
        "videos_days": lambda: _days(known, payloads.video_overviews, ("gmv",)),
        "lives_days": lambda: _days(known, payloads.live_overviews, ("gmv",)),
        "shop_hours": lambda: _hours(known),
        "product_days": lambda: _products(known),
        "sku_days": lambda: _skus(known),
        "video_days": lambda: _days(known, payloads.video_days, ("gmv",)),
        "live_sessions": lambda: _sessions(known),
    }


def _day(date: str, hour: int = 0) -> int:
    """The wall clock of a day of the shop, as if it were UTC."""
    return int(datetime.fromisoformat(date).replace(hour=hour, tzinfo=UTC).timestamp())


def _days(known: Known, days: Iterable[Payload], amount: tuple[str, ...]) -> Iterator[Row]:
    for one in days:
        currency = text(within(one, *amount, "currency")) or known.payloads.currency
        at = _day(one["date"])
        yield Row(known.payloads.shop, at=at, own=one, currency=currency, is_own_day=True)


def _hours(known: Known) -> Iterator[Row]:
    for row in _days(known, known.payloads.shop_hours, ("gmv",)):
        row.at = _day(row.own["date"], int(row.own["index"]))
        yield row


def _products(known: Known) -> Iterator[Row]:
    for row in _days(known, known.payloads.product_days, ("total_performance", "gmv")):
        yield known.at_sku(row, text(row.own["id"]), None)


def _skus(known: Known) -> Iterator[Row]:
    for row in _days(known, known.payloads.sku_days, ("gmv",)):
        yield known.at_sku(row, text(row.own["product_id"]), text(row.own["id"]))


def _sessions(known: Known) -> Iterator[Row]:
    zone = ZoneInfo(known.payloads.zone)
    for one in known.payloads.live_sessions:
        began = datetime.fromtimestamp(int(one["start_time"]), zone)
        yield Row(
            known.payloads.shop,
            at=_day(began.date().isoformat()),
            own=one,
            currency=text(within(one, "sales_performance", "gmv", "currency"))
            or known.payloads.currency,
            is_own_day=True,
        )
