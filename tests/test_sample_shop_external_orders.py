"""The simulator's links between its orders and orders in another system."""

from __future__ import annotations

from typing import Any

import pytest

from sample_shop.control import rows_of
from tests.sample_shop_client import NOW, ShopClient, in_process, small_world

SEARCH = "/order/202406/orders/external_order_search"
ADD = "/order/202406/orders/external_orders"


def of_order(order_id: str) -> str:
    return f"/order/202406/orders/{order_id}/external_orders"


@pytest.fixture
def client() -> ShopClient:
    return in_process(small_world(200, 30, 2))


def table(client: ShopClient, name: str, shop: int = 0) -> list[dict[str, Any]]:
    gateway = client.session.get_adapter(client.base).gateway  # type: ignore[attr-defined]
    return list(rows_of(gateway, name, client.shops[shop]["id"]))


def links(client: ShopClient, order_id: str, platform: str = "SHOPIFY") -> Any:
    found = client.data("GET", of_order(order_id), {"platform": platform})
    return found["external_orders"]


def test_some_orders_have_a_link_that_names_every_line(client: ShopClient) -> None:
    orders = {row["id"]: row for row in table(client, "orders")}
    rows = table(client, "external_orders")
    assert 0.2 * len(orders) < len(rows) < 0.4 * len(orders)
    for row in rows:
        order = orders[row["order_id"]]
        assert [line["origin_id"] for line in row["line_items"]] == [
            line["id"] for line in order["line_items"]
        ]
        assert len({line["id"] for line in row["line_items"]}) == len(row["line_items"])
        assert order["paid_time"] < NOW
    assert len({row["id"] for row in rows}) == len(rows)


def test_the_call_gives_the_rows_of_the_table_and_nothing_for_other_orders(
    client: ShopClient,
) -> None:
    expected = {row.pop("order_id"): [row] for row in table(client, "external_orders")}
    for order in table(client, "orders")[:60]:
        assert links(client, order["id"]) == expected.get(order["id"], [])
    linked = next(iter(expected))
    assert links(client, linked, "WOOCOMMERCE") == []


def test_an_order_is_found_by_the_other_systems_id(client: ShopClient) -> None:
    row = table(client, "external_orders")[3]
    order_id = row.pop("order_id")
    query = {"platform": "SHOPIFY", "external_order_id": row["id"]}
    assert client.data("POST", SEARCH, query)["orders"] == [{"id": order_id, "external_order": row}]
    unknown = {**query, "external_order_id": "676461413038785752"}
    assert client.data("POST", SEARCH, unknown)["orders"] == []


def test_what_is_missing_is_refused_by_name(client: ShopClient) -> None:
    order_id = table(client, "orders")[0]["id"]
    for method, path, query, name in (
        ("GET", of_order(order_id), {}, "platform"),
        ("POST", SEARCH, {"platform": "SHOPIFY"}, "external_order_id"),
        ("POST", SEARCH, {"external_order_id": "1"}, "platform"),
    ):
        answer = client.call(method, path, query).json()
        assert answer["code"] == 36009004
        assert f"{name} is required" in answer["message"]
    bodies: tuple[dict[str, Any], ...] = ({}, {"orders": []}, {"orders": [{"id": order_id}]})
    for body in bodies:
        assert client.call("POST", ADD, {}, body).json()["code"] == 36009004


def test_orders_of_somebody_else_are_refused(client: ShopClient) -> None:
    other = table(client, "orders", 1)[0]["id"]
    answer = client.call("GET", of_order(other), {"platform": "SHOPIFY"}).json()
    assert answer["code"] == 21008111


def test_an_added_link_is_found_from_both_sides_and_adding_it_again_changes_nothing(
    client: ShopClient,
) -> None:
    linked = {row["order_id"] for row in table(client, "external_orders")}
    order = next(row for row in table(client, "orders") if row["id"] not in linked)
    link = {
        "id": "5550001",
        "platform": "SHOPIFY",
        "line_items": [{"id": "5550002", "origin_id": order["line_items"][0]["id"]}],
    }
    body = {"orders": [{"id": order["id"], "external_order": link}]}
    for _ in range(2):
        assert client.data("POST", ADD, {}, body)["errors"] == []
        assert links(client, order["id"]) == [link]
        query = {"platform": "SHOPIFY", "external_order_id": "5550001"}
        found = client.data("POST", SEARCH, query)["orders"]
        assert found == [{"id": order["id"], "external_order": link}]


def test_links_that_are_refused_are_told_one_by_one_beside_those_that_are_kept(
    client: ShopClient,
) -> None:
    first, second = table(client, "orders")[:2]
    foreign = {"id": "1", "origin_id": second["line_items"][0]["id"]}
    body = {
        "orders": [
            {"id": "123", "external_order": {"id": "9001", "platform": "SHOPIFY"}},
            {
                "id": first["id"],
                "external_order": {"id": "9002", "platform": "SHOPIFY", "line_items": [foreign]},
            },
            {"id": second["id"], "external_order": {"id": "9003", "platform": "SHOPIFY"}},
        ]
    }
    errors = client.data("POST", ADD, {}, body)["errors"]
    assert [error["code"] for error in errors] == ["36020001", "36020001"]
    assert [error["detail"]["order_id"] for error in errors] == ["123", first["id"]]
    assert errors[0]["message"] == "Invalid order_id"
    assert errors[0]["detail"]["external_order"] == {"id": "9001", "platform": "SHOPIFY"}
    assert links(client, second["id"])[0]["id"] == "9003"


def test_links_of_an_order_appear_after_it_was_released() -> None:
    world = small_world(300, 30, 1)
    client = in_process(world)
    before = {row["order_id"]: row for row in table(client, "external_orders")}
    world.clock.set_to(NOW + 5 * 86_400)
    after = {row["order_id"]: row for row in table(client, "external_orders")}
    assert len(after) > len(before)
    assert all(after[order_id] == row for order_id, row in before.items())
