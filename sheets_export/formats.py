"""How a field looks in a spreadsheet: the kind of its cells and the format of its column. Pure.

Patterns are those of the Sheets API ("Date and number formats"); what a field is comes from the
catalogue alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from catalogue.field import Dimension, Field, Metric, Ratio, Snapshot
from sheets_export.table import Kind, NumberFormat

TEXT: Final = NumberFormat("TEXT")

_DATE: Final = NumberFormat("DATE", "yyyy-mm-dd")
_MONTH: Final = NumberFormat("DATE", "yyyy-mm")
_HOUR: Final = NumberFormat("DATE_TIME", "yyyy-mm-dd hh:mm")
INSTANT: Final = NumberFormat("DATE_TIME", "yyyy-mm-dd hh:mm:ss")
_TRUTH: Final = NumberFormat("NUMBER")
WHOLE_NUMBER: Final = NumberFormat("NUMBER", "#,##0")
_NUMBER: Final = NumberFormat("NUMBER", "#,##0.00####")
_PERCENT: Final = NumberFormat("PERCENT", "0.00%")
#: Sheets counts time in days, as everything.
_DURATION: Final = NumberFormat("TIME", "[h]:mm:ss")

#: By the catalogue's type of a dimension; every other is text.
_DIMENSIONS: Final[Mapping[str, tuple[Kind, NumberFormat]]] = {
    "YEAR_MONTH_DAY": ("date", _DATE),
    "YEAR_MONTH": ("date", _MONTH),
    "YEAR_MONTH_DAY_HOUR": ("date_time", _HOUR),
    "YEAR_MONTH_DAY_SECOND": ("date_time", INSTANT),
    "BOOLEAN": ("truth", _TRUTH),
}

#: How amounts of a currency begin, where that is not its code; ISO 4217.
_SYMBOLS: Final[Mapping[str, str]] = {
    "USD": "$", "GBP": "£", "EUR": "€", "JPY": "¥", "BRL": "R$", "MXN": "MX$", "SGD": "S$",
    "IDR": "Rp", "VND": "₫", "THB": "฿", "MYR": "RM", "PHP": "₱",
}  # fmt: skip
#: Amounts that have no parts in practice.
_WHOLE: Final = frozenset({"IDR", "JPY", "KRW", "VND", "CLP"})


def look_of(field: Field, currency: str) -> tuple[Kind, NumberFormat]:
    """`currency`: that of every amount in the table, "" when there are several."""
    if isinstance(field, Dimension):
        return _DIMENSIONS.get(field.semantic, ("text", TEXT))
    if field.semantic == "CURRENCY":
        return "number", _money(currency)
    if field.semantic == "PERCENT":
        return "number", _PERCENT
    if field.semantic == "DURATION":
        return "number", _DURATION
    return "number", _NUMBER if isinstance(field, Metric) and _has_parts(field) else WHOLE_NUMBER


def _has_parts(metric: Metric) -> bool:
    return isinstance(metric, Ratio) or (isinstance(metric, Snapshot) and metric.is_average)


def _money(currency: str) -> NumberFormat:
    pattern = "#,##0" if currency in _WHOLE else "#,##0.00"
    if not currency:
        return NumberFormat("NUMBER", pattern)
    return NumberFormat("CURRENCY", f'"{_SYMBOLS.get(currency, currency + " ")}"{pattern}')
