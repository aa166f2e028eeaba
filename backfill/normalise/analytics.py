"""TikTok's own figures of the shop, by day and by hour (202509, 202405, 202510).

What lies after the newest day or hour that TikTok says is ready is left out: it would be half a
number. A row keeps the version of the call behind it, because TikTok defines its figures anew from
version to version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from backfill.days import HOUR, Asked, as_date, day_named
from backfill.normalise.rows import Normalised, Row, by_name, read_each
from backfill.normalise.shape import Record, Shape, child, children
from backfill.normalise.values import WrongShape, count, money, plain_text, rate
from backfill.windows import DAY
from catalogue.tables_analytics import CONTENT, SHOP_PERFORMANCE_DAILY, SHOP_PERFORMANCE_HOURLY
from store.commits import Write

_ReadDay = Callable[[Record], Sequence[Any]]

#: GMV Max, or ads in the UK and the EU: TikTok tells either, or neither.
_BY_ADS: Final = ("GMV_MAX", "ADS")

_SHOP: Final = Shape(
    SHOP_PERFORMANCE_DAILY,
    {
        "gmv": "sales.gmv.overall.amount",
        "currency": "sales.gmv.overall.currency",
        "gross_revenue": "sales.gross_revenue.overall.amount",
        "orders_count": "sales.orders_count",
        "sku_orders_count": "sales.sku_orders_count",
        "items_sold": "sales.items_sold",
        "refunds": "sales.refunds.amount",
        "avg_customers_count": "sales.avg_customers_count",
        "avg_visitors": "traffic.avg_visitors",
        "avg_page_views": "traffic.avg_page_views",
        "avg_conversion_rate": "traffic.avg_conversation_rate",
    },
    required=(),
)
_SHOP_COLUMNS: Final = (
    *_SHOP.columns,
    *(f"gmv_{content}" for content in CONTENT.values()),
    "gmv_max_share",
)


def normalise_shop_days(records: Iterable[object], asked: Asked) -> Normalised:
    """Sales and visits by day (202509, one bucket a day)."""

    def read(day: Record) -> Sequence[Any]:
        gmv = _by_type(day, "sales.gmv", "breakdowns", lambda one: money(_amount(one, "gmv")))
        shares = _by_type(
            day, "sales.gross_revenue", "breakdowns", lambda one: rate(one.get("percentage"))
        )
        by_ads = next((shares[kind] for kind in _BY_ADS if kind in shares), None)
        return (*_SHOP.read(day), *map(gmv.get, CONTENT), by_ads)

    return _days(records, asked, _SHOP_COLUMNS, "api_version", read)


_EXPOSURE: Final = Shape(
    SHOP_PERFORMANCE_DAILY,
    by_name("buyers", "product_impressions", "cancellations_and_returns"),
    required=(),
)
_EXPOSURE_COLUMNS: Final = (
    *_EXPOSURE.columns,
    *(f"product_impressions_{content}" for content in CONTENT.values()),
)


def normalise_shop_exposure(records: Iterable[object], asked: Asked) -> Normalised:
    """Buyers and impressions by day, which only the older call tells (202405)."""
    return _days(records, asked, _EXPOSURE_COLUMNS, "exposure_api_version", _read_exposure)


def normalise_shop_exposure_in_all(records: Iterable[object], asked: Asked) -> Normalised:
    """The same of one bucket for all days asked for, as a row of the first of them."""
    length = asked.end - asked.start
    return _days(records, asked, _EXPOSURE_COLUMNS, "exposure_api_version", _read_exposure, length)


def _read_exposure(bucket: Record) -> Sequence[Any]:
    shown = _by_type(
        bucket, "", "product_impression_breakdowns", lambda one: count(one.get("amount"))
    )
    return (*_EXPOSURE.read(bucket), *map(shown.get, CONTENT))


_VIDEOS: Final = Shape(
    SHOP_PERFORMANCE_DAILY,
    {
        "videos_gmv": "gmv.amount",
        "videos_sku_orders": "sku_orders",
        "videos_product_impressions": "product_impressions",
        "videos_product_clicks": "product_clicks",
    },
    required=(),
)


def normalise_videos_days(records: Iterable[object], asked: Asked) -> Normalised:
    """All videos together, by day (overview 202509)."""
    return _days(records, asked, _VIDEOS.columns, "videos_api_version", _VIDEOS.read)


_LIVES: Final = Shape(
    SHOP_PERFORMANCE_DAILY,
    {
        "lives_gmv": "gmv.amount",
        "lives_sku_orders": "sku_orders",
        "lives_items_sold": "items_sold",
        "lives_customers": "customers",
        "lives_click_to_order_rate": "click_to_order_rate",
        "lives_click_through_rate": "click_through_rate",
    },
    required=(),
)


def normalise_lives_days(records: Iterable[object], asked: Asked) -> Normalised:
    """All LIVE sessions together, by day (overview 202509)."""
    return _days(records, asked, _LIVES.columns, "lives_api_version", _LIVES.read)


def _days(
    records: Iterable[object],
    asked: Asked,
    columns: tuple[str, ...],
    version_column: str,
    read_day: _ReadDay,
    length: int = DAY,
) -> Normalised:
    """Rows of shop_performance_daily from answers with one bucket for each day, or another number
    of seconds."""
    rows: list[Row] = []

    def read_interval(interval: Record) -> None:
        day = day_named(interval.get("start_date"))
        if day is None:
            raise WrongShape("is not a date", "start_date")
        end = day + length
        if day_named(interval.get("end_date", as_date(end))) != end:
            raise WrongShape("is not the end of one day", "end_date")
        if asked.start <= day and end <= min(asked.end, asked.known_until):
            rows.append((as_date(day), day, asked.version, *read_day(interval)))

    rejected = _each_interval(records, read_interval)
    return Normalised(
        (Write(SHOP_PERFORMANCE_DAILY, ("date", "day", version_column, *columns), rows),), rejected
    )


_HOUR: Final = Shape(
    SHOP_PERFORMANCE_HOURLY,
    {
        "hour": "index",
        "gmv": "gmv.amount",
        "currency": "gmv.currency",
        **by_name("items_sold", "visitors", "customers"),
    },
    required=("hour",),
)
_INDEX: Final = _HOUR.position("hour")


def normalise_shop_hours(records: Iterable[object], asked: Asked) -> Normalised:
    """Rows of shop_performance_hourly for the day asked for (202510). Hours that are not over yet
    come as zeroes; they are left out."""
    rows: list[Row] = []

    def read_interval(interval: Record) -> None:
        row = _HOUR.read(interval)
        if not 0 <= row[_INDEX] <= 23:
            raise WrongShape("is not an hour of a day", "index")
        if asked.start + (row[_INDEX] + 1) * HOUR <= min(asked.known_until, asked.end):
            rows.append((as_date(asked.start), asked.start, asked.version, *row))

    rejected = _each_interval(records, read_interval)
    columns = ("date", "day", "api_version", *_HOUR.columns)
    return Normalised((Write(SHOP_PERFORMANCE_HOURLY, columns, rows),), rejected)


def _each_interval(
    records: Iterable[object], read_interval: Callable[[Record], None]
) -> tuple[tuple[str, str], ...]:
    """Read every interval of the answers; one that is misshapen is left out alone."""
    rejected: list[tuple[str, str]] = []

    def read(answer: Record) -> None:
        intervals = children(child(answer, "performance"), "intervals")
        rejected.extend(read_each(intervals, "performance.intervals", read_interval))

    return (*read_each(records, "answer", read), *rejected)


def _by_type(
    record: Record, way: str, name: str, read: Callable[[Record], object]
) -> Mapping[object, object]:
    """{type: value} of a list of parts such as `[{"type": "LIVE", "amount": 3}]`."""
    for step in way.split(".") if way else ():
        record = child(record, step)
    found: dict[object, object] = {}
    for place, part in enumerate(children(record, name)):
        try:
            if not isinstance(part, dict):
                raise WrongShape("is not an object")  # noqa: TRY301
            found[plain_text(part.get("type"))] = read(part)
        except WrongShape as wrong:
            raise wrong.under(f"{way}.{name}[{place}]".lstrip(".")) from None
    return found


def _amount(record: Record, name: str) -> object:
    return child(record, name).get("amount")
