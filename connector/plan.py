"""GetDataRequest → Plan: which facts are read, cached or live, what was clamped, as which SQL.

Pure: no I/O, no clock. A request may be planned twice: the first plan says what may be freshened
and what only TikTok can count, the second one knows what came of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from catalogue.facts import FACTS, Fact
from catalogue.field import Aggregate, AnswerDimension
from catalogue.fields import FIELDS
from connector.cells import Form
from connector.counted import Counts, WindowCount, WindowCounting
from connector.coverage import Extent, Known, extents, is_unknown
from connector.decide import Live, decide
from connector.grouping import names_records
from connector.question import Question, ask
from connector.reach import fact_for, home_fact, not_imported, refuse
from connector.reads import ANALYTICS_DAYS, Clamp, FactRead, Span
from connector.request import GetDataRequest
from connector.says import of_two_clocks, says
from connector.seen import Seen, as_told, optional_notes, seen
from connector.select import Days, ShopScope, Source
from connector.statement import Part, state

_NO_COUNTS: Final[Counts] = MappingProxyType({})


@dataclass(frozen=True)
class Plan:
    """`sql` gives one column `row`, the text of a row in `form`, with `{s0}` and so on where
    `sources` go. `first_day`, `last_day`: the range that dated facts were asked for. `windows`:
    what TikTok is to count over the range. `seen` is None where nothing was said to be known.
    `by_record`: there are as many rows as orders, returns and so on. `tells_notes`: what is noted
    of the answer is part of its rows, or of what chooses them."""

    fields: tuple[str, ...]
    facts: tuple[str, ...]
    sql: str
    parameters: Mapping[str, object]
    sources: tuple[Source, ...]
    first_day: dt.date | None
    last_day: dt.date | None
    axis: str
    zones: tuple[str, ...]
    form: Form
    reads: tuple[FactRead, ...]
    live: Live
    windows: tuple[WindowCount, ...]
    clamped: tuple[Clamp, ...]
    notes: tuple[str, ...]
    seen: Seen | None
    by_record: bool
    tells_notes: bool


def plan(
    request: GetDataRequest,
    shops: Sequence[ShopScope],
    today: dt.date,
    *,
    known: Known | None = None,
    counts: Counts = _NO_COUNTS,
    counted_at: Sequence[float] = (),
    shop_notes: Sequence[str] = (),
    analytics_days: int = ANALYTICS_DAYS,
    form: Form = "looker",
) -> Plan:
    """`shops`: those chosen, with at least one; `today` in the report's zone. `known`: what the
    store has read; None takes everything for read. `counts`: rows of an earlier plan's `windows`;
    `counted_at`: when TikTok counted them, epoch seconds.
    `shop_notes`: what else the answer has to say of its shops. `analytics_days`: how many days back
    TikTok's own figures are shown. `form`: how the rows are written.

    Raises BadRequest: incompatible_fields, mixed_currency, bad_date_range.
    """
    question = ask(request, shops)
    span = Span(request.start, request.end, question.order_date, today, analytics_days)
    facts = _facts(question)
    reads = {
        fact: span.read(fact, [metric.id for metric in metrics], shops)
        for fact, metrics in facts.items()
    }
    count = WindowCounting.of(question, facts, reads, shops)
    parts = [
        part
        for fact, metrics in facts.items()
        for part in _parts(fact, metrics, reads[fact], count, counts)
    ]
    if not (question.dimensions or question.parts):
        parts = []  # what the answer says of itself, alone
    found: dict[str, Sequence[Extent]] = {}
    sight = None
    if known is not None:
        stored = [part.read for part in parts if part.given is None]
        asked = Days(request.start, request.end) if request.start and request.end else None
        found = {read.fact: extents(read, asked, shops, known, today) for read in stored}
        _refuse_what_is_optional(question, reads.values(), shops, known)
        sight = seen(stored if parts else list(reads.values()), shops, known, today, counted_at)
    unread = {name for name, one in found.items() if is_unknown(one)}
    told = [as_told(read, shops, known or {}) for read in reads.values()]
    clamped = tuple(clamp for read in told if (clamp := read.clamp) is not None)
    notes = (
        *(clamp.note for clamp in clamped),
        *count.notes(counts if known is not None else None),
        *optional_notes(facts, question.needed, shops, known),
        *of_two_clocks(reads.values(), question.dimensions, shops),
    )
    of_itself = {
        name
        for name in (*request.fields, *(one.field for group in request.filters for one in group))
        if isinstance(FIELDS[name], AnswerDimension)
    }
    every_note = (*notes, *(sight.notes if sight else ()), *shop_notes)
    statement = state(
        request,
        question,
        parts,
        shops,
        unread=unread,
        extents={name: one for name, one in found.items() if name not in unread},
        said=says(sight, every_note, shops, known) if of_itself else {},
        form=form,
    )
    return Plan(
        fields=request.fields,
        facts=tuple(fact.name for fact in facts),
        sql=statement.sql,
        parameters=statement.parameters,
        sources=statement.sources,
        first_day=request.start,
        last_day=request.end,
        axis=question.order_date,
        zones=tuple(dict.fromkeys(shop.zone for shop in shops)),
        form=form,
        reads=tuple(reads.values()),
        live=decide(
            question.dimensions,
            question.parts.values(),
            [read for read in reads.values() if not count.is_all_of(read)],
            shops,
            today,
            sample_extraction=request.sample_extraction,
        ),
        windows=() if request.sample_extraction else count.windows,
        clamped=clamped,
        notes=notes,
        seen=sight,
        by_record=any(
            names_records(part.fact, one) for part in parts for one in question.dimensions
        ),
        tells_notes="data_note" in of_itself,
    )


def _facts(question: Question) -> dict[Fact, list[Aggregate]]:
    """The fact that each part is read from; without metrics, the one whose rows are listed."""
    chosen: dict[tuple[str, ...], Fact | None] = {}
    facts: dict[Fact, list[Aggregate]] = {}
    for part in question.parts.values():
        candidates = tuple(part.on)
        if candidates not in chosen:
            chosen[candidates] = fact_for(part, question.needed)
        fact = chosen[candidates]
        if fact is None:
            raise refuse(question.metrics, question.dimensions, question.filtered)
        facts.setdefault(fact, []).append(part)
    if facts:
        return facts
    if question.needed:
        return {home_fact(question.dimensions, question.filtered): []}
    return {FACTS["orders"]: []}


def _parts(
    fact: Fact,
    metrics: Sequence[Aggregate],
    read: FactRead,
    count: WindowCounting,
    counts: Counts,
) -> Iterator[Part]:
    """The stored rows of a fact, and beside them what was counted over the whole range."""
    given = count.given(fact, counts)
    over_window = [metric for metric in metrics if count.ways.get(metric.id) == "window"]
    untold = {metric.id for metric in metrics if count.ways.get(metric.id, "stored") != "stored"}
    if not (given and len(given) == len(count.shops(fact)) and len(over_window) == len(metrics)):
        yield Part(fact, read, metrics, untold)
    if given:
        yield Part(fact, read, over_window, given=given)


def _refuse_what_is_optional(
    question: Question, reads: Iterable[FactRead], shops: Sequence[ShopScope], known: Known
) -> None:
    for read in reads:
        if not any(known.get(shop.shop_id, {}).get(read.fed_by) for shop in shops):
            refusal = not_imported(
                FACTS[read.fact], question.metrics, question.dimensions, question.filtered
            )
            if refusal is not None:
                raise refusal
