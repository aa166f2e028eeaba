"""Data that is read only where somebody wants it, because it costs a call an order. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from settings import Settings


def offered_data(settings: Settings) -> dict[str, bool]:
    """By word: whether it is read of a shop about which nobody has decided. What the installation
    allows no calls a day for is left out."""
    return {
        "price_detail": settings.import_price_detail,
        **({"sku_finance": True} if settings.sku_finance_daily_calls else {}),
        **({"external_orders": True} if settings.external_orders_daily_calls else {}),
    }


def optional_data(decided: str | None, offered: Mapping[str, bool]) -> list[str]:
    """The words of what is read of a shop. `decided`: those somebody chose for it, joined by
    commas; None: nobody has."""
    if decided is None:
        return [word for word, is_usual in offered.items() if is_usual]
    return [word for word in offered if word in decided.split(",")]
