"""Requests per minute, refilled each minute: reads and writes, for the user and the project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from .refusals import over_quota

PROJECT = "123456789012"


@dataclass
class Quotas:
    """`now`: the clock, in seconds. A refused call uses nothing up."""

    now: Callable[[], float]
    per_user: int = 60
    per_project: int = 300
    _minute: int = -1
    _used: Counter[tuple[str, str]] = field(default_factory=Counter)

    def take(self, kind: str, user: str) -> None:
        """`kind`: "Read" or "Write". Raises the refusal that Google sends when it is too much."""
        minute = int(self.now() // 60)
        if minute != self._minute:
            self._minute = minute
            self._used.clear()
        if self._used[kind, user] >= self.per_user:
            raise over_quota(kind, True, self.per_user, PROJECT)
        if self._used[kind, ""] >= self.per_project:
            raise over_quota(kind, False, self.per_project, PROJECT)
        self._used[kind, user] += 1
        self._used[kind, ""] += 1
