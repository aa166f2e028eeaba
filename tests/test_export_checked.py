"""Nothing has changed since the last refresh: that is said only of a table that is still there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from store.runs import Run
from tests.answering import NOW
from tests.exporting import ExportHouse, cells, export_house, status

pytestmark = pytest.mark.slow

AUGUST = [[46235, 33.75, 2], [46236, 0, 1], [46237, 100, 1]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportHouse]:
    with export_house(tmp_path_factory.mktemp("checked")) as made:
        yield made


@pytest.fixture
def house(built: ExportHouse) -> ExportHouse:
    built.begin_again()
    return built


def deleted(house: ExportHouse, dimension: str, start: int, end: int) -> None:
    tab = house.emulator.books[house.book_id].titled("Sales")
    assert tab is not None
    area = {"sheetId": tab.sheet_id, "dimension": dimension, "startIndex": start, "endIndex": end}
    house.emulator.by_hand(house.book_id, {"deleteDimension": {"range": area}})


def next_hour(house: ExportHouse) -> Run:
    """The refresh of the schedule, an hour later."""
    house.clock.instant = NOW + 3600
    house.look_again()
    house.clock.instant += 120
    house.work()
    (export,) = house.exporting.exports.of_workspace("default")
    return house.exporting.runs(export)[0]


@pytest.mark.parametrize("mode", ["replace", "upsert"])
def test_rows_that_somebody_deleted_are_written_again(house: ExportHouse, mode: str) -> None:
    house.refresh(house.create(schedule="hourly", at="00:30", mode=mode))
    first = next(n for n, row in enumerate(house.look("Sales")) if row[:1] == [46235])
    deleted(house, "ROWS", first, first + 2)
    assert len(cells(house.look("Sales"), "Date")) == 1
    run = next_hour(house)
    assert (run.trigger, run.message) == ("schedule", "3 rows written.")
    assert sorted(cells(house.look("Sales"), "Date")) == AUGUST


def test_a_deleted_row_comes_back_beside_rows_of_other_days(house: ExportHouse) -> None:
    """The answer has one row, and two are left: enough for it, and one less than were written."""
    export = house.create(schedule="hourly", at="00:30", mode="upsert")
    house.refresh(export)
    wish = {**export.definition, "name": "Sales", "start": "2026-08-03"}
    house.refresh(house.exporting.change(house.again(export), wish))
    rows = house.look("Sales")
    last = next(n for n, row in enumerate(rows) if row[:1] == [46237])
    deleted(house, "ROWS", last, last + 1)
    assert next_hour(house).message == "1 rows written."
    assert cells(house.look("Sales"), "Date") == AUGUST


def test_a_column_that_somebody_deleted_is_no_success(house: ExportHouse) -> None:
    export = house.create(schedule="hourly", at="00:30")
    house.refresh(export)
    deleted(house, "COLUMNS", 1, 2)
    run = next_hour(house)
    assert run.state == "failed"
    assert "The column “GMV” was deleted" in run.message
    assert house.again(export).state == "failed"


def test_a_table_without_rows_is_whole_as_well(house: ExportHouse) -> None:
    empty = {"fields": "order_id,gmv", "filters": "order_id:IN_LIST:none"}
    house.refresh(house.create(schedule="hourly", at="00:30", **empty))
    assert next_hour(house).message == "Nothing has changed: 0 rows."


def test_rows_of_other_days_that_stay_are_no_difference(house: ExportHouse) -> None:
    export = house.create(schedule="hourly", at="00:30", mode="upsert")
    house.refresh(export)
    wish = {**export.definition, "name": "Sales", "start": "2026-08-03"}
    house.refresh(house.exporting.change(house.again(export), wish))
    assert next_hour(house).message == "Nothing has changed: 1 rows."
    assert status(house.look("Sales"))["State"] == "OK"
