"""The order calls: search, detail, price detail."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import params
from .answers import NOT_YOUR_ORDER, refused
from .books import Call, Found, sorting
from .draws import Flags, Ints
from .life import STATES
from .price_detail import price_details


def order_search(call: Call) -> dict[str, Any]:
    """POST /order/202309/orders/search: page size 1-100, newest first unless asked otherwise."""
    query, body, shop = call.request.query, dict(call.body), call.shop
    size = params.page_size(query, 1, 100, None)
    by_update, ascending = sorting(query, "DESC")
    created, updated = params.window(body, "create_time"), params.window(body, "update_time")
    status = params.text(body, "order_status", STATES)
    shipping = params.text(body, "shipping_type", ("TIKTOK", "SELLER"))
    buyer = params.text(body, "buyer_user_id")
    asks = params.flag(body, "is_buyer_request_cancel")
    warehouses = params.texts(body, "warehouse_ids", 100)

    def keep(rows: Ints) -> Flags:
        kept = np.ones(len(rows), dtype=np.bool_)
        if status is not None:
            kept &= shop.states(rows, call.now) == STATES.index(status)
        if shipping is not None:
            kept &= shop.traits.ships_itself(rows) == (shipping == "SELLER")
        if buyer is not None:
            number = shop.ids.position("buyer", buyer)
            kept &= shop.traits.buyer(rows) == (-1 if number is None else number)
        if asks is not None:
            kept &= shop.asks_to_cancel(rows, call.now) == asks
        if warehouses is not None:
            numbers = [shop.ids.position("warehouse", text) for text in warehouses]
            kept &= np.isin(shop.traits.warehouse(rows), [n for n in numbers if n is not None])
        return kept

    filtered = any(each is not None for each in (status, shipping, buyer, asks, warehouses))

    def search() -> Found:
        return shop.orders.find(call.now, created, updated, by_update, keep if filtered else None)

    rows, more = call.page(size, ascending, search)
    return {"orders": call.book.orders.orders(rows, call.now), **more}


def order_detail(call: Call) -> dict[str, Any]:
    """GET /order/{202507,202309}/orders?ids=: up to 50; ids nobody knows are left out."""
    text = call.request.query.get("ids", "")
    ids = list(dict.fromkeys(part for part in text.split(",") if part))
    if not ids:
        raise params.bad("ids", "is required")
    if len(ids) > 50:
        raise params.bad("ids", "takes at most 50 entries")
    if not all(part.isascii() and part.isdigit() for part in ids):
        raise params.bad("ids", "must be order ids joined by commas")
    found = (call.shop.order_row(part, call.now) for part in ids)
    rows = np.asarray([row for row in found if row is not None], dtype=np.int64)
    call.notes["page"] = {"rows": len(rows)}
    return {"orders": call.book.orders.orders(rows, call.now, detail=True)}


def order_price_detail(call: Call) -> dict[str, Any]:
    """GET /order/202407/orders/{order_id}/price_detail."""
    row = call.shop.order_row(call.ids[0], call.now)
    if row is None:
        raise refused(NOT_YOUR_ORDER, "The order does not belong to the seller.")
    return price_details(call.shop, np.asarray([row], dtype=np.int64))[0]
