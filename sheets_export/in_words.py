"""An export in words, for pages. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from catalogue.fields import FIELDS
from sheets_export.date_ranges import CUSTOM, LABELS
from sheets_export.definition import COMPARES, MODES, ORDER_DATES, Definition
from store.exports import Export
from store.runs import Run

#: What an export's state is called, and the tone of its pill.
_EXPORT_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "new": ("Not written yet", "quiet"),
    "ok": ("Up to date", "ok"),
    "failed": ("Failed", "bad"),
}
_RUN_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "pending": ("Next", "quiet"),
    "running": ("Running", "busy"),
    "waiting": ("Waiting", "warn"),
    "done": ("Done", "ok"),
    "blocked": ("Needs you", "bad"),
    "failed": ("Failed", "bad"),
}


def export_state(export: Export) -> tuple[str, str]:
    return ("Off", "quiet") if export.is_paused else _EXPORT_STATES[export.state]


def refresh_state(run: Run) -> tuple[str, str]:
    return _RUN_STATES[run.state]


def definition_in_words(made: Definition) -> list[tuple[str, str]]:
    """(label, text) pairs; what is as usual is left out."""
    days = LABELS[made.dates.template]
    if made.dates.template == CUSTOM:
        days = f"{made.dates.start} to {made.dates.end}"
    elif made.dates.include_today:
        days += ", with today"
    order = [
        f"{FIELDS[one.field].label}{', highest first' if one.descending else ''}"
        for one in made.sort
    ]
    found = [
        ("Shops", f"Client {made.client}" if made.client else made.shops),
        ("Fields", ", ".join(FIELDS[name].label for name in made.fields)),
        ("Days", days),
        ("Time zone", "of each shop" if made.seller_center else made.zone),
        ("Filters", "; ".join(made.filters)),
        ("Sorted by", "; ".join(order)),
        ("Rows at most", f"{made.row_limit:,}" if made.row_limit else ""),
        ("Compared with", COMPARES[made.compare] if made.compare != "none" else ""),
        ("Totals", "above the header" if made.totals else ""),
        ("Currency", made.currency),
        ("Date of orders", ORDER_DATES[made.order_date] if made.order_date != "created" else ""),
        ("Mode", MODES[made.mode]),
        (
            "Known by",
            ", ".join(FIELDS[name].label for name in made.keys) if made.mode == "upsert" else "",
        ),
    ]
    return [(label, text) for label, text in found if text]
