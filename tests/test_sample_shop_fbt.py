"""The simulated FBT: stock, its movements and inbound orders tell one story."""

from __future__ import annotations

import time
from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest

from sample_shop.control import rows_of
from sample_shop.webhooks_sender import Sender
from sample_shop.world import seeded_world
from tests.sample_shop_client import DAY, NOW, ShopClient, in_process, small_world

pytestmark = pytest.mark.slow

INVENTORY = "/fbt/202408/inventory/search"
WAREHOUSES = "/fbt/202408/warehouses"
RECORDS = "/fbt/202410/inventory_records/search"
INBOUND = "/fbt/202409/inbound_orders"
WORLD = small_world()
COURSE = ["WORKING", "READY_TO_SHIP", "TO_BE_RECEIVED", "DELIVERED", "RECEIVING", "RECEIVED"]
HOUR = 3_600

Row = dict[str, Any]


@pytest.fixture(scope="module")
def client() -> ShopClient:
    return in_process(WORLD)


@pytest.fixture(scope="module")
def records(client: ShopClient) -> list[Row]:
    """All movements of the last forty days."""
    return every_record(client, {"create_time_ge": NOW - 40 * DAY})


def every_record(client: ShopClient, body: Row) -> list[Row]:
    return client.all_pages(RECORDS, "inventory_records", {"page_size": 100}, body)


def inventory(client: ShopClient, **body: list[str]) -> list[Row]:
    return client.all_pages(INVENTORY, "inventory", {"page_size": 100}, body)


def book(client: ShopClient) -> Any:
    gateway = client.session.get_adapter(client.base).gateway  # type: ignore[attr-defined]
    return gateway.books[client.shops[0]["id"]]


def gateway_rows(client: ShopClient, name: str) -> list[Row]:
    gateway = client.session.get_adapter(client.base).gateway  # type: ignore[attr-defined]
    return list(rows_of(gateway, name, client.shops[0]["id"]))


def inbound(client: ShopClient, *ids: str) -> list[Row]:
    plain = [text.removeprefix("IBR") for text in ids]
    found: list[Row] = []
    for start in range(0, len(plain), 50):
        data = client.data("GET", INBOUND, {"ids": ",".join(plain[start : start + 50])})
        found += data.get("inbound_orders", [])
    return found


def test_some_goods_are_with_tiktok_and_their_stock_is_that_of_the_stock_call(
    client: ShopClient,
) -> None:
    found = inventory(client)
    everything = client.all_pages("/product/202502/products/search", "products", {"page_size": 100})
    (fbt,) = {row["warehouse_ids"][0] for row in client.data("GET", WAREHOUSES)["warehouses"]}
    assert 0.1 < len(found) / sum(len(row["skus"]) for row in everything) < 0.5
    sku_ids = [row["goods"]["skus"][0]["id"] for row in found]
    stock = {}
    for start in range(0, len(sku_ids), 100):
        body = {"sku_ids": sku_ids[start : start + 100]}
        for row in client.data("POST", "/product/202309/inventory/search", {}, body)["inventory"]:
            for sku in row["skus"]:
                (place,) = [p for p in sku["warehouse_inventory"] if p["warehouse_id"] == fbt]
                stock[sku["id"]] = (place["available_quantity"], place["committed_quantity"])
    for row in found:
        sku, on_hand = row["goods"]["skus"][0], row["on_hand_detail"]
        assert sku["on_hand_detail"] == {k: on_hand[k] for k in sku["on_hand_detail"]}
        assert (on_hand["available_quantity"], on_hand["reserved_quantity"]) == stock[sku["id"]]
        total = on_hand["available_quantity"] + on_hand["reserved_quantity"]
        assert on_hand["total_quantity"] == total
        assert on_hand["unfulfillable_quantity"] >= 0
    assert any(row["on_hand_detail"]["total_quantity"] == 0 for row in found)


def test_the_warehouses_of_the_shop_are_still_the_same_four(client: ShopClient) -> None:
    listed = client.data("GET", "/logistics/202309/warehouses")["warehouses"]
    assert [row["name"] for row in listed] == [
        "Main warehouse", "Second warehouse", "FBT warehouse", "Returns desk",
    ]  # fmt: skip
    found = client.data("GET", WAREHOUSES)["warehouses"]
    assert len(found) == 2
    assert all(row["warehouse_ids"] == [listed[2]["id"]] for row in found)
    assert all(row["type"] == "PLATFORM_WAREHOUSE" for row in found)


