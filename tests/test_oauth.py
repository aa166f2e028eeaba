"""Consent, authorisation code and token pair over a scripted token host."""

from __future__ import annotations

import logging
import traceback
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from structlog.testing import capture_logs

import errors as house
from tests.scripted_tiktok import (
    APP,
    START,
    FakeClock,
    Scripted,
    ScriptedAdapter,
    ok,
    refusal,
    session_over,
)
from tiktok_shop import errors
from tiktok_shop.oauth import OAuth, consent_link, grant_in

DAY = 86_400
NOW = int(START)
CODE = "canary-code"


def token_data(**changed: Any) -> dict[str, Any]:
    return {
        "access_token": "ROW_canaryaccess",
        "access_token_expire_in": NOW + 7 * DAY,
        "refresh_token": "ROW_canaryrefresh",
        "refresh_token_expire_in": NOW + 365 * DAY,
        "open_id": "open-1",
        "seller_name": "Test Shop 1",
        "seller_base_region": "GB",
        "user_type": 0,
        "granted_scopes": ["seller.order.info", "seller.product.basic"],
        **changed,
    }


class TokenHost:
    def __init__(self, *script: Scripted) -> None:
        self.adapter = ScriptedAdapter(*script)
        self.clock = FakeClock()
        self.oauth = OAuth(APP, session_over(self.adapter), self.clock, jitter=lambda: 0.25)


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("US", "services.us.tiktokshop.com"),
        ("us", "services.us.tiktokshop.com"),
        ("GB", "services.tiktokshop.com"),
        ("SEA", "services.tiktokshop.com"),
        ("ROW", "services.tiktokshop.com"),
    ],
)
def test_consent_is_asked_at_the_host_of_the_region(region: str, host: str) -> None:
    parts = urlsplit(consent_link(region, "7172", "a&b=c"))
    assert (parts.scheme, parts.hostname, parts.path) == ("https", host, "/open/authorize")
    assert dict(parse_qsl(parts.query)) == {"service_id": "7172", "state": "a&b=c"}


def test_the_consent_host_can_be_replaced_but_not_by_plain_http_elsewhere() -> None:
    link = consent_link("US", "1", "s", base="http://127.0.0.1:9000/")
    assert link == "http://127.0.0.1:9000/open/authorize?service_id=1&state=s"
    with pytest.raises(ValueError, match="https"):
        consent_link("US", "1", "s", base="http://consent.invalid")


def test_a_code_is_exchanged_for_a_grant_with_absolute_expiries() -> None:
    host = TokenHost(ok(token_data()))
    grant = host.oauth.exchange("code-1")
    assert (grant.access_token, grant.refresh_token) == ("ROW_canaryaccess", "ROW_canaryrefresh")
    assert grant.access_expires_at == NOW + 7 * DAY
    assert grant.refresh_expires_at == NOW + 365 * DAY
    assert (grant.open_id, grant.seller_name, grant.seller_base_region) == (
        "open-1",
        "Test Shop 1",
        "GB",
    )
    assert (grant.user_type, grant.scopes) == (0, ("seller.order.info", "seller.product.basic"))
    (request,) = host.adapter.requests
    assert request.method == "GET"
    assert (request.url or "").startswith("https://auth.tiktok-shops.com/api/v2/token/get?")
    assert host.adapter.query() == {
        "app_key": "sample-key",
        "app_secret": "sample-secret",
        "auth_code": "code-1",
        "grant_type": "authorized_code",
    }


def test_a_refresh_sends_the_refresh_token_and_answers_with_a_whole_new_pair() -> None:
    host = TokenHost(ok(token_data(refresh_token="ROW_nextrefresh1")))
    assert host.oauth.refresh("old+/=").refresh_token == "ROW_nextrefresh1"
    assert (host.adapter.requests[0].url or "").split("?")[0].endswith("/api/v2/token/refresh")
    assert host.adapter.query() == {
        "app_key": "sample-key",
        "app_secret": "sample-secret",
        "refresh_token": "old+/=",
        "grant_type": "refresh_token",
    }


@pytest.mark.parametrize("code", ["null", ""])
def test_a_seller_who_refuses_is_understood_without_a_call(code: str) -> None:
    host = TokenHost(ok(token_data()))
    with pytest.raises(house.Reauthorise, match="not granted"):
        host.oauth.exchange(code)
    assert host.adapter.requests == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (36004004, "start connecting"),
        (36004001, "connect the shop"),
        (36004005, "connect the shop"),
    ],
)
def test_a_grant_that_is_gone_asks_the_seller_to_connect_again(code: int, words: str) -> None:
    for ask in ("exchange", "refresh"):
        host = TokenHost(refusal(code, "gone", status=200))
        with pytest.raises(errors.AccessLost, match=words) as caught:
            getattr(host.oauth, ask)("x")
        assert caught.value.reference == "req-9"
        assert len(host.adapter.requests) == 1


