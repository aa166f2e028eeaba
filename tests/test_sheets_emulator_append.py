"""values.append: which table a range finds and where the rows go.

The sheet of Google's guide: one table in A1:C2, another in B4:D6.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.sheets_emulator.clients import gspread_client
from tests.sheets_emulator.server import Emulator


@pytest.fixture
def sheet() -> Any:
    emulator = Emulator()
    size = {"rowCount": 8, "columnCount": 6}
    book = emulator.create(sheets=[{"title": "Sheet1", "gridProperties": size}])
    sheet = gspread_client(emulator).open_by_key(book.spreadsheet_id).sheet1
    sheet.update([["x", "y", "z"], ["x", "y", "z"]], "A1")
    sheet.update([["x", "y", ""], ["", "y", "z"], ["", "y", "z"]], "B4")
    return sheet


def appended(sheet: Any, where: str, **options: Any) -> tuple[str | None, str]:
    answer = sheet.append_rows([["new"]], table_range=where, **options)
    return answer.get("tableRange"), answer["updates"]["updatedRange"]


@pytest.mark.parametrize("where", ["B4", "C5:D5", "B2:D4", "A3:F8", "A1:F8"])
def test_the_last_table_in_the_range_is_taken(sheet: Any, where: str) -> None:
    assert appended(sheet, where) == ("Sheet1!B4:D6", "Sheet1!B7")


def test_the_whole_sheet_finds_its_last_table(sheet: Any) -> None:
    answer = sheet.append_row(["new"])
    assert answer["tableRange"] == "Sheet1!B4:D6"


def test_a_cell_of_the_first_table_appends_to_the_first(sheet: Any) -> None:
    assert appended(sheet, "A1") == ("Sheet1!A1:C2", "Sheet1!A3")


@pytest.mark.parametrize("where", ["E4", "A4"])
def test_a_cell_outside_all_tables_is_where_the_rows_go(sheet: Any, where: str) -> None:
    assert appended(sheet, where) == (None, f"Sheet1!{where}")


def test_a_gap_in_a_row_makes_two_tables_and_the_right_one_is_taken(sheet: Any) -> None:
    """Recorded: with A1 and C1 filled and B1 empty the next row landed in column C."""
    sheet.clear()
    sheet.update([["a", "", "c"]], "A1")
    assert appended(sheet, "A1:F8") == ("Sheet1!C1", "Sheet1!C2")


def test_inserting_rows_pushes_down_what_is_below(sheet: Any) -> None:
    assert appended(sheet, "A1", insert_data_option="INSERT_ROWS")[1] == "Sheet1!A3"
    assert sheet.get("A3:B5") == [["new"], [], ["", "x"]]
    assert sheet.spreadsheet.worksheet("Sheet1").row_count == 9


def test_the_grid_grows_where_the_rows_need_it(sheet: Any) -> None:
    answer = sheet.append_rows([["1"], ["2"], ["3"]], table_range="B4")
    assert answer["updates"]["updatedRange"] == "Sheet1!B7:B9"
    assert sheet.spreadsheet.worksheet("Sheet1").row_count == 9
