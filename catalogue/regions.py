"""Per sales region of TikTok Shop: its currency and the zone a shop's day is counted in.

A shop says its region, and neither currency nor zone. Both are defaults for a newly connected shop:
the currency of an order is always the order's own, and the zone is a setting of the shop (TikTok
reckons analytics in the zone the shop was registered with, which the API does not tell). For a
country with several zones it is the one of TikTok's local headquarters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Region:
    """`code` is ISO 3166 (TikTok's spelling), `currency` ISO 4217, `zone` an IANA name."""

    code: str
    currency: str
    zone: str


REGIONS: Final[dict[str, Region]] = {
    region.code: region
    for region in (
        Region("BR", "BRL", "America/Sao_Paulo"),
        Region("DE", "EUR", "Europe/Berlin"),
        Region("ES", "EUR", "Europe/Madrid"),
        Region("FR", "EUR", "Europe/Paris"),
        Region("GB", "GBP", "Europe/London"),
        Region("ID", "IDR", "Asia/Jakarta"),
        Region("IE", "EUR", "Europe/Dublin"),
        Region("IT", "EUR", "Europe/Rome"),
        Region("JP", "JPY", "Asia/Tokyo"),
        Region("MX", "MXN", "America/Mexico_City"),
        Region("MY", "MYR", "Asia/Kuala_Lumpur"),
        Region("PH", "PHP", "Asia/Manila"),
        Region("SG", "SGD", "Asia/Singapore"),
        Region("TH", "THB", "Asia/Bangkok"),
        Region("US", "USD", "America/Los_Angeles"),
        Region("VN", "VND", "Asia/Ho_Chi_Minh"),
    )
}


def region(code: str) -> Region:
    """The region's defaults; for one that is not listed yet, no currency and UTC."""
    return REGIONS.get(code, Region(code, "", "UTC"))
