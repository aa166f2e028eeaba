"""The return and cancellation searches, and the warehouse list."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from . import params, warehouses
from .aftersales import ASK_BUYER, COURSES, NOT_RECEIVED, STEPS
from .books import Call, Found, sorting
from .draws import Flags, Ints
from .life import P_REFUSED, PLANS
from .wording import cancel_reason

_KINDS: Final = ("REFUND", "RETURN_AND_REFUND", "REPLACEMENT")
_ARBITRATION: Final = ("IN_PROGRESS", "SUPPORT_BUYER", "SUPPORT_SELLER", "CLOSED")
_STATES: Final = np.asarray(
    [
        [course.states[min(step, len(course.states) - 1)] for step in range(STEPS)]
        for course in COURSES
    ]
)
_KIND_OF: Final = np.asarray([course.kind for course in COURSES])
_CANCEL_STATES: Final = tuple(
    "CANCELLATION_REQUEST_" + word for word in ("PENDING", "SUCCESS", "CANCEL", "COMPLETE")
)
_CANCEL_TYPES: Final = ("CANCEL", "BUYER_CANCEL")
_BY_BUYER: Final = np.asarray([cancel_reason(plan, 0)[0] == "BUYER" for plan in PLANS])


def _arbitration(course: Ints, step: Ints) -> Ints:
    """Return an index into _ARBITRATION, or -1, per return."""
    table = np.full((len(COURSES), STEPS), -1)
    for number, entry in enumerate(COURSES):
        if NOT_RECEIVED in entry.states:
            since = entry.states.index(NOT_RECEIVED)
            table[number, since] = 0
            table[number, since + 1 : len(entry.states)] = 1
    return np.asarray(table[course, step], dtype=np.int64)


def _proposed(course: Ints, step: Ints) -> Flags:
    since = [c.states.index(ASK_BUYER) if ASK_BUYER in c.states else STEPS for c in COURSES]
    return np.asarray(step >= np.asarray(since)[course], dtype=np.bool_)


def return_search(call: Call) -> dict[str, Any]:
    """POST /return_refund/{202602,202309}/returns/search: page size 10-50, oldest first."""
    query, body, shop = call.request.query, dict(call.body), call.shop
    size = params.page_size(query, 10, 50, 10)
    by_update, ascending = sorting(query, "ASC")
    created, updated = params.window(body, "create_time"), params.window(body, "update_time")
    states = params.texts(body, "return_status")
    kinds = params.texts(body, "return_types", allowed=_KINDS)
    disputes = params.texts(body, "arbitration_status", allowed=_ARBITRATION)
    offers = params.texts(body, "seller_proposed_return_type", allowed=("PARTIAL_REFUND",))
    return_ids, order_ids = params.texts(body, "return_ids"), params.texts(body, "order_ids")
    buyers = params.texts(body, "buyer_user_ids")
    found = shop.returns

    def keep(rows: Ints) -> Flags:
        kept = np.ones(len(rows), dtype=np.bool_)
        position, course = found.position[rows], found.course[rows]
        step = (found.at[rows] <= np.uint32(call.now)).sum(axis=1) - 1
        if states is not None:
            kept &= np.isin(_STATES[course, step], states)
        if kinds is not None:
            kept &= np.isin(_KIND_OF[course], kinds)
        if disputes is not None:
            kept &= np.isin(_arbitration(course, step), [_ARBITRATION.index(d) for d in disputes])
        if offers is not None:
            kept &= _proposed(course, step)
        if return_ids is not None:
            kept &= np.isin(position * 2 + found.slot[rows], _positions(call, "return", return_ids))
        if order_ids is not None:
            kept &= np.isin(position, _positions(call, "order", order_ids))
        if buyers is not None:
            kept &= np.isin(shop.traits.buyer(position), _positions(call, "buyer", buyers))
        return kept

    def search() -> Found:
        return shop.return_times.find(call.now, created, updated, by_update, keep)

    rows, more = call.page(size, ascending, search)
    payloads = call.book.aftersales.returns(rows, call.now, call.version)
    return {"return_orders": payloads, **more}


def cancellation_search(call: Call) -> dict[str, Any]:
    """POST /return_refund/{202602,202309}/cancellations/search: page size 1-50, oldest first."""
    query, body, shop = call.request.query, dict(call.body), call.shop
    size = params.page_size(query, 1, 50, 10)
    by_update, ascending = sorting(query, "ASC")
    created, updated = params.window(body, "create_time"), params.window(body, "update_time")
    states = params.texts(body, "cancel_status", allowed=_CANCEL_STATES)
    kinds = params.texts(body, "cancel_types", allowed=_CANCEL_TYPES)
    cancel_ids, order_ids = params.texts(body, "cancel_ids"), params.texts(body, "order_ids")
    buyers = params.texts(body, "buyer_user_ids")
    found = shop.cancellations

    def keep(rows: Ints) -> Flags:
        kept = np.ones(len(rows), dtype=np.bool_)
        position, plan, at = found.position[rows], found.plan[rows], found.at[rows]
        if states is not None:
            moment = np.uint32(call.now)
            state = np.where(at[:, 1] <= moment, np.where(plan == P_REFUSED, 2, 1), 0)
            state = np.where(at[:, 2] <= moment, 3, state)
            kept &= np.isin(state, [_CANCEL_STATES.index(name) for name in states])
        if kinds is not None:
            kept &= np.isin(_BY_BUYER[plan], [kind == "BUYER_CANCEL" for kind in kinds])
        if cancel_ids is not None:
            kept &= np.isin(position, _positions(call, "cancel", cancel_ids))
        if order_ids is not None:
            kept &= np.isin(position, _positions(call, "order", order_ids))
        if buyers is not None:
            kept &= np.isin(shop.traits.buyer(position), _positions(call, "buyer", buyers))
        return kept

    def search() -> Found:
        return shop.cancel_times.find(call.now, created, updated, by_update, keep)

    rows, more = call.page(size, ascending, search)
    payloads = call.book.aftersales.cancellations(rows, call.now, call.version)
    return {"cancellations": payloads, **more}


def _positions(call: Call, family: str, ids: list[str]) -> list[int]:
    found = (call.shop.ids.position(family, text) for text in ids)
    return [position for position in found if position is not None]


def warehouse_list(call: Call) -> dict[str, Any]:
    """GET /logistics/202309/warehouses."""
    return {"warehouses": warehouses.payloads(call.shop.region, call.shop.ids)}
