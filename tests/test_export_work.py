"""A refresh as the worker works it: what is written, what is skipped, what is told of a failure,
and what is tried again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from errors import NotReady
from sheets_export.refreshing import KIND
from sheets_export.work import MOST_ATTEMPTS
from store.exports import Export
from store.ledger import LEASE_SECONDS
from store.runs import Run
from tests.answering import NOW, at
from tests.exporting import ROBOT, ExportHouse, cells, export_house, status
from tests.sheets_emulator.faults import Fault, Scripted

pytestmark = pytest.mark.slow

AUGUST = [[46235, 33.75, 2], [46236, 0, 1], [46237, 100, 1]]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportHouse]:
    with export_house(tmp_path_factory.mktemp("work")) as made:
        yield made


@pytest.fixture
def house(built: ExportHouse) -> ExportHouse:
    built.begin_again()
    return built


def calls(house: ExportHouse) -> list[str]:
    """What Google was asked since the last look, as Read and Write."""
    kinds = [seen.kind for seen in house.emulator.seen]
    house.emulator.seen.clear()
    return kinds


def newest(house: ExportHouse, export: Export) -> Run:
    return house.exporting.runs(export)[0]


# --- what is written ------------------------------------------------------------------------------


def test_the_sheet_has_the_rows_of_the_answer_and_says_where_they_come_from(
    house: ExportHouse,
) -> None:
    export = house.create(schedule="daily")
    run = house.refresh(export)
    assert (run.state, run.message, run.rows) == ("done", "3 rows written.", 3)
    sheet = house.look("Sales")
    assert cells(sheet, "Date") == AUGUST
    told = status(sheet)
    assert told["State"] == "OK"
    assert told["Date range"] == "2026-08-01 to 2026-08-04"
    assert told["Shops"] == "Aurora US"
    assert told["Refresh"] == f"http://127.0.0.1:8080/sheets/{export.id}"
    assert calls(house) == ["Read", "Write"]


def test_totals_are_answers_of_their_own(house: ExportHouse) -> None:
    """The average of all orders is not the sum, nor the average, of the averages by day."""
    export = house.create(fields="date,gmv,avg_order_value,customers", totals="yes")
    house.refresh(export)
    sheet = house.look("Sales")
    (above,) = [row for row in sheet if row[1:2] == [133.75]]
    assert above[1:] == [133.75, 133.75 / 3, 2]


def test_columns_to_compare_with_stand_beside(house: ExportHouse) -> None:
    export = house.create(start="2026-08-02", end="2026-08-03", compare="previous_period")
    house.refresh(export)
    header, *rows = [row for row in house.look("Sales") if len(row) == 5]
    assert header == [
        *("Date", "GMV", "Orders", "GMV (previous period)", "Orders (previous period)"),
    ]
    # 2 August beside 31 July, of which nothing is known; 3 August beside the 1st.
    assert rows == [[46237, 100, 1, 33.75, 2]]


EARLIER = "Some of the earlier dates, which these are compared with, are not imported yet"


def test_what_is_missing_of_the_earlier_dates_is_told(house: ExportHouse) -> None:
    """3 to 6 August beside 30 July to 2 August; of July nothing was read."""
    texts = {"start": "2026-08-03", "end": "2026-08-06", "compare": "previous_period"}
    export = house.create(**texts)
    house.refresh(export)
    told = status(house.look("Sales"))
    assert (told["State"], EARLIER in told["Message"]) == ("OK", True)
    assert EARLIER in " ".join(house.again(export).report["notes"])
    seen = house.exporting.preview("default", export.definition)
    assert EARLIER in " ".join(seen.notes)
    # 3 and 4 August beside the 1st and 2nd, of which everything is known.
    whole = house.create(name="Whole", **{**texts, "end": "2026-08-04"})
    house.refresh(whole)
    assert "earlier dates" not in str(status(house.look("Whole")).get("Message"))


def test_the_totals_have_totals_to_compare_with(house: ExportHouse) -> None:
    """3 August sold 100; the two days before 33.75 in two orders and nothing in one."""
    days = {"start": "2026-08-03", "end": "2026-08-04", "compare": "previous_period"}
    house.refresh(house.create(totals="yes", **days))
    sheet = house.look("Sales")
    header = next(n for n, row in enumerate(sheet) if row[:1] == ["Date"])
    assert sheet[header - 1][1:] == [100, 1, 33.75, 3]


def test_rows_are_sorted_and_cut_as_somebody_wants(house: ExportHouse) -> None:
    export = house.create(fields="product_name,gmv", sort="gmv desc", row_limit="2")
    house.refresh(export)
    sheet = house.look("Sales")
    names = [row[1] for row in cells(sheet, "Product Name")]
    assert names == [100, 28.25]
    assert "2" in str(status(sheet)["Cut short"])
    assert house.again(export).report["truncated"] == "Only the first 2 rows are shown."


def test_an_order_keeps_its_row_when_its_status_changes(house: ExportHouse) -> None:
    export = house.create(fields="order_id,order_status,gmv", mode="upsert")
    house.refresh(export)
    before = cells(house.look("Sales"), "Order ID")
    assert [row[:2] for row in before] == [
        ["A", "COMPLETED"],
        ["B", "CANCELLED"],
        ["C", "UNPAID"],
        ["D", "AWAITING_SHIPMENT"],
    ]
    test = house.test
    shop = test.here.accounts.workspace("default").shop("111")
    changed = {"order_id": "C", "order_key": 3, "create_time": at("2026-08-02 12:00")}
    late = at("2026-08-20 12:30")
    test.write(shop, "orders", [{**changed, "update_time": late, "status": "COMPLETED"}])
    test.publish(shop)
    house.clock.instant = NOW + 3600
    house.refresh(export)
    after = cells(house.look("Sales"), "Order ID")
    assert [row[:2] for row in after][2] == ["C", "COMPLETED"]
    assert len(after) == 4


@pytest.mark.parametrize(
    ("texts", "left"),
    [
        # Order D is gone from the answer: it has no GMV any more, and keeps its row.
        ({}, [33.75, None]),
        # The answer was cut: that a row is not in it says nothing.
        ({"row_limit": "1", "filters": ""}, [33.75, 100]),
        # Days before 1 August were never read: the answer is not whole.
        ({"start": "2026-07-20"}, [33.75, 100]),
    ],
)
def test_only_what_a_whole_answer_no_longer_has_loses_its_numbers(
    house: ExportHouse, texts: dict[str, str], left: list[float | None]
) -> None:
    both = {"mode": "upsert", "filters": "order_id:IN_LIST:A,D"}
    export = house.create(fields="date,gmv", **both)
    house.refresh(export)
    assert [row[1] for row in cells(house.look("Sales"), "Date")] == [33.75 - 8.25, 100]
    without = {"mode": "upsert", "filters": "order_id:IN_LIST:A,B"}
    house.clock.instant += 60
    changed = {
        "name": "Sales",
        "shops": "all",
        "fields": "date,gmv",
        "range": "custom",
        "start": "2026-08-01",
        "end": "2026-08-04",
        **without,
        **texts,
    }
    wish = house.exporting.wish("default", {**changed, "spreadsheet": house.book_id})
    house.refresh(house.exporting.exports.change("default", export.id, wish))
    rows = cells(house.look("Sales"), "Date")
    assert [row[1] if len(row) > 1 and row[1] != "" else None for row in rows] == left


def test_texts_that_look_like_formulas_stay_texts(house: ExportHouse) -> None:
    export = house.create(fields="product_name,gmv")
    house.refresh(export)
    names = [row[0] for row in cells(house.look("Sales"), "Product Name")]
    assert '=Hat "x"' in names


def test_in_seller_center_mode_today_is_the_shops_own(house: ExportHouse) -> None:
    """At 06:30 UTC on 20 August it is still the 19th in Los Angeles, where the shop is."""
    house.clock.instant = at("2026-08-20 06:30")
    usual = house.create(range="yesterday", start="", end="")
    center = house.create(name="As there", range="yesterday", start="", end="", seller_center="yes")
    house.refresh(usual)
    house.refresh(center)
    assert house.again(usual).report["range"] == "2026-08-19 to 2026-08-19"
    assert house.again(center).report["range"] == "2026-08-18 to 2026-08-18"


def test_a_partial_answer_is_told_as_such(house: ExportHouse) -> None:
    """Of July nothing was read."""
    export = house.create(start="2026-07-20")
    assert house.refresh(export).state == "done"
    told = status(house.look("Sales"))
    assert told["State"] == "Some data is missing"
    assert "some days are not imported yet" in told["Data covered"]
    assert cells(house.look("Sales"), "Date") == AUGUST


@pytest.mark.parametrize("sort", ["", "date desc"])
@pytest.mark.parametrize(
    ("limit", "left", "told"),
    [("2", 2, "Only the first 2 rows are shown."), ("3", 3, "no"), ("4", 3, "no")],
)
def test_as_many_rows_as_the_limit_allows_are_not_cut(
    house: ExportHouse, sort: str, limit: str, left: int, told: str
) -> None:
    house.refresh(house.create(row_limit=limit, sort=sort))
    sheet = house.look("Sales")
    assert len(cells(sheet, "Date")) == left
    assert status(sheet)["Cut short"] == told


# --- what is not written --------------------------------------------------------------------------


def test_when_nothing_has_changed_only_the_time_of_the_check_is_written(
    house: ExportHouse,
) -> None:
    export = house.create(schedule="hourly", at="00:30")
    house.refresh(export)
    house.clock.instant = NOW + 3600
    house.look_again()
    calls(house)
    house.clock.instant += 120
    house.work()
    run = newest(house, export)
    assert (run.trigger, run.message) == ("schedule", "Nothing has changed: 3 rows.")
    again = house.again(export)
    assert (again.written_at, again.succeeded_at) == (NOW, NOW + 3720)
    told = status(house.look("Sales"))
    assert told["Last success"] == pytest.approx(46254.5 + 3720 / 86_400)
    assert calls(house) == ["Read", "Write"]


def test_who_asks_by_hand_gets_it_written_whatever_somebody_did_to_it(house: ExportHouse) -> None:
    export = house.create()
    house.refresh(export)
    place = next(n for n, row in enumerate(house.look("Sales")) if row[:1] == [46235])
    tab = house.emulator.books[house.book_id].titled("Sales")
    assert tab is not None
    house.emulator.by_hand(
        house.book_id,
        {
            "updateCells": {
                "start": {"sheetId": tab.sheet_id, "rowIndex": place, "columnIndex": 1},
                "rows": [{"values": [{"userEnteredValue": {"numberValue": 1}}]}],
                "fields": "userEnteredValue",
            }
        },
    )
    assert cells(house.look("Sales"), "Date")[0] == [46235, 1, 2]
    house.refresh(export)
    assert cells(house.look("Sales"), "Date") == AUGUST


def test_a_refresh_that_is_still_going_on_is_not_begun_a_second_time(house: ExportHouse) -> None:
    export = house.create(schedule="hourly", at="00:30")
    house.clock.instant = NOW + 3600
    house.look_again()
    house.clock.instant = NOW + 2 * 3600
    house.look_again()
    house.look_again()
    assert [run.trigger for run in house.exporting.runs(export)] == ["schedule"]
    assert house.again(export).next_at == NOW + 2.5 * 3600


def test_what_was_missed_while_nothing_ran_is_done_once(house: ExportHouse) -> None:
    export = house.create(schedule="hourly", at="00:30")
    house.clock.instant = NOW + 50 * 3600
    for _ in range(3):
        house.look_again()
    assert len(house.exporting.runs(export)) == 1
    assert house.again(export).next_at == NOW + 50.5 * 3600


def test_an_export_that_is_off_is_left_alone(house: ExportHouse) -> None:
    export = house.create(schedule="hourly")
    house.exporting.pause(export)
    house.clock.instant = NOW + 24 * 3600
    house.look_again()
    assert house.exporting.runs(export) == []


def test_an_export_that_is_off_stays_off_when_it_is_changed(house: ExportHouse) -> None:
    export = house.create(schedule="hourly")
    house.exporting.pause(export)
    texts = {**export.definition, "name": "Sales", "fields": "date,gmv"}
    changed = house.exporting.change(house.again(export), texts)
    assert (changed.is_paused, changed.next_at) == (True, None)
    house.clock.instant = NOW + 3 * 3600
    house.look_again()
    assert house.exporting.runs(export) == []
    house.exporting.go_on(changed)
    house.clock.instant = NOW + 6 * 3600
    house.look_again()
    assert len(house.exporting.runs(export)) == 1


def test_nothing_is_due_of_an_export_that_is_off_whatever_its_next_moment(
    house: ExportHouse,
) -> None:
    export = house.create(schedule="hourly")
    with house.test.here.accounts.database.writing() as connection:
        connection.exec_driver_sql("UPDATE exports SET is_paused = 1")
    house.clock.instant = NOW + 3 * 3600
    house.look_again()
    assert house.exporting.runs(export) == []


# --- what goes wrong ------------------------------------------------------------------------------


def test_a_failure_is_told_in_the_sheet_and_the_rows_stay(house: ExportHouse) -> None:
    export = house.create()
    house.refresh(export)
    house.exporting.exports.change(
        "default",
        export.id,
        house.exporting.wish(
            "default",
            {"name": "Sales", "spreadsheet": house.book_id, "shops": "999", "fields": "date,gmv"},
        ),
    )
    house.clock.instant = NOW + 60
    run = house.refresh(export)
    assert run.state == "failed"
    assert "This shop is not connected to your workspace." in run.message
    sheet = house.look("Sales")
    told = status(sheet)
    assert told["State"] == "Failed"
    assert "not connected" in told["Message"]
    assert told["Last success"] == 46254.5
    assert cells(sheet, "Date") == AUGUST
    assert house.again(export).failing_since == NOW + 60


def test_a_spreadsheet_that_is_not_shared_names_the_address_to_share_it_with(
    house: ExportHouse,
) -> None:
    export = house.create()
    house.emulator.files[house.book_id].permissions.clear()
    run = house.refresh(export)
    assert run.state == "failed"
    assert ROBOT in run.message
    assert house.again(export).message == run.message


def test_a_success_ends_the_failing(house: ExportHouse) -> None:
    export = house.create()
    shared = dict(house.emulator.files[house.book_id].permissions)
    house.emulator.files[house.book_id].permissions.clear()
    house.refresh(export)
    assert [one.id for one in house.exporting.exports.failing()] == [export.id]
    house.emulator.files[house.book_id].permissions.update(shared)
    house.refresh(export)
    assert house.exporting.exports.failing() == []
    assert house.again(export).state == "ok"


def test_a_revoked_service_account_is_told_in_words(house: ExportHouse) -> None:
    export = house.create()
    house.emulator.tokens.clear()
    house.sheets.google._credentials.clear()
    run = house.refresh(export)
    assert run.state == "failed"
    assert ROBOT in run.message
    assert "GOOGLE_SERVICE_ACCOUNT" in run.message


def test_google_that_does_not_answer_is_tried_again_and_given_up_in_the_end(
    house: ExportHouse,
) -> None:
    export = house.create()
    asked = house.exporting.refresh(export)
    house.emulator.script.add(Scripted(Fault.UNAVAILABLE, times=10_000))
    for attempt in range(1, MOST_ATTEMPTS + 1):
        house.work()
        run = house.test.here.ledger.run(asked.id)
        assert run.attempt == attempt
        house.clock.instant = max(house.clock.instant, run.not_before)
        if attempt < MOST_ATTEMPTS:
            assert (run.state, house.again(export).state) == ("waiting", "new")
    assert run.state == "failed"
    assert house.again(export).state == "failed"


def test_answers_that_are_not_ready_are_waited_for(
    house: ExportHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = house.create()

    def not_yet(*_: Any, **__: Any) -> Any:
        raise NotReady("The import has only begun (3 % done).", retry_after=90)

    with monkeypatch.context() as patch:
        patch.setattr(house.test.here.answers, "answer", not_yet)
        asked = house.exporting.refresh(export)
        house.work()
    run = house.test.here.ledger.run(asked.id)
    assert (run.state, run.not_before) == ("waiting", house.clock.now() + 90)
    assert calls(house) == []
    house.clock.instant += 90
    house.work()
    assert house.test.here.ledger.run(asked.id).state == "done"


def test_a_removed_export_has_nothing_to_refresh(house: ExportHouse) -> None:
    export = house.create()
    asked = house.exporting.refresh(export)
    with house.test.here.accounts.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM exports")
    house.work()
    run = house.test.here.ledger.run(asked.id)
    assert (run.kind, run.state, run.message) == (KIND, "done", "The export was removed.")


def test_a_run_that_is_worked_again_after_its_answer_was_lost_writes_nothing_twice(
    house: ExportHouse,
) -> None:
    export = house.create(mode="append", fields="product_name,gmv")
    house.emulator.script.add(
        Scripted(
            Fault.CONNECTION_LOST,
            committed=True,
            of=lambda method: method.endswith("batchUpdate"),
        )
    )
    asked = house.exporting.refresh(export)
    for _ in range(MOST_ATTEMPTS):
        house.work()
        house.clock.instant += 3600
    assert house.test.here.ledger.run(asked.id).state == "done"
    assert len(cells(house.look("Sales"), "Snapshot")) == 3


def test_a_long_refresh_stays_with_its_worker(
    house: ExportHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer, the read and the write take two thirds of a lease each; all the time another
    worker looks for something to do."""
    part = LEASE_SECONDS * 2 / 3
    export = house.create()
    asked = house.exporting.refresh(export)
    usual, rival = house.test.here.answers.answer, house.test.here.worker("rival", ("export",))

    def slow(*args: Any, **more: Any) -> Any:
        house.clock.instant += part
        return usual(*args, **more)

    def called() -> None:
        house.clock.instant += part / 2
        rival.run_until_idle()

    with monkeypatch.context() as patch:
        patch.setattr(house.test.here.answers, "answer", slow)
        house.emulator.between.append(called)
        house.work()
    run = house.test.here.ledger.run(asked.id)
    assert (run.state, run.attempt, run.message) == ("done", 1, "3 rows written.")


class Killed(BaseException):
    """The process ends here."""


def test_a_worker_killed_after_the_write_leaves_one_snapshot_and_a_finished_run(
    house: ExportHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = house.create(mode="append", fields="product_name,gmv")
    asked = house.exporting.refresh(export)

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(type(house.exporting.exports), "succeeded", die)
        with pytest.raises(Killed):
            house.work()
    assert len(cells(house.look("Sales"), "Snapshot")) == 3
    assert house.test.here.ledger.run(asked.id).state == "running"
    house.clock.instant += 300
    house.work()
    assert house.test.here.ledger.run(asked.id).state == "done"
    assert len(cells(house.look("Sales"), "Snapshot")) == 3
    assert house.again(export).state == "ok"


def test_something_unexpected_is_a_failure_with_a_reference(
    house: ExportHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = house.create()

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(house.test.here.answers, "answer", broken)
        run = house.refresh(export)
    assert (run.state, bool(run.reference)) == ("failed", True)
    assert "Something unexpected" in house.again(export).message
