"""Whether the program is alive, whether it can answer, and figures for Prometheus.

The figures are read from the ledger when they are asked for, so every process tells the same; they
name no workspace and no shop, for these addresses are open.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


def writable(folder: Path) -> bool:
    """Whether files can be made in `folder`; raises OSError with the reason when not."""
    with tempfile.TemporaryFile(dir=folder) as file:
        return file.writable()


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