@pytest.mark.parametrize("script", [refusal(36009003, status=500), Scripted(b"", 502)])
def test_an_exchange_is_never_repeated(script: Scripted) -> None:
    host = TokenHost(script)
    with pytest.raises(house.Retryable):
        host.oauth.exchange("code-1")
    assert len(host.adapter.requests) == 1


def lost(request: requests.PreparedRequest) -> Exception:
    return requests.ConnectionError(f"HTTPSConnectionPool: {request.url}", request=request)


@pytest.mark.parametrize(
    "trouble", [Scripted(raises=lost), Scripted(b"oops", 503), refusal(36009003, status=500)]
)
def test_a_refresh_is_repeated_when_tiktok_was_not_reached_or_failed(trouble: Scripted) -> None:
    host = TokenHost(trouble, trouble, ok(token_data()))
    assert host.oauth.refresh("r").open_id == "open-1"
    assert host.clock.slept == [1.25, 2.25]


def test_a_refresh_gives_up_after_four_tries() -> None:
    host = TokenHost(Scripted(raises=lost))
    with pytest.raises(errors.UpstreamError):
        host.oauth.refresh("r")
    assert len(host.adapter.requests) == 4


@pytest.mark.parametrize("trouble", [Scripted(b"<html>"), refusal(424242, "new", status=200)])
def test_a_refresh_whose_fate_is_unclear_is_not_repeated(trouble: Scripted) -> None:
    host = TokenHost(trouble)
    with pytest.raises(errors.TikTokError):
        host.oauth.refresh("r")
    assert len(host.adapter.requests) == 1


@pytest.mark.parametrize("kind", [1, 4, 5])
def test_an_account_that_is_not_a_sellers_is_refused_with_a_sentence(kind: int) -> None:
    host = TokenHost(ok(token_data(user_type=kind)))
    with pytest.raises(house.Reauthorise, match="not a seller account"):
        host.oauth.exchange("code-1")


@pytest.mark.parametrize("name", ["access_token_expire_in", "refresh_token_expire_in"])
@pytest.mark.parametrize(
    "value", [604_800, NOW, NOW - 1, NOW + 733 * DAY, None, str(NOW + DAY), 1.5, True]
)
def test_an_expiry_that_cannot_be_right_is_refused(name: str, value: Any) -> None:
    host = TokenHost(ok(token_data(**{name: value})))
    with pytest.raises(errors.UnusableReply) as caught:
        host.oauth.exchange("code-1")
    assert name in caught.value.debug


@pytest.mark.parametrize("days", [1, 84, 365, 730])
def test_grants_of_a_day_to_two_years_are_kept(days: int) -> None:
    host = TokenHost(ok(token_data(refresh_token_expire_in=NOW + days * DAY)))
    assert host.oauth.exchange("c").refresh_expires_at == NOW + days * DAY


@pytest.mark.parametrize("name", ["access_token", "refresh_token", "open_id"])
@pytest.mark.parametrize("value", ["", None, 7, "with\r\nline", "grün"])
def test_a_token_that_cannot_be_sent_in_a_header_is_refused(name: str, value: Any) -> None:
    assert grant_in(token_data(**{name: value}), START) == f"{name} is missing or malformed"


def test_missing_names_scopes_and_kind_are_borne() -> None:
    bare = token_data()
    for name in ("seller_name", "seller_base_region", "user_type", "granted_scopes"):
        del bare[name]
    grant = grant_in(bare, START)
    assert not isinstance(grant, str)
    assert (grant.seller_name, grant.user_type, grant.scopes) == ("", 0, ())


def test_a_grant_shows_no_token() -> None:
    host = TokenHost(ok(token_data()))
    assert "canary" not in repr(host.oauth.exchange("code-1"))


@pytest.mark.parametrize(
    "trouble",
    [
        Scripted(raises=lost),
        Scripted(b"<html>", 200),
        Scripted(b"", 302, {"Location": "https://elsewhere.invalid/?app_secret=sample-secret"}),
        refusal(424242, "bad url /api/v2/token/get?app_secret=sample-secret&auth_code=canary"),
        ok(token_data(access_token_expire_in=0)),
    ],
    ids=["lost", "html", "redirect", "echo", "expiry"],
)
def test_no_secret_is_in_any_exception_or_log_line(
    trouble: Scripted, caplog: pytest.LogCaptureFixture
) -> None:
    for ask in ("exchange", "refresh"):
        host = TokenHost(trouble)
        with (
            caplog.at_level(logging.DEBUG),
            capture_logs() as lines,
            pytest.raises(errors.TikTokError) as caught,
        ):
            getattr(host.oauth, ask)(CODE)
        error = caught.value
        shown = "".join(traceback.format_exception(error)) + repr(error.as_json()) + repr(error)
        shown += caplog.text + repr(lines)
        for secret in ("sample-secret", "canary", "app_secret=sample"):
            assert secret not in shown
        assert error.__context__ is None


def test_the_token_host_must_be_https_or_this_machine() -> None:
    with pytest.raises(ValueError, match="https"):
        OAuth(APP, requests.Session(), FakeClock(), auth_base="http://auth.invalid")
