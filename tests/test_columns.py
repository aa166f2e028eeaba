"""The columns of a shop: what is in the segments, when they change, and what a reader sees."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet
import pytest

from catalogue.table import Table
from catalogue.tables import (
    ORDER_LINE_ITEM_PRICE_DETAIL,
    ORDER_LINE_ITEMS,
    ORDERS,
    PRODUCT_SKUS,
    PRODUCTS,
    RETURN_LINE_ITEMS,
    RETURNS,
    TABLES,
    WAREHOUSES,
)
from clock import SystemClock
from errors import BadRequest, RateLimited
from store.columns import ShopColumns, column_types
from store.engine import Engine
from store.families import families
from store.months import ALL, bounds, month_of, months_in, span_of
from store.records import Commit, ShopRecords
from store.time_limit import TimeLimit
from tests.store_rows import (
    DAY,
    NOON,
    FakeClock,
    Shop,
    differences,
    full_row,
    order_rows,
    order_writes,
    shown,
    write_of,
)

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here pulls the plug: waiting for the disk would only cost time."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


def files(shop: Shop) -> set[str]:
    return {path.name for path in shop.columns.folder.glob("*.parquet*")}


def live(shop: Shop, table: Table) -> list[tuple[str, bool, int]]:
    segments = shop.columns.manifest().segments.get(table.name, ())
    return [(one.month, one.delta, one.rows) for one in segments]


def full_shop(shop: Shop) -> None:
    """Rows in every table; orders of three months."""
    for table in TABLES.values():
        rows = [full_row(table, seed) for seed in range(3)]
        if table.axis:
            for place, row in enumerate(rows):
                row[table.axis] = NOON - 31 * DAY * place
        shop.write(write_of(table, *rows))


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_without_an_import_every_table_is_there_empty_and_typed(
    tmp_path: Path, engine: Engine, table: Table
) -> None:
    columns = ShopColumns(tmp_path / "none.sqlite", tmp_path / "columns", FakeClock())
    manifest = columns.manifest()
    described = engine.query(f"DESCRIBE SELECT * FROM {manifest.scan(table)}").to_pylist()
    assert {row["column_name"]: row["column_type"] for row in described} == column_types(table)
    assert engine.query_scalar(f"SELECT count(*) FROM {manifest.scan(table)}") == 0
    assert columns.publish(force=True) is False
    columns.rebuild()
    assert columns.check() == []
    assert list(tmp_path.iterdir()) == []


def test_segments_have_the_declared_types(shop: Shop, engine: Engine) -> None:
    full_shop(shop)
    shop.publish()
    for table in TABLES.values():
        scan = shop.columns.manifest().scan(table)
        described = engine.query(f"DESCRIBE SELECT * FROM {scan}").to_pylist()
        assert {row["column_name"]: row["column_type"] for row in described} == column_types(table)


def test_the_axis_is_kept_as_differences_and_everything_else_is_compressed(shop: Shop) -> None:
    """Nearly every question reads it, and rows come in its order."""
    full_shop(shop)
    shop.publish()
    for table in TABLES.values():
        for segment in shop.columns.manifest().segments.get(table.name, ()):
            group = pyarrow.parquet.read_metadata(segment.path).row_group(0)
            for column in map(group.column, range(group.num_columns)):
                is_axis = column.path_in_schema == table.axis
                assert column.compression == ("UNCOMPRESSED" if is_axis else "ZSTD")
                assert ("DELTA_BINARY_PACKED" in column.encodings) is is_axis


def test_carried_and_derived_columns_are_named_after_their_header() -> None:
    types = column_types(ORDER_LINE_ITEMS)
    assert types["orders__is_paid"] == "BOOLEAN"
    assert types["orders__paid_time"] == "BIGINT"
    assert types["sale_price"] == "DECIMAL(18,4)"
    assert types["fetched_at"] == "BIGINT"
    assert "last_seen_at" not in types
    assert column_types(RETURN_LINE_ITEMS)["returns__is_complete"] == "BOOLEAN"


def test_all_columns_show_what_the_records_hold(shop: Shop, engine: Engine) -> None:
    full_shop(shop)
    assert shop.publish()
    assert differences(shop, engine) == []
    assert [month for month, _, _ in live(shop, ORDERS)] == ["2026-06", "2026-07", "2026-08"]
    assert [month for month, _, _ in live(shop, PRODUCTS)] == [ALL]


TEXTS = [
    "",
    "null",
    " ",
    "0",
    "a,b",
    'say "hi"',
    '"',
    '""',
    "\\",
    'ends with \\"',
    "\\n",
    "[1, 2]",
    "two\nlines",
    "carriage\r\nreturn",
    "tab\there",
    "bell \x07 and escape \x1b",
    "=HYPERLINK(1)",
    "👩‍👧 🧵",
    "שלום عليكم",
    "line separator",
    "é",
    "x" * 20_000,
]


@pytest.mark.parametrize("texts", [TEXTS, *([text] for text in TEXTS)])
def test_text_arrives_to_the_letter(shop: Shop, engine: Engine, texts: list[str]) -> None:
    rows = [{"warehouse_id": str(at), "name": text} for at, text in enumerate(texts)]
    shop.write(write_of(WAREHOUSES, *rows, {"warehouse_id": "none", "name": None}))
    shop.publish()
    found = {row["warehouse_id"]: row["name"] for row in shown(shop, engine, WAREHOUSES)}
    assert found == {**dict(zip(map(str, range(len(texts))), texts, strict=True)), "none": None}


@pytest.mark.parametrize(
    ("text", "value", "malformed"),
    [
        ("19.99", Decimal("19.99"), 0),
        ("-0.01", Decimal("-0.01"), 0),
        ("0", Decimal(0), 0),
        ("+5", Decimal(5), 0),
        ("12345678901234.5678", Decimal("12345678901234.5678"), 0),
        ("1.23456", Decimal("1.2346"), 0),
        ("1.00005", Decimal("1.0001"), 0),
        ("1e2", Decimal(100), 0),
        ("123456789012345.1", None, 1),
        ("1,000.00", None, 1),
        ("NaN", None, 1),
        ("Infinity", None, 1),
        ("", None, 1),
        ("free", None, 1),
        (None, None, 0),
    ],
)
def test_money_is_exact_and_what_is_no_money_is_null_and_counted(
    shop: Shop, engine: Engine, text: str | None, value: Decimal | None, malformed: int
) -> None:
    one, other = order_rows(1, total_amount=text), order_rows(2, total_amount="7.50")
    shop.write(*order_writes(one, other))
    shop.publish()
    rows = {row["order_key"]: row for row in shown(shop, engine, ORDERS)}
    assert rows[1]["total_amount"] == value
    assert rows[2]["total_amount"] == Decimal("7.50")
    assert rows[1]["tax"] == Decimal(one[0]["tax"])  # type: ignore[arg-type]
    assert shop.records.query("SELECT total_amount FROM orders WHERE order_key = 1")[0][0] == text
    (count,) = shop.records.query("SELECT malformed FROM _segments WHERE \"table\" = 'orders'")
    assert count[0] == malformed


@pytest.mark.parametrize("key", [-(2**63), 2**63 - 1, 0, -1, 2**53 + 1])
def test_keys_keep_all_64_bits(shop: Shop, engine: Engine, key: int) -> None:
    shop.write(*order_writes(order_rows(1, buyer_key=key)))
    shop.publish()
    assert shown(shop, engine, ORDERS)[0]["buyer_key"] == key
    assert shown(shop, engine, ORDER_LINE_ITEMS)[0]["orders__buyer_key"] == key


@pytest.mark.parametrize(
    ("status", "paid_time", "is_cod", "paid"),
    [
        ("COMPLETED", 5, 0, True),
        ("UNPAID", 5, 0, False),
        ("AWAITING_SHIPMENT", None, 1, True),
        ("AWAITING_SHIPMENT", 0, None, False),
        ("CANCELLED", None, 0, False),
    ],
)
def test_an_order_is_paid_when_money_came_or_will_come_in_cash(
    shop: Shop, engine: Engine, status: str, paid_time: int | None, is_cod: int | None, paid: bool
) -> None:
    shop.write(*order_writes(order_rows(1, status=status, paid_time=paid_time, is_cod=is_cod)))
    shop.publish()
    assert shown(shop, engine, ORDERS)[0]["is_paid"] is paid
    assert shown(shop, engine, ORDER_LINE_ITEMS)[0]["orders__is_paid"] is paid


def test_a_line_without_its_header_is_shown_with_nothing_carried(
    shop: Shop, engine: Engine
) -> None:
    _, lines, _ = order_rows(1)
    shop.write(write_of(ORDER_LINE_ITEMS, *lines))
    shop.publish()
    (row,) = shown(shop, engine, ORDER_LINE_ITEMS)
    assert (row["order_id"], row["orders__status"]) == ("O1", None)
    assert differences(shop, engine) == []


def month_of_orders(count: int, **values: object) -> list[Any]:
    return [order_rows(number, NOON + number, lines=2, **values) for number in range(count)]


def test_few_changes_become_a_delta_that_lies_over_the_base(shop: Shop, engine: Engine) -> None:
    shop.write(*order_writes(*month_of_orders(40)))
    shop.publish()
    base = files(shop)
    order, lines, prices = order_rows(
        3, NOON + 3, lines=2, status="CANCELLED", update_time=NOON * 2
    )
    shop.write(*order_writes((order, lines, prices)))
    assert shop.publish()
    assert live(shop, ORDERS) == [("2026-08", False, 40), ("2026-08", True, 1)]
    assert live(shop, ORDER_LINE_ITEMS) == [("2026-08", False, 80), ("2026-08", True, 2)]
    assert base < files(shop)
    assert differences(shop, engine) == []

    # The next one holds the first one's rows too and takes its place; new orders are in it.
    shop.write(*order_writes(order_rows(5, NOON + 5, lines=2, status="X", update_time=NOON * 2)))
    shop.write(*order_writes(order_rows(77, NOON + 77)))
    shop.publish()
    assert live(shop, ORDERS) == [("2026-08", False, 40), ("2026-08", True, 3)]
    assert differences(shop, engine) == []


def test_a_change_of_the_header_reaches_what_its_lines_carry(shop: Shop, engine: Engine) -> None:
    shop.write(*order_writes(*month_of_orders(40)))
    shop.publish()
    order, _, _ = order_rows(3, NOON + 3, status="DELIVERED", update_time=NOON * 2)
    shop.write(write_of(ORDERS, order))
    shop.publish()
    carried = [
        row["orders__status"]
        for table in (ORDER_LINE_ITEMS, ORDER_LINE_ITEM_PRICE_DETAIL)
        for row in shown(shop, engine, table)
        if row["order_key"] == 3
    ]
    assert carried == ["DELIVERED"] * 4
    assert differences(shop, engine) == []


def test_many_changes_make_a_new_base(shop: Shop, engine: Engine) -> None:
    shop.write(*order_writes(*month_of_orders(40)))
    shop.publish()
    for count, layout in (
        (10, [("2026-08", False, 40), ("2026-08", True, 10)]),  # one root for four rows
        (11, [("2026-08", False, 40)]),
    ):
        changed = month_of_orders(count, status=f"S{count}", update_time=NOON * 2 + count)
        shop.write(*order_writes(*changed))
        shop.publish()
        assert live(shop, ORDERS) == layout
        assert differences(shop, engine) == []
    assert shop.records.query("SELECT * FROM _changed") == []


def test_a_delta_of_one_month_leaves_the_others_alone(shop: Shop, engine: Engine) -> None:
    shop.write(*order_writes(*month_of_orders(8)))
    old = [order_rows(100 + at, NOON - 40 * DAY + at) for at in range(8)]
    shop.write(*order_writes(*old))
    shop.publish()
    july = {one for one in files(shop) if "2026-07" in one}
    assert len(july) == 4, "three tables and the histogram of orders"
    shop.write(*order_writes(order_rows(3, NOON + 3, lines=2, status="X", update_time=NOON * 2)))
    shop.publish()
    assert {one for one in files(shop) if "2026-07" in one} == july
    scan = shop.columns.manifest().scan(ORDERS)
    before_join = scan.split("ANTI JOIN")[0]
    assert before_join.index("2026-07") < before_join.index("2026-08")
    assert "2026-07" not in scan.split("ANTI JOIN")[1]
    assert differences(shop, engine) == []


def test_a_first_import_writes_down_months_and_not_roots(shop: Shop) -> None:
    shop.write(*order_writes(*month_of_orders(40)))
    assert shop.records.query("SELECT * FROM _changed") == []
    shop.publish()
    shop.write(*order_writes(order_rows(3, NOON + 3, lines=2, status="X", update_time=NOON * 2)))
    (row,) = shop.records.query("SELECT family, month, root FROM _changed")
    assert tuple(row) == ("orders", "2026-08", 3)


def test_reading_the_same_again_changes_no_segment_and_no_version(shop: Shop) -> None:
    full_shop(shop)
    shop.publish()
    before = shop.columns.manifest()
    for table in TABLES.values():
        rows = [full_row(table, seed) for seed in range(3)]
        if table.axis:
            for place, row in enumerate(rows):
                row[table.axis] = NOON - 31 * DAY * place
        assert shop.write(write_of(table, *rows), fetched_at=NOON + 500) == 0
    assert shop.publish() is False
    assert shop.columns.manifest() is before


def test_a_version_grows_with_what_changed_and_only_there(shop: Shop) -> None:
    full_shop(shop)
    shop.publish()
    first = shop.columns.manifest()
    assert first.published_at == NOON
    shop.clock.instant += 60
    shop.write(write_of(PRODUCTS, full_row(PRODUCTS, 1, title="Mug", update_time=NOON * 2)))
    shop.publish()
    second = shop.columns.manifest()
    changed = {name for name in TABLES if first.version[name] != second.version[name]}
    assert changed == {"products"}
    assert second.version["products"] > first.version["products"]
    assert second.published_at == NOON + 60
    assert first.segments[PRODUCT_SKUS.name] == second.segments[PRODUCT_SKUS.name]


def test_a_scan_lists_only_the_months_that_a_range_meets(shop: Shop) -> None:
    full_shop(shop)  # orders at NOON and 31 and 62 days before
    shop.publish()
    manifest = shop.columns.manifest()

    def months(lowest: int | None, highest: int | None) -> list[str]:
        scan = manifest.scan(ORDERS, lowest, highest)
        return [month for month in ("2026-06", "2026-07", "2026-08") if month in scan]

    assert months(None, None) == ["2026-06", "2026-07", "2026-08"]
    assert months(NOON, None) == ["2026-08"]
    assert months(NOON + 1, None) == []
    assert months(None, NOON) == ["2026-06", "2026-07"]
    assert months(None, NOON + 1) == ["2026-06", "2026-07", "2026-08"]
    assert months(NOON - 62 * DAY + 1, NOON - 31 * DAY) == []
    assert "all" in manifest.scan(PRODUCTS, 5, 6)


def test_a_reader_with_an_older_list_reads_on_and_old_files_go_after_ten_minutes(
    shop: Shop, engine: Engine
) -> None:
    shop.write(*order_writes(*month_of_orders(4)))
    shop.publish()
    older = shop.columns.manifest().scan(ORDERS)
    old_files = files(shop)

    def publish_anew(status: str, after: float) -> None:
        shop.clock.instant += after
        changed = month_of_orders(4, status=status, update_time=int(shop.clock.instant))
        shop.write(*order_writes(*changed))
        shop.publish()

    publish_anew("A", 100)
    publish_anew("B", 600)  # the first list was replaced exactly ten minutes ago
    assert engine.query_scalar(f"SELECT count(DISTINCT status) FROM {older}") == 4
    publish_anew("C", 1)
    assert not old_files & files(shop)
    assert differences(shop, engine) == []


def test_what_a_dead_publisher_left_behind_goes_when_it_is_old(shop: Shop) -> None:
    shop.publish()
    shop.columns.folder.mkdir(exist_ok=True)
    for name, age in (("a.parquet", 601), ("b.parquet.unfinished", 601), ("c.parquet", 599)):
        path = shop.columns.folder / name
        path.write_bytes(b"half")
        os.utime(path, (NOON - age, NOON - age))
    shop.write(*order_writes(*month_of_orders(1)))
    shop.publish()
    assert {name for name in files(shop) if len(name) < 25} == {"c.parquet"}


def test_publishing_takes_a_small_share_of_the_time(shop: Shop) -> None:
    shop.write(*order_writes(order_rows(1)))
    assert shop.columns.publish()  # never done before: at once
    shop.write(*order_writes(order_rows(2)))
    assert not shop.columns.publish()
    shop.clock.instant += 9
    assert not shop.columns.publish()
    shop.clock.instant += 2
    assert shop.columns.publish()
    shop.write(*order_writes(order_rows(3)))
    assert shop.columns.publish(force=True)
    # It took three seconds: fifty-seven seconds of other work make that 5 percent.
    connection = ShopRecords.open(shop.path)
    connection._writer.execute("UPDATE _counters SET value = 3 WHERE name = 'publish_took'")
    connection.close()
    shop.write(*order_writes(order_rows(4)))
    shop.clock.instant += 56.9
    assert not shop.columns.publish()
    shop.clock.instant += 0.2
    assert shop.columns.publish()


def damage_missing(path: Path) -> None:
    path.unlink()


def damage_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def damage_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [damage_missing, damage_short, damage_bit])
def test_a_damaged_segment_is_found_and_made_again(shop: Shop, engine: Engine, damage: Any) -> None:
    full_shop(shop)
    shop.publish()
    assert shop.columns.check() == []
    manifest = shop.columns.manifest()
    hurt = [manifest.segments["order_line_items"][1].path, manifest.segments["products"][0].path]
    for path in hurt:
        damage(path)
    assert set(shop.columns.check()) == set(hurt)
    assert differences(shop, engine) == []
    assert shop.columns.check() == []


def test_a_file_that_gets_its_name_while_it_is_looked_at_is_left_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that somebody waits for are published without a turn."""
    shop.write(*order_writes(order_rows(1)))
    shop.columns.folder.mkdir()
    unfinished = shop.columns.folder / "orders-2026-08-delta-abc.parquet.unfinished"
    unfinished.touch()
    found = Path.glob

    def glob(folder: Path, pattern: str) -> Iterator[Path]:
        for path in list(found(folder, pattern)):
            if path == unfinished:
                unfinished.rename(unfinished.with_suffix(""))
            yield path

    monkeypatch.setattr(Path, "glob", glob)
    shop.publish()
    assert unfinished.with_suffix("").exists()
    assert shop.columns.manifest().published_at == NOON


