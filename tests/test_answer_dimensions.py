"""What an answer says of itself: as of when, since when, and what to mind, as dimensions.

The shop is that of tests.answering: read at 2026-08-20 12:00 UTC, orders since 08-01, TikTok's own
figures since 07-01 up to 08-19.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.answering import HandMadeShop, answering, fill
from tests.planning import US, Shelf, where

TODAY = dt.date(2026, 8, 20)
SHOP = replace(US, shop_id="111", today=TODAY)
DAYS = ("2026-08-01", "2026-08-10")
EARLIER = ("2026-07-20", "2026-08-10")
MISSING = "First shop: not every day of the range is imported yet."


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    test = answering(tmp_path_factory.mktemp("said"))
    fill(test, test.shop(HandMadeShop("111", "First shop", "US")))
    yield Shelf(test, {"111": SHOP}, TODAY)
    test.here.close()


def said(shelf: Shelf, *fields: str, **changes: Any) -> list[Any]:
    return shelf.rows(*fields, **{"days": DAYS, **changes})


def test_alone_they_are_one_row(shelf: Shelf) -> None:
    assert said(shelf, "data_as_of") == [["20260820120000"]]
    assert said(shelf, "covered_from", "data_note") == [["20260801", None]]
    assert said(shelf, "data_ready_date") == [["20260819"]]


def test_they_stand_in_every_row_and_change_none(shelf: Shelf) -> None:
    assert said(shelf, "data_as_of", "date", "gmv", "covered_from") == [
        ["20260820120000", "20260801", 33.75, "20260801"],
        ["20260820120000", "20260802", 0.0, "20260801"],
        ["20260820120000", "20260803", 100.0, "20260801"],
    ]
    assert said(shelf, "gmv", "data_note") == [[133.75, None]]
    assert said(shelf, "product_title", "data_as_of")[0] == ['=Hat "x"', "20260820120000"]


def test_days_that_are_missing_are_said(shelf: Shelf) -> None:
    assert said(shelf, "gmv", "data_note", days=EARLIER) == [[133.75, MISSING]]


def test_notes_of_shops_and_of_the_plan_are_said_together(shelf: Shelf) -> None:
    made = said(shelf, "data_note", "shop_visitors", shop_notes=["First shop was disconnected."])
    ((note, visitors),) = made
    assert visitors is None
    assert note.startswith("Visitors (daily) is empty here: ")
    assert note.endswith(" First shop was disconnected.")


def test_of_several_kinds_of_data_the_one_that_begins_last_counts(shelf: Shelf) -> None:
    assert said(shelf, "shop_gmv", "covered_from")[0][1] == "20260701"
    assert said(shelf, "shop_gmv", "gmv", "covered_from")[0][2] == "20260801"
    assert said(shelf, "products_count", "covered_from")[0][1] is None


def test_moments_are_in_the_zone_of_the_report(shelf: Shelf) -> None:
    tokyo = Shelf(shelf.test, {"111": replace(SHOP, zone="Asia/Tokyo")}, TODAY)
    # 12:00 UTC is 21:00 in Tokyo, where the first whole day is 08-02.
    assert tokyo.rows("data_as_of", "covered_from", days=DAYS) == [["20260820210000", "20260802"]]


def test_filters_on_them_are_about_the_whole_answer(shelf: Shelf) -> None:
    good = where("data_note", operator="IS_NULL")
    bad = where("data_note", operator="IS_NULL", kind="EXCLUDE")
    assert said(shelf, "date", "orders", dimensionsFilters=good)[0] == ["20260801", 2]
    assert said(shelf, "date", "orders", dimensionsFilters=bad) == []
    assert said(shelf, "orders", dimensionsFilters=bad) == [[0]]
    assert said(shelf, "data_as_of", dimensionsFilters=good) == [["20260820120000"]]
    assert said(shelf, "data_as_of", dimensionsFilters=bad) == []
    either = [[*bad[0], *where("order_status", "UNPAID")[0]]]
    assert said(shelf, "orders", dimensionsFilters=either) == [[1]]


def test_a_day_is_compared_as_it_is_shown(shelf: Shelf) -> None:
    since = where("covered_from", "20260801", operator="NUMERIC_LESS_THAN_OR_EQUAL")
    assert said(shelf, "orders", dimensionsFilters=since) == [[4]]


def test_before_anything_is_known_they_say_nothing(shelf: Shelf) -> None:
    assert said(shelf, "data_as_of", "data_note", "orders", known=None) == [[None, None, 4]]
