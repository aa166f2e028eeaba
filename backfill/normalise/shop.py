"""The shop itself and its warehouses, of whose addresses only country, state and city are kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from backfill.normalise.rows import Normalised, Row, by_name, inside, read_each
from backfill.normalise.shape import Record, Shape
from catalogue.tables import SHOPS, WAREHOUSES
from store.commits import Write

_SHOP: Final = Shape(
    SHOPS,
    {"shop_id": "id", **by_name("name", "code", "region", "seller_type")},
    required=("shop_id",),
)
_WAREHOUSE: Final = Shape(
    WAREHOUSES,
    {
        "warehouse_id": "id",
        **by_name("name", "type", "sub_type", "effect_status", "entity_id", "is_default"),
        **inside("address", "region_code", "state", "city"),
    },
    required=("warehouse_id",),
)


def normalise_shops(
    records: Iterable[object], currency: str | None, time_zone: str | None
) -> Normalised:
    """Rows of shops from TikTok's list of authorised shops. Their ciphers are access, not data:
    they are not kept here. Currency and zone are not in the list; zone is an IANA name."""
    rows: list[Row] = []

    def read(record: Record) -> None:
        rows.append((*_SHOP.read(record), currency, time_zone))

    rejected = read_each(records, "shops", read)
    return Normalised((Write(SHOPS, (*_SHOP.columns, "currency", "time_zone"), rows),), rejected)


def normalise_warehouses(records: Iterable[object]) -> Normalised:
    """Rows of warehouses."""
    rows: list[Row] = []

    def read(record: Record) -> None:
        rows.append(tuple(_WAREHOUSE.read(record)))

    rejected = read_each(records, "warehouses", read)
    return Normalised((Write(WAREHOUSES, _WAREHOUSE.columns, rows),), rejected)