def test_rebuild_makes_everything_again_even_without_marks(shop: Shop, engine: Engine) -> None:
    full_shop(shop)
    shop.publish()
    old = files(shop)
    connection = ShopRecords.open(shop.path)
    connection._writer.execute("DELETE FROM _months WHERE month < '2026-08'")
    connection._writer.execute("DELETE FROM _segments WHERE family = 'returns'")
    connection.close()
    shop.columns.rebuild()
    assert differences(shop, engine) == []
    live_files = {
        one.path.name for found in shop.columns.manifest().segments.values() for one in found
    }
    assert not live_files & old


def test_segments_of_an_older_declaration_are_read_and_then_made_again(
    shop: Shop, engine: Engine
) -> None:
    full_shop(shop)
    shop.publish()
    # As if `orders` had had no column `tax` when these were made, and one that is gone since.
    for segment in shop.columns.manifest().segments["orders"][:2]:
        engine.query(
            f"COPY (SELECT * EXCLUDE (tax), 1 AS gone FROM read_parquet('{segment.path}')) "
            f"TO '{segment.path}.new' (FORMAT parquet)"
        )
        Path(f"{segment.path}.new").replace(segment.path)
    connection = ShopRecords.open(shop.path)
    connection._writer.execute("UPDATE _segments SET shape = 'older' WHERE month < '2026-08'")
    connection._writer.execute("UPDATE _counters SET value = value + 1 WHERE name = 'switches'")
    connection.close()
    rows = shown(shop, engine, ORDERS)
    assert sorted((row["order_id"], row["tax"] is None) for row in rows) == [
        ("order_id 0", False),
        ("order_id 1000", True),
        ("order_id 2000", True),
    ]
    assert list(rows[0]) == list(column_types(ORDERS))
    assert shop.publish()
    assert differences(shop, engine) == []


