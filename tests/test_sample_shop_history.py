"""The shop behind the simulator: its history is the same for everybody and never changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sample_shop.adapter import BASE_URL
from sample_shop.books import Book
from sample_shop.life import STATES
from sample_shop.shop import Shop
from sample_shop.timeline import NEVER, Timeline
from sample_shop.world import SAMPLE_ANCHOR, World, sample_world, seeded_world
from tests.sample_shop_client import DAY, NOW, ORDER_SEARCH, in_process

pytestmark = pytest.mark.slow

EVERYTHING = (None, None)


def orders_of(shop: Shop, now: int) -> dict[str, dict[str, Any]]:
    shop.advance(now)
    rows = shop.orders.find(now, EVERYTHING, EVERYTHING, by_update=False)[0]
    made = Book(shop, BASE_URL).orders.orders(rows, now)
    return {order["id"]: order for order in made}


def world_at(now: int, orders: int = 400, shops: int = 1) -> World:
    return seeded_world(3, orders, 45, shops, now)


def test_two_worlds_of_one_seed_are_the_same_and_of_two_seeds_are_not() -> None:
    first, second = (orders_of(world_at(NOW).shops[0], NOW) for _ in range(2))
    assert first == second
    other = orders_of(seeded_world(4, 400, 45, 1, NOW).shops[0], NOW)
    assert not set(first) & set(other)


@pytest.mark.parametrize("days", [1, 9, 80])
def test_what_was_settled_stays_as_it_was_however_far_the_clock_goes(days: int) -> None:
    shop = world_at(NOW).shops[0]
    before = orders_of(shop, NOW)
    after = orders_of(shop, NOW + days * DAY)
    assert list(after)[: len(before)] == list(before)
    untouched = [o for o in after.values() if o["update_time"] <= NOW]
    assert len(untouched) > 100
    assert all(before[order["id"]] == order for order in untouched)
    for order_id, order in before.items():
        later = after[order_id]
        assert later["payment"] == order["payment"]
        assert later["create_time"] == order["create_time"]
        assert later["update_time"] >= order["update_time"]
        assert later.get("paid_time", 0) >= order.get("paid_time", 0)


def test_new_orders_arrive_at_the_rate_of_the_old_ones() -> None:
    shop = seeded_world(3, 4000, 364, 1, NOW).shops[0]
    shop.advance(NOW + 364 * DAY)
    later = int((shop.orders.created <= NOW + 364 * DAY).sum())
    assert 7600 <= later <= 8400


def test_moving_the_clock_in_steps_or_at_once_makes_no_difference() -> None:
    steps, jump = world_at(NOW).shops[0], world_at(NOW).shops[0]
    for day in range(0, 31, 3):
        steps.advance(NOW + day * DAY)
    assert orders_of(steps, NOW + 30 * DAY) == orders_of(jump, NOW + 30 * DAY)


def test_every_order_is_in_its_newest_state_and_update_time_says_since_when() -> None:
    shop = world_at(NOW, 1500).shops[0]
    seen: dict[str, str] = {}
    rows = np.arange(700, 740)
    changed: set[str] = set()
    for hour in range(0, 24 * 24, 8):
        now = NOW - 30 * DAY + hour * 3600
        shop.advance(now)
        there = rows[shop.lives.at[rows, 0] <= now]
        for order in Book(shop, BASE_URL).orders.orders(there, now):
            if order["id"] in seen and seen[order["id"]] != order["status"]:
                assert now - 8 * 3600 < order["update_time"] <= now
                changed.add(f"{seen[order['id']]}>{order['status']}")
            seen[order["id"]] = order["status"]
    backwards = [
        change
        for change in changed
        if STATES.index(change.split(">")[0]) >= STATES.index(change.split(">")[1])
    ]
    assert backwards == []
    assert {"AWAITING_SHIPMENT>AWAITING_COLLECTION", "IN_TRANSIT>DELIVERED"} <= changed


def test_every_state_is_reached_at_some_moment() -> None:
    shop = world_at(NOW, 6000).shops[0]
    shop.advance(NOW)
    found: set[int] = set()
    for hours in range(0, 48, 2):
        now = NOW - hours * 3600
        there = np.flatnonzero(shop.orders.created <= now)
        found |= set(shop.states(there, now).tolist())
    assert found == set(range(len(STATES)))


def test_the_sample_account_is_one_us_shop_that_opened_in_november_2024() -> None:
    wall = 1_770_000_000.0
    client = in_process(sample_world(lambda: wall))
    assert [(s["id"], s["name"], s["region"]) for s in client.shops] == [
        ("sample", "Sample Account", "US")
    ]
    page = client.data("POST", ORDER_SEARCH, {"page_size": 10, "sort_order": "ASC"})
    per_day = page["total_count"] / ((wall - SAMPLE_ANCHOR) / DAY)
    assert 54 <= per_day <= 66
    assert SAMPLE_ANCHOR <= page["orders"][0]["create_time"] < SAMPLE_ANCHOR + DAY
    assert {order["payment"]["currency"] for order in page["orders"]} == {"USD"}


def test_the_sample_account_is_the_same_for_processes_that_start_at_other_times() -> None:
    early = sample_world(lambda: 1_731_000_000.0)
    late = sample_world(lambda: 1_790_000_000.0)
    early.now()
    late.now()
    now = 1_732_000_000
    assert orders_of(early.shops[0], now) == orders_of(late.shops[0], now)


def test_tokens_of_one_process_are_good_in_another() -> None:
    wall = 1_770_000_000.0
    here, there = (in_process(sample_world(lambda: wall)) for _ in range(2))
    there.token = here.token
    assert there.call("GET", "/logistics/202309/warehouses").json()["code"] == 0
    refresh = here.tokens["data"]["refresh_token"]
    for _ in range(2):  # nothing is remembered, so a refresh token may be used again
        answer = there.token_call("refresh", refresh_token=refresh, grant_type="refresh_token")
        assert answer["code"] == 0


def test_week_ends_and_evenings_sell_more_than_mornings_of_working_days() -> None:
    shop = seeded_world(3, 30_000, 365, 1, NOW).shops[0]
    shop.advance(NOW)
    created = shop.orders.created[:30_000].astype(np.int64) - 8 * 3600
    hour, weekday = created // 3600 % 24, (created // DAY + 3) % 7
    assert (hour == 20).sum() > 4 * (hour == 3).sum()
    assert (weekday == 5).sum() > 1.1 * (weekday == 1).sum()


def test_products_change_as_time_passes_and_their_update_time_says_when() -> None:
    world = world_at(NOW)
    shop = world.shops[0]
    book = Book(shop, BASE_URL)
    changed: set[str] = set()
    previous: dict[str, dict[str, Any]] = {}
    for day in range(0, 100, 10):
        now = NOW + day * DAY
        rows = book.products.found(shop.listings.numbers_at(now), now)
        for product in rows:
            old = previous.get(product["id"])
            if old is None:
                continue
            for name in ("title", "status"):
                if old[name] != product[name]:
                    changed.add(name)
                    assert old["update_time"] < product["update_time"] <= now
            if old["skus"][0]["price"] != product["skus"][0]["price"]:
                changed.add("price")
                assert old["update_time"] < product["update_time"]
            if old["skus"][0]["inventory"] != product["skus"][0]["inventory"]:
                changed.add("stock")
        previous = {product["id"]: product for product in rows}
    assert changed == {"title", "status", "price", "stock"}


def test_a_change_is_seen_in_its_very_second_and_takes_the_place_of_the_one_before() -> None:
    never = int(NEVER)
    times = Timeline(np.asarray([[10, 20, 30], [15, never, never], [20, 40, never]], np.uint32))

    def updated(now: int, start: int | None, before: int | None) -> list[tuple[int, int]]:
        rows, values = times.find(now, EVERYTHING, (start, before), by_update=True)
        return list(zip(rows.tolist(), values.tolist(), strict=True))

    assert updated(9, None, None) == []
    assert updated(10, None, None) == [(0, 10)]
    assert updated(19, None, None) == [(0, 10), (1, 15)]
    assert updated(20, None, None) == [(1, 15), (0, 20), (2, 20)]
    assert updated(30, 20, 30) == [(2, 20)]
    assert updated(30, 20, 31) == [(2, 20), (0, 30)]
    assert updated(100, 15, 16) == [(1, 15)]
    rows, values = times.find(20, (None, 20), EVERYTHING, by_update=False)
    assert (rows.tolist(), values.tolist()) == ([0, 1], [10, 15])
    assert times.find(19, (20, None), EVERYTHING, by_update=False)[0].tolist() == []
