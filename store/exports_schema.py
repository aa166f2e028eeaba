"""Tables of the accounts database about Google Sheets: what is exported where, the spreadsheets of
a workspace, and the grants of people who signed in with Google.

Instants are UTC epoch seconds. Columns named `sealed_…` hold ciphertext (store/secrets.py).
"""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Index,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    inspect,
)

EXPORTS: Final = MetaData()

#: `definition`: what is exported and how, as JSON of texts by name. `next_at`: when the schedule
#: wants it next, null for never. `tab_key`: the tab in small letters, for Sheets takes two tabs
#: that differ in their letters' case for one. `origin`: hub, or sheet for those that the tab
#: _settings asks for. `state`: new, ok or failed. `failing_since`: the first failure after the last
#: success. `content`: a digest of what was last written; `place`: where that was found; `report`:
#: what the status pages show, as JSON.
exports = Table(
    "exports",
    EXPORTS,
    Column("id", Text, primary_key=True),
    Column("workspace_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("spreadsheet_id", Text, nullable=False),
    Column("tab", Text, nullable=False),
    Column("tab_key", Text, nullable=False),
    Column("definition", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("is_paused", Boolean, nullable=False),
    Column("next_at", Double),
    Column("created_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("state", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("attempted_at", Double),
    Column("succeeded_at", Double),
    Column("written_at", Double),
    Column("failing_since", Double),
    Column("rows", BigInteger),
    Column("content", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("report", Text, nullable=False),
    UniqueConstraint("workspace_id", "name"),
    UniqueConstraint("spreadsheet_id", "tab_key"),
    Index("exports_by_time", "next_at"),
)

#: A spreadsheet belongs to one workspace of an installation. `grant_id`: whose sign-in it is
#: written with, "" for the service account. `reads_settings`: exports are also made by its tab
#: _settings, which is read at `settings_at` next; `settings_problem`: why that failed last.
#: `shows`: the clients and shops that tab may ask for, as JSON, for whoever edits the spreadsheet
#: can write into it.
spreadsheets = Table(
    "spreadsheets",
    EXPORTS,
    Column("spreadsheet_id", Text, primary_key=True),
    Column("workspace_id", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("grant_id", Text, nullable=False),
    Column("shows", Text, nullable=False),
    Column("reads_settings", Boolean, nullable=False),
    Column("settings_at", Double),
    Column("settings_problem", Text, nullable=False),
    Column("added_at", Double, nullable=False),
)

#: One per Google account that gave us access to the spreadsheets it makes with us. `state`: good or
#: ended.
google_grants = Table(
    "google_grants",
    EXPORTS,
    Column("id", Text, primary_key=True),
    Column("workspace_id", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("sealed_refresh_token", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    UniqueConstraint("workspace_id", "email"),
)

_TO_SHOPS: Final = re.compile(
    r",\s*FOREIGN KEY\s*\(workspace_id, shop_id\) REFERENCES shops\s*\(workspace_id, shop_id\)"
)


def add_exports(connection: Connection) -> None:
    """Also lets a run be about something else than a shop."""
    _free_runs(connection)
    for statement in (
        """CREATE TABLE exports (
            id TEXT NOT NULL PRIMARY KEY, workspace_id TEXT NOT NULL, name TEXT NOT NULL,
            spreadsheet_id TEXT NOT NULL, tab TEXT NOT NULL, tab_key TEXT NOT NULL,
            definition TEXT NOT NULL, origin TEXT NOT NULL, is_paused BOOLEAN NOT NULL,
            next_at DOUBLE PRECISION,
            created_at DOUBLE PRECISION NOT NULL, changed_at DOUBLE PRECISION NOT NULL,
            state TEXT NOT NULL, message TEXT NOT NULL, attempted_at DOUBLE PRECISION,
            succeeded_at DOUBLE PRECISION, written_at DOUBLE PRECISION,
            failing_since DOUBLE PRECISION, "rows" BIGINT, content TEXT NOT NULL,
            place TEXT NOT NULL, report TEXT NOT NULL,
            UNIQUE (workspace_id, name), UNIQUE (spreadsheet_id, tab_key))""",
        "CREATE INDEX exports_by_time ON exports (next_at)",
        """CREATE TABLE spreadsheets (
            spreadsheet_id TEXT NOT NULL PRIMARY KEY, workspace_id TEXT NOT NULL,
            title TEXT NOT NULL, grant_id TEXT NOT NULL, shows TEXT NOT NULL,
            reads_settings BOOLEAN NOT NULL,
            settings_at DOUBLE PRECISION, settings_problem TEXT NOT NULL,
            added_at DOUBLE PRECISION NOT NULL)""",
        """CREATE TABLE google_grants (
            id TEXT NOT NULL PRIMARY KEY, workspace_id TEXT NOT NULL, email TEXT NOT NULL,
            sealed_refresh_token TEXT NOT NULL, state TEXT NOT NULL,
            created_at DOUBLE PRECISION NOT NULL, UNIQUE (workspace_id, email))""",
    ):
        connection.exec_driver_sql(statement)


def _free_runs(connection: Connection) -> None:
    """Runs name their shop without holding on to it. SQLite can only make the table anew; it is
    made from its own declaration, so whatever columns it has stay."""
    if connection.dialect.name != "sqlite":
        for key in inspect(connection).get_foreign_keys("runs"):
            connection.exec_driver_sql(f'ALTER TABLE runs DROP CONSTRAINT "{key["name"]}"')
        return
    found = connection.exec_driver_sql(
        "SELECT type, sql FROM sqlite_master WHERE tbl_name = 'runs' AND sql IS NOT NULL"
    ).all()
    (table,) = (sql for kind, sql in found if kind == "table")
    made, _, rest = table.partition("(")
    connection.exec_driver_sql(f"{made.replace('runs', 'runs_anew')}({_TO_SHOPS.sub('', rest)}")
    connection.exec_driver_sql("INSERT INTO runs_anew SELECT * FROM runs")
    connection.exec_driver_sql("DROP TABLE runs")
    connection.exec_driver_sql("ALTER TABLE runs_anew RENAME TO runs")
    for kind, sql in found:
        if kind == "index":
            connection.exec_driver_sql(sql)
