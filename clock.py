"""The only module that reads the time. Everything else is handed a `Clock`."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """UTC instant in epoch seconds."""

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back; for durations only."""

    def sleep(self, seconds: float) -> None:
        """Wait; returns early when `interrupt` was called."""


class SystemClock:
    """The machine's clock. `interrupt()` wakes every sleeper: a stop is not slept through."""

    def __init__(self) -> None:
        self._interrupted = threading.Event()

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self._interrupted.wait(seconds)

    def interrupt(self) -> None:
        self._interrupted.set()
