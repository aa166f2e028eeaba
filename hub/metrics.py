"""The figures of `/metrics`: each once, with its kind, its labels and what it means.

What processes count is in `store.tallies`; the rest is read from the ledger when it is asked for.
No figure names a workspace or a shop, for the address is open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from backfill.call_log import CALL_SECONDS, CALLS
from backfill.observing import READ_AT, SHOPS, STAGES, WORKER_SEEN
from clock import Clock
from store.ledger import Ledger
from store.tallies import Labels, Tallies

PREFIX: Final = "tiktok_shop_source_"

REQUESTS: Final = "requests_total"
#: Its labels are the route and the upper end of a bucket in seconds, "+Inf" or "sum".
REQUEST_SECONDS: Final = "request_seconds"

BUCKETS: Final = ("0.025", "0.1", "0.3", "1", "2.5", "10", "+Inf")

Kind = Literal["counter", "gauge", "age"]


@dataclass(frozen=True, slots=True)
class Counted:
    """A figure of the tallies. An `age` is kept as an instant and shown as seconds until now."""

    name: str
    kind: Kind
    about: str
    labels: tuple[str, ...] = ()
    shown_as: str = ""


COUNTED: Final = (
    Counted(REQUESTS, "counter", "Requests answered, by route and status.", ("route", "status")),
    Counted(CALLS, "counter", "Calls to TikTok, by endpoint and result.", ("endpoint", "result")),
    Counted(CALL_SECONDS, "counter", "Seconds that calls to TikTok took.", ("endpoint",)),
    Counted(SHOPS, "gauge", "Shops by state.", ("state",)),
    Counted(STAGES, "gauge", "Stages of the latest runs of all shops.", ("stage", "state")),
    Counted(
        READ_AT,
        "age",
        "Since when orders were not read, of the shop where that is longest and of the median.",
        ("of",),
        shown_as="orders_age_seconds",
    ),
    Counted(
        WORKER_SEEN,
        "age",
        "Since the last sign of life of any worker.",
        shown_as="worker_seen_seconds",
    ),
)


def observer(tallies: Tallies) -> Callable[[str, int, float], None]:
    """What notes a request: route, status, seconds."""

    def note(route: str, status: int, seconds: float) -> None:
        tallies.count(REQUESTS, (route, str(status)))
        bucket = next(end for end in BUCKETS if end == "+Inf" or seconds <= float(end))
        tallies.count(REQUEST_SECONDS, (route, bucket))
        tallies.count(REQUEST_SECONDS, (route, "sum"), seconds)
        tallies.flush_if_due()

    return note


class Figures(Collector):
    def __init__(self, tallies: Tallies, ledger: Ledger, clock: Clock) -> None:
        self._tallies = tallies
        self._ledger = ledger
        self._clock = clock

    def describe(self) -> Iterable[Metric]:
        return ()  # the database is not asked before the first scrape

    def collect(self) -> Iterable[Metric]:
        runs: dict[Labels, float] = {
            (state,): float(count) for state, count in self._ledger.counts().items()
        }
        yield _gauge("runs", "Runs in the ledger by state.", ("state",), runs)
        waiting = self._ledger.longest_due_seconds()
        about = "How long the longest due run has been waiting for a worker."
        yield _gauge("queue_seconds", about, (), {(): waiting})
        known, now = self._tallies.read(), self._clock.now()
        for figure in COUNTED:
            values = known.get(figure.name, {})
            if figure.kind == "counter":
                yield _counter(figure, values)
            elif figure.kind == "age":
                ages = {labels: max(0.0, now - instant) for labels, instant in values.items()}
                yield _gauge(figure.shown_as, figure.about, figure.labels, ages)
            else:
                yield _gauge(figure.name, figure.about, figure.labels, values)
        yield _request_seconds(known.get(REQUEST_SECONDS, {}))


def _gauge(
    name: str, about: str, labels: Sequence[str], values: Mapping[Labels, float]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"{PREFIX}{name}", about, labels=labels)
    for value_of_labels, value in sorted(values.items()):
        family.add_metric(value_of_labels, value)
    return family


def _counter(figure: Counted, values: Mapping[Labels, float]) -> CounterMetricFamily:
    family = CounterMetricFamily(f"{PREFIX}{figure.name}", figure.about, labels=figure.labels)
    for value_of_labels, value in sorted(values.items()):
        family.add_metric(value_of_labels, value)
    return family


def _request_seconds(values: Mapping[Labels, float]) -> HistogramMetricFamily:
    about = "How long requests took until their answer was ready, by route."
    family = HistogramMetricFamily(f"{PREFIX}{REQUEST_SECONDS}", about, labels=("route",))
    for route in sorted({labels[0] for labels in values}):
        so_far, buckets = 0.0, []
        for end in BUCKETS:
            so_far += values.get((route, end), 0.0)
            buckets.append((end, so_far))
        family.add_metric((route,), buckets, values.get((route, "sum"), 0.0))
    return family
