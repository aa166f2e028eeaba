"""What somebody chose to look at: days, comparison, currency, way of counting. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from connector.subjects import Subject
from hub.asking import Days

#: A choice of days by name; whatever the name is, the days end before today, for today is not over.
RANGES: Final[Mapping[str, str]] = {
    "7": "Last 7 days",
    "28": "Last 28 days",
    "90": "Last 90 days",
    "month": "This month",
    "last_month": "Last month",
    "own": "Other days",
}
USUAL_RANGE: Final = "28"
COMPARISONS: Final[Mapping[str, str]] = {
    "before": "the days before",
    "year": "a year before",
    "none": "nothing",
}
USUAL_COMPARISON: Final = "before"
#: As far back as an import reaches, with room for leap days.
_LONGEST: Final = dt.timedelta(days=731)
#: The first that can be asked for.
_FIRST_YEAR: Final = 2015
_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class View:
    """`about`: the key of a subject. `before`: the days to compare with. `problem`: a sentence on
    what could not be taken; the usual days are shown in its place."""

    about: str
    range: str
    days: Days
    comparison: str
    before: Days | None
    currency: str
    seller_center: bool
    problem: str = ""

    def address(self, **changes: str) -> str:
        """The query that shows this view again, with some of it changed; values in order."""
        named = {
            "about": self.about,
            "range": self.range,
            "start": f"{self.days.first}" if self.range == "own" else "",
            "end": f"{self.days.last}" if self.range == "own" else "",
            "compare": self.comparison,
            "currency": self.currency,
            "seller_center": "1" if self.seller_center else "",
        } | changes
        return "?" + urlencode({name: value for name, value in named.items() if value})


def view(query: Mapping[str, str], today: dt.date, usual: str = USUAL_RANGE) -> View:
    """`query`: the address's, each parameter once; `today` in the zone of what is looked at;
    `usual`: a name in RANGES. What is not understood is the usual; days that make no range are
    told."""
    chosen = query.get("range", "")
    if not chosen and query.get("start"):
        chosen = "own"
    name = chosen if chosen in RANGES else usual
    problem = ""
    if name == "own":
        found, problem = _own_days(query.get("start", ""), query.get("end", ""), today)
        name = name if found else usual
        days = found or _named(usual, today)
    else:
        days = _named(name, today)
    comparison = query.get("compare", USUAL_COMPARISON)
    comparison = comparison if comparison in COMPARISONS else USUAL_COMPARISON
    return View(
        about=query.get("about", ""),
        range=name,
        days=days,
        comparison=comparison,
        before=_BEFORE[comparison](days),
        currency=query.get("currency", ""),
        seller_center=query.get("seller_center", "") == "1",
        problem=problem,
    )


def of_subject(seen: View, asked: str, subject: Subject) -> View:
    """The view of what is shown in the end. Where the address asked for something else (`asked`, ""
    for nothing), that is told: numbers of another shop must not pass for those of this one."""
    problem = seen.problem
    if asked and asked != subject.key:
        instead = f"What the address asks for cannot be shown here. This is {subject.label}."
        problem = f"{instead} {problem}".strip()
    return replace(seen, about=subject.key, problem=problem)


def _named(name: str, today: dt.date) -> Days:
    yesterday = today - _DAY
    if name == "month":
        # On the first of a month there is no full day of it: today, then.
        return Days(today.replace(day=1), max(yesterday, today.replace(day=1)))
    if name == "last_month":
        last = today.replace(day=1) - _DAY
        return Days(last.replace(day=1), last)
    return Days(today - int(name) * _DAY, yesterday)


def _own_days(start: str, end: str, today: dt.date) -> tuple[Days | None, str]:
    try:
        first, last = dt.date.fromisoformat(start), dt.date.fromisoformat(end)
    except ValueError:
        return None, "Choose both a first and a last day. The usual days are shown instead."
    if first > last:
        return None, f"The days end ({last}) before they begin ({first}). Turn them round."
    if first.year < _FIRST_YEAR:
        return None, f"Choose days from {_FIRST_YEAR} on. The usual days are shown instead."
    if first > today:
        return None, f"{first} has not come yet. The usual days are shown instead."
    if last - first > _LONGEST:
        return None, "At most two years can be shown at once. The usual days are shown instead."
    return Days(first, min(last, today)), ""


def _days_before(days: Days) -> Days:
    return Days(days.first - days.length * _DAY, days.first - _DAY)


def _year_before(days: Days) -> Days:
    """The same days of the year before, as many of them: 29 February counts as the 28th."""
    last = _same_day(days.last)
    return Days(last - (days.length - 1) * _DAY, last)


def _same_day(day: dt.date) -> dt.date:
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)


_BEFORE: Final[Mapping[str, Callable[[Days], Days | None]]] = {
    "before": _days_before,
    "year": _year_before,
    "none": lambda _: None,
}
