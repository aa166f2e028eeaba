"""The form of a shop's settings: what it shows, and what may be kept of what was typed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from backfill.optional import optional_data
from connector.zones import known_zones
from hub.forms import Entered, problem_of_name
from store.accounts import ShopRow

#: What is read on request only: its name, and what it brings and costs.
OPTIONAL_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "price_detail": (
        "Price details",
        "TikTok's own shares of discounts and shipping by line. One call for each such order.",
    ),
    "sku_finance": (
        "Settlements by SKU",
        "Needed for fees and settlement by product. One call for each settled order, newest first.",
    ),
    "external_orders": (
        "Numbers in other systems",
        "The order number that Shopify and others gave. One call for each order.",
    ),
}

_SWITCHES: Final = ("listens", "serves_kept")


class Form(Protocol):
    """What a browser sent, by field."""

    def get(self, key: str, default: str) -> str: ...
    def getlist(self, key: str) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """Settings that can be kept. Zones are IANA names; `report_zone` None: UTC; `client` None: of
    no client; `optional`: words of `backfill.optional`, in its order."""

    shop_zone: str
    report_zone: str | None
    client: str | None
    listens: bool
    serves_kept: bool
    optional: list[str]


def entered_of(shop: ShopRow, offered: Mapping[str, bool]) -> Entered:
    """The form as it stands before anybody types."""
    read = optional_data(shop.optional_data, offered)
    return Entered(
        {
            "shop_zone": shop.shop_zone,
            "report_zone": shop.report_zone or "",
            "client": shop.client or "",
            **{name: "yes" for name in _SWITCHES if getattr(shop, name)},
            **{f"optional-{word}": "yes" for word in read},
        }
    )


@dataclass(frozen=True, slots=True)
class Changes:
    """What shall become of several shops; None: it stays as it is in each."""

    client: str | None = None
    report_zone: str | None = None
    listens: bool | None = None
    serves_kept: bool | None = None


#: What a switch of several shops may become.
_TURNS: Final[Mapping[str, bool | None]] = {"": None, "on": True, "off": False}


def read_changes(form: Form) -> tuple[Entered, Changes]:
    """What was typed for several shops, with what is wrong with it, and the changes."""
    values = {name: form.get(name, "").strip() for name in ("client", "report_zone", *_SWITCHES)}
    problems: dict[str, str] = {}
    if values["client"] and (problem := problem_of_name(values["client"], "client")):
        problems["client"] = problem
    if values["report_zone"] and (problem := _problem_of_zone(values["report_zone"])):
        problems["report_zone"] = problem
    problems |= {
        name: "Choose one of the three." for name in _SWITCHES if values[name] not in _TURNS
    }
    changes = Changes(
        client=values["client"] or None,
        report_zone=values["report_zone"] or None,
        **{name: _TURNS.get(values[name]) for name in _SWITCHES},
    )
    return Entered(values, problems), changes


def _problem_of_zone(zone: str) -> str:
    if zone in known_zones():
        return ""
    return f"{zone[:60] or 'Nothing'} is not a time zone. Write it like Europe/London."


def read_settings(form: Form, offered: Mapping[str, bool]) -> tuple[Entered, Wish | None]:
    """What was typed, with what is wrong with it; and the wish, None when something is."""
    texts = {name: form.get(name, "").strip() for name in ("shop_zone", "report_zone", "client")}
    chosen = form.getlist("optional")
    optional = [word for word in offered if word in chosen]
    switches = {name: form.get(name, "") == "yes" for name in _SWITCHES}
    problems: dict[str, str] = {}
    for name in ("report_zone", "shop_zone"):
        is_needed = name == "shop_zone" or texts[name]
        if is_needed and (problem := _problem_of_zone(texts[name])):
            problems[name] = problem
    if texts["client"] and (problem := problem_of_name(texts["client"], "client")):
        problems["client"] = problem
    values = {
        **texts,
        **{name: "yes" for name, is_on in switches.items() if is_on},
        **{f"optional-{word}": "yes" for word in optional},
    }
    if problems:
        return Entered(values, problems), None
    wish = Wish(
        shop_zone=texts["shop_zone"],
        report_zone=texts["report_zone"] or None,
        client=texts["client"] or None,
        listens=switches["listens"],
        serves_kept=switches["serves_kept"],
        optional=optional,
    )
    return Entered(values), wish
