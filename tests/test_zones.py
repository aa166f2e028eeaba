"""Days of a zone as integer arithmetic, against Python's own calendar (zoneinfo)."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from zoneinfo import ZoneInfo

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.zones import day_number, day_of, local_day, local_seconds, offsets, today
from errors import BadRequest

ZONES = ("UTC", "America/New_York", "Europe/London", "Asia/Jakarta", "America/Sao_Paulo")
FIRST = int(dt.datetime(2020, 1, 1, tzinfo=dt.UTC).timestamp())
LAST = int(dt.datetime(2030, 1, 1, tzinfo=dt.UTC).timestamp())


def local_in_duckdb(zone: str, instant: int, *bounds: int | None) -> int:
    sql = local_seconds(zone, "t", *bounds)
    found = duckdb.execute(f"SELECT {sql} FROM (SELECT {instant}::BIGINT AS t)").fetchone()
    assert found is not None
    return int(found[0])


def local_in_python(zone: str, instant: int) -> int:
    wall = dt.datetime.fromtimestamp(instant, ZoneInfo(zone)).replace(tzinfo=dt.UTC)
    return int(wall.timestamp())


@given(st.sampled_from(ZONES), st.integers(FIRST, LAST))
def test_every_instant_has_the_wall_time_of_its_zone(zone: str, instant: int) -> None:
    assert local_in_duckdb(zone, instant) == local_in_python(zone, instant)


@given(st.sampled_from(ZONES), st.integers(FIRST, LAST), st.integers(0, 400), st.integers(0, 400))
def test_leaving_out_offsets_outside_the_bounds_changes_nothing(
    zone: str, instant: int, days_before: int, days_after: int
) -> None:
    bounds = (instant - days_before * 86_400, instant + days_after * 86_400 + 1)
    assert local_in_duckdb(zone, instant, *bounds) == local_in_python(zone, instant)


def test_new_york_changes_its_offset_at_the_documented_instants_of_2026() -> None:
    changes = dict(offsets("America/New_York"))
    # 2026-03-08 02:00 EST = 07:00 UTC; 2026-11-01 02:00 EDT = 06:00 UTC.
    spring = int(dt.datetime(2026, 3, 8, 7, tzinfo=dt.UTC).timestamp())
    autumn = int(dt.datetime(2026, 11, 1, 6, tzinfo=dt.UTC).timestamp())
    assert changes[spring] == -4 * 3600
    assert changes[autumn] == -5 * 3600


def test_a_zone_without_offset_costs_nothing() -> None:
    assert local_seconds("UTC", "t") == "t"


@given(st.sampled_from(ZONES), st.integers(FIRST, LAST))
def test_every_instant_is_in_the_day_of_its_zone(zone: str, instant: int) -> None:
    day = dt.datetime.fromtimestamp(instant, ZoneInfo(zone)).date()
    assert day_of(local_day(zone, instant)) == day
    assert day_number(day) == local_day(zone, instant)


def test_the_days_of_the_clock_changes_have_23_and_25_hours() -> None:
    hours = range(int(dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp()), LAST, 3_600)
    days = Counter(local_day("Europe/London", hour) for hour in hours[: 365 * 24])
    assert days[day_number(dt.date(2026, 3, 29))] == 23
    assert days[day_number(dt.date(2026, 10, 25))] == 25
    assert sorted(Counter(days.values())) == [23, 24, 25]


def test_today_is_the_day_of_the_zone_not_of_the_machine() -> None:
    late_evening = dt.datetime(2026, 8, 31, 23, 30, tzinfo=dt.UTC).timestamp()
    assert today("UTC", late_evening) == dt.date(2026, 8, 31)
    assert today("Asia/Jakarta", late_evening) == dt.date(2026, 9, 1)


@pytest.mark.parametrize(
    "name",
    ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "\0", "posixrules", "right/UTC"],
)
def test_a_name_that_is_no_zone_is_refused_with_a_sentence(name: str) -> None:
    with pytest.raises(BadRequest, match="no time zone called"):
        offsets(name)
