"""Every error the project raises on purpose, named by what the caller does next.

    ConnectorError
    ├── BadRequest      change the request and ask again
    ├── Reauthorise     the seller must authorise the shop again
    ├── Retryable       nothing is wrong with the request: ask again later
    │   ├── RateLimited    ... not before `retry_after` seconds
    │   └── NotReady       ... when the import has come far enough
    └── Refused         will fail again until somebody changes a setting or a permission

Imports nothing of the project.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

#: The codes of the HTTP error body and their statuses; other people's tools rely on them.
STATUS_OF: Final[dict[str, int]] = {
    "bad_request": 400,
    "unknown_field": 400,
    "bad_date_range": 400,
    "incompatible_fields": 400,
    "mixed_currency": 400,
    "unauthorised": 401,
    "forbidden": 403,
    "unknown_shop": 404,
    "not_found": 404,
    "reauthorise": 409,
    "too_large": 413,
    "rate_limited": 429,
    "internal": 500,
    "not_ready": 503,
}


class ConnectorError(Exception):
    """Root of the tree.

    `message` is a sentence a marketer can act on; `debug` is for whoever runs the service and must
    hold no secret and no payload; `retry_after` is in seconds; `reference` is an id to search logs
    for (our request id or TikTok's).
    """

    default_code = "internal"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        debug: str = "",
        retry_after: float | None = None,
        reference: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.debug = debug
        self.retry_after = retry_after
        self.reference = reference

    @property
    def http_status(self) -> int:
        return STATUS_OF[self.code]

    def as_json(self) -> dict[str, object]:
        """The only legal error body: {"error": {code, message, debug, retry_after, reference}}."""
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "debug": self.debug,
                "retry_after": self.retry_after,
                "reference": self.reference,
            }
        }


class BadRequest(ConnectorError):
    default_code = "bad_request"


class Reauthorise(ConnectorError):
    default_code = "reauthorise"


class Retryable(ConnectorError):
    default_code = "not_ready"


class RateLimited(Retryable):
    default_code = "rate_limited"


class NotReady(Retryable):
    default_code = "not_ready"


class Refused(ConnectorError):
    default_code = "forbidden"


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names that look most like `name`, best first, whatever their case; for "did you
    mean" sentences."""
    lower = {one.lower(): one for one in known}
    found = difflib.get_close_matches(name.lower(), list(lower), n=count, cutoff=0.5)
    return [lower[one] for one in found]
