"""Workspaces, shops, authorizations and API keys; what one workspace cannot see of another."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from errors import BadRequest, Refused
from store.accounts import Accounts, Principal
from store.accounts_migration import STEPS, migrate
from store.database import Database
from store.farewell import forget_workspace
from store.invites import Invites
from store.secrets import Vault
from store.sessions import ConsentStates, Intent, Sessions
from tests.installation import (
    HOUR,
    SECRET,
    FakeClock,
    MadeGrant,
    MadeShop,
    accounts_in,
    at_once,
    connect_shop,
)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def accounts(tmp_path: Path, clock: FakeClock) -> Accounts:
    return accounts_in(tmp_path, clock)


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


# Workspaces


def test_a_workspace_id_is_given_once(accounts: Accounts) -> None:
    made = accounts.create_workspace("Carol's agency", workspace_id="carol")
    assert accounts.workspace("carol").name == made.name == "Carol's agency"
    with pytest.raises(BadRequest, match="carol already"):
        accounts.create_workspace("Another", workspace_id="carol")


@pytest.mark.parametrize("workspace_id", ["../x", "a b", "x" * 65, "é"])
def test_a_workspace_id_can_be_the_name_of_a_folder(accounts: Accounts, workspace_id: str) -> None:
    with pytest.raises(BadRequest, match="letters, digits"):
        accounts.create_workspace("W", workspace_id=workspace_id)


def test_processes_that_start_at_once_make_one_workspace(tmp_path: Path) -> None:
    def start(_number: int) -> None:
        fresh = Accounts(f"sqlite:///{tmp_path}/a.sqlite", Vault(SECRET), FakeClock())
        fresh.migrate()
        fresh.ensure_workspace("default", "Default")
        fresh.ensure_sample("Sample Account", "US")

    at_once(6, start)
    accounts = Accounts(f"sqlite:///{tmp_path}/a.sqlite", Vault(SECRET), FakeClock())
    assert sorted(workspace.id for workspace in accounts.workspaces()) == ["default", "sample"]
    assert len(accounts.all_shops()) == 1


def test_a_log_that_somebody_else_is_making_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite itself says at once that the file is locked."""
    database = Database(f"sqlite:///{tmp_path}/a.sqlite")
    original = database._outside_transaction
    told: list[str] = []

    def refusing(sql: str) -> None:
        if len(told) < 2:
            told.append(sql)
            error = sqlite3.OperationalError("database is locked")
            error.sqlite_errorcode = sqlite3.SQLITE_BUSY
            raise error
        original(sql)

    monkeypatch.setattr(database, "_outside_transaction", refusing)
    database.use_write_ahead_log()
    with database.reading() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
    database.close()


def test_an_unknown_workspace_is_not_found(accounts: Accounts) -> None:
    with pytest.raises(BadRequest) as caught:
        accounts.workspace("nobody")
    assert caught.value.http_status == 404


def test_a_workspace_that_is_made_again_under_its_id_works_in_a_process_that_knew_it(
    accounts: Accounts, tmp_path: Path
) -> None:
    clock = FakeClock()
    other = Accounts(f"sqlite:///{tmp_path}/accounts.sqlite", Vault(SECRET), clock)
    _, former = accounts.workspace("alice").create_key("Report")
    assert accounts.principal_for_key(former).workspace_id == "alice"
    forget_workspace(other.database, "alice")
    clock.instant += 60
    other.create_workspace("Alice", workspace_id="alice")
    _, bare = other.workspace("alice").create_key("Report")
    assert accounts.principal_for_key(bare).workspace_id == "alice"
    sealed = accounts.workspace("alice").seal("text", "a place")
    assert other.workspace("alice").unseal(sealed, "a place") == "text"
    with pytest.raises(Refused):
        accounts.principal_for_key(former)


def test_another_secret_key_stops_with_a_sentence(accounts: Accounts, tmp_path: Path) -> None:
    other = Accounts(f"sqlite:///{tmp_path}/accounts.sqlite", Vault("z" * 40), FakeClock())
    with pytest.raises(Refused, match="SECRET_KEY is not the one"):
        other.workspace("alice")


