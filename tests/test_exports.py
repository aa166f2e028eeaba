"""Exports and spreadsheets as the accounts database keeps them, and how an older one gets there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect

from errors import BadRequest, Reauthorise, Refused
from store.accounts import Accounts, Limit
from store.accounts_migration import STEPS, migrate
from store.exports import Export, Exports, Wish
from store.exports_schema import add_exports
from store.ledger import Ledger
from store.spreadsheets import Spreadsheets
from tests.installation import START, FakeClock, MadeGrant, MadeShop, accounts_in, connect_shop

pytestmark = pytest.mark.slow

BOOK, OTHER = "1book000000000000000000000000", "1other00000000000000000000000"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def accounts(tmp_path: Path, clock: FakeClock) -> Accounts:
    return accounts_in(tmp_path, clock)


@pytest.fixture
def exports(accounts: Accounts, clock: FakeClock) -> Exports:
    return Exports(accounts.database, clock)


@pytest.fixture
def books(accounts: Accounts, clock: FakeClock) -> Spreadsheets:
    return Spreadsheets(accounts, clock)


def wish(name: str = "Sales", book: str = BOOK, tab: str = "", at: float | None = None) -> Wish:
    return Wish(name, book, tab or name, {"fields": "gmv"}, at)


def succeed(exports: Exports, export: Export, **more: Any) -> None:
    usual: dict[str, Any] = {"rows": 1, "content": "abc", "place": "here", "report": {}}
    exports.succeeded(export, written=True, **{**usual, **more})


# --- exports --------------------------------------------------------------------------------------


def test_an_export_is_kept_as_it_was_wanted(exports: Exports) -> None:
    made = exports.create("alice", wish(at=START + 60))
    assert exports.one("alice", made.id) == made
    assert (made.name, made.state, made.definition) == ("Sales", "new", {"fields": "gmv"})
    assert (made.next_at, made.subject) == (START + 60, f"export:{made.id}")
    assert [one.id for one in exports.of_workspace("alice")] == [made.id]


def test_names_are_given_once_in_a_workspace_and_tabs_once_in_a_spreadsheet(
    exports: Exports,
) -> None:
    exports.create("alice", wish())
    with pytest.raises(BadRequest, match="an export called Sales already"):
        exports.create("alice", wish(book=OTHER))
    with pytest.raises(BadRequest, match="writes to the tab SALES"):
        exports.create("alice", wish("Other", tab="SALES"))
    exports.create("bob", wish(book=OTHER))


def test_another_workspace_finds_nothing(exports: Exports) -> None:
    made = exports.create("alice", wish())
    looks: list[Callable[[], Export]] = [
        lambda: exports.one("bob", made.id),
        lambda: exports.named("bob", "Sales"),
        lambda: exports.change("bob", made.id, wish()),
    ]
    for look in looks:
        with pytest.raises(BadRequest) as caught:
            look()
        assert caught.value.code == "not_found"
    exports.remove("bob", made.id)
    exports.pause("bob", made.id)
    assert exports.one("alice", made.id) == made


def test_what_is_due_is_planned_once(exports: Exports, clock: FakeClock) -> None:
    made = exports.create("alice", wish(at=START + 60))
    exports.create("alice", wish("Never"))
    assert exports.due() == []
    clock.instant = START + 60
    assert [one.id for one in exports.due()] == [made.id]
    exports.planned(made, START + 120)
    # A second process that saw it as due, too, changes nothing.
    exports.planned(made, START + 999)
    assert exports.one("alice", made.id).next_at == START + 120


def test_the_first_of_several_failures_is_remembered_until_a_success(
    exports: Exports, clock: FakeClock
) -> None:
    made = exports.create("alice", wish())
    for seconds in (10, 20):
        clock.instant = START + seconds
        exports.failed(made, "It did not work.")
    failing = exports.one("alice", made.id)
    assert (failing.state, failing.failing_since) == ("failed", START + 10)
    assert exports.failing() == [failing]
    succeed(exports, made, rows=3, report={"range": "today"})
    again = exports.one("alice", made.id)
    assert (again.state, again.failing_since, again.message) == ("ok", None, "")
    assert (again.rows, again.content, again.report) == (3, "abc", {"range": "today"})


def test_a_change_made_during_a_refresh_is_written_the_next_time(
    exports: Exports, clock: FakeClock
) -> None:
    made = exports.create("alice", wish())
    clock.instant += 5
    exports.change("alice", made.id, wish(tab="Elsewhere"))
    succeed(exports, made)
    exports.found_at(made, "there")
    again = exports.one("alice", made.id)
    assert (again.state, again.content, again.place) == ("ok", "", "")


def test_old_runs_go_and_those_of_others_stay(
    exports: Exports, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.exports._RUNS_KEPT", 3)
    clock = FakeClock()
    ledger = Ledger(accounts.database, clock)
    made, other = exports.create("alice", wish()), exports.create("alice", wish("Other"))
    for number in range(5):
        clock.instant += 60
        for export in (made, other):
            ledger.enqueue(
                "alice", export.subject, "export", "export", slot=f"{number}", parameters={}
            )
            claim = ledger.claim("w", ["export"])
            assert claim is not None
            ledger.finish(claim, "done")
    succeed(exports, made)
    assert len(ledger.runs("alice", made.subject)) == 3
    assert len(ledger.runs("alice", other.subject)) == 5


def test_a_removed_export_leaves_no_runs(exports: Exports, accounts: Accounts) -> None:
    made = exports.create("alice", wish())
    ledger = Ledger(accounts.database, FakeClock())
    ledger.enqueue("alice", made.subject, "export", "export", slot="1", parameters={})
    assert exports.open_subjects() == {made.subject}
    exports.remove("alice", made.id)
    exports.remove("alice", made.id)
    assert ledger.runs("alice") == []
    assert exports.open_subjects() == set()


# --- spreadsheets ---------------------------------------------------------------------------------


def test_a_spreadsheet_belongs_to_one_workspace(books: Spreadsheets) -> None:
    books.add("alice", BOOK, title="Report")
    assert books.add("alice", BOOK).title == "Report"
    with pytest.raises(Refused, match="Another workspace"):
        books.add("bob", BOOK)
    with pytest.raises(BadRequest):
        books.one("bob", BOOK)


def test_a_spreadsheet_is_free_again_when_nothing_is_exported_to_it(
    books: Spreadsheets, exports: Exports
) -> None:
    books.add("alice", BOOK)
    books.add("alice", OTHER)
    made = exports.create("alice", wish())
    books.read_settings("alice", OTHER, reads=True, limit=Limit())
    books.forget_unused("alice")
    assert {one.spreadsheet_id for one in books.of_workspace("alice")} == {BOOK, OTHER}
    exports.remove("alice", made.id)
    books.read_settings("alice", OTHER, reads=False, limit=Limit())
    books.forget_unused("alice")
    assert books.of_workspace("alice") == []
    books.add("bob", BOOK)


def test_what_the_settings_may_show_is_kept(books: Spreadsheets, clock: FakeClock) -> None:
    books.add("alice", BOOK)
    limit = Limit(clients=("Aurora",), shop_ids=("1", "2"))
    books.read_settings("alice", BOOK, reads=True, limit=limit)
    (due,) = books.settings_due()
    assert due.limit == limit
    books.settings_were_read(due, clock.now() + 60, "No header.")
    assert books.settings_due() == []
    assert books.one("alice", BOOK).settings_problem == "No header."


def test_a_grant_belongs_to_its_workspace_and_ends(books: Spreadsheets) -> None:
    grant = books.save_grant("alice", "ana@example.com", "token-1")
    same = books.save_grant("alice", "ana@example.com", "token-2")
    assert (same.id, books.refresh_token("alice", grant.id)) == (grant.id, "token-2")
    for strangers in (books.grant, books.refresh_token, books.end_grant):
        with pytest.raises(BadRequest, match="no such Google account"):
            strangers("bob", grant.id)
    with pytest.raises(BadRequest, match="no such Google account"):
        books.add("bob", OTHER, grant_id=grant.id)
    books.end_grant("alice", grant.id)
    with pytest.raises(Reauthorise, match=r"write as ana@example\.com"):
        books.refresh_token("alice", grant.id)


# --- an older database ----------------------------------------------------------------------------


def test_a_database_from_before_keeps_its_runs_and_frees_them_from_shops(
    accounts: Accounts, clock: FakeClock
) -> None:
    connect_shop(accounts, "alice", MadeGrant(), MadeShop())
    database = accounts.database
    ledger = Ledger(database, clock)
    run = ledger.enqueue("alice", "7000001", "forward", "sync", slot="1", parameters={"a": 1})
    with database.writing() as connection:
        for table in ("exports", "spreadsheets", "google_grants"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        (sql,) = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE name = 'runs' AND type = 'table'"
        ).one()
        bound = sql.rstrip().removesuffix(")") + (
            ", FOREIGN KEY(workspace_id, shop_id) REFERENCES shops (workspace_id, shop_id))"
        )
        indexes = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE tbl_name = 'runs' AND type = 'index'"
            " AND sql IS NOT NULL"
        ).all()
        connection.exec_driver_sql("ALTER TABLE runs RENAME TO runs_free")
        for (name,) in connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE tbl_name = 'runs_free' AND type = 'index'"
            " AND sql IS NOT NULL"
        ).all():
            connection.exec_driver_sql(f"DROP INDEX {name}")
        connection.exec_driver_sql(bound)
        connection.exec_driver_sql("INSERT INTO runs SELECT * FROM runs_free")
        connection.exec_driver_sql("DROP TABLE runs_free")
        for (index,) in indexes:
            connection.exec_driver_sql(index)
        assert inspect(connection).get_foreign_keys("runs")
        add_exports(connection)
        assert inspect(connection).get_foreign_keys("runs") == []
        names = {index["name"] for index in inspect(connection).get_indexes("runs")}
    assert {"runs_by_state", "runs_by_age", "runs_by_end"} <= names
    assert ledger.run(run.id) == run
    made = Exports(database, clock).create("alice", wish())
    assert isinstance(made, Export)
    ledger.enqueue("alice", made.subject, "export", "export", slot="1", parameters={})
    assert add_exports in STEPS
    migrate(database)


def test_a_run_of_a_shop_that_is_not_there_is_still_refused(
    accounts: Accounts, clock: FakeClock
) -> None:
    with pytest.raises(BadRequest) as caught:
        Ledger(accounts.database, clock).enqueue(
            "alice", "999", "forward", "sync", slot="1", parameters={}
        )
    assert caught.value.code == "unknown_shop"
