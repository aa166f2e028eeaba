"""What TikTok pushes to us: whether it is genuine, and which records it names. Pure.

A notification says only that something changed; its content is never stored. Sources: TikTok's page
"Webhooks overview" (signature, envelope), the event calls 202309 (which topics can be registered),
and deliveries of the live service as clients report them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

#: What a topic names, by the record table it is about. Stock is named by product or by SKU.
ORDERS: Final = "orders"
RETURNS: Final = "returns"
CANCELLATIONS: Final = "cancellations"
PRODUCTS: Final = "products"
STOCK_OF_PRODUCTS: Final = "inventory"
STOCK_OF_SKUS: Final = "sku_inventory"
FBT_STOCK: Final = "fbt_inventory"
INBOUND_ORDERS: Final = "inbound_orders"

#: A record to read again: (what it is, its id).
Named = tuple[str, str]

#: TikTok's ids of records: digits, at present up to 20 of them. Inbound orders show a prefix here
#: that the calls do not take.
_ID: Final = re.compile(r"(?:IBR)?([0-9]{1,32})")


@dataclass(frozen=True, slots=True)
class Topic:
    """A kind of notification. `number`: the body's `type`. `names`: what the records are, and where
    in `data` their ids stand (`a[].b[]` goes through lists). `offered`: the event calls list it
    (202309); others come only where the app's settings in Partner Center have them."""

    number: int
    name: str
    names: tuple[tuple[str, str], ...] = ()
    offered: bool = True


#: The seller took our access away.
DEAUTHORIZATION: Final = "SELLER_DEAUTHORIZATION"
#: Our access will end at `data.expiration_time` unless the seller grants it again.
EXPIRATION: Final = "UPCOMING_AUTHORIZATION_EXPIRATION"

_PRODUCT: Final = (PRODUCTS, "product_id")
_TABLE: Final = (
    Topic(1, "ORDER_STATUS_CHANGE", ((ORDERS, "order_id"),)),
    Topic(4, "PACKAGE_UPDATE", ((ORDERS, "package_list[].order_id_list[]"),)),
    # The order tells how much of it was cancelled, or is being sent back.
    Topic(11, "CANCELLATION_STATUS_CHANGE", ((CANCELLATIONS, "cancel_id"), (ORDERS, "order_id"))),
    Topic(12, "RETURN_STATUS_CHANGE", ((RETURNS, "return_id"), (ORDERS, "order_id"))),
    Topic(5, "PRODUCT_STATUS_CHANGE", (_PRODUCT,)),
    Topic(15, "PRODUCT_INFORMATION_CHANGE", (_PRODUCT,)),
    Topic(16, "PRODUCT_CREATION", (_PRODUCT, (STOCK_OF_PRODUCTS, "product_id"))),
    Topic(6, DEAUTHORIZATION),
    Topic(7, EXPIRATION),
    Topic(68, "INVENTORY_CHANGED", ((STOCK_OF_PRODUCTS, "product_id"),), offered=False),
    Topic(27, "INVENTORY_STATUS_CHANGE", ((STOCK_OF_PRODUCTS, "product_id"),), offered=False),
    # The seller's own stock call counts TikTok's warehouses, too.
    Topic(
        24,
        "FBT_INVENTORY_UPDATE",
        ((FBT_STOCK, "sku_id"), (STOCK_OF_SKUS, "sku_id")),
        offered=False,
    ),
    Topic(
        21,
        "INBOUND_FBT_ORDER_STATUS_CHANGE",
        ((INBOUND_ORDERS, "inbound_order_id"),),
        offered=False,
    ),
)
TOPICS: Final[Mapping[str, Topic]] = MappingProxyType({row.name: row for row in _TABLE})
_BY_NUMBER: Final[Mapping[str, Topic]] = MappingProxyType({str(row.number): row for row in _TABLE})


@dataclass(frozen=True, slots=True)
class Notification:
    """One push. `id` is TikTok's `tts_notification_id`, or a digest of the body where that is
    missing. `shop_id` is "" for events of a seller, which carry `seller_open_id` instead.
    `told_at` (when it was pushed) and `ends_at` (when our access ends) are UTC epoch seconds; None
    where the body does not say it."""

    id: str
    topic: str
    shop_id: str
    seller_open_id: str
    told_at: float | None
    named: tuple[Named, ...] = ()
    ends_at: float | None = None


def is_genuine(authorization: str, raw: bytes, app_key: str, secrets: Sequence[str]) -> bool:
    """Whether the header `Authorization` is lowercase hex of HMAC-SHA256 over app key and raw body
    under one of the app's secrets (the present one, and the previous one while both are good).

    Takes the same time wherever a wrong header differs."""
    sent = authorization.encode("utf-8", "replace")
    message = app_key.encode() + raw
    fits = [
        hmac.compare_digest(sent, hmac.digest(secret.encode(), message, "sha256").hex().encode())
        for secret in secrets
    ]
    return any(fits)


def read_notification(address: str, raw: bytes) -> Notification | None:
    """The notification in a body that came to the address of this topic; None when it is not a JSON
    object. A topic nobody knows names nothing. Numbers keep all their digits: ids of products and
    of stock come as JSON numbers beyond 2^53."""
    try:
        body = json.loads(raw, parse_int=str)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    data = body.get("data")
    content: Mapping[str, Any] = data if isinstance(data, dict) else {}
    topic = _topic(address, _text(body.get("type")))
    known = TOPICS.get(topic)
    named = tuple(
        dict.fromkeys(
            (what, found)
            for what, path in (known.names if known else ())
            for found in _ids_at(content, path.split("."))
        )
    )
    return Notification(
        id=_text(body.get("tts_notification_id")) or hashlib.sha256(raw).hexdigest()[:32],
        topic=topic,
        shop_id=_text(body.get("shop_id")),
        seller_open_id=_text(body.get("seller_open_id")),
        told_at=_instant(body.get("timestamp")),
        named=named,
        ends_at=_instant(content.get("expiration_time")) if topic == EXPIRATION else None,
    )


def _topic(address: str, number: str) -> str:
    """What is signed is the body, not the address it was sent to: its number decides. The address
    is believed where the number is not in the table, but never about our access."""
    if number in _BY_NUMBER:
        return _BY_NUMBER[number].name
    return "" if address in (DEAUTHORIZATION, EXPIRATION) else address


def _ids_at(value: object, path: Sequence[str]) -> Iterator[str]:
    if not path:
        found = _ID.fullmatch(_text(value))
        if found:
            yield found[1]
        return
    name, rest = path[0], path[1:]
    inner = value.get(name.removesuffix("[]")) if isinstance(value, dict) else None
    if not name.endswith("[]"):
        yield from _ids_at(inner, rest)
    elif isinstance(inner, list):
        for entry in inner:
            yield from _ids_at(entry, rest)


def _text(value: object) -> str:
    """Ids and names as short text; anything else is as good as missing."""
    return value if isinstance(value, str) and len(value) <= 128 and value.isascii() else ""


def _instant(value: object) -> float | None:
    text = _text(value)
    return float(text) if re.fullmatch(r"[0-9]{1,12}", text) else None
