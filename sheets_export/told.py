"""What a refresh tells the writer, the spreadsheet and the pages of an export. Pure."""

from __future__ import annotations

from typing import Any, Final

from connector.zones import day_number
from sheets_export.asking import Answered
from sheets_export.date_ranges import Days
from sheets_export.definition import Definition
from sheets_export.target import Place, Status, Target, Written
from store.exports import Export

#: Day 0 of a spreadsheet's serial numbers, 1899-12-30, as `day_number` counts.
_SERIAL_OF_1970: Final = 25_569
#: Of a report, what stands above the rows.
_TOLD_OF_ROWS: Final = ("range", "coverage", "shops", "truncated")


def status_as_left(
    export: Export,
    zone: str,
    *,
    state: str,
    message: str,
    last_attempt: float,
    next_run: float | None,
    link: str,
) -> Status:
    """What is told of rows that stay as the last success left them."""
    report = {name: str(export.report.get(name, "")) for name in _TOLD_OF_ROWS}
    return Status(
        export=export.name,
        state=state,
        zone=zone,
        last_attempt=last_attempt,
        last_success=export.succeeded_at,
        next_run=next_run,
        range_used=report["range"],
        coverage=report["coverage"],
        shops=report["shops"],
        truncated=report["truncated"],
        message=message,
        refresh_link=link,
    )


def target_of(export: Export, made: Definition, whole: Days | None) -> Target:
    """Where an export is written. `whole`: the days of which the answer has every row, None where
    it was cut or some days are not imported; a row in them that is gone loses its numbers in the
    mode upsert, and one that is merely missing must not."""
    window = None
    if made.mode == "upsert" and whole is not None:
        first, last = (day_number(day) + _SERIAL_OF_1970 for day in (whole.first, whole.last))
        window = first, last
    return Target(
        export_id=export.id,
        tab=export.tab,
        range_name=f"tiktok_shop_{export.id}",
        mode=made.mode,
        window=window,
        place=Place.from_text(export.place),
    )


def report_of(answered: Answered, made: Definition, written: Written) -> dict[str, Any]:
    """What the pages show of a success."""
    return {
        "range": answered.range_in_words,
        "coverage": answered.coverage_in_words(made.zone),
        "shops": answered.shops_in_words,
        "truncated": cut_in_words(answered, made),
        "notes": [*answered.notes, *written.notes],
        "calls": written.reads + written.writes,
    }


def cut_in_words(answered: Answered, made: Definition) -> str:
    return f"Only the first {made.row_limit:,} rows are shown." if answered.is_cut else ""
