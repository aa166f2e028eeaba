"""What a refresh leaves in the spreadsheet: replace, upsert, append, totals, status, marks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from errors import BadRequest, Refused
from sheets_export.table import Column, NumberFormat
from sheets_export.target import Mode, Place
from tests.installation import START
from tests.sheets_writing import AUGUST, DATE, GMV, PRODUCT, UNITS, Writing, status, table

pytestmark = pytest.mark.slow

HEADER = ["Date", "Product", "Units", "GMV"]
CAP = [AUGUST, "Cap", 1, 10.5]
HAT = [AUGUST + 1, "Hat", 2, 20]
MUG = [AUGUST + 2, "Mug", 3, 30]


@pytest.fixture
def writing(tmp_path: Path) -> Writing:
    return Writing(tmp_path)


# --- a new block ---


def test_an_export_makes_its_tab_with_one_read_and_one_write(writing: Writing) -> None:
    done = writing.refresh(table(CAP, HAT))
    assert writing.rows() == [HEADER, CAP, HAT]
    assert writing.counted() == ["Read", "Write"]
    assert (done.did, done.rows, done.reads, done.writes) == ("written", 2, 1, 1)
    assert [tab.title for tab in writing.emulator.books[writing.book_id].tabs] == [
        "Sheet1",
        "Sales",
    ]


def test_lines_above_the_rows_are_frozen_and_formats_reach_to_the_end(writing: Writing) -> None:
    writing.refresh(table(CAP))
    shown = writing.cells(render="FORMATTED_VALUE")
    assert shown[-1] == ["2026-08-01", "Cap", "1", "$10.50"]
    writing.typed(899, 0, AUGUST)
    assert writing.cells("Sales!A900", render="FORMATTED_VALUE") == [["2026-08-01"]]
    tab = writing.emulator.books[writing.book_id].titled("Sales")
    assert tab is not None
    assert tab.frozen("ROWS") == writing.header_row + 1


def test_a_named_range_is_around_header_and_rows_and_a_warning_around_all(
    writing: Writing,
) -> None:
    writing.refresh(table(CAP, HAT))
    book = writing.emulator.books[writing.book_id]
    top = writing.header_row
    named = {one["name"]: one["range"] for one in book.named}
    assert named["sales"] == {
        "sheetId": writing.sheet_id(),
        "startRowIndex": top,
        "endRowIndex": top + 3,
        "startColumnIndex": 0,
        "endColumnIndex": 4,
    }
    (guard,) = book.protected
    assert guard["warningOnly"] is True
    assert (guard["range"]["startRowIndex"], guard["range"]["endRowIndex"]) == (0, top + 3)
    assert writing.cells("sales") == [HEADER, CAP, HAT]


def test_an_empty_tab_of_the_title_is_taken_over(writing: Writing) -> None:
    writing.refresh(table(CAP), tab="sheet1")
    assert writing.rows(tab="Sheet1") == [HEADER, CAP]


def test_a_tab_with_something_in_the_way_is_left_alone(writing: Writing) -> None:
    writing.typed(3, 1, "mine", tab="Sheet1")
    with pytest.raises(Refused, match=r"Cell B4 of the tab “Sheet1” is in the way"):
        writing.refresh(table(CAP), tab="Sheet1")
    assert writing.cells("Sheet1!A1:Z50") == [[], [], [], ["", "mine"]]


def test_a_block_may_begin_anywhere_on_its_tab(writing: Writing) -> None:
    writing.typed(0, 0, "My report", tab="Sheet1")
    writing.refresh(table(CAP), tab="Sheet1", row=4, column=2)
    writing.refresh(table(CAP, HAT), tab="Sheet1", row=4, column=2)
    assert writing.cells("Sheet1!A1") == [["My report"]]
    top = writing.header_row + 1
    assert writing.cells(f"Sheet1!C{top}:F{top + 5}") == [HEADER, CAP, HAT]


def test_two_exports_do_not_share_a_tab(writing: Writing) -> None:
    writing.refresh(table(CAP))
    with pytest.raises(Refused, match="belongs to another export"):
        writing.refresh(table(CAP), export_id="e2", place=None)


def test_a_range_name_that_is_taken_gets_a_number(writing: Writing) -> None:
    writing.refresh(table(CAP))
    writing.refresh(table(CAP), export_id="e2", tab="Second", place=None)
    names = [one["name"] for one in writing.emulator.books[writing.book_id].named]
    assert names == ["sales", "sales_status", "sales_2", "sales_2_status"]


def test_a_table_of_one_column_has_a_status_too(writing: Writing) -> None:
    writing.refresh(table([1], columns=(UNITS,)))
    writing.refresh(table([2], [3], columns=(UNITS,)))
    assert writing.rows(width=2) == [["Units"], [2], [3]]
    assert writing.said("State") == "Up to date"


def test_an_answer_without_rows_leaves_the_header(writing: Writing) -> None:
    writing.refresh(table())
    assert writing.rows() == [HEADER]
    writing.refresh(table(CAP))
    assert writing.rows() == [HEADER, CAP]
    writing.refresh(table())
    assert writing.rows() == [HEADER]


# --- replace ---


def test_fewer_rows_leave_nothing_of_the_old_ones(writing: Writing) -> None:
    writing.refresh(table(CAP, HAT, MUG))
    writing.refresh(table(MUG))
    assert writing.rows() == [HEADER, MUG]
    assert writing.cells("sales") == [HEADER, MUG]


def test_a_null_empties_the_cell_that_held_a_number(writing: Writing) -> None:
    writing.refresh(table(CAP))
    writing.refresh(table((AUGUST, "Cap", None, 1)))
    assert writing.rows() == [HEADER, [AUGUST, "Cap", "", 1]]


def test_a_second_refresh_is_one_read_and_one_write_also_when_it_grows(writing: Writing) -> None:
    writing.refresh(table(CAP))
    writing.counted()
    writing.refresh(table(CAP, HAT, MUG))
    assert writing.counted() == ["Read", "Write"]


def test_a_table_that_outgrows_the_grid_makes_it_longer_with_its_formats(
    writing: Writing,
) -> None:
    writing.refresh(table(CAP))
    rows = [(AUGUST + n % 28, f"Product {n}", n, n / 4) for n in range(1_200)]
    writing.refresh(table(*rows))
    last = writing.header_row + 1 + 1_200
    shown = writing.cells(f"Sales!A{last}:D{last}", render="FORMATTED_VALUE")
    assert shown == [["2026-08-24", "Product 1199", "1,199", "$299.75"]]


def test_totals_stand_above_the_header(writing: Writing) -> None:
    writing.refresh(table(CAP, HAT, totals=(None, None, 3, 30.5)))
    row = writing.header_row
    assert writing.cells(f"Sales!A{row}:D{row}", render="FORMATTED_VALUE") == [
        ["", "", "3", "$30.50"]
    ]
    writing.refresh(table(CAP, HAT))
    assert writing.cells(f"Sales!A{row}:D{row}") == []


# --- upsert ---


def test_rows_that_are_known_keep_their_place_and_new_ones_follow(writing: Writing) -> None:
    writing.refresh(table(HAT, CAP), mode="upsert")
    writing.counted()
    later = [AUGUST, "Cap", 7, 70]
    writing.refresh(table(later, MUG), mode="upsert")
    assert writing.rows() == [HEADER, HAT, later, MUG]
    assert writing.counted() == ["Read", "Write"]


def test_a_row_of_the_window_that_is_gone_keeps_its_key_and_loses_its_numbers(
    writing: Writing,
) -> None:
    """Its place stays, for a note may stand beside it; its numbers would be wrong."""
    writing.refresh(table(CAP, HAT, MUG), mode="upsert")
    writing.refresh(table(MUG), mode="upsert", window=(AUGUST + 1, AUGUST + 2))
    assert writing.rows() == [HEADER, CAP, HAT[:2], MUG]


def test_a_typed_note_stays_with_its_row(writing: Writing) -> None:
    writing.refresh(table(CAP, HAT), mode="upsert")
    first = writing.header_row + 1
    writing.typed(first, 5, "look at this")
    writing.refresh(table(MUG, [AUGUST, "Cap", 9, 9]), mode="upsert")
    row = writing.cells(f"Sales!A{first + 1}:F{first + 1}")[0]
    assert row == [AUGUST, "Cap", 9, 9, "", "look at this"]


def test_rows_that_the_user_sorted_are_found_where_they_are(writing: Writing) -> None:
    writing.refresh(table(CAP, HAT, MUG), mode="upsert")
    first = writing.header_row + 1
    area = {"sheetId": writing.sheet_id(), "startRowIndex": first, "endRowIndex": first + 3,
            "startColumnIndex": 0, "endColumnIndex": 4}  # fmt: skip
    spec = {"dimensionIndex": 0, "sortOrder": "DESCENDING"}
    writing.by_hand({"sortRange": {"range": area, "sortSpecs": [spec]}})
    later = [AUGUST, "Cap", 9, 9]
    writing.refresh(table(later), mode="upsert")
    assert writing.rows() == [HEADER, MUG, HAT, later]


def test_a_key_with_a_part_missing_is_a_key(writing: Writing) -> None:
    unnamed = [AUGUST, None, 1, 1]
    writing.refresh(table(CAP, unnamed), mode="upsert")
    writing.refresh(table([AUGUST, None, 2, 2], CAP), mode="upsert")
    assert writing.rows() == [HEADER, CAP, [AUGUST, "", 2, 2]]


def test_the_same_upsert_twice_is_the_same_sheet(writing: Writing) -> None:
    writing.refresh(table(CAP, HAT), mode="upsert")
    writing.refresh(table(CAP, HAT), mode="upsert")
    assert writing.rows() == [HEADER, CAP, HAT]


def test_an_upsert_without_a_key_writes_nothing(writing: Writing) -> None:
    with pytest.raises(BadRequest, match="add a dimension"):
        writing.refresh(table([1], columns=(UNITS,)), mode="upsert")
    assert writing.emulator.books[writing.book_id].titled("Sales") is None


# --- append ---


def test_a_snapshot_adds_its_rows_with_the_time_it_was_taken(writing: Writing) -> None:
    writing.refresh(table(CAP, HAT), mode="append")
    writing.clock.sleep(86_400)
    writing.refresh(table(CAP), mode="append")
    # START is 2026-01-01, day 46,023.
    assert writing.rows(width=5) == [
        ["Snapshot", *HEADER],
        [46_023, *CAP],
        [46_023, *HAT],
        [46_024, *CAP],
    ]
    assert writing.said("Rows") == 3


def test_a_run_that_is_begun_again_adds_no_second_snapshot(writing: Writing) -> None:
    writing.refresh(table(CAP), mode="append", run="r1")
    done = writing.refresh(table(CAP), mode="append", run="r1")
    assert done.did == "already"
    assert len(writing.rows(width=5)) == 2


# --- other columns than before ---


def test_a_new_field_gets_a_column_at_the_right_end(writing: Writing) -> None:
    writing.refresh(table(CAP, HAT))
    orders = Column("orders", "Orders", "number", UNITS.number_format)
    chosen = (orders, DATE, PRODUCT, UNITS, GMV)
    writing.refresh(table([5, *CAP], [6, *HAT], columns=chosen))
    assert writing.rows(width=5) == [[*HEADER, "Orders"], [*CAP, 5], [*HAT, 6]]
    tab = writing.emulator.books[writing.book_id].titled("Sales")
    assert tab is not None
    dressed = {column for _, column, cell in tab.grid.filled(tab.grid.whole) if cell.rest}
    assert dressed == {0, 1, 2, 3, 4}


def test_a_new_field_does_not_overwrite_what_stands_beside_the_block(writing: Writing) -> None:
    writing.refresh(table(CAP))
    writing.typed(40, 4, "mine")
    orders = Column("orders", "Orders", "number", UNITS.number_format)
    with pytest.raises(Refused, match="Cell E41"):
        writing.refresh(table([*CAP, 5], columns=(DATE, PRODUCT, UNITS, GMV, orders)))
    assert writing.rows() == [HEADER, CAP]


def test_a_field_that_is_no_longer_wanted_leaves_its_column_empty(writing: Writing) -> None:
    """A formula may point at what is right of it."""
    writing.refresh(table(CAP))
    writing.refresh(table([AUGUST, "Cap", 5.5], columns=(DATE, PRODUCT, GMV)))
    assert writing.rows() == [["Date", "Product", "", "GMV"], [AUGUST, "Cap", "", 5.5]]
    writing.refresh(table(CAP))
    assert writing.rows() == [HEADER, CAP]


# --- the status ---


def test_the_status_says_what_there_is_to_know(writing: Writing) -> None:
    said = status(
        last_success=START,
        next_run=START + 3_600,
        range_used="1 to 2 August 2026",
        coverage="since 1 July 2026",
        shops="Aurora US",
        message="All is well.",
        refresh_link="https://reports.example.com/sheets/e1",
    )
    writing.refresh(table(CAP, HAT), said=said)
    wanted = {
        "Export": "Daily sales",
        "State": "Up to date",
        "Last success": 46_023,
        "Last attempt": 46_023,
        "Next run": pytest.approx(46_023 + 1 / 24),
        "Time zone": "UTC",
        "Date range": "1 to 2 August 2026",
        "Data covered": "since 1 July 2026",
        "Rows": 2,
        "Shops": "Aurora US",
        "Cut short": "no",
        "Message": "All is well.",
        "Refresh": "https://reports.example.com/sheets/e1",
    }
    assert {label: writing.said(label) for label in wanted} == wanted
    shown = [cell for row in writing.cells(render="FORMATTED_VALUE") for cell in row]
    assert "2026-01-01 01:00:00" in shown


def test_a_status_that_begins_like_a_formula_is_text(writing: Writing) -> None:
    writing.refresh(table(CAP), said=status(message="=1+1", shops="=A1"))
    assert (writing.said("Message"), writing.said("Shops")) == ("=1+1", "=A1")


def test_a_failure_changes_the_status_and_leaves_the_rows(writing: Writing) -> None:
    writing.refresh(table(CAP, HAT, totals=(None, None, 3, 30.5)))
    before = writing.cells(f"Sales!A{writing.header_row}:D50")
    writing.counted()
    done = writing.writer.tell(
        writing.book, writing.target(), status("Failed", message="No shop."), run="r9"
    )
    assert (done.did, writing.counted()) == ("written", ["Read", "Write"])
    assert writing.said("State") == "Failed"
    assert writing.said("Message") == "No shop."
    assert writing.said("Rows") == 2
    assert writing.cells(f"Sales!A{writing.header_row}:D50") == before


def test_a_status_has_no_place_before_the_first_success(writing: Writing) -> None:
    done = writing.writer.tell(writing.book, writing.target(), status("Failed"), run="r1")
    assert done.did == "not there"
    assert writing.counted() == ["Read"]


def test_texts_that_were_cut_are_mentioned(writing: Writing) -> None:
    made = replace(table(CAP), cut_texts=1)
    done = writing.refresh(made, said=status(message="Fine."))
    cut = "Texts that are longer than a cell may be, and were cut: 1."
    assert writing.said("Message") == f"Fine. {cut}"
    assert done.notes == (cut,)


# --- where it was last ---


def test_a_place_is_kept_as_a_text(writing: Writing) -> None:
    place = writing.refresh(table(CAP)).place
    assert place is not None
    assert Place.from_text(place.to_text()) == place
    assert Place.from_text("") is None
    assert Place.from_text('{"sheet_id": 1}') is None


def test_a_place_that_was_lost_costs_a_call_and_nothing_else(writing: Writing) -> None:
    writing.refresh(table(CAP))
    writing.counted()
    writing.refresh(table(CAP, HAT), place=None)
    assert writing.counted() == ["Read", "Read", "Write"]
    assert writing.rows() == [HEADER, CAP, HAT]


# --- formats ---


def test_a_format_of_the_users_stays_and_another_currency_gets_its_own(writing: Writing) -> None:
    writing.refresh(table(CAP))
    first = writing.header_row + 1
    area = {"sheetId": writing.sheet_id(), "startRowIndex": first, "endRowIndex": first + 1,
            "startColumnIndex": 3, "endColumnIndex": 4}  # fmt: skip
    cell = {"userEnteredFormat": {"numberFormat": {"type": "NUMBER", "pattern": "0"}}}
    fields = "userEnteredFormat.numberFormat"
    writing.by_hand({"repeatCell": {"range": area, "cell": cell, "fields": fields}})
    writing.refresh(table(CAP))
    assert writing.cells(f"Sales!D{first + 1}", render="FORMATTED_VALUE") == [["11"]]
    pounds = replace(GMV, number_format=NumberFormat("CURRENCY", '"£"#,##0.00'))
    for _ in range(2):
        writing.refresh(
            table(CAP, totals=(None, None, 1, 9), columns=(DATE, PRODUCT, UNITS, pounds))
        )
        assert writing.cells(f"Sales!D{first + 1}", render="FORMATTED_VALUE") == [["£10.50"]]
        assert writing.cells(f"Sales!D{first - 1}", render="FORMATTED_VALUE") == [["£9.00"]]


def test_instants_of_the_status_are_those_of_the_clock_of_its_zone(writing: Writing) -> None:
    """1 January 2026, 00:00 UTC, which is 31 December, 19:00 in New York."""
    said = replace(status(last_success=START, next_run=START + 3600), zone="America/New_York")
    writing.refresh(table(CAP), said=said)
    assert writing.said("Last attempt") == pytest.approx(46_022 + 19 / 24)
    assert writing.said("Last success") == pytest.approx(46_022 + 19 / 24)
    assert writing.said("Next run") == pytest.approx(46_022 + 20 / 24)


# --- rows that are there to stay ---


@pytest.mark.parametrize("first", ["upsert", "append"])
@pytest.mark.parametrize("then", ["replace", "upsert", "append"])
def test_rows_of_earlier_days_are_not_lost_to_another_mode(
    writing: Writing, first: Mode, then: Mode
) -> None:
    writing.refresh(table(CAP, HAT), mode=first)
    before = writing.cells()
    if first == then:
        writing.refresh(table(MUG), mode=then)
        assert len(writing.rows()) == 4
        return
    with pytest.raises(Refused, match="rows of earlier days"):
        writing.refresh(table(MUG), mode=then)
    assert writing.cells() == before


def test_rows_that_are_updated_in_place_keep_what_they_are_known_by(writing: Writing) -> None:
    writing.refresh(table(CAP, HAT), mode="upsert")
    units = replace(UNITS, is_key=True)
    with pytest.raises(Refused, match="other dimensions"):
        writing.refresh(table(CAP, columns=(DATE, PRODUCT, units, GMV)), mode="upsert")
