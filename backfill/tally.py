"""What a run has cost and brought, for the history of imports."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from backfill.windows import Stretch
from store.runs import Figures
from tiktok_shop.client import CallRecord
from tiktok_shop.errors import Remedy


@dataclass(slots=True)
class Tally:
    """Counts rows kept, calls made and how many of these were repeated tries; the threads that
    fetch share it. `window` is the range that the run reads, UTC epoch seconds."""

    window: Stretch | None = None
    _rows: int = 0
    _calls: int = 0
    _retries: int = 0
    _advanced: bool = False
    _was_answered: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note_call(self, record: CallRecord) -> None:
        with self._lock:
            self._calls += 1
            self._retries += record.attempt > 1
            self._was_answered = self._was_answered or record.remedy is Remedy.OK

    @property
    def was_answered(self) -> bool:
        """Whether any call went through."""
        return self._was_answered

    def advance(self, rows: int) -> None:
        """A page was kept, with so many rows."""
        with self._lock:
            self._rows += rows
            self._advanced = True

    def widen(self, stretch: Stretch) -> None:
        """The run reads this stretch, too."""
        with self._lock:
            known = self.window or stretch
            self.window = min(known[0], stretch[0]), max(known[1], stretch[1])

    def taken(self) -> Figures:
        """What has come since this was last asked."""
        with self._lock:
            figures = Figures(self._rows, self._calls, self._retries, self._advanced, self.window)
            self._rows = self._calls = self._retries = 0
            self._advanced = False
            return figures
