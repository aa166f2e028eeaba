"""The simulator's tokens: absolute expiry, rotation in a server, nothing remembered without one."""

from __future__ import annotations

import time

import pytest

from sample_shop.gateway import SCOPES, Gateway
from sample_shop.tokens import Pair, Standing, TokenOffice
from tests.sample_shop_client import in_process, small_world

WEEK = 7 * 86_400


def office(moment: list[float], rotates: bool = True) -> TokenOffice:
    return TokenOffice("TTP_", "test", lambda: moment[0], rotates)


def test_expiries_are_absolute_and_access_lasts_a_week() -> None:
    moment = [1_000_000.0]
    pair = office(moment).exchange()
    assert pair.access_expires_at == 1_000_000 + WEEK
    assert pair.refresh_expires_at == 1_000_000 + 365 * 86_400


def test_access_tokens_work_until_their_last_second() -> None:
    moment = [1_000_000.0]
    issuer = office(moment)
    access = issuer.exchange().access
    moment[0] += WEEK - 1
    assert issuer.standing(access) is Standing.GOOD
    moment[0] += 1
    assert issuer.standing(access) is Standing.EXPIRED


def test_ageing_tokens_expires_those_issued_but_not_those_to_come() -> None:
    moment = [1_000_000.0]
    issuer = office(moment)
    old = issuer.exchange()
    issuer.age(WEEK)
    assert issuer.standing(old.access) is Standing.EXPIRED
    new = issuer.refresh(old.refresh)
    assert isinstance(new, Pair)
    assert issuer.standing(new.access) is Standing.GOOD
    assert new.access_expires_at == 1_000_000 + WEEK


def test_a_used_refresh_token_stops_working_in_a_server() -> None:
    issuer = office([1_000_000.0])
    first = issuer.exchange()
    second = issuer.refresh(first.refresh)
    assert isinstance(second, Pair)
    assert issuer.refresh(first.refresh) is Standing.REPLACED
    third = issuer.refresh(second.refresh)
    assert isinstance(third, Pair)
    assert issuer.standing(first.access) is Standing.GOOD  # access tokens live out their week


def test_every_exchange_of_the_code_starts_a_chain_of_its_own() -> None:
    issuer = office([1_000_000.0])
    one, other = issuer.exchange(), issuer.exchange()
    assert isinstance(issuer.refresh(one.refresh), Pair)
    assert isinstance(issuer.refresh(other.refresh), Pair)


@pytest.mark.parametrize("token", ["", "TTP_", "TTP_abc", "ROW_abc", "TTP_" + "A" * 49, "x" * 999])
def test_tokens_nobody_issued_are_unknown(token: str) -> None:
    issuer = office([1_000_000.0])
    assert issuer.standing(token) is Standing.UNKNOWN
    assert issuer.refresh(token) is Standing.UNKNOWN


def test_a_refresh_token_is_no_access_token_and_a_changed_one_is_none_at_all() -> None:
    issuer = office([1_000_000.0])
    pair = issuer.exchange()
    assert issuer.standing(pair.refresh) is Standing.UNKNOWN
    assert issuer.refresh(pair.access) is Standing.UNKNOWN
    for place in (6, 20, 40):
        letter = "A" if pair.access[place] != "A" else "B"
        changed = pair.access[:place] + letter + pair.access[place + 1 :]
        assert issuer.standing(changed) is Standing.UNKNOWN


def test_tokens_of_another_seller_are_unknown() -> None:
    other = TokenOffice("TTP_", "other", lambda: 1_000_000.0, True)
    assert office([1_000_000.0]).standing(other.exchange().access) is Standing.UNKNOWN


def test_the_token_calls_speak_as_documented() -> None:
    client = in_process()
    now = time.time()
    given = client.tokens
    assert (given["code"], given["message"]) == (0, "success")
    data = given["data"]
    assert now + WEEK - 60 < data["access_token_expire_in"] <= now + WEEK + 60
    assert data["user_type"] == 0
    assert data["granted_scopes"] == list(SCOPES)
    assert set(data) == {
        "access_token", "access_token_expire_in", "refresh_token", "refresh_token_expire_in",
        "open_id", "seller_name", "seller_base_region", "user_type", "granted_scopes",
    }  # fmt: skip
    refresh = data["refresh_token"]
    again = client.token_call("refresh", refresh_token=refresh, grant_type="refresh_token")
    assert again["data"]["open_id"] == data["open_id"]
    wrong = client.token_call("get", auth_code="other", grant_type="authorized_code")
    assert wrong["code"] == 36004004
    gone = client.token_call("refresh", refresh_token="TTP_x", grant_type="refresh_token")
    assert gone["code"] == 36004005


def test_a_refresh_token_expires_in_the_end() -> None:
    world = small_world(20, 10, 1)
    moment = [time.time()]
    issuer = office(moment)
    gateway = Gateway(world, issuer, "http://x.invalid", lambda: moment[0])
    refresh = issuer.exchange().refresh
    moment[0] += 366 * 86_400
    assert issuer.refresh(refresh) is Standing.EXPIRED
    assert gateway.office is issuer
