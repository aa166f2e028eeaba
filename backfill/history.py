"""A run as people read it: what it was for, what it read, cost and brought. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from store.commits import StageProgress
from store.runs import Run

#: Why a run was asked for, in words.
_TRIGGERS: Final[Mapping[str, str]] = {
    "connect": "the shop was connected",
    "schedule": "the schedule",
    "manual": "somebody asked for it",
    "webhook": "TikTok told of a change",
    "live": "a report asked for fresh data",
    "": "",
}

_UNFINISHED: Final = ("pending", "running", "waiting")


def told(run: Run, now: float) -> dict[str, Any]:
    """The row of a run in the history: plain values; instants in UTC, durations in seconds."""
    return {
        "id": run.id,
        "shop_id": run.shop_id,
        "kind": run.kind,
        "trigger": run.trigger,
        "state": run.state,
        "is_stuck": run.stuck_at is not None,
        "window": _window(run),
        "seconds": _seconds(run, now),
        "rows": run.rows,
        "calls": run.calls,
        "retries": run.retries,
        "attempt": run.attempt,
        "message": run.message,
        "reference": run.reference,
    }


def reason(run: Run) -> str:
    """Why the run was asked for, in words."""
    return _TRIGGERS.get(run.trigger, run.trigger)


def stages_of(
    run: Run, kept: Sequence[StageProgress], of_lane: Sequence[StageProgress]
) -> Sequence[StageProgress]:
    """How the stages of a run are: those `kept` when it was left, or while it is under way those of
    its shop's lane. These are the newest run's, so of an older one nothing is told."""
    if run.started_at is None or (kept and run.state not in _UNFINISHED):
        return kept
    if run.state not in _UNFINISHED:
        return ()
    begun = run.started_at
    return [
        stage
        for stage in of_lane
        if stage.state == "pending" or (stage.heartbeat_at or 0.0) >= begun
    ]


def for_support(run: Run, stages: Iterable[StageProgress]) -> str:
    """What to send to support about a run that is stuck or has failed; "" for any other. It names
    ids only, nothing of a buyer and no secret."""
    if not run.stuck_at and run.state != "failed":
        return ""
    left = [stage for stage in stages if stage.state not in ("done", "pending")]
    where = ", ".join(f"{stage.stage} ({stage.state}, {stage.done} read)" for stage in left)
    references = {run.reference, *(stage.reference for stage in left)} - {""}
    lines = [
        "Please send this to support:",
        f"run {run.id} ({run.kind}, asked for: {reason(run) or 'unknown'}) of shop {run.shop_id}",
        f"attempt {run.attempt}, {run.calls} calls, {run.retries} repeated, {run.rows} rows",
        f"last progress {_instant(run.progress_at)}",
    ]
    if where:
        lines.append(f"left in: {where}")
    if references:
        lines.append(f"references: {', '.join(sorted(references))}")
    if run.message:
        lines.append(f"it says: {run.message}")
    return "\n".join(lines)


def _window(run: Run) -> str:
    if run.window_start is None or run.window_end is None:
        return ""
    return f"{_instant(run.window_start)} to {_instant(run.window_end)}"


def _seconds(run: Run, now: float) -> int | None:
    if run.started_at is None:
        return None
    return round((run.finished_at or now) - run.started_at)


def _instant(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%d %H:%M")
