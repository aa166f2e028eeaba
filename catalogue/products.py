"""Fields of the catalogue: listings and their variants, as they are now."""

from __future__ import annotations

from typing import Final

from catalogue.field import Dimension, Snapshot

_PRODUCTS: Final = "Products"
_SKUS: Final = "SKUs"
#: TikTok's address works for some days only, ours as long as the picture is kept.
_PICTURE: Final = "COALESCE([shops.image_base] || [image_path], [main_image_url])"


def _product(
    field_id: str,
    label: str,
    sql: str,
    about: str,
    semantic: str = "TEXT",
    looker_formula: str = "",
) -> Dimension:
    return Dimension(
        id=field_id,
        label=label,
        group=_PRODUCTS,
        semantic=semantic,
        homes={"products": sql},
        about=about,
        looker_formula=looker_formula,
    )


def _sku(field_id: str, label: str, column: str, about: str) -> Dimension:
    return Dimension(
        id=field_id, label=label, group=_SKUS, semantic="TEXT",
        homes={"product_skus": f"[{column}]"}, about=about,
    )  # fmt: skip


def _products(field_id: str, label: str, where: str, about: str) -> Snapshot:
    return Snapshot(
        id=field_id,
        label=label,
        group=_PRODUCTS,
        semantic="NUMBER",
        on={"products": "COUNT(*)", "product_skus": "COUNT(DISTINCT [product_id])"},
        where={"products": where, "product_skus": where.replace("[", "[products.")},
        about=about,
    )


FIELDS: Final = (
    _product("product_title", "Product Title (current)", "[title]", "Title of the listing now."),
    _product("product_status", "Product Status", "[status]",
             "DRAFT, PENDING, FAILED, ACTIVATE, SELLER_DEACTIVATED, PLATFORM_DEACTIVATED, FREEZE "
             "or DELETED."),
    _product("product_audit_status", "Audit Status", "[audit_status]",
             "State of TikTok's review of the listing."),
    _product("product_failed_reason", "Why It Failed", "[failed_reasons]",
             "Why TikTok's review turned the listing down, empty otherwise."),
    _product("product_create_time", "Product Create Time", "[create_time]",
             "When the listing was made.", "YEAR_MONTH_DAY_SECOND"),
    _product("product_update_time", "Product Update Time", "[update_time]",
             "Last change of the listing.", "YEAR_MONTH_DAY_SECOND"),
    _product("category_name", "Category", "[category_name]", "Leaf category of the listing."),
    _product("category_path", "Category Path", "[category_path]",
             "Category from root to leaf."),
    _product("category_id", "Category ID", "[category_id]", "Id of the leaf category."),
    _product("brand_name", "Brand", "[brand_name]", "Brand of the listing."),
    _product("product_url", "Product Link",
             "CASE WHEN [is_auction] IS NULL THEN 'https://shop.tiktok.com/view/product/' || "
             "[product_id] END", "Address of the listing's page.", "URL"),
    _product("product_image_url", "Product Image URL", _PICTURE,
             "Address of the first picture of the listing: our copy, or TikTok's own address, "
             "which works for some days.", "URL"),
    _product("product_image", "Product Image", _PICTURE,
             "First picture of the listing.", "IMAGE",
             looker_formula="IMAGE(product_image_url, product_title)"),
    _product("listing_quality_tier", "Listing Quality", "[listing_quality_tier]",
             "POOR, FAIR or GOOD (US)."),
    _product("sales_regions", "Sales Regions", "[sales_regions]",
             "Countries the listing is sold in."),
    _product("product_types", "Product Types", "[product_types]",
             "Such as COMBINED_PRODUCT, joined with a comma."),
    _product("is_not_for_sale", "Not for Sale", "[is_not_for_sale]",
             "True for listings that are gifts only.", "BOOLEAN"),
    _products("products_count", "Products", "[is_auction] IS NULL", "Listings now, in any status."),
    _products("active_products", "Live Products", "[status] = 'ACTIVATE'",
              "Listings that can be bought now."),
    _sku("catalog_seller_sku", "Catalogue Seller SKU", "seller_sku",
         "The seller's own code of the variant, from the catalogue."),
    _sku("sku_status", "SKU Status", "status", "NORMAL or DEACTIVATED."),
    _sku("sku_deactivated_by", "SKU Deactivated By", "deactivation_source",
         "Who switched the variant off."),
    Snapshot(
        id="sku_price", label="SKU Price", group=_SKUS, semantic="CURRENCY",
        on={"product_skus": "AVG(COALESCE([sale_price], [tax_exclusive_price]))"},
        about="Average price of the variants now.", is_average=True,
    ),
    Snapshot(
        id="sku_list_price", label="SKU List Price", group=_SKUS, semantic="CURRENCY",
        on={"product_skus": "AVG([list_price])"},
        about="Average list price of the variants now (US).", is_average=True,
    ),
    Snapshot(
        id="skus_count", label="SKUs", group=_SKUS, semantic="NUMBER",
        on={"product_skus": "COUNT(*)"}, about="Variants now.",
    ),
)  # fmt: skip
