"""The records of a shop: what a commit keeps, what it refuses, what the file knows."""

from __future__ import annotations

import sqlite3
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogue.table import Table
from catalogue.tables import INVENTORY, ORDER_LINE_ITEMS, ORDERS, PRODUCTS, TABLES
from errors import Refused
from store.coverage import laid_over, merged
from store.migrations import Step, apply, prepare_shop_file
from store.paths import DataFolder
from store.records import (
    Commit,
    Covered,
    Fenced,
    Quarantined,
    ShopRecords,
    StageProgress,
    Window,
    Write,
)
from store.shop_file import open_writer
from tests.store_rows import NOON, Shop, full_row, order_rows, order_writes, write_of


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()


def stored(shop: Shop, table: Table) -> list[dict[str, object]]:
    return [dict(row) for row in shop.records.query(f"SELECT * FROM {table.name}")]


def product(title: str, update_time: int | None, **values: object) -> Write:
    row = {"product_id": "P1", "title": title, "update_time": update_time, **values}
    return write_of(PRODUCTS, row)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_column_of_every_table_gives_back_what_was_written(shop: Shop, table: Table) -> None:
    row = full_row(table, 7)
    assert shop.write(write_of(table, row), fetched_at=123) == 1
    assert stored(shop, table) == [{**row, "fetched_at": 123, "last_seen_at": 123}]
    assert shop.records.count(table) == 1


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_row_is_one_row_however_often_it_arrives(shop: Shop, table: Table) -> None:
    write = write_of(table, full_row(table, 1), full_row(table, 2))
    assert shop.write(write) == 2
    assert shop.write(write) == 0
    assert shop.write(write, fetched_at=NOON + 1) == 0
    assert shop.records.count(table) == 2


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_row_without_key_root_or_axis_is_refused_by_the_file(shop: Shop, table: Table) -> None:
    for name in {*table.key, table.root, *([table.axis] if table.axis else [])}:
        with pytest.raises(sqlite3.IntegrityError):
            shop.write(write_of(table, {**full_row(table, 1), name: None}))
    assert shop.records.count(table) == 0


def test_an_unchanged_row_keeps_its_reading_and_is_seen_later(shop: Shop) -> None:
    shop.write(product("Cup", 10), fetched_at=100)
    assert shop.write(product("Cup", 10), fetched_at=250) == 0
    (row,) = stored(shop, PRODUCTS)
    assert (row["fetched_at"], row["last_seen_at"]) == (100, 250)


@pytest.mark.parametrize(
    ("update_time", "fetched_at", "title"),
    [
        (11, 100, "new"),  # updated later, read earlier
        (10, 200, "new"),  # the same update, read at the same instant
        (10, 201, "new"),
        (10, 199, "old"),  # the same update, read earlier
        (9, 300, "old"),  # an older update
        (None, 300, "old"),
    ],
)
def test_only_a_row_that_is_not_older_replaces_another(
    shop: Shop, update_time: int | None, fetched_at: int, title: str
) -> None:
    shop.write(product("old", 10), fetched_at=200)
    changed = shop.write(product("new", update_time), fetched_at=fetched_at)
    (row,) = stored(shop, PRODUCTS)
    assert row["title"] == title
    assert changed == (title == "new")


def test_a_late_page_does_not_bring_back_stock_that_was_seen_again_since(shop: Shop) -> None:
    def stock(count: int) -> Write:
        ids = {"sku_id": "S", "warehouse_id": "W", "product_id": "P"}
        return write_of(INVENTORY, {**ids, "available_quantity": count})

    shop.write(stock(5), fetched_at=100)
    shop.write(stock(5), fetched_at=200)
    assert shop.write(stock(9), fetched_at=150) == 0
    assert stored(shop, INVENTORY)[0]["available_quantity"] == 5


def test_a_partial_write_leaves_the_other_columns_alone(shop: Shop) -> None:
    shop.write(product("Cup", 10, brand_name="Blue"), fetched_at=100)
    shop.write(
        write_of(PRODUCTS, {"product_id": "P1", "update_time": 10, "category_name": "Kitchen"}),
        fetched_at=101,
    )
    (row,) = stored(shop, PRODUCTS)
    assert (row["title"], row["brand_name"], row["category_name"]) == ("Cup", "Blue", "Kitchen")


def test_the_instant_that_decides_the_month_never_moves(shop: Shop) -> None:
    order, _, _ = order_rows(1)
    shop.write(write_of(ORDERS, order))
    shop.write(write_of(ORDERS, {**order, "create_time": NOON + 99, "status": "COMPLETED"}))
    (row,) = stored(shop, ORDERS)
    assert (row["create_time"], row["status"]) == (NOON, "COMPLETED")


@pytest.mark.parametrize("missing", ["order_id", "order_key", "create_time", "update_time"])
def test_a_write_without_a_column_that_places_its_rows_is_a_mistake(
    shop: Shop, missing: str
) -> None:
    order, _, _ = order_rows(1)
    with pytest.raises(ValueError, match=missing):
        shop.write(write_of(ORDERS, {k: v for k, v in order.items() if k != missing}))


