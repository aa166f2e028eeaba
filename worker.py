"""Claim a run, work it, finish it or hand it back, until told to stop.

What a kind of run means is handed in: a handler works a claim, renews it while it works, looks at
`stop` between two pages and says how the run was left.

    handler says done, blocked, failed   the run ends so
    handler says waiting                 the run is handed back until `not_before`
    handler raises                       the run ends as failed, with a reference; we go on
    the shop's file is damaged           the run ends as blocked, and says what to do; we go on
    the disk is full, a file is held     the run is handed back for a minute; we go on
    the lease was lost meanwhile         somebody else has the run; we go on

A worker that is killed loses nothing: its lease runs out and the run is claimed again.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Final, Protocol

import structlog
from structlog.contextvars import bound_contextvars

from clock import Clock
from store.fencing import Fenced
from store.ledger import Claim, Ledger
from store.shop_file import DAMAGED, cannot_write, is_damaged

#: Live pulls first, then fresh data, then history, then what is written elsewhere.
LANES: Final = ("tail", "forward", "backward", "export")

#: The lanes of each thread of a worker process: what people wait for goes on beside work that may
#: take hours, and the short pulls of two shops beside each other.
SIDE_BY_SIDE: Final = (("backward",), ("forward",), ("tail",), ("tail",), ("export",))

#: How long a worker that has nothing to do waits before it looks again; somebody waits for what is
#: in the tail lane.
_PAUSE_SECONDS: Final = 1.0
_TAIL_PAUSE_SECONDS: Final = 0.25
#: How often it is looked whether something is to be asked for.
_ROUND_SECONDS: Final = 15.0
_STORAGE_WAIT_SECONDS: Final = 60.0
_CANNOT_WRITE: Final = "The server cannot write its data at the moment. It goes on by itself."
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_NICENESS: Final = 5

_log = structlog.get_logger(__name__)


def give_way() -> None:
    """Where the processor is shared, whoever waits for an answer goes first: the web server keeps
    the usual priority."""
    os.nice(_NICENESS)


def owner() -> str:
    """Names this process in a lease."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(3)}"


class Outcome(Protocol):
    """How a run was left: `state` is done, blocked, failed or waiting; `not_before` (UTC epoch
    seconds) says until when it waits; `message` is for people, `reference` an id to search logs
    for."""

    @property
    def state(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def not_before(self) -> float: ...
    @property
    def reference(self) -> str: ...


Stop = Callable[[], bool]
Handler = Callable[[Claim, Stop], Outcome]


class Beside(Protocol):
    """What a worker process does in a thread of its own."""

    def run_until_stopped(self) -> None: ...
    def stop(self) -> None: ...


class Rounds:
    """Calls each of `duties` (by name) again and again; one that fails is called the next time."""

    def __init__(self, duties: Mapping[str, Callable[[], object]], clock: Clock) -> None:
        self._duties = dict(duties)
        self._clock = clock
        self._stopping = threading.Event()

    def stop(self) -> None:
        self._stopping.set()

    def run_until_stopped(self) -> None:
        while not self._stopping.is_set():
            self.once()
            self._clock.sleep(_ROUND_SECONDS)

    def once(self) -> None:
        for name, duty in self._duties.items():
            try:
                duty()
            except Exception as error:  # noqa: BLE001 - a locked database must not end the rounds
                _report(error, "duty_failed", duty=name)


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
        self._pause_seconds = _TAIL_PAUSE_SECONDS if lanes == ("tail",) else _PAUSE_SECONDS
        self._stopping = threading.Event()
        #: The signal that asked to stop, if one did.
        self.stopped_by: int | None = None

    def stop(self) -> None:
        """Ask to stop: what is being worked is handed back after its present page."""
        self._stopping.set()
        self._interrupt()

    def run_until_stopped(self, beside: Sequence[Beside] = ()) -> None:
        """Work until `stop` is called, or SIGTERM or SIGINT comes (in the main thread). Those
        `beside` it work in threads of their own and stop with it."""
        threads = [threading.Thread(target=other.run_until_stopped) for other in beside]
        with self._listening(beside):
            for thread in threads:
                thread.start()
            while not self._stopping.is_set():
                if not self._work_next():
                    self._clock.sleep(self._pause_seconds)
            for other in beside:
                other.stop()
            for thread in threads:
                thread.join()

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
            _report(error, "claim_failed")
            return False
        if claim is None:
            return False
        run = claim.run
        known = {"run": run.id, "workspace": run.workspace_id, "shop": run.shop_id}
        try:
            with bound_contextvars(**known, request_id=run.request_id):
                self._work(claim)
        except Fenced:
            _log.warning("lease_lost", run=claim.run.id)
        except Exception as error:  # noqa: BLE001 - the run is claimed again when its lease is over
            _report(error, "ledger_failed", run=claim.run.id)
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
            reference = _report(error, "run_failed", run=run.id)
            if is_damaged(error):
                self._ledger.finish(claim, "blocked", DAMAGED, reference=reference)
                return
            if cannot_write(error):
                later = self._clock.now() + _STORAGE_WAIT_SECONDS
                self._ledger.hand_back(claim, later, _CANNOT_WRITE, reference=reference)
                return
            sentence = f"Something unexpected happened. Please report it with {reference}."
            self._ledger.finish(claim, "failed", sentence, reference=reference)
            return
        if outcome.state == "waiting":
            self._ledger.hand_back(
                claim, outcome.not_before, outcome.message, reference=outcome.reference
            )
        else:
            self._ledger.finish(claim, outcome.state, outcome.message, reference=outcome.reference)
        _log.info("run_left", run=run.id, state=outcome.state)

    @contextmanager
    def _listening(self, beside: Sequence[Beside] = ()) -> Iterator[None]:
        """SIGTERM and SIGINT mean `stop` for all of us, also the second time."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def asked(number: int, _frame: FrameType | None) -> None:
            _log.info("stop_asked", signal=number)
            self.stopped_by = number
            for worker in (self, *beside):
                worker.stop()

        before = {number: signal.signal(number, asked) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _report(error: Exception, event: str, **known: str) -> str:
    """Log where it happened, and not what was said: messages may repeat a payload."""
    reference = secrets.token_hex(6)
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    _log.error(event, reference=reference, error=type(error).__name__, where=where, **known)
    return reference
