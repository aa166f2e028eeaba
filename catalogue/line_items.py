"""Fields of the units sold: one line item is one unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from catalogue.conformed import PRODUCT_ID, PRODUCT_NAME, SELLER_SKU, SKU_ID, SKU_NAME
from catalogue.field import Additive, Dimension, Entire, Ratio, Unique

_GROUP: Final = "Line items"
_LINES: Final = "order_line_items"
_PAID: Final = "[orders.is_paid]"
#: Ends the sentence of what an order tells as a whole, and only TikTok for each of its units.
_ALONE: Final = " Empty where it is not known of every single unit."


def _line(
    field_id: str,
    label: str,
    column: str,
    about: str,
    semantic: str = "TEXT",
    looker_formula: str = "",
) -> Dimension:
    return Dimension(
        id=field_id,
        label=label,
        group=_GROUP,
        semantic=semantic,
        homes={_LINES: f"[{column}]"},
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


def _conformed(field_id: str, label: str, homes: Mapping[str, str], about: str) -> Dimension:
    return Dimension(
        id=field_id, label=label, group=_GROUP, semantic="TEXT", homes=homes, about=about
    )


FIELDS: Final = (
    _line("line_item_id", "Line Item ID", "line_item_id", "TikTok's id of the unit."),
    _conformed("product_id", "Product ID", PRODUCT_ID,
               "TikTok's id of the listing; for what was sold in countdown auctions an id of ours "
               "that all listings of the same name share."),
    _conformed("product_name", "Product Name", PRODUCT_NAME,
               "Title of the listing when the order was placed. Beside stock and TikTok's own "
               "figures it is the title now, which is also Product Title."),
    _conformed("sku_id", "SKU ID", SKU_ID, "TikTok's id of the variant."),
    _conformed("sku_name", "SKU Name", SKU_NAME, "Variant values, e.g. Black, M."),
    _conformed("seller_sku", "Seller SKU", SELLER_SKU, "The seller's own code of the variant."),
    _line("listing_id", "Listing ID (TikTok)", "product_id",
          "TikTok's own id of the listing, also where it is one of a countdown auction."),
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
    _line("line_shipped_time", "Line Shipped Time", "rts_time",
          "When the seller arranged the shipment of the unit.", "YEAR_MONTH_DAY_SECOND"),
    _line("line_shipping_provider", "Line Shipping Provider", "shipping_provider_name",
          "Name of the unit's carrier."),
    _line("is_dangerous_good", "Dangerous Good", "is_dangerous_good",
          "True for dangerous goods.", "BOOLEAN"),
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
    _amount("gift_value", "Gift Value", "[gift_retail_price]",
            "What units given for free would have cost, in any status."),
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
        (Entire if is_untold else Additive)(
            id=field_id, label=label, group=_GROUP, semantic="CURRENCY",
            on={"price_detail": f"[{column}]"}, about=about + (_ALONE if is_untold else ""),
        )
        for field_id, label, column, is_untold, about in (
            ("pd_list_price", "List Price (price detail)", "sku_list_price", False,
             "List price of the units as in the price detail."),
            ("pd_sale_price", "Sale Price (price detail)", "sku_sale_price", False,
             "List price of the units less the discounts of seller and TikTok."),
            ("pd_seller_discount", "Seller Discount (price detail)", "subtotal_deduction_seller",
             False, "Discounts of the seller on the units."),
            ("pd_platform_discount", "Platform Discount (price detail)",
             "subtotal_deduction_platform", False, "Discounts of TikTok on the units."),
            ("pd_subtotal", "Subtotal (price detail)", "subtotal", True,
             "The units after discounts, with tax."),
            ("pd_tax", "Tax (price detail)", "tax_amount", True,
             "Tax on the units, with that on their freight."),
            ("pd_net_price", "Net Price (price detail)", "net_price_amount", True,
             "What TikTok calls the net price of the units: after tax."),
            ("pd_shipping_list_price", "Shipping List Price (price detail)",
             "shipping_list_price", True, "Freight of the units before discounts."),
            ("pd_shipping", "Shipping (price detail)", "shipping_sale_price", True,
             "Freight of the units after discounts."),
            ("pd_shipping_seller_discount", "Seller Shipping Discount (price detail)",
             "shipping_fee_deduction_seller", True, "Freight of the units the seller bears."),
            ("pd_shipping_platform_discount", "Platform Shipping Discount (price detail)",
             "shipping_fee_deduction_platform", True, "Freight of the units TikTok bears."),
            ("pd_payment", "Buyer Payment (price detail)", "payment", True,
             "What the buyer paid for the unit: product, shipping, tax and small order fee."),
            ("pd_seller_voucher", "Seller Voucher Deduction", "voucher_deduction_seller", True,
             "Vouchers of the seller on the units."),
            ("pd_platform_voucher", "Platform Voucher Deduction", "voucher_deduction_platform",
             True, "Vouchers of TikTok on the units."),
        )
    ),
)  # fmt: skip
