"""The loop of a run: several pages are in flight, of one stage or of several; one thread keeps what
comes. The stages that people want sooner ask first, the others have the calls that are left.

What becomes of a stage when an error comes:

permission missing  it is `blocked`, the others go on; `done` where few shops have it
request refused     it is `failed`, the others go on
call withdrawn      the same: TikTok has none of the versions we know
TikTok is away      it is `waiting`, and so are those beside it: the run ends here for now
app refused         the same: whoever runs the service must change a setting, no seller can
access lost         it is `blocked`, and so are those beside it: the run ends here
anything else       it is `failed`, and so are those beside it; the error is raised

Whatever ends the run, nothing more is asked for, and what was in flight is kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from backfill.fetch import Answered, Fetchers
from backfill.stage import Stage
from backfill.stage_run import StageRun
from backfill.stages import BY_NAME
from backfill.turns import next_stage, turns
from backfill.work import HEARTBEAT_SECONDS, Work
from errors import ConnectorError, Reauthorise, Retryable
from store.fencing import Fenced
from tiktok_shop.errors import AppRefused, ScopeMissing, ShopInactive, WrongShop

#: How long a stop waits for pages that are on their way; less than the 30 s a stop may take.
_STOP_GRACE_SECONDS: Final = 8.0

_PATIENCE_SECONDS: Final = 0.5

_log = structlog.get_logger(__name__)


def state_after(error: ConnectorError, stage: Stage) -> tuple[str, bool]:
    """The state in which `error` leaves its stage, and whether it ends the run, too."""
    if isinstance(error, Retryable | AppRefused):
        return "waiting", True
    if isinstance(error, Reauthorise | ShopInactive | WrongShop):
        return "blocked", True
    if isinstance(error, ScopeMissing):
        return ("done" if stage.may_be_refused else "blocked"), False
    return "failed", False


@dataclass(slots=True)
class Left:
    """How the stages of a run were left. `states`: of those that cannot be read, in the order in
    which they were given up; `problem`: why the first of them, and its label. `ended_by`: the error
    that ended the run and the state it is to have. `is_stopped`: it was left because a stop was
    asked for."""

    states: dict[str, str] = field(default_factory=dict)
    problem: tuple[str, ConnectorError] | None = None
    ended_by: tuple[str, ConnectorError] | None = None
    is_stopped: bool = False


class Loop:
    """Reads `stages`, which come in the order of `stages.in_order`."""

    def __init__(self, stages: Sequence[Stage], work: Work) -> None:
        self._stages = {stage.name: stage for stage in stages}
        self._work = work
        self._waits = turns(stages)
        self._ranks = {stage.name: rank for rank, stage in enumerate(stages)}
        self._begun: set[str] = set()
        self._ended: set[str] = set()
        self._under_way: list[StageRun] = []
        self._owners: dict[int, StageRun] = {}  # of the readings in flight, by their identity
        self._stopping_since: float | None = None
        self._left = Left()

    def read(self) -> Left:
        """Returns when the stages are done, or something stands in the way of the run; what came is
        shown by then. Raises `Fenced`, errors of the disk, and what nobody expected."""
        work = self._work
        fetchers = Fetchers(work.windows_in_flight)
        try:
            self._read(fetchers)
            self._leave_the_rest()
            work.publishing.everything(work.alive, HEARTBEAT_SECONDS)
        except (sqlite3.OperationalError, OSError, Fenced):
            raise
        except Exception:
            self.leave("failed", "Something unexpected happened.")
            raise
        finally:
            fetchers.close()
        return self._left

    def leave(self, state: str, sentence: str) -> None:
        """Write down, if that is possible, how the stages that are under way stand."""
        with suppress(sqlite3.Error, OSError, Fenced):
            for stage_run in self._under_way:
                error = sentence if state == "failed" else ""
                stage_run.say(state, waits_for="" if error else sentence, error=error)

    # --- reading ---

    def _read(self, fetchers: Fetchers) -> None:
        work = self._work
        while True:
            if self._stopping_since is None and work.stop():
                self._stopping_since = work.clock.monotonic()
            if self._stopping_since is None and self._left.ended_by is None:
                self._ask(fetchers)
            if not self._owners or self._has_waited_enough():
                return
            answers = fetchers.answers(_PATIENCE_SECONDS)
            if work.alive() and not answers:
                for stage_run in self._under_way:
                    stage_run.say("running")
            with work.together():
                while answers:
                    self._take(answers.pop(0))
            self._end_what_is_over()
            work.publishing.now_and_then()

    def _ask(self, fetchers: Fetchers) -> None:
        """Have as many pages in flight as may be; stages are begun when those under way have
        nothing more to ask for."""
        while len(self._owners) < self._work.windows_in_flight and not fetchers.is_ahead:
            stage_run = next((one for one in self._under_way if one.readings), None)
            if stage_run is None:
                name = next_stage(self._waits, self._begun, self._ended)
                if name is None:
                    return
                self._begin(self._stages[name])
                continue
            reading = stage_run.readings.popleft()
            stage_run.in_flight += 1
            self._owners[id(reading)] = stage_run
            fetchers.ask(reading)

    def _begin(self, stage: Stage) -> None:
        self._begun.add(stage.name)
        stage_run = StageRun(stage, self._work)
        missing = next((name for name in stage.needs if name in self._left.states), None)
        if missing is not None:
            stage_run.say("blocked", waits_for=BY_NAME[missing].label)
            self._left.states[stage.name] = "blocked"
            self._ended.add(stage.name)
            return
        self._under_way.append(stage_run)
        self._under_way.sort(key=lambda one: self._ranks[one.stage.name])
        stage_run.begin()
        self._end_what_is_over()

    def _take(self, answered: Answered) -> None:
        stage_run = self._owners.pop(id(answered.reading))
        stage_run.in_flight -= 1
        try:
            going_on = stage_run.settle(answered)
        except Fenced:
            raise
        except ConnectorError as error:
            stage_run.give_up(error)
            state, ends_run = state_after(error, stage_run.stage)
            known = self._left.ended_by
            # That access is lost says more than that TikTok is away.
            if ends_run and (known is None or (known[0], state) == ("waiting", "blocked")):
                self._left.ended_by = state, error
        else:
            if stage_run.problem is None:
                stage_run.readings.extendleft(going_on)

    def _end_what_is_over(self) -> None:
        for stage_run in [one for one in self._under_way if one.is_over]:
            if stage_run.problem is None:
                stage_run.finish()
            elif not self._given_up(stage_run, stage_run.problem):
                continue
            self._under_way.remove(stage_run)
            self._ended.add(stage_run.stage.name)
            self._work.publishing.want()

    def _given_up(self, stage_run: StageRun, error: ConnectorError) -> bool:
        """Whether the others go on without this stage."""
        stage = stage_run.stage
        state, ends_run = state_after(error, stage)
        if ends_run:
            return False
        if state == "done":
            stage_run.say("done")
            return True
        _log.warning("stage_left", stage=stage.name, state=state, debug=error.debug)
        stage_run.end(state, error)
        self._left.states[stage.name] = state
        self._left.problem = self._left.problem or (stage.label, error)
        return True

    # --- leaving ---

    def _has_waited_enough(self) -> bool:
        since = self._stopping_since
        return since is not None and self._work.clock.monotonic() - since > _STOP_GRACE_SECONDS

    def _leave_the_rest(self) -> None:
        """Of what is under way, say why it does not go on."""
        if self._left.ended_by is not None:
            state, error = self._left.ended_by
            for stage_run in self._under_way:
                if stage_run.problem is not None:
                    own, _ = state_after(stage_run.problem, stage_run.stage)
                    stage_run.end(own, stage_run.problem, waits_for=stage_run.problem.message)
                else:
                    stage_run.say(state, waits_for=error.message)
            return
        self._left.is_stopped = len(self._ended) < len(self._stages)
        for stage_run in self._under_way:
            stage_run.say("waiting", waits_for="a worker")
