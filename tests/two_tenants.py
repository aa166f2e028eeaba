"""Two workspaces that have everything twice, with ids that collide, for tests of who sees what.

Both have a shop 111 with the same orders, a client "Both", a key "Both", a member "Both". Each has
besides what only it has, and in everything that can be read of a workspace stands its own word:
`word_of("alice")` must never be told to anybody of bob's, nor the other way round.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.test import TestResponse

from backfill.schedule import enqueue_backfill, enqueue_sync
from sheets_export.drive import File
from store.images import ImageFolder
from store.invites import Invites
from store.notices import Channels, Notices, Occasion, Written
from store.roles import OWNER, VIEWER
from tests.answering import Answering, HandMadeShop, answering, at, fill

TENANTS = ("alice", "bob")
#: In both workspaces.
BOTH = "Both"
SHOP = "111"

#: One more unit of order A of the shop of `tests.answering`.
_LINE = {
    "line_item_id": "A9",
    "line_key": 9,
    "order_id": "A",
    "order_key": 1,
    "create_time": at("2026-08-01 10:00"),
    "update_time": at("2026-08-01 10:00"),
    "product_id": "P9",
    "sku_id": "S9",
    "sale_price": "1.00",
    "original_price": "1.00",
    "currency": "USD",
    "tax_amount": None,
    "is_gift": 0,
}
_PNG = b"\x89PNG\r\n\x1a\n" + b"-" * 64


def word_of(tenant: str) -> str:
    return f"{tenant}-canary"


def client_of(tenant: str) -> str:
    """The client that only this workspace has."""
    return f"House-of-{tenant}"


def told_of(tenant: str, said: bytes, *, with_clients: bool = True) -> list[str]:
    """The words of a workspace that stand in what was said. `with_clients` no: whoever asked may
    have made a client of that name."""
    words = [word_of(tenant), *([client_of(tenant)] if with_clients else [])]
    return [word for word in words if word.encode() in said]


def other(tenant: str) -> str:
    return TENANTS[1 - TENANTS.index(tenant)]


@dataclass
class Tenant:
    """A workspace, and somebody who may everything in it. `ids`: what only it has, by kind.
    `managing`: a key of the scope `manage`."""

    name: str
    client: FlaskClient
    key: str
    ids: dict[str, list[str]] = field(default_factory=dict)
    form_token: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    managing: str = ""

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | None = None,
        body: Any = None,
        by_key: bool | str = False,
    ) -> TestResponse:
        """As whoever is signed in, with the form's token; `by_key`: with the API key instead, or
        with the one of the scope `manage`."""
        key = (self.managing if by_key == "manage" else "") or self.key
        bearer = {"Authorization": f"Bearer {key}"} if by_key else {}
        more: dict[str, Any] = {"query_string": query or {}, "headers": self.headers | bearer}
        if body is not None:
            more["json"] = body
        elif method == "POST" and not by_key:
            more["data"] = {"form_token": self.form_token, **(form or {})}
        answer = self.client.open(path, method=method, **more)
        answer.get_data()
        answer.close()  # files too
        return answer


class _Drive:
    """Everybody's; one who shares a file tells it the whole world."""

    def __init__(self) -> None:
        self.shared: list[tuple[str, str]] = []

    def look(self, file_id: str) -> File:
        return File(file_id, file_id, "", may_edit=True, may_share=True)

    def share(self, file_id: str, address: str, role: str) -> None:
        self.shared.append((file_id, address))


