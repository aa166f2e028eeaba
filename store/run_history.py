"""Looking for runs, and how far the stages of a run were when it was last left.

A shop's own file knows the stages of its newest run only; for the history each run keeps its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, and_, delete, or_, select

from store.accounts_schema import runs
from store.bookkeeping_schema import run_stages
from store.commits import StageProgress
from store.database import Database
from store.runs import Run, run_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs: what is empty does not restrict; nor do `shop_ids` of None. `state` is one of
    `store.runs.STATES` or "stuck", `trigger` one of TRIGGERS; `[since, until)` is when they were
    asked for, UTC epoch seconds."""

    workspaces: Sequence[str] = ()
    shop_id: str = ""
    state: str = ""
    trigger: str = ""
    since: float | None = None
    until: float | None = None
    shop_ids: Sequence[str] | None = None
    kinds: Sequence[str] = ()


class RunHistory:
    def __init__(self, database: Database) -> None:
        self._database = database

    def found(self, wanted: Wanted, limit: int, before: str = "") -> tuple[list[Run], bool]:
        """The newest of them first, those older than the run `before`; and whether there are more.
        A `before` that is not among the workspaces' runs gives none."""
        found: Select[Any] = select(runs).where(*_conditions(wanted))
        newest = found.order_by(runs.c.created_at.desc(), runs.c.id).limit(limit + 1)
        with self._database.reading() as connection:
            if before:
                last = connection.execute(
                    select(runs.c.created_at, runs.c.id).where(
                        runs.c.id == before, *_of_workspaces(wanted)
                    )
                ).first()
                if last is None:
                    return [], False
                newest = newest.where(
                    or_(
                        runs.c.created_at < last.created_at,
                        and_(runs.c.created_at == last.created_at, runs.c.id > last.id),
                    )
                )
            rows = [run_of(row) for row in connection.execute(newest)]
        return rows[:limit], len(rows) > limit

    def keep_stages(self, run: Run, stages: Iterable[StageProgress]) -> None:
        """How the stages of a run are, in the place of what was kept before."""
        kept = orjson.dumps([asdict(stage) for stage in stages]).decode()
        place = {"workspace_id": run.workspace_id, "shop_id": run.shop_id}
        with self._database.writing() as connection:
            connection.execute(delete(run_stages).where(run_stages.c.run_id == run.id))
            connection.execute(run_stages.insert().values(run_id=run.id, stages=kept, **place))

    def stages(self, run_id: str) -> list[StageProgress]:
        """As they were when the run was last left; none for a run from before they were kept."""
        kept = select(run_stages.c.stages).where(run_stages.c.run_id == run_id)
        with self._database.reading() as connection:
            found = connection.scalar(kept)
        return [StageProgress(**stage) for stage in orjson.loads(found or "[]")]


def _of_workspaces(wanted: Wanted) -> list[ColumnElement[bool]]:
    of_shops = [] if wanted.shop_ids is None else [runs.c.shop_id.in_(wanted.shop_ids)]
    return [*of_shops, *([runs.c.workspace_id.in_(wanted.workspaces)] if wanted.workspaces else [])]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = _of_workspaces(wanted)
    if wanted.kinds:
        conditions.append(runs.c.kind.in_(wanted.kinds))
    if wanted.shop_id:
        conditions.append(runs.c.shop_id == wanted.shop_id)
    if wanted.state == "stuck":
        conditions.append(runs.c.stuck_at.is_not(None))
    elif wanted.state:
        conditions.append(runs.c.state == wanted.state)
    if wanted.trigger:
        conditions.append(runs.c.trigger == wanted.trigger)
    if wanted.since is not None:
        conditions.append(runs.c.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(runs.c.created_at < wanted.until)
    return conditions
