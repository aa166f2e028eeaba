"""Counts of different people that only TikTok can make: where each of them can come from. Pure.

A stored row stands for one day of a shop, a product or a video, for one hour, or for one LIVE
session. Its count is shown where a group is exactly that row. Some TikTok also counts over a whole
range, when asked: one call for the range, without any date in the table. Everywhere else the value
is null with a note, for counts of several days have people in common.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from catalogue.facts import FACTS, Fact
from catalogue.field import Aggregate, Counted, Dimension, TimeDimension, references
from catalogue.fields import FIELDS
from connector.question import Question
from connector.reach import home
from connector.reads import FactRead
from connector.select import GivenRows, ShopScope

#: Where a count comes from: a stored row, a call for the whole range, or nowhere.
Way = Literal["stored", "window", "untold"]
#: Columns of the keys that say when, and not whose.
_WHEN: Final = frozenset({"date", "day", "hour"})
_THINGS: Final = {
    "product_id": "product",
    "sku_id": "SKU",
    "video_id": "video",
    "live_id": "LIVE",
}
#: Dimensions that tell shops apart; two shops may share a name, but nobody calls them so.
_SHOP_BY_SHOP: Final = frozenset({"shop_id", "shop_name"})
#: Dimensions that tell days apart, and hours of a day.
_DAYS: Final = frozenset({"date", "date_hour"})
_HOURS: Final = frozenset({"hour", "date_hour"})
#: Operators that let through what equals one of their values.
_ONE_OF: Final = frozenset({"EQUALS", "IN_LIST"})


@dataclass(frozen=True)
class WindowCount:
    """What TikTok is to count for one shop over the days `first` to `last`, both included, of the
    shop's own zone. `columns` of the fact's table hold the `metrics`, in the same order."""

    shop_id: str
    fact: str
    metrics: tuple[str, ...]
    columns: tuple[str, ...]
    first: dt.date
    last: dt.date


#: Rows by column name, as the table of the fact has them for one day.
Counts = Mapping[WindowCount, Sequence[Mapping[str, object]]]


@dataclass(frozen=True)
class WindowCounting:
    """The counts of a request: `ways` by id, and the `windows` that TikTok is to be asked for."""

    counted: Mapping[str, Counted]
    ways: Mapping[str, Way]
    reads: Mapping[str, FactRead]
    windows: tuple[WindowCount, ...]
    question: Question
    shops_chosen: Sequence[ShopScope]

    @classmethod
    def of(
        cls,
        question: Question,
        facts: Mapping[Fact, Sequence[Aggregate]],
        reads: Mapping[Fact, FactRead],
        shops: Sequence[ShopScope],
    ) -> WindowCounting:
        counted: dict[str, Counted] = {}
        ways: dict[str, Way] = {}
        asked: list[WindowCount] = []
        for fact, metrics in facts.items():
            mine = [metric for metric in metrics if isinstance(metric, Counted)]
            counted |= {metric.id: metric for metric in mine}
            ways |= {metric.id: way(metric, reads[fact], question, shops) for metric in mine}
            over = [metric for metric in mine if ways[metric.id] == "window"]
            asked += _windows(over, reads[fact], shops)
        by_id = {metric.id: reads[fact] for fact, group in facts.items() for metric in group}
        return cls(counted, ways, by_id, tuple(asked), question, shops)

    def shops(self, fact: Fact) -> list[str]:
        return [one.shop_id for one in self.windows if one.fact == fact.name]

    def given(self, fact: Fact, counts: Counts) -> GivenRows:
        """By shop id, the rows that TikTok's answer had; shops it gave none for are left out."""
        mine = [one for one in self.windows if one.fact == fact.name]
        return {one.shop_id: counts[one] for one in mine if one in counts}

    def is_all_of(self, read: FactRead) -> bool:
        """Whether nothing that is stored of the fact is shown."""
        return bool(read.metrics) and all(self.ways.get(name) == "window" for name in read.metrics)

    def notes(self, counts: Counts | None) -> Iterator[str]:
        """Why counts are null; `counts` is None before TikTok was asked."""
        for name, metric in self.counted.items():
            read = self.reads[name]
            if self.ways[name] == "stored" and self._may_mix_hours(FACTS[read.fact]):
                yield (
                    f"{metric.label} is empty where a row is about several hours, which may have "
                    f"people in common. Add {FIELDS['hour'].label}."
                )
            if self.ways[name] == "untold":
                yield _untold(metric, read, self.question, self.shops_chosen)
            elif not _is_about_one_thing(FACTS[read.fact], self.question):
                yield _of_several(metric, read)
            elif self.ways[name] == "stored" and self._may_mix_shops(FACTS[read.fact]):
                yield (
                    f"{metric.label} is empty where a row is about several shops, which may have "
                    f"people in common. Add {FIELDS['shop_id'].label}."
                )
        if counts is not None:
            missing = [one for one in self.windows if one not in counts]
            for name in dict.fromkeys(name for one in missing for name in one.metrics):
                yield (
                    f"TikTok did not say {self.counted[name].label} for the whole date range: it "
                    "is empty here."
                )

    def _may_mix_shops(self, fact: Fact) -> bool:
        """Whether a row may be about several shops; a product or a video is of one."""
        if len(self.shops_chosen) == 1 or _things(fact):
            return False
        return not self._told_apart() & _SHOP_BY_SHOP

    def _may_mix_hours(self, fact: Fact) -> bool:
        return "hour" in fact.table.key and not self._told_apart() & _HOURS

    def _told_apart(self) -> set[str]:
        """Dimensions of which a row has one value."""
        return {one.id for one in (*self.question.dimensions, *_pinned(self.question))}


