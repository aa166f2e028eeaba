"""Listings and their variants (search and detail), and their stock. Two calls fill one row: each
writes only the columns it knows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from backfill.normalise.rows import Normalised, Row, by_name, each_of, inside, read_each
from backfill.normalise.shape import Record, Shape, child, children
from backfill.normalise.values import WrongShape, count, identifier, plain_text
from catalogue.tables import INVENTORY, PRODUCT_SKUS, PRODUCTS, SKU_INVENTORY
from store.commits import Write

_FOUND: Final = Shape(
    PRODUCTS,
    {
        "product_id": "id",
        **by_name(
            *("title", "status", "create_time", "update_time", "listing_quality_tier"),
            *("is_not_for_sale", "has_draft"),
        ),
        "audit_status": "audit.status",
    },
    required=("product_id", "update_time"),
)
_FOUND_SKU: Final = Shape(
    PRODUCT_SKUS,
    {
        "sku_id": "id",
        "seller_sku": "seller_sku",
        "status": "status_info.status",
        "deactivation_source": "status_info.deactivation_source",
        **inside("price", "currency", "sale_price", "tax_exclusive_price"),
        "list_price": "list_price.amount",
    },
    required=("sku_id",),
)


def normalise_product_search(records: Iterable[object]) -> Normalised:
    """Rows of products and product_skus: everything but what only the detail tells."""
    products: list[Row] = []
    skus: list[Row] = []

    def read(record: Record) -> None:
        product = _FOUND.read(record)
        regions = _comma_list(record, "sales_regions")
        shared = (product[_FOUND_ID], product[_FOUND_UPDATED])
        own = each_of(record, "skus", lambda sku: (*_FOUND_SKU.read(sku), *shared))
        products.append((*product, regions))
        skus.extend(own)

    rejected = read_each(records, "products", read)
    return Normalised(
        (
            Write(PRODUCTS, (*_FOUND.columns, "sales_regions"), products),
            Write(PRODUCT_SKUS, (*_FOUND_SKU.columns, "product_id", "update_time"), skus),
        ),
        rejected,
    )


_FOUND_ID, _FOUND_UPDATED = map(_FOUND.position, ("product_id", "update_time"))

_DETAIL: Final = Shape(
    PRODUCTS,
    {
        "product_id": "id",
        "update_time": "update_time",
        "detail_update_time": "update_time",
        "brand_id": "brand.id",
        "brand_name": "brand.name",
    },
    required=("product_id", "update_time"),
)
_DETAIL_COMPUTED: Final = (
    *("category_id", "category_name", "category_path", "main_image_url", "product_types"),
    "failed_reasons",
)
_DETAIL_SKU: Final = Shape(PRODUCT_SKUS, {"sku_id": "id"}, required=("sku_id",))
_DETAIL_ID, _DETAIL_UPDATED = map(_DETAIL.position, ("product_id", "update_time"))


def normalise_product_detail(records: Iterable[object]) -> Normalised:
    """The columns of products and product_skus that only the detail tells."""
    products: list[Row] = []
    skus: list[Row] = []

    def read(record: Record) -> None:
        product = _DETAIL.read(record)
        product += _category(record)
        product += (_first_picture(record, "main_images"), _comma_list(record, "product_types"))
        product += (_failed_reasons(record),)
        shared = (product[_DETAIL_ID], product[_DETAIL_UPDATED])
        own = each_of(record, "skus", lambda sku: (*_DETAIL_SKU.read(sku), *_variant(sku), *shared))
        products.append(tuple(product))
        skus.extend(own)

    rejected = read_each(records, "product", read)
    sku_columns = (*_DETAIL_SKU.columns, "sku_name", "image_url", "product_id", "update_time")
    return Normalised(
        (
            Write(PRODUCTS, (*_DETAIL.columns, *_DETAIL_COMPUTED), products),
            Write(PRODUCT_SKUS, sku_columns, skus),
        ),
        rejected,
    )


def _comma_list(record: Record, name: str) -> str | None:
    """A list of words as one text; TikTok's samples also show a single word without its list."""
    words = record.get(name)
    if not isinstance(words, list):
        words = [words]
    try:
        return ",".join(word for word in map(plain_text, words) if word) or None
    except WrongShape as wrong:
        raise WrongShape(wrong.reason, name) from None


def _objects(record: Record, name: str) -> list[Record]:
    found = children(record, name)
    for place, one in enumerate(found):
        if not isinstance(one, dict):
            raise WrongShape("is not an object", f"{name}[{place}]")
    return found


