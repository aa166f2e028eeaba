"""The values calls of the Sheets emulator, through gspread and google-api-python-client.

Expected values are from Google's guide "Reading & writing cell values" and its reference, or were
seen on the live API.
"""

from __future__ import annotations

import itertools
from typing import Any

import gspread
import pytest
from googleapiclient.errors import HttpError

from tests.sheets_emulator.clients import google_service, gspread_client
from tests.sheets_emulator.server import Emulator


@pytest.fixture(scope="module")
def emulator() -> Emulator:
    """Each call is in a minute of its own."""
    return Emulator(itertools.count(0, 60).__next__)


@pytest.fixture
def spreadsheet(emulator: Emulator) -> Any:
    """Four columns and six rows, so that its ends are near."""
    book = emulator.create(
        sheets=[
            {"title": "Sheet1", "gridProperties": {"rowCount": 6, "columnCount": 4}},
            {"title": "It's mine"},
        ]
    )
    return gspread_client(emulator).open_by_key(book.spreadsheet_id)


@pytest.fixture(scope="module")
def service(emulator: Emulator) -> Any:
    return google_service(emulator, "sheets").spreadsheets()


def refused(wanted: type[Exception] = gspread.exceptions.APIError) -> Any:
    return pytest.raises(wanted)


def said(caught: Any) -> str:
    return str(caught.value.response.json()["error"]["message"])


def test_what_is_written_raw_is_read_back_as_it_was(spreadsheet: Any) -> None:
    sheet = spreadsheet.worksheet("Sheet1")
    ids = ["1729382756123456789", "=1+1", "'x", "007"]
    answer = sheet.update([ids, [1.5, True, "", 3]], "A1", raw=True)
    assert answer == {
        "spreadsheetId": spreadsheet.id,
        "updatedRange": "Sheet1!A1:D2",
        "updatedRows": 2,
        "updatedColumns": 4,
        "updatedCells": 8,
    }
    found = sheet.get("A1:D2", value_render_option="UNFORMATTED_VALUE")
    assert found == [ids, [1.5, True, "", 3]]
    assert sheet.get("A1:D2", value_render_option="FORMULA")[0] == ids


def test_user_entered_reads_as_typing(spreadsheet: Any) -> None:
    sheet = spreadsheet.worksheet("Sheet1")
    sheet.update(
        [["=1+2", "2026-09-05", "$100.15", "007"], ["TRUE", "'0123", "12.5%", "word"]],
        "A1",
        raw=False,
    )
    assert sheet.get("A1:D2", value_render_option="UNFORMATTED_VALUE") == [
        [3, 46270, 100.15, 7],
        [True, "0123", 0.125, "word"],
    ]
    assert sheet.get("A1:D2") == [
        ["3", "2026-09-05", "$100.15", "7"],
        ["TRUE", "0123", "12.50%", "word"],
    ]
    assert sheet.get("A1:B1", value_render_option="FORMULA") == [["=1+2", 46270]]


def test_dates_are_serials_unless_a_reader_wants_text(spreadsheet: Any) -> None:
    """2020-01-01 is 43831 days after 30 December 1899."""
    sheet = spreadsheet.worksheet("Sheet1")
    sheet.update([["2020-01-01"]], "A1", raw=False)
    options = {"value_render_option": "UNFORMATTED_VALUE"}
    assert sheet.get("A1", **options) == [[43831]]
    as_text = {**options, "date_time_render_option": "FORMATTED_STRING"}
    assert sheet.get("A1", **as_text) == [["2020-01-01"]]


def test_null_skips_a_cell_and_the_empty_string_empties_it(spreadsheet: Any) -> None:
    sheet = spreadsheet.worksheet("Sheet1")
    sheet.update([["a", "b", "c"]], "A1")
    answer = sheet.update([[None, "", "z"]], "A1")
    assert answer["updatedCells"] == 2
    assert sheet.get("A1:C1") == [["a", "", "z"]]


