"""Where dimensions live that are the same on every fact: the product, the SKU, the currency."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_LINES: Final = "order_line_items"
_AFTERSALES_LINES: Final = ("return_line_items", "cancellation_line_items")
_SETTLED_SKUS: Final = "statement_transaction_skus"
_STOCK: Final = ("inventory", "sku_inventory")
_PRODUCT_DAYS: Final = "product_performance_daily"
_SKU_DAYS: Final = "sku_performance_daily"
_NOW: Final = "[products.title]"

#: Of a unit whose order is older than all that was read, its SKU tells the product.
RETURNED_PRODUCT: Final = "COALESCE([order_line_items.sold_product_id], [product_skus.product_id])"
PRODUCT_ID: Final[Mapping[str, str]] = {
    _LINES: "[sold_product_id]",
    **dict.fromkeys(("products", "product_skus", *_STOCK, _SETTLED_SKUS), "[product_id]"),
    **dict.fromkeys((_PRODUCT_DAYS, _SKU_DAYS), "[product_id]"),
    **dict.fromkeys(_AFTERSALES_LINES, RETURNED_PRODUCT),
}
#: What is not about a sale has no name of that time, only that of now.
PRODUCT_NAME: Final[Mapping[str, str]] = {
    **dict.fromkeys((_LINES, *_AFTERSALES_LINES, _SETTLED_SKUS), "[product_name]"),
    **dict.fromkeys((*_STOCK, "fbt_inventory", _PRODUCT_DAYS, _SKU_DAYS), _NOW),
}
SKU_ID: Final[Mapping[str, str]] = dict.fromkeys(
    (
        *(_LINES, "product_skus", *_STOCK, *_AFTERSALES_LINES, _SETTLED_SKUS),
        *("fbt_inventory", _SKU_DAYS),
    ),
    "[sku_id]",
)
SKU_NAME: Final[Mapping[str, str]] = {
    **dict.fromkeys((_LINES, *_AFTERSALES_LINES, _SETTLED_SKUS), "[sku_name]"),
    **dict.fromkeys((*_STOCK, "fbt_inventory", _SKU_DAYS), "[product_skus.sku_name]"),
}
SELLER_SKU: Final[Mapping[str, str]] = {
    **dict.fromkeys((_LINES, *_STOCK, *_AFTERSALES_LINES), "[seller_sku]"),
    **dict.fromkeys((_SETTLED_SKUS, "fbt_inventory", _SKU_DAYS), "[product_skus.seller_sku]"),
}

_OWN_CURRENCY: Final = (
    *("orders", _LINES, "order_line_item_price_detail", "product_skus"),
    *("statements", "statement_transactions", _SETTLED_SKUS, "payments"),
    "unsettled_transactions",
)
_AFTERSALES: Final = ("returns", "cancellations", *_AFTERSALES_LINES)
_ANALYTICS: Final = (
    *("shop_performance_daily", "shop_performance_hourly", _PRODUCT_DAYS, _SKU_DAYS),
    *("video_performance_daily", "live_sessions"),
)
CURRENCY: Final[Mapping[str, str]] = {
    **dict.fromkeys(_OWN_CURRENCY, "[currency]"),
    # A replacement has no refund and so no currency of its own.
    **dict.fromkeys(_AFTERSALES, "COALESCE([currency], [orders.currency])"),
    # A day of visits alone has none.
    **dict.fromkeys(_ANALYTICS, "COALESCE([currency], [shops.currency])"),
    "external_orders": "[orders.currency]",
    "shops": "[currency]",
}


def at_home(table: str, homes: Mapping[str, str]) -> dict[str, str]:
    """The same homes, `table` first: read there when nothing else is asked for."""
    return {table: homes[table], **homes}
