"""Which fact is read for what, what the same dimension is on several facts, and the sentences of
what cannot be combined."""

from __future__ import annotations

import pytest

from catalogue.facts import FACTS
from catalogue.field import AnswerDimension, Dimension, Metric
from catalogue.fields import FIELDS
from connector.reach import home
from store.commits import Covered
from tests.planning import planned, refused, where


def at_home(fact: str, name: str) -> str | None:
    dimension = FIELDS[name]
    assert isinstance(dimension, Dimension)
    return home(FACTS[fact], dimension)


@pytest.mark.parametrize(
    ("fields", "facts"),
    [
        (
            ("date", "gmv", "refund_total", "platform_commission", "settlement_amount"),
            ("order_line_items", "returns", "statement_transactions", "statements"),
        ),
        (
            ("product_title", "gmv", "refund_total", "pa_impressions", "pa_clicks"),
            ("order_line_items", "return_line_items", "product_performance_daily"),
        ),
        (("pa_product_id", "gmv", "pa_gmv"), ("order_line_items", "product_performance_daily")),
        (("ska_sku_id", "gmv", "ska_gmv"), ("order_line_items", "sku_performance_daily")),
        (("date", "gmv", "shop_page_views"), ("order_line_items", "shop_performance_daily")),
        (("date_hour", "gmv", "hourly_gmv"), ("order_line_items", "shop_performance_hourly")),
        (("shop_name", "live_gmv", "video_gmv"), ("live_sessions", "video_performance_daily")),
        (("money_state", "gmv"), ("order_line_items",)),
        (("data_note", "product_name", "orders"), ("order_line_items",)),
        (("data_note", "product_title"), ("products",)),
    ],
)
def test_conformed_dimensions_bring_facts_into_one_table(
    fields: tuple[str, ...], facts: tuple[str, ...]
) -> None:
    assert planned(*fields).facts == facts


@pytest.mark.parametrize(
    "fact",
    [
        "shop_performance_daily",
        "product_performance_daily",
        "live_sessions",
        "statements",
        "statement_transactions",
    ],
)
def test_what_is_known_by_day_has_no_hours(fact: str) -> None:
    assert at_home(fact, "date") is not None
    assert at_home(fact, "week_iso") is not None
    assert at_home(fact, "hour") is None
    assert at_home(fact, "date_hour") is None


@pytest.mark.parametrize("fact", ["orders", "returns", "payments", "shop_performance_hourly"])
def test_what_is_known_by_the_hour_has_both(fact: str) -> None:
    assert at_home(fact, "date") is not None
    assert at_home(fact, "hour") is not None


def test_the_state_of_now_has_no_date() -> None:
    assert at_home("inventory", "date") is None
    assert at_home("unsettled_transactions", "year") is None


def test_hours_of_what_is_known_by_day_are_refused_by_name() -> None:
    code, message = refused("hour", "settlement_amount", "gmv")
    assert code == "incompatible_fields"
    assert message == (
        "Settlement Amount is known by day and cannot be shown by Hour. "
        "With Hour these go together: GMV."
    )
    # One way out for each kind of dimension, not six ways to write a date.
    assert refused("date_hour", "shop_gmv")[1] == (
        "Shop GMV (TikTok) is known by day and cannot be shown by Date & Hour. "
        "Try Date or Shop ID instead."
    )


def test_a_filter_needs_to_reach_as_much_as_a_column() -> None:
    code, message = refused("date", "payout_amount", dimensionsFilters=where("product_id", "9"))
    assert code == "incompatible_fields"
    assert message == (
        "Payout Amount cannot be filtered by Product ID; take that filter off or leave Payout "
        "Amount out."
    )
    tested = where("settlement_amount", "1", operator="NUMERIC_GREATER_THAN")
    assert (
        "Settlement Amount is known by day" in refused("hour", "gmv", dimensionsFilters=tested)[1]
    )


def test_what_is_shown_and_what_is_filtered_are_told_apart() -> None:
    status = where("order_status", "COMPLETED")
    assert refused("shop_gmv", dimensionsFilters=status)[1] == (
        "Shop GMV (TikTok) cannot be filtered by Status; take that filter off or leave Shop GMV "
        "(TikTok) out."
    )
    assert refused("order_status", "shop_gmv", dimensionsFilters=status)[1].startswith(
        "Shop GMV (TikTok) cannot be shown by Status."
    )
    assert refused("hour", "shop_gmv", dimensionsFilters=status)[1].startswith(
        "Shop GMV (TikTok) is known by day and cannot be shown by Hour, nor filtered by Status; "
        "take that filter off or leave Shop GMV (TikTok) out."
    )
    assert refused("inventory_warehouse_id", dimensionsFilters=where("date", "20260801"))[1] == (
        "Stock Warehouse ID cannot be filtered by Date; take that filter off."
    )


