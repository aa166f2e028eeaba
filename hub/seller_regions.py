"""Where a seller's Seller Center is. It decides which consent page TikTok shows: one host for
sellers in the United States, one for everybody else; and within these only the right Seller Center
lists the seller's shops."""

from __future__ import annotations

from typing import Final

SELLER_REGIONS: Final[dict[str, str]] = {
    "US": "United States",
    "GB": "United Kingdom",
    "SEA": "South-East Asia",
    "ROW": "Other countries",
}

_OF_COUNTRY: Final = {
    "US": "US",
    "GB": "GB",
    **dict.fromkeys(("ID", "MY", "PH", "SG", "TH", "VN"), "SEA"),
}


def seller_region(country: str) -> str:
    """The key in SELLER_REGIONS of a country code as TikTok gives it; "" when it gave none."""
    return _OF_COUNTRY.get(country.upper(), "ROW") if country else ""