def test_a_path_with_a_quote_is_read(tmp_path: Path, engine: Engine) -> None:
    folder = tmp_path / "it's here"
    folder.mkdir()
    shop = Shop(folder)
    full_shop(shop)
    shop.publish()
    assert differences(shop, engine) == []
    shop.close()


def test_publishers_and_writers_at_the_same_time_lose_nothing(shop: Shop, engine: Engine) -> None:
    failures: list[BaseException] = []

    def repeat_publishing(force: bool) -> None:
        columns = ShopColumns(shop.path, shop.columns.folder, shop.clock)
        try:
            for _ in range(6):
                columns.publish(force=force)
                shop.clock.instant += 20
        except BaseException as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)
        columns.close()

    threads = [
        threading.Thread(target=repeat_publishing, args=(force,)) for force in (True, True, False)
    ]
    for thread in threads:
        thread.start()
    for turn in range(15):
        changed = [
            order_rows(number, NOON - number * DAY, status=f"T{turn}", update_time=NOON + turn)
            for number in range(turn, turn + 10)
        ]
        shop.write(*order_writes(*changed), fetched_at=NOON + turn)
    for thread in threads:
        thread.join()
    assert failures == []
    shop.publish()
    assert differences(shop, engine) == []


def test_all_tables_of_a_family_share_root_and_axis() -> None:
    found = families()
    assert [table.name for table in found["orders"].tables] == [
        "orders",
        "order_line_items",
        "order_line_item_price_detail",
    ]
    assert [table.name for table in found["returns"].tables] == [
        RETURNS.name,
        RETURN_LINE_ITEMS.name,
    ]
    for family in found.values():
        assert {(table.root, table.axis) for table in family.tables} == {
            (family.tables[0].root, family.axis)
        }


