"""Which days are read, and in what pieces. Pure.

A day is a date in the shop's own time zone. On the axis of windows and coverage it is the day that
begins at 00:00 UTC of the same date, so that it is the same 86,400 seconds in every zone.

TikTok's figures of a day come late and then change for a while: a day is read as soon as TikTok has
it, and for the last time `settles_after` days after it began; in between about once a day where
that costs no call of its own.
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

#: What was read so lately is not read again by the second sync of the same day.
RESTS_SECONDS: Final = 20 * HOUR

#: A day is not asked for until so long after its end: just after midnight TikTok's newest is the
#: day before it.
READY_SECONDS: Final = 6 * HOUR

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
    asked for, how many days after its beginning a day changes no more, and whether a day costs a
    call of its own."""

    now: float
    zone: str
    depth_days: int
    settles_after: int
    a_call_a_day: bool = False

    @property
    def today(self) -> int:
        return day_of(self.now, self.zone)


def days_to_read(wanted: Stretch, read: Sequence[Covered], reader: Reader) -> list[int]:
    """The days of `wanted` (half-open, on the axis of days) that are to be asked for, newest first:
    those not wholly read, and those read before they had settled, once in a while. `read` says what
    was read, and when.

    Where a day costs a call, it is read again once, when it has settled, and by a run that begins
    in the first half of a UTC day: of the two syncs of a day, the other one has the new figures to
    read. It waits a day at most.
    """
    first = max(wanted[0] // DAY * DAY, reader.today - reader.depth_days * DAY)
    readings = {day: _readings_of(day, read) for day in range(first, wanted[1], DAY)}
    waits = reader.a_call_a_day and reader.now % DAY >= DAY / 2
    again_until = reader.now - (DAY if waits else 0)
    return [
        day
        for day, known in reversed(readings.items())
        if known.seconds < DAY or _again_at(day, known, reader) <= again_until
    ]


@dataclass(frozen=True, slots=True)
class _Readings:
    """How many seconds of a day were read, and when the first of them."""

    seconds: int = 0
    at: float = float("inf")


def _readings_of(day: int, read: Iterable[Covered]) -> _Readings:
    inside = [
        (min(one.end, day + DAY) - max(one.start, day), one.read_at)
        for one in read
        if one.start < day + DAY and one.end > day
    ]
    if not inside:
        return _Readings()
    return _Readings(sum(seconds for seconds, _ in inside), min(at for _, at in inside))


def _again_at(day: int, readings: _Readings, reader: Reader) -> float:
    """The instant from which on the day is to be read again."""
    settled_at = day_begins_at(day + reader.settles_after * DAY, reader.zone)
    if readings.at >= settled_at:
        return float("inf")
    return settled_at if reader.a_call_a_day else readings.at + RESTS_SECONDS


def pieces(days: Sequence[int], step_days: int, read: Sequence[Covered] = ()) -> list[Stretch]:
    """Neighbouring days together, at most `step_days` in a piece; newest first, as `days` are. Days
    that were `read` before fill the gap between two others: they cost less than another call."""
    found: list[Stretch] = []
    for day in days:
        if found and _reaches(day, found[-1], step_days, read):
            found[-1] = (day, found[-1][1])
        else:
            found.append((day, day + DAY))
    return found


def _reaches(day: int, piece: Stretch, step_days: int, read: Sequence[Covered]) -> bool:
    between = range(day + DAY, piece[0], DAY)
    is_short = piece[1] - day <= step_days * DAY
    return is_short and all(_readings_of(one, read).seconds == DAY for one in between)


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
