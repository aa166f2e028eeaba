"""The endpoint table: versions, bounds and filters as TikTok documents them."""

from __future__ import annotations

import string

import pytest

from tiktok_shop.endpoints import ENDPOINTS, Endpoint

# (method, versions, page sizes, sort fields, upper bound of update_time), read off the documents.
DOCUMENTED = {
    "authorized_shops": ("GET", ("202309",), None, (), None),
    "order_search": ("POST", ("202309",), (1, 100), ("create_time", "update_time"), "lt"),
    "order_detail": ("GET", ("202507", "202309"), None, (), None),
    "price_detail": ("GET", ("202407",), None, (), None),
    "product_search": ("POST", ("202502", "202309"), (1, 100), (), "le"),
    "product_detail": ("GET", ("202309",), None, (), None),
    "inventory_search": ("POST", ("202309",), None, (), None),
    "return_search": ("POST", ("202602", "202309"), (10, 50), ("create_time", "update_time"), "lt"),
    "cancellation_search": (
        "POST",
        ("202602", "202309"),
        (1, 50),
        ("create_time", "update_time"),
        "lt",
    ),
    "warehouses": ("GET", ("202309",), None, (), None),
    "statements": ("GET", ("202309",), (1, 100), ("statement_time",), "lt"),
    "statement_transactions": ("GET", ("202501",), (1, 100), ("order_create_time",), None),
    "order_statement_transactions": ("GET", ("202501",), None, (), None),
    "payments": ("GET", ("202605", "202309"), (1, 100), ("create_time",), "lt"),
    "unsettled_transactions": ("GET", ("202507",), (1, 100), ("order_create_time",), "lt"),
    "webhooks": ("GET", ("202309",), None, (), None),
    "webhook_update": ("PUT", ("202309",), None, (), None),
    "webhook_delete": ("DELETE", ("202309",), None, (), None),
    "shop_performance": ("GET", ("202509",), None, (), None),
    "shop_exposure": ("GET", ("202405",), None, (), None),
    "shop_performance_hourly": ("GET", ("202510",), None, (), None),
    "product_performance": ("GET", ("202605", "202509"), (1, 100), (), None),
    "sku_performance": ("GET", ("202509",), (1, 100), (), None),
    "video_performance": ("GET", ("202605", "202509"), (1, 100), (), None),
    "video_overview": ("GET", ("202509",), None, (), None),
    "live_performance": ("GET", ("202509",), (1, 100), (), None),
    "live_overview": ("GET", ("202509",), None, (), None),
    "fbt_warehouses": ("GET", ("202408",), None, (), None),
    "fbt_inventory_search": ("POST", ("202408",), (1, 100), (), None),
    "fbt_records_search": ("POST", ("202410",), (1, 100), (), "le"),
    "inbound_orders": ("GET", ("202409",), None, (), None),
    "external_orders": ("GET", ("202406",), None, (), None),
}


def test_the_table_says_what_the_documents_say() -> None:
    table = {}
    for name, row in ENDPOINTS.items():
        upper = {one.upper.rpartition("_")[2] for one in row.time_filters}
        assert len(upper) <= 1
        sizes = (row.paging.min_size, row.paging.max_size) if row.paging else None
        table[name] = (
            row.method,
            row.versions,
            sizes,
            row.sort_fields,
            upper.pop() if upper else None,
        )
    assert table == DOCUMENTED


@pytest.mark.parametrize("row", ENDPOINTS.values(), ids=lambda row: row.name)
def test_every_path_has_a_version_and_only_known_parameters(row: Endpoint) -> None:
    parameters = {name for _, name, _, _ in string.Formatter().parse(row.path) if name}
    assert "version" in parameters
    assert parameters <= {"version", "order_id", "product_id", "statement_id", "date"}
    assert row.path.startswith("/")


def test_only_authorized_shops_goes_without_a_cipher() -> None:
    assert [row.name for row in ENDPOINTS.values() if not row.takes_cipher] == ["authorized_shops"]


def test_a_window_of_orders_is_half_open() -> None:
    window = ENDPOINTS["order_search"].time_filter("update_time").window(1000, 2000)
    assert window == {"update_time_ge": 1000, "update_time_lt": 2000}


def test_a_window_of_products_ends_one_second_earlier_because_its_bound_is_inclusive() -> None:
    window = ENDPOINTS["product_search"].time_filter("create_time").window(1000, 2000)
    assert window == {"create_time_ge": 1000, "create_time_le": 1999}


def test_windows_side_by_side_hold_every_second_once() -> None:
    product = ENDPOINTS["product_search"].time_filter("update_time")
    first, second = product.window(0, 60), product.window(60, 120)
    assert second[product.lower] == first[product.upper] + 1


@pytest.mark.parametrize("end", [999, 1000])
def test_an_empty_window_is_refused(end: int) -> None:
    with pytest.raises(ValueError, match="empty window"):
        ENDPOINTS["order_search"].time_filter("update_time").window(1000, end)


def test_sorting_is_oldest_first_in_capitals_or_left_out() -> None:
    ascending = {"sort_field": "update_time", "sort_order": "ASC"}
    assert ENDPOINTS["order_search"].ascending("update_time") == ascending
    assert ENDPOINTS["product_search"].ascending("update_time") == {}
    only = {"sort_field": "order_create_time", "sort_order": "ASC"}
    assert ENDPOINTS["unsettled_transactions"].ascending("search_time") == only
    assert ENDPOINTS["statement_transactions"].ascending() == only


def test_lists_of_ids_have_their_documented_limits() -> None:
    assert ENDPOINTS["order_detail"].id_filter("ids").limit == 50
    assert ENDPOINTS["inventory_search"].id_filter("product_ids").limit == 100
    assert ENDPOINTS["inventory_search"].id_filter("sku_ids").limit == 600


def test_a_filter_that_a_call_does_not_have_is_a_clear_error() -> None:
    with pytest.raises(KeyError, match="warehouses cannot be filtered by update_time"):
        ENDPOINTS["warehouses"].time_filter("update_time")
    with pytest.raises(KeyError, match="warehouses cannot be filtered by ids"):
        ENDPOINTS["warehouses"].id_filter("ids")


def test_filters_travel_in_the_body_of_a_post_and_in_the_query_of_a_get() -> None:
    assert ENDPOINTS["order_search"].filters_in_body
    assert not ENDPOINTS["order_detail"].filters_in_body


def test_what_every_call_carries_is_in_the_table() -> None:
    daily = ("shop_performance", "shop_exposure", "video_overview", "live_overview")
    for name in daily:
        assert ENDPOINTS[name].always == (("granularity", "1D"),), name
    assert ENDPOINTS["external_orders"].always == (("platform", "SHOPIFY"),)
    assert not any(ENDPOINTS[name].paging for name in daily)