def way(metric: Counted, read: FactRead, question: Question, shops: Sequence[ShopScope]) -> Way:
    fact = FACTS[read.fact]
    if _is_one_moment(fact, read, question.dimensions):
        return "stored"
    if not metric.over_window or not any(read.days.values()):
        return "untold"
    if _blocking(fact, question, shops) or not _is_about_one_shop(fact, question, shops):
        return "untold"
    return "window" if _is_about_one_thing(fact, question) else "untold"


def _untold(metric: Counted, read: FactRead, question: Question, shops: Sequence[ShopScope]) -> str:
    """Why the count is null, and what would show it."""
    fact = FACTS[read.fact]
    things = _things(fact)
    one = f"one {things[0]} of one shop" if things else "one shop"
    add = "Date & Hour" if "hour" in fact.table.key else "Date"
    per = "hour" if "hour" in fact.table.key else "day"
    if metric.over_window:
        why = (
            f"{metric.label} is empty here: TikTok counts it for {one}, by {per} or over the whole "
            "date range without a date in the table."
        )
        blocking = _blocking(fact, question, shops)
        if blocking:
            labels = " and ".join(dimension.label for dimension in blocking)
            return f"{why} It does not tell it by {labels}, as a column or as a filter."
        if not _is_about_one_thing(fact, question):
            return f"{why} Add {_id_labels(fact)}."
        return why
    return (
        f"{metric.label} is empty here: TikTok counts it for {one} by {per}, and days do not add "
        f"up. Add {add}."
    )


def _of_several(metric: Counted, read: FactRead) -> str:
    """Why the count may be null in some rows."""
    fact = FACTS[read.fact]
    return (
        f"{metric.label} is empty where a row is about several {_things(fact)[0]}s, which may have "
        f"people in common. Add {_id_labels(fact)}."
    )


def _windows(
    metrics: Sequence[Counted], read: FactRead, shops: Sequence[ShopScope]
) -> Iterator[WindowCount]:
    """One for each shop that has days to count over."""
    ordered = sorted(metrics, key=lambda metric: metric.id)
    columns = tuple(references(metric.on[read.fact])[0] for metric in ordered)
    names = tuple(metric.id for metric in ordered)
    for shop in shops if names else ():
        days = read.days.get(shop.shop_id)
        if days is not None:
            yield WindowCount(shop.shop_id, read.fact, names, columns, days.start, days.end)


def _is_one_moment(fact: Fact, read: FactRead, shown: Sequence[Dimension]) -> bool:
    """Whether every group is about one day: what is of a day, or of a part of it, is stored."""
    key = fact.table.key
    if "date" not in key:
        return True
    names = {dimension.id for dimension in shown}
    days = [one for one in read.days.values() if one is not None]
    return bool(names & _DAYS) or all(one.start == one.end for one in days)


def _whose(fact: Fact) -> set[str]:
    return set(fact.table.key) - _WHEN


def _things(fact: Fact) -> list[str]:
    return [_THINGS[name] for name in fact.table.key if name in _THINGS]


def _id_labels(fact: Fact) -> str:
    return " and ".join(FIELDS[name].label for name in fact.table.key if name in _THINGS)


def _blocking(fact: Fact, question: Question, shops: Sequence[ShopScope]) -> list[Dimension]:
    """Columns and filters that rows of a whole range know nothing of."""
    return [one for one in question.needed if not _is_whole_window(fact, one, shops)]


def _is_whole_window(fact: Fact, dimension: Dimension, shops: Sequence[ShopScope]) -> bool:
    """Whether rows of a whole range know the dimension: whose they are, and what that says."""
    if isinstance(dimension, TimeDimension):
        return False
    if dimension.id == "currency":
        # Where a shop has one, it says whose the row is; of several TikTok counts all together.
        return all(len(shop.currencies) <= 1 for shop in shops)
    table = home(fact, dimension)
    if table != fact.table.name:
        return True
    return all(name in _whose(fact) for name in references(dimension.homes[table]))


def _is_about_one_shop(fact: Fact, question: Question, shops: Sequence[ShopScope]) -> bool:
    return len(shops) == 1 or any(home(fact, one) == "shops" for one in question.needed)


def _is_about_one_thing(fact: Fact, question: Question) -> bool:
    """Whether every row is about one product or the like: its id is a column, or the only one that
    a filter lets through. A title or a category may be that of several."""
    one_by_one = {*question.dimensions, *_pinned(question)}
    ids = {
        references(dimension.homes[fact.table.name])
        for dimension in one_by_one
        if not isinstance(dimension, TimeDimension) and home(fact, dimension) == fact.table.name
    }
    return all((name,) in ids for name in _whose(fact))


def _pinned(question: Question) -> Iterator[Dimension]:
    """Dimensions of which a filter lets one value through."""
    for group in question.row_filters:
        for clause in group if len(group) == 1 else ():
            dimension = FIELDS[clause.field]
            is_one = clause.operator in _ONE_OF and len(set(clause.values)) == 1
            if is_one and not clause.exclude and isinstance(dimension, Dimension):
                yield dimension
