"""Page tokens: opaque, bound to one query, able to expire.

A token holds a place (the value sorted by and the row of the last entry served), not a page
number: rows that arrive or leave meanwhile never shift the rest. It is sent in plain base64 and
always contains `+`, `/` and `=`, so that a client that forgets to encode it is found out.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from typing import Final

_KEY: Final = b"sample-shop pages"
_FORM: Final = struct.Struct(">H8sQqqI")  # 38 bytes; with the mark 44, so base64 ends in "="
_MARK_BYTES: Final = 6


@dataclass(frozen=True, slots=True)
class Place:
    """Where the next page begins: after (value, row); `served`: rows handed out before."""

    value: int
    row: int
    served: int


class BadPageToken(Exception):
    """The token is not one of ours, belongs to another query, or has expired; says which."""


def fingerprint(*parts: object) -> bytes:
    """Return the mark of a query: whatever changes it makes older page tokens invalid."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()


def write(place: Place, query: bytes, now: int, salt: int = 0) -> str:
    """Return the token that leads to `place` in the query, issued at `now`.

    Other salts give other tokens for the same place.
    """
    for number in range(salt, 65_536):
        content = _FORM.pack(number, query, now, place.value, place.row, place.served)
        raw = content + hmac.digest(_KEY, content, "sha256")[:_MARK_BYTES]
        token = b64encode(raw).decode()
        if "+" in token and "/" in token:
            return token
    raise AssertionError("no salt gives a token with + and /")


def read(token: str, query: bytes, now: int, ttl: int | None) -> Place:
    """Return the place a token leads to. BadPageToken if it may not be used (any more)."""
    try:
        raw = b64decode(token, validate=True)
    except (NotBase64, ValueError):
        raise BadPageToken("page_token is invalid") from None
    content, mark = raw[:-_MARK_BYTES], raw[-_MARK_BYTES:]
    if len(raw) != _FORM.size + _MARK_BYTES or not hmac.compare_digest(
        mark, hmac.digest(_KEY, content, "sha256")[:_MARK_BYTES]
    ):
        raise BadPageToken("page_token is invalid")
    _, sent_query, issued, value, row, served = _FORM.unpack(content)
    if sent_query != query:
        raise BadPageToken("page_token is invalid for these parameters")
    if ttl is not None and now - issued > ttl:
        raise BadPageToken("page_token has expired")
    return Place(value, row, served)
