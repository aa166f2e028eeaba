"""Writes an export into its spreadsheet: look, plan, write; usually one read and one write.

A write whose answer is lost is looked up before anything is sent again: the tab says which run was
the last to write. So a run may be killed anywhere and begun again, and two workers may be after the
same spreadsheet: nothing is written twice, and nobody sees half of it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from clock import Clock
from errors import BadRequest, ConnectorError
from sheets_export.assembly import Staged, Wish
from sheets_export.book import Book, Rejected, Unsure
from sheets_export.bounds import too_many_cells
from sheets_export.grid import dated
from sheets_export.plan import holds, told
from sheets_export.table import Table
from sheets_export.target import Status, Target, Written
from sheets_export.turn import Beat, Turn
from store.sheet_locks import SheetLocks

#: How often a write is planned anew: when Google rejects it because the plan was out of date or an
#: id of ours is taken; when its answer is lost.
_MOST_REJECTED: Final = 2
_MOST_LOST: Final = 5
_PATIENCE_SECONDS: Final = 300.0
_CELLS_LIMIT: Final = "above the limit of 10000000 cells"


def _silent() -> None:
    """Nobody waits for a sign of life."""


class Writer:
    """Threads may share it."""

    def __init__(self, locks: SheetLocks, clock: Clock) -> None:
        self._locks = locks
        self._clock = clock

    def refresh(
        self,
        book: Book,
        target: Target,
        table: Table,
        status: Status,
        *,
        run: str,
        beat: Beat = _silent,
    ) -> Written:
        """Write the table and the status. `run`: the same however often the run is begun. `beat`:
        called between the steps; what it raises goes through.

        Raises Refused or BadRequest with a sentence when the export cannot be written as things
        are, and then nothing was; Retryable, also while another export is being written into the
        same spreadsheet; Reauthorise; Fenced when somebody else goes on with the spreadsheet."""
        if target.mode == "append":
            table = dated(table, self._clock.now(), status.zone)
        notes = (_CUT.format(count=table.cut_texts),) if table.cut_texts else ()
        with self._locks.held(book.spreadsheet_id, run) as lease:
            turn = Turn(book, target, self._locks, lease, beat)
            return self._refresh(turn, Wish(target, table, status, run, notes))

    def tell(
        self,
        book: Book,
        target: Target,
        status: Status,
        *,
        run: str,
        same: Table | None = None,
        beat: Beat = _silent,
    ) -> Written:
        """Write the status alone: nothing was new, or it failed. The rows stay as they are. Raises
        what `refresh` raises, but for a block that is no longer whole: that is "not there", and
        with `same`, what was written before, also one that lacks rows or columns of it."""
        with self._locks.held(book.spreadsheet_id, run) as lease:
            turn = Turn(book, target, self._locks, lease, beat)
            give_up_at = self._clock.monotonic() + _PATIENCE_SECONDS
            lost = 0
            while True:
                found = turn.found()
                is_whole = found is not None and (same is None or holds(found, same, target))
                requests = told(found, status) if found is not None and is_whole else []
                if not requests:
                    return Written("not there", target.place, 0, turn.reads, turn.writes)
                try:
                    turn.write(requests)
                except Unsure as problem:
                    lost += 1
                    self._wait(turn, lost, give_up_at, problem)
                    continue
                return Written("written", target.place, 0, turn.reads, turn.writes)

    def _refresh(self, turn: Turn, wish: Wish) -> Written:
        give_up_at = self._clock.monotonic() + _PATIENCE_SECONDS
        staged: Staged | None = None
        lost, run = 0, wish.run
        while True:
            try:
                made, seen = turn.planned(wish, staged)
                if made.is_done:
                    return turn.outcome(made, seen, wish, already=not lost)
                if made.body is not None:
                    done, moved = turn.commit(made, made.body, wish)
                    if moved is None or wish.moved is not None:
                        return done
                    said = _MOVED if wish.target.mode == "replace" else _MIXED_UP
                    wish = replace(wish, run=f"{run} again", notes=(*wish.notes, said), moved=moved)
                    staged = None
                    continue
                staged = None
                if made.staged is not None:
                    staged = turn.stage(made, made.staged, wish.table)
            except Rejected as problem:
                if wish.attempt == _MOST_REJECTED:
                    raise _in_words(problem) from problem
                wish, staged = replace(wish, attempt=wish.attempt + 1), None
            except Unsure as problem:
                lost += 1
                self._wait(turn, lost, give_up_at, problem)

    def _wait(self, turn: Turn, lost: int, give_up_at: float, problem: Unsure) -> None:
        if lost == _MOST_LOST:
            raise problem
        turn.book.sheets.pause(lost, give_up_at, problem)


_MOVED: Final = (
    "Rows or columns were inserted or deleted while the table was being written, so it was written "
    "again; look at the cells beside it."
)
_MIXED_UP: Final = (
    "Rows or columns were inserted or deleted while the table was being written, so some of its "
    "rows may have been overwritten. File → Version history shows them as they were."
)
_CUT: Final = "Texts that are longer than a cell may be, and were cut: {count:,}."


def _in_words(problem: Rejected) -> ConnectorError:
    if _CELLS_LIMIT in problem.said:
        return BadRequest(too_many_cells(), code="too_large", debug=problem.said)
    return problem
