"""What a stage has to read in this run: one function for each way of reading.

Windows are written down before the first of them is read, so that a run that goes on later, or
another run, finds them again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backfill.fetch import IdsReading, Reading, WindowReading
from backfill.stages import ById, InWindows, Stage, Whole
from backfill.windows import Stretch, plan
from backfill.work import Work
from store.commits import Window
from tiktok_shop.endpoints import ENDPOINTS


@dataclass(frozen=True, slots=True)
class StagePlan:
    """`readings`: what to ask for, in this order. `windows`: those that count in the run's
    progress, read ones included. `marker`: for a stage that reads by id, the window that says as of
    when it is complete once all were read. `asked`: how many ids there are."""

    readings: Sequence[Reading]
    windows: dict[Stretch, Window]
    marker: Window | None = None
    asked: int = 0


def plan_stage(stage: Stage, work: Work) -> StagePlan:
    """Write down the windows that are missing, and say what is to be read."""
    reads = stage.reads
    if isinstance(reads, InWindows):
        _write_down(stage, work, _missing_windows(stage, reads, work))
        return _windows(stage, work)
    _write_down(stage, work, _missing_whole(stage, work))
    if isinstance(reads, Whole):
        return _windows(stage, work)
    return _ids(stage, reads, work)


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
        (window.start, window.end): window
        for window in work.records.windows(work.lane, stage.name)
        if _counts(stage, work, window)
    }
    readings = [
        WindowReading(work.source, stage, window)
        for window in work.records.open_windows(work.lane, stage.name)
        if (window.start, window.end) in windows
    ]
    return StagePlan(readings, windows)


def _counts(stage: Stage, work: Work, window: Window) -> bool:
    """Whether the window counts in this run's progress. One that was split counts nothing."""
    if window.state == "done" and not window.pages:
        return False
    if isinstance(stage.reads, InWindows):
        return window.start < work.wanted[1] and window.end > work.wanted[0]
    return window.state != "done" or window.end == work.until


def _ids(stage: Stage, reads: ById, work: Work) -> StagePlan:
    still_open = work.records.open_windows(work.lane, stage.name)
    if not still_open:
        return StagePlan((), {})
    marker = still_open[0]
    since = (marker.end,) * reads.pending.count("?")
    pending = [tuple(row) for row in work.records.query(reads.pending, since)]
    limit = 1
    if reads.id_filter:
        limit = ENDPOINTS[stage.endpoint].id_filter(reads.id_filter).limit or 50
    readings = [
        IdsReading(work.source, stage, pending[at : at + limit])
        for at in range(0, len(pending), limit)
    ]
    return StagePlan(readings, {}, marker, len(pending))
