"""What a metric goes with, in a sentence for its description, made from the facts' reach. Pure."""

from __future__ import annotations

from functools import cache
from typing import Final

from catalogue.facts import FACTS
from catalogue.field import AnswerDimension, Dimension, Metric, TimeDimension
from catalogue.fields import FIELDS, aggregates
from catalogue.usage import reaches

#: A group is named where at least this share of its dimensions goes with the metric; where fewer
#: do, it is said to be so in part, and not at all below the second share.
_MOST: Final = 0.5
_SOME: Final = 0.1


@cache
def goes_with(metric: Metric) -> str:
    """Names the groups of dimensions, as the list of fields has them, for a metric that goes with
    no more than half of all dimensions; "" for any other."""
    groups = _groups()
    parts = [frozenset.union(*map(_reached, part.on)) for part in aggregates(metric)]
    reached = frozenset.intersection(*parts)
    shown = {
        group: [one for one in dimensions if one in reached] for group, dimensions in groups.items()
    }
    if 2 * sum(map(len, shown.values())) > sum(map(len, groups.values())):
        return ""
    shares = {group: len(found) / len(groups[group]) for group, found in shown.items()}
    whole = [_named(group, shown[group]) for group, share in shares.items() if share >= _MOST]
    part = [group for group, share in shares.items() if _SOME <= share < _MOST]
    some = f", and with some of {_listed(part)}" if part else ""
    return f"Goes with dimensions of {_listed(whole)}{some}."


@cache
def _groups() -> dict[str, list[Dimension]]:
    found: dict[str, list[Dimension]] = {}
    for field in FIELDS.values():
        if isinstance(field, AnswerDimension) or not isinstance(field, Dimension):
            continue
        if not field.hidden:
            found.setdefault(field.group, []).append(field)
    return found


@cache
def _reached(fact: str) -> frozenset[Dimension]:
    dimensions = [one for group in _groups().values() for one in group]
    return frozenset(one for one in dimensions if reaches(FACTS[fact], one))


def _named(group: str, shown: list[Dimension]) -> str:
    times = [one for one in shown if isinstance(one, TimeDimension)]
    by_day = bool(times) and not any(one.hourly for one in times)
    return f"{group} (no hours)" if by_day else group


def _listed(groups: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(groups[:-1]), groups[-1]]))
