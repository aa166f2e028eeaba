"""Returns and cancellations with their units (search 202602, 202309). The return's own address, its
pictures and the buyer's words are in no mapping."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from backfill.normalise.rows import (
    Normalised,
    Row,
    by_name,
    each_of,
    inside,
    key_or_none,
    read_each,
)
from backfill.normalise.shape import Record, Shape, children
from backfill.normalise.values import WrongShape, exact_sum, key_of, money
from catalogue.tables import (
    CANCELLATION_LINE_ITEMS,
    CANCELLATIONS,
    RETURN_LINE_ITEMS,
    RETURNS,
)
from store.commits import Write

_REFUND: Final = inside(
    "refund_amount",
    *("currency", "refund_total", "refund_subtotal", "refund_shipping_fee", "refund_tax"),
    *("retail_delivery_fee", "buyer_service_fee"),
)


@dataclass(frozen=True)
class _Family:
    """A kind of request with its lines. `sums`: lists of amounts whose entries are added up."""

    records: str
    lines: str
    header: Shape
    line: Shape
    key: str
    sums: tuple[tuple[str, str], ...] = ()

    @property
    def header_columns(self) -> tuple[str, ...]:
        return (*self.header.columns, self.key, "order_key", *(name for _, name in self.sums))

    @property
    def line_columns(self) -> tuple[str, ...]:
        root = self.header.columns[0]
        return (
            *self.line.columns,
            *("line_key", root, self.key, "order_id", "order_key", "create_time", "update_time"),
        )


_RETURNS: Final = _Family(
    records="return_orders",
    lines="return_line_items",
    key="return_key",
    header=Shape(
        RETURNS,
        {
            **by_name(
                *("return_id", "order_id", "create_time", "update_time", "return_type"),
                *("return_status", "arbitration_status", "return_reason", "return_reason_text"),
                *("role", "return_tracking_number", "return_provider_name", "return_method"),
                *("handover_method", "shipment_type", "seller_proposed_return_type"),
                *("combined_return_id", "pre_return_id", "next_return_id"),
                *("is_combined_return", "can_buyer_keep_item", "is_quick_refund"),
                "buyer_rejected_partial_refund",
            ),
            **_REFUND,
            "partial_refund_amount": "partial_refund.amount",
        },
        required=("return_id", "create_time", "update_time"),
    ),
    line=Shape(
        RETURN_LINE_ITEMS,
        {
            **by_name(
                *("return_line_item_id", "order_line_item_id", "sku_id", "sku_name"),
                *("seller_sku", "product_name"),
            ),
            **_REFUND,
        },
        required=("return_line_item_id",),
    ),
    sums=(
        ("shipping_fee_amount", "seller_paid_return_shipping_fee"),
        ("shipping_fee_amount", "platform_paid_return_shipping_fee"),
        ("shipping_fee_amount", "buyer_paid_return_shipping_fee"),
        ("discount_amount", "product_seller_discount"),
        ("discount_amount", "product_platform_discount"),
    ),
)

_CANCELLATIONS: Final = _Family(
    records="cancellations",
    lines="cancel_line_items",
    key="cancel_key",
    header=Shape(
        CANCELLATIONS,
        {
            **by_name(
                *("cancel_id", "order_id", "create_time", "update_time", "cancel_type"),
                *("cancel_status", "cancel_reason", "cancel_reason_text", "role"),
                "should_replenish_stock",
            ),
            **_REFUND,
        },
        required=("cancel_id", "create_time", "update_time"),
    ),
    line=Shape(
        CANCELLATION_LINE_ITEMS,
        {
            **by_name(
                *("cancel_line_item_id", "order_line_item_id", "sku_id", "sku_name"),
                *("seller_sku", "product_name"),
            ),
            **_REFUND,
        },
        required=("cancel_line_item_id",),
    ),
)


def normalise_returns(records: Iterable[object]) -> Normalised:
    """Rows of returns and return_line_items."""
    headers, lines, rejected = _read_family(_RETURNS, records)
    return Normalised(
        (
            Write(RETURNS, _RETURNS.header_columns, headers),
            Write(RETURN_LINE_ITEMS, _RETURNS.line_columns, lines),
        ),
        rejected,
    )


def normalise_cancellations(records: Iterable[object]) -> Normalised:
    """Rows of cancellations and cancellation_line_items."""
    headers, lines, rejected = _read_family(_CANCELLATIONS, records)
    return Normalised(
        (
            Write(CANCELLATIONS, _CANCELLATIONS.header_columns, headers),
            Write(CANCELLATION_LINE_ITEMS, _CANCELLATIONS.line_columns, lines),
        ),
        rejected,
    )


def _read_family(
    family: _Family, records: Iterable[object]
) -> tuple[list[Row], list[Row], tuple[tuple[str, str], ...]]:
    headers: list[Row] = []
    lines: list[Row] = []
    places = [
        family.header.position(name)
        for name in (family.header.columns[0], "order_id", "create_time", "update_time")
    ]
    own_currency = family.header.position("currency")
    line_currency = family.line.position("currency")
    order_line = family.line.position("order_line_item_id")

    def read(record: Record) -> None:
        header = family.header.read(record)
        units = each_of(record, family.lines, family.line.read)
        # Nothing is refunded of what was not paid, in a currency that only the units may tell.
        told = {unit[line_currency] for unit in units} - {None}
        if header[own_currency] is None and len(told) == 1:
            (header[own_currency],) = told
        currency = header[own_currency]
        root, order_id, created, updated = (header[place] for place in places)
        order_key = key_or_none(order_id)
        sums = [_sum(record, source, name, currency) for source, name in family.sums]
        shared = (root, key_of(root), order_id, order_key, created, updated)
        own: list[Row] = []
        for unit in units:
            unit[line_currency] = unit[line_currency] or currency
            own.append((*unit, key_or_none(unit[order_line]), *shared))
        headers.append((*header, key_of(root), order_key, *sums))
        lines.extend(own)

    rejected = read_each(records, family.records, read)
    return headers, lines, rejected


def _sum(record: Record, source: str, name: str, currency: object) -> str | None:
    """The sum of `name` over the list `source`; entries in another currency than the refund's
    cannot be added to it and are left out."""
    amounts: list[object] = []
    for place, entry in enumerate(children(record, source)):
        path = f"{source}[{place}]"
        if not isinstance(entry, dict):
            raise WrongShape("is not an object", path)
        if currency is not None and entry.get("currency") not in (currency, None, ""):
            continue
        try:
            amounts.append(money(entry.get(name)))
        except WrongShape as wrong:
            raise WrongShape(wrong.reason, f"{path}.{name}") from None
        except TypeError:
            raise WrongShape("is an object or a list", f"{path}.{name}") from None
    return exact_sum(amounts)
