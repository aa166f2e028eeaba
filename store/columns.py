"""The columns of one shop: immutable Parquet segments derived from its records.

Any number of processes may read and publish at the same time. Publishers take turns by a lock on
the folder, which goes when its holder dies; were the lock not there (a network file system without
locks), the transactions alone would still lose no change.
"""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Final

import structlog

from clock import Clock
from errors import NotReady, Refused
from store.cold import join_old_months
from store.commits import Covered, Write
from store.damage import Verified, listed
from store.freshness import Freshness
from store.hurried import publish_rows
from store.manifest_file import (
    PUBLISHED,
    READ,
    Pending,
    counter,
    load,
    pending,
    publish_coverage,
    set_counter,
    stretches,
)
from store.marks import label_of, mark_whole, next_commit
from store.migrations import prepare_shop_file
from store.months import ALL, DAY, month_of
from store.publish import FAMILIES, publish_month
from store.segments import Manifest, Segment
from store.shapes import column_types, fingerprints
from store.shop_file import DAMAGED, is_damaged, open_reader, open_writer, reading, writing

__all__ = ["Manifest", "Segment", "ShopColumns", "column_types"]

#: Seconds that files stay after nothing lists them any more, for readers with an older list.
KEPT_AFTER_RETIRED: Final = 600.0

#: Share of the time that publishing may take while an import goes on.
_SHARE_OF_TIME: Final = 0.05

#: Seconds between two publications of an import at least: a month that is still coming in is
#: written again by each.
_LEAST_PAUSE: Final = 10.0

_DAMAGED: Final = (
    "Some of the stored numbers were damaged on the server and are being made again. Try again in "
    "a minute."
)

_log = structlog.get_logger(__name__)


