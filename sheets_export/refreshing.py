"""Which refreshes are asked for, and when. Asking twice is harmless: a slot is one run.

due export ──> a run of the ledger, and the schedule's next moment
               (none while the one before is not finished: it is skipped)
"""

from __future__ import annotations

import hashlib
from typing import Final

from clock import Clock
from errors import BadRequest
from sheets_export.definition import Definition, read_definition
from store.exports import Export, Exports
from store.ledger import Ledger
from store.runs import Run

KIND: Final = "export"
LANE: Final = "export"

_ASKED_FOR: Final = 10
_SCHEDULED: Final = 0
#: Refreshes of one moment begin within so many seconds, each always at its own.
_SPREAD_SECONDS: Final = 120


def next_refresh(made: Definition, moment: float) -> float | None:
    """When the schedule wants the export after a moment (UTC epoch seconds)."""
    return made.schedule.next_after(moment, made.zone)


def enqueue_due(exports: Exports, ledger: Ledger, clock: Clock) -> list[Run]:
    """Ask for the refreshes that the schedule wants now. Of several that were missed, the newest;
    of an export that is still being refreshed, none."""
    due = exports.due()
    busy = exports.open_subjects() if due else set()
    asked = []
    for export in due:
        if export.next_at is not None and export.subject not in busy:
            asked.append(_enqueue(ledger, export, f"at:{int(export.next_at)}", "schedule"))
        exports.planned(export, _next(export, clock.now()))
    return asked


def enqueue_refresh(
    ledger: Ledger, clock: Clock, export: Export, *, rests_seconds: float = 0.0
) -> Run:
    """Now, because somebody asks; while such a run waits for a worker it is that one, however many
    ask, and so for `rests_seconds` after it was asked for."""
    runs = ledger.runs(export.workspace_id, export.subject, 1)
    for run in runs:
        waits = run.state == "pending" and run.not_before <= clock.now()
        if waits or 0 <= clock.now() - run.created_at < rests_seconds:
            return run
    # Those who ask at the same moment know of the same run before, and ask for the same one.
    return _enqueue(ledger, export, f"asked after:{runs[0].id if runs else ''}", "manual")


def _enqueue(ledger: Ledger, export: Export, slot: str, trigger: str) -> Run:
    is_scheduled = trigger == "schedule"
    return ledger.enqueue(
        export.workspace_id,
        export.subject,
        LANE,
        KIND,
        slot=slot,
        parameters={"export": export.id, "name": export.name},
        trigger=trigger,
        priority=_SCHEDULED if is_scheduled else _ASKED_FOR,
        not_before=(export.next_at or 0.0) + _delay(export) if is_scheduled else 0.0,
    )


def _delay(export: Export) -> float:
    digest = hashlib.sha256(export.id.encode()).digest()
    return int.from_bytes(digest[:4], "big") % _SPREAD_SECONDS


def _next(export: Export, now: float) -> float | None:
    """None for a definition that another release wrote and nobody can read."""
    try:
        return next_refresh(read_definition(export.definition), now)
    except BadRequest:
        return None
