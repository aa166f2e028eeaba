"""Every error as its JSON body or its page, with a status and a reference to search the logs for.

The body is that of `errors.ConnectorError.as_json`. An exception nobody foresaw becomes a general
sentence: its text might hold a payload, so neither the answer nor the log repeats it. An address
may hold a key that somebody put there, so the log has only its route.
"""

from __future__ import annotations

import math
import traceback
from http import HTTPStatus
from typing import Any, Final

import structlog
from flask import Flask, Response, g, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from errors import BadRequest, ConnectorError, Refused
from web.entries import is_page
from web.request_log import route_of

log: Any = structlog.get_logger("web")

_SENTENCES: Final[dict[int, tuple[str, str]]] = {
    HTTPStatus.NOT_FOUND: ("not_found", "There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: (
        "bad_request",
        "This address does not answer to that method. See the documentation for the right one.",
    ),
    HTTPStatus.REQUEST_TIMEOUT: (
        "bad_request",
        "The request took too long to arrive. Send it again.",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: (
        "too_large",
        "The request is too large. Ask for fewer fields or filters at once.",
    ),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: (
        "bad_request",
        "Send the request as JSON, with the header Content-Type: application/json.",
    ),
}
_OTHERWISE = ("bad_request", "The request could not be read. Check its format.")


def handle_failures(app: Flask) -> None:
    app.register_error_handler(ConnectorError, _told)
    app.register_error_handler(HTTPException, _told_by_flask)
    app.register_error_handler(Exception, _unforeseen)


def _told(error: ConnectorError) -> Response:
    log.info(
        "request_failed",
        code=error.code,
        debug=error.debug,
        reference=error.reference or g.request_id,
        method=request.method,
        route=route_of(request),
    )
    return _answer(error, error.http_status)


def _told_by_flask(failure: HTTPException) -> Response | HTTPException:
    status = failure.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if status < HTTPStatus.BAD_REQUEST:
        return failure  # a redirect
    code, sentence = _SENTENCES.get(status, _OTHERWISE)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _unforeseen(failure)
    answer = _answer(BadRequest(sentence, code=code), status)
    allowed = getattr(failure, "valid_methods", None)
    if allowed:
        answer.headers["Allow"] = ", ".join(sorted(allowed))
    return answer


def _unforeseen(failure: Exception) -> Response:
    log.error(
        "request_broke",
        exception=type(failure).__qualname__,
        at=[
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(failure.__traceback__)[-8:]
        ],
        reference=g.request_id,
        method=request.method,
        route=route_of(request),
    )
    sentence = (
        "Something went wrong on our side. Try again; if it stays, tell whoever runs this "
        "installation the reference."
    )
    return _answer(Refused(sentence, code="internal"), HTTPStatus.INTERNAL_SERVER_ERROR)


def _answer(error: ConnectorError, status: int) -> Response:
    error.reference = error.reference or g.request_id
    if is_page(request.path):
        page = render_template("problem.html", message=error.message, reference=error.reference)
        answer = Response(page, status=status)
    else:
        answer = jsonify(error.as_json())
        answer.status_code = status
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(max(0, math.ceil(error.retry_after)))
    if error.code == "unauthorised" and not is_page(request.path):
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer
