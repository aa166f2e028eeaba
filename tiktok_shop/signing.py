"""The signature of a Partner API request. Pure.

Rule (TikTok's page "Sign your API request"): every query parameter but `sign` and `access_token`,
sorted by name, written as name + decoded value; the path in front, the body as sent behind (left
out of multipart uploads); the app secret on both sides; HMAC-SHA256 of it under the app secret.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

_NOT_SIGNED: Final = frozenset({"sign", "access_token"})


def sign(secret: str, path: str, query: Mapping[str, str], body: bytes, content_type: str) -> str:
    """Lowercase hex of the signature. `query` holds decoded values; `body` the exact bytes sent."""
    text = path + "".join(
        name + query[name] for name in sorted(query, key=str.encode) if name not in _NOT_SIGNED
    )
    signed_body = b"" if content_type.startswith("multipart/form-data") else body
    key = secret.encode()
    return hmac.digest(key, key + text.encode() + signed_body + key, "sha256").hex()