def test_trailing_blanks_are_left_out_of_answers(service: Any, spreadsheet: Any) -> None:
    spreadsheet.worksheet("Sheet1").update([["a", ""], ["", ""], ["", "b"]], "A1")
    got = service.values().get(spreadsheetId=spreadsheet.id, range="Sheet1").execute()
    assert got == {
        "range": "Sheet1!A1:D6",
        "majorDimension": "ROWS",
        "values": [["a"], [], ["", "b"]],
    }
    empty = service.values().get(spreadsheetId=spreadsheet.id, range="C1:D2").execute()
    assert empty == {"range": "Sheet1!C1:D2", "majorDimension": "ROWS"}


def test_columns_as_the_major_dimension_both_ways(service: Any, spreadsheet: Any) -> None:
    """The reference's example: A1=1, B1=2, A2=3, B2=4."""
    body = {"values": [[1, 3], [2, 4]], "majorDimension": "COLUMNS"}
    service.values().update(
        spreadsheetId=spreadsheet.id, range="A1:B2", valueInputOption="RAW", body=body
    ).execute()
    got = (
        service.values()
        .batchGet(
            spreadsheetId=spreadsheet.id,
            ranges=["A1:B2", "Sheet1!B:B"],
            majorDimension="COLUMNS",
            valueRenderOption="UNFORMATTED_VALUE",
        )
        .execute()
    )
    assert got["valueRanges"][0]["values"] == [[1, 3], [2, 4]]
    assert got["valueRanges"][1] == {
        "range": "Sheet1!B1:B6",
        "majorDimension": "COLUMNS",
        "values": [[2, 4]],
    }


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ("sheet1!a2:b3", "Sheet1!A2:B3"),
        ("Sheet1!$B$3", "Sheet1!B3"),
        ("B3:A2", "Sheet1!A2:B3"),
        ("Sheet1!2:3", "Sheet1!A2:D3"),
        ("Sheet1!A5:B", "Sheet1!A5:B6"),
        ("Sheet1!C:C", "Sheet1!C1:C6"),
        ("Sheet1!A1:Z1000", "Sheet1!A1:D6"),
        ("'It''s mine'!B2", "'It''s mine'!B2"),
    ],
)
def test_ranges_are_read_in_a1_notation_and_clipped_to_the_grid(
    service: Any, spreadsheet: Any, asked: str, named: str
) -> None:
    got = service.values().get(spreadsheetId=spreadsheet.id, range=asked).execute()
    assert got["range"] == named


@pytest.mark.parametrize("asked", ["Nope!A1", "A1:B2:C3", "'Sheet1!A1", "Nope", "A0"])
def test_a_range_that_is_none_is_refused_in_googles_words(
    service: Any, spreadsheet: Any, asked: str
) -> None:
    with refused(HttpError) as caught:
        service.values().get(spreadsheetId=spreadsheet.id, range=asked).execute()
    assert caught.value.status_code == 400
    assert caught.value.reason == f"Unable to parse range: {asked}"


def test_a_write_past_the_grid_is_refused(spreadsheet: Any) -> None:
    sheet = spreadsheet.worksheet("Sheet1")
    with refused() as caught:
        sheet.update([["x"]], "A7")
    assert said(caught) == "Range (Sheet1!A7) exceeds grid limits. Max rows: 6, max columns: 4"
    with refused() as caught:
        sheet.update([["x"], ["y"]], "B6")
    assert said(caught) == (
        "Requested writing within range [Sheet1!B6], but tried writing to row [7]"
    )
    with refused() as caught:
        sheet.update([["x", "y", "z"]], "A1:B1")
    assert said(caught) == (
        "Requested writing within range [Sheet1!A1:B1], but tried writing to column [C]"
    )
    assert sheet.get("A1:D6") == [[]]


def test_a_batch_of_values_is_written_whole_or_not_at_all(spreadsheet: Any) -> None:
    sheet = spreadsheet.worksheet("Sheet1")
    body = {
        "valueInputOption": "RAW",
        "data": [
            {"range": "Sheet1!A1", "values": [["x"]]},
            {"range": "NoSuchTab!A1", "values": [["x"]]},
        ],
    }
    with refused() as caught:
        spreadsheet.values_batch_update(body)
    assert said(caught) == "Invalid data[1]: Unable to parse range: NoSuchTab!A1"
    assert sheet.get("A1") == [[]]
    body["data"] = [
        {"range": "Sheet1!A1:B1", "values": [["x", "y"]]},
        {"range": "Sheet1!A3", "values": [["z"]]},
    ]
    answer = spreadsheet.values_batch_update(body)
    totals = {name: value for name, value in answer.items() if name.startswith("total")}
    assert totals == {
        "totalUpdatedRows": 2,
        "totalUpdatedColumns": 3,
        "totalUpdatedCells": 3,
        "totalUpdatedSheets": 1,
    }


