"""The analytics of one shop, made from its orders when they are first asked for."""

from __future__ import annotations

from collections.abc import Mapping

from .analytics_content import Sessions, Videos
from .analytics_days import READY_HOUR, Days, Window, window
from .analytics_sales import Sales
from .analytics_tables import Tables
from .analytics_traffic import Visits
from .analytics_wire import Wire
from .params import choice
from .payloads_analytics_content import Contents
from .payloads_analytics_products import ProductPerformance
from .payloads_analytics_shop import ShopPerformance
from .shop import Shop


class Analytics:
    """Days, tables and payload makers of one shop; the days it worked out are kept."""

    def __init__(self, shop: Shop) -> None:
        self.days = Days(shop.region.zone)
        videos = Videos(shop.listings, shop.draws)
        sessions = Sessions(self.days, shop.draws)
        sales = Sales(shop, self.days, videos, sessions)
        visits = Visits(shop.listings, shop.draws, self.days, sales, videos, sessions)
        tables = Tables(shop, self.days, sales, visits, videos, sessions)
        self.tables = tables
        self.shop = ShopPerformance(shop, self.days, tables)
        self.products = ProductPerformance(shop, tables)
        self.contents = Contents(shop, tables)
        self._region = shop.region
        self._opened = self.days.day_of(shop.anchor)

    def window(self, first: int, end: int, now: int, ready_hour: int = READY_HOUR) -> Window:
        """Return what there is at `now` of the days `first` to `end` - 1."""
        latest = self.days.latest(now, ready_hour)
        return window(self.days, first, end, now, latest, self._opened)

    def wire(self, query: Mapping[str, str]) -> Wire:
        """Return how a call wants its amounts: `currency` LOCAL or USD."""
        return Wire(self._region, choice(query, "currency", ("LOCAL", "USD"), "LOCAL") == "USD")
