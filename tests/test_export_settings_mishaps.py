"""What people do to the tab `_settings` by accident: nothing that was exported is lost by it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sheets_export.exporting import SETTINGS_TAB
from sheets_export.settings_shops import asked_shops, shops_cell
from sheets_export.settings_tab import COLUMNS, read_tab
from sheets_export.settings_work import SettingsReading
from store.accounts import Limit
from tests.answering import HandMadeShop
from tests.exporting import ExportHouse, cells, export_house, status
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


# --- the tab itself -------------------------------------------------------------------------------


def test_a_tab_that_was_deleted_is_made_again_with_its_rows_and_ends_nothing(
    house: ExportHouse,
) -> None:
    begin(house)
    rows = (
        {**SALES, "Rows at most": "2", "Mode": "Update in place", "Filters": "gmv:NOT_EQUALS:7"},
        {**SALES, "Name": "Off", "Shops": "All shops", "On": "no", "Split": "By month"},
    )
    write(house, *rows)
    read(house)
    before = exports(house)
    house.emulator.by_hand(house.book_id, {"deleteSheet": {"sheetId": tab_id(house)}})
    read(house)
    header, *made = house.look(SETTINGS_TAB, "A1:BZ9")
    again = [
        {title: text for title, text in zip(header, row, strict=False) if text} for row in made
    ]
    usual = {"Time zone": before["Sales"].definition["zone"]}
    assert again == [{**usual, **row, "Tab": row["Name"]} for row in (rows[1], rows[0])]
    read(house)
    assert exports(house) == before
    assert (problem(house), statuses(house)[0]) == ("", "Off")


def test_a_tab_that_got_another_name_is_still_read(house: ExportHouse) -> None:
    begin(house)
    write(house, SALES)
    read(house)
    new = {"sheetId": tab_id(house), "title": "Ana's list"}
    renamed = {"properties": new, "fields": "title"}
    house.emulator.by_hand(house.book_id, {"updateSheetProperties": renamed})
    read(house)
    assert (set(exports(house)), problem(house)) == ({"Sales"}, "")
    place = {"sheetId": new["sheetId"], "rowIndex": 1, "columnIndex": 0}
    cell = {"userEnteredValue": {"stringValue": "Umsatz"}}
    put = {"start": place, "rows": [{"values": [cell]}], "fields": "userEnteredValue"}
    house.emulator.by_hand(house.book_id, {"updateCells": put})
    read(house)
    assert set(exports(house)) == {"Umsatz"}


def test_a_tab_of_the_users_own_of_that_name_is_told_what_to_do(house: ExportHouse) -> None:
    own = {"properties": {"title": SETTINGS_TAB}}
    house.emulator.by_hand(house.book_id, {"addSheet": own})
    begin(house)
    assert "If it is a tab of your own, give it another name" in problem(house)
    new = {"sheetId": tab_id(house), "title": "Mine"}
    renamed = {"properties": new, "fields": "title"}
    house.emulator.by_hand(house.book_id, {"updateSheetProperties": renamed})
    read(house)
    assert (problem(house), house.look(SETTINGS_TAB, "A1:BZ1")) == ("", [HEADERS])


# --- names ----------------------------------------------------------------------------------------


def test_another_name_renames_the_export_also_where_tab_is_empty(house: ExportHouse) -> None:
    begin(house)
    write(house, SALES)
    read(house)
    before = exports(house)["Sales"]
    write(house, {**SALES, "Name": "Umsatz"})
    for _ in range(2):
        read(house)
        after = exports(house)
        assert {name: (one.id, one.tab) for name, one in after.items()} == {
            "Umsatz": (before.id, "Sales")
        }
    # Now it is known by its new name, whatever else changes.
    write(house, {**SALES, "Name": "Umsatz", "Fields": "Date, GMV"})
    read(house)
    assert [one.id for one in exports(house).values()] == [before.id]


def test_a_new_row_that_says_something_else_is_an_export_of_its_own(house: ExportHouse) -> None:
    begin(house)
    write(house, SALES)
    read(house)
    before = exports(house)["Sales"]
    write(house, {**SALES, "Name": "Umsatz", "Fields": "Date, GMV"})
    read(house)
    assert [(one.name, one.tab) for one in exports(house).values()] == [("Umsatz", "Umsatz")]
    assert exports(house)["Umsatz"].id != before.id


@pytest.mark.parametrize("after", ["BA", "BCA", "CAB"])
def test_rows_may_swap_their_names(house: ExportHouse, after: str) -> None:
    tabs = [f"T{number}" for number, _ in enumerate(after)]
    begin(house)
    first = ({**SALES, "Name": name, "Tab": tab} for name, tab in zip("ABC", tabs, strict=False))
    write(house, *first)
    read(house)
    then = ({**SALES, "Name": name, "Tab": tab} for name, tab in zip(after, tabs, strict=True))
    write(house, *then)
    read(house)
    assert {one.tab: one.name for one in exports(house).values()} == dict(
        zip(tabs, after, strict=True)
    )
    read(house)
    assert all(text.startswith("OK, ") for text in statuses(house))


def test_the_zone_of_a_row_that_names_none_stays_that_of_its_export(
    house: ExportHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The usual one is that of the first shop; another shop may come first tomorrow."""
    begin(house)
    write(house, {**SALES, "Mode": "Update in place"})
    read(house)
    before = exports(house)["Sales"]
    with monkeypatch.context() as patch:
        patch.setattr(type(house.exporting), "_usual_zone", lambda *_: "Asia/Tokyo")
        read(house)
        read(house)
    after = exports(house)["Sales"]
    assert (after.definition, after.changed_at) == (before.definition, before.changed_at)
    assert statuses(house)[0].startswith("OK, ")


def test_the_cell_shops_says_what_makes_the_same_export_again(house: ExportHouse) -> None:
    shops = house.test.here.accounts.workspace("default").shops()
    for text in ("All shops", "Borealis", "111, 222"):
        assert shops_cell(asked_shops(text, shops), shops) == text
    assert shops_cell({"shops": "all", "client": "Gone"}, shops) == "Client Gone"


# --- what the hub says ----------------------------------------------------------------------------


def test_shops_that_are_allowed_no_more_are_told_in_the_words_of_the_tab(
    house: ExportHouse,
) -> None:
    begin(house)
    write(house, SALES)
    read(house)
    only = Limit(shop_ids=("222",))
    house.exporting.spreadsheets.read_settings("default", house.book_id, reads=True, limit=only)
    house.refresh(exports(house)["Sales"])
    told = status(house.look("Sales"))
    assert (told["State"], "A member has not allowed this tab" in told["Message"]) == (
        "Failed",
        True,
    )


def test_the_command_line_removes_no_export_of_a_tab_that_is_read(house: ExportHouse) -> None:
    begin(house)
    write(house, SALES)
    read(house)
    remove = ["export", "remove", "Sales"]
    answer = house.test.app.test_cli_runner().invoke(args=remove)
    assert answer.exit_code == 2
    assert "This export is changed in the tab _settings" in answer.output
    house.exporting.spreadsheets.read_settings("default", house.book_id, reads=False)
    assert house.test.app.test_cli_runner().invoke(args=remove).exit_code == 0
    assert exports(house) == {}
