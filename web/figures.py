"""Numbers as people read them. Pure. A number that is not known is a dash, never zero."""

from __future__ import annotations

from typing import Final

from catalogue.field import Field

UNKNOWN: Final = "–"

#: Currencies that are not divided in everyday prices.
_WHOLE: Final = frozenset({"IDR", "JPY", "KRW", "VND", "CLP", "COP", "HUF", "TWD"})
_MINUS: Final = "\N{MINUS SIGN}"

Value = str | float | bool | None


def amount(value: float | None, currency: str = "", *, with_code: bool = True) -> str:
    """Such as `USD 1,234.50`; without the code where `currency` is "", and where a heading says it
    already."""
    if value is None:
        return UNKNOWN
    places = 0 if currency in _WHOLE else 2
    sign = _MINUS if round(value, places) < 0 else ""
    code = f"{currency}\N{NO-BREAK SPACE}" if currency and with_code else ""
    return f"{sign}{code}{abs(value):,.{places}f}"


def count(value: float | None) -> str:
    """Such as `1,234`; a number that is not whole with two places."""
    if value is None:
        return UNKNOWN
    places = 0 if value == round(value) else 2
    return f"{round(value, places) + 0.0:,.{places}f}".replace("-", _MINUS)


def percent(share: float | None) -> str:
    """Such as `12.3 %`, of a share from 0 to 1."""
    if share is None:
        return UNKNOWN
    # What rounds to nothing has no sign.
    return f"{round(100 * share, 1) + 0.0:,.1f} %".replace("-", _MINUS)


def change(now: float | None, before: float | None) -> float | None:
    """By which share `now` is more than `before`; None where that says nothing."""
    if now is None or before is None or before <= 0:
        return None
    return now / before - 1


def signed(share: float) -> str:
    """Such as `+12.3 %`."""
    return f"{'+' if round(share, 3) > 0 else ''}{percent(share)}"


def cell(field: Field, value: Value, currency: str = "") -> str:
    """A cell of a table as its field is meant."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if field.semantic == "CURRENCY":
        return amount(value, currency)
    return percent(value) if field.semantic == "PERCENT" else count(value)