@pytest.mark.parametrize(
    ("instant", "month"),
    [
        (0, "1970-01"),
        (-1, "1969-12"),
        (1_785_542_399, "2026-07"),  # 2026-07-31 23:59:59
        (1_785_542_400, "2026-08"),  # 2026-08-01 00:00:00
        (1_709_164_800, "2024-02"),  # 2024-02-29
        (1_786_795_200_000, "9999-12"),  # milliseconds by mistake
        (-(2**62), "0001-01"),
    ],
)
def test_an_instant_is_within_the_bounds_of_its_month(instant: int, month: str) -> None:
    assert month_of(instant) == month
    start, end = bounds(month)
    assert start <= instant < end


def test_an_order_with_an_absurd_instant_is_still_published(shop: Shop, engine: Engine) -> None:
    shop.write(*order_writes(order_rows(1, 1_786_795_200_000), order_rows(2, -5)))
    shop.publish()
    assert differences(shop, engine) == []


def test_an_engine_reads_only_where_it_may(tmp_path: Path) -> None:
    allowed, other = tmp_path / "shops", tmp_path / "other"
    for folder in (allowed, other):
        folder.mkdir()
        (folder / "x.csv").write_text("a\n1\n")
    engine = Engine(folders=[allowed])
    assert engine.query_scalar(f"SELECT a FROM read_csv('{allowed}/x.csv')") == 1
    for sql in (
        f"SELECT a FROM read_csv('{other}/x.csv')",
        f"SELECT a FROM read_csv('{allowed}/../other/x.csv')",
        "SELECT * FROM read_text('/etc/hostname')",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ):
        with pytest.raises((BadRequest, duckdb.Error)) as caught:
            engine.query(sql)
        said = getattr(caught.value, "debug", "") or str(caught.value)
        assert re.search(r"(?i)permission|configuration|disabled", said)
    engine.close()


