"""Sheets of a spreadsheet: added, renamed, hidden, moved, frozen, copied, deleted; and the file."""

from __future__ import annotations

from typing import Any

import gspread
import pytest

from tests.sheets_emulator.clients import google_service, gspread_client
from tests.sheets_emulator.server import Emulator


@pytest.fixture
def emulator() -> Emulator:
    return Emulator()


@pytest.fixture
def spreadsheet(emulator: Emulator) -> Any:
    book = emulator.create(
        sheets=[{"title": f"S{number}", "sheetId": number} for number in (1, 2, 3)]
    )
    return gspread_client(emulator).open_by_key(book.spreadsheet_id)


def change(spreadsheet: Any, kind: str, **body: Any) -> Any:
    answer = spreadsheet.batch_update({"requests": [{kind: body}]})
    return answer["replies"][0].get(kind)


def refusal(spreadsheet: Any, kind: str, **body: Any) -> str:
    with pytest.raises(gspread.exceptions.APIError) as caught:
        change(spreadsheet, kind, **body)
    said = str(caught.value.response.json()["error"]["message"])
    return said.removeprefix(f"Invalid requests[0].{kind}: ")


def titles(spreadsheet: Any) -> list[str]:
    return [sheet.title for sheet in spreadsheet.worksheets()]


def put(spreadsheet: Any, sheet_id: int, fields: str, **properties: Any) -> None:
    given = {"sheetId": sheet_id, **properties}
    change(spreadsheet, "updateSheetProperties", properties=given, fields=fields)


def test_an_index_counts_before_the_move(spreadsheet: Any) -> None:
    """The reference's example: to move S1 ahead of S3 the index is 2."""
    put(spreadsheet, 1, "index", index=2)
    assert titles(spreadsheet) == ["S2", "S1", "S3"]
    put(spreadsheet, 1, "index", index=2)
    assert titles(spreadsheet) == ["S2", "S1", "S3"]
    put(spreadsheet, 3, "index", index=0)
    assert titles(spreadsheet) == ["S3", "S2", "S1"]


def test_titles_and_ids_are_unique(spreadsheet: Any) -> None:
    taken = 'A sheet with the name "s1" already exists. Please enter another name.'
    assert refusal(spreadsheet, "addSheet", properties={"title": "s1"}) == taken
    assert refusal(spreadsheet, "addSheet", properties={"sheetId": 2}) == (
        "Sheet with id 2 already exists."
    )
    assert refusal(spreadsheet, "addSheet", properties={"sheetId": -2}) == (
        "Sheet id must be non-negative."
    )
    assert refusal(spreadsheet, "addSheet", properties={"title": "x" * 101}) == (
        "The sheet name cannot be greater than 100 characters."
    )


def test_one_sheet_must_stay_visible(spreadsheet: Any) -> None:
    put(spreadsheet, 1, "hidden", hidden=True)
    put(spreadsheet, 2, "hidden", hidden=True)
    hide = {"properties": {"sheetId": 3, "hidden": True}, "fields": "hidden"}
    assert refusal(spreadsheet, "updateSheetProperties", **hide) == (
        "You can't hide all the sheets in a document."
    )
    assert refusal(spreadsheet, "deleteSheet", sheetId=3) == (
        "You can't remove all the visible sheets in a document."
    )
    assert refusal(spreadsheet, "deleteSheet", sheetId=9) == "No sheet with id: 9"
    change(spreadsheet, "deleteSheet", sheetId=1)
    assert titles(spreadsheet) == ["S2", "S3"]


def test_a_range_without_a_sheet_means_the_first_visible_one(spreadsheet: Any) -> None:
    assert spreadsheet.values_get("A1")["range"] == "'S1'!A1"
    put(spreadsheet, 1, "hidden", hidden=True)
    assert spreadsheet.values_get("A1")["range"] == "'S2'!A1"


def test_a_mask_of_the_whole_grid_resets_its_size(spreadsheet: Any) -> None:
    body = {"properties": {"sheetId": 1, "gridProperties": {"frozenRowCount": 1}}}
    assert refusal(spreadsheet, "updateSheetProperties", **body, fields="gridProperties") == (
        "You can't delete all the rows on the sheet."
    )
    change(spreadsheet, "updateSheetProperties", **body, fields="gridProperties.frozenRowCount")
    found = spreadsheet.fetch_sheet_metadata()["sheets"][0]["properties"]
    assert found == {
        "sheetId": 1,
        "title": "S1",
        "index": 0,
        "sheetType": "GRID",
        "gridProperties": {"rowCount": 1000, "columnCount": 26, "frozenRowCount": 1},
    }


def test_not_all_rows_can_be_frozen(spreadsheet: Any) -> None:
    body = {"properties": {"sheetId": 1, "gridProperties": {"frozenRowCount": 1000}}}
    assert refusal(
        spreadsheet, "updateSheetProperties", **body, fields="gridProperties.frozenRowCount"
    ) == ("You can't freeze all visible rows on the sheet.")


def test_a_copy_has_the_cells_and_another_id(spreadsheet: Any) -> None:
    source = spreadsheet.worksheet("S2")
    source.update([["x"]], "A1")
    source.freeze(rows=1)
    made = change(spreadsheet, "duplicateSheet", sourceSheetId=2, newSheetId=8)
    assert made["properties"]["title"] == "Copy of S2"
    assert titles(spreadsheet) == ["Copy of S2", "S1", "S2", "S3"]
    copied = spreadsheet.worksheet("Copy of S2")
    copied.update([["y"]], "A1")
    assert (source.get("A1"), copied.get("A1")) == ([["x"]], [["y"]])
    assert copied.frozen_row_count == 1


def test_a_new_spreadsheet_has_one_sheet_unless_it_names_its_own(emulator: Emulator) -> None:
    calls = google_service(emulator, "sheets").spreadsheets()
    made = calls.create(body={"properties": {"title": "Mine", "timeZone": "Asia/Tokyo"}}).execute()
    assert made["properties"]["title"] == "Mine"
    assert made["properties"]["timeZone"] == "Asia/Tokyo"
    assert [sheet["properties"] for sheet in made["sheets"]] == [
        {
            "sheetId": 0,
            "title": "Sheet1",
            "index": 0,
            "sheetType": "GRID",
            "gridProperties": {"rowCount": 1000, "columnCount": 26},
        }
    ]
    two = [{"properties": {"title": "One"}}, {"properties": {"title": "Two"}}]
    made = calls.create(body={"sheets": two}, fields="sheets.properties.title").execute()
    assert made == {"sheets": two}


def test_a_file_is_renamed_and_given_a_zone(spreadsheet: Any) -> None:
    spreadsheet.update_title("New")
    spreadsheet.update_timezone("Europe/Rome")
    found = spreadsheet.fetch_sheet_metadata()["properties"]
    assert (found["title"], found["timeZone"]) == ("New", "Europe/Rome")
