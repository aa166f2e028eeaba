"""Listings, variants, stock and warehouses: payload in, rows out."""

from __future__ import annotations

from typing import Any

import pytest

from backfill.normalise.products import (
    normalise_inventory,
    normalise_product_detail,
    normalise_product_search,
)
from backfill.normalise.rows import Normalised
from backfill.normalise.shop import normalise_shops, normalise_warehouses


def rows(normalised: Normalised, table: str) -> list[dict[str, Any]]:
    (write,) = [one for one in normalised.writes if one.table.name == table]
    return [dict(zip(write.columns, row, strict=True)) for row in write.rows]


def listing(**changes: Any) -> dict[str, Any]:
    made = {
        "id": "1729000000000000001",
        "title": "Trail Mug 🥾",
        "status": "ACTIVATE",
        "create_time": 1_600_000_000,
        "update_time": 1_700_000_000,
        "audit": {"status": "APPROVED"},
        "sales_regions": ["US", "GB"],
        "is_not_for_sale": False,
        "has_draft": True,
        "listing_quality_tier": "GOOD",
        "skus": [
            {
                "id": "1730000000000000001",
                "seller_sku": "MUG-1",
                "price": {"currency": "USD", "sale_price": "9.90", "tax_exclusive_price": "9.00"},
                "list_price": {"amount": "12.00", "currency": "USD"},
                "status_info": {"status": "DEACTIVATED", "deactivation_source": "SELLER"},
                "inventory": [{"quantity": 5, "warehouse_id": "7"}],
            },
            {"id": 1730000000000000002},
        ],
    }
    return {**made, **changes}


def test_a_found_product_becomes_a_row_and_its_skus_rows() -> None:
    normalised = normalise_product_search([listing()])
    assert normalised.rejected == ()
    assert rows(normalised, "products") == [
        {
            "product_id": "1729000000000000001",
            "title": "Trail Mug 🥾",
            "status": "ACTIVATE",
            "create_time": 1_600_000_000,
            "update_time": 1_700_000_000,
            "audit_status": "APPROVED",
            "sales_regions": "US,GB",
            "is_not_for_sale": 0,
            "has_draft": 1,
            "listing_quality_tier": "GOOD",
        }
    ]
    first, second = rows(normalised, "product_skus")
    assert first == {
        "sku_id": "1730000000000000001",
        "product_id": "1729000000000000001",
        "seller_sku": "MUG-1",
        "status": "DEACTIVATED",
        "deactivation_source": "SELLER",
        "currency": "USD",
        "sale_price": "9.90",
        "tax_exclusive_price": "9.00",
        "list_price": "12.00",
        "update_time": 1_700_000_000,
    }
    assert second["sku_id"] == "1730000000000000002"
    assert second["sale_price"] is None


def test_the_search_says_nothing_about_what_only_the_detail_knows() -> None:
    columns = {name for write in normalise_product_search([]).writes for name in write.columns}
    for name in ("category_name", "brand_name", "main_image_url", "sku_name", "image_url"):
        assert name not in columns
    assert "detail_update_time" not in columns


def detail(**changes: Any) -> dict[str, Any]:
    made = {
        "id": "1729000000000000001",
        "title": "Trail Mug",
        "update_time": 1_700_000_500,
        "description": "<p>Long text</p>",
        "brand": {"id": "7082", "name": "North Wall"},
        "category_chains": [
            {"id": "1", "local_name": "Home", "is_leaf": False, "parent_id": "0"},
            {"id": "2", "local_name": "Kitchen", "is_leaf": False, "parent_id": "1"},
            {"id": "3", "local_name": "Mugs", "is_leaf": True, "parent_id": "2"},
        ],
        "main_images": [
            {"urls": ["https://img.example/1.png", "https://img.example/1b.png"]},
            {"urls": ["https://img.example/2.png"]},
        ],
        "product_types": ["COMBINED_PRODUCT", "AUCTION"],
        "audit_failed_reasons": [
            {"position": "title", "reasons": ["Not clear.", "Too long."]},
            {"position": "product", "reasons": ["Not clear."], "suggestions": ["Name it."]},
            {"position": "images"},
        ],
        "skus": [
            {
                "id": "1730000000000000001",
                "sales_attributes": [
                    {"name": "Color", "value_name": "Black"},
                    {
                        "name": "Size",
                        "value_name": "M",
                        "sku_img": {"thumb_urls": ["https://img.example/m.png"]},
                    },
                ],
            },
            {"id": "1730000000000000002"},
        ],
    }
    return {**made, **changes}


