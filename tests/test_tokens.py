"""TikTok's tokens: one renewal for all who need one, and what happens when it fails."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from clock import SystemClock
from errors import Reauthorise, Retryable
from store.accounts import Accounts, TokenKeeper
from store.secrets import Vault
from tests.installation import (
    SECRET,
    START,
    FakeClock,
    MadeGrant,
    MadeShop,
    accounts_in,
    at_once,
    connect_shop,
    in_processes,
    renew_in_threads,
)
from tiktok_shop.client import Access

pytestmark = pytest.mark.slow


class TikTok:
    """The token host: counts what it is asked and answers the next pair, or fails as told."""

    def __init__(self, clock: FakeClock) -> None:
        self.asked: list[str] = []
        self.fails: Callable[[], Exception] | None = None
        self._clock = clock

    def refresh(self, refresh_token: str) -> MadeGrant:
        self.asked.append(refresh_token)
        if self.fails is not None:
            raise self.fails()
        return MadeGrant().next(1 + len(self.asked), self._clock.now())


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def tiktok(clock: FakeClock) -> TikTok:
    return TikTok(clock)


@pytest.fixture
def accounts(tmp_path: Path, clock: FakeClock) -> Accounts:
    accounts = accounts_in(tmp_path, clock)
    connect_shop(accounts, "alice", MadeGrant(), MadeShop(), MadeShop("7000002", "Test Shop 2"))
    return accounts


@pytest.fixture
def keeper(accounts: Accounts, tiktok: TikTok) -> TokenKeeper:
    return keeper_of(accounts, tiktok)


def keeper_of(accounts: Accounts, tiktok: TikTok, shop_id: str = "7000001") -> TokenKeeper:
    return accounts.token_keeper(accounts.workspace("alice").shop(shop_id), tiktok.refresh)


def states(accounts: Accounts) -> set[str]:
    alice = accounts.workspace("alice")
    own = {shop.state for shop in alice.shops() if not shop.is_sample}
    return own | {row.state for row in alice.authorizations()}


def test_a_keeper_is_what_the_client_asks_for(keeper: TokenKeeper) -> None:
    access: Access = keeper
    assert (access.shop_key, access.cipher) == ("7000001", "ROW_cipher_1")


def test_a_good_token_is_used_without_asking(keeper: TokenKeeper, tiktok: TikTok) -> None:
    assert keeper.access_token() == "access-canary-1"
    assert tiktok.asked == []


def test_the_second_who_holds_a_stale_token_takes_what_the_first_was_given(
    accounts: Accounts, tiktok: TikTok
) -> None:
    first, second = keeper_of(accounts, tiktok), keeper_of(accounts, tiktok, "7000002")
    assert first.renew("access-canary-1") == "access-canary-2"
    assert second.renew("access-canary-1") == "access-canary-2"
    assert tiktok.asked == ["refresh-canary-1"]
    assert second.renew("access-canary-2") == "access-canary-3"
    assert tiktok.asked == ["refresh-canary-1", "refresh-canary-2"]


def test_eight_threads_of_two_shops_ask_once(tmp_path: Path) -> None:
    clock = SystemClock()
    accounts = accounts_in(tmp_path, clock)
    connect_shop(accounts, "alice", MadeGrant(), MadeShop(), MadeShop("7000002", "Test Shop 2"))
    asked: list[str] = []

    def refresh(refresh_token: str) -> MadeGrant:
        asked.append(refresh_token)
        time.sleep(0.1)
        return MadeGrant().next(2, clock.now())

    shops = accounts.workspace("alice").shops()
    keepers = [accounts.token_keeper(shops[number % 2], refresh) for number in range(8)]
    tokens = at_once(8, lambda number: keepers[number].renew("access-canary-1"))
    assert tokens == ["access-canary-2"] * 8
    assert asked == ["refresh-canary-1"]


def test_two_processes_ask_once(tmp_path: Path) -> None:
    clock = SystemClock()
    accounts = accounts_in(tmp_path, clock)
    connect_shop(accounts, "alice", MadeGrant(), MadeShop(), MadeShop("7000002", "Test Shop 2"))
    log = tmp_path / "asked"
    codes = in_processes(2, renew_in_threads, str(tmp_path), str(log), time.time() + 0.5)
    assert codes == [0, 0]
    assert log.read_text() == "refresh-canary-1\n"


def test_a_token_is_renewed_ten_minutes_before_its_end(
    keeper: TokenKeeper, tiktok: TikTok, clock: FakeClock
) -> None:
    ends_at = MadeGrant().access_expires_at
    clock.instant = ends_at - 601
    assert keeper.access_token() == "access-canary-1"
    clock.instant = ends_at - 590
    assert keeper.access_token() == "access-canary-2"
    assert len(tiktok.asked) == 1


def test_an_early_renewal_that_fails_leaves_the_token_in_use(
    keeper: TokenKeeper, tiktok: TikTok, clock: FakeClock
) -> None:
    clock.instant = MadeGrant().access_expires_at - 300
    tiktok.fails = lambda: Retryable("TikTok is away.")
    assert keeper.access_token() == "access-canary-1"
    clock.instant += 301
    with pytest.raises(Retryable, match="away"):
        keeper.access_token()


def test_an_answer_that_has_run_out_already_is_not_asked_for_in_a_loop(
    accounts: Accounts, clock: FakeClock
) -> None:
    asked: list[str] = []

    def expired(refresh_token: str) -> MadeGrant:
        asked.append(refresh_token)
        return MadeGrant().next(1 + len(asked), START)

    keeper = accounts.token_keeper(accounts.workspace("alice").shop("7000001"), expired)
    clock.instant = MadeGrant().access_expires_at + 1
    for _ in range(9):
        keeper.access_token()
        clock.instant += 6
    assert len(asked) == 1


def test_a_withdrawn_grant_is_marked_and_not_asked_about_again(
    accounts: Accounts, keeper: TokenKeeper, tiktok: TikTok
) -> None:
    tiktok.fails = lambda: Reauthorise("The grant has ended.")
    with pytest.raises(Reauthorise, match="ended"):
        keeper.renew("access-canary-1")
    assert states(accounts) == {"reauthorise"}
    for shop_id in ("7000001", "7000002"):
        with pytest.raises(Reauthorise, match="Connect the shop again"):
            keeper_of(accounts, tiktok, shop_id).access_token()
    assert len(tiktok.asked) == 1


def test_connecting_again_lets_the_same_keeper_go_on(
    accounts: Accounts, keeper: TokenKeeper, tiktok: TikTok
) -> None:
    tiktok.fails = lambda: Reauthorise("The grant has ended.")
    with pytest.raises(Reauthorise):
        keeper.renew("access-canary-1")
    connect_shop(accounts, "alice", MadeGrant().next(9), MadeShop())
    assert keeper.access_token() == "access-canary-9"


def test_a_grant_known_to_have_ended_is_not_asked_about(
    accounts: Accounts, keeper: TokenKeeper, tiktok: TikTok, clock: FakeClock
) -> None:
    clock.instant = MadeGrant().refresh_expires_at
    with pytest.raises(Reauthorise):
        keeper.access_token()
    assert tiktok.asked == []
    assert states(accounts) == {"reauthorise"}


def test_a_failure_of_tiktok_keeps_the_tokens_and_lets_the_next_one_ask(
    accounts: Accounts, keeper: TokenKeeper, tiktok: TikTok, clock: FakeClock
) -> None:
    tiktok.fails = lambda: Retryable("TikTok is away.")
    with pytest.raises(Retryable):
        keeper.renew("access-canary-1")
    assert states(accounts) == {"connected"}
    tiktok.fails = None
    assert keeper.renew("access-canary-1") == "access-canary-3"
    assert tiktok.asked == ["refresh-canary-1", "refresh-canary-1"]
    assert clock.slept == []


def test_a_refusal_does_not_count_when_somebody_else_has_renewed_meanwhile(
    accounts: Accounts, keeper: TokenKeeper, tiktok: TikTok, clock: FakeClock
) -> None:
    def slow_and_late() -> Exception:
        tiktok.fails = None
        clock.instant += 101  # our right to ask has run out, another keeper asks
        assert keeper_of(accounts, tiktok).renew("access-canary-1") == "access-canary-3"
        return Reauthorise("This refresh token was used already.")

    tiktok.fails = slow_and_late
    assert keeper.renew("access-canary-1") == "access-canary-3"
    assert states(accounts) == {"connected"}


def test_a_late_answer_does_not_replace_a_newer_pair(
    accounts: Accounts, tiktok: TikTok, clock: FakeClock
) -> None:
    shop = accounts.workspace("alice").shop("7000001")

    def slow(refresh_token: str) -> MadeGrant:
        answered_at = clock.instant
        clock.instant += 101
        keeper_of(accounts, tiktok).renew("access-canary-1")
        return MadeGrant().next(7, answered_at)

    assert accounts.token_keeper(shop, slow).renew("access-canary-1") == "access-canary-2"
    assert keeper_of(accounts, tiktok).access_token() == "access-canary-2"


def test_after_a_crash_while_asking_others_wait_for_the_lease_and_ask_again(
    accounts: Accounts, keeper: TokenKeeper, tiktok: TikTok, clock: FakeClock
) -> None:
    crashed = text("UPDATE authorizations SET refresh_owner = 'gone', refresh_until = :until")
    with accounts.database.writing() as connection:
        connection.execute(crashed, {"until": clock.instant + 10})
    assert keeper.renew("access-canary-1") == "access-canary-2"
    assert clock.instant == pytest.approx(START + 10, abs=0.2)


def test_waiting_ends_at_once_when_the_process_is_to_stop(
    accounts: Accounts, tiktok: TikTok
) -> None:
    with accounts.database.writing() as connection:
        connection.execute(text("UPDATE authorizations SET refresh_until = 9e12"))
    stopping = SystemClock()
    stopping.interrupt()
    shop = accounts.workspace("alice").shop("7000001")
    again = Accounts(str(accounts.database.engine.url), Vault(SECRET), stopping)
    with pytest.raises(Retryable, match="being renewed"):
        again.token_keeper(shop, tiktok.refresh).renew("access-canary-1")


def test_a_renewal_that_names_no_scopes_keeps_the_known_ones(
    accounts: Accounts, clock: FakeClock
) -> None:
    def without_scopes(_refresh_token: str) -> MadeGrant:
        return replace(MadeGrant().next(2), scopes=())

    shop = accounts.workspace("alice").shop("7000001")
    accounts.token_keeper(shop, without_scopes).renew("access-canary-1")
    assert accounts.workspace("alice").authorizations()[0].scopes == set(MadeGrant().scopes)
