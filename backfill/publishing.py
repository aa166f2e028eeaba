"""Letting readers see what an import brings, beside the import: pages go on coming meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, Protocol

from clock import Clock

#: How often it is asked whether there is something worth publishing; asking has a price, too.
_ASK_SECONDS: Final = 2.0

#: What a finished stage brought is shown at once, unless publishing took much of the time of late:
#: after one that took a second, it waits for so many.
_REST: Final = 4.0


class Publisher(Protocol):
    def publish(self, *, force: bool = False) -> bool: ...


class Publishing:
    """One publication at a time, in a thread of its own. What goes wrong there is raised by the
    next call."""

    def __init__(self, columns: Publisher, clock: Clock) -> None:
        self._columns = columns
        self._clock = clock
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="publish")
        self._under_way: Future[float] | None = None
        self._wanted = False
        self._asked_at = self._rests_until = clock.monotonic() - _ASK_SECONDS

    def want(self) -> None:
        """A stage has ended: somebody may wait for it."""
        self._wanted = True

    def now_and_then(self) -> None:
        """To be called often; starts a publication when it is time for one."""
        if self._is_busy():
            return
        now = self._clock.monotonic()
        force = self._wanted and now >= self._rests_until
        if force or now - self._asked_at >= _ASK_SECONDS:
            self._start(force=force)

    def everything(self, meanwhile: Callable[[], object], every_seconds: float) -> None:
        """Returns when all is shown. It may take long: `meanwhile` is called again and again."""
        while self._is_busy(every_seconds):
            meanwhile()
        self._start(force=True)  # what was under way began before the newest rows came
        while self._is_busy(every_seconds):
            meanwhile()

    def close(self) -> None:
        self._pool.shutdown()

    def _is_busy(self, seconds: float = 0.0) -> bool:
        """Whether one is still under way after so many seconds."""
        if self._under_way is None:
            return False
        if not wait([self._under_way], timeout=seconds).done:
            return True
        ended, self._under_way = self._under_way, None
        took = ended.result()
        self._rests_until = max(self._rests_until, self._clock.monotonic() + _REST * took)
        return False

    def _start(self, *, force: bool) -> None:
        self._asked_at = self._clock.monotonic()
        if force:
            self._wanted = False
        self._under_way = self._pool.submit(self._publish, force)

    def _publish(self, force: bool) -> float:
        """How many seconds it took."""
        started = self._clock.monotonic()
        self._columns.publish(force=force)
        return self._clock.monotonic() - started
