"""The rows of a plan as the text that is answered, a megabyte or two at a time.

Looker Studio takes a million rows and Apps Script 50 MB (developers.google.com/looker-studio/
connector/reference, getData(); Apps Script quotas, URL Fetch response size). What is longer is
refused before it is whole, for half an answer would be a wrong one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from catalogue.field import Dimension
from catalogue.fields import FIELDS
from clock import Clock
from connector.plan import Plan
from connector.schema import data_type
from errors import BadRequest
from store.engine import Engine

MOST_ROWS: Final = 1_000_000
MOST_BYTES: Final = 50_000_000


@dataclass(frozen=True)
class Body:
    """`chunks` together are the whole answer: Looker's getData response, or the rows of a file
    without its header line. The seconds are those of the engine until the first row, and of the
    writing from there to the last."""

    chunks: tuple[bytes, ...]
    rows: int
    engine_seconds: float
    writing_seconds: float

    @property
    def size(self) -> int:
        return sum(map(len, self.chunks))


def write(engine: Engine, plan: Plan, sql: str, clock: Clock) -> Body:
    """`sql`: the plan's, its sources filled in.

    Raises BadRequest(too_large), and what the engine does.
    """
    started = clock.monotonic()
    first_row_at: float | None = None
    chunks: list[bytes] = []
    rows = size = 0
    with engine.texts(sql, plan.parameters, many=plan.by_record) as texts:
        for some in texts:
            first_row_at = first_row_at or clock.monotonic()
            rows += some.rows
            size += len(some.text)
            if rows > MOST_ROWS or size > MOST_BYTES:
                raise BadRequest(too_large(plan.fields), code="too_large")
            chunks.append(some.text)
    ended = clock.monotonic()
    if plan.form == "looker":
        chunks = _as_response(plan.fields, chunks)
    first_row_at = first_row_at or ended
    return Body(tuple(chunks), rows, first_row_at - started, ended - first_row_at)


def _as_response(fields: Sequence[str], chunks: Sequence[bytes]) -> list[bytes]:
    schema = [{"name": name, "dataType": data_type(FIELDS[name])} for name in fields]
    opening = b'{"schema":%b,"rows":[' % orjson.dumps(schema)
    # Every row ends with a comma; the last one's goes.
    ending = [last[:-1] for last in chunks[-1:]]
    return [opening, *chunks[:-1], *ending, b'],"filtersApplied":true}']


def too_large(fields: Sequence[str]) -> str:
    """The sentence of an answer that is longer than Looker Studio takes: how to narrow it."""
    finest = [
        FIELDS[name].label
        for name in fields
        if isinstance(FIELDS[name], Dimension)
        and (name.endswith("_id") or FIELDS[name].semantic == "YEAR_MONTH_DAY_SECOND")
    ]
    without = f"leave out {' and '.join(finest[:3])}" if finest else "ask for fewer fields"
    return (
        f"The answer has more than {MOST_ROWS:,} rows or {MOST_BYTES // 1_000_000} MB. Shorten the "
        f"date range, add a filter, or {without}."
    )
