"""docs/limits.md: what cannot be had and why, and how our numbers relate to others.

The sentences stand in the template `limits.md` beside this module. There `{gmv}` is the label of
the field `gmv`, so that a field that was renamed or is gone cannot be spoken of; words in capitals
are figures and lists that a declaration makes true.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from backfill.age import FRESH_SECONDS
from backfill.schedule import LONGEST_DAYS
from backfill.stages import STAGES
from backfill.windows import FIRST_IMPORT_DAYS
from catalogue.facts import FACTS
from catalogue.field import Counted, Snapshot
from catalogue.fields import FIELDS
from catalogue.unasked import REASONS
from connector.body import MOST_BYTES, MOST_ROWS
from connector.decide import LOOK_BACK_DAYS
from connector.live import REFRESH_WAIT_SECONDS, WAIT_SECONDS
from connector.reads import ANALYTICS_DAYS, HOURLY_DAYS
from connector.request import (
    LONGEST_PATTERN,
    MOST_CLAUSES,
    MOST_FIELDS,
    MOST_PATTERNS,
    MOST_VALUES,
)


def limits_page() -> str:
    """Markdown. KeyError for a name in the template that is neither a field nor one of ours."""
    template = Path(__file__).with_suffix(".md").read_text(encoding="utf-8")
    labels = {name: field.label for name, field in FIELDS.items()}
    return template.format_map(labels | _figures() | _lists())


def _figures() -> dict[str, str]:
    return {
        "ROWS": f"{MOST_ROWS:,}",
        "MEGABYTES": str(MOST_BYTES // 1_000_000),
        "FIELDS": str(MOST_FIELDS),
        "CLAUSES": f"{MOST_CLAUSES:,}",
        "VALUES": f"{MOST_VALUES:,}",
        "PATTERNS": str(MOST_PATTERNS),
        "PATTERN": str(LONGEST_PATTERN),
        "DAYS": str(ANALYTICS_DAYS),
        "HOURLY": str(HOURLY_DAYS),
        "FIRST": str(FIRST_IMPORT_DAYS),
        "LONGEST": str(LONGEST_DAYS),
        "LOOK_BACK": str(LOOK_BACK_DAYS),
        "FRESH": f"{FRESH_SECONDS / 60:g}",
        "WAIT": f"{WAIT_SECONDS:g}",
        "REFRESH": f"{REFRESH_WAIT_SECONDS:g}",
    }


def _lists() -> dict[str, str]:
    counted = [field for field in FIELDS.values() if isinstance(field, Counted)]
    days = {"analytics": str(ANALYTICS_DAYS), "hourly": f"{HOURLY_DAYS}, today included"}
    return {
        "COUNTED_ONCE": ", ".join(one.label for one in counted if not one.over_window),
        "COUNTED_OVER_RANGE": ", ".join(one.label for one in counted if one.over_window),
        "STATES": ", ".join(one.label for one in FIELDS.values() if isinstance(one, Snapshot)),
        "CAPPED": _rows((fact.about, days[fact.cap]) for fact in FACTS.values() if fact.cap),
        "OPTIONAL": _rows(
            (about, f"`{stage.data}`")
            for stage in STAGES
            if stage.optional
            for about in _abouts(stage.name) or [stage.label]
        ),
        "UNASKED": _rows(
            (
                "all tables" if table == "*" else f"`{table}`",
                ", ".join("all columns" if name == "*" else f"`{name}`" for name in columns),
                why,
            )
            for table, columns, why in REASONS
        ),
    }


def _abouts(resource: str) -> list[str]:
    return [fact.about for fact in FACTS.values() if fact.fed_by == resource]


def _rows(rows: Iterable[tuple[str, ...]]) -> str:
    """Lines of a Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
