"""What TikTok keeps for the seller (FBT): warehouses, stock, shipments to it (202408 to 202410).

Of an address only country, state and city are kept; the merchant's name is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from backfill.normalise.rows import Normalised, Row, by_name, each_of, inside, read_each
from backfill.normalise.shape import Record, Shape, child, children
from backfill.normalise.values import WrongShape, count, identifier, instant, plain_text
from catalogue.tables import WAREHOUSES
from catalogue.tables_fbt import FBT_INVENTORY, INBOUND_ORDERS
from store.commits import Write

#: How TikTok's movements of stock and notifications begin the id of a shipment.
INBOUND_PREFIX: Final = "IBR"
_INBOUND: Final = "INBOUND_ORDER"

_PLACE: Final = Shape(WAREHOUSES, by_name("region_code", "state", "city"), required=())
_WAREHOUSE: Final = ("warehouse_id", "fbt_warehouse_id", "name", "type", *_PLACE.columns)


def normalise_fbt_warehouses(records: Iterable[object]) -> Normalised:
    """Rows of warehouses: the FBT warehouses that the seller uses, each once under its own id and
    once under every id by which orders and stock know it. Those not used are left out."""
    rows: dict[str, Row] = {}

    def read(record: Record) -> None:
        if record.get("subscribed") is False:
            return
        fbt_id = identifier(record.get("fbt_warehouse_id"))
        if fbt_id is None:
            raise WrongShape("is missing", "fbt_warehouse_id")
        addresses = children(record, "addresses")
        place = _PLACE.read(addresses[0] if addresses else {})
        named = (plain_text(record.get("name")), plain_text(record.get("type")), *place)
        ids = [fbt_id, *map(identifier, children(record, "warehouse_ids"))]
        rows.update({one: (one, fbt_id, *named) for one in ids if one is not None})

    rejected = read_each(records, "warehouses", read)
    return Normalised((Write(WAREHOUSES, _WAREHOUSE, list(rows.values())),), rejected)


_GOODS: Final = Shape(
    FBT_INVENTORY,
    {
        "fbt_warehouse_id": "fbt_warehouse_id",
        "goods_id": "goods.id",
        "goods_name": "goods.name",
        "reference_code": "goods.reference_code",
        "goods_in_transit_quantity": "in_transit_quantity",
        "goods_unfulfillable_quantity": "on_hand_detail.unfulfillable_quantity",
    },
    required=("fbt_warehouse_id",),
)
_STOCK: Final = Shape(
    FBT_INVENTORY,
    {
        "sku_id": "id",
        **inside("on_hand_detail", "available_quantity", "reserved_quantity", "total_quantity"),
    },
    required=("sku_id",),
)


def normalise_fbt_inventory(records: Iterable[object]) -> Normalised:
    """Rows of fbt_inventory, one for each SKU of the goods."""
    rows: list[Row] = []

    def read(record: Record) -> None:
        goods = _GOODS.read(record)
        skus = each_of(child(record, "goods"), "skus", lambda sku: (*_STOCK.read(sku), *goods))
        rows.extend(skus)

    rejected = read_each(records, "inventory", read)
    return Normalised((Write(FBT_INVENTORY, (*_STOCK.columns, *_GOODS.columns), rows),), rejected)


def normalise_fbt_records(records: Iterable[object]) -> Normalised:
    """Rows of inbound_orders that hold the id only, from the movements of stock: there is no list
    of shipments. Other movements are not kept."""
    found: dict[str, Row] = {}

    def read(record: Record) -> None:
        cause = child(record, "order")
        order_id = _inbound_id(cause.get("id"))
        if cause.get("type") == _INBOUND and order_id is not None:
            found[order_id] = (order_id, None)

    rejected = read_each(records, "inventory_records", read)
    columns = ("inbound_order_id", "update_time")
    return Normalised((Write(INBOUND_ORDERS, columns, list(found.values())),), rejected)


_SHIPMENT: Final = Shape(
    INBOUND_ORDERS,
    {
        **by_name("type", "create_time", "ship_time", "expect_arrive_time", "actual_arrive_time"),
        "fbt_warehouse_id": "warehouse.fbt_warehouse_id",
    },
    required=(),
)
_SHIPMENT_COLUMNS: Final = (
    "inbound_order_id",
    *_SHIPMENT.columns,
    *("status", "update_time", "carrier_name", "tracking_number", "planned_quantity"),
    *("received_quantity", "normal_quantity", "defective_quantity"),
)


def normalise_inbound_orders(records: Iterable[object]) -> Normalised:
    """Rows of inbound_orders. The status is that of the newest entry in the history."""
    rows: list[Row] = []

    def read(record: Record) -> None:
        order_id = _inbound_id(record.get("id"))
        if order_id is None:
            raise WrongShape("is missing", "id")
        received = (
            _units(record, "received_batches", name)
            for name in ("total_quantity", "normal_quantity", "defective_quantity")
        )
        carrier = next(iter(each_of(record, "carriers", _carrier)), (None, None))
        planned = _units(record, "planned_goods", "quantity")
        rows.append(
            (order_id, *_SHIPMENT.read(record), *_newest(record), *carrier, planned, *received)
        )

    rejected = read_each(records, "inbound_orders", read)
    return Normalised((Write(INBOUND_ORDERS, _SHIPMENT_COLUMNS, rows),), rejected)


def _inbound_id(value: object) -> str | None:
    """With its prefix, which some of TikTok's answers leave out."""
    plain = identifier(value)
    if plain is None or plain.startswith(INBOUND_PREFIX):
        return plain
    return INBOUND_PREFIX + plain


def _newest(record: Record) -> Row:
    """(status, since when) by the history; nulls without one."""
    entries = each_of(record, "order_operation_logs", _entry)
    at, _, status = max(
        ((at or 0, place, status) for place, (at, status) in enumerate(entries)),
        default=(0, 0, None),
    )
    return status, at or None


def _entry(entry: Any) -> Row:
    if not isinstance(entry, dict):
        raise WrongShape("is not an object")
    return instant(entry.get("operate_time")), plain_text(entry.get("order_status"))


def _carrier(carrier: Any) -> Row:
    if not isinstance(carrier, dict):
        raise WrongShape("is not an object")
    return plain_text(carrier.get("carrier_name")), plain_text(carrier.get("tracking_number"))


def _units(record: Record, name: str, quantity: str) -> int | None:
    """The sum over a list; null when the list is absent."""
    if name not in record:
        return None

    def read(entry: Any) -> Row:
        if not isinstance(entry, dict):
            raise WrongShape("is not an object")
        return (count(entry.get(quantity)) or 0,)

    return sum(int(units) for (units,) in each_of(record, name, read))
