"""The brute-force computation on a few days of TikTok's own figures, worked out by hand.

shop day    GMV     gross   visitors  converted  customers
2026-03-07  100.00  -       10        20%        2
2026-03-08  50.00   60.00   30        10%        3

product day  product  GMV    impressions  clicks  customers
2026-03-07   A        80.00  200          10      2
2026-03-08   A        30.00  100          10      2
2026-03-08   B        20.00  -            -       1
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from benchmarks.oracle import Answer, answer
from benchmarks.oracle_asked import CannotCombine
from benchmarks.oracle_rows import Payloads

NOW = 1_773_144_000  # 2026-03-10 12:00 UTC
LIVE_START = 1_772_955_000  # 2026-03-08 07:30 UTC, 2026-03-07 23:30 in Los Angeles


def usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


def shop_day(
    date: str, gmv: str, gross: str | None, visitors: int, converted: str, customers: int
) -> dict[str, Any]:
    shares = [{"type": "ADS", "percentage": "25%"}, {"type": "ORGANIC", "percentage": "75%"}]
    revenue = {"overall": usd(gross), "breakdowns": shares} if gross else {}
    return {
        "date": date,
        "sales": {
            "gmv": {"overall": usd(gmv), "breakdowns": [{"type": "LIVE", "gmv": usd("1.50")}]},
            "gross_revenue": revenue,
            "avg_customers_count": customers,
        },
        "traffic": {"avg_visitors": visitors, "avg_conversation_rate": converted},
        "performance_202405": {"buyers": customers},
    }


def product_day(date: str, product: str, gmv: str, customers: int, *funnel: int) -> dict[str, Any]:
    names = ("product_impressions", "product_clicks")
    total = {"gmv": usd(gmv), "estimated_customers": customers, **dict(zip(names, funnel))}  # noqa: B905 - none for an idle one
    return {"date": date, "id": product, "total_performance": total}


def session(name: str, gmv: str, viewers: int | None, views: int | None) -> dict[str, Any]:
    done = {"viewers": viewers, "views": views, "pcu": viewers, "avg_viewing_duration": "60"}
    return {
        "id": name,
        "start_time": str(LIVE_START),
        "end_time": str(LIVE_START + 1800),
        "sales_performance": {"gmv": usd(gmv)},
        "interaction_performance": done if viewers else {},
    }


SHOP = Payloads(
    shop={"id": "s1"},
    zone="America/Los_Angeles",
    currency="USD",
    product_search=[{"id": "A", "title": "Cup"}],
    shop_days=[
        shop_day("2026-03-07", "100.00", None, 10, "20%", 2),
        shop_day("2026-03-08", "50.00", "60.00", 30, "0.10", 3),
    ],
    shop_hours=[
        {"date": "2026-03-08", "index": hour, "gmv": usd("5"), "visitors": 3 + hour}
        for hour in (0, 1)
    ],
    product_days=[
        product_day("2026-03-07", "A", "80.00", 2, 200, 10),
        product_day("2026-03-08", "A", "30.00", 2, 100, 10),
        product_day("2026-03-08", "B", "20.00", 1),
    ],
    video_days=[
        {"date": "2026-03-08", "id": "v1", "username": "me", "gmv": usd("4"), "views": 500},
        {"date": "2026-03-08", "id": "0", "gmv": usd("1"), "views": 500},
    ],
    live_sessions=[session("l1", "9.00", 40, 50), session("l2", "1.00", None, None)],
)


def ask(
    *names: str, start: str = "2026-03-01", end: str = "2026-03-09", zone: str = "UTC"
) -> Answer:
    request = {
        "fields": [{"name": name} for name in names],
        "dateRange": {"startDate": start, "endDate": end},
        "configParams": {"time_zone": zone},
    }
    return answer(request, SHOP, NOW)


def rows(*names: str, **more: str) -> list[list[Any]]:
    return ask(*names, **more).rows


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def test_a_day_of_the_shop_is_the_same_day_in_every_zone(zone: str) -> None:
    assert rows("date", "shop_gmv", zone=zone) == [
        ["20260307", Decimal("100.00")],
        ["20260308", Decimal("50.00")],
    ]
    assert rows("date", "live_sessions", zone=zone) == [["20260307", 2]]


def test_money_and_impressions_by_product_stand_beside_each_other() -> None:
    assert rows("product_id", "product_title", "pa_gmv", "pa_ctr") == [
        ["A", "Cup", Decimal("110.00"), 20 / 300],
        ["B", None, Decimal("20.00"), None],
    ]
    assert rows("pa_product_id", "items_sold", "pa_clicks") == [["A", 0, 20], ["B", 0, None]]


def test_people_are_those_of_one_day_and_never_added_up() -> None:
    assert rows("date", "shop_visitors", "shop_buyers") == [
        ["20260307", 10, 2],
        ["20260308", 30, 3],
    ]
    assert rows("shop_visitors") == [[None]]
    assert rows("shop_visitors", start="2026-03-08", end="2026-03-08") == [[30]]
    # A day has two products, and product A has two days.
    assert rows("date", "pa_customers") == [["20260307", 2], ["20260308", None]]
    assert rows("pa_product_id", "pa_customers") == [["A", None], ["B", None]]
    assert rows("pa_product_id", "date", "pa_customers")[2] == ["B", "20260308", 1]
    assert rows("week_iso", "shop_visitors", start="2026-03-08", end="2026-03-08") == [
        ["202610", 30]
    ]


def test_viewers_are_those_of_one_session_on_whatever_day() -> None:
    assert rows("live_viewers") == [[None]]
    assert rows("live_id", "live_viewers", "live_peak_viewers") == [
        ["l1", 40, 40],
        ["l2", None, None],
    ]


def test_what_tiktok_does_not_tell_is_null_and_what_is_told_somewhere_is_added() -> None:
    assert rows("date", "shop_gross_revenue", "shop_gmv_live") == [
        ["20260307", None, Decimal("1.50")],
        ["20260308", Decimal("60.00"), Decimal("1.50")],
    ]
    assert rows("shop_gross_revenue", "shop_gross_revenue_gmv_max_share") == [
        [Decimal("60.00"), 0.25]
    ]
    assert rows("live_id", "live_views", "live_avg_view_duration") == [
        ["l1", 50, 60.0],
        ["l2", None, None],
    ]


def test_rates_of_days_weigh_by_what_they_are_rates_of() -> None:
    # (20% of 10 + 10% of 30) of 40 visitors
    assert rows("shop_conversion_rate") == [[0.125]]


def test_hours_are_those_of_the_shop_and_days_have_none() -> None:
    assert rows("date_hour", "hourly_gmv", "hourly_visitors", zone="Asia/Tokyo") == [
        ["2026030800", Decimal(5), 3],
        ["2026030801", Decimal(5), 4],
    ]
    assert rows("date", "hourly_gmv", "hourly_visitors") == [["20260308", Decimal(10), None]]
    with pytest.raises(CannotCombine):
        rows("hour", "shop_gmv")


def test_a_range_is_cut_to_the_sixty_days_before_today() -> None:
    whole = ask("shop_gmv", start="2026-01-09")
    assert (whole.rows, whole.clamped) == ([[Decimal("150.00")]], frozenset())
    longer = ask("shop_gmv", start="2026-01-08")
    assert longer.clamped == {"shop_days"}
    assert ask("hourly_gmv", start="2026-02-08").clamped == {"shop_hours"}
    # Hours are told of 30 days, and today is one of them.
    assert ask("hourly_gmv", start="2026-02-09", end="2026-03-10").clamped == frozenset()
    # Today is not told yet, and the orders of the same answer are not cut.
    assert ask("shop_gmv", "orders", end="2026-03-10").clamped == {"shop_days"}
    assert rows("shop_gmv", start="2025-12-01", end="2025-12-31") == [[None]]


def test_a_video_has_a_link_if_somebody_posted_it() -> None:
    assert rows("video_id", "video_url", "video_gpm") == [
        ["0", None, 2.0],
        ["v1", "https://www.tiktok.com/@me/video/v1", 8.0],
    ]
