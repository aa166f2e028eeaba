"""Fields of stock in TikTok's own warehouses (FBT) and of the shipments to them."""

from __future__ import annotations

from typing import Final

from catalogue.field import Additive, Dimension, Snapshot

_GROUP: Final = "FBT"
_STOCK: Final = "fbt_inventory"
_INBOUND: Final = "inbound_orders"


def _dimension(
    field_id: str, label: str, table: str, column: str, about: str, semantic: str = "TEXT"
) -> Dimension:
    return Dimension(
        id=field_id, label=label, group=_GROUP, semantic=semantic,
        homes={table: f"[{column}]"}, about=about,
    )  # fmt: skip


def _instant(field_id: str, label: str, column: str, about: str) -> Dimension:
    return _dimension(field_id, label, _INBOUND, column, about, "YEAR_MONTH_DAY_SECOND")


def _stock(field_id: str, label: str, sql: str, about: str) -> Snapshot:
    return Snapshot(
        id=field_id, label=label, group=_GROUP, semantic="NUMBER", on={_STOCK: sql}, about=about
    )


def _of_goods(column: str) -> str:
    """Sum over goods: every SKU of the same goods repeats their number."""
    row = f"struct_pack(goods := [goods_id], at := [fbt_warehouse_id], units := [{column}])"
    return f"list_sum(list_transform(list(DISTINCT {row}), lambda one: one.units))"


def _units(field_id: str, label: str, column: str, about: str) -> Additive:
    return Additive(
        id=field_id, label=label, group=_GROUP, semantic="NUMBER",
        on={_INBOUND: f"[{column}]"}, about=about,
    )  # fmt: skip


FIELDS: Final = (
    _dimension("fbt_goods_id", "FBT Goods ID", _STOCK, "goods_id",
               "TikTok's id of the goods in its warehouses."),
    _dimension("fbt_goods_name", "FBT Goods Name", _STOCK, "goods_name",
               "Name of the goods in TikTok's warehouses."),
    _dimension("fbt_reference_code", "FBT Reference Code", _STOCK, "reference_code",
               "The seller's own code of the goods in TikTok's warehouses."),
    _stock("fbt_available_quantity", "FBT Available Stock", "SUM([available_quantity])",
           "Units in TikTok's warehouses that can be sold now."),
    _stock("fbt_reserved_quantity", "FBT Reserved Stock", "SUM([reserved_quantity])",
           "Units in TikTok's warehouses held by open orders now."),
    _stock("fbt_total_quantity", "FBT Total Stock", "SUM([total_quantity])",
           "Units in TikTok's warehouses now."),
    _stock("fbt_in_transit_quantity", "FBT Stock in Transit",
           _of_goods("goods_in_transit_quantity"),
           "Units on their way to TikTok's warehouses now; SKUs of the same goods share them."),
    _stock("fbt_unfulfillable_quantity", "FBT Unfulfillable Stock",
           _of_goods("goods_unfulfillable_quantity"),
           "Damaged or expired units in TikTok's warehouses now; SKUs of the same goods share "
           "them."),
    _dimension("inbound_order_id", "Inbound Order ID", _INBOUND, "inbound_order_id",
               "TikTok's id of the shipment to its warehouse."),
    _dimension("inbound_type", "Inbound Type", _INBOUND, "type", "Kind of the shipment."),
    _dimension("inbound_status", "Inbound Status", _INBOUND, "status",
               "Where the shipment stands."),
    _instant("inbound_create_time", "Inbound Create Time", "create_time",
             "When the shipment was announced."),
    _instant("inbound_update_time", "Inbound Update Time", "update_time",
             "When the shipment's status changed last."),
    _instant("inbound_ship_time", "Inbound Shipped Time", "ship_time", "When it was sent."),
    _instant("inbound_expected_time", "Inbound Expected Time", "expect_arrive_time",
             "When the shipment should arrive."),
    _instant("inbound_arrival_time", "Inbound Arrival Time", "actual_arrive_time",
             "When the shipment arrived."),
    _dimension("inbound_carrier", "Inbound Carrier", _INBOUND, "carrier_name",
               "Who carries the shipment."),
    _dimension("inbound_tracking_number", "Inbound Tracking Number", _INBOUND, "tracking_number",
               "Tracking number of the shipment."),
    Additive(
        id="inbound_orders", label="Inbound Orders", group=_GROUP, semantic="NUMBER",
        on={_INBOUND: "1"}, about="Shipments to TikTok's warehouses, by their creation.",
    ),
    _units("inbound_planned_quantity", "Inbound Units Announced", "planned_quantity",
           "Units announced in shipments."),
    _units("inbound_received_quantity", "Inbound Units Received", "received_quantity",
           "Units of shipments received so far."),
    _units("inbound_normal_quantity", "Inbound Units in Good Condition", "normal_quantity",
           "Units received in good condition."),
    _units("inbound_defective_quantity", "Inbound Units Defective", "defective_quantity",
           "Units received defective."),
)  # fmt: skip
