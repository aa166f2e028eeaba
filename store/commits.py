"""What one commit to a shop's file is made of. Values only; `store.records` writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalogue.table import Table
from store.window_counts import WindowCounts


@dataclass(frozen=True, slots=True)
class Write:
    """Rows of one record table, possibly only some of its columns; the others keep their values.

    `columns` come without the bookkeeping columns and must hold the key, the root (with its integer
    key, where the table has one), the axis and `update_time`, as far as the table has them. Values
    are SQLite's: decimal text, epoch seconds, 0/1, signed 64-bit keys, None. `is_ours`: what we
    concluded about stored rows, which TikTok did not mention: `last_seen_at` stays.
    """

    table: Table
    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    is_ours: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open UTC [start, end) of one resource in one lane, with where we are in it.

    `page_token` is the token of the next page to fetch, "" for the first. States: pending, running,
    done.
    """

    resource: str
    lane: str
    start: int
    end: int
    state: str = "pending"
    page_token: str = ""
    pages: int = 0
    rows: int = 0
    total: int | None = None


@dataclass(frozen=True, slots=True)
class StageProgress:
    """One row per stage of the latest run, shown to people. Instants are UTC epoch seconds.

    States: pending, running, waiting, done, blocked, failed.
    """

    stage: str
    state: str
    done: int = 0
    total: int | None = None
    waits_for: str = ""
    error: str = ""
    reference: str = ""
    started_at: float | None = None
    heartbeat_at: float | None = None
    finished_at: float | None = None


@dataclass(frozen=True, slots=True)
class Covered:
    """[start, end) of this resource's axis has been read completely, as of `read_at` (all UTC)."""

    resource: str
    start: int
    end: int
    read_at: int


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record that had the wrong shape: where it was and why. Never a payload."""

    resource: str
    request_id: str
    path: str
    reason: str
    at: int


@dataclass(frozen=True, slots=True)
class Commit:
    """Kept or refused as a whole.

    `replaced_by`: the window was split into these; it is kept as done, so that planning it again
    does not bring it back. `fetched_at`: when the page was read, UTC epoch seconds.
    """

    writes: tuple[Write, ...] = ()
    window: Window | None = None
    replaced_by: tuple[Window, ...] = ()
    progress: StageProgress | None = None
    covered: tuple[Covered, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
    checkpoints: tuple[tuple[str, str], ...] = ()
    window_counts: tuple[WindowCounts, ...] = ()
    fetched_at: int = 0
