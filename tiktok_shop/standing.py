"""Whether TikTok takes calls of our app at all.

A changed app secret, a disabled app, an address that is not on the allow-list or a clock nobody can
correct is refused for every shop alike, and no seller can mend it. So the operator is told once,
calls stop, and one call a minute finds out whether it is mended.
"""

from __future__ import annotations

from threading import Lock
from typing import Final

import structlog

from clock import Clock
from tiktok_shop.errors import Answer, AppRefused, error_for

#: Between two calls that look whether the app is taken again.
PAUSE_SECONDS: Final = 60.0

_log = structlog.get_logger(__name__)


class AppStanding:
    """A circuit breaker over all calls of one app in this process. Threads share it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._refusal: AppRefused | None = None
        self._ask_again_at = 0.0

    def check(self) -> None:
        """Raises the app's refusal again, with the seconds to wait, unless this call may look."""
        with self._lock:
            refusal, now = self._refusal, self._clock.monotonic()
            if refusal is None:
                return
            left = self._ask_again_at - now
            if left <= 0:
                self._ask_again_at = now + PAUSE_SECONDS
                return
        answer = Answer(
            refusal.endpoint,
            refusal.status,
            refusal.tiktok_code,
            refusal.tiktok_message,
            refusal.request_id,
        )
        raise error_for(answer, refusal.remedy, retry_after=left)

    def refused(self, error: AppRefused) -> None:
        """A call ended so."""
        with self._lock:
            known, self._refusal = self._refusal, error
            self._ask_again_at = self._clock.monotonic() + PAUSE_SECONDS
        if known is None:
            _log.error(
                "app_refused", told=error.message, debug=error.debug, reference=error.reference
            )

    def accepted(self) -> None:
        """A call succeeded."""
        if self._refusal is None:
            return
        with self._lock:
            known, self._refusal = self._refusal, None
        if known is not None:
            _log.info("app_accepted_again")
