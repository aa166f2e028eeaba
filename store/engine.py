"""DuckDB over Parquet segments: the engine of answers. One per process, made on first use (after a
fork, never before). One call runs at a time: two threads already use a small machine's cores, and
memory stays bounded.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from clock import Clock, SystemClock
from errors import BadRequest, NotReady, RateLimited
from store.rows import Texts, joined_texts
from store.time_limit import TimeLimit

if TYPE_CHECKING:
    import duckdb

#: Seconds that a question may take when the caller sets no limit.
DEFAULT_TIMEOUT_SECONDS: Final = 30.0
#: Rows of a large answer that are handed over together: one or two megabytes.
_ROWS_AT_ONCE: Final = 20_000
_TOO_BIG: Final = (
    "This question is too big to answer in time. Ask for a shorter period or for fewer dimensions."
)
#: Bytes of footers that are remembered, 100 KB a file; it is looked now and then whether they are
#: more. The engine itself would only let them go when its memory is full.
_MOST_FOOTERS: Final = 48_000_000
_LOOK_EVERY: Final = 100
#: How a mistake begins that the engine makes only when some rows are handed over already.
_LATE_VALUE: Final = ("Invalid Input Error: ", "Conversion Error: ")
_LATE_LIMIT: Final = ("INTERRUPT Error: ", "Out of Memory Error: ")
#: What the engine says of a file that is lost or damaged, where the kind of error does not tell.
_OF_A_FILE: Final = tuple(
    f"Invalid Input Error: {words}" for words in ("No magic bytes", "Failed to read", "File '")
)
#: How RE2 says what is wrong with a regular expression (re2.h, ErrorCode, in words of re2.cc).
_OF_A_PATTERN: Final = (
    *("invalid escape sequence", "invalid character class", "invalid perl operator"),
    *("invalid repetition", "invalid named capture", "invalid UTF-8", "bad repetition operator"),
    *("missing ", "unexpected )", "no argument for repetition", "trailing \\", "pattern too large"),
)
_LOOK_AROUND: Final = tuple(f"invalid perl operator: (?{sign}" for sign in ("=", "!", "<"))


class UnreadableSegment(NotReady):
    """A file that the SQL names cannot be read; `__cause__` is what the engine said."""

    def __init__(self, error: Exception) -> None:
        super().__init__(
            "Some of the stored numbers cannot be read at the moment. Try again in a minute.",
            debug=str(error).partition(":")[0],
            retry_after=60,
        )


class Engine:
    """`folders`: the only places its SQL may read files from; all if none is given. It never loads
    an extension that did not come with it, and never writes."""

    def __init__(
        self,
        threads: int = 2,
        memory_limit: str = "512MB",
        folders: Sequence[Path] = (),
        clock: Clock | None = None,
    ) -> None:
        self._threads = threads
        self._memory_limit = memory_limit
        self._folders = [str(folder.absolute()) for folder in folders]
        self._turn = threading.Lock()
        self._limit = TimeLimit(clock or SystemClock())
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._calls = 0

    def query(
        self,
        sql: str,
        parameters: Mapping[str, object] | Sequence[object] = (),
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> Any:
        """The result as a pyarrow Table. `parameters` fill the `$names`, or question marks.

        Raises BadRequest for a value that the engine refuses (a bad regular expression),
        BadRequest(too_large) for an answer that takes too long or too much memory, RateLimited
        when other questions leave it no turn in time, UnreadableSegment for a file that is lost or
        damaged, as far as the engine notices. duckdb.Error for SQL that should not have been made.
        """
        with self._cursor(timeout_seconds) as cursor:
            return cursor.sql(sql, params=parameters or None).to_arrow_table()

    @contextmanager
    def texts(
        self,
        sql: str,
        parameters: Mapping[str, object],
        *,
        many: bool = True,
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> Iterator[Iterator[Texts]]:
        """The rows of a result that is one column of texts, some at a time, so that a large result
        is never whole in the engine's memory. Nobody else has a turn until the block ends.

        `many`: without a Python object per row. That takes a relation, which reads the footers of
        all files twice, for its columns and to run: a quarter of the time of a small answer.

        Raises what `query` does, the iterator too.
        """
        with self._cursor(timeout_seconds) as cursor:
            if many:
                reader = cursor.sql(sql, params=parameters or None).to_arrow_reader(_ROWS_AT_ONCE)
                yield (joined_texts(batch.column(0)) for batch in reader)
            else:
                yield _fetched(cursor.execute(sql, parameters or None))

    def query_scalar(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        """The first value of the first row, or None."""
        with self._cursor(DEFAULT_TIMEOUT_SECONDS) as cursor:
            row = cursor.execute(sql, list(parameters)).fetchone()
            return row[0] if row else None

    def close(self) -> None:
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _cursor(self, timeout_seconds: float) -> Iterator[duckdb.DuckDBPyConnection]:
        import duckdb  # noqa: PLC0415 - 25 MB, and a process that only imports never asks

        if not self._turn.acquire(timeout=timeout_seconds):
            raise RateLimited("The service is busy. Try again in a moment.", retry_after=5)
        try:
            if self._connection is not None and self._remembers_too_much(self._connection):
                self._connection.close()
                self._connection = None
            if self._connection is None:
                self._connection = self._connect()
            with (
                self._connection.cursor() as cursor,
                self._limit.of(timeout_seconds, cursor.interrupt),
            ):
                yield cursor
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            if str(error).startswith(_OF_A_FILE):
                raise UnreadableSegment(error) from error
            raise _refused_value(error) from error
        except (duckdb.InterruptException, duckdb.OutOfMemoryException) as error:
            raise _too_big(error) from error
        except duckdb.Error as error:
            # What the Parquet reader says of damaged bytes is often of no kind at all.
            of_a_file = (duckdb.IOException, duckdb.SerializationException)
            if isinstance(error, of_a_file) or type(error) is duckdb.Error:
                raise UnreadableSegment(error) from error
            raise
        except OSError as error:
            # Arrow, which hands over rows while the engine goes on, has no other kind of error.
            if str(error).startswith(_OF_A_FILE):
                raise UnreadableSegment(error) from error
            if str(error).startswith(_LATE_VALUE):
                raise _refused_value(error) from error
            if str(error).startswith(_LATE_LIMIT):
                raise _too_big(error) from error
            raise UnreadableSegment(error) from error
        finally:
            self._turn.release()

    def _remembers_too_much(self, connection: duckdb.DuckDBPyConnection) -> bool:
        self._calls += 1
        if self._calls % _LOOK_EVERY:
            return False
        held = connection.execute(
            "SELECT sum(memory_usage_bytes) FROM duckdb_memory() WHERE tag = 'OBJECT_CACHE'"
        ).fetchone()
        return held is not None and (held[0] or 0) > _MOST_FOOTERS

    def _connect(self) -> duckdb.DuckDBPyConnection:
        import duckdb  # noqa: PLC0415

        connection = duckdb.connect(
            config={
                "threads": self._threads,
                "memory_limit": self._memory_limit,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "temp_directory": "",
            }
        )
        # Segments do not change: of one that was read before the footer is known, and to read it is
        # half of the time of a small answer.
        connection.execute("SET GLOBAL parquet_metadata_cache = true")
        if self._folders:
            connection.execute("SET allowed_directories = ?", [self._folders])
            connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return connection


def _fetched(cursor: duckdb.DuckDBPyConnection) -> Iterator[Texts]:
    while rows := cursor.fetchmany(_ROWS_AT_ONCE):
        yield Texts(len(rows), "".join([text for (text,) in rows]).encode())


def _refused_value(error: Exception) -> BadRequest:
    """Names and types are ours; only a value can be wrong. What is said of a regular expression is
    passed on; the rest shows SQL."""
    said = str(error).partition(": ")[2].partition("\n")[0][:200]
    if not said.startswith(_OF_A_PATTERN):
        return BadRequest("A filter cannot be used: a value in it is not understood.", debug=said)
    if said.startswith(_LOOK_AROUND):
        said += " (it cannot look ahead or behind)"
    return BadRequest(f"A filter cannot be used: its regular expression has an error, {said}.")


def _too_big(error: Exception) -> BadRequest:
    return BadRequest(_TOO_BIG, code="too_large", debug=str(error).partition(":")[0])
