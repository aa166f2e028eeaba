"""Tables of the accounts database. An older one is led here by store/accounts_migration.py.

Instants are UTC epoch seconds. Ids are text. Columns named `sealed_…` and `wrapped` hold ciphertext
(store/secrets.py), columns named `digest` a hash; no bare secret is in any of them.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

ACCOUNTS: Final = MetaData()


def _of_workspace() -> Column[str]:
    return Column("workspace_id", Text, ForeignKey("workspaces.id"), nullable=False)


metadata = Table(
    "metadata",
    ACCOUNTS,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

workspaces = Table(
    "workspaces",
    ACCOUNTS,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)

data_keys = Table(
    "data_keys",
    ACCOUNTS,
    Column("workspace_id", Text, ForeignKey("workspaces.id"), primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("wrapped", Text, nullable=False),
)

members = Table(
    "members",
    ACCOUNTS,
    Column("id", Text, primary_key=True),
    _of_workspace(),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("is_limited", Boolean, nullable=False, default=False),
    Column("joined_at", Double),
    Index("members_by_name", "workspace_id", "name", unique=True),
)

#: The clients whose shops a limited member sees.
member_clients = Table(
    "member_clients",
    ACCOUNTS,
    Column("member_id", Text, ForeignKey("members.id"), primary_key=True),
    Column("client", Text, primary_key=True),
    _of_workspace(),
    ForeignKeyConstraint(["workspace_id", "client"], ["clients.workspace_id", "clients.name"]),
)

#: Links and states that work once: sign-in links, and the `state` of TikTok's consent page.
one_use_tokens = Table(
    "one_use_tokens",
    ACCOUNTS,
    Column("digest", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    _of_workspace(),
    Column("bound_to", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("used_at", Double),
)

sessions = Table(
    "sessions",
    ACCOUNTS,
    Column("digest", Text, primary_key=True),
    _of_workspace(),
    Column("member_id", Text, ForeignKey("members.id"), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("seen_at", Double, nullable=False),
)

keys = Table(
    "keys",
    ACCOUNTS,
    Column("id", Text, primary_key=True),
    _of_workspace(),
    Column("name", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("last_used_at", Double),
    Column("revoked_at", Double),
    # Which shops it opens; neither: all of the workspace's.
    Column("client", Text),
    Column("shop_ids", Text, nullable=False, default=""),
    # The only thing that it may refresh; "": no such bound.
    Column("target", Text, nullable=False, default=""),
    # The name of a revoked key is free again.
    Index(
        "keys_by_name",
        "workspace_id",
        "name",
        unique=True,
        sqlite_where=text("revoked_at IS NULL"),
        postgresql_where=text("revoked_at IS NULL"),
    ),
)

#: One per grant of a seller. `token_version` grows with every new pair of tokens; the
#: `refresh_…` columns say which process is asking TikTok for new ones, and until when.
authorizations = Table(
    "authorizations",
    ACCOUNTS,
    Column("id", Text, primary_key=True),
    _of_workspace(),
    Column("open_id", Text, nullable=False, unique=True),
    Column("seller_name", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("scopes", Text, nullable=False, default=""),
    Column("state", Text, nullable=False),
    Column("sealed_access_token", Text, nullable=False),
    Column("access_expires_at", Double, nullable=False),
    Column("sealed_refresh_token", Text, nullable=False),
    Column("refresh_expires_at", Double, nullable=False),
    Column("token_version", Integer, nullable=False),
    Column("refreshed_at", Double, nullable=False),
    Column("refresh_owner", Text, nullable=False, default=""),
    Column("refresh_until", Double, nullable=False, default=0.0),
    Column("created_at", Double, nullable=False),
)

clients = Table(
    "clients",
    ACCOUNTS,
    Column("workspace_id", Text, ForeignKey("workspaces.id"), primary_key=True),
    Column("name", Text, primary_key=True),
)

shops = Table(
    "shops",
    ACCOUNTS,
    Column("workspace_id", Text, ForeignKey("workspaces.id"), primary_key=True),
    Column("shop_id", Text, primary_key=True),
    Column("authorization_id", Text, ForeignKey("authorizations.id")),
    Column("name", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("seller_type", Text, nullable=False),
    Column("cipher", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("shop_zone", Text, nullable=False),
    Column("report_zone", Text),
    Column("client", Text),
    Column("state", Text, nullable=False),
    Column("connected_at", Double, nullable=False),
    Column("is_sample", Boolean, nullable=False),
    Column("serves_kept", Boolean, nullable=False, default=False),
    Column("listens", Boolean, nullable=False, default=True),
    Column("optional_data", Text),
    ForeignKeyConstraint(["workspace_id", "client"], ["clients.workspace_id", "clients.name"]),
)

#: `shop_id` is what a run is about: a shop, or `export:` and the id of an export.
runs = Table(
    "runs",
    ACCOUNTS,
    Column("id", Text, primary_key=True),
    Column("workspace_id", Text, nullable=False),
    Column("shop_id", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("parameters", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("not_before", Double, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("message", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("started_at", Double),
    Column("heartbeat_at", Double),
    Column("finished_at", Double),
    Column("trigger", Text, nullable=False, default=""),
    Column("window_start", BigInteger),
    Column("window_end", BigInteger),
    Column("rows", BigInteger, nullable=False, default=0),
    Column("calls", BigInteger, nullable=False, default=0),
    Column("retries", BigInteger, nullable=False, default=0),
    Column("reference", Text, nullable=False, default=""),
    Column("progress_at", Double),
    Column("stuck_at", Double),
    Column("request_id", Text, nullable=False, default=""),
    UniqueConstraint("workspace_id", "shop_id", "kind", "slot"),
    Index("runs_by_state", "state", "lane", "not_before"),
    Index("runs_by_age", "workspace_id", "created_at"),
    Index("runs_by_end", "state", "finished_at"),
)

#: Who may work on a lane of a shop. The row stays when the lease ends, for its `token` only grows.
leases = Table(
    "leases",
    ACCOUNTS,
    Column("workspace_id", Text, primary_key=True),
    Column("shop_id", Text, primary_key=True),
    Column("lane", Text, primary_key=True),
    Column("token", BigInteger, nullable=False),
    Column("owner", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("claimed_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
)

#: How fast TikTok may be called for a shop: `rate` calls a second, `tokens` left at `counted_at`;
#: `refused_rate`: the rate at which TikTok last refused a call, 0 for none.
buckets = Table(
    "buckets",
    ACCOUNTS,
    Column("app_key", Text, primary_key=True),
    Column("shop_key", Text, primary_key=True),
    Column("rate", Double, nullable=False),
    Column("tokens", Double, nullable=False),
    Column("counted_at", Double, nullable=False),
    Column("raised_at", Double, nullable=False),
    Column("slowed_at", Double, nullable=False),
    Column("blocked_until", Double, nullable=False),
    Column("refused_rate", Double, nullable=False),
)

#: What TikTok has pushed, per shop of ours that it is about. `named` are the records to read again,
#: as JSON; `settled_at` is when that was done. Kept for a while to know a repetition.
notifications = Table(
    "notifications",
    ACCOUNTS,
    Column("workspace_id", Text, primary_key=True),
    Column("shop_id", Text, primary_key=True),
    Column("notification_id", Text, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("named", Text, nullable=False),
    Column("received_at", Double, nullable=False),
    Column("settled_at", Double),
    Index("notifications_by_age", "workspace_id", "shop_id", "received_at"),
)

#: When TikTok will end our access to a shop, as it last said at `told_at`; null: not that we know.
access_ends = Table(
    "access_ends",
    ACCOUNTS,
    Column("workspace_id", Text, primary_key=True),
    Column("shop_id", Text, primary_key=True),
    Column("ends_at", Double),
    Column("told_at", Double, nullable=False),
)

#: All shops that a grant covers, as TikTok last listed them; those a person chose are in `shops`.
listed_shops = Table(
    "listed_shops",
    ACCOUNTS,
    Column("authorization_id", Text, ForeignKey("authorizations.id"), primary_key=True),
    Column("shop_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("seller_type", Text, nullable=False),
    Column("cipher", Text, nullable=False),
)

#: Links that let a shop's owner connect it without an account here. `shop_id`: the shop that is to
#: be connected again, "" for any. A used one keeps which browser used it, and for which grant.
invites = Table(
    "invites",
    ACCOUNTS,
    Column("id", Text, primary_key=True),
    _of_workspace(),
    Column("digest", Text, nullable=False, unique=True),
    Column("shop_id", Text, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("revoked_at", Double),
    Column("used_at", Double),
    Column("used_by", Text, nullable=False, default=""),
    Column("authorization_id", Text, nullable=False, default=""),
)
