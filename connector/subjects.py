"""What a page can be about: a shop, a client's shops, all shops, or the Sample Account. Pure.

A subject is chosen as configParams are, so that a page asks what a data source in Looker Studio
asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from connector.request import ALL
from store.accounts import ShopRow

#: Before the name of a client in the key of its subject.
_OF_CLIENT: Final = "client:"

#: With more shops a page takes seconds: it is shown to who asks for it.
_AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class Subject:
    """`key` stands for it in an address: a shop's id, `all`, or `client:` and its name. `shop_ids`
    and `client` are those of configParams. `shops`: what it is about now."""

    key: str
    label: str
    shop_ids: str
    client: str
    shops: tuple[ShopRow, ...]
    currencies: tuple[str, ...]

    @property
    def zones(self) -> tuple[str, ...]:
        """Of the reports, each once."""
        return tuple(dict.fromkeys(shop.report_zone or "UTC" for shop in self.shops))

    def currency(self, chosen: str) -> str:
        """The chosen one if it has amounts in it, else that of its first shop."""
        if chosen in self.currencies:
            return chosen
        return next(
            (shop.currency for shop in self.shops if shop.currency in self.currencies),
            self.currencies[0],
        )


def subjects(
    shops: Iterable[ShopRow], currencies_of: Callable[[ShopRow], Sequence[str]]
) -> list[Subject]:
    """All shops together first where there are several, then each client, each shop, and the Sample
    Account. `shops` as `WorkspaceScope.shops` gives them."""
    shops = list(shops)
    known = {shop.shop_id: tuple(currencies_of(shop)) for shop in shops}
    own = [shop for shop in shops if not shop.is_sample]
    clients = sorted({shop.client for shop in own if shop.client}, key=str.lower)

    def made(
        key: str, label: str, of: Sequence[ShopRow], shop_ids: str, client: str = ""
    ) -> Subject:
        found = tuple(sorted({code for shop in of for code in known[shop.shop_id]}))
        return Subject(key, label, shop_ids, client, tuple(of), found)

    found = [made(ALL, "All shops", own, ALL)] if len(own) > 1 else []
    for client in clients:
        its = [shop for shop in own if shop.client == client]
        found.append(made(key_of_client(client), f"Client {client}", its, ALL, client))
    return [*found, *(made(shop.shop_id, shop.name, [shop], shop.shop_id) for shop in shops)]


def chosen_subject(found: Sequence[Subject], key: str) -> Subject | None:
    """The one with this key, else the first that is answered quickly; None where there is nothing
    at all."""
    quick = (one for one in found if len(one.shops) <= _AT_ONCE)
    return next((one for one in found if one.key == key), next(quick, None))


def key_of_client(name: str) -> str:
    return f"{_OF_CLIENT}{name}"


def client_of(key: str) -> str:
    """The client that a key of a subject names, "" when it names none."""
    return key.removeprefix(_OF_CLIENT) if key.startswith(_OF_CLIENT) else ""
