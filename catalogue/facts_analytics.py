"""The facts of TikTok's own figures. Several calls fill the table of the shop's days: each is a
fact of its own, because what one of them has told says nothing of the others."""

from __future__ import annotations

from typing import Final

from catalogue.fact import Fact, Join
from catalogue.tables_analytics import (
    LIVE_SESSIONS,
    PRODUCT_PERFORMANCE_DAILY,
    SHOP_PERFORMANCE_DAILY,
    SHOP_PERFORMANCE_HOURLY,
    SKU_PERFORMANCE_DAILY,
    VIDEO_PERFORMANCE_DAILY,
)

_PRODUCT: Final = Join("products", "product_id", "product_id")
_SKU: Final = Join("product_skus", "sku_id", "sku_id")
_DAY: Final = {"own": "day"}
_ANALYTICS: Final = "analytics"


def _of_shop(name: str, about: str, fed_by: str) -> Fact:
    return Fact(
        name=name,
        about=about,
        table=SHOP_PERFORMANCE_DAILY,
        axes=_DAY,
        own_days=True,
        by_hour=False,
        cap=_ANALYTICS,
        fed_by=fed_by,
    )


ANALYTICS_FACTS: Final = (
    _of_shop(
        "shop_performance_daily", "TikTok's own figures of the shop by day.", "shop_performance"
    ),
    _of_shop(
        "shop_exposure_daily",
        "TikTok's own buyers and product impressions of the shop by day.",
        "shop_exposure",
    ),
    _of_shop(
        "videos_overview_daily",
        "TikTok's own figures of all videos together by day.",
        "video_overview",
    ),
    _of_shop(
        "lives_overview_daily",
        "TikTok's own figures of all LIVEs together by day.",
        "live_overview",
    ),
    Fact(
        name="shop_performance_hourly",
        about="TikTok's own figures of the shop by hour.",
        table=SHOP_PERFORMANCE_HOURLY,
        axes={"own": "hour_start"},
        own_days=True,
        cap="hourly",
        fed_by="shop_performance_hourly",
    ),
    Fact(
        name="product_performance_daily",
        about="TikTok's own figures of listings by day.",
        table=PRODUCT_PERFORMANCE_DAILY,
        axes=_DAY,
        joins=(_PRODUCT,),
        own_days=True,
        by_hour=False,
        cap=_ANALYTICS,
        fed_by="product_performance",
    ),
    Fact(
        name="sku_performance_daily",
        about="TikTok's own figures of variants by day; optional.",
        table=SKU_PERFORMANCE_DAILY,
        axes=_DAY,
        joins=(_PRODUCT, _SKU),
        own_days=True,
        by_hour=False,
        cap=_ANALYTICS,
        fed_by="sku_performance",
    ),
    Fact(
        name="video_performance_daily",
        about="TikTok's own figures of videos by day.",
        table=VIDEO_PERFORMANCE_DAILY,
        axes=_DAY,
        own_days=True,
        by_hour=False,
        cap=_ANALYTICS,
        fed_by="video_performance",
    ),
    Fact(
        name="live_sessions",
        about="LIVE sessions, by the day on which they began.",
        table=LIVE_SESSIONS,
        axes=_DAY,
        own_days=True,
        by_hour=False,
        cap=_ANALYTICS,
        fed_by="live_sessions",
    ),
)
