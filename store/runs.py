"""A run, and the right to work on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Row
from structlog.contextvars import get_contextvars

STATES: Final = ("pending", "running", "waiting", "done", "blocked", "failed")

#: Before the id of an export, where a run says what it is about; other runs are about a shop.
OF_EXPORT: Final = "export:"

#: Why a run was asked for.
TRIGGERS: Final = ("connect", "schedule", "manual", "webhook", "live")


@dataclass(frozen=True, slots=True)
class Run:
    """Instants are UTC epoch seconds. `attempt` counts the claims; `message` is for people and
    `reference` an id to search logs for.

    `trigger` is one of TRIGGERS, "" for runs older than it. `[window_start, window_end)` is what
    was read. `rows`, `calls` and `retries` (calls that repeated another) are sums over all
    attempts. `progress_at` is when a page was last kept; `stuck_at`, when the run was found to
    bring nothing. `request_id` is that of the request, by whomever, that asked for it.
    """

    id: str
    workspace_id: str
    shop_id: str
    lane: str
    kind: str
    slot: str
    parameters: Mapping[str, Any]
    priority: int
    not_before: float
    state: str
    attempt: int
    message: str
    created_at: float
    started_at: float | None
    heartbeat_at: float | None
    finished_at: float | None
    trigger: str = ""
    window_start: int | None = None
    window_end: int | None = None
    rows: int = 0
    calls: int = 0
    retries: int = 0
    reference: str = ""
    progress_at: float | None = None
    stuck_at: float | None = None
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """What has been added to a run: rows kept, calls, repeated calls, whether a page was kept
    (`advanced`), and the range that is read."""

    rows: int = 0
    calls: int = 0
    retries: int = 0
    advanced: bool = False
    window: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a run until `expires_at`; `token` fences off every earlier claim."""

    run: Run
    owner: str
    token: int
    expires_at: float


def request_under_way() -> str:
    """The id of the request that this thread answers, as the log lines have it; "" when none."""
    return str(get_contextvars().get("request_id", ""))


def run_of(row: Row[Any]) -> Run:
    return Run(**{**row._mapping, "parameters": orjson.loads(row.parameters)})
