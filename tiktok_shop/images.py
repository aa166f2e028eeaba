"""Fetching product pictures from TikTok's image hosts. The addresses come out of TikTok's answers,
so they are not trusted: only https, only hosts of the list, only public addresses (checked for the
very connection that is made), no redirects, at most 200 kB, and only what begins like a picture.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from clock import Clock
from tiktok_shop.addresses import public_addresses
from tiktok_shop.bounded import BoundedAdapter, CheckedConnection, Limit, limited

LARGEST_BYTES: Final = 200 * 1024

_CONNECT_SECONDS: Final = 5.0
_DEADLINE_SECONDS: Final = 20.0
_CHUNK_BYTES: Final = 16 * 1024

#: How a picture begins, and the ending of its file.
_BEGINNINGS: Final = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF8", "gif"),
)
_WEBP: Final = (b"RIFF", b"WEBP")

#: Refusals that another try with the same address will not change.
_GONE: Final = (404, 410)

_FAILURES: Final = (requests.RequestException, HTTPError, OSError)


@dataclass(frozen=True, slots=True)
class Image:
    """A picture; `ending` is jpg, png, webp or gif by its first bytes."""

    content: bytes
    ending: str


@dataclass(frozen=True, slots=True)
class NoImage:
    """Why there is none, for people. `final`: asking again would bring the same. `reached`: the
    server answered."""

    reason: str
    final: bool
    reached: bool = True


class _GuardedConnection(CheckedConnection):
    addresses_of = staticmethod(public_addresses)


class _GuardedPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedConnection


class _GuardedAdapter(BoundedAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        pools: dict[str, type[HTTPConnectionPool]] = {"https": _GuardedPool}
        self.poolmanager.pool_classes_by_scheme = pools


def image_session() -> requests.Session:
    """A session that reaches public https servers only, and knows no proxy: behind one, nobody
    could tell where a connection ends."""
    session = requests.Session()
    session.adapters.clear()
    session.mount("https://", _GuardedAdapter(pool_maxsize=8))
    return session


class ImageDownload:
    """Threads share it. `hosts`: names, each of which stands for its subdomains, too."""

    def __init__(self, session: requests.Session, clock: Clock, hosts: Iterable[str]) -> None:
        self._session = session
        self._clock = clock
        self._hosts = tuple(host.lower().strip(".") for host in hosts)

    def fetch(self, url: str) -> Image | NoImage:
        """One try; never raises for the network."""
        refused = self._refused(url)
        if refused:
            return NoImage(refused, final=True)
        request = requests.PreparedRequest()
        request.method = "GET"
        request.url = url
        request.headers = CaseInsensitiveDict(
            {"Accept": "image/*", "Accept-Encoding": "identity", "User-Agent": "tiktok-shop-source"}
        )
        ends_at = self._clock.monotonic() + _DEADLINE_SECONDS
        limit = Limit(self._clock, ends_at, _CONNECT_SECONDS)
        try:
            with limited(limit):
                return self._exchange(request, limit)
        except _FAILURES:
            return NoImage("The picture's server did not answer.", final=False, reached=False)

    def _refused(self, url: str) -> str:
        try:
            parts = urlsplit(url)
            usual = parts.port in (None, 443)
        except ValueError:
            return "The address of the picture cannot be read."
        if parts.scheme != "https" or not usual or parts.username is not None:
            return "The address of the picture is not a plain https address."
        if not self._is_listed(parts):
            return "The picture's host is not in IMAGE_HOSTS."
        return ""

    def _is_listed(self, parts: SplitResult) -> bool:
        host = (parts.hostname or "").rstrip(".")
        return any(host == listed or host.endswith(f".{listed}") for listed in self._hosts)

    def _exchange(self, request: requests.PreparedRequest, limit: Limit) -> Image | NoImage:
        adapter = self._session.get_adapter(request.url or "")
        times = (_CONNECT_SECONDS, limit.read_timeout_seconds)
        response = adapter.send(request, stream=True, timeout=times, verify=True, proxies={})
        try:
            if response.status_code != 200:
                reason = f"The picture's server answered {response.status_code}."
                # We follow no redirect; TikTok's pictures have none.
                final = response.status_code in _GONE or 300 <= response.status_code < 400
                return NoImage(reason, final=final)
            too_large = NoImage(f"It is larger than {LARGEST_BYTES // 1024} kB.", final=True)
            length = response.headers.get("Content-Length", "")
            if length.isdecimal() and int(length) > LARGEST_BYTES:
                return too_large
            content = b""
            for chunk in response.iter_content(_CHUNK_BYTES):
                limit.wait_seconds()
                content += chunk
                if len(content) > LARGEST_BYTES:
                    return too_large
        finally:
            response.close()
        ending = _ending(content)
        return Image(content, ending) if ending else NoImage("It is not a picture.", final=True)


def _ending(content: bytes) -> str:
    if content.startswith(_WEBP[0]) and content[8:12] == _WEBP[1]:
        return "webp"
    return next((ending for begins, ending in _BEGINNINGS if content.startswith(begins)), "")
