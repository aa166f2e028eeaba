"""An answer's rows as cells: values, formats, headers, totals, columns to compare with."""

from __future__ import annotations

import pytest

from catalogue.fields import FIELDS
from errors import BadRequest
from sheets_export.cells import cell_text, may_be_formula, prepared, row_data
from sheets_export.compare import Comparison, Shift, now_of
from sheets_export.formats import look_of
from sheets_export.grid import dated, instant, table
from sheets_export.table import CUT_MARK, LONGEST_TEXT, Cell, Kind, NumberFormat, Table
from tests.sheets_writing import AUGUST, DATE, GMV, PRODUCT, UNITS
from tests.sheets_writing import table as written

# --- values ---


def test_a_day_is_the_number_of_days_since_30_december_1899() -> None:
    """The days that Google's own recordings name."""
    made = table(["date"], [{"date": "2020-01-01"}, {"date": "1999-01-02"}, {"date": None}])
    assert made.cells[0] == [43_831, 36_162, None]


def test_a_moment_has_the_part_of_its_day_behind_the_point() -> None:
    made = table(
        ["date_hour", "create_time"],
        [{"date_hour": "2020-01-01T06:00:00", "create_time": "2020-01-01T12:00:01"}],
    )
    assert made.cells[0] == [43_831.25]
    assert made.cells[1][0] == pytest.approx(43_831.5 + 1 / 86_400)


def test_a_month_is_its_first_day_and_shown_as_a_month() -> None:
    made = table(["year_month"], [{"year_month": "2020-01"}])
    assert made.cells[0] == [43_831]
    assert made.columns[0].number_format == NumberFormat("DATE", "yyyy-mm")


def test_an_id_stays_text_and_loses_no_digit() -> None:
    made = table(["order_id"], [{"order_id": "1729382756123456789"}])
    assert made.cells[0] == ["1729382756123456789"]
    assert made.columns[0].number_format == NumberFormat("TEXT")


def test_money_is_a_number_in_the_format_of_its_currency() -> None:
    assert look_of(FIELDS["gmv"], "USD") == ("number", NumberFormat("CURRENCY", '"$"#,##0.00'))
    assert look_of(FIELDS["gmv"], "IDR") == ("number", NumberFormat("CURRENCY", '"Rp"#,##0'))
    assert look_of(FIELDS["gmv"], "SEK") == ("number", NumberFormat("CURRENCY", '"SEK "#,##0.00'))
    assert look_of(FIELDS["gmv"], "") == ("number", NumberFormat("NUMBER", "#,##0.00"))


def test_a_percentage_is_a_fraction_and_a_duration_a_part_of_a_day() -> None:
    fields = ["return_rate", "live_duration"]
    made = table(fields, [{"return_rate": 0.125, "live_duration": 43_200}])
    assert [column[0] for column in made.cells] == [0.125, 0.5]
    assert made.columns[0].number_format == NumberFormat("PERCENT", "0.00%")
    assert made.columns[1].number_format == NumberFormat("TIME", "[h]:mm:ss")


def test_what_is_no_number_is_an_empty_cell() -> None:
    rows = [{"gmv": value} for value in (float("nan"), float("inf"), -float("inf"), None, 0, -1.5)]
    assert table(["gmv"], rows).cells[0] == [None, None, None, None, 0, -1.5]


def test_truth_is_truth_and_nothing_is_nothing() -> None:
    made = table(["is_paid"], [{"is_paid": True}, {"is_paid": False}, {"is_paid": None}])
    assert made.cells[0] == [True, False, None]


def test_a_text_that_is_too_long_is_cut_with_a_mark_and_counted() -> None:
    long = "x" * (LONGEST_TEXT + 1)
    made = table(["product_name"], [{"product_name": name} for name in (long, "x" * LONGEST_TEXT)])
    cut, whole = made.cells[0]
    assert (len(str(cut)), str(cut)[-len(CUT_MARK) :]) == (LONGEST_TEXT, CUT_MARK)
    assert (len(str(whole)), made.cut_texts) == (LONGEST_TEXT, 1)


