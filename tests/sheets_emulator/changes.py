"""How inserting, deleting and moving rows or columns moves what points at them.

A change maps a half-open span of indexes to its new place, or to None when all of it is gone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from .areas import Area


class Change(Protocol):
    def span(self, start: int, end: int | None) -> tuple[int, int | None] | None: ...


@dataclass(frozen=True)
class Inserted:
    """`count` new ones before index `at`. A span grows only when it is hit inside."""

    at: int
    count: int

    def span(self, start: int, end: int | None) -> tuple[int, int | None] | None:
        if end is not None and end > self.at:
            end += self.count
        return (start + self.count if start >= self.at else start), end


@dataclass(frozen=True)
class Deleted:
    """Those from `start` to `end` are gone."""

    start: int
    end: int

    def _left(self, index: int) -> int:
        return index - max(0, min(index, self.end) - self.start)

    def span(self, start: int, end: int | None) -> tuple[int, int | None] | None:
        new_start = self._left(start)
        new_end = None if end is None else self._left(end)
        if new_end is not None and new_end <= new_start:
            return None
        return new_start, new_end


@dataclass(frozen=True)
class Moved:
    """Those from `start` to `end` go before index `to`, counted before the move."""

    start: int
    end: int
    to: int

    def span(self, start: int, end: int | None) -> tuple[int, int | None] | None:
        size = self.end - self.start
        landing = self.to - size if self.to > self.start else self.to
        if end is not None and self.start <= start and end <= self.end:
            return start - self.start + landing, end - self.start + landing
        if (
            start <= self.start
            and start <= self.to
            and (end is None or (self.end <= end and self.to <= end))
        ):
            return start, end
        left = Deleted(self.start, self.end).span(start, end)
        return None if left is None else Inserted(landing, size).span(*left)

    def order(self, count: int) -> list[int]:
        """Old indexes in their new order."""
        block = range(self.start, self.end)
        before = [index for index in range(self.to) if index not in block]
        after = [index for index in range(self.to, count) if index not in block]
        return [*before, *block, *after]


def moved_area(area: Area, dimension: str, change: Change) -> Area | None:
    """The area after the change; None if nothing of it is left."""
    rows = dimension == "ROWS"
    start, end = (area.top, area.bottom) if rows else (area.left, area.right)
    if start is None and end is None:
        return area
    found = change.span(start or 0, end)
    if found is None:
        return None
    new_start: int | None = found[0]
    if start is None and new_start == 0:
        new_start = None
    if rows:
        return replace(area, top=new_start, bottom=found[1])
    return replace(area, left=new_start, right=found[1])