def test_a_question_that_takes_too_long_is_stopped_and_the_engine_goes_on() -> None:
    engine = Engine()
    with pytest.raises(BadRequest) as caught:
        engine.query(
            "SELECT sum(a.range * b.range % 7) FROM range(10000000) a, range(10000000) b",
            timeout_seconds=0.1,
        )
    assert caught.value.code == "too_large"
    assert engine.query("SELECT ? AS x", [5]).to_pylist() == [{"x": 5}]
    engine.close()


def test_a_time_limit_stops_only_what_runs_too_long() -> None:
    limit = TimeLimit(SystemClock())
    stopped: list[str] = []
    late = threading.Event()

    def stop_late() -> None:
        stopped.append("late")
        late.set()

    for _ in range(3):
        with limit.of(60, lambda: stopped.append("early")):
            pass
        with limit.of(0.02, stop_late):
            assert late.wait(5)
        late.clear()
        with limit.of(0.02, lambda: stopped.append("over before")):
            pass
    with limit.of(0.05, stop_late):
        assert late.wait(5)
    assert stopped == ["late"] * 4


def test_a_question_that_gets_no_turn_is_told_to_come_again() -> None:
    engine = Engine()
    with engine._turn, pytest.raises(RateLimited):
        engine.query("SELECT 1", timeout_seconds=0.01)
    engine.close()


