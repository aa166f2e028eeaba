"""The short pull that a request asks for: what is newer of a few stages, shown as it comes.

It moves no checkpoint and writes down no window: what it brings an import would have brought, and
if it breaks off nothing is lost. What is new in it is covered from then on.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from backfill.day_reading import DaysReading, covered_by
from backfill.fetch import Answered, Fetchers, IdsReading, Source, WindowReading
from backfill.keep import RowsPublisher, keep
from backfill.normalise.rows import BuyerHasher
from backfill.pulls import Looker, Pull, ShortReading, pull_of
from backfill.run import Outcome
from backfill.stage import Context, Stage
from backfill.stages import BY_NAME, DATA, in_order
from backfill.tally import Tally
from backfill.turns import next_stage, turns
from backfill.work import HEARTBEAT_SECONDS
from clock import Clock
from errors import ConnectorError, Retryable
from store.commits import Commit, Covered, Write
from store.fencing import Fenced
from store.freshness import Freshness
from store.records import ShopRecords
from tiktok_shop.client import Page
from tiktok_shop.errors import BadReply, RequestRefused, ScopeMissing, ShopInactive, UnknownAnswer

#: Calls on their way at once.
IN_FLIGHT: Final = 6

#: Whoever asked has been answered long ago; then TikTok is too slow for a short pull.
LONGEST_SECONDS: Final = 60.0

#: Tries of one call: somebody waits, and the next request asks again.
ATTEMPTS: Final = 2

_PATIENCE_SECONDS: Final = 0.25

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tools:
    """What a short pull works with. `source` pays with its lane, which is also the lane of the
    fencing token; `zone` is the shop's own; `tally` counts what is kept."""

    records: ShopRecords
    columns: RowsPublisher
    source: Source
    buyer: BuyerHasher
    clock: Clock
    zone: str
    tally: Tally = field(default_factory=Tally)


def freshen(
    stages: Iterable[str],
    tools: Tools,
    *,
    token: int,
    renew: Callable[[], None],
    stop: Callable[[], bool],
) -> Outcome:
    """Read what is newer of these stages (by name) and show it. Harmless to repeat. A stage without
    permission counts as looked at; any other error leaves the pull as `failed`, with what had come
    shown.

    `token` was granted by the shop's file for the source's lane. `renew` keeps the lease and raises
    `Fenced` when it is lost; `stop` says that the worker ends.
    """
    wanted = set(stages)
    chosen = [stage for stage in in_order(DATA) if stage.name in wanted]
    pull = _ShortPull(tools, token)
    try:
        pull.read(chosen, renew, stop)
    except Fenced:
        raise
    except ConnectorError as error:
        _log.warning("not_freshened", debug=error.debug, reference=error.reference)
        closed = isinstance(error, ShopInactive)
        return Outcome("failed", error.message, reference=error.reference, closed=closed)
    except (sqlite3.OperationalError, OSError) as error:
        _log.error("storage_failed", error=type(error).__name__, detail=str(error))
        return Outcome("failed", "The server cannot write its data at the moment.")
    return Outcome("done")


@dataclass(slots=True, eq=False)
class _Part:
    """A stage under way: `left` readings have not come to their end. `is_left`: none goes on."""

    pull: Pull
    left: int
    is_whole: bool
    is_left: bool = False
    is_failed: bool = False
    pages: int = 0
    writes: list[Write] = field(default_factory=list)
    covered: list[Covered] = field(default_factory=list)