def _category(record: Record) -> tuple[str | None, str | None, str | None]:
    """(id of the leaf, its name, the names from root to leaf)."""
    chain = _objects(record, "category_chains")
    if not chain:
        return None, None, None
    leaf = next((link for link in chain if link.get("is_leaf")), chain[-1])
    try:
        names = [plain_text(link.get("local_name")) for link in chain]
        path = " > ".join(name for name in names if name) or None
        return identifier(leaf.get("id")), plain_text(leaf.get("local_name")), path
    except WrongShape as wrong:
        raise WrongShape(wrong.reason, "category_chains") from None


def _failed_reasons(record: Record) -> str | None:
    """The reasons of all platforms and positions (Get Product, 202309), each once."""
    name = "audit_failed_reasons"
    found = _objects(record, name)
    try:
        reasons = [plain_text(reason) for one in found for reason in children(one, "reasons")]
    except WrongShape as wrong:
        raise WrongShape(wrong.reason, name) from None
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason)) or None


def _first_picture(record: Record, name: str) -> str | None:
    pictures = _objects(record, name)
    try:
        return _url(pictures[0]) if pictures else None
    except WrongShape as wrong:
        raise wrong.under(f"{name}[0]") from None


def _url(picture: Record) -> str | None:
    urls = children(picture, "urls") or children(picture, "thumb_urls")
    return plain_text(urls[0]) if urls else None


def _variant(sku: Record) -> tuple[str | None, str | None]:
    """(the values of its attributes, such as 'Black, M'; the first picture among them)."""
    found = each_of(sku, "sales_attributes", _attribute)
    pictures = [picture for _, picture in found if picture]
    name = ", ".join(value for value, _ in found if value) or None
    return name, pictures[0] if pictures else None


def _attribute(attribute: Any) -> tuple[str | None, str | None]:
    if not isinstance(attribute, dict):
        raise WrongShape("is not an object")
    return plain_text(attribute.get("value_name")), _url(child(attribute, "sku_img"))


_STOCK: Final = Shape(
    INVENTORY,
    by_name("warehouse_id", "available_quantity", "committed_quantity"),
    required=("warehouse_id",),
)
_SKU_STOCK: Final = Shape(
    SKU_INVENTORY,
    {
        "sku_id": "id",
        **by_name("seller_sku", "total_available_quantity", "total_committed_quantity"),
    },
    required=("sku_id",),
)
_SKU_ID, _SELLER_SKU = map(_SKU_STOCK.position, ("sku_id", "seller_sku"))
_DISTRIBUTION: Final = "total_available_inventory_distribution"


def normalise_inventory(records: Iterable[object]) -> Normalised:
    """Rows of inventory (SKU and warehouse) and sku_inventory (SKU)."""
    stock: list[Row] = []
    totals: list[Row] = []

    def read(record: Record) -> None:
        product_id = identifier(record.get("product_id"))
        if product_id is None:
            raise WrongShape("is missing", "product_id")
        per_warehouse: list[Row] = []

        def read_sku(sku: Any) -> Row:
            total = _SKU_STOCK.read(sku)
            shared = (total[_SKU_ID], product_id, total[_SELLER_SKU])
            per_warehouse.extend(
                each_of(sku, "warehouse_inventory", lambda entry: (*_STOCK.read(entry), *shared))
            )
            return (*total, product_id, *_reserved(sku))

        own = each_of(record, "skus", read_sku)
        totals.extend(own)
        stock.extend(per_warehouse)

    rejected = read_each(records, "inventory", read)
    total_columns = (
        *(*_SKU_STOCK.columns, "product_id"),
        *("in_shop_quantity", "campaign_quantity", "creator_quantity"),
    )
    return Normalised(
        (
            Write(INVENTORY, (*_STOCK.columns, "sku_id", "product_id", "seller_sku"), stock),
            Write(SKU_INVENTORY, total_columns, totals),
        ),
        rejected,
    )


def _reserved(sku: Record) -> tuple[int | None, int | None, int | None]:
    """Units (freely sold, reserved for campaigns, reserved for creators); names are not kept."""
    parts = child(sku, _DISTRIBUTION)
    try:
        in_shop = count(child(parts, "in_shop_inventory").get("quantity"))
        campaign = _units(parts, "campaign_inventory")
        creator = _units(parts, "creator_inventory")
    except WrongShape as wrong:
        raise wrong.under(_DISTRIBUTION) from None
    return in_shop, campaign, creator


def _units(parts: Record, name: str) -> int | None:
    if name not in parts:
        return None
    return sum(count(entry.get("quantity")) or 0 for entry in _objects(parts, name))
