"""Where an export is written and how, what is told of it, and what came of it. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Self

import orjson

Mode = Literal["replace", "upsert", "append"]


@dataclass(frozen=True)
class Place:
    """Where the block was found last, to find it with one call the next time. Rows and columns are
    counted from 0; `bottom` is the first row below the block. `other_cells`: how many cells the
    other tabs have. It may be old or lost: then finding it costs a call more.

    The block from its `top`: the lines of the status, the totals, the header, the rows. `pairs`:
    how many labels with their values stand in a line of the status."""

    sheet_id: int
    title: str
    top: int
    left: int
    bottom: int
    pairs: int
    field_ids: tuple[str, ...]
    grid_rows: int
    grid_columns: int
    other_cells: int

    def to_text(self) -> str:
        return orjson.dumps(self).decode()

    @classmethod
    def from_text(cls, text: str) -> Self | None:
        """None for an empty text, or one that another release has written."""
        try:
            given: dict[str, Any] = orjson.loads(text)
            return cls(**{**given, "field_ids": tuple(given["field_ids"])})
        except (ValueError, TypeError, KeyError):
            return None


@dataclass(frozen=True)
class Target:
    """`export_id`: stable, never used for another export; it marks tab, range and metadata.
    `tab`: the title to make it with, or of a tab that is there and empty; once it is made it is
    found whatever it is called. `range_name`: of the named range around header and rows (letters,
    digits, underscores). `row`, `column`: the block's first cell, from 0; they mean something only
    when it is made. `window`: in the mode `upsert`, the first and the last day (serial numbers)
    that were asked for: a row in it that the answer no longer has loses its numbers."""

    export_id: str
    tab: str
    range_name: str
    mode: Mode = "replace"
    row: int = 0
    column: int = 0
    window: tuple[int, int] | None = None
    place: Place | None = None


@dataclass(frozen=True)
class Status:
    """What the block says above the table. Instants are UTC epoch seconds and shown by the clock of
    `zone`; None shows as empty. How many rows there are is added by whoever writes it."""

    export: str
    state: str
    zone: str
    last_attempt: float
    last_success: float | None = None
    next_run: float | None = None
    range_used: str = ""
    coverage: str = ""
    shops: str = ""
    truncated: str = ""
    message: str = ""
    refresh_link: str = ""


@dataclass(frozen=True)
class Written:
    """`did`: "written"; "already": this run had written it before its answer was lost; "not there":
    only a status was to be told and there is no whole block to tell it in. `place` is to be kept
    for the next time."""

    did: Literal["written", "already", "not there"]
    place: Place | None
    rows: int = 0
    reads: int = 0
    writes: int = 0
    notes: tuple[str, ...] = field(default=())
