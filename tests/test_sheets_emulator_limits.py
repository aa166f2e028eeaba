"""Quotas on a clock, scripted faults, sign-in, and lookers in between."""

from __future__ import annotations

from typing import Any

import gspread
import pytest
import requests

from tests.sheets_emulator.clients import google_service, gspread_client
from tests.sheets_emulator.faults import Fault, Scripted
from tests.sheets_emulator.files import Account
from tests.sheets_emulator.server import Emulator


class Wall:
    """A clock that a test sets."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def emulator(wall: Wall) -> Emulator:
    emulator = Emulator(wall)
    book = emulator.create(sheets=[{"title": "T"}])
    for number in range(7):
        email = f"user{number}@example.com"
        emulator.sign_in(f"token{number}", Account(email))
        emulator.files[book.spreadsheet_id].share("user", "writer", email)
    return emulator


def sheet_of(emulator: Emulator, token: str | None = None) -> Any:
    key = next(iter(emulator.books))
    return gspread_client(emulator, token).open_by_key(key).sheet1


def refused(emulator: Emulator, token: str | None = None) -> Any:
    """The error that a write ends with."""
    client = gspread_client(emulator, token)
    key = next(iter(emulator.books))
    with pytest.raises(gspread.exceptions.APIError) as caught:
        client.http_client.values_update(
            key, "T!A1", params={"valueInputOption": "RAW"}, body={"values": [["x"]]}
        )
    return caught.value.response


def write(emulator: Emulator, token: str | None = None, text: str = "x") -> None:
    client = gspread_client(emulator, token)
    client.http_client.values_update(
        next(iter(emulator.books)),
        "T!A1",
        params={"valueInputOption": "RAW"},
        body={"values": [[text]]},
    )


def test_sixty_writes_a_minute_for_one_user(emulator: Emulator, wall: Wall) -> None:
    for _ in range(60):
        write(emulator)
    response = refused(emulator)
    assert response.status_code == 429
    assert "Retry-After" not in response.headers
    error = response.json()["error"]
    assert error["status"] == "RESOURCE_EXHAUSTED"
    assert error["message"] == (
        "Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per"
        " user' of service 'sheets.googleapis.com' for consumer 'project_number:123456789012'."
    )
    info = error["details"][0]
    assert (info["reason"], info["domain"]) == ("RATE_LIMIT_EXCEEDED", "googleapis.com")
    assert info["metadata"] == {
        "quota_location": "global",
        "quota_metric": "sheets.googleapis.com/write_requests",
        "quota_limit": "WriteRequestsPerMinutePerUser",
        "quota_limit_value": "60",
        "quota_unit": "1/min/{project}/{user}",
        "consumer": "projects/123456789012",
        "service": "sheets.googleapis.com",
    }
    sheet_of(emulator)
    write(emulator, "token1")
    wall.seconds = 60
    write(emulator)


def test_three_hundred_writes_a_minute_for_the_project(emulator: Emulator) -> None:
    for number in range(5):
        for _ in range(60):
            write(emulator, f"token{number}")
    error = refused(emulator, "token5").json()["error"]
    assert "limit 'Write requests per minute' of" in error["message"]
    assert error["details"][0]["metadata"]["quota_limit"] == "WriteRequestsPerMinutePerProject"


def test_what_came_in_is_noted(emulator: Emulator) -> None:
    sheet_of(emulator, "token1").update([["x"]], "A1")
    noted = [(one.method, one.kind, one.user, one.status) for one in emulator.seen]
    user = "user1@example.com"
    assert noted == [
        ("sheets.spreadsheets.get", "Read", user, 200),
        ("sheets.spreadsheets.get", "Read", user, 200),
        ("sheets.spreadsheets.values.update", "Write", user, 200),
    ]


@pytest.mark.parametrize(
    ("fault", "status"),
    [(Fault.INTERNAL, "INTERNAL"), (Fault.UNAVAILABLE, "UNAVAILABLE")],
)
@pytest.mark.parametrize("committed", [False, True])
def test_a_failure_before_or_after_the_commit(
    emulator: Emulator, fault: Fault, status: str, committed: bool
) -> None:
    emulator.script.add(Scripted(fault, committed, lambda method: method.endswith("update")))
    response = refused(emulator)
    assert (response.status_code, response.json()["error"]["status"]) == (fault.value, status)
    assert sheet_of(emulator).get("A1") == ([["x"]] if committed else [[]])
    write(emulator)


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (Fault.NO_ANSWER, requests.exceptions.ReadTimeout),
        (Fault.CONNECTION_LOST, requests.exceptions.ConnectionError),
    ],
)
def test_an_answer_that_is_lost_after_the_commit(
    emulator: Emulator, fault: Fault, seen: type[Exception]
) -> None:
    emulator.script.add(Scripted(fault, committed=True))
    with pytest.raises(seen):
        write(emulator)
    assert sheet_of(emulator).get("A1") == [["x"]]


def test_google_s_own_client_sees_lost_answers_too(emulator: Emulator) -> None:
    calls = google_service(emulator, "sheets").spreadsheets()
    key = next(iter(emulator.books))
    emulator.script.add(Scripted(Fault.NO_ANSWER))
    with pytest.raises(TimeoutError):
        calls.get(spreadsheetId=key).execute()
    emulator.script.add(Scripted(Fault.CONNECTION_LOST))
    with pytest.raises(ConnectionResetError):
        calls.get(spreadsheetId=key).execute()


def test_a_looker_may_read_between_any_two_calls(emulator: Emulator) -> None:
    reader = sheet_of(emulator, "token2")
    writer = sheet_of(emulator)
    found: list[Any] = []
    emulator.between.append(lambda: found.append(reader.get("A1")))
    writer.update([["x"]], "A1")
    writer.update([["y"]], "A1")
    assert found == [[[]], [["x"]], [["x"]], [["y"]]]


def test_nobody_calls_without_a_known_token(emulator: Emulator) -> None:
    assert refused(emulator, "stolen").status_code == 401
    emulator.visitor = None
    error = refused(emulator).json()["error"]
    assert (error["code"], error["status"]) == (401, "UNAUTHENTICATED")


def test_a_stranger_and_a_reader_are_not_allowed(emulator: Emulator) -> None:
    emulator.sign_in("new", Account("stranger@example.com"))
    error = refused(emulator, "new").json()["error"]
    assert error == {
        "code": 403,
        "message": "The caller does not have permission",
        "status": "PERMISSION_DENIED",
    }
    key = next(iter(emulator.books))
    emulator.files[key].share("anyone", "reader")
    assert sheet_of(emulator, "new").get("A1") == [[]]
    assert refused(emulator, "new").status_code == 403


def test_what_is_not_there_or_not_the_apps_is_not_found(emulator: Emulator) -> None:
    client = gspread_client(emulator)
    with pytest.raises(gspread.exceptions.SpreadsheetNotFound) as caught:
        client.open_by_key("none")
    assert caught.value.args[0].json()["error"] == {
        "code": 404,
        "message": "Requested entity was not found.",
        "status": "NOT_FOUND",
    }
    account = Account("owner@example.com", frozenset({"drive.file"}))
    emulator.sign_in("file", account)
    assert refused(emulator, "file").status_code == 404
    account.opened.add(next(iter(emulator.books)))
    write(emulator, "file")


def test_a_token_without_the_scope_is_told_so(emulator: Emulator) -> None:
    emulator.sign_in("narrow", Account("owner@example.com", frozenset({"drive.readonly"})))
    sheet_of(emulator, "narrow").get("A1")
    response = refused(emulator, "narrow")
    assert response.status_code == 403
    assert response.json()["error"]["message"] == (
        "Request had insufficient authentication scopes."
    )


def test_what_a_person_does_by_hand_is_no_call(emulator: Emulator) -> None:
    key = next(iter(emulator.books))
    place = {"sheetId": 0, "dimension": "ROWS", "startIndex": 0, "endIndex": 1}
    write(emulator)
    seen = len(emulator.seen)
    assert emulator.by_hand(key, {"insertDimension": {"range": place}}) == [{}]
    assert emulator.look(key, "T!A1:A2") == [[], ["x"]]
    assert len(emulator.seen) == seen