def test_metrics_with_the_same_trouble_share_a_sentence() -> None:
    message = refused("date", "available_quantity", "skus_count", "gmv")[1]
    assert message == (
        "Available Stock and SKUs are the state of now and cannot be shown by Date. "
        "With Date these go together: GMV."
    )


def test_a_refusal_of_four_hundred_fields_is_still_read() -> None:
    dimensions = [
        name
        for name, field in FIELDS.items()
        if isinstance(field, Dimension) and not isinstance(field, AnswerDimension)
    ]
    metrics = [name for name, field in FIELDS.items() if isinstance(field, Metric)]
    for fields in (
        dimensions[:200] + metrics[:200],
        dimensions,
        ["date", "return_status", *metrics],
    ):
        message = refused(*fields[:400])[1]
        assert " more" in message
        assert len(message) < 4_000


def test_stock_by_date_is_refused_with_what_it_is() -> None:
    message = refused("date", "product_name", "available_quantity")[1]
    assert message.startswith("Available Stock is the state of now and cannot be shown by Date")


# -- an optional part of the import --------------------------------------------------------------

_IMPORTED = ("orders", "returns", "statements", "statement_transactions", "products")
KNOWN = {"1": {name: [Covered(name, 0, 1_800_000_000, 1)] for name in _IMPORTED}}


def test_fees_by_product_without_settlements_by_sku_are_refused_with_the_reason() -> None:
    code, message = refused("product_id", "platform_commission", known=KNOWN)
    assert code == "incompatible_fields"
    assert message == (
        "Platform Commission by Product ID would take settlements by SKU, an optional part of the "
        "import that has read nothing yet."
    )
    message = refused("product_id", "date", "gmv", "platform_commission", known=KNOWN)[1]
    assert message.endswith("With Product ID and Date these go together: GMV.")
    message = refused("product_id", "order_status", "platform_commission", known=KNOWN)[1]
    assert message.endswith("Platform Commission can be shown by Status.")


def test_where_a_filter_asks_for_the_option_the_sentence_says_so() -> None:
    cup = where("product_id", "P1")
    assert refused("date", "platform_commission", known=KNOWN, dimensionsFilters=cup)[1] == (
        "Platform Commission by Date and filtered by Product ID would take settlements by SKU, an "
        "optional part of the import that has read nothing yet. Take that filter off."
    )
    assert refused("platform_commission", known=KNOWN, dimensionsFilters=cup)[1] == (
        "Platform Commission filtered by Product ID would take settlements by SKU, an optional "
        "part of the import that has read nothing yet. Take that filter off."
    )


def test_the_same_fees_by_order_need_no_option() -> None:
    assert planned("order_status", "platform_commission", known=KNOWN).facts == (
        "statement_transactions",
    )


def test_with_settlements_by_sku_fees_by_product_are_read_from_them() -> None:
    skus = [Covered("statement_transaction_skus", 0, 1_800_000_000, 1)]
    known = {"1": {**KNOWN["1"], "statement_transaction_skus": skus}}
    made = planned("product_id", "platform_commission", known=known)
    assert made.facts == ("statement_transaction_skus",)


def test_what_only_an_option_knows_is_empty_with_a_note() -> None:
    made = planned("date", "ska_gmv", known=KNOWN)
    assert made.seen is not None
    assert made.seen.ready
    assert made.seen.notes == (
        "First shop: TikTok's own figures by SKU are not imported; they are an optional part.",
    )


# -- what an answer says of itself ---------------------------------------------------------------


def test_what_an_answer_says_of_itself_goes_with_everything() -> None:
    said = [name for name, field in FIELDS.items() if isinstance(field, AnswerDimension)]
    assert {"data_as_of", "covered_from", "data_note"} <= set(said)
    for metric in ("gmv", "available_quantity", "shop_gmv", "payout_amount", "customers"):
        assert planned(metric, *said).facts == planned(metric).facts