def test_a_write_with_an_unknown_column_is_a_mistake(shop: Shop) -> None:
    with pytest.raises(ValueError, match="colour"):
        shop.write(product("Cup", 10, colour="red"))


WINDOW = Window("orders", "backward", 0, 100)


def full_commit(*writes: Write) -> Commit:
    return Commit(
        writes=writes,
        window=Window("orders", "backward", 0, 100, "running", "next", 1, 50, 120),
        progress=StageProgress("orders", "running", 50, 120, started_at=1.5, heartbeat_at=2.5),
        covered=(Covered("orders", 0, 100, 999),),
        quarantined=(Quarantined("orders", "req-1", "orders[3].create_time", "not a number", 7),),
        checkpoints=(("orders.forward", "100"),),
        fetched_at=NOON,
    )


def everything(records: ShopRecords) -> tuple[object, ...]:
    return (
        records.count(ORDERS),
        records.windows("backward", "orders"),
        records.progress(),
        records.coverage("orders"),
        records.quarantined(10),
        records.quarantine_count(),
        records.checkpoint("orders.forward"),
        [tuple(row) for row in records.query("SELECT * FROM _months")],
    )


def test_rows_window_progress_coverage_and_checkpoint_are_kept_together(shop: Shop) -> None:
    shop.records.plan_windows("backward", shop.token, [WINDOW])
    commit = full_commit(*order_writes(order_rows(1)))
    assert shop.records.commit("backward", shop.token, commit) == 3
    reopened = ShopRecords.open(shop.path)
    assert everything(reopened)[:-1] == (
        1,
        [commit.window],
        {"orders": commit.progress},
        [Covered("orders", 0, 100, 999)],
        list(commit.quarantined),
        1,
        "100",
    )
    reopened.close()


def test_a_stale_token_writes_nothing_at_all(shop: Shop) -> None:
    shop.records.plan_windows("backward", shop.token, [WINDOW])
    before = everything(shop.records)
    newer = shop.records.grant("backward", 0)
    for token in (shop.token, newer + 1, 0):
        with pytest.raises(Fenced):
            shop.records.commit("backward", token, full_commit(*order_writes(order_rows(1))))
        with pytest.raises(Fenced):
            shop.records.plan_windows("backward", token, [Window("x", "backward", 1, 2)])
        with pytest.raises(Fenced):
            shop.records.save_checkpoint("backward", token, "orders.forward", "1")
    assert everything(shop.records) == before
    assert issubclass(Fenced, Refused)
    shop.records.commit("backward", newer, full_commit())


def test_a_commit_that_fails_in_the_middle_keeps_nothing(shop: Shop) -> None:
    before = everything(shop.records)
    good, bad = order_rows(1), order_rows(2)
    bad[1][0]["create_time"] = None
    with pytest.raises(sqlite3.IntegrityError):
        shop.records.commit("backward", shop.token, full_commit(*order_writes(good, bad)))
    assert everything(shop.records) == before
    shop.records.commit("backward", shop.token, full_commit(*order_writes(good)))


def test_a_token_is_newer_than_the_files_and_the_ledgers(shop: Shop) -> None:
    first = shop.records.grant("forward", 41)
    second = shop.records.grant("forward", 3)
    third = shop.records.grant("forward", 500)
    assert first > 41
    assert second > first
    assert third > 500
    # Lanes have tokens of their own.
    assert shop.records.grant("tail", 0) < first
    shop.records.commit("forward", third, Commit())


def test_windows_are_planned_once_and_come_newest_first(shop: Shop) -> None:
    lane, token = "backward", shop.token
    plan = [Window("orders", lane, 0, 10), Window("orders", lane, 10, 20)]
    shop.records.plan_windows(lane, token, plan)
    done = Window("orders", lane, 10, 20, "done", "", 3, 120, 120)
    shop.records.commit(lane, token, Commit(window=done))
    shop.records.plan_windows(lane, token, [*plan, Window("orders", lane, 20, 30)])
    assert [one.start for one in shop.records.windows(lane, "orders")] == [20, 10, 0]
    assert [one.start for one in shop.records.open_windows(lane, "orders")] == [20, 0]
    assert shop.records.windows(lane, "orders")[1] == done
    assert shop.records.windows("forward", "orders") == []


def test_a_window_that_was_split_does_not_come_back(shop: Shop) -> None:
    lane, token = "backward", shop.token
    whole = Window("orders", lane, 0, 10)
    halves = (Window("orders", lane, 0, 5), Window("orders", lane, 5, 10))
    shop.records.plan_windows(lane, token, [whole])
    shop.records.commit(lane, token, Commit(window=whole, replaced_by=halves))
    shop.records.plan_windows(lane, token, [whole])
    assert shop.records.open_windows(lane, "orders") == [halves[1], halves[0]]


