"""What the stages of a run share: where rows come from and go to, the lease, the range."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from backfill.fetch import Source
from backfill.images import Pictures
from backfill.normalise.rows import BuyerHasher
from backfill.publishing import Publishing
from backfill.tally import Tally
from backfill.windows import Stretch
from clock import Clock
from store.commits import Commit
from store.records import ShopRecords

#: How often the lease is renewed and a sign of life is written.
HEARTBEAT_SECONDS: Final = 10.0


#: How far back TikTok usually gives figures by day; public experience, no documented number.
ANALYTICS_DAYS: Final = 60

#: How many calls are under way at a time: TikTok takes a few tenths of a second for each.
IN_FLIGHT: Final = 8

#: The lane of syncs: fresh data.
FORWARD: Final = "forward"


@dataclass(slots=True)
class Work:
    """What all stages of a run share. `until` (UTC epoch seconds) is when the run began: nothing
    newer is read, and everything is as of then. `reread`: what is covered is read again. `zone` is
    the shop's own, `analytics_days` how many of its days TikTok gives figures for.
    `pictures`: None where they are not kept.
    `daily_calls`: how many calls a UTC day a stage may make, where it is not free. `advanced`
    counts rows kept by this work."""

    records: ShopRecords
    publishing: Publishing
    source: Source
    buyer: BuyerHasher
    clock: Clock
    lane: str
    token: int
    wanted: Stretch
    until: int
    renew: Callable[[], None]
    stop: Callable[[], bool]
    windows_in_flight: int = IN_FLIGHT
    reread: bool = False
    zone: str = "UTC"
    analytics_days: int = ANALYTICS_DAYS
    pictures: Pictures | None = None
    daily_calls: Mapping[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)
    advanced: int = 0
    _renewed_at: float = 0.0
    _together: list[Commit] | None = None

    def commit(self, commit: Commit) -> None:
        if self._together is not None:
            self._together.append(commit)
        else:
            self._write((commit,))

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is committed inside becomes one transaction, written at the end: pages that have
        come at the same time cost less so."""
        self._together = []
        try:
            yield
        finally:
            commits, self._together = self._together, None
            if commits:
                self._write(commits)

    def checkpoint(self, name: str) -> str | None:
        """As of the last commit, also of one that is held for its transaction."""
        for commit in reversed(self._together or ()):
            for known, value in commit.checkpoints:
                if known == name:
                    return value
        return self.records.checkpoint(name)

    def _write(self, commits: Sequence[Commit]) -> None:
        self.records.commit(self.lane, self.token, *commits)
        rows = sum(len(write.rows) for one in commits for write in one.writes)
        self.advanced += rows
        if rows or any(one.window is not None for one in commits):
            self.tally.advance(rows)

    def alive(self) -> bool:
        """Renew the lease when it is time; True when it was. Raises Fenced when it is lost."""
        now = self.clock.monotonic()
        if now - self._renewed_at < HEARTBEAT_SECONDS:
            return False
        self._renewed_at = now
        self.renew()
        return True
