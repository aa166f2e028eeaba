"""What the API refuses, with the bodies Google sends.

Sheets sends code, message, status and sometimes details; Drive sends code, message and `errors`,
and no status.
"""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

TYPE: Final = "type.googleapis.com/google.rpc."

STATUS_OF: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

DRIVE_REASON_OF: Final = {
    400: "badRequest",
    401: "authError",
    403: "insufficientFilePermissions",
    404: "notFound",
    429: "rateLimitExceeded",
    500: "internalError",
    503: "backendError",
}

FAILURE_SENTENCES: Final = {
    500: "Internal error encountered.",
    502: "Bad Gateway",
    503: "The service is currently unavailable.",
    504: "The request timed out.",
}

PROTECTED: Final = (
    "You are trying to edit a protected cell or object. Please contact the spreadsheet owner to"
    " remove protection if you need to edit."
)
TOO_LONG: Final = "Your input contains more than the maximum of 50000 characters in a single cell."
TOO_MANY_CELLS: Final = (
    "This action would increase the number of cells in the workbook above the limit of 10000000"
    " cells."
)


class Refusal(Exception):
    """The call is refused: `code` is the HTTP status, `details` as Google lists them."""

    def __init__(self, code: int, message: str, details: list[Json] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details or []

    def sheets_body(self) -> Json:
        error: Json = {
            "code": self.code,
            "message": self.message,
            "status": STATUS_OF.get(self.code, "UNKNOWN"),
        }
        if self.details:
            error["details"] = self.details
        return {"error": error}

    def drive_body(self) -> Json:
        reason = DRIVE_REASON_OF.get(self.code, "unknown")
        one: Json = {"message": self.message, "domain": "global", "reason": reason}
        if self.code == 404:
            one |= {"location": "fileId", "locationType": "parameter"}
        return {"error": {"code": self.code, "message": self.message, "errors": [one]}}


def invalid(message: str) -> Refusal:
    return Refusal(400, message)


def malformed(field: str, description: str) -> Refusal:
    """A body that does not fit the message: the sentence is said twice, as Google does."""
    violation = {"field": field, "description": description}
    detail = {"@type": TYPE + "BadRequest", "fieldViolations": [violation]}
    return Refusal(400, description, [detail])


def bad_answer_mask(path: str) -> Refusal:
    """The `fields` parameter names what the answer does not have."""
    described = (
        f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'."
    )
    detail = {
        "@type": TYPE + "BadRequest",
        "fieldViolations": [{"field": path, "description": described}],
    }
    return Refusal(400, "Request contains an invalid argument.", [detail])


def no_such_entity() -> Refusal:
    return Refusal(404, "Requested entity was not found.")


def not_allowed() -> Refusal:
    return Refusal(403, "The caller does not have permission")


def no_grid(sheet_id: int) -> Refusal:
    return invalid(f"No grid with id: {sheet_id}")


def over_quota(kind: str, per_user: bool, limit: int, project: str) -> Refusal:
    """429 as the quota service words it. `kind`: "Read" or "Write". There is no Retry-After."""
    scope = " per user" if per_user else ""
    service = "sheets.googleapis.com"
    message = (
        f"Quota exceeded for quota metric '{kind} requests' and limit '{kind} requests per minute"
        f"{scope}' of service '{service}' for consumer 'project_number:{project}'."
    )
    metadata = {
        "quota_location": "global",
        "quota_metric": f"{service}/{kind.lower()}_requests",
        "quota_limit": f"{kind}RequestsPerMinutePer{'User' if per_user else 'Project'}",
        "quota_limit_value": str(limit),
        "quota_unit": "1/min/{project}/{user}" if per_user else "1/min/{project}",
        "consumer": f"projects/{project}",
        "service": service,
    }
    info = {
        "@type": TYPE + "ErrorInfo",
        "reason": "RATE_LIMIT_EXCEEDED",
        "domain": "googleapis.com",
        "metadata": metadata,
    }
    link = {
        "description": "Request a higher quota limit.",
        "url": "https://cloud.google.com/docs/quotas/help/request_increase",
    }
    return Refusal(429, message, [info, {"@type": TYPE + "Help", "links": [link]}])
