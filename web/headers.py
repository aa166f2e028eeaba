"""Headers on every answer. The pages use no script and no style but files of our own."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response, g, request

from web.entries import is_picture, is_static

CONTENT_POLICY: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)

HEADERS: Final[dict[str, str]] = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # With "no-referrer" browsers would send "Origin: null" and our forms could not be told apart.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def add_headers(app: Flask, *, secure: bool) -> None:
    def finish(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if is_picture(request.path):
            response.headers.setdefault("Cache-Control", "no-store")
        elif not is_static(request.path):
            response.headers["Cache-Control"] = "no-store"
        if secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        response.headers["X-Request-ID"] = g.request_id
        return response

    app.after_request(finish)
