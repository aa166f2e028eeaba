"""The few Drive calls: create a spreadsheet, look at it, see and grant permissions."""

from __future__ import annotations

from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.sheets_emulator.clients import google_service, gspread_client
from tests.sheets_emulator.files import SPREADSHEET, Account
from tests.sheets_emulator.server import Emulator

ROBOT = "robot@example.com"


@pytest.fixture
def emulator() -> Emulator:
    emulator = Emulator()
    emulator.sign_in("robot", Account(ROBOT))
    return emulator


@pytest.fixture
def drive(emulator: Emulator) -> Any:
    return google_service(emulator, "drive")


def test_a_file_that_is_created_is_a_spreadsheet_to_sheets(emulator: Emulator, drive: Any) -> None:
    made = drive.files().create(body={"name": "Report", "mimeType": SPREADSHEET}).execute()
    assert made == {
        "kind": "drive#file",
        "id": made["id"],
        "name": "Report",
        "mimeType": SPREADSHEET,
    }
    opened = gspread_client(emulator).open_by_key(made["id"])
    assert (opened.title, opened.sheet1.title) == ("Report", "Sheet1")


def test_gspread_creates_and_shares_too(emulator: Emulator) -> None:
    made = gspread_client(emulator).create("Report")
    made.share(ROBOT, perm_type="user", role="writer", notify=False)
    gspread_client(emulator, "robot").open_by_key(made.id).sheet1.update([["x"]], "A1")
    assert made.sheet1.get("A1") == [["x"]]


def test_capabilities_say_who_may_edit(emulator: Emulator, drive: Any) -> None:
    key = emulator.create().spreadsheet_id
    asked = {"fileId": key, "fields": "capabilities(canEdit),ownedByMe"}
    assert drive.files().get(**asked).execute() == {
        "capabilities": {"canEdit": True},
        "ownedByMe": True,
    }
    drive.permissions().create(
        fileId=key, body={"type": "user", "role": "reader", "emailAddress": ROBOT}
    ).execute()
    robots = google_service(emulator, "drive", "robot")
    assert robots.files().get(**asked).execute() == {
        "capabilities": {"canEdit": False},
        "ownedByMe": False,
    }
    with pytest.raises(HttpError) as caught:
        robots.permissions().list(fileId=key).execute()
    assert caught.value.status_code == 403


def test_permissions_are_listed(emulator: Emulator, drive: Any) -> None:
    key = emulator.create().spreadsheet_id
    made = (
        drive.permissions()
        .create(
            fileId=key,
            body={"type": "user", "role": "writer", "emailAddress": ROBOT},
            sendNotificationEmail=False,
            fields="id,role",
        )
        .execute()
    )
    assert made == {"id": made["id"], "role": "writer"}
    fields = "permissions(emailAddress,role)"
    assert drive.permissions().list(fileId=key, fields=fields).execute() == {
        "permissions": [
            {"emailAddress": "owner@example.com", "role": "owner"},
            {"emailAddress": ROBOT, "role": "writer"},
        ]
    }
    listed = drive.permissions().list(fileId=key).execute()
    assert listed["permissions"][1].keys() == {"kind", "id", "type", "role"}


def test_drive_errors_have_a_list_and_no_status(emulator: Emulator, drive: Any) -> None:
    with pytest.raises(HttpError) as caught:
        drive.files().get(fileId="none").execute()
    assert caught.value.status_code == 404
    error = {
        "message": "File not found: none.",
        "domain": "global",
        "reason": "notFound",
        "location": "fileId",
        "locationType": "parameter",
    }
    assert caught.value.error_details == [error]
    assert b'"status"' not in caught.value.content


def test_a_stranger_is_told_that_there_is_no_file(emulator: Emulator) -> None:
    key = emulator.create().spreadsheet_id
    robots = google_service(emulator, "drive", "robot")
    with pytest.raises(HttpError) as caught:
        robots.files().get(fileId=key).execute()
    assert caught.value.status_code == 404


def test_drive_calls_use_up_no_sheets_quota(emulator: Emulator, drive: Any) -> None:
    emulator.quotas.per_user = 0
    key = emulator.create().spreadsheet_id
    assert drive.files().get(fileId=key).execute()["id"] == key
    assert [one.kind for one in emulator.seen] == ["Drive"]
