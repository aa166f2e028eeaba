"""Asking for pages, several at once: a few threads fetch, one thread takes what they bring and
makes rows of it. Were each of them to make rows, they would take the interpreter and what the
processor has at hand away from each other: a fifth of an import's time.

A `Reading` is one list that is read page by page, or one call. It never has two pages in flight.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Final, Protocol

from backfill.normalise.rows import Normalised
from backfill.stage import ById, Context, Stage
from store.commits import Window
from tiktok_shop.client import Access, Client, Page
from tiktok_shop.endpoints import ENDPOINTS

#: Pages that are handed over at once, and kept in one transaction: a transaction costs what half a
#: page does, and the rows of a page take a megabyte until they are kept.
_PAGES_TOGETHER: Final = 4
_PAGES_AHEAD: Final = 2


@dataclass(frozen=True, slots=True)
class Source:
    """Where pages come from: a client, a shop's access, and the lane that pays for the calls."""

    client: Client
    access: Access
    lane: str


def ends_of(page: Page) -> tuple[Any, ...]:
    """What tells a page from the others of its list: a whole one is much to remember. Nothing for
    an empty one. Some answers are a list with something said about it."""
    rows: Sequence[Any] = page.rows
    if len(rows) == 1 and rows[0] is page.reply.data:
        rows = next((one for one in page.reply.data.values() if isinstance(one, list)), [])
    return (len(rows), rows[0], rows[-1]) if rows else ()


class Reading(Protocol):
    def fetch(self) -> Page:
        """The next page; called from one thread at a time. Raises what the client raises."""


@dataclass(frozen=True, slots=True)
class PageRows:
    """What a window's page came to: how many of its records were not on the pages before, and the
    rows of all. `new` is None when one lies outside the window, so that the page cannot be the
    answer to our question."""

    new: int | None
    normalised: Normalised


@dataclass(slots=True)
class _Look:
    new: int
    strays: bool


@dataclass(slots=True)
class WindowReading:
    """The pages of one window of the stage's `axis`, from the token on that it holds."""

    source: Source
    stage: Stage
    window: Window
    axis: str | None
    restarts: int = 0
    seen: set[str] = field(default_factory=set)
    repeated: bool = False
    _pages: Iterator[Page] | None = None

    @property
    def by_update(self) -> bool:
        """Whether it looks for changes; then reading all of it does not mean that everything
        created in it is there."""
        return self.stage.updates is not None and self.axis == self.stage.updates.axis

    def fetch(self) -> Page:
        if self._pages is None:
            self._pages = self._start()
        return next(self._pages)

    def restart(self, window: Window) -> None:
        """Read from the first page again."""
        self.window, self._pages = window, None
        self.seen.clear()
        self.repeated = False
        self.restarts += 1

    def read(self, page: Page, context: Context) -> PageRows:
        """What a page of this window comes to. Raises `BadReply`, see `Records`."""
        look = _Look(new=0, strays=False)
        normalised = self.stage.normalise(self._looked_at(page.rows, look), context)
        return PageRows(None if look.strays else look.new, normalised)

    def _looked_at(self, rows: Iterable[Any], look: _Look) -> Iterator[Any]:
        """`rows`, one by one, while `look` takes notes."""
        axis, seen, start = self.axis, self.seen, self.window.start
        # A record that changes while its page is on the way has a newer update time than was asked.
        end = float("inf") if self.by_update else self.window.end
        for row in rows:
            known = ""
            if isinstance(row, dict):
                at = row.get(axis) if axis else None
                if isinstance(at, int) and not start <= at < end:
                    look.strays = True
                known = str(row.get("id") or row.get("return_id") or row.get("cancel_id") or "")
            if known and known in seen:
                self.repeated = True
            else:
                look.new += 1
                seen.add(known)
            yield row

    def _start(self) -> Iterator[Page]:
        endpoint = ENDPOINTS[self.stage.endpoint]
        axis = self.axis
        query: dict[str, Any] = {}
        filters: dict[str, Any] = {}
        if axis is not None:
            time_filter = endpoint.time_filter(axis)
            filters = dict(time_filter.window(self.window.start, self.window.end))
            if self.window.start <= 0:
                del filters[time_filter.lower]
            query = dict(endpoint.ascending(axis))
        if not endpoint.filters_in_body:
            query |= filters
        return self.source.client.pages(
            endpoint,
            self.source.access,
            lane=self.source.lane,
            query=query,
            body=filters if endpoint.filters_in_body else None,
            page_token=self.window.page_token,
            unread=True,
        )


