"""What a stage has to read in this run: one function for each way of reading.

Windows are written down before the first of them is read, so that a run that goes on later, or
another run, finds them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backfill.bookmark import Bookmark
from backfill.budget import calls_made, checkpoint_name
from backfill.day_reading import day_readings
from backfill.fetch import IdsReading, Reading, WindowReading
from backfill.forward import (
    changed,
    holes,
    newest,
    read_lately,
    short_or_cut,
    since_when,
    turned,
    within,
)
from backfill.images import image_readings
from backfill.stage import ById, Images, InDays, InWindows, Stage, Updates, Whole
from backfill.windows import Stretch, cut, gaps, plan
from backfill.work import FORWARD, Work
from store.commits import Covered, Window
from tiktok_shop.endpoints import ENDPOINTS

#: What names a window of a stage: its resource, start and end.
Place = tuple[str, int, int]

#: A stretch of one time of the record; no time: the whole list.
Asked = tuple[str | None, Stretch]


@dataclass(frozen=True, slots=True)
class StagePlan:
    """`readings`: what to ask for, in this order. `windows`: those that count in the run's
    progress, read ones included. `marker`: for a stage that reads by id, the window that says as of
    when it is complete once all were read. `asked`: how many ids there are; `left_over`: how many
    more wait for the calls of another day. `covers`: what of the resource is read then.
    `current_to`: once all was read, no change before this instant is missing (UTC epoch seconds).
    `bookmark`: for a stage that reads by id or by day.
    """

    readings: Sequence[Reading]
    windows: dict[Place, Window]
    marker: Window | None = None
    asked: int = 0
    left_over: int = 0
    covers: tuple[Covered, ...] = ()
    current_to: int | None = None
    bookmark: Bookmark | None = None


def place(window: Window) -> Place:
    return window.resource, window.start, window.end


def plan_stage(stage: Stage, work: Work) -> StagePlan:
    """Write down the windows that are missing, and say what is to be read."""
    reads = stage.reads
    if isinstance(reads, InDays):
        days = day_readings(stage, reads, work)
        bookmark = Bookmark.of(stage, work)
        for reading in days:
            reading.page_token = bookmark.pages.get(reading.name, "")
        return StagePlan(days, {}, asked=len(days), bookmark=bookmark)
    if isinstance(reads, Images):
        images = image_readings(reads, work.records, work.pictures, work.clock.now)
        return StagePlan(images, {}, asked=len(images))
    if work.lane == FORWARD:
        work.records.drop_windows(work.lane, work.token, stage.name, keep_end=work.until)
    if isinstance(reads, ById):
        _write_down(stage, work, _missing_whole(stage, work))
        return _ids(stage, reads, work)
    if work.lane == FORWARD:
        return _forward(stage, reads, work)
    if isinstance(reads, Whole):
        _write_down(stage, work, _missing_whole(stage, work))
        return _windows(stage, work)
    if work.reread:
        again = [(reads.axis, piece) for piece in cut(work.wanted, reads.step_days)]
        return _of_this_run(stage, work, again)
    _write_down(stage, work, _missing_windows(stage, reads, work))
    return _windows(stage, work)


# --- history ---


def _missing_windows(stage: Stage, reads: InWindows, work: Work) -> list[Stretch]:
    taken = [(one.start, one.end) for one in work.records.coverage(stage.name)]
    taken += [
        (one.start, one.end)
        for one in work.records.windows(work.lane, stage.name)
        if one.state != "done"
    ]
    return plan(work.wanted, taken, reads.step_days)


def _missing_whole(stage: Stage, work: Work) -> list[Stretch]:
    """Once per run, unless an earlier reading of the whole list was not finished."""
    known = work.records.windows(work.lane, stage.name)
    planned = any(one.state != "done" or one.end == work.until for one in known)
    return [] if planned else [(0, work.until)]


def _write_down(stage: Stage, work: Work, fresh: Sequence[Stretch]) -> None:
    windows = [Window(stage.name, work.lane, start, end) for start, end in fresh]
    work.records.plan_windows(work.lane, work.token, windows)


def _windows(stage: Stage, work: Work) -> StagePlan:
    windows = {
        place(window): window
        for window in work.records.windows(work.lane, stage.name)
        if _counts(stage, work, window)
    }
    assert not isinstance(stage.reads, ById | InDays | Images)  # noqa: S101
    readings = [
        WindowReading(work.source, stage, window, stage.reads.axis)
        for window in work.records.open_windows(work.lane, stage.name)
        if place(window) in windows
    ]
    return StagePlan(readings, windows)


def _counts(stage: Stage, work: Work, window: Window) -> bool:
    """Whether the window counts in this run's progress. One that was split counts nothing."""
    if window.state == "done" and not window.pages:
        return False
    if isinstance(stage.reads, InWindows):
        return window.start < work.wanted[1] and window.end > work.wanted[0]
    return window.state != "done" or window.end == work.until


# --- what is read anew in every run of its kind ---


