"""Claim a run, work it, finish it or hand it back, until told to stop.

What a kind of run means is handed in: a handler works a claim, renews it while it works, looks at
`stop` between two pages and says how the run was left.

    handler says done, blocked, failed   the run ends so
    handler says waiting                 the run is handed back until `not_before`
    handler raises                       the run ends as failed, with a reference; we go on
    the lease was lost meanwhile         somebody else has the run; we go on

A worker that is killed loses nothing: its lease runs out and the run is claimed again.
"""

from __future__ import annotations

import ctypes
import secrets
import signal
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Final, Protocol

import structlog

from clock import Clock
from store.fencing import Fenced
from store.ledger import Claim, Ledger

#: Live pulls first, then fresh data, then history.
LANES: Final = ("tail", "forward", "backward")

_PAUSE_SECONDS: Final = 1.0
#: mallopt(3)
_M_TRIM_THRESHOLD: Final = -1
_M_ARENA_MAX: Final = -8
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)

_log = structlog.get_logger(__name__)


def use_little_memory() -> None:
    """Keep the C library from holding on to memory for every thread (glibc; elsewhere nothing).

    An import makes and drops many short-lived objects in several threads, and by default each
    thread gets an arena of its own that is hardly ever given back. To be called before the first
    thread starts.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_TRIM_THRESHOLD, 1_000_000)


class Outcome(Protocol):
    """How a run was left: `state` is done, blocked, failed or waiting; `not_before` (UTC epoch
    seconds) says until when it waits; `message` is for people."""

    @property
    def state(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def not_before(self) -> float: ...


Stop = Callable[[], bool]
Handler = Callable[[Claim, Stop], Outcome]


class Worker:
    """Works the runs of `ledger` in `lanes` whose kind has a handler.

    `owner` names this process in the lease. `interrupt` is called when a stop is asked for, to wake
    what sleeps (a system clock's `interrupt`).
    """

    def __init__(
        self,
        ledger: Ledger,
        handlers: Mapping[str, Handler],
        clock: Clock,
        owner: str,
        *,
        lanes: tuple[str, ...] = LANES,
        interrupt: Callable[[], None] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._handlers = dict(handlers)
        self._clock = clock
        self._owner = owner
        self._lanes = lanes
        self._interrupt = interrupt
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Ask to stop: what is being worked is handed back after its present page."""
        self._stopping.set()
        self._interrupt()

    def run_until_stopped(self) -> None:
        """Work until `stop` is called, or SIGTERM or SIGINT comes (in the main thread)."""
        with self._listening():
            while not self._stopping.is_set():
                if not self._work_next():
                    self._clock.sleep(_PAUSE_SECONDS)

    def run_until_idle(self) -> int:
        """Work until no run is due, or until stopped; gives how many runs were worked."""
        worked = 0
        with self._listening():
            while not self._stopping.is_set() and self._work_next():
                worked += 1
        return worked

    def _work_next(self) -> bool:
        """Whether there was a run to work."""
        try:
            claim = self._ledger.claim(self._owner, self._lanes)
        except Exception as error:  # noqa: BLE001 - a locked database must not end the worker
            self._report(error, "claim_failed")
            return False
        if claim is None:
            return False
        try:
            self._work(claim)
        except Fenced:
            _log.warning("lease_lost", run=claim.run.id)
        except Exception as error:  # noqa: BLE001 - the run is claimed again when its lease is over
            self._report(error, "ledger_failed", run=claim.run.id)
        return True

    def _work(self, claim: Claim) -> None:
        run = claim.run
        _log.info("run_claimed", run=run.id, kind=run.kind, shop=run.shop_id, attempt=run.attempt)
        handler = self._handlers.get(run.kind)
        if handler is None:
            self._ledger.finish(claim, "failed", f"Nobody here knows the work called {run.kind}.")
            return
        try:
            outcome = handler(claim, self._stopping.is_set)
        except Fenced:
            raise
        except Exception as error:  # noqa: BLE001 - one bad run must not end the worker
            reference = self._report(error, "run_failed", run=run.id)
            sentence = f"Something unexpected happened. Please report it with {reference}."
            self._ledger.finish(claim, "failed", sentence)
            return
        if outcome.state == "waiting":
            self._ledger.hand_back(claim, outcome.not_before, outcome.message)
        else:
            self._ledger.finish(claim, outcome.state, outcome.message)
        _log.info("run_left", run=run.id, state=outcome.state)

    def _report(self, error: Exception, event: str, **known: str) -> str:
        """Log where it happened, and not what was said: messages may repeat a payload."""
        reference = secrets.token_hex(6)
        frames = traceback.extract_tb(error.__traceback__)
        where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        _log.error(event, reference=reference, error=type(error).__name__, where=where, **known)
        return reference

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """SIGTERM and SIGINT mean `stop`, also the second time."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def asked(number: int, _frame: FrameType | None) -> None:
            _log.info("stop_asked", signal=number)
            self.stop()

        before = {number: signal.signal(number, asked) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
