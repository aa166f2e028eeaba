"""What an address of the preview holds, and the request it becomes."""

from __future__ import annotations

import datetime as dt
from urllib.parse import parse_qs

import pytest

from connector.request import parse
from connector.rows import Row
from errors import BadRequest
from schema_explorer.choice import Choice, as_looker, chosen, filter_in_words
from schema_explorer.picture import picture

FULL = Choice(
    fields=("date", "gmv"),
    shops="111",
    start="2026-08-01",
    end="2026-08-10",
    filters=("order_status:NOT_IN_LIST:CANCELLED,UNPAID", "gmv:NUMERIC_GREATER_THAN:5"),
    currency="USD",
    seller_center=True,
)


def test_an_address_holds_the_whole_choice() -> None:
    assert chosen(parse_qs(FULL.address().removeprefix("?"))) == FULL


def test_an_address_of_nothing_is_empty() -> None:
    assert Choice().address() == ""


def test_a_request_is_the_one_looker_studio_would_send() -> None:
    asked = FULL.request()
    body = as_looker(asked)
    assert body == {
        "configParams": {
            "shops": "111",
            "currency": "USD",
            "order_date": "paid",
            "seller_center": "true",
        },
        "fields": [{"name": "date"}, {"name": "gmv"}],
        "dateRange": {"startDate": "2026-08-01", "endDate": "2026-08-10"},
        "dimensionsFilters": [
            [
                {
                    "fieldName": "order_status",
                    "operator": "IN_LIST",
                    "type": "EXCLUDE",
                    "values": ["CANCELLED", "UNPAID"],
                }
            ],
            [
                {
                    "fieldName": "gmv",
                    "operator": "NUMERIC_GREATER_THAN",
                    "type": "INCLUDE",
                    "values": ["5"],
                }
            ],
        ],
    }
    assert parse(body) == asked


def test_a_form_names_a_client_by_the_key_of_its_subject() -> None:
    found = chosen({"about": ["client:Aurora & Sons"], "fields": ["gmv"]})
    assert (found.shops, found.client) == ("all", "Aurora & Sons")
    assert chosen({"about": ["111"], "shops": ["222"]}).shops == "111"


def test_a_filter_may_name_its_field_by_the_label() -> None:
    found = chosen(
        {
            "filter": ["gmv:NUMERIC_GREATER_THAN:5"],
            "filter_field": ["status"],
            "filter_operator": ["EQUALS"],
            "filter_value": ["COMPLETED"],
        }
    )
    assert found.filters == ("gmv:NUMERIC_GREATER_THAN:5", "order_status:EQUALS:COMPLETED")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("order_status:NOT_IN_LIST:CANCELLED,UNPAID", "Status is none of CANCELLED, UNPAID"),
        ("cancel_reason:IS_NULL:", "Cancel Reason is empty"),
        ("nothing:LIKE:x", "nothing:LIKE:x"),
    ],
)
def test_a_filter_is_said_in_words(text: str, words: str) -> None:
    assert filter_in_words(text) == words


def test_the_last_28_days_are_shown_until_days_are_chosen() -> None:
    today = dt.date(2026, 8, 20)
    usual = Choice().on_days(today)
    assert (usual.start, usual.end) == ("2026-07-23", "2026-08-19")
    assert Choice(start="2026-08-01").on_days(today).end == ""


def test_a_mistake_is_refused_with_a_sentence() -> None:
    with pytest.raises(BadRequest, match="Did you mean"):
        Choice(fields=("gmw",), shops="all").request()


# --- the chart ------------------------------------------------------------------------------------


def test_a_chart_over_days_leaves_a_gap_where_there_is_no_row() -> None:
    rows: list[Row] = [{"date": "2026-08-01", "gmv": 10.0}, {"date": "2026-08-03", "gmv": 5.0}]
    drawn = picture(["date", "gmv"], rows, "USD")
    assert drawn is not None
    assert drawn.title == "GMV by Date"
    assert [mark.text for mark in drawn.marks] == [
        "2026-08-01: USD\u00a010.00",
        "2026-08-02: not known",
        "2026-08-03: USD\u00a05.00",
    ]
    assert drawn.curve is not None
    assert drawn.curve.line == "M0 0 h0 M720 100 h0"


def test_a_chart_of_anything_else_shows_the_largest() -> None:
    rows: list[Row] = [{"product_name": f"P{n}", "gmv": float(n)} for n in range(20)]
    drawn = picture(["product_name", "gmv"], rows, "")
    assert drawn is not None
    assert drawn.title == "GMV by Product Name: the largest 12"
    assert (drawn.bars[0].label, drawn.bars[0].share) == ("P19", 100.0)
    assert (drawn.bars[-1].label, drawn.bars[-1].text) == ("P8", "8.00")


@pytest.mark.parametrize("fields", [["gmv"], ["date"], ["date", "order_status", "gmv"]])
def test_there_is_no_chart_of_what_is_no_line_and_no_bars(fields: list[str]) -> None:
    rows: list[Row] = [{"date": "2026-08-01", "order_status": "X", "gmv": 1.0}] * 2
    assert picture(fields, rows, "") is None


def test_days_that_are_years_apart_are_not_filled_up() -> None:
    rows: list[Row] = [{"date": "2016-01-01", "gmv": 1.0}, {"date": "2026-01-01", "gmv": 1.0}]
    drawn = picture(["date", "gmv"], rows, "")
    assert drawn is not None
    assert len(drawn.marks) == 2
