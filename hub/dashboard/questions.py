"""What the dashboard asks of the answer engine: fields that a chart could have. Pure."""

from __future__ import annotations

from typing import Final

#: The figures on top, in their order.
FIGURES: Final = (
    *("gmv", "paid_orders", "items_sold", "customers", "avg_order_value", "refund_total"),
    "settlement_amount",
)
STATES_OF_ORDERS: Final = ("order_status", "cancellation_initiator", "cancel_reason", "orders")
STATES_OF_PRODUCTS: Final = ("product_status", "products_count")
SALES_OF_PRODUCTS: Final = ("product_id", "gmv", "items_sold")
NAMES_OF_PRODUCTS: Final = ("product_id", "product_title", "product_image_url")
MONEY_STATES: Final = ("money_state", "gmv")
