"""One shop's SQLite file: how it is opened, and what a transaction on it is.

Connections are made with `isolation_level=None`: nothing begins a transaction but this code.
"""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

#: How long a transaction waits for another one, in milliseconds.
BUSY_TIMEOUT_MS: Final = 15_000

#: Pages of the write-ahead log before they are copied into the file: 32 MB, so that a page written
#: many times in an import is copied once.
CHECKPOINT_PAGES: Final = 4_000

#: Of a new file, in bytes: rows of a kilobyte, written in order, need fewer and fuller pages than
#: with SQLite's 4096.
PAGE_BYTES: Final = 8_192

#: Page cache of the writer, in KiB.
WRITER_CACHE_KIB: Final = 4_000

#: What to do about a file that SQLite cannot read any more.
DAMAGED: Final = (
    "The file with this shop's records (records.sqlite in the shop's folder) is damaged. Stop the "
    "program, put the file back from a backup, or delete it, start again and import the shop's "
    "history anew (`backfill`)."
)


def is_damaged(error: BaseException) -> bool:
    """Whether SQLite says that a file is malformed, or no database at all."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


#: What the machine refuses at the moment, as SQLite and as the system say it: no room, a lock that
#: somebody else holds, no more open files.
_NOT_NOW: Final = frozenset(
    {
        *(sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_FULL),
        *(sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN),
    }
)
_NOT_NOW_EITHER: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE}
)


def cannot_write(error: BaseException) -> bool:
    """Whether the machine has no room or no time for us: later the same may go well."""
    if isinstance(error, OSError):
        return error.errno in _NOT_NOW_EITHER
    code = getattr(getattr(error, "orig", error), "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _NOT_NOW


def open_writer(path: Path) -> sqlite3.Connection:
    """A connection that may write; creates the file and its folder, for the owner's eyes only."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
    connection = _connect(path, "rw")
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. sqlite3.OperationalError if there is no such file."""
    return _connect(path, "ro")


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
    )
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    return connection


# For every null that is bound, sqlite3 asks around whether somebody has taught it to write such an
# object: half a microsecond, forty times an order. This answers at once: null is null.
sqlite3.register_adapter(type(None), {}.get)  # type: ignore[arg-type]


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """BEGIN IMMEDIATE ... COMMIT: waits for its turn at the start instead of failing in the middle
    (a plain BEGIN that has read cannot become a writer once somebody else has written)."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def reading(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One consistent view for several SELECTs."""
    connection.execute("BEGIN")
    try:
        yield connection
    finally:
        connection.execute("ROLLBACK")
