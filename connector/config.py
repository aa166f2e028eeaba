"""The data source's configuration screen, in Looker Studio's shape. Pure.

Three steps: workspace and shops; the client, where the chosen shops have any; then how to count,
and what is there of each shop. Every answer so far gives the same questions again, in the same
order, with more behind them and none taken away.

Shape and rules: developers.google.com/looker-studio/connector/reference#getconfig and
.../stepped-configuration.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from connector.request import ALL, EACH_CURRENCY


@dataclass(frozen=True)
class ShopChoice:
    """`client`: the agency's grouping it belongs to, "" for none."""

    shop_id: str
    label: str
    zone: str
    is_sample: bool
    client: str = ""


@dataclass(frozen=True)
class Chosen:
    """What the answers given so far mean. `shops`: the chosen ones, those of other clients too;
    `currencies`: of those that are reported on; `told`: a sentence on each of these, by shop id,
    and `untold`: on how many there is none. `has_one_client`: a client was named, not all;
    `problem`: why the client must be chosen again."""

    shops: Sequence[ShopChoice]
    has_chosen_client: bool
    has_chosen_currency: bool
    currencies: Sequence[str]
    told: Sequence[tuple[str, str]]
    untold: int = 0
    has_one_client: bool = False
    problem: str = ""


def config(
    workspace: tuple[str, str],
    shops: Sequence[ShopChoice],
    chosen: Chosen | None,
    problem: str = "",
    opened: str = "",
) -> dict[str, object]:
    """getConfig's answer. `workspace`: id and name; `shops`: all of the workspace and the Sample
    Account; `chosen`: None before any shop was; `problem`: why shops must be chosen again;
    `opened`: what a limited key opens, in words."""
    params = _first_step(workspace, shops, opened)
    if problem:
        params.append(_info("problem", problem))
    if chosen is None:
        return _screen(params, is_complete=False)
    clients = sorted({shop.client for shop in chosen.shops if shop.client})
    # Of one shop there is nothing to choose, unless a link or an earlier answer chose it.
    if chosen.has_one_client or (clients and len(chosen.shops) > 1):
        params.append(_client(clients))
        if chosen.problem:
            params.append(_info("client_problem", chosen.problem))
        if chosen.problem or not chosen.has_chosen_client:
            return _screen(params, is_complete=False)
    several = len(chosen.currencies) > 1
    if several:
        params.append(_currency(chosen.currencies))
    params += _counting([shop.zone for shop in chosen.shops])
    params += [_info(f"status_{shop_id}", text) for shop_id, text in chosen.told]
    if chosen.untold:
        params.append(_info("status_more", f"And {chosen.untold} more shops."))
    return _screen(params, is_complete=chosen.has_chosen_currency or not several)


def _screen(params: list[dict[str, object]], *, is_complete: bool) -> dict[str, object]:
    return {
        "configParams": params,
        "dateRangeRequired": True,
        "isSteppedConfig": not is_complete,
    }


def _first_step(
    workspace: tuple[str, str], shops: Sequence[ShopChoice], opened: str
) -> list[dict[str, object]]:
    workspace_id, workspace_name = workspace
    options = [(shop.label, shop.shop_id) for shop in shops]
    if sum(not shop.is_sample for shop in shops) > 1:
        options.insert(0, ("All shops", ALL))
    return [
        _info(
            "about",
            "Choose the shops to report on. The Sample Account has made-up data to try things out "
            "with.",
        ),
        _choice(
            "workspace",
            "Workspace",
            f"Where your key belongs. It opens {opened or 'all shops'}.",
            [(workspace_name, workspace_id)],
        ),
        {
            "type": "SELECT_MULTIPLE",
            "name": "shops",
            "displayName": "Shops",
            "helpText": "One shop, several, or the Sample Account. All shops: also those that are "
            "connected later.",
            "options": _options(options),
            "isDynamic": True,
        },
        *([_info("limit", f"This key opens only {opened}.")] if opened else []),
    ]


def _client(clients: Iterable[str]) -> dict[str, object]:
    offered = [("All clients", ALL), *((client, client) for client in clients)]
    help_text = "Of the chosen shops, only those of this client are reported on."
    return {**_choice("client", "Client", help_text, offered), "isDynamic": True}


def _currency(currencies: Iterable[str]) -> dict[str, object]:
    return _choice(
        "currency",
        "Currency",
        "Amounts in different currencies are never added up: choose one, or each by itself and use "
        "the dimension Currency in every chart with amounts.",
        [*((currency, currency) for currency in currencies), ("Each by itself", EACH_CURRENCY)],
    )


def _counting(zones: Iterable[str]) -> list[dict[str, object]]:
    return [
        {
            "type": "CHECKBOX",
            "name": "seller_center",
            "displayName": "Count as Seller Center does",
            "helpText": "Orders on the day of payment, days in the zone of each shop, whatever is "
            "chosen for the two below.",
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
            [(zone, zone) for zone in dict.fromkeys(["UTC", *zones])],
        ),
        {
            "type": "CHECKBOX",
            "name": "strict",
            "displayName": "Show an error instead of incomplete data",
            "helpText": "When days of the date range are not imported yet.",
        },
    ]


def _info(name: str, text: str) -> dict[str, object]:
    return {"type": "INFO", "name": name, "text": text}


def _choice(
    name: str, label: str, help_text: str, options: Iterable[tuple[str, str]]
) -> dict[str, object]:
    return {
        "type": "SELECT_SINGLE",
        "name": name,
        "displayName": label,
        "helpText": help_text,
        "options": _options(options),
    }


def _options(options: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"label": label, "value": value} for label, value in options]
