"""Shop performance: by day or in one (202509, 202405), and by hour (202510)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from .analytics_days import DEPTH_DAYS, HOURLY_DEPTH_DAYS, Days, Window, text_of
from .analytics_sources import CHANNELS, EVERY_SOURCE
from .analytics_tables import Tables
from .analytics_wire import Wire, fraction, mean, per, without_nothing
from .kept import Kept
from .shop import Shop

Payload = dict[str, Any]

#: Types of the gross revenue breakdown; the US and Japan have none.
_REVENUE_TYPES: Final = {
    **dict.fromkeys(("ID", "TH", "VN", "BR"), ("GMV_MAX", "NON_GMV_MAX")),
    **dict.fromkeys(("GB", "DE"), ("ADS", "ORGANIC")),
}
#: Share of a day's visitors by hour, in thousandths.
_BY_HOUR: Final = np.asarray(
    [17, 10, 7, 5, 5, 7, 14, 25, 33, 40, 43, 47, 50, 47, 43, 43, 47, 54, 68, 83, 90, 79, 58, 36]
)


class ShopPerformance:
    """Makes the intervals of one shop."""

    def __init__(self, shop: Shop, days: Days, tables: Tables) -> None:
        self._shop = shop
        self._days = days
        self._tables = tables
        self._kept: Kept[Payload] = Kept(4 * (DEPTH_DAYS + 1))

    def intervals(self, version: str, window: Window, by_day: bool, wire: Wire) -> list[Payload]:
        """Return `intervals[]`: one per day there is anything for, or one for all of them."""
        if by_day:
            return [self._of_day(version, window.only(day), wire) for day in window.days]
        return [self._made(version, window, wire)] if window.days else []

    def _of_day(self, version: str, window: Window, wire: Wire) -> Payload:
        if window.half:
            return self._made(version, window, wire)
        key = (version, window.first, wire.dollars)  # a ready day never changes
        return self._kept.get(key, lambda: self._made(version, window, wire))

    def _made(self, version: str, window: Window, wire: Wire) -> Payload:
        make = self._newer if version == "202509" else self._older
        return make(window, wire)

    def _newer(self, window: Window, wire: Wire) -> Payload:
        sold, days = self._tables.shop_sums(window), len(window.days)
        customers = int(sold.daily_customers[0])
        visitors = sum(self._tables.visitors(window))
        shown = self._tables.shown(window, self._tables.products_in(window))
        views = int(shown.count("views", EVERY_SOURCE).sum())
        breakdowns = [
            {"type": channel, "gmv": wire.money(amount)}
            for channel, sources in CHANNELS.items()
            if (amount := int(self._tables.shop_sums(window, sources).gmv[0]))
        ]
        return {
            "start_date": text_of(window.first),
            "end_date": text_of(window.end),
            "sales": without_nothing(
                {
                    "gmv": without_nothing(
                        {"overall": wire.money(int(sold.gmv[0])), "breakdowns": breakdowns}
                    ),
                    "gross_revenue": self._gross_revenue(window, wire),
                    "orders_count": int(sold.orders[0]),
                    "sku_orders_count": int(sold.sku_orders[0]),
                    "items_sold": int(sold.items[0]),
                    "refunds": wire.money(int(self._tables.undone(window).refunds[0])),
                    "avg_customers_count": mean(customers, len(window.ready)),
                }
            ),
            "traffic": {
                "avg_page_views": mean(views, days),
                "avg_visitors": mean(visitors, days),
                "avg_conversation_rate": fraction(customers, visitors),
            },
        }

    def _gross_revenue(self, window: Window, wire: Wire) -> Payload:
        """Return sale prices plus TikTok's discounts; on many days some shops get none."""
        types = _REVENUE_TYPES.get(self._shop.region.code, ())
        draws = self._shop.draws
        often_missing = "GMV_MAX" in types and window.end - window.first == 1
        if often_missing and draws.one("no gross revenue", window.first, 100) < 30:
            return {}
        units = self._tables.sold(window)
        first = 20 + draws.one("advertised", window.first, 40)
        shares = [first, 100 - first] if types else []
        return without_nothing(
            {
                "overall": wire.money(int((units.sale + units.platform_discount).sum())),
                "breakdowns": [
                    {"type": kind, "percentage": f"{share}%"}
                    for kind, share in zip(types, shares, strict=True)
                ],
            }
        )

    def _older(self, window: Window, wire: Wire) -> Payload:
        tables = self._tables
        sold, back = tables.shop_sums(window), tables.undone(window)
        shown = tables.shown(window, tables.products_in(window))
        gmv, orders, days = int(sold.gmv[0]), int(sold.orders[0]), len(window.days)
        visitors = sum(tables.visitors(window))
        by_channel = {name: tables.shop_sums(window, sources) for name, sources in CHANNELS.items()}

        def counted(name: str) -> dict[str, int]:
            return {
                channel: int(shown.count(name, sources).sum())
                for channel, sources in CHANNELS.items()
            }

        def breakdowns(counts: dict[str, Any]) -> list[Payload]:
            return [{"type": name, "amount": count} for name, count in counts.items() if count]

        impressions, views = counted("impressions"), counted("views")
        shares = {
            channel: mean(count * 72 // 100, days) for channel, count in counted("visitors").items()
        }
        return without_nothing(
            {
                "start_date": text_of(window.first),
                "end_date": text_of(window.end),
                "gmv": wire.money(gmv),
                "gmv_breakdowns": [
                    {"type": name, **wire.money(int(part.gmv[0]))}
                    for name, part in by_channel.items()
                    if part.gmv[0]
                ],
                "orders": orders,
                "sku_orders": int(sold.sku_orders[0]),
                "units_sold": int(sold.items[0]),
                "avg_order_value": wire.money(per(gmv, orders)),
                "buyers": int(sold.customers[0]),
                "buyer_breakdowns": breakdowns(
                    {name: int(part.customers[0]) for name, part in by_channel.items()}
                ),
                "product_impressions": sum(impressions.values()),
                "product_impression_breakdowns": breakdowns(impressions),
                "product_page_views": sum(views.values()),
                "product_page_view_breakdowns": breakdowns(views),
                "avg_product_page_visitors": mean(visitors, days),
                "avg_product_page_visitor_breakdowns": breakdowns(shares),
                "refunds": wire.money(int(back.refunds[0])),
                "cancellations_and_returns": int(back.cancelled_or_returned[0]),
            }
        )

    def hourly_days(self, now: int) -> range:
        """Return the days hourly figures are kept for, today included."""
        today = self._days.day_of(now)
        opened = self._days.day_of(self._shop.anchor)
        return range(max(opened, today - HOURLY_DEPTH_DAYS), today + 1)

    def hourly(self, day: int, now: int, wire: Wire) -> Payload:
        """Return `performance` of a day by its hours; those not ready yet hold zeros."""
        until = min(now // 3_600 * 3_600, self._days.start(day + 1))
        by_hour, whole = self._tables.hours(day, until)
        so_far = Window(day, day + 1, range(day, day + 1), range(0), until)
        visitors = max(sum(self._tables.visitors(so_far)), int(whole.customers[0]))
        last = int(self._days.hours(day, np.asarray([max(until - 1, self._days.start(day))]))[0])
        begun = until > self._days.start(day)
        shares = np.where((np.arange(24) <= last) & begun, _BY_HOUR, 0)
        share_sum = max(1, int(shares.sum()))
        people = np.maximum(visitors * shares * 5 // (4 * share_sum), by_hour.customers)
        return {
            "latest_available_timestamp": until,
            "overall": {
                "gmv": wire.money(int(whole.gmv[0])),
                "items_sold": int(whole.items[0]),
                "visitors": visitors,
                "customers": int(whole.customers[0]),
            },
            "intervals": [
                {
                    "index": hour,
                    "gmv": wire.money(int(by_hour.gmv[hour])),
                    "items_sold": int(by_hour.items[hour]),
                    "visitors": int(people[hour]),
                    "customers": int(by_hour.customers[hour]),
                }
                for hour in range(24)
            ],
        }