def test_a_cell_holds_fifty_thousand_characters(spreadsheet: Any) -> None:
    sheet = spreadsheet.worksheet("Sheet1")
    sheet.update([["x" * 50_000]], "A1")
    with refused() as caught:
        sheet.update([["x" * 50_001]], "A1")
    assert said(caught) == (
        "Your input contains more than the maximum of 50000 characters in a single cell."
    )


def test_clearing_takes_values_and_leaves_the_rest(service: Any, spreadsheet: Any) -> None:
    sheet = spreadsheet.worksheet("Sheet1")
    sheet.update([["a", "b"], ["c", "d"]], "A1")
    sheet.update_note("A1", "mine")
    assert sheet.batch_clear(["A1:A2", "B:B"])["clearedRanges"] == [
        "Sheet1!A1:A2",
        "Sheet1!B1:B6",
    ]
    assert sheet.get("A1:B2") == [[]]
    assert sheet.get_note("A1") == "mine"


def test_a_batch_of_ranges_is_cleared_whole_or_not_at_all(spreadsheet: Any) -> None:
    """Recorded: the sentence says `range[1]`."""
    sheet = spreadsheet.worksheet("Sheet1")
    sheet.update([["a"]], "A1")
    with refused() as caught:
        sheet.batch_clear(["A1:B2", "A7:ZZ"])
    assert said(caught) == (
        "Invalid range[1]: Range (Sheet1!A7:ZZ) exceeds grid limits. Max rows: 6, max columns: 4"
    )
    assert sheet.get("A1") == [["a"]]


def test_a_whole_sheet_as_the_range_is_named_by_its_cells(service: Any, spreadsheet: Any) -> None:
    with refused(HttpError) as caught:
        service.values().update(
            spreadsheetId=spreadsheet.id,
            range="Sheet1",
            valueInputOption="RAW",
            body={"values": [[1]] * 7},
        ).execute()
    assert caught.value.reason == (
        "Requested writing within range [Sheet1!A1:D6], but tried writing to row [7]"
    )


def test_a_value_is_a_scalar(service: Any, spreadsheet: Any) -> None:
    with refused(HttpError) as caught:
        service.values().update(
            spreadsheetId=spreadsheet.id,
            range="A1",
            valueInputOption="RAW",
            body={"values": [[1], [["x"]]]},
        ).execute()
    assert caught.value.reason.startswith("Invalid values[1][0]: list_value")


def test_the_input_option_has_no_default(service: Any, spreadsheet: Any) -> None:
    with refused(HttpError) as caught:
        service.values().update(
            spreadsheetId=spreadsheet.id, range="A1", body={"values": [[1]]}
        ).execute()
    assert caught.value.reason == "'valueInputOption' is required but not specified"


def test_the_ranges_of_address_and_body_must_agree(service: Any, spreadsheet: Any) -> None:
    with refused(HttpError) as caught:
        service.values().update(
            spreadsheetId=spreadsheet.id,
            range="Sheet1!A1",
            valueInputOption="RAW",
            body={"range": "Sheet1!B1", "values": [[1]]},
        ).execute()
    assert caught.value.reason == (
        "Request range[Sheet1!A1] does not match value's range[Sheet1!B1]"
    )


def test_a_write_may_ask_for_what_it_wrote(service: Any, spreadsheet: Any) -> None:
    answer = (
        service.values()
        .update(
            spreadsheetId=spreadsheet.id,
            range="A1",
            valueInputOption="USER_ENTERED",
            includeValuesInResponse=True,
            responseValueRenderOption="UNFORMATTED_VALUE",
            body={"values": [["=2*3", "x"]]},
        )
        .execute()
    )
    assert answer["updatedData"] == {
        "range": "Sheet1!A1:B1",
        "majorDimension": "ROWS",
        "values": [[6, "x"]],
    }
