"""Filters on time: what is understood as a day, a moment or a part of the calendar, what a day
means of a moment, and how the rest is refused."""

from __future__ import annotations

import re

import pytest

from catalogue.field import Dimension
from catalogue.fields import FIELDS
from connector.clause_times import read_times
from errors import BadRequest
from tests.planning import planned, refused, where


def read(name: str, operator: str, *values: str) -> tuple[str, tuple[str, ...]]:
    field = FIELDS[name]
    assert isinstance(field, Dimension)
    return read_times(field, operator, values)


@pytest.mark.parametrize(
    ("field", "written", "digits"),
    [
        ("date", "2026-11-01", "20261101"),
        ("date", " 20261101 ", "20261101"),
        ("date", "2026/11/01", "20261101"),
        ("date", "2026-11-01T00:00:00.000", "20261101"),
        ("week_start_date", "2026-11-02", "20261102"),
        ("covered_from", "2026-11-02", "20261102"),
        ("date_hour", "2026-11-01 10:00", "2026110110"),
        ("create_time", "2026-11-01T10:30:59", "20261101103059"),
        ("video_post_time", "20261101103059", "20261101103059"),
        ("year_month", "2026-11", "202611"),
        ("year_month", "2026-11-01", "202611"),
        ("year_quarter", "2026-Q4", "20264"),
        ("week_iso", "2026-W05", "202605"),
        ("year", "2026", "2026"),
        ("hour", "5", "05"),
        ("month", "05", "05"),
        ("day_of_month", "005", "05"),
        ("month_day", "105", "0105"),
        ("day_of_week", "00", "0"),
        ("quarter", "4", "4"),
        ("order_id", "2026-11-01", "2026-11-01"),
    ],
)
def test_times_become_the_digits_that_are_shown(field: str, written: str, digits: str) -> None:
    assert read(field, "EQUALS", written) == ("EQUALS", (digits,))
    assert read(field, "IN_LIST", written, written) == ("IN_LIST", (digits, digits))
    assert read(field, "BETWEEN", written, written) == ("BETWEEN", (digits, digits))


@pytest.mark.parametrize(
    ("operator", "values", "compared"),
    [
        ("EQUALS", ["2026-11-01"], ["20261101000000", "20261101235959"]),
        ("BETWEEN", ["2026-11-01", "2026-11-07"], ["20261101000000", "20261107235959"]),
        ("BETWEEN", ["2026-11-01 10", "2026-11-01 10:30"], ["20261101100000", "20261101103059"]),
        ("NUMERIC_GREATER_THAN", ["2026-11-15"], ["20261115235959"]),
        ("NUMERIC_GREATER_THAN_OR_EQUAL", ["2026-11-15"], ["20261115000000"]),
        ("NUMERIC_LESS_THAN", ["2026-11-15"], ["20261115000000"]),
        ("NUMERIC_LESS_THAN_OR_EQUAL", ["20261115"], ["20261115235959"]),
    ],
)
def test_a_day_of_a_moment_is_all_of_it(
    operator: str, values: list[str], compared: list[str]
) -> None:
    kept = "BETWEEN" if operator == "EQUALS" else operator
    assert read("create_time", operator, *values) == (kept, tuple(compared))


def test_a_day_of_an_hour_is_all_of_it() -> None:
    assert read("date_hour", "EQUALS", "2026-11-01") == ("BETWEEN", ("2026110100", "2026110123"))


def test_whole_days_in_a_list_of_moments_are_refused() -> None:
    with pytest.raises(BadRequest, match="on Create Time compares exact times in a list"):
        read("create_time", "IN_LIST", "2026-11-01", "2026-11-02")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("date", "11/01/2026"),
        ("date", "2026-11-01.."),
        ("date", "2026-02-30"),
        ("date", "2026-11"),
        ("date", "yesterday"),
        ("date", "２０２６1101"),
        ("date", ""),
        ("date_hour", "2026-11-01 24:00"),
        ("create_time", "1793491200"),
        ("create_time", "2026-11-01T10:30:60"),
        ("create_time", "2026-11-01T10:30:00Z"),
        ("year_month", "2026-13"),
        ("year_quarter", "2026-Q5"),
        ("week_iso", "2026-W54"),
        ("year", "26"),
        ("month", "November"),
        ("hour", "-1"),
    ],
)
@pytest.mark.parametrize("operator", ["EQUALS", "IN_LIST", "NUMERIC_GREATER_THAN"])
def test_what_is_no_such_time_is_refused(field: str, value: str, operator: str) -> None:
    with pytest.raises(BadRequest, match=f"on {re.escape(FIELDS[field].label)} needs an? "):
        read(field, operator, value)


@pytest.mark.parametrize("operator", ["CONTAINS", "REGEXP_PARTIAL_MATCH", "REGEXP_EXACT_MATCH"])
def test_a_part_of_the_shown_text_is_taken_as_it_is(operator: str) -> None:
    assert read("date", operator, "2026-1") == (operator, ("2026-1",))


@pytest.mark.parametrize(
    ("field", "first", "last"),
    [
        ("date", "2026-11-07", "2026-11-01"),
        ("hour", "22", "3"),
        ("order_id", "10", "9"),
        ("order_status", "D", "C"),
        ("gmv", "100", "99.5"),
    ],
)
def test_a_range_from_the_larger_to_the_smaller_is_refused(
    field: str, first: str, last: str
) -> None:
    for kind in ("INCLUDE", "EXCLUDE"):
        clauses = where(field, first, last, operator="BETWEEN", kind=kind)
        code, message = refused("orders", dimensionsFilters=clauses)
        assert code == "bad_request"
        assert message.startswith(f"The filter on {FIELDS[field].label} is from '")
        assert message.endswith(", but the first is the larger of the two. Exchange them.")
    for one in (first, last):
        same = where(field, one, one, operator="BETWEEN")
        assert planned("orders", dimensionsFilters=same).sql


def test_a_request_names_the_field_by_its_label() -> None:
    bad = where("create_time", "11/01/2026", "11/07/2026", operator="BETWEEN")
    assert refused("orders", dimensionsFilters=bad) == (
        "bad_request",
        (
            "The filter on Create Time needs a day such as 2026-11-01, or 2026-11-01 10:30:00, but "
            "got '11/01/2026'."
        ),
    )
