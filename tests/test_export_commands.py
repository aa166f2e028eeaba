"""Exports from the command line, and what people are told when one fails."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from notices.occasions import export_occasions
from notices.wording import written_exports
from store.exports import Export
from store.notices import Channels, Notices, Occasion
from tests.answering import NOW
from tests.exporting import ExportHouse, cells, export_house

DAY = 86_400.0


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportHouse]:
    with export_house(tmp_path_factory.mktemp("commands")) as made:
        yield made


@pytest.fixture
def house(built: ExportHouse) -> ExportHouse:
    built.begin_again()
    return built


def lines(house: ExportHouse, *args: str, status: int = 0) -> list[str]:
    result = house.test.app.test_cli_runner().invoke(args=["export", *args])
    assert result.exit_code == status, result.output
    assert "Traceback" not in result.output
    return [line for line in result.output.splitlines() if not line.startswith(("{", "20"))]


def sales(house: ExportHouse, *more: str, status: int = 0) -> list[str]:
    where = ("--spreadsheet", house.book_id, "--shops", "all", "--fields", "date,gmv")
    days = ("--set", "range=custom", "--set", "start=2026-08-01", "--set", "end=2026-08-04")
    return lines(house, "create", "Sales", *where, *days, *more, status=status)


def test_an_export_is_made_and_run_by_name(house: ExportHouse) -> None:
    (export_id,) = sales(house)
    asked = house.exporting.refresh(house.exporting.exports.named("default", "Sales"))
    house.work()
    assert house.test.here.ledger.run(asked.id).state == "done"
    assert cells(house.look("Sales"), "Date")[0] == [46235, 33.75]
    result = house.test.app.test_cli_runner().invoke(args=["export", "list", "--json"])
    row = json.loads(result.output.splitlines()[-1])
    assert (row["id"], row["name"], row["state"], row["rows"]) == (export_id, "Sales", "ok", 3)
    assert row["definition"]["fields"] == "date,gmv"
    house.clock.instant += 1
    assert lines(house, "run", "Sales", "--no-wait") == [
        house.exporting.runs(house.exporting.exports.named("default", "Sales"))[0].id
    ]


def test_a_preset_with_changes_is_an_export(house: ExportHouse) -> None:
    where = ("--spreadsheet", house.book_id, "--shops", "all")
    lines(house, "create", "Orders", *where, "--preset", "orders", "--set", "schedule=daily")
    export = house.exporting.exports.named("default", "Orders")
    assert export.definition["preset"] == "orders"
    assert export.next_at is not None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--set", "range=custom", "--set", "start=no"), "'no' is no day"),
        (("--set", "colour=red"), "--set takes NAME=VALUE"),
        (("--google-account", "eve@example.com"), "has not signed in with Google"),
        (("--spreadsheet", "here"), "Copy the spreadsheet's address"),
    ],
)
def test_what_cannot_be_is_one_sentence(
    house: ExportHouse, more: tuple[str, ...], said: str
) -> None:
    assert said in " ".join(sales(house, *more, status=2))


def test_an_export_nobody_knows_is_one_sentence(house: ExportHouse) -> None:
    assert lines(house, "run", "Nothing", status=2) == ["There is no export called 'Nothing'."]


def test_a_removed_export_is_gone_and_its_rows_stay(house: ExportHouse) -> None:
    sales(house)
    assert lines(house, "remove", "Sales") == ["Sales is removed."]
    assert lines(house, "list") == [
        "id  name  tab  state  rows  succeeded_at  message",
    ]


# --- what people are told -------------------------------------------------------------------------


def failing(export_id: str = "e1", since: float = NOW) -> Export:
    return Export(
        id=export_id,
        workspace_id="default",
        name="Sales",
        spreadsheet_id="book",
        tab="Data",
        definition={},
        state="failed",
        message="Share it with\nthat address.",
        failing_since=since,
    )


def test_a_failure_is_told_at_once_and_then_once_a_day() -> None:
    keys = [
        export_occasions([failing()], NOW + seconds)[0].key
        for seconds in (0, DAY - 1, DAY, 2 * DAY - 1, 2 * DAY)
    ]
    assert keys == [
        *[f"export:e1:{int(NOW)}:0"] * 2,
        *[f"export:e1:{int(NOW)}:1"] * 2,
        f"export:e1:{int(NOW)}:2",
    ]
    assert export_occasions([failing(since=NOW + 10)], NOW + 20)[0].key != keys[0]


def test_the_message_names_the_export_and_leads_to_it() -> None:
    occasions = export_occasions([failing()], NOW)
    said = written_exports(occasions, "Aurora", "https://hub.example")
    assert said.subject == "The export fails: Sales"
    assert "It says: Share it with that address. The rows of the last success" in said.body
    assert "\nhttps://hub.example/sheets/e1\n" in said.body
    several: list[Occasion] = export_occasions([failing(), failing("e2")], NOW)
    assert written_exports(several, "A", "").subject == "2 exports to Google Sheets fail"


def test_a_workspace_is_told_of_its_own_exports(house: ExportHouse) -> None:
    here = house.test.here
    notices = Notices(here.accounts, house.clock)
    notices.set_channels("default", Channels(addresses=("ana@example.com",)))
    here.accounts.ensure_workspace("other", "Other")
    export = house.create()
    house.emulator.files[house.book_id].permissions.clear()
    house.refresh(export)
    for hours in (0, 1, 25):
        house.clock.instant = NOW + hours * 3600
        here.telling.look()
    messages = [one for one in notices.messages("default") if "export" in one.subject]
    assert [one.subject for one in messages] == ["The export fails: Sales"] * 2
    assert messages[0].deliveries[0].channel == "email"
    assert notices.messages("other") == []
