"""Requests and answers as the gateway sees them, the envelope, and the documented refusals."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request: decoded query, header names in lower case, body bytes as sent."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(slots=True)
class Answer:
    """An envelope before it is written down. `notes` go into the ledger, never over the wire."""

    status: int = 200
    code: int = 0
    message: str = "Success"
    data: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    raw: bytes | None = None  # a body that is no envelope (a picture, a page)
    request_id: str = ""


class RefusedCall(Exception):
    """A call the gateway does not serve: HTTP status, code and message of the envelope."""

    def __init__(
        self, status: int, code: int, message: str, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def answer(self) -> Answer:
        """Return the refusal as an answer."""
        return Answer(self.status, self.code, self.message, None, dict(self.headers))


#: Codes and statuses of the documented refusals, by the order in which they are checked.
INVALID_PATH: Final = (404, 36009009)
RETIRED_VERSION: Final = (400, 36009014)
INVALID_METHOD: Final = (405, 36009010)
INVALID: Final = (400, 36009004)
NOT_JSON: Final = (400, 36009022)
WRONG_SIGN: Final = (401, 106001)
TOKEN_EXPIRED: Final = (401, 105002)
NO_SCOPE: Final = (403, 105005)
CIPHER_MISSING: Final = (400, 106013)
WRONG_PAIR: Final = (401, 101000)
THROTTLED: Final = (429, 36009002)
#: The documentation names no code for these two; both are business rules, so HTTP 200.
NO_DETAIL: Final = (200, 12052048)
NOT_YOUR_ORDER: Final = (200, 21008111)
#: Refusals of the analytics calls, business rules too.
BAD_WINDOW: Final = (200, 28001022)
NOT_YOUR_PRODUCT: Final = (200, 28001007)


def refused(
    kind: tuple[int, int], message: str, headers: dict[str, str] | None = None
) -> RefusedCall:
    """Return the exception for one of the refusals above."""
    return RefusedCall(kind[0], kind[1], message, headers)


_numbers = itertools.count(1)


def new_request_id() -> str:
    """Return a log id shaped like TikTok's: a UTC time and hexadecimal digits."""
    stamp = time.strftime("%Y%m%d%H%M%S", time.gmtime())
    return f"{stamp}{next(_numbers):020X}"


def envelope(answer: Answer) -> bytes:
    """Return the body of an answer."""
    if answer.raw is not None:
        return answer.raw
    answer.request_id = answer.request_id or new_request_id()
    return orjson.dumps(
        {
            "code": answer.code,
            "message": answer.message,
            "request_id": answer.request_id,
            "data": answer.data,
        }
    )
