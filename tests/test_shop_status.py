"""How a shop is doing in one word, which comes first in the list, and whose consent ends soon."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backfill.optional import offered_data, optional_data
from backfill.slots import next_sync
from hub.authorization_ends import Ending, endings
from hub.reachable import unreachable_because
from hub.shop_list import ShopCard, grouped
from hub.shop_status import (
    DISCONNECTED,
    INACTIVE,
    LOST_ACCESS,
    MISSING,
    NOT_SYNCING,
    RECONNECT,
    RESOLVING,
    SYNCED,
    SYNCING,
    Facts,
    Status,
    status_of,
)
from settings import Settings
from store.accounts import AuthorizationRow, ShopRow
from store.runs import Run

HOUR, DAY = 3_600.0, 86_400.0
#: 12 September 2026, 13:46:40 UTC.
NOW = 1_789_220_800.0

SHOP = ShopRow(
    shop_id="7000001",
    workspace_id="alice",
    authorization_id="grant-1",
    name="Shop",
    code="S",
    region="GB",
    seller_type="LOCAL",
    cipher="c",
    currency="GBP",
    shop_zone="Europe/London",
    report_zone=None,
    client=None,
    state="connected",
    connected_at=NOW - 100 * DAY,
    is_sample=False,
    serves_kept=False,
)


def run(state: str, *, stuck: bool = False, kind: str = "sync") -> Run:
    return Run(
        id="run-1",
        workspace_id="alice",
        shop_id="7000001",
        lane="forward",
        kind=kind,
        slot="at:1",
        parameters={},
        priority=0,
        not_before=0.0,
        state=state,
        attempt=1,
        message="",
        created_at=NOW - HOUR,
        started_at=NOW - HOUR,
        heartbeat_at=NOW,
        finished_at=None,
        stuck_at=NOW if stuck else None,
    )


FRESH = Facts(last_success=NOW - HOUR)


@pytest.mark.parametrize(
    ("state", "facts", "status"),
    [
        ("connected", FRESH, SYNCED),
        ("connected", replace(FRESH, runs=(run("done"),)), SYNCED),
        ("connected", replace(FRESH, runs=(run("running"),)), SYNCING),
        ("connected", replace(FRESH, runs=(run("pending"),)), SYNCING),
        ("connected", replace(FRESH, runs=(run("done"), run("running"))), SYNCING),
        ("connected", replace(FRESH, runs=(run("waiting"),)), RESOLVING),
        ("connected", replace(FRESH, runs=(run("failed"),)), RESOLVING),
        # An older failure that a later run has made good.
        ("connected", replace(FRESH, runs=(run("done"), run("failed"))), SYNCED),
        ("connected", replace(FRESH, runs=(run("running", stuck=True),)), NOT_SYNCING),
        ("connected", Facts(last_success=NOW - 25 * HOUR), SYNCED),
        ("connected", Facts(last_success=NOW - 27 * HOUR), NOT_SYNCING),
        ("connected", Facts(last_success=NOW - 27 * HOUR, runs=(run("failed"),)), NOT_SYNCING),
        ("connected", Facts(last_success=NOW - 27 * HOUR, runs=(run("running"),)), SYNCING),
        # Connected long ago, and nothing was ever read.
        ("connected", Facts(), NOT_SYNCING),
        ("connected", replace(FRESH, missing=("orders",), runs=(run("running"),)), MISSING),
        # Permissions that are missing for good hide nothing that is worse.
        ("connected", Facts(last_success=NOW - 27 * HOUR, missing=("orders",)), NOT_SYNCING),
        (
            "connected",
            replace(FRESH, missing=("orders",), runs=(run("running", stuck=True),)),
            NOT_SYNCING,
        ),
        ("reauthorise", FRESH, RECONNECT),
        ("reauthorise", replace(FRESH, access_was_removed=True), LOST_ACCESS),
        ("inactive", FRESH, INACTIVE),
        ("disconnected", replace(FRESH, missing=("orders",)), DISCONNECTED),
    ],
)
def test_the_word_follows_from_what_is_known(state: str, facts: Facts, status: Status) -> None:
    assert status_of(replace(SHOP, state=state), facts, NOW).word == status.word


def test_a_shop_just_connected_is_not_late() -> None:
    assert status_of(replace(SHOP, connected_at=NOW - HOUR), Facts(), NOW) == SYNCED


def test_the_words_are_told_apart_without_their_colours() -> None:
    every = (LOST_ACCESS, RECONNECT, INACTIVE, NOT_SYNCING, MISSING, RESOLVING, SYNCING, SYNCED)
    assert len({status.word for status in (*every, DISCONNECTED)}) == 9
    assert all(status.meaning.endswith(".") for status in every)


# --- the list -------------------------------------------------------------------------------------


def card(name: str, status: Status, client: str | None = None, *, sample: bool = False) -> ShopCard:
    shop = replace(SHOP, name=name, shop_id=name, client=client, is_sample=sample)
    return ShopCard(shop, status, "UTC")


def listed(*cards: ShopCard, wanted: str = "") -> list[tuple[str, list[str]]]:
    return [
        (group.client, [one.shop.name for one in group.cards]) for group in grouped(cards, wanted)
    ]


def test_problems_come_first_in_a_group_and_groups_with_problems_first() -> None:
    assert listed(
        card("Sample Account", SYNCED, sample=True),
        card("alone", SYNCED),
        card("b", SYNCED, "Northwind"),
        card("a", SYNCED, "Northwind"),
        card("c", RECONNECT, "Zephyr"),
        card("d", SYNCING, "Zephyr"),
        card("e", LOST_ACCESS, "Zephyr"),
    ) == [
        ("Zephyr", ["e", "c", "d"]),
        ("Northwind", ["a", "b"]),
        ("", ["alone"]),
        ("", ["Sample Account"]),
    ]


def test_an_import_under_way_is_no_problem_that_moves_its_group() -> None:
    assert listed(card("a", SYNCED, "A"), card("b", SYNCING, "B")) == [("A", ["a"]), ("B", ["b"])]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("tea", ["Harbour Tea"]),
        ("  TEA   harbour ", ["Harbour Tea"]),
        ("northwind", ["Harbour Tea"]),
        ("gbp", ["Harbour Tea", "Kites"]),
        ("reconnect", ["Kites"]),
        ("nothing like it", []),
        ("", ["Harbour Tea", "Kites"]),
    ],
)
def test_every_word_must_be_found(wanted: str, names: list[str]) -> None:
    found = listed(
        card("Harbour Tea", SYNCED, "Northwind"), card("Kites", RECONNECT), wanted=wanted
    )
    assert sorted(name for _, members in found for name in members) == names


# --- consents that end ----------------------------------------------------------------------------

GRANT = AuthorizationRow(
    "grant-1", "alice", "open-1", "Seller", "GB", frozenset(), "connected", NOW, NOW + 10.5 * DAY
)


def test_what_tiktok_said_of_the_end_counts_before_the_token() -> None:
    (told,) = endings([SHOP], [GRANT], {"7000001": NOW + 5 * DAY}, NOW)
    assert (told.days, told.time_left) == (5, "in 5 days")
    (by_token,) = endings([SHOP], [GRANT], {}, NOW)
    assert by_token.days == 10


def test_only_what_is_read_and_ends_within_thirty_days_is_named() -> None:
    far = {"7000001": NOW + 30 * DAY + 1}
    assert endings([SHOP], [GRANT], far, NOW) == []
    for state in ("disconnected", "reauthorise"):
        assert endings([replace(SHOP, state=state)], [GRANT], {}, NOW) == []
    assert endings([replace(SHOP, is_sample=True)], [GRANT], {}, NOW) == []
    assert endings([SHOP], [GRANT], {}, NOW + 11 * DAY) == []


def test_shops_of_one_consent_are_named_together_the_soonest_first() -> None:
    shops = [replace(SHOP, shop_id=str(n), name=f"Shop {n}") for n in range(1, 6)]
    other = replace(SHOP, shop_id="9", name="Other", authorization_id="grant-2")
    soon = replace(GRANT, id="grant-2", refresh_expires_at=NOW + DAY / 2)
    first, second = endings([*shops, other], [GRANT, soon], {}, NOW)
    assert (first.names, first.time_left) == ("Other", "today")
    assert second.names == "Shop 1, Shop 2 and 3 more shops"


@pytest.mark.parametrize(
    ("count", "names"), [(1, "Shop 1"), (2, "Shop 1 and Shop 2"), (3, "Shop 1, Shop 2 and Shop 3")]
)
def test_a_few_names_are_written_out(count: int, names: str) -> None:
    shops = tuple(replace(SHOP, name=f"Shop {n}") for n in range(1, count + 1))
    assert Ending(shops, NOW, 1).names == names


# --- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://data.agency.example.com", ""),
        ("https://8.8.8.8", ""),
        ("http://data.example.com", "not an https address"),
        ("http://127.0.0.1:8080", "only your own network"),
        ("https://localhost", "only your own network"),
        ("https://server", "only your own network"),
        ("https://nas.local", "only your own network"),
        ("https://192.168.1.4", "only your own network"),
        ("https://[::1]:8080", "only your own network"),
        ("https://169.254.1.1", "only your own network"),
    ],
)
def test_an_address_that_nobody_outside_can_reach_says_so(url: str, reason: str) -> None:
    found = unreachable_because(url)
    assert (reason in found) if reason else (found == "")


# --- the next sync, and what a shop has read ------------------------------------------------------


@pytest.mark.parametrize(("hour", "next_hour"), [(0, 2), (1.99, 2), (2, 14), (13, 14), (14, 26)])
def test_the_next_sync_is_at_two_or_fourteen_utc_and_within_twenty_minutes(
    hour: float, next_hour: int
) -> None:
    midnight = 1_789_171_200.0
    found = next_sync(midnight + hour * HOUR, ("alice", "7000001"))
    assert 0 <= found - (midnight + next_hour * HOUR) < 20 * 60


def test_a_shop_reads_what_the_installation_does_unless_somebody_decided() -> None:
    offered = offered_data(Settings(sku_finance_daily_calls=100))
    assert offered == {"price_detail": False, "sku_finance": True}
    assert optional_data(None, offered) == ["sku_finance"]
    assert optional_data("", offered) == []
    assert optional_data("price_detail", offered) == ["price_detail"]
    # What the installation allows no calls for is not read, whatever was decided before.
    assert optional_data("external_orders,sku_finance", offered) == ["sku_finance"]
