"""How a request arrives: whole, in time, and while there is room for it.

A thread that waits for a slow sender, or for a slow reader, answers nobody else. The head of a
request has a time limit in web/heads.py, what follows has one here. Limits shorten the wait and no
more: a proxy that buffers (docs/deploy_nginx.md) keeps slow ends away altogether.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from flask import Flask, Request, abort
from werkzeug.exceptions import HTTPException

from errors import BadRequest, NotReady
from web.entries import largest_body

#: In which a body of up to a megabyte must have come.
BODY_SECONDS: Final = 15.0
#: In which the reader must have taken the next megabyte or two of an answer.
TAKING_SECONDS: Final = 60.0
#: Connections that one process of the server works on or has waiting; one more is told to come
#: again.
MOST_AT_ONCE: Final = 100
_AGAIN_SECONDS: Final = 2.0

#: A refused body is read up to this many bytes, so that the sender gets to read the refusal
#: instead of a broken connection.
_READ_AWAY_BYTES: Final = 16 * 1024 * 1024

_BROKEN: Final = "The request did not arrive whole. Send it again."

_AT_ONCE: Final = "CONNECTIONS_AT_ONCE"
_NEVER_TURNED_AWAY: Final = ("/webhooks/", "/healthz", "/readyz", "/metrics")


def count_connections(app: Flask, count: Callable[[], int]) -> None:
    """`count()`: how many connections this process of the server works on or has waiting."""
    app.config[_AT_ONCE] = count


def refuse_when_full(app: Flask, request: Request) -> None:
    """NotReady (503, with the time to wait) when too many wait already. Notifications are taken
    all the same, for they take no time."""
    count = app.config.get(_AT_ONCE)
    if count is None or request.path.startswith(_NEVER_TURNED_AWAY):
        return
    if count() > MOST_AT_ONCE:
        raise NotReady(
            "The service is busy. Try again in a moment.",
            retry_after=_AGAIN_SECONDS,
            debug="too many connections at once",
        )


def receive(request: Request, seconds: float = BODY_SECONDS) -> None:
    """Read the body, which stays with the request. BadRequest `too_large`, and for one that is
    broken or not whole; 408 when it has not come in time."""
    largest = request.max_content_length = largest_body(request.path)
    connection = request.environ.get("gunicorn.socket")
    if connection is not None:
        connection.settimeout(TAKING_SECONDS)
    with _ending(connection, seconds) as is_late:
        try:
            if (request.content_length or 0) > largest:
                _read_away(request)
                raise BadRequest(
                    "The request is too large. Ask for fewer fields or filters at once.",
                    code="too_large",
                )
            if request.content_length or request.environ.get("wsgi.input_terminated"):
                _read(request)
        finally:
            if is_late():
                abort(408)


@contextmanager
def _ending(connection: Any, seconds: float) -> Iterator[Callable[[], bool]]:
    """Nothing more is received over `connection` after so many seconds, however slowly it comes."""
    late = threading.Event()
    if not isinstance(connection, socket.socket):
        yield late.is_set
        return

    def end() -> None:
        late.set()
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RD)

    watch = threading.Timer(seconds, end)
    watch.daemon = True
    watch.start()
    try:
        yield late.is_set
    finally:
        watch.cancel()


def _read(request: Request) -> None:
    try:
        content = request.get_data(cache=True)
    except HTTPException:
        raise
    except Exception as broken:
        # Each server raises kinds of its own for chunks that are none.
        raise BadRequest(_BROKEN, debug=type(broken).__qualname__) from broken
    if len(content) < (request.content_length or 0):
        raise BadRequest(_BROKEN, debug="the body ended before its length")


def _read_away(request: Request) -> None:
    left = min(request.content_length or 0, _READ_AWAY_BYTES)
    body = request.environ["wsgi.input"]
    while left > 0 and (part := body.read(min(left, 65536))):
        left -= len(part)
