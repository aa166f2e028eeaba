"""What becomes of TikTok's own figures: a row per day and thing, nothing that is not ready yet, one
spelling of every rate, null for what is not told. Expected values were worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from backfill.days import (
    Asked,
    Reader,
    as_date,
    day_begins_at,
    day_named,
    day_of,
    days_to_read,
    known_until,
    pieces,
)
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
from backfill.normalise.rows import Normalised
from backfill.windows import DAY
from store.commits import Covered

#: 12 September 2026, on the axis of days.
TWELFTH = 1_789_171_200
ELEVENTH = TWELFTH - DAY
THIRTEENTH = TWELFTH + DAY

#: The day asked for is there.
ASKED = Asked(TWELFTH, THIRTEENTH, THIRTEENTH, "America/Chicago", "202605")


def rows_of(normalised: Normalised) -> list[dict[str, Any]]:
    """Rows by column, without what is null."""
    assert normalised.rejected == ()
    (write,) = normalised.writes
    return [
        {name: value for name, value in zip(write.columns, row, strict=True) if value is not None}
        for row in write.rows
    ]


# --- days ---


def test_a_day_is_a_date_on_the_shops_own_wall() -> None:
    # 2026-09-13 03:30 UTC is still the evening of the 12th in Chicago (UTC-5), and noon in Manila.
    instant = THIRTEENTH + 3 * 3600 + 1800
    assert day_of(instant, "America/Chicago") == TWELFTH
    assert day_of(instant, "Asia/Manila") == THIRTEENTH
    assert as_date(TWELFTH) == "2026-09-12"
    assert day_named("2026-09-12") == TWELFTH
    assert day_named("tomorrow") is None
    assert day_begins_at(TWELFTH, "America/Chicago") == TWELFTH + 5 * 3600


def test_days_of_23_and_25_hours_are_one_day_each() -> None:
    # In Chicago the 8th of March 2026 begins at 06:00 UTC and the 9th at 05:00 UTC.
    eighth = day_named("2026-03-08") or 0
    assert (
        day_begins_at(eighth + DAY, "America/Chicago") - day_begins_at(eighth, "America/Chicago")
        == 23 * 3600
    )
    first = day_named("2026-11-01") or 0
    assert (
        day_begins_at(first + DAY, "America/Chicago") - day_begins_at(first, "America/Chicago")
        == 25 * 3600
    )


#: Noon of the 13th in London.
READER = Reader(THIRTEENTH + 11 * 3600, "Europe/London", depth_days=60, settles_after=3)


def test_the_first_reading_asks_for_every_day_of_the_depth_newest_first() -> None:
    days = days_to_read((0, THIRTEENTH), [], READER)
    assert (len(days), days[0], days[-1]) == (60, TWELFTH, THIRTEENTH - 60 * DAY)


def test_a_day_that_was_read_young_is_read_again_until_it_has_settled() -> None:
    yesterday = READER.now - DAY
    read = [Covered("x", THIRTEENTH - 60 * DAY, TWELFTH, int(yesterday))]
    # The 12th is new. The 11th and the 10th were one and two days old when they were read; the 9th
    # was three days old: it is final.
    assert days_to_read((0, THIRTEENTH), read, READER) == [TWELFTH, ELEVENTH, ELEVENTH - DAY]


def test_a_second_sync_of_the_same_day_does_not_read_young_days_again() -> None:
    read = [Covered("x", THIRTEENTH - 60 * DAY, THIRTEENTH, int(READER.now - 12 * 3600))]
    assert days_to_read((0, THIRTEENTH), read, READER) == []


#: The same noon, where a day costs a call.
DEAR = replace(READER, a_call_a_day=True)


def _days_read_at(of_september: Mapping[int, float]) -> list[Covered]:
    """Every day of the depth, read this moment but for those named; 0: not at all."""
    read_at = {THIRTEENTH - age * DAY: READER.now for age in range(1, 61)}
    read_at |= {THIRTEENTH + (day - 13) * DAY: at for day, at in of_september.items()}
    return [Covered("x", day, day + DAY, int(at)) for day, at in read_at.items() if at]


def test_a_day_that_costs_a_call_is_read_again_once_when_it_has_settled() -> None:
    """The 10th has settled on the 13th, the 11th has not."""
    read = _days_read_at({11: TWELFTH + 12 * 3600, 10: ELEVENTH + 12 * 3600})
    assert days_to_read((0, THIRTEENTH), read, DEAR) == [THIRTEENTH - 3 * DAY]
    read = _days_read_at({11: TWELFTH + 12 * 3600})
    assert days_to_read((0, THIRTEENTH), read, DEAR) == []


def test_what_is_read_again_waits_for_the_first_half_of_a_day_but_a_day_at_most() -> None:
    """In the afternoon, the 10th has settled 16 hours ago, the 9th 40 hours ago."""
    afternoon = replace(DEAR, now=THIRTEENTH + 15 * 3600)
    read = _days_read_at({12: 0, 10: ELEVENTH + 12 * 3600})
    assert days_to_read((0, THIRTEENTH), read, afternoon) == [TWELFTH], "what is new waits never"
    read = _days_read_at({12: 0, 9: ELEVENTH})
    assert days_to_read((0, THIRTEENTH), read, afternoon) == [TWELFTH, THIRTEENTH - 4 * DAY]


def test_a_day_read_in_part_is_read_again() -> None:
    read = [Covered("x", THIRTEENTH - 60 * DAY, THIRTEENTH - 3600, int(READER.now))]
    assert days_to_read((0, THIRTEENTH), read, READER) == [TWELFTH]


def test_neighbouring_days_share_a_call() -> None:
    days = [TWELFTH, ELEVENTH, ELEVENTH - DAY, ELEVENTH - 5 * DAY]
    assert pieces(days, 2) == [
        (ELEVENTH, THIRTEENTH),
        (ELEVENTH - DAY, ELEVENTH),
        (ELEVENTH - 5 * DAY, ELEVENTH - 4 * DAY),
    ]
    assert pieces(days, 1) == [(day, day + DAY) for day in days]


def test_days_that_were_read_fill_the_gap_in_a_call_and_others_do_not() -> None:
    """A day that TikTok refused was not read: the call would be refused with it."""
    days = [TWELFTH, THIRTEENTH - 4 * DAY]
    read = [Covered("x", THIRTEENTH - 3 * DAY, TWELFTH, 0)]
    assert pieces(days, 30, read) == [(THIRTEENTH - 4 * DAY, THIRTEENTH)]
    assert pieces(days, 30, read[:0]) == [(day, day + DAY) for day in days]
    assert pieces(days, 3, read) == [(day, day + DAY) for day in days]


@pytest.mark.parametrize(
    ("answer", "until"),
    [
        ({"latest_available_date": "2026-09-11"}, TWELFTH),
        # 04:59:59 UTC of the 13th is the last second of the 12th in Chicago.
        ({"performance": {"latest_available_timestamp": THIRTEENTH + 5 * 3600 - 1}}, THIRTEENTH),
        ({"performance": {"latest_available_timestamp": "1789243200"}}, TWELFTH + 15 * 3600),
        ({}, TWELFTH),
        ({"latest_available_date": "soon"}, TWELFTH),
    ],
)
def test_tiktok_says_up_to_where_its_figures_are_complete(
    answer: dict[str, Any], until: int
) -> None:
    assert known_until(answer, THIRTEENTH, "America/Chicago") == until


# --- the shop by day ---

SHOP_DAY: dict[str, Any] = {
    "start_date": "2026-09-12",
    "end_date": "2026-09-13",
    "sales": {
        "gmv": {
            "overall": {"amount": "1234.50", "currency": "USD"},
            "breakdowns": [
                {"type": "LIVE", "gmv": {"amount": "200.00", "currency": "USD"}},
                {"type": "VIDEO", "gmv": {"amount": "1034.5", "currency": "USD"}},
                {"type": "HOLOGRAM", "gmv": {"amount": "1", "currency": "USD"}},
            ],
        },
        "gross_revenue": {
            "overall": {"amount": "1300", "currency": "USD"},
            "breakdowns": [
                {"type": "NON_GMV_MAX", "percentage": "62.5%"},
                {"type": "GMV_MAX", "percentage": "37.5%"},
            ],
        },
        "orders_count": 41,
        "sku_orders_count": 44,
        "items_sold": 50,
        "refunds": {"amount": "12.30", "currency": "USD"},
        "avg_customers_count": 39,
    },
    "traffic": {
        "avg_page_views": 900,
        "avg_visitors": 700,
        "avg_conversation_rate": "0.0557",
    },
}


def test_a_day_of_the_shop_is_one_row_with_what_was_told() -> None:
    answer = {"latest_available_date": "2026-09-12", "performance": {"intervals": [SHOP_DAY]}}
    assert rows_of(normalise_shop_days([answer], ASKED)) == [
        {
            "date": "2026-09-12",
            "day": TWELFTH,
            "api_version": "202605",
            "currency": "USD",
            "gmv": "1234.50",
            "gmv_live": "200.00",
            "gmv_video": "1034.5",
            "gross_revenue": "1300",
            "gmv_max_share": "0.375",
            "orders_count": 41,
            "sku_orders_count": 44,
            "items_sold": 50,
            "refunds": "12.30",
            "avg_customers_count": "39",
            "avg_page_views": "900",
            "avg_visitors": "700",
            "avg_conversion_rate": "0.0557",
        }
    ]


def test_missing_keys_are_null_and_not_zero() -> None:
    answer = {"performance": {"intervals": [{"start_date": "2026-09-12", "sales": {}}]}}
    assert rows_of(normalise_shop_days([answer], ASKED)) == [
        {"date": "2026-09-12", "day": TWELFTH, "api_version": "202605"}
    ]
    assert rows_of(normalise_shop_days([{}], ASKED)) == []


def test_a_day_that_is_not_ready_is_left_out_whatever_it_holds() -> None:
    """After its newest day TikTok gives half numbers: impressions without sales."""
    later = {**SHOP_DAY, "start_date": "2026-09-13", "end_date": "2026-09-14"}
    answer = {"performance": {"intervals": [SHOP_DAY, later]}}
    asked = Asked(TWELFTH, THIRTEENTH + DAY, THIRTEENTH, "UTC", "202509")
    assert [row["date"] for row in rows_of(normalise_shop_days([answer], asked))] == ["2026-09-12"]


def test_a_bucket_of_several_days_is_no_day() -> None:
    answer = {"performance": {"intervals": [{**SHOP_DAY, "end_date": "2026-09-19"}, SHOP_DAY]}}
    normalised = normalise_shop_days([answer], ASKED)
    assert normalised.rejected == (
        ("performance.intervals[0].end_date", "is not the end of one day"),
    )
    assert len(normalised.writes[0].rows) == 1


def test_the_older_call_adds_buyers_and_impressions() -> None:
    interval = {
        "start_date": "2026-09-12",
        "end_date": "2026-09-13",
        "buyers": 38,
        "product_impressions": 5200,
        "product_impression_breakdowns": [
            {"type": "LIVE", "amount": 200},
            {"type": "PRODUCT_CARD", "amount": 5000},
        ],
        "cancellations_and_returns": 4,
        "gmv": {"amount": "1", "currency": "USD"},
    }
    answer = {"performance": {"intervals": [interval]}}
    assert rows_of(normalise_shop_exposure([answer], ASKED)) == [
        {
            "date": "2026-09-12",
            "day": TWELFTH,
            "exposure_api_version": "202605",
            "buyers": 38,
            "product_impressions": 5200,
            "product_impressions_live": 200,
            "product_impressions_product_card": 5000,
            "cancellations_and_returns": 4,
        }
    ]


def test_overviews_of_videos_and_lives_are_columns_of_the_same_day() -> None:
    day = {"start_date": "2026-09-12", "gmv": {"amount": "7.5"}, "sku_orders": 3}
    videos = {**day, "product_impressions": 90, "product_clicks": 9}
    lives = {**day, "items_sold": 4, "customers": 2, "click_to_order_rate": "12.5%"}
    shared = {"date": "2026-09-12", "day": TWELFTH}
    assert rows_of(normalise_videos_days([{"performance": {"intervals": [videos]}}], ASKED)) == [
        {
            **shared,
            "videos_api_version": "202605",
            "videos_gmv": "7.5",
            "videos_sku_orders": 3,
            "videos_product_impressions": 90,
            "videos_product_clicks": 9,
        }
    ]
    assert rows_of(normalise_lives_days([{"performance": {"intervals": [lives]}}], ASKED)) == [
        {
            **shared,
            "lives_api_version": "202605",
            "lives_gmv": "7.5",
            "lives_sku_orders": 3,
            "lives_items_sold": 4,
            "lives_customers": 2,
            "lives_click_to_order_rate": "0.125",
        }
    ]


# --- by hour ---


def test_hours_that_are_not_over_come_as_zeroes_and_are_left_out() -> None:
    gmv = {"amount": "5.00", "currency": "USD"}
    hours = [
        {"index": hour, "gmv": gmv, "items_sold": 1, "visitors": 9, "customers": 1}
        for hour in (0, 13, 14)
    ]
    asked = Asked(TWELFTH, THIRTEENTH, TWELFTH + 14 * 3600, "UTC", "202510")
    rows = rows_of(normalise_shop_hours([{"performance": {"intervals": hours}}], asked))
    assert [row["hour"] for row in rows] == [0, 13]
    assert rows[1] == {
        "date": "2026-09-12",
        "day": TWELFTH,
        "api_version": "202510",
        "hour": 13,
        "gmv": "5.00",
        "currency": "USD",
        "items_sold": 1,
        "visitors": 9,
        "customers": 1,
    }


def test_an_hour_no_day_has_is_put_aside() -> None:
    normalised = normalise_shop_hours([{"performance": {"intervals": [{"index": 24}]}}], ASKED)
    assert normalised.rejected == (("performance.intervals[0].index", "is not an hour of a day"),)


# --- listings, variants, videos ---


def test_a_listing_has_a_column_for_every_channel_and_null_for_idle_ones() -> None:
    usd = {"currency": "USD"}
    product = {
        "id": "1729",
        "total_performance": {
            "gmv": {"amount": "100.00", **usd},
            "gmv_incl_tax": {"amount": "108.00", **usd},
            "orders": 9,
            "estimated_customers": 8,
            "product_impressions": 1000,
            "product_clicks": 50,
            "ctr": "0.05",
            "unique_clicks": 44,
        },
        "affiliate_total_performance": {
            "attributed_gmv": {"amount": "60", **usd},
            "attributed_orders": 5,
            "attributed_sold_items": 6,
        },
        "affiliate_live_performance": {
            "live_attributed_gmv": {"amount": "40", **usd},
            "atc_users": 7,
            "new_live_count": 2,
        },
        "affiliate_video_performance": {"attributed_video_gmv": {"amount": "20", **usd}},
        "seller_product_card_performance": {"attributed_gmv": {"amount": "33", **usd}},
        "shop_tab_performance": {
            "shop_tab_gmv": {"amount": "5", **usd},
            "estimated_shop_tab_customers": 1,
            "unique_shop_tab_product_clicks": 3,
        },
        "future_block": {"x": 1},
    }
    assert rows_of(normalise_product_days([product], ASKED)) == [
        {
            "date": "2026-09-12",
            "day": TWELFTH,
            "api_version": "202605",
            "product_id": "1729",
            "currency": "USD",
            "gmv": "100.00",
            "gmv_incl_tax": "108.00",
            "orders": 9,
            "estimated_customers": 8,
            "product_impressions": 1000,
            "product_clicks": 50,
            "unique_clicks": 44,
            "affiliate_gmv": "60",
            "affiliate_orders": 5,
            "affiliate_sold_items": 6,
            "affiliate_live_gmv": "40",
            "affiliate_live_add_cart_users": 7,
            "affiliate_live_new_live_count": 2,
            "affiliate_video_gmv": "20",
            "seller_product_card_gmv": "33",
            "shop_tab_gmv": "5",
            "shop_tab_estimated_customers": 1,
            "shop_tab_unique_clicks": 3,
        }
    ]


def test_the_older_list_of_listings_calls_its_block_otherwise() -> None:
    older = {
        "id": "1729",
        "overall_performance": {
            "gmv": {"amount": "7", "currency": "GBP"},
            "orders": 2,
            "items_sold": 3,
        },
    }
    (row,) = rows_of(normalise_product_days([older], ASKED))
    assert (row["gmv"], row["currency"], row["orders"], row["items_sold"]) == ("7", "GBP", 2, 3)


def test_nothing_is_kept_of_a_list_whose_day_is_not_ready() -> None:
    not_ready = Asked(TWELFTH, THIRTEENTH, TWELFTH, "UTC", "202605")
    assert rows_of(normalise_product_days([{"id": "1"}], not_ready)) == []
    assert rows_of(normalise_video_days([{"id": "1"}], not_ready)) == []


def test_ids_of_variants_come_as_numbers_and_stay_exact() -> None:
    sku = {
        "id": 1_729_439_634_328_225_261,
        "product_id": 1_729_439_631_253_210_605,
        "gmv": {"amount": "9.90", "currency": "USD"},
        "sku_orders": 1,
        "units_sold": 2,
    }
    (row,) = rows_of(normalise_sku_days([sku], ASKED))
    assert row["sku_id"] == "1729439634328225261"
    assert row["product_id"] == "1729439631253210605"
    assert (row["gmv"], row["sku_orders"], row["units_sold"]) == ("9.90", 1, 2)


@pytest.mark.parametrize(
    ("spelling", "fraction"),
    [("0.0528", "0.0528"), ("5.28%", "0.0528"), ("12.5%", "0.125"), ("100%", "1.00"), ("0", "0")],
)
def test_both_spellings_of_a_rate_are_one_fraction(spelling: str, fraction: str) -> None:
    (row,) = rows_of(normalise_video_days([{"id": "5", "click_through_rate": spelling}], ASKED))
    assert row["click_through_rate"] == fraction


def test_a_video_keeps_its_public_handle_and_nothing_else_of_its_creator() -> None:
    video = {
        "id": "7301",
        "title": "Look at this mug",
        "username": "mugshop",
        "creator": {
            "open_id": "dummy-open-id",
            "user_name": "mugshop",
            "nick_name": "A Person",
            "author_type": "AFFILIATE",
        },
        "video_post_time": "2026-09-01 18:30:00",
        "duration": 31.5,
        "hash_tags": ["mug", "coffee"],
        "gmv": {"amount": "50", "currency": "USD"},
        "gpm": {"amount": "12.5", "currency": "USD"},
        "avg_customers": 3,
        "views": 4000,
        "products": [{"id": "1729", "name": "Mug"}, {"id": "1730"}],
    }
    normalised = normalise_video_days([video], ASKED)
    (row,) = rows_of(normalised)
    assert row == {
        "date": "2026-09-12",
        "day": TWELFTH,
        "api_version": "202605",
        "video_id": "7301",
        "title": "Look at this mug",
        "username": "mugshop",
        "author_type": "AFFILIATE",
        "video_post_time": "2026-09-01 18:30:00",
        "duration": "31.5",
        "hash_tags": "mug coffee",
        "product_ids": "1729,1730",
        "gmv": "50",
        "currency": "USD",
        "gpm": "12.5",
        "avg_customers": "3",
        "views": 4000,
    }
    assert "A Person" not in repr(normalised)
    assert "dummy-open-id" not in repr(normalised)


def test_deleted_videos_share_the_id_zero() -> None:
    (row,) = rows_of(normalise_video_days([{"id": "0", "views": 12}], ASKED))
    assert (row["video_id"], row["views"]) == ("0", 12)


# --- LIVE sessions ---

LIVE: dict[str, Any] = {
    "id": "9001",
    "title": "Friday mugs",
    "username": "mugshop",
    # From 22:00 to 01:00 in Chicago, on the night from the 12th to the 13th.
    "start_time": str(THIRTEENTH + 3 * 3600),
    "end_time": str(THIRTEENTH + 6 * 3600),
    "sales_performance": {
        "gmv": {"amount": "80", "currency": "USD"},
        "24h_live_gmv": {"amount": "95", "currency": "USD"},
        "customers": 6,
        "click_to_order_rate": "3.5%",
    },
    "interaction_performance": {"acu": 12.5, "pcu": 40, "views": 300, "avg_viewing_duration": "61"},
}


def test_a_session_belongs_to_the_day_on_which_it_began() -> None:
    (row,) = rows_of(normalise_live_sessions([LIVE], ASKED))
    assert row == {
        "live_id": "9001",
        "date": "2026-09-12",
        "day": TWELFTH,
        "api_version": "202605",
        "title": "Friday mugs",
        "username": "mugshop",
        "start_time": THIRTEENTH + 3 * 3600,
        "end_time": THIRTEENTH + 6 * 3600,
        "currency": "USD",
        "gmv": "80",
        "gmv_24h": "95",
        "customers": 6,
        "click_to_order_rate": "0.035",
        "acu": "12.5",
        "pcu": 40,
        "views": 300,
        "avg_viewing_duration": "61",
    }


def test_the_range_in_which_it_only_ended_does_not_touch_it() -> None:
    next_day = Asked(THIRTEENTH, THIRTEENTH + DAY, THIRTEENTH + DAY, "America/Chicago", "202509")
    assert rows_of(normalise_live_sessions([LIVE], next_day)) == []


def test_sessions_of_days_that_are_not_ready_are_left_out() -> None:
    not_ready = Asked(ELEVENTH, THIRTEENTH, TWELFTH, "America/Chicago", "202509")
    assert rows_of(normalise_live_sessions([LIVE], not_ready)) == []


def test_affiliates_sessions_lack_what_viewers_did() -> None:
    affiliate = {key: value for key, value in LIVE.items() if key != "interaction_performance"}
    (row,) = rows_of(normalise_live_sessions([affiliate], ASKED))
    assert "views" not in row
    assert row["gmv"] == "80"
