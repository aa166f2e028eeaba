"""The records of one shop: an SQLite file with the record tables and, beside them, fencing tokens,
windows, progress, coverage and checkpoints, so that a page's rows and the knowledge of having read
it are kept or lost together.

Anyone may open the file with sqlite-utils or Datasette; tables whose names begin with `_` are ours.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from pathlib import Path

from catalogue.table import Table
from clock import Clock
from store.ahead import note_instant, set_right
from store.commits import Commit, Covered, Quarantined, StageProgress, Window, Write
from store.coverage import laid_over, merged
from store.families import family_name
from store.fencing import Fenced
from store.freshness import Freshness
from store.manifest_file import counter
from store.marks import Place, mark, next_commit, places_of
from store.migrations import prepare_shop_file
from store.purge import least_token_name
from store.shop_file import open_reader, open_writer, writing
from store.upsert import upsert_for
from store.window_counts import ONE, WindowCounts, keep_window_counts, window_counts_of

__all__ = [
    "Commit",
    "Covered",
    "Fenced",
    "Quarantined",
    "ShopRecords",
    "StageProgress",
    "Window",
    "Write",
]

_WINDOW = "resource, lane, start, end, state, page_token, pages, rows, total"
_PROGRESS = (
    "lane, stage, state, done, total, waits_for, error, reference, "
    "started_at, heartbeat_at, finished_at"
)


class ShopRecords:
    """One writing and one reading connection. Threads may share an object: calls take turns. Other
    processes may read and write the same file at the same time. With a `clock`, who gets a token
    finds nothing of the future in the file (`store.ahead`)."""

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self.path = path
        self._clock = clock
        self._lock = threading.RLock()
        self._writer = open_writer(path)
        prepare_shop_file(self._writer, path)
        self._reader = open_reader(path)
        self._reader.row_factory = sqlite3.Row

    @classmethod
    def open(cls, path: Path, clock: Clock | None = None) -> ShopRecords:
        """Creates the file and its folder, or brings an older file to today's shape."""
        return cls(path, clock)

    def close(self) -> None:
        with self._lock:
            self._reader.close()
            # Whoever copies the one file afterwards has everything.
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._writer.close()

    # --- fencing ---

    def grant(self, lane: str, ledger_token: int) -> int:
        """A token greater than the lane's in this file and than the ledger's: from now on only its
        holder writes, even if one of the two files was restored from an older copy. Raises Fenced
        for a ledger's token from before the file was purged."""
        with self._writing() as connection:
            least = counter(connection, least_token_name(lane))
            if least is not None and ledger_token < least:
                raise Fenced("The data of this shop was deleted.", debug=f"lane {lane}")
            row = connection.execute(
                "INSERT INTO _fencing VALUES (?1, ?2 + 1) ON CONFLICT (lane) "
                "DO UPDATE SET token = max(token, ?2) + 1 RETURNING token",
                (lane, ledger_token),
            ).fetchone()
            if self._clock is not None:
                now = self._clock.now()
                set_right(connection, now)
                note_instant(connection, now)
        return int(row[0])

    def _check_token(self, connection: sqlite3.Connection, lane: str, token: int) -> None:
        row = connection.execute("SELECT token FROM _fencing WHERE lane = ?", (lane,)).fetchone()
        if row is None or row[0] != token:
            raise Fenced(
                "Another worker has taken over this import.",
                debug=f"lane {lane}: token {token}, granted {row and row[0]}",
            )

    # --- writing ---

    def commit(self, lane: str, token: int, *commits: Commit) -> int:
        """Keeps everything in `commits` in one transaction; gives the number of rows inserted or
        changed. Raises Fenced, and keeps nothing, if `token` is not the lane's newest."""
        with self._writing() as connection:
            self._check_token(connection, lane, token)
            note_instant(connection, max((one.fetched_at for one in commits), default=0))
            return sum(_keep(connection, lane, commit) for commit in commits)

    def plan_windows(self, lane: str, token: int, windows: Sequence[Window]) -> None:
        """Adds those that are not there yet (by resource, lane, start and end)."""
        with self._writing() as connection:
            self._check_token(connection, lane, token)
            connection.executemany(
                f"INSERT INTO _windows ({_WINDOW}) VALUES ({_marks(9)}) ON CONFLICT DO NOTHING",
                [astuple(window) for window in windows],
            )

    def drop_windows(self, lane: str, token: int, resource: str, *, keep_end: int) -> None:
        """Forget what earlier runs of the lane wrote down for `resource`: windows that are done and
        do not end at `keep_end`, and those named `resource@instant:…` after another instant."""
        with self._writing() as connection:
            self._check_token(connection, lane, token)
            connection.execute(
                "DELETE FROM _windows WHERE lane = ?1 AND ("
                "(resource = ?2 AND state = 'done' AND end <> ?3) "
                "OR (resource GLOB ?2 || '@*' AND NOT resource GLOB ?2 || '@' || ?3 || ':*'))",
                (lane, resource, keep_end),
            )

    def save_checkpoint(self, lane: str, token: int, name: str, value: str) -> None:
        with self._writing() as connection:
            self._check_token(connection, lane, token)
            _save_checkpoint(connection, name, value)

    # --- reading ---

    def open_windows(self, lane: str, resource: str) -> list[Window]:
        """Those that are not done, newest first."""
        return [one for one in self.windows(lane, resource) if one.state != "done"]

    def windows(self, lane: str, resource: str) -> list[Window]:
        """All of them, newest first; one that was split counts as done."""
        rows = self.query(
            f"SELECT {_WINDOW} FROM _windows WHERE lane = ? AND resource = ? "
            "ORDER BY start DESC, end DESC",
            (lane, resource),
        )
        return [Window(*row) for row in rows]

    def progress(self, lane: str | None = None) -> dict[str, StageProgress]:
        """By stage, in one lane; without a lane, of each stage what is to be shown: what is not
        done, else what was done last."""
        rows = self.query(
            f"SELECT {_PROGRESS} FROM _progress WHERE lane = coalesce(?, lane) "
            "ORDER BY state <> 'done', heartbeat_at, lane",
            (lane,),
        )
        shown = {row["stage"]: StageProgress(*row[1:]) for row in rows}
        return dict(sorted(shown.items(), key=lambda one: (one[1].started_at or 0.0, one[0])))

    def coverage(self, resource: str) -> list[Covered]:
        """Maximal ranges that have been read, ascending; `read_at` of the part read longest ago."""
        rows = self.query("SELECT * FROM _coverage WHERE resource = ? ORDER BY start", (resource,))
        return merged(Covered(*row) for row in rows)

    def readings(self, resource: str) -> list[Covered]:
        """What has been read, each part with when it was read last, ascending."""
        rows = self.query("SELECT * FROM _coverage WHERE resource = ? ORDER BY start", (resource,))
        return [Covered(*row) for row in rows]

    def checkpoint(self, name: str) -> str | None:
        rows = self.query("SELECT value FROM _checkpoints WHERE name = ?", (name,))
        return str(rows[0]["value"]) if rows else None

    def freshness(self, resource: str) -> Freshness:
        """When a short pull or a notification last had the resource read."""
        rows = self.query(
            "SELECT read_at, told_at, looked_at FROM _freshness WHERE resource = ?", (resource,)
        )
        return Freshness(*rows[0]) if rows else Freshness()

    def window_counts(self, fact: str, first: str, last: str) -> WindowCounts | None:
        """What TikTok counted over these days (2026-09-12), when it was last asked."""
        rows = self.query(ONE, (fact, first, last))
        return window_counts_of(rows[0]) if rows else None

    def quarantined(self, limit: int) -> list[Quarantined]:
        """The newest first."""
        rows = self.query(
            "SELECT resource, request_id, path, reason, at FROM _quarantine "
            "ORDER BY id DESC LIMIT ?",
            (limit,),
        )
        return [Quarantined(*row) for row in rows]

    def quarantine_count(self) -> int:
        return int(self.query("SELECT count(*) FROM _quarantine")[0][0])

    def count(self, table: Table) -> int:
        return int(self.query(f"SELECT count(*) FROM {table.name}")[0][0])

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
        """Any SELECT; the connection cannot write."""
        with self._lock:
            return self._reader.execute(sql, tuple(parameters)).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, writing(self._writer):
            yield self._writer


