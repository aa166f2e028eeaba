"""Cached or live: what a request may freshen before it is answered. Pure decisions."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from connector.decide import Live
from tests.planning import TODAY, US, planned, where

#: The range of these requests is August, and today is September 1.
RECENT = ("2026-08-20", "2026-08-31")


def live(*fields: str, **changes: Any) -> Live:
    return planned(*fields, **{"days": RECENT, **changes}).live


@pytest.mark.parametrize(
    ("fields", "resources"),
    [
        (("date", "gmv"), ("orders",)),
        (("gmv", "refund_total", "net_revenue"), ("orders", "returns", "cancellations")),
        (("customers",), ("orders",)),
        (("product_id", "customers"), ("orders",)),
        (("total_available_quantity", "gmv"), ("inventory", "orders")),
        (("shop_gmv", "shop_product_impressions"), ("shop_performance", "shop_exposure")),
        (("product_title",), ("products",)),
        (("unsettled_amount",), ("unsettled_transactions",)),
    ],
)
def test_only_what_feeds_the_question_may_be_freshened(
    fields: tuple[str, ...], resources: tuple[str, ...]
) -> None:
    decided = live(*fields)
    assert decided.may_freshen
    assert decided.resources == resources
    assert all(name in decided.why for name in resources)


@pytest.mark.parametrize(
    "fields",
    [
        ("date", "customers"),
        ("week_iso", "gmv", "customers"),
        ("day_of_week", "products_sold"),
        ("hour", "customers"),
        ("paid_date", "customers"),
        ("create_time", "customers"),
        ("date", "gmv_per_customer"),
        ("date", "shop_visitors"),
        ("date", "shop_buyers"),
        ("date", "new_customers"),
        ("year_month", "returning_customers"),
    ],
)
def test_what_counts_different_people_by_any_date_is_answered_from_the_cache_alone(
    fields: tuple[str, ...],
) -> None:
    decided = live(*fields)
    assert (decided.may_freshen, decided.resources) == (False, ())
    assert "cache alone" in decided.why
    assert planned(*fields, days=RECENT).windows == ()


def test_a_filter_on_such_a_metric_counts_like_a_column() -> None:
    many = where("customers", "5", operator="NUMERIC_GREATER_THAN")
    assert not live("date", "gmv", dimensionsFilters=many).may_freshen
    assert live("order_status", "gmv", dimensionsFilters=many).may_freshen


def test_a_range_that_ended_before_the_look_back_asks_nobody() -> None:
    assert live("gmv", days=("2026-08-01", "2026-08-29")).may_freshen  # three days before today
    decided = live("date", "gmv", days=("2026-08-01", "2026-08-28"))
    assert (decided.may_freshen, decided.resources) == (False, ())
    assert "any more" in decided.why


def test_the_state_of_now_is_freshened_whatever_the_range() -> None:
    old = ("2026-01-01", "2026-01-31")
    assert live("gmv", "total_available_quantity", days=old).resources == ("inventory",)
    assert live("days_of_stock", days=old).resources == ("inventory", "orders")


def test_a_sample_to_guess_types_from_asks_nobody() -> None:
    decided = live("gmv", scriptParams={"sampleExtraction": True})
    assert (decided.may_freshen, decided.resources) == (False, ())


def test_names_of_shops_come_from_no_import() -> None:
    assert live("shop_name").resources == ()
    assert live("shop_name", "gmv").resources == ("orders",)


def test_figures_beyond_the_cap_are_not_asked_for() -> None:
    closed = replace(US, today=dt.date(2027, 1, 1))
    assert live("shop_gmv", shops=[closed], today=TODAY).resources == ()


def test_a_count_over_the_whole_range_is_one_question_of_its_own() -> None:
    made = planned("shop_buyers", days=RECENT)
    assert made.live.resources == ()
    assert [window.fact for window in made.windows] == ["shop_exposure_daily"]
    beside = planned("shop_buyers", "gmv", days=RECENT)
    assert beside.live.resources == ("orders",)
