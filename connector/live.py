"""Having TikTok asked for what is newer, and waiting for it a little.

The web process never calls TikTok: it asks for a run in the ledger, which a worker takes at once,
and looks whether the rows have been shown. Whoever asks for the same at the same time shares the
run. A run that failed a moment ago, or that nobody takes, is not waited for again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from types import MappingProxyType
from typing import Final, Protocol

from cachetools import LRUCache

from clock import Clock
from errors import Retryable
from store.accounts import ShopRow
from store.columns import Manifest, ShopColumns
from store.commits import Covered
from store.live_runs import LiveRun, LiveRuns
from store.records import ShopRecords
from store.window_counts import WindowCounts

#: How long an answer waits; and after somebody asked the report to refresh its data.
WAIT_SECONDS: Final = 1.5
REFRESH_WAIT_SECONDS: Final = 8.0

#: How often it is looked whether the rows have come.
LOOK_SECONDS: Final = 0.04

#: Values of `lastRefresh` that are remembered of a shop, and of how many shops.
_REFRESHES_KEPT: Final = 50
_SHOPS_KEPT: Final = 5_000

_LATE: Final = (
    "{name}: TikTok has not answered yet; the numbers are as they were before and will be newer in "
    "a moment."
)
_FAILED: Final = "{name}: TikTok could not be asked for the newest changes. {why}"

#: (fact, first day, last day) of a count, days of the shop's own zone as 2026-09-12.
Window = tuple[str, str, str]


class ShopStores(Protocol):
    """Open files of a shop; kept open by whoever made this."""

    def records(self, workspace_id: str, shop_id: str) -> ShopRecords: ...
    def columns(self, workspace_id: str, shop_id: str) -> ShopColumns: ...


@dataclass(frozen=True)
class Rules:
    """How old things may be. `stale_stages(resource, manifest, now, zone)`: what a short pull for a
    resource has to read; `is_good(counted, now, zone)`: whether a count still holds;
    `count_wish(*window)`: how a run is asked for one; `shown(manifest)`: the coverage of what can
    be shown, with when it was read. Instants are UTC epoch seconds, zones the shop's own."""

    stale_stages: Callable[[str, Manifest, float, str], Sequence[str]]
    is_good: Callable[[WindowCounts, float, str], bool]
    count_wish: Callable[[str, str, str], str]
    shown: Callable[[Manifest], Mapping[str, Sequence[Covered]]]


@dataclass(frozen=True)
class Freshened:
    """`arrived`: something was asked for and has come. `problems`: shop id -> a sentence why what
    is shown of it is not the newest."""

    arrived: bool = False
    problems: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


NOTHING_ASKED: Final = Freshened()


@dataclass(frozen=True)
class Wish:
    """What an answer would like to have newer of one shop than `manifest`, which is the newest."""

    shop: ShopRow
    manifest: Manifest
    resources: Sequence[str]
    windows: Sequence[Window] = ()


@dataclass
class _Waiting:
    wish: Wish
    run: LiveRun
    until: float


