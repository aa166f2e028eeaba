"""Countdown auctions: many short-lived listings, one product in reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backfill.auctions import auction_product, normalised_name
from backfill.normalise.orders import normalise_orders
from store.commits import Commit
from tests.answering import NOW, HandMadeShop, answering, at
from tests.importing import hashed_buyer

MUG = "Countdown Auction: Soft Mug"


@pytest.mark.parametrize(
    "name",
    [
        "⏳ Countdown Auction #2900: Soft Mug",
        "⏳ Countdown Auction #2901: Soft Mug",
        "COUNTDOWN AUCTION (lot 12): soft mug",
        "Countdown auction No. 7: Soft  Mug ⏳",
        "Countdown Auction 09/12/2026 8:30 pm: Soft Mug",
        "\uff23ountdown Auction #5: Soft Mug",
    ],
)
def test_all_listings_of_one_name_are_one_product(name: str) -> None:
    product = auction_product(name)
    assert product is not None
    assert product.title == MUG
    assert product == auction_product("⏳ Countdown Auction #2900: Soft Mug")


def test_other_things_are_other_products() -> None:
    mug, lamp = (auction_product(f"Countdown Auction #1: {thing}") for thing in ("Mug", "Lamp"))
    assert mug is not None
    assert lamp is not None
    assert mug.product_id != lamp.product_id


@pytest.mark.parametrize(
    "name",
    ["Soft Mug", "Auction paddle", "The Art of the Auction (book)", "Auctioneer costume", "", None],
)
def test_what_only_mentions_auctions_is_no_auction(name: str | None) -> None:
    assert auction_product(name) is None


def test_tiktoks_own_mark_counts_whatever_the_name_is() -> None:
    by_order = auction_product("Soft Mug", "AUCTION", "NORMAL")
    by_sku = auction_product("Soft Mug", None, "COUNTDOWN_AUCTION")
    assert by_order == by_sku
    assert by_order is not None
    assert by_order.title == "Soft Mug"


def test_an_id_of_ours_cannot_be_one_of_tiktoks() -> None:
    product = auction_product("Countdown Auction #1: Mug")
    assert product is not None
    assert not product.product_id.isdigit()
    assert product.product_id == "auction-" + product.product_id[-16:]


def test_letters_of_other_scripts_and_sizes_stay() -> None:
    assert normalised_name("Countdown Auction #3: 美しいマグ 500 ml") == (
        "Countdown Auction: 美しいマグ 500 Ml"
    )
    assert normalised_name("⏳⏳⏳") == "⏳⏳⏳", "a name of pictures alone is kept"


def order(number: int, name: str, price: str = "1.00") -> dict[str, Any]:
    line = {
        "id": f"{number}01",
        "product_id": f"{number}77",
        "product_name": name,
        "sale_price": price,
        "currency": "USD",
    }
    placed = at("2026-08-02 12:00")
    return {
        "id": str(number),
        "status": "COMPLETED",
        "create_time": placed,
        "update_time": placed,
        "paid_time": placed,
        "payment": {"currency": "USD", "total_amount": price},
        "line_items": [line],
    }


def test_units_are_linked_to_the_product_that_is_made_for_them() -> None:
    orders = [
        order(5001, "⏳ Countdown Auction #1: Soft Mug"),
        order(5002, "⏳ Countdown Auction #2: Soft Mug"),
        order(5003, "Soft Mug"),
    ]
    _, lines, products = normalise_orders(orders, hashed_buyer).writes
    linked = [row[lines.columns.index("auction_product_id")] for row in lines.rows]
    own = [row[lines.columns.index("product_id")] for row in lines.rows]
    made = auction_product("Countdown Auction #1: Soft Mug")
    assert made is not None
    assert linked == [made.product_id, made.product_id, None]
    assert own == ["500177", "500277", "500377"], "TikTok's own ids stay"
    assert products.columns == ("product_id", "title", "is_auction", "update_time")
    assert list(products.rows) == [(made.product_id, MUG, 1, None)]


def test_answers_by_product_show_one_row_for_all_auctions_of_a_thing(tmp_path: Path) -> None:
    test = answering(tmp_path)
    shop = test.shop(HandMadeShop("111", "First shop", "US"))
    orders = [
        order(6001, "⏳ Countdown Auction #1: Soft Mug", "10.00"),
        order(6002, "⏳ Countdown Auction #2: Soft Mug", "7.50"),
        order(6003, "Soft Mug", "3.00"),
    ]
    normalised = normalise_orders(orders, hashed_buyer)
    writes = tuple(write for write in normalised.writes if write.rows)
    test.commit(shop, Commit(writes=writes, fetched_at=int(NOW)))
    test.cover(shop, "2026-08-01", "2026-08-20", "orders")
    test.cover(shop, "1970-01-02", "2026-08-20", "products")
    test.publish(shop)
    made = auction_product("Countdown Auction #1: Soft Mug")
    assert made is not None
    assert test.rows("product_id", "gmv", "orders") == [
        ["600377", 3.0, 1],
        [made.product_id, 17.5, 2],
    ]
    assert test.rows("product_title", "items_sold") == [[MUG, 2], [None, 1]]
    assert test.rows("products_sold") == [[2]]
    assert test.rows("products_count") == [[0]], "TikTok has no such listing"
    test.here.close()