class TwoTenants:
    """`drive`: what stands in for Google Drive."""

    def __init__(self, folder: Path) -> None:
        self.test: Answering = answering(
            folder,
            tiktok_app_key="app-key",
            tiktok_app_secret=SecretStr("app-secret"),
            tiktok_service_id="service",
            tiktok_api_base="http://127.0.0.1:1",
            tiktok_auth_base="http://127.0.0.1:1",
        )
        self.folder = folder
        self.here = self.test.here
        self.drive = _Drive()
        self.here.sheets.google.drive = lambda _workspace, _grant: self.drive  # type: ignore[assignment, method-assign, return-value]
        for tenant in TENANTS:
            self.here.accounts.create_workspace(word_of(tenant), workspace_id=tenant)
        self.tenants = {tenant: self._made(tenant) for tenant in TENANTS}

    def close(self) -> None:
        self.here.close()

    def _made(self, tenant: str) -> Tenant:
        test, word = self.test, word_of(tenant)
        accounts, ledger = self.here.accounts, self.here.ledger
        scope = accounts.workspace(tenant)
        own_id = f"777{TENANTS.index(tenant)}"
        for shop_id in (SHOP, own_id):
            shop = test.shop(HandMadeShop(shop_id, f"{word} {shop_id}", "US"), tenant)
            fill(test, shop)
            test.write(shop, "order_line_items", [_LINE | {"product_name": f"{word} Cup"}])
            test.cover(shop, "2026-08-01 00:00", "2026-08-20 12:00", "orders")
            test.publish(shop)
        for client in (BOTH, client_of(tenant)):
            scope.add_client(client)
        scope.set_client(own_id, client_of(tenant))
        scope.set_client(SHOP, BOTH)
        row, key = scope.create_key(BOTH)
        spare, managing = scope.create_key(f"Key of {word}", "manage")
        members = [scope.add_member(BOTH, OWNER), scope.add_member(f"Member of {word}", VIEWER)]
        invite, _ = Invites(accounts.database, self.here.clock).create(tenant)
        runs = [enqueue_sync(ledger, self.here.clock, tenant, one).id for one in (SHOP, own_id)]
        runs.append(enqueue_backfill(ledger, self.here.clock, tenant, own_id).id)
        notices = Notices(accounts, self.here.clock)
        channels = Channels((f"{word}@example.com",))
        notices.set_channels(tenant, channels)
        occasion = Occasion("key", "import_failing", SHOP, {})
        notices.tell(tenant, "notice", [occasion], lambda _: Written(word, word), channels)
        picture = f"{tenant[0] * 32}.png".replace("l", "0")
        ImageFolder(self.here.folder.images_folder(tenant, SHOP)).keep(picture, _PNG)
        sheet = f"{tenant}-spreadsheet".ljust(44, "0")
        spreadsheets = self.here.sheets.exporting.spreadsheets
        grant = spreadsheets.save_grant(tenant, f"{word}@example.com", "dummy-refresh")
        spreadsheets.add(tenant, sheet, title=word, grant_id=grant.id)
        wish = {"name": f"Export of {word}", "spreadsheet": sheet, "shops": "all"}
        asked = {"fields": "date,gmv", "range": "custom", "start": "2026-08-01"}
        export = self.here.sheets.exporting.create(
            tenant, {**wish, **asked, "end": "2026-08-04"}, grant_id=grant.id
        )
        made = Tenant(
            tenant,
            test.app.test_client(),
            key,
            {
                "shop": [own_id],
                "client": [client_of(tenant)],
                "key": [row.id, spare.id],
                "member": members,
                "invite": [invite.id],
                "authorization": [scope.shop(one).authorization_id or "" for one in (own_id, SHOP)],
                "run": runs,
                "about": [own_id, f"client:{client_of(tenant)}"],
                "picture": [picture],
                "workspace": [tenant],
                "export": [export.id],
                "spreadsheet": [sheet],
                "grant": [grant.id],
            },
            managing=managing,
        )
        self.sign_in(made)
        return made

    def sign_in(self, tenant: Tenant) -> None:
        link = self.here.sessions.new_link_token(tenant.name)
        tenant.client.post("/sign-in", data={"token": link})
        page = tenant.client.get("/members/me").text
        found = re.search(r'name="form_token" value="(\w+)"', page)
        assert found is not None, page
        tenant.form_token = found[1]

    def member(self, tenant: str, name: str, role: str, **limit: Any) -> Tenant:
        """Another member, signed in."""
        member_id = self.here.accounts.workspace(tenant).add_member(name, role, **limit)
        made = Tenant(tenant, self.test.app.test_client(), self.tenants[tenant].key)
        link = self.here.sessions.new_link_token(tenant, member_id=member_id)
        made.client.post("/sign-in", data={"token": link})
        page = made.client.get("/members/me").text
        made.form_token = page.partition('name="form_token" value="')[2].partition('"')[0]
        return made

    # --- what is kept of a workspace ---

    def kept_of(self, tenant: str) -> dict[str, str]:
        """A digest of every table's rows that name the workspace, and of its files' rows. What
        notes only that somebody was here is left out."""
        found: dict[str, str] = {}
        with closing(sqlite3.connect(self.folder / "accounts.sqlite")) as accounts:
            for table, column in _tables(accounts):
                rows = accounts.execute(
                    f'SELECT {_columns(accounts, table)} FROM "{table}" WHERE "{column}" = ?',
                    (tenant,),
                )
                found[table] = _digest(rows)
        for path in sorted((self.folder / "shops" / tenant).rglob("records.sqlite")):
            with closing(sqlite3.connect(path)) as records:
                for table in ("orders", "order_line_items", "products", "_segments"):
                    rows = records.execute(f"SELECT * FROM {table}")
                    found[f"{path.parent.name}/{table}"] = _digest(rows)
        files = [path for path in (self.folder / "shops" / tenant).rglob("*") if path.is_file()]
        names = sorted(path.name for path in files if path.suffix in (".parquet", ".png"))
        return {**found, "files": " ".join(names)}

    @contextmanager
    def unchanged(self, tenant: str) -> Iterator[None]:
        before = self.kept_of(tenant)
        yield
        after = self.kept_of(tenant)
        assert {name for name in before if before[name] != after.get(name)} == set()


#: Times that tell that somebody was here, not what is here.
_PASSING = {"last_used_at", "seen_at", "used_at"}


def _tables(accounts: sqlite3.Connection) -> list[tuple[str, str]]:
    """Those with a column that names a workspace, and the column."""
    names = [
        row[0] for row in accounts.execute("SELECT name FROM sqlite_master WHERE type='table'")
    ]
    found = [("workspaces", "id")]
    for name in names:
        columns = {row[1] for row in accounts.execute(f'PRAGMA table_info("{name}")')}
        if "workspace_id" in columns and name != "one_use_tokens":
            found.append((name, "workspace_id"))
    return found


def _columns(accounts: sqlite3.Connection, table: str) -> str:
    names = [row[1] for row in accounts.execute(f'PRAGMA table_info("{table}")')]
    return ", ".join(f'"{name}"' for name in names if name not in _PASSING)


def _digest(rows: Any) -> str:
    return hashlib.sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()