def test_characters_beyond_the_basic_plane_count_twice_as_in_a_sheet() -> None:
    made = table(["product_name"], [{"product_name": "🎁" * (LONGEST_TEXT // 2 + 1)}])
    cut = str(made.cells[0][0])
    assert made.cut_texts == 1
    assert len(cut.encode("utf-16-le")) // 2 <= LONGEST_TEXT


# --- headers, keys, totals ---


def test_headers_are_the_catalogues_labels_and_dimensions_are_the_key() -> None:
    made = table(["date", "product_id", "gmv", "data_as_of"], [])
    assert [column.header for column in made.columns] == [
        FIELDS[name].label for name in ("date", "product_id", "gmv", "data_as_of")
    ]
    assert made.key_columns == (0, 1)


def test_two_rows_with_one_key_are_refused() -> None:
    made = written((AUGUST, "Cap", 1, 1.0), (AUGUST, "Cap", 2, 2.0))
    with pytest.raises(BadRequest, match="same dimensions"):
        made.row_keys()


def test_rows_without_a_dimension_have_no_key() -> None:
    with pytest.raises(BadRequest, match="add a dimension"):
        written((1,), columns=(UNITS,)).row_keys()


def test_totals_are_those_of_the_answer_and_only_of_metrics() -> None:
    made = table(
        ["date", "gmv"],
        [{"date": "2026-08-01", "gmv": 1.0}, {"date": "2026-08-02", "gmv": 2.0}],
        totals={"gmv": 7.5},
    )
    assert made.totals == (None, 7.5)


def test_the_digest_changes_with_every_cell_and_with_nothing_else() -> None:
    one = written((AUGUST, "Cap", 1, 1.0), (AUGUST, "Hat", 1, 1.0))
    assert one.digest() == written((AUGUST, "Cap", 1, 1.0), (AUGUST, "Hat", 1, 1.0)).digest()
    others = [
        written((AUGUST, "Cap", 1, 1.5), (AUGUST, "Hat", 1, 1.0)),
        written((AUGUST, "Hat", 1, 1.0), (AUGUST, "Cap", 1, 1.0)),
        written((AUGUST, "Cap", 1, 1.0)),
        written((AUGUST, "Cap", 1, 1.0), (AUGUST, "Hat", 1, 1.0), totals=(None, None, 2, 2.0)),
        written((AUGUST, "Cap", 1, 1), (AUGUST, "Hat", 1, 1), columns=(DATE, PRODUCT, GMV, UNITS)),
    ]
    assert len({one.digest(), *[other.digest() for other in others]}) == 6


def test_a_snapshot_says_on_every_row_when_it_was_taken() -> None:
    made = dated(written((AUGUST, "Cap", 1, 1.0)), 1_767_225_600, "America/New_York")
    assert made.columns[0].header == "Snapshot"
    # 2025-12-31 19:00 in New York; 2026-01-01 is day 46,023.
    assert made.cells[0][0] == pytest.approx(46_022 + 19 / 24)


def test_an_instant_is_shown_by_the_clock_of_the_zone() -> None:
    assert instant(1_767_225_600, "UTC") == 46_023
    assert instant(1_767_225_600, "Asia/Kolkata") == pytest.approx(46_023 + 5.5 / 24)


# --- columns to compare with ---


def compared(rows: list[dict[str, object]], shift: Shift) -> Comparison:
    return Comparison("previous_period", rows, shift)  # type: ignore[arg-type]


def test_yesterdays_week_stands_beside_todays() -> None:
    made = table(
        ["date", "gmv"],
        [{"date": "2026-08-08", "gmv": 8.0}, {"date": "2026-08-09", "gmv": 9.0}],
        compared=compared([{"date": "2026-08-01", "gmv": 1.0}], Shift(days=7)),
    )
    assert made.columns[2].header == "GMV (previous period)"
    assert made.columns[2].field_id == "gmv@previous_period"
    assert made.cells[2] == [1.0, None]


def test_rows_of_other_dimensions_are_not_taken_for_each_other() -> None:
    made = table(
        ["date", "product_id", "gmv"],
        [
            {"date": "2026-08-08", "product_id": "a", "gmv": 1.0},
            {"date": "2026-08-08", "product_id": None, "gmv": 2.0},
        ],
        compared=compared(
            [
                {"date": "2026-08-01", "product_id": "b", "gmv": 30.0},
                {"date": "2026-08-01", "product_id": None, "gmv": 40.0},
            ],
            Shift(days=7),
        ),
    )
    assert made.cells[3] == [None, 40.0]


def test_a_table_without_a_date_is_compared_row_by_row_and_the_totals_too() -> None:
    made = table(
        ["product_id", "gmv"],
        [{"product_id": "a", "gmv": 1.0}],
        totals={"gmv": 1.0},
        compared=Comparison("previous_year", [{"product_id": "a", "gmv": 3.0}], Shift(months=12),
                            totals={"gmv": 5.0}),
    )  # fmt: skip
    assert made.cells[2] == [3.0]
    assert made.totals == (None, 1.0, 5.0)


@pytest.mark.parametrize(
    ("field", "earlier", "shift", "now"),
    [
        ("date", "2026-02-28", Shift(days=1), "2026-03-01"),
        ("date", "2025-08-01", Shift(months=12), "2026-08-01"),
        ("date", "2024-02-29", Shift(months=12), None),
        ("date", "2026-01-31", Shift(months=1), None),
        ("date", "2025-12-15", Shift(months=1), "2026-01-15"),
        ("date_hour", "2026-07-31T23:00:00", Shift(days=1), "2026-08-01T23:00:00"),
        ("week_iso", "2025-W52", Shift(days=7), "2026-W01"),
        ("week_iso", "2025-W10", Shift(months=12), "2026-W10"),
        ("week_iso", "2020-W53", Shift(months=12), None),
        ("week_iso", "2026-W10", Shift(days=3), None),
        ("week_start_date", "2025-08-04", Shift(months=12), "2026-08-03"),
        ("year_month", "2025-12", Shift(months=1), "2026-01"),
        ("year_month", "2025-12", Shift(days=30), None),
        ("year_quarter", "2025-Q4", Shift(months=3), "2026-Q1"),
        ("year_quarter", "2025-Q4", Shift(months=1), None),
        ("year", "2025", Shift(months=12), "2026"),
        ("hour", "07", Shift(days=7), "07"),
        ("product_id", "2025-12", Shift(months=1), "2025-12"),
        ("date", None, Shift(days=7), None),
    ],
)
def test_an_earlier_date_belongs_to_a_later_one(
    field: str, earlier: str | None, shift: Shift, now: str | None
) -> None:
    dimension = FIELDS[field]
    assert now_of(dimension, earlier, shift) == now  # type: ignore[arg-type]


def test_an_earlier_day_that_has_no_counterpart_does_not_meet_rows_without_a_date() -> None:
    made = table(
        ["date", "gmv"],
        [{"date": None, "gmv": 1.0}],
        compared=compared([{"date": "2024-02-29", "gmv": 2.0}], Shift(months=12)),
    )
    assert made.cells[2] == [None]


# --- how a cell is said ---


@pytest.mark.parametrize(
    ("kind", "cell", "said"),
    [
        ("text", "=1+1", '{"userEnteredValue":{"stringValue":"=1+1"}}'),
        ("text", 'a"b\n\\', '{"userEnteredValue":{"stringValue":"a\\"b\\n\\\\"}}'),
        ("text", "naïve 🎁", '{"userEnteredValue":{"stringValue":"naïve 🎁"}}'),
        ("number", 1, '{"userEnteredValue":{"numberValue":1}}'),
        ("number", -0.5, '{"userEnteredValue":{"numberValue":-0.5}}'),
        ("number", 1e21, '{"userEnteredValue":{"numberValue":1e+21}}'),
        ("truth", True, '{"userEnteredValue":{"boolValue":true}}'),
        ("truth", False, '{"userEnteredValue":{"boolValue":false}}'),
        ("number", None, "{}"),
        ("text", "", "{}"),
    ],
)
def test_a_cell_is_a_text_a_number_a_truth_or_nothing(kind: Kind, cell: Cell, said: str) -> None:
    assert cell_text(cell) == said
    both = [prepared(kind, [cell, cell, cell]), prepared("number", [1, 2, 3])]
    two = '{"userEnteredValue":{"numberValue":2}}'
    assert row_data(both, 1, 2) == f'[{{"values":[{said},{two}]}}]'


def test_a_column_with_a_hole_is_said_cell_by_cell() -> None:
    (piece, cells) = prepared("text", ["100%", None, "%s"])
    assert row_data([(piece, cells)], 0, 3) == (
        '[{"values":[{"userEnteredValue":{"stringValue":"100%"}}]},{"values":[{}]},'
        '{"values":[{"userEnteredValue":{"stringValue":"%s"}}]}]'
    )


@pytest.mark.parametrize(
    "text",
    ["=1", " =1", "+1", "-1", "@A1", "'1", "\t=1", "\r=1", "＝1", "=IMPORTXML(1)", "\u00a0=1"],
)
def test_a_text_that_begins_like_a_formula_is_kept_away_from_the_clipboard(text: str) -> None:
    assert may_be_formula(text)


def test_other_texts_and_numbers_are_not() -> None:
    assert not any(map(may_be_formula, ["Cap", "1=1", "", " ", None, -1, True]))


def test_a_table_with_a_hole_is_no_table() -> None:
    for columns, cells in (
        ((DATE, GMV), ([1], [])),
        ((DATE,), ()),
        ((), ()),
        ((DATE, DATE), ([1], [1])),
    ):
        with pytest.raises(ValueError, match="column"):
            Table(columns, cells)
