"""What a workspace may use, where the operator has set a limit, and what of it is left.

A limit stops history that is asked for: fresh data goes on, so that no report goes stale over it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from backfill.estimate import Estimate
from clock import Clock
from store.amounts import Amounts

MEGABYTE: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one workspace; 0 is no limit. `monthly_calls`: to TikTok, in a calendar month (UTC)."""

    orders: int = 0
    storage_mb: int = 0
    monthly_calls: int = 0


@dataclass(frozen=True, slots=True)
class Used:
    """By one workspace: orders and bytes as last counted, calls in this calendar month (UTC)."""

    orders: int = 0
    bytes: int = 0
    calls: int = 0


def left(limit: int, used: int) -> int | None:
    """None where there is no limit."""
    return max(0, limit - used) if limit else None


def why_not(limits: Limits, used: Used, wanted: Estimate) -> str:
    """Why history that costs so much cannot be asked for, in a sentence; "" when it can."""
    orders = sum(stage.rows for stage in wanted.stages if stage.stage == "orders")
    orders_left = left(limits.orders, used.orders)
    calls_left = left(limits.monthly_calls, used.calls)
    if orders_left is not None and orders > orders_left:
        return _over("orders", orders, orders_left, limits.orders, "")
    if calls_left is not None and wanted.calls > calls_left:
        return _over("calls", wanted.calls, calls_left, limits.monthly_calls, " this month")
    if left(limits.storage_mb * MEGABYTE, used.bytes) == 0:
        return (
            f"The storage of this workspace is used up ({limits.storage_mb:,} MB). Ask whoever "
            "runs this installation for more; fresh data goes on."
        )
    return ""


def _over(what: str, needed: int, remaining: int, limit: int, when: str) -> str:
    return (
        f"This would take about {needed:,} {what}, and {remaining:,} of {limit:,} are left{when}. "
        "Choose a shorter range, or ask whoever runs this installation for more; fresh data goes "
        "on."
    )


def month_start(now: float) -> float:
    """The first instant of the calendar month of `now`, UTC epoch seconds."""
    today = dt.datetime.fromtimestamp(now, dt.UTC)
    return today.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()


class Allowance:
    def __init__(self, limits: Limits, amounts: Amounts, clock: Clock) -> None:
        self.limits = limits
        self._amounts = amounts
        self._clock = clock

    @property
    def is_limited(self) -> bool:
        return self.limits != Limits()

    def used(self, workspace_id: str) -> Used:
        stored = self._amounts.stored(workspace_id).values()
        calls = self._amounts.calls(workspace_id, month_start(self._clock.now()))
        return Used(
            orders=sum(one.orders for one in stored),
            bytes=sum(one.bytes for one in stored),
            calls=sum(calls.values()),
        )

    def why_not(self, workspace_id: str, wanted: Estimate) -> str:
        """See the function of this name."""
        return why_not(self.limits, self.used(workspace_id), wanted)
