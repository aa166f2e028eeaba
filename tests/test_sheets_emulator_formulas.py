"""Formulas: how they are kept, what they come to, what copying and cutting do to them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sheets_emulator.clients import gspread_client
from tests.sheets_emulator.server import Emulator


@pytest.fixture
def spreadsheet() -> Any:
    emulator = Emulator()
    book = emulator.create(
        sheets=[
            {"title": "Sales", "sheetId": 0},
            {"title": "Rw", "sheetId": 1},
            {"title": "It's", "sheetId": 2},
        ]
    )
    return gspread_client(emulator).open_by_key(book.spreadsheet_id)


def entered(sheet: Any, where: str, text: Any) -> Any:
    sheet.update([[text]], where, raw=False)
    return sheet.get(where, value_render_option="FORMULA")[0][0]


def come_to(sheet: Any, text: str) -> Any:
    sheet.update([[text]], "H9", raw=False)
    return sheet.get("H9", value_render_option="UNFORMATTED_VALUE")[0][0]


def area(sheet_id: int, top: int, bottom: int, left: int, right: int) -> dict[str, int]:
    return {
        "sheetId": sheet_id,
        "startRowIndex": top,
        "endRowIndex": bottom,
        "startColumnIndex": left,
        "endColumnIndex": right,
    }


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("=sum( sales!a3:a3 )", "=sum( Sales!A3 )"),
        ("='Sales'!B3:a2", "=Sales!A2:B3"),
        ("=sales!$d$3 + 1", "=Sales!$D$3 + 1"),
        ("=SUM(  A1 ,  'It''s'!a1:a1  )", "=SUM(  A1 ,  'It''s'!A1  )"),
        ("=if(true,\"a3:a3\",'It''s'!A1)", "=if(true,\"a3:a3\",'It''s'!A1)"),
        ("=Sales!3:3", "=Sales!3:3"),
        ("=SUM(Rw!$A3:$A3)", "=SUM(Rw!$A3)"),
        ("='Rw'!A3", "=Rw!A3"),
        ("=sum(a1:a1)+ 1", "=sum(A1)+ 1"),
        ("=LOG10(A1)", "=LOG10(A1)"),
    ],
)
def test_references_are_kept_as_google_spells_them(spreadsheet: Any, text: str, kept: str) -> None:
    """Recorded on the live API."""
    assert entered(spreadsheet.worksheet("Rw"), "F9", text) == kept


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("=1+2*3-4/2", 5),
        ("=-2^2", 4),
        ("=(A1+A2)*10%", 0.3),
        ("=SUM(A1:A3, 10)", 16),
        ("=AVERAGE(A:A)", 2),
        ("=COUNTA(A1:B3)", 4),
        ("=COUNT(A1:B3)", 3),
        ('=MAX(A1:A3)&" of "&B1', "3 of text"),
        ('=IF(A1<A2,"less","more")', "less"),
        ("=IFERROR(1/0,-1)", -1),
        ("=1/0", "#DIV/0!"),
        ("=B1+1", "#VALUE!"),
        ("=NOSUCHTHING(1)", "#NAME?"),
        ("=Nowhere!A1", "#REF!"),
        ("=SUM(", "#ERROR!"),
        ("=H9", "#REF!"),
        ('="a""b"', 'a"b'),
        ("=A1=1", True),
        ("=Rw!A1", 0),
    ],
)
def test_what_formulas_come_to(spreadsheet: Any, text: str, value: Any) -> None:
    sheet = spreadsheet.worksheet("Sales")
    sheet.update([[1, "text"], [2], [3]], "A1")
    found = come_to(sheet, text)
    assert found == (pytest.approx(value) if isinstance(value, float) else value)


def test_a_running_total_may_be_as_long_as_the_sheet(spreadsheet: Any) -> None:
    sheet = spreadsheet.worksheet("Sales")
    sheet.update([["=1"], *([f"=A{row}+1"] for row in range(1, 1000))], "A1", raw=False)
    assert sheet.get("A1000", value_render_option="UNFORMATTED_VALUE") == [[1000]]


def test_a_name_means_its_range(spreadsheet: Any) -> None:
    sheet = spreadsheet.worksheet("Sales")
    sheet.update([[1], [2], [3]], "A1")
    sheet.define_named_range("A1:A3", "block")
    assert come_to(sheet, "=SUM(block)") == 6


def test_renaming_a_sheet_renames_it_in_formulas_and_deleting_it_loses_them(
    spreadsheet: Any,
) -> None:
    rw = spreadsheet.worksheet("Rw")
    assert entered(rw, "A1", "=SUM(Sales!A1:A3)") == "=SUM(Sales!A1:A3)"
    spreadsheet.worksheet("Sales").update_title("Last year")
    assert rw.get("A1", value_render_option="FORMULA") == [["=SUM('Last year'!A1:A3)"]]
    spreadsheet.del_worksheet(spreadsheet.worksheet("Last year"))
    assert rw.get("A1", value_render_option="FORMULA") == [["=SUM(#REF!)"]]
    assert rw.get("A1") == [["#REF!"]]


def paste(spreadsheet: Any, kind: str, **body: Any) -> None:
    spreadsheet.batch_update({"requests": [{kind: body}]})


def test_a_copied_formula_moves_along_and_a_cut_one_does_not(spreadsheet: Any) -> None:
    sheet = spreadsheet.worksheet("Sales")
    sheet.update([[1, "=A1", "=$A$1"], [2]], "A1", raw=False)
    sheet.update([["=B1"]], "E1", raw=False)
    paste(
        spreadsheet,
        "copyPaste",
        source=area(0, 0, 1, 1, 3),
        destination=area(0, 1, 2, 1, 3),
    )
    assert sheet.get("B2:C2", value_render_option="FORMULA") == [["=A2", "=$A$1"]]
    paste(
        spreadsheet,
        "cutPaste",
        source=area(0, 0, 1, 1, 2),
        destination={"sheetId": 0, "rowIndex": 4, "columnIndex": 3},
    )
    assert sheet.get("B1:E5", value_render_option="FORMULA") == [
        ["", "=$A$1", "", "=D5"],
        ["=A2", "=$A$1"],
        [],
        [],
        ["", "", "=A1"],
    ]


def test_pasted_values_are_values_and_text_stays_text(spreadsheet: Any) -> None:
    sheet = spreadsheet.worksheet("Sales")
    sheet.update([[1, "=A1+1"]], "A1", raw=False)
    sheet.update([["=not a formula"]], "C1", raw=True)
    sheet.format("B1", {"textFormat": {"bold": True}})
    paste(
        spreadsheet,
        "copyPaste",
        source=area(0, 0, 1, 1, 3),
        destination=area(1, 0, 1, 0, 2),
        pasteType="PASTE_VALUES",
    )
    rw = spreadsheet.worksheet("Rw")
    assert rw.get("A1:B1", value_render_option="FORMULA") == [[2, "=not a formula"]]
    look = spreadsheet.fetch_sheet_metadata(
        {"ranges": "Rw!A1", "fields": "sheets.data.rowData.values.userEnteredFormat"}
    )
    assert "userEnteredFormat" not in str(look)


def test_a_paste_fills_its_destination_or_takes_the_source_once(spreadsheet: Any) -> None:
    sheet = spreadsheet.worksheet("Sales")
    sheet.update([["a", "b"]], "A1")
    paste(spreadsheet, "copyPaste", source=area(0, 0, 1, 0, 2), destination=area(0, 2, 4, 0, 4))
    assert sheet.get("A3:D4") == [["a", "b", "a", "b"]] * 2
    paste(
        spreadsheet,
        "copyPaste",
        source=area(0, 0, 1, 0, 2),
        destination=area(0, 5, 6, 0, 1),
        pasteOrientation="TRANSPOSE",
    )
    assert sheet.get("A6:B7") == [["a"], ["b"]]


def test_pasted_text_is_read_as_typing(spreadsheet: Any) -> None:
    sheet = spreadsheet.worksheet("Sales")
    paste(
        spreadsheet,
        "pasteData",
        coordinate={"sheetId": 0},
        data='a,=1+1\n"b,c",7',
        delimiter=",",
    )
    assert sheet.get("A1:B2", value_render_option="FORMULA") == [["a", "=1+1"], ["b,c", 7]]
