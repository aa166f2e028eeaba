"""Runs → what goes on, what went on and what it brought, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from store.runs import Run

#: kind of a run -> what it does.
_KINDS: Final[Mapping[str, str]] = {
    "import": "Import",
    "sync": "Sync",
    "reread": "What TikTok notified us of",
    "freshen": "Newest numbers for a report",
}
_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "pending": ("Waiting for its turn", "quiet"),
    "running": ("Running", "busy"),
    "waiting": ("Waiting for TikTok", "busy"),
    "done": ("Done", "ok"),
    "blocked": ("Needs you", "bad"),
    "failed": ("Failed", "bad"),
}
_BEFORE_THE_REST: Final = ("running", "waiting", "pending")


@dataclass(frozen=True, slots=True)
class Happening:
    """`at`: when it ended, else began, else was asked for; UTC epoch seconds."""

    run_id: str
    what: str
    shop: str
    state: str
    tone: str
    changed: str
    at: float


def happenings(runs: Iterable[Run], names: Mapping[str, str], most: int) -> list[Happening]:
    """The newest first, those under way before all others. `names`: of the shops that are looked
    at, by id; runs of other shops are left out."""
    shown = [run for run in runs if run.shop_id in names]
    ordered = sorted(shown, key=lambda run: (run.state not in _BEFORE_THE_REST, -run.created_at))
    return [_happening(run, names[run.shop_id]) for run in ordered[:most]]


def _happening(run: Run, shop: str) -> Happening:
    state, tone = ("Stuck", "bad") if run.stuck_at else _STATES[run.state]
    return Happening(
        run_id=run.id,
        what=_KINDS.get(run.kind, run.kind.replace("_", " ").capitalize()),
        shop=shop,
        state=state,
        tone=tone,
        changed=_changed(run),
        at=run.finished_at or run.started_at or run.created_at,
    )


def _changed(run: Run) -> str:
    if run.message and run.state in ("blocked", "failed"):
        return run.message
    if run.rows:
        return f"{run.rows:,} rows read in {run.calls:,} calls"
    return "Nothing was new" if run.state == "done" else ""
