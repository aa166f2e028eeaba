"""What the oracle works on: raw TikTok Shop payloads of one shop, and flat rows made of them.

A row is one unit of one grain (an order, a line item, a return line, a day of a product, ...)
together with the payloads that a many-to-one path leads to. Nothing is summed here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from string import capwords
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

Payload = Mapping[str, Any]


@dataclass(frozen=True)
class Payloads:
    """Everything one shop has, as TikTok sends it; every sequence holds raw objects.

    `products` are details, `product_search` the rows of the product list (a product whose detail
    is refused appears only there), `inventory` one object per product with its `skus`,
    `price_details` one price detail per order that TikTok was asked about. A statement's
    transactions carry the `statement_id`, an order's settlement by SKU and the links to other
    systems the `order_id`. Days of analytics carry the `date` (YYYY-MM-DD in the shop's own zone),
    hours `date` and `index`.

    `zone` (an IANA name) counts the shop's own days, `currency` is the shop's.
    """

    shop: Payload
    zone: str = "UTC"
    currency: str | None = None
    orders: Sequence[Payload] = ()
    price_details: Sequence[Payload] = ()
    products: Sequence[Payload] = ()
    product_search: Sequence[Payload] = ()
    inventory: Sequence[Payload] = ()
    returns: Sequence[Payload] = ()
    cancellations: Sequence[Payload] = ()
    warehouses: Sequence[Payload] = ()
    statements: Sequence[Payload] = ()
    transactions: Sequence[Payload] = ()
    settled_skus: Sequence[Payload] = ()
    payments: Sequence[Payload] = ()
    unsettled: Sequence[Payload] = ()
    shop_days: Sequence[Payload] = ()
    shop_hours: Sequence[Payload] = ()
    video_overviews: Sequence[Payload] = ()
    live_overviews: Sequence[Payload] = ()
    product_days: Sequence[Payload] = ()
    sku_days: Sequence[Payload] = ()
    video_days: Sequence[Payload] = ()
    live_sessions: Sequence[Payload] = ()
    fbt_warehouses: Sequence[Payload] = ()
    fbt_inventory: Sequence[Payload] = ()
    inbound_orders: Sequence[Payload] = ()
    external_orders: Sequence[Payload] = ()


@dataclass(slots=True)
class Row:
    """One row of one fact. An absent payload is an empty mapping. `at`: UTC seconds or None.

    `own`: the payload of the fact itself, where it is none of those that have a name here.
    `is_own_day`: the axis is a day of the shop's own calendar, and `at` the wall clock of that day
    read as if it were UTC. `links`: numbers of the order in other systems. `is_first_paid`: no
    earlier order of its buyer is known to be paid. `now`: when the question is asked, UTC seconds.
    """

    shop: Payload
    at: int | None = None
    order: Payload = field(default_factory=dict)
    line: Payload = field(default_factory=dict)
    price: Payload = field(default_factory=dict)
    product: Payload = field(default_factory=dict)
    sku: Payload = field(default_factory=dict)
    sku_stock: Payload = field(default_factory=dict)
    stock: Payload = field(default_factory=dict)
    return_: Payload = field(default_factory=dict)
    return_line: Payload = field(default_factory=dict)
    cancel: Payload = field(default_factory=dict)
    cancel_line: Payload = field(default_factory=dict)
    statement: Payload = field(default_factory=dict)
    own: Payload = field(default_factory=dict)
    product_id: str | None = None
    sku_id: str | None = None
    warehouse: Payload = field(default_factory=dict)
    warehouse_id: str | None = None
    order_id: str | None = None
    links: Sequence[Payload] = ()
    currency: str | None = None
    money_state: str | None = None
    is_first_paid: bool = False
    is_own_day: bool = False
    now: float = 0.0

    def moment(self, zone: ZoneInfo) -> datetime | None:
        """When it happened, by the clock of the report; own days are the same in every zone."""
        if self.at is None:
            return None
        there = datetime.fromtimestamp(self.at, UTC)
        return there if self.is_own_day else there.astimezone(zone)


#: Makes the rows of a fact anew.
Maker = Callable[[], Iterable[Row]]


class Known(Protocol):
    """What rows of one family may ask of the others."""

    @property
    def payloads(self) -> Payloads: ...
    def of_order(self, order_id: str | None) -> Row: ...
    def at_warehouse(self, row: Row, warehouse_id: str | None) -> Row: ...
    def at_sku(self, row: Row, product_id: str | None, sku_id: str | None) -> Row: ...
    def product_of_sku(self, sku_id: str | None) -> str | None: ...
    def units_of(self, order_id: str | None) -> Iterable[Payload]: ...


def text(value: Any) -> str | None:
    """The text of a payload value without surrounding blanks; nothing left is nothing."""
    if value is None:
        return None
    return str(value).strip() or None


def instant(value: Any) -> int | None:
    """A moment in UTC seconds; TikTok writes 0 or nothing where it has not come."""
    return int(value) if value not in (None, "", 0, "0") else None


def number(value: Any) -> Decimal | None:
    """An amount or a count as sent: "1.50", {"amount": "1.50"}, "5%" (0.05); None if absent."""
    if isinstance(value, Mapping):
        value = value.get("amount", value.get("value"))
    cleaned = text(value)
    if cleaned is None:
        return None
    if cleaned.endswith("%"):
        return Decimal(cleaned[:-1]) / 100
    return Decimal(cleaned)


def money(value: Any) -> Decimal:
    """An amount; absent is 0."""
    return number(value) or Decimal(0)


def within(payload: Any, *path: str) -> Any:
    """What lies at the end of a path of names; None as soon as one of them is absent."""
    for name in path:
        if not isinstance(payload, Mapping):
            return None
        payload = payload.get(name)
    return payload


def currencies(payloads: Payloads) -> set[str]:
    """Those of a shop's orders; of a shop without any its own."""
    found = {text(within(order, "payment", "currency")) for order in payloads.orders}
    return {each for each in found if each} or {each for each in [payloads.currency] if each}


def is_paid(order: Payload) -> bool:
    """Whether an order counts as a sale: not unpaid, and paid or cash on delivery."""
    if order.get("status") == "UNPAID":
        return False
    return instant(order.get("paid_time")) is not None or order.get("is_cod") is True


#: What a countdown auction's listing is called: the thing on offer behind a number of its own.
_AUCTION: Final = re.compile(r"\W*countdown auction #\d+: (?P<thing>.*\S)\s*", re.IGNORECASE)


def auctioned(line: Payload) -> str | None:
    """The title that all auctions of the same thing share; None for any other unit."""
    found = _AUCTION.fullmatch(line.get("product_name") or "")
    return found and f"Countdown Auction: {capwords(found['thing'].casefold())}"


def sold_product(line: Payload) -> str | None:
    """The product a unit counts for; auctions of one thing share one, named by its title."""
    title = auctioned(line)
    if title is None:
        return text(line.get("product_id"))
    return "auction-" + blake2b(title.casefold().encode(), digest_size=8).hexdigest()
