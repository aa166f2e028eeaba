"""One HTTP exchange within bounds: time-outs, a total deadline, a size cap, no redirects.

Nothing here holds, raises or logs a URL: the token host's URLs carry the app secret.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError

from clock import Clock
from tiktok_shop.bounded import Limit, limited
from tiktok_shop.errors import Remedy

#: A page of orders in one piece: what comes in several is copied together.
_CHUNK_BYTES: Final = 1024 * 1024
_FAILURES: Final = (requests.RequestException, HTTPError, HTTPException, OSError)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of one exchange."""

    connect_timeout_seconds: float = 5.0
    read_timeout_seconds: float = 30.0
    deadline_seconds: float = 90.0
    max_body_bytes: int = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RawReply:
    """A whole reply: the body decoded (gzip), never cut."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class NoReply:
    """Why there is no whole reply, and what to do: RETRY or UNUSABLE."""

    reason: str
    remedy: Remedy


def checked_base(url: str) -> str:
    """`url` without a trailing slash. ValueError unless https, or http to this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.query or parts.fragment or parts.username is not None or not host:
        raise ValueError("a base URL is a scheme, a host and maybe a port and a path")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(host)):
        raise ValueError(f"only https is allowed to {host}; plain http only to this machine")
    return url.rstrip("/")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Transport:
    """Sends requests to one host. Threads may share it and its session.

    Only the adapters of `session` are used, never its cookies, so that nothing of one shop's
    exchange reaches another's; proxies and CA bundles of the environment are honoured.
    """

    def __init__(self, session: requests.Session, clock: Clock, base: str, bounds: Bounds) -> None:
        self._base = checked_base(base)
        self._session = session
        self._clock = clock
        self._bounds = bounds
        self._environment: dict[str, Any] = dict(
            session.merge_environment_settings(self._base, {}, True, None, None)
        )
        self._environment["stream"] = True

    def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes = b""
    ) -> RawReply | NoReply:
        """`target` is path and query, percent-encoded. One try; never raises for the network."""
        request = requests.PreparedRequest()
        request.method = method
        request.url = self._base + target
        request.headers = CaseInsensitiveDict(headers)
        request.headers["Accept-Encoding"] = "gzip"
        if body:
            request.body = body
            request.headers["Content-Length"] = str(len(body))
        bounds = self._bounds
        limit = Limit(
            self._clock,
            self._clock.monotonic() + bounds.deadline_seconds,
            bounds.read_timeout_seconds,
        )
        try:
            with limited(limit):
                return self._exchange(request, limit)
        except _FAILURES as error:
            # Only the kind of error goes on: its text may hold the URL.
            reason = _reason(error)
        return NoReply(reason, Remedy.RETRY)

    def _exchange(self, request: requests.PreparedRequest, limit: Limit) -> RawReply | NoReply:
        bounds = self._bounds
        adapter = self._session.get_adapter(self._base)
        response = adapter.send(
            request,
            timeout=(bounds.connect_timeout_seconds, bounds.read_timeout_seconds),
            **self._environment,
        )
        try:
            if 300 <= response.status_code < 400:
                return NoReply("a redirect, which we do not follow", Remedy.UNUSABLE)
            chunks: list[bytes] = []
            size = 0
            for chunk in response.iter_content(_CHUNK_BYTES):
                limit.wait_seconds()
                size += len(chunk)
                if size > bounds.max_body_bytes:
                    reason = f"a body of more than {bounds.max_body_bytes} bytes"
                    return NoReply(reason, Remedy.UNUSABLE)
                chunks.append(chunk)
            return RawReply(response.status_code, response.headers, b"".join(chunks))
        finally:
            response.close()


def _reason(error: BaseException) -> str:
    """What went wrong, without a word of the error's own text."""
    if isinstance(error, requests.exceptions.SSLError):
        return "no secure connection (TLS) could be made"
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return "the connection could not be made in time"
    if isinstance(error, requests.exceptions.Timeout | TimeoutError):
        return "the answer did not come in time"
    return f"the connection failed or broke off ({type(error).__name__})"


def date_in(headers: Mapping[str, str], name: str) -> float | None:
    """An HTTP date header as UTC epoch seconds; None when absent or malformed."""
    try:
        return parsedate_to_datetime(headers[name]).timestamp()
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def retry_after_seconds(headers: Mapping[str, str], now: float) -> float | None:
    """`Retry-After`, given in seconds or as a date, in seconds from `now`; None when absent."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    moment = date_in(headers, "Retry-After")
    return None if moment is None else max(0.0, moment - now)
