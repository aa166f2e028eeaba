"""Calls over a scripted TikTok: what is sent, what is repeated, what is raised."""

from __future__ import annotations

import dataclasses
import traceback
from email.utils import formatdate

import pytest
import requests

import errors as house
from tests.scripted_tiktok import (
    APP,
    START,
    FakeClock,
    NotingThrottle,
    Scripted,
    ScriptedAdapter,
    ShopAccess,
    Stage,
    expected_sign,
    ok,
    refusal,
    session_over,
)
from tiktok_shop import errors
from tiktok_shop.client import Client
from tiktok_shop.endpoints import ENDPOINTS
from tiktok_shop.errors import Remedy

# What is sent


def test_a_call_is_signed_over_exactly_what_is_sent() -> None:
    stage = Stage(ok())
    stage.client.call(
        "order_search",
        stage.access,
        query={"page_size": 50, "page_token": "a+b/c=ü &", "sort_order": "ASC"},
        body={"update_time_ge": 1, "seller_skus": ["größe-1"]},
    )
    (request,) = stage.adapter.requests
    query = stage.adapter.query()
    assert request.method == "POST"
    assert (request.url or "").startswith(
        "https://open-api.tiktokglobalshop.com/order/202309/orders/search?"
    )
    assert request.body == '{"update_time_ge":1,"seller_skus":["größe-1"]}'.encode()
    assert request.headers["Content-Length"] == str(len(request.body))
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["x-tts-access-token"] == "token-0"
    assert query.pop("sign") == expected_sign(request)
    assert query == {
        "app_key": "sample-key",
        "timestamp": "1767225600",
        "shop_cipher": "ROW_cipher1",
        "page_size": "50",
        "page_token": "a+b/c=ü &",
        "sort_order": "ASC",
    }


def test_nothing_to_filter_by_sends_no_body() -> None:
    empty: dict[str, int] = {}
    for body in (None, empty):
        stage = Stage(ok())
        stage.client.call("order_search", stage.access, body=body)
        (request,) = stage.adapter.requests
        assert request.body is None
        assert stage.adapter.query()["sign"] == expected_sign(request)


def test_authorized_shops_is_asked_without_a_cipher() -> None:
    stage = Stage(ok({"shops": []}))
    stage.client.call("authorized_shops", stage.access)
    assert "shop_cipher" not in stage.adapter.query()


def test_lists_are_joined_with_commas_and_booleans_are_words() -> None:
    stage = Stage(ok())
    stage.client.call(
        "order_detail", stage.access, query={"ids": ["1", "2"], "a": True, "b": False}
    )
    query = stage.adapter.query()
    assert (query["ids"], query["a"], query["b"]) == ("1,2", "true", "false")
    assert query["sign"] == expected_sign(stage.adapter.requests[0])


def test_a_path_parameter_cannot_leave_its_place() -> None:
    stage = Stage(ok())
    stage.client.call("price_detail", stage.access, path={"order_id": "../7?x=1"})
    url = stage.adapter.requests[0].url or ""
    assert "/order/202407/orders/..%2F7%3Fx%3D1/price_detail?" in url


def test_the_reply_carries_data_request_id_version_and_the_instant_of_asking() -> None:
    stage = Stage(ok({"orders": [{"id": "1"}]}))
    reply = stage.client.call("order_search", stage.access)
    assert reply.data == {"orders": [{"id": "1"}]}
    assert (reply.request_id, reply.version, reply.fetched_at) == ("req-1", "202309", START)


def test_missing_data_with_code_zero_is_an_empty_object() -> None:
    stage = Stage(Scripted({"code": 0, "message": "Success", "request_id": "r"}))
    assert stage.client.call("order_search", stage.access).data == {}


def test_the_lane_and_weight_reach_the_throttle_and_success_is_told() -> None:
    stage = Stage(ok())
    heavy = dataclasses.replace(ENDPOINTS["order_search"], weight=3)
    stage.client.call(heavy, stage.access, lane="tail")
    assert stage.throttle.acquired == [("shop-1", "tail", 3)]
    assert stage.throttle.successes == ["shop-1"]


