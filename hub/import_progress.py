"""A shop's import as its page shows it: the whole, each stage, how fast, what it waits for. Pure.

Instants are UTC epoch seconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backfill.progress import overall
from backfill.stages import LABELS, STAGES, shown
from store.commits import StageProgress
from store.runs import Run

UNFINISHED: Final = ("pending", "running", "waiting")

#: What a stage's state is called, the tone of its pill, and what it means.
STATES: Final[Mapping[str, tuple[str, str, str]]] = {
    "": ("Not begun", "quiet", "Nothing of this was read yet."),
    "pending": ("Next", "quiet", "Its turn comes."),
    "running": ("Reading", "busy", "It is being read now."),
    "waiting": ("Waiting", "warn", "It goes on by itself."),
    "done": ("Done", "ok", "Everything of this run was read."),
    "blocked": ("Needs you", "bad", "It goes on when somebody has done what is said beside it."),
    "failed": ("Failed", "bad", "Run the import again; what was read stays."),
}

#: The stages of every import; the others are shown where somebody asked for them.
_USUAL: Final = frozenset(stage.label for stage in STAGES if not stage.optional)

#: A due run that no worker takes for so long is worth a sentence.
_TAKEN_AFTER_SECONDS: Final = 90.0
#: Too early to tell a rate.
_RATE_AFTER_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Line:
    """One stage. `percent` is null where the whole is not known, and 100 only when it is done;
    `a_minute` and `seconds_left` are null unless it is being read. `note`: what it waits for or
    what went wrong. `read_at`: when all of it was last read."""

    label: str
    state: str
    word: str
    tone: str
    meaning: str
    done: int
    total: int | None
    percent: int | None
    a_minute: int | None
    seconds_left: float | None
    note: str
    reference: str
    read_at: float | None


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole. `is_live`: something is under way, so that the picture changes by itself.
    `sentence` says how things are; `warning` what somebody should look after, "" for nothing."""

    percent: int
    done: int
    total: int | None
    seconds_left: float | None
    heartbeat_at: float | None
    is_live: bool
    sentence: str
    warning: str
    lines: Sequence[Line]
    missing: Sequence[str]


def picture(
    progress: Mapping[str, StageProgress],
    runs: Sequence[Run],
    now: float,
    unread: Sequence[str] = (),
) -> Picture:
    """`progress` by stage, as `ShopRecords.progress` gives it; `runs` those of the shop that import
    or sync, the newest first; `unread` what `missing` says."""
    whole = overall(progress.values(), now)
    open_runs = [run for run in runs if run.state in UNFINISHED]
    by_label = {stage.stage: stage for stage in shown(progress)}
    lines = [
        _line(label, by_label.get(label), now)
        for label in LABELS
        if label in by_label or label in _USUAL
    ]
    return Picture(
        percent=_percent_of(whole.percent, open_runs),
        done=whole.done,
        total=whole.total,
        seconds_left=_seconds_left(whole.seconds_left, lines) if open_runs else None,
        heartbeat_at=whole.heartbeat_at,
        is_live=bool(open_runs),
        sentence=_sentence(lines, open_runs, runs),
        warning=_warning(open_runs, now),
        lines=lines,
        missing=unread,
    )


def missing(history: Mapping[str, StageProgress], fresh: Mapping[str, StageProgress]) -> list[str]:
    """What of a usual import is not there completely, by label. `history` and `fresh` are the
    stages of the two lanes: a sync that is over does not stand for history that is not."""
    seen = {**fresh, **history}
    read = {name for name, stage in seen.items() if stage.finished_at is not None}
    unread = {stage.label for stage in STAGES if not stage.optional and stage.name not in read}
    return [label for label in LABELS if label in unread]


def length(seconds: float) -> str:
    """A length of time for people: `less than a minute`, `12 minutes`, `3 h 20 min`."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    if minutes < 60:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"


def seconds_or_longer(seconds: float) -> str:
    """The same for what is over: `12 s` where it is short."""
    return f"{max(1, round(seconds))} s" if seconds < 60 else length(seconds)


def _seconds_left(whole: float | None, lines: Sequence[Line]) -> float | None:
    """Never sooner than the slowest of its stages."""
    known = [line.seconds_left for line in lines if line.seconds_left is not None]
    return max([*known, *([whole] if whole is not None else [])], default=None)


def _percent_of(percent: int, open_runs: Sequence[Run]) -> int:
    """What the stages say is about a former run until the one that is asked for has begun."""
    if open_runs and all(run.started_at is None for run in open_runs):
        return 0
    return min(percent, 99) if open_runs else percent


def _line(label: str, stage: StageProgress | None, now: float) -> Line:
    state = stage.state if stage else ""
    word, tone, meaning = STATES[state]
    seen = stage or StageProgress(label, state)
    rate = _rate(seen, now)
    left = max(0, seen.total - seen.done) if seen.total is not None else None
    return Line(
        label=label,
        state=state,
        word=word,
        tone=tone,
        meaning=meaning,
        done=seen.done,
        total=seen.total,
        percent=_percent(seen),
        a_minute=round(rate * 60) if rate else None,
        seconds_left=left / rate if rate and left is not None else None,
        note=seen.error or (f"Waits for: {seen.waits_for.rstrip('.')}." if seen.waits_for else ""),
        reference=seen.reference,
        read_at=seen.finished_at,
    )


def _percent(stage: StageProgress) -> int | None:
    if stage.state == "done":
        return 100
    if not stage.total:
        return None
    return max(0, min(99, 100 * stage.done // stage.total))


def _rate(stage: StageProgress, now: float) -> float | None:
    """Items a second since it began."""
    if stage.state != "running" or stage.started_at is None or not stage.done:
        return None
    seconds = now - stage.started_at
    return stage.done / seconds if seconds >= _RATE_AFTER_SECONDS else None


def _sentence(lines: Sequence[Line], open_runs: Sequence[Run], runs: Sequence[Run]) -> str:
    if open_runs:
        reading = [line.label for line in lines if line.state == "running"]
        if reading:
            return f"Reading {', '.join(reading)}."
        if any(run.state == "waiting" for run in open_runs):
            told = next((run.message for run in open_runs if run.message), "")
            return told or "The import waits and goes on by itself."
        return "The import begins as soon as a worker is free."
    if not runs:
        return "No import has been asked for yet."
    if runs[0].state in ("failed", "blocked"):
        return runs[0].message or "The last import did not end well."
    return "Nothing is under way. The last import is complete."


def _warning(open_runs: Sequence[Run], now: float) -> str:
    if any(run.stuck_at for run in open_runs):
        return (
            "Nothing has come for two hours. It is tried again by itself; the history has the text "
            "to send to support."
        )
    due = [max(run.created_at, run.not_before) for run in open_runs if run.state == "pending"]
    working = any(run.state == "running" for run in open_runs)
    if due and not working and now - min(due) > _TAKEN_AFTER_SECONDS:
        return (
            f"No worker has taken this up for {length(now - min(due))}. Whoever runs this "
            "installation should see whether its worker runs."
        )
    return ""
