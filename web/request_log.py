"""One line and one count for every request: which route, by whom, how it ended, how long it took.

Nothing of the address but its route is written down: queries hold tokens and filters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import structlog
from flask import Flask, Request, Response, g, request

from clock import Clock

log: Any = structlog.get_logger("web")

#: Asked every few seconds by machines, or with every page: only at the level `debug`.
_QUIET: Final = frozenset({"/healthz", "/readyz", "/metrics", "/static/<path:filename>"})

#: route, status, seconds
Observer = Callable[[str, int, float], None]


def route_of(request: Request) -> str:
    """The rule that fits the address, whose variables are written as such; or `none`."""
    return request.url_rule.rule if request.url_rule else "none"


def observe_requests(app: Flask, clock: Clock, observer: Observer) -> None:
    """Call before `attach`, whose checks count as part of a request."""

    def begin() -> None:
        g.begun_at = clock.monotonic()

    def end(response: Response) -> Response:
        route = route_of(request)
        seconds = clock.monotonic() - g.begun_at
        principal = g.get("principal")
        say = log.debug if route in _QUIET else log.info
        say(
            "request",
            method=request.method,
            route=route,
            status=response.status_code,
            ms=round(1000 * seconds, 1),
            bytes=response.calculate_content_length(),
            workspace=principal.workspace_id if principal else None,
            key=principal.key_id if principal else None,
        )
        observer(route, response.status_code, seconds)
        return response

    app.before_request(begin)
    # What is registered first is called last.
    app.after_request(end)
