"""What a shop has to tell about a stretch of its time: every change of state, in its order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from .aftersales import COURSES
from .draws import Instants
from .life import CANCELLED, P_REFUSED, PARTLY_SHIPPED, PLANS, STATES
from .shop import Shop
from .webhooks import Notification
from .wording import cancel_reason

#: A clock that jumps by a year tells no more than this; the rest is lost, as in an outage.
MOST_EVENTS: Final = 5_000

_CANCEL_STATES: Final = ("PENDING", "SUCCESS", "COMPLETE")


def events(shop: Shop, after: int, until: int) -> list[Notification]:
    """Return what changed in (after, until] (UTC seconds), the oldest first.

    The shop must have been worked out until then.
    """
    owner = {"shop_id": shop.id}
    found = [
        Notification(topic, owner, data, int(data["update_time"]))
        for source in (_orders, _returns, _cancellations, _products)
        for topic, data in source(shop, after, until)
    ]
    return sorted(found, key=lambda event: event.at)[:MOST_EVENTS]


_Told = Iterator[tuple[str, dict[str, Any]]]


def _inside(at: Instants, after: int, until: int) -> list[tuple[int, int]]:
    """Return (row, column) of every instant in the stretch."""
    places = np.nonzero((at > np.uint32(after)) & (at <= np.uint32(until)))
    return list(zip(*(place.tolist() for place in places), strict=True))


def _orders(shop: Shop, after: int, until: int) -> _Told:
    at = shop.lives.at[:, : CANCELLED + 1]
    for row, column in _inside(at, after, until):
        instant, one = int(at[row, column]), np.asarray([row], dtype=np.int64)
        order_id = shop.ids.one("order", row)
        if column == PARTLY_SHIPPED:
            package = {
                "package_id": shop.ids.one("package", row),
                "order_id_list": [order_id],
            }
            yield (
                "PACKAGE_UPDATE",
                {
                    "sc_type": "SPLIT",
                    "role_type": "ROLE_SELLER",
                    "package_list": [package],
                    "update_time": instant,
                },
            )
        state = STATES[int(shop.states(one, instant)[0])]
        yield (
            "ORDER_STATUS_CHANGE",
            {
                "is_on_hold_order": state == "ON_HOLD",
                "order_id": order_id,
                # The notification has a word of its own for it.
                "order_status": "CANCEL" if state == "CANCELLED" else state,
                "update_time": instant,
            },
        )


def _returns(shop: Shop, after: int, until: int) -> _Told:
    found = shop.returns
    for row, step in _inside(found.at, after, until):
        position, course = int(found.position[row]), COURSES[int(found.course[row])]
        yield (
            "RETURN_STATUS_CHANGE",
            {
                "order_id": shop.ids.one("order", position),
                "return_id": shop.ids.one("return", position * 2 + int(found.slot[row])),
                "return_role": "BUYER",
                "return_type": course.kind,
                "return_status": course.states[step],
                "create_time": int(found.at[row, 0]),
                "update_time": int(found.at[row, step]),
            },
        )


def _cancellations(shop: Shop, after: int, until: int) -> _Told:
    found = shop.cancellations
    for row, step in _inside(found.at, after, until):
        instant = int(found.at[row, step])
        if step == 0 and instant == int(found.at[row, 1]):
            continue  # nobody had to be asked
        position, plan = int(found.position[row]), int(found.plan[row])
        state = "CANCELLED" if step == 1 and plan == P_REFUSED else _CANCEL_STATES[step]
        yield (
            "CANCELLATION_STATUS_CHANGE",
            {
                "order_id": shop.ids.one("order", position),
                "cancel_id": shop.ids.one("cancel", position),
                "cancellations_role": cancel_reason(PLANS[plan], position)[0],
                "cancel_status": f"CANCELLATION_REQUEST_{state}",
                "update_time": instant,
            },
        )


def _products(shop: Shop, after: int, until: int) -> _Told:
    listings = shop.listings
    numbers = listings.numbers_at(until)
    then, now = (np.full(len(numbers), instant, dtype=np.int64) for instant in (after, until))
    changed = listings.updated(numbers, now)
    status = listings.status(numbers, then) != listings.status(numbers, now)
    created = listings.created(numbers)
    for at in np.flatnonzero(changed > after).tolist():
        product_id, instant = shop.ids.one("product", int(numbers[at])), int(changed[at])
        if created[at] > after:
            content = {"product_id": int(product_id), "product_types": ["COMMON"]}
            yield "PRODUCT_CREATION", {**content, "update_time": instant}
        elif status[at]:
            # A JSON number beyond 2^53, as in TikTok's own sample.
            state = {"status": "PRODUCT_STATUS_CHANGED", "suspended_reason": ""}
            yield (
                "PRODUCT_STATUS_CHANGE",
                {"product_id": int(product_id), **state, "update_time": instant},
            )
        else:
            yield (
                "PRODUCT_INFORMATION_CHANGE",
                {
                    "product_id": product_id,
                    "change_source": "SELLER_CENTER",
                    "changed_fields": ["title", "skus"],
                    "update_time": instant,
                },
            )
