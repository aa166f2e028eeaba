"""The emulator under the two clients: a requests adapter and an httplib2-like Http object."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import httplib2  # type: ignore[import-untyped]
import requests
from requests.adapters import BaseAdapter

from .faults import Fault, Lost
from .server import Emulator


class EmulatorAdapter(BaseAdapter):
    """Mount it on a session for `https://`; nothing leaves the process."""

    def __init__(self, emulator: Emulator) -> None:
        super().__init__()
        self.emulator = emulator

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        body = request.body.encode() if isinstance(request.body, str) else request.body
        try:
            answer = self.emulator.handle(
                request.method or "GET", request.url or "", dict(request.headers), body
            )
        except Lost as lost:
            if lost.fault is Fault.NO_ANSWER:
                raise requests.exceptions.ReadTimeout(str(lost), request=request) from lost
            raise requests.exceptions.ConnectionError(str(lost), request=request) from lost
        response = requests.Response()
        response.status_code = answer.status
        response.headers["Content-Type"] = answer.content_type
        response.encoding = "utf-8"
        response.url = request.url or ""
        response.request = request
        response.raw = io.BytesIO(answer.body.encode())
        return response

    def close(self) -> None:
        """Nothing is held open."""


def session(emulator: Emulator, token: str | None = None) -> requests.Session:
    """A session for `gspread.Client(auth=None, session=...)`; `token`: of whom it calls."""
    made = requests.Session()
    made.mount("https://", EmulatorAdapter(emulator))
    if token:
        made.headers["Authorization"] = f"Bearer {token}"
    return made


class EmulatorHttp:
    """What googleapiclient wants of `httplib2.Http`."""

    def __init__(self, emulator: Emulator, token: str | None = None) -> None:
        self.emulator = emulator
        self.token = token
        self.redirect_codes: frozenset[int] = frozenset()

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        redirections: int = 5,
        connection_type: Any = None,
    ) -> tuple[httplib2.Response, bytes]:
        sent = dict(headers or {})
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        raw = body.encode() if isinstance(body, str) else body
        try:
            answer = self.emulator.handle(method, uri, sent, raw)
        except Lost as lost:
            if lost.fault is Fault.NO_ANSWER:
                raise TimeoutError(str(lost)) from lost
            raise ConnectionResetError(str(lost)) from lost
        about = {"status": str(answer.status), "content-type": answer.content_type}
        return httplib2.Response(about), answer.body.encode()

    def close(self) -> None:
        """Nothing is held open."""
