"""What the spreadsheet says of an export that nothing refreshes any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.answering import NOW
from tests.exporting import ROBOT, ExportHouse, cells, export_house, status
from tests.sheets_emulator.faults import Fault, Scripted

pytestmark = pytest.mark.slow

AUGUST = [[46235, 33.75, 2], [46236, 0, 1], [46237, 100, 1]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportHouse]:
    with export_house(tmp_path_factory.mktemp("standing")) as made:
        yield made


@pytest.fixture
def house(built: ExportHouse) -> ExportHouse:
    built.begin_again()
    return built


def told(house: ExportHouse) -> Mapping[str, Any]:
    return status(house.look("Sales"))


def test_the_sheet_says_that_an_export_is_off_and_on_again(house: ExportHouse) -> None:
    export = house.create(schedule="daily")
    house.refresh(export)
    assert (told(house)["State"], told(house)["Next run"] > 46254) == ("OK", True)
    house.exporting.pause(house.again(export))
    house.work()
    assert told(house)["State"] == "Off"
    assert not isinstance(told(house).get("Next run"), float)
    assert "until somebody asks" in told(house)["Message"]
    assert told(house)["Date range"] == "2026-08-01 to 2026-08-04"
    assert cells(house.look("Sales"), "Date") == AUGUST
    house.clock.instant += 60
    house.exporting.go_on(house.again(export))
    house.work()
    assert (told(house)["State"], told(house)["Next run"] > 46254) == ("OK", True)
    # What is only told is no refresh of it.
    assert len(house.exporting.runs(export)) == 1


def test_the_sheet_says_that_an_export_was_removed(house: ExportHouse) -> None:
    export = house.create(schedule="daily")
    house.refresh(export)
    house.exporting.remove(house.again(export))
    house.work()
    sheet = house.look("Sales")
    assert status(sheet)["State"] == "Removed"
    assert status(sheet)["Message"] == "The export was removed. Nothing writes these rows any more."
    assert cells(sheet, "Date") == AUGUST
    assert house.exporting.spreadsheets.of_workspace("default") == []


def test_what_was_never_written_is_not_told_of(house: ExportHouse) -> None:
    export = house.create()
    house.exporting.pause(export)
    house.exporting.remove(export)
    house.work()
    assert house.emulator.seen == []


def test_a_spreadsheet_that_cannot_be_reached_stops_nobody(house: ExportHouse) -> None:
    export = house.create(schedule="daily")
    house.refresh(export)
    house.emulator.files[house.book_id].permissions.clear()
    house.exporting.pause(house.again(export))
    house.work()
    assert house.again(export).is_paused
    house.clock.instant += 1
    house.exporting.remove(house.again(export))
    house.work()
    assert house.exporting.exports.of_workspace("default") == []
    runs = house.test.here.ledger.runs("default", f"export:told:{house.book_id}")
    assert [run.state for run in runs] == ["done", "done"]
    assert ROBOT in runs[0].message


def test_google_that_does_not_answer_is_told_later(house: ExportHouse) -> None:
    export = house.create(schedule="daily")
    house.refresh(export)
    house.emulator.script.add(Scripted(Fault.UNAVAILABLE, times=500))
    house.exporting.pause(house.again(export))
    house.work()
    (run,) = house.test.here.ledger.runs("default", f"export:told:{house.book_id}")
    assert run.state == "waiting"
    house.emulator.script.entries.clear()
    house.clock.instant = run.not_before
    house.work()
    assert told(house)["State"] == "Off"


def test_an_export_that_fails_and_is_off_is_no_notice(house: ExportHouse) -> None:
    export = house.create()
    house.emulator.files[house.book_id].permissions.clear()
    house.refresh(export)
    assert [one.id for one in house.exporting.exports.failing()] == [export.id]
    house.exporting.pause(house.again(export))
    assert house.exporting.exports.failing() == []
    house.exporting.go_on(house.again(export))
    assert len(house.exporting.exports.failing()) == 1


def test_what_has_no_schedule_can_be_switched_on_again(house: ExportHouse) -> None:
    export = house.create()
    house.exporting.pause(export)
    house.exporting.go_on(house.again(export))
    assert (house.again(export).is_paused, house.again(export).next_at) == (False, None)


def test_an_export_that_is_made_again_goes_on_with_the_block_that_it_left(
    house: ExportHouse,
) -> None:
    export = house.create()
    house.refresh(export)
    house.exporting.remove(house.again(export))
    house.clock.instant = NOW + 60
    again = house.create(start="2026-08-03")
    run = house.refresh(again)
    assert (run.state, run.message) == ("done", "1 rows written.")
    assert cells(house.look("Sales"), "Date") == [AUGUST[2]]
    assert told(house)["State"] == "OK"
