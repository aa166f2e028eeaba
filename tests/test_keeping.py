"""Copies of the data folder, what a workspace takes along, and how data ends."""

from __future__ import annotations

import json
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest
from click.testing import Result
from sqlalchemy import MetaData

import store.backup
from app import create_app
from catalogue.tables import TABLES
from installation import Installation
from sample_shop.adapter import SampleShopAdapter
from sample_shop.control import rows_of
from store.accounts_schema import ACCOUNTS
from store.backup import LIST_NAME, problems_of
from store.bookkeeping_schema import BOOKKEEPING
from store.drafts import drafted
from store.exports_schema import EXPORTS
from store.farewell import Farewells
from store.handover import TOLD
from store.images import ImageFolder
from store.operations_schema import OPERATIONS
from tests.canaries import Canaries, canaries, files_in

pytestmark = pytest.mark.slow

DAY = 86_400.0
KEEP_DAYS = 30


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a shop that was imported; to be copied for each test."""
    folder = tmp_path_factory.mktemp("imported")
    with canaries(folder) as made:
        made.connect()
        made.work()
    return folder


@pytest.fixture
def house(imported: Path, tmp_path: Path) -> Iterator[Canaries]:
    shutil.copytree(imported, tmp_path / "data")
    with canaries(tmp_path / "data") as made:
        made.make_key()
        yield made


def command(house: Canaries, *words: str, **more: Any) -> Result:
    return house.client.application.test_cli_runner().invoke(args=list(words), **more)


def digests(house: Canaries) -> dict[str, list[tuple[Any, ...]]]:
    """Every record of the shop, but for when it was read."""
    records = house.here.stores.records("default", house.shop_id)
    found = {}
    for table in TABLES.values():
        names = [column.name for column in table.columns if column.name not in _WHEN]
        rows = records.query(f"SELECT {', '.join(names)} FROM {table.name}")
        found[table.name] = sorted((tuple(row) for row in rows), key=repr)
    return found


_WHEN = ("fetched_at", "last_seen_at")


def totals(house: Canaries) -> list[Any]:
    answer = house.ask_for("gmv", "orders", "items_sold")
    assert answer.status_code == 200, answer.text
    return [row["values"] for row in answer.get_json()["rows"]]


# --- copies ---


def test_a_copy_made_while_importing_checks_is_restored_and_the_import_goes_on(
    tmp_path: Path, imported: Path
) -> None:
    """J5. The copy is made when orders are first asked for, beside the others' commits."""
    copies: list[Result] = []
    first = threading.Lock()
    with canaries(tmp_path / "data") as house:
        house.connect()

        def copy_now(asked: Any, _data: object) -> None:
            if asked.resource == "orders" and first.acquire(blocking=False):
                copies.append(command(house, "backup", str(tmp_path / "copy")))

        house.wire.change = copy_now
        house.work()
        whole, orders = digests(house), totals_with_key(house)
    (made,) = copies
    assert made.exit_code == 0, made.output
    assert "and checked" in made.output
    assert "secret key is not among them" in made.output
    assert problems_of(tmp_path / "copy") == []

    shutil.copytree(tmp_path / "copy", tmp_path / "restored")
    with canaries(tmp_path / "restored") as restored:
        before = digests(restored)
        assert before != whole, "the import was not over"
        states = {run.state for run in restored.here.ledger.runs("default")}
        assert "running" in states
        restored.here.clock.moved += 120  # type: ignore[attr-defined]  # the lease runs out
        restored.work()
        assert digests(restored) == whole
        assert totals_with_key(restored) == orders


def totals_with_key(house: Canaries) -> list[Any]:
    house.make_key()
    return totals(house)


