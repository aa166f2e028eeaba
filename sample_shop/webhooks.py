"""Webhooks as the shop sees them: which topics can be registered, what was registered, how a
notification is written and signed."""

from __future__ import annotations

import hmac
import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

#: The topics that the event calls of version 202309 list.
API_TOPICS: Final = (
    "ORDER_STATUS_CHANGE", "RECIPIENT_ADDRESS_UPDATE", "PACKAGE_UPDATE", "PRODUCT_STATUS_CHANGE",
    "SELLER_DEAUTHORIZATION", "UPCOMING_AUTHORIZATION_EXPIRATION", "CANCELLATION_STATUS_CHANGE",
    "RETURN_STATUS_CHANGE", "NEW_CONVERSATION", "NEW_MESSAGE", "PRODUCT_INFORMATION_CHANGE",
    "PRODUCT_CREATION", "PRODUCT_CATEGORY_CHANGE", "NEW_MESSAGE_LISTENER",
    "INVOICE_STATUS_CHANGE", "PRODUCT_AUDIT_STATUS_CHANGE", "REVERSE_STATUS_UPDATE",
)  # fmt: skip

#: The number a notification carries; topics that are in no document have none.
TYPES: Final[Mapping[str, int]] = {
    "ORDER_STATUS_CHANGE": 1,
    "REVERSE_STATUS_UPDATE": 2,
    "RECIPIENT_ADDRESS_UPDATE": 3,
    "PACKAGE_UPDATE": 4,
    "PRODUCT_STATUS_CHANGE": 5,
    "SELLER_DEAUTHORIZATION": 6,
    "UPCOMING_AUTHORIZATION_EXPIRATION": 7,
    "CANCELLATION_STATUS_CHANGE": 11,
    "RETURN_STATUS_CHANGE": 12,
    "PRODUCT_INFORMATION_CHANGE": 15,
    "PRODUCT_CREATION": 16,
    "PRODUCT_CATEGORY_CHANGE": 18,
    "INBOUND_FBT_ORDER_STATUS_CHANGE": 21,
    "FBT_INVENTORY_UPDATE": 24,
    "INVENTORY_STATUS_CHANGE": 27,
    "PRODUCT_AUDIT_STATUS_CHANGE": 37,
    "INVENTORY_CHANGED": 68,
}

#: Topics whose notifications name the seller instead of a shop.
OF_SELLER: Final = ("INBOUND_FBT_ORDER_STATUS_CHANGE", "FBT_INVENTORY_UPDATE", "INVENTORY_CHANGED")

_numbers = itertools.count(7_327_112_393_057_371_910)


class Registrations:
    """The addresses of one shop by topic."""

    def __init__(self) -> None:
        self._entries: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()

    def put(self, topic: str, address: str, now: int) -> None:
        """Register an address, in the place of an earlier one."""
        with self._lock:
            made = self._entries.get(topic, {}).get("create_time", now)
            self._entries[topic] = {
                "address": address,
                "create_time": made,
                "event_type": topic,
                "update_time": now,
            }

    def delete(self, topic: str) -> None:
        """Forget a topic; nothing happens if it was not registered."""
        with self._lock:
            self._entries.pop(topic, None)

    def entries(self) -> list[dict[str, Any]]:
        """Return what Get Shop Webhooks lists."""
        with self._lock:
            return list(self._entries.values())

    def address(self, topic: str) -> str | None:
        """Return where notifications of a topic go, or None."""
        with self._lock:
            entry = self._entries.get(topic)
        return None if entry is None else str(entry["address"])


@dataclass(frozen=True, slots=True)
class Notification:
    """One push before it is sent. `owner`: `shop_id` or `seller_open_id` with its value."""

    topic: str
    owner: Mapping[str, str]
    data: Mapping[str, Any]
    at: int
    id: str = ""

    def body(self) -> bytes:
        """Return the bytes to send; every call without an id is another notification."""
        return orjson.dumps(
            {
                "type": TYPES.get(self.topic, 0),
                "tts_notification_id": self.id or str(next(_numbers)),
                **self.owner,
                "timestamp": self.at,
                "data": self.data,
            }
        )


def authorization(body: bytes, app_key: str, secret: str) -> str:
    """Return the header `Authorization` for a body."""
    return hmac.digest(secret.encode(), app_key.encode() + body, "sha256").hex()
