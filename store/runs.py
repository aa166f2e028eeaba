"""A run, and the right to work on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import Row

STATES: Final = ("pending", "running", "waiting", "done", "blocked", "failed")


@dataclass(frozen=True, slots=True)
class Run:
    """Instants are UTC epoch seconds. `attempt` counts the claims; `message` is for people."""

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


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a run until `expires_at`; `token` fences off every earlier claim."""

    run: Run
    owner: str
    token: int
    expires_at: float


def run_of(row: Row[Any]) -> Run:
    return Run(**{**row._mapping, "parameters": orjson.loads(row.parameters)})
