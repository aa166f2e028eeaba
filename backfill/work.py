"""What the stages of a run share: where rows come from and go to, the lease, the range."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Final, Protocol

from backfill.fetch import Source
from backfill.normalise.rows import BuyerHasher
from backfill.windows import Stretch
from clock import Clock
from store.commits import Commit
from store.records import ShopRecords

#: How often it is asked whether there is something worth publishing; asking has a price, too.
_PUBLISH_SECONDS: Final = 2.0

#: How often the lease is renewed and a sign of life is written.
HEARTBEAT_SECONDS: Final = 10.0


class Publisher(Protocol):
    def publish(self, *, force: bool = False) -> bool: ...


@dataclass(slots=True)
class Work:
    """What all stages of a run share. `until` (UTC epoch seconds) is when the run began: nothing
    newer is read, and everything is as of then. `advanced` counts rows kept by this work."""

    records: ShopRecords
    columns: Publisher
    source: Source
    buyer: BuyerHasher
    clock: Clock
    lane: str
    token: int
    wanted: Stretch
    until: int
    renew: Callable[[], None]
    stop: Callable[[], bool]
    windows_in_flight: int = 4
    advanced: int = 0
    _renewed_at: float = 0.0
    _published_at: float = 0.0

    def commit(self, commit: Commit) -> None:
        self.records.commit(self.lane, self.token, commit)
        self.advanced += sum(len(write.rows) for write in commit.writes)

    def alive(self) -> bool:
        """Renew the lease when it is time; True when it was. Raises Fenced when it is lost."""
        now = self.clock.monotonic()
        if now - self._renewed_at < HEARTBEAT_SECONDS:
            return False
        self._renewed_at = now
        self.renew()
        return True

    def publish(self) -> None:
        """Let readers see what has come so far, now and then."""
        now = self.clock.monotonic()
        if now - self._published_at >= _PUBLISH_SECONDS:
            self._published_at = now
            self.columns.publish()

    def publish_all(self) -> None:
        """Let readers see everything. It may take longer than a lease holds, so the lease is
        renewed meanwhile."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            published = pool.submit(self.columns.publish, force=True)
            while not wait([published], timeout=HEARTBEAT_SECONDS).done:
                self.alive()
            published.result()
