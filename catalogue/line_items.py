"""Fields of the units sold: one line item is one unit."""

from __future__ import annotations

from typing import Final

from catalogue.field import Additive, Dimension, Ratio, Unique

_GROUP: Final = "Line items"
_LINES: Final = "order_line_items"
_PAID: Final = "[orders.is_paid]"
_AFTERSALES_LINES: Final = ("return_line_items", "cancellation_line_items")
_SETTLED_SKUS: Final = "statement_transaction_skus"
_PRODUCT_TABLES: Final = ("products", "product_skus", "inventory", "sku_inventory", _SETTLED_SKUS)
_SKU_TABLES: Final = (
    *("product_skus", "inventory", "sku_inventory"),
    *(*_AFTERSALES_LINES, _SETTLED_SKUS),
)


def _line(
    field_id: str,
    label: str,
    column: str,
    about: str,
    semantic: str = "TEXT",
    also: tuple[str, ...] = (),
    looker_formula: str = "",
) -> Dimension:
    return Dimension(
        id=field_id,
        label=label,
        group=_GROUP,
        semantic=semantic,
        homes=dict.fromkeys((_LINES, *also), f"[{column}]"),
        about=about,
        looker_formula=looker_formula,
    )


def _amount(field_id: str, label: str, sql: str, about: str) -> Additive:
    return Additive(
        id=field_id, label=label, group=_GROUP, semantic="CURRENCY", on={_LINES: sql}, about=about
    )


def _units(field_id: str, label: str, where: str, about: str, fact: str = _LINES) -> Additive:
    return Additive(
        id=field_id, label=label, group=_GROUP, semantic="NUMBER", on={fact: "1"}, where=where,
        about=about,
    )  # fmt: skip


FIELDS: Final = (
    _line("line_item_id", "Line Item ID", "line_item_id", "TikTok's id of the unit."),
    Dimension(
        id="product_id", label="Product ID", group=_GROUP, semantic="TEXT",
        homes={_LINES: "[sold_product_id]", **dict.fromkeys(_PRODUCT_TABLES, "[product_id]")},
        about="TikTok's id of the listing; for what was sold in countdown auctions an id of ours "
        "that all listings of the same name share.",
    ),
    _line("product_name", "Product Name", "product_name",
          "Title of the listing when the order was placed; the title now is Product Title.",
          also=(*_AFTERSALES_LINES, _SETTLED_SKUS)),
    _line("sku_id", "SKU ID", "sku_id", "TikTok's id of the variant.", also=_SKU_TABLES),
    _line("sku_name", "SKU Name", "sku_name", "Variant values, e.g. Black, M.",
          also=(*_AFTERSALES_LINES, _SETTLED_SKUS)),
    _line("seller_sku", "Seller SKU", "seller_sku", "The seller's own code of the variant.",
          also=("inventory", "sku_inventory", *_AFTERSALES_LINES)),
    Dimension(
        id="sku_type", label="SKU Type", group=_GROUP, semantic="TEXT",
        homes={_LINES: "COALESCE([sku_type], [orders.order_type])"},
        about="NORMAL, PRE_ORDER and so on; the order's type where TikTok gives none.",
    ),
    _line("sku_image_url", "SKU Image URL", "sku_image", "Address of the variant's picture.",
          "URL"),
    _line("sku_image", "SKU Image", "sku_image", "Picture of the variant.", "IMAGE",
          looker_formula="IMAGE(sku_image_url, sku_name)"),
    _line("line_status", "Line Status", "display_status", "Status of the unit."),
    _line("package_id", "Package ID", "package_id", "TikTok's id of the package."),
    _line("package_status", "Package Status", "package_status",
          "TO_FULFILL, PROCESSING, FULFILLING, COMPLETED or CANCELLED."),
    _line("line_cancel_reason", "Line Cancel Reason", "cancel_reason",
          "Why the unit was cancelled."),
    _line("line_cancel_user", "Line Cancelled By", "cancel_user",
          "BUYER, SELLER, OPERATOR or SYSTEM."),
    _line("is_gift", "Gift", "is_gift", "True for free gifts.", "BOOLEAN"),
    _line("is_bundle", "Virtual Bundle", "is_bundle", "True for bundles of other SKUs.",
          "BOOLEAN"),
    _line("tax_type", "Tax Type", "tax_type", "Kind of tax, e.g. SALES_TAX."),
    _line("live_room_id", "LIVE Room ID", "live_room_id",
          "LIVE session in which the unit was bought (US)."),
    _units("items_sold", "Items Sold", _PAID, "Units of paid orders."),
    _units("items_sold_28d", "Items Sold (last 28 days)", _PAID,
           "Units of paid orders of the last 28 full days, whatever the date range.",
           fact="recent_line_items"),
    _units("items_ordered", "Items Ordered (all statuses)", "", "Units of orders in any status."),
    _units("items_cancelled", "Items Cancelled", "[display_status] = 'CANCELLED'",
           "Units that are cancelled now."),
    _amount("sale_price", "Sale Price", "[sale_price]",
            "Sale price after discounts of units in any status, added up."),
    Ratio(
        id="avg_sale_price", label="Avg. Sale Price", group=_GROUP, semantic="CURRENCY",
        numerator="sale_price", denominator="items_ordered", about="Sale price per unit.",
    ),
    _amount("original_price", "Original Price", "[original_price]",
            "Price before discounts of units in any status, added up."),
    _amount("line_seller_discount", "Line Seller Discount", "[seller_discount]",
            "Discounts of the seller on units in any status."),
    _amount("line_platform_discount", "Line Platform Discount", "[platform_discount]",
            "Discounts of TikTok on units in any status."),
    _amount("tax_amount", "Tax Amount", "[tax_amount]", "Tax on units in any status."),
    Ratio(
        id="tax_rate", label="Tax Rate", group=_GROUP, semantic="PERCENT",
        numerator="tax_amount", denominator="sale_price",
        about="Tax amount per sale price, so larger sales weigh more.",
    ),
    Unique(
        id="products_sold", label="Products Sold (distinct)", group=_GROUP, semantic="NUMBER",
        on={_LINES: "[sold_product_id]"}, where=_PAID,
        about="Different products in paid orders. Never add the values of several rows.",
    ),
    Unique(
        id="skus_sold", label="SKUs Sold (distinct)", group=_GROUP, semantic="NUMBER",
        on={_LINES: "[sku_id]"}, where=_PAID,
        about="Different SKUs in paid orders. Never add the values of several rows.",
    ),
    *(
        Additive(
            id=field_id, label=label, group=_GROUP, semantic="CURRENCY", on={"price_detail": sql},
            about=about,
        )
        for field_id, label, sql, about in (
            ("pd_list_price", "List Price (price detail)", "[sku_list_price]",
             "List price of the units as in the price detail."),
            ("pd_payment", "Buyer Payment (price detail)", "[payment]",
             ("What the buyer paid for the unit: product, shipping, tax and small order fee; "
             "empty where the shipping of a single unit is not known.")),
        )
    ),
)  # fmt: skip
