"""The product calls: search, detail, stock."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from . import params
from .answers import NO_DETAIL, refused
from .books import Call, Found, inside
from .draws import Flags, Ints
from .listings import DRAFT, FAILED, PENDING, STATUSES
from .payloads_products import WITHOUT_DETAIL
from .wording import seller_sku

#: The search hands out no more rows than this, however many there are.
MOST_RESULTS: Final = 10_000
_AUDITS: Final = ("AUDITING", "FAILED", "APPROVED")


def product_search(call: Call) -> dict[str, Any]:
    """POST /product/{202502,202309,202312}/products/search; upper time bounds are inclusive."""
    body, listings, now = dict(call.body), call.shop.listings, call.now
    size = params.page_size(call.request.query, 1, 100, None)
    created = params.window(body, "create_time", inclusive=True)
    updated = params.window(body, "update_time", inclusive=True)
    status = params.text(body, "status", ("ALL", *STATUSES))
    audits = params.texts(body, "audit_status", allowed=_AUDITS)
    sku_ids = params.texts(body, "sku_ids", 10)
    seller_skus = params.texts(body, "seller_skus")
    params.flag(body, "return_draft_version")

    def keep(numbers: Ints, born: Ints) -> Flags:
        when = np.full(len(numbers), now, dtype=np.int64)
        kept = inside(born, created) & inside(listings.updated(numbers, when), updated)
        state = listings.status(numbers, when)
        if status not in (None, "ALL"):
            kept &= state == STATUSES.index(str(status))
        if audits is not None:
            audit = np.where(state == PENDING, 0, np.where(state == FAILED, 1, 2))
            kept &= np.isin(audit, [_AUDITS.index(a) for a in audits]) & (state != DRAFT)
        if sku_ids is not None:
            places = (call.shop.ids.position("sku", text) for text in sku_ids)
            kept &= np.isin(numbers, [place // 8 for place in places if place is not None])
        if seller_skus is not None:
            wanted = set(seller_skus)
            counts = listings.sku_count(numbers).tolist()
            kept &= np.asarray(
                [
                    any(seller_sku(number, sku) in wanted for sku in range(count))
                    for number, count in zip(numbers.tolist(), counts, strict=True)
                ],
                dtype=np.bool_,
            )
        return kept

    def search() -> Found:
        numbers = listings.numbers_at(now)
        born = listings.created(numbers)
        kept = keep(numbers, born)
        return numbers[kept], born[kept]

    numbers, more = call.page(size, True, search, limit=MOST_RESULTS)
    return {"products": call.book.products.found(numbers, now), **more}


def product_detail(call: Call) -> dict[str, Any]:
    """GET /product/202309/products/{product_id}; refused for FREEZE and DELETED."""
    number = call.shop.ids.position("product", call.ids[0])
    listings = call.shop.listings
    if number is None or not listings.exists(number, call.now):
        raise refused(NO_DETAIL, "The product does not exist.")
    one = np.asarray([number], dtype=np.int64)
    status = int(listings.status(one, np.asarray([call.now]))[0])
    if status in WITHOUT_DETAIL:
        raise refused(NO_DETAIL, f"The product is not available: {STATUSES[status]}.")
    return call.book.products.details(one, call.now)[0]


def inventory_search(call: Call) -> dict[str, Any]:
    """POST /product/202309/inventory/search; `sku_ids` win over `product_ids`; no paging."""
    body, shop = dict(call.body), call.shop
    product_ids = params.texts(body, "product_ids", 100)
    sku_ids = params.texts(body, "sku_ids", 600)
    only: set[int] | None = None
    if sku_ids is not None:
        places = (shop.ids.position("sku", text) for text in sku_ids)
        only = {place for place in places if place is not None}
        wanted = sorted({place // 8 for place in only})
    elif product_ids is not None:
        found = (shop.ids.position("product", text) for text in dict.fromkeys(product_ids))
        wanted = [number for number in found if number is not None]
    else:
        raise params.bad("product_ids", "or sku_ids is required")
    numbers = [number for number in wanted if shop.listings.exists(number, call.now)]
    rows = call.book.products.inventory(np.asarray(numbers, dtype=np.int64), call.now, only)
    call.notes["page"] = {"rows": len(rows)}
    return {"inventory": rows}
