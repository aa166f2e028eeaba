"""Tables of the accounts database that tell what was done: how far the stages of a run came, the
calls of a day, what is stored of a shop, and what a workspace was told.

Instants are UTC epoch seconds. Workspaces, shops and runs are named without holding on to them:
what was done outlives what it was done for.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Connection, Double, Index, Integer, MetaData, Table, Text

BOOKKEEPING: Final = MetaData()

#: How a run's stages were when it was last left, as JSON.
run_stages = Table(
    "run_stages",
    BOOKKEEPING,
    Column("run_id", Text, primary_key=True),
    Column("workspace_id", Text, nullable=False),
    Column("shop_id", Text, nullable=False),
    Column("stages", Text, nullable=False),
)

#: Calls to TikTok by day (UTC midnight), `retries` of them repeating another.
calls_made = Table(
    "calls_made",
    BOOKKEEPING,
    Column("workspace_id", Text, primary_key=True),
    Column("shop_id", Text, primary_key=True),
    Column("day", BigInteger, primary_key=True),
    Column("calls", BigInteger, nullable=False),
    Column("retries", BigInteger, nullable=False),
)

#: What is kept of a shop, as counted at `measured_at`. `bytes`: records, columns and pictures.
stored_amounts = Table(
    "stored_amounts",
    BOOKKEEPING,
    Column("workspace_id", Text, primary_key=True),
    Column("shop_id", Text, primary_key=True),
    Column("orders", BigInteger, nullable=False),
    Column("products", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("measured_at", Double, nullable=False),
)

#: Whom a workspace's notices go to. `addresses`: e-mail addresses, joined by commas; the webhook's
#: address is a credential and sealed; `digest` is none, daily or weekly.
notice_channels = Table(
    "notice_channels",
    BOOKKEEPING,
    Column("workspace_id", Text, primary_key=True),
    Column("addresses", Text, nullable=False),
    Column("sealed_webhook", Text, nullable=False),
    Column("digest", Text, nullable=False),
)

#: What was worth telling, once: `key` names the occasion. `message_id` is what it was told in.
notices = Table(
    "notices",
    BOOKKEEPING,
    Column("workspace_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("shop_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("noticed_at", Double, nullable=False),
    Column("message_id", Text, nullable=False),
)

messages = Table(
    "messages",
    BOOKKEEPING,
    Column("id", Text, primary_key=True),
    Column("workspace_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("made_at", Double, nullable=False),
    Index("messages_by_age", "workspace_id", "made_at"),
)

#: `channel` is email or webhook. `state` is due, sent or failed; while it is due, `due_at` says
#: when it may be tried (again). `problem`: why it did not arrive, in words.
deliveries = Table(
    "deliveries",
    BOOKKEEPING,
    Column("message_id", Text, primary_key=True),
    Column("channel", Text, primary_key=True),
    Column("workspace_id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", Double, nullable=False),
    Column("ended_at", Double),
    Column("problem", Text, nullable=False),
    Index("deliveries_due", "state", "due_at"),
)


def add_bookkeeping(connection: Connection) -> None:
    """For a database from before these tables."""
    for statement in (
        "CREATE INDEX runs_by_age ON runs (workspace_id, created_at)",
        "CREATE INDEX runs_by_end ON runs (state, finished_at)",
        """CREATE TABLE run_stages (
            run_id TEXT NOT NULL PRIMARY KEY, workspace_id TEXT NOT NULL, shop_id TEXT NOT NULL,
            stages TEXT NOT NULL)""",
        """CREATE TABLE calls_made (
            workspace_id TEXT NOT NULL, shop_id TEXT NOT NULL, day BIGINT NOT NULL,
            calls BIGINT NOT NULL, retries BIGINT NOT NULL,
            PRIMARY KEY (workspace_id, shop_id, day))""",
        """CREATE TABLE stored_amounts (
            workspace_id TEXT NOT NULL, shop_id TEXT NOT NULL, orders BIGINT NOT NULL,
            products BIGINT NOT NULL, "rows" BIGINT NOT NULL, bytes BIGINT NOT NULL,
            measured_at DOUBLE PRECISION NOT NULL, PRIMARY KEY (workspace_id, shop_id))""",
        """CREATE TABLE notice_channels (
            workspace_id TEXT NOT NULL PRIMARY KEY, addresses TEXT NOT NULL,
            sealed_webhook TEXT NOT NULL, digest TEXT NOT NULL)""",
        """CREATE TABLE notices (
            workspace_id TEXT NOT NULL, "key" TEXT NOT NULL, shop_id TEXT NOT NULL,
            kind TEXT NOT NULL, noticed_at DOUBLE PRECISION NOT NULL, message_id TEXT NOT NULL,
            PRIMARY KEY (workspace_id, "key"))""",
        """CREATE TABLE messages (
            id TEXT NOT NULL PRIMARY KEY, workspace_id TEXT NOT NULL, kind TEXT NOT NULL,
            subject TEXT NOT NULL, body TEXT NOT NULL, made_at DOUBLE PRECISION NOT NULL)""",
        "CREATE INDEX messages_by_age ON messages (workspace_id, made_at)",
        """CREATE TABLE deliveries (
            message_id TEXT NOT NULL, channel TEXT NOT NULL, workspace_id TEXT NOT NULL,
            state TEXT NOT NULL, attempts INTEGER NOT NULL, due_at DOUBLE PRECISION NOT NULL,
            ended_at DOUBLE PRECISION, problem TEXT NOT NULL, PRIMARY KEY (message_id, channel))""",
        "CREATE INDEX deliveries_due ON deliveries (state, due_at)",
    ):
        connection.exec_driver_sql(statement)