def test_a_throttle_that_refuses_keeps_the_call_from_being_made() -> None:
    class Full(NotingThrottle):
        def acquire(self, shop_key: str, lane: str, cost: int = 1) -> None:
            raise house.RateLimited("later", retry_after=9)

    adapter = ScriptedAdapter(ok())
    client = Client(APP, session_over(adapter), FakeClock(), Full())
    with pytest.raises(house.RateLimited):
        client.call("order_search", ShopAccess())
    assert adapter.requests == []


# Waiting and repeating


def test_every_try_is_signed_anew_for_its_own_instant() -> None:
    stage = Stage(refusal(36009003, status=500), ok())
    stage.client.call("order_search", stage.access, body={"update_time_ge": 1})
    first, second = stage.adapter.query(0), stage.adapter.query(1)
    assert int(second["timestamp"]) > int(first["timestamp"])
    for number, request in enumerate(stage.adapter.requests):
        assert stage.adapter.query(number)["sign"] == expected_sign(request)
    assert stage.adapter.requests[0].body == stage.adapter.requests[1].body


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_failing_server_is_asked_five_times_with_doubling_pauses(status: int) -> None:
    stage = Stage(Scripted(b"<html>bad gateway</html>", status))
    with pytest.raises(errors.UpstreamError):
        stage.client.call("order_search", stage.access)
    assert stage.clock.slept == [1.25, 2.25, 4.25, 8.25]
    assert len(stage.adapter.requests) == len(stage.throttle.acquired) == 5
    assert stage.throttle.slowed == []


def test_pauses_never_exceed_a_minute() -> None:
    stage = Stage(refusal(36009003), attempts=9)
    with pytest.raises(errors.UpstreamError):
        stage.client.call("order_search", stage.access)
    assert stage.clock.slept == [1.25, 2.25, 4.25, 8.25, 16.25, 32.25, 60.25, 60.25]


@pytest.mark.parametrize("status", [429, 200])
def test_too_many_requests_slows_the_shop_down_and_is_repeated(status: int) -> None:
    stage = Stage(refusal(36009002, "Too many requests", status), ok())
    stage.client.call("order_search", stage.access)
    assert stage.throttle.slowed == [("shop-1", None)]
    assert stage.clock.slept == [1.25]


def test_a_429_without_an_envelope_is_understood() -> None:
    stage = Stage(Scripted(b"slow down", 429), ok())
    stage.client.call("order_search", stage.access)
    assert stage.throttle.slowed == [("shop-1", None)]


@pytest.mark.parametrize("named", ["7", formatdate(START + 7, usegmt=True)])
def test_retry_after_is_honoured_in_seconds_and_as_a_date(named: str) -> None:
    stage = Stage(refusal(36009002, status=429, Retry_After=named), ok())
    stage.client.call("order_search", stage.access)
    assert stage.clock.slept == [7.25]
    assert stage.throttle.slowed == [("shop-1", 7.0)]


@pytest.mark.parametrize("named", ["soon", "-3", "", "١٢"])
def test_a_senseless_retry_after_is_ignored(named: str) -> None:
    stage = Stage(refusal(36009002, status=429, Retry_After=named), ok())
    stage.client.call("order_search", stage.access)
    assert stage.clock.slept == [1.25]


def test_a_long_retry_after_is_handed_to_the_caller_instead_of_slept() -> None:
    stage = Stage(refusal(36009002, status=429, Retry_After="300"))
    with pytest.raises(errors.Throttled) as caught:
        stage.client.call("order_search", stage.access)
    assert caught.value.retry_after == 300
    assert stage.clock.slept == []
    assert stage.throttle.slowed == [("shop-1", 300.0)]


def test_endless_429_ends_as_rate_limited_and_each_one_slows_down() -> None:
    stage = Stage(refusal(36009002, status=429))
    with pytest.raises(house.RateLimited) as caught:
        stage.client.call("order_search", stage.access)
    assert len(stage.adapter.requests) == len(stage.throttle.slowed) == 5
    assert caught.value.retry_after == 16
    assert caught.value.reference == "req-9"


def test_a_spent_sandbox_quota_waits_for_the_next_hour() -> None:
    stage = Stage(refusal(36009037, status=429))
    stage.clock.instant = START + 1200  # START is a full hour
    with pytest.raises(errors.Throttled) as caught:
        stage.client.call("order_search", stage.access)
    assert caught.value.retry_after == 2400
    assert len(stage.adapter.requests) == 1


