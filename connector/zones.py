"""Days of a time zone as plain integer arithmetic, so that the engine needs no calendar per row.

An instant becomes local seconds by adding the zone's offset, which changes at a few known instants:
`t + CASE WHEN t < 1762063200 THEN -25200 ELSE -28800 END`. Days of 23 and 25 hours come out right
and every instant falls in exactly one day. Source of the offsets: the IANA database (zoneinfo).
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from catalogue.table import QUARTER_HOUR
from errors import BadRequest

DAY: Final = 86_400
_EPOCH: Final = dt.date(1970, 1, 1).toordinal()
#: TikTok Shop began in 2021; instants outside these years keep the nearest offset.
_FIRST: Final = int(dt.datetime(2015, 1, 1, tzinfo=dt.UTC).timestamp())
_LAST: Final = int(dt.datetime(2045, 1, 1, tzinfo=dt.UTC).timestamp())


def day_number(day: dt.date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _EPOCH


def day_of(number: int) -> dt.date:
    """The day with a number of `day_number`."""
    return dt.date.fromordinal(_EPOCH + number)


def zone_info(name: str) -> ZoneInfo:
    """Raises BadRequest for a name that is not in the IANA database."""
    if name not in known_zones():
        raise BadRequest(
            f"There is no time zone called {name[:60]!r}. Use a name such as UTC or "
            "America/New_York."
        )
    return ZoneInfo(name)


def zone_called(name: str) -> str:
    """The IANA name that is meant, whatever its case: "utc" is UTC. Raises BadRequest for none."""
    if name not in known_zones():
        name = {known.lower(): known for known in known_zones()}.get(name.lower(), name)
    return zone_info(name).key


@lru_cache(maxsize=1)
def known_zones() -> frozenset[str]:
    """IANA names, without those that depend on the machine or count leap seconds."""
    return frozenset(available_timezones()) - {"localtime", "posixrules"}


def _offset(zone: ZoneInfo, instant: int) -> int:
    offset = dt.datetime.fromtimestamp(instant, zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


@lru_cache(maxsize=64)
def offsets(zone_name: str) -> tuple[tuple[int, int], ...]:
    """((from_instant, offset_seconds), ...) ascending; the first holds for all earlier instants."""
    zone = zone_info(zone_name)
    found = [(_FIRST, _offset(zone, _FIRST))]
    step = 7 * DAY
    for start in range(_FIRST, _LAST, step):
        low, high = start, start + step
        if _offset(zone, high) == found[-1][1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            if _offset(zone, middle) == found[-1][1]:
                low = middle
            else:
                high = middle
        found.append((high, _offset(zone, high)))
    return tuple(found)


@lru_cache(maxsize=4_096)
def local_seconds(
    zone_name: str, column: str, lowest: int | None = None, highest: int | None = None
) -> str:
    """SQL of `column` (epoch seconds) as local seconds; bounds leave out needless offsets."""
    known = offsets(zone_name)
    kept = [
        (start, offset)
        for position, (start, offset) in enumerate(known)
        if (highest is None or position == 0 or start < highest)
        and (lowest is None or position + 1 == len(known) or known[position + 1][0] > lowest)
    ]
    if len(kept) == 1:
        return f"({column} + {kept[0][1]})" if kept[0][1] else column
    branches = " ".join(
        f"WHEN {column} < {kept[position + 1][0]} THEN {offset}"
        for position, (_, offset) in enumerate(kept[:-1])
    )
    return f"({column} + CASE {branches} ELSE {kept[-1][1]} END)"


@lru_cache(maxsize=64)
def has_whole_quarters(zone_name: str) -> bool:
    """Whether its offset is always some quarters of an hour, and changes when one begins. It was so
    nearly everywhere: Casey in Antarctica changed it at one minute past."""
    return all(
        start % QUARTER_HOUR == 0 and offset % QUARTER_HOUR == 0
        for start, offset in offsets(zone_name)
    )


def local_day(zone_name: str, instant: int) -> int:
    """Number of the day (since 1970-01-01) that an instant falls in."""
    known = offsets(zone_name)
    position = max(bisect_right(known, (instant, DAY)) - 1, 0)
    return (instant + known[position][1]) // DAY


def today(zone_name: str, now: float) -> dt.date:
    return dt.datetime.fromtimestamp(now, zone_info(zone_name)).date()
