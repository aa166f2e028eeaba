"""What the texts of an export mean, and what is said of those that mean nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from catalogue.fields import FIELDS
from sheets_export.date_ranges import Days
from sheets_export.definition import Definition, Sort, Unfit, read_definition
from sheets_export.exporting import problem_of_tab, spreadsheet_id_of
from sheets_export.presets import PRESETS
from sheets_export.row_keys import row_key
from sheets_export.schedule import Schedule

AUGUST = Days(dt.date(2026, 8, 1), dt.date(2026, 8, 31))


def read(**texts: str) -> Definition:
    return read_definition({"shops": "all", "fields": "date,gmv", **texts})


def problems(**texts: str) -> dict[str, str]:
    with pytest.raises(Unfit) as caught:
        read(**texts)
    return caught.value.problems


def test_little_needs_to_be_said() -> None:
    made = read()
    assert (made.mode, made.compare, made.totals, made.row_limit) == ("replace", "none", False, 0)
    assert (made.dates.template, made.zone, made.schedule.kind) == ("last_28_days", "UTC", "never")


def test_words_and_labels_mean_the_same_whatever_their_case() -> None:
    made = read(
        fields="Date, GMV,order_id",
        range="Last 7 days",
        mode="update in place",
        compare="THE YEAR BEFORE",
        schedule="every week",
        weekday="Friday",
        at="8:05",
        include_today="TRUE",
    )
    assert made.fields == ("date", "gmv", "order_id")
    assert (made.mode, made.compare, made.dates.include_today) == ("upsert", "previous_year", True)
    assert made.schedule == Schedule("weekly", minute=485, hours=6, weekday=4)


@pytest.mark.parametrize(
    ("split", "field"),
    [
        ("hour", "date_hour"),
        ("day", "date"),
        ("week", "week_start_date"),
        ("month", "year_month"),
        ("quarter", "year_quarter"),
        ("year", "year"),
    ],
)
def test_a_split_puts_its_time_in_front(split: str, field: str) -> None:
    assert read(fields="gmv", split=split).fields == (field, "gmv")
    assert field in FIELDS


def test_weeks_from_sunday_are_split_by_their_sunday() -> None:
    made = read(fields="gmv", split="week", week_start="sunday")
    assert made.fields == ("week_start_sunday", "gmv")


def test_a_time_that_is_split_by_and_named_stands_once() -> None:
    assert read(fields="shop_name,date,gmv", split="day").fields == ("date", "shop_name", "gmv")


def test_it_asks_what_rows_csv_asks_with_the_same_words() -> None:
    made = read(
        fields="product_name,gmv",
        filters="order_status:NOT_EQUALS:CANCELLED\nseller_sku:IN_LIST:A,B",
        currency="usd",
        order_date="paid",
        zone="europe/london",
        client="Aurora",
    )
    asked = made.rows(AUGUST)
    assert asked.fields == ("product_name", "gmv")
    assert (asked.start, asked.end) == (AUGUST.first, AUGUST.last)
    assert [(group[0].field, group[0].exclude) for group in asked.filters] == [
        ("order_status", True),
        ("seller_sku", False),
    ]
    options = asked.options
    assert (options.shops, options.client, options.currency) == (("all",), "Aurora", "USD")
    assert (options.order_date, options.time_zone) == ("paid", "Europe/London")


def test_seller_center_mode_leaves_the_zone_to_the_shops() -> None:
    options = read(seller_center="yes", zone="Europe/London").rows(AUGUST).options
    assert (options.time_zone, options.order_date, options.seller_center) == ("", "paid", True)


def test_totals_are_asked_for_without_dimensions() -> None:
    asked = read(totals="yes").totals_of(AUGUST)
    assert asked is not None
    assert asked.fields == ("gmv",)
    assert read().totals_of(AUGUST) is None
    assert read(fields="order_id", totals="yes").totals_of(AUGUST) is None


def test_rows_are_cut_by_the_answer_unless_they_are_sorted_first() -> None:
    assert read(row_limit="10").rows(AUGUST).row_count == 10
    made = read(row_limit="10", sort="GMV desc, date")
    assert made.rows(AUGUST).row_count is None
    assert made.sort == (Sort("gmv", descending=True), Sort("date"))


@pytest.mark.parametrize(
    ("texts", "name", "said"),
    [
        ({"shops": ""}, "shops", "Choose which shops"),
        ({"fields": ""}, "fields", "Choose at least one field"),
        ({"fields": "gmvv"}, "fields", "Did you mean gmv"),
        ({"preset": "sales of the day"}, "preset", "Choose one of: Daily sales"),
        ({"range": "last_8_days"}, "range", "Choose one of: Today"),
        ({"range": "custom", "start": "2026-08-01"}, "end", "write it like 2026-08-31"),
        ({"range": "custom", "start": "1.8.2026", "end": "2026-08-02"}, "start", "is no day"),
        (
            {"range": "custom", "start": "2026-08-03", "end": "2026-08-02"},
            "end",
            "before the first",
        ),
        ({"filters": "order_status=COMPLETED"}, "filters", "has no operator"),
        ({"filters": "gmvv:EQUALS:1"}, "filters", "no field called 'gmvv'"),
        ({"sort": "orders"}, "sort", "Orders is not among the fields"),
        ({"sort": "nothing"}, "sort", "There is no field called 'nothing'"),
        ({"row_limit": "many"}, "row_limit", "whole number from 0 to 1,000,000"),
        ({"row_limit": "1000001"}, "row_limit", "whole number"),
        ({"totals": "perhaps"}, "totals", "yes or no"),
        ({"zone": "Mars/Base"}, "zone", "no time zone called"),
        ({"currency": "dollars"}, "fields", "is not a currency code"),
        ({"mode": "upsert", "fields": "gmv"}, "mode", "add a dimension"),
        ({"mode": "append", "totals": "yes"}, "totals", "mode Replace only"),
        ({"at": "25:00"}, "at", "like 07:00"),
        ({"schedule": "hours", "hours": "5"}, "hours", "can be 2, 3, 4, 6, 8, 12"),
        ({"day": "32"}, "day", "from 1 to 31"),
        ({"weekday": "someday"}, "weekday", "Choose one of: Monday"),
    ],
)
def test_what_cannot_be_is_told_by_its_name(texts: dict[str, str], name: str, said: str) -> None:
    found = problems(**texts)
    assert said in found[name]
    assert all(sentence.endswith((".", "?")) for sentence in found.values())


def test_all_mistakes_are_told_at_once() -> None:
    assert set(problems(shops="", zone="Mars", row_limit="x")) == {"shops", "zone", "row_limit"}


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_is_a_whole_definition(name: str) -> None:
    made = read_definition({"preset": name, "shops": "all"})
    assert len(made.fields) > 5
    changed = read_definition({"preset": PRESETS[name].label, "shops": "1", "sort": "", "zone": ""})
    assert (changed.fields, changed.shops) == (made.fields, "1")


def test_texts_given_beside_a_preset_change_it() -> None:
    made = read_definition(
        {"preset": "orders", "shops": "all", "mode": "replace", "range": "today"}
    )
    assert (made.mode, made.dates.template) == ("replace", "today")


# --- what a row is known by -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        # A record's own columns follow from it; they may change, the row stays.
        ("order_id,order_status,paid_time,currency,shop_name,gmv", "order_id"),
        ("return_id,order_id,return_status,return_reason", "return_id"),
        ("line_item_id,order_id,product_id,sku_id,gmv", "line_item_id"),
        ("shop_id,shop_name,date,gmv", "shop_id,date"),
        # Days are not an order's: it may be paid on one and refunded on another.
        ("date,order_id,order_status,gmv", "date,order_id"),
        # The name of a product is that of each sale.
        ("product_id,product_name,gmv", "product_id,product_name"),
        ("warehouse_id,order_status,gmv", "warehouse_id,order_status"),
        ("date,gmv,data_as_of", "date"),
        ("gmv,orders", ""),
    ],
)
def test_a_row_is_known_by_what_does_not_follow(fields: str, key: str) -> None:
    assert ",".join(row_key(fields.split(","))) == key


# --- where ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://docs.google.com/spreadsheets/d/1AbC-_234567890123456789/edit?gid=0#gid=0", True),
        ("https://docs.google.com/spreadsheets/u/1/d/1AbC-_234567890123456789/edit", True),
        (" 1AbC-_234567890123456789 ", True),
        ("https://docs.google.com/document/d/1AbC-_234567890123456789/edit", False),
        ("Report", False),
        ("", False),
    ],
)
def test_a_spreadsheet_is_named_by_its_address_or_its_id(text: str, found: bool) -> None:
    assert spreadsheet_id_of(text) == ("1AbC-_234567890123456789" if found else "")


@pytest.mark.parametrize("tab", ["_settings", "_Settings", "x" * 101, "two\nlines"])
def test_some_tabs_cannot_be_written_to(tab: str) -> None:
    assert problem_of_tab(tab).endswith(".")


def test_an_unfit_definition_tells_everything_in_its_message() -> None:
    unfit: Any = Unfit({"a": "One.", "b": "Two."})
    assert unfit.message == "One. Two."


@pytest.mark.parametrize(
    ("split", "texts"),
    [
        ("week", {"range": "last_30_days", "compare": "previous_period"}),
        ("week", {"range": "last_month", "compare": "previous_period"}),
        ("month", {"range": "last_28_days", "compare": "previous_period"}),
        ("month", {"range": "last_week", "compare": "previous_year"}),
        ("quarter", {"range": "last_month", "compare": "previous_period"}),
        ("year", {"range": "last_90_days", "compare": "previous_period"}),
        (
            "week",
            {
                "range": "custom",
                "start": "2026-08-03",
                "end": "2026-08-04",
                "compare": "previous_period",
            },
        ),
    ],
)
def test_a_comparison_needs_units_that_begin_so_much_earlier_too(
    split: str, texts: dict[str, str]
) -> None:
    assert "Split by day" in problems(fields="gmv", split=split, **texts)["compare"]


@pytest.mark.parametrize(
    ("split", "dates", "compare"),
    [
        ("week", "last_28_days", "previous_period"),
        ("week", "last_week", "previous_year"),
        ("week", "last_quarter", "previous_year"),
        ("month", "last_month", "previous_period"),
        ("quarter", "last_quarter", "previous_period"),
        ("day", "last_30_days", "previous_period"),
        ("hour", "yesterday", "previous_period"),
    ],
)
def test_a_comparison_whose_units_fit_is_made(split: str, dates: str, compare: str) -> None:
    assert read(fields="gmv", split=split, range=dates, compare=compare).compare == compare


def test_dates_before_which_the_calendar_has_none_are_not_compared() -> None:
    told = problems(range="custom", start="0001-01-01", end="0001-01-02", compare="previous_period")
    assert "no earlier dates" in told["start"]
