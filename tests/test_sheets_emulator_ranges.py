"""Named and protected ranges, the basic filter and developer metadata."""

from __future__ import annotations

from typing import Any

import gspread
import pytest

from tests.sheets_emulator.clients import google_service, gspread_client
from tests.sheets_emulator.files import Account
from tests.sheets_emulator.refusals import PROTECTED
from tests.sheets_emulator.server import Emulator

OWNER, ROBOT = "owner@example.com", "robot@example.com"


@pytest.fixture
def emulator() -> Emulator:
    emulator = Emulator()
    emulator.sign_in("robot", Account(ROBOT))
    book = emulator.create(sheets=[{"title": "T"}, {"title": "U", "sheetId": 1}])
    emulator.files[book.spreadsheet_id].share("user", "writer", ROBOT)
    return emulator


@pytest.fixture
def spreadsheet(emulator: Emulator) -> Any:
    return gspread_client(emulator).open_by_key(next(iter(emulator.books)))


@pytest.fixture
def robots(emulator: Emulator) -> Any:
    return gspread_client(emulator, "robot").open_by_key(next(iter(emulator.books)))


def change(spreadsheet: Any, kind: str, **body: Any) -> Any:
    answer = spreadsheet.batch_update({"requests": [{kind: body}]})
    return answer["replies"][0].get(kind)


def refusal(spreadsheet: Any, kind: str, **body: Any) -> str:
    with pytest.raises(gspread.exceptions.APIError) as caught:
        change(spreadsheet, kind, **body)
    return str(caught.value.response.json()["error"]["message"])


def area(sheet_id: int = 0, bottom: int = 3) -> dict[str, int]:
    return {
        "sheetId": sheet_id,
        "startRowIndex": 0,
        "endRowIndex": bottom,
        "startColumnIndex": 0,
        "endColumnIndex": 2,
    }


def unsheeted(bottom: int = 3) -> dict[str, int]:
    """How answers show a range on the sheet with id 0."""
    return {name: value for name, value in area(0, bottom).items() if name != "sheetId"}


def test_a_named_range_is_read_like_any_range(spreadsheet: Any) -> None:
    made = change(spreadsheet, "addNamedRange", namedRange={"name": "block", "range": area()})
    assert made["namedRange"] == {
        "namedRangeId": made["namedRange"]["namedRangeId"],
        "name": "block",
        "range": unsheeted(),
    }
    spreadsheet.sheet1.update([["a", "b"]], "A1")
    assert spreadsheet.values_get("block")["range"] == "T!A1:B3"


def test_a_name_beats_a_sheet_of_that_title_unless_quoted(spreadsheet: Any) -> None:
    change(spreadsheet, "addNamedRange", namedRange={"name": "U", "range": area()})
    assert spreadsheet.values_get("U")["range"] == "T!A1:B3"
    assert spreadsheet.values_get("'U'")["range"] == "U!A1:Z1000"


def test_a_named_range_is_updated_by_its_id(spreadsheet: Any) -> None:
    made = change(spreadsheet, "addNamedRange", namedRange={"name": "block", "range": area()})
    key = made["namedRange"]["namedRangeId"]
    change(
        spreadsheet,
        "updateNamedRange",
        namedRange={"namedRangeId": key, "range": area(0, 9)},
        fields="range",
    )
    assert spreadsheet.fetch_sheet_metadata()["namedRanges"] == [
        {"namedRangeId": key, "name": "block", "range": unsheeted(9)}
    ]
    change(spreadsheet, "deleteNamedRange", namedRangeId=key)
    assert "namedRanges" not in spreadsheet.fetch_sheet_metadata()


def test_a_name_that_lost_its_range_is_hidden_and_still_taken(spreadsheet: Any) -> None:
    """Reported of the live API by users of gspread (its issue 1530)."""
    change(spreadsheet, "addNamedRange", namedRange={"name": "block", "range": area(1)})
    spreadsheet.sheet1.update([["=COUNTA(block)"]], "A1", raw=False)
    spreadsheet.del_worksheet_by_id(1)
    assert "namedRanges" not in spreadsheet.fetch_sheet_metadata()
    assert spreadsheet.sheet1.get("A1") == [["#REF!"]]
    again = {"name": "block", "range": area()}
    assert "already exists" in refusal(spreadsheet, "addNamedRange", namedRange=again)


