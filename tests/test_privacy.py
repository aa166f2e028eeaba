"""Nothing personal survives parsing. In the simulator every personal field says canary."""

from __future__ import annotations

import copy
import json
import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import structlog

from backfill.days import Asked as AskedDays
from backfill.normalise.rows import Normalised
from backfill.normalise.shape import Shape
from backfill.stage import Context
from backfill.stages import STAGES
from catalogue.tables import ORDERS, TABLES
from store.engine import Engine
from tests.importing import DAY, Asked, ShopUnderTest, hashed_buyer

pytestmark = pytest.mark.slow

CANARY = "canary"

#: 12 September 2026, on the axis of days.
TWELFTH = 1_789_171_200

#: Words that have no business in the name of a column.
PERSONAL = (
    *("email", "phone", "nickname", "avatar", "message", "note", "street", "address", "postal"),
    *("zip", "cpf", "first_name", "last_name", "full_name", "contact", "auth_code", "card"),
)


#: The folder, the shop, and all that the simulator sent.
Imported = tuple[Path, ShopUnderTest, str]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Imported]:
    folder = tmp_path_factory.mktemp("imported")
    shop = ShopUnderTest(folder, columns=True)
    seen: list[str] = []

    def listen(asked: Asked, data: dict[str, Any]) -> None:
        seen.append(json.dumps(data))

    shop.between.change = listen
    shop.work()
    shop.work(data=["sku_finance", "sku_analytics", "external_orders"])
    yield folder, shop, "".join(seen)
    shop.close()


def leaks(folder: Path) -> list[str]:
    """Where in the records (or beside them, in the file) the word can be read."""
    files = sorted(folder.glob("records.sqlite*"))
    found = [path.name for path in files if CANARY.encode() in path.read_bytes().lower()]
    with closing(sqlite3.connect(folder / "records.sqlite")) as connection:
        for table in TABLES:
            for row in connection.execute(f"SELECT * FROM {table}"):
                if CANARY in repr(row).lower():
                    found.append(table)
                    break
    return found


def test_the_simulator_does_send_personal_data(imported: Imported) -> None:
    assert imported[2].lower().count(CANARY) > 1_000


def test_no_personal_word_is_in_the_records(imported: Imported) -> None:
    assert leaks(imported[0]) == []


def test_no_personal_word_is_in_the_columns(imported: Imported) -> None:
    shop = imported[1]
    manifest = shop.columns.manifest()
    engine = Engine()
    for table in TABLES.values():
        rows = engine.query(f"SELECT * FROM {manifest.scan(table)}", []).to_pylist()
        assert rows, table.name
        assert CANARY not in repr(rows).lower()


def test_the_search_would_find_a_leak(imported: Imported, tmp_path: Path) -> None:
    """The control: one leaked word, and the search is red."""
    copy_path = tmp_path / "records.sqlite"
    with (
        closing(sqlite3.connect(imported[0] / "records.sqlite")) as source,
        closing(sqlite3.connect(copy_path)) as target,
    ):
        source.backup(target)
        target.execute("UPDATE orders SET cancel_reason = 'Canary 7' WHERE rowid = 1")
        target.commit()
    assert leaks(tmp_path) == ["records.sqlite", "orders"]


def test_a_mapping_that_names_a_personal_field_would_leak_it() -> None:
    """The control of the allow-list: what it names comes through, and only that."""
    leaking = Shape(ORDERS, {"order_id": "id", "cancel_reason": "buyer_email"}, ())
    row = leaking.read({"id": "1", "buyer_email": "canary@test.invalid", "cpf": "canary"})
    assert row.count("canary@test.invalid") == 1
    assert "canary" not in row


def test_nothing_personal_is_logged_also_when_rows_are_put_aside(tmp_path: Path) -> None:
    shop = ShopUnderTest(tmp_path)

    def spoil(asked: Asked, data: dict[str, Any]) -> None:
        for order in data.get("orders", []):
            order["create_time"] = order["buyer_email"]
            order["status"] = {"canary": "canary"}

    shop.between.change = spoil
    with structlog.testing.capture_logs() as logged:
        shop.work(data=["orders"])
    assert shop.records.quarantine_count() > 100
    assert CANARY not in repr(logged).lower()
    shop.close()
    assert leaks(tmp_path) == []


def test_no_column_is_named_for_something_personal() -> None:
    for table in TABLES.values():
        for column in table.columns:
            name = re.sub("product_card|credit_card_handling_fee", "", column.name)
            assert not any(word in name for word in PERSONAL), (table.name, column.name)


def test_the_buyer_is_a_keyed_hash(imported: Imported) -> None:
    shop = imported[1]
    known = shop.records.query("SELECT DISTINCT buyer_user_id, buyer_key FROM orders")
    buyers = {row[0] for row in known if row[0]}
    sent = {
        order["user_id"]
        for page in shop.client.pages("order_search", shop.access, body={"create_time_ge": 1})
        for order in page.rows
        if order.get("user_id")
    }
    assert buyers == {hashed_buyer(buyer_id)[0] for buyer_id in sent}
    assert not buyers & sent
    assert len({row[1] for row in known}) == len(known)