def test_movements_lead_from_one_level_to_the_next_and_end_at_the_stock_of_now(
    client: ShopClient, records: list[Row]
) -> None:
    by_goods: dict[str, list[Row]] = defaultdict(list)
    for row in records:
        assert (
            row["final_on_hand_quantity"] - row["initial_on_hand_quantity"]
            == (row["changed_quantity"])
        )
        by_goods[row["goods"]["id"]].append(row)
    assert [row["create_time"] for row in records] == sorted(row["create_time"] for row in records)
    for row in inventory(client):
        moves = by_goods[row["goods"]["id"]]
        for before, after in pairwise(moves):
            assert after["initial_on_hand_quantity"] == before["final_on_hand_quantity"]
        if moves:
            assert moves[-1]["final_on_hand_quantity"] == row["on_hand_detail"]["total_quantity"]
            assert moves[-1]["fbt_warehouse_id"] == row["fbt_warehouse_id"]
    assert {row["order"]["type"] for row in records} == {
        "INBOUND_ORDER", "CONSIGN_ORDER", "CUSTOMER_RETURN", "INVENTORY_COUNT_ORDER",
    }  # fmt: skip


def test_an_inbound_order_learned_from_a_movement_is_the_reason_for_it(
    client: ShopClient, records: list[Row]
) -> None:
    received = [row for row in records if row["order"]["type"] == "INBOUND_ORDER"]
    orders = {row["id"]: row for row in inbound(client, *{r["order"]["id"] for r in received})}
    assert len(orders) > 20
    for row in received:
        order = orders[row["order"]["id"]]
        (batch,) = [
            b for b in order["received_batches"] if b["goods_id"] == row["goods"]["id"]
        ]  # fmt: skip
        (planned,) = [g for g in order["planned_goods"] if g["id"] == row["goods"]["id"]]
        assert batch["normal_quantity"] == row["changed_quantity"] > 0
        assert batch["total_quantity"] == batch["normal_quantity"] + batch["defective_quantity"]
        assert planned["quantity"] == batch["total_quantity"]
        assert planned["sku_ids"] == batch["sku_ids"]
        assert order["order_operation_logs"][-1] == {
            "order_status": "RECEIVED",
            "operate_time": row["create_time"],
        }
        assert order["warehouse"]["fbt_warehouse_id"] == row["fbt_warehouse_id"]


def test_inbound_orders_go_forward_with_the_shop_clock_and_are_never_rewritten() -> None:
    world = seeded_world(7, 300, 30, 1, NOW)
    client = in_process(world)
    seen: dict[str, Row] = {}
    paths: dict[str, list[str]] = {}
    for _ in range(16):
        for order in gateway_rows(client, "inbound_orders"):
            before, logs = seen.get(order["id"]), order["order_operation_logs"]
            if before is not None:
                assert logs[: len(before["order_operation_logs"])] == before["order_operation_logs"]
                assert {k: order[k] for k in ("create_time", "planned_goods")} == {
                    k: before[k] for k in ("create_time", "planned_goods")
                }
            paths[order["id"]] = [log["order_status"] for log in logs]
            assert ("ship_time" in order) is ("TO_BE_RECEIVED" in paths[order["id"]])
            assert ("tracking_number" in order["carriers"][0]) is ("ship_time" in order)
            assert ("received_batches" in order) is ("RECEIVED" in paths[order["id"]])
            seen[order["id"]] = order
        world.clock.set_to(world.clock.now() + 7 * HOUR)
    ways = {tuple(path) for path in paths.values()}
    assert tuple(COURSE) in ways
    assert ("WORKING", "READY_TO_SHIP", "CANCELLED") in ways
    assert all(list(way) == COURSE[: len(way)] or way[-1] == "CANCELLED" for way in ways)
    assert len(ways) >= 5


def test_what_is_on_its_way_is_what_was_shipped_and_not_received() -> None:
    client = in_process(WORLD)
    expected: dict[str, int] = defaultdict(int)
    for order in gateway_rows(client, "inbound_orders"):
        if "ship_time" in order and "received_batches" not in order:
            for goods in order["planned_goods"]:
                expected[goods["id"]] += goods["quantity"]
    found = {row["goods"]["id"]: row["in_transit_quantity"] for row in inventory(client)}
    assert {goods: units for goods, units in found.items() if units} == expected
    assert expected


def test_every_change_of_an_inbound_order_is_told_once(client: ShopClient) -> None:
    after = NOW - 3 * DAY
    told = book(client).fbt.inbound_changes(after, NOW)
    wanted = [
        {
            "inbound_order_id": order["id"],
            "order_status": log["order_status"],
            "update_time": log["operate_time"],
        }
        for order in gateway_rows(client, "inbound_orders")
        for log in order["order_operation_logs"]
        if after < log["operate_time"] <= NOW
    ]
    assert sorted(told, key=repr) == sorted(wanted, key=repr)
    assert len(told) > 10
    times = [change["update_time"] for change in told]
    assert times == sorted(times)
    earlier = book(client).fbt.inbound_changes(after, NOW - DAY)
    assert earlier + book(client).fbt.inbound_changes(NOW - DAY, NOW) == told


