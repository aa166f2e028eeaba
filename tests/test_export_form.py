"""A form that cannot be saved leaves nothing behind, and a tab once chosen stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.exporting import ANA, ROBOT, ExportHouse, export_house
from tests.reporting import Member, text_of
from tests.sheets_emulator.faults import Fault, Scripted
from tests.test_export_pages import form, made
from tests.test_google_sign_in import CLIENT_ID

pytestmark = pytest.mark.slow

ELSEWHERE = "A" * 44


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExportHouse]:
    google = {"google_client_id": CLIENT_ID, "google_client_secret": CLIENT_ID[::-1]}
    with export_house(tmp_path_factory.mktemp("form"), **google) as one:
        yield one


@pytest.fixture
def house(built: ExportHouse) -> ExportHouse:
    built.begin_again()
    return built


def books(house: ExportHouse) -> list[str]:
    return [one.spreadsheet_id for one in house.exporting.spreadsheets.of_workspace("default")]


def test_a_name_that_is_taken_makes_no_file_in_the_drive(house: ExportHouse) -> None:
    house.create()
    grant = house.exporting.spreadsheets.save_grant("default", ANA, "anas")
    files, member = len(house.emulator.files), Member(house.test)
    wrong = form(house, name="Sales", tab="Other", where=f"new:{grant.id}", spreadsheet="")
    for _ in range(3):
        answer = member.post("/sheets/new", wrong)
        assert answer.status_code == 422
        assert "There is an export called Sales already." in text_of(answer.text)
    assert len(house.emulator.files) == files
    assert books(house) == [house.book_id]


def test_a_spreadsheet_is_not_kept_for_an_export_that_is_not_made(house: ExportHouse) -> None:
    house.create()
    member = Member(house.test)
    answer = member.post("/sheets/new", form(house, tab="Other", spreadsheet=ELSEWHERE))
    assert answer.status_code == 422
    assert books(house) == [house.book_id]
    answer = member.post("/sheets/new", form(house, name="Other", tab="sales"))
    assert answer.status_code == 422
    assert books(house) == [house.book_id]


def test_the_tab_stays_when_an_export_is_changed(house: ExportHouse) -> None:
    member = Member(house.test)
    address = made(house, member)
    house.work()
    page = member.page(f"{address}/edit")
    field = page[page.index('id="tab"') - 200 : page.index('id="tab"') + 200]
    assert "readonly" in field
    member.post(f"{address}/edit", form(house, tab="New tab"))
    (export,) = house.exporting.exports.of_workspace("default")
    assert export.tab == "Sales"
    # So the other name is free, and the tab is not.
    house.create(name="Other", tab="New tab")
    member.post(f"{address}/edit", form(house, tab=""))
    assert house.again(export).tab == "Sales"


@pytest.mark.parametrize(
    ("role", "said"),
    [(None, "may not see it. Share it with that address"), ("reader", "look at this spreadsheet")],
)
def test_a_spreadsheet_that_cannot_be_written_is_told_before_there_is_an_export(
    house: ExportHouse, role: str | None, said: str
) -> None:
    book = house.emulator.create(ANA, "Of others")
    if role:
        house.emulator.files[book.spreadsheet_id].share("user", role, ROBOT)
    member = Member(house.test)
    answer = member.post("/sheets/new", form(house, spreadsheet=book.spreadsheet_id))
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert ROBOT in text_of(answer.text)
    assert house.exporting.exports.of_workspace("default") == []
    assert books(house) == []


def test_when_drive_does_not_answer_the_export_is_made_all_the_same(house: ExportHouse) -> None:
    house.emulator.script.add(Scripted(Fault.UNAVAILABLE))
    made(house, Member(house.test))


def test_a_spreadsheet_that_was_made_here_is_shared_from_here(house: ExportHouse) -> None:
    grant = house.exporting.spreadsheets.save_grant("default", ANA, "anas")
    member = Member(house.test)
    made(house, member, where=f"new:{grant.id}", spreadsheet="")
    (book,) = books(house)
    address = f"/sheets/books/{book}/share"
    wrong = member.post(address, {"email": "a@b.example, c@d.example", "role": "reader"}, "/sheets")
    assert "e-mail address of one person" in text_of(wrong.text)
    wrong = member.post(address, {"email": "client@example.com", "role": "owner"}, "/sheets")
    assert "e-mail address of one person" in text_of(wrong.text)
    assert house.emulator.files[book].role_of("client@example.com") is None
    member.post(address, {"email": "client@example.com", "role": "reader"}, "/sheets")
    assert house.emulator.files[book].role_of("client@example.com") == "reader"
    assert "client@example.com may look at the spreadsheet now." in member.page("/sheets")


def test_what_was_shared_with_the_service_account_is_not_handed_on(house: ExportHouse) -> None:
    member = Member(house.test)
    made(house, member)
    address = f"/sheets/books/{house.book_id}/share"
    assert address not in member.page("/sheets")
    answer = member.post(address, {"email": "thief@example.com", "role": "writer"}, "/sheets")
    assert "share it in Google Sheets" in text_of(answer.text)
    assert house.emulator.files[house.book_id].role_of("thief@example.com") is None


@pytest.mark.parametrize("email", ["a@b", "<script>@x.y", "two@a.example two@b.example", ANA])
def test_no_address_is_shared_with_that_is_none_or_the_owners(
    house: ExportHouse, email: str
) -> None:
    grant = house.exporting.spreadsheets.save_grant("default", ANA, "anas")
    member = Member(house.test)
    made(house, member, where=f"new:{grant.id}", spreadsheet="")
    (book,) = books(house)
    before = dict(house.emulator.files[book].permissions)
    answer = member.post(
        f"/sheets/books/{book}/share", {"email": email, "role": "reader"}, "/sheets"
    )
    assert answer.status_code == 400
    assert house.emulator.files[book].permissions == before
