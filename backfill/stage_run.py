"""Reading one stage: several windows are in flight, one page each; one thread keeps what comes.

A page's rows, how far its window has come, the stage's progress and what is now covered are one
transaction. Whatever happens between two of them costs at most the pages in flight.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from backfill.bookmark import Bookmark
from backfill.budget import after_call, checkpoint_name
from backfill.day_reading import (
    DaysReading,
    covered_by,
    not_yet_name,
    refused_name,
    with_not_yet,
    with_refused,
)
from backfill.days import as_date
from backfill.fetch import Answered, Fetchers, IdsReading, Reading, WindowReading
from backfill.normalise.rows import Normalised
from backfill.planning import Place, checkpoint_of, place, plan_stage
from backfill.stage import ById, Context, Images, InDays, Stage, Whole
from backfill.windows import halves, is_long, must_split
from backfill.work import Work
from errors import ConnectorError, Retryable
from store.commits import Commit, Covered, Quarantined, StageProgress, Window
from tiktok_shop.client import Page
from tiktok_shop.errors import BadReply, PageTokenExpired, RequestRefused, UnknownAnswer

#: How long a stop waits for pages that are on their way; less than the 30 s a stop may take.
_STOP_GRACE_SECONDS: Final = 8.0

#: A list that expires again and again is not read a fourth time at once.
_MOST_RESTARTS: Final = 3

_PATIENCE_SECONDS: Final = 0.5


class Stopped(Exception):
    """The stage was left between two pages because a stop was asked for."""


class StageRun:
    """One stage of one run. `read` returns when the stage is done, raises `Stopped` when a stop was
    asked for, and else the error that ended it, after what was in flight has been kept."""

    def __init__(self, stage: Stage, work: Work) -> None:
        self._stage = stage
        self._work = work
        self._windows: dict[Place, Window] = {}
        self._marker: Window | None = None
        self._covered_then: tuple[Covered, ...] = ()
        self._left_over = 0
        self._current_to: int | None = None
        self._bookmark: Bookmark | None = None
        self._asked = self._answered = 0
        self.progress = StageProgress(stage.name, "pending")

    def read(self) -> None:
        work = self._work
        plan = plan_stage(self._stage, work)
        readings = deque(plan.readings)
        self._windows, self._marker, self._asked = plan.windows, plan.marker, plan.asked
        self._current_to, self._bookmark = plan.current_to, plan.bookmark
        self._covered_then, self._left_over = plan.covers, plan.left_over
        self._say("running", started_at=work.clock.now(), finished_at=None)
        if readings:
            self._read_all(readings)
        self._finish()
        work.publish_all()

    def end(self, state: str, *, waits_for: str = "", error: ConnectorError | None = None) -> None:
        """Write down how the stage stands when it is left before it is done."""
        self._say(
            state,
            waits_for=waits_for,
            error=error.message if error else "",
            reference=error.reference if error else "",
        )

    # --- reading ---

    def _read_all(self, readings: deque[Reading]) -> None:
        work = self._work
        fetchers = Fetchers(min(work.windows_in_flight, len(readings)))
        flying = 0
        problem: BaseException | None = None
        stopping_since: float | None = None
        try:
            while flying or (readings and problem is None and stopping_since is None):
                if stopping_since is None and work.stop():
                    stopping_since = work.clock.monotonic()
                if problem is None and stopping_since is None:
                    while readings and flying < work.windows_in_flight:
                        fetchers.ask(readings.popleft())
                        flying += 1
                elif stopping_since is not None and (
                    not flying or work.clock.monotonic() - stopping_since > _STOP_GRACE_SECONDS
                ):
                    break
                answers = fetchers.answers(_PATIENCE_SECONDS)
                if work.alive() and not answers:
                    self._say("running")
                if not answers:
                    continue
                flying -= len(answers)
                with work.together():
                    while answers:
                        try:
                            readings.extendleft(self._settle(answers.pop(0)))
                        except ConnectorError as error:
                            problem = problem or error
                work.publish()
        finally:
            fetchers.close()
        if problem is not None:
            raise problem
        if stopping_since is not None and (readings or flying):
            raise Stopped

    def _settle(self, answered: Answered) -> Iterable[Reading]:
        """Keep what came; gives the readings that go on. Raises what ends the stage."""
        reading, page = answered.reading, answered.page
        if answered.error is not None or page is None:
            return self._settle_error(reading, answered.error or RuntimeError("no page, no error"))
        if isinstance(reading, WindowReading):
            return self._settle_window(reading, page)
        if isinstance(reading, DaysReading):
            return self._settle_days(reading, page)
        return self._settle_ids(reading, page)

    def _settle_error(self, reading: Any, error: BaseException) -> Iterable[Reading]:
        if isinstance(reading, WindowReading):
            if isinstance(error, PageTokenExpired) and reading.restarts < _MOST_RESTARTS:
                return self._restart(reading)
            if isinstance(error, BadReply):
                self._keep(quarantined=(self._complaint(error, "page", "cannot be read"),))
        elif reading.restarts < _MOST_RESTARTS and _from_the_first_page(reading, error):
            reading.restart()
            return (reading,)
        elif isinstance(error, RequestRefused | UnknownAnswer):
            # One product that TikTok will not show must not hold up the others, nor one day.
            if isinstance(reading, DaysReading):
                return self._settle_refused_day(reading, error)
            names = ",".join(str(row[0]) for row in reading.asked)
            self._answered += len(reading.asked)
            complaint = self._complaint(error, names[:200], error.tiktok_message)
            checkpoints = (*self._calls(), *self._turned(reading, ""))
            self._keep(quarantined=(complaint,), checkpoints=checkpoints)
            return ()
        raise error

    def _restart(self, reading: WindowReading) -> Iterable[Reading]:
        """Only this window again, from its first page."""
        window = replace(reading.window, page_token="", pages=0, rows=0, total=None)
        self._keep(window=window)
        reading.restart(window)
        return (reading,)

    def _complaint(self, error: ConnectorError, path: str, reason: str) -> Quarantined:
        now = int(self._work.clock.now())
        return Quarantined(self._stage.name, error.reference, path, reason, now)

    def _settle_window(self, reading: WindowReading, page: Page) -> Iterable[Reading]:
        window = reading.window
        stretch = (window.start, window.end)
        total = page.total if window.pages == 0 else window.total
        new = reading.new_in(page)
        if new is None:
            if reading.restarts < _MOST_RESTARTS:
                return self._restart(reading)
            raise Retryable(
                "TikTok answers with records of other days. The import goes on by itself later.",
                debug=f"{self._stage.name} {stretch}",
                reference=page.reply.request_id,
            )
        rows = window.rows + new
        finished = not page.next_token
        may_split = reading.axis is not None
        if may_split and window.pages == 0:
            long = reading.by_update and is_long(stretch, total)
            if long or must_split(stretch, rows, total, finished=False):
                return self._split(reading, Normalised(()), page)
        context = Context(self._work.buyer, as_of=self._work.until)
        normalised = self._stage.normalise(page.rows, context)
        if may_split and must_split(stretch, rows, total, finished):
            return self._split(reading, normalised, page)
        missing = (total or 0) - rows
        if finished and missing > 0 and reading.repeated and reading.restarts < _MOST_RESTARTS:
            return self._restart(reading)
        reading.window = replace(
            window,
            state="done" if finished else "running",
            page_token=page.next_token,
            pages=window.pages + 1,
            rows=rows,
            total=total,
        )
        covered = self._covers(*stretch) if finished and not reading.by_update else ()
        if finished and missing > 0:
            reason = f"TikTok counted {total} and listed {rows}"
            path = f"{window.start}..{window.end}"
            normalised = replace(normalised, rejected=(*normalised.rejected, (path, reason)))
        self._keep(normalised, page, window=reading.window, covered=covered)
        return () if finished else (reading,)

    def _split(
        self, reading: WindowReading, normalised: Normalised, page: Page
    ) -> Iterable[Reading]:
        window = reading.window
        pieces = [
            Window(window.resource, window.lane, start, end)
            for start, end in halves((window.start, window.end))
        ]
        del self._windows[place(window)]
        emptied = replace(window, state="done", page_token="", pages=0, rows=0, total=None)
        self._windows |= {place(piece): piece for piece in pieces}
        self._keep(normalised, page, window=emptied, replaced_by=tuple(pieces))
        return [
            WindowReading(self._work.source, self._stage, piece, reading.axis)
            for piece in reversed(pieces)
        ]

    def _settle_ids(self, reading: IdsReading, page: Page) -> Iterable[Reading]:
        complete = not page.next_token
        if complete:
            self._answered += len(reading.asked)
        asked = tuple(reading.asked[0])
        context = Context(self._work.buyer, asked, self._work.until, complete)
        checkpoints = (*self._calls(), *self._turned(reading, page.next_token))
        self._keep(self._stage.normalise(page.rows, context), page, checkpoints=checkpoints)
        return () if complete else (reading,)

    def _settle_days(self, reading: DaysReading, page: Page) -> Iterable[Reading]:
        days = reading.days(page)
        complete = not page.next_token or days.known_until <= days.start
        self._answered += complete
        context = Context(self._work.buyer, as_of=self._work.until, days=days)
        covered = covered_by(self._stage, days, self._work.until) if complete else ()
        checkpoints = self._turned(reading, "" if complete else page.next_token)
        if complete and days.known_until < days.end:
            name = not_yet_name(self._stage)
            known = self._work.checkpoint(name)
            checkpoints += ((name, with_not_yet(known, self._work.until, days)),)
        normalised = self._stage.normalise(page.rows, context)
        self._keep(normalised, page, covered=covered, checkpoints=checkpoints)
        return () if complete else (reading,)

    def _settle_refused_day(
        self, reading: DaysReading, error: RequestRefused | UnknownAnswer
    ) -> Iterable[Reading]:
        if reading.is_newest:
            raise error  # then they are all refused
        name = refused_name(self._stage)
        refused = with_refused(self._work.checkpoint(name), reading)
        complaint = self._complaint(error, as_date(reading.start), error.tiktok_message)
        self._answered += 1
        self._keep(quarantined=(complaint,), checkpoints=((name, refused),))
        return ()

    def _turned(self, reading: Any, next_token: str) -> tuple[tuple[str, str], ...]:
        """How far the lists of this stage have come with this page."""
        if self._bookmark is None:
            return ()
        reads = self._stage.reads
        if not isinstance(reads, ById) or not reads.id_filter:
            return self._bookmark.turn(reading.name, next_token)
        # What was answered of a batch is not pending any more: its pages need no mark.
        return () if next_token else self._bookmark.settle(reading.asked)

    def _calls(self) -> tuple[tuple[str, str], ...]:
        """One call more of those the stage may make today."""
        name = checkpoint_name(self._stage.name)
        if self._stage.name not in self._work.daily_calls:
            return ()
        known = self._work.checkpoint(name)
        return ((name, after_call(known, self._work.clock.now())),)

    # --- keeping ---

    def _keep(
        self,
        normalised: Normalised | None = None,
        page: Page | None = None,
        *,
        window: Window | None = None,
        replaced_by: tuple[Window, ...] = (),
        covered: tuple[Covered, ...] = (),
        quarantined: tuple[Quarantined, ...] = (),
        checkpoints: tuple[tuple[str, str], ...] = (),
    ) -> None:
        fetched_at = int(page.reply.fetched_at if page else self._work.clock.now())
        if window is not None and not replaced_by:
            self._windows[place(window)] = window
        if normalised is not None and page is not None:
            quarantined += tuple(
                Quarantined(self._stage.name, page.reply.request_id, path, reason, fetched_at)
                for path, reason in normalised.rejected
            )
        if normalised is not None and self._stage.reconcile is not None:
            normalised = self._stage.reconcile(self._work.records, normalised)
        self.progress = self._counted()
        self._work.commit(
            Commit(
                writes=tuple(one for one in (normalised.writes if normalised else ()) if one.rows),
                window=window,
                replaced_by=replaced_by,
                progress=self.progress,
                covered=covered,
                quarantined=quarantined,
                checkpoints=checkpoints,
                fetched_at=fetched_at,
            )
        )

    def _covers(self, start: int, end: int) -> tuple[Covered, ...]:
        return (Covered(self._stage.name, start, end, self._work.until),)

    def _finish(self) -> None:
        if self._left_over:
            # Nothing is complete yet; a run of another day goes on.
            limit = self._work.daily_calls[self._stage.name]
            self._say("waiting", waits_for=f"another day: {limit} calls a day are allowed")
            return
        marker = replace(self._marker, state="done") if self._marker else None
        now = self._work.clock.now()
        progress = self._counted()
        self.progress = replace(
            progress, state="done", total=progress.done, heartbeat_at=now, finished_at=now
        )
        covered = self._covered_then
        checkpoints: tuple[tuple[str, str], ...] = ()
        if self._current_to is not None:
            covered += self._is_current(self._current_to)
            checkpoints = ((checkpoint_of(self._stage), str(self._current_to)),)
        conclude = self._stage.conclude
        self._work.commit(
            Commit(
                writes=conclude(self._work.records, self._work.until) if conclude else (),
                window=marker,
                progress=self.progress,
                covered=covered,
                checkpoints=checkpoints,
                fetched_at=int(now),
            )
        )

    def _is_current(self, instant: int) -> tuple[Covered, ...]:
        """Whatever was read before is now as of `instant`: the changes since have been read."""
        name = self._stage.name
        if isinstance(self._stage.reads, Whole):
            return (Covered(name, 0, instant, instant),)
        return tuple(
            Covered(name, one.start, one.end, instant) for one in self._work.records.coverage(name)
        )

    def _say(self, state: str, **changes: Any) -> None:
        self.progress = replace(self._counted(), state=state, **changes)
        self._work.commit(Commit(progress=self.progress))

    def _counted(self) -> StageProgress:
        now = self._work.clock.now()
        if isinstance(self._stage.reads, ById | InDays | Images):
            done, total = self._answered, self._asked or None
        else:
            done, total = _counted(self._windows.values())
        return replace(self.progress, done=done, total=total, heartbeat_at=now)


def _from_the_first_page(reading: Any, error: BaseException | None) -> bool:
    """Whether only the list that was begun cannot be gone on with."""
    if isinstance(error, PageTokenExpired):
        return True
    going_on = isinstance(reading, IdsReading | DaysReading) and bool(reading.page_token)
    return going_on and isinstance(error, RequestRefused)


def _counted(windows: Iterable[Window]) -> tuple[int, int | None]:
    """(rows read, rows to be read). Windows not begun are taken to be like those that are."""
    done = known = begun = length = 0
    for window in windows:
        span = window.end - max(window.start, 1)
        length += span
        done += window.rows
        if window.pages:
            known += max(window.total or 0, window.rows)
            begun += span
    if not begun:
        return done, None
    return done, max(done, round(known * length / begun))
