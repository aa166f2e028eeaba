"""A small shop written by hand, for tests of answers: every total can be added up in one's head.

order  placed (UTC)      paid (UTC)        status             buyer  units
A      2026-08-01 10:00  2026-08-01 10:05  COMPLETED          b1     S1 10.00, S1 10.00, S3 5.50
B      2026-08-01 23:30  2026-08-02 00:10  CANCELLED          b2     S2 8.25
C      2026-08-02 12:00  -                 UNPAID             -      S3 5.50
D      2026-08-03 01:00  - (cash on del.)  AWAITING_SHIPMENT  b1     S4 100.00

return R1 of A, 2026-08-05, complete: one S1, 10.00 and tax 1.00; R2 of A, pending: S3, 5.50
cancellation K1 of B, 2026-08-02, complete: S2, 8.25
products: P1 (S1, S2) "Cup", P2 (S3) '=Hat "x"', P3 (S4) deleted; stock S1 4, S2 0, S3 9
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from catalogue.tables import TABLES
from clock import SystemClock
from installation import Installation
from settings import Settings
from store.accounts import ShopRow
from store.commits import Commit, Covered, Write

#: What finance is imported as.
FINANCE = (
    *("statements", "statement_transactions", "statement_transaction_skus", "payments"),
    "unsettled_transactions",
)
#: What TikTok's own figures are imported as.
ANALYTICS = (
    *("shop_performance", "shop_exposure", "video_overview", "live_overview"),
    *("product_performance", "sku_performance", "video_performance", "live_sessions"),
    "shop_performance_hourly",
)

NOW = dt.datetime(2026, 8, 20, 12, tzinfo=dt.UTC).timestamp()


def at(text: str) -> int:
    """'2026-08-01 10:00' in UTC as epoch seconds."""
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC).timestamp())


class StandingClock(SystemClock):
    """Always the same moment."""

    def now(self) -> float:
        return NOW


@dataclass(frozen=True)
class HandMadeGrant:
    open_id: str
    seller_name: str = "Test Seller"
    access_token: str = "dummy-access"
    access_expires_at: float = NOW + 1e6
    refresh_token: str = "dummy-refresh"
    refresh_expires_at: float = NOW + 1e7
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True)
class HandMadeShop:
    id: str
    name: str
    region: str
    code: str = "CODE"
    seller_type: str = "LOCAL"
    cipher: str = "dummy-cipher"


@dataclass
class Answering:
    """An app over a data folder, with a key of the workspace `default`."""

    app: Flask
    here: Installation
    key: str
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.app.test_client()

    def post(self, call: str, body: Any, key: str | None = None, **kwargs: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.key if key is None else key}"}
        return self.client.post(f"/connector/v1/{call}", json=body, headers=headers, **kwargs)

    def rows(self, *fields: str, **changes: Any) -> list[list[Any]]:
        response = self.post("getData", request_for(*fields, **changes))
        assert response.status_code == 200, response.get_data(as_text=True)
        return [row["values"] for row in response.get_json()["rows"]]

    def refused(self, *fields: str, **changes: Any) -> tuple[int, str, str]:
        response = self.post("getData", request_for(*fields, **changes))
        error = response.get_json()["error"]
        return response.status_code, error["code"], error["message"]

    def shop(self, shop: HandMadeShop, workspace: str = "default") -> ShopRow:
        scope = self.here.accounts.workspace(workspace)
        grant = scope.save_authorization(HandMadeGrant(f"{workspace}-{shop.id}"), "US")
        (row,) = scope.save_shops(grant.id, [shop])
        return row

    def write(self, shop: ShopRow, table: str, rows: Sequence[Mapping[str, object]]) -> None:
        """Rows by column name; every row of a call names the same columns."""
        columns = tuple(rows[0])
        write = Write(TABLES[table], columns, [tuple(row.values()) for row in rows])
        self.commit(shop, Commit(writes=(write,), fetched_at=int(NOW)))

    def cover(self, shop: ShopRow, start: str, end: str, *resources: str) -> None:
        covered = tuple(Covered(name, at(start), at(end), int(NOW)) for name in resources)
        self.commit(shop, Commit(covered=covered))

    def commit(self, shop: ShopRow, commit: Commit) -> None:
        records = self.here.stores.records(shop.workspace_id, shop.shop_id)
        records.commit("backward", records.grant("backward", 0), commit)

    def publish(self, shop: ShopRow) -> None:
        self.here.stores.columns(shop.workspace_id, shop.shop_id).publish(force=True)


def request_for(*fields: str, **changes: Any) -> dict[str, Any]:
    options = {"shops": "all", **changes.pop("options", {})}
    start, end = changes.pop("days", ("2026-08-01", "2026-08-10"))
    return {
        "configParams": options,
        "dateRange": {"startDate": start, "endDate": end},
        "fields": [{"name": name} for name in fields],
        **changes,
    }


def answering(folder: Path, clock: SystemClock | None = None, **settings: Any) -> Answering:
    """An app with the workspace `default` and nothing in it."""
    known = Settings(data_dir=folder, sample_account=False, **settings)
    made = create_app(known, clock or StandingClock())
    here: Installation = made.extensions["installation"]
    here.prepare()
    _, key = here.accounts.workspace("default").create_key("test", numbered=True)
    return Answering(made, here, key)


def fill(test: Answering, shop: ShopRow) -> None:
    """The shop of this module's description."""
    orders = [
        ("A", 1, "2026-08-01 10:00", "2026-08-01 10:05", "COMPLETED", 0, "b1", 11, "28.05"),
        ("B", 2, "2026-08-01 23:30", "2026-08-02 00:10", "CANCELLED", 0, "b2", 12, "8.25"),
        ("C", 3, "2026-08-02 12:00", None, "UNPAID", 0, None, None, "5.50"),
        ("D", 4, "2026-08-03 01:00", None, "AWAITING_SHIPMENT", 1, "b1", 11, "100.00"),
    ]
    test.write(
        shop,
        "orders",
        [
            {
                "order_id": name,
                "order_key": key,
                "create_time": at(placed),
                "update_time": at(placed),
                "paid_time": paid and at(paid),
                "status": status,
                "is_cod": cod,
                "buyer_user_id": buyer,
                "buyer_key": buyer_key,
                "currency": "USD",
                "total_amount": total,
                "tax": "2.55" if name == "A" else None,
                "warehouse_id": "W1",
                "recipient_state": 'O"hio' if name == "A" else None,
                "is_sample_order": 0,
            }
            for name, key, placed, paid, status, cod, buyer, buyer_key, total in orders
        ],
    )
    placed = {name: (key, at(when)) for name, key, when, *_ in orders}
    units = [
        ("A1", 1, "A", "P1", "Cup", "S1", "10.00"),
        ("A2", 2, "A", "P1", "Cup", "S1", "10.00"),
        ("A3", 3, "A", "P2", '=Hat "x"', "S3", "5.50"),
        ("B1", 4, "B", "P1", "Cup", "S2", "8.25"),
        ("C1", 5, "C", "P2", '=Hat "x"', "S3", "5.50"),
        ("D1", 6, "D", "P3", "Old \u202eeman\u202c 🎧", "S4", "100.00"),
    ]
    test.write(
        shop,
        "order_line_items",
        [
            {
                "line_item_id": line,
                "line_key": line_key,
                "order_id": order,
                "order_key": placed[order][0],
                "create_time": placed[order][1],
                "update_time": placed[order][1],
                "product_id": product,
                "product_name": name,
                "sku_id": sku,
                "sale_price": price,
                "original_price": price,
                "currency": "USD",
                "tax_amount": "0.85" if order == "A" else None,
                "is_gift": 0,
            }
            for line, line_key, order, product, name, sku, price in units
        ],
    )
    _aftersales(test, shop)
    test.write(
        shop,
        "products",
        [
            {"product_id": "P1", "title": "Cup", "status": "ACTIVATE", "update_time": 1},
            {"product_id": "P2", "title": '=Hat "x"', "status": "ACTIVATE", "update_time": 1},
            {"product_id": "P3", "title": "Old", "status": "DELETED", "update_time": 1},
        ],
    )
    test.write(
        shop,
        "sku_inventory",
        [
            {"sku_id": "S1", "product_id": "P1", "total_available_quantity": 4},
            {"sku_id": "S2", "product_id": "P1", "total_available_quantity": 0},
            {"sku_id": "S3", "product_id": "P2", "total_available_quantity": 9},
        ],
    )
    test.write(shop, "warehouses", [{"warehouse_id": "W1", "name": "North"}])
    test.cover(shop, "2026-08-01 00:00", "2026-08-20 12:00", "orders", "returns", "cancellations")
    test.cover(shop, "1970-01-01 00:00", "2026-08-20 12:00", "products", "inventory", "warehouses")
    test.cover(shop, "2026-07-01 00:00", "2026-08-20 12:00", *FINANCE, "external_orders")
    test.cover(shop, "2026-07-01 00:00", "2026-08-20 00:00", *ANALYTICS)
    test.cover(shop, "1970-01-01 00:00", "2026-08-20 12:00", "fbt_inventory", "inbound_orders")
    test.publish(shop)


