"""The column Shops of the tab `_settings`: shops by what people call them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from connector.request import ALL
from store.accounts import ShopRow

_ALL_SHOPS: Final = "All shops"
_CLIENT: Final = "Client "


def shop_choices(shops: Sequence[ShopRow]) -> dict[str, tuple[str, str]]:
    """What the drop-down of Shops offers -> `shops` and `client` of a definition."""
    own = [shop for shop in shops if not shop.is_sample]
    found = {_ALL_SHOPS: (ALL, "")} if own else {}
    clients = sorted({shop.client for shop in own if shop.client}, key=str.lower)
    found |= {f"{_CLIENT}{client}": (ALL, client) for client in clients}
    for shop in shops:
        twice = sum(other.name == shop.name for other in shops) > 1
        label = f"{shop.name} ({shop.shop_id})" if twice else shop.name
        found[label] = (shop.shop_id, "")
    return found


def asked_shops(text: str, shops: Sequence[ShopRow]) -> dict[str, str]:
    """`shops` and `client` of what the cell says; ids with commas between are taken as they are."""
    choices = {label.lower(): asked for label, asked in shop_choices(shops).items()}
    chosen, client = choices.get(text.strip().lower(), (text.strip(), ""))
    return {"shops": chosen, "client": client}


def shops_cell(definition: Mapping[str, str], shops: Sequence[ShopRow]) -> str:
    """What the cell says of a definition. Of a client who is not there any more the name."""
    asked = definition.get("shops", ""), definition.get("client", "")
    labels = (label for label, choice in shop_choices(shops).items() if choice == asked)
    return next(labels, f"{_CLIENT}{asked[1]}" if asked[1] else asked[0])
