"""Answers → where orders and products stand. Every order is in exactly one tile. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connector.rows import Row

#: Status of an order -> (what it is called, what it means).
ORDERS: Final[Mapping[str, tuple[str, str]]] = {
    "UNPAID": ("Unpaid", "Placed and not paid yet. Counts in no sales figure."),
    "ON_HOLD": (
        "On hold",
        "Paid within the last hour: the buyer may still cancel freely, and nothing can be shipped.",
    ),
    "AWAITING_SHIPMENT": ("Awaiting shipment", "Paid and to be shipped by the seller."),
    "PARTIALLY_SHIPPING": ("Partially shipping", "Some of its parcels are on their way."),
    "AWAITING_COLLECTION": ("Awaiting collection", "Packed; the carrier has not taken it over."),
    "IN_TRANSIT": ("In transit", "With the carrier."),
    "DELIVERED": ("Delivered", "Arrived; the buyer may still send it back."),
    "COMPLETED": ("Completed", "Arrived, and the time to send it back is over."),
    "CANCELLED": ("Cancelled", "Called off by the buyer, the seller or TikTok."),
}
OTHER_ORDERS: Final = ("Other", "In a state that TikTok has added lately.")

#: What a tile of products is called -> (statuses, what they mean).
PRODUCTS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "Live": (("ACTIVATE",), "Can be bought now."),
    "Failed": (
        ("FAILED",),
        "TikTok's review turned the listing down. The list says why.",
    ),
    "Not uploaded": (("DRAFT", "PENDING"), "A draft, or still in TikTok's review."),
    "Inactive": (
        ("SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED", "FREEZE"),
        "Switched off by the seller or by TikTok.",
    ),
    "Deleted": (("DELETED",), "Deleted in Seller Center. Kept here for the sales of the past."),
}
OTHER_PRODUCTS: Final = "Other"


@dataclass(frozen=True, slots=True)
class Stand:
    """`statuses`: TikTok's words that it counts, to look its rows up by. `share` of all, 0 to 1."""

    label: str
    meaning: str
    count: int
    share: float
    statuses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Why orders were cancelled, and by whom."""

    by: str
    reason: str
    count: int


def stands_of_orders(rows: Iterable[Row]) -> list[Stand]:
    """A tile for each known status, and one for the others if there are any."""
    counts = _counts(rows, "order_status", "orders")
    parts = [(label, meaning, (status,)) for status, (label, meaning) in ORDERS.items()]
    return _stands(counts, parts, OTHER_ORDERS)


def stands_of_products(rows: Iterable[Row]) -> list[Stand]:
    """Deleted listings are the last; they are told apart from what is there."""
    counts = _counts(rows, "product_status", "products_count")
    parts = [(label, meaning, statuses) for label, (statuses, meaning) in PRODUCTS.items()]
    return _stands(counts, parts, (OTHER_PRODUCTS, OTHER_ORDERS[1]))


def cancelled(rows: Iterable[Row]) -> list[Cancelled]:
    """The most frequent first. `rows`: of orders by status, initiator and reason."""
    found: dict[tuple[str, str], int] = {}
    for row in rows:
        if row["order_status"] == "CANCELLED":
            who = _BY.get(str(row["cancellation_initiator"] or ""), "Not told")
            place = (who, str(row["cancel_reason"] or "Not told"))
            found[place] = found.get(place, 0) + _whole(row["orders"])
    largest = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [Cancelled(by, reason, count) for (by, reason), count in largest]


_BY: Final = {"BUYER": "The buyer", "SELLER": "The seller", "SYSTEM": "TikTok"}


def _counts(rows: Iterable[Row], status: str, count: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        name = str(row[status] or "")
        counts[name] = counts.get(name, 0) + _whole(row[count])
    return counts


def _stands(
    counts: Mapping[str, int],
    parts: Sequence[tuple[str, str, tuple[str, ...]]],
    others: tuple[str, str],
) -> list[Stand]:
    whole = sum(counts.values())
    known = {status for _, _, statuses in parts for status in statuses}
    strange = tuple(sorted(set(counts) - known))
    if any(counts[status] for status in strange):
        parts = [*parts, (*others, strange)]
    made = []
    for label, meaning, statuses in parts:
        count = sum(counts.get(status, 0) for status in statuses)
        made.append(Stand(label, meaning, count, count / whole if whole else 0.0, statuses))
    return made


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
