"""The facts: which table is read, on which time axis, and which tables a fact reaches."""

from __future__ import annotations

from typing import Final

from catalogue.conformed import RETURNED_PRODUCT
from catalogue.fact import Fact, Join
from catalogue.facts_analytics import ANALYTICS_FACTS
from catalogue.tables import TABLES

__all__ = ["FACTS", "SHOP_VALUES", "Fact", "Join"]

#: What an answer knows of a shop besides the columns of `shops`; a field may refer to it likewise.
SHOP_VALUES: Final = {
    "image_base": "Public address of this installation, where it serves the pictures it keeps.",
    "now": "The moment of the answer, UTC epoch seconds, cut to five minutes.",
}

_PRODUCT: Final = Join("products", "product_id", "product_id")
_SKU: Final = Join("product_skus", "sku_id", "sku_id")
_SKU_PRODUCT: Final = Join("products", "product_skus.product_id", "product_id")
_WAREHOUSE: Final = Join("warehouses", "warehouse_id", "warehouse_id")
_FBT_WAREHOUSE: Final = Join("warehouses", "fbt_warehouse_id", "warehouse_id")
_ORDER: Final = Join("orders", "order_key", "order_key")
_ORDER_LINE: Final = Join("order_line_items", "line_key", "line_key")
_SOLD_PRODUCT: Final = Join("products", "sold_product_id", "product_id")
_LINE_PRODUCT: Final = Join("products", "order_line_items.sold_product_id", "product_id")
_RETURNED_PRODUCT: Final = Join("products", RETURNED_PRODUCT, "product_id")
_LINE_SKU: Final = Join("product_skus", "order_line_items.sku_id", "sku_id")
_ORDER_WAREHOUSE: Final = Join("warehouses", "orders.warehouse_id", "warehouse_id")
_MONEY: Final = Join("order_money", "order_key", "order_key")
_REFERENCES: Final = Join("order_references", "order_id", "order_id")
#: What every record about an order reaches.
_OF_ORDER: Final = (_ORDER, _ORDER_WAREHOUSE, _MONEY, _REFERENCES)
#: Likewise where the record itself may name the order in several ways.
_OF_SETTLED_ORDER: Final = (
    *(_ORDER, _ORDER_WAREHOUSE, _MONEY),
    Join("order_references", "orders.order_id", "order_id"),
)
_LINE_JOINS: Final = (
    *(*_OF_ORDER, _SOLD_PRODUCT, _SKU),
    Join("buyers", "orders.buyer_key", "buyer_key"),
)
_RETURN_JOINS: Final = (
    Join("returns", "return_key", "return_key"),
    *(*_OF_ORDER, _ORDER_LINE, _RETURNED_PRODUCT, _SKU),
)
_CANCELLATION_JOINS: Final = (
    Join("cancellations", "cancel_key", "cancel_key"),
    *(*_OF_ORDER, _ORDER_LINE, _RETURNED_PRODUCT, _SKU),
)
_STATEMENT: Final = Join("statements", "statement_key", "statement_key")
_ORDER_AXES: Final = {"created": "create_time", "paid": "paid_time"}
_LINE_AXES: Final = {"created": "create_time", "paid": "orders.paid_time"}
_BY_ORDER_AXES: Final = {"created": "orders.create_time", "paid": "orders.paid_time"}