def test_a_detail_fills_the_columns_the_search_leaves() -> None:
    normalised = normalise_product_detail([detail()])
    assert normalised.rejected == ()
    assert rows(normalised, "products") == [
        {
            "product_id": "1729000000000000001",
            "update_time": 1_700_000_500,
            "detail_update_time": 1_700_000_500,
            "brand_id": "7082",
            "brand_name": "North Wall",
            "category_id": "3",
            "category_name": "Mugs",
            "category_path": "Home > Kitchen > Mugs",
            "main_image_url": "https://img.example/1.png",
            "product_types": "COMBINED_PRODUCT,AUCTION",
            "failed_reasons": "Not clear.; Too long.",
        }
    ]
    assert rows(normalised, "product_skus") == [
        {
            "sku_id": "1730000000000000001",
            "product_id": "1729000000000000001",
            "update_time": 1_700_000_500,
            "sku_name": "Black, M",
            "image_url": "https://img.example/m.png",
        },
        {
            "sku_id": "1730000000000000002",
            "product_id": "1729000000000000001",
            "update_time": 1_700_000_500,
            "sku_name": None,
            "image_url": None,
        },
    ]


def test_without_a_leaf_the_last_category_is_the_leaf() -> None:
    chain = [{"id": "1", "local_name": "Home"}, {"id": "2", "local_name": "Kitchen"}]
    (row,) = rows(normalise_product_detail([detail(category_chains=chain)]), "products")
    assert (row["category_id"], row["category_name"]) == ("2", "Kitchen")


def test_a_detail_without_category_brand_pictures_and_skus_is_kept() -> None:
    bare = {"id": "5", "update_time": 6}
    (row,) = rows(normalise_product_detail([bare]), "products")
    assert row["product_id"] == "5"
    assert row["category_path"] is None
    assert row["main_image_url"] is None
    assert row["failed_reasons"] is None


def test_a_single_word_where_a_list_should_be_is_taken_as_it_is() -> None:
    (row,) = rows(normalise_product_detail([detail(product_types="GIFT")]), "products")
    assert row["product_types"] == "GIFT"


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"update_time": None}, "product[0].update_time"),
        ({"brand": []}, "product[0].brand"),
        ({"category_chains": ["x"]}, "product[0].category_chains[0]"),
        ({"category_chains": [{"local_name": {}}]}, "product[0].category_chains"),
        ({"main_images": {"urls": []}}, "product[0].main_images"),
        ({"main_images": [{"urls": "https://img"}]}, "product[0].main_images[0].urls"),
        ({"product_types": [{}]}, "product[0].product_types"),
        ({"audit_failed_reasons": [{"reasons": [{}]}]}, "product[0].audit_failed_reasons"),
        ({"skus": [{}]}, "product[0].skus[0].id"),
        (
            {"skus": [{"id": "1", "sales_attributes": [1]}]},
            "product[0].skus[0].sales_attributes[0]",
        ),
    ],
)
def test_a_detail_of_a_wrong_shape_is_put_aside(changes: dict[str, Any], path: str) -> None:
    normalised = normalise_product_detail([detail(**changes), detail(id="2")])
    assert [found for found, _ in normalised.rejected] == [path]
    assert [row["product_id"] for row in rows(normalised, "products")] == ["2"]


def test_a_product_whose_sku_cannot_be_read_is_put_aside_with_all_its_skus() -> None:
    bad = listing(skus=[{"id": "1"}, {"id": "2", "price": {"sale_price": "free"}}])
    normalised = normalise_product_search([bad])
    assert normalised.rejected == (
        ("products[0].skus[1].price.sale_price", "is not a decimal number"),
    )
    assert rows(normalised, "products") == rows(normalised, "product_skus") == []


def stock(**changes: Any) -> dict[str, Any]:
    sku = {
        "id": "1730000000000000001",
        "seller_sku": "MUG-1",
        "total_available_quantity": 30,
        "total_committed_quantity": "4",
        "total_available_inventory_distribution": {
            "in_shop_inventory": {"quantity": 12},
            "campaign_inventory": [
                {"campaign_name": "Sale", "quantity": 7},
                {"campaign_name": "Sale 2", "quantity": 1},
            ],
            "creator_inventory": [{"creator_name": "Test Person 1", "quantity": 10}],
        },
        "warehouse_inventory": [
            {"warehouse_id": "71", "available_quantity": 20, "committed_quantity": 4},
            {"warehouse_id": 72, "available_quantity": 10},
        ],
    }
    return {"product_id": "1729000000000000001", "skus": [{**sku, **changes}]}


