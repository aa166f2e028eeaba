"""Which stretches of time are read, and in what pieces. Pure: UTC epoch seconds in and out.

A stretch is half-open, `start <= t < end`. Windows are cut at UTC midnight, so that the same day is
the same window in every run, and are read newest first: the newest orders are asked for most.

The upper end of a run is the moment it started, fixed for all its pages: what is created later
shifts no page of it, and comes with the next run.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

DAY: Final = 86_400

#: What "3 months" means: the first import reaches back so far.
FIRST_IMPORT_DAYS: Final = 90

#: No TikTok Shop existed before 2019. Halving a window that begins at 0 starts here.
FIRST_SHOP: Final = 17_897 * DAY

#: A window that TikTok counts more rows for than it hands out is not cut finer than this.
SHORTEST_RECOUNT: Final = 3_600

#: A list of changes with more rows is read in halves, several at a time.
LONG_LIST: Final = 1_000

#: TikTok stops listing here (documented for products, assumed for the rest).
MOST_ROWS_OF_A_LIST: Final = 10_000

Stretch = tuple[int, int]


def midnight(instant: float) -> int:
    """The UTC midnight at or before `instant`."""
    return int(instant // DAY) * DAY


def floor_of(until: float, days: int = FIRST_IMPORT_DAYS) -> int:
    """UTC midnight of the day `days` before the day of `until`."""
    return midnight(until) - days * DAY


def gaps(wanted: Stretch, taken: Iterable[Stretch]) -> list[Stretch]:
    """What of `wanted` is in none of `taken` (in any order, overlapping or not), ascending."""
    start, end = wanted
    found: list[Stretch] = []
    for taken_start, taken_end in sorted(taken):
        if taken_end <= start or taken_start >= end or taken_end <= taken_start:
            continue
        if taken_start > start:
            found.append((start, taken_start))
        start = max(start, taken_end)
        if start >= end:
            break
    if start < end:
        found.append((start, end))
    return found


def cut(stretch: Stretch, step_days: int | None) -> list[Stretch]:
    """Pieces of `step_days` whole UTC days, newest first; the first and the last may be shorter.
    None: one piece. Pieces of more than a day start at every `step_days`-th day since 1970."""
    start, end = stretch
    if end <= start:
        return []
    if step_days is None:
        return [stretch]
    step = step_days * DAY
    pieces: list[Stretch] = []
    while end > start:
        begin = max(start, (end - 1) // step * step)
        pieces.append((begin, end))
        end = begin
    return pieces


def plan(wanted: Stretch, taken: Iterable[Stretch], step_days: int | None) -> list[Stretch]:
    """The windows that are still to be read, newest first."""
    pieces = [piece for gap in gaps(wanted, taken) for piece in cut(gap, step_days)]
    return sorted(pieces, reverse=True)


def halves(stretch: Stretch) -> tuple[Stretch, Stretch]:
    """The stretch in two, newer half first. ValueError when it is a single second."""
    start, end = stretch
    if end - start < 2:
        raise ValueError("one second cannot be cut")
    begin = FIRST_SHOP if start < FIRST_SHOP < end - 1 else start
    middle = (begin + end) // 2
    return (middle, end), (start, middle)


def must_split(stretch: Stretch, rows: int, total: int | None, finished: bool) -> bool:
    """Whether a window must be read again in two halves: TikTok has more rows for it than it lists,
    or its last page has come and rows are missing (pages shifted under us, or an unknown cap)."""
    length = stretch[1] - stretch[0]
    if total is None or length < 2:
        return False
    if total > MOST_ROWS_OF_A_LIST:
        return True
    return finished and rows < total and length > SHORTEST_RECOUNT


def is_long(stretch: Stretch, total: int | None) -> bool:
    """Whether a stretch of several days is better read in halves, so that an expired page token
    costs less and several pages are on their way at once."""
    return stretch[1] - stretch[0] > DAY and (total or 0) > LONG_LIST
