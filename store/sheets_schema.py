"""Tables of the accounts database that keep writers of spreadsheets out of each other's way.

Instants are UTC epoch seconds.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Connection, Double, MetaData, Table, Text

SHEETS: Final = MetaData()

#: Who may write into a spreadsheet. The row stays when the lease ends: its `token` only grows.
sheet_locks = Table(
    "sheet_locks",
    SHEETS,
    Column("spreadsheet_id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("expires_at", Double, nullable=False),
)

#: How many calls of Google's quota are left: `tokens` at `counted_at`, none before `blocked_until`.
#: `name` says whose quota it is and whether of reads or of writes.
sheet_budgets = Table(
    "sheet_budgets",
    SHEETS,
    Column("name", Text, primary_key=True),
    Column("tokens", Double, nullable=False),
    Column("counted_at", Double, nullable=False),
    Column("blocked_until", Double, nullable=False),
)


def add_sheets(connection: Connection) -> None:
    """For a database from before these tables."""
    for statement in (
        """CREATE TABLE sheet_locks (
            spreadsheet_id TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL, token BIGINT NOT NULL,
            expires_at DOUBLE PRECISION NOT NULL)""",
        """CREATE TABLE sheet_budgets (
            name TEXT NOT NULL PRIMARY KEY, tokens DOUBLE PRECISION NOT NULL,
            counted_at DOUBLE PRECISION NOT NULL, blocked_until DOUBLE PRECISION NOT NULL)""",
    ):
        connection.exec_driver_sql(statement)
