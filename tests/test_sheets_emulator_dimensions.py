"""Rows and columns come, go and move, and everything that points at them follows."""

from __future__ import annotations

from typing import Any

import gspread
import pytest

from tests.sheets_emulator.clients import gspread_client
from tests.sheets_emulator.server import Emulator


@pytest.fixture
def sheet() -> Any:
    """A1:A5 hold 0 to 4; the grid is 10 × 6."""
    emulator = Emulator()
    size = {"rowCount": 10, "columnCount": 6}
    book = emulator.create(
        sheets=[{"title": "T", "gridProperties": size}, {"title": "Other", "sheetId": 1}]
    )
    sheet = gspread_client(emulator).open_by_key(book.spreadsheet_id).sheet1
    sheet.update([[0], [1], [2], [3], [4]], "A1")
    return sheet


def change(sheet: Any, kind: str, **body: Any) -> Any:
    return sheet.spreadsheet.batch_update({"requests": [{kind: body}]})


def span(start: int, end: int, dimension: str = "ROWS") -> dict[str, Any]:
    return {"sheetId": 0, "dimension": dimension, "startIndex": start, "endIndex": end}


def refusal(sheet: Any, kind: str, **body: Any) -> str:
    with pytest.raises(gspread.exceptions.APIError) as caught:
        change(sheet, kind, **body)
    return str(caught.value.response.json()["error"]["message"])


def column_a(sheet: Any) -> list[str]:
    return [str(value) for value in sheet.col_values(1)]


def formulas(sheet: Any, where: str, texts: list[str]) -> None:
    sheet.update([texts], where, raw=False)


def formulas_at(sheet: Any, where: str) -> list[str]:
    found = sheet.get(where, value_render_option="FORMULA")[0]
    return [str(value) for value in found]


def test_moving_rows_is_counted_before_the_move(sheet: Any) -> None:
    """The reference's example: 1 and 2 between 3 and 4 is a move of rows 1 to 3 to index 4."""
    change(sheet, "moveDimension", source=span(1, 3), destinationIndex=4)
    assert column_a(sheet) == ["0", "3", "1", "2", "4"]


def test_a_column_moves_with_what_points_at_it(sheet: Any) -> None:
    formulas(sheet, "C1", ["=A1", "=SUM(A1:A5)"])
    change(sheet, "moveDimension", source=span(0, 1, "COLUMNS"), destinationIndex=2)
    assert formulas_at(sheet, "C1:D1") == ["=B1", "=SUM(B1:B5)"]
    assert sheet.get("C1:D1") == [["0", "10"]]


def test_inserting_rows_shifts_formulas_and_grows_a_range_that_is_hit_inside(sheet: Any) -> None:
    formulas(sheet, "C1", ["=A3", "=SUM(A1:A5)", "=SUM($A$2:A$5)"])
    other = sheet.spreadsheet.worksheet("Other")
    formulas(other, "A1", ["=T!A3", "=A3", "=SUM(T!A:A)"])
    change(sheet, "insertDimension", range=span(2, 4), inheritFromBefore=True)
    assert formulas_at(sheet, "C1:E1") == ["=A5", "=SUM(A1:A7)", "=SUM($A$2:A$7)"]
    assert formulas_at(other, "A1:C1") == ["=T!A5", "=A3", "=SUM(T!A:A)"]
    assert column_a(sheet) == ["0", "1", "", "", "2", "3", "4"]
    assert sheet.spreadsheet.worksheet("T").row_count == 12


def test_a_row_inserted_at_the_end_of_a_range_is_not_in_it(sheet: Any) -> None:
    formulas(sheet, "C1", ["=SUM(A1:A3)"])
    change(sheet, "insertDimension", range=span(3, 4))
    assert formulas_at(sheet, "C1") == ["=SUM(A1:A3)"]


