"""Rows that are updated in place: what they are known by, and that what was right stays right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from sheets_export.date_ranges import Days
from sheets_export.definition import Unfit, read_definition
from tests.answering import at
from tests.exporting import ExportHouse, export_house
from tests.sheets_writing import AUGUST, DATE, PRODUCT, UNITS, Writing, table

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportHouse]:
    with export_house(tmp_path_factory.mktemp("in_place")) as made:
        yield made


@pytest.fixture
def house(built: ExportHouse) -> ExportHouse:
    built.begin_again()
    return built


def days(today: str, **texts: str) -> Days:
    made = read_definition({"shops": "all", "fields": "gmv", "mode": "upsert", **texts})
    return made.days(dt.date.fromisoformat(today))


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    "fields", ["product_name,gmv", "paid_date,gmv", "day_of_week,gmv", "hour,month,gmv"]
)
def test_what_tells_no_day_and_no_record_cannot_be_updated_in_place(fields: str) -> None:
    """A product has other numbers next week, and last week's would stay where it sells nothing."""
    with pytest.raises(Unfit) as caught:
        read_definition({"shops": "all", "fields": fields, "mode": "upsert"})
    assert "Date" in caught.value.problems["mode"]
    assert "Order ID" in caught.value.problems["mode"]


@pytest.mark.parametrize(
    "fields",
    [
        *("date,product_name,gmv", "order_id,gmv", "date_hour,gmv", "week_iso,gmv"),
        *("year_month,gmv", "year_quarter,gmv", "year,gmv", "sku_id,available_quantity"),
    ],
)
def test_a_day_or_a_record_is_enough(fields: str) -> None:
    assert read_definition({"shops": "all", "fields": fields, "mode": "upsert"}).keys


@pytest.mark.parametrize(
    ("split", "first"),
    [
        ("day", "2026-08-21"),
        # 17 August 2026 is a Monday.
        ("week", "2026-08-17"),
        ("month", "2026-08-01"),
        ("quarter", "2026-07-01"),
        ("year", "2026-01-01"),
    ],
)
def test_the_window_begins_with_a_whole_unit_of_the_split(split: str, first: str) -> None:
    """The 14 days before 4 September 2026 begin with Friday, 21 August."""
    found = days("2026-09-04", split=split, range="last_14_days")
    assert found == Days(day(first), day("2026-09-03"))


def test_a_window_in_the_past_ends_with_a_whole_unit() -> None:
    custom = {"range": "custom", "start": "2026-07-10", "end": "2026-08-10"}
    assert days("2026-09-04", split="month", **custom) == Days(day("2026-07-01"), day("2026-08-31"))
    sundays = days("2026-09-04", split="week", week_start="sunday", **custom)
    assert sundays == Days(day("2026-07-05"), day("2026-08-15"))
    # The month is not over: it ends with yesterday.
    assert days("2026-08-12", split="month", **custom).last == day("2026-08-11")


def test_the_finest_split_decides_and_other_modes_ask_for_what_they_say() -> None:
    both = {"fields": "date,year_month,gmv", "range": "last_7_days"}
    assert days("2026-09-04", **both) == Days(day("2026-08-28"), day("2026-09-03"))
    replaced = days("2026-09-04", split="month", range="last_7_days", mode="replace")
    assert replaced == Days(day("2026-08-28"), day("2026-09-03"))


def test_a_month_does_not_lose_the_days_that_roll_out_of_the_window(house: ExportHouse) -> None:
    export = house.create(
        fields="gmv,orders", split="month", mode="upsert", range="last_30_days", start="", end=""
    )
    for today in ("2026-08-20", "2026-09-01", "2026-09-04"):
        house.clock.instant = at(f"{today} 12:00")
        house.refresh(house.again(export))
        assert [row[1:] for row in house.look("Sales")].count([133.75, 4]) == 1
    assert house.again(export).report["range"] == "2026-08-01 to 2026-09-03"


@pytest.mark.parametrize(
    ("today", "texts", "first", "last"),
    [
        # May to 19 August is asked for, for the last 90 days begin on 22 May.
        (
            "2026-08-20",
            {"split": "month", "range": "last_90_days", "compare": "previous_year"},
            *("2025-05-01", "2025-08-19"),
        ),
        # The 28 days before 20 August 2026, a Thursday, begin with Thursday, 23 July: the week with
        # Monday, 20 July; 28 days before that is 22 June.
        (
            "2026-08-20",
            {"split": "week", "range": "last_28_days", "compare": "previous_period"},
            *("2026-06-22", "2026-07-22"),
        ),
        # 52 weeks before the same Monday, and before Wednesday, 19 August.
        (
            "2026-08-20",
            {"split": "week", "range": "last_28_days", "compare": "previous_year"},
            *("2025-07-21", "2025-08-20"),
        ),
        # 2026 has a week 53, so the Monday of week 10 of 2027, 8 March, lies 53 weeks behind that
        # of week 10 of 2026; the 7 days before Tuesday the 16th begin with Tuesday the 9th.
        (
            "2027-03-16",
            {"fields": "week_iso,gmv", "range": "last_7_days", "compare": "previous_year"},
            *("2026-03-02", "2026-03-09"),
        ),
        # Week 53 of 2026 begins on 28 December; 2025 has none, and 52 weeks before is the 29th.
        (
            "2027-01-01",
            {"fields": "week_iso,gmv", "range": "yesterday", "compare": "previous_year"},
            *("2025-12-29", "2026-01-01"),
        ),
        # A whole February of 28 days beside the whole one of 29.
        (
            "2026-01-10",
            {
                "split": "month",
                "range": "custom",
                "compare": "previous_year",
                "start": "2025-02-03",
                "end": "2025-02-10",
            },
            *("2024-02-01", "2024-02-29"),
        ),
        # Days that are not made wider are compared as in the other modes.
        (
            "2026-08-20",
            {"split": "day", "range": "last_7_days", "compare": "previous_period"},
            *("2026-08-06", "2026-08-12"),
        ),
    ],
)
def test_whole_units_are_compared_with_whole_ones(
    today: str, texts: dict[str, str], first: str, last: str
) -> None:
    """Else the oldest one has less to be compared with than it is about."""
    wanted = {"shops": "all", "fields": "gmv", "mode": "upsert", **texts}
    earlier = read_definition(wanted).earlier(day(today))
    assert earlier is not None
    assert earlier.of == Days(day(first), day(last))


