"""spreadsheets.get: fields masks, grid data, what defaults are left out, how numbers are shown."""

from __future__ import annotations

from typing import Any

import gspread
import pytest

from tests.sheets_emulator.clients import gspread_client
from tests.sheets_emulator.number_formats import shown_number
from tests.sheets_emulator.refusals import Json
from tests.sheets_emulator.server import Emulator


@pytest.fixture
def spreadsheet() -> Any:
    emulator = Emulator()
    size = {"rowCount": 4, "columnCount": 3}
    book = emulator.create(
        sheets=[
            {"title": "T", "gridProperties": size},
            {"title": "U", "sheetId": 1, "gridProperties": size, "hidden": True},
        ]
    )
    spreadsheet = gspread_client(emulator).open_by_key(book.spreadsheet_id)
    spreadsheet.sheet1.update([["a", 1.5], [], ["", "=B1*2"]], "A1", raw=False)
    return spreadsheet


def got(spreadsheet: Any, **params: Any) -> Any:
    return spreadsheet.fetch_sheet_metadata(params)


def test_without_a_mask_there_are_properties_and_no_cells(spreadsheet: Any) -> None:
    found = got(spreadsheet)
    assert found.keys() == {"spreadsheetId", "properties", "sheets", "spreadsheetUrl"}
    assert [sheet.keys() for sheet in found["sheets"]] == [{"properties"}, {"properties"}]
    assert found["sheets"][1]["properties"] == {
        "sheetId": 1,
        "title": "U",
        "index": 1,
        "sheetType": "GRID",
        "gridProperties": {"rowCount": 4, "columnCount": 3},
        "hidden": True,
    }
    assert found["sheets"][0]["properties"]["sheetId"] == 0


@pytest.mark.parametrize(
    "mask",
    [
        "sheets.properties(sheetId,gridProperties.rowCount)",
        "sheets(properties(sheetId,gridProperties/rowCount))",
        "sheets/properties/sheetId,sheets/properties/gridProperties/rowCount",
    ],
)
def test_masks_are_written_in_several_ways(spreadsheet: Any, mask: str) -> None:
    assert got(spreadsheet, fields=mask) == {
        "sheets": [
            {"properties": {"sheetId": 0, "gridProperties": {"rowCount": 4}}},
            {"properties": {"sheetId": 1, "gridProperties": {"rowCount": 4}}},
        ]
    }


def test_a_mask_that_names_nothing_real_is_refused(spreadsheet: Any) -> None:
    """Recorded: the cause is only in the details."""
    with pytest.raises(gspread.exceptions.APIError) as caught:
        got(spreadsheet, fields="sheets.sheetProperties")
    error = caught.value.response.json()["error"]
    assert error["message"] == "Request contains an invalid argument."
    assert error["details"][0]["fieldViolations"] == [
        {
            "field": "sheets.sheetProperties",
            "description": (
                "Error expanding 'fields' parameter. Cannot find matching fields for path"
                " 'sheets.sheetProperties'."
            ),
        }
    ]


def test_a_mask_with_data_tells_the_cells_of_the_ranges_alone(spreadsheet: Any) -> None:
    found = got(spreadsheet, ranges="T!A1:B3", fields="sheets.data(rowData,startRow)")
    number: Json = {"numberValue": 1.5}
    assert found == {
        "sheets": [
            {
                "data": [
                    {
                        "rowData": [
                            {
                                "values": [
                                    {
                                        "userEnteredValue": {"stringValue": "a"},
                                        "effectiveValue": {"stringValue": "a"},
                                        "formattedValue": "a",
                                    },
                                    {
                                        "userEnteredValue": number,
                                        "effectiveValue": number,
                                        "formattedValue": "1.5",
                                    },
                                ]
                            },
                            {},
                            {
                                "values": [
                                    {},
                                    {
                                        "userEnteredValue": {"formulaValue": "=B1*2"},
                                        "effectiveValue": {"numberValue": 3},
                                        "formattedValue": "3",
                                    },
                                ]
                            },
                        ]
                    }
                ]
            }
        ]
    }


def test_grid_data_says_where_it_starts_and_how_large_rows_and_columns_are(
    spreadsheet: Any,
) -> None:
    data = got(spreadsheet, ranges="T!B3:C4", includeGridData="true")["sheets"][0]["data"][0]
    assert (data["startRow"], data["startColumn"]) == (2, 1)
    assert len(data["rowData"]) == 1
    assert data["rowMetadata"] == [{"pixelSize": 21}, {"pixelSize": 21}]
    assert data["columnMetadata"] == [{"pixelSize": 100}, {"pixelSize": 100}]


def test_several_ranges_are_told_one_by_one(spreadsheet: Any) -> None:
    data = got(spreadsheet, ranges=["T!A1", "T!B3"], includeGridData="true")["sheets"][0]["data"]
    shown = [one["rowData"][0]["values"][0]["formattedValue"] for one in data]
    assert shown == ["a", "3"]


@pytest.mark.parametrize(
    ("value", "kind", "pattern", "text"),
    [
        (1.0, None, "", "1"),
        (0.1 + 0.2, None, "", "0.3"),
        (1729382756123456789, None, "", "1.7294E+18"),
        (1234.5, "NUMBER", "#,##0.00", "1,234.50"),
        (0.5, "NUMBER", "#.##", ".5"),
        (7, "NUMBER", "000", "007"),
        (-3, "CURRENCY", '"$"#,##0.00', "-$3.00"),
        (-3, "CURRENCY", '"$"#,##0.00;("$"#,##0.00)', "($3.00)"),
        (1234567, "CURRENCY", '#,##0" ¥"', "1,234,567 ¥"),
        (0.1256, "PERCENT", "0.0%", "12.6%"),
        (43831, "DATE", "yyyy-mm-dd", "2020-01-01"),
        (36162, "DATE", "d mmm yyyy", "2 Jan 1999"),
        (2.5, "DATE_TIME", "yyyy-mm-dd hh:mm:ss", "1900-01-01 12:00:00"),
        (33.625, "DATE_TIME", "m/d/yyyy h:mm am/pm", "2/1/1900 3:00 PM"),
    ],
)
def test_numbers_are_shown_by_their_format(
    value: float, kind: str | None, pattern: str, text: str
) -> None:
    """The last two serials are the reference's examples."""
    number_format = {"type": kind, "pattern": pattern} if kind else {}
    assert shown_number(value, number_format) == text
