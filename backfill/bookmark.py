"""Where a stage stopped that is read by id or by day. What was stored says which ids and days are
read; it does not say which page of a long list was the last, nor which ids TikTok knows nothing of.
Without that, a run that goes on would ask for them again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from backfill.stage import Stage
from backfill.work import Work


@dataclass(slots=True)
class Bookmark:
    """`name`: of the checkpoint. `run`: when the run began; another run reads everything anew.
    `pages`: list -> token of its next page. `asked_to`: ids up to this one, in their order as text,
    have been asked for."""

    name: str
    run: int
    pages: dict[str, str] = field(default_factory=dict)
    asked_to: str = ""
    _batches: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, stage: Stage, work: Work) -> Bookmark:
        name = f"{stage.name} {work.lane} bookmark"
        known = orjson.loads(work.records.checkpoint(name) or "{}")
        if known.get("run") != work.until:
            return cls(name, work.until)
        return cls(name, work.until, known["pages"], known["asked_to"])

    def follow(self, batches: Iterable[Sequence[tuple[Any, ...]]]) -> None:
        """These batches of ids, in ascending order, are going to be asked for."""
        self._batches = {_last(batch): False for batch in batches}

    def turn(self, reading: str, next_token: str) -> tuple[tuple[str, str], ...]:
        """A page of a list has come; the checkpoint to keep with it."""
        if next_token:
            self.pages[reading] = next_token
        elif self.pages.pop(reading, None) is None:
            return ()
        return self._checkpoint()

    def settle(self, batch: Sequence[tuple[Any, ...]]) -> tuple[tuple[str, str], ...]:
        """All of a batch has come; the checkpoint to keep with it. A batch that overtook another
        one counts when that has come, too."""
        self._batches[_last(batch)] = True
        while self._batches and self._batches[first := next(iter(self._batches))]:
            del self._batches[first]
            self.asked_to = first
        return self._checkpoint()

    def _checkpoint(self) -> tuple[tuple[str, str], ...]:
        value = {"run": self.run, "pages": self.pages, "asked_to": self.asked_to}
        return ((self.name, orjson.dumps(value).decode()),)


def _last(batch: Sequence[tuple[Any, ...]]) -> str:
    return str(batch[-1][0])