def _aftersales(test: Answering, shop: ShopRow) -> None:
    done, open_ = "RETURN_OR_REFUND_REQUEST_COMPLETE", "RETURN_OR_REFUND_REQUEST_PENDING"
    returns = [
        ("R1", 1, "2026-08-05 09:00", done, "10.00", "1.00", "11.00", "A1", 1, "S1"),
        ("R2", 2, "2026-08-06 09:00", open_, "5.50", "0", "5.50", "A3", 3, "S3"),
    ]
    for name, key, when, status, subtotal, tax, total, line, line_key, sku in returns:
        shared = {
            "order_id": "A",
            "order_key": 1,
            "create_time": at(when),
            "update_time": at(when),
            "currency": "USD",
            "refund_subtotal": subtotal,
            "refund_tax": tax,
            "refund_total": total,
        }
        header = {"return_id": name, "return_key": key, "return_status": status, **shared}
        unit = {
            "return_line_item_id": f"{name}-1",
            "return_id": name,
            "return_key": key,
            "order_line_item_id": line,
            "line_key": line_key,
            "sku_id": sku,
            **shared,
        }
        test.write(shop, "returns", [header])
        test.write(shop, "return_line_items", [unit])
    shared = {
        "order_id": "B",
        "order_key": 2,
        "create_time": at("2026-08-02 08:00"),
        "update_time": at("2026-08-02 08:00"),
        "currency": "USD",
        "refund_subtotal": "8.25",
        "refund_total": "8.25",
    }
    status = "CANCELLATION_REQUEST_COMPLETE"
    header = {"cancel_id": "K1", "cancel_key": 1, "cancel_status": status, **shared}
    unit = {
        "cancel_line_item_id": "K1-1",
        "cancel_id": "K1",
        "cancel_key": 1,
        "order_line_item_id": "B1",
        "line_key": 4,
        "sku_id": "S2",
        **shared,
    }
    test.write(shop, "cancellations", [header])
    test.write(shop, "cancellation_line_items", [unit])
