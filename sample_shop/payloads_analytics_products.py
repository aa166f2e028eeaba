"""Product performance (202605, 202509, and one product's 202509) and SKU performance (202509)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from .analytics_content import handle
from .analytics_days import Window, text_of
from .analytics_payload_blocks import (
    channel_block,
    columns,
    shop_tab_block,
    total_block,
    total_columns,
)
from .analytics_sources import AFFILIATE, BLOCKS, CHANNELS, VIDEO, among, of_accounts
from .analytics_tables import Back, Shown, Sums, Tables, sums
from .analytics_wire import Wire, fraction, mean, percent, without_nothing
from .draws import Flags, Ints
from .kept import Kept
from .listings import ACTIVATE
from .shop import Shop

Payload = dict[str, Any]

_MOST_TOP: Final = 100
_STARS: Final = ("1_STAR", "2_STAR", "3_STAR", "4_STAR", "5_STAR")
_STAR_WEIGHTS: Final = (3, 3, 8, 22, 64)


@dataclass(frozen=True, slots=True)
class ProductTable:
    """All products of a window; arrays and Sums have one entry per product."""

    number: Ints
    total: Sums
    tax: Ints
    freight: Ints
    blocks: dict[str, Sums]
    shown: Shown
    back: Back


class ProductPerformance:
    """Makes the product and SKU rows of one shop."""

    def __init__(self, shop: Shop, tables: Tables) -> None:
        self._shop = shop
        self._tables = tables
        self._kept: Kept[ProductTable] = Kept(3)

    def table(self, window: Window) -> ProductTable:
        """Return the products with traffic or sales in a window."""
        return self._kept.get(
            (window.ready, window.half, window.now if window.half else 0),
            lambda: self._table(window),
        )

    def _table(self, window: Window) -> ProductTable:
        tables = self._tables
        number = tables.products_in(window)
        units = tables.sold(window)
        group = np.searchsorted(number, units.product)
        tax, freight = np.zeros(len(number), np.int64), np.zeros(len(number), np.int64)
        np.add.at(tax, group, units.tax)
        np.add.at(freight, group, units.freight)
        blocks = {}
        for name, sources in BLOCKS.items():
            kept = among(units.source, sources)
            blocks[name] = sums(units.where(kept), group[kept], len(number))
        return ProductTable(
            number,
            sums(units, group, len(number)),
            # Where tax is inside the prices, GMV holds it already.
            tax if not self._shop.region.tax_inside_millis else np.zeros_like(tax),
            freight,
            blocks,
            tables.shown(window, number),
            tables.undone(window, number),
        )

    def on_sale(self, number: Ints, now: int) -> Flags:
        """Return which products are live at `now`, for `product_status_filter`."""
        when = np.full(len(number), now, dtype=np.int64)
        return np.asarray(self._shop.listings.status(number, when) == ACTIVATE, dtype=np.bool_)

    def rows(
        self, version: str, table: ProductTable, number: Ints, window: Window, wire: Wire
    ) -> list[Payload]:
        """Return `products[]` for some of the products of a table."""
        at = np.searchsorted(table.number, number)
        ids = self._shop.ids.many("product", number)
        if version != "202605":
            return [
                {"id": product_id, "overall_performance": self._overall(table, row, wire)}
                for product_id, row in zip(ids, at.tolist(), strict=True)
            ]
        total = total_columns(table.total, table.shown, table.back, table.tax, table.freight, at)
        made: list[Payload] = [
            {"id": product_id, "total_performance": total_block(total, i, wire)}
            for i, product_id in enumerate(ids)
        ]
        for name, sources in BLOCKS.items():
            block = columns(table.blocks[name], table.shown, sources, at)
            news = self._shop.draws.below("new " + name, number * 65_536 + window.first, 3)
            for i, new in enumerate(news.tolist()):
                if not block["impressions"][i]:
                    continue  # a block that was idle is left out
                made[i][name] = (
                    shop_tab_block(block, i, wire)
                    if name == "shop_tab_performance"
                    else channel_block(name, block, i, new, wire)
                )
        return made

    @staticmethod
    def _overall(table: ProductTable, row: int, wire: Wire) -> Payload:
        return {
            "gmv": wire.money(int(table.total.gmv[row])),
            "orders": int(table.total.orders[row]),
            "items_sold": int(table.total.items[row]),
        }

    def skus(self, window: Window) -> tuple[Ints, Sums]:
        """Return (SKU positions ascending, their sales) of a window; only SKUs that sold."""
        units = self._tables.sold(window)
        positions, group = np.unique(units.sku, return_inverse=True)
        return positions, sums(units, group, len(positions))

    def sku_rows(self, table: tuple[Ints, Sums], positions: Ints, wire: Wire) -> list[Payload]:
        """Return `skus[]`; their ids are numbers in this call."""
        known, sold = table
        at = np.searchsorted(known, positions).tolist()
        ids = self._shop.ids.many("sku", positions)
        products = self._shop.ids.many("product", positions // 8)
        return [
            {
                "id": int(ids[i]),
                "product_id": int(products[i]),
                "gmv": wire.money(int(sold.gmv[row])),
                "sku_orders": int(sold.sku_orders[row]),
                "units_sold": int(sold.items[row]),
            }
            for i, row in enumerate(at)
        ]

    def detail(self, number: int, window: Window, by_day: bool, wire: Wire) -> Payload:
        """Return `performance` of one product."""
        parts = [window.only(day) for day in window.days] if by_day else [window]
        intervals = [self._interval(number, part, wire) for part in parts if part.days]
        return without_nothing(
            {
                "intervals": intervals,
                "ratings": self._ratings(number, window),
                "top_contents": self._top_contents(number, window, wire),
                "top_creators": self._top_creators(number, window, wire),
            }
        )

    def _interval(self, number: int, window: Window, wire: Wire) -> Payload:
        tables, days = self._tables, len(window.days)
        one = np.asarray([number], dtype=np.int64)
        units = tables.sold(window)
        units = units.where(units.product == number)
        group = np.zeros(len(units.order), dtype=np.int64)
        sold, shown, back = sums(units, group, 1), tables.shown(window, one), tables.undone(
            window, one
        )  # fmt: skip
        sales, traffic = [], []
        for channel, sources in CHANNELS.items():
            kept = among(units.source, sources)
            part = sums(units.where(kept), group[kept], 1)
            if part.items[0]:
                amounts = {
                    "gmv": wire.money(int(part.gmv[0])),
                    "items_sold": int(part.items[0]),
                    "avg_customers": mean(int(part.daily_customers[0]), len(window.ready)),
                }
                sales.append({"content_type": channel, "sales": amounts})
            impressions = int(shown.count("impressions", sources)[0])
            if impressions:
                visitors = int(shown.count("visitors", sources)[0])
                counts = {
                    "impressions": impressions,
                    "page_views": int(shown.count("views", sources)[0]),
                    "ctr": percent(int(shown.count("clicks", sources)[0]), impressions),
                    "avg_unique_page_views": mean(visitors, days),
                    "avg_conversion_rate": percent(int(part.daily_customers[0]), visitors),
                }
                traffic.append({"content_type": channel, "traffic": counts})
        words = ("canceled", "refunded", "returned", "replacements")
        return without_nothing(
            {
                "start_date": text_of(window.first),
                "end_date": text_of(window.end),
                "sales": without_nothing(
                    {
                        "gmv": wire.money(int(sold.gmv[0])),
                        "orders": int(sold.orders[0]),
                        "items_sold": int(sold.items[0]),
                        "breakdowns": sales,
                    }
                ),
                "traffic": without_nothing({"breakdowns": traffic}),
                "cancel_and_refunds": {
                    word: int(count[0]) for word, count in zip(words, back.by_kind, strict=True)
                },
            }
        )

    def _ratings(self, number: int, window: Window) -> list[Payload]:
        units = self._tables.sold(window)
        many = int((units.product == number).sum()) // 4
        counts = [
            many * weight // sum(_STAR_WEIGHTS)
            + self._shop.draws.one(stars, number * 65_536 + window.first, 2)
            for stars, weight in zip(_STARS, _STAR_WEIGHTS, strict=True)
        ]
        return [
            {"stars": stars, "count": count, "percentage": fraction(count, sum(counts))}
            for stars, count in zip(_STARS, counts, strict=True)
            if count
        ]

    def _contents(self, number: int, window: Window, sources: tuple[int, ...]) -> tuple[Ints, Sums]:
        """Return the videos or sessions a product sold through and its sales there, best first."""
        units = self._tables.sold(window, sources)
        units = units.where(units.product == number)
        found, group = np.unique(units.content, return_inverse=True)
        sold = sums(units, group, len(found))
        best = np.lexsort((found, -sold.gmv))[:_MOST_TOP]
        return found[best], Sums(*(getattr(sold, name)[best] for name in Sums.__slots__))

    def _top_contents(self, number: int, window: Window, wire: Wire) -> list[Payload]:
        top = []
        for channel, family in (("LIVE", "live"), ("VIDEO", "video")):
            found, sold = self._contents(number, window, CHANNELS[channel])
            contents = [
                {
                    "content_id": content_id,
                    "gmv": wire.money(int(sold.gmv[i])),
                    "items_sold": int(sold.items[i]),
                }
                for i, content_id in enumerate(self._shop.ids.many(family, found))
            ]
            if contents:
                top.append({"type": channel, "contents": contents})
        return top

    def _top_creators(self, number: int, window: Window, wire: Wire) -> list[Payload]:
        found, sold = self._contents(number, window, of_accounts(VIDEO, (AFFILIATE,)))
        by_creator: dict[int, list[int]] = {}
        for i, creator in enumerate(self._tables.videos.creator(found).tolist()):
            totals = by_creator.setdefault(creator, [0, 0])
            totals[0] += int(sold.gmv[i])
            totals[1] += int(sold.items[i])
        best = sorted(by_creator.items(), key=lambda entry: (-entry[1][0], entry[0]))
        return [
            {
                "creator_name": handle(AFFILIATE, creator),
                "creator_open_id": f"canary-open-id-{creator}",
                "creator_profile": f"https://canary-profile.invalid/{creator}",
                "gmv": wire.money(gmv),
                "items_sold": items,
            }
            for creator, (gmv, items) in best[:_MOST_TOP]
        ]