class ShopColumns:
    """`folder` holds nothing but segments (and a lock). Threads may share an object."""

    def __init__(self, records_path: Path, folder: Path, clock: Clock) -> None:
        self.records_path = records_path
        self.folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._manifest = Manifest()
        self._switches = -1.0
        self._verified = Verified()

    def close(self) -> None:
        with self._lock:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    def manifest(self) -> Manifest:
        """The segments as of now; the empty list before the first import. One small read, and one
        of each segment that this process has not seen before. What is damaged is made again.
        Raises NotReady when that cannot be done."""
        found = self._intact_manifest()
        if found is None:
            self.mend()
            found = self._intact_manifest()
        if found is None:
            raise NotReady(_DAMAGED, retry_after=60)
        return found

    def _intact_manifest(self) -> Manifest | None:
        """None when a segment is damaged."""
        with self._lock:
            if self._reader is None:
                if not self.records_path.exists():
                    return Manifest()
                self._reader = open_reader(self.records_path)
            try:
                with reading(self._reader) as connection:
                    switches = counter(connection, "switches") or 0
                    if switches != self._switches:
                        self._manifest = load(connection, self.folder)
                        if self._verified.damaged(listed(connection), self.folder):
                            return None
                        self._switches = switches
            except sqlite3.OperationalError as error:
                if "no such table" in str(error):  # the file is being made this very moment
                    return Manifest()
                raise
            except sqlite3.DatabaseError as error:
                if is_damaged(error):
                    raise Refused(DAMAGED, code="internal") from error
                raise
            return self._manifest

    def mend(self) -> bool:
        """Make again what is damaged; False if nothing was. Raises NotReady when it cannot be."""
        try:
            return bool(self.check())
        except (sqlite3.OperationalError, OSError) as error:
            raise NotReady(_DAMAGED, debug=type(error).__name__, retry_after=60) from error

    def publish(self, *, force: bool = False) -> bool:
        """Make segments for what changed; False if nothing was listed.

        Without `force` it does nothing while another process publishes, and so soon after the last
        time that publishing would take more than its share of the time. With it, old months become
        spans too.
        """
        if not self.records_path.exists():
            return False
        with self._publishing(wait=force) as connections:
            if connections is None:
                return False
            writer, reader = connections
            if not force and self._too_soon(writer):
                return False
            # Before the marks: whatever it names is in the records that the segments are made from.
            covered = stretches(writer, READ)
            promise = covered != stretches(writer, PUBLISHED)
            waiting = pending(writer, fingerprints())
            if not waiting and not promise:
                return False
            started = self._clock.monotonic()
            listed = [
                publish_month(writer, reader, self.folder, at, self._clock.now()) for at in waiting
            ]
            if force:
                for family in FAMILIES.values():
                    join_old_months(writer, reader, self.folder, family, self._clock.now())
            self._sweep(writer)
            with writing(writer):
                if promise:
                    publish_coverage(writer, covered)
                set_counter(writer, "publish_ended_at", self._clock.now())
                set_counter(writer, "publish_took", self._clock.monotonic() - started)
            return promise or any(listed)

    def publish_rows(
        self,
        writes: Iterable[Write],
        covered: Sequence[Covered] = (),
        seen: Mapping[str, Freshness] = MappingProxyType({}),
    ) -> bool:
        """At once, make segments that show these rows; False if nothing was listed. For a few
        records somebody waits for, beside an import that goes on.

        It does not wait for another publisher's turn, which may last: each month changes hands in a
        transaction of its own, and whoever comes second with older rows lists nothing. Of what is
        covered only `covered` is promised, which these rows are all of: other months may not be
        published yet. `seen`: how fresh that makes resources.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (
            closing(open_writer(self.records_path)) as writer,
            closing(open_reader(self.records_path)) as reader,
        ):
            listed = publish_rows(writer, reader, self.folder, writes, self._clock.now())
            if covered or seen:
                with writing(writer):
                    publish_coverage(writer, covered, seen)
            return listed

    def rebuild(self) -> None:
        """All columns again from the records, whatever the marks say."""
        if not self.records_path.exists():
            return
        with closing(open_writer(self.records_path)) as writer:
            prepare_shop_file(writer, self.records_path)
            with writing(writer):
                commit = next_commit(writer)
                for one in _all_months(writer):
                    mark_whole(writer, one.family, one.month, commit)
        self.publish(force=True)

    def check(self) -> list[Path]:
        """Segments that are missing or not as they were written; their months are made again."""
        if not self.records_path.exists():
            return []
        with closing(open_writer(self.records_path)) as writer:
            hurt = [one for one in listed(writer) if not one.is_intact(self.folder)]
            if not hurt:
                return []
            _log.error("segments_damaged", count=len(hurt), months=sorted({h.month for h in hurt}))
            with writing(writer):
                commit = next_commit(writer)
                for family, month in {(one.family, one.month) for one in hurt}:
                    mark_whole(writer, family, month, commit)
        self.publish(force=True)
        return [self.folder / one.file for one in hurt]

    def _too_soon(self, connection: sqlite3.Connection) -> bool:
        ended, took = counter(connection, "publish_ended_at"), counter(connection, "publish_took")
        if ended is None or took is None:
            return False
        rest = max(_LEAST_PAUSE, took * (1 / _SHARE_OF_TIME - 1))
        return 0 <= self._clock.now() - ended < rest

    @contextmanager
    def _publishing(
        self, *, wait: bool
    ) -> Iterator[tuple[sqlite3.Connection, sqlite3.Connection] | None]:
        """A writing and a reading connection, for the one publisher; None if there is another."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.folder / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield None
                return
            with closing(open_writer(self.records_path)) as writer:
                prepare_shop_file(writer, self.records_path)
                with closing(open_reader(self.records_path)) as reader:
                    yield writer, reader

    def _sweep(self, writer: sqlite3.Connection) -> None:
        """Delete what has been retired long enough, and what a publisher that died left behind."""
        limit = self._clock.now() - KEPT_AFTER_RETIRED
        retired = writer.execute(
            "SELECT file FROM _segments WHERE retired_at < ?", (limit,)
        ).fetchall()
        for (file,) in retired:
            (self.folder / file).unlink(missing_ok=True)
        with writing(writer):
            writer.executemany("DELETE FROM _segments WHERE file = ?", retired)
        listed = {file for (file,) in writer.execute("SELECT file FROM _segments")}
        for path in self.folder.glob("*.parquet*"):
            # `publish_rows` takes no turn: what was unfinished a moment ago has its name by now.
            with suppress(FileNotFoundError):
                if path.name not in listed and path.stat().st_mtime < limit:
                    path.unlink()


def _all_months(connection: sqlite3.Connection) -> set[Pending]:
    """Every month that has rows, segments or marks."""
    found = {Pending(*row) for row in connection.execute("SELECT family, month FROM _months")}
    found |= {
        Pending(*row)
        for row in connection.execute(
            "SELECT family, month FROM _segments WHERE retired_at IS NULL"
        )
    }
    for family in FAMILIES.values():
        if family.axis is None:
            found.add(Pending(family.name, ALL))
            continue
        for table in family.tables:
            days = connection.execute(
                f"SELECT DISTINCT {table.axis} / {DAY} FROM {table.stored_in}"
            ).fetchall()
            found |= {
                Pending(family.name, label_of(connection, family.name, month_of(day * DAY)))
                for (day,) in days
            }
    return found