def rows_of(normalised: Normalised) -> str:
    return repr([write.rows for write in normalised.writes]) + repr(normalised.rejected)


def sow(node: Any, draw: random.Random) -> None:
    """Put the word under a new name into every object, at every depth."""
    if isinstance(node, dict):
        for value in list(node.values()):
            sow(value, draw)
        node[f"new_field_{draw.randrange(1_000)}"] = draw.choice(
            ["canary", ["canary"], {"canary": "canary"}]
        )
    elif isinstance(node, list):
        for value in node:
            sow(value, draw)


def test_a_field_that_tiktok_adds_tomorrow_is_dropped_wherever_it_stands() -> None:
    draw = random.Random(3)
    order = {
        "id": "1",
        "create_time": 5,
        "update_time": 6,
        "user_id": "7",
        "payment": {"currency": "USD"},
        "recipient_address": {"district_info": [{"address_level": "L1", "address_name": "Texas"}]},
        "line_items": [{"id": "2", "item_tax": [{"tax_amount": "1"}], "sub_item_info": [{}]}],
    }
    product = {
        "id": "1",
        "update_time": 6,
        "category_chains": [{"id": "3"}],
        "main_images": [{"urls": ["https://img.example/1"]}],
        "audit": {"status": "APPROVED"},
        "skus": [{"id": "4", "price": {"currency": "USD"}, "sales_attributes": [{"sku_img": {}}]}],
    }
    stock = {
        "product_id": "1",
        "skus": [{"id": "4", "warehouse_inventory": [{"warehouse_id": "5"}]}],
    }
    request = {
        "return_id": "1",
        "cancel_id": "1",
        "create_time": 5,
        "update_time": 6,
        "refund_amount": {"currency": "USD"},
        "shipping_fee_amount": [{"currency": "USD"}],
        "return_line_items": [{"return_line_item_id": "2", "refund_amount": {}}],
        "cancel_line_items": [{"cancel_line_item_id": "2", "refund_amount": {}}],
    }
    settled = {
        "id": "1",
        "revenue_breakdown": {},
        "shipping_cost_breakdown": {"supplementary_component": {}},
        "fee_tax_breakdown": {"fee": {}, "tax": {}},
    }
    payloads = {
        "orders": order,
        "products": product,
        "product_details": product,
        "inventory": stock,
        "returns": request,
        "cancellations": request,
        "warehouses": {"id": "1", "address": {"state": "Texas"}},
        "price_detail": {"line_items": [{"id": "2", "payment": "1"}]},
        "statements": {"id": "1", "statement_time": 5},
        "payments": {"id": "1", "create_time": 5, "amount": {"currency": "USD"}},
        "statement_transactions": {"transactions": [settled]},
        "unsettled_transactions": settled,
        "statement_transaction_skus": {
            "sku_transactions": [{**settled, "statement_id": "1", "sku_id": "2"}]
        },
    }
    interval = {"start_date": "2026-09-12", "sales": {}, "traffic": {}, "gmv": {}, "index": 3}
    series = {"performance": {"intervals": [interval]}}
    figures = {
        "id": "1",
        "start_time": TWELFTH + 60,
        "gmv": {"currency": "USD"},
        "total_performance": {"gmv": {}},
        "creator": {},
        "products": [{"id": "2"}],
        "sales_performance": {"gmv": {}},
    }
    shipment = {
        "id": "1",
        "warehouse": {},
        "order_operation_logs": [{"operate_time": 5}],
        "carriers": [{}],
        "planned_goods": [{}],
        "received_batches": [{}],
    }
    payloads |= {
        **dict.fromkeys(
            (
                *("shop_performance", "shop_exposure", "shop_performance_hourly"),
                *("video_overview", "live_overview"),
            ),
            series,
        ),
        **dict.fromkeys(
            (
                *("product_performance", "sku_performance", "video_performance"),
                "live_sessions",
            ),
            figures,
        ),
        "fbt_warehouses": {"fbt_warehouse_id": "1", "addresses": [{"city": "Rialto"}]},
        "fbt_inventory": {"fbt_warehouse_id": "1", "goods": {"skus": [{"id": "2"}]}},
        "fbt_records": {"order": {"id": "IBR1", "type": "INBOUND_ORDER"}},
        "inbound_orders": shipment,
        "product_images": {"product_id": "1", "update_time": 2, "final": True},
        "external_orders": {"id": "1", "platform": "SHOPIFY", "line_items": [{"id": "2"}]},
    }
    day = AskedDays(TWELFTH, TWELFTH + DAY, TWELFTH + DAY, "UTC", "202605")
    asked = {
        "external_orders": ("1", 2, 3, 4),
        "statement_transactions": ("1", 2, "GBP", "5.00"),
        "statement_transaction_skus": ("1", '[["3", "1", 5]]', "{}"),
    }
    for stage in STAGES:
        for _ in range(50):
            record = copy.deepcopy(payloads[stage.name])
            sow(record, draw)
            context = Context(hashed_buyer, asked.get(stage.name, ("1", 2, 3)), days=day)
            normalised = stage.normalise([record], context)
            assert normalised.rejected == ()
            assert any(write.rows for write in normalised.writes)
            assert "canary" not in rows_of(normalised)
