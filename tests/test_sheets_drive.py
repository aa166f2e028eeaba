"""Spreadsheets as files: made, shared, and what may be done with them."""

from __future__ import annotations

import pytest

from errors import Reauthorise, Refused, Retryable
from sheets_export.drive import Drive
from tests.sheets_emulator.clients import google_service
from tests.sheets_emulator.faults import Fault, Scripted
from tests.sheets_emulator.files import Account
from tests.sheets_emulator.server import Emulator

ADDRESS = "owner@example.com"


@pytest.fixture
def emulator() -> Emulator:
    made = Emulator()
    made.sign_in("token", Account(ADDRESS, frozenset({"drive.file"})))
    made.visitor = None
    return made


@pytest.fixture
def drive(emulator: Emulator) -> Drive:
    return Drive(google_service(emulator, "drive", "token"), ADDRESS)


def test_a_spreadsheet_is_made_with_the_narrow_scope(emulator: Emulator, drive: Drive) -> None:
    made = drive.create("Sales of August")
    assert (made.title, made.may_edit, made.may_share) == ("Sales of August", True, True)
    assert made.url == f"https://docs.google.com/spreadsheets/d/{made.file_id}/edit"
    assert emulator.files[made.file_id].mime_type == "application/vnd.google-apps.spreadsheet"


def test_sharing_twice_is_sharing_once(emulator: Emulator, drive: Drive) -> None:
    made = drive.create("Sales")
    drive.share(made.file_id, "ann@example.com")
    drive.share(made.file_id, "ann@example.com")
    roles = {
        one.get("emailAddress"): one["role"]
        for one in emulator.files[made.file_id].permissions.values()
    }
    assert roles == {ADDRESS: "owner", "ann@example.com": "writer"}


def test_a_file_that_may_only_be_read_says_so(emulator: Emulator) -> None:
    book = emulator.create("somebody@example.com")
    emulator.files[book.spreadsheet_id].share("user", "reader", "reader@example.com")
    emulator.sign_in("reader", Account("reader@example.com"))
    seen = Drive(google_service(emulator, "drive", "reader"), "reader@example.com").look(
        book.spreadsheet_id
    )
    assert (seen.may_edit, seen.may_share) == (False, False)


def test_a_file_the_program_did_not_make_is_not_seen_and_the_address_is_named(
    emulator: Emulator, drive: Drive
) -> None:
    book = emulator.create(ADDRESS)
    with pytest.raises(Refused, match=f"{ADDRESS} may not see it. Share it"):
        drive.look(book.spreadsheet_id)


@pytest.mark.parametrize("fault", [Fault.UNAVAILABLE, Fault.NO_ANSWER, Fault.CONNECTION_LOST])
def test_drive_that_does_not_answer_is_to_be_asked_later(
    emulator: Emulator, drive: Drive, fault: Fault
) -> None:
    emulator.script.add(Scripted(fault))
    with pytest.raises(Retryable):
        drive.create("Sales")


def test_a_sign_in_that_was_withdrawn_has_to_be_given_again(emulator: Emulator) -> None:
    with pytest.raises(Reauthorise, match="Sign in again"):
        Drive(google_service(emulator, "drive", "gone"), ADDRESS, "Sign in again.").create("Sales")
