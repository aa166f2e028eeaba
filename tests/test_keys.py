"""API keys as they are kept: what is stored of one, whose names they may have, what a new
SECRET_KEY leaves as it is."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app import create_app
from errors import BadRequest
from installation import Installation
from settings import Settings
from store.accounts import Accounts, Limit, WorkspaceScope
from store.accounts_migration import STEPS, migrate
from store.database import Database
from store.members_step import add_members
from store.roles import MANAGE, READ, REFRESH, Admission, held
from tests.installation import (
    SECRET,
    FakeClock,
    MadeGrant,
    MadeShop,
    accounts_in,
    at_once,
    connect_shop,
)


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    return accounts_in(tmp_path, FakeClock())


@pytest.fixture
def alice(accounts: Accounts) -> WorkspaceScope:
    return accounts.workspace("alice")


# --- what is kept of a key ---


def test_a_key_is_256_random_bits_behind_a_beginning_that_may_be_shown(
    alice: WorkspaceScope,
) -> None:
    row, bare = alice.create_key("Report")
    assert re.fullmatch(r"tts_[0-9a-f]{16}_[A-Za-z0-9_-]{43}", bare)
    assert bare.startswith(row.shown)
    assert len(bare) - len(row.shown) == 43  # 43 characters of 6 bits, the last of 4


def test_only_a_keyed_hash_of_it_is_stored(
    accounts: Accounts, alice: WorkspaceScope, tmp_path: Path
) -> None:
    row, bare = alice.create_key("Report")
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert bare.encode() not in kept
    assert bare.removeprefix(row.shown).encode() not in kept
    assert row.shown.removeprefix("tts_").rstrip("_").encode() in kept
    with accounts.database.reading() as connection:
        digest = connection.execute(text("SELECT digest FROM keys")).scalar_one()
    assert re.fullmatch("[0-9a-f]{64}", digest)
    # The same key in another workspace would have another hash: the hash is keyed.
    assert not accounts._unwrapped("bob").key_matches(bare, digest)
    assert accounts._unwrapped("alice").key_matches(bare, digest)


# --- what it may ---


@pytest.mark.parametrize(
    ("scope", "route_for", "admitted"),
    [
        (READ, {READ}, True),
        (READ, {REFRESH}, False),
        (REFRESH, {READ}, False),
        (REFRESH, {REFRESH}, True),
        (MANAGE, {READ}, True),
        (MANAGE, {REFRESH}, True),
        (READ, set(), False),
        (MANAGE, set(), False),
    ],
)
def test_a_scope_opens_what_is_for_it(scope: str, route_for: set[str], admitted: bool) -> None:
    assert Admission(scopes=frozenset(route_for)).admits_key(held(scope)) is admitted


@pytest.mark.parametrize(
    ("scope", "limit", "target"),
    [
        ("root", Limit(), ""),
        (REFRESH, Limit(shop_ids=("7000001",)), ""),
        (REFRESH, Limit(clients=("Aurora",)), ""),
        (READ, Limit(), "sheet-1"),
        (READ, Limit(clients=("Aurora", "Borea")), ""),
        (READ, Limit(clients=("Nobody",)), ""),
        (READ, Limit(shop_ids=("999",)), ""),
    ],
)
def test_what_a_key_cannot_be(alice: WorkspaceScope, scope: str, limit: Limit, target: str) -> None:
    for client in ("Aurora", "Borea"):
        alice.add_client(client)
    with pytest.raises(BadRequest):
        alice.create_key("Report", scope, limit, target=target)
    assert len(alice.keys()) == 0


def test_a_key_for_refreshing_says_what_it_may_refresh(
    accounts: Accounts, alice: WorkspaceScope
) -> None:
    row, bare = alice.create_key("Sheet", REFRESH, target="sheet-1")
    principal = accounts.principal_for_key(bare)
    assert principal.scopes == {REFRESH}
    assert principal.target == row.target == "sheet-1"


# --- names ---


def test_a_name_is_one_keys_in_a_workspace_until_that_is_revoked(
    accounts: Accounts, alice: WorkspaceScope
) -> None:
    row, _ = alice.create_key("Report")
    with pytest.raises(BadRequest, match="of this name already"):
        alice.create_key("Report")
    accounts.workspace("bob").create_key("Report")
    alice.revoke_key(row.id)
    alice.create_key("Report")


def test_of_many_who_ask_for_a_name_at_once_one_gets_it(alice: WorkspaceScope) -> None:
    def ask(_number: int) -> str:
        try:
            return alice.create_key("Report")[1]
        except BadRequest:
            return ""

    assert sum(bool(bare) for bare in at_once(8, ask)) == 1
    assert len(alice.keys()) == 1


def test_where_nobody_cares_for_the_name_it_gets_a_number(alice: WorkspaceScope) -> None:
    names = [alice.create_key("command line", numbered=True)[0].name for _ in range(3)]
    assert names == ["command line", "command line 2", "command line 3"]


def test_the_database_itself_holds_names_apart(
    accounts: Accounts, alice: WorkspaceScope, tmp_path: Path
) -> None:
    """Where transactions do not wait for each other, the index decides."""
    alice.create_key("Report")
    with closing(sqlite3.connect(tmp_path / "accounts.sqlite")) as file:
        copied = "INSERT INTO keys (id, workspace_id, name, scope, digest, created_at, target) "
        with pytest.raises(sqlite3.IntegrityError):
            file.execute(f"{copied} VALUES ('x', 'alice', 'Report', 'read', 'x', 1, '')")


# --- from before names were held apart ---


def test_keys_and_members_of_one_name_get_numbers_when_an_older_folder_is_opened(
    tmp_path: Path,
) -> None:
    database = Database(f"sqlite:///{tmp_path}/accounts.sqlite")
    place = STEPS.index(add_members)
    with database.writing() as connection:
        for statement in (
            "CREATE TABLE metadata (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
            f"INSERT INTO metadata VALUES ('version', '{place + 1}')",
            "CREATE TABLE workspaces (id TEXT PRIMARY KEY)",
            "CREATE TABLE clients (workspace_id TEXT, name TEXT)",
            """CREATE TABLE members (id TEXT PRIMARY KEY, workspace_id TEXT, name TEXT,
                created_at DOUBLE PRECISION)""",
            """CREATE TABLE keys (id TEXT PRIMARY KEY, workspace_id TEXT, name TEXT,
                created_at DOUBLE PRECISION, revoked_at DOUBLE PRECISION)""",
            """INSERT INTO keys VALUES ('k1', 'alice', 'Report', 1, NULL),
                ('k2', 'alice', 'Report', 2, NULL), ('k3', 'alice', 'Report 2', 3, NULL),
                ('k4', 'alice', 'Report', 4, 5), ('k5', 'bob', 'Report', 6, NULL),
                ('k6', 'alice', 'Report', 7, NULL)""",
            "INSERT INTO members VALUES ('m1', 'alice', 'ana', 1), ('m2', 'alice', 'ana', 2)",
        ):
            connection.execute(text(statement))
    migrate(database, STEPS[: place + 1])
    with database.reading() as connection:
        names = {row.id: row.name for row in connection.execute(text("SELECT id, name FROM keys"))}
        members = connection.execute(
            text("SELECT name, joined_at, is_limited FROM members ORDER BY id")
        ).all()
    assert names == {
        "k1": "Report",
        "k2": "Report 3",
        "k3": "Report 2",
        "k4": "Report",
        "k5": "Report",
        "k6": "Report 4",
    }
    assert [tuple(row) for row in members] == [("ana", 1, 0), ("ana 2", 2, 0)]
    database.close()


# --- a new SECRET_KEY ---

_STORED = (
    ("keys", "id, digest"),
    ("authorizations", "id, sealed_access_token, sealed_refresh_token"),
    ("sessions", "digest"),
)


def stored(folder: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(folder / "accounts.sqlite")) as file:
        return {
            table: sorted(file.execute(f"SELECT {columns} FROM {table}"))
            for table, columns in (*_STORED, ("data_keys", "workspace_id, purpose, wrapped"))
        }


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Settings]:
    folder = tmp_path / "data"
    return folder, Settings(data_dir=folder, sample_account=False)


def opened(settings: Settings) -> Installation:
    here: Installation = create_app(settings).extensions["installation"]
    return here


def test_a_new_secret_key_changes_no_key_no_token_and_no_hash(
    made: tuple[Path, Settings],
) -> None:
    folder, settings = made
    app = create_app(settings)
    here: Installation = app.extensions["installation"]
    here.prepare()
    scope = here.accounts.workspace("default")
    connect_shop(here.accounts, "default", MadeGrant(), MadeShop())
    _, bare = scope.create_key("Report")
    session = here.sessions.sign_in(here.sessions.new_link_token("default"))
    buyer = scope.buyer_hasher()("buyer-1")
    before, first = stored(folder), (folder / "secret_key").read_text()
    result = app.test_cli_runner().invoke(args=["rotate-secrets"])
    here.close()
    assert (result.exit_code, "data keys are wrapped" in result.output) == (0, True)

    after = stored(folder)
    assert {table: after[table] for table, _ in _STORED} == {
        table: before[table] for table, _ in _STORED
    }
    assert [row[:2] for row in after["data_keys"]] == [row[:2] for row in before["data_keys"]]
    wrapped = {row[2] for row in before["data_keys"]}
    assert wrapped.isdisjoint(row[2] for row in after["data_keys"])
    now = (folder / "secret_key").read_text()
    assert (now != first, len(now.split())) == (True, 1), "the old one is gone"

    again = opened(settings)
    assert again.accounts.principal_for_key(bare).workspace_id == "default"
    assert again.sessions.principal(session) is not None
    assert again.accounts.workspace("default").buyer_hasher()("buyer-1") == buyer
    (shop,) = again.accounts.workspace("default").shops()
    assert again.accounts.token_keeper(shop, no_refresh).access_token() == "access-canary-1"
    again.close()


def test_a_process_that_runs_on_takes_the_new_secret_key_from_the_folder(
    made: tuple[Path, Settings],
) -> None:
    """It had not opened the workspace before."""
    _, settings = made
    app = create_app(settings)
    first: Installation = app.extensions["installation"]
    first.prepare()
    _, bare = first.accounts.workspace("default").create_key("Report")
    runs_on = create_app(settings)
    told = app.test_cli_runner().invoke(args=["rotate-secrets"])
    first.close()
    assert "Start web and worker again." in told.output
    headers = {"Authorization": f"Bearer {bare}"}
    answer = runs_on.test_client().get("/connector/v1/whoami", headers=headers)
    assert answer.status_code == 200
    runs_on.extensions["installation"].close()


def test_not_ready_with_a_secret_key_that_opens_nothing(tmp_path: Path) -> None:
    def app_with(key: str) -> Flask:
        values = {"data_dir": tmp_path, "sample_account": False, "secret_key": key}
        return create_app(Settings.model_validate(values))

    first = app_with(SECRET)
    first.extensions["installation"].prepare()
    assert first.test_client().get("/readyz").get_json()["checks"]["secret_key"] is True
    first.extensions["installation"].close()
    other = app_with(SECRET[::-1])
    answer = other.test_client().get("/readyz")
    assert (answer.status_code, answer.get_json()["checks"]["secret_key"]) == (503, False)
    other.extensions["installation"].close()


def no_refresh(_token: str) -> MadeGrant:
    raise AssertionError("the token is good")


def test_with_the_key_as_a_setting_both_are_named_once(tmp_path: Path) -> None:
    def settings(key: str) -> Settings:
        return Settings.model_validate(
            {"data_dir": tmp_path, "sample_account": False, "secret_key": key}
        )

    newer = SECRET[::-1]
    first = opened(settings(SECRET))
    first.prepare()
    _, bare = first.accounts.workspace("default").create_key("Report")
    first.close()
    alone = create_app(settings(SECRET))
    refused = alone.test_cli_runner().invoke(args=["rotate-secrets"])
    alone.extensions["installation"].close()
    assert (refused.exit_code, "a comma and the old one" in refused.output) == (2, True)
    both = create_app(settings(f"{newer},{SECRET}"))
    assert both.test_cli_runner().invoke(args=["rotate-secrets"]).exit_code == 0
    both.extensions["installation"].close()
    last = opened(settings(newer))
    assert last.accounts.principal_for_key(bare).key_id == bare.split("_")[1]
    last.close()
    assert not (tmp_path / "secret_key").exists()
