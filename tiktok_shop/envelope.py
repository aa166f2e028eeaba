"""TikTok's envelope `{code, message, request_id, data}`, read strictly. Pure.

A hundred orders are three megabytes of objects, more than a processor has at hand, and a record is
looked at once. So the records of a long list may stay text until somebody looks at them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import msgspec
import orjson

# Nothing of TikTok's nests deeper than ten levels. orjson itself stops at 1,024.
_DEEP: Final = tuple(closers * 32 for closers in (b"}", b"]", b"}]"))

#: Of a code; TikTok's have eight.
_MOST_DIGITS: Final = 18


@dataclass(frozen=True, slots=True)
class Envelope:
    """`code` 0 is success; `data` is {} when TikTok sent none, or null."""

    code: int
    message: str
    request_id: str
    data: dict[str, Any]


class _Sorted(msgspec.Struct):
    """An envelope taken apart and hardly read."""

    code: Any
    data: dict[str, msgspec.Raw]
    message: Any = None
    request_id: Any = None


_sorted: Final = msgspec.json.Decoder(_Sorted)
_records: Final = msgspec.json.Decoder(list[msgspec.Raw])


def parse(content: bytes, unread: str = "") -> Envelope | None:
    """The envelope in a reply's body; None when the body is anything else. With `unread` the list
    of that name in `data`, if there is one, is a list of `msgspec.Raw`, the text of each record,
    which is JSON but for numbers that are too large.

    None for: empty, cut or malformed JSON, HTML, `null`, NaN, a byte order mark, bytes that are not
    UTF-8, nesting without sense, a `code` that is no number, a `data` that is no object.
    """
    if any(run in content for run in _DEEP):
        return None
    document = _taken_apart(content, unread) if unread else None
    if document is None:
        try:
            document = orjson.loads(content)
        except orjson.JSONDecodeError:
            return None
    if not isinstance(document, dict):
        return None
    code = integer(document.get("code"))
    payload = document.get("data")
    if code is None or not (payload is None or isinstance(payload, dict)):
        return None
    return Envelope(
        code=code,
        message=_text(document.get("message")),
        request_id=_text(document.get("request_id")),
        data=payload or {},
    )


def _taken_apart(content: bytes, unread: str) -> dict[str, Any] | None:
    """None where the reply is not what it should be: who reads all of it knows what it is."""
    try:
        _ = content.isascii() or content.decode()  # what is passed over is not looked at
        found = _sorted.decode(content)
        records = _records.decode(found.data.pop(unread))
        data = {name: orjson.loads(memoryview(text)) for name, text in found.data.items()}
    except (KeyError, RecursionError, ValueError, msgspec.MsgspecError):
        return None
    known = {"code": found.code, "message": found.message, "request_id": found.request_id}
    return {**known, "data": {**data, unread: records}}


def integer(value: object) -> int | None:
    """A code or a count, also where it is text; None for anything else."""
    # A few codes were seen as text.
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < 10**_MOST_DIGITS else None
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value) if len(value) <= _MOST_DIGITS else None
    return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
