"""The list of shops: found by what somebody types, grouped by client, problems first. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hub.shop_status import Status
from store.accounts import ShopRow


@dataclass(frozen=True, slots=True)
class ShopCard:
    """What the list shows of a shop. Instants are UTC epoch seconds. `progress`: how far the import
    is, in a sentence, and `percent` of it, while one is under way; `reason`: what the newest run
    said; `covered`: the range in which orders were read; `missing`: what the grant does not let us
    read, in words; `zone`: what its times are shown in; `deleted_at`: when what was imported is
    deleted, if nobody connects the shop again."""

    shop: ShopRow
    status: Status
    zone: str
    progress: str = ""
    percent: int = 0
    reason: str = ""
    last_success: float | None = None
    covered: tuple[float, float] | None = None
    next_sync: float | None = None
    missing: Sequence[str] = ()
    deleted_at: float | None = None

    @property
    def words(self) -> str:
        """What it is found by."""
        shop = self.shop
        parts = (shop.name, shop.shop_id, shop.region, shop.currency, shop.client or "")
        return " ".join((*parts, self.status.word)).casefold()


@dataclass(frozen=True, slots=True)
class Group:
    """The shops of one client; `client` is "" for those of none, and `is_sample` for our own."""

    client: str
    cards: Sequence[ShopCard]
    is_sample: bool = False


def grouped(cards: Sequence[ShopCard], wanted: str = "") -> list[Group]:
    """Only cards in which every word of `wanted` is found. Clients with the worst problem first,
    then by name; shops of no client after those of one, the Sample Account last."""
    words = wanted.casefold().split()
    found = [card for card in cards if all(word in card.words for word in words)]
    by_client: dict[tuple[bool, str], list[ShopCard]] = {}
    for card in found:
        key = (card.shop.is_sample, card.shop.client or "")
        by_client.setdefault(key, []).append(card)
    groups = [
        Group(client, sorted(members, key=_urgency), is_sample)
        for (is_sample, client), members in by_client.items()
    ]
    return sorted(groups, key=_place)


def _urgency(card: ShopCard) -> tuple[int, str, str]:
    return card.status.rank, card.shop.name.casefold(), card.shop.shop_id


def _place(group: Group) -> tuple[bool, bool, int, bool, str]:
    worst = group.cards[0].status
    return (
        group.is_sample,
        not worst.is_problem,
        worst.rank if worst.is_problem else 0,
        not group.client,
        group.client.casefold(),
    )
