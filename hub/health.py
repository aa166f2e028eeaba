"""Whether the program is alive, whether it can answer, and figures for Prometheus.

The figures are read from the ledger when they are asked for, so every process tells the same; they
name no workspace and no shop, for these addresses are open.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
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
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from clock import Clock

#: More than a file system keeps beside the name of a file.
_TRIED_BYTES: Final = 65_536
_TRIED_AGAIN_SECONDS: Final = 5.0

log: Any = structlog.get_logger("health")


@dataclass(frozen=True, slots=True)
class Figure:
    """One gauge. `values` is by the value of `label`; with no label its only key is ""."""

    name: str
    about: str
    values: Mapping[str, float]
    label: str = ""


class _Figures(Collector):
    def __init__(self, figures: Callable[[], Sequence[Figure]]) -> None:
        self._figures = figures

    def collect(self) -> Iterable[GaugeMetricFamily]:
        for figure in self._figures():
            labels = [figure.label] if figure.label else []
            family = GaugeMetricFamily(
                f"tiktok_shop_source_{figure.name}", figure.about, labels=labels
            )
            for value_of_label, value in figure.values.items():
                family.add_metric([value_of_label] if figure.label else [], value)
            yield family

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return ()  # the ledger is not asked before the first scrape


class Writable:
    """Whether something can be written in `folder`. It is tried at most every few seconds, however
    often it is asked: a try goes to the disk, for a file can still be made on a full one."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._tried_at: float | None = None
        self._problem: OSError | None = None

    def __call__(self) -> bool:
        """True, or OSError with the reason."""
        with self._lock:
            now = self._clock.monotonic()
            if self._tried_at is None or now - self._tried_at >= _TRIED_AGAIN_SECONDS:
                self._problem = _problem_of_writing(self._folder)
                self._tried_at = now
            if self._problem is not None:
                raise self._problem
        return True


def _problem_of_writing(folder: Path) -> OSError | None:
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_TRIED_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error
    return None


def health_routes(
    *,
    checks: Mapping[str, Callable[[], bool]],
    figures: Callable[[], Sequence[Figure]],
) -> Blueprint:
    """`checks`: what must hold to answer a request; each gives False or raises when it does not."""
    routes = Blueprint("health", __name__)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(_Figures(figures))

    @routes.get("/healthz")
    def alive() -> Response:
        return jsonify(alive=True)

    @routes.get("/readyz")
    def ready() -> Response:
        found = {name: _holds(name, check) for name, check in checks.items()}
        answer = jsonify(ready=all(found.values()), checks=found)
        answer.status_code = 200 if all(found.values()) else 503
        return answer

    @routes.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    return routes


def _holds(name: str, check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - whatever it is, we are not ready
        log.warning("not_ready", check=name, exception=type(error).__qualname__)
        return False
