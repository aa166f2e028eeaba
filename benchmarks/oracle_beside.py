"""What the fields of FBT and of other systems show and count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from benchmarks.oracle_kinds import (
    SECOND,
    Dimension,
    Distinct,
    Metric,
    Shared,
    Sum,
    shown_moment,
    shown_text,
)
from benchmarks.oracle_rows import Row, number, text, within


def _goods(*path: str) -> Dimension:
    return shown_text("goods", "fbt_stock", lambda row: within(row.own, "goods", *path))


def _inbound(take: Callable[[Row], object]) -> Dimension:
    return shown_text("inbound", "inbound", take)


def _inbound_second(take: Callable[[Row], object]) -> Dimension:
    return shown_moment("inbound", "inbound", take, SECOND)


def _newest(row: Row, name: str) -> object:
    """What the newest entry of a shipment's history says."""
    history = row.own.get("order_operation_logs") or ()
    return max(history, key=lambda entry: int(entry["operate_time"]))[name] if history else None


def _carrier(row: Row, name: str) -> object:
    """Of the first carrier."""
    carriers = row.own.get("carriers") or [{}]
    return within(carriers[0], name)


def _linked(name: str) -> Dimension:
    """What the order's numbers in other systems say, each once, joined with a comma."""

    def joined(row: Row) -> str:
        found = {text(link.get(name)) for link in row.links}
        return ",".join(sorted(each for each in found if each))

    return shown_text("order", "orders", joined)


BESIDE_DIMENSIONS: Final[dict[str, Dimension]] = {
    "external_order_id": _linked("id"),
    "external_platform": _linked("platform"),
    "fbt_goods_id": _goods("id"),
    "fbt_goods_name": _goods("name"),
    "fbt_reference_code": _goods("reference_code"),
    "inbound_order_id": _inbound(lambda row: row.own.get("id")),
    "inbound_type": _inbound(lambda row: row.own.get("type")),
    "inbound_status": _inbound(lambda row: _newest(row, "order_status")),
    "inbound_create_time": _inbound_second(lambda row: row.own.get("create_time")),
    "inbound_update_time": _inbound_second(lambda row: _newest(row, "operate_time")),
    "inbound_ship_time": _inbound_second(lambda row: row.own.get("ship_time")),
    "inbound_expected_time": _inbound_second(lambda row: row.own.get("expect_arrive_time")),
    "inbound_arrival_time": _inbound_second(lambda row: row.own.get("actual_arrive_time")),
    "inbound_carrier": _inbound(lambda row: _carrier(row, "carrier_name")),
    "inbound_tracking_number": _inbound(lambda row: _carrier(row, "tracking_number")),
}


def _on_hand(name: str) -> Sum:
    return Sum(("fbt_stock",), lambda row: number(within(row.own, "sku", "on_hand_detail", name)))


def _of_goods(*path: str) -> Shared:
    """What is told of goods in a warehouse, however many SKUs they are."""
    return Shared(
        ("fbt_stock",),
        lambda row: (within(row.own, "goods", "id"), row.warehouse_id),
        lambda row: number(within(row.own, *path)),
    )


def _units(block: str, name: str) -> Sum:
    """Units of all parts of a shipment."""
    return Sum(
        ("inbound",), lambda row: sum(int(part.get(name) or 0) for part in row.own.get(block) or ())
    )


BESIDE_METRICS: Final[dict[str, Metric]] = {
    "external_orders": Distinct(("external_orders",), lambda row: row.order_id),
    "fbt_available_quantity": _on_hand("available_quantity"),
    "fbt_reserved_quantity": _on_hand("reserved_quantity"),
    "fbt_total_quantity": _on_hand("total_quantity"),
    "fbt_in_transit_quantity": _of_goods("in_transit_quantity"),
    "fbt_unfulfillable_quantity": _of_goods("on_hand_detail", "unfulfillable_quantity"),
    "inbound_orders": Sum(("inbound",), lambda _row: 1),
    "inbound_planned_quantity": _units("planned_goods", "quantity"),
    "inbound_received_quantity": _units("received_batches", "total_quantity"),
    "inbound_normal_quantity": _units("received_batches", "normal_quantity"),
    "inbound_defective_quantity": _units("received_batches", "defective_quantity"),
}
