"""Which fact answers a metric, and whether it reaches what is asked for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from catalogue.facts import FACTS, Fact
from catalogue.field import Aggregate, AnswerDimension, Dimension, Metric, TimeDimension
from catalogue.fields import FIELDS, aggregates, facts_of, is_snapshot
from errors import BadRequest

#: Facts that are read from TikTok only where somebody wants them -> what they are.
OPTIONAL: Final = {
    "statement_transaction_skus": "settlements by SKU",
    "sku_performance_daily": "TikTok's own figures by SKU",
    "external_orders": "numbers of orders in other systems",
}
#: A sentence is read by a person: as many labels, and as many kinds of refusal.
_MOST_LABELS: Final = 12
_MOST_SENTENCES: Final = 4


@cache
def home(fact: Fact, dimension: Dimension) -> str | None:
    """The table a dimension is read from on this fact: its own if it can, else one it reaches."""
    if isinstance(dimension, TimeDimension):
        tells = fact.is_dated and (fact.by_hour or not dimension.hourly)
        return fact.table.name if tells else None
    if fact.table.name in dimension.homes:
        return fact.table.name
    # The unit says more exactly than its order which parcel it was in.
    finest_first = sorted(dimension.homes, key=lambda table: table == "orders")
    return next((table for table in finest_first if fact.reaches(table)), None)


def reaches_all(fact: Fact, dimensions: Iterable[Dimension]) -> bool:
    return all(home(fact, dimension) is not None for dimension in dimensions)


def fact_for(metric: Aggregate, dimensions: Sequence[Dimension]) -> Fact | None:
    """The coarsest fact of the metric that reaches every dimension, or None."""
    return next((fact for fact in facts_of(metric) if reaches_all(fact, dimensions)), None)


def home_fact(dimensions: Sequence[Dimension], filtered: Sequence[Dimension] = ()) -> Fact:
    """The fact whose distinct rows answer dimensions without a metric: one in which the first of
    them is at home if it reaches the others, else the coarsest that does. `filtered`: those of
    filters, which it reaches too."""
    needed = tuple(dict.fromkeys((*dimensions, *filtered)))
    candidates = [fact for fact in FACTS.values() if reaches_all(fact, needed)]
    if not candidates:
        raise _no_home(dimensions, needed)
    homes = {next(iter(dimension.homes), "orders") for dimension in dimensions or needed}
    at_home = [fact for fact in candidates if fact.table.name in homes]
    return (at_home or candidates)[0]


def _no_home(dimensions: Sequence[Dimension], needed: Sequence[Dimension]) -> BadRequest:
    missing = [
        [one for one in needed if home(fact, one) is None]
        for fact in FACTS.values()
        if dimensions and reaches_all(fact, dimensions)
    ]
    if missing:
        blocking = min(missing, key=len)
        sentence = f"{_labels(dimensions)} cannot be filtered by {_labels(blocking)}; take "
        sentence += f"{_those(blocking)} off."
    else:
        sentence = f"{_labels(needed)} do not go together in one table: nothing TikTok records "
        sentence += "has all of them. Leave one out."
    return BadRequest(sentence, code="incompatible_fields")


def refuse(
    metrics: Sequence[Metric], dimensions: Sequence[Dimension], filtered: Sequence[Dimension] = ()
) -> BadRequest:
    """The sentence for metrics and dimensions that cannot be combined. `dimensions`: those shown;
    `filtered`: those of filters."""
    needed = tuple(dict.fromkeys((*dimensions, *filtered)))
    alike: dict[tuple[str, tuple[Dimension, ...]], list[Metric]] = {}
    fitting = []
    for metric in metrics:
        blocking = tuple(_blocking(metric, needed))
        if blocking:
            alike.setdefault((_why(metric, blocking), blocking), []).append(metric)
        else:
            fitting.append(metric)
    sentences = [
        _cannot(refused, why, blocking, dimensions)
        for (why, blocking), refused in list(alike.items())[:_MOST_SENTENCES]
    ]
    blocked = {one for _, blocking in alike for one in blocking}
    others = sum(len(refused) for refused in list(alike.values())[_MOST_SENTENCES:])
    if others:
        sentences.append(f"So it is with {others} more.")
    if fitting:
        sentences.append(f"With {_labels(needed)} these go together: {_labels(fitting)}.")
    elif blocked & set(dimensions):
        kept = [dimension for dimension in dimensions if dimension not in blocked]
        if kept:
            sentences.append(f"{_labels(metrics)} can be shown by {_labels(kept)}.")
        else:
            reachable = _reachable(metrics)
            if reachable:
                sentences.append(f"Try {_labels(reachable[:6], 'or')} instead.")
    return BadRequest(" ".join(sentences), code="incompatible_fields")


def _cannot(
    metrics: Sequence[Metric],
    why: str,
    blocking: Sequence[Dimension],
    dimensions: Sequence[Dimension],
) -> str:
    """`why`: what the metrics are, if that says it."""
    shown = [one for one in blocking if one in dimensions]
    filters = [one for one in blocking if one not in dimensions]
    labels = _labels(metrics)
    because = f" {'is' if len(metrics) == 1 else 'are'} {why} and" if why else ""
    if not filters:
        return f"{labels}{because} cannot be shown by {_labels(shown)}."
    by = f"shown by {_labels(shown)}, nor " if shown else ""
    remedy = f"take {_those(filters)} off or leave {labels} out"
    return f"{labels}{because} cannot be {by}filtered by {_labels(filters)}; {remedy}."


def _those(filters: Sequence[Dimension]) -> str:
    return "that filter" if len(filters) == 1 else "those filters"


def _why(metric: Metric, blocking: Sequence[Dimension]) -> str:
    """What the metric is, where that alone says why no time, or no hour, goes with it."""
    times = [one for one in blocking if isinstance(one, TimeDimension)]
    if times and is_snapshot(metric):
        return "the state of now"
    by_day = any(fact.is_dated for part in aggregates(metric) for fact in facts_of(part))
    if times and by_day and all(time.hourly for time in times):
        return "known by day"
    return ""


def _blocking(metric: Metric, dimensions: Sequence[Dimension]) -> list[Dimension]:
    """Dimensions that keep the metric from being read; those of its best fact, input by input."""
    blocking: list[Dimension] = []
    for part in aggregates(metric):
        missing = min(
            (
                [dimension for dimension in dimensions if home(fact, dimension) is None]
                for fact in facts_of(part)
            ),
            key=len,
        )
        blocking += [dimension for dimension in missing if dimension not in blocking]
    return blocking


def _reachable(metrics: Sequence[Metric]) -> list[Dimension]:
    """One dimension of each group that goes with the metrics."""
    found: dict[str, Dimension] = {}
    for field in FIELDS.values():
        if isinstance(field, AnswerDimension) or not isinstance(field, Dimension) or field.hidden:
            continue
        if field.group not in found and not any(_blocking(metric, [field]) for metric in metrics):
            found[field.group] = field
    return list(found.values())


def _labels(fields: Iterable[Dimension | Metric], joint: str = "and") -> str:
    labels = [field.label for field in fields]
    if len(labels) > _MOST_LABELS + 1:
        labels = [*labels[:_MOST_LABELS], f"{len(labels) - _MOST_LABELS} more"]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} {joint} {labels[-1]}"


def not_imported(
    fact: Fact,
    metrics: Sequence[Metric],
    dimensions: Sequence[Dimension],
    filtered: Sequence[Dimension] = (),
) -> BadRequest | None:
    """The sentence for metrics that only an optional fact, of which nothing is read, could show by
    these dimensions; None where the fact is not optional or the metrics have no other. `filtered`:
    those of filters."""
    if fact.name not in OPTIONAL:
        return None
    needed = tuple(dict.fromkeys((*dimensions, *filtered)))
    finer = [metric for metric in metrics if _is_read_finer(metric, fact, needed)]
    if not finer:
        return None
    filters = [one for one in needed if one not in dimensions]
    how = [f"by {_labels(dimensions)}"] if dimensions else []
    how += [f"filtered by {_labels(filters)}"] if filters else []
    what = f"{_labels(finer)} {' and '.join(how)} would take {OPTIONAL[fact.name]}"
    sentences = [f"{what}, an optional part of the import that has read nothing yet."]
    parts = [part for metric in finer for part in aggregates(metric)]

    def is_read(one: Dimension) -> bool:
        return all(fact_for(part, [one]) not in (fact, None) for part in parts)

    kept = [one for one in dimensions if is_read(one)]
    others = [metric for metric in metrics if metric not in finer]
    blocking = [one for one in filters if not is_read(one)]
    if others:
        sentences.append(f"With {_labels(needed)} these go together: {_labels(others)}.")
    elif blocking and len(kept) == len(dimensions):
        sentences.append(f"Take {_those(blocking)} off.")
    elif kept:
        sentences.append(f"{_labels(finer)} can be shown by {_labels(kept)}.")
    return BadRequest(" ".join(sentences), code="incompatible_fields")


def _is_read_finer(metric: Metric, fact: Fact, dimensions: Sequence[Dimension]) -> bool:
    """Whether the metric has a coarser fact, which does not reach all of the dimensions."""
    return any(
        fact_for(part, dimensions) is fact and facts_of(part)[0] is not fact
        for part in aggregates(metric)
    )
