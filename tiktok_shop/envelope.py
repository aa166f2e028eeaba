"""TikTok's envelope `{code, message, request_id, data}`, read strictly. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson

# Nothing of TikTok's nests deeper than ten levels. orjson itself stops at 1,024.
_DEEP: Final = tuple(closers * 32 for closers in (b"}", b"]", b"}]"))


@dataclass(frozen=True, slots=True)
class Envelope:
    """`code` 0 is success; `data` is {} when TikTok sent none, or null."""

    code: int
    message: str
    request_id: str
    data: dict[str, Any]


def parse(content: bytes) -> Envelope | None:
    """The envelope in a reply's body; None when the body is anything else.

    None for: empty, cut or malformed JSON, HTML, `null`, NaN, a byte order mark, bytes that are not
    UTF-8, nesting without sense, a `code` that is no number, a `data` that is no object.
    """
    if any(run in content for run in _DEEP):
        return None
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(document, dict):
        return None
    code = _integer(document.get("code"))
    payload = document.get("data")
    if code is None or not (payload is None or isinstance(payload, dict)):
        return None
    return Envelope(
        code=code,
        message=_text(document.get("message")),
        request_id=_text(document.get("request_id")),
        data=payload or {},
    )


def _integer(value: object) -> int | None:
    # A few codes were seen as text.
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
