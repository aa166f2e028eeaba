"""Access and refresh tokens that any process can check, and their rotation in a server.

A token is `PREFIX` + base64url(kind, expiry, chain, serial) + a keyed mark; nothing is stored for
it. A server remembers one number per chain of refreshes, so that an older refresh token stops
working; without a server nothing is remembered and rotation is not enforced.
"""

from __future__ import annotations

import hmac
import os
import struct
import threading
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass
from enum import Enum
from typing import Final

from .world import Wall

ACCESS_SECONDS: Final = 7 * 86_400
REFRESH_SECONDS: Final = 365 * 86_400
_MARK_KEY: Final = b"sample-shop tokens"
_FORM: Final = struct.Struct(">cQ8sI")
_MARK_BYTES: Final = 16


class Standing(Enum):
    """What is the matter with a token."""

    GOOD = "good"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Pair:
    """An access and a refresh token with their absolute expiries (wall clock, UTC seconds)."""

    access: str
    access_expires_at: int
    refresh: str
    refresh_expires_at: int


class TokenOffice:
    """Issues and checks tokens. `rotates`: a used refresh token stops working."""

    def __init__(self, prefix: str, name: str, wall: Wall, rotates: bool) -> None:
        self._prefix = prefix
        self._key = _MARK_KEY + name.encode()
        self._wall = wall
        self._rotates = rotates
        self._aged = 0
        self._serials: dict[bytes, int] = {}
        self._lock = threading.Lock()

    def now(self) -> int:
        """Return the time tokens live by: the wall clock plus what was added by `age`."""
        return int(self._wall()) + self._aged

    def age(self, seconds: int) -> None:
        """Make every token issued so far older (page tokens too)."""
        self._aged += seconds

    def exchange(self) -> Pair:
        """Return the first pair of a new chain."""
        return self._pair(os.urandom(8), 0)

    def refresh(self, token: str) -> Pair | Standing:
        """Return a new pair for a refresh token, or what is the matter with it."""
        standing, chain, serial = self._read(token, b"R")
        if standing is not Standing.GOOD:
            return standing
        if self._rotates:
            with self._lock:
                if self._serials.get(chain, serial) != serial:
                    return Standing.REPLACED
                self._serials[chain] = serial + 1
        return self._pair(chain, serial + 1)

    def standing(self, access: str) -> Standing:
        """Return what is the matter with an access token."""
        return self._read(access, b"A")[0]

    def _pair(self, chain: bytes, serial: int) -> Pair:
        now, wall = self.now(), int(self._wall())
        return Pair(
            self._token(b"A", now + ACCESS_SECONDS, chain, serial),
            wall + ACCESS_SECONDS,
            self._token(b"R", now + REFRESH_SECONDS, chain, serial),
            wall + REFRESH_SECONDS,
        )

    def _token(self, kind: bytes, expires: int, chain: bytes, serial: int) -> str:
        content = _FORM.pack(kind, expires, chain, serial)
        mark = hmac.digest(self._key, content, "sha256")[:_MARK_BYTES]
        return self._prefix + urlsafe_b64encode(content + mark).decode().rstrip("=")

    def _read(self, token: str, kind: bytes) -> tuple[Standing, bytes, int]:
        unknown = (Standing.UNKNOWN, b"", 0)
        if not token.startswith(self._prefix):
            return unknown
        text = token[len(self._prefix) :]
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (NotBase64, ValueError):
            return unknown
        if len(raw) != _FORM.size + _MARK_BYTES:
            return unknown
        content, mark = raw[: _FORM.size], raw[_FORM.size :]
        if not hmac.compare_digest(mark, hmac.digest(self._key, content, "sha256")[:_MARK_BYTES]):
            return unknown
        sent_kind, expires, chain, serial = _FORM.unpack(content)
        if sent_kind != kind:
            return unknown
        return (Standing.EXPIRED if self.now() >= expires else Standing.GOOD), chain, serial
