"""What getData answers for the hand-made shop of `tests.answering`; values added up by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from catalogue.fields import FIELDS
from tests.answering import Answering, HandMadeShop, answering, fill, request_for

pytestmark = pytest.mark.slow

CONTRACTS = Path(__file__).parent / "contracts"
NEW_YORK = {"time_zone": "America/New_York"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    test = answering(tmp_path_factory.mktemp("answers"))
    fill(test, test.shop(HandMadeShop("111", "First shop", "US")))
    yield test
    test.here.close()


def where(field: str, *values: str, operator: str = "EQUALS", kind: str = "INCLUDE") -> Any:
    return [[{"fieldName": field, "operator": operator, "type": kind, "values": list(values)}]]


# -- sums and counts -----------------------------------------------------------------------------


def test_gmv_is_the_sale_price_of_paid_orders_cancelled_ones_included(shop: Answering) -> None:
    assert shop.rows("gmv") == [[133.75]]  # 25.50 + 8.25 + 100.00, without the unpaid 5.50


def test_days_are_those_of_creation_and_an_unpaid_day_sells_nothing(shop: Answering) -> None:
    assert shop.rows("date", "gmv", "orders", "paid_orders") == [
        ["20260801", 33.75, 2, 2],
        ["20260802", 0.0, 1, 0],
        ["20260803", 100.0, 1, 1],
    ]


def test_on_the_paid_axis_orders_count_on_the_day_of_payment(shop: Answering) -> None:
    # Cash on delivery that is not paid yet has no day of payment.
    expected = [["20260801", 25.5], ["20260802", 8.25]]
    assert shop.rows("date", "gmv", options={"order_date": "paid"}) == expected
    assert shop.rows("paid_date", "gmv") == expected


def test_a_zone_moves_the_evening_to_its_own_day(shop: Answering) -> None:
    # 2026-08-03 01:00 UTC is 21:00 of the day before in New York.
    assert shop.rows("date", "gmv", options=NEW_YORK) == [["20260801", 33.75], ["20260802", 100.0]]
    assert shop.rows("hour", "orders", options=NEW_YORK) == [
        ["06", 1], ["08", 1], ["19", 1], ["21", 1],
    ]  # fmt: skip


def test_the_range_is_whole_days_of_the_zone(shop: Answering) -> None:
    one_day = ("2026-08-02", "2026-08-02")
    assert shop.rows("orders", days=one_day) == [[1]]
    assert shop.rows("orders", days=one_day, options=NEW_YORK) == [[2]]


def test_orders_by_product_counts_orders_not_units(shop: Answering) -> None:
    assert shop.rows("product_id", "orders", "items_ordered") == [
        ["P1", 2, 3],
        ["P2", 2, 2],
        ["P3", 1, 1],
    ]


def test_customers_are_distinct_at_every_grain(shop: Answering) -> None:
    assert shop.rows("customers") == [[2]]
    assert shop.rows("date", "customers") == [["20260801", 2], ["20260802", 0], ["20260803", 1]]
    assert shop.rows("product_id", "customers") == [["P1", 2], ["P2", 1], ["P3", 1]]


def test_ratios_are_made_from_totals_and_null_where_there_is_nothing(shop: Answering) -> None:
    [[value]] = shop.rows("avg_order_value")
    assert value == pytest.approx(133.75 / 3)
    assert shop.rows("date", "avg_order_value")[1] == ["20260802", None]


def test_refunds_are_those_of_completed_returns(shop: Answering) -> None:
    assert shop.rows("refund_total", "refund_subtotal", "refund_tax") == [[11.0, 10.0, 1.0]]
    assert shop.rows("returns", "returned_items") == [[2, 2]]
    assert shop.rows("return_status", "refund_total") == [
        ["RETURN_OR_REFUND_REQUEST_COMPLETE", 11.0],
        ["RETURN_OR_REFUND_REQUEST_PENDING", 0.0],
    ]


# -- several facts -------------------------------------------------------------------------------


def test_facts_are_aggregated_first_and_then_combined(shop: Answering) -> None:
    assert shop.rows("date", "gmv", "refund_total", "cancellation_refund_total") == [
        ["20260801", 33.75, 0.0, 0.0],
        ["20260802", 0.0, 0.0, 8.25],
        ["20260803", 100.0, 0.0, 0.0],
        ["20260805", 0.0, 11.0, 0.0],
        ["20260806", 0.0, 0.0, 0.0],
    ]


def test_net_revenue_books_refunds_on_the_day_of_the_order(shop: Answering) -> None:
    # 33.75 less the returned 10.00 and the cancelled 8.25.
    assert shop.rows("date", "net_revenue")[0] == ["20260801", 15.5]
    assert shop.rows("product_id", "net_revenue") == [["P1", 10.0], ["P2", 5.5], ["P3", 100.0]]


def test_return_rate_is_by_the_order_date(shop: Answering) -> None:
    [[rate]] = shop.rows("return_rate", days=("2026-08-01", "2026-08-01"))
    assert rate == pytest.approx(2 / 4)


def test_stock_and_days_of_stock_ignore_the_range(shop: Answering) -> None:
    long_ago = ("2020-01-01", "2020-01-01")
    assert shop.rows("total_available_quantity", "out_of_stock_skus", days=long_ago) == [[13, 1]]
    # Two S1 were sold in the 28 days before 2026-08-20; 4 are left: 4 * 28 / 2.
    assert shop.rows("sku_id", "days_of_stock", dimensionsFilters=where("sku_id", "S1")) == [
        ["S1", 56.0]
    ]
    assert shop.rows("products_count", "active_products") == [[3, 2]]


# -- shapes of an answer -------------------------------------------------------------------------


def test_dimensions_alone_give_their_distinct_rows(shop: Answering) -> None:
    assert shop.rows("order_status") == [
        ["AWAITING_SHIPMENT"], ["CANCELLED"], ["COMPLETED"], ["UNPAID"],
    ]  # fmt: skip
    assert shop.rows("product_title") == [['=Hat "x"'], ["Cup"], ["Old"]]
    assert shop.rows("shop_name") == [["First shop"]]


def test_metrics_alone_are_one_row_even_of_nothing(shop: Answering) -> None:
    later = ("2026-08-15", "2026-08-16")
    assert shop.rows("gmv", "orders", "avg_order_value", days=later) == [[0.0, 0, None]]
    assert shop.rows("date", "gmv", days=later) == []


def test_nulls_come_last_and_text_comes_back_as_it_was(shop: Answering) -> None:
    assert shop.rows("recipient_state", "orders") == [['O"hio', 1], [None, 3]]
    assert shop.rows("product_name", "gmv")[2] == ["Old \u202eeman\u202c 🎧", 100.0]


def test_cells_have_lookers_formats(shop: Answering) -> None:
    [row] = shop.rows(
        "create_time", "is_paid", "week_iso", "day_of_week", "year_month", "year_quarter",
        "date_hour", "order_id", dimensionsFilters=where("order_id", "A"),
    )  # fmt: skip
    # 2026-08-01 is a Saturday in ISO week 31.
    assert row == ["20260801100000", True, "202631", "6", "202608", "20263", "2026080110", "A"]


def test_columns_come_in_the_order_asked_for_and_filters_only_are_left_out(
    shop: Answering,
) -> None:
    body = request_for("orders", "date", dimensionsFilters=where("order_status", "UNPAID"))
    body["fields"].append({"name": "order_status", "forFilterOnly": True})
    answer = shop.post("getData", body).get_json()
    assert answer["schema"] == [
        {"name": "orders", "dataType": "NUMBER"},
        {"name": "date", "dataType": "STRING"},
    ]
    assert answer["rows"] == [{"values": [1, "20260802"]}]
    assert answer["filtersApplied"] is True


def test_pages_follow_each_other_without_gap(shop: Answering) -> None:
    whole = shop.rows("line_item_id", "sale_price")
    paged = [
        row
        for start in (1, 3, 5)
        for row in shop.rows(
            "line_item_id", "sale_price", pagination={"startRow": start, "rowCount": 2}
        )
    ]
    assert paged == whole
    assert len(whole) == 6


# -- filters -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "values", "included"),
    [
        ("EQUALS", ["COMPLETED"], ["A"]),
        ("CONTAINS", ["PA"], ["C"]),
        ("CONTAINS", ["pa"], []),
        ("IN_LIST", ["UNPAID", "CANCELLED", "NO_SUCH"], ["B", "C"]),
        ("REGEXP_EXACT_MATCH", ["C.*D"], ["A", "B"]),
        ("REGEXP_EXACT_MATCH", ["(?i)completed"], ["A"]),
        ("REGEXP_PARTIAL_MATCH", ["SHIP"], ["D"]),
        ("BETWEEN", ["C", "D"], ["A", "B"]),
        ("IS_NULL", [], []),
        ("NUMERIC_GREATER_THAN", ["5"], []),
    ],
)
def test_operators_on_text(
    shop: Answering, operator: str, values: list[str], included: list[str]
) -> None:
    def ids(kind: str) -> list[str]:
        clause = where("order_status", *values, operator=operator, kind=kind)
        return [row[0] for row in shop.rows("order_id", dimensionsFilters=clause)]

    assert ids("INCLUDE") == included
    assert ids("EXCLUDE") == [name for name in "ABCD" if name not in included]


@pytest.mark.parametrize(
    ("operator", "values", "days"),
    [
        ("EQUALS", ["20260802"], ["20260802"]),
        ("BETWEEN", ["20260802", "20260803"], ["20260802", "20260803"]),
        ("NUMERIC_GREATER_THAN", ["20260801"], ["20260802", "20260803"]),
        ("NUMERIC_GREATER_THAN_OR_EQUAL", ["20260803"], ["20260803"]),
        ("NUMERIC_LESS_THAN", ["20260802"], ["20260801"]),
        ("NUMERIC_LESS_THAN_OR_EQUAL", ["20260802"], ["20260801", "20260802"]),
        ("BETWEEN", ["2026-08-02", "2026-08-03"], ["20260802", "20260803"]),
    ],
)
def test_dates_are_compared_as_they_are_shown(
    shop: Answering, operator: str, values: list[str], days: list[str]
) -> None:
    found = shop.rows("date", dimensionsFilters=where("date", *values, operator=operator))
    assert [row[0] for row in found] == days


def test_nulls_stay_when_a_value_is_excluded(shop: Answering) -> None:
    clause = where("recipient_state", 'O"hio', kind="EXCLUDE")
    assert shop.rows("orders", dimensionsFilters=clause) == [[3]]
    assert shop.rows("orders", dimensionsFilters=where("recipient_state", operator="IS_NULL")) == [
        [3]
    ]


def test_flags_are_filtered_by_true_and_false(shop: Answering) -> None:
    assert shop.rows("orders", dimensionsFilters=where("is_paid", "true")) == [[3]]
    assert shop.rows("orders", dimensionsFilters=where("is_paid", "false")) == [[1]]


def test_a_filter_on_a_metric_is_about_the_rows_shown(shop: Answering) -> None:
    big = where("gmv", "30", operator="NUMERIC_GREATER_THAN")
    assert shop.rows("date", "orders", dimensionsFilters=big) == [["20260801", 2], ["20260803", 1]]
    rate = where("avg_order_value", operator="IS_NULL")
    assert shop.rows("date", dimensionsFilters=rate) == [["20260802"]]


def test_groups_are_joined_by_and_clauses_in_a_group_by_or(shop: Answering) -> None:
    either = [where("order_id", "A")[0] + where("order_id", "B")[0]]
    assert shop.rows("order_id", dimensionsFilters=either) == [["A"], ["B"]]
    both = either + where("order_status", "CANCELLED")
    assert shop.rows("order_id", dimensionsFilters=both) == [["B"]]


def test_fifty_fields_and_two_hundred_clauses_are_answered(shop: Answering) -> None:
    names = [name for name, one in FIELDS.items() if one.group in ("Time", "Orders")][:50]
    clauses = [
        where(
            "order_id", *(f"X{group}-{one}" for one in range(5)), operator="IN_LIST", kind="EXCLUDE"
        )[0]
        for group in range(200)
    ]
    assert len(shop.rows(*names, dimensionsFilters=clauses)) == 4
    without = [*clauses, where("order_id", "A", "B", operator="IN_LIST", kind="EXCLUDE")[0]]
    assert shop.rows("order_id", dimensionsFilters=without) == [["C"], ["D"]]


def test_many_filters_on_a_metric_all_hold(shop: Answering) -> None:
    above = [
        where("gmv", str(number), operator="NUMERIC_GREATER_THAN")[0] for number in range(0, 30, 1)
    ]
    assert shop.rows("order_id", dimensionsFilters=above) == [["D"]]


def test_a_broken_regular_expression_is_the_callers_mistake(shop: Answering) -> None:
    clause = where("order_id", "(", operator="REGEXP_PARTIAL_MATCH")
    status, code, message = shop.refused("order_id", dimensionsFilters=clause)
    assert (status, code) == (400, "bad_request")
    assert message == (
        "A filter cannot be used: its regular expression has an error, missing ): (."
    )
    ahead = where("order_id", "(?=A)", operator="REGEXP_PARTIAL_MATCH")
    assert (
        "(?= (it cannot look ahead or behind)"
        in shop.refused("order_id", dimensionsFilters=ahead)[2]
    )


def test_only_plain_digits_are_a_number(shop: Answering) -> None:
    wide = where("gmv", "１２", operator="NUMERIC_GREATER_THAN")
    status, code, message = shop.refused("date", "gmv", dimensionsFilters=wide)
    assert (status, code) == (400, "bad_request")
    assert message == "The filter on GMV needs a number of ordinary size, but got '１２'."


@pytest.mark.parametrize("value", ["1e31", "1e300", "9" * 400, "-1e33"])
def test_a_number_beyond_all_measure_is_the_callers_mistake(shop: Answering, value: str) -> None:
    for field in ("product_id", "gmv"):
        clause = where(field, value, operator="NUMERIC_GREATER_THAN")
        assert shop.refused("product_id", "gmv", dimensionsFilters=clause)[:2] == (
            400,
            "bad_request",
        )


# -- every field ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_every_field_can_be_asked_for_alone_and_is_filterable(shop: Answering, name: str) -> None:
    response = shop.post("getData", request_for(name))
    assert response.status_code == 200, response.get_data(as_text=True)
    validate("getdata_response.schema.json", response.get_json())
    filtered = request_for(name, dimensionsFilters=where(name, operator="IS_NULL"))
    assert shop.post("getData", filtered).status_code == 200


def validate(name: str, answer: object) -> None:
    schemas = [json.loads(path.read_text()) for path in CONTRACTS.glob("*.schema.json")]
    registry: Any = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in schemas
    )
    wanted = json.loads((CONTRACTS / name).read_text())
    jsonschema.Draft202012Validator(wanted, registry=registry).validate(answer)
