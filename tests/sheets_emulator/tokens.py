"""Google's token endpoint: a service account's assertion or a refresh token for an access token.

Signatures are not checked; whether the address is known is.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

from .files import Account
from .refusals import Json

ASSERTION: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME_SECONDS: Final = 3599


def issued(body: bytes, tokens: Mapping[str, Account]) -> tuple[int, Json]:
    """(status, answer). A refresh token is the access token it stands for."""
    form = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
    if form.get("grant_type") == ASSERTION:
        email = _issuer(form.get("assertion", ""))
        token = next((t for t, account in tokens.items() if account.email == email), None)
        described = "Invalid grant: account not found"
    else:
        token = form.get("refresh_token")
        described = "Token has been expired or revoked."
    if token not in tokens:
        return 400, {"error": "invalid_grant", "error_description": described}
    return 200, {"access_token": token, "expires_in": LIFETIME_SECONDS, "token_type": "Bearer"}


def _issuer(assertion: str) -> str:
    parts = assertion.split(".")
    if len(parts) != 3:
        return ""
    padded = parts[1] + "=" * (-len(parts[1]) % 4)
    return str(json.loads(base64.urlsafe_b64decode(padded)).get("iss", ""))
