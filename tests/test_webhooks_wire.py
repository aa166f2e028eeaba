"""Whether a notification is genuine, and which records it names."""

from __future__ import annotations

import hmac
import json

import pytest

from tiktok_shop.webhooks import TOPICS, is_genuine, read_notification

# The vector of TikTok's page "Webhooks overview".
OFFICIAL_BODY = (
    b'{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507",'
    b'"timestamp":1718305585,"data":{"is_on_hold_order":true,"order_id":"576653688135258178",'
    b'"order_status":"UNPAID","update_time":1718305585}}'
)
OFFICIAL = "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"
# Computed from the inputs of a public client's own test.
OTHER_BODY = (
    b'{"type":1,"shop_id":"7494726673780148744","timestamp":1664095733,"data":'
    b'{"order_id":"576684019603311365","order_status":"AWAITING_SHIPMENT",'
    b'"update_time":1664095610}}'
)
OTHER = "21109834de72ec53c9959716d8514ae388ce1f123e5ffdcafc46713fcdf62b27"


def test_the_official_vector_is_genuine() -> None:
    assert is_genuine(OFFICIAL, OFFICIAL_BODY, "abcdef", ["123"])
    assert is_genuine(OTHER, OTHER_BODY, "fake_app_key", ["fake_app_secret"])


@pytest.mark.parametrize(
    "header",
    [
        "",
        OFFICIAL[:-1],
        OFFICIAL + "0",
        OFFICIAL.upper(),
        f"Bearer {OFFICIAL}",
        OTHER,
        "0" * 64,
        "ü" * 64,
    ],
)
def test_any_other_header_is_a_forgery(header: str) -> None:
    assert not is_genuine(header, OFFICIAL_BODY, "abcdef", ["123"])


def test_one_changed_byte_anywhere_is_a_forgery() -> None:
    for at in range(len(OFFICIAL_BODY)):
        changed = bytearray(OFFICIAL_BODY)
        changed[at] ^= 1
        assert not is_genuine(OFFICIAL, bytes(changed), "abcdef", ["123"])


def test_another_app_key_or_secret_is_a_forgery() -> None:
    assert not is_genuine(OFFICIAL, OFFICIAL_BODY, "abcdeg", ["123"])
    assert not is_genuine(OFFICIAL, OFFICIAL_BODY, "abcdef", ["124"])


def test_present_and_previous_secret_are_good_at_the_same_time() -> None:
    assert is_genuine(OFFICIAL, OFFICIAL_BODY, "abcdef", ["new", "123"])
    assert is_genuine(OFFICIAL, OFFICIAL_BODY, "abcdef", ["123", "old"])
    newer = hmac.digest(b"new", b"abcdef" + OFFICIAL_BODY, "sha256").hex()
    assert is_genuine(newer, OFFICIAL_BODY, "abcdef", ["new", "123"])


def test_without_a_secret_nothing_is_genuine() -> None:
    assert not is_genuine(OFFICIAL, OFFICIAL_BODY, "abcdef", [])
    empty = hmac.digest(b"", b"" + OFFICIAL_BODY, "sha256").hex()
    assert not is_genuine(empty, OFFICIAL_BODY, "", [])


def named(topic: str, data: object) -> list[tuple[str, str]]:
    body = {"tts_notification_id": "1", "shop_id": "7", "timestamp": 5, "data": data}
    read = read_notification(topic, json.dumps(body).encode())
    assert read is not None
    return list(read.named)


def test_the_envelope_is_read() -> None:
    read = read_notification("ORDER_STATUS_CHANGE", OFFICIAL_BODY)
    assert read is not None
    assert (read.id, read.shop_id, read.told_at) == (
        "7380066284010030890",
        "7495540735365777507",
        1718305585.0,
    )
    assert read.named == (("orders", "576653688135258178"),)


@pytest.mark.parametrize(
    ("topic", "data", "expected"),
    [
        ("ORDER_STATUS_CHANGE", {"order_id": "576", "order_status": "CANCEL"}, [("orders", "576")]),
        (
            "PACKAGE_UPDATE",
            {
                "package_list": [
                    {"package_id": "1", "order_id_list": ["10", "11"]},
                    {"package_id": "2", "order_id_list": ["11", "12"]},
                ]
            },
            [("orders", "10"), ("orders", "11"), ("orders", "12")],
        ),
        (
            "CANCELLATION_STATUS_CHANGE",
            {"order_id": "576", "cancel_id": "403", "create_time": 1},
            [("cancellations", "403"), ("orders", "576")],
        ),
        (
            "RETURN_STATUS_CHANGE",
            {"order_id": "576", "return_id": "404", "update_time": "1644412885"},
            [("returns", "404"), ("orders", "576")],
        ),
        ("PRODUCT_STATUS_CHANGE", {"product_id": 172}, [("products", "172")]),
        ("PRODUCT_INFORMATION_CHANGE", {"product_id": "172"}, [("products", "172")]),
        (
            "PRODUCT_CREATION",
            {"product_id": 172},
            [("products", "172"), ("inventory", "172")],
        ),
        ("INVENTORY_CHANGED", {"product_id": 172, "sku_id": 173}, [("inventory", "172")]),
        ("INVENTORY_STATUS_CHANGE", {"product_id": "172"}, [("inventory", "172")]),
        (
            "FBT_INVENTORY_UPDATE",
            {"goods_id": "174", "sku_id": "173"},
            [("fbt_inventory", "173"), ("sku_inventory", "173")],
        ),
        (
            "INBOUND_FBT_ORDER_STATUS_CHANGE",
            {"inbound_order_id": "IBR577087614418520388"},
            [("inbound_orders", "577087614418520388")],
        ),
        ("SELLER_DEAUTHORIZATION", {"message": "gone"}, []),
        ("UPCOMING_AUTHORIZATION_EXPIRATION", {"expiration_time": "9"}, []),
        ("NEW_MESSAGE", {"order_id": "576"}, []),
    ],
)
def test_each_topic_names_the_records_to_read_again(
    topic: str, data: object, expected: list[tuple[str, str]]
) -> None:
    assert named(topic, data) == expected


