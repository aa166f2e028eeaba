"""What a sync reads. Pure: UTC epoch seconds in and out.

A sync looks for changes by update time, from some days before the end of the last complete sync to
a little before its own beginning. TikTok's list of changes moves while it is read, so its end is
fixed, and the next sync begins from that end and never from the newest time seen. After an outage
the look-back has grown by the outage.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from backfill.days import RESTS_SECONDS
from backfill.windows import DAY, Stretch, cut, floor_of, gaps, midnight
from store.commits import Covered

#: How far a sync looks back behind the end of the last one.
LOOK_BACK_DAYS: Final = 3

#: What changed so shortly before a sync began is left to the next: TikTok may not list it yet.
LAG_SECONDS: Final = 180


def since_when(checkpoint: str | None, coverage: Sequence[Covered]) -> int:
    """From when on changes may be missing: the end of the last complete sync, or, before there was
    one, when the part read longest ago was read. ValueError when nothing was ever read."""
    return int(checkpoint) if checkpoint else min(one.read_at for one in coverage)


def changed(since: int, until: int) -> Stretch:
    """The stretch of update times that a sync asks for, which began at `until`."""
    end = until - LAG_SECONDS
    return min(since, end) - LOOK_BACK_DAYS * DAY, end


def newest(coverage: Sequence[Covered], until: int) -> Stretch:
    """What is read anew of a list that tells no changes: the days of the look-back before the end
    of what is there, or before `until` when nothing is there."""
    end = max((one.end for one in coverage), default=until)
    return min(end, until) - LOOK_BACK_DAYS * DAY, until


def read_lately(coverage: Sequence[Covered], until: int) -> bool:
    """Whether a list that hardly ever changes need not be read by the run that began at `until`:
    the sync before it, or another run of the same day, has read it."""
    return bool(coverage) and until - min(one.read_at for one in coverage) < RESTS_SECONDS


def short_or_cut(stretch: Stretch, step_days: int) -> list[Stretch]:
    """In steps like those of history, whose windows end at midnight; what is no longer than a step
    is one piece, also over a midnight."""
    is_short = stretch[1] - stretch[0] <= step_days * DAY
    return [stretch] if is_short else cut(stretch, step_days)


def holes(coverage: Sequence[Covered], before: int) -> list[Stretch]:
    """What lies between the stretches that were read, before an instant and in its last 90 days: an
    earlier sync was left there, the newest days first."""
    if not coverage:
        return []
    first = max(min(one.start for one in coverage), floor_of(before))
    return gaps((first, before), [(one.start, one.end) for one in coverage])


def turned(since: int, until: int, ages: Iterable[int]) -> list[Stretch]:
    """The days that came to be so many days old, for one of `ages`, between two syncs: each day of
    creation is in it once for every age, however often and however late syncs run."""
    first, last = midnight(since) + DAY, midnight(until) + DAY
    return [(first - age * DAY, last - age * DAY) for age in ages if last > first]


def within(stretch: Stretch, coverage: Sequence[Covered]) -> list[Stretch]:
    """The parts of `stretch` that have been read before, ascending."""
    unread = gaps(stretch, [(one.start, one.end) for one in coverage])
    return gaps(stretch, unread)