def test_a_question_that_needs_too_much_memory_is_too_large() -> None:
    engine = Engine(memory_limit="20MB")
    with pytest.raises(BadRequest) as caught:
        engine.query("SELECT list(range::VARCHAR || 'x') FROM range(5000000)")
    assert caught.value.code == "too_large"
    engine.close()


def test_an_empty_commit_changes_nothing(shop: Shop) -> None:
    assert shop.records.commit("backward", shop.token, Commit()) == 0
    assert shop.publish() is False
    assert shop.columns.manifest().published_at is None


def years_of_orders(months: int, per_month: int = 8) -> list[Any]:
    return [
        order_rows(month * 100 + at, NOON - month * 30 * DAY + at)
        for month in range(months)
        for at in range(per_month)
    ]


def test_old_months_become_one_span_and_the_newest_stay_apart(shop: Shop, engine: Engine) -> None:
    shop.write(*order_writes(*years_of_orders(8)))
    shop.publish()
    assert len(live(shop, ORDERS)) == 8  # five old months are not worth it
    before = {name: rows for name, rows in shop.columns.manifest().version.items() if rows}
    shop.write(*order_writes(*[order_rows(999, NOON - 8 * 30 * DAY)]))
    assert shop.publish()
    span = ("2025-12..2026-05", False, 41)
    assert live(shop, ORDERS) == [
        span,
        ("2026-06", False, 8),
        ("2026-07", False, 8),
        ("2026-08", False, 8),
    ]
    assert live(shop, ORDER_LINE_ITEMS)[0] == span
    assert differences(shop, engine) == []
    # Joining changed nothing that a reader sees: only the new order made a new version.
    assert shop.columns.manifest().version["orders"] == before["orders"] + 1
    rows = engine.query(f"SELECT create_time FROM read_parquet('{files_of(shop)[0]}')")
    instants = rows["create_time"].to_pylist()
    assert instants == sorted(instants)
    assert shop.publish() is False