def test_stock_is_kept_per_warehouse_and_per_sku() -> None:
    normalised = normalise_inventory([stock()])
    assert rows(normalised, "inventory") == [
        {
            "sku_id": "1730000000000000001",
            "warehouse_id": "71",
            "product_id": "1729000000000000001",
            "seller_sku": "MUG-1",
            "available_quantity": 20,
            "committed_quantity": 4,
        },
        {
            "sku_id": "1730000000000000001",
            "warehouse_id": "72",
            "product_id": "1729000000000000001",
            "seller_sku": "MUG-1",
            "available_quantity": 10,
            "committed_quantity": None,
        },
    ]
    assert rows(normalised, "sku_inventory") == [
        {
            "sku_id": "1730000000000000001",
            "product_id": "1729000000000000001",
            "seller_sku": "MUG-1",
            "total_available_quantity": 30,
            "total_committed_quantity": 4,
            "in_shop_quantity": 12,
            "campaign_quantity": 8,
            "creator_quantity": 10,
        }
    ]


def test_no_word_about_reservations_is_not_zero_reservations() -> None:
    changes: dict[str, Any] = {"total_available_inventory_distribution": {"creator_inventory": []}}
    (row,) = rows(normalise_inventory([stock(**changes)]), "sku_inventory")
    assert (row["in_shop_quantity"], row["campaign_quantity"]) == (None, None)
    assert row["creator_quantity"] == 0


@pytest.mark.parametrize(
    ("record", "path"),
    [
        ({"skus": []}, "inventory[0].product_id"),
        (stock(id=None), "inventory[0].skus[0].id"),
        (stock(total_available_quantity="many"), "inventory[0].skus[0].total_available_quantity"),
        (
            stock(warehouse_inventory=[{}]),
            "inventory[0].skus[0].warehouse_inventory[0].warehouse_id",
        ),
        (
            stock(total_available_inventory_distribution={"campaign_inventory": [3]}),
            "inventory[0].skus[0].total_available_inventory_distribution.campaign_inventory[0]",
        ),
    ],
)
def test_stock_of_a_wrong_shape_is_put_aside(record: dict[str, Any], path: str) -> None:
    normalised = normalise_inventory([record])
    assert [found for found, _ in normalised.rejected] == [path]
    assert rows(normalised, "inventory") == rows(normalised, "sku_inventory") == []


def test_of_a_warehouse_address_only_country_state_and_city_are_kept() -> None:
    warehouse = {
        "id": "7000000000000000001",
        "name": "Main",
        "type": "SALES_WAREHOUSE",
        "sub_type": "DOMESTIC_WAREHOUSE",
        "effect_status": "ENABLED",
        "is_default": True,
        "entity_id": "9",
        "address": {
            "region": "United States",
            "region_code": "US",
            "state": "Texas",
            "city": "Austin",
            "distict": "Downtown",
            "contact_person": "Test Person 1",
            "phone_number": "000",
            "full_address": "1 Test Street",
            "geolocation": {"latitude": "1", "longitude": "2"},
        },
    }
    normalised = normalise_warehouses([warehouse, {"name": "without id"}])
    assert rows(normalised, "warehouses") == [
        {
            "warehouse_id": "7000000000000000001",
            "name": "Main",
            "type": "SALES_WAREHOUSE",
            "sub_type": "DOMESTIC_WAREHOUSE",
            "effect_status": "ENABLED",
            "entity_id": "9",
            "is_default": 1,
            "region_code": "US",
            "state": "Texas",
            "city": "Austin",
        }
    ]
    assert normalised.rejected == (("warehouses[1].id", "is missing"),)


def test_a_shop_is_kept_without_its_cipher() -> None:
    listed = {
        "id": "7495",
        "name": "Test Shop 1",
        "code": "USLC1",
        "region": "US",
        "seller_type": "LOCAL",
        "cipher": "canary-cipher",
    }
    assert rows(normalise_shops([listed], "USD", "America/Chicago"), "shops") == [
        {
            "shop_id": "7495",
            "name": "Test Shop 1",
            "code": "USLC1",
            "region": "US",
            "seller_type": "LOCAL",
            "currency": "USD",
            "time_zone": "America/Chicago",
        }
    ]
