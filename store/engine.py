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
from errors import BadRequest, RateLimited
from store.time_limit import TimeLimit

if TYPE_CHECKING:
    import duckdb

#: Seconds that a question may take when the caller sets no limit.
DEFAULT_TIMEOUT_SECONDS: Final = 30.0


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

    def query(
        self,
        sql: str,
        parameters: Mapping[str, object] | Sequence[object] = (),
        timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS,
    ) -> Any:
        """The result as a pyarrow Table. `parameters` fill the `$names`, or question marks.

        Raises BadRequest for a value that the engine refuses (a bad regular expression),
        BadRequest(too_large) for an answer that takes too long or too much memory, RateLimited
        when other questions leave it no turn in time. duckdb.Error for anything else:
        a segment that cannot be read, or SQL that should not have been made.
        """
        with self._cursor(timeout_seconds) as cursor:
            return cursor.sql(sql, params=parameters or None).to_arrow_table()

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
            if self._connection is None:
                self._connection = self._connect()
            with (
                self._connection.cursor() as cursor,
                self._limit.of(timeout_seconds, cursor.interrupt),
            ):
                yield cursor
        except (duckdb.InvalidInputException, duckdb.ConversionException) as error:
            # Names and types are ours; only a value, such as a regular expression, can be wrong.
            reason = str(error).removeprefix("Invalid Input Error: ")[:200]
            raise BadRequest(f"A filter cannot be used: {reason}.") from error
        except (duckdb.InterruptException, duckdb.OutOfMemoryException) as error:
            raise BadRequest(
                "This question is too big to answer in time. Ask for a shorter period or for "
                "fewer dimensions.",
                code="too_large",
                debug=type(error).__name__,
            ) from error
        finally:
            self._turn.release()

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
        if self._folders:
            connection.execute("SET allowed_directories = ?", [self._folders])
            connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        return connection
