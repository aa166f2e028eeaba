"""Where a seller's Seller Center is. It decides which consent page TikTok shows: one host for
sellers in the United States, one for everybody else; and within these only the right Seller Center
lists the seller's shops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SELLER_REGIONS: Final[Mapping[str, str]] = {
    "US": "United States",
    "GB": "United Kingdom and European Union",
    "SEA": "South-East Asia",
    "ROW": "Other countries",
}

#: How a seller knows the region: the countries, and what the address of the Seller Center is like.
COUNTRIES_OF: Final[Mapping[str, str]] = {
    "US": "Shops that sell in the United States",
    "GB": "United Kingdom, Ireland, Germany, France, Italy, Spain",
    "SEA": "Indonesia, Malaysia, Philippines, Singapore, Thailand, Vietnam",
    "ROW": "Mexico, Brazil, Japan and all others",
}
SELLER_CENTERS: Final[Mapping[str, str]] = {
    "US": "seller-us.tiktok.com",
    "GB": "seller-uk.tiktok.com and its like",
    "SEA": "seller-id.tiktok.com and its like",
    "ROW": "seller.tiktok.com and its like",
}

_OF_COUNTRY: Final[Mapping[str, str]] = {
    "US": "US",
    **dict.fromkeys(("GB", "IE", "DE", "FR", "IT", "ES"), "GB"),
    **dict.fromkeys(("ID", "MY", "PH", "SG", "TH", "VN"), "SEA"),
}


def seller_region(country: str) -> str:
    """The key in SELLER_REGIONS of a country code as TikTok gives it; "" when it gave none."""
    return _OF_COUNTRY.get(country.upper(), "ROW") if country else ""
