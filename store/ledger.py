"""Runs and leases: what is to be done for a shop, or for an export, and who may do it.

A run is one piece of work for one lane of one shop (`shop_id` may name an export instead). Its slot
makes asking for it harmless: the same (shop, kind, slot) is one run, however many schedulers ask. A
worker claims a run by taking the lease of its (shop, lane). A lease that is not renewed runs out,
and then somebody else may claim the run, with a greater token: a worker that was killed loses
nothing, and one that was only stopped is refused by `Fenced` when it wakes.

    pending ──claim──> running ──finish──> done | blocked | failed
       waiting <──hand_back──┘ └──lease runs out──> claimable again
"""

from __future__ import annotations

import secrets as random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from clock import Clock
from errors import BadRequest
from store.accounts_schema import leases, runs, shops
from store.amounts import count_calls, forget_shop
from store.database import Database
from store.due import any_due, due_since, next_due
from store.fencing import Fenced
from store.runs import OF_EXPORT, STATES, Claim, Figures, Run, request_under_way, run_of

__all__ = ["LEASE_SECONDS", "STATES", "Claim", "Ledger", "Run"]

#: How long a claim holds without being renewed.
LEASE_SECONDS: Final = 60.0

_FINAL: Final = ("done", "blocked", "failed")
_OPEN: Final = ("pending", "running", "waiting")


