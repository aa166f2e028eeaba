"""Counts of different people: exact from our own rows, else as TikTok counts, by day or window.

The shop's figures of two days; in both days together one of the buyers came twice, and so did one
of the customers of P1.

day    buyers  visitors  P1 customers  P2 customers  P1 clicks  V1 customers
08-18  3       7         3             1             10         2
08-19  2       5         2             -             6          1
both   4                 4             1

LIVE L1 of 08-18 had 50 viewers, L2 of 08-19 had 70. Hour 09 of 08-19 had 3 visitors, hour 10 had 4.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connector.counted import Counts, WindowCount
from connector.select import ShopScope
from store.accounts import ShopRow
from tests.answering import ANALYTICS, Answering, HandMadeShop, answering, at
from tests.planning import Shelf, planned, where

TODAY = dt.date(2026, 8, 20)
ONE = ShopScope("111", "First shop", "US", "LOCAL", ("USD",), "UTC", "UTC", TODAY)
TWO = replace(ONE, shop_id="222", name="Second shop")
BOTH_DAYS = ("2026-08-18", "2026-08-19")
FIRST, LAST = dt.date(2026, 8, 18), dt.date(2026, 8, 19)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    test = answering(tmp_path_factory.mktemp("unique"))
    fill(test, test.shop(HandMadeShop("111", "First shop", "US")))
    second = test.shop(HandMadeShop("222", "Second shop", "US"))
    write(test, second, "shop_performance_daily", [("2026-08-18", {"buyers": 10})])
    test.cover(second, "2026-08-01", "2026-08-20", *ANALYTICS)
    test.publish(second)
    yield Shelf(test, {"111": ONE, "222": TWO}, TODAY)
    test.here.close()


def write(test: Answering, shop: ShopRow, table: str, days: list[tuple[str, Any]]) -> None:
    rows = [{"date": day, "day": at(day), "currency": "USD"} | values for day, values in days]
    test.write(shop, table, rows)


def fill(test: Answering, shop: ShopRow) -> None:
    first, last = "2026-08-18", "2026-08-19"
    write(
        test,
        shop,
        "shop_performance_daily",
        [
            (first, {"buyers": 3, "avg_visitors": "7", "gmv": "30"}),
            (last, {"buyers": 2, "avg_visitors": "5", "gmv": "20"}),
        ],
    )
    write(
        test,
        shop,
        "product_performance_daily",
        [
            (first, {"product_id": "P1", "estimated_customers": 3, "product_clicks": 10}),
            (first, {"product_id": "P2", "estimated_customers": 1, "product_clicks": 1}),
            (last, {"product_id": "P1", "estimated_customers": 2, "product_clicks": 6}),
        ],
    )
    write(
        test,
        shop,
        "video_performance_daily",
        [
            (first, {"video_id": "V1", "avg_customers": "2"}),
            (last, {"video_id": "V1", "avg_customers": "1"}),
        ],
    )
    write(
        test,
        shop,
        "live_sessions",
        [
            (first, {"live_id": "L1", "title": "Morning", "viewers": 50}),
            (last, {"live_id": "L2", "title": "Evening", "viewers": 70}),
        ],
    )
    write(
        test,
        shop,
        "shop_performance_hourly",
        [(last, {"hour": 9, "visitors": 3}), (last, {"hour": 10, "visitors": 4})],
    )
    names = [{"product_id": "P1", "title": "Cup"}, {"product_id": "P2", "title": "Hat"}]
    test.write(shop, "products", [{**name, "update_time": 1} for name in names])
    test.cover(shop, "2026-08-01", "2026-08-20", *ANALYTICS, "products")
    test.publish(shop)


def one(shelf: Shelf, *fields: str, **changes: Any) -> list[Any]:
    return shelf.rows(*fields, shops=["111"], **{"days": BOTH_DAYS, **changes})


def counted(shelf: Shelf, *fields: str, **changes: Any) -> Counts:
    """What TikTok answers to each window of the request."""
    answers: dict[tuple[str, str], list[dict[str, object]]] = {
        ("111", "shop_exposure_daily"): [{"buyers": 4, "currency": "USD"}],
        ("222", "shop_exposure_daily"): [{"buyers": 10, "currency": "USD"}],
        ("111", "product_performance_daily"): [
            {"product_id": "P1", "estimated_customers": 4, "unique_clicks": 9},
            {"product_id": "P2", "estimated_customers": 1, "unique_clicks": 1},
        ],
        ("222", "product_performance_daily"): [],
    }
    first = shelf.plan(*fields, known=None, **{"days": BOTH_DAYS, **changes})
    return {window: answers[window.shop_id, window.fact] for window in first.windows}


# -- by day ------------------------------------------------------------------------------------


def test_by_day_they_come_from_the_stored_days(shelf: Shelf) -> None:
    assert one(shelf, "date", "shop_visitors", "shop_buyers") == [
        ["20260818", 7, 3],
        ["20260819", 5, 2],
    ]
    assert one(shelf, "date", "video_id", "video_avg_customers") == [
        ["20260818", "V1", 2],
        ["20260819", "V1", 1],
    ]
    assert one(shelf, "date", "product_id", "pa_customers", "pa_clicks") == [
        ["20260818", "P1", 3, 10],
        ["20260818", "P2", 1, 1],
        ["20260819", "P1", 2, 6],
    ]


def test_a_range_of_one_day_is_that_day(shelf: Shelf) -> None:
    day = ("2026-08-19", "2026-08-19")
    assert one(shelf, "shop_visitors", "shop_buyers", days=day) == [[5, 2]]
    assert one(shelf, "product_title", "pa_customers", days=day) == [["Cup", 2]]
    assert shelf.plan("shop_buyers", shops=["111"], known=None, days=day).windows == ()


def test_two_products_of_a_day_have_people_in_common(shelf: Shelf) -> None:
    assert one(shelf, "date", "pa_customers") == [["20260818", None], ["20260819", 2]]


@pytest.mark.parametrize("time", ["week_iso", "year_month", "day_of_week"])
def test_by_any_other_time_they_are_empty_with_a_note(shelf: Shelf, time: str) -> None:
    values = one(shelf, time, "shop_visitors", "shop_buyers", "shop_gmv")
    assert {tuple(row[1:3]) for row in values} == {(None, None)}
    assert sum(row[3] for row in values) == 50.0
    visitors, buyers = shelf.plan(
        time, "shop_visitors", "shop_buyers", shops=["111"], days=BOTH_DAYS
    ).notes
    assert "Visitors (daily) is empty here" in visitors
    assert "Add Date" in visitors
    assert "over the whole date range" in buyers


def test_hours_do_not_add_up_either(shelf: Shelf) -> None:
    assert one(shelf, "date_hour", "hourly_visitors") == [["2026081909", 3], ["2026081910", 4]]
    assert one(shelf, "date", "hourly_visitors") == [["20260819", None]]
    day = ("2026-08-19", "2026-08-19")
    assert one(shelf, "hour", "hourly_visitors", days=day) == [["09", 3], ["10", 4]]
    assert one(shelf, "hour", "hourly_visitors") == [["09", None], ["10", None]]
    (note,) = shelf.plan("date", "hourly_visitors", shops=["111"], days=BOTH_DAYS).notes
    assert note == (
        "Visitors by Hour is empty where a row is about several hours, which may have people in "
        "common. Add Hour."
    )


@pytest.mark.parametrize(
    ("operator", "value", "shown"),
    [
        ("EQUALS", "10", 4),
        ("CONTAINS", "1", 4),
        ("REGEXP_EXACT_MATCH", "1.", 4),
        ("CONTAINS", "0", None),
    ],
)
def test_a_filter_may_leave_one_hour_of_each_day(
    shelf: Shelf, operator: str, value: str, shown: int | None
) -> None:
    """The hours are 09 and 10."""
    only = where("hour", value, operator=operator)
    assert one(shelf, "date", "hourly_visitors", dimensionsFilters=only) == [["20260819", shown]]
    notes = shelf.plan(
        "date", "hourly_visitors", shops=["111"], days=BOTH_DAYS, dimensionsFilters=only
    ).notes
    assert len(notes) == (operator != "EQUALS")


def test_viewers_are_those_of_one_live_whatever_the_range(shelf: Shelf) -> None:
    assert one(shelf, "live_title", "live_viewers") == [["Evening", 70], ["Morning", 50]]
    assert one(shelf, "live_viewers") == [[None]]
    only = where("live_id", "L1")
    assert one(shelf, "live_viewers", dimensionsFilters=only) == [[50]]
    (note,) = shelf.plan("live_viewers", shops=["111"], days=BOTH_DAYS).notes
    assert note == (
        "LIVE Viewers is empty where a row is about several LIVEs, which may have people in "
        "common. Add LIVE ID."
    )
    known: Any = {"shops": ["111"], "days": BOTH_DAYS}
    assert shelf.plan("live_id", "live_viewers", **known).notes == ()
    assert shelf.plan("live_viewers", dimensionsFilters=only, **known).notes == ()


# -- over the whole range ----------------------------------------------------------------------


def test_over_the_whole_range_tiktok_is_asked_once(shelf: Shelf) -> None:
    made = shelf.plan(
        "pa_customers", "product_id", "pa_unique_clickers", shops=["111"], known=None,
        days=BOTH_DAYS,
    )  # fmt: skip
    assert made.windows == (
        WindowCount(
            shop_id="111",
            fact="product_performance_daily",
            metrics=("pa_customers", "pa_unique_clickers"),
            columns=("estimated_customers", "unique_clicks"),
            first=FIRST,
            last=LAST,
        ),
    )


def test_what_tiktok_counted_stands_beside_what_is_stored(shelf: Shelf) -> None:
    fields = ("product_id", "product_title", "pa_customers", "pa_clicks")
    counts = counted(shelf, *fields, shops=["111"])
    assert one(shelf, *fields, counts=counts) == [["P1", "Cup", 4, 16], ["P2", "Hat", 1, 1]]
    counts = counted(shelf, "shop_buyers", shops=["111"])
    assert one(shelf, "shop_buyers", counts=counts) == [[4]]
    assert one(shelf, "shop_buyers", "shop_gmv", counts=counts) == [[4, 50.0]]


def test_a_product_filter_picks_from_what_was_counted(shelf: Shelf) -> None:
    only: Any = {"dimensionsFilters": where("product_id", "P1")}
    counts = counted(shelf, "pa_customers", shops=["111"], **only)
    assert one(shelf, "pa_customers", counts=counts, **only) == [[4]]
    fields = ("pa_product_id", "pa_customers")
    titled: Any = {"dimensionsFilters": where("product_title", "Cup")}
    counts = counted(shelf, *fields, shops=["111"], **titled)
    assert one(shelf, *fields, counts=counts, **titled) == [["P1", 4]]


@pytest.mark.parametrize(
    "what", ["product_title", "category_name", "brand_name", "product_status", "shop_name"]
)
def test_what_several_products_may_share_has_no_count_of_people_and_a_note(
    shelf: Shelf, what: str
) -> None:
    made = shelf.plan(what, "pa_customers", shops=["111"], days=BOTH_DAYS)
    assert made.windows == ()
    (note,) = made.notes
    assert "one product of one shop" in note
    assert note.endswith("Add Product ID.")
    several = where("product_id", "P1", "P2", operator="IN_LIST")
    made = shelf.plan("pa_customers", shops=["111"], days=BOTH_DAYS, dimensionsFilters=several)
    assert (made.windows, len(made.notes)) == ((), 1)


def test_by_currency_a_count_is_that_of_the_shop_which_has_one(shelf: Shelf) -> None:
    for asked in (
        {"fields": ("currency", "shop_buyers", "shop_gmv"), "row": ["USD", 4, 50.0]},
        {"fields": ("shop_buyers",), "row": [4], "dimensionsFilters": where("currency", "USD")},
        {"fields": ("shop_buyers",), "row": [4], "configParams": {"currency": "USD"}},
    ):
        fields, row = asked.pop("fields"), asked.pop("row")
        changes: Any = asked
        counts = counted(shelf, *fields, shops=["111"], **changes)
        assert one(shelf, *fields, counts=counts, **changes) == [row]


def test_the_note_names_what_keeps_tiktok_from_counting() -> None:
    both = replace(ONE, currencies=("GBP", "USD"))
    for shop, only in ((both, where("currency", "USD")), (ONE, where("date", "20260818"))):
        label = "Currency" if shop is both else "Date"
        made = planned(
            "shop_buyers", shops=[shop], today=TODAY, days=BOTH_DAYS, dimensionsFilters=only
        )
        assert made.windows == ()
        assert f"It does not tell it by {label}, as a column or as a filter." in made.notes[0]


def test_what_tiktok_did_not_count_is_empty_with_a_note_and_never_a_sum(shelf: Shelf) -> None:
    assert one(shelf, "shop_buyers") == [[None]]
    assert one(shelf, "product_id", "pa_customers", "pa_clicks") == [
        ["P1", None, 16],
        ["P2", None, 1],
    ]
    (note,) = shelf.plan("shop_buyers", shops=["111"], days=BOTH_DAYS).notes
    assert note.startswith("TikTok did not say Buyers in Period")


def test_the_window_is_what_the_cap_left_of_the_range() -> None:
    (window,) = planned(
        "shop_buyers", shops=[ONE], today=TODAY, days=("2026-01-01", "2026-12-31")
    ).windows
    assert (window.first, window.last) == (dt.date(2026, 6, 21), LAST)
    beyond = ("2026-01-01", "2026-02-01")
    assert planned("shop_buyers", shops=[ONE], today=TODAY, days=beyond).windows == ()


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        (("date", "shop_buyers"), {}),
        (("week_iso", "shop_buyers"), {}),
        (("shop_visitors",), {}),
        (("pa_customers",), {}),
        (("pa_customers", "shop_name"), {}),
        (("shop_buyers",), {"dimensionsFilters": where("date", "20260818")}),
        (("shop_buyers",), {"scriptParams": {"sampleExtraction": True}}),
    ],
)
def test_nothing_is_asked_for_what_would_stay_empty(fields: Any, changes: Any) -> None:
    assert planned(*fields, shops=[ONE], today=TODAY, days=BOTH_DAYS, **changes).windows == ()


# -- several shops -----------------------------------------------------------------------------


def test_buyers_of_two_shops_are_empty_unless_split_by_shop(shelf: Shelf) -> None:
    assert shelf.rows("shop_buyers", days=BOTH_DAYS) == [[None]]
    assert shelf.plan("shop_buyers", known=None, days=BOTH_DAYS).windows == ()
    counts = counted(shelf, "shop_name", "shop_buyers")
    by_shop = shelf.rows("shop_name", "shop_buyers", days=BOTH_DAYS, counts=counts)
    assert by_shop == [["First shop", 4], ["Second shop", 10]]
    only = where("shop_id", "111")
    counts = counted(shelf, "shop_buyers", dimensionsFilters=only)
    assert shelf.rows(
        "shop_buyers", days=BOTH_DAYS, counts=counts, dimensionsFilters=only
    ) == [[4]]  # fmt: skip


def test_one_shop_may_have_been_counted_and_the_other_not(shelf: Shelf) -> None:
    counts = counted(shelf, "shop_name", "shop_buyers")
    first = {window: rows for window, rows in counts.items() if window.shop_id == "111"}
    assert shelf.rows("shop_name", "shop_buyers", days=BOTH_DAYS, counts=first) == [
        ["First shop", 4],
        ["Second shop", None],
    ]


def test_what_is_empty_because_of_two_shops_says_so(shelf: Shelf) -> None:
    note = (
        "Buyers in Period is empty where a row is about several shops, which may have people in "
        "common. Add Shop ID."
    )
    one_day = ("2026-08-18", "2026-08-18")
    assert note in planned("date", "shop_buyers", shops=[ONE, TWO], days=BOTH_DAYS).notes
    assert note in planned("shop_buyers", shops=[ONE, TWO], days=one_day).notes
    for fields in (("date", "shop_id", "shop_buyers"), ("date", "shop_name", "shop_buyers")):
        assert planned(*fields, shops=[ONE, TWO], days=BOTH_DAYS).notes == ()
    only = where("shop_id", "111")
    alone = planned("date", "shop_buyers", shops=[ONE, TWO], days=BOTH_DAYS, dimensionsFilters=only)
    assert alone.notes == ()
    assert planned("date", "shop_buyers", shops=[ONE], days=BOTH_DAYS).notes == ()


def test_a_day_of_two_shops_is_empty_and_one_that_only_one_shop_has_is_not(shelf: Shelf) -> None:
    assert shelf.rows("date", "shop_buyers", days=BOTH_DAYS) == [
        ["20260818", None],
        ["20260819", 2],
    ]
    assert shelf.rows("date", "shop_id", "shop_buyers", days=BOTH_DAYS) == [
        ["20260818", "111", 3],
        ["20260818", "222", 10],
        ["20260819", "111", 2],
    ]
