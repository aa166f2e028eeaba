"""The signature of a request, worked out here anew and compared with the one that was sent.

Rules: every query parameter but `sign` and `access_token`, sorted by name and joined as
name + value; the path before it; the body after it unless it is multipart; the secret on both
sides; HMAC-SHA256 with the secret as key; lowercase hex.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

_LEFT_OUT = ("sign", "access_token")


def sign_of(
    secret: str, path: str, query: Mapping[str, str], body: bytes, content_type: str = ""
) -> str:
    """Return the signature the request should carry."""
    names = sorted(name for name in query if name not in _LEFT_OUT)
    text = path + "".join(name + query[name] for name in names)
    message = text.encode("utf-8", "surrogateescape")
    if not content_type.lower().startswith("multipart/form-data"):
        message += body
    key = secret.encode("utf-8")
    return hmac.new(key, key + message + key, hashlib.sha256).hexdigest()


def is_signed(
    secret: str, path: str, query: Mapping[str, str], body: bytes, content_type: str = ""
) -> bool:
    """Return whether `sign` fits. An empty object may be left out of the signature."""
    sent = query.get("sign", "").encode("utf-8", "surrogateescape")
    bodies = (body, b"") if body == b"{}" else (body,)
    return any(
        hmac.compare_digest(sent, sign_of(secret, path, query, each, content_type).encode())
        for each in bodies
    )