def test_a_lost_connection_is_repeated_and_then_raised_without_its_url() -> None:
    def lost(request: requests.PreparedRequest) -> Exception:
        return requests.ConnectionError(f"no route to {request.url}", request=request)

    stage = Stage(Scripted(raises=lost))
    with pytest.raises(errors.UpstreamError) as caught:
        stage.client.call("order_search", stage.access)
    assert len(stage.adapter.requests) == 5
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value.as_json())
    assert "sign=" not in shown
    assert "ROW_cipher1" not in shown
    assert caught.value.__context__ is None


def test_a_connection_that_comes_back_is_no_error() -> None:
    stage = Stage(Scripted(raises=lambda _: requests.ReadTimeout()), ok())
    assert stage.client.call("order_search", stage.access).request_id == "req-1"


NO_ENVELOPES = {
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "number": b"7",
    "text": b'"text"',
    "html": b"<html><body>welcome</body></html>",
    "cut": b'{"code": 0, "data": {"orders": [',
    "byte order mark": b'\xef\xbb\xbf{"code": 0, "data": {}}',
    "not a number": b'{"code": 0, "data": {"total": NaN}}',
    "not utf-8": b'{"code": 0, "data": {"name": "\xff"}}',
    "not utf-8 in a record": b'{"code": 0, "data": {"orders": [{"id": "1"}, {"id": "\xff"}]}}',
    "code beyond all codes": b'{"code": 18446744073709551616, "data": {"orders": []}}',
    "code of many digits": b'{"code": "%s", "data": {"orders": []}}' % (b"1" * 5000),
    "trailing": b'{"code": 0, "data": {}} trailing',
    "data a list": b'{"code": 0, "data": []}',
    "data text": b'{"code": 0, "data": "text"}',
    "code null": b'{"code": null, "data": {}}',
    "code true": b'{"code": true, "data": {}}',
    "code empty": b'{"code": "", "data": {}}',
    "code missing": b'{"message": "Success", "data": {}}',
    "deep lists": b'{"code": 0, "data": {"a": ' + b"[" * 1000 + b"]" * 1000 + b"}}",
    "deep objects": b'{"code": 0, "data": ' + b'{"a":' * 1000 + b"1" + b"}" * 1000 + b"}",
    "deep mixture": b'{"code": 0, "data": {"b":' + b'{"a":[' * 400 + b"]}" * 400 + b"}}",
    "endlessly deep": b'{"code": 0, "data": {"a": ' + b"[" * 100_000 + b"}}",
}


@pytest.mark.parametrize("unread", ["", "orders"])
@pytest.mark.parametrize("content", NO_ENVELOPES.values(), ids=list(NO_ENVELOPES))
def test_a_reply_that_is_no_envelope_is_read_three_times_and_never_stored(
    content: bytes, unread: str
) -> None:
    stage = Stage(Scripted(content))
    with pytest.raises(errors.BadReply):
        stage.client.call("order_search", stage.access, unread=unread)
    assert len(stage.adapter.requests) == 3
    assert stage.throttle.successes == []


def test_a_page_too_large_is_refused_without_repeating() -> None:
    stage = Stage(Scripted(b"x" * 2001), max_body_bytes=2000)
    with pytest.raises(errors.UnusableReply, match="must not use") as caught:
        stage.client.call("order_search", stage.access)
    assert "more than 2000 bytes" in caught.value.debug
    assert len(stage.adapter.requests) == 1


def test_a_page_of_just_the_cap_is_read() -> None:
    content = b'{"code":0,"data":{"text":"xxxxx"}}'
    stage = Stage(Scripted(content), max_body_bytes=len(content))
    assert stage.client.call("order_search", stage.access).data["text"] == "xxxxx"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_refused(status: int) -> None:
    stage = Stage(Scripted(b"", status, {"Location": "https://elsewhere.invalid/"}))
    with pytest.raises(errors.UnusableReply) as caught:
        stage.client.call("order_search", stage.access)
    assert "redirect" in caught.value.debug
    assert len(stage.adapter.requests) == 1


