"""What people build around a block survives, and what they do to the block stops the export before
anything is written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from errors import Refused
from sheets_export.table import Column, NumberFormat
from sheets_export.target import Mode
from tests.sheets_writing import AUGUST, DATE, GMV, PRODUCT, UNITS, Writing, status, table

pytestmark = pytest.mark.slow

HEADER = ["Date", "Product", "Units", "GMV"]
CAP = [AUGUST, "Cap", 1, 10.5]
HAT = [AUGUST + 1, "Hat", 2, 20]
MUG = [AUGUST + 2, "Mug", 3, 30]


@pytest.fixture
def writing(tmp_path: Path) -> Writing:
    made = Writing(tmp_path)
    made.refresh(table(CAP, HAT))
    made.counted()
    return made


def rows_or_columns(writing: Writing, dimension: str, start: int, count: int = 1) -> dict[str, Any]:
    return {
        "sheetId": writing.sheet_id(),
        "dimension": dimension,
        "startIndex": start,
        "endIndex": start + count,
    }


def insert(writing: Writing, dimension: str, start: int, count: int = 1) -> None:
    place = rows_or_columns(writing, dimension, start, count)
    writing.by_hand({"insertDimension": {"range": place, "inheritFromBefore": False}})


def delete(writing: Writing, dimension: str, start: int, count: int = 1) -> None:
    place = rows_or_columns(writing, dimension, start, count)
    writing.by_hand({"deleteDimension": {"range": place}})


def rename(writing: Writing, title: str) -> None:
    properties = {"sheetId": writing.sheet_id(), "title": title}
    writing.by_hand({"updateSheetProperties": {"properties": properties, "fields": "title"}})


# --- what survives ---


def test_formulas_beside_and_elsewhere_go_on_working(writing: Writing) -> None:
    first = writing.header_row + 1
    writing.typed(first, 5, f"=D{first + 1}*2")
    writing.typed(0, 0, f"=SUM(Sales!D{first + 1}:D900)", tab="Sheet1")
    writing.refresh(table([AUGUST, "Cap", 1, 11.0], HAT, MUG))
    assert writing.cells(f"Sales!F{first + 1}", render="FORMULA") == [[f"=D{first + 1}*2"]]
    assert writing.cells(f"Sales!F{first + 1}") == [[22]]
    assert writing.cells("Sheet1!A1") == [[61]]


def test_a_tab_may_be_renamed_and_moved(writing: Writing) -> None:
    rename(writing, "August 'final'")
    properties = {"sheetId": writing.sheet_id("August 'final'"), "index": 0}
    writing.by_hand({"updateSheetProperties": {"properties": properties, "fields": "index"}})
    writing.refresh(table(MUG))
    assert writing.rows(tab="'August ''final'''") == [HEADER, MUG]
    writing.counted()
    writing.refresh(table(MUG, CAP))
    assert writing.counted() == ["Read", "Write"]


def test_rows_and_columns_may_be_inserted_around_the_block(writing: Writing) -> None:
    insert(writing, "ROWS", 0, 2)
    insert(writing, "COLUMNS", 0, 1)
    writing.typed(0, 0, "My report")
    writing.refresh(table(CAP, HAT, MUG))
    top = writing.header_row + 1
    assert writing.cells(f"Sales!B{top}:E60") == [HEADER, CAP, HAT, MUG]
    assert writing.cells("Sales!A1") == [["My report"]]


def test_rows_may_be_deleted_from_the_block(writing: Writing) -> None:
    delete(writing, "ROWS", writing.header_row + 1)
    writing.refresh(table(CAP, HAT, MUG))
    assert writing.rows() == [HEADER, CAP, HAT, MUG]


def test_a_row_that_was_inserted_into_the_block_is_filled_like_the_others(
    writing: Writing,
) -> None:
    insert(writing, "ROWS", writing.header_row + 2)
    writing.refresh(table(CAP, HAT))
    assert writing.rows() == [HEADER, CAP, HAT]


def test_columns_of_the_block_may_change_places(writing: Writing) -> None:
    move = {"source": rows_or_columns(writing, "COLUMNS", 3), "destinationIndex": 1}
    writing.by_hand({"moveDimension": move})
    writing.refresh(table(CAP, MUG))
    first = writing.header_row + 1
    assert writing.cells(f"Sales!A{first}:D{first + 3}") == [
        ["Date", "GMV", "Product", "Units"],
        [AUGUST, 10.5, "Cap", 1],
        [AUGUST + 2, 30, "Mug", 3],
    ]


def test_formats_notes_and_filters_of_the_user_stay(writing: Writing) -> None:
    first, sheet_id = writing.header_row + 1, writing.sheet_id()
    area = {"sheetId": sheet_id, "startRowIndex": first, "endRowIndex": first + 1,
            "startColumnIndex": 3, "endColumnIndex": 4}  # fmt: skip
    look = {"userEnteredFormat": {"textFormat": {"italic": True},
                                  "numberFormat": {"type": "NUMBER", "pattern": "0"}},
            "note": "mine"}  # fmt: skip
    fields = "userEnteredFormat(textFormat.italic,numberFormat),note"
    writing.by_hand(
        {"repeatCell": {"range": area, "cell": look, "fields": fields}},
        {"setBasicFilter": {"filter": {"range": {**area, "startRowIndex": first - 1}}}},
    )
    writing.refresh(table(MUG, HAT))
    tab = writing.emulator.books[writing.book_id].titled("Sales")
    assert tab is not None
    kept = tab.grid.get(first, 3).rest
    assert (kept["userEnteredFormat"], kept["note"]) == (look["userEnteredFormat"], "mine")
    assert tab.basic_filter is not None
    assert writing.cells(f"Sales!D{first + 1}", render="FORMATTED_VALUE") == [["30"]]


def test_the_name_of_the_range_is_the_users_to_change(writing: Writing) -> None:
    (one, _) = writing.emulator.books[writing.book_id].named
    renamed = {"namedRangeId": one["namedRangeId"], "name": "umsatz"}
    writing.by_hand({"updateNamedRange": {"namedRange": renamed, "fields": "name"}})
    writing.refresh(table(CAP, HAT, MUG))
    assert writing.cells("umsatz") == [HEADER, CAP, HAT, MUG]


def test_a_name_that_was_deleted_is_made_again(writing: Writing) -> None:
    (one, _) = writing.emulator.books[writing.book_id].named
    writing.by_hand({"deleteNamedRange": {"namedRangeId": one["namedRangeId"]}})
    writing.refresh(table(CAP, HAT, MUG))
    assert writing.cells("sales") == [HEADER, CAP, HAT, MUG]


@pytest.mark.parametrize("which", [[0], [1], [0, 1]], ids=["rows", "lines", "both"])
def test_without_its_names_the_block_is_found_where_it_was(
    writing: Writing, which: list[int]
) -> None:
    names = [one["namedRangeId"] for one in writing.emulator.books[writing.book_id].named]
    for number in which:
        writing.by_hand({"deleteNamedRange": {"namedRangeId": names[number]}})
    writing.refresh(table(CAP, HAT, MUG), said=status("Late"))
    assert writing.rows() == [HEADER, CAP, HAT, MUG]
    assert writing.said("State") == "Late"


def test_names_that_were_deleted_are_both_made_again(writing: Writing) -> None:
    for one in list(writing.emulator.books[writing.book_id].named):
        writing.by_hand({"deleteNamedRange": {"namedRangeId": one["namedRangeId"]}})
    writing.refresh(table(CAP, HAT, MUG))
    assert writing.cells("sales") == [HEADER, CAP, HAT, MUG]
    assert writing.cells("sales_status")[0][:2] == ["Export", "Daily sales"]


def test_a_block_that_moved_and_lost_its_names_is_left_alone(writing: Writing) -> None:
    for one in list(writing.emulator.books[writing.book_id].named):
        writing.by_hand({"deleteNamedRange": {"namedRangeId": one["namedRangeId"]}})
    insert(writing, "ROWS", 0, 2)
    before = writing.cells()
    with pytest.raises(Refused, match="named ranges that mark it"):
        writing.refresh(table(MUG))
    told = writing.writer.tell(writing.book, writing.target(), status("Failed"), run="x")
    assert (told.did, writing.cells()) == ("not there", before)


def test_lines_without_a_name_that_are_something_else_are_left_alone(writing: Writing) -> None:
    lines = writing.emulator.books[writing.book_id].named[1]
    writing.by_hand({"deleteNamedRange": {"namedRangeId": lines["namedRangeId"]}})
    writing.typed(0, 0, "My own heading")
    before = writing.cells()
    with pytest.raises(Refused, match="named ranges that mark it"):
        writing.refresh(table(MUG))
    assert writing.cells() == before


def test_a_copy_of_the_tab_is_left_alone_also_when_nobody_knows_where_the_block_was(
    writing: Writing,
) -> None:
    copy = {"sourceSheetId": writing.sheet_id(), "insertSheetIndex": 0, "newSheetName": "Kept"}
    writing.by_hand({"duplicateSheet": copy})
    mark_like(writing, "Sales", "Kept")
    before = writing.cells("Kept!A1:Z200")
    writing.refresh(table(MUG), place=None)
    assert writing.cells("Kept!A1:Z200") == before
    assert writing.rows() == [HEADER, MUG]


def mark_like(writing: Writing, source: str, copy: str) -> None:
    """Google does not say whether a copy of a tab has its metadata: here it has."""
    look = "sheets(properties(sheetId,title),developerMetadata,data(columnMetadata))"
    tabs = {one["properties"]["title"]: one for one in writing.book.read(look)["sheets"]}
    if tabs[copy].get("developerMetadata"):
        return
    sheet_id = tabs[copy]["properties"]["sheetId"]
    columns = tabs[source]["data"][0]["columnMetadata"]
    places = [({"sheetId": sheet_id}, one) for one in tabs[source]["developerMetadata"]]
    for number, column in enumerate(columns):
        area = {"sheetId": sheet_id, "dimension": "COLUMNS", "startIndex": number}
        where = {"dimensionRange": {**area, "endIndex": number + 1}}
        places += [(where, one) for one in column.get("developerMetadata", [])]
    for where, one in places:
        kept = {name: one[name] for name in ("metadataKey", "metadataValue", "visibility")}
        made = {"developerMetadata": {**kept, "location": where}}
        writing.by_hand({"createDeveloperMetadata": made})


def test_what_stands_below_the_table_keeps_its_format_with_another_currency(
    writing: Writing,
) -> None:
    percent(writing, 50)
    writing.typed(50, 3, 0.25)
    pounds = Column("gmv", "GMV", "number", NumberFormat("CURRENCY", '"£"#,##0.00'))
    columns = (DATE, PRODUCT, UNITS, pounds)
    writing.refresh(table(CAP, HAT, columns=columns))
    writing.refresh(table(CAP, HAT, MUG, columns=columns))
    assert writing.cells("Sales!D51", render="FORMATTED_VALUE") == [["25%"]]
    last = writing.header_row + 4
    assert writing.cells(f"Sales!D{last}", render="FORMATTED_VALUE") == [["£30.00"]]


def test_what_stands_below_in_a_tab_that_was_there_keeps_its_format(writing: Writing) -> None:
    writing.typed(50, 3, 0.25, tab="Sheet1")
    percent(writing, 50, tab="Sheet1")
    writing.refresh(table(CAP), place=None, tab="Sheet1", export_id="e2", range_name="other")
    assert writing.cells("Sheet1!D51", render="FORMATTED_VALUE") == [["25%"]]


def percent(writing: Writing, row: int, tab: str = "Sales") -> None:
    area = {"sheetId": writing.sheet_id(tab), "startRowIndex": row, "endRowIndex": row + 1,
            "startColumnIndex": 3, "endColumnIndex": 4}  # fmt: skip
    cell = {"userEnteredFormat": {"numberFormat": {"type": "PERCENT", "pattern": "0%"}}}
    fields = "userEnteredFormat.numberFormat"
    writing.by_hand({"repeatCell": {"range": area, "cell": cell, "fields": fields}})


def cut(writing: Writing, tab: str, column: int) -> None:
    bottom = writing.header_row + 3
    area = {"sheetId": writing.sheet_id(), "startRowIndex": 0, "endRowIndex": bottom,
            "startColumnIndex": 0, "endColumnIndex": 4}  # fmt: skip
    place = {"sheetId": writing.sheet_id(tab), "rowIndex": 0, "columnIndex": column}
    how = {"source": area, "destination": place, "pasteType": "PASTE_NORMAL"}
    writing.by_hand({"cutPaste": how})


@pytest.mark.parametrize(("tab", "column"), [("Sales", 5), ("Sheet1", 0)])
def test_a_table_that_was_cut_and_pasted_is_told_and_nothing_is_written(
    writing: Writing, tab: str, column: int
) -> None:
    cut(writing, tab, column)
    writing.typed(writing.header_row + 1, 0, "mine", "precious")
    before = writing.cells(), writing.cells("Sheet1!A1:L60")
    with pytest.raises(Refused, match="moved by cutting and pasting"):
        writing.refresh(table(CAP, MUG))
    assert (writing.cells(), writing.cells("Sheet1!A1:L60")) == before


def test_without_the_name_what_stands_below_an_empty_row_is_not_taken_for_the_tables(
    writing: Writing,
) -> None:
    many = [[AUGUST + day, "Cap", 1, 5] for day in range(10)]
    writing.refresh(table(*many))
    header = writing.header_row
    writing.typed(header + 14, 0, "my notes", "keep")
    one = writing.emulator.books[writing.book_id].named[0]
    writing.by_hand({"deleteNamedRange": {"namedRangeId": one["namedRangeId"]}})
    delete(writing, "ROWS", header + 1, 6)
    writing.refresh(table(*many[:3]))
    assert writing.rows()[:4] == [HEADER, *many[:3]]
    assert ["my notes", "keep"] in writing.cells()


def test_what_stands_in_a_name_that_somebody_made_longer_is_not_the_tables(
    writing: Writing,
) -> None:
    header = writing.header_row
    one = next(n for n in writing.emulator.books[writing.book_id].named if n["name"] == "sales")
    writing.typed(header + 4, 0, "Total", "", 3)
    longer = {**one["range"], "endRowIndex": 60, "endColumnIndex": 6}
    named = {"namedRangeId": one["namedRangeId"], "range": longer}
    writing.by_hand({"updateNamedRange": {"namedRange": named, "fields": "range"}})
    writing.refresh(table(CAP))
    assert writing.rows()[:2] == [HEADER, CAP]
    assert ["Total", "", 3] in writing.cells()


@pytest.mark.parametrize("mode", ["upsert", "append"])
def test_a_row_that_somebody_deleted_is_missed_also_where_rows_stay(
    writing: Writing, mode: Mode
) -> None:
    target: dict[str, Any] = {"tab": "Kept", "export_id": "e2", "range_name": "kept"}
    writing.refresh(table(CAP, HAT), mode, place=None, **target)
    writing.refresh(table(MUG), mode, **target)
    told = writing.writer.tell(
        writing.book, writing.target(mode, **target), status(), run="x", same=table(MUG)
    )
    assert told.did == "written"
    place = {"sheetId": writing.sheet_id("Kept"), "dimension": "ROWS"}
    last = {**place, "startIndex": writing.header_row + 3, "endIndex": writing.header_row + 4}
    writing.by_hand({"deleteDimension": {"range": last}})
    told = writing.writer.tell(
        writing.book, writing.target(mode, **target), status(), run="y", same=table(MUG)
    )
    assert told.did == "not there"


def test_a_protection_that_was_taken_away_stays_away(writing: Writing) -> None:
    (guard,) = writing.emulator.books[writing.book_id].protected
    guard_id = guard["protectedRangeId"]
    writing.by_hand({"deleteProtectedRange": {"protectedRangeId": guard_id}})
    writing.refresh(table(CAP, HAT, MUG))
    assert writing.emulator.books[writing.book_id].protected == []


def test_two_exports_in_one_spreadsheet_leave_each_other_alone(writing: Writing) -> None:
    place = writing.place
    writing.refresh(table(MUG), export_id="e2", tab="Stock", range_name="stock", place=None)
    writing.place = place
    writing.refresh(table(HAT))
    assert writing.rows() == [HEADER, HAT]
    assert writing.cells("stock") == [HEADER, MUG]


# --- what stops it ---


def state_of(writing: Writing) -> list[Any]:
    titles = [tab.title for tab in writing.emulator.books[writing.book_id].tabs]
    return [writing.cells(f"'{title}'!A1:Z300", render="FORMULA") for title in titles]


def refused(writing: Writing, words: str, **more: Any) -> None:
    before = state_of(writing)
    with pytest.raises(Refused, match=words):
        writing.refresh(table(CAP, HAT, MUG), **more)
    assert state_of(writing) == before


def test_a_column_inserted_inside_the_block_stops_the_export(writing: Writing) -> None:
    insert(writing, "COLUMNS", 2)
    refused(writing, "Column C of the tab “Sales” was inserted")
    delete(writing, "COLUMNS", 2)
    writing.refresh(table(CAP, HAT, MUG))
    assert writing.rows() == [HEADER, CAP, HAT, MUG]


def test_the_status_still_says_why_and_spares_the_inserted_column(writing: Writing) -> None:
    insert(writing, "COLUMNS", 1)
    writing.typed(0, 1, "mine", "Up to me")
    done = writing.writer.tell(writing.book, writing.target(), status("Stopped"), run="x")
    assert done.did == "written"
    assert writing.cells("Sales!A1:F1")[0] == ["Export", "mine", "Daily sales", "State", "Stopped"]


def test_a_deleted_column_stops_the_export_until_its_field_is_taken_out(writing: Writing) -> None:
    delete(writing, "COLUMNS", 2)
    refused(writing, "The column “Units” was deleted")
    shorter = table([AUGUST, "Cap", 5], columns=(DATE, PRODUCT, GMV))
    writing.refresh(shorter)
    assert writing.rows(width=3) == [["Date", "Product", "GMV"], [AUGUST, "Cap", 5]]
    orders = Column("orders", "Orders", "number", UNITS.number_format)
    writing.refresh(table([AUGUST, "Cap", 5, 1], columns=(DATE, PRODUCT, GMV, orders)))
    assert writing.rows()[0] == ["Date", "Product", "GMV", "Orders"]


def test_something_below_the_block_is_not_overwritten(writing: Writing) -> None:
    below = writing.header_row + 3
    writing.typed(below, 3, f"=SUM(D{below - 1}:D{below})")
    refused(writing, f"Cell D{below + 1} of the tab “Sales” is in the way")
    writing.refresh(table(MUG))
    assert writing.cells(f"Sales!D{below + 1}", render="FORMULA") != []


def test_a_spilled_array_below_the_block_is_not_overwritten(writing: Writing) -> None:
    """The cells that a formula fills hold nothing that was typed."""
    below = writing.header_row + 3
    writing.typed(below, 0, '=""')
    refused(writing, f"Cell A{below + 1}")


def test_a_row_inserted_above_the_header_stops_the_export(writing: Writing) -> None:
    insert(writing, "ROWS", 3)
    refused(writing, "Rows were added or removed above the table")


def test_a_deleted_header_stops_the_export(writing: Writing) -> None:
    delete(writing, "ROWS", writing.header_row, 3)
    refused(writing, "The header of the table in the tab “Sales” was deleted")


def test_a_deleted_tab_stops_the_export_until_there_is_an_empty_one(writing: Writing) -> None:
    writing.by_hand({"deleteSheet": {"sheetId": writing.sheet_id()}})
    refused(writing, "The tab of this export was deleted")
    writing.by_hand({"addSheet": {"properties": {"title": "Sales"}}})
    writing.refresh(table(MUG))
    assert writing.rows() == [HEADER, MUG]
    names = [one["name"] for one in writing.emulator.books[writing.book_id].named if "range" in one]
    assert names == ["sales_2", "sales_2_status"]


def test_a_protected_block_stops_the_export_with_googles_words(writing: Writing) -> None:
    writing.emulator.books[writing.book_id].owner = "owner@example.com"
    everything = {"sheetId": writing.sheet_id()}
    protection = {"protectedRange": {"range": everything, "editors": {"users": []}}}
    writing.by_hand({"addProtectedRange": protection})
    refused(writing, "You are trying to edit a protected cell")
