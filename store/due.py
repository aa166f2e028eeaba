"""Which run is next: workspaces take turns, and what somebody waits for goes before all turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from store.accounts_schema import leases, runs

#: From this priority on a request waits for the run; what TikTok pushed is waited for by nobody.
WAITED_FOR: Final = 20

#: Nothing waits longer than that (a day's quota that is spent). What lies further ahead was written
#: under a clock that was ahead, and does not count.
_LONGEST_WAIT_SECONDS: Final = 26 * 3_600.0
_LONGEST_LEASE_SECONDS: Final = 3_600.0


def due_since() -> ColumnElement[float]:
    """Since when a run may be worked, UTC epoch seconds."""
    return case((runs.c.not_before > runs.c.created_at, runs.c.not_before), else_=runs.c.created_at)


def any_due(lanes: Sequence[str], now: float) -> Select[Any]:
    """A row where a run may be claimed in `lanes`."""
    return (
        select(runs.c.id)
        .select_from(runs.outerjoin(leases, _SAME_LANE))
        .where(*_is_due(lanes, now))
        .limit(1)
    )


def next_due(lanes: Sequence[str], now: float) -> Select[Any]:
    """The run that is next in `lanes`, with the token of its lease; no row when none is due.

    First what a request waits for. Then the workspace that has gone without a claim in these lanes
    the longest, so that whoever asks for much waits for itself; of its runs those of the higher
    priority, and of these the shop that has gone without a claim the longest. A run left `running`
    by a worker that died comes before the lane's other runs.
    """
    turns = (
        select(leases.c.workspace_id, func.max(leases.c.claimed_at).label("claimed_at"))
        .where(leases.c.lane.in_(lanes), leases.c.claimed_at <= now)
        .group_by(leases.c.workspace_id)
        .subquery()
    )
    return (
        select(
            runs.c.id,
            runs.c.workspace_id,
            runs.c.shop_id,
            runs.c.lane,
            leases.c.token.label("lease_token"),
        )
        .select_from(
            runs.outerjoin(leases, _SAME_LANE).outerjoin(
                turns, turns.c.workspace_id == runs.c.workspace_id
            )
        )
        .where(*_is_due(lanes, now))
        .order_by(
            case((runs.c.priority >= WAITED_FOR, 0), else_=1),
            func.coalesce(turns.c.claimed_at, 0.0),
            runs.c.priority.desc(),
            func.coalesce(leases.c.claimed_at, 0.0),
            case((runs.c.state == "running", 0), else_=1),
            due_since(),
            runs.c.id,
        )
        .limit(1)
    )


_SAME_LANE: Final = and_(
    leases.c.workspace_id == runs.c.workspace_id,
    leases.c.shop_id == runs.c.shop_id,
    leases.c.lane == runs.c.lane,
)


def _is_due(lanes: Sequence[str], now: float) -> tuple[ColumnElement[bool], ...]:
    due = or_(runs.c.not_before <= now, runs.c.not_before > now + _LONGEST_WAIT_SECONDS)
    waits = and_(runs.c.state.in_(("pending", "waiting")), due)
    free = or_(
        leases.c.token.is_(None),
        leases.c.expires_at <= now,
        leases.c.expires_at > now + _LONGEST_LEASE_SECONDS,
    )
    return (runs.c.lane.in_(lanes), or_(waits, runs.c.state == "running"), free)
