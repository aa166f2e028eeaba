"""Recipient addresses: real divisions, everything personal a canary."""

from __future__ import annotations

from functools import cache
from typing import Any

from .regions import Place, Region


def recipient(region: Region, place: int, buyer: int, dice: int, masked: bool) -> dict[str, Any]:
    """Return `recipient_address`. `masked`: TikTok hides who lives there (its own warehouses)."""
    town = region.places[place]
    first, last = ("C*** canary", f"canary {buyer}") if masked else ("Canary", f"Canary {buyer}")
    street = f"C***** canary {buyer}" if masked else f"Canary Street {buyer}"
    phone = f"(+1)***canary{buyer % 100:02d}" if masked else f"+1-000-CANARY-{buyer:04d}"
    address: dict[str, Any] = {
        "name": f"C*** N*** canary {buyer}" if masked else f"Canary Name {buyer}",
        "first_name": first,
        "last_name": last,
        "phone_number": phone,
        "region_code": region.code,
        "postal_code": f"CANARY-{town.postal_code[:3] + '**' if masked else town.postal_code}",
        "address_line1": street,
        "address_line2": f"Flat CANARY {buyer % 90}" if dice % 3 == 0 else "",
        "address_line3": "Bairro Canary" if region.code == "BR" else "",
        "address_line4": "",
        "address_detail": f"{street}, back door canary",
        "full_address": f"{street}, {town.city}, {town.state}, {region.country}",
        "district_info": _divisions(region.code, region.country, town),
    }
    if region.code == "GB":
        address["post_town"] = f"Canary {town.city}"
    if dice % 7 == 0:
        address["delivery_preferences"] = {"drop_off_location": "Canary front door"}
    return address


@cache
def _divisions(code: str, country: str, town: Place) -> list[dict[str, str]]:
    """Return `district_info`, top to bottom; the same list for everybody in a town."""
    levels = (
        ("L0", "Country", country, code),
        ("L1", "State", town.state, town.iso_code),
        ("L2", "County", town.county, ""),
        ("L3", "City", town.city, ""),
    )
    return [
        {
            "address_level": level,
            "address_level_name": name,
            "address_name": value,
            **({"iso_code": iso} if iso else {}),
        }
        for level, name, value, iso in levels
    ]
