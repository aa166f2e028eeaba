"""How far the work on a shop is, from the progress of its stages. Pure; UTC epoch seconds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from store.commits import StageProgress

_ENDED: Final = ("done", "blocked", "failed")

#: Below this share nothing is said about the time that is left.
_ENOUGH_TO_TELL: Final = 0.05


@dataclass(frozen=True, slots=True)
class Overall:
    """All stages together. `done` and `total` count items of TikTok's; `total` is null until it is
    known for every stage. `percent` is 100 only when every stage has ended. `seconds_left` is null
    when nothing is under way or it is too early to say. `waits_for` is for people."""

    done: int
    total: int | None
    percent: int
    seconds_left: float | None
    heartbeat_at: float | None
    waits_for: str


def overall(stages: Collection[StageProgress], now: float) -> Overall:
    """Every stage counts the same: a list of ten products takes no longer to wait for than it
    takes, and is not lost among a million orders."""
    shares = [_share(stage) for stage in stages]
    share = sum(shares) / len(shares) if shares else 0.0
    over = bool(stages) and all(stage.state in _ENDED for stage in stages)
    totals = [stage.total for stage in stages]
    known = [total for total in totals if total is not None]
    beats = [stage.heartbeat_at for stage in stages if stage.heartbeat_at]
    return Overall(
        done=sum(stage.done for stage in stages),
        total=sum(known) if len(known) == len(totals) else None,
        percent=100 if over else min(99, int(100 * share)),
        seconds_left=0.0 if over else _seconds_left(stages, share, now),
        heartbeat_at=max(beats, default=None),
        waits_for=next((stage.waits_for for stage in stages if stage.waits_for), ""),
    )


def in_words(whole: Overall) -> str:
    """One sentence: the share, the items, the time that is left, what it waits for."""
    items = f"{whole.done:,}" + (f" of {whole.total:,}" if whole.total is not None else "")
    parts = [f"{whole.percent} % done, {items} items"]
    if whole.seconds_left:
        parts.append(f"about {max(1, round(whole.seconds_left / 60))} min left")
    if whole.waits_for:
        parts.append(f"waits for: {whole.waits_for.rstrip('.')}")
    return ", ".join(parts) + "."


def _share(stage: StageProgress) -> float:
    if stage.state in _ENDED:
        return 1.0
    return min(1.0, stage.done / stage.total) if stage.total else 0.0


def _seconds_left(stages: Collection[StageProgress], share: float, now: float) -> float | None:
    begun = [
        stage.started_at
        for stage in stages
        if stage.started_at and (stage.state == "running" or stage.state in _ENDED)
    ]
    if share < _ENOUGH_TO_TELL or not any(stage.state == "running" for stage in stages):
        return None
    return round((now - min(begun)) * (1.0 - share) / share)
