"""The emulator for other processes: over loopback, and a session there that can be killed at any
call."""

from __future__ import annotations

import http.client
import io
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests
from requests.adapters import BaseAdapter

from tests.sheets_emulator.server import Emulator

#: Before a call is sent, or after it was answered; and the call's number.
Point = tuple[str, int]


@contextmanager
def served(emulator: Emulator) -> Iterator[int]:
    """The port where the emulator answers."""

    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = emulator.handle(
                self.command, self.headers["X-Url"], dict(self.headers), body or None
            )
            said = answer.body.encode()
            self.send_response(answer.status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = do_PUT = _handle  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class BridgeAdapter(BaseAdapter):
    """Counts the calls, and kills its process at one point."""

    def __init__(self, port: int, kill_at: Point | None) -> None:
        super().__init__()
        self.port = port
        self.kill_at = kill_at
        self.calls = 0

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        self.calls += 1
        self._reach("before")
        body = request.body.encode() if isinstance(request.body, str) else request.body
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        headers = {**dict(request.headers), "X-Url": request.url or ""}
        connection.request(request.method or "GET", "/", body, headers)
        answer = connection.getresponse()
        response = requests.Response()
        response.status_code = answer.status
        response.raw = io.BytesIO(answer.read())
        response.encoding = "utf-8"
        response.request = request
        connection.close()
        self._reach("after")
        return response

    def _reach(self, moment: str) -> None:
        if (moment, self.calls) == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def close(self) -> None:
        """Nothing is held open."""
