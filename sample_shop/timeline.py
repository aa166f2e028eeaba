"""What was true at an instant, for many things at once, without asking each of them.

Every thing (order, return, cancellation) is a row of instants at which it changed. Sorted over
all rows, an event is a row's newest at `now` exactly if it is not after `now` and the row's next
event is. So "updated between a and b, as of now" is one slice and one comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from .draws import Flags, Instants, Ints

NEVER: Final = np.uint32(0xFFFFFFFF)
Keep = Callable[[Ints], Flags]


class Timeline:
    """`changes`: one row per thing, instants (UTC seconds) in any order, NEVER where missing.

    The first column is the creation and must be the earliest.
    """

    def __init__(self, changes: Instants) -> None:
        self.created: Instants = changes[:, 0].copy() if len(changes) else np.empty(0, np.uint32)
        self.by_creation: Ints = np.argsort(self.created, kind="stable")
        self._created_sorted = self.created[self.by_creation]
        self._creation_rank = np.empty(len(self.by_creation), dtype=np.int64)
        self._creation_rank[self.by_creation] = np.arange(len(self.by_creation))
        ordered = np.sort(changes, axis=1)
        following = np.full_like(ordered, NEVER)
        following[:, :-1] = ordered[:, 1:]
        real = ordered != NEVER
        instants = ordered[real]
        rows = np.repeat(np.arange(len(changes), dtype=np.uint32), real.sum(axis=1))
        order = np.argsort(instants, kind="stable")
        self._instants = instants[order]
        self._next = following[real][order]
        self._rows = rows[order]

    def find(
        self,
        now: int,
        created: tuple[int | None, int | None],
        updated: tuple[int | None, int | None],
        by_update: bool,
        keep: Keep | None = None,
    ) -> tuple[Ints, Ints]:
        """Return (rows, values) that exist at `now`, ascending by creation or update instant.

        Bounds are half-open pairs (from, before) in UTC seconds, None where open. `values` are
        the instants sorted by; equal ones come in the order of their rows.
        """
        if by_update or updated != (None, None):
            rows, values = self._updated(now, *updated)
            if created != (None, None):
                start = 0 if created[0] is None else created[0]
                end = int(NEVER) if created[1] is None else created[1]
                born = self.created[rows].astype(np.int64)
                inside = (born >= start) & (born < end)
                rows, values = rows[inside], values[inside]
            if not by_update:
                order = np.argsort(self._creation_rank[rows], kind="stable")
                rows = rows[order]
                values = self.created[rows].astype(np.int64)
        else:
            low, high = self._slice(self._created_sorted, now, *created)
            rows = self.by_creation[low:high]
            values = self._created_sorted[low:high].astype(np.int64)
        if keep is not None:
            kept = keep(rows)
            rows, values = rows[kept], values[kept]
        return rows, values

    def _updated(self, now: int, start: int | None, before: int | None) -> tuple[Ints, Ints]:
        low, high = self._slice(self._instants, now, start, before)
        newest = np.flatnonzero(self._next[low:high] > np.uint32(now)) + low
        return self._rows[newest].astype(np.int64), self._instants[newest].astype(np.int64)

    @staticmethod
    def _slice(
        instants: Instants, now: int, start: int | None, before: int | None
    ) -> tuple[int, int]:
        end = now + 1 if before is None else min(before, now + 1)
        low = int(np.searchsorted(instants, np.uint32(min(max(start or 0, 0), int(NEVER)))))
        high = int(np.searchsorted(instants, np.uint32(max(end, 0))))
        return low, max(low, high)
