"""The tab `_settings`: a person edits a spreadsheet, and exports come and go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from sheets_export.exporting import SETTINGS_TAB, export_id_of
from sheets_export.settings_shops import asked_shops, shop_choices
from sheets_export.settings_tab import COLUMNS, read_tab, sheet_id_of
from sheets_export.settings_work import READ_EVERY_SECONDS
from store.accounts import Limit
from store.exports import SHEET, Export
from tests.answering import NOW, HandMadeShop
from tests.exporting import ExportHouse, cells, export_house
from tests.sheets_emulator.faults import Fault, Scripted

pytestmark = pytest.mark.slow

HEADERS = [column.header for column in COLUMNS]
SALES = {
    "Name": "Sales",
    "Shops": "Aurora US",
    "Fields": "Date, GMV, Orders",
    "Dates": "From one day to another",
    "First day": "2026-08-01",
    "Last day": "2026-08-04",
    "Refresh": "Every day",
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportHouse]:
    with export_house(tmp_path_factory.mktemp("settings")) as made:
        made.test.shop(HandMadeShop("222", "Borealis", "GB"))
        yield made


@pytest.fixture
def house(built: ExportHouse) -> ExportHouse:
    built.begin_again()
    built.exporting.spreadsheets.add("default", built.book_id)
    return built


def read(house: ExportHouse) -> None:
    """The next time that it is due; the exports that were asked for are written too."""
    house.look_again()
    house.work()
    house.clock.instant += READ_EVERY_SECONDS


def begin(house: ExportHouse, limit: Limit = Limit()) -> None:  # noqa: B008 - frozen
    house.exporting.spreadsheets.read_settings("default", house.book_id, reads=True, limit=limit)
    read(house)


def write(house: ExportHouse, *rows: Mapping[str, str]) -> None:
    """What a person types below the header, in the place of all that is there."""
    book = house.emulator.books[house.book_id]
    tab = book.titled(SETTINGS_TAB)
    assert tab is not None
    header = house.look(SETTINGS_TAB, "A1:BZ1")[0]
    typed: list[dict[str, Any]] = [
        {"values": [_cell(row.get(title, "")) for title in header]} for row in rows
    ]
    area = {"sheetId": tab.sheet_id, "startRowIndex": 1, "startColumnIndex": 0}
    house.emulator.by_hand(
        house.book_id,
        {"updateCells": {"range": area, "rows": typed, "fields": "userEnteredValue"}},
    )


def _cell(text: str) -> dict[str, Any]:
    return {"userEnteredValue": {"stringValue": text}} if text else {}


def statuses(house: ExportHouse) -> list[str]:
    header, *rows = house.look(SETTINGS_TAB, "A1:BZ60")
    place = header.index("Status")
    return [str(row[place]) if len(row) > place else "" for row in rows]


def exports(house: ExportHouse) -> dict[str, Export]:
    return {one.name: one for one in house.exporting.exports.of_workspace("default")}


# --- the tab --------------------------------------------------------------------------------------


def test_the_tab_is_made_with_a_header_and_drop_downs(house: ExportHouse) -> None:
    begin(house)
    assert house.look(SETTINGS_TAB, "A1:BZ1") == [HEADERS]
    tab = house.emulator.books[house.book_id].titled(SETTINGS_TAB)
    assert tab is not None
    assert tab.sheet_id == sheet_id_of(house.book_id)
    # Whether it is there under another name is asked before it is made.
    assert [seen.kind for seen in house.emulator.seen] == ["Read", "Read", "Write"]


def test_an_answer_that_was_lost_makes_no_second_tab(house: ExportHouse) -> None:
    lost = Scripted(
        Fault.CONNECTION_LOST, committed=True, of=lambda method: method.endswith("batchUpdate")
    )
    house.emulator.script.add(lost)
    begin(house)
    read(house)
    titles = [tab.title for tab in house.emulator.books[house.book_id].tabs]
    assert titles.count(SETTINGS_TAB) == 1


def test_a_row_becomes_an_export_and_is_told_how_it_stands(house: ExportHouse) -> None:
    begin(house)
    write(house, SALES)
    read(house)
    export = exports(house)["Sales"]
    assert (export.origin, export.tab, export.state) == (SHEET, "Sales", "ok")
    assert export.next_at is not None
    assert cells(house.look("Sales"), "Date") == [[46235, 33.75, 2], [46236, 0, 1], [46237, 100, 1]]
    read(house)
    assert statuses(house) == ["OK, 3 rows, 2026-08-20 12:15 (UTC)"]


def test_a_bad_row_says_why_and_the_others_run(house: ExportHouse) -> None:
    begin(house)
    write(
        house,
        {"Name": "Typo", "Shops": "Aurora US", "Fields": "gmvv"},
        SALES,
        {"Name": "Whose", "Shops": "Nobody's", "Preset": "Orders"},
        {"Name": "Mode", "Shops": "Aurora US", "Fields": "gmv", "Mode": "Update in place"},
        {**SALES, "Name": "Sales 2", "Tab": "SALES"},
    )
    read(house)
    assert set(exports(house)) == {"Sales"}
    told = statuses(house)
    assert "There is no field called 'gmvv'. Did you mean gmv" in told[0]
    assert told[1] == "Waiting for its first refresh"
    assert "This shop is not connected to your workspace." in told[2]
    assert "add a dimension" in told[3]
    assert "Another row writes to this tab" in told[4]


def test_every_preset_is_a_row_of_three_cells(house: ExportHouse) -> None:
    begin(house)
    presets = ("Daily sales", "Orders", "Products", "Returns", "Settlement", "Stock")
    write(house, *({"Name": one, "Shops": "Aurora US", "Preset": one} for one in presets))
    read(house)
    read(house)
    assert {name: one.state for name, one in exports(house).items()} == dict.fromkeys(presets, "ok")
    assert all(text.startswith("OK, ") for text in statuses(house))


def test_rows_and_columns_may_be_moved(house: ExportHouse) -> None:
    begin(house)
    write(house, SALES)
    read(house)
    before = exports(house)["Sales"]
    tab = house.emulator.books[house.book_id].titled(SETTINGS_TAB)
    assert tab is not None
    house.emulator.by_hand(
        house.book_id,
        {
            "moveDimension": {
                "source": {
                    "sheetId": tab.sheet_id,
                    "dimension": "COLUMNS",
                    "startIndex": 0,
                    "endIndex": 1,
                },
                "destinationIndex": 6,
            }
        },
    )
    write(house, {}, {}, SALES)
    read(house)
    after = exports(house)["Sales"]
    assert (after.id, after.changed_at) == (before.id, before.changed_at)
    assert statuses(house)[2].startswith("OK, 3 rows")


def test_a_changed_row_changes_its_export_and_a_deleted_one_ends_it(house: ExportHouse) -> None:
    begin(house)
    write(house, SALES)
    read(house)
    write(house, {**SALES, "Name": "Sales by day", "Tab": "Sales", "Fields": "Date, GMV"})
    read(house)
    assert set(exports(house)) == {"Sales by day"}
    assert cells(house.look("Sales"), "Date")[0][:2] == [46235, 33.75]
    write(house)
    read(house)
    assert exports(house) == {}
    assert cells(house.look("Sales"), "Date")[0][:2] == [46235, 33.75]
    # Who writes the row again goes on with the same block.
    write(house, SALES)
    read(house)
    assert exports(house)["Sales"].state == "ok"


def test_a_row_can_be_switched_off(house: ExportHouse) -> None:
    begin(house)
    write(house, SALES)
    read(house)
    write(house, {**SALES, "On": "no"})
    read(house)
    assert (exports(house)["Sales"].is_paused, statuses(house)) == (True, ["Off"])
    write(house, {**SALES, "On": "yes"})
    read(house)
    assert exports(house)["Sales"].next_at is not None


def test_nothing_is_written_when_no_status_has_changed(house: ExportHouse) -> None:
    begin(house)
    write(house, {"Name": "Typo", "Shops": "Aurora US", "Fields": "gmvv"})
    read(house)
    house.emulator.seen.clear()
    read(house)
    assert [seen.kind for seen in house.emulator.seen] == ["Read"]


def test_the_tab_asks_only_for_the_shops_that_a_member_allowed(house: ExportHouse) -> None:
    begin(house, Limit(shop_ids=("222",)))
    write(house, SALES, {**SALES, "Name": "By id", "Shops": "111"})
    read(house)
    assert exports(house) == {}
    assert all("has not allowed this tab to ask for these" in text for text in statuses(house))


def test_a_tab_without_its_status_column_is_told_on_the_pages(house: ExportHouse) -> None:
    begin(house)
    write(house, SALES)
    tab = house.emulator.books[house.book_id].titled(SETTINGS_TAB)
    assert tab is not None
    place = HEADERS.index("Status")
    area = {
        "sheetId": tab.sheet_id,
        "dimension": "COLUMNS",
        "startIndex": place,
        "endIndex": place + 1,
    }
    house.emulator.by_hand(house.book_id, {"deleteDimension": {"range": area}})
    read(house)
    sheet = house.exporting.spreadsheets.one("default", house.book_id)
    assert sheet.settings_problem == "The tab _settings has no column Status."
    assert exports(house) == {}


def test_a_spreadsheet_nobody_may_read_any_more_keeps_its_exports(house: ExportHouse) -> None:
    begin(house)
    write(house, SALES)
    read(house)
    house.emulator.files[house.book_id].permissions.clear()
    read(house)
    assert set(exports(house)) == {"Sales"}
    sheet = house.exporting.spreadsheets.one("default", house.book_id)
    assert "Share it with that address" in sheet.settings_problem


def test_it_is_read_every_quarter_of_an_hour_and_when_somebody_asks(house: ExportHouse) -> None:
    begin(house)
    sheet = house.exporting.spreadsheets.one("default", house.book_id)
    assert sheet.settings_at == NOW + READ_EVERY_SECONDS
    house.clock.instant = NOW + 100
    house.look_again()
    house.exporting.refresh_spreadsheet("default", house.book_id)
    house.emulator.seen.clear()
    house.look_again()
    house.work()
    assert [seen.kind for seen in house.emulator.seen] == ["Read"]


def test_readings_of_long_ago_are_forgotten(
    house: ExportHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.exports._RUNS_KEPT", 2)
    begin(house)
    for _ in range(4):
        read(house)
    runs = house.test.here.ledger.runs("default", f"export:{house.book_id}")
    # The newest two, and the one that was being worked when they were counted.
    assert len(runs) <= 3


# --- pure -----------------------------------------------------------------------------------------


def test_a_header_in_any_order_and_case_is_understood() -> None:
    header = [text.upper() for text in reversed(HEADERS)]
    typed = {"FIELDS": "gmv", "NAME": "A", "My notes": "x"}
    header.insert(3, "My notes")
    found = read_tab([header, [typed.get(text, "") for text in header]])
    assert found.problem == ""
    (row,) = found.rows
    assert {name: text for name, text in row.texts.items() if text} == {
        "fields": "gmv",
        "name": "A",
    }
    assert (row.number, row.tab) == (1, "A")


def test_an_empty_tab_has_no_header() -> None:
    problem = read_tab([]).problem
    assert problem.startswith("The tab _settings has none of its headers.")
    assert "give it another name" in problem


def test_shops_are_chosen_by_what_they_are_called(house: ExportHouse) -> None:
    shops = house.test.here.accounts.workspace("default").shops()
    assert list(shop_choices(shops)) == ["All shops", "Aurora US", "Borealis"]
    assert asked_shops("all shops", shops) == {"shops": "all", "client": ""}
    assert asked_shops(" borealis ", shops) == {"shops": "222", "client": ""}
    assert asked_shops("111, 222", shops) == {"shops": "111, 222", "client": ""}


def test_the_same_tab_is_the_same_export() -> None:
    assert export_id_of("book", "Sales") == export_id_of("book", "SALES")
    assert export_id_of("book", "Sales") != export_id_of("other", "Sales")
