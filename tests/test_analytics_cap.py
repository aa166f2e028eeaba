"""TikTok's own figures: days of the shop's own zone, the last sixty of them, up to yesterday.

The shop is in Los Angeles; there it is 2026-08-20, so that its days go from 06-21 to 08-19.

day    GMV    visitors  buyers
06-20  1000   -         -
06-21  100    9         4
08-18  10     7         3
08-19  20     5         2          by hour: 09 4.00, 23 16.00
08-20  5000   -         -          by hour: 00 1.50

orders, one each: 06-10 12:00, 07-01 12:00, 08-19 03:00 UTC
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connector.reads import Clamp
from connector.select import Days, ShopScope
from tests.answering import HandMadeShop, answering, at
from tests.planning import US, Shelf, planned

TODAY = dt.date(2026, 8, 20)
LA = ShopScope(
    "111", "First shop", "US", "LOCAL", ("USD",), "UTC", "America/Los_Angeles", TODAY
)  # fmt: skip
LONG = ("2026-06-01", "2026-08-31")
DAYS = [
    ("2026-06-20", "1000", None, None),
    ("2026-06-21", "100", "9", 4),
    ("2026-08-18", "10", "7", 3),
    ("2026-08-19", "20", "5", 2),
    ("2026-08-20", "5000", None, None),
]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    test = answering(tmp_path_factory.mktemp("analytics"))
    shop = test.shop(HandMadeShop("111", "First shop", "US"))
    shared = {"currency": "USD"}
    test.write(
        shop,
        "shop_performance_daily",
        [
            {"date": day, "day": at(day), "gmv": gmv, "avg_visitors": visitors, "buyers": buyers}
            | shared
            for day, gmv, visitors, buyers in DAYS
        ],
    )
    test.write(
        shop,
        "shop_performance_hourly",
        [
            {"date": day, "day": at(day), "hour": hour, "gmv": gmv, "visitors": 3} | shared
            for day, hour, gmv in [
                ("2026-08-19", 9, "4.00"),
                ("2026-08-19", 23, "16.00"),
                ("2026-08-20", 0, "1.50"),
            ]
        ],
    )
    test.write(
        shop,
        "orders",
        [
            {"order_id": str(key), "order_key": key, "create_time": at(when)}
            | {"update_time": at(when), "paid_time": at(when), "status": "COMPLETED"}
            | shared
            for key, when in [
                (1, "2026-06-10 12:00"),
                (2, "2026-07-01 12:00"),
                (3, "2026-08-19 03:00"),
            ]
        ],
    )
    test.cover(shop, "2026-06-01", "2026-08-20 12:00", "orders")
    analytics = ("shop_performance", "shop_exposure", "shop_performance_hourly")
    test.cover(shop, "2026-06-01", "2026-08-21", *analytics)
    test.publish(shop)
    yield Shelf(test, {"111": LA}, TODAY)
    test.here.close()


def test_sixty_days_before_today_are_shown_and_no_more(shelf: Shelf) -> None:
    assert shelf.rows("shop_gmv", days=LONG) == [[130.0]]
    assert shelf.rows("date", "shop_gmv", days=LONG) == [
        ["20260621", 100.0],
        ["20260818", 10.0],
        ["20260819", 20.0],
    ]


def test_the_answer_says_what_was_left_out(shelf: Shelf) -> None:
    made = shelf.plan("shop_gmv", "orders", days=LONG)
    about = "TikTok's own figures of the shop by day."
    kept = (dt.date(2026, 6, 21), dt.date(2026, 8, 19))
    assert made.clamped == (Clamp("shop_performance_daily", about, *kept),)
    assert made.notes == (
        "TikTok's own figures of the shop by day: shown from 2026-06-21 to 2026-08-19 only.",
    )
    assert shelf.plan("shop_gmv", days=("2026-06-21", "2026-08-19")).clamped == ()


def test_facts_without_a_cap_keep_the_whole_range(shelf: Shelf) -> None:
    made = shelf.plan("shop_gmv", "orders", days=LONG)
    ranges = {read.fact: (read.days["111"], read.clamped) for read in made.reads}
    assert ranges == {
        "shop_performance_daily": (Days(dt.date(2026, 6, 21), dt.date(2026, 8, 19)), True),
        "orders": (Days(dt.date(2026, 6, 1), dt.date(2026, 8, 31)), False),
    }


def test_days_beyond_the_cap_are_empty_beside_other_facts_and_never_zero(shelf: Shelf) -> None:
    assert shelf.rows("date", "orders", "shop_gmv", days=LONG) == [
        ["20260610", 1, None],
        ["20260621", 0, 100.0],
        ["20260701", 1, 0.0],
        ["20260818", 0, 10.0],
        ["20260819", 1, 20.0],
    ]
    assert shelf.rows("year_month", "orders", "shop_gmv", days=LONG) == [
        ["202606", 1, 100.0],
        ["202607", 1, 0.0],
        ["202608", 1, 30.0],
    ]


def test_the_shops_own_today_decides_and_not_the_reports(shelf: Shelf) -> None:
    assert shelf.rows("shop_gmv", days=LONG, today=dt.date(2026, 12, 1)) == [[130.0]]


def test_days_once_read_are_kept_and_a_switch_of_the_shop_serves_them(shelf: Shelf) -> None:
    serving = Shelf(shelf.test, {"111": replace(LA, serves_kept=True)}, TODAY)
    # Today is never shown: it is not whole.
    assert serving.rows("shop_gmv", days=LONG) == [[1130.0]]


def test_a_range_beyond_the_cap_is_empty_with_a_note(shelf: Shelf) -> None:
    before = ("2026-06-01", "2026-06-20")
    made = shelf.plan("shop_gmv", "orders", days=before)
    assert shelf.rows("shop_gmv", "orders", days=before) == [[None, 1]]
    assert shelf.rows("date", "shop_gmv", days=before) == []
    assert made.clamped[0].first is None
    assert made.notes[0] == (
        "TikTok's own figures of the shop by day: shown from 2026-06-21 to 2026-08-19 only, and "
        "there is no such day in this date range."
    )
    assert shelf.rows("shop_gmv", days=("2026-08-20", "2026-08-20")) == [[None]]


def test_a_day_of_the_shop_stays_that_day_in_every_zone(shelf: Shelf) -> None:
    tokyo = Shelf(shelf.test, {"111": replace(LA, zone="Asia/Tokyo")}, TODAY)
    one_day = ("2026-08-19", "2026-08-19")
    assert tokyo.rows("date", "shop_gmv", days=one_day) == [["20260819", 20.0]]
    # 2026-08-19 03:00 UTC is noon in Tokyo, and 20:00 of the day before in Los Angeles.
    assert tokyo.rows("date", "orders", "shop_gmv", days=one_day) == [["20260819", 1, 20.0]]
    here = Shelf(shelf.test, {"111": replace(LA, zone=LA.own_zone)}, TODAY)
    assert here.rows("date", "orders", "shop_gmv", days=("2026-08-18", "2026-08-19")) == [
        ["20260818", 1, 10.0],
        ["20260819", 0, 20.0],
    ]


def test_hours_are_those_of_the_shop_and_reach_into_today(shelf: Shelf) -> None:
    tokyo = Shelf(shelf.test, {"111": replace(LA, zone="Asia/Tokyo")}, TODAY)
    assert tokyo.rows("date_hour", "hourly_gmv", days=LONG) == [
        ["2026081909", 4.0],
        ["2026081923", 16.0],
        ["2026082000", 1.5],
    ]
    assert tokyo.rows("hour", "hourly_gmv", days=("2026-08-19", "2026-08-19")) == [
        ["09", 4.0],
        ["23", 16.0],
    ]


def test_hours_reach_back_thirty_days_with_today_among_them() -> None:
    (read,) = planned("hour", "hourly_gmv", shops=[LA], days=LONG).reads
    assert read.days["111"] == Days(dt.date(2026, 7, 22), TODAY)


def test_every_shop_has_its_own_today() -> None:
    tokyo = replace(US, shop_id="222", own_zone="Asia/Tokyo", today=dt.date(2026, 8, 21))
    (read,) = planned("shop_gmv", shops=[LA, tokyo], days=LONG).reads
    assert read.days == {
        "111": Days(dt.date(2026, 6, 21), dt.date(2026, 8, 19)),
        "222": Days(dt.date(2026, 6, 22), dt.date(2026, 8, 20)),
    }


def test_the_number_of_days_is_a_setting() -> None:
    (read,) = planned("shop_gmv", shops=[LA], days=LONG, analytics_days=7).reads
    assert read.days["111"] == Days(dt.date(2026, 8, 13), dt.date(2026, 8, 19))


@pytest.mark.parametrize("name", ["shop_gmv", "pa_gmv", "ska_gmv", "video_gmv", "live_gmv"])
def test_every_figure_of_tiktoks_own_is_capped(name: str) -> None:
    assert planned(name, shops=[LA], days=LONG).clamped


def test_hand_made_days_are_what_this_text_says(shelf: Shelf) -> None:
    values: list[Any] = shelf.rows("date", "shop_visitors", "shop_buyers", days=LONG)
    assert values == [["20260621", 9, 4], ["20260818", 7, 3], ["20260819", 5, 2]]
