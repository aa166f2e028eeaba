"""The catalogue as Looker Studio's schema. Pure.

Types and keys: developers.google.com/looker-studio/connector/reference#field and .../semantics.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from catalogue.field import Additive, Count, Dimension, Field, Highest, Metric, Ratio
from catalogue.fields import DEFAULT_DIMENSION, DEFAULT_METRIC, FIELDS, is_additive, is_snapshot
from connector.going_together import goes_with

#: Currencies Looker Studio has a type for, of the markets TikTok Shop is in and their neighbours.
CURRENCIES: Final = frozenset(
    [
        "AED",
        "AUD",
        "BRL",
        "CAD",
        "CHF",
        "CLP",
        "CNY",
        "COP",
        "CZK",
        "DKK",
        "EGP",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "JPY",
        "KRW",
        "MXN",
        "MYR",
        "NOK",
        "NZD",
        "PEN",
        "PHP",
        "PLN",
        "RON",
        "SAR",
        "SEK",
        "SGD",
        "THB",
        "TRY",
        "TWD",
        "USD",
        "VND",
        "ZAR",
    ]
)
_SHARED_ORDERS: Final = "Rows of different products may share an order, so those do not add up."
_STATE_OF_NOW: Final = (
    "The state of now: the date range has no effect and it cannot be shown by date."
)
_COMPUTED: Final = "Computed for exactly the rows shown."


def schema(currencies: Iterable[str]) -> list[dict[str, object]]:
    """Looker's Field objects, in the order of the catalogue, for shops with these currencies."""
    known = set(currencies)
    currency = next(iter(known)) if len(known) == 1 else ""
    return [looker_field(field, currency) for field in FIELDS.values()]


def data_type(field: Field) -> str:
    """STRING, NUMBER or BOOLEAN."""
    if isinstance(field, Dimension):
        return "BOOLEAN" if field.semantic == "BOOLEAN" else "STRING"
    return "STRING" if field.semantic == "DURATION" else "NUMBER"


def looker_field(field: Field, currency: str = "") -> dict[str, object]:
    """One entry of getSchema; `currency` of the amounts, or empty when there are several."""
    made: dict[str, object] = {
        "name": field.id,
        "label": field.label,
        "description": description(field),
        "group": field.group,
        "dataType": data_type(field),
        "semantics": _semantics(field, currency),
    }
    if field.id in (DEFAULT_DIMENSION, DEFAULT_METRIC):
        made["isDefault"] = True
    if field.hidden:
        made["isHidden"] = True
    formula = _formula(field)
    if formula:
        made["formula"] = formula
    elif isinstance(field, Metric) and (aggregation := _aggregation(field)):
        made["defaultAggregationType"] = aggregation
    return made


def description(field: Field) -> str:
    """The field's sentence and what to mind when charting it."""
    if not isinstance(field, Metric):
        return field.about
    return " ".join(filter(None, [field.about, _to_mind(field), goes_with(field)]))


def _to_mind(metric: Metric) -> str:
    if isinstance(metric, Count):
        return _SHARED_ORDERS
    if is_snapshot(metric):
        return _STATE_OF_NOW
    return _COMPUTED if isinstance(metric, Ratio) and not _formula(metric) else ""


def _semantics(field: Field, currency: str) -> dict[str, object]:
    if isinstance(field, Dimension):
        return {"conceptType": "DIMENSION", "semanticType": field.semantic}
    kind = field.semantic
    if kind == "CURRENCY":
        kind = f"CURRENCY_{currency}" if currency in CURRENCIES else "NUMBER"
    made: dict[str, object] = {"conceptType": "METRIC", "semanticType": kind}
    if not _formula(field):
        made["isReaggregatable"] = isinstance(field, Metric) and bool(_aggregation(field))
    return made


def _aggregation(metric: Metric) -> str:
    """How Looker may put the rows it is given together; empty when it may not."""
    if is_additive(metric) or isinstance(metric, Count):
        return "SUM"
    return "MAX" if isinstance(metric, Highest) else ""


def _formula(field: Field) -> str:
    """Looker's own computation: a picture, or a ratio of sums of one fact and so of one axis."""
    if isinstance(field, Dimension):
        return field.looker_formula
    if not isinstance(field, Ratio) or field.semantic == "DURATION":
        return ""  # durations are text to Looker
    top, bottom = (FIELDS[name] for name in field.inputs)
    if not (isinstance(top, Additive) and isinstance(bottom, Additive)):
        return ""
    if list(top.on) != list(bottom.on):
        return ""
    return _scaled(f"SUM({top.id}) / NULLIF(SUM({bottom.id}), 0)", field.scale)


def _scaled(formula: str, scale: float) -> str:
    if scale == 1:
        return formula
    if 0 < scale < 1:
        return f"{formula} / {round(1 / scale)}"
    return f"{scale:g} * {formula}"
