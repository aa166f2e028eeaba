"""The session cookie, the token that protects forms, and where a request comes from."""

from __future__ import annotations

import hmac
from typing import Final
from urllib.parse import urlsplit

from flask import Request
from werkzeug.wrappers import Response

from store.sessions import LONGEST_SECONDS

VISIT_SECONDS: Final = 86_400.0


class SessionCookie:
    """`secure` unless the installation is reached over plain http on its own machine. `visit`: the
    cookie of a browser that nobody has signed in with."""

    def __init__(self, *, secure: bool, visit: bool = False) -> None:
        self._secure = secure
        name = "tts_visit" if visit else "tts_session"
        # A `__Host-` cookie cannot be set by a neighbouring subdomain; browsers demand Secure.
        self.name = f"__Host-{name}" if secure else name
        self._seconds = VISIT_SECONDS if visit else LONGEST_SECONDS

    def read(self, request: Request) -> str | None:
        return request.cookies.get(self.name)

    def write(self, response: Response, session_token: str) -> None:
        response.set_cookie(
            self.name,
            session_token,
            max_age=int(self._seconds),
            secure=self._secure,
            httponly=True,
            samesite="Lax",
            path="/",
        )

    def remove(self, response: Response) -> None:
        response.delete_cookie(
            self.name, secure=self._secure, httponly=True, samesite="Lax", path="/"
        )


def form_token(session_token: str) -> str:
    """What every form of this session carries; it does not tell the session token."""
    return hmac.digest(session_token.encode(), b"form", "sha256").hex()


def form_token_matches(session_token: str, sent: str) -> bool:
    return hmac.compare_digest(form_token(session_token).encode(), sent.encode())


def from_own_page(request: Request) -> bool:
    """Whether a form was sent by one of our own pages, as far as the browser says."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    try:
        return urlsplit(origin).netloc == request.host
    except ValueError:
        return False  # a bracket that is not closed, for one
