"""Which months of history are there, for a strip of small boxes. Pure; UTC."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backfill.windows import Stretch, gaps

#: A kind of data and the stages that say whether it was read.
STAGES_OF: Final[Mapping[str, Sequence[str]]] = {
    "Orders": ("orders", "returns", "cancellations"),
    "Finance": ("statements", "payments"),
    "Analytics": ("shop_performance",),
}

#: Boxes are filled in so many steps.
_STEPS: Final = 4


@dataclass(frozen=True, slots=True)
class Month:
    """`[start, end)` of a calendar month, as far as history can be asked for; UTC epoch seconds."""

    year: int
    month: int
    start: int
    end: int

    @property
    def name(self) -> str:
        return f"{dt.date(self.year, self.month, 1):%B %Y}"

    @property
    def letter(self) -> str:
        return f"{dt.date(self.year, self.month, 1):%b}"[0]


@dataclass(frozen=True, slots=True)
class Box:
    """A month of one kind of data: `share` 0 to 100 of its days, in all shops together; `level` 0
    (nothing) to 4 (everything)."""

    month: str
    share: int
    level: int


def months(start: int, end: int) -> list[Month]:
    """The calendar months of `[start, end)`, ascending."""
    found = []
    day = dt.datetime.fromtimestamp(start, dt.UTC).replace(day=1, hour=0, minute=0, second=0)
    while day.timestamp() < end:
        following = (day + dt.timedelta(days=32)).replace(day=1)
        edges = max(start, int(day.timestamp())), min(end, int(following.timestamp()))
        found.append(Month(day.year, day.month, *edges))
        day = following
    return found


def strip(
    of_shops: Sequence[Mapping[str, Sequence[Stretch]]], shown: Sequence[Month]
) -> dict[str, list[Box]]:
    """By kind of data its boxes. `of_shops`: for each shop, what was read of each stage."""
    return {
        kind: [
            _box(month, [shop.get(stage, ()) for shop in of_shops for stage in stages])
            for month in shown
        ]
        for kind, stages in STAGES_OF.items()
    }


def years(shown: Sequence[Month]) -> list[tuple[int, int]]:
    """Each year with how many of the months are of it."""
    counted: dict[int, int] = {}
    for month in shown:
        counted[month.year] = counted.get(month.year, 0) + 1
    return list(counted.items())


def _box(month: Month, read: Sequence[Sequence[Stretch]]) -> Box:
    whole = (month.end - month.start) * len(read)
    open_seconds = sum(
        end - start
        for stretches in read
        for start, end in gaps((month.start, month.end), stretches)
    )
    if not whole or open_seconds >= whole:
        return Box(month.name, 0, 0)
    if not open_seconds:
        return Box(month.name, 100, _STEPS)
    share = 1 - open_seconds / whole
    # Neither nothing nor everything: never shown as one of these.
    return Box(
        month.name,
        min(99, max(1, round(100 * share))),
        min(_STEPS - 1, max(1, round(_STEPS * share))),
    )
