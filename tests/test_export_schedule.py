"""When an export refreshes itself: by the clock of its zone, also on days of 23 and 25 hours.

London: clocks go from 01:00 to 02:00 on 29 March 2026, and from 02:00 back to 01:00 on 25 October.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sheets_export.schedule import HOURS, Schedule

LONDON = "Europe/London"


def utc(text: str) -> float:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp()


def following(schedule: Schedule, start: str, count: int, zone: str = "UTC") -> list[str]:
    """The next moments after a moment, all in UTC."""
    moment: float | None = utc(start)
    found = []
    for _ in range(count):
        assert moment is not None
        moment = schedule.next_after(moment, zone)
        assert moment is not None
        found.append(dt.datetime.fromtimestamp(moment, dt.UTC).strftime("%Y-%m-%d %H:%M"))
    return found


def test_never_is_never() -> None:
    assert Schedule("never").next_after(utc("2026-08-20 12:00"), "UTC") is None


def test_every_hour_at_its_minute() -> None:
    assert following(Schedule("hourly", minute=15), "2026-08-20 12:15", 2) == [
        "2026-08-20 13:15",
        "2026-08-20 14:15",
    ]
    assert following(Schedule("hourly"), "2026-08-20 12:00", 1, "Asia/Kolkata") == [
        "2026-08-20 12:30"
    ]


def test_every_few_hours_by_the_clock_of_the_zone() -> None:
    every = Schedule("hours", minute=30, hours=6)
    assert following(every, "2026-08-20 20:00", 3, "America/New_York") == [
        "2026-08-20 22:30",
        "2026-08-21 04:30",
        "2026-08-21 10:30",
    ]


def test_every_day_keeps_its_time_of_day_through_the_year() -> None:
    daily = Schedule("daily", minute=7 * 60)
    assert following(daily, "2026-03-27 12:00", 3, LONDON) == [
        "2026-03-28 07:00",
        "2026-03-29 06:00",
        "2026-03-30 06:00",
    ]


def test_a_time_that_the_clock_leaps_over_is_the_leap() -> None:
    daily = Schedule("daily", minute=90)
    assert following(daily, "2026-03-28 12:00", 2, LONDON) == [
        "2026-03-29 01:00",
        "2026-03-30 00:30",
    ]


def test_a_time_that_comes_twice_counts_once() -> None:
    daily = Schedule("daily", minute=90)
    assert following(daily, "2026-10-24 12:00", 2, LONDON) == [
        "2026-10-25 00:30",
        "2026-10-26 01:30",
    ]


def test_every_week_on_its_day() -> None:
    weekly = Schedule("weekly", minute=9 * 60, weekday=0)
    assert following(weekly, "2026-08-17 09:00", 2) == ["2026-08-24 09:00", "2026-08-31 09:00"]


def test_a_month_without_the_day_has_its_last() -> None:
    monthly = Schedule("monthly", minute=0, day=31)
    assert following(monthly, "2026-01-15 00:00", 4) == [
        "2026-01-31 00:00",
        "2026-02-28 00:00",
        "2026-03-31 00:00",
        "2026-04-30 00:00",
    ]


def test_a_day_that_begins_an_hour_late_is_not_lost() -> None:
    """In Cairo the clock leaps from 00:00 to 01:00 on 24 April 2026."""
    daily = Schedule("daily", minute=0)
    assert following(daily, "2026-04-22 22:00", 3, "Africa/Cairo") == [
        "2026-04-23 22:00",
        "2026-04-24 21:00",
        "2026-04-25 21:00",
    ]


KINDS = st.builds(
    Schedule,
    kind=st.sampled_from(["hourly", "hours", "daily", "weekly", "monthly"]),
    minute=st.integers(0, 1439),
    hours=st.sampled_from(HOURS),
    weekday=st.integers(0, 6),
    day=st.integers(1, 31),
)
ZONES = st.sampled_from(["UTC", LONDON, "America/New_York", "Australia/Lord_Howe", "Africa/Cairo"])


@given(KINDS, ZONES, st.integers(int(utc("2025-12-01 00:00")), int(utc("2027-03-01 00:00"))))
def test_the_next_moment_lies_ahead_and_between_there_is_none(
    schedule: Schedule, zone: str, moment: int
) -> None:
    found = schedule.next_after(moment, zone)
    assert found is not None
    assert found > moment
    assert schedule.next_after((moment + found) / 2, zone) == found
    wall = dt.datetime.fromtimestamp(found, ZoneInfo(zone))
    if schedule.kind in ("weekly", "monthly"):
        assert found - moment <= 62 * 86_400
    if schedule.kind == "daily":
        assert found - moment <= 25 * 3_600
    assert wall.second == 0


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Schedule("never"), "Only when asked for"),
        (Schedule("hourly", minute=5), "Every hour, 5 minutes past (UTC)"),
        (Schedule("hours", hours=6, minute=30), "Every 6 hours from 00:30 (UTC)"),
        (Schedule("daily", minute=420), "Every day at 07:00 (UTC)"),
        (Schedule("weekly", minute=420, weekday=4), "Every Friday at 07:00 (UTC)"),
        (Schedule("monthly", minute=0, day=31), "On day 31 of every month at 00:00 (UTC)"),
    ],
)
def test_a_schedule_can_be_told(schedule: Schedule, words: str) -> None:
    assert schedule.in_words("UTC") == words