def test_ids_that_come_as_large_json_numbers_keep_all_their_digits() -> None:
    body = (
        b'{"type":68,"tts_notification_id":7327112393057371911,"seller_open_id":"open",'
        b'"data":{"product_id":1729592969712207009,"sku_id":1729592969712272545}}'
    )
    read = read_notification("INVENTORY_CHANGED", body)
    assert read is not None
    assert read.named == (("inventory", "1729592969712207009"),)
    assert (read.id, read.shop_id, read.seller_open_id) == ("7327112393057371911", "", "open")


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "text",
        {},
        {"order_id": None},
        {"order_id": ""},
        {"order_id": "576,577"},
        {"order_id": "../x"},
        {"order_id": 5.5},
        {"order_id": True},
        {"order_id": ["576"]},
        {"order_id": "5" * 40},
    ],
)
def test_what_is_no_id_names_nothing(data: object) -> None:
    assert named("ORDER_STATUS_CHANGE", data) == []


@pytest.mark.parametrize("data", [{"package_list": {}}, {"package_list": ["10", {}]}])
def test_a_list_of_another_shape_names_nothing(data: object) -> None:
    assert named("PACKAGE_UPDATE", data) == []


@pytest.mark.parametrize(
    "raw", [b"", b"not json", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 200_000]
)
def test_a_body_that_is_no_object_is_no_notification(raw: bytes) -> None:
    assert read_notification("ORDER_STATUS_CHANGE", raw) is None


def test_a_notification_without_an_id_is_known_by_its_body() -> None:
    first = read_notification("ORDER_STATUS_CHANGE", OTHER_BODY)
    again = read_notification("ORDER_STATUS_CHANGE", OTHER_BODY)
    other = read_notification("ORDER_STATUS_CHANGE", OTHER_BODY.replace(b"95610", b"95611"))
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.id == again.id != other.id
    assert len(first.id) == 32


def test_what_the_signed_body_is_about_counts_and_not_the_address_it_came_to() -> None:
    read = read_notification("SELLER_DEAUTHORIZATION", OFFICIAL_BODY)
    assert read is not None
    assert (read.topic, read.named) == ("ORDER_STATUS_CHANGE", (("orders", "576653688135258178"),))


def test_text_that_cannot_be_written_down_is_as_good_as_missing() -> None:
    raw = b'{"type":1,"tts_notification_id":"\\ud800","shop_id":"7\\udfff","data":{"order_id":"1"}}'
    read = read_notification("ORDER_STATUS_CHANGE", raw)
    assert read is not None
    assert read.shop_id == ""
    assert len(read.id) == 32


def test_the_end_of_our_access_is_read_from_its_own_topic_only() -> None:
    raw = b'{"type":7,"shop_id":"7","timestamp":1644412885,"data":{"expiration_time":"1647000000"}}'
    read = read_notification("UPCOMING_AUTHORIZATION_EXPIRATION", raw)
    assert read is not None
    assert read.ends_at == 1_647_000_000.0
    about_an_order = raw.replace(b'"type":7', b'"type":1')
    other = read_notification("UPCOMING_AUTHORIZATION_EXPIRATION", about_an_order)
    assert other is not None
    assert other.ends_at is None


def test_nine_topics_are_in_the_list_of_the_event_calls() -> None:
    assert [name for name, topic in TOPICS.items() if topic.offered] == [
        "ORDER_STATUS_CHANGE",
        "PACKAGE_UPDATE",
        "CANCELLATION_STATUS_CHANGE",
        "RETURN_STATUS_CHANGE",
        "PRODUCT_STATUS_CHANGE",
        "PRODUCT_INFORMATION_CHANGE",
        "PRODUCT_CREATION",
        "SELLER_DEAUTHORIZATION",
        "UPCOMING_AUTHORIZATION_EXPIRATION",
    ]