#: Coarsest first: where several facts could answer, the first is read.
FACTS: Final[dict[str, Fact]] = {
    fact.name: fact
    for fact in (
        Fact(name="shops", about="Connected shops.", table=TABLES["shops"], fed_by="shops"),
        Fact(
            name="warehouses",
            about="The seller's warehouses.",
            table=TABLES["warehouses"],
            fed_by="warehouses",
        ),
        Fact(
            name="products",
            about="Listings as they are now.",
            table=TABLES["products"],
            fed_by="products",
        ),
        Fact(
            name="product_skus",
            about="Variants as they are now.",
            table=TABLES["product_skus"],
            joins=(_PRODUCT,),
            fed_by="products",
        ),
        Fact(
            name="orders",
            about="Orders.",
            table=TABLES["orders"],
            axes=_ORDER_AXES,
            joins=(_WAREHOUSE, _MONEY, _REFERENCES, Join("buyers", "buyer_key", "buyer_key")),
            fed_by="orders",
        ),
        Fact(
            name="order_line_items",
            about="Units sold.",
            table=TABLES["order_line_items"],
            axes=_LINE_AXES,
            joins=_LINE_JOINS,
            fed_by="orders",
        ),
        Fact(
            name="recent_line_items",
            about="Units sold in the last 28 full days, whatever the date range.",
            table=TABLES["order_line_items"],
            axes=_LINE_AXES,
            joins=_LINE_JOINS,
            window_days=28,
            fed_by="orders",
        ),
        Fact(
            name="price_detail",
            about="Price composition of units sold.",
            table=TABLES["order_line_item_price_detail"],
            axes=_LINE_AXES,
            joins=(*_OF_ORDER, _ORDER_LINE, _LINE_PRODUCT, _LINE_SKU),
            fed_by="orders",
        ),
        Fact(
            name="sku_inventory",
            about="Stock per SKU now.",
            table=TABLES["sku_inventory"],
            joins=(_SKU, _PRODUCT),
            fed_by="inventory",
        ),
        Fact(
            name="inventory",
            about="Stock per SKU and warehouse now.",
            table=TABLES["inventory"],
            joins=(_SKU, _PRODUCT, _WAREHOUSE),
            fed_by="inventory",
        ),
        Fact(
            name="returns",
            about="Return and refund requests, by their creation.",
            table=TABLES["returns"],
            axes={"own": "create_time"},
            joins=_OF_ORDER,
            fed_by="returns",
        ),
        Fact(
            name="return_line_items",
            about="Returned units, by the creation of the return.",
            table=TABLES["return_line_items"],
            axes={"own": "create_time"},
            joins=_RETURN_JOINS,
            fed_by="returns",
        ),
        Fact(
            name="returns_by_order_date",
            about="Returned units, booked on the date of their order.",
            table=TABLES["return_line_items"],
            axes=_BY_ORDER_AXES,
            joins=_RETURN_JOINS,
            fed_by="returns",
        ),
        Fact(
            name="cancellations",
            about="Cancellation requests, by their creation.",
            table=TABLES["cancellations"],
            axes={"own": "create_time"},
            joins=_OF_ORDER,
            fed_by="cancellations",
        ),
        Fact(
            name="cancellation_line_items",
            about="Cancelled units, by the creation of the cancellation.",
            table=TABLES["cancellation_line_items"],
            axes={"own": "create_time"},
            joins=_CANCELLATION_JOINS,
            fed_by="cancellations",
        ),
        Fact(
            name="cancellations_by_order_date",
            about="Cancelled units, booked on the date of their order.",
            table=TABLES["cancellation_line_items"],
            axes=_BY_ORDER_AXES,
            joins=_CANCELLATION_JOINS,
            fed_by="cancellations",
        ),
        Fact(
            name="statements",
            about="What TikTok settles, by the time of the statement.",
            table=TABLES["statements"],
            axes={"own": "statement_time"},
            by_hour=False,
            fed_by="statements",
        ),
        Fact(
            name="statement_transactions",
            about="Settled records, by the time of their statement.",
            table=TABLES["statement_transactions"],
            axes={"own": "statement_time"},
            joins=(_STATEMENT, *_OF_SETTLED_ORDER),
            by_hour=False,
            fed_by="statement_transactions",
        ),
        Fact(
            name="statement_transaction_skus",
            about="Settled records by SKU, by the time of their statement; optional.",
            table=TABLES["statement_transaction_skus"],
            axes={"own": "statement_time"},
            joins=(_STATEMENT, *_OF_SETTLED_ORDER, _PRODUCT, _SKU),
            by_hour=False,
            fed_by="statement_transaction_skus",
        ),
        Fact(
            name="payments",
            about="Payouts, by their creation.",
            table=TABLES["payments"],
            axes={"own": "create_time"},
            fed_by="payments",
        ),
        Fact(
            name="unsettled_transactions",
            about="Money still to be settled, as estimated now.",
            table=TABLES["unsettled_transactions"],
            joins=_OF_SETTLED_ORDER,
            fed_by="unsettled_transactions",
        ),
        Fact(
            name="external_orders",
            about="Numbers of orders in other systems, by the date of the order; optional.",
            table=TABLES["external_orders"],
            axes=_BY_ORDER_AXES,
            joins=(
                Join("orders", "order_id", "order_id"),
                *(_ORDER_WAREHOUSE, _REFERENCES),
                Join("order_money", "orders.order_key", "order_key"),
            ),
            fed_by="external_orders",
        ),
        Fact(
            name="fbt_inventory",
            about="Stock in TikTok's own warehouses (FBT) now.",
            table=TABLES["fbt_inventory"],
            joins=(_SKU, _SKU_PRODUCT, _FBT_WAREHOUSE),
            fed_by="fbt_inventory",
        ),
        Fact(
            name="inbound_orders",
            about="Shipments to TikTok's warehouses (FBT), by their creation.",
            table=TABLES["inbound_orders"],
            axes={"own": "create_time"},
            joins=(_FBT_WAREHOUSE,),
            fed_by="inbound_orders",
        ),
        *ANALYTICS_FACTS,
    )
}
