"""Puts sign-in, key check, limits, headers and error answers around all blueprints of an app."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from flask import Flask, g, request
from flask_bootstrap import Bootstrap5

from errors import BadRequest, Refused
from store.accounts import Principal
from store.sessions import Sessions
from web.cookies import SessionCookie, form_token, form_token_matches, from_own_page
from web.entries import Entry, entry_of, largest_body
from web.failures import handle_failures
from web.headers import add_headers
from web.sign_in import sign_in_routes

_CHANGING: Final = ("POST", "PUT", "PATCH", "DELETE")

#: A refused body is read up to this many bytes, so that the sender gets to read the refusal
#: instead of a broken connection.
_READ_AWAY_BYTES: Final = 16 * 1024 * 1024


def attach(
    app: Flask,
    *,
    principal_for_key: Callable[[str], Principal],
    sessions: Sessions,
    secure: bool,
) -> None:
    """Call once, before the first request, on an app with Flask's usual static address.
    `principal_for_key` is that of Accounts; `secure` says that people come over https.

    Sets for every request `g.request_id`, `g.principal` (None where anybody may enter) and, for a
    signed-in member, `g.session_token`."""
    cookie = SessionCookie(secure=secure)
    # Also for bodies that do not say their length.
    app.config["MAX_CONTENT_LENGTH"] = largest_body("/")
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    Bootstrap5(app)

    def begin() -> None:
        g.request_id = secrets.token_hex(8)
        g.principal = None
        g.session_token = ""

    def check_size() -> None:
        request.max_content_length = largest_body(request.path)
        if (request.content_length or 0) > request.max_content_length:
            _read_away()
            raise BadRequest(
                "The request is too large. Ask for fewer fields or filters at once.",
                code="too_large",
            )

    def check_entry() -> None:
        match entry_of(request.path):
            case Entry.KEY:
                g.principal = principal_for_key(_bearer())
            case Entry.MEMBER:
                _recognise_member(sessions, cookie)
            case Entry.OPEN:
                pass

    for step in (begin, check_size, check_entry):
        app.before_request(step)
    app.context_processor(
        lambda: {
            "principal": g.get("principal"),
            "form_token": form_token(g.session_token) if g.get("session_token") else "",
        }
    )
    add_headers(app, secure=secure)
    handle_failures(app)
    app.register_blueprint(sign_in_routes(sessions, cookie))


def _bearer() -> str:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refused(
            "An API key is missing. Send it in the header 'Authorization: Bearer KEY'.",
            code="unauthorised",
        )
    return key.strip()


def _recognise_member(sessions: Sessions, cookie: SessionCookie) -> None:
    session_token = cookie.read(request) or ""
    principal = sessions.principal(session_token) if session_token else None
    if principal is None:
        raise Refused(
            "You are not signed in. Open a sign-in link; 'flask --app app login-link' makes one.",
            code="unauthorised",
        )
    if request.method in _CHANGING:
        sent = request.form.get("form_token", "")
        if not (from_own_page(request) and form_token_matches(session_token, sent)):
            raise BadRequest("This form is out of date. Go back, load the page again and repeat.")
    g.session_token = session_token
    g.principal = principal


def _read_away() -> None:
    left = min(request.content_length or 0, _READ_AWAY_BYTES)
    body = request.environ["wsgi.input"]
    while left > 0 and (part := body.read(min(left, 65536))):
        left -= len(part)
