"""What Google or the workspace refuses: a sign-in that has ended, and shops that are not there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from errors import Reauthorise
from sheets_export.work import end_refused
from tests.exporting import ANA, ExportHouse, export_house
from tests.reporting import Member, text_of
from tests.test_export_pages import form
from tests.test_google_sign_in import CLIENT_ID

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportHouse]:
    google = {"google_client_id": CLIENT_ID, "google_client_secret": CLIENT_ID[::-1]}
    with export_house(tmp_path_factory.mktemp("refused"), **google) as one:
        yield one


@pytest.fixture
def house(built: ExportHouse) -> ExportHouse:
    built.begin_again()
    return built


def test_a_sign_in_that_google_takes_no_more_is_marked_and_offered_no_more(
    house: ExportHouse,
) -> None:
    grant = house.exporting.spreadsheets.save_grant("default", ANA, "anas")
    member = Member(house.test)
    here = f"new:{grant.id}"
    member.post("/sheets/new", form(house, where=here, spreadsheet=""))
    (export,) = house.exporting.exports.of_workspace("default")
    house.work()
    assert house.again(export).state == "ok"
    assert f"in the Drive of {ANA}" in member.page("/sheets/new")
    del house.emulator.tokens["anas"]
    house.clock.instant += 60
    run = house.refresh(export)
    assert (run.state, ANA in run.message) == ("failed", True)
    assert house.exporting.spreadsheets.grant("default", grant.id).state == "ended"
    assert "Signed out" in member.page("/sheets")
    assert f"in the Drive of {ANA}" not in member.page("/sheets/new")


def test_a_sign_in_that_was_given_again_meanwhile_is_left_alone(house: ExportHouse) -> None:
    books = house.exporting.spreadsheets
    grant = books.save_grant("default", ANA, "anas")
    books.add("default", house.book_id, grant_id=grant.id)
    export = house.create()
    refused = Reauthorise("Sign in again.", debug="invalid_grant: Token has been revoked.")
    end_refused(books, export, refused, grant.created_at - 1)
    assert books.grant("default", grant.id).state == "good"
    # That the client of the installation is wrong says nothing of anybody's sign-in.
    end_refused(books, export, Reauthorise("", debug="invalid_client"), grant.created_at)
    assert books.grant("default", grant.id).state == "good"
    end_refused(books, export, refused, grant.created_at)
    assert books.grant("default", grant.id).state == "ended"


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ("333", "This shop is not connected to your workspace."),
        ("client:Nobody", "No chosen shop belongs to the client Nobody any more."),
    ],
)
def test_shops_that_are_not_there_make_no_export(house: ExportHouse, about: str, said: str) -> None:
    grant = house.exporting.spreadsheets.save_grant("default", ANA, "anas")
    files = len(house.emulator.files)
    for where in ({}, {"where": f"new:{grant.id}", "spreadsheet": ""}):
        answer = Member(house.test).post("/sheets/new", form(house, about=about, **where))
        assert answer.status_code == 422
        assert said in text_of(answer.text)
    assert house.exporting.spreadsheets.of_workspace("default") == []
    assert len(house.emulator.files) == files
    shops = ["--shops", "all" if about.startswith("client") else about]
    client = ["--set", "client=Nobody"] if about.startswith("client") else []
    create = ["export", "create", "Sales", *shops, *client, "--fields", "date,gmv"]
    result = house.test.app.test_cli_runner().invoke(args=[*create, "--spreadsheet", house.book_id])
    assert (result.exit_code, said in result.output) == (2, True)
    assert house.exporting.exports.of_workspace("default") == []


def test_an_export_changes_to_no_shop_that_is_not_there(house: ExportHouse) -> None:
    export = house.create()
    answer = Member(house.test).post(
        f"/sheets/{export.id}/edit", form(house, name="Sales", about="333")
    )
    assert answer.status_code == 422
    assert "This shop is not connected" in text_of(answer.text)
    assert house.again(export).definition == export.definition


def test_a_tab_that_cannot_be_read_for_want_of_a_sign_in_marks_it_too(house: ExportHouse) -> None:
    books = house.exporting.spreadsheets
    grant = books.save_grant("default", ANA, "anas")
    books.add("default", house.book_id, grant_id=grant.id)
    books.read_settings("default", house.book_id, reads=True)
    del house.emulator.tokens["anas"]
    house.look_again()
    house.work()
    assert books.grant("default", grant.id).state == "ended"
    assert ANA in books.one("default", house.book_id).settings_problem