class Live:
    """One per process; safe to share between threads."""

    def __init__(self, stores: ShopStores, live_runs: LiveRuns, clock: Clock, rules: Rules) -> None:
        self._stores = stores
        self._runs = live_runs
        self._clock = clock
        self._rules = rules
        self._lock = Lock()
        self._refreshes: LRUCache[tuple[str, str], dict[str, None]] = LRUCache(_SHOPS_KEPT)
        self._shown: LRUCache[tuple[str, str], tuple[Manifest, Mapping[str, Sequence[Covered]]]] = (
            LRUCache(_SHOPS_KEPT)
        )

    def shown(self, shop: ShopRow, manifest: Manifest) -> Mapping[str, Sequence[Covered]]:
        """The coverage of what can be shown of a shop, with when it was read."""
        place = (shop.workspace_id, shop.shop_id)
        with self._lock:
            known = self._shown.get(place)
            if known is None or known[0] is not manifest:
                known = self._shown[place] = (manifest, self._rules.shown(manifest))
        return known[1]

    def counted(self, shop: ShopRow, window: Window) -> WindowCounts | None:
        """What TikTok counted over a range of days, when it was last asked; it may be old."""
        return self._stores.records(shop.workspace_id, shop.shop_id).window_counts(*window)

    def patience(self, workspace_id: str, shops: Sequence[ShopRow], last_refresh: str) -> float:
        """Seconds that an answer waits. Looker Studio sends another `lastRefresh` once somebody
        asked for fresh data; several reports of a shop may each have their own."""
        if not last_refresh:
            return WAIT_SECONDS
        is_new = False
        with self._lock:
            for shop in shops:
                seen = self._refreshes.setdefault((workspace_id, shop.shop_id), {})
                is_new = is_new or (bool(seen) and last_refresh not in seen)
                seen[last_refresh] = None
                if len(seen) > _REFRESHES_KEPT:
                    del seen[next(iter(seen))]
        return REFRESH_WAIT_SECONDS if is_new else WAIT_SECONDS

    def freshen(self, wishes: Sequence[Wish], seconds: float) -> Freshened:
        """Have what is old read again, and wait for it at most so long."""
        waiting: list[_Waiting] = []
        problems: dict[str, str] = {}
        for wish in wishes:
            wanted = self._missing(wish, wish.manifest)
            if not wanted:
                continue
            try:
                run = self._runs.ask(wish.shop.workspace_id, wish.shop.shop_id, wanted)
            except Retryable as error:
                problems[wish.shop.shop_id] = _failed(wish, error.message)
            else:
                # Others may have waited for the run before: it is too slow to wait for, then.
                age = max(0.0, self._clock.now() - run.created_at)
                until = self._clock.monotonic() + max(0.0, seconds - age)
                waiting.append(_Waiting(wish, run, until))
        if not waiting:
            return Freshened(False, problems) if problems else NOTHING_ASKED
        arrived = self._wait(waiting, problems)
        return Freshened(arrived, problems)

    def _wait(self, waiting: list[_Waiting], problems: dict[str, str]) -> bool:
        """Whether anything came; what did not is said in `problems`."""
        arrived = False
        while waiting:
            for one in list(waiting):
                problem = self._problem(one)
                if problem is None:
                    continue
                waiting.remove(one)
                arrived = arrived or not problem
                if problem:
                    problems[one.wish.shop.shop_id] = problem
            if waiting:
                self._clock.sleep(LOOK_SECONDS)
        return arrived

    def _problem(self, one: _Waiting) -> str | None:
        """None while it may still come, "" once it has."""
        run: LiveRun | None = one.run
        if not one.run.is_over:
            try:
                run = self._runs.look(one.run.id)
            except Retryable as error:
                return _failed(one.wish, error.message)
        if not self._missing(one.wish, self._newest(one.wish.shop)):
            return ""
        if run is not None and run.state == "done":
            return ""  # what it did not bring is not there
        if run is not None and run.is_over:
            return _failed(one.wish, run.message)
        if run is None or self._clock.monotonic() >= one.until:
            return _LATE.format(name=one.wish.shop.name)
        return None

    def _newest(self, shop: ShopRow) -> Manifest:
        return self._stores.columns(shop.workspace_id, shop.shop_id).manifest()

    def _missing(self, wish: Wish, manifest: Manifest) -> list[str]:
        """Everything of the wish that is old, in the words of a run."""
        shop, now = wish.shop, self._clock.now()
        missing = [
            stage
            for resource in wish.resources
            for stage in self._rules.stale_stages(resource, manifest, now, shop.shop_zone)
        ]
        for window in wish.windows:
            counted = self.counted(shop, window)
            if counted is None or not self._rules.is_good(counted, now, shop.shop_zone):
                missing.append(self._rules.count_wish(*window))
        return missing


def _failed(wish: Wish, why: str) -> str:
    return _FAILED.format(name=wish.shop.name, why=why).strip()
