"""Return and cancellation payloads: what the two search calls return (202309 and 202602).

What a buyer wrote and showed comes with other calls (the records of a return). It is in these
payloads nevertheless, as a canary: a field that TikTok adds some day must be kept nowhere either.

The refund of the header is the sum of the refunds of its lines, to the cent, in every field.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from .aftersales import (
    ALL_UNITS,
    ASK_BUYER,
    COURSES,
    NOT_RECEIVED,
    ON_ITS_WAY,
    PENDING,
    REJECTED,
    REPLACEMENT,
)
from .arrivals import DAY
from .basket import Baskets
from .draws import Ints
from .life import P_REFUSED, PAID, PLANS
from .names import RETURN_REASONS
from .shop import Shop
from .timeline import NEVER
from .warehouses import payloads
from .wording import cancel_reason, picture_url, seller_sku, sku_name

Payload = dict[str, Any]
Refund = dict[str, int]

_SELLER_ACTIONS: Final = {
    PENDING: "SELLER_RESPOND_RETURN",
    ON_ITS_WAY: "SELLER_RESPOND_RECEIVE_PACKAGE",
    REPLACEMENT + "PENDING": "SELLER_RESPOND_REPLACEMENT",
}
#: Versions from this one on know component lines, quick refunds and restocking.
NEWER: Final = "202602"


class _Return(NamedTuple):
    """What is known about one return; `at`: when it came to each step, `step`: the newest."""

    return_id: str
    order_id: str
    position: int
    course: int
    unit: int
    at: list[int]
    step: int
    dice: int


class AftersalesPayloads:
    """Makes the return and cancellation payloads of one shop."""

    def __init__(self, shop: Shop, base_url: str) -> None:
        self._shop = shop
        self._base = base_url
        self._return_address = payloads(shop.region, shop.ids)[-1]["address"]["full_address"]

    def returns(self, rows: Ints, now: int, version: str = NEWER) -> list[Payload]:
        """Return `return_orders[]` for rows of the shop's returns, as of `now`."""
        shop, found = self._shop, self._shop.returns
        position = found.position[rows]
        basket = self._baskets(position)
        key = position * 2 + found.slot[rows]
        steps = (found.at[rows] <= np.uint32(now)).sum(axis=1) - 1
        columns = zip(
            shop.ids.many("return", key),
            shop.ids.many("order", position),
            position.tolist(),
            found.course[rows].tolist(),
            found.unit[rows].tolist(),
            found.at[rows].tolist(),
            steps.tolist(),
            (shop.draws.words("return dice", key) >> np.uint64(8)).tolist(),
            strict=True,
        )
        newer = version >= NEWER
        facts = map(_Return._make, columns)
        return [self._return(basket, i, fact, newer) for i, fact in enumerate(facts)]

    def _return(self, basket: Baskets, i: int, facts: _Return, newer: bool) -> Payload:
        return_id, order_id, position, course_number, unit, at, step, dice = facts
        shop, course = self._shop, COURSES[course_number]
        state = course.states[step]
        units = list(range(int(basket.units[i]))) if unit == ALL_UNITS else [unit]
        offered = 30 + dice % 31
        refunds = self._refunds(basket, i, units, offered if course.part else 100)
        together = course.kind == "RETURN_AND_REFUND" and dice % 13 == 0
        reason, text = RETURN_REASONS[dice % len(RETURN_REASONS)]
        lines = self._lines(basket, i, units, refunds, position, "return", newer)
        payload: Payload = {
            "return_id": return_id,
            "order_id": order_id,
            "return_type": course.kind,
            "return_status": state,
            "create_time": at[0],
            "update_time": at[step],
            "role": "SELLER" if dice % 29 == 0 else "BUYER",
            "return_reason": reason,
            "return_reason_text": text,
            "combined_return_id": shop.ids.one("group", position) if together else "0",
            "is_combined_return": together,
            "can_buyer_keep_item": course.kind == "REFUND",
            "shipment_type": "PLATFORM",
            "handover_method": "DROP_OFF" if dice % 2 else "PICKUP",
            "return_line_items": lines,
            "discount_amount": [self._discounts(basket, i, units)],
            "shipping_fee_amount": [self._return_freight(course.kind, dice)],
        }
        if course.kind == "REPLACEMENT" and "REFUND" not in state:
            for line in lines:
                del line["refund_amount"]
        else:
            payload["refund_amount"] = self._money(_sum(refunds))
        self._handling(payload, course.kind, state, at[step])
        payload |= self._of_the_buyer("return", return_id)
        past = course.states[: step + 1]
        if ASK_BUYER in past:
            amount = _sum(self._refunds(basket, i, units, offered))["total"]
            payload["seller_proposed_return_type"] = "PARTIAL_REFUND"
            payload["partial_refund"] = {
                "amount": shop.region.money(amount),
                "currency": shop.region.currency,
            }
            payload["buyer_rejected_partial_refund"] = state == REJECTED
        if ON_ITS_WAY in past:
            carrier_id, carrier = shop.region.carriers[0]
            payload["return_provider_id"] = carrier_id
            payload["return_provider_name"] = carrier
            payload["return_tracking_number"] = f"RT{return_id[-12:]}"
        if NOT_RECEIVED in past:
            payload["arbitration_status"] = (
                "IN_PROGRESS" if state == NOT_RECEIVED else "SUPPORT_BUYER"
            )
        if newer:
            payload["is_quick_refund"] = course.quick
        return payload

    def _handling(self, payload: Payload, kind: str, state: str, since: int) -> None:
        """Add what the seller has to do next and how the goods come back."""
        action = _SELLER_ACTIONS.get(state)
        if action is not None:
            if state == PENDING and kind == "REFUND":
                action = "SELLER_RESPOND_REFUND"
            payload["seller_next_action_response"] = [
                {"action": action, "deadline": since + 4 * DAY}
            ]
        if kind == "RETURN_AND_REFUND":
            payload["return_warehouse_address"] = {"full_address": self._return_address}
            payload["return_method"] = "PLATFORM_SHIPPED"
            payload["return_shipping_document_type"] = "SHIPPING_LABEL"

    def cancellations(self, rows: Ints, now: int, version: str = NEWER) -> list[Payload]:
        """Return `cancellations[]` for rows of the shop's cancellations, as of `now`."""
        shop, found = self._shop, self._shop.cancellations
        position = found.position[rows]
        basket = self._baskets(position)
        paid = (shop.lives.at[position, PAID] != NEVER).tolist()
        cancel_ids = shop.ids.many("cancel", position)
        order_ids = shop.ids.many("order", position)
        newer = version >= NEWER
        made = []
        for i, row in enumerate(rows.tolist()):
            number, at = int(position[i]), found.at[row].tolist()
            plan, unit = int(found.plan[row]), int(found.unit[row])
            who, key, text = cancel_reason(PLANS[plan], number)
            units = list(range(int(basket.units[i]))) if unit == ALL_UNITS else [unit]
            refunds = self._refunds(basket, i, units, 100 if paid[i] else 0)
            state = self._cancel_state(plan, at, now, newer)
            payload: Payload = {
                "cancel_id": cancel_ids[i],
                "order_id": order_ids[i],
                "cancel_type": "BUYER_CANCEL" if who == "BUYER" else "CANCEL",
                "cancel_status": state,
                "role": who,
                "cancel_reason": key,
                "cancel_reason_text": text,
                "create_time": at[0],
                "update_time": max(instant for instant in at if instant <= now),
                "cancel_line_items": self._lines(
                    basket, i, units, refunds, number, "cancel", newer
                ),
            }
            if paid[i]:
                payload["refund_amount"] = self._money(_sum(refunds))
            if state.endswith("PENDING"):
                payload["seller_next_action_response"] = [
                    {"action": "SELLER_RESPOND_CANCEL", "deadline": at[0] + 2 * DAY}
                ]
            payload |= self._of_the_buyer("cancellation", cancel_ids[i])
            if newer:
                payload["should_replenish_stock"] = not state.endswith("CANCEL")
            made.append(payload)
        return made

    def _of_the_buyer(self, what: str, number: str) -> Payload:
        at = f"{self._base}/images/canary-{what}-{number}"
        return {
            "buyer_note": f"CANARY note on {what} {number}",
            "images": [{"url": f"{at}.png", "width": 32, "height": 32}],
            "videos": [{"url": f"{at}.mp4", "cover": f"{at}.png", "duration_millis": 3000}],
        }

    @staticmethod
    def _cancel_state(plan: int, at: list[int], now: int, newer: bool) -> str:
        word = "PENDING"
        if at[1] <= now:
            word = "SUCCESS"
            if plan == P_REFUSED:
                # The older version's responses spell it with -LED, the filters never do.
                word = "CANCEL" if newer else "CANCELLED"
        if at[2] <= now:
            word = "COMPLETE"
        return "CANCELLATION_REQUEST_" + word

    def _baskets(self, position: Ints) -> Baskets:
        created = self._shop.orders.created[position].astype(np.int64)
        return self._shop.till.baskets(position, created)

    def _refunds(self, basket: Baskets, i: int, units: list[int], percent: int) -> list[Refund]:
        """Return what goes back per unit, in minor units; the freight goes with the first."""
        inside = self._shop.region.tax_inside_millis
        whole = len(units) == int(basket.units[i]) and percent == 100
        refunds = []
        for place, unit in enumerate(units):
            first = whole and place == 0
            amounts = {
                "subtotal": int(basket.unit_sale[i, unit]) * percent // 100,
                "shipping": int(basket.shipping_fee[i]) if first else 0,
                "tax": 0 if inside else int(basket.unit_tax[i, unit]) * percent // 100,
                "retail": int(basket.retail_delivery[i]) if first else 0,
                "service": int(basket.buyer_service[i]) if first else 0,
            }
            if first:
                amounts["tax"] += int(basket.shipping_tax[i])
            amounts["total"] = sum(amounts.values())
            refunds.append(amounts)
        return refunds

    def _money(self, amounts: Refund) -> Payload:
        money = self._shop.region.money
        block = {
            "currency": self._shop.region.currency,
            "refund_total": money(amounts["total"]),
            "refund_subtotal": money(amounts["subtotal"]),
            "refund_shipping_fee": money(amounts["shipping"]),
            "refund_tax": money(amounts["tax"]),
        }
        if amounts["retail"]:
            block["retail_delivery_fee"] = money(amounts["retail"])
        if amounts["service"]:
            block["buyer_service_fee"] = money(amounts["service"])
        return block

    def _lines(
        self,
        basket: Baskets,
        i: int,
        units: list[int],
        refunds: list[Refund],
        position: int,
        word: str,
        newer: bool,
    ) -> list[Payload]:
        shop, lines = self._shop, []
        for unit, refund in zip(units, refunds, strict=True):
            number, sku = int(basket.unit_product[i, unit]), int(basket.unit_sku[i, unit])
            product_id = shop.ids.one("product", number)
            line: Payload = {
                f"{word}_line_item_id": shop.ids.one(f"{word}_line", position * 8 + unit),
                "order_line_item_id": shop.ids.one("line", position * 8 + unit),
                "sku_id": shop.ids.one("sku", number * 8 + sku),
                "sku_name": sku_name(number, sku),
                "seller_sku": seller_sku(number, sku),
                "product_name": shop.listings.title(number, int(basket.unit_revision[i, unit])),
                "product_image": {
                    "url": picture_url(self._base, product_id),
                    "width": 32,
                    "height": 32,
                },
                "refund_amount": self._money(refund),
            }
            if newer:
                line[f"{word}_sub_line_items"] = []
            lines.append(line)
        return lines

    def _discounts(self, basket: Baskets, i: int, units: list[int]) -> Payload:
        money = self._shop.region.money
        return {
            "currency": self._shop.region.currency,
            "product_seller_discount": money(int(basket.unit_seller_discount[i, units].sum())),
            "product_platform_discount": money(int(basket.unit_platform_discount[i, units].sum())),
            "shipping_fee_seller_discount": money(int(basket.shipping_seller[i])),
            "shipping_fee_platform_discount": money(int(basket.shipping_platform[i])),
        }

    def _return_freight(self, kind: str, dice: int) -> Payload:
        region = self._shop.region
        fee = region.shipping_fees[-1] if kind == "RETURN_AND_REFUND" else 0
        payer = dice % 3
        return {
            "currency": region.currency,
            "buyer_paid_return_shipping_fee": region.money(fee if payer == 0 else 0),
            "seller_paid_return_shipping_fee": region.money(fee if payer == 1 else 0),
            "platform_paid_return_shipping_fee": region.money(fee if payer == 2 else 0),
        }


def _sum(refunds: list[Refund]) -> Refund:
    return {name: sum(refund[name] for refund in refunds) for name in refunds[0]}
