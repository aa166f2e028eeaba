"""Whether the program is alive, whether it can answer, and figures for Prometheus.

`/healthz` needs nothing but the process. `/readyz` is 503 while an answer, a sign-in or a
notification could not be had: the accounts cannot be read or written, or the disk is full. What
does not stop answers is told beside it, as `beside`: a worker that gives no sign of life leaves
data to grow old.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import structlog
from flask import Blueprint, Response, jsonify
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.registry import Collector

from backfill.observing import WORKER_SEEN
from clock import Clock
from store.tallies import Tallies

#: More than a file system keeps beside the name of a file.
_TRIED_BYTES: Final = 65_536
_TRIED_AGAIN_SECONDS: Final = 5.0
#: A worker says that it is there every 15 seconds.
WORKER_SILENT_SECONDS: Final = 90.0

log: Any = structlog.get_logger("health")

Check = Callable[[], bool]


class Tried:
    """A check that costs something: made at most every few seconds, however often it is asked."""

    def __init__(self, check: Check, clock: Clock) -> None:
        self._check = check
        self._clock = clock
        self._lock = threading.Lock()
        self._tried_at: float | None = None
        self._holds = False
        self._problem: Exception | None = None

    def __call__(self) -> bool:
        """What the check gave or raised when it was last made."""
        with self._lock:
            now = self._clock.monotonic()
            if self._tried_at is None or now - self._tried_at >= _TRIED_AGAIN_SECONDS:
                self._problem = None
                try:
                    self._holds = self._check()
                except Exception as error:  # noqa: BLE001 - raised below, again and again
                    self._problem = error
                # How long it took must not make it due again.
                self._tried_at = self._clock.monotonic()
            if self._problem is not None:
                raise self._problem
            return self._holds


def writable(folder: Path) -> Check:
    """Whether something can be written in `folder`; raises OSError with the reason. It goes to the
    disk, for a file can still be made on a full one."""

    def check() -> bool:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_TRIED_BYTES))
            file.flush()
            os.fsync(file.fileno())
        return True

    return check


def worker_is_there(tallies: Tallies, clock: Clock) -> Check:
    """Whether any worker has given a sign of life in the last minute and a half."""

    def check() -> bool:
        seen = tallies.read().get(WORKER_SEEN, {}).get((), 0.0)
        return clock.now() - seen < WORKER_SILENT_SECONDS

    return check


def health_routes(
    *, checks: Mapping[str, Check], beside: Mapping[str, Check], figures: Collector
) -> Blueprint:
    """`checks`: what must hold to answer a request; each gives False or raises when it does not.
    `beside`: what should hold, and does not stop answers."""
    routes = Blueprint("health", __name__)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(figures)

    @routes.get("/healthz")
    def alive() -> Response:
        """Whether the process answers at all."""
        return jsonify(alive=True)

    @routes.get("/readyz")
    def ready() -> Response:
        """Whether requests can be answered, and what stands in the way."""
        found = {name: _holds(name, check) for name, check in checks.items()}
        others = {name: _holds(name, check) for name, check in beside.items()}
        answer = jsonify(ready=all(found.values()), checks=found, beside=others)
        answer.status_code = 200 if all(found.values()) else 503
        return answer

    @routes.get("/metrics")
    def metrics() -> Response:
        """Figures as Prometheus reads them."""
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return routes


def _holds(name: str, check: Check) -> bool:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - whatever it is, we are not ready
        log.warning("not_ready", check=name, exception=type(error).__qualname__)
        return False
