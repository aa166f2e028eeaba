"""Videos (202605, 202509) and LIVE sessions (202509): lists and overviews."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from .analytics_content import UNKNOWN, Sessions, Videos, handle
from .analytics_days import Window, text_of
from .analytics_sources import (
    AFFILIATE,
    AUTHOR_TYPES,
    CHANNELS,
    LIVE,
    VIDEO,
    among,
    of_accounts,
)
from .analytics_tables import Sums, Tables, Watched, sums
from .analytics_wire import Wire, fraction, mean, per, percent
from .draws import Ints
from .kept import Kept
from .shop import Shop

Payload = dict[str, Any]

_TAGS: Final = ("fyp", "tiktokshop", "dealoftheday", "unboxing", "musthave")
_TITLES: Final = ("You need this:", "Restock!", "3 reasons for", "Unboxing", "POV: you found")


class _Video(NamedTuple):
    """What is known about one video; `posted`: day, `second`: of that day, `length` above 12 s."""

    video_id: str
    product_id: str
    position: int
    number: int
    account: int
    creator: int
    posted: int
    second: int
    length: int


class Contents:
    """Makes the video and LIVE rows of one shop."""

    def __init__(self, shop: Shop, tables: Tables) -> None:
        self._shop = shop
        self._tables = tables
        self._videos: Videos = tables.videos
        self._sessions: Sessions = tables.sessions
        self._kept: Kept[Watched] = Kept(4)
        self._titles: dict[int, str] = {}

    def watched(self, window: Window, accounts: tuple[int, ...]) -> Watched:
        """Return the videos watched in a window."""
        return self._kept.get(
            (window.ready, window.half, accounts, window.now if window.half else 0),
            lambda: self._tables.watched(window, accounts),
        )

    def videos(
        self, version: str, table: Watched, positions: Ints, window: Window, wire: Wire
    ) -> list[Payload]:
        """Return `videos[]`; only 202605 names the creator."""
        rate = fraction if version == "202605" else percent
        at, days = np.searchsorted(table.position, positions), len(window.ready)
        about = self._about(version, positions)
        for video, row in zip(about, at.tolist(), strict=True):
            sold, views = table.sales, int(table.views[row])
            gmv = int(sold.gmv[row])
            video |= {
                "gmv": wire.money(gmv),
                "gpm": wire.money(per(gmv * 1000, views)),
                "avg_customers": mean(int(sold.daily_customers[row]), days),
                "sku_orders": int(sold.sku_orders[row]),
                "items_sold": int(sold.items[row]),
                "views": views,
                "click_through_rate": rate(int(table.clicks[row]), views),
            }
        return about

    def _about(self, version: str, positions: Ints) -> list[Payload]:
        """Return what videos are; of the deleted ones nothing is known but the id "0"."""
        shop, videos = self._shop, self._videos
        number = videos.product(positions)
        columns = (
            positions, number, videos.account(positions), videos.creator(positions),
            videos.posted(positions), shop.draws.below("video second", positions, 86_400),
            shop.draws.below("video length", positions, 80),
        )  # fmt: skip
        facts = zip(
            shop.ids.many("video", positions),
            shop.ids.many("product", number),
            *(column.tolist() for column in columns),
            strict=True,
        )
        return [
            self._one(version, fact) if fact.position != UNKNOWN else {"id": "0"}
            for fact in map(_Video._make, facts)
        ]

    def _one(self, version: str, facts: _Video) -> Payload:
        video_id, product_id, position, number, account, creator, posted, second, length = facts
        title = self._titles.get(number)
        if title is None:
            title = self._titles[number] = self._shop.listings.title(number, 0)
        clock = f"{second // 3_600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        about: Payload = {
            "id": video_id,
            "title": f"{_TITLES[position % len(_TITLES)]} {title}",
            "username": handle(account, creator),
            "video_post_time": f"{text_of(posted)} {clock}",
            "duration": 12 + length,
            "hash_tags": list(_TAGS[: 1 + position % len(_TAGS)]),
            "products": [{"id": product_id, "name": title}],
        }
        if version == "202605":
            who = creator if account == AFFILIATE else "own"
            about["creator"] = {
                "open_id": f"canary-open-id-{who}",
                "user_name": about["username"],
                "nick_name": f"Canary Creator {who}",
                "author_type": AUTHOR_TYPES[account],
            }
        return about

    def overview(
        self, channel: str, window: Window, accounts: tuple[int, ...], wire: Wire
    ) -> Payload:
        """Return one interval of the overview of "VIDEO" or "LIVE"."""
        tables = self._tables
        sources = of_accounts({"LIVE": LIVE, "VIDEO": VIDEO}[channel], accounts)
        sold = tables.shop_sums(window, sources)
        shown = tables.shown(window, tables.products_in(window))
        impressions = int(shown.count("impressions", sources).sum())
        clicks = int(shown.count("clicks", sources).sum())
        interval: Payload = {
            "start_date": text_of(window.first),
            "end_date": text_of(window.end),
            "gmv": wire.money(int(sold.gmv[0])),
            "sku_orders": int(sold.sku_orders[0]),
            "click_through_rate": percent(clicks, impressions),
        }
        if channel == "VIDEO":
            return interval | {
                "product_impressions": impressions,
                "product_clicks": clicks,
                "avg_customers": mean(int(sold.daily_customers[0]), len(window.ready)),
            }
        return interval | {
            "items_sold": int(sold.items[0]),
            "customers": int(sold.customers[0]),
            "click_to_order_rate": percent(int(sold.sku_orders[0]), clicks),
        }

    def session_sums(self, window: Window, number: Ints) -> tuple[Sums, Sums]:
        """Return the sales in these sessions (ascending) and those in their first 24 hours."""
        units, group = self._tables.sessions_sold(window, number)
        during = among(units.source, CHANNELS["LIVE"])
        return (
            sums(units.where(during), group[during], len(number)),
            sums(units, group, len(number)),
        )

    def session_values(self, window: Window, number: Ints) -> dict[str, Ints]:
        """Return what sessions can be sorted by, by the name of the field."""
        during, day_long = self.session_sums(window, number)
        different = self._different_products(window, number)
        return {
            "gmv": during.gmv,
            "24h_live_gmv": day_long.gmv,
            "products_added": self._products_added(number, different),
            "different_products_sold": different,
            "sku_orders": during.sku_orders,
            "items_sold": during.items,
            "customers": during.customers,
        }

    def _different_products(self, window: Window, number: Ints) -> Ints:
        units, group = self._tables.sessions_sold(window, number)
        during = among(units.source, CHANNELS["LIVE"])
        pairs = np.unique(group[during] * (1 << 24) + units.product[during]) >> 24
        return np.asarray(np.bincount(pairs, minlength=len(number)), dtype=np.int64)

    def _products_added(self, number: Ints, different: Ints) -> Ints:
        return different + 3 + self._shop.draws.below("products added", number, 25)

    def sessions(self, window: Window, number: Ints, wire: Wire) -> list[Payload]:
        """Return `live_stream_sessions[]`; interaction only for the shop's own accounts."""
        order = np.argsort(number)
        ascending = number[order]
        values = self.session_values(window, ascending)
        begins, ends = self._sessions.begins(ascending), self._sessions.ends(ascending)
        made: list[Payload] = [{} for _ in ascending]
        for row, place in enumerate(order.tolist()):
            made[place] = self._session(
                int(ascending[row]),
                (int(begins[row]), int(ends[row])),
                {name: int(column[row]) for name, column in values.items()},
                wire,
            )
        return made

    def _session(
        self, number: int, times: tuple[int, int], values: dict[str, int], wire: Wire
    ) -> Payload:
        shop = self._shop

        def drawn(salt: str, bound: int) -> int:
            return shop.draws.one("live " + salt, number, bound)

        account = int(self._sessions.account(np.asarray([number]))[0])
        clicks = values["sku_orders"] * (5 + drawn("clicks", 8)) + drawn("idle clicks", 90)
        session: Payload = {
            "id": shop.ids.one("live", number),
            "title": f"LIVE deals no. {number % 997}",
            "username": handle(account, self._sessions.creator(number)),
            "start_time": str(times[0]),
            "end_time": str(times[1]),
            "sales_performance": {
                "gmv": wire.money(values["gmv"]),
                "24h_live_gmv": wire.money(values["24h_live_gmv"]),
                "avg_price": wire.money(per(values["gmv"], values["items_sold"])),
                "products_added": values["products_added"],
                "different_products_sold": values["different_products_sold"],
                "created_sku_orders": values["sku_orders"] + values["sku_orders"] // 20,
                "sku_orders": values["sku_orders"],
                "items_sold": values["items_sold"],
                "customers": values["customers"],
                "click_to_order_rate": percent(values["sku_orders"], clicks),
            },
        }
        if account != AFFILIATE:
            viewers = 150 + values["customers"] * 40 + drawn("viewers", 2_000)
            views = viewers + viewers * drawn("again", 60) // 100
            impressions = clicks * (8 + drawn("impressions", 12)) + drawn("idle", 400)
            pcu = 5 + viewers * (4 + drawn("peak", 8)) // 100
            session["interaction_performance"] = {
                "acu": pcu * (35 + drawn("mean", 40)) // 100,
                "pcu": pcu,
                "viewers": viewers,
                "views": views,
                "avg_viewing_duration": f"{20 + drawn('watched', 9_000) / 100:.2f}",
                "comments": drawn("comments", 600),
                "shares": drawn("shares", 120),
                "likes": drawn("likes", 20_000),
                "new_followers": drawn("followers", 150),
                "product_impressions": impressions,
                "product_clicks": clicks,
                "click_through_rate": percent(clicks, impressions),
            }
        return session