@pytest.mark.parametrize("name", ["A1", "R1C1", "true", "1st", "with space", "block"])
def test_some_names_cannot_be(spreadsheet: Any, name: str) -> None:
    change(spreadsheet, "addNamedRange", namedRange={"name": "Block", "range": area()})
    said = refusal(spreadsheet, "addNamedRange", namedRange={"name": name, "range": area()})
    assert said.startswith("Invalid requests[0].addNamedRange: ")


def test_a_warning_stops_nobody_who_comes_through_the_api(spreadsheet: Any, robots: Any) -> None:
    made = change(
        spreadsheet,
        "addProtectedRange",
        protectedRange={"range": area(), "warningOnly": True, "description": "ours"},
    )
    kept = made["protectedRange"]
    assert kept == {
        "protectedRangeId": kept["protectedRangeId"],
        "range": unsheeted(),
        "description": "ours",
        "warningOnly": True,
        "requestingUserCanEdit": True,
        "editors": {},
    }
    found = spreadsheet.fetch_sheet_metadata()["sheets"][0]["protectedRanges"]
    assert found == [kept | {"editors": {"users": [OWNER]}}]
    robots.sheet1.update([["x"]], "A1")
    assert robots.sheet1.get("A1") == [["x"]]


def test_a_protection_stops_all_but_its_editors(spreadsheet: Any, robots: Any) -> None:
    made = change(spreadsheet, "addProtectedRange", protectedRange={"range": area()})
    assert made["protectedRange"]["editors"] == {"users": [OWNER]}
    with pytest.raises(gspread.exceptions.APIError) as caught:
        robots.sheet1.update([["x"]], "A3")
    assert caught.value.response.status_code == 400
    assert caught.value.response.json()["error"]["message"] == PROTECTED
    robots.sheet1.update([["x"]], "A4")
    spreadsheet.sheet1.update([["x"]], "A3")
    rows = {"sheetId": 0, "dimension": "ROWS", "startIndex": 0, "endIndex": 1}
    assert refusal(robots, "deleteDimension", range=rows).endswith(PROTECTED)
    change(
        spreadsheet,
        "updateProtectedRange",
        protectedRange={
            "protectedRangeId": made["protectedRange"]["protectedRangeId"],
            "editors": {"users": [ROBOT]},
        },
        fields="editors",
    )
    robots.sheet1.update([["y"]], "A3")


def test_a_protected_sheet_may_leave_holes(spreadsheet: Any, robots: Any) -> None:
    change(
        spreadsheet,
        "addProtectedRange",
        protectedRange={"range": {"sheetId": 0}, "unprotectedRanges": [area()]},
    )
    robots.sheet1.update([["x"]], "A1")
    with pytest.raises(gspread.exceptions.APIError):
        robots.sheet1.update([["x"]], "A9")


def test_protections_follow_rows_and_go_with_their_sheet(spreadsheet: Any) -> None:
    change(
        spreadsheet,
        "addProtectedRange",
        protectedRange={"range": area(1), "warningOnly": True, "protectedRangeId": 77},
    )
    rows = {"sheetId": 1, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}
    change(spreadsheet, "insertDimension", range=rows)
    kept = spreadsheet.fetch_sheet_metadata()["sheets"][1]["protectedRanges"]
    assert [(one["protectedRangeId"], one["range"]) for one in kept] == [(77, area(1, 4))]
    spreadsheet.del_worksheet_by_id(1)
    assert refusal(spreadsheet, "deleteProtectedRange", protectedRangeId=77).endswith("id: 77")


def test_a_filter_is_kept_and_follows_rows(spreadsheet: Any) -> None:
    spreadsheet.sheet1.set_basic_filter("A1:B3")
    spreadsheet.sheet1.insert_rows([["x"]], 2)
    found = spreadsheet.fetch_sheet_metadata()["sheets"][0]["basicFilter"]
    assert found["range"] == unsheeted(4)
    spreadsheet.sheet1.clear_basic_filter()
    assert "basicFilter" not in spreadsheet.fetch_sheet_metadata()["sheets"][0]


# --- developer metadata ---


def noted(spreadsheet: Any, key: str, location: dict[str, Any], **more: Any) -> Any:
    one = {"metadataKey": key, "location": location, "visibility": "DOCUMENT", **more}
    made = change(spreadsheet, "createDeveloperMetadata", developerMetadata=one)
    return made["developerMetadata"]


