"""The accounts database: SQLite unless DATABASE_URL names a PostgreSQL.

Everything that several processes agree on lives there: accounts, runs, leases, throttle buckets.
Transactions are short and hold no network call. On SQLite a writing transaction begins with
BEGIN IMMEDIATE: it waits for its turn instead of failing in the middle.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, ExceptionContext, create_engine, event, make_url, text

from errors import Refused
from store.shop_file import is_damaged

#: How long a transaction waits for another one, in milliseconds.
BUSY_TIMEOUT_MS: Final = 15_000
#: How long the write-ahead log's readers are waited for before it is emptied later.
_LONGEST_ERASING_MS: Final = 200

DAMAGED: Final = (
    "The file with accounts and runs (accounts.sqlite in the data folder) is damaged. Stop the "
    "program, put the file back from a backup, and start again."
)


class Database:
    """One per process; threads share its connections. Make it after a fork, never before.

    `busy_timeout_ms`: how long a transaction on SQLite waits for another one before
    `sqlalchemy.exc.OperationalError` is raised."""

    def __init__(self, url: str, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> None:
        address = make_url(url)
        self.is_sqlite = address.get_backend_name() == "sqlite"
        if self.is_sqlite and address.database:
            path = Path(address.database)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)
        # Parameters hold tokens and digests: they must not appear in an exception.
        self.engine = create_engine(address, hide_parameters=True, pool_size=8, max_overflow=56)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _preparing(busy_timeout_ms))
            event.listen(self.engine, "begin", _begin)
            event.listen(self.engine, "handle_error", _tell_damage)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A consistent view for one or several SELECTs."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Commits at the end of the block, rolls back when it raises."""
        with self.engine.connect() as plain:
            connection = plain.execution_options(begin_immediate=True)
            with connection.begin():
                yield connection

    def reachable(self) -> bool:
        """Whether the database answers; raises the driver's error when it does not."""
        with self.reading() as connection:
            return bool(connection.scalar(text("SELECT 1")))

    def writable(self) -> bool:
        """Whether a transaction may write; raises the driver's error when nobody gets a turn."""
        with self.writing() as connection:
            return bool(connection.scalar(text("SELECT 1")))

    def use_write_ahead_log(self) -> None:
        """Readers and the writer of an SQLite file no longer wait for each other. Stays with the
        file."""
        while self.is_sqlite:
            try:
                self._outside_transaction("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                # Another process does the same this moment, and for this SQLite does not wait.
                with self.writing():
                    continue
            return

    def keep_copy(self, ending: str) -> None:
        """A consistent copy of an SQLite file beside it, in place of an earlier one of that name.
        May be called inside `writing()`. A PostgreSQL has its own backups."""
        if self.is_sqlite and self.engine.url.database:
            copy = Path(f"{self.engine.url.database}.{ending}")
            draft = copy.with_name(f"{copy.name}.draft")
            draft.unlink(missing_ok=True)
            draft.touch(mode=0o600)
            self._outside_transaction("VACUUM INTO ?", (str(draft),))
            draft.replace(copy)

    def erase_traces(self) -> None:
        """Of what was deleted nothing stays on the disk: neither in the write-ahead log nor in
        copies from before an upgrade. To be called after the transaction. While somebody reads
        what was there before, the log cannot be emptied: that is noted for
        `erase_left_traces`."""
        if not (self.is_sqlite and self.engine.url.database):
            return
        path = Path(self.engine.url.database)
        for copy in path.parent.glob(f"{path.name}.version-*"):
            copy.unlink(missing_ok=True)
        # What another process notes from here on is about what it deleted before.
        self._traces.unlink(missing_ok=True)
        is_erased = False
        try:
            is_erased = self._empty_log()
        finally:
            if not is_erased:
                self._traces.touch(mode=0o600)

    def erase_left_traces(self) -> None:
        """Do again what could not be done the last time, for a worker's rounds; else nothing."""
        if self.is_sqlite and self.engine.url.database and self._traces.exists():
            self.erase_traces()

    @property
    def _traces(self) -> Path:
        """An empty file that says that something deleted is still in the log."""
        return Path(f"{self.engine.url.database}.traces")

    def _empty_log(self) -> bool:
        """Whether nothing stood in the way. Waits no longer than a moment: somebody waits."""
        connection = self.engine.raw_connection()
        try:
            with _telling_damage():
                cursor = connection.cursor()
                (before,) = cursor.execute("PRAGMA busy_timeout").fetchone()
                cursor.execute(f"PRAGMA busy_timeout = {min(before, _LONGEST_ERASING_MS)}")
                try:
                    busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                finally:
                    cursor.execute(f"PRAGMA busy_timeout = {before}")
        finally:
            connection.close()
        return not busy

    def _outside_transaction(self, sql: str, parameters: tuple[object, ...] = ()) -> None:
        connection = self.engine.raw_connection()
        try:
            with _telling_damage():
                connection.cursor().execute(sql, parameters)
        finally:
            connection.close()

    def close(self) -> None:
        self.engine.dispose()


def _preparing(busy_timeout_ms: int) -> Callable[[Any, object], None]:
    def prepare(connection: Any, _record: object) -> None:
        # The driver must not open transactions by itself: `_begin` says how they begin.
        connection.isolation_level = None
        with _telling_damage():
            connection.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")
            connection.execute("PRAGMA foreign_keys = ON")
            # What was deleted is overwritten, and not only left out.
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("PRAGMA synchronous = FULL")

    return prepare


@contextmanager
def _telling_damage() -> Iterator[None]:
    """Where SQLAlchemy does not handle the driver's errors."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if is_damaged(error):
            raise Refused(DAMAGED) from error
        raise


def _tell_damage(context: ExceptionContext) -> None:
    if is_damaged(context.original_exception):
        raise Refused(DAMAGED) from context.original_exception


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("begin_immediate")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
