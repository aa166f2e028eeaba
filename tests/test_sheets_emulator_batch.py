"""spreadsheets.batchUpdate: all or nothing, replies in order, and what a malformed body is told."""

from __future__ import annotations

from typing import Any

import gspread
import pytest

from tests.sheets_emulator.batch import HANDLERS, NotModelled
from tests.sheets_emulator.clients import gspread_client
from tests.sheets_emulator.schemas import document
from tests.sheets_emulator.server import Emulator

TWO_VALUES = {"stringValue": "a", "numberValue": 1}


@pytest.fixture
def spreadsheet() -> Any:
    emulator = Emulator()
    book = emulator.create(sheets=[{"title": "T"}])
    return gspread_client(emulator).open_by_key(book.spreadsheet_id)


def refusal(spreadsheet: Any, *requests: Any) -> str:
    """What the batch is told, in one sentence."""
    with pytest.raises(gspread.exceptions.APIError) as caught:
        spreadsheet.batch_update({"requests": list(requests)})
    error = caught.value.response.json()["error"]
    assert (error["code"], error["status"]) == (400, "INVALID_ARGUMENT")
    return str(error["message"])


def written(text: str, row: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "updateCells": {
            "rows": [{"values": [{"userEnteredValue": {"stringValue": text}}]}],
            "fields": "userEnteredValue",
            "start": {"sheetId": 0, "rowIndex": row, "columnIndex": 0},
            **more,
        }
    }


def test_one_bad_request_and_nothing_is_applied(spreadsheet: Any) -> None:
    said = refusal(
        spreadsheet,
        written("x"),
        {"addSheet": {"properties": {"title": "New", "sheetId": 5}}},
        written("y", start={"sheetId": 999999}),
    )
    assert said == "Invalid requests[2].updateCells: No grid with id: 999999"
    assert spreadsheet.sheet1.get("A1") == [[]]
    assert [sheet.title for sheet in spreadsheet.worksheets()] == ["T"]


def test_replies_come_in_the_order_of_the_requests(spreadsheet: Any) -> None:
    answer = spreadsheet.batch_update(
        {
            "requests": [
                written("x"),
                {"addSheet": {"properties": {"title": "New", "sheetId": 7}}},
                written("y", 1),
            ]
        }
    )
    assert answer["spreadsheetId"] == spreadsheet.id
    assert answer["commentUpdateState"] == "NO_UPDATES_REQUESTED"
    first, second, third = answer["replies"]
    assert first == third == {}
    assert second == {
        "addSheet": {
            "properties": {
                "sheetId": 7,
                "title": "New",
                "index": 1,
                "sheetType": "GRID",
                "gridProperties": {"rowCount": 1000, "columnCount": 26},
            }
        }
    }


def test_later_requests_see_what_earlier_ones_did(spreadsheet: Any) -> None:
    place = {"sheetId": 0, "dimension": "ROWS", "startIndex": 0, "endIndex": 1}
    spreadsheet.batch_update(
        {"requests": [written("x"), {"insertDimension": {"range": place}}, written("y")]}
    )
    assert spreadsheet.sheet1.get("A1:A2") == [["y"], ["x"]]


def test_the_spreadsheet_may_come_back_with_the_answer(spreadsheet: Any) -> None:
    answer = spreadsheet.client.request(
        "post",
        f"https://sheets.googleapis.com/v4/spreadsheets/{spreadsheet.id}:batchUpdate",
        params={"fields": "updatedSpreadsheet(sheets(data(rowData(values(formattedValue)))))"},
        json={
            "requests": [written("x"), written("y", 1)],
            "includeSpreadsheetInResponse": True,
            "responseRanges": ["T!A1:A1"],
        },
    ).json()
    data = {"rowData": [{"values": [{"formattedValue": "x"}]}]}
    assert answer == {"updatedSpreadsheet": {"sheets": [{"data": [data]}]}}


@pytest.mark.parametrize(
    ("request_", "sentence"),
    [
        (
            {"frobnicate": {}},
            (
                "Invalid JSON payload received. Unknown name \"frobnicate\" at 'requests[0]':"
                " Cannot find field."
            ),
        ),
        (
            {"addSheet": {}, "deleteSheet": {}},
            (
                "Invalid value at 'requests[0]' (oneof), oneof field 'kind' is already set."
                " Cannot set 'deleteSheet'"
            ),
        ),
        ({}, "Invalid requests[0]: No request set."),
        (
            written("x", fields=""),
            (
                "Invalid requests[0].updateCells: At least one field must be listed in 'fields'."
                " (Use '*' to indicate all fields.)"
            ),
        ),
        (
            written("x", fields="userEnteredValue,nonsense"),
            "Invalid requests[0].updateCells: Invalid field: nonsense",
        ),
        (
            written("x", rows=[{"values": [{"userEnteredValue": TWO_VALUES}]}]),
            (
                "Invalid value at 'requests[0].update_cells.rows[0].values[0].user_entered_value'"
                " (oneof), oneof field 'value' is already set. Cannot set 'numberValue'"
            ),
        ),
        (
            {"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": "many"}},
            "Invalid value at 'requests[0].append_dimension.length' (type), \"many\"",
        ),
    ],
)
def test_a_body_that_is_no_batch_is_told_why(
    spreadsheet: Any, request_: Any, sentence: str
) -> None:
    assert refusal(spreadsheet, request_) == sentence


def test_a_batch_needs_a_request(spreadsheet: Any) -> None:
    assert refusal(spreadsheet) == "Must specify at least one request."


def test_a_workbook_has_ten_million_cells_at_most(spreadsheet: Any) -> None:
    """1000 × 26 are there; 9,974,000 more are the most there can be."""
    limit = (
        "Invalid requests[0].addSheet: This action would increase the number of cells in the"
        " workbook above the limit of 10000000 cells."
    )
    big = {"rowCount": 9_974_001, "columnCount": 1}
    assert refusal(spreadsheet, {"addSheet": {"properties": {"gridProperties": big}}}) == limit
    spreadsheet.add_worksheet("Big", 9_974_000, 1)
    assert refusal(
        spreadsheet, {"appendDimension": {"sheetId": 0, "dimension": "ROWS", "length": 1}}
    ).endswith("above the limit of 10000000 cells.")


def test_what_the_emulator_does_not_model_stops_the_test_and_is_no_refusal(
    spreadsheet: Any,
) -> None:
    known = document("sheets")["schemas"]["Request"]["properties"].keys()
    assert HANDLERS.keys() < known
    with pytest.raises(NotModelled):
        spreadsheet.batch_update({"requests": [{"addChart": {}}]})
