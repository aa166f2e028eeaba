"""What is understood of Looker Studio's getData request, and how the rest is refused."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.request import Clause, parse
from errors import BadRequest


def a_request(**changes: Any) -> dict[str, Any]:
    return {
        "configParams": {"shops": "111,222", "order_date": "paid", "time_zone": "Asia/Jakarta"},
        "scriptParams": {"lastRefresh": "1"},
        "dateRange": {"startDate": "2026-08-01", "endDate": "2026-08-31"},
        "fields": [{"name": "date"}, {"name": "gmv"}, {"name": "currency", "forFilterOnly": True}],
        "dimensionsFilters": [
            [
                {
                    "fieldName": "currency",
                    "values": ["USD"],
                    "type": "INCLUDE",
                    "operator": "EQUALS",
                }
            ]
        ],
        **changes,
    }


def code_of(body: object) -> tuple[str, str]:
    with pytest.raises(BadRequest) as raised:
        parse(body)
    return raised.value.code, raised.value.message


def test_a_request_is_read_as_looker_sends_it() -> None:
    request = parse(a_request())
    assert request.fields == ("date", "gmv")
    assert (request.start, request.end) == (dt.date(2026, 8, 1), dt.date(2026, 8, 31))
    assert request.filters == ((Clause("currency", "EQUALS", ("USD",), exclude=False),),)
    assert request.options.shops == ("111", "222")
    assert request.options.order_date == "paid"
    assert request.options.time_zone == "Asia/Jakarta"
    assert (request.first_row, request.row_count) == (0, None)


def test_pagination_counts_rows_from_one() -> None:
    request = parse(a_request(pagination={"startRow": "101", "rowCount": 50}))
    assert (request.first_row, request.row_count) == (100, 50)


def test_unknown_keys_are_let_pass_because_the_product_adds_them() -> None:
    assert parse(a_request(somethingNew={"a": 1})).fields == ("date", "gmv")


def test_an_unknown_field_names_the_nearest_known_ones() -> None:
    code, message = code_of(a_request(fields=[{"name": "ordr_status"}]))
    assert code == "unknown_field"
    assert "order_status" in message


def test_a_filter_on_an_unknown_field_is_refused_like_a_field() -> None:
    clause = {"fieldName": "gvm", "values": ["1"], "type": "INCLUDE", "operator": "EQUALS"}
    assert code_of(a_request(dimensionsFilters=[[clause]]))[0] == "unknown_field"


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-08-31", "2026-08-01"),
        ("0001-01-01", "9999-12-31"),
        ("2026-02-30", "2026-03-01"),
        ("20260801", "20260831"),
        ("2026-W01-1", "2026-W02-1"),
        ("２０２６-08-01", "2026-08-02"),
        ("yesterday", "today"),
        (None, "2026-08-01"),
        (20260801, 20260831),
    ],
)
def test_reversed_and_absurd_date_ranges_are_refused(start: object, end: object) -> None:
    date_range = {"startDate": start, "endDate": end}
    assert code_of(a_request(dateRange=date_range))[0] == "bad_date_range"


def test_a_report_without_shops_says_where_to_choose_them() -> None:
    code, message = code_of(a_request(configParams={}))
    assert code == "bad_request"
    assert "shop" in message


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "text",
        {},
        {"fields": []},
        {"fields": "date"},
        {"fields": [None]},
        {"fields": [{"name": 5}]},
        {"fields": [{"name": "date", "forFilterOnly": True}]},
    ],
)
def test_a_body_that_asks_for_nothing_is_refused(body: object) -> None:
    if isinstance(body, dict):
        body = {"configParams": {"shops": "all"}, **body}
    assert code_of(body)[0] in ("bad_request", "unknown_field")


@pytest.mark.parametrize(
    "clause",
    [
        {"fieldName": "date", "values": [], "type": "INCLUDE", "operator": "EQUALS"},
        {"fieldName": "date", "values": ["1"], "type": "INCLUDE", "operator": "IS_NULL"},
        {"fieldName": "date", "values": ["1"], "type": "INCLUDE", "operator": "BETWEEN"},
        {"fieldName": "date", "values": ["1"], "type": "PERHAPS", "operator": "EQUALS"},
        {"fieldName": "date", "values": ["1"], "type": "INCLUDE", "operator": "LIKE"},
        {"fieldName": "date", "values": [{}], "type": "INCLUDE", "operator": "EQUALS"},
        {"fieldName": "date", "values": "x", "type": "INCLUDE", "operator": "EQUALS"},
        "x",
    ],
)
def test_a_clause_of_a_wrong_shape_is_refused(clause: object) -> None:
    assert code_of(a_request(dimensionsFilters=[[clause]]))[0] == "bad_request"


@pytest.mark.parametrize("rows", ["1_0", "-1", "1.5", "٣", "", "9" * 20])
def test_only_whole_numbers_page(rows: str) -> None:
    assert code_of(a_request(pagination={"startRow": 1, "rowCount": rows}))[0] == "bad_request"


def patterns(*values: str) -> list[list[dict[str, Any]]]:
    return [
        [
            {
                "fieldName": "product_name",
                "operator": "REGEXP_PARTIAL_MATCH",
                "type": "INCLUDE",
                "values": [value],
            }
            for value in values
        ]
    ]


@pytest.mark.parametrize(
    "filters",
    [
        patterns("x" * 501),
        patterns("(?:x{0,1000}){0,1}"),
        patterns("a{150}b{150}"),
        patterns(*(f"name {number}" for number in range(21))),
    ],
)
def test_patterns_that_cost_more_than_they_are_worth_are_refused(filters: Any) -> None:
    assert code_of(a_request(dimensionsFilters=filters))[0] == "bad_request"


def test_ordinary_patterns_pass() -> None:
    filters = patterns("(?i)^cup.*[0-9]{2,4}$", "hat|scarf")
    assert len(parse(a_request(dimensionsFilters=filters)).filters[0]) == 2


def test_all_means_all_however_it_is_written() -> None:
    assert parse(a_request(configParams={"shops": "ALL"})).options.shops == ("all",)
    assert parse(a_request(configParams={"shops": "111,all"})).options.shops == ("all",)


def test_a_field_or_a_zone_is_recognised_whatever_its_case() -> None:
    assert "Did you mean gmv" in code_of(a_request(fields=[{"name": "GMV"}]))[1]
    for written, zone in (("utc", "UTC"), ("america/NEW_YORK", "America/New_York")):
        options = {"shops": "all", "time_zone": written}
        assert parse(a_request(configParams=options)).options.time_zone == zone


@pytest.mark.parametrize("name", ["strict", "seller_center"])
def test_a_check_box_is_on_or_off(name: str) -> None:
    for value, is_on in ((True, True), ("yes", True), ("false", False), (False, False)):
        options = parse(a_request(configParams={"shops": "all", name: value})).options
        assert getattr(options, name) is is_on
    _, message = code_of(a_request(configParams={"shops": "all", name: "maybe"}))
    assert message == f"{name} is 'maybe'; it can be true or false."


def test_the_same_filter_twice_is_one() -> None:
    twice = a_request()["dimensionsFilters"] * 2
    assert len(parse(a_request(dimensionsFilters=twice)).filters) == 1
    assert len(parse(a_request(dimensionsFilters=[twice[0] * 3])).filters[0]) == 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(a_request())), _JSON))
def test_any_json_is_either_understood_or_refused(changes: dict[str, Any]) -> None:
    try:
        parse(a_request(**changes))
    except BadRequest as raised:
        refused = raised
    else:
        return
    assert refused.message.endswith(".")


def test_the_request_above_is_one_the_product_could_send() -> None:
    contract = Path(__file__).parent / "contracts" / "getdata_request.schema.json"
    jsonschema.validate(a_request(), json.loads(contract.read_text()))