class Ledger:
    """`lease_seconds`: how long after a worker's last sign of life its run may be claimed."""

    def __init__(
        self, database: Database, clock: Clock, *, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._database = database
        self._clock = clock
        self._lease_seconds = lease_seconds

    def enqueue(
        self,
        workspace_id: str,
        shop_id: str,
        lane: str,
        kind: str,
        *,
        slot: str,
        parameters: Mapping[str, Any],
        trigger: str = "",
        priority: int = 0,
        not_before: float = 0.0,
    ) -> Run:
        """Ask for a run; of the same slot the run that exists, whatever became of it. `trigger` is
        one of `store.runs.TRIGGERS`."""
        values = {
            "id": random.token_hex(8),
            "workspace_id": workspace_id,
            "shop_id": shop_id,
            "lane": lane,
            "kind": kind,
            "slot": slot,
            "parameters": orjson.dumps(dict(parameters)).decode(),
            "trigger": trigger,
            "priority": priority,
            "not_before": not_before,
            "state": "pending",
            "attempt": 0,
            "message": "",
            "created_at": self._clock.now(),
            "request_id": request_under_way(),
        }
        same = and_(
            runs.c.workspace_id == workspace_id,
            runs.c.shop_id == shop_id,
            runs.c.kind == kind,
            runs.c.slot == slot,
        )
        with self._database.reading() as connection:
            known = connection.execute(select(runs).where(same)).first()
        if known is None:
            try:
                with self._database.writing() as connection:
                    _check_shop(connection, workspace_id, shop_id)
                    connection.execute(runs.insert().values(values))
            except IntegrityError:
                pass  # somebody else asked at the same moment
            with self._database.reading() as connection:
                known = connection.execute(select(runs).where(same)).one()
        return run_of(known)

    def claim(self, owner: str, lanes: Sequence[str]) -> Claim | None:
        """The next run that is due and whose lane is free, or None. Workspaces take turns; of one,
        the higher priority goes first, then the shop whose lane has gone without a claim the
        longest. See `store.due`."""
        now = self._clock.now()
        # Several workers look several times a second: looking must not take the writer's turn.
        with self._database.reading() as connection:
            if connection.execute(any_due(lanes, now)).first() is None:
                return None
        with self._database.writing() as connection:
            found = connection.execute(
                next_due(lanes, now).with_for_update(of=runs, skip_locked=True)
            ).first()
            if found is None:
                return None
            token = self._take_lease(connection, found, owner, now)
            if token is None:
                return None
            connection.execute(
                update(runs)
                .where(runs.c.id == found.id)
                .values(
                    state="running",
                    attempt=runs.c.attempt + 1,
                    # Also a run that began under a clock that was ahead: what is newer than its
                    # beginning is not read.
                    started_at=_not_after(runs.c.started_at, now),
                    progress_at=func.coalesce(runs.c.progress_at, now),
                    heartbeat_at=now,
                    finished_at=None,
                )
            )
            run = run_of(connection.execute(select(runs).where(runs.c.id == found.id)).one())
        return Claim(run, owner, token, now + self._lease_seconds)

    def renew(self, claim: Claim, figures: Figures = Figures()) -> Claim:  # noqa: B008 - frozen
        """A sign of life, and what has been done since the last. Raises Fenced when somebody else
        has claimed the lane meanwhile."""
        now = self._clock.now()
        expires_at = now + self._lease_seconds
        with self._database.writing() as connection:
            self._change_lease(connection, claim, expires_at=expires_at)
            self._change_run(connection, claim, heartbeat_at=now, **_added(figures, now))
            count_calls(connection, claim.run, figures, now)
        return replace(claim, expires_at=expires_at)

    def add(self, claim: Claim, figures: Figures) -> None:
        """What has been done, by whoever did it: a lost lease does not undo a call."""
        now = self._clock.now()
        with self._database.writing() as connection:
            self._change_run(connection, claim, **_added(figures, now))
            count_calls(connection, claim.run, figures, now)

    def finish(self, claim: Claim, state: str, message: str = "", *, reference: str = "") -> None:
        """The run ends as `done`, `blocked` or `failed`. Raises Fenced like `renew`."""
        if state not in _FINAL:
            raise ValueError(state)
        now = self._clock.now()
        with self._database.writing() as connection:
            self._change_lease(connection, claim, expires_at=0.0, owner="")
            self._change_run(
                connection,
                claim,
                state=state,
                message=message,
                reference=reference,
                heartbeat_at=now,
                finished_at=now,
                stuck_at=None,
            )

    def hand_back(
        self, claim: Claim, not_before: float, message: str, *, reference: str = ""
    ) -> None:
        """Give up the claim for now; the run waits until `not_before`. Raises Fenced."""
        with self._database.writing() as connection:
            self._change_lease(connection, claim, expires_at=0.0, owner="")
            self._change_run(
                connection,
                claim,
                state="waiting",
                message=message,
                reference=reference,
                not_before=not_before,
                heartbeat_at=self._clock.now(),
            )

    def unblock(self, workspace_id: str, shop_id: str) -> int:
        """What was blocked for this shop goes on (the seller connected it again). Of the runs that
        the schedule asked for, the newest: it does what the older ones would have done."""
        of_shop = and_(runs.c.workspace_id == workspace_id, runs.c.shop_id == shop_id)
        newest = select(func.max(runs.c.created_at)).where(of_shop, runs.c.trigger == "schedule")
        blocked = and_(
            of_shop,
            runs.c.state == "blocked",
            or_(runs.c.trigger != "schedule", runs.c.created_at == newest.scalar_subquery()),
        )
        again = {"state": "pending", "message": "", "finished_at": None, "not_before": 0.0}
        with self._database.writing() as connection:
            return connection.execute(update(runs).where(blocked).values(again)).rowcount

    def taken(self, kind: str, slot: str) -> set[tuple[str, str]]:
        """(workspace, shop) of the shops that have this slot's run already, or a run of the kind
        that is not finished."""
        taken = or_(runs.c.slot == slot, runs.c.state.in_(_OPEN))
        wanted = select(runs.c.workspace_id, runs.c.shop_id).where(runs.c.kind == kind, taken)
        with self._database.reading() as connection:
            return {(row.workspace_id, row.shop_id) for row in connection.execute(wanted)}

    def runs(
        self,
        workspace_id: str | None = None,
        shop_id: str | None = None,
        limit: int = 50,
        *,
        kinds: Collection[str] = (),
        is_open: bool = False,
    ) -> list[Run]:
        """The newest runs first; of these kinds (none: of any), and all or those that are `is_open`
        only: not left for good."""
        wanted: Select[Any] = select(runs)
        if workspace_id is not None:
            wanted = wanted.where(runs.c.workspace_id == workspace_id)
        if shop_id is not None:
            wanted = wanted.where(runs.c.shop_id == shop_id)
        if kinds:
            wanted = wanted.where(runs.c.kind.in_(kinds))
        if is_open:
            wanted = wanted.where(runs.c.state.in_(_OPEN))
        newest = wanted.order_by(runs.c.created_at.desc(), runs.c.id).limit(limit)
        with self._database.reading() as connection:
            return [run_of(row) for row in connection.execute(newest)]

    def under_way(self, workspace_ids: Collection[str]) -> set[tuple[str, str]]:
        """(workspace id, shop id) of their shops with a run that is not left for good."""
        unfinished = runs.c.state.in_(_OPEN)
        wanted = select(runs.c.workspace_id, runs.c.shop_id).distinct()
        wanted = wanted.where(runs.c.workspace_id.in_(workspace_ids), unfinished)
        with self._database.reading() as connection:
            return {(row.workspace_id, row.shop_id) for row in connection.execute(wanted)}

    def run(self, run_id: str, workspaces: Collection[str] | None = None) -> Run:
        """BadRequest `not_found` when there is none, or none of these workspaces (None: any)."""
        this = select(runs).where(runs.c.id == run_id)
        if workspaces is not None:
            this = this.where(runs.c.workspace_id.in_(workspaces))
        with self._database.reading() as connection:
            row = connection.execute(this).first()
        if row is None:
            raise BadRequest("There is no such run.", code="not_found")
        return run_of(row)

    def tokens(self, workspace_id: str, shop_id: str) -> dict[str, int]:
        """The newest token of each of a shop's lanes that was ever worked."""
        of_shop = and_(leases.c.workspace_id == workspace_id, leases.c.shop_id == shop_id)
        with self._database.reading() as connection:
            found = connection.execute(select(leases.c.lane, leases.c.token).where(of_shop))
            return {row.lane: row.token for row in found}

    def forget(self, workspace_id: str, shop_id: str) -> None:
        """Forget a shop's runs and what they cost, so that it may have a first import again. Its
        tokens go on growing from where they are."""
        of_shop = and_(runs.c.workspace_id == workspace_id, runs.c.shop_id == shop_id)
        with self._database.writing() as connection:
            connection.execute(delete(runs).where(of_shop))
            forget_shop(connection, workspace_id, shop_id)

    def counts(self) -> dict[str, int]:
        """How many runs there are in each state, over the whole installation."""
        counted = select(runs.c.state, func.count()).group_by(runs.c.state)
        with self._database.reading() as connection:
            found = {row[0]: row[1] for row in connection.execute(counted)}
        return {state: found.get(state, 0) for state in STATES}

    def longest_due_seconds(self) -> float:
        """How long the run that is due the longest has been waiting for a worker."""
        now = self._clock.now()
        since = func.min(due_since())
        due = select(since).where(runs.c.state.in_(("pending", "waiting")))
        with self._database.reading() as connection:
            oldest = connection.scalar(due.where(runs.c.not_before <= now))
        return 0.0 if oldest is None else max(0.0, now - oldest)

    def _take_lease(
        self, connection: Connection, found: Row[Any], owner: str, now: float
    ) -> int | None:
        """The new token; None when another process was quicker (it can be on PostgreSQL only)."""
        lane = and_(
            leases.c.workspace_id == found.workspace_id,
            leases.c.shop_id == found.shop_id,
            leases.c.lane == found.lane,
        )
        lease = {
            "owner": owner,
            "run_id": found.id,
            "claimed_at": now,
            "expires_at": now + self._lease_seconds,
        }
        if found.lease_token is None:
            connection.execute(
                leases.insert().values(
                    workspace_id=found.workspace_id,
                    shop_id=found.shop_id,
                    lane=found.lane,
                    token=1,
                    **lease,
                )
            )
            return 1
        token = int(found.lease_token) + 1
        taken = update(leases).where(lane, leases.c.token == found.lease_token)
        if not connection.execute(taken.values(token=token, **lease)).rowcount:
            return None
        return token

    def _change_lease(self, connection: Connection, claim: Claim, **values: object) -> None:
        ours = and_(
            leases.c.workspace_id == claim.run.workspace_id,
            leases.c.shop_id == claim.run.shop_id,
            leases.c.lane == claim.run.lane,
            leases.c.token == claim.token,
            leases.c.run_id == claim.run.id,
            leases.c.owner == claim.owner,
        )
        if not connection.execute(update(leases).where(ours).values(**values)).rowcount:
            raise Fenced("Another worker goes on with this import.", debug=claim.run.id)

    def _change_run(self, connection: Connection, claim: Claim, **values: object) -> None:
        connection.execute(update(runs).where(runs.c.id == claim.run.id).values(**values))


def _check_shop(connection: Connection, workspace_id: str, subject: str) -> None:
    """What a run is about is there, unless it is an export, which may end at any time."""
    this = and_(shops.c.workspace_id == workspace_id, shops.c.shop_id == subject)
    is_shop = not subject.startswith(OF_EXPORT)
    if is_shop and connection.execute(select(shops.c.shop_id).where(this)).first() is None:
        raise BadRequest("There is no such shop to import.", code="unknown_shop")


def _added(figures: Figures, now: float) -> dict[str, object]:
    values: dict[str, object] = {
        "rows": runs.c.rows + figures.rows,
        "calls": runs.c.calls + figures.calls,
        "retries": runs.c.retries + figures.retries,
    }
    if figures.advanced:
        values |= {"progress_at": now, "stuck_at": None}
    if figures.window is not None:
        values |= {"window_start": figures.window[0], "window_end": figures.window[1]}
    return values


def _not_after(instant: ColumnElement[Any], now: float) -> ColumnElement[float]:
    """`instant`, or now where there is none or it lies in the future."""
    return case((instant <= now, instant), else_=now)