def test_deleting_rows_shrinks_ranges_and_loses_references(sheet: Any) -> None:
    formulas(sheet, "C1", ["=SUM(A1:A5)", "=A3", "=A4+A2"])
    change(sheet, "deleteDimension", range=span(2, 3))
    assert formulas_at(sheet, "C1:E1") == ["=SUM(A1:A4)", "=#REF!", "=A3+A2"]
    assert sheet.get("C1:E1") == [["8", "#REF!", "4"]]


def test_text_in_formulas_is_left_alone(sheet: Any) -> None:
    formulas(sheet, "C1", ['="A3"&A3'])
    change(sheet, "insertDimension", range=span(0, 1))
    assert formulas_at(sheet, "C2") == ['="A3"&A4']


def test_named_ranges_follow_rows(sheet: Any) -> None:
    area = {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 4, "startColumnIndex": 0,
            "endColumnIndex": 1}  # fmt: skip
    change(sheet, "addNamedRange", namedRange={"name": "block", "range": area})

    def rows() -> tuple[int, int]:
        found = sheet.spreadsheet.fetch_sheet_metadata()["namedRanges"][0]["range"]
        return found["startRowIndex"], found["endRowIndex"]

    change(sheet, "insertDimension", range=span(0, 1))
    assert rows() == (2, 5)
    change(sheet, "insertDimension", range=span(5, 6))
    assert rows() == (2, 5)
    change(sheet, "insertDimension", range=span(4, 6))
    assert rows() == (2, 7)
    change(sheet, "deleteDimension", range=span(1, 3))
    assert rows() == (1, 5)
    change(sheet, "appendDimension", sheetId=0, dimension="ROWS", length=5)
    assert rows() == (1, 5)


def test_formats_come_from_the_neighbour_one_names(sheet: Any) -> None:
    sheet.format("A1", {"textFormat": {"bold": True}})
    change(sheet, "insertDimension", range=span(1, 2), inheritFromBefore=True)
    change(sheet, "insertDimension", range=span(2, 3), inheritFromBefore=False)
    found = sheet.spreadsheet.fetch_sheet_metadata(
        {"ranges": "T!A1:A3", "fields": "sheets.data.rowData.values.userEnteredFormat"}
    )
    rows = found["sheets"][0]["data"][0]["rowData"]
    bold = {"userEnteredFormat": {"textFormat": {"bold": True}}}
    assert rows == [{"values": [bold]}, {"values": [bold]}]


def test_the_grid_grows_at_its_end(sheet: Any) -> None:
    change(sheet, "appendDimension", sheetId=0, dimension="COLUMNS", length=3)
    grid = sheet.spreadsheet.worksheet("T")
    assert (grid.row_count, grid.col_count) == (10, 9)


@pytest.mark.parametrize(
    ("kind", "body", "sentence"),
    [
        (
            "deleteDimension",
            {"range": span(10, 11)},
            (
                "Cannot delete a row that doesn't exist. Tried to delete row index 10 but there are"
                " only 10 rows."
            ),
        ),
        (
            "deleteDimension",
            {"range": span(0, 6, "COLUMNS")},
            "You can't delete all the columns on the sheet.",
        ),
        (
            "insertDimension",
            {"range": span(10, 11)},
            "range.startIndex must be less than the grid size (10) if inheritFromBefore is false.",
        ),
        (
            "insertDimension",
            {"range": span(11, 12), "inheritFromBefore": True},
            "range.startIndex is larger than current grid size (10)",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_googles_words(
    sheet: Any, kind: str, body: Any, sentence: str
) -> None:
    assert refusal(sheet, kind, **body) == f"Invalid requests[0].{kind}: {sentence}"


def test_all_rows_that_are_not_frozen_cannot_be_deleted(sheet: Any) -> None:
    sheet.freeze(rows=1)
    assert refusal(sheet, "deleteDimension", range=span(1, 10)) == (
        "Invalid requests[0].deleteDimension: Sorry, it is not possible to delete all non-frozen"
        " rows."
    )


def test_shrinking_a_grid_deletes_and_loses_references(sheet: Any) -> None:
    formulas(sheet, "C1", ["=A5"])
    sheet.resize(rows=4)
    assert formulas_at(sheet, "C1") == ["=#REF!"]
