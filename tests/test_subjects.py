"""What a page can be about, and what it opens with."""

from __future__ import annotations

from dataclasses import replace

from connector.subjects import chosen_subject, subjects
from store.accounts import ShopRow
from tests.test_shop_status import SHOP


def shops(count: int, client: str = "", start: int = 1) -> list[ShopRow]:
    return [
        replace(SHOP, shop_id=f"{number}", client=client or None)
        for number in range(start, start + count)
    ]


def opens_with(found: list[ShopRow]) -> str:
    chosen = chosen_subject(subjects(found, lambda _: ("USD",)), "")
    assert chosen is not None
    return chosen.key


def test_a_few_shops_are_seen_together() -> None:
    assert opens_with(shops(1)) == "1"
    assert opens_with(shops(2)) == "all"
    assert opens_with(shops(20)) == "all"


def test_many_shops_together_are_shown_to_who_asks_for_them() -> None:
    found = subjects(shops(21), lambda _: ("USD",))
    assert opens_with(shops(21)) == "1"
    chosen = chosen_subject(found, "all")
    assert chosen is not None
    assert len(chosen.shops) == 21


def test_of_many_shops_the_first_client_of_a_few_is_seen() -> None:
    many, few = shops(25, "A large one"), shops(3, "Blue", start=40)
    assert opens_with([*many, *few]) == "client:Blue"
    assert opens_with(many) == "1"


def test_where_there_is_nothing_nothing_is_chosen() -> None:
    assert chosen_subject([], "") is None
