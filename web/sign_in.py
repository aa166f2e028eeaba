"""Sign in with a link or with Google, sign out with a button.

The link opens a page with one button: programs that fetch links in advance (mail scanners, chat
previews) must not use it up.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from errors import BadRequest, Refused
from store.roles import VIEWER, needs
from store.sessions import Sessions
from web.cookies import SessionCookie, from_own_page
from web.google_sign_in import PATIENCE_SECONDS, GoogleSignIn

#: What the browser keeps while it is at Google.
_GOOGLE_COOKIE: Final = "tts_google"


def sign_in_routes(
    sessions: Sessions, cookie: SessionCookie, google: GoogleSignIn | None, *, secure: bool
) -> Blueprint:
    """`google`: None where signing in with Google is not set up."""
    routes = Blueprint("sign_in", __name__, template_folder="templates")
    google_cookie = f"__Host-{_GOOGLE_COOKIE}" if secure else _GOOGLE_COOKIE

    def entered(session_token: str) -> Response:
        former = cookie.read(request)
        if former:
            sessions.sign_out(former)
        response = redirect("/", code=303)
        cookie.write(response, session_token)
        return response

    @routes.get("/sign-in")
    def page() -> str:
        return render_template(
            "sign_in.html", link_token=request.args.get("token", ""), with_google=google is not None
        )

    @routes.post("/sign-in")
    def sign_in() -> Response:
        if not from_own_page(request):
            raise Refused("Open the sign-in link in your browser and press the button there.")
        return entered(sessions.sign_in(request.form.get("token", "")))

    @routes.get("/sign-in/google")
    def to_google() -> Response:
        link, kept = _set_up(google).start()
        response = redirect(link, code=303)
        response.set_cookie(
            google_cookie,
            kept,
            max_age=int(PATIENCE_SECONDS),
            secure=secure,
            httponly=True,
            samesite="Lax",
            path="/",
        )
        return response

    @routes.get("/sign-in/google/callback")
    def from_google() -> Response:
        kept = request.cookies.get(google_cookie, "")
        person, workspace_id, role = _set_up(google).finish(kept, request.args)
        response = entered(sessions.sign_in_as(workspace_id, person.email, role))
        response.delete_cookie(
            google_cookie, secure=secure, httponly=True, samesite="Lax", path="/"
        )
        return response

    @routes.post("/sign-out")
    @needs(VIEWER)
    def sign_out() -> Response:
        sessions.sign_out(g.session_token)
        response = redirect(url_for("sign_in.page"), code=303)
        cookie.remove(response)
        return response

    return routes


def _set_up(google: GoogleSignIn | None) -> GoogleSignIn:
    if google is None:
        raise BadRequest("Signing in with Google is not set up here.", code="not_found")
    return google
