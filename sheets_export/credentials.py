"""Whom we are to Google: the service account of the installation, or a person who signed in.

A service account writes into spreadsheets that somebody shared with its address, and every error
about access names that address; of Drive it may know whether it may write them, and no more. A
person's grant (scope drive.file) opens the spreadsheets that we make for them and no others.
Source: developers.google.com/workspace/sheets/api/scopes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import orjson
from google.oauth2.credentials import Credentials as UserCredentials
from google.oauth2.service_account import Credentials as ServiceCredentials

from errors import Refused
from settings import Settings
from web.google_sign_in import TOKEN_URL

SPREADSHEETS: Final = "https://www.googleapis.com/auth/spreadsheets"
DRIVE_FILE: Final = "https://www.googleapis.com/auth/drive.file"
DRIVE_METADATA: Final = "https://www.googleapis.com/auth/drive.metadata.readonly"

_NEEDED: Final = ("client_email", "private_key", "token_uri")


class _ServiceCredentials(ServiceCredentials):
    """google-auth 2.62 asks iamcredentials.googleapis.com in a thread of its own where a service
    account may be used from; no setting turns that off, and nothing here depends on it."""

    def _is_regional_access_boundary_lookup_required(self) -> bool:
        return False


def service_account(settings: Settings) -> ServiceCredentials | None:
    """From GOOGLE_SERVICE_ACCOUNT: the JSON that Google gives for a key, or the path of the file it
    is in. None where it is not set; Refused when it cannot be used."""
    if settings.google_service_account is None:
        return None
    said = settings.google_service_account.get_secret_value().strip()
    try:
        text = said if said.startswith("{") else Path(said).expanduser().read_text("utf-8")
    except OSError as error:
        raise _unusable(f"the file cannot be read ({type(error).__name__})") from None
    try:
        known: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _unusable("it is not JSON") from None
    if not isinstance(known, dict) or not all(isinstance(known.get(name), str) for name in _NEEDED):
        raise _unusable("it is not the key of a service account")
    try:
        made: ServiceCredentials = _ServiceCredentials.from_service_account_info(  # type: ignore[no-untyped-call]
            known, scopes=[SPREADSHEETS, DRIVE_METADATA]
        )
    except ValueError:
        raise _unusable("its private key cannot be read") from None
    return made


def person(settings: Settings, refresh_token: str) -> UserCredentials:
    """Somebody who signed in; access tokens are asked for when they are needed. Refused where the
    installation has no OAuth client."""
    secret = settings.google_client_secret
    if not settings.google_client_id or secret is None:
        raise Refused(
            "Signing in with Google is not set up here: GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET "
            "are missing."
        )
    return UserCredentials(  # type: ignore[no-untyped-call]
        token=None,
        refresh_token=refresh_token,
        token_uri=TOKEN_URL,
        client_id=settings.google_client_id,
        client_secret=secret.get_secret_value(),
        scopes=[DRIVE_FILE],
    )


def _unusable(why: str) -> Refused:
    return Refused(
        f"GOOGLE_SERVICE_ACCOUNT has a value that cannot be used: {why}. Give it the JSON key of a "
        "service account, or the path of the file that holds it."
    )