def _keep(connection: sqlite3.Connection, lane: str, commit: Commit) -> int:
    changed = _write_rows(connection, commit.writes, commit.fetched_at)
    if commit.window:
        window = commit.window
        _save_window(connection, window, "done" if commit.replaced_by else window.state)
    for window in commit.replaced_by:
        _save_window(connection, window, window.state)
    if commit.progress:
        connection.execute(
            f"INSERT OR REPLACE INTO _progress ({_PROGRESS}) VALUES ({_marks(11)})",
            (lane, *astuple(commit.progress)),
        )
    for stretch in commit.covered:
        _cover(connection, stretch)
    for name, value in commit.checkpoints:
        _save_checkpoint(connection, name, value)
    keep_window_counts(connection, commit.window_counts)
    connection.executemany(
        f"INSERT INTO _quarantine (resource, request_id, path, reason, at) VALUES ({_marks(5)})",
        [astuple(one) for one in commit.quarantined],
    )
    return changed


def _write_rows(connection: sqlite3.Connection, writes: Sequence[Write], fetched_at: int) -> int:
    """Number of rows inserted or changed; their months and roots are marked for the columns."""
    count = 0
    places: dict[str, set[Place]] = {}
    for write in writes:
        changed = _upsert(connection, write, fetched_at)
        if changed:
            count += len(changed)
            made = upsert_for(write.table, write.columns)
            # An order and its lines are one place.
            places.setdefault(family_name(write.table), set()).update(
                places_of(changed, made.axis_at, made.root_at)
            )
    if places:
        commit = next_commit(connection)
        for family, changed_places in places.items():
            mark(connection, family, changed_places, commit)
    return count


