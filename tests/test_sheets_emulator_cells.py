"""Cells written by batchUpdate: what a fields mask touches, what is cleared, what repeats."""

from __future__ import annotations

from typing import Any

import gspread
import pytest

from tests.sheets_emulator.clients import gspread_client
from tests.sheets_emulator.server import Emulator

EURO = {"numberFormat": {"type": "CURRENCY", "pattern": '#,##0.00" €"'}}


@pytest.fixture
def sheet() -> Any:
    emulator = Emulator()
    size = {"rowCount": 6, "columnCount": 4}
    book = emulator.create(sheets=[{"title": "T", "gridProperties": size}])
    return gspread_client(emulator).open_by_key(book.spreadsheet_id).sheet1


def change(sheet: Any, kind: str, **body: Any) -> Any:
    return sheet.spreadsheet.batch_update({"requests": [{kind: body}]})


def refusal(sheet: Any, kind: str, **body: Any) -> str:
    with pytest.raises(gspread.exceptions.APIError) as caught:
        change(sheet, kind, **body)
    return str(caught.value.response.json()["error"]["message"])


def area(top: int, bottom: int, left: int, right: int) -> dict[str, int]:
    return {
        "sheetId": 0,
        "startRowIndex": top,
        "endRowIndex": bottom,
        "startColumnIndex": left,
        "endColumnIndex": right,
    }


def rows(*lines: list[Any]) -> list[dict[str, Any]]:
    """RowData of texts, numbers, formulas that start with `=`, and None for an empty cell."""

    def cell(value: Any) -> dict[str, Any]:
        if value is None:
            return {}
        if isinstance(value, str):
            kind = "formulaValue" if value.startswith("=") else "stringValue"
        else:
            kind = "numberValue"
        return {"userEnteredValue": {kind: value}}

    return [{"values": [cell(value) for value in line]} for line in lines]


def cell_at(sheet: Any, where: str) -> dict[str, Any]:
    found = sheet.spreadsheet.fetch_sheet_metadata(
        {"ranges": f"T!{where}", "includeGridData": "true"}
    )["sheets"][0]["data"][0]
    lines = found.get("rowData", [{}])
    cells = lines[0].get("values", [{}])
    return dict(cells[0])


def test_a_range_that_the_rows_do_not_cover_is_cleared_of_the_masked_members(sheet: Any) -> None:
    sheet.update([["a", "b", "c", "mine"]] * 4, "A1")
    sheet.format("A1:C4", {"textFormat": {"bold": True}})
    sheet.update_note("A4", "mine")
    change(
        sheet,
        "updateCells",
        range=area(0, 4, 0, 3),
        rows=rows(["x", None], [1.5]),
        fields="userEnteredValue",
    )
    assert sheet.get("A1:D4") == [
        ["x", "", "", "mine"],
        ["1.5", "", "", "mine"],
        ["", "", "", "mine"],
        ["", "", "", "mine"],
    ]
    assert cell_at(sheet, "A4")["userEnteredFormat"] == {"textFormat": {"bold": True}}
    assert sheet.get_note("A4") == "mine"


def test_a_start_leaves_everything_else_alone(sheet: Any) -> None:
    sheet.update([["a", "b"], ["c", "d"]], "A1")
    start = {"sheetId": 0, "rowIndex": 0, "columnIndex": 0}
    change(sheet, "updateCells", start=start, rows=rows(["x"]), fields="userEnteredValue")
    assert sheet.get("A1:B2") == [["x", "b"], ["c", "d"]]


def test_text_that_begins_like_a_formula_stays_text(sheet: Any) -> None:
    cell = {"userEnteredValue": {"stringValue": "=1+1"}}
    start = {"sheetId": 0, "rowIndex": 0, "columnIndex": 0}
    change(sheet, "updateCells", start=start, rows=[{"values": [cell]}], fields="userEnteredValue")
    assert sheet.get("A1") == [["=1+1"]]
    assert cell_at(sheet, "A1")["userEnteredValue"] == {"stringValue": "=1+1"}


def test_a_star_resets_what_is_not_given(sheet: Any) -> None:
    sheet.format("A1", {"textFormat": {"bold": True}})
    change(sheet, "updateCells", range=area(0, 1, 0, 1), rows=rows(["x"]), fields="*")
    assert cell_at(sheet, "A1") == {
        "userEnteredValue": {"stringValue": "x"},
        "effectiveValue": {"stringValue": "x"},
        "formattedValue": "x",
    }


def test_a_path_into_a_format_leaves_its_neighbours(sheet: Any) -> None:
    sheet.format("A1", {"textFormat": {"bold": True}})
    change(
        sheet,
        "repeatCell",
        range=area(0, 6, 0, 1),
        cell={"userEnteredFormat": EURO},
        fields="userEnteredFormat.numberFormat",
    )
    sheet.update([[1234.5]], "A1")
    found = cell_at(sheet, "A1")
    assert found["userEnteredFormat"] == {"textFormat": {"bold": True}, **EURO}
    assert found["formattedValue"] == "1,234.50 €"


