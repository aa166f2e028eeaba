"""Codes and messages of TikTok → what to do; the sentences people read; secrets struck out."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

import errors as house
from tiktok_shop import errors
from tiktok_shop.errors import Answer, Remedy, error_for, remedy_for
from tiktok_shop.redaction import STRUCK, strike, strike_secrets


def answer(code: int | None, message: str = "", status: int = 200) -> Answer:
    return Answer("order_search", status, code, message, "req-7")


@pytest.mark.parametrize(
    ("code", "message", "remedy"),
    [
        (0, "Success", Remedy.OK),
        (36009002, "Too many requests", Remedy.BACK_OFF),
        (36009037, "", Remedy.QUOTA_SPENT),
        (36009003, "Internal error", Remedy.RETRY),
        (36009007, "Request timeout", Remedy.RETRY),
        (10002014, "", Remedy.RETRY),
        (10037003, "", Remedy.RETRY),
        (36009009, "Invalid path", Remedy.NO_SUCH_VERSION),
        (36009014, "Invalid API version", Remedy.NO_SUCH_VERSION),
        (36009010, "Invalid method", Remedy.BAD_REQUEST),
        (36009022, "Invalid request format", Remedy.BAD_REQUEST),
        (36009033, "Access denied. IP 192.0.2.1 is not in the allow list", Remedy.MISCONFIGURED),
        (36009043, "", Remedy.SHOP_INACTIVE),
        (36009044, "", Remedy.SHOP_INACTIVE),
        (105001, "access token invalid", Remedy.REFRESH_TOKEN),
        (105002, "Expired credentials", Remedy.REFRESH_TOKEN),
        (105005, "Access denied: scopes", Remedy.SCOPE_MISSING),
        (106001, "Invalid credentials. The sign query parameter is invalid.", Remedy.MISCONFIGURED),
        (106011, "shop_cipher", Remedy.WRONG_SHOP),
        (106013, "Missing identifier. shop_cipher", Remedy.WRONG_SHOP),
        (101000, "Invalid query or header", Remedy.WRONG_SHOP),
        (21008111, "order does not belong to seller", Remedy.WRONG_SHOP),
        (36004001, "rt has expired", Remedy.REAUTHORISE),
        (36004004, "invalid auth code", Remedy.REAUTHORISE),
        (36004005, "can not find related auth record", Remedy.REAUTHORISE),
        (99999999, "something new", Remedy.UNKNOWN),
        (99999999, "the page_token has expired", Remedy.PAGE_TOKEN_EXPIRED),
    ],
)
def test_a_code_has_its_remedy(code: int, message: str, remedy: Remedy) -> None:
    assert remedy_for(answer(code, message)) is remedy


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("Missing credentials. The sign query parameter is missing.", Remedy.MISCONFIGURED),
        ("Missing credentials: signature", Remedy.MISCONFIGURED),
        ("Invalid credentials. The x-tts-access-token header is invalid.", Remedy.REFRESH_TOKEN),
        ("Invalid credentials. Invalid 'app_key' query parameter.", Remedy.MISCONFIGURED),
        ("Invalid timestamp. It must not be lesser than 0", Remedy.CLOCK_SKEW),
        ("Invalid timestamp. It is earlier than 5 minutes ago", Remedy.CLOCK_SKEW),
        ("Invalid timestamp. It is more than 30 seconds ahead", Remedy.CLOCK_SKEW),
        ("Unexpected identifier. shop_cipher is not required", Remedy.BAD_REQUEST),
        ("Unexpected identifier. category_asset_cipher is not required", Remedy.BAD_REQUEST),
        ("Invalid identifier. shop_id is malformed", Remedy.WRONG_SHOP),
        ("Invalid API version", Remedy.NO_SUCH_VERSION),
        ("Invalid page_token", Remedy.PAGE_TOKEN_EXPIRED),
        ("page token is expired", Remedy.PAGE_TOKEN_EXPIRED),
        ("order_status must be a string", Remedy.BAD_REQUEST),
        ("category_version is unknown", Remedy.BAD_REQUEST),
        ("page_size must be in the query", Remedy.BAD_REQUEST),
        ("sort_field is required", Remedy.BAD_REQUEST),
        ("", Remedy.BAD_REQUEST),
    ],
)
def test_36009004_is_told_apart_by_its_words(message: str, remedy: Remedy) -> None:
    assert remedy_for(answer(36009004, message, status=400)) is remedy
    assert remedy_for(answer(36009004, message.upper(), status=200)) is remedy


@pytest.mark.parametrize(
    ("code", "status", "remedy"),
    [
        (None, 200, Remedy.READ_AGAIN),
        (None, 404, Remedy.READ_AGAIN),
        (None, 429, Remedy.BACK_OFF),
        (None, 408, Remedy.RETRY),
        (None, 502, Remedy.RETRY),
        (99999999, 503, Remedy.RETRY),
        (99999999, 429, Remedy.BACK_OFF),
        (99999999, 400, Remedy.UNKNOWN),
        (0, 500, Remedy.RETRY),
        (0, 403, Remedy.UNKNOWN),
        (36009037, 429, Remedy.QUOTA_SPENT),
        (105002, 401, Remedy.REFRESH_TOKEN),
        (105002, 200, Remedy.REFRESH_TOKEN),
        (105005, 500, Remedy.SCOPE_MISSING),
    ],
)
def test_the_status_speaks_where_code_and_message_do_not(
    code: int | None, status: int, remedy: Remedy
) -> None:
    assert remedy_for(answer(code, status=status)) is remedy


@pytest.mark.parametrize(
    ("remedy", "branch"),
    [
        (Remedy.RETRY, house.Retryable),
        (Remedy.READ_AGAIN, house.Retryable),
        (Remedy.PAGE_TOKEN_EXPIRED, house.Retryable),
        (Remedy.BACK_OFF, house.RateLimited),
        (Remedy.QUOTA_SPENT, house.RateLimited),
        (Remedy.REFRESH_TOKEN, house.Reauthorise),
        (Remedy.REAUTHORISE, house.Reauthorise),
        (Remedy.SCOPE_MISSING, house.Refused),
        (Remedy.WRONG_SHOP, house.Refused),
        (Remedy.SHOP_INACTIVE, house.Refused),
        (Remedy.NO_SUCH_VERSION, house.Refused),
        (Remedy.CLOCK_SKEW, house.Refused),
        (Remedy.MISCONFIGURED, house.Refused),
        (Remedy.BAD_REQUEST, house.Refused),
        (Remedy.UNUSABLE, house.Refused),
        (Remedy.UNKNOWN, house.Refused),
    ],
)
def test_every_remedy_raises_an_error_of_the_right_branch_with_a_sentence(
    remedy: Remedy, branch: type[house.ConnectorError]
) -> None:
    error = error_for(answer(1, "words"), remedy, retry_after=3.0)
    assert isinstance(error, branch)
    assert error.remedy is remedy
    assert error.message.endswith(".")
    assert error.message[0].isupper()
    assert (error.reference, error.request_id, error.endpoint) == ("req-7", "req-7", "order_search")
    assert (error.tiktok_code, error.tiktok_message, error.retry_after) == (1, "words", 3.0)
    assert error.as_json()
    assert error.http_status in house.STATUS_OF.values()


def test_every_remedy_but_ok_has_a_sentence() -> None:
    for remedy in set(Remedy) - {Remedy.OK}:
        assert error_for(answer(1), remedy).message


def test_an_old_secret_is_named_as_the_probable_cause_of_a_bad_signature() -> None:
    for code, words in ((106001, "sign"), (36009004, "the sign parameter")):
        assert "app secret" in error_for(answer(code, words), Remedy.MISCONFIGURED).message


def test_a_refused_address_and_an_unknown_app_key_have_their_own_sentences() -> None:
    refused = error_for(answer(36009033, "Access denied. IP"), Remedy.MISCONFIGURED)
    assert "allow-list" in refused.message
    unknown = error_for(answer(36009004, "Invalid 'app_key'"), Remedy.MISCONFIGURED)
    assert "app key" in unknown.message


def test_tiktoks_message_is_struck_and_cut_before_it_is_kept() -> None:
    words = "bad x-tts-access-token: ROW_abcdefgh12345\n" + "x" * 500
    error = error_for(answer(36009004, words), Remedy.REFRESH_TOKEN)
    assert len(error.tiktok_message) == 200
    assert "abcdefgh" not in repr(error.as_json()) + str(error) + repr(error)
    assert "\n" not in error.debug


def test_an_exception_of_the_house_can_be_caught_by_what_to_do_next() -> None:
    with pytest.raises(house.Refused) as caught:
        raise error_for(answer(36009043), Remedy.SHOP_INACTIVE)
    assert isinstance(caught.value, errors.ShopInactive)


@pytest.mark.parametrize(
    "text",
    [
        "https://auth.invalid/api/v2/token/get?app_key=k&app_secret=CANARY&auth_code=CANARY",
        "?refresh_token=CANARY&grant_type=refresh_token",
        "/order/202309/orders/search?shop_cipher=CANARY&sign=CANARY&timestamp=1",
        "x-tts-access-token: CANARY",
        '{"access_token": "CANARY", "refresh_token":"CANARY"}',
        "{'app_secret': 'CANARY'}",
        "/connect/tiktok/callback?code=CANARY&state=CANARY",
        "Authorization: Bearer CANARY",
        "APP_SECRET=CANARY",
        "the token TTP_CANARYCANARY is bad",
        '"cipher":"ROW_CANARYCANARY"',
        "/x/tts_0123456789abcdef_CANARYCANARY-CANARY",
        "%2Ftts_0123456789abcdef_CANARYCANARY",
        "the token ya29.a0CANARY-CANARY_x is bad",
        "1//0gCANARY-CANARY",
        "token 1%2F%2F0gCANARY-CANARY",
    ],
)
def test_secrets_are_struck_out_of_any_text(text: str) -> None:
    assert "CANARY" not in strike(text)
    assert STRUCK in strike(text)


@pytest.mark.parametrize(
    "text",
    [
        "The sign query parameter is invalid.",
        "design=blue&assign=3",
        "order_search: HTTP 400, code 36009004: order_status",
        "shop_cipher is not required",
        "code=36009004",
        "tts_notification_id and tts_sla_time",
        "https://127.0.0.1//static/style.css",
        "page 1 // of 3",
    ],
)
def test_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert strike(text) == text


def test_the_log_processor_strikes_keys_texts_and_what_is_nested() -> None:
    event: dict[str, Any] = {
        "event": "called https://x.invalid/?sign=CANARY",
        "access_token": "CANARY",
        "headers": {"x-tts-access-token": "CANARY", "Content-Type": "application/json"},
        "list": ["app_secret=CANARY", 3],
        "bytes": b"refresh_token=CANARY",
        "error": ValueError("https://x.invalid/?app_secret=CANARY"),
        "count": 3,
    }
    struck = strike_secrets(None, "info", event)
    assert "CANARY" not in repr(struck)
    assert struck["count"] == 3
    assert struck["headers"]["Content-Type"] == "application/json"


def test_the_log_processor_ends_also_on_endless_nesting() -> None:
    loop: dict[str, Any] = {}
    loop["again"] = loop
    assert STRUCK in repr(strike_secrets(None, "info", {"loop": loop}))


def test_nothing_is_logged_by_making_errors() -> None:
    with capture_logs() as lines:
        error_for(answer(1), Remedy.UNKNOWN)
    assert lines == []
