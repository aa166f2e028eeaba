"""How fast TikTok may be called: one bucket of calls per app and shop, shared by all processes.

TikTok's quota is unpublished and changes, so the rate is found by trying: while nothing was refused
it grows by a quarter with every second of success, and it is halved by a "too many requests". The
rate that was refused is remembered: what is a little below it is soon reached again, and then it is
approached slowly, because every refusal costs a pause. A process takes a few calls out of the
bucket at a time, so that a call rarely costs a write.

Lanes share a bucket by leaving something in it: a lower one takes only what is above its reserve.
Reserve and what is taken at once stay well below what the bucket holds: what comes in while it is
full is lost, and nobody comes back to it in the very moment in which enough is there.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, and_, func, select, update

from clock import Clock
from errors import RateLimited, Retryable
from store.accounts_schema import buckets
from store.database import Database

#: Calls a second.
FIRST_RATE: Final = 10.0
LOWEST_RATE: Final = 0.2
HIGHEST_RATE: Final = 50.0
#: The bucket holds what comes in during this time, and never less than SMALLEST_BUCKET calls.
BUCKET_SECONDS: Final = 0.5
SMALLEST_BUCKET: Final = 2.0
#: A process takes what comes in during this time at once, and gives it up after HELD_SECONDS.
TAKEN_SECONDS: Final = 0.2
HELD_SECONDS: Final = 1.0
#: Refusals within this time are one refusal: several calls were in flight.
ONE_REFUSAL_SECONDS: Final = 1.0
#: The pause after a refusal that names none.
PAUSE_SECONDS: Final = 1.0
#: This share of the rate that was refused is taken to go through, and is gone back to at once by
#: half of what is missing in each second; from there to that rate it goes up by CAREFUL a second.
TRUSTED: Final = 0.9
CAREFUL: Final = 0.002
#: Before the first refusal the rate goes up by this share of itself a second, and by one call at
#: least.
GROWTH: Final = 0.25
WAIT_STEP_SECONDS: Final = 0.25
#: An instant that lies further in the future was written under a clock that was ahead.
AHEAD_SECONDS: Final = 5.0
SHORTEST_WAIT_SECONDS: Final = 0.002


@dataclass(frozen=True, slots=True)
class Lane:
    """`reserve`: the share of the bucket left to higher lanes. `patience`: seconds to wait.
    `hurried`: goes on with a single call instead of waiting until several can be taken at once."""

    reserve: float
    patience: float
    hurried: bool = False


LANES: Final[dict[str, Lane]] = {
    "tail": Lane(reserve=0.0, patience=30.0, hurried=True),
    "forward": Lane(reserve=0.25, patience=120.0),
    "backward": Lane(reserve=0.3, patience=120.0),
}


@dataclass(slots=True)
class _Held:
    """Calls this process has taken out of the bucket and not yet made."""

    calls: int
    until: float


class StoreThrottle:
    """`tiktok_shop.client.Throttle` over the accounts database. Threads may share it."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        app_key: str,
        *,
        first_rate: float = FIRST_RATE,
        highest_rate: float = HIGHEST_RATE,
    ) -> None:
        self._database = database
        self._clock = clock
        self._app_key = app_key
        self._first_rate = first_rate
        self._highest_rate = highest_rate
        self._lock = threading.Lock()
        self._asking: dict[tuple[str, str], threading.Lock] = {}
        self._held: dict[tuple[str, str], _Held] = {}
        self._succeeded: set[str] = set()

    def acquire(self, shop_key: str, lane: str, cost: int = 1) -> None:
        """Block until `cost` calls are allowed. RateLimited after the lane's patience, with the
        time to wait; Retryable when the clock was interrupted because the process stops."""
        give_up_at = self._clock.monotonic() + LANES[lane].patience
        if self._take_held(shop_key, lane, cost):
            return
        with self._lock:
            asking = self._asking.setdefault((shop_key, lane), threading.Lock())
        # One thread asks and waits; the others then find what it has taken for them.
        with asking:
            has_waited = False
            while not self._take_held(shop_key, lane, cost):
                wait = self._take(shop_key, lane, cost, may_raise=has_waited)
                if wait <= 0:
                    return
                self._wait(wait, give_up_at)
                has_waited = True

    def _wait(self, seconds: float, give_up_at: float) -> None:
        started = self._clock.monotonic()
        if started + seconds > give_up_at:
            raise RateLimited(
                "TikTok allows no more calls for this shop at the moment. The import goes on "
                "by itself.",
                retry_after=seconds,
            )
        step = min(max(seconds, SHORTEST_WAIT_SECONDS), WAIT_STEP_SECONDS)
        self._clock.sleep(step)
        if self._clock.monotonic() - started < step / 2:
            raise Retryable("The program is being stopped.", debug="throttle")

    def slow_down(self, shop_key: str, retry_after: float | None) -> None:
        """TikTok refused a call: halve the rate and pause, for all processes."""
        now = self._clock.now()
        with self._lock:
            for held in [place for place in self._held if place[0] == shop_key]:
                del self._held[held]
            self._succeeded.discard(shop_key)
        with self._database.writing() as connection:
            bucket = self._bucket(connection, shop_key, now)
            rate, refused_rate = bucket.rate, bucket.refused_rate
            if now - bucket.slowed_at >= ONE_REFUSAL_SECONDS:
                rate, refused_rate = max(LOWEST_RATE, rate / 2), rate
            pause = PAUSE_SECONDS if retry_after is None else retry_after
            self._change(
                connection,
                shop_key,
                rate=rate,
                refused_rate=refused_rate,
                tokens=min(0.0, bucket.tokens),
                counted_at=now,
                raised_at=now,
                slowed_at=now,
                blocked_until=max(bucket.blocked_until, now + pause),
            )

    def succeeded(self, shop_key: str) -> None:
        """A call went through. Costs nothing: the rate is raised when next something is taken."""
        with self._lock:
            self._succeeded.add(shop_key)

    def _take_held(self, shop_key: str, lane: str, cost: int) -> bool:
        with self._lock:
            held = self._held.get((shop_key, lane))
            if held is None or held.calls < cost or held.until <= self._clock.now():
                return False
            held.calls -= cost
            return True

    def _take(self, shop_key: str, lane: str, cost: int, *, may_raise: bool) -> float:
        """Take `cost` calls and a few more; 0, or how many seconds to wait before trying again.
        `may_raise`: the rate stood in the way, so that success under it says something about it."""
        now = self._clock.now()
        with self._lock:
            succeeded = shop_key in self._succeeded
        with self._database.writing() as connection:
            bucket = self._bucket(connection, shop_key, now)
            rate, raised_at = bucket.rate, bucket.raised_at
            if succeeded and may_raise and now - raised_at >= 1.0:
                rate, raised_at = min(self._highest_rate, raised(rate, bucket.refused_rate)), now
            size = max(SMALLEST_BUCKET, rate * BUCKET_SECONDS)
            tokens = min(size, bucket.tokens + max(0.0, now - bucket.counted_at) * bucket.rate)
            reserve = LANES[lane].reserve * (size - 1.0)
            several = max(cost, int(rate * TAKEN_SECONDS))
            wanted = cost if LANES[lane].hurried else several
            # A call dearer than the whole bucket is let through when it is full, into debt.
            missing = min(wanted + reserve, size) - tokens
            wait = float(max(bucket.blocked_until - now, missing / rate))
            if wait > 0:
                return wait
            more = max(0, min(int(tokens - reserve), several) - cost)
            self._change(
                connection,
                shop_key,
                rate=rate,
                tokens=tokens - cost - more,
                counted_at=now,
                raised_at=raised_at,
            )
        with self._lock:
            self._succeeded.discard(shop_key)
            held = self._held.get((shop_key, lane))
            left = held.calls if held is not None and held.until > now else 0
            self._held[shop_key, lane] = _Held(left + more, now + HELD_SECONDS)
        return 0.0

    def _bucket(self, connection: Connection, shop_key: str, now: float) -> Row[Any]:
        wanted = select(buckets).where(self._this(shop_key)).with_for_update()
        row = connection.execute(wanted).first()
        if row is None:
            connection.execute(
                buckets.insert().values(
                    app_key=self._app_key,
                    shop_key=shop_key,
                    rate=self._first_rate,
                    tokens=max(SMALLEST_BUCKET, self._first_rate * BUCKET_SECONDS),
                    counted_at=now,
                    raised_at=now,
                    slowed_at=0.0,
                    blocked_until=0.0,
                    refused_rate=0.0,
                )
            )
            row = connection.execute(wanted).one()
        ahead = max(row.counted_at, row.raised_at, row.slowed_at) - now
        if ahead > AHEAD_SECONDS:
            # Until the clock came there, the bucket would stay as empty as it was left.
            self._change(
                connection,
                shop_key,
                counted_at=min(row.counted_at, now),
                raised_at=min(row.raised_at, now),
                slowed_at=min(row.slowed_at, now),
                blocked_until=row.blocked_until - ahead,
            )
            row = connection.execute(wanted).one()
        return row

    def _change(self, connection: Connection, shop_key: str, **values: float) -> None:
        connection.execute(update(buckets).where(self._this(shop_key)).values(**values))

    def _this(self, shop_key: str) -> Any:
        return and_(buckets.c.app_key == self._app_key, buckets.c.shop_key == shop_key)


def raised(rate: float, refused_rate: float) -> float:
    """The rate after one more second of success. `refused_rate`: the one that was last refused, 0
    for none. Calls a second."""
    if not refused_rate:
        return rate + max(1.0, GROWTH * rate)
    trusted = TRUSTED * refused_rate
    if rate < trusted:
        return min(trusted, rate + max(1.0, (trusted - rate) / 2))
    return rate + (CAREFUL * refused_rate if rate < refused_rate else 1.0)


def known_rate(database: Database, shop_key: str) -> float:
    """Calls a second that were last found to go through for a shop, whatever app made them."""
    found = select(func.max(buckets.c.rate)).where(buckets.c.shop_key == shop_key)
    with database.reading() as connection:
        return connection.scalar(found) or FIRST_RATE