def test_a_repeated_formula_moves_along(sheet: Any) -> None:
    """The reference's example: `=A1` into B2:C4."""
    change(
        sheet,
        "repeatCell",
        range=area(1, 4, 1, 3),
        cell={"userEnteredValue": {"formulaValue": "=A1"}},
        fields="userEnteredValue",
    )
    assert sheet.get("B2:C4", value_render_option="FORMULA") == [
        ["=A1", "=B1"],
        ["=A2", "=B2"],
        ["=A3", "=B3"],
    ]
    change(
        sheet,
        "repeatCell",
        range=area(4, 6, 0, 1),
        cell={"userEnteredValue": {"formulaValue": "=$A$1"}},
        fields="userEnteredValue",
    )
    assert sheet.get("A5:A6", value_render_option="FORMULA") == [["=$A$1"], ["=$A$1"]]


@pytest.mark.parametrize(
    ("place", "named"),
    [
        ({"startRowIndex": 6, "startColumnIndex": 0, "endColumnIndex": 2}, "T!A7:B"),
        (area(6, 7, 0, 2), "T!A7:B7"),
        (area(0, 2, 4, 5), "T!E1:E2"),
        ({"startRowIndex": 0, "endRowIndex": 2, "startColumnIndex": 4}, "T!E1:2"),
    ],
)
def test_a_range_that_starts_past_the_grid_is_refused(
    sheet: Any, place: dict[str, int], named: str
) -> None:
    """Recorded on the live API."""
    said = refusal(sheet, "repeatCell", range=place, cell={}, fields="note")
    assert said == (
        f"Invalid requests[0].repeatCell: Range ({named}) exceeds grid limits."
        " Max rows: 6, max columns: 4"
    )


def test_a_range_that_ends_past_the_grid_is_taken_and_does_not_grow_it(sheet: Any) -> None:
    """Recorded on the live API."""
    change(sheet, "repeatCell", range=area(5, 9, 3, 8), cell={"note": "n"}, fields="note")
    assert sheet.get_note("D6") == "n"
    tab = sheet.spreadsheet.worksheet("T")
    assert (tab.row_count, tab.col_count) == (6, 4)


def test_more_cells_than_the_range_or_the_grid_has_are_refused(sheet: Any) -> None:
    wide = rows(["a", "b", "c", "d", "e"])
    start = {"sheetId": 0, "rowIndex": 0, "columnIndex": 0}
    assert refusal(sheet, "updateCells", start=start, rows=wide, fields="userEnteredValue") == (
        "Invalid requests[0].updateCells: Attempting to write column: 4, beyond the last"
        " requested column of: 3"
    )
    assert refusal(
        sheet,
        "updateCells",
        range=area(0, 1, 0, 1),
        rows=rows(["a"], ["b"]),
        fields="userEnteredValue",
    ) == (
        "Invalid requests[0].updateCells: Attempting to write row: 1, beyond the last"
        " requested row of: 0"
    )


def test_appended_cells_go_below_the_last_row_with_data_and_grow_the_grid(sheet: Any) -> None:
    sheet.update([["a"], ["b"], ["c"], ["d"], ["e"]], "B1")
    change(sheet, "appendCells", sheetId=0, rows=rows(["x"], ["y"]), fields="userEnteredValue")
    assert sheet.get("A5:B7") == [["", "e"], ["x"], ["y"]]
    assert sheet.spreadsheet.worksheet("T").row_count == 7


def test_merging_keeps_the_first_value(sheet: Any) -> None:
    sheet.update([["a", "b"], ["c", "d"]], "A1")
    sheet.merge_cells("A1:B2")
    assert sheet.get("A1:B2") == [["a"]]
    assert sheet.spreadsheet.fetch_sheet_metadata()["sheets"][0]["merges"] == [
        {"startRowIndex": 0, "endRowIndex": 2, "startColumnIndex": 0, "endColumnIndex": 2}
    ]
    sheet.unmerge_cells("A1:B2")
    assert "merges" not in sheet.spreadsheet.fetch_sheet_metadata()["sheets"][0]


def test_sorting_takes_rows_as_they_are_and_blanks_last(sheet: Any) -> None:
    sheet.update([["b", 2], ["", 9], ["a", 3], ["C", 1]], "A1")
    sheet.sort((1, "asc"), range="A1:B4")
    assert sheet.get("A1:B4") == [["a", "3"], ["b", "2"], ["C", "1"], ["", "9"]]
    sheet.sort((2, "des"), range="A1:B4")
    assert sheet.get("B1:B4") == [["9"], ["3"], ["2"], ["1"]]


def test_validation_and_borders_are_members_of_the_cell(sheet: Any) -> None:
    rule = {
        "condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": "yes"}]},
        "strict": True,
    }
    change(sheet, "setDataValidation", range=area(0, 1, 0, 1), rule=rule)
    line = {"style": "SOLID", "width": 1}
    change(sheet, "updateBorders", range=area(0, 2, 0, 2), top=line, innerVertical=line)
    found = cell_at(sheet, "A1")
    assert found["dataValidation"] == rule
    assert found["userEnteredFormat"]["borders"] == {"top": line, "right": line}
    change(sheet, "setDataValidation", range=area(0, 1, 0, 1))
    assert "dataValidation" not in cell_at(sheet, "A1")
