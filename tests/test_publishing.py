"""Columns are published beside the import that brings the rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from backfill.publishing import Publishing
from tests.scripted_tiktok import FakeClock


class Columns:
    """Notes what was asked of it; a publication takes so many of the clock's seconds, and does not
    end while `free` is not set."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.forced: list[bool] = []
        self.takes = 0.0
        self.problem: Exception | None = None
        self.free = threading.Event()
        self.free.set()

    def publish(self, *, force: bool = False) -> bool:
        self.forced.append(force)
        assert self.free.wait(10)
        self.clock.instant += self.takes
        if self.problem is not None:
            raise self.problem
        return True


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def columns(clock: FakeClock) -> Columns:
    return Columns(clock)


@pytest.fixture
def publishing(columns: Columns, clock: FakeClock) -> Iterator[Publishing]:
    made = Publishing(columns, clock)
    yield made
    columns.free.set()
    made.close()


def until(columns: Columns, count: int) -> None:
    deadline = time.monotonic() + 10
    while len(columns.forced) < count and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(0.01)


def wait_for_its_end(publishing: Publishing) -> None:
    if publishing._under_way is not None:
        publishing._under_way.result(10)


def test_what_has_come_is_shown_now_and_then(
    publishing: Publishing, columns: Columns, clock: FakeClock
) -> None:
    for second in range(5):
        publishing.now_and_then()
        until(columns, second // 2 + 1)
        clock.instant += 1.0
    assert columns.forced == [False] * 3, "at 0, 2 and 4 seconds"


def test_the_import_does_not_wait_for_a_publication(
    publishing: Publishing, columns: Columns, clock: FakeClock
) -> None:
    columns.free.clear()
    for _ in range(10):
        publishing.want()
        publishing.now_and_then()
        clock.instant += 10.0
    assert len(columns.forced) == 1


def test_what_a_finished_stage_brought_is_shown_at_once(
    publishing: Publishing, columns: Columns
) -> None:
    publishing.now_and_then()
    until(columns, 1)
    publishing.want()
    publishing.now_and_then()
    until(columns, 2)
    assert columns.forced == [False, True]


def test_publishing_takes_a_fifth_of_the_time_at_most(
    publishing: Publishing, columns: Columns, clock: FakeClock
) -> None:
    """One that took three seconds is followed by twelve without."""
    columns.takes = 3.0
    publishing.want()
    publishing.now_and_then()
    until(columns, 1)
    columns.takes = 0.0
    publishing.want()
    forced_after: list[int] = []
    for second in range(14):
        publishing.now_and_then()
        wait_for_its_end(publishing)
        forced_after += [second] * (columns.forced.count(True) - 1 - len(forced_after))
        clock.instant += 1.0
    assert forced_after == [12]


def test_in_the_end_everything_is_shown(publishing: Publishing, columns: Columns) -> None:
    """What was under way began before the newest rows came."""
    columns.free.clear()
    publishing.now_and_then()
    looks: list[int] = []

    def meanwhile() -> None:
        looks.append(len(columns.forced))
        if len(looks) == 3:
            columns.free.set()

    publishing.everything(meanwhile, 0.01)
    assert columns.forced == [False, True]
    assert looks[:3] == [1, 1, 1], "the lease is renewed meanwhile"


def test_what_goes_wrong_beside_the_import_is_raised_in_it(
    publishing: Publishing, columns: Columns
) -> None:
    columns.problem = OSError("no space left on device")
    publishing.now_and_then()
    until(columns, 1)
    with pytest.raises(OSError, match="no space"):
        publishing.now_and_then()
    columns.problem = None
    publishing.everything(lambda: None, 1.0)
