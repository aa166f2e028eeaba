"""Rows for the store's tests, and what the columns must show for the rows of a file: worked out
here in Python, from the SQLite rows and the meaning of each column, not from the SQL under test."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from catalogue.table import Kind, Table
from catalogue.tables import ORDER_LINE_ITEM_PRICE_DETAIL, ORDER_LINE_ITEMS, ORDERS, TABLES
from store.columns import ShopColumns
from store.engine import Engine
from store.records import Commit, ShopRecords, Write

#: 2026-08-15 12:00:00 UTC.
NOON = 1_786_795_200
DAY = 86_400


class FakeClock:
    """Stands still until told otherwise."""

    def __init__(self, now: float = NOON) -> None:
        self.instant = now

    def now(self) -> float:
        return self.instant

    def monotonic(self) -> float:
        return self.instant

    def sleep(self, seconds: float) -> None:
        self.instant += seconds


class Shop:
    """A shop's file with its columns, and one lane that may write."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.path = folder / "records.sqlite"
        self.records = ShopRecords.open(self.path)
        self.columns = ShopColumns(self.path, folder / "columns", self.clock)
        self.token = self.records.grant("backward", 0)

    def write(self, *writes: Write, fetched_at: int = NOON) -> int:
        return self.records.commit(
            "backward", self.token, Commit(writes=writes, fetched_at=fetched_at)
        )

    def publish(self) -> bool:
        return self.columns.publish(force=True)

    def close(self) -> None:
        self.records.close()
        self.columns.close()


def full_row(table: Table, seed: int, **values: object) -> dict[str, object]:
    """A row with a value in every column, different for every seed."""
    row: dict[str, object] = {}
    for place, column in enumerate(table.columns):
        number = seed * 1000 + place
        row[column.name] = {
            Kind.TEXT: f"{column.name} {number}",
            Kind.INSTANT: NOON + number,
            Kind.COUNT: number,
            Kind.KEY: number,
            Kind.MONEY: f"{number}.{place:02}",
            Kind.RATE: f"0.{number % 10**6:06}",
            Kind.FLAG: number % 2,
        }[column.kind]
    return {**row, **values}


def write_of(table: Table, *rows: Mapping[str, object]) -> Write:
    """All rows must have the same columns."""
    columns = tuple(rows[0])
    return Write(table, columns, [tuple(row[name] for name in columns) for row in rows])


def order_rows(
    number: int, placed_at: int = NOON, lines: int = 1, **values: object
) -> tuple[dict[str, object], list[dict[str, object]], list[dict[str, object]]]:
    """An order with its lines and their price details; `values` are columns of the order."""
    ids = {"order_id": f"O{number}", "order_key": number, "create_time": placed_at}
    updated = {"update_time": values.get("update_time", placed_at)}
    line_ids = [
        {"line_item_id": f"L{number}-{line}", "line_key": number * 100 + line}
        for line in range(lines)
    ]
    return (
        full_row(ORDERS, number, **(ids | updated | values)),
        [full_row(ORDER_LINE_ITEMS, number, **ids, **updated, **one) for one in line_ids],
        [
            full_row(ORDER_LINE_ITEM_PRICE_DETAIL, number, **ids, **updated, **one)
            for one in line_ids
        ],
    )


def order_writes(
    *orders: tuple[dict[str, object], list[dict[str, object]], list[dict[str, object]]],
) -> tuple[Write, ...]:
    headers = [order for order, _, _ in orders]
    lines = [line for _, found, _ in orders for line in found]
    prices = [price for _, _, found in orders for price in found]
    return tuple(
        write_of(table, *rows)
        for table, rows in (
            (ORDERS, headers),
            (ORDER_LINE_ITEMS, lines),
            (ORDER_LINE_ITEM_PRICE_DETAIL, prices),
        )
        if rows
    )


def _is_in(value: object, *members: str) -> bool | None:
    return None if value is None else value in members


def _is_paid(row: Mapping[str, Any]) -> bool | None:
    money_came = (row["paid_time"] or 0) > 0 or (row["is_cod"] or 0) == 1
    if row["status"] is None:
        return None if money_came else False
    return row["status"] != "UNPAID" and money_came


def _digits(written: str | None) -> str | None:
    """'2026-08-01 18:30:00' as '20260801183000', anything else as nothing."""
    form = r"[12]\d{3}-[01]\d-[0-3]\d[ T][0-2]\d:[0-5]\d:[0-5]\d"
    found = re.match(form, written or "", re.ASCII)
    return re.sub(r"\D", "", found[0]) if found else None


