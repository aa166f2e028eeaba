"""Whom we are to Google: the key of the settings, people's own sign-ins, and what is said when
neither can be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from errors import Refused
from settings import Settings
from sheets_export.credentials import (
    DRIVE_FILE,
    DRIVE_METADATA,
    SPREADSHEETS,
    person,
    service_account,
)
from tests.exporting import ROBOT, service_key

#: Where the key itself stands.
_KEY = "private_key"


def settings(**given: Any) -> Settings:
    return Settings(**given)


def test_a_key_may_be_given_as_json_or_as_the_file_it_is_in(tmp_path: Path) -> None:
    file = tmp_path / "key.json"
    file.write_text(service_key())
    for said in (service_key(), str(file), f" {file}\n"):
        made = service_account(settings(google_service_account=said))
        assert made is not None
        assert made.service_account_email == ROBOT
        assert set(made.scopes) == {SPREADSHEETS, DRIVE_METADATA}


def test_without_a_key_there_is_no_service_account() -> None:
    assert service_account(settings()) is None


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({_KEY: None}, "not the key of a service account"),
        ({"client_email": None}, "not the key of a service account"),
        ({_KEY: "unreadable"}, "its private key cannot be read"),
    ],
)
def test_a_key_that_cannot_be_used_says_why_and_shows_nothing_of_itself(
    change: dict[str, Any], said: str
) -> None:
    known = json.loads(service_key()) | change
    with pytest.raises(Refused, match=said) as caught:
        service_account(settings(google_service_account=json.dumps(known)))
    assert "PRIVATE KEY" not in caught.value.message
    assert "GOOGLE_SERVICE_ACCOUNT" in caught.value.message


def test_json_that_is_none_is_told() -> None:
    with pytest.raises(Refused, match="it is not JSON"):
        service_account(settings(google_service_account="{broken"))


def test_a_path_that_leads_nowhere_is_told() -> None:
    with pytest.raises(Refused, match="the file cannot be read") as caught:
        service_account(settings(google_service_account="/nowhere/key.json"))
    assert "GOOGLE_SERVICE_ACCOUNT" in caught.value.message


def test_the_hidden_look_up_of_google_auth_is_off() -> None:
    """It would call iamcredentials.googleapis.com from a thread of its own at the first use."""
    made: Any = service_account(settings(google_service_account=service_key()))
    assert made._is_regional_access_boundary_lookup_required() is False


def test_a_person_gives_access_to_files_that_we_make_and_no_others() -> None:
    client = settings(google_client_id="client-1", google_client_secret="client-1"[::-1])
    made: Any = person(client, "refresh-token-1")
    assert (made.refresh_token, made.scopes) == ("refresh-token-1", [DRIVE_FILE])


def test_without_an_oauth_client_nobody_can_be_acted_for() -> None:
    with pytest.raises(Refused, match="GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET"):
        person(settings(), "refresh-token-1")