def files_of(shop: Shop) -> list[Path]:
    return [one.path for one in shop.columns.manifest().segments["orders"]]


def test_a_span_gets_deltas_and_new_bases_like_a_month(shop: Shop, engine: Engine) -> None:
    shop.write(*order_writes(*years_of_orders(10)))
    shop.publish()
    span = "2025-11..2026-05"
    assert live(shop, ORDERS)[0] == (span, False, 56)

    def change(months: list[int], status: str) -> None:
        changed = [
            order_rows(month * 100, NOON - month * 30 * DAY, status=status, update_time=NOON * 2)
            for month in months
        ]
        shop.clock.instant += 1
        shop.write(*order_writes(*changed), fetched_at=int(shop.clock.instant))
        shop.publish()
        assert differences(shop, engine) == []

    change([4, 8, 1], "A")
    assert live(shop, ORDERS)[:2] == [(span, False, 56), (span, True, 2)]
    # A new order in one of its months, and one before all of them.
    new = [order_rows(9005, NOON - 9 * 30 * DAY - 5), order_rows(9006, NOON - 400 * DAY)]
    shop.write(*order_writes(*new))
    shop.publish()
    assert differences(shop, engine) == []
    assert live(shop, ORDERS)[0] == ("2025-07", False, 1)
    shop.columns.rebuild()
    assert differences(shop, engine) == []
    assert (span, False, 57) in live(shop, ORDERS)
    for segment in shop.columns.manifest().segments["order_line_items"]:
        if segment.month == span:
            segment.path.unlink()
    assert len(shop.columns.check()) == 1
    assert differences(shop, engine) == []


