"""Order payloads: what the order search, order detail and price detail calls return.

Field names, enums and sums as in the Partner API (order 202309, 202407, 202507). Every personal
field holds a made-up text with the word canary in it, so that a leak can be searched for.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arrivals import DAY
from .draws import Ints
from .life import (
    ASKED_TO_CANCEL,
    CANCELLED,
    COLLECTED,
    CREATED,
    DELIVERED,
    PAID,
    PARTLY_SHIPPED,
    PLANS,
    RELEASED,
    SHIPPED,
    STATES,
)
from .payloads_address import recipient
from .payloads_lines import ORDER_TYPES, OrderParts
from .shop import Shop
from .timeline import NEVER
from .traits import (
    EXCHANGE,
    FULFILLMENT,
    MADE_TO_ORDER,
    MAX_UNITS,
    PRE_ORDER,
    REPLACEMENT,
    SAMPLE,
    SUBSCRIPTION,
)
from .wording import cancel_reason

Payload = dict[str, Any]


class OrderPayloads:
    """Makes the order payloads of one shop. `base_url`: where its pictures are served."""

    def __init__(self, shop: Shop, base_url: str) -> None:
        self._shop = shop
        self._base = base_url
        self._parts = OrderParts(shop, base_url)

    def orders(self, rows: Ints, now: int, detail: bool = False) -> list[Payload]:
        """Return the payloads of orders as of `now`; `detail` adds what only that call has."""
        if not len(rows):
            return []
        columns = self._columns(rows, now)
        return [self._order(columns, i, detail) for i in range(len(rows))]

    def _columns(self, rows: Ints, now: int) -> dict[str, list[Any]]:
        """Return everything about these orders, column by column, as Python values."""
        shop, traits, draws, ids = self._shop, self._shop.traits, self._shop.draws, self._shop.ids
        at = shop.lives.at[rows].astype(np.int64)
        seen = np.where(at <= now, at, 0)
        basket = shop.till.baskets(rows, at[:, CREATED])
        combined, buyer = traits.is_combined(rows), traits.buyer(rows)
        package = np.where(combined, rows & ~1, rows) * 2
        columns: dict[str, list[Any]] = {
            "id": ids.many("order", rows),
            "line_ids": ids.many("line", (rows[:, None] * 8 + np.arange(MAX_UNITS)).ravel()),
            "user_id": ids.many("buyer", buyer),
            "package": ids.many("package", package),
            "package_2": ids.many("package", package + 1),
            "group": ids.many("group", rows // 2),
            "warehouse": ids.many("warehouse", traits.warehouse(rows)),
            "position": rows.tolist(),
            "buyer": buyer.tolist(),
            "kind": traits.kind(rows).tolist(),
            "free": traits.is_free(rows).tolist(),
            "cod": traits.is_cod(rows).tolist(),
            "combined": combined.tolist(),
            "split": (traits.is_split(rows) & (at[:, PARTLY_SHIPPED] != NEVER)).tolist(),
            "own": traits.ships_itself(rows).tolist(),
            "fulfillment": traits.fulfillment(rows).tolist(),
            "state": shop.states(rows, now).tolist(),
            "asks": shop.asks_to_cancel(rows, now).tolist(),
            "plan": shop.lives.plan[rows].tolist(),
            "seen": seen.tolist(),
            "dice": (draws.words("dice", rows) >> np.uint64(8)).tolist(),
            "earlier": np.maximum(0, rows - 1 - draws.below("replaced", rows, 300)).tolist(),
        }
        for name in basket.__slots__:
            columns[name] = getattr(basket, name).tolist()
        return columns

    def _order(self, columns: dict[str, list[Any]], i: int, detail: bool) -> Payload:
        region = self._shop.region
        seen, kind, dice = columns["seen"][i], columns["kind"][i], columns["dice"][i]
        state = STATES[columns["state"][i]]
        position = columns["position"][i]
        created = seen[CREATED]
        cod = columns["cod"][i]
        order: Payload = {
            "id": columns["id"][i],
            "status": state,
            "create_time": created,
            "update_time": max(seen),
            "commerce_platform": "TIKTOK_SHOP",
            "fulfillment_type": FULFILLMENT[columns["fulfillment"][i]],
            "delivery_type": "COLLECTION_POINT" if dice % 19 == 0 else "HOME_DELIVERY",
            "shipping_type": "SELLER" if columns["own"][i] else "TIKTOK",
            "delivery_option_id": "7091146663229654785",
            "delivery_option_name": "Shipped from seller" if columns["own"][i] else "Standard",
            "warehouse_id": columns["warehouse"][i],
            "has_updated_recipient_address": dice % 31 == 0,
            "is_buyer_request_cancel": columns["asks"][i],
            "is_cod": cod,
            "is_on_hold_order": region.has_hold and seen[PAID] > 0 and not columns["free"][i],
            "is_replacement_order": kind == REPLACEMENT,
            "is_sample_order": kind == SAMPLE,
            "payment": self._parts.payment(columns, i),
            "line_items": self._parts.lines(columns, i, state),
            "buyer_email": "",
            "rts_sla_time": created + 2 * DAY,
            "tts_sla_time": created + 3 * DAY,
            "cancel_order_sla_time": created + 5 * DAY,
            "shipping_due_time": created + 5 * DAY,
        }
        order_type = ORDER_TYPES.get(kind)
        if order_type is not None or region.code != "ID":
            order["order_type"] = order_type or "NORMAL"
        if not cod or seen[DELIVERED]:
            paid = seen[DELIVERED] if cod else seen[PAID]
            if paid:
                order["paid_time"] = paid
                order["payment_method_name"] = (
                    "Cash on delivery" if cod else region.methods[dice % len(region.methods)]
                )
        self._kinds(order, columns, i)
        self._progress(order, seen)
        self._buyer(order, columns, i)
        if state == "CANCELLED":
            who, _, text = cancel_reason(PLANS[columns["plan"][i]], position)
            order["cancel_reason"], order["cancellation_initiator"] = text, who
        if region.code == "BR" and "user_id" in order:
            order["cpf"] = f"CANARY-CPF-{columns['buyer'][i]}"
            order["cpf_name"] = f"Canary Name {columns['buyer'][i]}"
            order["need_upload_invoice"] = "NEED_INVOICE"
            if detail:
                order["payment_method_code"], order["payment_card_type"] = "CCDC", "CREDIT"
                order["payment_auth_code"] = f"canary-auth-{position}"
        return order

    def _kinds(self, order: Payload, columns: dict[str, list[Any]], i: int) -> None:
        """Add the fields only some kinds of order have."""
        kind, dice = columns["kind"][i], columns["dice"][i]
        region = self._shop.region
        if region.code in ("US", "GB"):
            order["is_exchange_order"] = kind == EXCHANGE
        if region.code == "US":
            order["is_subscription_order"] = kind == SUBSCRIPTION
        if kind == REPLACEMENT:
            order["replaced_order_id"] = self._shop.ids.one("order", columns["earlier"][i])
        elif kind == EXCHANGE:
            order["exchange_source_order_id"] = self._shop.ids.one("order", columns["earlier"][i])
        elif kind in (PRE_ORDER, MADE_TO_ORDER):
            order["handling_duration"] = {"days": str(7 + dice % 14), "type": "BUSINESS_DAY"}
            if kind == PRE_ORDER:
                order["release_date"] = order["create_time"] + 7 * DAY
        if columns["combined"][i]:
            order["split_or_combine_tag"] = "COMBINED"
            if region.code == "US":
                order["auto_combine_group_id"] = columns["group"][i]
        elif columns["split"][i] and columns["seen"][i][PARTLY_SHIPPED]:
            order["split_or_combine_tag"] = "SPLIT"
        if dice % 6 == 0:
            order["seller_note"] = f"CANARY note {columns['position'][i]}"

    def _progress(self, order: Payload, seen: list[int]) -> None:
        """Add what came to pass by now."""
        for name, column in (
            ("rts_time", SHIPPED),
            ("collection_time", COLLECTED),
            ("delivery_time", DELIVERED),
            ("cancel_time", CANCELLED),
            ("request_cancel_time", ASKED_TO_CANCEL),
        ):
            if seen[column]:
                order[name] = seen[column]
        if seen[SHIPPED]:
            line = order["line_items"][0]
            order["tracking_number"] = line["tracking_number"]
            order["shipping_provider"] = line["shipping_provider_name"]
            order["shipping_provider_id"] = line["shipping_provider_id"]
            order["delivery_sla_time"] = seen[SHIPPED] + 8 * DAY

    def _buyer(self, order: Payload, columns: dict[str, list[Any]], i: int) -> None:
        """Add buyer and address; neither is there while the order is UNPAID or ON_HOLD."""
        seen, buyer = columns["seen"][i], columns["buyer"][i]
        if order["status"] in ("UNPAID", "ON_HOLD"):
            del order["buyer_email"]
            return
        order["user_id"] = columns["user_id"][i]
        order["buyer_email"] = f"canary{buyer}@example.invalid"
        if columns["dice"][i] % 4 == 0:
            order["buyer_nickname"] = f"Canary Nick {buyer}"
            order["buyer_avatar"] = f"{self._base}/images/canary-avatar-{buyer}.png"
        if columns["dice"][i] % 5 == 0:
            order["buyer_message"] = f'CANARY message {buyer}: "please, ring =1+1" 🙏'
        if seen[RELEASED] or columns["cod"][i]:
            order["packages"] = [{"id": columns["package"][i]}]
            if order.get("split_or_combine_tag") == "SPLIT":
                order["packages"].append({"id": columns["package_2"][i]})
            order["recipient_address"] = recipient(
                self._shop.region,
                columns["place"][i],
                buyer,
                columns["dice"][i],
                columns["fulfillment"][i] == 1,
            )