def _forward(stage: Stage, reads: InWindows | Whole, work: Work) -> StagePlan:
    """The newest records, and what changed."""
    coverage = work.records.coverage(stage.name)
    if stage.updates is None or not coverage:
        if isinstance(reads, Whole):
            if reads.once_a_day and read_lately(coverage, work.until):
                return StagePlan((), {})
            return _of_this_run(stage, work, [(reads.axis, (0, work.until))])
        stretch = _reaching_back(reads, newest(coverage, work.until), work)
        work.tally.widen(stretch)
        unread = holes(coverage, stretch[0])
        pieces = [piece for one in (stretch, *unread) for piece in cut(one, reads.step_days)]
        return _of_this_run(stage, work, [(reads.axis, piece) for piece in pieces])
    since = since_when(work.records.checkpoint(checkpoint_of(stage)), coverage)
    stretch = changed(since, work.until)
    work.tally.widen(stretch)
    asked: list[Asked] = [(stage.updates.axis, stretch)]
    if isinstance(reads, InWindows):
        # A record that was created and then changed while the changes were listed is in no list of
        # changes yet; what is covered must be there nevertheless.
        wanted = gaps((since, work.until), [(one.start, one.end) for one in coverage])
        wanted += _come_of_age(stage.updates, coverage, since, work)
        pieces = [piece for one in wanted for piece in short_or_cut(one, reads.step_days)]
        asked = [*((reads.axis, piece) for piece in dict.fromkeys(pieces)), *asked]
    return _of_this_run(stage, work, asked, current_to=stretch[1])


def _reaching_back(reads: InWindows, stretch: Stretch, work: Work) -> Stretch:
    """The stretch from the oldest stored record on that may still change."""
    if not reads.open_since:
        return stretch
    asked = (work.until,) * reads.open_since.count("?")
    ((oldest,),) = work.records.query(reads.open_since, asked)
    return min(stretch[0], oldest or stretch[0]), stretch[1]


def checkpoint_of(stage: Stage) -> str:
    """The name of the checkpoint that says until when changes of this stage are known."""
    return f"{stage.name} changes"


def _come_of_age(
    updates: Updates, coverage: Sequence[Covered], since: int, work: Work
) -> list[Stretch]:
    return [
        part
        for stretch in turned(since, work.until, updates.ages)
        for part in within(stretch, coverage)
        if not updates.may_change or work.records.query(updates.may_change, part)
    ]


def _of_this_run(
    stage: Stage, work: Work, asked: Sequence[Asked], current_to: int | None = None
) -> StagePlan:
    """Windows under a name of this run: they are read although the same stretch was read before. A
    run that goes on finds those it wrote down first."""
    named = {axis: f"{stage.name}@{work.until}:{axis or ''}" for axis, _ in asked}
    known = {axis: work.records.windows(work.lane, name) for axis, name in named.items()}
    if not any(known.values()):
        fresh = [Window(named[axis], work.lane, *stretch) for axis, stretch in asked]
        work.records.plan_windows(work.lane, work.token, fresh)
        known = {axis: work.records.windows(work.lane, name) for axis, name in named.items()}
    windows = {
        place(window): window
        for found in known.values()
        for window in found
        if window.state != "done" or window.pages
    }
    readings = [
        WindowReading(work.source, stage, window, axis)
        for axis, found in known.items()
        for window in found
        if window.state != "done"
    ]
    return StagePlan(readings, windows, current_to=current_to)


# --- by id ---


def _ids(stage: Stage, reads: ById, work: Work) -> StagePlan:
    still_open = work.records.open_windows(work.lane, stage.name)
    if not still_open:
        return StagePlan((), {})
    marker = still_open[0]
    covered = work.records.coverage(reads.covers_like or stage.name)
    since = (marker.end,) * reads.pending.count("?")
    pending = [tuple(row) for row in work.records.query(reads.pending, since)]
    bookmark = Bookmark.of(stage, work)
    limit = 1
    if reads.id_filter:
        ordered = sorted(pending, key=lambda row: str(row[0]))
        pending = [row for row in ordered if str(row[0]) > bookmark.asked_to]
        limit = ENDPOINTS[stage.endpoint].id_filter(reads.id_filter).limit or 50
    readings = [
        IdsReading(work.source, stage, pending[at : at + limit])
        for at in range(0, len(pending), limit)
    ]
    if reads.id_filter:
        bookmark.follow(reading.asked for reading in readings)
    else:
        for reading in readings:
            reading.page_token = bookmark.pages.get(reading.name, "")
    today = readings[: _calls_left(stage, work)]
    asked = sum(len(reading.asked) for reading in today)
    left_over = len(pending) - asked
    if not reads.covers_like:
        covered = [Covered(stage.name, 0, marker.end, work.until)]
    covers = tuple(replace(one, resource=stage.name, read_at=work.until) for one in covered)
    return StagePlan(today, {}, marker, asked, left_over, covers, bookmark=bookmark)


def _calls_left(stage: Stage, work: Work) -> int | None:
    """None where the stage has no daily number of calls."""
    limit = work.daily_calls.get(stage.name)
    if limit is None:
        return None
    known = work.records.checkpoint(checkpoint_name(stage.name))
    return max(0, limit - calls_made(known, work.clock.now()))
