"""The calls about links to other systems (202406): read, add, search."""

from __future__ import annotations

from typing import Any, Final

from . import params
from .answers import NOT_YOUR_ORDER, refused
from .books import Call
from .external_orders import PLATFORM

_REFUSED_LINK: Final = "36020001"  # text here, and beside an envelope that says 0


def external_order_list(call: Call) -> dict[str, Any]:
    """GET /order/202406/orders/{order_id}/external_orders?platform=: a list of one or none."""
    platform = call.request.query.get("platform")
    if not platform:
        raise params.bad("platform", "is required")
    row = call.shop.order_row(call.ids[0], call.now)
    if row is None:
        raise refused(NOT_YOUR_ORDER, "The order does not belong to the seller.")
    link = call.book.links.of_order(row, call.now)
    found = [link] if link is not None and link["platform"] == platform else []
    call.notes["page"] = {"rows": len(found)}
    return {"external_orders": found}


def external_order_search(call: Call) -> dict[str, Any]:
    """POST /order/202406/orders/external_order_search: both search values are in the query."""
    query = call.request.query
    for name in ("platform", "external_order_id"):
        if not query.get(name):
            raise params.bad(name, "is required")
    links, orders = call.book.links, []
    for row in links.find(query["external_order_id"], call.now):
        link = links.of_order(row, call.now)
        if link is not None and link["platform"] == query["platform"]:
            orders.append({"id": call.shop.ids.one("order", row), "external_order": link})
    call.notes["page"] = {"rows": len(orders)}
    return {"orders": orders}


def external_order_add(call: Call) -> dict[str, Any]:
    """POST /order/202406/orders/external_orders: what is refused is told link by link."""
    orders = call.body.get("orders")
    if not isinstance(orders, list) or not orders:
        raise params.bad("orders", "must be a list of at least one order")
    errors = []
    for order in orders:
        order_id, link = _link(order)
        row = call.shop.order_row(order_id, call.now)
        links = call.book.links
        if row is None:
            errors.append(_error(order_id, link, "Invalid order_id"))
        elif not all(links.is_line(row, line["origin_id"]) for line in link["line_items"]):
            errors.append(_error(order_id, link, "Invalid line_items"))
        else:
            links.add(row, link)
    return {"errors": errors}


def _link(order: Any) -> tuple[str, dict[str, Any]]:
    """Return (order id, link) of one entry; whatever is missing is refused with its name."""
    external = order.get("external_order") if isinstance(order, dict) else None
    if not isinstance(external, dict):
        raise params.bad("orders[].external_order", "is required")
    if external.get("platform") != PLATFORM:
        raise params.bad("orders[].external_order.platform", f"must be {PLATFORM}")
    order_id, external_id = order.get("id"), external.get("id")
    lines = external.get("line_items", [])
    if not isinstance(order_id, str) or not isinstance(external_id, str) or not external_id:
        raise params.bad("orders[].id", "and orders[].external_order.id must be strings")
    if not isinstance(lines, list) or not all(
        isinstance(line, dict) and isinstance(line.get("id"), str)
        and isinstance(line.get("origin_id"), str)
        for line in lines
    ):  # fmt: skip
        raise params.bad("orders[].external_order.line_items", "must name id and origin_id")
    kept = [{"id": line["id"], "origin_id": line["origin_id"]} for line in lines]
    return order_id, {"id": external_id, "platform": PLATFORM, "line_items": kept}


def _error(order_id: str, link: dict[str, Any], message: str) -> dict[str, Any]:
    names = {"id": link["id"], "platform": link["platform"]}
    return {
        "code": _REFUSED_LINK,
        "message": message,
        "detail": {"order_id": order_id, "external_order": names},
    }
