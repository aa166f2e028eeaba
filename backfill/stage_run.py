"""One stage of a run: what it asks for, and what becomes of the pages that come.

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
from backfill.fetch import Answered, IdsReading, PageRows, Reading, WindowReading, ends_of
from backfill.normalise.rows import Normalised
from backfill.planning import Place, checkpoint_of, place, plan_stage
from backfill.stage import ById, Context, Images, InDays, Stage, Whole
from backfill.windows import halves, is_long, must_split
from backfill.work import Work
from errors import ConnectorError, Retryable
from store.commits import Commit, Covered, Quarantined, StageProgress, Window
from tiktok_shop.client import Page
from tiktok_shop.errors import BadReply, PageTokenExpired, RequestRefused, UnknownAnswer

#: A list that expires again and again is not read a fourth time at once.
_MOST_RESTARTS: Final = 3


class StageRun:
    """One stage of one run: `begin`, then `settle` whatever comes for its `readings`, then `finish`
    when all were answered. `readings` are those to be asked for next, `in_flight` says how many
    have been, `problem` why no more shall be."""

    def __init__(self, stage: Stage, work: Work) -> None:
        self.stage = stage
        self._work = work
        self.readings: deque[Reading] = deque()
        self.in_flight = 0
        self.problem: ConnectorError | None = None
        self._windows: dict[Place, Window] = {}
        self._marker: Window | None = None
        self._covered_then: tuple[Covered, ...] = ()
        self._left_over = 0
        self._current_to: int | None = None
        self._bookmark: Bookmark | None = None
        self._asked = self._answered = 0
        self.progress = StageProgress(stage.name, "pending")

    @property
    def is_over(self) -> bool:
        """Nothing is to be asked for, and nothing is on its way."""
        return not self.readings and not self.in_flight

    def begin(self) -> None:
        plan = plan_stage(self.stage, self._work)
        self.readings = deque(plan.readings)
        self._windows, self._marker, self._asked = plan.windows, plan.marker, plan.asked
        self._current_to, self._bookmark = plan.current_to, plan.bookmark
        self._covered_then, self._left_over = plan.covers, plan.left_over
        self.say("running", started_at=self._work.clock.now(), finished_at=None)

    def give_up(self, error: ConnectorError) -> None:
        """Ask for no more: the first error that no other page can mend."""
        self.problem = self.problem or error
        self.readings.clear()

    def end(self, state: str, error: ConnectorError, *, waits_for: str = "") -> None:
        """Write down how the stage stands that was given up."""
        self.say(state, waits_for=waits_for, error=error.message, reference=error.reference)

    def say(
        self, state: str, *, waits_for: str = "", error: str = "", reference: str = "", **more: Any
    ) -> None:
        """Write down the state of the stage, and how far it is."""
        said = {"waits_for": waits_for, "error": error, "reference": reference, **more}
        self.progress = replace(self._counted(), state=state, **said)
        self._work.commit(Commit(progress=self.progress))

    # --- keeping what came ---

    def settle(self, answered: Answered) -> Iterable[Reading]:
        """Keep what came; gives the readings that go on. Raises what ends the stage."""
        reading, page = answered.reading, answered.page
        if answered.error is not None or page is None:
            return self._settle_error(reading, answered.error or RuntimeError("no page, no error"))
        if isinstance(reading, WindowReading):
            try:
                made = reading.read(page, Context(self._work.buyer, as_of=self._work.until))
            except BadReply as error:
                return self._settle_error(reading, error)
            return self._settle_window(reading, page, made)
        if isinstance(reading, IdsReading | DaysReading):
            before, reading.last = reading.last, ends_of(page)
            if before and before == reading.last and reading.restarts < _MOST_RESTARTS:
                # The rows of the page before came in the place of others.
                reading.restart()
                return (reading,)
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
        return Quarantined(self.stage.name, error.reference, path, reason, now)

    def _settle_window(
        self, reading: WindowReading, page: Page, made: PageRows
    ) -> Iterable[Reading]:
        window = reading.window
        stretch = (window.start, window.end)
        total = page.total if window.pages == 0 else window.total
        new, normalised = made.new, made.normalised
        if new is None:
            if reading.restarts < _MOST_RESTARTS:
                return self._restart(reading)
            raise Retryable(
                "TikTok answers with records of other days. The import goes on by itself later.",
                debug=f"{self.stage.name} {stretch}",
                reference=page.reply.request_id,
            )
        rows = window.rows + new
        finished = not page.next_token
        may_split = reading.axis is not None
        if may_split and window.pages == 0:
            long = reading.by_update and is_long(stretch, total)
            if long or must_split(stretch, rows, total, finished=False):
                return self._split(reading, Normalised(()), page)
        if may_split and must_split(stretch, rows, total, finished):
            return self._split(reading, normalised, page)
        missing = (total or 0) - rows
        # Where TikTok does not count, one that came twice may have come in the place of another.
        is_short = missing > 0 or total is None
        if finished and is_short and reading.repeated and reading.restarts < _MOST_RESTARTS:
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
            WindowReading(self._work.source, self.stage, piece, reading.axis)
            for piece in reversed(pieces)
        ]

    def _settle_ids(self, reading: IdsReading, page: Page) -> Iterable[Reading]:
        complete = not page.next_token
        if complete:
            self._answered += len(reading.asked)
        asked = tuple(reading.asked[0])
        context = Context(self._work.buyer, asked, self._work.until, complete)
        checkpoints = (*self._calls(), *self._turned(reading, page.next_token))
        self._keep(self.stage.normalise(page.rows, context), page, checkpoints=checkpoints)
        return () if complete else (reading,)

    def _settle_days(self, reading: DaysReading, page: Page) -> Iterable[Reading]:
        days = reading.days(page)
        complete = not page.next_token or days.known_until <= days.start
        self._answered += complete
        context = Context(self._work.buyer, as_of=self._work.until, days=days)
        covered = covered_by(self.stage, days, self._work.until) if complete else ()
        checkpoints = self._turned(reading, "" if complete else page.next_token)
        if complete and days.known_until < days.end:
            name = not_yet_name(self.stage)
            known = self._work.checkpoint(name)
            checkpoints += ((name, with_not_yet(known, self._work.until, days)),)
        normalised = self.stage.normalise(page.rows, context)
        self._keep(normalised, page, covered=covered, checkpoints=checkpoints)
        return () if complete else (reading,)

    def _settle_refused_day(
        self, reading: DaysReading, error: RequestRefused | UnknownAnswer
    ) -> Iterable[Reading]:
        if reading.is_newest:
            raise error  # then they are all refused
        name = refused_name(self.stage)
        refused = with_refused(self._work.checkpoint(name), reading)
        complaint = self._complaint(error, as_date(reading.start), error.tiktok_message)
        self._answered += 1
        self._keep(quarantined=(complaint,), checkpoints=((name, refused),))
        return ()

    def _turned(self, reading: Any, next_token: str) -> tuple[tuple[str, str], ...]:
        """How far the lists of this stage have come with this page."""
        if self._bookmark is None:
            return ()
        reads = self.stage.reads
        if not isinstance(reads, ById) or not reads.id_filter:
            return self._bookmark.turn(reading.name, next_token)
        # What was answered of a batch is not pending any more: its pages need no mark.
        return () if next_token else self._bookmark.settle(reading.asked)

    def _calls(self) -> tuple[tuple[str, str], ...]:
        """One call more of those the stage may make today."""
        name = checkpoint_name(self.stage.name)
        if self.stage.name not in self._work.daily_calls:
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
                Quarantined(self.stage.name, page.reply.request_id, path, reason, fetched_at)
                for path, reason in normalised.rejected
            )
        if normalised is not None and self.stage.reconcile is not None:
            normalised = self.stage.reconcile(self._work.records, normalised)
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
        return (Covered(self.stage.name, start, end, self._work.until),)

    def finish(self) -> None:
        if self._left_over:
            # Nothing is complete yet; a run of another day goes on.
            limit = self._work.daily_calls[self.stage.name]
            self.say("waiting", waits_for=f"another day: {limit} calls a day are allowed")
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
            checkpoints = ((checkpoint_of(self.stage), str(self._current_to)),)
        conclude = self.stage.conclude
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
        name = self.stage.name
        if isinstance(self.stage.reads, Whole):
            return (Covered(name, 0, instant, instant),)
        return tuple(
            Covered(name, one.start, one.end, instant) for one in self._work.records.coverage(name)
        )

    def _counted(self) -> StageProgress:
        now = self._work.clock.now()
        if isinstance(self.stage.reads, ById | InDays | Images):
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
