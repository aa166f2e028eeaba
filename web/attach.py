"""Puts sign-in, key check, limits, headers and error answers around all blueprints of an app."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from flask import Flask, Response, g, request
from flask_bootstrap import Bootstrap5

from errors import BadRequest, Refused
from store.accounts import Principal
from store.secrets import digest, random_token
from store.sessions import Sessions
from web import navigation
from web.cookies import SessionCookie, form_token, form_token_matches, from_own_page
from web.entries import Entry, entry_of, largest_body
from web.failures import handle_failures
from web.google_sign_in import GoogleSignIn
from web.headers import add_headers
from web.sign_in import sign_in_routes
from web.static_files import add_static_files

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
    cookie_key: bytes,
    google: GoogleSignIn | None = None,
) -> None:
    """Call once, before the first request, on an app with Flask's usual static address.
    `principal_for_key` is that of Accounts; `secure` says that people come over https; `cookie_key`
    signs the cookie that carries a sentence to the next page, and is the same in all processes;
    `google` is None where nobody signs in with Google.

    Sets for every request `g.request_id`, `g.principal` (None where anybody may enter) and, for a
    signed-in member, `g.session_token`. For a member and for a guest `g.browser` is what a `state`
    may be bound to: a digest of the session cookie, or of the visit cookie."""
    cookie = SessionCookie(secure=secure)
    visit = SessionCookie(secure=secure, visit=True)
    # Also for bodies that do not say their length.
    app.config["MAX_CONTENT_LENGTH"] = largest_body("/")
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    Bootstrap5(app)
    _keep_sentences(app, secure=secure, cookie_key=cookie_key)
    add_static_files(app)

    def begin() -> None:
        g.request_id = secrets.token_hex(8)
        g.principal = None
        g.session_token = g.form_secret = ""

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
                if not _is_member(sessions, cookie, google):
                    raise _not_signed_in()
                _check_form()
            case Entry.GUEST:
                if not _is_member(sessions, cookie, google):
                    g.form_secret = visit.read(request) or random_token()
                    g.browser = digest(g.form_secret)
                _check_form()
            case Entry.READER:
                _is_member(sessions, cookie, google)
            case Entry.OPEN:
                pass

    for step in (begin, check_size, check_entry):
        app.before_request(step)
    app.context_processor(
        lambda: {
            "principal": g.get("principal"),
            "form_token": form_token(g.form_secret) if g.get("form_secret") else "",
            "navigation": navigation.entries(
                request.path, is_member=g.get("principal") is not None
            ),
            "footer": navigation.FOOT,
        }
    )

    def keep_visit(response: Response) -> Response:
        if g.get("form_secret") and not g.session_token:
            visit.write(response, g.form_secret)
        return response

    app.after_request(keep_visit)
    add_headers(app, secure=secure)
    handle_failures(app)
    app.register_blueprint(sign_in_routes(sessions, cookie, google, secure=secure))


def _keep_sentences(app: Flask, *, secure: bool, cookie_key: bytes) -> None:
    """What `flask.flash` says travels to the next page in a cookie of its own, which holds nothing
    else and is gone once the sentence was shown."""
    app.secret_key = cookie_key
    app.config["SESSION_COOKIE_NAME"] = "__Host-tts_said" if secure else "tts_said"
    app.config["SESSION_COOKIE_SECURE"] = secure
    app.config["SESSION_COOKIE_HTTPONLY"] = True
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"


def _bearer() -> str:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refused(
            "An API key is missing. Send it in the header 'Authorization: Bearer KEY'.",
            code="unauthorised",
        )
    return key.strip()


def _is_member(sessions: Sessions, cookie: SessionCookie, google: GoogleSignIn | None) -> bool:
    """Whether somebody is signed in; notes who. Who signed in with Google must still be on the
    list of those who may."""
    session_token = cookie.read(request) or ""
    principal = sessions.principal(session_token) if session_token else None
    if principal is None or principal.member is None:
        return False
    if "@" in principal.member and not (
        google and google.may_stay(principal.member, principal.workspace_id)
    ):
        return False
    g.session_token = g.form_secret = session_token
    g.browser = digest(session_token)
    g.principal = principal
    return True


def _check_form() -> None:
    if request.method in _CHANGING:
        sent = request.form.get("form_token", "")
        if not (from_own_page(request) and form_token_matches(g.form_secret, sent)):
            raise BadRequest("This form is out of date. Go back, load the page again and repeat.")


def _not_signed_in() -> Refused:
    return Refused(
        "You are not signed in. Open a sign-in link; 'flask --app app login-link' makes one.",
        code="unauthorised",
    )


def _read_away() -> None:
    left = min(request.content_length or 0, _READ_AWAY_BYTES)
    body = request.environ["wsgi.input"]
    while left > 0 and (part := body.read(min(left, 65536))):
        left -= len(part)
