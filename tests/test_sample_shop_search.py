"""Searching the simulator: filters, sorting and paging against a brute force over its rows."""

from __future__ import annotations

import random
from typing import Any
from urllib.parse import quote

import pytest

from sample_shop import pages
from sample_shop.control import rows_of
from sample_shop.pages import BadPageToken, Place
from tests.sample_shop_client import (
    DAY,
    NOW,
    ORDER_SEARCH,
    ShopClient,
    in_process,
    small_world,
)

pytestmark = pytest.mark.slow

RETURNS = "/return_refund/202602/returns/search"
CANCELLATIONS = "/return_refund/202602/cancellations/search"
PRODUCTS = "/product/202502/products/search"
WORLD = small_world()


@pytest.fixture(scope="module")
def client() -> ShopClient:
    return in_process(WORLD)


def table(name: str) -> list[dict[str, Any]]:
    """Return all rows of the first shop as the control path gives them."""
    gateway = in_process_gateway()
    return list(rows_of(gateway, name, WORLD.shops[0].id))


def in_process_gateway() -> Any:
    client = in_process(WORLD)
    return client.session.get_adapter(client.base).gateway  # type: ignore[attr-defined]


def test_the_first_shop_has_exactly_the_orders_that_were_asked_for(client: ShopClient) -> None:
    orders = client.all_pages(ORDER_SEARCH, "orders", {"page_size": 100})
    assert len(orders) == len({order["id"] for order in orders}) == 600
    first = (NOW - 60 * DAY) // DAY * DAY
    assert all(first <= order["create_time"] <= NOW for order in orders)


def test_orders_come_newest_first_unless_asked_otherwise(client: ShopClient) -> None:
    newest = client.data("POST", ORDER_SEARCH, {"page_size": 100})["orders"]
    created = [order["create_time"] for order in newest]
    assert created == sorted(created, reverse=True)
    for field in ("create_time", "update_time"):
        query = {"page_size": 100, "sort_field": field, "sort_order": "ASC"}
        values = [order[field] for order in client.all_pages(ORDER_SEARCH, "orders", query)]
        assert values == sorted(values)


def test_returns_and_cancellations_come_oldest_first_unless_asked_otherwise(
    client: ShopClient,
) -> None:
    for path, rows in ((RETURNS, "return_orders"), (CANCELLATIONS, "cancellations")):
        created = [row["create_time"] for row in client.all_pages(path, rows, {"page_size": 50})]
        assert created == sorted(created)
        query = {"page_size": 50, "sort_field": "update_time", "sort_order": "DESC"}
        updated = [row["update_time"] for row in client.all_pages(path, rows, query)]
        assert updated == sorted(updated, reverse=True)


@pytest.mark.parametrize("seed", range(12))
def test_any_windows_filters_sorting_and_page_size_give_what_brute_force_gives(
    client: ShopClient, seed: int
) -> None:
    dice = random.Random(seed)
    path, name, source = dice.choice(
        [
            (ORDER_SEARCH, "orders", "orders"),
            (RETURNS, "return_orders", "returns"),
            (CANCELLATIONS, "cancellations", "cancellations"),
        ]
    )
    rows = table(source)
    body: dict[str, Any] = {}
    for axis in dice.choice([("create_time",), ("update_time",), ("create_time", "update_time")]):
        instants = sorted(row[axis] for row in rows)
        body[f"{axis}_ge"], body[f"{axis}_lt"] = sorted(dice.choices(instants, k=2))
        if dice.random() < 0.3:
            del body[f"{axis}_{dice.choice(['ge', 'lt'])}"]
    wanted = [row for row in rows if _in_windows(row, body)]
    if source == "orders" and dice.random() < 0.5:
        body["order_status"] = dice.choice(["COMPLETED", "CANCELLED", "DELIVERED"])
        wanted = [row for row in wanted if row["status"] == body["order_status"]]
    size = dice.choice([10, 13, 50])
    query = {
        "page_size": size,
        "sort_field": dice.choice(["create_time", "update_time"]),
        "sort_order": dice.choice(["ASC", "DESC"]),
    }
    found = client.all_pages(path, name, query, body)
    values = [row[str(query["sort_field"])] for row in found]
    assert values == sorted(values, reverse=query["sort_order"] == "DESC")
    assert sorted(map(repr, found)) == sorted(map(repr, wanted))
    assert client.data("POST", path, query, body)["total_count"] == len(wanted)


