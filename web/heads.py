"""How long the head of a request may take to arrive.

gunicorn's threads wait for the first byte of a request for a while only, and then for the rest of
its head as long as it takes; who sends a byte now and then would hold one for ever.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any, Final

from gunicorn.workers.gthread import ThreadWorker

from clock import SystemClock

#: In which the head of a request must have come, from when a thread begins to read it.
HEAD_SECONDS: Final = 10.0


class HeadWorker(ThreadWorker):  # type: ignore[misc] # gunicorn tells no types
    """A gthread worker in which nothing more is received of a head that is late; gunicorn then
    closes the connection as one that its client has left."""

    head_seconds = HEAD_SECONDS

    def init_process(self) -> None:
        self._clock = SystemClock()
        #: The connections whose heads are being read, and until when they may be.
        self._heads: dict[Any, float] = {}
        threading.Thread(target=self._end_late_ones, name="heads", daemon=True).start()
        super().init_process()

    def handle(self, conn: Any) -> Any:
        self._heads[conn] = self._clock.monotonic() + self.head_seconds
        try:
            return super().handle(conn)
        finally:
            self._heads.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        self._heads.pop(conn, None)
        return super().handle_request(req, conn)

    def _end_late_ones(self) -> None:
        while True:
            self._clock.sleep(self.head_seconds / 10)
            now = self._clock.monotonic()
            for conn, until in self._heads.copy().items():
                if until < now:
                    with contextlib.suppress(OSError):
                        conn.sock.shutdown(socket.SHUT_RD)