#: The meaning of the derived columns, over a row of the record table.
DERIVED: dict[tuple[str, str], Any] = {
    ("orders", "is_paid"): _is_paid,
    ("order_line_items", "sold_product_id"): lambda row: (
        row["product_id"] if row["auction_product_id"] is None else row["auction_product_id"]
    ),
    ("warehouses", "is_fbt"): lambda row: row["fbt_warehouse_id"] is not None,
    ("returns", "is_complete"): lambda row: _is_in(
        row["return_status"],
        "RETURN_OR_REFUND_REQUEST_COMPLETE",
        "REPLACEMENT_REQUEST_COMPLETE",
        "REPLACEMENT_REQUEST_REFUND_SUCCESS",
    ),
    ("cancellations", "is_complete"): lambda row: _is_in(
        row["cancel_status"], "CANCELLATION_REQUEST_SUCCESS", "CANCELLATION_REQUEST_COMPLETE"
    ),
    ("shop_performance_hourly", "hour_start"): lambda row: (
        None if None in (row["day"], row["hour"]) else row["day"] + row["hour"] * 3600
    ),
    ("video_performance_daily", "posted_digits"): lambda row: _digits(row["video_post_time"]),
}


def expected(path: Path, table: Table) -> list[dict[str, Any]]:
    """What the table's columns must show, in no order, from the records as they are now."""
    connection = sqlite3.connect(path)
    connection.row_factory = sqlite3.Row
    try:
        rows = [dict(row) for row in connection.execute(f"SELECT * FROM {table.name}")]
        headers: dict[object, dict[str, Any]] = {}
        if table.parent:
            key = table.parent.key
            for row in connection.execute(f"SELECT * FROM {table.parent.table}"):
                headers[row[key]] = dict(row)
    finally:
        connection.close()
    return [_shown(table, row, headers) for row in rows]


def _shown(
    table: Table, row: dict[str, Any], headers: Mapping[object, dict[str, Any]]
) -> dict[str, Any]:
    shown = {column.name: _typed(row[column.name], column.kind) for column in table.columns}
    shown |= {column.name: DERIVED[table.name, column.name](row) for column in table.derived}
    if table.parent:
        header = TABLES[table.parent.table]
        found = headers.get(row[table.parent.key])
        for name in table.parent.carries:
            if (header.name, name) in DERIVED:
                value = DERIVED[header.name, name](found) if found else None
            else:
                value = _typed(found[name], header[name].kind) if found else None
            shown[table.parent.carried_name(name)] = value
    return {**shown, "fetched_at": row["fetched_at"]}


def _typed(value: Any, kind: Kind) -> Any:
    if value is None:
        return None
    if kind is Kind.FLAG:
        return bool(value)
    if kind in (Kind.MONEY, Kind.RATE):
        try:
            return Decimal(value)
        except InvalidOperation:
            return None
    return value


def shown(shop: Shop, engine: Engine, table: Table) -> list[dict[str, Any]]:
    """What a reader of the columns sees, in no order."""
    rows = engine.query(f"SELECT * FROM {shop.columns.manifest().scan(table)}").to_pylist()
    assert all(isinstance(row, dict) for row in rows)
    return list(rows)


def counted(shop: Shop, engine: Engine, table: Table) -> Counter[int]:
    """How many rows a reader of the histogram sees, by quarter of an hour since 1970."""
    found: Counter[int] = Counter()
    scan = shop.columns.manifest().histogram(table)
    for row in engine.query(f"SELECT * FROM {scan}").to_pylist():
        found[row[str(table.axis)] // 900] += row["rows"]
    return found


def differences(
    shop: Shop, engine: Engine, tables: Iterable[Table] = tuple(TABLES.values())
) -> list[str]:
    """One line for each table whose columns, or whose histogram, do not show its records."""
    found = []
    for table in tables:
        want = sorted(expected(shop.path, table), key=lambda row: [row[k] for k in table.key])
        have = sorted(shown(shop, engine, table), key=lambda row: [row[k] for k in table.key])
        if want != have:
            found.append(f"{table.name}: {len(have)} rows shown, {len(want)} kept")
            found += [f"  {b} instead of {a}" for a, b in zip(want, have, strict=False) if a != b]
        if table.has_histogram and counted(shop, engine, table) != Counter(
            row[str(table.axis)] // 900 for row in want
        ):
            found.append(f"{table.name}: its rows are counted wrongly")
    return found
