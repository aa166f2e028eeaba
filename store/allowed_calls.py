"""How often something may be done: buckets that all processes of this machine share.

A bucket holds `burst` calls and fills at `per_minute`; what is in it is told apart by a name such
as a workspace. The counts are in a file of their own in the data folder and not in the accounts
database: they are written with nearly every request, nobody else's transaction is to wait for that,
and if the machine stops they may be lost. Taking a call is one statement, so that two processes
cannot take the same one.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clock import Clock

FILE: Final = "allowed_calls.sqlite"

#: Longer than this nobody waits for the file: what is asked for matters more than the count.
_BUSY_MS: Final = 250
#: An instant further in the future was written under a clock that was ahead.
_AHEAD_SECONDS: Final = 5.0
#: Once in so many calls the buckets that are full again are thrown away.
_CLEANED_EVERY: Final = 1_000

_TABLE: Final = """CREATE TABLE IF NOT EXISTS buckets (
    name TEXT PRIMARY KEY, calls REAL NOT NULL, at REAL NOT NULL, full_at REAL NOT NULL)"""

_HELD: Final = """CASE WHEN at > :now + :ahead THEN :burst
    ELSE min(:burst, calls + max(0.0, :now - at) * :rate) END"""

_TAKE: Final = f"""INSERT INTO buckets (name, calls, at, full_at)
    VALUES (:name, :burst - 1, :now, :now + 1 / :rate)
    ON CONFLICT (name) DO UPDATE SET
        calls = {_HELD} - 1, at = :now, full_at = :now + (:burst + 1 - {_HELD}) / :rate
    WHERE {_HELD} >= 1 RETURNING calls"""

_WAIT: Final = f"SELECT (1 - {_HELD}) / :rate FROM buckets WHERE name = :name"


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst`: as many at once; then `per_minute`."""

    burst: int
    per_minute: float


class AllowedCalls:
    """One per process; threads share it. Make it after a fork. The file is made when it is first
    needed."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._path = folder / FILE
        self._clock = clock
        self._lock = threading.Lock()
        self._file: sqlite3.Connection | None = None
        self._taken = 0

    def take(self, name: str, rate: Rate) -> float:
        """Take one call: 0, or how many seconds to wait for it. A file that cannot be written (a
        full disk, say) refuses nobody."""
        asked: dict[str, float | str] = {
            "name": name,
            "now": self._clock.now(),
            "ahead": _AHEAD_SECONDS,
            "burst": float(rate.burst),
            "rate": rate.per_minute / 60,
        }
        try:
            with self._lock:
                return self._take(self._opened(), asked)
        except sqlite3.Error:
            return 0.0

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _take(self, file: sqlite3.Connection, asked: dict[str, float | str]) -> float:
        self._taken += 1
        if self._taken % _CLEANED_EVERY == 1:
            file.execute("DELETE FROM buckets WHERE full_at < :now", asked)
        # All rows are fetched, so that the statement ends and lets others write.
        if file.execute(_TAKE, asked).fetchall():
            return 0.0
        ((wait,),) = file.execute(_WAIT, asked).fetchall() or [(0.0,)]
        return max(0.0, float(wait))

    def _opened(self) -> sqlite3.Connection:
        if self._file is None:
            self._path.touch(mode=0o600)
            file = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            file.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
            file.execute("PRAGMA journal_mode = WAL")
            file.execute("PRAGMA synchronous = OFF")
            file.execute(_TABLE)
            self._file = file
        return self._file
