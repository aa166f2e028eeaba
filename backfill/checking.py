"""Looking through the columns of all shops now and then: a bit that changes on a disk is noticed by
nobody else, and an answer from it would be wrong."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from clock import Clock

#: A shop's segments are read so often, against their checksums.
CHECKED_EVERY_SECONDS: Final = 86_400.0

#: (workspace id, shop id)
Place = tuple[str, str]


class Columns(Protocol):
    def mend(self) -> bool: ...


class Stores(Protocol):
    def columns(self, workspace_id: str, shop_id: str) -> Columns: ...


class Checking:
    """One shop at a time, so that nothing else waits long."""

    def __init__(self, stores: Stores, clock: Clock) -> None:
        self._stores = stores
        self._clock = clock
        self._checked_at: dict[Place, float] = {}

    def next_of(self, places: Iterable[Place]) -> None:
        """Check the shop that was not checked the longest, if any is due; what is damaged is made
        again. Raises NotReady when it cannot be."""
        now = self._clock.monotonic()
        never = now - CHECKED_EVERY_SECONDS
        due = [(self._checked_at.get(place, never), place) for place in places]
        checked_at, place = min(due, default=(now, ("", "")))
        if now - checked_at < CHECKED_EVERY_SECONDS:
            return
        self._checked_at[place] = now
        self._stores.columns(*place).mend()
