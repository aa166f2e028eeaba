"""Stops what runs too long. A timer for every question would start a thread each time, which costs
more than a small question does; here one thread sleeps until the next deadline."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from clock import Clock


class TimeLimit:
    """For one thing at a time. Its thread starts with the first use, and ends with the process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._until: float | None = None
        self._stop: Callable[[], None] | None = None
        self._wakes_at: float | None = None

    @contextmanager
    def of(self, seconds: float, stop: Callable[[], None]) -> Iterator[None]:
        """Calls `stop`, from another thread, if the block takes longer; never after its end."""
        with self._changed:
            self._until = self._clock.monotonic() + seconds
            self._stop = stop
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, daemon=True)
                self._thread.start()
            elif self._wakes_at is None or self._wakes_at > self._until:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._until = self._stop = None

    def _watch(self) -> None:
        with self._changed:
            while True:
                # A block that ended early wakes nobody: the deadline just finds nothing to stop.
                self._wakes_at = self._until
                if self._until is None or self._stop is None:
                    self._changed.wait()
                    continue
                left = self._until - self._clock.monotonic()
                if left > 0:
                    self._changed.wait(left)
                    continue
                self._stop()
                self._until = self._stop = None
