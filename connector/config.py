"""The data source's configuration screen, in Looker Studio's shape. Pure.

Shape: developers.google.com/looker-studio/connector/reference#getconfig.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ShopChoice:
    shop_id: str
    label: str
    currency: str
    zone: str
    is_sample: bool


def config(shops: Sequence[ShopChoice]) -> dict[str, object]:
    """configParams for the shops of a workspace, the Sample Account among them."""
    own = [shop for shop in shops if not shop.is_sample]
    options = [{"label": shop.label, "value": shop.shop_id} for shop in shops]
    if len(own) > 1:
        options.insert(0, {"label": "All shops", "value": "all"})
    params: list[dict[str, object]] = [
        {
            "type": "INFO",
            "name": "about",
            "text": "Choose the shops to report on. The Sample Account has made-up data to try "
            "things out with.",
        },
        {
            "type": "SELECT_MULTIPLE",
            "name": "shops",
            "displayName": "Shops",
            "helpText": "One shop, several, or the Sample Account.",
            "options": options,
        },
        _choice(
            "order_date",
            "Date of orders",
            "Seller Center counts orders by payment, most other reports by creation.",
            [("Created", "created"), ("Paid", "paid")],
        ),
        _choice(
            "time_zone",
            "Time zone",
            "Days of the report. Seller Center uses the shop's own zone.",
            [(zone, zone) for zone in dict.fromkeys(["UTC", *(shop.zone for shop in shops)])],
        ),
    ]
    currencies = sorted({shop.currency for shop in own if shop.currency})
    if len(currencies) > 1:
        params.append(
            _choice(
                "currency",
                "Currency",
                "Amounts in different currencies are never added up: choose one, or use the "
                "dimension Currency.",
                [(currency, currency) for currency in currencies],
            )
        )
    params.append(
        {
            "type": "CHECKBOX",
            "name": "strict",
            "displayName": "Show an error instead of incomplete data",
            "helpText": "When days of the date range are not imported yet.",
        }
    )
    return {"configParams": params, "dateRangeRequired": True}


def _choice(
    name: str, label: str, help_text: str, options: Sequence[tuple[str, str]]
) -> dict[str, object]:
    return {
        "type": "SELECT_SINGLE",
        "name": name,
        "displayName": label,
        "helpText": help_text,
        "options": [{"label": text, "value": value} for text, value in options],
    }