def test_a_body_that_drips_meets_the_total_deadline() -> None:
    clock = FakeClock()

    class Drip:
        def read(self, _size: int) -> bytes:
            clock.instant += 1
            return b"x"

        def close(self) -> None:
            """Nothing is held open."""

    adapter = ScriptedAdapter(Scripted(raw=Drip()))
    client = Client(
        APP, session_over(adapter), clock, NotingThrottle(), deadline_seconds=90, attempts=1
    )
    with pytest.raises(errors.UpstreamError) as caught:
        client.call("order_search", ShopAccess())
    assert "did not come in time" in caught.value.debug
    assert clock.now() == START + 90


# Refusals


def test_an_error_code_counts_also_with_status_200_and_data() -> None:
    body = {"code": 105005, "message": "scope", "request_id": "req-3", "data": {"orders": [{}]}}
    stage = Stage(Scripted(body))
    with pytest.raises(errors.ScopeMissing) as caught:
        stage.client.call("order_search", stage.access)
    assert caught.value.reference == "req-3"


@pytest.mark.parametrize(
    ("code", "message", "raised"),
    [
        (424242, "new", errors.UnknownAnswer),
        (106001, "sign", errors.Misconfigured),
        (36009033, "IP", errors.Misconfigured),
        (36009043, "", errors.ShopInactive),
        (101000, "", errors.WrongShop),
        (36004005, "", errors.AccessLost),
        (36009004, "order_status", errors.RequestRefused),
        (36009004, "page_token is invalid", errors.PageTokenExpired),
        (36009009, "Invalid path", errors.Misconfigured),
    ],
)
def test_what_repeating_cannot_help_is_raised_at_once(
    code: int, message: str, raised: type[errors.TikTokError]
) -> None:
    stage = Stage(refusal(code, message))
    with pytest.raises(raised) as caught:
        stage.client.call("order_search", stage.access)
    assert len(stage.adapter.requests) == 1
    assert stage.clock.slept == []
    assert caught.value.reference == "req-9"


# Token, version, clock


@pytest.mark.parametrize("status", [200, 401])
def test_an_expired_token_is_renewed_once_and_the_call_repeated(status: int) -> None:
    stage = Stage(refusal(105002, "expired", status), ok())
    stage.client.call("order_search", stage.access)
    assert stage.access.renewed == ["token-0"]
    sent = [request.headers["x-tts-access-token"] for request in stage.adapter.requests]
    assert sent == ["token-0", "token-1"]
    assert len(stage.throttle.acquired) == 2
    assert stage.clock.slept == []


def test_a_renewed_token_that_is_refused_too_asks_for_a_new_authorisation() -> None:
    stage = Stage(refusal(105002, "expired"))
    with pytest.raises(house.Reauthorise):
        stage.client.call("order_search", stage.access)
    assert len(stage.adapter.requests) == 2
    assert stage.access.renewed == ["token-0"]


def test_a_renewal_that_fails_says_why_itself() -> None:
    class Gone(ShopAccess):
        def renew(self, stale_token: str) -> str:
            raise house.Reauthorise("connect again")

    stage = Stage(refusal(105002, "expired"))
    with pytest.raises(house.Reauthorise, match="connect again"):
        stage.client.call("order_search", Gone())
    assert len(stage.adapter.requests) == 1


def test_a_token_renewed_elsewhere_meanwhile_is_used_after_a_pause() -> None:
    class Renewed(ShopAccess):
        tokens = iter(["old", "new"])

        def access_token(self) -> str:
            return next(self.tokens)

    stage = Stage(refusal(36009003), ok())
    stage.client.call("order_search", Renewed())
    assert stage.adapter.requests[1].headers["x-tts-access-token"] == "new"


@pytest.mark.parametrize(
    "gone",
    [
        refusal(36009009, "Invalid path", 404),
        refusal(36009014, "Invalid API version"),
        refusal(36009004, "Invalid API version"),
    ],
    ids=["path", "version", "version in words"],
)
def test_a_version_that_is_gone_gives_way_to_the_next_and_is_remembered(gone: Scripted) -> None:
    stage = Stage(gone, ok(), ok())
    assert stage.client.call("return_search", stage.access).version == "202309"
    assert stage.client.call("return_search", stage.access).version == "202309"
    asked = [(request.url or "").split("/")[4] for request in stage.adapter.requests]
    assert asked == ["202602", "202309", "202309"]
    for number, request in enumerate(stage.adapter.requests):
        assert stage.adapter.query(number)["sign"] == expected_sign(request)


