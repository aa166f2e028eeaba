"""Rows of what is kept beside the shop: stock in TikTok's warehouses (FBT), shipments to them, and
the numbers of orders in other systems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.oracle_rows import Known, Maker, Payload, Payloads, Row, instant, text


def beside_rows(known: Known) -> Mapping[str, Maker]:
    """The facts of FBT and of other systems of one shop."""
    return {
        "fbt_stock": lambda: _stock(known),
        "inbound": lambda: _inbound(known),
        "external_orders": lambda: _external(known),
    }


def warehouses(payloads: Payloads) -> dict[str, Payload]:
    """By id the seller's warehouses and TikTok's own, with the place in `address`.

    `is_fbt`: it is TikTok's, or one that TikTok's stands behind.
    """
    found: dict[str, Payload] = {}
    behind = {str(each) for one in payloads.fbt_warehouses for each in one.get("warehouse_ids", ())}
    for one in payloads.warehouses:
        found[str(one["id"])] = {**one, "is_fbt": str(one["id"]) in behind}
    for one in payloads.fbt_warehouses:
        places = one.get("addresses") or [{}]
        found[str(one["fbt_warehouse_id"])] = {**one, "address": places[0], "is_fbt": True}
    return found


def _stock(known: Known) -> Iterator[Row]:
    """One row per SKU and warehouse."""
    for entry in known.payloads.fbt_inventory:
        for sku in entry["goods"].get("skus") or ():
            row = Row(known.payloads.shop, own={**entry, "sku": sku})
            sku_id = text(sku.get("id"))
            known.at_sku(row, known.product_of_sku(sku_id), sku_id)
            row.currency = text((row.sku.get("price") or {}).get("currency"))
            yield known.at_warehouse(row, text(entry.get("fbt_warehouse_id")))


def _inbound(known: Known) -> Iterator[Row]:
    for one in known.payloads.inbound_orders:
        row = Row(known.payloads.shop, at=instant(one.get("create_time")), own=one)
        row.currency = known.payloads.currency
        yield known.at_warehouse(row, text((one.get("warehouse") or {}).get("fbt_warehouse_id")))


def _external(known: Known) -> Iterator[Row]:
    for link in known.payloads.external_orders:
        row = known.of_order(text(link.get("order_id")))
        row.own = link
        yield row