def _in_windows(row: dict[str, Any], body: dict[str, Any]) -> bool:
    for axis in ("create_time", "update_time"):
        if row[axis] < body.get(f"{axis}_ge", 0) or row[axis] >= body.get(f"{axis}_lt", 2**40):
            return False
    return True


def test_order_filters_give_what_brute_force_gives(client: ShopClient) -> None:
    orders = table("orders")
    query = {"page_size": 100}
    buyer = next(order["user_id"] for order in orders if "user_id" in order)
    warehouse = orders[0]["warehouse_id"]
    cases: list[tuple[dict[str, Any], Any]] = [
        ({"shipping_type": "SELLER"}, lambda o: o["shipping_type"] == "SELLER"),
        ({"warehouse_ids": [warehouse]}, lambda o: o["warehouse_id"] == warehouse),
        ({"is_buyer_request_cancel": True}, lambda o: o["is_buyer_request_cancel"]),
        ({"buyer_user_id": buyer}, lambda o: o.get("user_id") == buyer),
    ]
    for body, keep in cases:
        found = {row["id"] for row in client.all_pages(ORDER_SEARCH, "orders", query, body)}
        assert found == {order["id"] for order in orders if keep(order)}


def test_aftersales_filters_give_what_brute_force_gives(client: ShopClient) -> None:
    returns, cancels = table("returns"), table("cancellations")
    some, other = returns[3], cancels[5]
    cases: list[tuple[str, str, str, dict[str, Any], list[dict[str, Any]], Any]] = [
        (RETURNS, "return_orders", "return_id", body, returns, keep)
        for body, keep in (
            ({"return_types": ["REFUND"]}, lambda r: r["return_type"] == "REFUND"),
            (
                {"return_status": [some["return_status"]]},
                lambda r: r["return_status"] == some["return_status"],
            ),
            ({"return_ids": [some["return_id"], "12"]}, lambda r: r is some),
            ({"order_ids": [some["order_id"]]}, lambda r: r["order_id"] == some["order_id"]),
            (
                {"arbitration_status": ["IN_PROGRESS"]},
                lambda r: r.get("arbitration_status") == "IN_PROGRESS",
            ),
        )
    ]
    cases += [
        (CANCELLATIONS, "cancellations", "cancel_id", body, cancels, keep)
        for body, keep in (
            ({"cancel_types": ["CANCEL"]}, lambda c: c["cancel_type"] == "CANCEL"),
            (
                {"cancel_status": ["CANCELLATION_REQUEST_CANCEL"]},
                lambda c: c["cancel_status"] == "CANCELLATION_REQUEST_CANCEL",
            ),
            ({"cancel_ids": [other["cancel_id"]]}, lambda c: c is other),
            ({"order_ids": [other["order_id"]]}, lambda c: c["order_id"] == other["order_id"]),
        )
    ]
    for path, name, key, body, rows, keep in cases:
        found = {row[key] for row in client.all_pages(path, name, {"page_size": 50}, body)}
        assert found == {row[key] for row in rows if keep(row)}, body


