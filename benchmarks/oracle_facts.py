"""Raw TikTok Shop payloads as flat fact rows, each with what it reaches.

A fact row is one unit of one grain (an order, a line item, a return line, ...) together with
the payloads that a many-to-one path leads to. Nothing is summed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from hashlib import blake2b
from string import capwords
from typing import Any, Final

Payload = Mapping[str, Any]

#: What each fact reaches: the kinds of payload its rows carry. `time` is its own axis.
REACH: Final[dict[str, frozenset[str]]] = {
    "shops": frozenset({"shop"}),
    "products": frozenset({"shop", "product"}),
    "skus": frozenset({"shop", "product", "sku"}),
    "sku_stock": frozenset({"shop", "product", "sku"}),
    "warehouse_stock": frozenset({"shop", "product", "sku", "stock"}),
    "orders": frozenset({"shop", "time", "order"}),
    "lines": frozenset({"shop", "time", "order", "line", "product", "sku"}),
    "returns": frozenset({"shop", "time", "order", "return"}),
    "return_lines": frozenset({"shop", "time", "order", "return", "line", "product", "sku"}),
    "cancellations": frozenset({"shop", "time", "order", "cancel"}),
    "cancel_lines": frozenset({"shop", "time", "order", "cancel", "line", "product", "sku"}),
    # The same aftersales lines, but dated by the order they undo.
    "order_return_lines": frozenset({"shop", "time", "order", "return", "line", "product", "sku"}),
    "order_cancel_lines": frozenset({"shop", "time", "order", "cancel", "line", "product", "sku"}),
}

#: Facts whose date is the order's, on the axis that the request chooses.
ORDER_DATED: Final = frozenset({"orders", "lines", "order_return_lines", "order_cancel_lines"})
#: Facts without a date: the newest state, whatever the range.
SNAPSHOTS: Final = frozenset({"shops", "products", "skus", "sku_stock", "warehouse_stock"})


@dataclass(frozen=True)
class Payloads:
    """Everything one shop has, as TikTok sends it; every sequence holds raw objects.

    `products` are details, `product_search` the rows of the product list (a product whose detail
    is refused appears only there), `inventory` one object per product with its `skus`,
    `price_details` one price detail per order.
    """

    shop: Payload
    orders: Sequence[Payload] = ()
    price_details: Sequence[Payload] = ()
    products: Sequence[Payload] = ()
    product_search: Sequence[Payload] = ()
    inventory: Sequence[Payload] = ()
    returns: Sequence[Payload] = ()
    cancellations: Sequence[Payload] = ()
    warehouses: Sequence[Payload] = ()


@dataclass(slots=True)
class Row:
    """One row of one fact. An absent payload is an empty mapping. `at`: UTC seconds or None."""

    shop: Payload
    at: int | None = None
    order: Payload = field(default_factory=dict)
    line: Payload = field(default_factory=dict)
    price: Payload = field(default_factory=dict)
    product: Payload = field(default_factory=dict)
    sku: Payload = field(default_factory=dict)
    sku_stock: Payload = field(default_factory=dict)
    stock: Payload = field(default_factory=dict)
    return_: Payload = field(default_factory=dict)
    return_line: Payload = field(default_factory=dict)
    cancel: Payload = field(default_factory=dict)
    cancel_line: Payload = field(default_factory=dict)
    product_id: str | None = None
    sku_id: str | None = None
    warehouse_name: str | None = None


def text(value: Any) -> str | None:
    """The text of a payload value without surrounding blanks; nothing left is nothing."""
    if value is None:
        return None
    return str(value).strip() or None


def instant(value: Any) -> int | None:
    """A moment in UTC seconds; TikTok writes 0 or nothing where it has not come."""
    return int(value) if value not in (None, "", 0, "0") else None


def money(value: Any) -> Decimal:
    """An amount; absent is 0."""
    cleaned = text(value)
    return Decimal(cleaned) if cleaned is not None else Decimal(0)


def is_paid(order: Payload) -> bool:
    """Whether an order counts as a sale: not unpaid, and paid or cash on delivery."""
    if order.get("status") == "UNPAID":
        return False
    return instant(order.get("paid_time")) is not None or order.get("is_cod") is True


class Facts:
    """Fact rows of one shop, by name of the fact and order axis (`created` or `paid`)."""

    def __init__(self, payloads: Payloads) -> None:
        self._shop = payloads.shop
        self._payloads = payloads
        self._orders = {str(order["id"]): order for order in payloads.orders}
        self._lines = {
            (order_id, str(line["id"])): line
            for order_id, order in self._orders.items()
            for line in order.get("line_items") or ()
        }
        self._prices: dict[str, Payload] = {
            str(line["id"]): line
            for detail in payloads.price_details
            for line in detail.get("line_items") or ()
        }
        self._warehouses = {
            str(warehouse["id"]): text(warehouse.get("name")) for warehouse in payloads.warehouses
        }
        self._products, self._skus = _catalogue(payloads)
        for order in payloads.orders:
            for line in order.get("line_items") or ():
                if title := auctioned(line):
                    self._products[sold_product(line) or ""] = {"title": title, "made_by_us": True}
        self._make: dict[str, Callable[[], Iterable[Row]]] = {
            "shops": lambda: [Row(self._shop)],
            "products": self._product_rows,
            "skus": self._sku_rows,
            "sku_stock": self._sku_stock_rows,
            "warehouse_stock": self._warehouse_stock_rows,
            "orders": lambda: (self._of_order(order) for order in self._orders.values()),
            "lines": self._line_rows,
            "returns": self._return_rows,
            "return_lines": self._return_line_rows,
            "cancellations": self._cancel_rows,
            "cancel_lines": self._cancel_line_rows,
            "order_return_lines": self._return_line_rows,
            "order_cancel_lines": self._cancel_line_rows,
        }
        self._made: dict[tuple[str, str], list[Row]] = {}

    def rows(self, fact: str, order_axis: str) -> list[Row]:
        """The rows of `fact`; those without a moment on its axis are left out."""
        axis = order_axis if fact in ORDER_DATED else ""
        if (fact, axis) not in self._made:
            rows = list(self._make[fact]())
            for row in rows:
                row.at = _moment(row, fact, axis)
            if fact not in SNAPSHOTS:
                rows = [row for row in rows if row.at is not None]
            self._made[fact, axis] = rows
        return self._made[fact, axis]

    def _of_order(self, order: Payload) -> Row:
        name = self._warehouses.get(str(order.get("warehouse_id")))
        return Row(self._shop, order=order, warehouse_name=name)

    def _at_sku(self, row: Row, product_id: str | None, sku_id: str | None) -> Row:
        row.product_id, row.sku_id = product_id, sku_id
        row.product = self._products.get(product_id or "", {})
        row.sku = self._skus.get(sku_id or "", {})
        return row

    def _line_rows(self) -> Iterator[Row]:
        for order in self._orders.values():
            for line in order.get("line_items") or ():
                row = self._of_order(order)
                row.line, row.price = line, self._prices.get(str(line["id"]), {})
                yield self._at_sku(row, sold_product(line), text(line.get("sku_id")))

    def _return_rows(self) -> Iterator[Row]:
        for request in self._payloads.returns:
            row = self._of_order(self._orders.get(str(request.get("order_id")), {}))
            row.return_ = request
            yield row

    def _return_line_rows(self) -> Iterator[Row]:
        for row in self._return_rows():
            for unit in row.return_.get("return_line_items") or ():
                yield replace(self._of_unit(row, row.return_, unit), return_line=unit)

    def _cancel_rows(self) -> Iterator[Row]:
        for request in self._payloads.cancellations:
            row = self._of_order(self._orders.get(str(request.get("order_id")), {}))
            row.cancel = request
            yield row

    def _cancel_line_rows(self) -> Iterator[Row]:
        for row in self._cancel_rows():
            for unit in row.cancel.get("cancel_line_items") or ():
                yield replace(self._of_unit(row, row.cancel, unit), cancel_line=unit)

    def _of_unit(self, row: Row, request: Payload, unit: Payload) -> Row:
        """The order line, product and SKU behind one unit of a return or a cancellation."""
        place = (str(request.get("order_id")), str(unit.get("order_line_item_id")))
        found = replace(row, line=self._lines.get(place, {}))
        sku_id = text(unit.get("sku_id")) or text(found.line.get("sku_id"))
        product_id = sold_product(found.line)
        if product_id is None:
            product_id = text(self._skus.get(sku_id or "", {}).get("product_id"))
        return self._at_sku(found, product_id, sku_id)

    def _product_rows(self) -> Iterator[Row]:
        for product_id in self._products:
            yield self._at_sku(Row(self._shop), product_id, None)

    def _sku_rows(self) -> Iterator[Row]:
        for sku_id, sku in self._skus.items():
            yield self._at_sku(Row(self._shop), text(sku["product_id"]), sku_id)

    def _sku_stock_rows(self) -> Iterator[Row]:
        # The stock of a deleted listing is not read.
        deleted = {
            text(one["id"])
            for one in self._payloads.product_search
            if one.get("status") == "DELETED"
        }
        for entry in self._payloads.inventory:
            if text(entry["product_id"]) in deleted:
                continue
            for sku in entry.get("skus") or ():
                row = self._at_sku(Row(self._shop), text(entry["product_id"]), text(sku["id"]))
                row.sku_stock = sku
                yield row

    def _warehouse_stock_rows(self) -> Iterator[Row]:
        for row in self._sku_stock_rows():
            for stock in row.sku_stock.get("warehouse_inventory") or ():
                yield replace(row, stock=stock)


def _moment(row: Row, fact: str, order_axis: str) -> int | None:
    """When a row happened, on the axis of its fact."""
    if fact in ORDER_DATED:
        return instant(row.order.get("paid_time" if order_axis == "paid" else "create_time"))
    return instant((row.return_ or row.cancel).get("create_time"))


def _catalogue(payloads: Payloads) -> tuple[dict[str, Payload], dict[str, Payload]]:
    """Products and SKUs by id; what a detail says goes before what the product list says.

    A SKU carries the `product_id` it belongs to.
    """
    products: dict[str, dict[str, Any]] = {}
    skus: dict[str, dict[str, Any]] = {}
    for product in (*payloads.product_search, *payloads.products):
        product_id = str(product["id"])
        products.setdefault(product_id, {}).update(_present(product))
        for sku in product.get("skus") or ():
            known = skus.setdefault(str(sku["id"]), {"product_id": product_id})
            known.update(_present(sku))
    return dict(products), dict(skus)


#: What a countdown auction's listing is called: the thing on offer behind a number of its own.
_AUCTION: Final = re.compile(r"\W*countdown auction #\d+: (?P<thing>.*\S)\s*", re.IGNORECASE)


def auctioned(line: Payload) -> str | None:
    """The title that all auctions of the same thing share; None for any other unit."""
    found = _AUCTION.fullmatch(line.get("product_name") or "")
    return found and f"Countdown Auction: {capwords(found['thing'].casefold())}"


def sold_product(line: Payload) -> str | None:
    """The product a unit counts for; auctions of one thing share one, named by its title."""
    title = auctioned(line)
    if title is None:
        return text(line.get("product_id"))
    return "auction-" + blake2b(title.casefold().encode(), digest_size=8).hexdigest()


def _present(payload: Payload) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if value is not None}
