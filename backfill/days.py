"""Which days are read, and in what pieces. Pure.

A day is a date in the shop's own time zone. On the axis of windows and coverage it is the day that
begins at 00:00 UTC of the same date, so that it is the same 86,400 seconds in every zone.

TikTok's figures of a day come late and then change for a while: a day is read as soon as TikTok has
it, about once in each of the next days, and for the last time `settles_after` days after it began.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from backfill.windows import DAY, Stretch
from store.commits import Covered

HOUR: Final = 3_600

#: A day that still changes is not read again by the second sync of the same day.
RESTS_SECONDS: Final = 20 * HOUR

#: Without a word of TikTok's: the figures of yesterday may still be missing.
_USUAL_DELAY_DAYS: Final = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about days: `[start, end)` on the axis of days, of which figures are there up to
    `known_until` (never later than `end`). `zone` is the shop's, `version` that of the answer."""

    start: int
    end: int
    known_until: int
    zone: str
    version: str


#: About no day at all.
NOTHING_ASKED: Final = Asked(0, 0, 0, "UTC", "")


def day_of(instant: float, zone: str) -> int:
    """The day in which the instant (UTC epoch seconds) lies."""
    return local_seconds(instant, zone) // DAY * DAY


def local_seconds(instant: float, zone: str) -> int:
    """What the shop's clock on the wall shows at the instant, on the axis of days."""
    local = datetime.fromtimestamp(instant, ZoneInfo(zone))
    return int(local.replace(tzinfo=UTC).timestamp())


def day_begins_at(day: int, zone: str) -> float:
    """The instant at which the day begins in the zone, UTC epoch seconds."""
    naive = datetime.fromtimestamp(day, UTC).replace(tzinfo=None)
    return naive.replace(tzinfo=ZoneInfo(zone)).timestamp()


def as_date(day: int) -> str:
    """2026-09-12"""
    return datetime.fromtimestamp(day, UTC).date().isoformat()


def day_named(text: object) -> int | None:
    """The day of a date such as 2026-09-12; None for anything else."""
    try:
        named = date.fromisoformat(str(text))
    except ValueError:
        return None
    return int(datetime(named.year, named.month, named.day, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks: the instant (UTC epoch seconds), the shop's zone, how many days back TikTok is
    asked for, and how many days after its beginning a day changes no more."""

    now: float
    zone: str
    depth_days: int
    settles_after: int

    @property
    def today(self) -> int:
        return day_of(self.now, self.zone)


def days_to_read(wanted: Stretch, read: Sequence[Covered], reader: Reader) -> list[int]:
    """The days of `wanted` (half-open, on the axis of days) that are to be asked for, newest first:
    those not wholly read, and those read before they had settled, once in a while. `read` says what
    was read, and when."""
    first = max(wanted[0] // DAY * DAY, reader.today - reader.depth_days * DAY)
    return [day for day in reversed(range(first, wanted[1], DAY)) if _is_due(day, read, reader)]


def _is_due(day: int, read: Iterable[Covered], reader: Reader) -> bool:
    missing = DAY
    read_at = reader.now
    for one in read:
        inside = min(one.end, day + DAY) - max(one.start, day)
        if inside > 0:
            missing -= inside
            read_at = min(read_at, one.read_at)
    if missing > 0:
        return True
    has_rested = reader.now - read_at >= RESTS_SECONDS
    return has_rested and read_at < day_begins_at(day + reader.settles_after * DAY, reader.zone)


def pieces(days: Sequence[int], step_days: int) -> list[Stretch]:
    """Neighbouring days together, at most `step_days` in a piece; newest first, as `days` are."""
    found: list[Stretch] = []
    for day in days:
        if found and found[-1][0] == day + DAY and found[-1][1] - day <= step_days * DAY:
            found[-1] = (day, found[-1][1])
        else:
            found.append((day, day + DAY))
    return found


def known_until(answer: Mapping[str, Any], today: int, zone: str) -> int:
    """Up to where, on the axis of days, TikTok says that its figures are there: after the
    `latest_available_date`, or after the last whole hour before the `latest_available_timestamp`
    of an answer by hour. Without either: up to the day before yesterday."""
    latest = day_named(answer.get("latest_available_date"))
    if latest is not None:
        return latest + DAY
    performance = answer.get("performance")
    moment = performance.get("latest_available_timestamp") if isinstance(performance, dict) else 0
    if isinstance(moment, int | str) and str(moment).isdecimal() and int(moment) > 0:
        # 23:59:59 is the end of a day. Hours of older days are not late any more.
        return max((local_seconds(int(moment), zone) + 1) // HOUR * HOUR, today - DAY)
    return today - _USUAL_DELAY_DAYS * DAY
