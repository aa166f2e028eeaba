"""What people do to the tab `_settings` by accident: nothing that was exported is lost by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sheets_export.exporting import SETTINGS_TAB
from sheets_export.settings_tab import COLUMNS, read_tab
from sheets_export.settings_work import SettingsReading
from tests.answering import HandMadeShop
from tests.exporting import ExportHouse, cells, export_house
from tests.reporting import Member
from tests.test_export_pages import form
from tests.test_export_settings import SALES, begin, exports, read, statuses, write

pytestmark = pytest.mark.slow

HEADERS = [column.header for column in COLUMNS]
#: int() of Python takes no text of so many digits.
MANY_DIGITS = "0" * 5_000


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportHouse]:
    with export_house(tmp_path_factory.mktemp("mishaps")) as made:
        made.test.shop(HandMadeShop("222", "Borealis", "GB"))
        yield made


@pytest.fixture
def house(built: ExportHouse) -> ExportHouse:
    built.begin_again()
    built.exporting.spreadsheets.add("default", built.book_id)
    return built


def problem(house: ExportHouse) -> str:
    return house.exporting.spreadsheets.one("default", house.book_id).settings_problem


def tab_id(house: ExportHouse) -> int:
    tab = house.emulator.books[house.book_id].titled(SETTINGS_TAB)
    assert tab is not None
    return tab.sheet_id


def rename_column(house: ExportHouse, header: str, to: str) -> None:
    start = {
        "sheetId": tab_id(house),
        "rowIndex": 0,
        "columnIndex": house.look(SETTINGS_TAB, "A1:BZ1")[0].index(header),
    }
    cell = {"userEnteredValue": {"stringValue": to}}
    put = {"start": start, "rows": [{"values": [cell]}], "fields": "userEnteredValue"}
    house.emulator.by_hand(house.book_id, {"updateCells": put})


# --- cells ----------------------------------------------------------------------------------------


def test_a_cell_of_many_digits_is_one_bad_row(house: ExportHouse) -> None:
    begin(house)
    names = ("Rows at most", "Every … hours", "On day of month")
    write(house, *({**SALES, "Name": one, one: MANY_DIGITS} for one in names), SALES)
    read(house)
    assert set(exports(house)) == {"Sales"}
    assert ["must be a whole number" in text for text in statuses(house)] == [True] * 3 + [False]


@pytest.mark.parametrize("number", [MANY_DIGITS, "000000000" + "9" * 30])
@pytest.mark.parametrize("step", ["preview", "save"])
def test_a_form_with_many_digits_is_told_what_is_wrong(
    house: ExportHouse, step: str, number: str
) -> None:
    wrong = form(house, row_limit=number, step=step)
    answer = Member(house.test).post("/sheets/new", wrong)
    assert answer.status_code == 422
    assert "must be a whole number" in answer.text


@pytest.mark.parametrize("compare", ["previous_period", "previous_year"])
def test_days_before_the_calendar_are_told(house: ExportHouse, compare: str) -> None:
    wrong = form(house, start="0001-01-01", end="0001-01-02", compare=compare, step="preview")
    assert Member(house.test).post("/sheets/new", wrong).status_code == 422


def test_a_row_nobody_foresaw_stops_itself_and_no_other(
    house: ExportHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = SettingsReading._apply

    def broken(self: Any, sheet: Any, scope: Any, row: Any, *more: Any) -> Any:
        if row.texts["name"] == "Bad":
            raise ZeroDivisionError
        return usual(self, sheet, scope, row, *more)

    begin(house)
    write(house, {**SALES, "Name": "Bad"}, SALES)
    with monkeypatch.context() as patch:
        patch.setattr(SettingsReading, "_apply", broken)
        read(house)
    assert set(exports(house)) == {"Sales"}
    assert statuses(house)[0].startswith("Something unexpected happened.")
    assert problem(house) == ""


def test_a_tab_that_cannot_be_read_for_no_known_reason_is_told_on_the_pages(
    house: ExportHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    begin(house)
    with monkeypatch.context() as patch:
        patch.setattr(SettingsReading, "_read", broken)
        read(house)
    assert problem(house).startswith("Something unexpected happened.")
    read(house)
    assert problem(house) == ""


# --- columns --------------------------------------------------------------------------------------


def test_a_header_that_was_changed_is_told_and_changes_nothing(house: ExportHouse) -> None:
    begin(house)
    row = {**SALES, "Mode": "Update in place"}
    write(house, row)
    read(house)
    write(house, {**row, "First day": "2026-08-03"})
    read(house)
    before = cells(house.look("Sales"), "Date")
    assert len(before) == 3
    rename_column(house, "Mode", "How to write")
    read(house)
    read(house)
    assert problem(house) == "The tab _settings has no column Mode."
    assert exports(house)["Sales"].definition["mode"] == "Update in place"
    assert cells(house.look("Sales"), "Date") == before
    rename_column(house, "How to write", "mode")
    read(house)
    assert problem(house) == ""


def test_a_header_that_is_there_twice_is_told() -> None:
    assert read_tab([[*HEADERS, "Mode"]]).problem == "The tab _settings has two columns Mode."


# --- rows -----------------------------------------------------------------------------------------


def test_rows_beyond_those_that_are_read_are_a_problem_and_end_nothing(house: ExportHouse) -> None:
    begin(house)
    write(house, SALES)
    read(house)
    pushed = {"sheetId": tab_id(house), "dimension": "ROWS", "startIndex": 1, "endIndex": 210}
    house.emulator.by_hand(house.book_id, {"insertDimension": {"range": pushed}})
    read(house)
    assert "only the first 200 rows" in problem(house)
    assert set(exports(house)) == {"Sales"}
    back = {"sheetId": tab_id(house), "dimension": "ROWS", "startIndex": 1, "endIndex": 150}
    house.emulator.by_hand(house.book_id, {"deleteDimension": {"range": back}})
    read(house)
    assert problem(house) == ""
    assert set(exports(house)) == {"Sales"}


def test_the_last_row_that_is_read_counts() -> None:
    row = ["Sales", "", *[""] * (len(HEADERS) - 2)]
    empty = [""] * len(HEADERS)
    found = read_tab([HEADERS, *[empty] * 198, row])
    assert (found.problem, [one.number for one in found.rows]) == ("", [199])
    found = read_tab([HEADERS, *[empty] * 199, row])
    assert "only the first 200 rows" in found.problem
