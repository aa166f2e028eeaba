"""Telling TikTok where to push: what is registered, when, and what does not stop an import."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from backfill.fetch import Source
from backfill.listening import Listening
from backfill.registration import deregister, register
from sample_shop.gateway import Gateway
from store.accounts import ShopRow
from tests.authorizing import House as ConnectingHouse
from tests.importing import ShopUnderTest, refuses
from tests.installation import MadeGrant, MadeShop, connect_shop
from tiktok_shop.webhooks import TOPICS

BASE = "https://source.example.invalid"
OFFERED = [name for name, topic in TOPICS.items() if topic.offered]


class Shop(ShopUnderTest):
    def listed(self) -> dict[str, str]:
        gateway: Gateway = self.between.behind.gateway  # type: ignore[attr-defined]
        entries = gateway.books[self.world.shops[0].id].webhooks.entries()
        return {entry["event_type"]: entry["address"] for entry in entries}

    def way(self) -> Source:
        return Source(self.client, self.access, "forward")

    def register(self, base: str = BASE, *, also_not_offered: bool = False) -> list[str]:
        return register(self.way(), base, also_not_offered=also_not_offered)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()


def test_every_offered_topic_gets_an_address_of_its_own(shop: Shop) -> None:
    assert shop.register() == OFFERED
    assert shop.listed() == {name: f"{BASE}/webhooks/tiktok/{name}" for name in OFFERED}
    assert len(OFFERED) == 9


def test_registering_again_only_looks(shop: Shop) -> None:
    shop.register()
    shop.calls.clear()
    assert shop.register() == []
    assert len(shop.calls) == 1


def test_another_public_address_replaces_the_old_one(shop: Shop) -> None:
    shop.register()
    assert shop.register("https://moved.example.invalid") == OFFERED
    assert set(shop.listed().values()) == {
        f"https://moved.example.invalid/webhooks/tiktok/{name}" for name in OFFERED
    }


def test_topics_that_the_calls_do_not_list_are_tried_on_request_and_left_out_when_refused(
    shop: Shop,
) -> None:
    assert shop.register(also_not_offered=True) == OFFERED
    assert len(shop.calls) == 1 + len(TOPICS)
    assert sorted(shop.listed()) == sorted(OFFERED)


def test_a_disconnected_shop_pushes_to_us_no_more_and_to_others_as_before(shop: Shop) -> None:
    elsewhere = "https://elsewhere.example.invalid/hook"
    shop.register()
    body = {"address": elsewhere, "event_type": OFFERED[0]}
    shop.client.call("webhook_update", shop.access, body=body)
    assert sorted(deregister(shop.way(), BASE)) == sorted(OFFERED[1:])
    assert shop.listed() == {OFFERED[0]: elsewhere}
    assert deregister(shop.way(), BASE) == [], "repeating is harmless"


# --- beside an import ---


def listening(shop: Shop, public_url: str | None, *also_read: ShopRow) -> Listening:
    nothing: Any = SimpleNamespace()
    accounts: Any = SimpleNamespace(all_shops=lambda: also_read)
    return Listening(
        accounts=accounts,
        ledger=nothing,
        stores=nothing,
        notifications=nothing,
        clock=shop.clock,
        source=lambda row, lane: shop.way(),
        public_url=public_url,
    )


def row(workspace_id: str = "alice", *, is_sample: bool = False, listens: bool = True) -> ShopRow:
    made: Any = SimpleNamespace(
        shop_id="7000001",
        workspace_id=workspace_id,
        state="connected",
        is_sample=is_sample,
        listens=listens,
    )
    return made  # type: ignore[no-any-return]


def test_without_a_public_address_nothing_is_registered(shop: Shop) -> None:
    listening(shop, None).register(row(), "forward", also_not_offered=True)
    assert shop.calls == []


def test_the_sample_account_is_not_registered(shop: Shop) -> None:
    listening(shop, BASE).register(row(is_sample=True), "forward", also_not_offered=True)
    assert shop.calls == []


def test_a_shop_that_nobody_wants_to_listen_to_is_not_registered(shop: Shop) -> None:
    listening(shop, BASE).register(row(listens=False), "forward", also_not_offered=True)
    assert shop.calls == []


def test_whether_a_shop_is_listened_to_holds_at_once(shop: Shop) -> None:
    with structlog.testing.capture_logs() as logged:
        listening(shop, BASE).listen(row(), True)
        listening(shop, BASE).listen(row(listens=False), False)
    told = [one for one in logged if one["event"] in ("registered", "deregistered")]
    assert [one["event"] for one in told] == ["registered", "deregistered"]
    assert set(OFFERED) <= set(told[0]["topics"])
    assert set(told[1]["topics"]) == set(told[0]["topics"])


@pytest.mark.parametrize("code", [105005, 36009003, 36009043])
def test_a_refusal_is_logged_and_does_not_harm_the_import(shop: Shop, code: int) -> None:
    shop.between.faults = [lambda _asked: refuses(code)]
    with structlog.testing.capture_logs() as logged:
        listening(shop, BASE).register(row(), "forward", also_not_offered=False)
    assert "not_registered" in [one["event"] for one in logged]


def test_what_was_registered_is_logged_once(shop: Shop) -> None:
    with structlog.testing.capture_logs() as logged:
        for _ in range(2):
            listening(shop, BASE).register(row(), "forward", also_not_offered=False)
    assert [one["topics"] for one in logged if one["event"] == "registered"] == [OFFERED]


# --- when a shop is disconnected ---


def test_with_the_last_workspace_that_reads_a_shop_its_pushes_end(shop: Shop) -> None:
    shop.register()
    listening(shop, BASE, row("alice"), row("bob")).deregister(row("alice"))
    assert len(shop.listed()) == 9, "bob reads it, too"
    listening(shop, BASE, row("alice")).deregister(row("alice"))
    assert shop.listed() == {}


@pytest.mark.parametrize("code", [105005, 36009002, 36009003, 36009043])
def test_whoever_disconnects_a_shop_does_not_wait_for_tiktok(shop: Shop, code: int) -> None:
    shop.between.faults = [lambda _asked: refuses(code)]
    with structlog.testing.capture_logs() as logged:
        listening(shop, BASE, row()).deregister(row())
    assert [one["event"] for one in logged if one["event"] != "app_refused"][-1:] == [
        "not_deregistered"
    ]
    assert len(shop.calls) == 1
    assert sum(shop.clock.slept) == 0.0


def test_disconnecting_tells_tiktok_while_there_is_access_and_only_then(tmp_path: Path) -> None:
    house = ConnectingHouse(tmp_path)
    connect_shop(house.accounts, "alice", MadeGrant(), MadeShop("1", "1"), MadeShop("2", "2"))
    told: list[tuple[str, str]] = []

    def note(shop: ShopRow) -> None:
        told.append((shop.shop_id, house.shops()[shop.shop_id]))

    house.connecting._deregister = note
    house.connecting.disconnect("alice", "1")
    assert told == [("1", "connected")]
    house.connecting.disconnect("alice", "1")
    assert told == [("1", "connected")], "it was disconnected before"
