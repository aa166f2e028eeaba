"""Which facts answer a request, and how what cannot be answered is refused. Pure decisions."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from catalogue.field import Metric
from catalogue.fields import FIELDS
from connector.select import Days
from tests.planning import GB, US, planned, refused, where


@pytest.mark.parametrize(
    ("fields", "facts"),
    [
        (("date", "orders"), ("orders",)),
        (("product_name", "orders"), ("order_line_items",)),
        (("date", "gmv"), ("order_line_items",)),
        (("gmv", "payment_total_amount"), ("order_line_items", "orders")),
        (("date", "refund_total"), ("returns",)),
        (("product_id", "refund_total"), ("return_line_items",)),
        (
            ("net_revenue",),
            ("order_line_items", "returns_by_order_date", "cancellations_by_order_date"),
        ),
        (("sku_id", "days_of_stock"), ("sku_inventory", "recent_line_items")),
        (("product_title",), ("products",)),
        (("order_status",), ("orders",)),
        (("product_name", "order_status"), ("order_line_items",)),
        (("product_status", "gmv"), ("order_line_items",)),
        (("order_status", "returns"), ("returns",)),
        (("warehouse_name", "available_quantity"), ("inventory",)),
        (("shop_name",), ("shops",)),
    ],
)
def test_the_coarsest_fact_that_reaches_everything_is_read(
    fields: tuple[str, ...], facts: tuple[str, ...]
) -> None:
    assert planned(*fields).facts == facts


def test_a_filter_needs_a_finer_fact_just_as_a_dimension_does() -> None:
    assert planned("date", "orders").facts == ("orders",)
    filtered = planned("date", "orders", dimensionsFilters=where("product_id", "9"))
    assert filtered.facts == ("order_line_items",)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (("date", "available_quantity"), "is the state of now and cannot be shown by Date"),
        (("product_name", "payment_total_amount", "gmv"), "these go together: GMV"),
        (("return_status", "gmv"), "GMV cannot be shown by Return Status"),
        (("inventory_warehouse_id", "date"), "do not go together"),
    ],
)
def test_what_cannot_be_combined_is_refused_by_name(fields: tuple[str, ...], words: str) -> None:
    code, message = refused(*fields)
    assert code == "incompatible_fields"
    assert words in message


def test_amounts_in_two_currencies_are_never_added() -> None:
    code, message = refused("date", "gmv", shops=(US, GB))
    assert code == "mixed_currency"
    assert "GBP, USD" in message
    assert planned("currency", "gmv", shops=(US, GB)).facts == ("order_line_items",)
    by_option = planned("gmv", shops=(US, GB), configParams={"currency": "USD"})
    by_filter = planned("gmv", shops=(US, GB), dimensionsFilters=where("currency", "USD"))
    assert "USD" in by_option.parameters.values()
    assert "USD" in by_filter.parameters.values()
    assert planned("orders", shops=(US, GB)).facts == ("orders",)


@pytest.mark.parametrize("name", ["take_rate", "discount_rate", "refund_rate", "avg_order_value"])
def test_a_ratio_of_amounts_in_two_currencies_is_no_ratio(name: str) -> None:
    assert refused(name, shops=(US, GB))[0] == "mixed_currency"
    assert planned("currency", name, shops=(US, GB)).facts
    assert planned("items_per_order", shops=(US, GB)).facts


def test_a_filter_on_an_amount_adds_currencies_too() -> None:
    large = where("gmv", "5", operator="NUMERIC_GREATER_THAN")
    assert refused("date", "orders", shops=(US, GB), dimensionsFilters=large)[0] == "mixed_currency"


def test_paid_date_alone_moves_the_range_to_the_day_of_payment() -> None:
    assert planned("paid_date", "gmv").axis == "paid"
    assert planned("paid_date", "date", "gmv").axis == "created"
    assert planned("date", "gmv", configParams={"order_date": "paid"}).axis == "paid"
    # In a filter it means the same; a date in a filter is a date.
    assert planned("gmv", dimensionsFilters=where("paid_date", "20260801")).axis == "paid"
    assert planned("paid_date", dimensionsFilters=where("date", "20260801")).axis == "created"


def test_every_fact_has_its_own_axis() -> None:
    made = planned(
        "gmv", "net_revenue", "refund_total", "settlement_amount", "shop_gmv", "skus_count",
        configParams={"order_date": "paid"},
    )  # fmt: skip
    assert {read.fact: read.axis for read in made.reads} == {
        "order_line_items": "paid",
        "returns_by_order_date": "paid",
        "cancellations_by_order_date": "paid",
        "returns": "own",
        "statements": "own",
        "shop_performance_daily": "own",
        "product_skus": "",
    }


def test_the_last_28_days_end_yesterday_whatever_the_range() -> None:
    (read,) = planned("items_sold_28d", days=("2020-01-01", "2020-01-01")).reads
    assert read.days["1"] == Days(dt.date(2026, 8, 4), dt.date(2026, 8, 31))


def test_every_shop_has_its_own_last_28_days() -> None:
    """20:00 UTC on 1 September is the 2nd in Jakarta, also where another shop comes first."""
    now = int(dt.datetime(2026, 9, 1, 20, tzinfo=dt.UTC).timestamp())
    there = replace(US, shop_id="4", zone="Asia/Jakarta", now=now)
    for shops in ([there], [replace(US, now=now), there]):
        (read,) = planned("items_sold_28d", shops=shops).reads
        assert read.days["4"] == Days(dt.date(2026, 8, 5), dt.date(2026, 9, 1))
    assert read.days["1"] == Days(dt.date(2026, 8, 4), dt.date(2026, 8, 31))


def test_a_dated_fact_needs_a_date_range_and_a_snapshot_does_not() -> None:
    assert refused("gmv", dateRange=None)[0] == "bad_date_range"
    assert planned("products_count", dateRange=None).facts == ("products",)


def test_dimensions_and_metrics_cannot_be_mixed_in_one_or() -> None:
    mixed = [[*where("gmv", "1")[0], *where("order_status", "COMPLETED")[0]]]
    assert refused("order_status", "gmv", dimensionsFilters=mixed)[0] == "bad_request"


def test_only_the_months_of_the_range_are_asked_of_the_store() -> None:
    source = planned("date", "gmv").sources[0]
    first = int(dt.datetime(2026, 8, 1, tzinfo=dt.UTC).timestamp())
    last = int(dt.datetime(2026, 9, 1, tzinfo=dt.UTC).timestamp())
    assert source.lowest is not None
    assert source.highest is not None
    assert first - 86_400 < source.lowest <= first
    assert last <= source.highest < last + 86_400


def test_what_is_made_of_several_records_is_read_from_all_that_is_kept() -> None:
    sources = planned("money_state", "orders").sources
    assert {(one.table, one.lowest is None) for one in sources} == {
        ("orders", False),
        ("statement_transactions", True),
        ("unsettled_transactions", True),
    }


def test_a_fact_says_its_own_metrics_only() -> None:
    # The statement grows as the metrics do, not as metrics times facts.
    metrics = [name for name, field in FIELDS.items() if isinstance(field, Metric)]
    assert len(planned(*metrics[:400]).sql) < 200_000


def test_nothing_of_a_request_gets_into_the_sql_but_as_a_parameter() -> None:
    hostile = "x'); DROP TABLE orders; --"
    made = planned(
        "order_status",
        "gmv",
        dimensionsFilters=where("order_status", hostile),
        shops=(replace(US, name=hostile),),
    )
    assert "DROP" not in made.sql
    assert hostile in made.parameters.values()