def test_a_span_takes_in_the_old_months_that_follow_and_their_deltas(
    shop: Shop, engine: Engine
) -> None:
    shop.write(*order_writes(*years_of_orders(9)))
    shop.publish()
    assert live(shop, ORDERS)[0][0] == "2025-12..2026-05"
    later = [order_rows(5000 + month, NOON + month * 30 * DAY) for month in range(1, 6)]
    shop.write(*order_writes(*later))
    shop.publish()
    assert len(live(shop, ORDERS)) == 9
    shop.write(*order_writes(order_rows(0, NOON, status="A", update_time=NOON * 2)))
    shop.publish()
    assert ("2026-08", True, 1) in live(shop, ORDERS)
    shop.write(*order_writes(order_rows(6000, NOON + 6 * 30 * DAY)))
    shop.publish()
    assert live(shop, ORDERS)[0] == ("2025-12..2026-11", False, 75)
    assert len(live(shop, ORDERS)) == 4
    assert shop.records.query("SELECT * FROM _changed") == []
    assert differences(shop, engine) == []


def test_an_absurd_instant_never_becomes_part_of_a_span(shop: Shop, engine: Engine) -> None:
    absurd = [order_rows(9001, -(10**14)), order_rows(9002, 10**14)]
    shop.write(*order_writes(*absurd, *years_of_orders(9)))
    shop.publish()
    assert [month for month, _, _ in live(shop, ORDERS)] == [
        "0001-01",
        "2025-12..2026-05",
        "2026-06",
        "2026-07",
        "2026-08",
        "9999-12",
    ]
    assert differences(shop, engine) == []


def test_months_of_a_span_are_all_calendar_months() -> None:
    span = span_of(["2025-11", "2026-02..2026-03", "2025-12"])
    assert span == "2025-11..2026-03"
    assert months_in(span) == ["2025-11", "2025-12", "2026-01", "2026-02", "2026-03"]
    assert bounds(span) == (bounds("2025-11")[0], bounds("2026-03")[1])
    assert bounds("2025-12")[1] == bounds("2026-01")[0]