def test_coverage_joins_what_touches_and_keeps_gaps(shop: Shop) -> None:
    for start, end, read_at in ((0, 10, 5), (20, 30, 6), (10, 15, 7), (40, 50, 8)):
        covered = (Covered("orders", start, end, read_at),)
        shop.records.commit("backward", shop.token, Commit(covered=covered))
    assert [(one.start, one.end, one.read_at) for one in shop.records.coverage("orders")] == [
        (0, 15, 5),
        (20, 30, 6),
        (40, 50, 8),
    ]
    # Read again: the whole of [0, 45) is as of 90 now, the rest of the last stretch as of 8.
    again = (Covered("orders", 0, 45, 90),)
    shop.records.commit("backward", shop.token, Commit(covered=again))
    assert shop.records.coverage("orders") == [Covered("orders", 0, 50, 8)]
    assert shop.records.coverage("returns") == []


@pytest.mark.parametrize(
    ("newer", "result"),
    [
        ((3, 7, 2), [(0, 3, 1), (3, 7, 2), (7, 10, 1), (20, 30, 1)]),
        ((10, 20, 1), [(0, 30, 1)]),
        ((5, 25, 2), [(0, 5, 1), (5, 25, 2), (25, 30, 1)]),
        ((-5, 40, 2), [(-5, 40, 2)]),
        ((5, 5, 2), [(0, 10, 1), (20, 30, 1)]),
    ],
)
def test_a_newer_reading_takes_the_place_of_what_it_overlaps(
    newer: tuple[int, int, int], result: list[tuple[int, int, int]]
) -> None:
    old = [Covered("r", 0, 10, 1), Covered("r", 20, 30, 1)]
    assert laid_over(old, Covered("r", *newer)) == [Covered("r", *one) for one in result]


def test_merging_nothing_gives_nothing() -> None:
    assert merged([]) == []


def test_a_commit_waits_for_another_writer_instead_of_failing(shop: Shop) -> None:
    other = open_writer(shop.path)
    other.execute("BEGIN IMMEDIATE")
    done = threading.Event()

    def commit() -> None:
        shop.write(product("Cup", 1))
        done.set()

    thread = threading.Thread(target=commit)
    thread.start()
    assert not done.wait(0.1)
    other.execute("COMMIT")
    thread.join()
    assert done.is_set()
    other.close()


def test_a_query_cannot_write(shop: Shop) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        shop.records.query("DELETE FROM orders")


def test_the_file_is_for_its_owner_only(shop: Shop) -> None:
    assert stat.S_IMODE(shop.path.stat().st_mode) == 0o600


def test_joins_and_months_of_lines_need_no_scan(shop: Shop) -> None:
    for condition in ("order_key = 1", "create_time >= 1 AND create_time < 2"):
        plan = shop.records.query(
            f"EXPLAIN QUERY PLAN SELECT * FROM {ORDER_LINE_ITEMS.name} WHERE {condition}"
        )
        assert str(plan[0]["detail"]).startswith("SEARCH")


def test_a_column_that_is_declared_later_is_added_and_rows_stay(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    connection = open_writer(path)
    less = Table("products", "", ("product_id",), "product_id", None, PRODUCTS.columns[:2])
    prepare_shop_file(connection, path, tables={"products": less})
    connection.execute("INSERT INTO products VALUES ('P1', 'Cup', 1, 1)")
    connection.close()
    records = ShopRecords.open(path)
    (row,) = records.query("SELECT * FROM products")
    assert (row["title"], row["brand_name"], row["fetched_at"]) == ("Cup", None, 1)
    assert records.count(ORDERS) == 0
    records.close()


def test_a_step_runs_once_after_a_copy_and_a_failed_one_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "kept.sqlite"
    connection = open_writer(path)

    def first(db: sqlite3.Connection) -> None:
        db.execute("CREATE TABLE kept (x)")
        db.execute("INSERT INTO kept VALUES (1)")

    def second(db: sqlite3.Connection) -> None:
        db.execute("DELETE FROM kept")
        raise ValueError("in the middle")

    assert apply(connection, path, [Step(1, "first", first)]) == [1]
    assert list(tmp_path.glob("*.before-*")) == []  # there was nothing to copy
    assert apply(connection, path, [Step(1, "first", first)]) == []
    with pytest.raises(ValueError, match="in the middle"):
        apply(connection, path, [Step(2, "second", second), Step(1, "first", first)])
    assert connection.execute("SELECT x FROM kept").fetchall() == [(1,)]
    copy = sqlite3.connect(tmp_path / "kept.sqlite.before-2")
    assert copy.execute("SELECT x FROM kept").fetchall() == [(1,)]
    copy.close()
    third = Step(2, "again", lambda db: None)
    assert apply(connection, path, [Step(1, "first", first), third]) == [2]
    connection.close()


@pytest.mark.parametrize("bad", ["..", "", "a/b", "a.b", "x" * 65, "ä", "a\n"])
def test_an_id_that_is_no_folder_name_is_refused(tmp_path: Path, bad: str) -> None:
    folder = DataFolder(tmp_path)
    with pytest.raises(ValueError, match="not an id"):
        folder.shop_folder("default", bad)
    with pytest.raises(ValueError, match="not an id"):
        folder.records_path(bad, "sample")
    assert folder.columns_folder("default", "7495_a-b").relative_to(tmp_path) == Path(
        "shops/default/7495_a-b/columns"
    )