@dataclass(slots=True)
class IdsReading:
    """What TikTok has for some ids, in one page or several. `asked` are rows whose first value is
    the id; `page_token` that of the page to begin with."""

    source: Source
    stage: Stage
    asked: Sequence[tuple[Any, ...]]
    page_token: str = ""
    restarts: int = 0
    last: tuple[Any, ...] = ()
    _pages: Iterator[Page] | None = None

    def fetch(self) -> Page:
        if self._pages is None:
            self._pages = self._start()
        return next(self._pages)

    @property
    def name(self) -> str:
        """The list of one id; one that is about something else by now has another name."""
        return " ".join(str(value) for value in self.asked[0])

    def restart(self) -> None:
        self._pages, self.page_token = None, ""
        self.last = ()
        self.restarts += 1

    def _start(self) -> Iterator[Page]:
        endpoint = ENDPOINTS[self.stage.endpoint]
        reads = self.stage.reads
        assert isinstance(reads, ById)  # noqa: S101
        ids = [str(row[0]) for row in self.asked]
        path: Mapping[str, str] = {reads.path: ids[0]} if reads.path else {}
        filters: dict[str, Any] = {reads.id_filter: ids} if reads.id_filter else {}
        in_query = {} if endpoint.filters_in_body else filters
        return self.source.client.pages(
            endpoint,
            self.source.access,
            lane=self.source.lane,
            path=path,
            query={**endpoint.ascending(), **in_query},
            body=filters if endpoint.filters_in_body else None,
            page_token=self.page_token,
        )


@dataclass(frozen=True, slots=True)
class Answered:
    """What a thread brings back: a page, or why there is none."""

    reading: Any
    page: Page | None = None
    error: BaseException | None = None


@dataclass(slots=True)
class Fetchers:
    """Threads that fetch. They are daemons: a call that hangs must not hold up a stop, and a page
    that was not committed is simply asked for again."""

    count: int
    _asked: SimpleQueue[Reading | None] = field(default_factory=SimpleQueue)
    _answered: SimpleQueue[Answered] = field(default_factory=SimpleQueue)

    def __post_init__(self) -> None:
        for number in range(self.count):
            # Their log lines name the run, too.
            work = contextvars.copy_context().run
            name = f"fetch-{number}"
            threading.Thread(target=work, args=(self._work,), name=name, daemon=True).start()

    def ask(self, reading: Reading) -> None:
        self._asked.put(reading)

    def answers(self, timeout_seconds: float) -> list[Answered]:
        """The next page that has come, with another if that waits too; none when none came."""
        found: list[Answered] = []
        try:
            found.append(self._answered.get(timeout=timeout_seconds))
            while len(found) < _PAGES_TOGETHER:
                found.append(self._answered.get_nowait())
        except Empty:
            pass
        return found

    @property
    def is_ahead(self) -> bool:
        """Whether so many pages wait to be kept that more would only take memory."""
        return self._answered.qsize() >= _PAGES_AHEAD

    def close(self) -> None:
        for _ in range(self.count):
            self._asked.put(None)

    def _work(self) -> None:
        while (reading := self._asked.get()) is not None:
            self._answered.put(self._answer(reading))

    def _answer(self, reading: Reading) -> Answered:
        try:
            return Answered(reading, reading.fetch())
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            return Answered(reading, error=error)