def test_rewrapping_lets_the_older_secret_key_go(accounts: Accounts, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/accounts.sqlite"
    _, bare = accounts.workspace("alice").create_key("report")
    hashed = accounts.workspace("alice").buyer_hasher()("7001")
    assert Accounts(url, Vault("n" * 40, SECRET), FakeClock()).rewrap() == 9
    newer = Accounts(url, Vault("n" * 40), FakeClock())
    assert newer.principal_for_key(bare).workspace_id == "alice"
    assert newer.workspace("alice").buyer_hasher()("7001") == hashed


# Shops


def test_a_shop_is_seen_by_its_own_workspace_only(accounts: Accounts) -> None:
    connect_shop(accounts, "alice", MadeGrant(), MadeShop())
    assert [shop.shop_id for shop in accounts.workspace("alice").shops()] == ["7000001", "sample"]
    assert [shop.shop_id for shop in accounts.workspace("bob").shops()] == ["sample"]
    with pytest.raises(BadRequest) as foreign:
        accounts.workspace("bob").shop("7000001")
    with pytest.raises(BadRequest) as missing:
        accounts.workspace("bob").shop("0")
    assert foreign.value.as_json() == missing.value.as_json()
    assert (foreign.value.code, foreign.value.http_status) == ("unknown_shop", 404)


def test_every_change_of_a_foreign_shop_is_refused(accounts: Accounts) -> None:
    connect_shop(accounts, "alice", MadeGrant(), MadeShop())
    bob = accounts.workspace("bob")
    changes: tuple[Callable[[], None], ...] = (
        lambda: bob.set_shop_state("7000001", "inactive"),
        lambda: bob.set_zones("7000001", shop_zone="UTC", report_zone=None),
        lambda: bob.set_client("7000001", "Client 1"),
        lambda: bob.set_shop_state("sample", "inactive"),
    )
    for change in changes:
        with pytest.raises(BadRequest):
            change()
    assert accounts.workspace("alice").shop("7000001").state == "connected"
    assert accounts.workspace("alice").shop("sample").state == "connected"


def test_the_same_shop_id_in_two_workspaces_is_two_shops(accounts: Accounts) -> None:
    connect_shop(accounts, "alice", MadeGrant(), MadeShop(name="Alice's"))
    connect_shop(accounts, "bob", MadeGrant(open_id="open-id-2"), MadeShop(name="Bob's"))
    assert accounts.workspace("alice").shop("7000001").name == "Alice's"
    assert accounts.workspace("bob").shop("7000001").name == "Bob's"


def test_currency_and_zone_follow_the_region(accounts: Accounts) -> None:
    regions = ("GB", "ID", "XX")
    shops = [MadeShop(id=str(n), name=str(n), region=r) for n, r in enumerate(regions)]
    connect_shop(accounts, "alice", MadeGrant(), *shops)
    found = accounts.workspace("alice").shops()[:3]
    assert [(shop.currency, shop.shop_zone) for shop in found] == [
        ("GBP", "Europe/London"),
        ("IDR", "Asia/Jakarta"),
        ("", "UTC"),
    ]


def test_a_chosen_zone_and_client_survive_a_new_connection(accounts: Accounts) -> None:
    connect_shop(accounts, "alice", MadeGrant(), MadeShop())
    alice = accounts.workspace("alice")
    alice.set_zones("7000001", shop_zone="Europe/Dublin", report_zone="UTC")
    alice.set_client("7000001", "Client 1")
    alice.set_client("7000001", "Client 1")
    connect_shop(accounts, "alice", MadeGrant().next(2), MadeShop(name="Renamed"))
    shop = alice.shop("7000001")
    assert (shop.name, shop.shop_zone, shop.report_zone, shop.client) == (
        "Renamed",
        "Europe/Dublin",
        "UTC",
        "Client 1",
    )
    assert alice.clients() == ["Client 1"]
    assert accounts.workspace("bob").clients() == []


def test_a_zone_nobody_knows_is_refused(accounts: Accounts) -> None:
    connect_shop(accounts, "alice", MadeGrant(), MadeShop())
    with pytest.raises(BadRequest, match="Mars/Olympus is not a time zone"):
        accounts.workspace("alice").set_zones("7000001", shop_zone="Mars/Olympus", report_zone=None)


def test_no_shop_in_the_grant_suggests_another_region(accounts: Accounts) -> None:
    with pytest.raises(BadRequest, match="region"):
        connect_shop(accounts, "alice", MadeGrant())


def test_a_shop_the_grant_no_longer_covers_is_kept_as_disconnected(accounts: Accounts) -> None:
    connect_shop(accounts, "alice", MadeGrant(), MadeShop(), MadeShop(id="7000002", name="Two"))
    connect_shop(accounts, "alice", MadeGrant().next(2), MadeShop())
    states = {shop.shop_id: shop.state for shop in accounts.workspace("alice").shops()}
    assert states == {"7000001": "connected", "7000002": "disconnected", "sample": "connected"}


def test_the_sample_id_is_kept_for_the_sample_account(accounts: Accounts) -> None:
    with pytest.raises(BadRequest, match="Sample Account"):
        connect_shop(accounts, "alice", MadeGrant(), MadeShop(id="sample"))
    connect_shop(accounts, "sample", MadeGrant(), MadeShop(id="sample", cipher="sample-cipher"))
    shop = accounts.workspace("bob").shop("sample")
    assert (shop.is_sample, shop.cipher, shop.workspace_id) == (True, "sample-cipher", "sample")


# Authorizations


def test_a_seller_account_belongs_to_one_workspace(accounts: Accounts) -> None:
    connect_shop(accounts, "alice", MadeGrant(), MadeShop())
    with pytest.raises(Refused, match="already connected to another workspace"):
        accounts.workspace("bob").save_authorization(MadeGrant().next(2), "ROW")
    assert accounts.workspace("bob").authorizations() == []
    keeper = accounts.token_keeper(accounts.workspace("alice").shop("7000001"), never)
    assert keeper.access_token() == "access-canary-1"


def test_a_grant_that_led_to_no_shop_binds_nobody(accounts: Accounts) -> None:
    with pytest.raises(BadRequest, match="region"):
        connect_shop(accounts, "alice", MadeGrant())
    connect_shop(accounts, "bob", MadeGrant().next(2), MadeShop())
    assert accounts.workspace("alice").authorizations() == []
    shop = accounts.workspace("bob").shop("7000001")
    assert accounts.token_keeper(shop, never).access_token() == "access-canary-2"


def test_connecting_again_takes_the_new_tokens_and_revives_the_shops(accounts: Accounts) -> None:
    first = connect_shop(accounts, "alice", MadeGrant(), MadeShop())
    accounts.workspace("alice").set_shop_state("7000001", "reauthorise")
    second = accounts.workspace("alice").save_authorization(MadeGrant().next(2), "US")
    assert (second.id, second.region, second.state) == (first, "US", "connected")
    shop = accounts.workspace("alice").shop("7000001")
    assert shop.state == "connected"
    assert accounts.token_keeper(shop, never).access_token() == "access-canary-2"


def test_shops_cannot_be_put_under_a_foreign_authorization(accounts: Accounts) -> None:
    foreign = connect_shop(accounts, "alice", MadeGrant(), MadeShop())
    with pytest.raises(BadRequest):
        accounts.workspace("bob").save_shops(foreign, [MadeShop(id="7000002")])


def never(_refresh_token: str) -> MadeGrant:
    raise AssertionError("TikTok was asked")


# API keys


def test_an_api_key_opens_its_own_workspace(accounts: Accounts) -> None:
    row, bare = accounts.workspace("alice").create_key("report")
    expected = Principal("alice", key_id=row.id, scopes=frozenset({"read"}))
    assert accounts.principal_for_key(bare) == expected


def test_the_scope_manage_includes_read(accounts: Accounts) -> None:
    _, bare = accounts.workspace("alice").create_key("operator", "manage")
    assert accounts.principal_for_key(bare).scopes == {"read", "refresh", "manage"}
    with pytest.raises(BadRequest, match="read, refresh, manage"):
        accounts.workspace("alice").create_key("x", "root")


def test_a_wrong_unknown_or_malformed_key_opens_nothing(accounts: Accounts) -> None:
    _, bare = accounts.workspace("alice").create_key("report")
    last = "A" if bare[-1] != "A" else "B"
    wrong = (bare[:-1] + last, bare + "A", bare.upper(), f"tts_{'0' * 16}_{'A' * 43}", "", "é")
    messages = set()
    for text_of_key in wrong:
        with pytest.raises(Refused) as caught:
            accounts.principal_for_key(text_of_key)
        assert caught.value.http_status == 401
        messages.add(caught.value.message)
    assert len(messages) == 1


def test_the_secret_of_one_key_does_not_open_another(accounts: Accounts) -> None:
    row, _ = accounts.workspace("alice").create_key("one")
    _, bare = accounts.workspace("alice").create_key("two")
    with pytest.raises(Refused):
        accounts.principal_for_key(f"tts_{row.id}_{bare[-43:]}")


def test_a_revoked_key_opens_nothing_any_more(accounts: Accounts) -> None:
    row, bare = accounts.workspace("alice").create_key("report")
    accounts.principal_for_key(bare)
    with pytest.raises(BadRequest):
        accounts.workspace("bob").revoke_key(row.id)
    accounts.workspace("alice").revoke_key(row.id)
    with pytest.raises(Refused):
        accounts.principal_for_key(bare)


def test_the_use_of_a_key_is_noted_once_an_hour(accounts: Accounts, clock: FakeClock) -> None:
    _, bare = accounts.workspace("alice").create_key("report")
    first = clock.instant
    for moved in (0.0, 0.5 * HOUR, 0.4 * HOUR):
        clock.instant += moved
        accounts.principal_for_key(bare)
    assert accounts.workspace("alice").keys()[0].last_used_at == first
    clock.instant += 0.2 * HOUR
    accounts.principal_for_key(bare)
    assert accounts.workspace("alice").keys()[0].last_used_at == clock.instant


def test_no_bare_secret_is_in_the_files(
    accounts: Accounts, clock: FakeClock, tmp_path: Path
) -> None:
    connect_shop(accounts, "alice", MadeGrant(), MadeShop())
    _, bare = accounts.workspace("alice").create_key("report")
    sessions = Sessions(accounts.database, clock)
    link = sessions.new_link_token("alice")
    session = sessions.sign_in(link)
    principal = sessions.principal(session)
    assert principal is not None
    state = ConsentStates(accounts.database, clock).new(Intent("alice", "US"), "browser-1")
    _, invite = Invites(accounts.database, clock).create("alice")
    stored = bytes_of(tmp_path)
    assert b"Test Shop 1" in stored  # the files were really read
    for secret in (
        *(bare[-43:], link, session, state, invite, SECRET),
        *("access-canary", "refresh-canary"),
    ):
        assert secret.encode() not in stored


def test_no_value_is_in_the_text_of_a_database_error(accounts: Accounts) -> None:
    broken = text("INSERT INTO keys (id) VALUES (:digest)")
    with (
        pytest.raises(Exception, match="NOT NULL") as caught,
        accounts.database.writing() as connection,
    ):
        connection.execute(broken, {"digest": "canary-value"})
    assert "canary-value" not in str(caught.value)


# Versions of the database


def add_colour(connection: Connection) -> None:
    connection.execute(text("ALTER TABLE workspaces ADD COLUMN colour TEXT"))


def break_down(connection: Connection) -> None:
    add_colour(connection)
    raise RuntimeError("power cut")


def test_an_older_database_is_led_to_the_newest_version_after_a_copy(
    accounts: Accounts, tmp_path: Path
) -> None:
    newer, database = (*STEPS, add_colour), f"sqlite:///{tmp_path}/accounts.sqlite"
    at_once(4, lambda _: migrate(Database(database), newer))
    with accounts.database.reading() as connection:
        assert connection.execute(text("SELECT colour FROM workspaces")).first() == (None,)
    copy = Database(f"{database}.version-{len(newer)}")
    with copy.reading() as connection:
        assert connection.scalar(text("SELECT COUNT(*) FROM workspaces")) == 3


def test_a_step_that_breaks_leaves_the_database_as_it_was(accounts: Accounts) -> None:
    with pytest.raises(RuntimeError, match="power cut"):
        migrate(accounts.database, (*STEPS, break_down))
    migrate(accounts.database, (*STEPS, add_colour))


def test_a_database_of_a_newer_release_is_refused(accounts: Accounts) -> None:
    migrate(accounts.database, (*STEPS, add_colour))
    with pytest.raises(Refused, match="newer release"):
        accounts.migrate()


def test_a_shop_does_not_show_its_cipher_when_printed(accounts: Accounts) -> None:
    connect_shop(accounts, "alice", MadeGrant(), replace(MadeShop(), cipher="cipher-canary"))
    assert "cipher-canary" not in repr(accounts.workspace("alice").shops())
