"""The warehouses of a shop: two to sell from, TikTok's own where it has one, one for returns."""

from __future__ import annotations

from typing import Any, Final

from .ids import Ids
from .regions import Region

#: Warehouse number -> (name, type). 2 is TikTok's own (FBT); 3 takes returns.
WAREHOUSES: Final = {
    0: ("Main warehouse", "SALES_WAREHOUSE"),
    1: ("Second warehouse", "SALES_WAREHOUSE"),
    2: ("FBT warehouse", "SALES_WAREHOUSE"),
    3: ("Returns desk", "RETURN_WAREHOUSE"),
}
FBT_REGIONS: Final = ("US", "GB")
FBT: Final = 2
RETURNS: Final = 3


def numbers(region: Region) -> list[int]:
    """Return the numbers of the warehouses a shop in this region has."""
    return [n for n in WAREHOUSES if n != FBT or region.code in FBT_REGIONS]


def payloads(region: Region, ids: Ids) -> list[dict[str, Any]]:
    """Return `warehouses[]` of the warehouse list call."""
    rows = []
    for number in numbers(region):
        name, kind = WAREHOUSES[number]
        place = region.places[number % len(region.places)]
        rows.append(
            {
                "id": ids.one("warehouse", number),
                "name": name,
                "type": kind,
                "sub_type": "DOMESTIC_WAREHOUSE",
                "effect_status": "ENABLED",
                "is_default": number == 0,
                "address": {
                    "region": region.country,
                    "region_code": region.code,
                    "state": place.state,
                    "city": place.city,
                    "distict": place.county,
                    "postal_code": place.postal_code,
                    "full_address": f"Canary Street {number}, {place.city}",
                    "address_line1": f"Canary Street {number}",
                    "contact_person": f"Canary Name W{number}",
                    "phone_number": f"+1-000-CANARY-W{number}",
                    "geolocation": {"latitude": "0.0", "longitude": "0.0"},
                },
            }
        )
    return rows
