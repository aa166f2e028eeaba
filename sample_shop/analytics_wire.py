"""How analytics spell money and rates.

Amounts are decimal strings, zero without decimals; rates come as a fraction ("0.0528") or with a
percent sign ("5.28%"), which of them depends on call and version. Paging starts at 1, up to 100.
"""

from __future__ import annotations

from typing import Any, Final

from .regions import Region

#: What one unit of a currency is worth in US dollars, once and for all.
_DOLLARS: Final = {
    "USD": 1.0, "GBP": 1.27, "IDR": 0.0000625, "THB": 0.028, "VND": 0.00004, "EUR": 1.08,
    "JPY": 0.0067, "BRL": 0.18,
}  # fmt: skip


class Wire:
    """Writes the amounts of a region, in its own currency or in US dollars."""

    def __init__(self, region: Region, dollars: bool) -> None:
        self._region = region
        self.dollars = dollars and region.currency != "USD"

    def money(self, minor: int) -> dict[str, str]:
        """Return an amount block of minor units of the shop's currency."""
        if not self.dollars:
            return self.local(minor)
        value = minor / 10**self._region.decimals * _DOLLARS[self._region.currency]
        return {"amount": f"{value:.2f}" if minor else "0", "currency": "USD"}

    def local(self, minor: int) -> dict[str, str]:
        """Return an amount block in the shop's currency, whatever was asked for."""
        amount = self._region.money(minor) if minor else "0"
        return {"amount": amount, "currency": self._region.currency}


def fraction(part: int, whole: int) -> str:
    """Return a rate as a fraction of four decimals; "0" of nothing."""
    return f"{part / whole:.4f}" if whole else "0"


def percent(part: int, whole: int) -> str:
    """Return a rate with a percent sign and two decimals; "0%" of nothing."""
    return f"{100 * part / whole:.2f}%" if whole else "0%"


def per(amount: int, number: int) -> int:
    """Return an amount by number, rounded; 0 of nothing."""
    return (2 * amount + number) // (2 * number) if number else 0


def mean(total: int, days: int) -> float:
    """Return the mean of a day, whole where it is whole, else to two decimals."""
    if not days:
        return 0
    return total // days if total % days == 0 else round(total / days, 2)


def without_nothing(block: dict[str, Any]) -> dict[str, Any]:
    """Return a block without its empty lists and objects: such keys are left out on the wire."""
    return {name: value for name, value in block.items() if value not in ([], {}, None)}
