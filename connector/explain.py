"""What `?explain=1` shows beside an answer: why it is as it is, in words, in figures and as SQL.
Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Final

from catalogue.facts import FACTS
from connector.fetch import Answer
from connector.plan import Plan
from connector.reads import FactRead

_DATED_BY: Final[Mapping[str, str]] = {
    "created": "dated by the creation of the order",
    "paid": "dated by the payment of the order",
    "own": "dated by its own time",
    "": "whatever the date range is",
}
_OWN_DAYS: Final = "dated by the shop's own day"
#: Of a question about types, which no plan is made for.
EXAMPLES: Final[Mapping[str, object]] = {
    "words": ["Examples of every field's type were asked for: nothing was read."]
}


def explained(answer: Answer) -> dict[str, object]:
    """As JSON takes it. Days are ISO 8601, instants too, in UTC; milliseconds are rounded.

    `reads`: per fact what the date range means for it, the days read of every shop, and what is
    covered (`read_at`: when it was last read). `sources`: the stored tables behind, with the rows
    that their segments hold. `looking` is for the shops and what is there of them, `planning` for
    what follows from that. `remembered`: the rows, and the engine's milliseconds, are those of an
    earlier, equal question.
    """
    plan, about = answer.plan, answer.about
    return {
        "words": list(in_words(answer)),
        "fields": plan.fields,
        "facts": plan.facts,
        "reads": [_read(answer, read) for read in plan.reads],
        "axis": plan.axis,
        "first_day": plan.first_day,
        "last_day": plan.last_day,
        "zones": plan.zones,
        "live": {
            "source": about.source,
            "may_freshen": plan.live.may_freshen,
            "resources": plan.live.resources,
            "why": plan.live.why,
            "problems": dict(answer.freshened.problems),
            "counted_over_range": [
                {
                    "shop": window.shop_id,
                    "metrics": window.metrics,
                    "from": window.first,
                    "to": window.last,
                }
                for window in plan.windows
            ],
        },
        "clamped": [
            {"fact": one.fact, "from": one.first, "to": one.last, "note": one.note}
            for one in plan.clamped
        ],
        "partial": about.partial,
        "stale": about.stale,
        "notes": about.notes,
        "sources": [
            {
                "shop": source.shop_id,
                "table": source.table,
                "histogram": source.as_histogram,
                "rows": source.rows(answer.manifests[source.shop_id]),
            }
            for source in plan.sources
        ],
        "rows": answer.body.rows,
        "bytes": answer.body.size,
        "remembered": answer.remembered,
        "milliseconds": {
            "looking": _milliseconds(answer.looking_seconds),
            "planning": _milliseconds(answer.planning_seconds),
            "waiting": _milliseconds(answer.waited_seconds),
            "engine": _milliseconds(answer.body.engine_seconds),
            "writing": _milliseconds(answer.body.writing_seconds),
        },
        "sql": answer.sql,
        "parameters": dict(plan.parameters),
    }


def _read(answer: Answer, read: FactRead) -> dict[str, object]:
    fact = FACTS[read.fact]
    covered = {
        shop_id: [
            {
                "from": _instant(stretch.start),
                "until": _instant(stretch.end),
                "read_at": _instant(stretch.read_at),
            }
            for stretch in by_resource.get(read.fed_by, ())
        ]
        for shop_id, by_resource in answer.known.items()
    }
    return {
        "fact": read.fact,
        "about": fact.about,
        "metrics": read.metrics,
        "date_range_means": _dated_by(read),
        "days": {
            shop_id: days and {"from": days.start, "to": days.end}
            for shop_id, days in read.days.items()
        },
        "clamped": read.clamped,
        "fed_by": read.fed_by,
        "covered": covered,
    }


def in_words(answer: Answer) -> Iterator[str]:
    """The plan and what became of it, in sentences."""
    plan = answer.plan
    for read in plan.reads:
        yield f"Read from {read.fact}, {_dated_by(read)}{_days(read)}."
    yield plan.live.why
    yield _came_from(answer, plan)
    if answer.remembered:
        yield "The same was asked before and nothing has changed since: the rows are those of then."
    yield from answer.about.notes


def _came_from(answer: Answer, plan: Plan) -> str:
    if answer.about.source == "live":
        return "TikTok was asked for this answer, and what came is in it."
    if plan.live.may_freshen and not answer.freshened.problems:
        return "Everything was fresh enough, so TikTok was not asked."
    return "Answered from the cache."


def _dated_by(read: FactRead) -> str:
    return _OWN_DAYS if FACTS[read.fact].own_days else _DATED_BY[read.axis]


def _days(read: FactRead) -> str:
    if not read.axis:
        return ""
    if read.first is None:
        return ": no day of the range is left to show"
    return f", {read.first} to {read.last}"


def _instant(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat()


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
