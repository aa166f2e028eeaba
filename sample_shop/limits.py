"""The rate limit: one token bucket per shop."""

from __future__ import annotations

import math
import threading

from .world import Wall


class RateLimit:
    """Lets `per_second` calls through per shop, and as many at once after a pause."""

    def __init__(self, per_second: float, wall: Wall) -> None:
        self._rate = per_second
        self._wall = wall
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def take(self, shop_id: str) -> int:
        """Return 0 if the call may pass, else the whole seconds to wait."""
        size = max(1.0, self._rate)
        with self._lock:
            now = self._wall()
            left, since = self._buckets.get(shop_id, (size, now))
            left = min(size, left + (now - since) * self._rate)
            passed = left >= 1.0
            self._buckets[shop_id] = (left - 1.0 if passed else left, now)
            return 0 if passed else max(1, math.ceil((1.0 - left) / self._rate))
