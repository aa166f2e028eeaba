"""Tables of the accounts database for whoever runs the installation: what the processes have
counted, and which shops are to be deleted.

Instants are UTC epoch seconds.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Column, Connection, Double, MetaData, Table, Text

OPERATIONS: Final = MetaData()

#: What all processes together have counted, or last found. `labels`: the values of the figure's
#: labels, as a JSON list; they name no workspace and no shop.
tallies = Table(
    "tallies",
    OPERATIONS,
    Column("name", Text, primary_key=True),
    Column("labels", Text, primary_key=True),
    Column("value", Double, nullable=False),
)

#: Shops that nobody may read any more, and since when that is known here.
farewells = Table(
    "farewells",
    OPERATIONS,
    Column("workspace_id", Text, primary_key=True),
    Column("shop_id", Text, primary_key=True),
    Column("since", Double, nullable=False),
)


def add_operations(connection: Connection) -> None:
    """For a database from before these tables; and runs say which request asked for them."""
    for statement in (
        """CREATE TABLE tallies (
            name TEXT NOT NULL, labels TEXT NOT NULL, value DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (name, labels))""",
        """CREATE TABLE farewells (
            workspace_id TEXT NOT NULL, shop_id TEXT NOT NULL, since DOUBLE PRECISION NOT NULL,
            PRIMARY KEY (workspace_id, shop_id))""",
        "ALTER TABLE runs ADD COLUMN request_id TEXT NOT NULL DEFAULT ''",
    ):
        connection.exec_driver_sql(statement)
