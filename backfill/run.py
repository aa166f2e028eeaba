"""Working a run: what it is to read, what it works with, and how it was left.

stages done              the run is `done`; a stage that could not be read makes it `blocked` or
                         `failed`
TikTok or app is away    it is handed back until later
access lost              it is `blocked` until the shop is connected again
stop asked for           it is handed back at once
lease lost               `Fenced` is raised: somebody else goes on
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog

from backfill.fetch import Source
from backfill.images import Pictures
from backfill.loop import Left, Loop
from backfill.normalise.rows import BuyerHasher
from backfill.normalise.shop import normalise_shops
from backfill.publishing import Publisher, Publishing
from backfill.stage import Stage
from backfill.stages import in_order
from backfill.tally import Tally
from backfill.windows import floor_of
from backfill.work import ANALYTICS_DAYS, FORWARD, IN_FLIGHT, Work
from clock import Clock
from errors import ConnectorError
from store.commits import Commit, StageProgress
from store.records import ShopRecords
from tiktok_shop.errors import ShopInactive

#: Waits between attempts that bring nothing: doubled each time, from and up to (seconds).
_FIRST_WAIT_SECONDS: Final = 30.0
_LONGEST_WAIT_SECONDS: Final = 1_800.0

#: How long to wait for a disk or a database that cannot be written.
_STORAGE_WAIT_SECONDS: Final = 60.0

_STALLS: Final = "stalls"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be imported: rows created in `[start, end)`, of these kinds of data (see
    `stages.DATA`; none: all that are not optional). `began_at` is when the run was first claimed:
    nothing newer is read, and it stays the same when the run is handed back and goes on. `reread`:
    what was read before is read again. In the forward lane the range is what is new and what has
    changed. Instants are UTC epoch seconds."""

    start: int
    end: int
    began_at: int
    data: tuple[str, ...] = ()
    reread: bool = False

    @classmethod
    def of(cls, parameters: Mapping[str, Any], began_at: float) -> Task:
        """From a run's parameters `{start, end, data, reread}`, all optional: the last 90 days
        until the run began."""
        end = min(int(parameters.get("end") or began_at), int(began_at))
        start = parameters.get("start")
        return cls(
            start=floor_of(end) if start is None else int(start),
            end=end,
            began_at=int(began_at),
            data=tuple(parameters.get("data") or ()),
            reread=bool(parameters.get("reread")),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run was left. `state`: done, blocked, failed, or waiting, which is handed back until
    `not_before` (UTC epoch seconds). `message` is for people, `reference` an id to search logs
    for. `closed`: TikTok has closed the shop, so nobody need ask again by himself."""

    state: str
    message: str = ""
    not_before: float = 0.0
    reference: str = ""
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop as the accounts know it: what TikTok's list of shops says, and currency and zone."""

    listed: Mapping[str, Any]
    currency: str | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run works with. `windows_in_flight`: how many pages are asked for at a time. `tally`
    counts what is kept; whoever makes `source` lets it count the calls."""

    records: ShopRecords
    columns: Publisher
    source: Source
    buyer: BuyerHasher
    clock: Clock
    windows_in_flight: int = IN_FLIGHT
    analytics_days: int = ANALYTICS_DAYS
    pictures: Pictures | None = None
    daily_calls: Mapping[str, int] = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)


def work(
    task: Task,
    shop: Shop,
    tools: Tools,
    *,
    ledger_token: int,
    renew: Callable[[], None],
    stop: Callable[[], bool],
) -> Outcome:
    """Work a run until it is done or something stands in its way. What was done before, in this run
    or another, costs no calls again.

    `renew` keeps the lease and raises `Fenced` when it is lost; `stop` says that the run should be
    handed back. Raises `Fenced`, ValueError for data nobody knows, and what nobody expected.
    """
    stages = in_order(task.data)
    lane = tools.source.lane
    publishing = Publishing(tools.columns, tools.clock)
    shared = Work(
        records=tools.records,
        publishing=publishing,
        source=tools.source,
        buyer=tools.buyer,
        clock=tools.clock,
        lane=lane,
        token=tools.records.grant(lane, ledger_token),
        wanted=(task.start, task.end),
        until=task.began_at,
        renew=renew,
        stop=stop,
        windows_in_flight=tools.windows_in_flight,
        reread=task.reread,
        zone=shop.time_zone or "UTC",
        analytics_days=tools.analytics_days,
        pictures=tools.pictures,
        daily_calls=tools.daily_calls,
        tally=tools.tally,
    )
    loop = Loop(stages, shared)
    try:
        shared.commit(
            Commit(
                writes=normalise_shops([shop.listed], shop.currency, shop.time_zone).writes,
                fetched_at=int(tools.clock.now()),
            )
        )
        shared.advanced = 0
        if lane != FORWARD:
            tools.tally.widen(shared.wanted)
        _show_as_pending(stages, shared)
        return _outcome(loop.read(), shared)
    except (sqlite3.OperationalError, OSError) as error:
        _log.error("storage_failed", error=type(error).__name__, detail=str(error))
        sentence = "The server cannot write its data at the moment. The import goes on by itself."
        loop.leave("waiting", sentence)
        return Outcome("waiting", sentence, tools.clock.now() + _STORAGE_WAIT_SECONDS)
    finally:
        publishing.close()


def _show_as_pending(stages: Iterable[Stage], shared: Work) -> None:
    """So that people see from the beginning what there is to do; what an earlier run of the lane
    left counts no more. Of this run, which goes on, stages stay as far as they were."""
    known = shared.records.progress(shared.lane)
    for stage in stages:
        seen = known.get(stage.name)
        if seen is None or (seen.heartbeat_at or 0) < shared.until:
            read_at = seen.finished_at if seen else None
            pending = StageProgress(stage.name, "pending", finished_at=read_at)
        elif seen.state in ("done", "pending"):
            continue
        else:
            pending = replace(seen, state="pending", waits_for="", error="", reference="")
        shared.commit(Commit(progress=pending))


def _outcome(left: Left, work: Work) -> Outcome:
    if left.ended_by is not None:
        state, error = left.ended_by
        later = work.clock.now() + _patience(error, work) if state == "waiting" else 0.0
        closed = isinstance(error, ShopInactive)
        return Outcome(state, error.message, later, error.reference, closed)
    if left.is_stopped:
        return Outcome("waiting", "The import was interrupted and goes on by itself.")
    states = set(left.states.values())
    state = "failed" if "failed" in states else "blocked" if states else "done"
    if left.problem is None:
        return Outcome(state)
    label, error = left.problem
    return Outcome(state, f"{label}: {error.message}", reference=error.reference)


def _patience(error: ConnectorError, work: Work) -> float:
    """Seconds to wait: what TikTok asks for, and longer each time nothing was gained."""
    known = int(work.records.checkpoint(_STALLS) or 0)
    stalls = 1 if work.advanced else known + 1
    work.records.save_checkpoint(work.lane, work.token, _STALLS, str(stalls))
    doubled = _FIRST_WAIT_SECONDS * 2.0 ** min(stalls - 1, 10)
    return max(error.retry_after or 0.0, min(doubled, _LONGEST_WAIT_SECONDS))
