"""The stages of TikTok's own figures.

Calls must be few. Lists hold one figure for the whole range, so that a day is a call (and one more
for every further 100 rows); what comes as a series takes many days in one call. Days of variants
are optional: they say nothing that the orders do not say exactly, and cost three times the calls of
listings.
"""

from __future__ import annotations

from typing import Final

from backfill.normalise.analytics import (
    normalise_lives_days,
    normalise_shop_days,
    normalise_shop_exposure,
    normalise_shop_hours,
    normalise_videos_days,
)
from backfill.normalise.analytics_lists import (
    normalise_live_sessions,
    normalise_product_days,
    normalise_sku_days,
    normalise_video_days,
)
from backfill.stage import InDays, Stage, by_day
from catalogue import tables_analytics as tables

_LABEL: Final = "Analytics & Metrics"
_DATA: Final = "analytics"

ANALYTICS_STAGES: Final = (
    Stage(
        name="shop_performance",
        label=_LABEL,
        data=_DATA,
        endpoint="shop_performance",
        reads=InDays(30),
        normalise=by_day(normalise_shop_days),
        tables=(tables.SHOP_PERFORMANCE_DAILY,),
        after=("orders",),
    ),
    Stage(
        name="shop_exposure",
        label=_LABEL,
        data=_DATA,
        endpoint="shop_exposure",
        # Longer ranges of this version have been seen to time out.
        reads=InDays(10),
        normalise=by_day(normalise_shop_exposure),
        tables=(tables.SHOP_PERFORMANCE_DAILY,),
        after=("shop_performance",),
    ),
    Stage(
        name="product_performance",
        label=_LABEL,
        data=_DATA,
        endpoint="product_performance",
        reads=InDays(1),
        normalise=by_day(normalise_product_days),
        tables=(tables.PRODUCT_PERFORMANCE_DAILY,),
        after=("shop_exposure",),
    ),
    Stage(
        name="video_overview",
        label=_LABEL,
        data=_DATA,
        endpoint="video_overview",
        reads=InDays(30),
        normalise=by_day(normalise_videos_days),
        tables=(tables.SHOP_PERFORMANCE_DAILY,),
        after=("product_performance",),
    ),
    Stage(
        name="live_overview",
        label=_LABEL,
        data=_DATA,
        endpoint="live_overview",
        reads=InDays(30),
        normalise=by_day(normalise_lives_days),
        tables=(tables.SHOP_PERFORMANCE_DAILY,),
        after=("video_overview",),
    ),
    Stage(
        name="live_sessions",
        label=_LABEL,
        data=_DATA,
        endpoint="live_performance",
        # A session that goes on past midnight is whole only with the day after.
        reads=InDays(30, one_day_more=True),
        normalise=by_day(normalise_live_sessions),
        tables=(tables.LIVE_SESSIONS,),
        after=("live_overview",),
    ),
    Stage(
        name="video_performance",
        label=_LABEL,
        data=_DATA,
        endpoint="video_performance",
        reads=InDays(1),
        normalise=by_day(normalise_video_days),
        tables=(tables.VIDEO_PERFORMANCE_DAILY,),
        after=("live_sessions",),
    ),
    Stage(
        name="shop_performance_hourly",
        label=_LABEL,
        data=_DATA,
        endpoint="shop_performance_hourly",
        # TikTok documents the last 30 days, today included.
        reads=InDays(1, most_days=29, settles_after=2, with_today=True),
        normalise=by_day(normalise_shop_hours),
        tables=(tables.SHOP_PERFORMANCE_HOURLY,),
        after=("video_performance",),
    ),
    Stage(
        name="sku_performance",
        label=_LABEL,
        data="sku_analytics",
        endpoint="sku_performance",
        reads=InDays(1),
        normalise=by_day(normalise_sku_days),
        tables=(tables.SKU_PERFORMANCE_DAILY,),
        after=("shop_performance_hourly",),
        optional=True,
    ),
)