def test_inbound_orders_are_pushed_as_the_shop_clock_moves() -> None:
    world = small_world(shops=1)
    client = in_process(world)
    topic = "INBOUND_FBT_ORDER_STATUS_CHANGE"
    book(client).webhooks.put(topic, "http://127.0.0.1:9/closed", NOW)
    sender = Sender(world, {world.shops[0].id: book(client)})
    sender.start()
    world.clock.set_to(NOW + DAY)
    expected = len(book(client).fbt.inbound_changes(NOW, NOW + DAY))
    until = time.monotonic() + 5
    while len(sender.sent()) < expected and time.monotonic() < until:
        time.sleep(0.02)
    sender.stop()
    assert expected > 5
    assert [delivery["topic"] for delivery in sender.sent()] == [topic] * expected


def test_what_is_on_its_way_is_told_before_any_movement_names_it(
    client: ShopClient, records: list[Row]
) -> None:
    moved = {row["order"]["id"] for row in records}
    told = {row["inbound_order_id"] for row in book(client).fbt.inbound_changes(NOW - DAY, NOW)}
    (order,) = inbound(client, next(iter(sorted(told - moved))))
    assert order["order_operation_logs"][-1]["order_status"] != "RECEIVED"


def test_movements_of_a_window_are_those_whose_instant_is_in_it_both_ends_included(
    client: ShopClient, records: list[Row]
) -> None:
    low, high = records[50]["create_time"], records[80]["create_time"]
    found = every_record(client, {"create_time_ge": low, "create_time_le": high})
    assert found == [row for row in records if low <= row["create_time"] <= high]
    assert len(found) > 20
    assert every_record(client, {})[-len(records) :] == records


def test_goods_skus_and_warehouses_can_be_asked_for_alone(
    client: ShopClient, records: list[Row]
) -> None:
    everything = inventory(client)
    one = everything[3]
    goods_id, sku_id = one["goods"]["id"], one["goods"]["skus"][0]["id"]
    assert inventory(client, goods_ids=[goods_id]) == [one]
    assert inventory(client, sku_ids=[sku_id]) == [one]
    other = everything[0]["goods"]["id"]
    assert client.data("POST", INVENTORY, {"page_size": 10},
                       {"goods_ids": [other], "sku_ids": [sku_id]})["total_count"] == 0  # fmt: skip
    here = inventory(client, fbt_warehouse_ids=[one["fbt_warehouse_id"]])
    assert here == [r for r in everything if r["fbt_warehouse_id"] == one["fbt_warehouse_id"]]
    assert 0 < len(here) < len(everything)
    body = {"goods_ids": [goods_id], "create_time_ge": NOW - 40 * DAY}
    assert every_record(client, body) == [r for r in records if r["goods"]["id"] == goods_id]


def test_a_shop_tiktok_fulfils_nothing_for_gets_empty_answers_without_lists(
    client: ShopClient,
) -> None:
    indonesia = in_process(WORLD)
    indonesia.cipher = indonesia.shops[2]["cipher"]
    empty = {"total_count": 0, "next_page_token": ""}
    assert indonesia.data("POST", INVENTORY, {"page_size": 10}) == empty
    assert indonesia.data("POST", RECORDS, {"page_size": 10}) == empty
    assert indonesia.data("GET", WAREHOUSES) == {}
    assert indonesia.data("GET", INBOUND, {"ids": "1"}) == {}


def test_inbound_orders_are_asked_for_by_number_and_unknown_ones_are_left_out(
    client: ShopClient,
) -> None:
    order = gateway_rows(client, "inbound_orders")[0]
    number = order["id"].removeprefix("IBR")
    assert client.data("GET", INBOUND, {"ids": f"{number},1,{number}"}) == {
        "inbound_orders": [order]
    }
    for ids in ("", order["id"], ",".join(str(n) for n in range(101))):
        answer = client.call("GET", INBOUND, {"ids": ids})
        assert (answer.status_code, answer.json()["code"]) == (400, 36009004)


def test_page_sizes_and_filters_are_read_strictly(client: ShopClient) -> None:
    for path in (INVENTORY, RECORDS):
        for query in ({}, {"page_size": 0}, {"page_size": 101}):
            assert client.call("POST", path, query).json()["code"] == 36009004
        body = {"goods_ids": ["1"] * 101}
        assert client.call("POST", path, {"page_size": 1}, body).json()["code"] == 36009004


def test_the_control_path_lists_what_the_calls_give(client: ShopClient) -> None:
    assert gateway_rows(client, "fbt_inventory") == inventory(client)
    assert gateway_rows(client, "fbt_inventory_records") == every_record(client, {})
    assert gateway_rows(client, "fbt_warehouses") == client.data("GET", WAREHOUSES)["warehouses"]
    orders = gateway_rows(client, "inbound_orders")
    assert inbound(client, *(row["id"] for row in orders)) == orders


def test_movements_stay_as_they_were_as_days_pass(client: ShopClient, records: list[Row]) -> None:
    later = in_process(small_world(now=NOW))
    later.session.get_adapter(later.base).gateway.world.clock.set_to(  # type: ignore[attr-defined]
        NOW + 9 * DAY
    )
    body = {"create_time_ge": NOW - 40 * DAY, "create_time_le": NOW}
    assert every_record(later, body) == records