# --- changing such an export ----------------------------------------------------------------------

BY_DAY = {"mode": "upsert", "fields": "date,gmv"}
A_AND_B, A_AND_D = "order_id:IN_LIST:A,B", "order_id:IN_LIST:A,D"


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (BY_DAY, {"mode": "replace"}),
        (BY_DAY, {"mode": "append"}),
        (BY_DAY, {"fields": "date,product_name,gmv"}),
        (BY_DAY, {"fields": "gmv", "split": "month"}),
        ({**BY_DAY, "mode": "append"}, {"mode": "upsert"}),
        ({**BY_DAY, "mode": "append"}, {"mode": "replace"}),
        ({**BY_DAY, "mode": "replace"}, {"mode": "upsert", "fields": "date,product_name,gmv"}),
        (BY_DAY, {"shops": "111"}),
        (BY_DAY, {"client": "Aurora Group"}),
        (BY_DAY, {"filters": "order_id:IN_LIST:A"}),
        ({**BY_DAY, "filters": "order_id:IN_LIST:A"}, {"filters": ""}),
        (BY_DAY, {"currency": "USD"}),
        (BY_DAY, {"order_date": "paid"}),
        (BY_DAY, {"zone": "Asia/Tokyo"}),
        (BY_DAY, {"seller_center": "yes"}),
        ({**BY_DAY, "mode": "append"}, {"shops": "111"}),
        ({**BY_DAY, "mode": "replace"}, {"mode": "append", "shops": "111"}),
    ],
)
def test_rows_that_stay_keep_their_mode_and_what_they_are_known_by(
    house: ExportHouse, first: dict[str, str], then: dict[str, str]
) -> None:
    """Else rows would be left that nothing updates any more, or wiped that should stay."""
    export = house.create(**first)
    house.refresh(export)
    before = house.look("Sales")
    with pytest.raises(Unfit, match="Make a new export on another tab"):
        house.exporting.change(house.again(export), {**export.definition, "name": "Sales", **then})
    house.refresh(house.again(export))
    assert len(house.look("Sales")) >= len(before)
    assert house.again(export).definition == export.definition


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (BY_DAY, {"fields": "date,gmv,orders", "start": "2026-08-02", "sort": "gmv desc"}),
        ({**BY_DAY, "filters": f"{A_AND_D}\n{A_AND_B}"}, {"filters": f"{A_AND_B}\n{A_AND_D}"}),
        ({**BY_DAY, "mode": "replace"}, {"shops": "111", "zone": "Asia/Tokyo"}),
        ({**BY_DAY, "mode": "append"}, {"fields": "date,product_name,gmv"}),
        ({**BY_DAY, "mode": "replace"}, {"mode": "upsert"}),
        ({**BY_DAY, "mode": "replace"}, {"fields": "product_name,gmv"}),
    ],
)
def test_anything_else_can_be_changed(
    house: ExportHouse, first: dict[str, str], then: dict[str, str]
) -> None:
    export = house.create(**first)
    house.refresh(export)
    changed = house.exporting.change(
        house.again(export), {**export.definition, "name": "Sales", **then}
    )
    house.clock.instant += 60
    assert house.refresh(changed).state == "done"


def test_before_anything_is_written_everything_can_be_changed(house: ExportHouse) -> None:
    export = house.create(**BY_DAY)
    wish = {**export.definition, "name": "Sales", "mode": "replace"}
    assert house.exporting.change(export, wish).definition["mode"] == "replace"


# --- rows without a name --------------------------------------------------------------------------


def test_the_row_without_a_name_keeps_its_place(tmp_path: Path) -> None:
    writing = Writing(tmp_path)
    columns = (PRODUCT, UNITS)
    for units in (2, 3, 4):
        rows = table(["Cap", 1], [None, units], columns=columns)
        writing.refresh(rows, mode="upsert")
        assert writing.rows(2)[1:] == [["Cap", 1], ["", units]]


def test_a_row_without_a_name_of_a_day_is_another_one(tmp_path: Path) -> None:
    writing = Writing(tmp_path)
    columns = (DATE, PRODUCT, UNITS)
    for units in (2, 3):
        rows = table([AUGUST, None, units], [AUGUST + 1, None, 9], columns=columns)
        writing.refresh(rows, mode="upsert")
    assert writing.rows(3)[1:] == [[AUGUST, "", 3], [AUGUST + 1, "", 9]]
