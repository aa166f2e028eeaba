"""Puts sign-in, key check, limits, headers and error answers around all blueprints of an app."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response, g, request
from flask_bootstrap import Bootstrap5
from structlog.contextvars import bind_contextvars, clear_contextvars

from store.accounts import Principal
from store.sessions import Sessions
from web import navigation
from web.arrival import receive, refuse_when_full
from web.cookies import SessionCookie, form_token
from web.entering import Entering
from web.entries import largest_body
from web.failures import handle_failures
from web.google_sign_in import GoogleSignIn
from web.headers import add_headers
from web.limits import RequestLimits
from web.proxies import request_id_of
from web.sign_in import sign_in_routes
from web.static_files import add_static_files


def attach(
    app: Flask,
    *,
    principal_for_key: Callable[[str], Principal],
    sessions: Sessions,
    secure: bool,
    cookie_key: bytes,
    limits: RequestLimits,
    google: GoogleSignIn | None = None,
) -> None:
    """Call once, before the first request, on an app with Flask's usual static address.
    `principal_for_key` is that of Accounts; `secure` says that people come over https; `cookie_key`
    signs the cookie that carries a sentence to the next page, and is the same in all processes;
    `limits` says how often what may be asked; `google` is None where nobody signs in with Google.

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
        g.request_id = request_id_of(app, request)
        clear_contextvars()
        bind_contextvars(request_id=g.request_id)
        g.principal = None
        g.session_token = g.form_secret = ""

    def check_arrival() -> None:
        refuse_when_full(app, request)
        receive(request)

    entering = Entering(
        principal_for_key=principal_for_key,
        sessions=sessions,
        cookie=cookie,
        visit=visit,
        google=google,
        limits=limits,
    )

    def check_entry() -> None:
        entering.check_entry()
        if request.endpoint is not None:
            entering.check_admission(app.view_functions.get(request.endpoint))

    for step in (begin, check_arrival, check_entry):
        app.before_request(step)
    app.context_processor(
        lambda: {
            "principal": g.get("principal"),
            "form_token": form_token(g.form_secret) if g.get("form_secret") else "",
            "navigation": navigation.entries(request.path, g.get("principal")),
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
