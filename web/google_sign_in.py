"""Signing in with Google: OpenID Connect's code flow with PKCE.

    start ──link──> Google ──code, state──> finish ──code, verifier──> ID token ──checks──> Person

State, nonce and verifier stay in a signed cookie of the browser that began, so that nobody can make
another browser finish. The ID token's signature, audience, issuer and time are checked by
google-auth; nonce and verified address here. See developers.google.com/identity/openid-connect.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from itsdangerous import BadSignature, URLSafeSerializer

from clock import Clock
from errors import Refused
from settings import Settings
from store.secrets import random_token
from web.allowed_people import AllowedPeople, Person

AUTHORIZE_URL: Final = "https://accounts.google.com/o/oauth2/v2/auth"
TOKEN_URL: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
#: Between leaving for Google and coming back.
PATIENCE_SECONDS: Final = 600.0
_ANSWER_SECONDS: Final = 10.0
_CLOCKS_DIFFER_SECONDS: Final = 10

#: google-auth's transport: (url, method=…, body=…, headers=…, timeout=…) -> .status, .data
Ask = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class _Begun:
    """What the browser keeps meanwhile; `at` is UTC epoch seconds."""

    state: str
    nonce: str
    verifier: str
    at: float


def google_sign_in(
    settings: Settings, ask: Ask, clock: Clock, cookie_key: bytes
) -> GoogleSignIn | None:
    """None where the settings do not ask for it."""
    if not settings.has_google_sign_in or settings.google_client_secret is None:
        return None
    return GoogleSignIn(
        client_id=settings.google_client_id,
        client_secret=settings.google_client_secret.get_secret_value(),
        redirect_url=f"{settings.base_url}/sign-in/google/callback",
        people=AllowedPeople(settings.google_sign_in),
        ask=ask,
        clock=clock,
        cookie_key=cookie_key,
    )


class GoogleSignIn:
    """`redirect_url` is the one registered with the client; `ask` reaches Google; `cookie_key`
    signs what the browser keeps."""

    def __init__(
        self,
        *,
        client_id: str,
        client_secret: str,
        redirect_url: str,
        people: AllowedPeople,
        ask: Ask,
        clock: Clock,
        cookie_key: bytes,
    ) -> None:
        self._client_id = client_id
        self._client_secret = client_secret
        self._redirect_url = redirect_url
        self._people = people
        self._ask = ask
        self._clock = clock
        self._signer = URLSafeSerializer(cookie_key, salt="google sign-in")

    def start(self) -> tuple[str, str]:
        """Where to send the browser, and what it keeps until it is back."""
        begun = _Begun(random_token(), random_token(), random_token(), self._clock.now())
        challenge = hashlib.sha256(begun.verifier.encode()).digest()
        query = {
            "client_id": self._client_id,
            "redirect_uri": self._redirect_url,
            "response_type": "code",
            "scope": "openid email",
            "state": begun.state,
            "nonce": begun.nonce,
            "code_challenge": urlsafe_b64encode(challenge).decode().rstrip("="),
            "code_challenge_method": "S256",
            "prompt": "select_account",
        }
        kept = [begun.state, begun.nonce, begun.verifier, begun.at]
        return f"{AUTHORIZE_URL}?{urlencode(query)}", str(self._signer.dumps(kept))

    def finish(self, kept: str, answer: Mapping[str, str]) -> tuple[Person, str, str]:
        """Who came back, the workspace they may enter, and the role of who is there for the first
        time. Refused with a sentence for everything
        that is not in order."""
        begun = self._begun(kept)
        # Compared as bytes: of texts it takes ASCII only.
        if begun is None or not hmac.compare_digest(
            begun.state.encode(), answer.get("state", "").encode()
        ):
            raise _refused("This answer from Google does not belong to a sign-in you started here.")
        if "code" not in answer:
            raise _refused("Google did not sign you in.", debug=answer.get("error", "")[:60])
        claims = self._claims(answer["code"], begun.verifier)
        if not hmac.compare_digest(str(claims.get("nonce", "")), begun.nonce):
            raise _refused("This answer from Google does not belong to a sign-in you started here.")
        if claims.get("email_verified") is not True or not claims.get("email"):
            raise _refused("Google has not verified the e-mail address of this account.")
        person = Person(str(claims["email"]).lower(), str(claims.get("hd") or ""))
        welcome = self._people.welcome(person)
        if welcome is None:
            raise _refused(
                f"{person.email} may not sign in here. Ask whoever runs this installation to put "
                "you on the list, or choose another Google account."
            )
        return person, *welcome

    def may_stay(self, email: str, workspace_id: str) -> bool:
        """Whether somebody who signed in before is still on the list."""
        return self._people.may_stay(email, workspace_id)

    def _begun(self, kept: str) -> _Begun | None:
        try:
            begun = _Begun(*self._signer.loads(kept))
        except (BadSignature, TypeError):
            return None
        return begun if 0 <= self._clock.now() - begun.at <= PATIENCE_SECONDS else None

    def _claims(self, code: str, verifier: str) -> Mapping[str, Any]:
        """Exchange the code; what the ID token says, once it was checked."""
        # Ten megabytes in every process, and few installations sign people in with Google.
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
        from google.oauth2.id_token import verify_oauth2_token  # noqa: PLC0415

        verified: Callable[..., Any] = verify_oauth2_token
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
            if reply.status != 200:
                raise _refused("Google did not confirm the sign-in.", debug=f"HTTP {reply.status}")
            claims: Mapping[str, Any] = verified(
                str(orjson.loads(reply.data)["id_token"]),
                self._timely,
                audience=self._client_id,
                clock_skew_in_seconds=_CLOCKS_DIFFER_SECONDS,
            )
        except (GoogleAuthError, ValueError, KeyError, TypeError) as error:
            # What it says may hold a part of the token.
            debug = type(error).__qualname__
            raise _refused("Google did not confirm the sign-in.", debug=debug) from None
        return claims

    def _timely(self, url: str, **wish: Any) -> Any:
        return self._ask(url, **{**wish, "timeout": _ANSWER_SECONDS})


def _refused(sentence: str, *, debug: str = "") -> Refused:
    return Refused(f"{sentence} Please start again.", code="unauthorised", debug=debug)
