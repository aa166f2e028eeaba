"""Payloads of the FBT calls: stock, warehouses (202408), movements (202410), inbound (202409)."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from .draws import Ints
from .fbt import Fbt, Inbound
from .shop import Shop
from .warehouses import FBT, FBT_REGIONS
from .wording import seller_sku, sku_name

Payload = dict[str, Any]

#: The number of an FBT warehouse -> its name in front of the place.
_NAMES: Final = ("TikTok_North", "TikTok_South")
INBOUND_PREFIX: Final = "IBR"


class FbtPayloads:
    """Makes the FBT payloads of one shop."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self.fbt = Fbt(shop)
        self._known: dict[int, Payload] = {}
        self._places: dict[int, int] = {}
        self.warehouse_ids = [shop.ids.one("fbt_warehouse", n) for n in range(len(_NAMES))]

    def warehouses(self) -> list[Payload]:
        """Return `warehouses[]`; none where TikTok fulfils nothing."""
        shop = self._shop
        if shop.region.code not in FBT_REGIONS:
            return []
        made = []
        for number, name in enumerate(_NAMES):
            place = shop.region.places[number]
            address = {
                "address_line_1": f"{number + 1} Canary Road",
                "city": place.city,
                "district": place.county,
                "postal_code": place.postal_code,
                "region_code": shop.region.code,
                "state": place.state,
            }
            service = {
                "id": f"1212323{number}",
                "name": "Fulfilled by TikTok Shop-Standard",
                "subscribed": True,
            }
            made.append(
                {
                    **self._warehouse(number),
                    "name": f"{name} ({place.city})",
                    "subscribed": True,
                    "addresses": [address],
                    "logistics_services": [service],
                }
            )
        return made

    def _warehouse(self, number: int) -> Payload:
        return {
            "fbt_warehouse_id": self.warehouse_ids[number],
            "name": _NAMES[number],
            "type": "PLATFORM_WAREHOUSE",
            "warehouse_ids": [self._shop.ids.one("warehouse", FBT)],
        }

    def _goods(self, goods: int) -> Payload:
        found = self._known.get(goods)
        if found is None:
            number, sku = divmod(goods, 8)
            found = self._known[goods] = {
                "id": self._shop.ids.one("goods", goods),
                "name": f"{self._shop.listings.title(number, 0)}, {sku_name(number, sku)}",
                "reference_code": seller_sku(number, sku),
            }
        return found

    def _warehouse_of(self, goods: int) -> int:
        number = goods // 8
        found = self._places.get(number)
        if found is None:
            found = int(self.fbt.warehouse(np.asarray([number], dtype=np.int64))[0])
            self._places[number] = found
        return found

    def inventory(self, goods: Ints, now: int) -> list[Payload]:
        """Return `inventory[]` for goods."""
        fbt, when = self.fbt, np.full(len(goods), now, dtype=np.int64)
        free, held = fbt.on_hand(goods, when)
        columns = (goods, free, held, fbt.unfulfillable(goods, now), fbt.in_transit(goods, now))
        return [
            self._stock(*facts)
            for facts in zip(*(column.tolist() for column in columns), strict=True)
        ]

    def _stock(self, goods: int, free: int, held: int, spoilt: int, coming: int) -> Payload:
        on_hand = {
            "available_quantity": free,
            "reserved_quantity": held,
            "total_quantity": free + held,
        }
        sku = {"id": self._shop.ids.one("sku", goods), "on_hand_detail": on_hand}
        return {
            "fbt_warehouse_id": self.warehouse_ids[self._warehouse_of(goods)],
            "goods": {**self._goods(goods), "skus": [sku]},
            "in_transit_quantity": coming,
            "on_hand_detail": {**on_hand, "unfulfillable_quantity": spoilt},
        }

    def records(self, rows: Ints) -> list[Payload]:
        """Return `inventory_records[]` for rows of the movements."""
        columns = (column.tolist() for column in self.fbt.movement(rows))
        return [self._record(*facts) for facts in zip(*columns, strict=True)]

    def _record(self, goods: int, at: int, before: int, after: int, revised: bool) -> Payload:
        return {
            "changed_quantity": after - before,
            "create_time": at,
            "fbt_warehouse_id": self.warehouse_ids[self._warehouse_of(goods)],
            "final_on_hand_quantity": after,
            "goods": self._goods(goods),
            "initial_on_hand_quantity": before,
            "inventory_goods_type": "NORMAL",
            "order": self._source(goods, at, after - before, revised),
        }

    def _source(self, goods: int, at: int, change: int, revised: bool) -> Payload:
        if revised and change > 0:
            position = self.fbt.inbound_position(goods, at)
            return {"id": self.inbound_id(position), "type": "INBOUND_ORDER"}
        kinds = ("INVENTORY_COUNT_ORDER", "INVENTORY_COUNT_ORDER") if revised else (
            "CONSIGN_ORDER", "CUSTOMER_RETURN",
        )  # fmt: skip
        return {"id": f"OBF{goods}{at}", "type": kinds[change > 0]}

    def inbound_id(self, position: int) -> str:
        """Return the id of an inbound order as webhooks, records and payloads show it."""
        return INBOUND_PREFIX + self._shop.ids.one("inbound", position)

    def inbound_changes(self, after: int, now: int) -> list[Payload]:
        """Return `data` of the webhook (type 21) of each change after `after` until `now`."""
        changes = [
            (at, self.inbound_id(order.position), status)
            for order in self.fbt.inbounds(after, now)
            for status, at in order.steps(now)
            if at > after
        ]
        return [
            {"inbound_order_id": inbound_id, "order_status": status, "update_time": at}
            for at, inbound_id, status in sorted(changes)
        ]

    def inbound(self, order: Inbound, now: int) -> Payload:
        """Return one of `inbound_orders[]`."""
        shop = self._shop
        since = dict(order.steps(now))
        shipped = since.get("TO_BE_RECEIVED")
        carrier: Payload = {"carrier_name": shop.region.carriers[0][1]}
        if shipped is not None:
            carrier["tracking_number"] = f"IT{order.position:012d}"
        payload: Payload = {
            "id": self.inbound_id(order.position),
            "type": "REPLENISHMENT",
            "create_time": since["WORKING"],
            "expect_arrive_time": order.received_at - 6 * 3_600,
            "carriers": [carrier],
            "merchant": {"id": str(493_000 + shop.number), "name": shop.name},
            "order_operation_logs": [
                {"operate_time": at, "order_status": status} for status, at in since.items()
            ],
            "planned_goods": [
                {**self._goods(goods), "quantity": units, "sku_ids": [shop.ids.one("sku", goods)]}
                for goods, units in order.planned.items()
            ],
            "warehouse": self._warehouse(self._warehouse_of(order.number * 8)),
        }
        if shipped is not None:
            payload["ship_time"] = shipped
        if "DELIVERED" in since:
            payload["actual_arrive_time"] = since["DELIVERED"]
        if "RECEIVED" in since:
            payload["received_batches"] = [
                self._batch(order, goods, units) for goods, units in order.planned.items()
            ]
        return payload

    def _batch(self, order: Inbound, goods: int, units: int) -> Payload:
        ids, spoilt = self._shop.ids, order.defective[goods]
        return {
            "id": f"{order.position}{goods % 8}",
            "goods_id": ids.one("goods", goods),
            "product_ids": [ids.one("product", order.number)],
            "sku_ids": [ids.one("sku", goods)],
            "normal_quantity": units - spoilt,
            "defective_quantity": spoilt,
            "total_quantity": units,
        }
