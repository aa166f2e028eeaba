"""What getData answers of TikTok's own figures, over a few rows; worked out by hand.

The orders are those of `tests.answering`. Rows of the shop's days, of listings, videos and LIVEs
are of 2026-08-01 and the two days after it; LIVE L2 is an affiliate's, of which TikTok tells no
interactions, and the version behind P3's row tells no impressions and clicks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from store.accounts import ShopRow
from tests.answering import Answering, HandMadeShop, answering, at, fill, request_for

READ = (
    *("shop_performance", "shop_exposure", "video_overview", "live_overview"),
    *("shop_performance_hourly", "product_performance", "sku_performance"),
    *("video_performance", "live_sessions"),
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    test = answering(tmp_path_factory.mktemp("analytics"))
    row = test.shop(HandMadeShop("111", "First shop", "US"))
    fill(test, row)
    for table, columns, rows in (SHOP_DAYS, SHOP_HOURS, LISTINGS, VARIANTS, VIDEOS, LIVES):
        by_day(test, row, table, columns, rows)
    test.cover(row, "2026-08-01 00:00", "2026-08-19 00:00", *READ)
    test.publish(row)
    yield test
    test.here.close()


Rows = tuple[str, str, Sequence[tuple[Any, ...]]]


def by_day(
    test: Answering, shop: ShopRow, table: str, columns: str, rows: Sequence[tuple[Any, ...]]
) -> None:
    """The first value of a row is its day of August."""

    def read(row: tuple[Any, ...]) -> Mapping[str, Any]:
        date = f"2026-08-{row[0]:02}"
        named = dict(zip(columns.split(), row[1:], strict=True))
        return {"date": date, "day": at(f"{date} 00:00"), **named}

    test.write(shop, table, [read(row) for row in rows])


SHOP_DAYS: Rows = (
    "shop_performance_daily",
    """gmv gmv_live gross_revenue gmv_max_share orders_count avg_customers_count avg_visitors
    avg_page_views avg_conversion_rate currency product_impressions""",
    [
        (1, "100.00", "40.00", "110.00", "0.5", 4, "3", "50", "80", "0.08", "USD", 900),
        (2, "50.00", None, "55.00", "0.2", 1, "1", "150", "200", "0.02", "USD", None),
        (3, "10.00", None, None, None, 1, "1", "20", "30", None, "USD", 100),
    ],
)
SHOP_HOURS: Rows = (
    "shop_performance_hourly",
    "hour gmv items_sold visitors currency",
    [(1, 9, "60.00", 2, 30, "USD"), (1, 23, "40.00", 1, 20, "USD"), (2, 0, "5.00", 1, 9, "USD")],
)
LISTINGS: Rows = (
    "product_performance_daily",
    "product_id gmv orders items_sold product_impressions product_clicks seller_live_gmv currency",
    [
        (1, "P1", "20.00", 2, 2, 400, 40, "15.00", "USD"),
        (2, "P1", "0", 0, 0, 100, 0, None, None),
        (1, "P2", "5.50", 1, 1, 50, 10, None, "USD"),
        (3, "P3", "99.00", 5, 5, None, None, None, "USD"),
    ],
)
VARIANTS: Rows = (
    "sku_performance_daily",
    "sku_id product_id gmv sku_orders units_sold currency",
    [(1, "S1", "P1", "20.00", 1, 2, "USD"), (2, "S1", "P1", "1.00", 1, 1, "USD")],
)
VIDEOS: Rows = (
    "video_performance_daily",
    "video_id title username video_post_time duration gmv views click_through_rate currency",
    [
        (1, "7", "Cups", "potter", "2026-07-30 18:05:00", "20", "30.00", 1000, "0.1", "USD"),
        (2, "7", "Cups", "potter", "2026-07-30 18:05:00", "20", "0", 3000, "0.02", "USD"),
        (2, "8", "Hats", "milliner", "yesterday", "60", "10.00", 500, None, "USD"),
        (2, "0", None, None, None, None, "4.00", 100, None, "USD"),
    ],
)
LIVES: Rows = (
    "live_sessions",
    """live_id title username start_time end_time gmv sku_orders items_sold viewers views
    avg_viewing_duration pcu acu product_clicks currency""",
    [
        (1, "L1", "Evening", "potter", at("2026-08-01 20:00"), at("2026-08-01 21:00"), "60.00", 6,
         6, 300, 400, "30", 50, "20", 40, "USD"),
        (2, "L2", "Guest", "creator", at("2026-08-02 20:00"), at("2026-08-02 22:00"), "90.00", 9,
         10, None, None, None, None, None, None, "USD"),
        (3, "L3", "Morning", "potter", at("2026-08-03 05:00"), at("2026-08-03 08:00"), "10.00", 1,
         1, 100, 100, "60", 30, "10", 10, "USD"),
    ],
)  # fmt: skip


# -- the shop ------------------------------------------------------------------------------------


def test_tiktoks_figures_stand_beside_ours_by_the_shops_own_day(shop: Answering) -> None:
    assert shop.rows("date", "gmv", "shop_gmv", "shop_product_impressions") == [
        ["20260801", 33.75, 100.0, 900], ["20260802", 0.0, 50.0, None],
        ["20260803", 100.0, 10.0, 100],
    ]  # fmt: skip


def test_what_tiktok_does_not_tell_is_empty_and_not_zero(shop: Answering) -> None:
    assert shop.rows("date", "shop_gmv_live", "shop_gross_revenue") == [
        ["20260801", 40.0, 110.0], ["20260802", None, 55.0], ["20260803", None, None],
    ]  # fmt: skip
    assert shop.rows("shop_gmv_live", "shop_gross_revenue") == [[40.0, 165.0]]


def test_shares_and_rates_of_several_days_weigh_each_day(shop: Answering) -> None:
    # Half of 110 and a fifth of 55; 8 % of 50 visitors and 2 % of 150; the third day tells neither.
    [[share, conversion, value]] = shop.rows(
        "shop_gross_revenue_gmv_max_share", "shop_conversion_rate", "shop_aov"
    )
    assert share == pytest.approx((55 + 11) / 165)
    assert conversion == pytest.approx((4 + 3) / 200)
    assert value == pytest.approx(160 / 6)
    by_day = shop.rows("date", "shop_conversion_rate")
    assert [day[1] for day in by_day] == [pytest.approx(0.08), pytest.approx(0.02), None]


def test_hours_are_those_of_the_shops_own_zone(shop: Answering) -> None:
    for zone in ("UTC", "Asia/Tokyo"):
        assert shop.rows("date_hour", "hourly_gmv", options={"time_zone": zone}) == [
            ["2026080109", 60.0], ["2026080123", 40.0], ["2026080200", 5.0],
        ]  # fmt: skip
    assert shop.rows("hour", "hourly_items_sold") == [["00", 1], ["09", 2], ["23", 1]]


def test_hours_of_two_clocks_in_one_row_are_named(shop: Answering) -> None:
    """Order A, placed at 10:00 UTC, and what TikTok counts at 09 by the clock of Los Angeles."""
    note = (
        "First shop: TikTok's own figures are by the shop's clock (America/Los_Angeles), all other "
        "numbers by the report's (UTC)."
    )
    rows = shop.rows("hour", "gmv", "hourly_gmv", "data_note", days=("2026-08-01", "2026-08-01"))
    assert rows[0] == ["09", 0.0, 60.0, note]
    assert rows[1][:3] == ["10", 25.5, 0.0]
    reply = shop.post("getData", request_for("date", "gmv", "shop_gmv"))
    assert note in json.loads(reply.headers["X-Answer"])["notes"]
    own = {"options": {"time_zone": "America/Los_Angeles"}}
    for fields, changes in (
        (("hour", "gmv", "hourly_gmv"), own),
        (("hour", "hourly_gmv"), {}),
        (("hour", "gmv"), {}),
        (("product_id", "gmv", "pa_gmv"), {}),
    ):
        reply = shop.post("getData", request_for(*fields, **changes))
        assert note not in reply.headers["X-Answer"], fields


# -- listings and variants -----------------------------------------------------------------------


def test_gmv_refunds_impressions_and_clicks_go_in_one_table_by_product(shop: Answering) -> None:
    fields = ("gmv", "refund_subtotal", "pa_impressions", "pa_clicks")
    assert shop.rows("product_id", *fields) == [
        ["P1", 28.25, 10.0, 500, 40], ["P2", 5.5, 0.0, 50, 10], ["P3", 100.0, 0.0, None, None],
    ]  # fmt: skip
    assert shop.rows("pa_product_id", "product_title", "pa_gmv", "gmv") == [
        ["P1", "Cup", 20.0, 28.25], ["P2", '=Hat "x"', 5.5, 5.5], ["P3", "Old", 99.0, 100.0],
    ]  # fmt: skip


def test_a_listings_name_beside_its_impressions_is_that_of_now(shop: Answering) -> None:
    assert shop.rows("product_name", "pa_gmv") == [['=Hat "x"', 5.5], ["Cup", 20.0], ["Old", 99.0]]


def test_orders_per_click_leave_out_days_without_clicks_told(shop: Answering) -> None:
    # 3 orders of 50 clicks; the 5 orders of P3 have no clicks to go with.
    [[to_order, through]] = shop.rows("pa_click_to_order_rate", "pa_ctr")
    assert to_order == pytest.approx(3 / 50)
    assert through == pytest.approx(50 / 550)


def test_a_day_of_visits_alone_belongs_to_the_currency_of_the_shop(shop: Answering) -> None:
    assert shop.rows("currency", "pa_impressions", "pa_gmv") == [["USD", 550, 124.5]]


def test_variants_and_their_figures(shop: Answering) -> None:
    assert shop.rows("ska_sku_id", "product_id", "ska_gmv", "ska_units_sold", "items_sold") == [
        ["S1", "P1", 21.0, 3, 2], ["S2", "P1", 0.0, 0, 1], ["S3", "P2", 0.0, 0, 1],
        ["S4", "P3", 0.0, 0, 1],
    ]  # fmt: skip


# -- videos --------------------------------------------------------------------------------------


def test_a_video_over_several_days(shop: Answering) -> None:
    """A posting time is shown as TikTok writes it; one that is no time is empty."""
    rows = shop.rows(
        "video_id", "video_post_time", "video_url", "video_gmv", "video_views", "video_ctr",
        "video_gpm", options={"time_zone": "America/New_York"},
    )  # fmt: skip
    assert [row[:5] for row in rows] == [
        ["0", None, None, 4.0, 100],
        ["7", "20260730180500", "https://www.tiktok.com/@potter/video/7", 30.0, 4000],
        ["8", None, "https://www.tiktok.com/@milliner/video/8", 10.0, 500],
    ]
    # A tenth of 1,000 views and a fiftieth of 3,000.
    assert [row[5] for row in rows] == [None, pytest.approx(160 / 4000), None]
    assert [row[6] for row in rows] == [40.0, 7.5, 20.0]


def test_videos_are_counted_once_and_the_unknown_ones_not(shop: Answering) -> None:
    assert shop.rows("video_count") == [[2]]
    assert shop.rows("date", "video_count") == [["20260801", 1], ["20260802", 2]]


def test_the_length_of_videos_is_a_text_of_seconds(shop: Answering) -> None:
    assert shop.rows("video_title", "video_duration") == [
        ["Cups", "20.0"], ["Hats", "60.0"], [None, None],
    ]  # fmt: skip


# -- LIVEs ---------------------------------------------------------------------------------------


def test_lives_begin_on_a_day_of_the_shop(shop: Answering) -> None:
    # 2026-08-03 05:00 UTC is 2026-08-02 22:00 in Los Angeles; TikTok's day of the LIVE stands.
    assert shop.rows("date", "live_id", "live_sessions", "live_gmv", "live_duration") == [
        ["20260801", "L1", 1, 60.0, "3600"], ["20260802", "L2", 1, 90.0, "7200"],
        ["20260803", "L3", 1, 10.0, "10800"],
    ]  # fmt: skip
    assert shop.rows("live_sessions", "live_gmv", "live_avg_price") == [
        [3, 160.0, pytest.approx(160 / 17)]
    ]


def test_what_viewers_did_is_told_of_own_accounts_only(shop: Answering) -> None:
    assert shop.rows("live_username", "live_views", "live_peak_viewers", "live_sku_orders") == [
        ["creator", None, None, 9], ["potter", 500, 50, 7],
    ]  # fmt: skip


def test_means_of_lives_weigh_what_they_are_means_of(shop: Answering) -> None:
    # 30 s of 400 views and 60 s of 100; 20 viewers for an hour and 10 for three; 7 orders of 50
    # clicks, without the guest's 9.
    [[watched, viewers, ordered, clicked]] = shop.rows(
        "live_avg_view_duration", "live_avg_concurrent", "live_click_to_order_rate", "live_ctr"
    )
    assert float(watched) == pytest.approx(18_000 / 500)
    assert viewers == pytest.approx((20 * 1 + 10 * 3) / 4)
    assert ordered == pytest.approx(7 / 50)
    assert clicked == pytest.approx(50 / 500)
