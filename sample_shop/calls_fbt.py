"""The FBT calls. A shop TikTok fulfils nothing for gets empty answers without their lists."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import params
from .books import Call, Found
from .draws import Ints

Payload = dict[str, Any]


def _wanted(call: Call, with_skus: bool) -> Ints:
    """Return the goods that pass the filters of the body, ascending."""
    body, payloads, ids = dict(call.body), call.book.fbt, call.shop.ids
    goods = payloads.fbt.goods(call.now)
    kept = np.ones(len(goods), dtype=np.bool_)
    places = params.texts(body, "fbt_warehouse_ids", 100)
    if places is not None:
        known = payloads.warehouse_ids
        numbers = [known.index(place) for place in places if place in known]
        kept &= np.isin(payloads.fbt.warehouse(goods // 8), numbers)
    filters = ("goods_ids", "sku_ids") if with_skus else ("goods_ids",)
    for name in filters:
        asked = params.texts(body, name, 100)
        if asked is not None:
            family = name.removesuffix("_ids")
            positions = [ids.position(family, text) for text in asked]
            kept &= np.isin(goods, [each for each in positions if each is not None])
    return goods[kept]


def inventory_search(call: Call) -> Payload:
    """POST /fbt/202408/inventory/search: one row per goods, in the order of their numbers."""
    size = params.page_size(call.request.query, 1, 100, None)

    def search() -> Found:
        goods = _wanted(call, with_skus=True)
        return goods, goods

    rows, more = call.page(size, True, search)
    return _listed("inventory", call.book.fbt.inventory(rows, call.now)) | more


def inventory_records(call: Call) -> Payload:
    """POST /fbt/202410/inventory_records/search: oldest first, both time bounds inclusive."""
    size = params.page_size(call.request.query, 1, 100, None)
    low, high = params.window(dict(call.body), "create_time", inclusive=True)

    def search() -> Found:
        until = call.now if high is None else min(high - 1, call.now)
        goods = _wanted(call, with_skus=False)
        return call.book.fbt.fbt.records(low or 0, until, call.now, goods)

    rows, more = call.page(size, True, search)
    return _listed("inventory_records", call.book.fbt.records(rows)) | more


def warehouse_list(call: Call) -> Payload:
    """GET /fbt/202408/warehouses."""
    return _listed("warehouses", call.book.fbt.warehouses())


def inbound_orders(call: Call) -> Payload:
    """GET /fbt/202409/inbound_orders?ids=: without the prefix IBR; unknown ones are left out."""
    text = call.request.query.get("ids", "")
    ids = list(dict.fromkeys(part for part in text.split(",") if part))
    if not ids:
        raise params.bad("ids", "is required")
    if len(ids) > 100:
        raise params.bad("ids", "takes at most 100 entries")
    if not all(part.isascii() and part.isdigit() for part in ids):
        raise params.bad("ids", "must be numbers joined by commas, without the prefix IBR")
    payloads = call.book.fbt
    positions = (call.shop.ids.position("inbound", part) for part in ids)
    found = [payloads.fbt.inbound(each, call.now) for each in positions if each is not None]
    rows = [payloads.inbound(order, call.now) for order in found if order is not None]
    call.notes["page"] = {"rows": len(rows)}
    return _listed("inbound_orders", rows)


def _listed(name: str, rows: list[Payload]) -> Payload:
    return {name: rows} if rows else {}
