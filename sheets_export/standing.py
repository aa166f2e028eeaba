"""Tells in the spreadsheet how an export stands that no refresh tells of: off, on again, removed.

A worker does it, so that nobody waits for Google who switches something off. It is done as well as
can be: where the spreadsheet cannot be reached the export is off or gone all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from clock import Clock
from errors import BadRequest, ConnectorError, Retryable
from sheets_export.definition import read_definition
from sheets_export.told import status_as_left, target_of
from sheets_export.work import MOST_ATTEMPTS, Left, later
from store.exports import Export, Exports
from store.ledger import Claim, Ledger
from store.runs import OF_EXPORT, Figures, Run

if TYPE_CHECKING:
    from sheets_export.book import Book
    from sheets_export.writer import Writer

KIND: Final = "export_standing"
LANE: Final = "export"

_REMOVED: Final = "The export was removed. Nothing writes these rows any more."
_OFF: Final = "It is left alone until somebody asks for it."
_SOON: Final = 5


def enqueue_telling(ledger: Ledger, clock: Clock, export: Export, grant_id: str) -> Run | None:
    """None for an export that never wrote anything. `grant_id`: whose sign-in wrote it; nothing
    else may be left of it when it is told."""
    if export.written_at is None:
        return None
    return ledger.enqueue(
        export.workspace_id,
        f"{OF_EXPORT}told:{export.spreadsheet_id}",
        LANE,
        KIND,
        slot=f"{export.id} at:{clock.now()}",
        parameters={"grant": grant_id, "export": asdict(export)},
        trigger="manual",
        priority=_SOON,
    )


class Standing:
    """`book_at`: (workspace, grant, spreadsheet) -> the spreadsheet, opened."""

    def __init__(
        self,
        *,
        exports: Exports,
        ledger: Ledger,
        clock: Clock,
        book_at: Callable[[str, str, str], Book],
        writer_of: Callable[[], Writer],
        link_of: Callable[[Export], str],
    ) -> None:
        self._exports = exports
        self._ledger = ledger
        self._clock = clock
        self._book_at = book_at
        self._writer_of = writer_of
        self._link_of = link_of

    def work(self, claim: Claim, _stop: Callable[[], bool]) -> Left:
        run = claim.run
        self._exports.forget_old_runs(run.workspace_id, run.shop_id)
        known: dict[str, Any] = run.parameters["export"]
        try:
            self._tell(claim, Export(**known))
        except Retryable as error:
            if run.attempt < MOST_ATTEMPTS:
                return later(claim, error, self._clock.now())
            return Left("done", error.message)
        except ConnectorError as error:
            return Left("done", error.message)
        return Left("done")

    def _tell(self, claim: Claim, known: Export) -> None:
        """As things are by now: somebody may have switched it on again, or made it anew."""
        try:
            export = self._exports.one(known.workspace_id, known.id)
        except BadRequest:
            export, (state, message), link = known, ("Removed", _REMOVED), ""
        else:
            state, message, link = "Off", _OFF, self._link_of(export)
            if not export.is_paused:
                state = {"ok": "OK", "failed": "Failed"}.get(export.state, "")
                message = export.message or " ".join(export.report.get("notes", ()))
        if not state:
            return
        made = read_definition(export.definition)
        is_next = state not in ("Off", "Removed")
        status = status_as_left(
            export,
            made.zone,
            state=state,
            message=message,
            last_attempt=export.attempted_at or self._clock.now(),
            next_run=export.next_at if is_next else None,
            link=link,
        )
        self._writer_of().tell(
            self._book_at(export.workspace_id, claim.run.parameters["grant"], known.spreadsheet_id),
            target_of(export, made, None),
            status,
            run=claim.run.id,
            beat=lambda: self._beat(claim),
        )

    def _beat(self, claim: Claim) -> None:
        """A sign of life; raises Fenced when somebody else has the run."""
        self._ledger.renew(claim, Figures(advanced=True))
