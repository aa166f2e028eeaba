"""Working a run: its stages in order, each error turned into what happens next.

stage done          the next one
permission missing  the stage is `blocked`, the others go on
request refused     the stage is `failed`, the others go on
TikTok is away      the stage is `waiting`; the run is handed back until later
access lost         the run is `blocked` until the shop is connected again
stop asked for      the run is handed back at once
lease lost          `Fenced` is raised: somebody else goes on
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from backfill.fetch import Source
from backfill.normalise.rows import BuyerHasher
from backfill.normalise.shop import normalise_shops
from backfill.stage_run import StageRun, Stopped
from backfill.stages import BY_NAME, Stage, in_order
from backfill.windows import floor_of
from backfill.work import Publisher, Work
from clock import Clock
from errors import ConnectorError, Reauthorise, Retryable
from store.commits import Commit, StageProgress
from store.fencing import Fenced
from store.records import ShopRecords
from tiktok_shop.errors import Misconfigured, ScopeMissing, ShopInactive, WrongShop

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
    nothing newer is read, and it stays the same when the run is handed back and goes on. Instants
    are UTC epoch seconds."""

    start: int
    end: int
    began_at: int
    data: tuple[str, ...] = ()

    @classmethod
    def of(cls, parameters: Mapping[str, Any], began_at: float) -> Task:
        """From a run's parameters `{start, end, data}`, all optional: the last 90 days until the
        run began."""
        end = min(int(parameters.get("end") or began_at), int(began_at))
        start = parameters.get("start")
        return cls(
            start=floor_of(end) if start is None else int(start),
            end=end,
            began_at=int(began_at),
            data=tuple(parameters.get("data") or ()),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run was left. `state`: done, blocked, failed, or waiting, which is handed back until
    `not_before` (UTC epoch seconds). `message` is for people."""

    state: str
    message: str = ""
    not_before: float = 0.0


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop as the accounts know it: what TikTok's list of shops says, and currency and zone."""

    listed: Mapping[str, Any]
    currency: str | None = None
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run works with. `windows_in_flight`: how many pages are asked for at a time."""

    records: ShopRecords
    columns: Publisher
    source: Source
    buyer: BuyerHasher
    clock: Clock
    windows_in_flight: int = 4


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
    shared = Work(
        records=tools.records,
        columns=tools.columns,
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
    )
    try:
        shared.commit(
            Commit(
                writes=normalise_shops([shop.listed], shop.currency, shop.time_zone).writes,
                fetched_at=int(tools.clock.now()),
            )
        )
        shared.advanced = 0
        known = tools.records.progress()
        for stage in stages:
            if stage.name not in known:
                shared.commit(Commit(progress=StageProgress(stage.name, "pending")))
        return _Run(shared).work(stages)
    except (sqlite3.OperationalError, OSError) as error:
        _log.error("storage_failed", error=type(error).__name__, detail=str(error))
        sentence = "The server cannot write its data at the moment. The import goes on by itself."
        return Outcome("waiting", sentence, tools.clock.now() + _STORAGE_WAIT_SECONDS)


class _Run:
    def __init__(self, shared: Work) -> None:
        self._work = shared
        self._left: dict[str, str] = {}  # stage -> the state it was left in, if not done
        self._message = ""

    def work(self, stages: Iterable[Stage]) -> Outcome:
        for stage in stages:
            stage_run = StageRun(stage, self._work)
            missing = next((name for name in stage.needs if name in self._left), None)
            if missing is not None:
                stage_run.end("blocked", waits_for=BY_NAME[missing].label)
                self._left[stage.name] = "blocked"
                continue
            outcome = self._read(stage_run, stage)
            if outcome is not None:
                self._work.publish_all()
                return outcome
        states = set(self._left.values())
        state = "failed" if "failed" in states else "blocked" if states else "done"
        return Outcome(state, self._message)

    def _read(self, stage_run: StageRun, stage: Stage) -> Outcome | None:
        """None when the run goes on with the next stage."""
        clock = self._work.clock
        try:
            stage_run.read()
        except Stopped:
            stage_run.end("waiting", waits_for="a worker")
            return Outcome("waiting", "The import was interrupted and goes on by itself.")
        except Fenced:
            raise
        except Retryable as error:
            stage_run.end("waiting", waits_for=error.message, error=error)
            return Outcome("waiting", error.message, clock.now() + self._patience(error))
        except (Reauthorise, ShopInactive, WrongShop, Misconfigured) as error:
            stage_run.end("blocked", waits_for=error.message, error=error)
            return Outcome("blocked", error.message)
        except ScopeMissing as error:
            self._leave(stage_run, stage, "blocked", error)
        except ConnectorError as error:
            self._leave(stage_run, stage, "failed", error)
        return None

    def _leave(self, stage_run: StageRun, stage: Stage, state: str, error: ConnectorError) -> None:
        _log.warning("stage_left", stage=stage.name, state=state, debug=error.debug)
        stage_run.end(state, error=error)
        self._left[stage.name] = state
        self._message = self._message or f"{stage.label}: {error.message}"

    def _patience(self, error: Retryable) -> float:
        """Seconds to wait: what TikTok asks for, and longer each time nothing was gained."""
        work = self._work
        known = int(work.records.checkpoint(_STALLS) or 0)
        stalls = 1 if work.advanced else known + 1
        work.records.save_checkpoint(work.lane, work.token, _STALLS, str(stalls))
        doubled = _FIRST_WAIT_SECONDS * 2.0 ** min(stalls - 1, 10)
        return max(error.retry_after or 0.0, min(doubled, _LONGEST_WAIT_SECONDS))
