"""The bucket of calls per app and shop: its rate, its lanes, and what a refusal does to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import event, text

from clock import SystemClock
from errors import RateLimited, Retryable
from sample_shop.limits import RateLimit
from store.accounts import Accounts
from store.throttle import StoreThrottle, raised
from tests.installation import START, FakeClock, accounts_in
from tiktok_shop.client import Throttle

pytestmark = pytest.mark.slow

SHOP = "7000001"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def accounts(tmp_path: Path, clock: FakeClock) -> Accounts:
    return accounts_in(tmp_path, clock)


@pytest.fixture
def throttle(accounts: Accounts, clock: FakeClock) -> StoreThrottle:
    return StoreThrottle(accounts.database, clock, "app")


def calls_within(
    seconds: float, clock: FakeClock, *throttles: StoreThrottle, lane: str = "tail"
) -> int:
    """How many calls the throttles, asked in turn, allow before so much time has passed."""
    until, calls = clock.instant + seconds, 0
    while True:
        throttles[calls % len(throttles)].acquire(SHOP, lane)
        if clock.instant > until:
            return calls
        calls += 1


def rate_of(accounts: Accounts, shop: str = SHOP) -> float:
    with accounts.database.reading() as connection:
        found = connection.scalar(
            text("SELECT rate FROM buckets WHERE shop_key = :shop"), {"shop": shop}
        )
    return float(found or 0.0)


def test_a_throttle_is_what_the_client_asks_for(throttle: StoreThrottle) -> None:
    wanted: Throttle = throttle
    wanted.acquire(SHOP, "forward")


def test_ten_calls_a_second_at_first(throttle: StoreThrottle, clock: FakeClock) -> None:
    # 5 are in the bucket, 10 come in each second; up to 2 may be held and given up.
    assert 95 <= calls_within(10.0, clock, throttle) <= 106


def test_processes_share_the_rate(accounts: Accounts, clock: FakeClock) -> None:
    throttles = [StoreThrottle(accounts.database, clock, "app") for _ in range(4)]
    assert calls_within(10.0, clock, *throttles) <= 106


def test_shops_do_not_share_the_rate(throttle: StoreThrottle, clock: FakeClock) -> None:
    calls_within(1.0, clock, throttle)
    before = clock.instant
    throttle.acquire("7000002", "backward")
    assert clock.instant == before


def test_apps_do_not_share_the_rate(accounts: Accounts, clock: FakeClock) -> None:
    calls_within(1.0, clock, StoreThrottle(accounts.database, clock, "app"))
    before = clock.instant
    StoreThrottle(accounts.database, clock, "another app").acquire(SHOP, "backward")
    assert clock.instant == before


def test_a_refusal_halves_the_rate_and_pauses_all_processes(
    accounts: Accounts, throttle: StoreThrottle, clock: FakeClock
) -> None:
    other = StoreThrottle(accounts.database, clock, "app")
    throttle.acquire(SHOP, "tail")
    throttle.slow_down(SHOP, 7.0)
    assert rate_of(accounts) == 5.0
    other.acquire(SHOP, "tail")
    assert clock.instant >= START + 7.0
    assert calls_within(10.0, clock, throttle, other) <= 53


def test_calls_in_flight_that_are_refused_together_count_once(
    accounts: Accounts, throttle: StoreThrottle, clock: FakeClock
) -> None:
    for _ in range(6):
        throttle.slow_down(SHOP, None)
        clock.instant += 0.1
    assert rate_of(accounts) == 5.0
    clock.instant += 1.0
    throttle.slow_down(SHOP, None)
    assert rate_of(accounts) == 2.5


def test_the_rate_never_falls_below_one_call_in_five_seconds(
    accounts: Accounts, throttle: StoreThrottle, clock: FakeClock
) -> None:
    for _ in range(12):
        throttle.slow_down(SHOP, None)
        clock.instant += 1.5
    assert rate_of(accounts) == 0.2
    # From an empty bucket; the two calls it may hold do not come on top.
    assert 18 <= calls_within(100.0, clock, throttle) <= 23


def test_success_raises_the_rate_by_a_quarter_each_second_for_all_together(
    accounts: Accounts, clock: FakeClock
) -> None:
    """Nothing was refused yet: 10, 12.5, 15.6, 19.5, 24.4 after four seconds of success."""
    throttles = [StoreThrottle(accounts.database, clock, "app") for _ in range(3)]
    for number in range(400):
        throttle = throttles[number % 3]
        throttle.acquire(SHOP, "tail")
        throttle.succeeded(SHOP)
        if clock.instant >= START + 4.5:
            break
    assert 19.5 <= rate_of(accounts) <= 24.5


def test_a_quota_of_twenty_a_second_is_used_up_to_a_tenth_from_the_first_minute_on(
    accounts: Accounts, throttle: StoreThrottle, clock: FakeClock
) -> None:
    """TikTok lets 20 calls a second through, and 20 at once after a pause; it refuses the others
    with a second to wait. 1,200 calls need a minute at least."""
    quota = RateLimit(20.0, lambda: clock.instant)
    passed = 0
    while passed < 1_200:
        throttle.acquire(SHOP, "backward")
        seconds = quota.take(SHOP)
        if seconds:
            throttle.slow_down(SHOP, seconds)
        else:
            throttle.succeeded(SHOP)
            passed += 1
        clock.instant += 0.02
    assert clock.instant - START < 60.0 * 1.1


def test_the_slowest_rate_recovers_too(
    accounts: Accounts, throttle: StoreThrottle, clock: FakeClock
) -> None:
    for _ in range(12):
        throttle.slow_down(SHOP, None)
        clock.instant += 1.5
    for _ in range(10):
        throttle.acquire(SHOP, "backward")
        throttle.succeeded(SHOP)
    assert rate_of(accounts) > 2.0


def test_the_rate_never_rises_above_its_limit(accounts: Accounts, clock: FakeClock) -> None:
    throttle = StoreThrottle(accounts.database, clock, "app", first_rate=49.5)
    for _ in range(100):
        throttle.acquire(SHOP, "tail")
        throttle.succeeded(SHOP)
    assert rate_of(accounts) == 50.0


@pytest.mark.parametrize(("greedy", "higher"), [("backward", "tail"), ("forward", "tail")])
def test_a_lower_lane_leaves_something_to_the_higher_one(
    throttle: StoreThrottle, clock: FakeClock, greedy: str, higher: str
) -> None:
    calls_within(2.0, clock, throttle, lane=greedy)
    before = clock.instant
    throttle.acquire(SHOP, higher)
    assert clock.instant == before


def test_a_lower_lane_gets_the_whole_rate_when_it_is_alone(
    throttle: StoreThrottle, clock: FakeClock
) -> None:
    assert calls_within(10.0, clock, throttle, lane="backward") >= 90


def test_a_call_that_counts_for_many_is_let_through_and_paid_for_later(
    throttle: StoreThrottle, clock: FakeClock
) -> None:
    throttle.acquire(SHOP, "tail", cost=25)
    throttle.acquire(SHOP, "tail")
    assert clock.instant == pytest.approx(START + 2.1, abs=0.05)


def test_patience_ends_in_rate_limited_with_the_time_to_wait(
    throttle: StoreThrottle, clock: FakeClock
) -> None:
    throttle.slow_down(SHOP, 600.0)
    with pytest.raises(RateLimited) as caught:
        throttle.acquire(SHOP, "forward")
    assert caught.value.retry_after == pytest.approx(600.0)
    assert clock.instant == START


def test_waiting_ends_at_once_when_the_process_is_to_stop(accounts: Accounts) -> None:
    clock = SystemClock()
    clock.interrupt()
    throttle = StoreThrottle(accounts.database, clock, "app")
    throttle.slow_down(SHOP, 20.0)
    with pytest.raises(Retryable, match="being stopped"):
        throttle.acquire(SHOP, "tail")


def test_most_calls_cost_no_write(accounts: Accounts, clock: FakeClock) -> None:
    throttle = StoreThrottle(accounts.database, clock, "app", first_rate=40.0)
    written: list[str] = []

    def note(_connection: object, _cursor: object, sql: str, *_rest: object) -> None:
        if sql.startswith("UPDATE"):
            written.append(sql)

    event.listen(accounts.database.engine, "before_cursor_execute", note)
    calls = calls_within(10.0, clock, throttle, lane="backward")
    assert calls > 380
    assert len(written) < calls / 6


def test_a_clock_set_back_stops_nothing(throttle: StoreThrottle, clock: FakeClock) -> None:
    throttle.acquire(SHOP, "tail")
    clock.instant -= 3600.0
    assert calls_within(5.0, clock, throttle) > 40


def test_after_a_refusal_the_rate_comes_back_quickly_and_then_goes_on_with_care() -> None:
    """20 calls a second were refused, so it was halved: half of the way to 18 each second, at least
    one call; from 18 to 20 by 0.04 a second; beyond it by one."""
    assert raised(10.0, 20.0) == 14.0
    assert raised(14.0, 20.0) == 16.0
    assert raised(17.5, 20.0) == 18.0
    assert raised(18.0, 20.0) == pytest.approx(18.04)
    assert raised(20.0, 20.0) == 21.0


def test_before_the_first_refusal_the_rate_grows_by_a_quarter() -> None:
    assert raised(10.0, 0.0) == 12.5
    assert raised(2.0, 0.0) == 3.0


def test_a_rate_that_nobody_needs_is_not_raised(
    accounts: Accounts, throttle: StoreThrottle, clock: FakeClock
) -> None:
    """One call a second succeeds; that says nothing about more than ten."""
    for _ in range(30):
        throttle.acquire(SHOP, "tail")
        throttle.succeeded(SHOP)
        clock.instant += 1.0
    assert rate_of(accounts) == 10.0


# --- a clock that was ahead ---

FIVE_DAYS = 5 * 86_400.0


def test_calls_under_a_clock_that_was_ahead_do_not_stop_those_under_the_right_one(
    throttle: StoreThrottle, clock: FakeClock
) -> None:
    clock.instant = START + FIVE_DAYS
    calls_within(1.0, clock, throttle)
    clock.instant = START + 60.0
    # 10 come in each second, and 5 at most were left.
    assert 95 <= calls_within(10.0, clock, throttle, lane="forward") <= 106


def test_a_pause_begun_under_a_clock_that_was_ahead_lasts_no_longer_than_it_was_to(
    throttle: StoreThrottle, clock: FakeClock
) -> None:
    clock.instant = START + FIVE_DAYS
    throttle.slow_down(SHOP, 8.0)
    clock.instant = START
    throttle.acquire(SHOP, "tail")
    # Tokens come in at half of 10 a second, and the first was there before the pause was over.
    assert START + 8.0 <= clock.instant < START + 9.0
