"""Texts that orders, products and aftersales share: reasons, variants, codes, picture addresses."""

from __future__ import annotations

from typing import Final

from .names import BUYER_REASONS, COLOURS, SELLER_REASONS, SIZES, SYSTEM_REASONS, UNPAID_REASON

_BY_WHOM: Final = {
    "unpaid_timeout": "SYSTEM",
    "late": "SYSTEM",
    "lost": "SYSTEM",
    "seller": "SELLER",
}


def cancel_reason(plan: str, position: int) -> tuple[str, str, str]:
    """Return (who, reason key, reason text) of a cancellation."""
    who = _BY_WHOM.get(plan, "BUYER")
    if plan == "unpaid_timeout":
        return who, "", UNPAID_REASON
    reasons = {"SYSTEM": SYSTEM_REASONS, "SELLER": SELLER_REASONS, "BUYER": BUYER_REASONS}[who]
    key, text = reasons[position % len(reasons)]
    return who, key, text


def sku_name(number: int, sku: int) -> str:
    """Return the variant text of a SKU."""
    return f"{COLOURS[(number + sku) % len(COLOURS)]}, {SIZES[(number * 5 + sku) % len(SIZES)]}"


def seller_sku(number: int, sku: int) -> str:
    """Return the merchant's code of a SKU; some merchants use codes that look like formulas."""
    return f"=SKU-{number}-{sku}" if number % 23 == 1 else f"SKU-{number:04d}-{sku}"


def picture_url(base: str, product_id: str) -> str:
    """Return where the picture of a product is served."""
    return f"{base}/images/{product_id}.png"
