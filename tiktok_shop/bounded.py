"""A requests adapter whose sockets keep a total deadline, whatever the server does, and go to
checked addresses only.

A read time-out alone is satisfied by one byte every so often: a server that drips its headers or
its body could hold a caller for hours. Here every read from the socket waits at most until the
deadline of the exchange that this thread is making.
"""

from __future__ import annotations

import io
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from clock import Clock
from tiktok_shop.addresses import AddressesOf, public_or_own_addresses
from tiktok_shop.redaction import strike


@dataclass(frozen=True, slots=True)
class Limit:
    """The end of one exchange, on the clock's monotonic scale, and the longest single read."""

    clock: Clock
    ends_at: float
    read_timeout_seconds: float

    def wait_seconds(self) -> float:
        """How long the next read may wait. TimeoutError once the deadline has passed."""
        left = self.ends_at - self.clock.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return min(left, self.read_timeout_seconds)


_LIMIT: Final[ContextVar[Limit | None]] = ContextVar("limit", default=None)


@contextmanager
def limited(limit: Limit) -> Iterator[None]:
    """Every read of this thread's sockets inside the block keeps `limit`."""
    token = _LIMIT.set(limit)
    try:
        yield
    finally:
        _LIMIT.reset(token)


class _Reader(io.RawIOBase):
    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        limit = _LIMIT.get()
        if limit is not None:
            self._sock.settimeout(limit.wait_seconds())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Socket:
    """What `http.client` asks of a socket when it makes a response of it."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock), buffer_size=65536)


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(_Socket(sock), *args, **kwargs)  # type: ignore[arg-type]


class _PlainConnection(HTTPConnection):
    response_class = _Response


class _TLSConnection(HTTPSConnection):
    response_class = _Response


class CheckedConnection(_TLSConnection):
    """Goes to public addresses only, or to this machine where that is what was asked for. The
    certificate is checked against the name, as ever."""

    addresses_of: AddressesOf = staticmethod(public_or_own_addresses)

    def _new_conn(self) -> socket.socket:
        host = self._dns_host
        try:
            *others, last = self.addresses_of(host, self.port)
        except socket.gaierror as error:
            raise NameResolutionError(host, self, error) from error
        except OSError as error:
            raise NewConnectionError(self, str(error)) from error
        for address in others:
            with suppress(NewConnectionError, ConnectTimeoutError):
                return self._connected_to(address)
        return self._connected_to(last)

    def _connected_to(self, address: str) -> socket.socket:
        host = self._dns_host
        try:
            # For as long as it connects: the certificate is for the name.
            self._dns_host = address
            return super()._new_conn()
        finally:
            self._dns_host = host


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _PlainConnection


class _CheckedPool(HTTPSConnectionPool):
    ConnectionCls = CheckedConnection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _TLSConnection


_POOLS: Final = {"http": _PlainPool, "https": _CheckedPool}
#: A proxy looks names up itself.
_POOLS_OF_PROXY: Final = {"http": _PlainPool, "https": _TLSPool}


class BoundedAdapter(HTTPAdapter):
    """`HTTPAdapter` over sockets that keep the deadline set by `limited`."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = _POOLS_OF_PROXY
        return manager


#: urllib3 logs whole URLs, some of them as warnings.
_LOGGERS: Final = ("connection", "connectionpool", "response", "util.retry")


def _without_secrets(record: logging.LogRecord) -> bool:
    record.msg, record.args = strike(record.getMessage()), ()
    record.exc_info = None
    return True


def new_session(connections: int = 16) -> requests.Session:
    """A session for `Client` and `OAuth`. Threads may share it; it keeps `connections` alive."""
    for name in _LOGGERS:
        logging.getLogger(f"urllib3.{name}").addFilter(_without_secrets)
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, BoundedAdapter(pool_maxsize=connections))
    return session
