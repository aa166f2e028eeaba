"""What TikTok keeps for the seller: warehouses, stock and shipments, of shops that use FBT and of
those that do not. Expected values of made-up payloads were worked out by hand; the rest is compared
with what the simulator says it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backfill.normalise.fbt import (
    normalise_fbt_inventory,
    normalise_fbt_records,
    normalise_fbt_warehouses,
    normalise_inbound_orders,
)
from backfill.normalise.rows import Normalised
from sample_shop.control import rows_of
from tests.importing import NOW, Asked, ShopUnderTest, refuses, reply_with, world_of

pytestmark = pytest.mark.slow


def rows(normalised: Normalised) -> list[dict[str, Any]]:
    assert normalised.rejected == ()
    (write,) = normalised.writes
    return [dict(zip(write.columns, row, strict=True)) for row in write.rows]


# --- from one payload to rows ---


def test_a_warehouse_is_there_under_every_id_that_orders_know_it_by() -> None:
    warehouse = {
        "fbt_warehouse_id": "900",
        "warehouse_ids": ["901", "902"],
        "name": "TikTok East",
        "type": "PLATFORM_WAREHOUSE",
        "subscribed": True,
        "addresses": [
            {
                "region_code": "US",
                "state": "CA",
                "city": "Rialto",
                "postal_code": "00000",
                "address_line_1": "1 Dummy Street",
            }
        ],
    }
    unused = {"fbt_warehouse_id": "910", "subscribed": False, "name": "TikTok West"}
    found = rows(normalise_fbt_warehouses([warehouse, unused]))
    assert [(row["warehouse_id"], row["fbt_warehouse_id"]) for row in found] == [
        ("900", "900"),
        ("901", "900"),
        ("902", "900"),
    ]
    assert {(row["name"], row["city"]) for row in found} == {("TikTok East", "Rialto")}
    assert "Dummy" not in repr(found)
    assert "00000" not in repr(found)


def test_stock_is_per_variant_and_warehouse() -> None:
    record = {
        "fbt_warehouse_id": "900",
        "goods": {
            "id": "12",
            "name": "100ml water",
            "reference_code": "water01",
            "skus": [
                {
                    "id": "73",
                    "on_hand_detail": {
                        "available_quantity": 5,
                        "reserved_quantity": 15,
                        "total_quantity": 20,
                    },
                },
                {"id": "74"},
            ],
        },
        "in_transit_quantity": 10,
        "on_hand_detail": {"unfulfillable_quantity": 2},
    }
    first, second = rows(normalise_fbt_inventory([record]))
    assert first == {
        "sku_id": "73",
        "fbt_warehouse_id": "900",
        "goods_id": "12",
        "goods_name": "100ml water",
        "reference_code": "water01",
        "available_quantity": 5,
        "reserved_quantity": 15,
        "total_quantity": 20,
        "goods_in_transit_quantity": 10,
        "goods_unfulfillable_quantity": 2,
    }
    assert (second["sku_id"], second["total_quantity"]) == ("74", None)


def test_ids_of_shipments_are_learned_from_movements_of_stock() -> None:
    records = [
        {"order": {"id": "IBR1", "type": "INBOUND_ORDER"}},
        {"order": {"id": "2", "type": "INBOUND_ORDER"}},
        {"order": {"id": "IBR1", "type": "INBOUND_ORDER"}},
        {"order": {"id": "OBF3", "type": "CONSIGN_ORDER"}},
        {"order": {"type": "INBOUND_ORDER"}},
    ]
    found = rows(normalise_fbt_records(records))
    assert [row["inbound_order_id"] for row in found] == ["IBR1", "IBR2"]


def test_a_shipment_has_the_status_of_the_newest_entry_and_sums_of_its_goods() -> None:
    shipment = {
        "id": "23230232324",
        "type": "REPLENISHMENT",
        "create_time": 100,
        "ship_time": 150,
        "expect_arrive_time": 300,
        "actual_arrive_time": 0,
        "merchant": {"id": "1", "name": "A Person"},
        "warehouse": {"fbt_warehouse_id": "900"},
        "carriers": [{"carrier_name": "UPS", "tracking_number": "T1"}],
        "order_operation_logs": [
            {"operate_time": 200, "order_status": "RECEIVING"},
            {"operate_time": 120, "order_status": "WORKING"},
        ],
        "planned_goods": [{"quantity": 9}, {"quantity": 4}],
        "received_batches": [
            {"total_quantity": 5, "normal_quantity": 4, "defective_quantity": 1},
            {"total_quantity": 2, "normal_quantity": 2},
        ],
    }
    (row,) = rows(normalise_inbound_orders([shipment]))
    assert row == {
        "inbound_order_id": "IBR23230232324",
        "type": "REPLENISHMENT",
        "status": "RECEIVING",
        "update_time": 200,
        "create_time": 100,
        "ship_time": 150,
        "expect_arrive_time": 300,
        "actual_arrive_time": None,
        "fbt_warehouse_id": "900",
        "carrier_name": "UPS",
        "tracking_number": "T1",
        "planned_quantity": 13,
        "received_quantity": 7,
        "normal_quantity": 6,
        "defective_quantity": 1,
    }
    (bare,) = rows(normalise_inbound_orders([{"id": "IBR5"}]))
    assert (bare["status"], bare["planned_quantity"], bare["received_quantity"]) == (None,) * 3


# --- an import ---


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ShopUnderTest]:
    opened = ShopUnderTest(tmp_path, world_of())
    yield opened
    opened.close()


def told(shop: ShopUnderTest, table: str) -> list[dict[str, Any]]:
    gateway: Any = shop.between.behind
    return list(rows_of(gateway.gateway, table, None))


def stored(shop: ShopUnderTest, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in shop.records.query(sql)]


def test_stock_and_shipments_are_the_simulators(shop: ShopUnderTest) -> None:
    assert shop.work(data=["products"], start=None).state == "done"
    assert shop.records.quarantine_count() == 0
    stock = {
        (sku["id"], entry["fbt_warehouse_id"], sku["on_hand_detail"]["total_quantity"])
        for entry in told(shop, "fbt_inventory")
        for sku in entry["goods"]["skus"]
    }
    kept = stored(shop, "SELECT sku_id, fbt_warehouse_id, total_quantity FROM fbt_inventory")
    assert set(kept) <= stock
    on_sale = {row[0] for row in stored(shop, "SELECT sku_id FROM product_skus")}
    assert {row for row in stock if row[0] in on_sale} == set(kept) != set()
    known = {"IBR" + row["id"].removeprefix("IBR") for row in told(shop, "inbound_orders")}
    shipments = stored(
        shop, "SELECT inbound_order_id, status, planned_quantity FROM inbound_orders"
    )
    assert {row[0] for row in shipments} <= known
    assert shipments
    assert all(row[1] for row in shipments), "each was read after its id was learned"


def test_tiktoks_warehouses_stand_beside_the_sellers(shop: ShopUnderTest) -> None:
    shop.work(data=["products"])
    names = stored(
        shop,
        "SELECT name, fbt_warehouse_id IS NOT NULL, effect_status IS NOT NULL FROM warehouses",
    )
    assert all(name for name, *_ in names)
    assert {(is_fbt, listed) for _, is_fbt, listed in names} >= {(0, 1), (1, 0)}


def test_lists_that_overlap_do_not_change_a_warehouse_in_every_run(shop: ShopUnderTest) -> None:
    shop.work(data=["products"])
    before = stored(shop, "SELECT warehouse_id, name, fetched_at FROM warehouses ORDER BY 1")
    shop.clock.instant += 60
    shop.work(data=["products"], began_at=NOW + 60)
    assert (
        stored(shop, "SELECT warehouse_id, name, fetched_at FROM warehouses ORDER BY 1") == before
    )


def test_a_shop_without_the_permission_is_a_shop_without_fbt(shop: ShopUnderTest) -> None:
    shop.between.faults = [
        lambda asked: refuses(105005, "scope not granted", 401) if "/fbt/" in asked.path else None
    ]
    assert shop.work(data=["products"]).state == "done"
    states = {name: one.state for name, one in shop.records.progress().items()}
    assert {states[name] for name in ("fbt_warehouses", "fbt_records", "inbound_orders")} == {
        "done"
    }
    fbt = [asked.path for asked in shop.calls if "/fbt/" in asked.path]
    assert len(fbt) <= 5, "nobody asks for the stock of warehouses that are not there"


def test_a_shop_without_fbt_asks_for_no_stock(shop: ShopUnderTest) -> None:
    def nothing(asked: Asked) -> Any:
        if "/fbt/" not in asked.path:
            return None
        return reply_with({"code": 0, "message": "Success", "request_id": "r", "data": {}})

    shop.between.faults = [nothing]
    assert shop.work(data=["products"]).state == "done"
    assert not [
        asked for asked in shop.calls if asked.path.endswith("/fbt/202408/inventory/search")
    ]
    assert stored(shop, "SELECT count(*) FROM inbound_orders") == [(0,)]


def test_shipments_under_way_are_read_again_and_those_received_are_not(
    shop: ShopUnderTest,
) -> None:
    shop.work(data=["products"], start=None)
    (under_way,) = stored(
        shop, "SELECT count(*) FROM inbound_orders WHERE status NOT IN ('RECEIVED', 'CANCELLED')"
    )[0]
    since = len(shop.calls)
    shop.work(data=["products"], start=None, began_at=NOW + 60)
    ids = [
        one
        for asked in shop.calls[since:]
        if asked.path.endswith("/inbound_orders")
        for one in asked.query["ids"].split(",")
    ]
    assert len(ids) == under_way
    assert not [one for one in ids if one.startswith("IBR")], "the call takes ids without prefix"