def test_a_restored_copy_answers_the_same_without_its_columns(
    house: Canaries, tmp_path: Path
) -> None:
    expected = totals(house)
    assert command(house, "backup", str(tmp_path / "copy")).exit_code == 0
    names = {path.suffix for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert names <= {".sqlite", ".json", ".png"}, "no columns and no key"
    with canaries(tmp_path / "copy") as restored:
        restored.key = house.key
        assert totals(restored) == expected


def test_what_is_damaged_or_missing_in_a_copy_is_named(house: Canaries, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    assert command(house, "backup", str(copy)).exit_code == 0
    assert command(house, "backup", str(copy), "--check").output == f"{copy} is whole.\n"
    accounts = copy / "accounts.sqlite"
    content = bytearray(accounts.read_bytes())
    content[5_000] ^= 1
    accounts.write_bytes(bytes(content))
    (records,) = copy.glob("shops/*/*/records.sqlite")
    records.unlink()
    told = command(house, "backup", str(copy), "--check")
    assert told.exit_code == 2
    assert "accounts.sqlite is not as it was copied." in told.output
    assert "records.sqlite is missing." in told.output
    (copy / LIST_NAME).unlink()
    assert "is missing or damaged" in command(house, "backup", str(copy), "--check").output


def test_a_copy_never_lands_in_a_folder_that_holds_something(
    house: Canaries, tmp_path: Path
) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "thesis.txt").write_text("mine")
    told = command(house, "backup", str(tmp_path / "copy"))
    assert (told.exit_code, "is not empty" in told.output) == (2, True)
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["thesis.txt"]
    assert list(tmp_path.glob(".*.draft")) == []


@pytest.mark.parametrize("words", [("backup",), ("export-workspace", "default")])
def test_a_folder_that_is_there_and_empty_stays_and_is_filled(
    house: Canaries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """A disk may be mounted there, which nobody can remove; or it is where one stands: `.`."""
    target = tmp_path / "mounted"
    (target / ".draft" / "left").mkdir(parents=True)  # by a machine that stopped
    former = target.stat().st_ino
    monkeypatch.chdir(target)
    made = command(house, *words, ".")
    assert made.exit_code == 0, made.output
    assert target.stat().st_ino == former
    names = {path.name for path in target.iterdir()}
    assert names & {LIST_NAME, "workspace.json"}
    assert ".draft" not in names
    assert list(tmp_path.glob(".*.draft")) == []
    if words == ("backup",):
        assert problems_of(target) == []
    again = command(house, *words, ".")
    assert (again.exit_code, "is not empty" in again.output) == (2, True)


def test_a_folder_that_is_there_is_filled_in_the_end_and_its_list_comes_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "copy").mkdir()
    with suppress(OSError), drafted(tmp_path / "copy", last="a") as draft:
        (draft / "z").touch()
        raise OSError(28, "No space left on device")
    assert list((tmp_path / "copy").iterdir()) == []
    moved: list[str] = []
    replace = Path.replace

    def noted(path: Path, to: Path) -> Path:
        moved.append(path.name)
        return replace(path, to)

    monkeypatch.setattr(Path, "replace", noted)
    with drafted(tmp_path / "copy", last="a") as draft:
        for name in "abc":
            (draft / name).touch()
    assert moved == ["b", "c", "a"]


@pytest.mark.parametrize("words", [("backup",), ("export-workspace", "default")])
def test_pictures_that_are_being_written_or_deleted_are_left_out(
    house: Canaries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    images = ImageFolder(house.here.folder.images_folder("default", house.shop_id))
    kept, gone = "a" * 32 + ".png", "b" * 32 + ".png"
    for name in (kept, gone):
        images.keep(name, b"picture")
    (path,) = (path for path in images.kept() if path.name == kept)
    (path.parent / ("c" * 32 + ".0123abcd.part")).write_bytes(b"pict")
    copyfile = shutil.copyfile

    def deleted_meanwhile(source: Path, copy: Path) -> Path:
        if source.name == gone:
            source.unlink()
        return copyfile(source, copy)

    monkeypatch.setattr(shutil, "copyfile", deleted_meanwhile)
    made = command(house, *words, str(tmp_path / "copy"))
    assert made.exit_code == 0, made.output
    names = {found.name for found in (tmp_path / "copy").rglob("images/*")}
    assert kept in names
    assert gone not in names
    assert [name for name in names if name.endswith(".part")] == []


def test_a_shop_that_is_deleted_while_the_copy_is_made_is_not_in_it(
    house: Canaries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = house.folder / "shops" / "other" / "1" / "records.sqlite"
    other.parent.mkdir(parents=True)
    with closing(sqlite3.connect(other)) as database:
        database.execute("CREATE TABLE orders (order_id TEXT)")
    copied = store.backup._copy_database

    def deleted_meanwhile(source: Path, copy: Path) -> None:
        if source == other:
            other.unlink()
        copied(source, copy)

    monkeypatch.setattr(store.backup, "_copy_database", deleted_meanwhile)
    made = command(house, "backup", str(tmp_path / "copy"))
    assert made.exit_code == 0, made.output
    assert not other.exists()
    (kept,) = (tmp_path / "copy").rglob("records.sqlite")
    assert kept.parent.parent.name == "default"
    assert problems_of(tmp_path / "copy") == []


# --- taken along ---


def test_a_workspace_is_exported_as_sqlite_and_parquet_with_the_same_rows(
    house: Canaries, tmp_path: Path
) -> None:
    target = tmp_path / "export"
    made = command(house, "export-workspace", "default", str(target))
    assert made.exit_code == 0, made.output
    place = target / house.shop_id
    with closing(sqlite3.connect(place / "records.sqlite")) as database:
        names = {
            name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE name <> ''")
        }
        assert not [name for name in names if name.startswith("_")], "nothing of our own"
        for table in TABLES:
            (count,) = database.execute(f"SELECT count(*) FROM {table}").fetchone()
            rows = pyarrow.parquet.read_table(place / f"{table}.parquet")
            assert rows.num_rows == count, table
        money = dict(database.execute("SELECT order_id, total_amount FROM orders"))
    assert len(money) > 30
    orders = pyarrow.parquet.read_table(place / "orders.parquet").to_pylist()
    assert {row["order_id"]: f"{row['total_amount']:.2f}" for row in orders} == {
        order_id: f"{float(amount):.2f}" for order_id, amount in money.items()
    }
    told = json.loads((target / "workspace.json").read_text())
    assert [shop["shop_id"] for shop in told["shops"]] == [house.shop_id]
    assert {run["state"] for run in told["runs"]} == {"done"}
    assert told["keys"][0]["name"] == "test"
    assert list(tmp_path.glob(".*.draft")) == []


def test_every_table_about_a_workspace_is_taken_along_or_says_nothing_of_its_own() -> None:
    working = {
        *("data_keys", "one_use_tokens", "sessions", "leases", "buckets", "notifications"),
        *("access_ends", "listed_shops", "run_stages", "calls_made", "stored_amounts", "notices"),
        *("deliveries", "farewells", "sheet_budgets", "sheet_locks"),
    }
    of_one = {
        table.name
        for known in (ACCOUNTS, BOOKKEEPING, EXPORTS, OPERATIONS)
        for table in known.tables.values()
        if "workspace_id" in table.c
    }
    assert of_one - {table.name for table in TOLD} <= working


def test_an_export_that_is_cut_off_leaves_nothing(
    house: Canaries, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("store.handover._write_sqlite", full)
    told = command(house, "export-workspace", "default", str(tmp_path / "export"))
    assert told.exit_code != 0
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_an_export_holds_no_secret_and_nothing_of_another_workspace(
    house: Canaries, tmp_path: Path
) -> None:
    house.here.accounts.create_workspace("canary-other", workspace_id="other")
    command(house, "export-workspace", "default", str(tmp_path / "export"))
    export = tmp_path / "export"
    assert {path.suffix for path in export.rglob("*.*")} >= {".json", ".sqlite", ".parquet"}
    words = ["canary", *house.secrets.values(), *house.tokens().values()]
    assert files_in(export, *words) == {}
    (told_of_it,) = export.glob("*.json")
    content = told_of_it.read_text().lower()
    assert [word for word in ("cipher", "sealed", "digest", "other") if word in content] == []
    order = house.world.shops[0].ids.one("order", 3)
    assert len(files_in(export, order)) >= 2, "in records and in a table: the search does find"
    told = command(house, "export-workspace", "nobody", str(tmp_path / "none"))
    assert (told.exit_code, told.output) == (2, "There is no such workspace.\n")


def test_no_export_no_answer_and_no_file_holds_an_id_that_tiktok_knows_a_buyer_by(
    house: Canaries, tmp_path: Path
) -> None:
    """The ids as the simulator sends them; ours are keyed hashes."""
    behind = house.wire.behind
    assert isinstance(behind, SampleShopAdapter)
    sent = list(rows_of(behind.gateway, "orders", house.shop_id))
    raw = sorted({order["user_id"] for order in sent if "user_id" in order})
    assert len(raw) > 10
    assert command(house, "export-workspace", "default", str(tmp_path / "export")).exit_code == 0
    for folder in (tmp_path / "export", house.folder):
        assert files_in(folder, *raw) == {}
        assert files_in(folder, sent[3]["id"]), "the search does find"
    query = "fields=order_id,buyer_user_id&start=2026-09-07&end=2026-09-12"
    answers = [
        house.ask_for("order_id", "buyer_user_id"),
        *(
            house.ask("GET", f"/connector/v1/rows.{form}?shops={house.shop_id}&{query}")
            for form in ("csv", "ndjson")
        ),
    ]
    hashes = house.here.stores.records("default", house.shop_id).query(
        "SELECT buyer_user_id FROM orders WHERE buyer_user_id IS NOT NULL"
    )
    for answer in answers:
        assert answer.status_code == 200, answer.text
        assert [one for one in raw if one in answer.text] == []
        assert [row for row in hashes if row[0] in answer.text], "buyers are in the answer"


# --- the end ---


def test_disconnecting_ends_access_and_work_at_once_and_data_after_the_time_it_is_kept(
    house: Canaries,
) -> None:
    """The drill. What may stay are counts that name nobody."""
    tokens = house.tokens()
    sealed = sealed_tokens(house)
    assert tokens
    assert house.files_with(*sealed), "in the accounts, or in their log"
    order = house.world.shops[0].ids.one("order", 3)
    house.push("ORDER_STATUS_CHANGE", {"order_id": order, "order_status": "UNPAID"}, 1)
    assert len(house.files_with(order)) >= 3, "in records, segments and accounts"
    (house.folder / "accounts.sqlite.version-1").write_text(order)
    house.here.connecting.disconnect("default", house.shop_id)
    assert house.tokens() == {}
    assert house.files_with(*sealed) == {}, "no sealed token either"
    calls = len(house.wire.calls)
    house.work()
    assert len(house.wire.calls) == calls, "nobody asks TikTok any more"
    house.here.clock.moved += (KEEP_DAYS - 1) * DAY  # type: ignore[attr-defined]
    house.here.rounds().once()
    assert "shops" in str(house.files_with(order)), "it is kept for a while"
    house.here.clock.moved += DAY + 60  # type: ignore[attr-defined]
    house.here.rounds().once()
    assert house.files_with(order, *tokens.values()) == {}
    assert house.here.accounts.workspace("default").shops() == []
    assert not list(house.folder.glob("shops/*/*/columns/*.parquet"))


def sealed_tokens(house: Canaries) -> list[str]:
    """TikTok's tokens as they stand in the accounts."""
    with house.here.accounts.database.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT sealed_access_token, sealed_refresh_token FROM authorizations"
        ).all()
    return [sealed for row in rows for sealed in row if sealed]


def taken_back(house: Canaries) -> None:
    house.push("SELLER_DEAUTHORIZATION", {"message": "Seller canary"}, 6)


def forgotten(house: Canaries) -> None:
    scope = house.here.accounts.workspace("default")
    (grant,) = scope.authorizations()
    scope.forget_authorization(grant.id)


@pytest.mark.parametrize("end", [taken_back, forgotten])
def test_sealed_tokens_are_gone_at_once_however_access_ends(
    house: Canaries, end: Callable[[Canaries], None]
) -> None:
    sealed = sealed_tokens(house)
    assert len(sealed) == 2
    end(house)
    assert house.files_with(*sealed) == {}


@pytest.mark.parametrize("end", ["forgotten", "signed in again"])
def test_a_sealed_google_token_is_gone_at_once_however_it_ends(house: Canaries, end: str) -> None:
    books = house.here.sheets.exporting.spreadsheets
    grant = books.save_grant("default", "ann@example.com", "canary-google-token")
    with house.here.accounts.database.reading() as connection:
        sealed = connection.exec_driver_sql(
            "SELECT sealed_refresh_token FROM google_grants"
        ).scalar_one()
    assert house.files_with(sealed)
    if end == "forgotten":
        books.end_grant("default", grant.id)
    else:
        books.save_grant("default", "ann@example.com", "canary-newer-token")
    assert house.files_with(sealed) == {}
    assert house.files_with("canary-google-token", "canary-newer-token") == {}


def test_what_a_reader_keeps_in_the_log_goes_in_a_later_round(house: Canaries) -> None:
    sealed = sealed_tokens(house)
    with house.here.accounts.database.reading() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM shops").scalar()
        house.here.connecting.disconnect("default", house.shop_id)
        assert house.files_with(*sealed), "the reader still sees what was there"
    house.here.rounds().once()
    assert house.files_with(*sealed) == {}
    assert not list(house.folder.glob("*.traces"))


def test_a_shop_that_is_connected_again_in_time_keeps_everything(house: Canaries) -> None:
    whole = digests(house)
    place = ("default", house.shop_id)
    kept = Farewells(house.here.accounts.database, house.here.clock, KEEP_DAYS)
    house.here.connecting.disconnect(*place)
    assert kept.due() == []
    house.here.clock.moved += KEEP_DAYS * DAY  # type: ignore[attr-defined]
    house.connect()
    assert kept.due() == []
    house.here.connecting.disconnect(*place)
    assert kept.due() == [], "the time begins anew"
    assert digests(house) == whole


def test_a_shop_that_is_connected_again_just_before_it_is_deleted_keeps_everything(
    house: Canaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = digests(house)
    place = ("default", house.shop_id)
    kept = house.here.farewells
    house.here.connecting.disconnect(*place)
    kept.due()
    house.here.clock.moved += KEEP_DAYS * DAY  # type: ignore[attr-defined]
    (due,) = kept.due()

    def connected_meanwhile() -> list[tuple[str, str]]:
        house.connect()
        return [due]

    monkeypatch.setattr(kept, "due", connected_meanwhile)
    house.here.connecting.purge_left(kept)
    assert house.here.accounts.workspace("default").shop(house.shop_id).state == "connected"
    assert len(house.tokens()) == 2
    assert digests(house) == whole


def test_access_that_the_seller_took_back_ends_the_same_way(house: Canaries) -> None:
    kept = Farewells(house.here.accounts.database, house.here.clock, KEEP_DAYS)
    house.push("SELLER_DEAUTHORIZATION", {"message": "Seller canary"}, 6)
    assert house.tokens() == {}
    assert kept.due() == []
    house.here.clock.moved += KEEP_DAYS * DAY  # type: ignore[attr-defined]
    assert kept.due() == [("default", house.shop_id)]
    for_ever = Farewells(house.here.accounts.database, house.here.clock, 0)
    assert for_ever.due() == []


def test_a_workspace_is_deleted_with_its_keys_and_no_row_names_it(house: Canaries) -> None:
    house.here.accounts.create_workspace("Another", workspace_id="other")
    asked = command(house, "workspaces", "delete", "default", input="n\n")
    assert asked.exit_code == 1
    assert house.ask("GET", "/connector/v1/whoami").status_code == 200
    done = command(house, "workspaces", "delete", "default", "--yes")
    assert (done.exit_code, done.output) == (0, "default is deleted.\n")
    assert house.ask("GET", "/connector/v1/whoami").status_code == 401
    known: tuple[MetaData, ...] = (ACCOUNTS, BOOKKEEPING, OPERATIONS)
    with house.here.accounts.database.reading() as connection:
        for table in (table for some in known for table in some.sorted_tables):
            rows = connection.execute(table.select()).all()
            assert "default" not in {value for row in rows for value in row}, table.name
        assert connection.exec_driver_sql("SELECT count(*) FROM authorizations").scalar() == 0
        assert connection.exec_driver_sql("SELECT count(*) FROM data_keys").scalar() == 3
    assert not (house.folder / "shops" / "default").exists()
    told = command(house, "workspaces", "delete", "sample", "--yes")
    assert (told.exit_code, "cannot be deleted" in told.output) == (2, True)


def test_a_workspace_that_another_process_deletes_and_makes_again_is_used_at_once(
    house: Canaries,
) -> None:
    """Key, call, delete, make again, key: in a process that was there all the time."""
    assert totals(house)
    other = Installation(house.here.settings, house.here.clock)
    commands = create_app(house.here.settings, house.here.clock).test_cli_runner()
    done = commands.invoke(args=["workspaces", "delete", "default", "--yes"])
    assert done.exit_code == 0, done.output
    assert house.ask("GET", "/connector/v1/whoami").status_code == 401
    house.here.clock.moved += 60  # type: ignore[attr-defined]
    other.prepare()
    _, house.key = other.accounts.workspace("default").create_key("again")
    assert house.ask("GET", "/connector/v1/whoami").status_code == 200
    house.connect()
    house.work()
    assert len(digests(house)["orders"]) > 30
    assert other.accounts.workspace("default").shop(house.shop_id).state == "connected"
    assert totals(house)
    other.close()
