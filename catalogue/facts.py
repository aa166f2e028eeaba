"""The facts: which table is read, on which time axis, and which tables a fact reaches.

A fact reaches its own columns and those behind a many-to-one path, never more: a join can then
neither drop nor repeat a row of the fact, and a sum over it is right whatever is grouped by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from catalogue.table import Table
from catalogue.tables import TABLES


@dataclass(frozen=True)
class Join:
    """`table` joined many-to-one: `left` (a reference from the fact) = `right` (its column)."""

    table: str
    left: str
    right: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Fact:
    """`axes`: what the date range means -> reference of the instant. Facts about orders have
    "created" and "paid", others have "own" only; a fact without axes ignores the range.
    `window_days`: the fact always covers the last full days before today instead of the range.
    `own_days`: the axis holds days of the shop's own zone, each as its 00:00 UTC; no zone moves
    them. `by_hour`: the axis tells the hour. `cap`: which of the caps on TikTok's own figures
    holds, "analytics" or "hourly"; empty for facts without one.
    `fed_by`: the imported resource whose coverage says what is known.
    """

    name: str
    about: str
    table: Table
    axes: Mapping[str, str] = field(default_factory=dict)
    joins: tuple[Join, ...] = ()
    window_days: int = 0
    own_days: bool = False
    by_hour: bool = True
    cap: str = ""
    fed_by: str

    def axis(self, order_date: str) -> str | None:
        """Reference of the axis when orders are dated by `order_date` ("created" or "paid")."""
        return self.axes.get(order_date) or self.axes.get("own")

    @property
    def is_dated(self) -> bool:
        return bool(self.axes) and not self.window_days

    def reached(self) -> tuple[str, ...]:
        """Tables a dimension or condition may come from; every fact reaches its shop."""
        return (self.table.name, "shops", *(join.table for join in self.joins))

    def reaches(self, table: str) -> bool:
        return table in self.reached()

    def join_to(self, table: str) -> Join:
        return next(join for join in self.joins if join.table == table)


_PRODUCT: Final = Join("products", "product_id", "product_id")
_SKU: Final = Join("product_skus", "sku_id", "sku_id")
_WAREHOUSE: Final = Join("warehouses", "warehouse_id", "warehouse_id")
_ORDER: Final = Join("orders", "order_key", "order_key")
_ORDER_LINE: Final = Join("order_line_items", "line_key", "line_key")
_SOLD_PRODUCT: Final = Join("products", "sold_product_id", "product_id")
_LINE_PRODUCT: Final = Join("products", "order_line_items.sold_product_id", "product_id")
_LINE_SKU: Final = Join("product_skus", "order_line_items.sku_id", "sku_id")
_ORDER_WAREHOUSE: Final = Join("warehouses", "orders.warehouse_id", "warehouse_id")
_RETURN_JOINS: Final = (
    Join("returns", "return_key", "return_key"),
    _ORDER,
    _ORDER_LINE,
    _LINE_PRODUCT,
    _SKU,
    _ORDER_WAREHOUSE,
)
_CANCELLATION_JOINS: Final = (
    Join("cancellations", "cancel_key", "cancel_key"),
    _ORDER,
    _ORDER_LINE,
    _LINE_PRODUCT,
    _SKU,
    _ORDER_WAREHOUSE,
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
            joins=(_WAREHOUSE,),
            fed_by="orders",
        ),
        Fact(
            name="order_line_items",
            about="Units sold.",
            table=TABLES["order_line_items"],
            axes=_LINE_AXES,
            joins=(_ORDER, _SOLD_PRODUCT, _SKU, _ORDER_WAREHOUSE),
            fed_by="orders",
        ),
        Fact(
            name="recent_line_items",
            about="Units sold in the last 28 full days, whatever the date range.",
            table=TABLES["order_line_items"],
            axes=_LINE_AXES,
            joins=(_ORDER, _SOLD_PRODUCT, _SKU, _ORDER_WAREHOUSE),
            window_days=28,
            fed_by="orders",
        ),
        Fact(
            name="price_detail",
            about="Price composition of units sold.",
            table=TABLES["order_line_item_price_detail"],
            axes=_LINE_AXES,
            joins=(_ORDER, _ORDER_LINE, _LINE_PRODUCT, _LINE_SKU, _ORDER_WAREHOUSE),
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
            joins=(_ORDER, _ORDER_WAREHOUSE),
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
            joins=(_ORDER, _ORDER_WAREHOUSE),
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
            fed_by="statements",
        ),
        Fact(
            name="statement_transactions",
            about="Settled records, by the time of their statement.",
            table=TABLES["statement_transactions"],
            axes={"own": "statement_time"},
            joins=(_STATEMENT, _ORDER, _ORDER_WAREHOUSE),
            fed_by="statement_transactions",
        ),
        Fact(
            name="statement_transaction_skus",
            about="Settled records by SKU, by the time of their statement; optional.",
            table=TABLES["statement_transaction_skus"],
            axes={"own": "statement_time"},
            joins=(_STATEMENT, _ORDER, _PRODUCT, _SKU, _ORDER_WAREHOUSE),
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
            joins=(_ORDER, _ORDER_WAREHOUSE),
            fed_by="unsettled_transactions",
        ),
    )
}
