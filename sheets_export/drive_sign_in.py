"""A person lets us make spreadsheets in their Google Drive: OAuth 2.0's code flow with PKCE, for
the scope drive.file, which opens the files that we make and no others.

    start ──link──> Google ──code, state──> finish ──code, verifier──> refresh token, address

The state works once, in the browser that began, and only its digest is kept. The verifier follows
from the state with a key of this installation, so that nothing secret is kept meanwhile.
See developers.google.com/identity/protocols/oauth2/web-server.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from errors import Refused, Retryable
from store.sessions import GoogleStates
from web.google_sign_in import AUTHORIZE_URL, TOKEN_URL

_SCOPES: Final = "openid email https://www.googleapis.com/auth/drive.file"
_DRIVE_FILE: Final = "https://www.googleapis.com/auth/drive.file"
_ANSWER_SECONDS: Final = 10.0
_CLOCKS_DIFFER_SECONDS: Final = 10

#: google-auth's transport: (url, method=…, body=…, headers=…, timeout=…) -> .status, .data
Ask = Callable[..., Any]


class DriveSignIn:
    """`redirect_url` is registered with the OAuth client; `ask` reaches Google; `key` is a secret
    of this installation."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        redirect_url: str,
        ask: Ask,
        states: GoogleStates,
        key: bytes,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_url = redirect_url
        self._ask = ask
        self._states = states
        self._key = key

    def start(self, workspace_id: str, browser: str) -> str:
        """Where to send the browser. `browser`: what the state is bound to."""
        state = self._states.new(workspace_id, browser)
        challenge = hashlib.sha256(self._verifier(state).encode()).digest()
        query = {
            "client_id": self._client_id,
            "redirect_uri": self._redirect_url,
            "response_type": "code",
            "scope": _SCOPES,
            "state": state,
            "code_challenge": urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
            # A refresh token comes with these two only.
            "access_type": "offline",
            "prompt": "consent select_account",
        }
        return f"{AUTHORIZE_URL}?{urlencode(query)}"

    def finish(self, workspace_id: str, browser: str, answer: Mapping[str, str]) -> tuple[str, str]:
        """The address of who signed in, and the refresh token. BadRequest for a state that is not
        of this browser, Refused when the person said no or gave less than was asked for, Retryable
        when Google does not answer."""
        state = answer.get("state", "")
        self._states.use(state, workspace_id, browser)
        if "code" not in answer:
            raise _refused("Google did not give us access.", debug=answer.get("error", "")[:60])
        told = self._exchanged(answer["code"], self._verifier(state))
        refresh_token, scopes = told.get("refresh_token"), str(told.get("scope", "")).split()
        if _DRIVE_FILE not in scopes:
            raise _refused(
                "Google did not give us the right to make a spreadsheet: leave the box beside it "
                "ticked."
            )
        if not isinstance(refresh_token, str) or not refresh_token:
            raise _refused("Google gave us access for an hour only.")
        return self._address(told), refresh_token

    def _verifier(self, state: str) -> str:
        made = hmac.digest(self._key, b"google drive " + state.encode(), "sha256")
        return urlsafe_b64encode(made).decode().rstrip("=")

    def _exchanged(self, code: str, verifier: str) -> Mapping[str, Any]:
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - ten megabytes

        form = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self._client_id,
            "client_secret": self._client_secret,
            "redirect_uri": self._redirect_url,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            reply = self._timely(
                TOKEN_URL, method="POST", body=urlencode(form).encode(), headers=headers
            )
        except GoogleAuthError as error:
            raise Retryable(
                "Google does not answer. Try again in a minute.", debug=type(error).__qualname__
            ) from None
        if reply.status != 200:
            raise _refused("Google did not confirm the sign-in.", debug=f"HTTP {reply.status}")
        try:
            told = orjson.loads(reply.data)
        except orjson.JSONDecodeError:
            told = None
        if not isinstance(told, dict):
            raise _refused("Google's answer cannot be read.")
        return told

    def _address(self, told: Mapping[str, Any]) -> str:
        """From the ID token, whose signature, audience, issuer and time google-auth checks."""
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
        from google.oauth2.id_token import verify_oauth2_token  # noqa: PLC0415

        verified: Callable[..., Any] = verify_oauth2_token
        try:
            claims = verified(
                str(told["id_token"]),
                self._timely,
                audience=self._client_id,
                clock_skew_in_seconds=_CLOCKS_DIFFER_SECONDS,
            )
        except (GoogleAuthError, ValueError, KeyError) as error:
            # What it says may hold a part of the token.
            debug = type(error).__qualname__
            raise _refused("Google did not confirm the sign-in.", debug=debug) from None
        if claims.get("email_verified") is not True or not claims.get("email"):
            raise _refused("Google has not verified the e-mail address of this account.")
        return str(claims["email"]).lower()

    def _timely(self, url: str, **wish: Any) -> Any:
        return self._ask(url, **{**wish, "timeout": _ANSWER_SECONDS})


def _refused(sentence: str, *, debug: str = "") -> Refused:
    return Refused(f"{sentence} Please start again.", debug=debug)
