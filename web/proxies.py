"""Whom a request comes from when proxies of our own stand in front, and under which id."""

from __future__ import annotations

import re
import secrets
from typing import Final

from flask import Flask, Request
from werkzeug.middleware.proxy_fix import ProxyFix

_ID: Final = re.compile(r"[0-9a-f]{16,32}")

_TRUSTED: Final = "PROXIES_IN_FRONT"


def trust_proxies(app: Flask, count: int) -> None:
    """Believe the last `count` entries of `X-Forwarded-For`, so that `request.remote_addr` is who
    asked the outermost of our proxies. With 0 nothing of the kind is believed."""
    app.config[_TRUSTED] = count
    if count:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=0, x_host=0, x_port=0, x_prefix=0
        )


def request_id_of(app: Flask, request: Request) -> str:
    """A trusted proxy's id of the request, so that its log and ours name the same; else a new
    one."""
    given = request.headers.get("X-Request-ID", "") if app.config.get(_TRUSTED) else ""
    return given if _ID.fullmatch(given) else secrets.token_hex(8)