class _ShortPull:
    def __init__(self, tools: Tools, token: int) -> None:
        self._tools = tools
        self._held = tools.source.lane, token
        self._looker = Looker(tools.source, tools.records, tools.zone, int(tools.clock.now()))
        self._parts: list[_Part] = []
        self._asked: deque[tuple[_Part, ShortReading]] = deque()
        self._flying: dict[int, _Part] = {}  # by the identity of the reading
        self._begun: set[str] = set()
        self._ended: set[str] = set()
        self._problem: ConnectorError | None = None

    def read(
        self, stages: Sequence[Stage], renew: Callable[[], None], stop: Callable[[], bool]
    ) -> None:
        clock, waits = self._tools.clock, turns(stages)
        started = renewed = clock.monotonic()
        fetchers = Fetchers(IN_FLIGHT)
        try:
            while self._ask(waits, fetchers):
                for answered in fetchers.answers(_PATIENCE_SECONDS):
                    self._take(answered)
                now = clock.monotonic()
                if stop() or now - started > LONGEST_SECONDS:
                    raise Retryable("TikTok takes long to answer. Ask again in a moment.")
                if now - renewed > HEARTBEAT_SECONDS:
                    renewed = now
                    renew()
            if self._problem is not None:
                raise self._problem
        finally:
            fetchers.close()
            for part in self._parts:
                self._tools.columns.publish_rows(part.writes)

    def _ask(self, waits: Mapping[str, Sequence[str]], fetchers: Fetchers) -> bool:
        """Begin what may begin, and have as much on its way as may be; False when all has come.
        After a problem that no other call can mend, only what is on its way is waited for."""
        while self._problem is None:
            name = next_stage(waits, self._begun, self._ended)
            if name is None:
                break
            self._begin(BY_NAME[name])
        while self._problem is None and self._asked and len(self._flying) < IN_FLIGHT:
            part, reading = self._asked.popleft()
            self._flying[id(reading)] = part
            fetchers.ask(reading)
        return bool(self._flying)

    def _begin(self, stage: Stage) -> None:
        self._begun.add(stage.name)
        pull = pull_of(stage, self._looker)
        if pull is None:
            self._ended.add(stage.name)
            return
        part = _Part(pull, len(pull.readings), pull.is_whole)
        self._parts.append(part)
        self._asked.extend((part, reading) for reading in pull.readings)
        if not pull.readings:
            self._end(part)

    # --- what comes ---

    def _take(self, answered: Answered) -> None:
        reading: ShortReading = answered.reading
        part = self._flying.pop(id(reading))
        goes_on = False
        error = answered.error
        if answered.page is not None:
            try:
                goes_on = self._keep(part, reading, answered.page)
            except BadReply as unread:
                error = unread
        if error is not None:
            self._refused(part, reading, error)
        if goes_on and not part.is_left:
            self._asked.appendleft((part, reading))
            return
        part.left -= 1
        if part.left == 0 and not part.is_failed:
            self._end(part)

    def _refused(self, part: _Part, reading: ShortReading, error: BaseException) -> None:
        """Raises what nobody expected."""
        name = part.pull.stage.name
        if isinstance(error, ScopeMissing):
            # The import says so where people look.
            part.is_left = True
            part.is_whole = False
            unasked = [one for one in self._asked if one[0] is part]
            for one in unasked:
                self._asked.remove(one)
            part.left -= len(unasked)
        elif isinstance(error, RequestRefused | UnknownAnswer) and not isinstance(
            reading, WindowReading
        ):
            # One record that TikTok will not show must not hold up the others, nor one day.
            _log.warning("not_read", stage=name, debug=error.debug, reference=error.reference)
            part.is_whole = False
        elif isinstance(error, ConnectorError):
            self._problem = self._problem or error
            part.is_left = part.is_failed = True
        else:
            raise error

    def _keep(self, part: _Part, reading: ShortReading, page: Page) -> bool:
        """Keep a page; whether the list goes on."""
        stage, until = part.pull.stage, self._looker.until
        goes_on = bool(page.next_token)
        covered: tuple[Covered, ...] = ()
        context = Context(self._tools.buyer, as_of=until)
        if isinstance(reading, DaysReading):
            days = reading.days(page)
            goes_on = goes_on and days.known_until > days.start
            covered = () if goes_on else covered_by(stage, days, until)
            context = Context(self._tools.buyer, as_of=until, days=days)
        elif isinstance(reading, IdsReading):
            asked = tuple(reading.asked[0])
            context = Context(self._tools.buyer, asked, until, complete=not goes_on)
        if isinstance(reading, WindowReading):
            made = reading.read(page, context)
            normalised = made.normalised
            if made.new is None:
                raise Retryable(
                    "TikTok answers with records of other days.", reference=page.reply.request_id
                )
        else:
            normalised = stage.normalise(page.rows, context)
        writes = keep(stage, normalised, page.reply, self._tools.records, self._held, covered)
        self._tools.tally.advance(sum(len(write.rows) for write in writes))
        part.writes += writes
        part.covered += covered
        part.pages += 1
        if goes_on and part.pages >= part.pull.most_pages:
            part.is_whole = False
            return False
        return goes_on

    def _end(self, part: _Part) -> None:
        """Show what the stage brought, and say how fresh that makes it."""
        stage, until = part.pull.stage, self._looker.until
        self._parts.remove(part)
        self._ended.add(stage.name)
        if part.is_whole:
            concluded = stage.conclude(self._tools.records, until) if stage.conclude else ()
            covers = part.pull.covers
            self._tools.records.commit(
                *self._held, Commit(writes=concluded, covered=covers, fetched_at=until)
            )
            part.writes += concluded
            part.covered += covers
        seen = Freshness(read_at=until) if part.is_whole else Freshness(looked_at=until)
        self._tools.columns.publish_rows(part.writes, part.covered, {stage.name: seen})
