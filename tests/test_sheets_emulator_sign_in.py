"""google-auth gets its tokens from the emulator: by refresh token or a service account's key."""

from __future__ import annotations

import base64
import json
from typing import Any

import google.auth.exceptions
import gspread
import pytest
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2.credentials import Credentials

from tests.sheets_emulator.adapters import EmulatorAdapter, session
from tests.sheets_emulator.files import Account
from tests.sheets_emulator.server import Emulator
from tests.sheets_emulator.tokens import ASSERTION

TOKEN_URI = "https://oauth2.googleapis.com/token"
DUMMY = "dummy"
USER, ROBOT = "user@example.com", "robot@project.iam.gserviceaccount.com"


@pytest.fixture
def emulator() -> Emulator:
    emulator = Emulator()
    emulator.visitor = None
    emulator.sign_in("users", Account(USER))
    emulator.sign_in("robots", Account(ROBOT))
    emulator.create(USER)
    return emulator


def signed_in(emulator: Emulator, refresh_token: str) -> Any:
    """gspread with google-auth's own session."""
    credentials = Credentials(  # type: ignore[no-untyped-call]
        token=None,
        refresh_token=refresh_token,
        token_uri=TOKEN_URI,
        client_id="client",
        client_secret=DUMMY,
    )
    made = AuthorizedSession(  # type: ignore[no-untyped-call]
        credentials, auth_request=Request(session(emulator))
    )
    made.mount("https://", EmulatorAdapter(emulator))
    return gspread.Client(auth=credentials, session=made)


def test_a_refresh_token_opens_the_users_files(emulator: Emulator) -> None:
    sheet = signed_in(emulator, "users").open_by_key(next(iter(emulator.books))).sheet1
    sheet.update([["x"]], "A1")
    assert {one.user for one in emulator.seen} == {USER}


def test_a_revoked_refresh_token_is_an_error_of_its_own(emulator: Emulator) -> None:
    del emulator.tokens["users"]
    with pytest.raises(google.auth.exceptions.RefreshError, match="expired or revoked"):
        signed_in(emulator, "users").open_by_key(next(iter(emulator.books)))


@pytest.mark.parametrize(("email", "status"), [(ROBOT, 200), ("unknown@example.com", 400)])
def test_an_assertion_is_exchanged_for_the_accounts_token(
    emulator: Emulator, email: str, status: int
) -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"iss": email}).encode()).decode().rstrip("=")
    form = {"grant_type": ASSERTION, "assertion": f"header.{claims}.signature"}
    answer = session(emulator).post(TOKEN_URI, data=form)
    assert answer.status_code == status
    assert answer.json().get("access_token") == ("robots" if status == 200 else None)


def test_other_hosts_are_not_there(emulator: Emulator) -> None:
    answer = session(emulator).get("https://iamcredentials.googleapis.com/v1/anything")
    assert answer.status_code == 404
