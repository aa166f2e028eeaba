"""Reading by days of the shop's own zone: what is asked for, and what an answer covers.

What was read, and when, is in the coverage; nothing else is written down. A run that goes on asks
again for the days that were in flight.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from backfill.days import (
    READY_SECONDS,
    Asked,
    Reader,
    as_date,
    day_named,
    day_of,
    days_to_read,
    known_until,
    pieces,
)
from backfill.fetch import Source
from backfill.stage import InDays, Stage
from backfill.windows import DAY, Stretch
from backfill.work import FORWARD, Work
from store.commits import Covered
from tiktok_shop.client import Page
from tiktok_shop.endpoints import ENDPOINTS

#: A day that was refused is asked for again so long, then left alone.
_ASKED_AGAIN_DAYS: Final = 7

#: The path parameter of a call that takes a single day.
_DATE: Final = "{date}"


@dataclass(slots=True)
class DaysReading:
    """The figures of the days `[start, end)` on the axis of days, in one page or several.
    `is_newest`: no later day is wanted or was read. `page_token`: of the page to begin with."""

    source: Source
    stage: Stage
    start: int
    end: int
    zone: str
    today: int
    is_newest: bool = False
    page_token: str = ""
    restarts: int = 0
    last: tuple[Any, ...] = ()
    _pages: Iterator[Page] | None = None

    @property
    def asked(self) -> tuple[tuple[str, ...], ...]:
        """The first day, for people."""
        return ((as_date(self.start),),)

    @property
    def name(self) -> str:
        return f"{as_date(self.start)} {as_date(self.end)}"

    def fetch(self) -> Page:
        if self._pages is None:
            self._pages = self._start()
        return next(self._pages)

    def restart(self) -> None:
        self._pages, self.page_token = None, ""
        self.last = ()
        self.restarts += 1

    def days(self, page: Page) -> Asked:
        """What the page is about, and up to where its figures are complete."""
        known = known_until(page.reply.data, self.today, self.zone)
        return Asked(self.start, self.end, min(known, self.end), self.zone, page.reply.version)

    def _start(self) -> Iterator[Page]:
        endpoint = ENDPOINTS[self.stage.endpoint]
        reads = self.stage.reads
        more = DAY if isinstance(reads, InDays) and reads.one_day_more else 0
        first, after = as_date(self.start), as_date(self.end + more)
        by_path = _DATE in endpoint.path
        return self.source.client.pages(
            endpoint,
            self.source.access,
            lane=self.source.lane,
            path={"date": first} if by_path else None,
            query={} if by_path else {"start_date_ge": first, "end_date_lt": after},
            page_token=self.page_token,
        )


def day_readings(stage: Stage, reads: InDays, work: Work) -> list[DaysReading]:
    """What is to be asked for in this run, newest first: the days of the run's range (a sync has
    none: all that TikTok gives) that are missing or still change, or all of them to re-read."""
    depth = min(work.analytics_days, reads.most_days or work.analytics_days)
    a_call_a_day = reads.step_days == 1
    reader = Reader(work.until, work.zone, depth, reads.settles_after, a_call_a_day)
    stored = work.records.readings(stage.name)
    read = [] if work.reread else stored
    refused = () if work.reread else _days_in(work.records.checkpoint(refused_name(stage)))
    not_yet = _not_yet(work.records.checkpoint(not_yet_name(stage)), work.until)
    wanted = _wanted(reads, reader, work)
    days = [
        day
        for day in days_to_read(wanted, read, reader)
        if day not in not_yet
        and (day not in refused or day >= reader.today - _ASKED_AGAIN_DAYS * DAY)
    ]
    newest = max([wanted[1], *(one.end for one in stored)])
    return [
        DaysReading(work.source, stage, start, end, work.zone, reader.today, end >= newest)
        for start, end in pieces(days, reads.step_days, read)
    ]


def refused_name(stage: Stage) -> str:
    """The name of the checkpoint that holds the days for which TikTok refused an answer, such as
    those before the shop was opened."""
    return f"{stage.name} refused days"


def not_yet_name(stage: Stage) -> str:
    """The name of the checkpoint that holds the days that TikTok did not have yet: a run that is
    interrupted and goes on does not ask for them twice."""
    return f"{stage.name} days not there yet"


def with_not_yet(known: str | None, until: int, asked: Asked) -> str:
    """What the checkpoint is to hold in the run of `until` after one more such answer."""
    missing = range(max(asked.start, asked.known_until), asked.end, DAY)
    days = {*_not_yet(known, until), *missing}
    return f"{until}:{','.join(map(as_date, sorted(days)))}"


def _not_yet(known: str | None, until: int) -> tuple[int, ...]:
    run, _, days = (known or "").partition(":")
    return _days_in(days) if run == str(until) else ()


def with_refused(known: str | None, reading: DaysReading) -> str:
    """What the checkpoint is to hold after one more refusal."""
    days = {*_days_in(known), *range(reading.start, reading.end, DAY)}
    return ",".join(map(as_date, sorted(days)))


def _days_in(known: str | None) -> tuple[int, ...]:
    return tuple(day for text in (known or "").split(",") if (day := day_named(text)) is not None)


def _wanted(reads: InDays, reader: Reader, work: Work) -> Stretch:
    newest = day_of(reader.now - READY_SECONDS, reader.zone)
    end = reader.today + DAY if reads.with_today else newest
    if work.lane == FORWARD:
        return 0, end
    start, before = work.wanted
    return day_of(start, work.zone), min(end, day_of(before - 1, work.zone) + DAY)


def covered_by(stage: Stage, days: Asked, read_at: int) -> tuple[Covered, ...]:
    """What is read once the last page has come; nothing when TikTok does not have the days yet."""
    if days.known_until <= days.start:
        return ()
    return (Covered(stage.name, days.start, days.known_until, read_at),)
