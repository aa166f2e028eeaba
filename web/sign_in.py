"""Sign in with a link, sign out with a button.

The link opens a page with one button: programs that fetch links in advance (mail scanners, chat
previews) must not use it up.
"""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from errors import Refused
from store.sessions import Sessions
from web.cookies import SessionCookie, from_own_page


def sign_in_routes(sessions: Sessions, cookie: SessionCookie) -> Blueprint:
    routes = Blueprint("sign_in", __name__, template_folder="templates")

    @routes.get("/sign-in")
    def page() -> str:
        return render_template("sign_in.html", link_token=request.args.get("token", ""))

    @routes.post("/sign-in")
    def sign_in() -> Response:
        if not from_own_page(request):
            raise Refused("Open the sign-in link in your browser and press the button there.")
        session_token = sessions.sign_in(request.form.get("token", ""))
        former = cookie.read(request)
        if former:
            sessions.sign_out(former)
        response = redirect("/", code=303)
        cookie.write(response, session_token)
        return response

    @routes.post("/sign-out")
    def sign_out() -> Response:
        sessions.sign_out(g.session_token)
        response = redirect(url_for("sign_in.page"), code=303)
        cookie.remove(response)
        return response

    return routes
