"""Date templates: which days they mean on a day, and which days those are compared with.

20 August 2026 is a Thursday; its week began on Monday the 17th, or Sunday the 16th.
"""

from __future__ import annotations

import datetime as dt

import pytest

from sheets_export.date_ranges import LABELS, DateRange

TODAY = dt.date(2026, 8, 20)


def days(template: str, today: dt.date = TODAY, **more: object) -> tuple[str, str]:
    found = DateRange(template, **more).on(today)  # type: ignore[arg-type]
    return found.first.isoformat(), found.last.isoformat()


@pytest.mark.parametrize(
    ("template", "first", "last"),
    [
        ("today", "2026-08-20", "2026-08-20"),
        ("yesterday", "2026-08-19", "2026-08-19"),
        ("last_7_days", "2026-08-13", "2026-08-19"),
        ("last_14_days", "2026-08-06", "2026-08-19"),
        ("last_28_days", "2026-07-23", "2026-08-19"),
        ("last_30_days", "2026-07-21", "2026-08-19"),
        ("last_90_days", "2026-05-22", "2026-08-19"),
        ("this_week", "2026-08-17", "2026-08-19"),
        ("last_week", "2026-08-10", "2026-08-16"),
        ("this_month", "2026-08-01", "2026-08-19"),
        ("last_month", "2026-07-01", "2026-07-31"),
        ("this_quarter", "2026-07-01", "2026-08-19"),
        ("last_quarter", "2026-04-01", "2026-06-30"),
        ("year_to_date", "2026-01-01", "2026-08-19"),
        ("last_year", "2025-01-01", "2025-12-31"),
    ],
)
def test_a_template_means_these_days(template: str, first: str, last: str) -> None:
    assert days(template) == (first, last)


@pytest.mark.parametrize(
    ("template", "first", "last"),
    [
        ("last_7_days", "2026-08-14", "2026-08-20"),
        ("this_week", "2026-08-17", "2026-08-20"),
        ("this_month", "2026-08-01", "2026-08-20"),
        ("year_to_date", "2026-01-01", "2026-08-20"),
        # Whole periods do not change.
        ("last_week", "2026-08-10", "2026-08-16"),
        ("last_month", "2026-07-01", "2026-07-31"),
        ("yesterday", "2026-08-19", "2026-08-19"),
    ],
)
def test_today_can_be_included(template: str, first: str, last: str) -> None:
    assert days(template, include_today=True) == (first, last)


def test_weeks_may_begin_on_sunday() -> None:
    assert days("this_week", week_start="sunday") == ("2026-08-16", "2026-08-19")
    assert days("last_week", week_start="sunday") == ("2026-08-09", "2026-08-15")
    on_sunday = dt.date(2026, 8, 16)
    assert days("last_week", on_sunday, week_start="sunday") == ("2026-08-09", "2026-08-15")
    assert days("last_week", on_sunday) == ("2026-08-03", "2026-08-09")


@pytest.mark.parametrize(
    ("template", "today"),
    [("this_week", "2026-08-17"), ("this_month", "2026-08-01"), ("year_to_date", "2026-01-01")],
)
def test_on_its_first_day_a_period_is_that_day(template: str, today: str) -> None:
    assert days(template, dt.date.fromisoformat(today)) == (today, today)


def test_years_end_inside_weeks_and_quarters() -> None:
    new_year = dt.date(2027, 1, 1)
    assert days("last_month", new_year) == ("2026-12-01", "2026-12-31")
    assert days("last_quarter", new_year) == ("2026-10-01", "2026-12-31")
    assert days("this_week", new_year) == ("2026-12-28", "2026-12-31")


def test_custom_days_stay_as_they_are() -> None:
    chosen = {"start": dt.date(2026, 2, 1), "end": dt.date(2026, 2, 14)}
    assert days("custom", **chosen, include_today=True) == ("2026-02-01", "2026-02-14")


def test_every_template_of_the_list_can_be_resolved() -> None:
    for template in LABELS:
        found = DateRange(template).on(TODAY)
        assert found.first <= found.last


# --- what they are compared with -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "first", "last", "by"),
    [
        ("today", "2026-08-19", "2026-08-19", (1, 0)),
        ("last_7_days", "2026-08-06", "2026-08-12", (7, 0)),
        ("last_28_days", "2026-06-25", "2026-07-22", (28, 0)),
        ("last_week", "2026-08-03", "2026-08-09", (7, 0)),
        ("this_week", "2026-08-10", "2026-08-12", (7, 0)),
        ("last_month", "2026-06-01", "2026-06-30", (0, 1)),
        ("this_month", "2026-07-01", "2026-07-19", (0, 1)),
        ("last_quarter", "2026-01-01", "2026-03-31", (0, 3)),
        ("year_to_date", "2025-01-01", "2025-08-19", (0, 12)),
    ],
)
def test_the_period_before(template: str, first: str, last: str, by: tuple[int, int]) -> None:
    found = DateRange(template).previous_period(TODAY)
    assert (f"{found.of.first}", f"{found.of.last}", (found.days, found.months)) == (
        first,
        last,
        by,
    )


def test_the_beginning_of_a_shorter_month_is_not_longer_than_the_month() -> None:
    found = DateRange("this_month").previous_period(dt.date(2026, 3, 31))
    assert (f"{found.of.first}", f"{found.of.last}") == ("2026-02-01", "2026-02-28")


@pytest.mark.parametrize(
    ("template", "first", "last", "by"),
    [
        ("yesterday", "2025-08-19", "2025-08-19", (0, 12)),
        ("last_30_days", "2025-07-21", "2025-08-19", (0, 12)),
        ("last_month", "2025-07-01", "2025-07-31", (0, 12)),
        ("last_quarter", "2025-04-01", "2025-06-30", (0, 12)),
        # The same days of the week.
        ("last_week", "2025-08-11", "2025-08-17", (364, 0)),
    ],
)
def test_the_year_before(template: str, first: str, last: str, by: tuple[int, int]) -> None:
    found = DateRange(template).previous_year(TODAY)
    assert (f"{found.of.first}", f"{found.of.last}", (found.days, found.months)) == (
        first,
        last,
        by,
    )


def test_a_whole_february_is_compared_with_a_whole_february() -> None:
    found = DateRange("last_month").previous_year(dt.date(2029, 3, 10))
    assert (f"{found.of.first}", f"{found.of.last}") == ("2028-02-01", "2028-02-29")
    found = DateRange("yesterday").previous_year(dt.date(2028, 3, 1))
    assert (f"{found.of.first}", f"{found.of.last}") == ("2027-02-28", "2027-02-28")