def test_product_bounds_are_inclusive_and_all_includes_the_deleted(client: ShopClient) -> None:
    products = table("product_search")
    assert {"DELETED", "FREEZE", "DRAFT", "PENDING", "FAILED"} <= {p["status"] for p in products}
    updated = sorted({product["update_time"] for product in products})
    low, high = updated[len(updated) // 3], updated[2 * len(updated) // 3]
    body = {"update_time_ge": low, "update_time_le": high}
    found = client.all_pages(PRODUCTS, "products", {"page_size": 7}, body)
    assert {p["update_time"] for p in found} >= {low, high}
    expected = [p for p in products if low <= p["update_time"] <= high]
    assert sorted(map(repr, found)) == sorted(map(repr, expected))
    active = client.all_pages(PRODUCTS, "products", {"page_size": 50}, {"status": "ACTIVATE"})
    assert len(active) == sum(p["status"] == "ACTIVATE" for p in products)
    sku = products[4]["skus"][0]
    for body in ({"sku_ids": [sku["id"]]}, {"seller_skus": [sku["seller_sku"]]}):
        rows = client.all_pages(PRODUCTS, "products", {"page_size": 50}, body)
        assert [row["id"] for row in rows] == [products[4]["id"]]


def test_the_product_search_stops_at_ten_thousand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sample_shop.calls_products.MOST_RESULTS", 45)
    client = in_process(WORLD)
    found = client.all_pages(PRODUCTS, "products", {"page_size": 10})
    assert len(found) == 45
    assert client.data("POST", PRODUCTS, {"page_size": 10})["total_count"] > 45


def test_details_are_the_search_rows_again_and_unknown_ids_are_left_out(
    client: ShopClient,
) -> None:
    rows = client.data("POST", ORDER_SEARCH, {"page_size": 50})["orders"]
    ids = ",".join([*(row["id"] for row in rows[:49]), "576000000000000001"])
    for version in ("202507", "202309"):
        assert client.data("GET", f"/order/{version}/orders", {"ids": ids})["orders"] == rows[:49]


def test_an_order_that_is_not_there_yet_is_unknown() -> None:
    world = small_world(50, 30, 1)
    client = in_process(world)
    shop = world.shops[0]
    later = shop.ids.one("order", 50)
    assert client.data("GET", "/order/202507/orders", {"ids": later})["orders"] == []
    answer = client.call("GET", f"/order/202407/orders/{later}/price_detail").json()
    assert answer["code"] == 21008111


def test_page_tokens_need_encoding_and_belong_to_one_query(client: ShopClient) -> None:
    page = client.data("POST", ORDER_SEARCH, {"page_size": 10}, {"create_time_ge": 1})
    token = page["next_page_token"]
    assert {"+", "/", "="} <= set(token)
    assert quote(token, safe="") != token
    same = {"page_size": 10, "page_token": token}
    following = client.data("POST", ORDER_SEARCH, same, {"create_time_ge": 1})["orders"]
    assert not {o["id"] for o in following} & {o["id"] for o in page["orders"]}
    for query, body in (
        (same, {"create_time_ge": 2}),
        ({**same, "page_size": 11}, {"create_time_ge": 1}),
        ({**same, "sort_order": "ASC"}, {"create_time_ge": 1}),
        ({**same, "page_token": token[:-5] + "AAAA="}, {"create_time_ge": 1}),
    ):
        answer = client.call("POST", ORDER_SEARCH, query, body).json()
        assert answer["code"] == 36009004
        assert "page_token" in answer["message"]


def test_page_tokens_can_expire() -> None:
    query, place = pages.fingerprint("q"), Place(5, 6, 7)
    token = pages.write(place, query, now=1000)
    assert pages.read(token, query, now=1060, ttl=60) == place
    with pytest.raises(BadPageToken, match="expired"):
        pages.read(token, query, now=1061, ttl=60)
    assert pages.read(token, query, now=10**9, ttl=None) == place


def test_rows_that_arrive_or_leave_while_paging_shift_nothing() -> None:
    world = small_world(400, 20, 1)
    client = in_process(world)
    body = {"update_time_ge": NOW - 6 * DAY, "update_time_lt": NOW - DAY}
    query = {"page_size": 10, "sort_field": "update_time", "sort_order": "ASC"}
    before = client.all_pages(ORDER_SEARCH, "orders", query, body)
    seen, token = [], ""
    while True:
        page = client.data(
            "POST", ORDER_SEARCH, {**query, **({"page_token": token} if token else {})}, body
        )
        seen += [order["id"] for order in page["orders"]]
        token = page["next_page_token"]
        if not token:
            break
        world.clock.set_to(world.clock.now() + 3600)  # orders in the window move on and leave it
    after = {o["id"] for o in client.all_pages(ORDER_SEARCH, "orders", query, body)}
    assert len(after) < len(before)
    assert len(seen) == len(set(seen))
    assert after <= set(seen)