def test_a_version_that_is_gone_says_nothing_about_other_endpoints() -> None:
    stage = Stage(refusal(36009014), ok(), ok())
    stage.client.call("return_search", stage.access)
    assert stage.client.call("cancellation_search", stage.access).version == "202602"


def test_when_no_version_is_left_the_operator_is_told_and_nothing_is_remembered() -> None:
    stage = Stage(refusal(36009014), refusal(36009014), ok())
    with pytest.raises(errors.Misconfigured, match="updated"):
        stage.client.call("return_search", stage.access)
    assert stage.client.call("return_search", stage.access).version == "202602"


@pytest.mark.parametrize("seconds_off", [31, -360])
def test_a_wrong_clock_is_corrected_by_the_date_of_the_reply(seconds_off: int) -> None:
    true_time = START - seconds_off
    date = formatdate(true_time, usegmt=True)
    stage = Stage(refusal(36009004, "Invalid timestamp", Date=date), ok(), ok())
    stage.client.call("order_search", stage.access)
    stage.client.call("order_search", stage.access)
    sent = [int(stage.adapter.query(number)["timestamp"]) for number in range(3)]
    assert sent == [int(START), int(true_time), int(true_time)]
    assert stage.client.clock_offset_seconds == -seconds_off


def test_a_wrong_clock_is_corrected_only_once_per_call() -> None:
    date = formatdate(START + 400, usegmt=True)
    stage = Stage(refusal(36009004, "Invalid timestamp", Date=date))
    with pytest.raises(errors.Misconfigured, match="clock"):
        stage.client.call("order_search", stage.access)
    assert len(stage.adapter.requests) == 2


def test_a_wrong_clock_without_a_date_to_go_by_is_an_operators_matter() -> None:
    stage = Stage(refusal(36009004, "Invalid timestamp"))
    with pytest.raises(errors.Misconfigured, match="clock"):
        stage.client.call("order_search", stage.access)


# What is told, what is not


def test_every_try_is_recorded_without_url_or_secret() -> None:
    stage = Stage(refusal(36009003, status=500), ok())
    stage.client.call("order_search", stage.access, lane="forward")
    told = [
        (one.endpoint, one.version, one.shop_key, one.lane, one.attempt, one.status, one.code)
        for one in stage.records
    ]
    assert told == [
        ("order_search", "202309", "shop-1", "forward", 1, 500, 36009003),
        ("order_search", "202309", "shop-1", "forward", 2, 200, 0),
    ]
    assert [one.remedy for one in stage.records] == [Remedy.RETRY, Remedy.OK]
    assert [one.request_id for one in stage.records] == ["req-9", "req-1"]
    for secret in ("sample-secret", "token-0", "ROW_cipher1", "sign"):
        assert secret not in repr(stage.records)


def test_the_app_secret_is_not_in_the_apps_repr() -> None:
    assert "sample-secret" not in repr(APP)


@pytest.mark.parametrize(
    "base",
    [
        "https://open-api.invalid",
        "https://open-api.invalid:8443/",
        "http://127.0.0.1:9000",
        "http://localhost:9000",
        "http://[::1]:9000",
    ],
)
def test_https_anywhere_and_plain_http_to_this_machine_are_allowed(base: str) -> None:
    Stage(ok(), api_base=base)


@pytest.mark.parametrize(
    "base",
    [
        "http://open-api.invalid",
        "http://192.0.2.1",
        "http://localhost.invalid",
        "http://127.0.0.1.invalid",
        "ftp://127.0.0.1",
        "open-api.invalid",
        "",
        "https://",
        "https://user:pass@open-api.invalid",
        "https://open-api.invalid/?a=1",
    ],
)
def test_any_other_base_is_refused_at_the_start(base: str) -> None:
    with pytest.raises(ValueError, match=r"only https|base URL"):
        Stage(ok(), api_base=base)
