"""The price detail of a unit is made from the unit and its order, in the file and in the columns,
unless TikTok told it for this very version of the order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from catalogue.tables import ORDER_LINE_ITEM_PRICE_DETAIL, ORDER_LINE_ITEMS, ORDERS, TABLES
from store.commits import Write
from store.engine import Engine
from store.migrations import SHOP_STEPS, Step, prepare_shop_file
from tests.store_rows import NOON, Shop, differences, shown, write_of

pytestmark = pytest.mark.slow

DETAIL = "order_line_item_price_detail"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(folders=[tmp_path])
    yield made
    made.close()


def order(number: int, units: int, updated: int = NOON, **values: object) -> tuple[Write, Write]:
    """An order of `units` units, each 20.00 less 2.50, tax 1.31."""
    shared = {
        "order_id": f"O{number}",
        "order_key": number,
        "create_time": NOON,
        "update_time": updated,
        "currency": "USD",
    }
    lines = [
        {
            **shared,
            "line_item_id": f"L{number}-{unit}",
            "line_key": number * 10 + unit,
            "original_price": "20.00",
            "sale_price": "17.50",
            "seller_discount": "2.50",
            "tax_amount": "1.31",
            "tax_with_freight": values.get("tax_with_freight"),
            "payment": values.get("payment"),
        }
        for unit in range(units)
    ]
    fees = {name: value for name, value in values.items() if name.startswith(("ship", "orig"))}
    header = {**shared, "line_count": units, **fees}
    return write_of(ORDERS, header), write_of(ORDER_LINE_ITEMS, *lines)


def told(number: int, payment: str, updated: int = NOON) -> Write:
    return write_of(
        ORDER_LINE_ITEM_PRICE_DETAIL,
        {
            "line_item_id": f"L{number}-0",
            "line_key": number * 10,
            "order_id": f"O{number}",
            "order_key": number,
            "create_time": NOON,
            "update_time": updated,
            "is_derived": 0,
            "payment": payment,
            "subtotal": "16.00",
        },
    )


def in_file(shop: Shop, *names: str) -> list[tuple[Any, ...]]:
    sql = f"SELECT {', '.join(names)} FROM {DETAIL} ORDER BY line_item_id"
    return [tuple(row) for row in shop.records.query(sql)]


def in_columns(shop: Shop, engine: Engine, *names: str) -> list[tuple[Any, ...]]:
    shop.publish()
    rows = shown(shop, engine, ORDER_LINE_ITEM_PRICE_DETAIL)
    return [tuple(row[n] for n in names) for row in sorted(rows, key=lambda r: r["line_item_id"])]


def test_freight_is_that_of_an_only_unit_and_open_where_several_share_it(
    shop: Shop, engine: Engine
) -> None:
    fees: dict[str, Any] = {
        "shipping_fee": "3.99",
        "original_shipping_fee": "4.99",
        "shipping_fee_tax": "0.29",
    }
    shop.write(*order(1, 1, **fees, tax_with_freight="1.60", payment="22.80"))
    shop.write(*order(2, 2, **fees))
    shop.write(*order(3, 2, shipping_fee="0.00", shipping_fee_tax="0"))
    names = ("is_derived", "sku_list_price", "shipping_sale_price", "tax_amount", "payment")
    assert in_file(shop, *names) == [
        (1, "20.00", "3.99", "1.60", "22.80"),
        (1, "20.00", None, None, None),
        (1, "20.00", None, None, None),
        (1, "20.00", "0.00", "1.31", None),
        (1, "20.00", "0.00", "1.31", None),
    ]
    assert in_columns(shop, engine, *names)[0] == (
        True,
        Decimal(20),
        Decimal("3.99"),
        Decimal("1.60"),
        Decimal("22.80"),
    )
    assert differences(shop, engine) == []


def test_the_seller_bears_the_co_funded_freight_discount_too(shop: Shop, engine: Engine) -> None:
    for number, seller, cofunded in ((1, "1.00", None), (2, "0.00", "0.70"), (3, "0.30", "0.70")):
        fees: dict[str, Any] = {
            "original_shipping_fee": "4.99",
            "shipping_fee": "3.99",
            "shipping_fee_seller_discount": seller,
            "shipping_fee_cofunded_discount": cofunded,
        }
        shop.write(*order(number, 1, **fees))
    names = ("line_item_id", "shipping_fee_deduction_seller")
    borne = [("L1-0", "1.00"), ("L2-0", "0.70"), ("L3-0", None)]
    assert in_file(shop, *names) == borne
    assert [row[1] for row in in_columns(shop, engine, *names)] == [
        Decimal("1.00"),
        Decimal("0.70"),
        None,
    ]
    assert differences(shop, engine) == []


def test_what_tiktok_told_stands_until_the_order_changes(shop: Shop, engine: Engine) -> None:
    names = ("line_item_id", "is_derived", "payment", "subtotal")
    shop.write(*order(1, 2, payment="18.81"))
    shop.write(told(1, "18.80"))
    assert in_file(shop, *names) == [
        ("L1-0", 0, "18.80", "16.00"),
        ("L1-1", 1, "18.81", None),
    ]
    shop.publish()
    assert differences(shop, engine) == []

    shop.write(*order(1, 2, NOON + 5, payment="17.00"), fetched_at=NOON + 6)
    assert in_file(shop, *names) == [
        ("L1-0", 1, "17.00", None),
        ("L1-1", 1, "17.00", None),
    ]
    assert [row[2] for row in in_columns(shop, engine, *names)] == [Decimal(17), Decimal(17)]
    assert differences(shop, engine) == []

    shop.write(told(1, "16.99", NOON + 5), fetched_at=NOON + 7)
    assert [row[1] for row in in_file(shop, *names)] == [0, 1]
    shop.publish()
    assert differences(shop, engine) == []


def test_a_made_row_carries_the_header_of_its_line(shop: Shop, engine: Engine) -> None:
    header, lines = order(1, 1)
    columns = (*header.columns, "status", "paid_time")
    rows = [(*row, "COMPLETED", NOON + 1) for row in header.rows]
    shop.write(Write(ORDERS, columns, rows), lines)
    names = ("orders__status", "orders__is_paid", "fetched_at")
    assert in_columns(shop, engine, *names) == [("COMPLETED", True, NOON)]


# --- files of before ---


def before(path: Path) -> sqlite3.Connection:
    """A file in which every price was a row: of a unit with taxed freight, of one of several units,
    of one whose order changed after TikTok's answer, and an answer."""
    connection = sqlite3.connect(path, isolation_level=None)
    older: list[Step] = [step for step in SHOP_STEPS if step.number < 4]
    plain = {name: replace(table, made=None) for name, table in TABLES.items()}
    prepare_shop_file(connection, path, older, plain)
    for column in ("payment", "tax_with_freight"):
        connection.execute(f"ALTER TABLE order_line_items DROP COLUMN {column}")
    for line, update_time in (("A", 5), ("B", 5), ("C", 9), ("D", 5)):
        connection.execute(
            "INSERT INTO order_line_items (line_item_id, line_key, order_id, order_key, "
            "create_time, update_time, tax_amount, fetched_at, last_seen_at) "
            "VALUES (?, 1, 'O', 1, 5, ?, '1.00', 7, 7)",
            (line, update_time),
        )
    for line, update_time, is_derived, tax, payment in (
        ("A", 5, 1, "1.29", "20.28"),
        ("B", 5, 1, "1.00", None),
        ("C", 5, 0, "1.10", "19.10"),
        ("D", 5, 0, "1.20", "19.20"),
    ):
        connection.execute(
            f"INSERT INTO {DETAIL} (line_item_id, line_key, order_id, order_key, create_time, "
            "update_time, is_derived, tax_amount, payment, fetched_at, last_seen_at) "
            "VALUES (?, 1, 'O', 1, 5, ?, ?, ?, ?, 7, 7)",
            (line, update_time, is_derived, tax, payment),
        )
    return connection


def test_a_file_of_before_keeps_its_prices(tmp_path: Path) -> None:
    path = tmp_path / "records.sqlite"
    with closing(before(path)) as connection:
        prepare_shop_file(connection, path)
        found = connection.execute(
            f"SELECT line_item_id, is_derived, tax_amount, payment FROM {DETAIL} "
            "ORDER BY line_item_id"
        ).fetchall()
        assert found == [
            ("A", 1, "1.29", "20.28"),
            ("B", 1, "1.00", None),
            ("C", 1, "1.00", None),  # its answer was about an older version
            ("D", 0, "1.20", "19.20"),
        ]
        (kept,) = connection.execute(
            "SELECT count(*) FROM order_line_item_price_answers"
        ).fetchone()
        assert kept == 2
        prepare_shop_file(connection, path)