def column(index: int) -> dict[str, Any]:
    return {
        "dimensionRange": {
            "sheetId": 0,
            "dimension": "COLUMNS",
            "startIndex": index,
            "endIndex": index + 1,
        }
    }


def test_metadata_says_where_it_is(spreadsheet: Any) -> None:
    made = noted(spreadsheet, "export", {"spreadsheet": True}, metadataValue="7", metadataId=5)
    assert made == {
        "metadataId": 5,
        "metadataKey": "export",
        "metadataValue": "7",
        "location": {"locationType": "SPREADSHEET", "spreadsheet": True},
        "visibility": "DOCUMENT",
    }
    assert noted(spreadsheet, "x", {"sheetId": 1})["location"]["locationType"] == "SHEET"
    found = spreadsheet.fetch_sheet_metadata()
    assert [one["metadataKey"] for one in found["developerMetadata"]] == ["export"]
    assert [one["metadataKey"] for one in found["sheets"][1]["developerMetadata"]] == ["x"]


def test_a_columns_metadata_goes_with_its_column(spreadsheet: Any) -> None:
    noted(spreadsheet, "field", column(1), metadataId=6)

    def place() -> Any:
        found = spreadsheet.fetch_sheet_metadata({"fields": "sheets.data.columnMetadata"})
        sizes = found["sheets"][0]["data"][0]["columnMetadata"]
        return [n for n, one in enumerate(sizes) if "developerMetadata" in one]

    assert place() == [1]
    columns = {"sheetId": 0, "dimension": "COLUMNS", "startIndex": 0, "endIndex": 1}
    change(spreadsheet, "insertDimension", range=columns)
    assert place() == [2]
    change(
        spreadsheet,
        "moveDimension",
        source={**columns, "startIndex": 2, "endIndex": 3},
        destinationIndex=0,
    )
    assert place() == [0]
    change(spreadsheet, "deleteDimension", range=columns)
    assert place() == []


def test_metadata_is_found_changed_and_deleted_by_lookup(
    spreadsheet: Any, emulator: Emulator
) -> None:
    noted(spreadsheet, "a", {"spreadsheet": True}, metadataId=1)
    noted(spreadsheet, "a", {"sheetId": 1}, metadataId=2)
    noted(spreadsheet, "b", {"sheetId": 1}, metadataId=3)
    metadata = google_service(emulator, "sheets").spreadsheets().developerMetadata()

    def ids(**lookup: Any) -> list[int]:
        wanted = {"dataFilters": [{"developerMetadataLookup": lookup}]}
        found = metadata.search(spreadsheetId=spreadsheet.id, body=wanted).execute()
        return [
            one["developerMetadata"]["metadataId"]
            for one in found.get("matchedDeveloperMetadata", [])
        ]

    assert ids(metadataKey="a") == [1, 2]
    assert ids(metadataKey="a", locationType="SHEET") == [2]
    assert ids(metadataLocation={"sheetId": 1}) == [2, 3]
    lookup = {"developerMetadataLookup": {"metadataId": 2}}
    change(
        spreadsheet,
        "updateDeveloperMetadata",
        dataFilters=[lookup],
        developerMetadata={"metadataValue": "new"},
        fields="metadataValue",
    )
    assert (
        metadata.get(spreadsheetId=spreadsheet.id, metadataId=2).execute()["metadataValue"] == "new"
    )
    gone = change(spreadsheet, "deleteDeveloperMetadata", dataFilter=lookup)
    assert [one["metadataId"] for one in gone["deletedDeveloperMetadata"]] == [2]
    assert ids(metadataKey="a") == [1]


def test_metadata_needs_key_visibility_and_one_row_or_column(spreadsheet: Any) -> None:
    wide = {"dimensionRange": {"sheetId": 0, "dimension": "ROWS", "startIndex": 0, "endIndex": 2}}
    for one in (
        {"location": {"spreadsheet": True}, "visibility": "DOCUMENT"},
        {"metadataKey": "k", "location": {"spreadsheet": True}},
        {"metadataKey": "k", "location": wide, "visibility": "DOCUMENT"},
        {
            "metadataKey": "k",
            "location": {"spreadsheet": True},
            "visibility": "DOCUMENT",
            "metadataValue": "x" * 100_000,
        },
    ):
        said = refusal(spreadsheet, "createDeveloperMetadata", developerMetadata=one)
        assert said.startswith("Invalid requests[0].createDeveloperMetadata: ")