def _upsert(
    connection: sqlite3.Connection, write: Write, fetched_at: int
) -> list[tuple[object, ...]]:
    """Writes all rows with one executemany; gives those that were inserted or changed."""
    made = upsert_for(write.table, write.columns, write.is_ours)
    changed: list[tuple[object, ...]] = []
    unchanged: list[tuple[object, ...]] = []
    stamps = (fetched_at, fetched_at)

    def watched() -> Iterator[tuple[object, ...]]:
        # sqlite3 asks for a row after it has written the one before: the count of changes then says
        # what became of that one, for a tenth of the price of a statement per row.
        before = connection.total_changes
        for row in write.rows:
            yield row + stamps
            after = connection.total_changes
            (unchanged if after == before else changed).append(row)
            before = after

    connection.executemany(made.sql, watched())
    if unchanged and not write.is_ours:
        connection.executemany(
            made.seen_sql, [(*stamps, *(row[at] for at in made.key_at)) for row in unchanged]
        )
    return changed


def _save_window(connection: sqlite3.Connection, window: Window, state: str) -> None:
    values = (*astuple(window)[:4], state, *astuple(window)[5:])
    connection.execute(f"INSERT OR REPLACE INTO _windows ({_WINDOW}) VALUES ({_marks(9)})", values)


def _save_checkpoint(connection: sqlite3.Connection, name: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO _checkpoints VALUES (?, ?)", (name, value))


def _cover(connection: sqlite3.Connection, newer: Covered) -> None:
    """Only the stretches that it touches are read and written again."""
    touching = (newer.resource, newer.end, newer.start)
    condition = "WHERE resource = ? AND start <= ? AND end >= ?"
    old = connection.execute(f"SELECT * FROM _coverage {condition}", touching).fetchall()
    connection.execute(f"DELETE FROM _coverage {condition}", touching)
    connection.executemany(
        f"INSERT INTO _coverage VALUES ({_marks(4)})",
        [astuple(one) for one in laid_over((Covered(*row) for row in old), newer)],
    )


def _marks(count: int) -> str:
    return ", ".join("?" * count)
