"""What the fields of the catalogue and of stock show and count: the newest state, no dates."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from benchmarks.oracle_kinds import (
    SECOND,
    Average,
    Dimension,
    Distinct,
    Metric,
    Ratio,
    Shown,
    Sum,
    shown_flag,
    shown_moment,
    shown_text,
)
from benchmarks.oracle_rows import Row, is_paid, number, text, within

_PAGE: Final = "https://shop.tiktok.com/view/product/"


def _category_path(row: Row) -> str | None:
    names = [text(each.get("local_name")) for each in row.product.get("category_chains") or ()]
    return " > ".join(name for name in names if name)


def _leaf_category(name: str) -> Callable[[Row], str | None]:
    def leaf(row: Row) -> str | None:
        for category in row.product.get("category_chains") or ():
            if category.get("is_leaf"):
                return text(category.get(name))
        return None

    return leaf


def _first_picture(row: Row) -> str | None:
    for picture in row.product.get("main_images") or ():
        for url in picture.get("urls") or ():
            return text(url)
    return None


def _page(row: Row) -> str | None:
    """The listing's page; what is made of many auctions has none."""
    known = row.product and not row.product.get("made_by_us")
    return f"{_PAGE}{row.product_id}" if known else None


def _joined(name: str) -> Callable[[Row], str]:
    return lambda row: ",".join(row.product.get(name) or ())


def _failed_reasons(row: Row) -> str:
    failures = row.product.get("audit_failed_reasons") or ()
    return "; ".join(
        dict.fromkeys(reason for failure in failures for reason in failure.get("reasons") or ())
    )


def _of_product(take: Callable[[Row], object]) -> Dimension:
    return shown_text("product", "products", take)


def _product_text(*path: str) -> Dimension:
    return _of_product(lambda row: within(row.product, *path))


def _product_second(name: str) -> Dimension:
    return shown_moment("product", "products", lambda row: row.product.get(name), SECOND)


def _sku_text(*path: str) -> Dimension:
    return shown_text("sku", "skus", lambda row: within(row.sku, *path))


def _place(*path: str) -> Dimension:
    return shown_text("warehouse", "warehouses", lambda row: within(row.warehouse, *path))


def _is_fbt(row: Row) -> Shown:
    return bool(row.warehouse["is_fbt"]) if row.warehouse else None


STOCK_DIMENSIONS: Final[dict[str, Dimension]] = {
    "product_title": _product_text("title"),
    "product_status": _product_text("status"),
    "product_audit_status": _product_text("audit", "status"),
    "product_failed_reason": _of_product(_failed_reasons),
    "product_create_time": _product_second("create_time"),
    "product_update_time": _product_second("update_time"),
    "category_name": _of_product(_leaf_category("local_name")),
    "category_id": _of_product(_leaf_category("id")),
    "category_path": _of_product(_category_path),
    "brand_name": _product_text("brand", "name"),
    "product_image": _of_product(_first_picture),
    "product_image_url": _of_product(_first_picture),
    "product_url": _of_product(_page),
    "listing_quality_tier": _product_text("listing_quality_tier"),
    "sales_regions": _of_product(_joined("sales_regions")),
    "product_types": _of_product(_joined("product_types")),
    "is_not_for_sale": shown_flag(
        "product", "products", lambda row: row.product.get("is_not_for_sale")
    ),
    "catalog_seller_sku": _sku_text("seller_sku"),
    "sku_status": _sku_text("status_info", "status"),
    "sku_deactivated_by": _sku_text("status_info", "deactivation_source"),
    "inventory_warehouse_id": shown_text(
        "stock", "warehouse_stock", lambda row: row.stock.get("warehouse_id")
    ),
    "warehouse_id": shown_text("warehouse_id", "orders", lambda row: row.warehouse_id),
    "warehouse_name": _place("name"),
    "warehouse_type": _place("type"),
    "warehouse_sub_type": _place("sub_type"),
    "warehouse_status": _place("effect_status"),
    "warehouse_region_code": _place("address", "region_code"),
    "warehouse_state": _place("address", "state"),
    "warehouse_city": _place("address", "city"),
    "is_fbt_warehouse": shown_flag("warehouse", "warehouses", _is_fbt),
}


def _sku_price(row: Row) -> Decimal | None:
    sale = number(within(row.sku, "price", "sale_price"))
    return number(within(row.sku, "price", "tax_exclusive_price")) if sale is None else sale


def _distributed(name: str) -> Sum:
    """Units that are set aside for many, each with a name."""

    def value(row: Row) -> int:
        shares = within(row.sku_stock, "total_available_inventory_distribution", name)
        return sum(int(share.get("quantity") or 0) for share in shares or ())

    return Sum(("sku_stock",), value)


def _in_stock(row: Row) -> int:
    return int(row.sku_stock.get("total_available_quantity") or 0)


def _sold_recently(row: Row) -> int:
    return int(is_paid(row.order))


STOCK_METRICS: Final[dict[str, Metric]] = {
    "products_count": Distinct(
        ("products", "skus"),
        lambda row: None if row.product.get("made_by_us") else row.product_id,
    ),
    "active_products": Distinct(
        ("products", "skus"),
        lambda row: row.product_id if row.product.get("status") == "ACTIVATE" else None,
    ),
    "skus_count": Distinct(("skus",), lambda row: row.sku_id),
    "sku_price": Average(("skus",), _sku_price, is_money=True),
    "sku_list_price": Average(
        ("skus",), lambda row: number(within(row.sku, "list_price", "amount")), is_money=True
    ),
    "available_quantity": Sum(
        ("warehouse_stock",), lambda row: int(row.stock.get("available_quantity") or 0)
    ),
    "committed_quantity": Sum(
        ("warehouse_stock",), lambda row: int(row.stock.get("committed_quantity") or 0)
    ),
    "total_available_quantity": Sum(("sku_stock",), _in_stock),
    "total_committed_quantity": Sum(
        ("sku_stock",), lambda row: int(row.sku_stock.get("total_committed_quantity") or 0)
    ),
    "in_shop_quantity": Sum(
        ("sku_stock",),
        lambda row: number(
            within(
                row.sku_stock,
                "total_available_inventory_distribution",
                "in_shop_inventory",
                "quantity",
            )
        ),
    ),
    "campaign_inventory": _distributed("campaign_inventory"),
    "creator_inventory": _distributed("creator_inventory"),
    "out_of_stock_skus": Distinct(
        ("sku_stock",), lambda row: row.sku_id if _in_stock(row) == 0 else None
    ),
    "days_of_stock": Ratio("total_available_quantity", "items_sold_28d", times=28),
    "items_sold_28d": Sum(("recent_lines",), _sold_recently),
}
