"""Versioned changes to a kept file: numbered steps, each in one transaction with the record that it
ran, and a copy of the file before the first of them.

`apply` is for any SQLite file of ours; `prepare_shop_file` brings a shop's file to the shape that
the table declarations ask for. New tables and columns need no step (they follow from the
declarations); a step is for what a declaration cannot say.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import sqlite_utils
from sqlite_utils.db import Table as FileTable

from catalogue.table import Table
from catalogue.tables import TABLES
from store.families import required_columns, root_key
from store.made import view_of
from store.shop_file import writing


@dataclass(frozen=True)
class Step:
    """One change. `number` grows; a step that has run anywhere is never edited."""

    number: int
    about: str
    run: Callable[[sqlite3.Connection], None]


def apply(connection: sqlite3.Connection, path: Path, steps: Sequence[Step]) -> list[int]:
    """Run the steps this file has not seen, in order; gives their numbers.

    A file that already holds tables is copied to `<name>.before-<number>` first. A step that fails
    leaves the file as it was before that step.
    """
    done: list[int] = []
    for step in sorted(steps, key=lambda step: step.number):
        if step.number in _applied(connection):
            continue
        if not done:
            _keep_copy(connection, path, f"before-{step.number}")
        with writing(connection):
            if step.number in _applied(connection):  # another process was quicker
                continue
            step.run(connection)
            connection.execute(
                "CREATE TABLE IF NOT EXISTS _migrations "
                "(number INTEGER PRIMARY KEY, about TEXT NOT NULL, "
                "applied_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP)"
            )
            connection.execute(
                "INSERT INTO _migrations (number, about) VALUES (?, ?)", (step.number, step.about)
            )
        done.append(step.number)
    return done


def _applied(connection: sqlite3.Connection) -> set[int]:
    if not _has_table(connection, "_migrations"):
        return set()
    return {number for (number,) in connection.execute("SELECT number FROM _migrations")}


def _has_table(connection: sqlite3.Connection, name: str) -> bool:
    found = connection.execute(
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)
    )
    return found.fetchone() is not None


def _keep_copy(connection: sqlite3.Connection, path: Path, ending: str) -> None:
    """A consistent copy of the file beside it, unless there is nothing in it yet."""
    if connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None:
        return
    copy = path.with_name(f"{path.name}.{ending}")
    copy.unlink(missing_ok=True)
    copy.touch(mode=0o600)
    with closing(sqlite3.connect(copy)) as target:
        connection.backup(target)


def _bookkeeping(connection: sqlite3.Connection) -> None:
    """What commits with the rows, and what is known of their columns."""
    for statement in (
        # `commits` counts commits that changed rows; `switches` counts switches of segments.
        "CREATE TABLE _counters (name TEXT PRIMARY KEY, value REAL NOT NULL)",
        "CREATE TABLE _fencing (lane TEXT PRIMARY KEY, token INTEGER NOT NULL)",
        "CREATE TABLE _checkpoints (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
        """CREATE TABLE _windows (
            lane TEXT, resource TEXT, start INTEGER, end INTEGER, state TEXT NOT NULL,
            page_token TEXT NOT NULL, pages INTEGER NOT NULL, rows INTEGER NOT NULL, total INTEGER,
            PRIMARY KEY (lane, resource, start, end))""",
        """CREATE TABLE _progress (
            stage TEXT PRIMARY KEY, state TEXT NOT NULL, done INTEGER NOT NULL, total INTEGER,
            waits_for TEXT NOT NULL, error TEXT NOT NULL, reference TEXT NOT NULL,
            started_at REAL, heartbeat_at REAL, finished_at REAL)""",
        """CREATE TABLE _coverage (
            resource TEXT, start INTEGER, end INTEGER, read_at INTEGER NOT NULL,
            PRIMARY KEY (resource, start))""",
        # The same as of the last publication: what answers may promise.
        """CREATE TABLE _published_coverage (
            resource TEXT, start INTEGER, end INTEGER, read_at INTEGER NOT NULL,
            PRIMARY KEY (resource, start))""",
        """CREATE TABLE _quarantine (
            id INTEGER PRIMARY KEY, resource TEXT NOT NULL, request_id TEXT NOT NULL,
            path TEXT NOT NULL, reason TEXT NOT NULL, at INTEGER NOT NULL)""",
        # One row per family and month (or span of months): which commit changed it last, which one
        # its segments show.
        # `collects`: changed roots are written down in `_changed`; `whole`: the base must be made
        # anew whatever is written down there.
        """CREATE TABLE _months (
            family TEXT, month TEXT, changed_seq INTEGER NOT NULL,
            published_seq INTEGER NOT NULL DEFAULT 0, collects INTEGER NOT NULL DEFAULT 0,
            whole INTEGER NOT NULL DEFAULT 1, PRIMARY KEY (family, month)) WITHOUT ROWID""",
        # Months whose segments have become those of a span; they are marked under its label.
        """CREATE TABLE _spans (
            family TEXT, month TEXT, span TEXT NOT NULL, PRIMARY KEY (family, month))""",
        """CREATE TABLE _changed (
            family TEXT, month TEXT, root, seq INTEGER NOT NULL,
            PRIMARY KEY (family, month, root)) WITHOUT ROWID""",
        """CREATE TABLE _segments (
            file TEXT PRIMARY KEY, family TEXT NOT NULL, month TEXT NOT NULL,
            "table" TEXT NOT NULL, delta INTEGER NOT NULL, rows INTEGER NOT NULL,
            lowest INTEGER, highest INTEGER, bytes INTEGER NOT NULL, crc INTEGER NOT NULL,
            malformed INTEGER NOT NULL, shape TEXT NOT NULL, retired_at REAL)""",
        "CREATE INDEX _segments_by_month ON _segments (family, month)",
        'CREATE TABLE _versions ("table" TEXT PRIMARY KEY, version INTEGER NOT NULL)',
    ):
        connection.execute(statement)


def _progress_by_lane(connection: sqlite3.Connection) -> None:
    """A sync runs while history is imported, and neither may hide how far the other is."""
    for statement in (
        "ALTER TABLE _progress RENAME TO _progress_before",
        """CREATE TABLE _progress (
            lane TEXT, stage TEXT, state TEXT NOT NULL, done INTEGER NOT NULL, total INTEGER,
            waits_for TEXT NOT NULL, error TEXT NOT NULL, reference TEXT NOT NULL,
            started_at REAL, heartbeat_at REAL, finished_at REAL, PRIMARY KEY (lane, stage))""",
        "INSERT INTO _progress SELECT 'backward', * FROM _progress_before",
        "DROP TABLE _progress_before",
    ):
        connection.execute(statement)


def _live(connection: sqlite3.Connection) -> None:
    """What a request may have asked TikTok for between two syncs (store.freshness,
    store.window_counts)."""
    for statement in (
        """CREATE TABLE _freshness (
            resource TEXT PRIMARY KEY, read_at REAL NOT NULL, told_at REAL NOT NULL,
            looked_at REAL NOT NULL)""",
        """CREATE TABLE _window_counts (
            fact TEXT, first TEXT, last TEXT, until TEXT NOT NULL, counted_at REAL NOT NULL,
            counted TEXT NOT NULL, PRIMARY KEY (fact, first, last)) WITHOUT ROWID""",
    ):
        connection.execute(statement)


def _prices_of_lines(connection: sqlite3.Connection) -> None:
    """Prices that follow from an order are no longer stored (`catalogue.table.Made`): what cannot
    be told from other columns goes to the line; what TikTok told stays, in a table of its own."""
    if not _has_table(connection, "order_line_item_price_detail"):
        return
    for statement in (
        "ALTER TABLE order_line_items ADD COLUMN payment TEXT",
        "ALTER TABLE order_line_items ADD COLUMN tax_with_freight TEXT",
        """UPDATE order_line_items AS t
            SET payment = p.payment,
                tax_with_freight = CASE WHEN p.tax_amount IS NOT t.tax_amount THEN p.tax_amount END
            FROM order_line_item_price_detail AS p
            WHERE p.line_item_id = t.line_item_id AND p.is_derived AND p.update_time = t.update_time
            AND (p.payment IS NOT NULL OR p.tax_amount IS NOT t.tax_amount)""",
        "DELETE FROM order_line_item_price_detail WHERE is_derived IS NOT 0",
        "DROP INDEX IF EXISTS order_line_item_price_detail_by_create_time",
        "DROP INDEX IF EXISTS order_line_item_price_detail_by_order_key",
        "ALTER TABLE order_line_item_price_detail RENAME TO order_line_item_price_answers",
        """CREATE INDEX order_line_item_price_answers_by_create_time
            ON order_line_item_price_answers (create_time, order_key)""",
        """CREATE INDEX order_line_item_price_answers_by_order_key
            ON order_line_item_price_answers (order_key)""",
    ):
        connection.execute(statement)


def _promises_and_spans(connection: sqlite3.Connection) -> None:
    """Two tables that the first files lack. What their segments show is promised if nothing waits
    to be published; else the next publication promises it."""
    if not _has_table(connection, "_spans"):
        connection.execute(
            "CREATE TABLE _spans "
            "(family TEXT, month TEXT, span TEXT NOT NULL, PRIMARY KEY (family, month))"
        )
    if not _has_table(connection, "_published_coverage"):
        connection.execute(
            "CREATE TABLE _published_coverage (resource TEXT, start INTEGER, end INTEGER, "
            "read_at INTEGER NOT NULL, PRIMARY KEY (resource, start))"
        )
        connection.execute(
            "INSERT INTO _published_coverage SELECT * FROM _coverage "
            "WHERE NOT EXISTS (SELECT 1 FROM _months WHERE changed_seq > published_seq)"
        )


SHOP_STEPS: Final = (
    Step(1, "bookkeeping tables", _bookkeeping),
    Step(2, "progress by lane", _progress_by_lane),
    Step(3, "freshness and counts over windows", _live),
    Step(4, "derived prices are made from lines", _prices_of_lines),
    Step(5, "promised coverage and spans", _promises_and_spans),
)


def prepare_shop_file(
    connection: sqlite3.Connection,
    path: Path,
    steps: Sequence[Step] = SHOP_STEPS,
    tables: Mapping[str, Table] = TABLES,
) -> None:
    """Bring a shop's file, new or old, to today's shape. Harmless to repeat."""
    apply(connection, path, steps)
    if not _missing(sqlite_utils.Database(connection), tables) and not _views(connection, tables):
        return
    with writing(connection):
        database = sqlite_utils.Database(connection)
        for table in _missing(database, tables):
            _complete(database, table)
        for name, statement in _views(connection, tables).items():
            connection.execute(f"DROP VIEW IF EXISTS {name}")
            connection.execute(statement)


def _views(connection: sqlite3.Connection, tables: Mapping[str, Table]) -> dict[str, str]:
    """By name, the statements of views that the file lacks or has otherwise."""
    present = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'"))
    wanted = {table.name: view_of(table, tables) for table in tables.values()}
    return {name: sql for name, sql in wanted.items() if sql and present.get(name) != sql}


def _missing(database: sqlite_utils.Database, tables: Mapping[str, Table]) -> list[Table]:
    """The declared tables that the file lacks or holds with fewer columns."""
    names = set(database.table_names())
    return [
        table
        for table in tables.values()
        if table.stored_in not in names
        or {column.name for column in table.stored()}
        - {column.name for column in _in_file(database, table).columns}
    ]


def _in_file(database: sqlite_utils.Database, table: Table) -> FileTable:
    found = database[table.stored_in]
    if not isinstance(found, FileTable):
        raise TypeError(f"{table.stored_in} is a view")
    return found


def _complete(database: sqlite_utils.Database, table: Table) -> None:
    target = _in_file(database, table)
    types = {
        column.name: str if column.kind.sqlite_type == "TEXT" else int for column in table.stored()
    }
    if target.exists():
        present = {column.name for column in target.columns}
        for name, kind in types.items():
            if name not in present:
                target.add_column(name, kind)
        return
    target.create(
        types,
        pk=table.key[0] if len(table.key) == 1 else table.key,
        not_null=required_columns(table),
    )
    root = root_key(table)
    if table.axis:
        # A month's rows in the order of a segment, without a sort.
        target.create_index([table.axis, root], index_name=f"{table.stored_in}_by_{table.axis}")
    if table.root != table.key[0]:
        # All lines of one header: a delta segment, and the joins of anybody who reads the file.
        target.create_index([root], index_name=f"{table.stored_in}_by_{root}")
