"""The simulator's gateway: its signature check and the documented order of its refusals."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from sample_shop.answers import Request
from sample_shop.gateway import SCOPES, Gateway
from sample_shop.limits import RateLimit
from sample_shop.signature import is_signed, sign_of
from sample_shop.tokens import TokenOffice
from tests.sample_shop_client import ORDER_SEARCH, in_process, signed, small_world

# (secret, path, query, content type, body, signature): published or reproduced examples.
VECTORS = [
    (
        "e59af819cc",
        "/authorization/202309/shops",
        {"app_key": "29a39d", "timestamp": "1623812664"},
        "application/json",
        "",
        "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
    ),
    (
        "e59af819cc",
        "/authorization/202309/shops",
        {"app_key": "29a39d", "access_token": "ANY", "sign": "ANY", "timestamp": "1623812664"},
        "application/json",
        "",
        "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8",
    ),
    (
        "demosecret",
        ORDER_SEARCH,
        {
            "app_key": "demoappkey",
            "page_size": "50",
            "shop_cipher": "GCP_demo",
            "sort_field": "update_time",
            "sort_order": "ASC",
            "timestamp": "1767225600",
        },
        "application/json",
        '{"update_time_ge":1767139200,"update_time_lt":1767225600}',
        "ab4485b80cbf792b1df855f6a8ffc5f4c91bf1c6c04cb54b9d4ab6e1a1083862",
    ),
    (
        "demosecret",
        "/product/202502/products/search",
        {
            "app_key": "demoappkey",
            "page_size": "10",
            "shop_cipher": "GCP_demo",
            "timestamp": "1767225600",
        },
        "application/json",
        '{"seller_skus":["größe-1"]}',
        "6dd785293156c129640cb1c481e961afad0efb8ef2c7a6dd71c20191ca3cfc76",
    ),
    (
        "demosecret",
        "/product/202309/images/upload",
        {"app_key": "demoappkey", "timestamp": "1767225600"},
        "multipart/form-data; boundary=x",
        "(any multipart bytes)",
        "5bfb3ee1892639ab5cdd68021cf9b18daea3789dcedb36f398b07895e2163d7b",
    ),
]


@pytest.mark.parametrize(("secret", "path", "query", "content_type", "body", "sign"), VECTORS)
def test_signatures_agree_with_the_published_vectors(
    secret: str, path: str, query: dict[str, str], content_type: str, body: str, sign: str
) -> None:
    assert sign_of(secret, path, query, body.encode(), content_type) == sign
    assert is_signed(secret, path, {**query, "sign": sign}, body.encode(), content_type)
    wrong = sign[:-1] + ("0" if sign[-1] != "0" else "1")
    assert not is_signed(secret, path, {**query, "sign": wrong}, body.encode(), content_type)


def test_an_empty_object_may_be_signed_or_left_out() -> None:
    query = {"app_key": "a", "timestamp": "1"}
    for body in ("", "{}"):
        sign = signed("/p", query, body, "s")
        assert is_signed("s", "/p", {**query, "sign": sign}, b"{}", "application/json")
    sign = signed("/p", query, "", "s")
    assert not is_signed("s", "/p", {**query, "sign": sign}, b'{"a":1}', "application/json")


class Caller:
    """Builds one valid order search and lets a test spoil it before it is signed."""

    def __init__(self, scopes: tuple[str, ...] = SCOPES, limit: RateLimit | None = None) -> None:
        self.world = small_world(50, 30, 2)
        self.office = TokenOffice("TTP_", "test", time.time, rotates=True)
        self.gateway = Gateway(
            self.world, self.office, "http://x.invalid", time.time, None, limit, scopes
        )
        self.access = self.office.exchange().access

    def __call__(self, **spoil: Any) -> tuple[int, int, str]:
        method, path = spoil.get("method", "POST"), spoil.get("path", ORDER_SEARCH)
        query = {
            "app_key": "sample-key",
            "timestamp": str(int(time.time()) + spoil.get("seconds", 0)),
            "shop_cipher": self.world.cipher(self.world.shops[0]),
            "page_size": "10",
            **spoil.get("query", {}),
        }
        query = {name: value for name, value in query.items() if value is not None}
        body = spoil.get("body", "{}")
        if "sign" not in query:
            query["sign"] = signed(path, query, body)
        if query["sign"] == "none":
            del query["sign"]
        headers = {
            "x-tts-access-token": spoil.get("token", self.access),
            "content-type": spoil.get("content_type", "application/json"),
        }
        answer = self.gateway.answer(Request(method, path, query, headers, body.encode()))
        return answer.status, answer.code, answer.message


# Each entry spoils one thing; everything behind it in the list is spoilt too, so that the entry
# in front must be the one that is answered.
CHECKS: list[tuple[dict[str, Any], int, int, str]] = [
    ({"path": "/order/202309/orders/seek"}, 404, 36009009, "path"),
    ({"method": "PATCH"}, 405, 36009010, "method"),
    ({"query": {"app_key": "nobody"}}, 400, 36009004, "app_key"),
    ({"seconds": -400}, 400, 36009004, "5 minutes"),
    ({"query": {"sign": "none"}}, 400, 36009004, "signature"),
    ({"query": {"sign": "0" * 64}}, 401, 106001, "sign"),
    ({"token": "TTP_unknown"}, 400, 36009004, "x-tts-access-token"),
    ({"query": {"shop_cipher": None}}, 400, 106013, "shop_cipher"),
    ({"query": {"shop_cipher": "TTP_other"}}, 401, 101000, "shop_cipher"),
    ({"query": {"page_size": "1000"}}, 400, 36009004, "page_size"),
]


@pytest.mark.parametrize("first", range(len(CHECKS)), ids=[check[3] for check in CHECKS])
def test_the_first_thing_that_is_wrong_is_the_one_that_is_answered(first: int) -> None:
    spoilt: dict[str, Any] = {"query": {}}
    for spoil, *_ in reversed(CHECKS[first:]):
        for name, value in spoil.items():
            if name == "query":
                spoilt["query"].update(value)
            else:
                spoilt[name] = value
    status, code, word = CHECKS[first][1:]
    answered = Caller()(**spoilt)
    assert answered[:2] == (status, code)
    assert word in answered[2]


def test_a_right_call_is_answered() -> None:
    assert Caller()() == (200, 0, "Success")


@pytest.mark.parametrize(
    ("seconds", "code"), [(-290, 0), (-310, 36009004), (20, 0), (40, 36009004)]
)
def test_timestamps_are_good_from_300_seconds_ago_to_30_ahead(seconds: int, code: int) -> None:
    assert Caller()(seconds=seconds)[1] == code


@pytest.mark.parametrize("timestamp", ["-5", "yesterday", ""])
def test_timestamps_that_are_none_are_refused_by_name(timestamp: str) -> None:
    status, code, message = Caller()(query={"timestamp": timestamp})
    assert (status, code) == (400, 36009004)
    assert "timestamp" in message


def test_an_expired_access_token_is_told_apart_from_an_unknown_one() -> None:
    caller = Caller()
    caller.office.age(7 * 86_400 + 1)
    assert caller()[:2] == (401, 105002)


def test_a_scope_that_was_not_granted_stops_only_its_calls() -> None:
    caller = Caller(scopes=("seller.authorization.info", "seller.product.basic"))
    assert caller()[:2] == (403, 105005)
    assert caller(path="/product/202502/products/search")[1] == 0


def test_seller_level_calls_refuse_a_shop_cipher() -> None:
    caller = Caller()
    path = "/authorization/202309/shops"
    assert caller(method="GET", path=path, body="")[:2] == (400, 36009004)
    assert caller(method="GET", path=path, body="", query={"shop_cipher": None})[1] == 0


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/order/202212/orders/search", 400, 36009014),
        ("/order/209901/orders/search", 404, 36009009),
        ("/product/202401/products/search", 404, 36009009),
        ("/", 404, 36009009),
    ],
)
def test_unknown_versions_and_paths_are_refused(path: str, status: int, code: int) -> None:
    assert Caller()(path=path)[:2] == (status, code)


def test_the_rate_limit_is_per_shop_and_names_a_wait() -> None:
    moment = [1000.0]
    caller = Caller(limit=RateLimit(2, lambda: moment[0]))
    other = {"shop_cipher": caller.world.cipher(caller.world.shops[1])}
    assert [caller()[1] for _ in range(3)] == [0, 0, 36009002]
    assert caller(query=other)[1] == 0
    moment[0] += 0.5
    assert [caller()[1] for _ in range(2)] == [0, 36009002]
    answer = caller.gateway.answer(_search(caller))
    assert (answer.status, answer.headers["Retry-After"]) == (429, "1")


def _search(caller: Caller) -> Request:
    query = {
        "app_key": "sample-key",
        "timestamp": str(int(time.time())),
        "shop_cipher": caller.world.cipher(caller.world.shops[0]),
        "page_size": "10",
    }
    query["sign"] = signed(ORDER_SEARCH, query, "")
    return Request("POST", ORDER_SEARCH, query, {"x-tts-access-token": caller.access}, b"")


@pytest.mark.parametrize(
    ("query", "body", "named"),
    [
        ({"page_size": None}, {}, "page_size"),
        ({"page_size": "0"}, {}, "page_size"),
        ({"page_size": "ten"}, {}, "page_size"),
        ({"sort_order": "asc"}, {}, "sort_order"),
        ({"sort_field": "paid_time"}, {}, "sort_field"),
        ({}, {"page_size": 10}, "page_size"),
        ({}, {"order_status": 1}, "order_status"),
        ({}, {"order_status": "SHIPPED"}, "order_status"),
        ({}, {"create_time_ge": "1700000000"}, "create_time_ge"),
        ({}, {"update_time_lt": 17.5}, "update_time_lt"),
        ({}, {"is_buyer_request_cancel": "true"}, "is_buyer_request_cancel"),
        ({}, {"warehouse_ids": ["1"] * 101}, "warehouse_ids"),
        ({"page_token": "abc"}, {}, "page_token"),
    ],
)
def test_a_wrong_parameter_is_refused_and_named(
    query: dict[str, Any], body: dict[str, Any], named: str
) -> None:
    status, code, message = Caller()(query=query, body=json.dumps(body))
    assert (status, code) == (400, 36009004)
    assert named in message


def test_a_body_that_is_no_json_object_is_refused() -> None:
    caller = Caller()
    assert caller(body="{nonsense")[1] == 36009022
    assert caller(body="{}", content_type="text/plain")[1] == 36009022
    assert caller(body="[]")[1] == 36009004


@pytest.mark.parametrize(
    ("path", "low", "high"),
    [
        ("/return_refund/202602/returns/search", 10, 50),
        ("/return_refund/202602/cancellations/search", 1, 50),
        ("/product/202502/products/search", 1, 100),
        (ORDER_SEARCH, 1, 100),
    ],
)
def test_page_sizes_keep_to_their_documented_limits(path: str, low: int, high: int) -> None:
    caller = Caller()
    sizes = {size: caller(path=path, query={"page_size": str(size)})[1] for size in range(102)}
    assert {size for size, code in sizes.items() if code == 0} == set(range(low, high + 1))


def test_list_limits_are_those_documented() -> None:
    client = in_process()
    too_many = ",".join(str(number) for number in range(51))
    assert "ids" in client.call("GET", "/order/202507/orders", {"ids": too_many}).json()["message"]
    assert client.call("GET", "/order/202507/orders").json()["code"] == 36009004
    inventory = "/product/202309/inventory/search"
    for body in ({}, {"product_ids": ["1"] * 101}, {"sku_ids": ["1"] * 601}):
        assert client.call("POST", inventory, body=body).json()["code"] == 36009004
    search = "/product/202502/products/search"
    answer = client.call("POST", search, {"page_size": 10}, {"sku_ids": ["1"] * 11}).json()
    assert answer["code"] == 36009004
    assert "sku_ids" in answer["message"]


def test_the_envelope_has_its_four_fields_also_when_it_refuses() -> None:
    client = in_process()
    right = client.call("GET", "/logistics/202309/warehouses").json()
    wrong = client.call("GET", "/logistics/202309/warehouses", cipher=None).json()
    for answer in (right, wrong):
        assert set(answer) == {"code", "message", "request_id", "data"}
    assert wrong["data"] is None
    assert right["request_id"] != wrong["request_id"]
