"""The fact rows of one shop, made from its raw payloads: sales, aftersales, catalogue and stock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from benchmarks.oracle_prices import price_said_by_order
from benchmarks.oracle_reach import FACTS
from benchmarks.oracle_rows import (
    Maker,
    Payload,
    Payloads,
    Row,
    auctioned,
    instant,
    is_paid,
    sold_product,
    text,
)
from benchmarks.oracle_rows_analytics import analytics_rows
from benchmarks.oracle_rows_beside import beside_rows, warehouses
from benchmarks.oracle_rows_finance import finance_rows


class Facts:
    """Fact rows of one shop, by name of the fact and order axis (`created` or `paid`)."""

    def __init__(self, payloads: Payloads) -> None:
        self.payloads = payloads
        self.shop = payloads.shop
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
        self._warehouses = warehouses(payloads)
        self._products, self._skus = _catalogue(payloads)
        for order in payloads.orders:
            for line in order.get("line_items") or ():
                if title := auctioned(line):
                    self._products[sold_product(line) or ""] = {"title": title, "made_by_us": True}
        self._links: dict[str, list[Payload]] = {}
        for link in payloads.external_orders:
            self._links.setdefault(str(link["order_id"]), []).append(link)
        self._first_paid = _first_paid(payloads)
        self._settled = {text(one.get("order_id")) for one in payloads.transactions}
        self._estimated = {text(one.get("order_id")) for one in payloads.unsettled}
        self._make: dict[str, Maker] = {
            "shops": lambda: [Row(self.shop, currency=payloads.currency)],
            "warehouses": self._warehouse_rows,
            "products": self._product_rows,
            "skus": self._sku_rows,
            "sku_stock": self._sku_stock_rows,
            "warehouse_stock": self._warehouse_stock_rows,
            "orders": lambda: map(self.of_order, self._orders),
            "lines": self._line_rows,
            "recent_lines": self._line_rows,
            "returns": self._return_rows,
            "return_lines": self._return_line_rows,
            "cancellations": self._cancel_rows,
            "cancel_lines": self._cancel_line_rows,
            "order_return_lines": self._return_line_rows,
            "order_cancel_lines": self._cancel_line_rows,
            **finance_rows(self),
            **analytics_rows(self),
            **beside_rows(self),
        }
        self._made: dict[tuple[str, str], list[Row]] = {}

    def rows(self, fact: str, order_axis: str) -> list[Row]:
        """The rows of `fact`; those without a moment on its axis are left out."""
        axis = order_axis if FACTS[fact].axis == "order" else ""
        if FACTS[fact].last_days:
            axis = "created"
        if (fact, axis) not in self._made:
            rows = list(self._make[fact]())
            if axis:
                for row in rows:
                    row.at = instant(
                        row.order.get("paid_time" if axis == "paid" else "create_time")
                    )
            if FACTS[fact].is_dated:
                rows = [row for row in rows if row.at is not None]
            self._made[fact, axis] = rows
        return self._made[fact, axis]

    def of_order(self, order_id: str | None) -> Row:
        """A row about an order, which may be one that is not known."""
        order = self._orders.get(order_id or "", {})
        row = Row(
            self.shop,
            order=order,
            order_id=order_id,
            links=self._links.get(order_id or "", ()),
            currency=text((order.get("payment") or {}).get("currency")),
            money_state=self._money_state(order_id) if order_id else None,
            is_first_paid=order.get("create_time") == self._first_paid.get(_buyer(order)),
        )
        return self.at_warehouse(row, text(order.get("warehouse_id")))

    def at_warehouse(self, row: Row, warehouse_id: str | None) -> Row:
        """The row with the warehouse it is about."""
        row.warehouse_id = warehouse_id
        row.warehouse = self._warehouses.get(warehouse_id or "", {})
        return row

    def at_sku(self, row: Row, product_id: str | None, sku_id: str | None) -> Row:
        """The row with the product and the SKU it is about."""
        row.product_id, row.sku_id = product_id, sku_id
        row.product = self._products.get(product_id or "", {})
        row.sku = self._skus.get(sku_id or "", {})
        return row

    def product_of_sku(self, sku_id: str | None) -> str | None:
        """The listing a SKU belongs to now."""
        return text(self._skus.get(sku_id or "", {}).get("product_id"))

    def units_of(self, order_id: str | None) -> Iterable[Payload]:
        """The line items of an order; none of one that is not known."""
        return self._orders.get(order_id or "", {}).get("line_items") or ()

    def _money_state(self, order_id: str | None) -> str:
        if order_id in self._settled:
            return "settled"
        return "estimated" if order_id in self._estimated else "placed"

    def _line_rows(self) -> Iterator[Row]:
        for order_id, order in self._orders.items():
            for line in order.get("line_items") or ():
                row = self.of_order(order_id)
                row.line = line
                told = self._prices.get(str(line["id"]))
                row.price = price_said_by_order(order, line) if told is None else told
                yield self.at_sku(row, sold_product(line), text(line.get("sku_id")))

    def _return_rows(self) -> Iterator[Row]:
        for request in self.payloads.returns:
            yield replace(self._aftersales(request), return_=request)

    def _return_line_rows(self) -> Iterator[Row]:
        for row in self._return_rows():
            for unit in row.return_.get("return_line_items") or ():
                yield replace(self._of_unit(row, unit), return_line=unit)

    def _cancel_rows(self) -> Iterator[Row]:
        for request in self.payloads.cancellations:
            yield replace(self._aftersales(request), cancel=request)

    def _cancel_line_rows(self) -> Iterator[Row]:
        for row in self._cancel_rows():
            for unit in row.cancel.get("cancel_line_items") or ():
                yield replace(self._of_unit(row, unit), cancel_line=unit)

    def _aftersales(self, request: Payload) -> Row:
        row = self.of_order(text(request.get("order_id")))
        row.at = instant(request.get("create_time"))
        units = request.get("return_line_items") or request.get("cancel_line_items") or ()
        own, *told = (
            text((one.get("refund_amount") or {}).get("currency")) for one in (request, *units)
        )
        agreed = {one for one in told if one}
        row.currency = own or (agreed.pop() if len(agreed) == 1 else row.currency)
        return row

    def _of_unit(self, row: Row, unit: Payload) -> Row:
        """The order line, product and SKU behind one unit of a return or a cancellation."""
        place = (row.order_id or "", str(unit.get("order_line_item_id")))
        own = text((unit.get("refund_amount") or {}).get("currency"))
        found = replace(row, line=self._lines.get(place, {}), currency=own or row.currency)
        sku_id = text(unit.get("sku_id")) or text(found.line.get("sku_id"))
        product_id = sold_product(found.line)
        if product_id is None:
            product_id = self.product_of_sku(sku_id)
        return self.at_sku(found, product_id, sku_id)

    def _warehouse_rows(self) -> Iterator[Row]:
        for warehouse_id in self._warehouses:
            row = Row(self.shop, currency=self.payloads.currency)
            yield self.at_warehouse(row, warehouse_id)

    def _product_rows(self) -> Iterator[Row]:
        for product_id in self._products:
            row = Row(self.shop, currency=self.payloads.currency)
            yield self.at_sku(row, product_id, None)

    def _sku_rows(self) -> Iterator[Row]:
        for sku_id, sku in self._skus.items():
            row = self.at_sku(Row(self.shop), text(sku["product_id"]), sku_id)
            row.currency = text((sku.get("price") or {}).get("currency"))
            yield row

    def _sku_stock_rows(self) -> Iterator[Row]:
        # The stock of a deleted listing is not read.
        deleted = {
            text(one["id"])
            for one in self.payloads.product_search
            if one.get("status") == "DELETED"
        }
        for entry in self.payloads.inventory:
            if text(entry["product_id"]) in deleted:
                continue
            for sku in entry.get("skus") or ():
                row = self.at_sku(Row(self.shop), text(entry["product_id"]), text(sku["id"]))
                row.sku_stock = sku
                row.currency = text((row.sku.get("price") or {}).get("currency"))
                yield row

    def _warehouse_stock_rows(self) -> Iterator[Row]:
        for row in self._sku_stock_rows():
            for stock in row.sku_stock.get("warehouse_inventory") or ():
                found = replace(row, stock=stock)
                yield self.at_warehouse(found, text(stock.get("warehouse_id")))


def _buyer(order: Payload) -> str:
    return text(order.get("user_id")) or ""


def _first_paid(payloads: Payloads) -> dict[str, int]:
    """When each buyer placed the first order that was paid."""
    first: dict[str, int] = {}
    for order in payloads.orders:
        buyer, placed = _buyer(order), int(order["create_time"])
        if buyer and is_paid(order):
            first[buyer] = min(placed, first.get(buyer, placed))
    return first


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


def _present(payload: Payload) -> dict[str, Any]:
    return {name: value for name, value in payload.items() if value is not None}
