"""Dimensions of the shop. Every fact reaches its shop."""

from __future__ import annotations

from typing import Final

from catalogue.conformed import CURRENCY
from catalogue.field import Dimension

_GROUP: Final = "Shop"


def _shop(field_id: str, label: str, column: str, about: str, semantic: str = "TEXT") -> Dimension:
    return Dimension(
        id=field_id,
        label=label,
        group=_GROUP,
        semantic=semantic,
        homes={"shops": f"[{column}]"},
        about=about,
    )


FIELDS: Final = (
    _shop("shop_id", "Shop ID", "shop_id", "TikTok's id of the shop."),
    _shop("shop_name", "Shop Name", "name", "Name of the shop."),
    _shop("shop_region", "Shop Region", "region", "Country of the shop.", "COUNTRY_CODE"),
    _shop("seller_type", "Seller Type", "seller_type", "LOCAL or CROSS_BORDER."),
    Dimension(
        id="currency",
        label="Currency",
        group=_GROUP,
        semantic="TEXT",
        homes=CURRENCY,
        about="ISO code of the amounts; needed as soon as the shops have several.",
    ),
)
