"""Reading parameters strictly: whatever is wrong is refused with the field named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from .answers import INVALID, NOT_JSON, RefusedCall, Request, refused

_LATEST: Final = 4_294_967_294
Body = dict[str, Any]


def bad(name: str, why: str) -> RefusedCall:
    """Return the refusal of a parameter."""
    return refused(INVALID, f"Invalid parameter. {name} {why}")


def json_body(request: Request) -> Body:
    """Return the body as an object ({} if there is none); page_size in it is refused."""
    if not request.body:
        return {}
    content_type = request.headers.get("content-type", "").lower()
    if not content_type.startswith("application/json"):
        raise refused(NOT_JSON, "Invalid request format. Send application/json.")
    try:
        body = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise refused(NOT_JSON, "Invalid request format. The body is not JSON.") from None
    if not isinstance(body, dict):
        raise bad("body", "must be an object")
    if "page_size" in body:
        raise bad("page_size", "belongs in the query, not in the body")
    return body


def page_size(query: Mapping[str, str], low: int, high: int, default: int | None) -> int:
    """Return the page size; `default` None: it must be given."""
    text = query.get("page_size")
    if text is None or text == "":
        if default is None:
            raise bad("page_size", "is required")
        return default
    if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
        raise bad("page_size", f"must be a whole number from {low} to {high}")
    return int(text)


def choice(query: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    """Return a query parameter that must be one of `allowed`."""
    value = query.get(name) or default
    if value not in allowed:
        raise bad(name, f"must be one of {', '.join(allowed)}")
    return value


def instant(body: Body, name: str) -> int | None:
    """Return a filter in unix seconds, or None if it is not there."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LATEST:
        raise bad(name, "must be a number of unix seconds")
    return value


def window(body: Body, name: str, inclusive: bool = False) -> tuple[int | None, int | None]:
    """Return the half-open window of `name`_ge and `name`_lt (or the inclusive `name`_le)."""
    start = instant(body, f"{name}_ge")
    if not inclusive:
        return start, instant(body, f"{name}_lt")
    last = instant(body, f"{name}_le")
    return start, None if last is None else last + 1


def query_window(query: Mapping[str, str], name: str) -> tuple[int | None, int | None]:
    """Return the half-open window of `name`_ge and `name`_lt in a query, in unix seconds."""
    body: Body = {}
    for end in (f"{name}_ge", f"{name}_lt"):
        value = query.get(end)
        if value:
            body[end] = int(value) if value.isascii() and value.isdigit() else value
    return window(body, name)


def asked_order(query: Mapping[str, str], field: str) -> bool:
    """Return whether to sort ascending; `sort_field` must be given and must be `field`."""
    if not query.get("sort_field"):
        raise bad("sort_field", "is required")
    choice(query, "sort_field", (field,), field)
    return choice(query, "sort_order", ("ASC", "DESC"), "ASC") == "ASC"


def text(body: Body, name: str, allowed: tuple[str, ...] | None = None) -> str | None:
    """Return a text filter."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise bad(name, "must be a string")
    if allowed is not None and value not in allowed:
        raise bad(name, f"must be one of {', '.join(allowed)}")
    return value


def flag(body: Body, name: str) -> bool | None:
    """Return a true-or-false filter."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise bad(name, "must be true or false")
    return value


def texts(
    body: Body, name: str, most: int | None = None, allowed: tuple[str, ...] | None = None
) -> list[str] | None:
    """Return a list-of-texts filter; None if it is missing or empty."""
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise bad(name, "must be a list of strings")
    if most is not None and len(value) > most:
        raise bad(name, f"takes at most {most} entries")
    for entry in value:
        if allowed is not None and entry not in allowed:
            raise bad(name, f"entries must be one of {', '.join(allowed)}")
    return value or None
