"""The simulator as a server: its start, its control paths, its consent page and every fault."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests

from sample_shop.faults import FAULTS, BadScript, read_script
from sample_shop.pictures import picture
from tests.sample_shop_client import (
    DAY,
    NOW,
    ORDER_SEARCH,
    ShopClient,
    query_of,
    small_world,
)

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent.parent


class Process:
    """A simulator in a process of its own."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "sample_shop", "--port", "0", *options]
        self.process = subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:"), line
        self.url = line.split()[-1]
        self.session = requests.Session()
        self.client = ShopClient(self.url, self.session)

    def control(self, path: str, body: object = None) -> Any:
        if body is None:
            return self.session.get(self.url + path, timeout=20).json()
        return self.session.post(self.url + path, json=body, timeout=20).json()

    def faults(self, *rules: dict[str, Any]) -> None:
        assert self.control("/_faults", list(rules)) == {"rules": len(rules)}

    def rows(self, table: str, shop: str = "") -> list[dict[str, Any]]:
        text = self.session.get(f"{self.url}/_rows/{table}?shop_id={shop}", timeout=20).text
        return [json.loads(line) for line in text.splitlines()]

    def stop(self) -> int:
        self.session.close()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture(scope="module")
def server() -> Iterator[Process]:
    process = Process("--seed", "7", "--orders", "600", "--days", "60", "--shops", "3",
                      "--now", str(NOW))  # fmt: skip
    yield process
    assert process.stop() == 0


@pytest.fixture(autouse=True)
def no_faults(server: Process) -> Iterator[None]:
    yield
    server.faults()


def first_page(server: Process, **query: Any) -> Any:
    return server.client.data("POST", ORDER_SEARCH, {"page_size": 20, **query})


def test_the_server_and_the_process_serve_the_same_shop(server: Process) -> None:
    world = small_world(600, 60, 3)
    assert [shop["id"] for shop in server.client.shops] == [shop.id for shop in world.shops]
    orders = server.client.all_pages(ORDER_SEARCH, "orders", {"page_size": 100})
    rows = server.rows("orders")
    assert len(orders) == 600
    assert {o["id"]: o for o in orders} == {o["id"]: o for o in rows}


def test_rows_are_exactly_what_the_calls_return(server: Process) -> None:
    client = server.client
    shop = client.shops[1]
    client.cipher = shop["cipher"]
    try:
        for table, path, name in (
            ("returns", "/return_refund/202602/returns/search", "return_orders"),
            ("cancellations", "/return_refund/202602/cancellations/search", "cancellations"),
            ("product_search", "/product/202502/products/search", "products"),
        ):
            assert client.all_pages(path, name, {"page_size": 50}) == server.rows(table, shop["id"])
        product = server.rows("products", shop["id"])[0]
        assert client.data("GET", f"/product/202309/products/{product['id']}") == product
        stock = server.rows("inventory", shop["id"])[:100]
        ids = [row["product_id"] for row in stock]
        found = client.data("POST", "/product/202309/inventory/search", {}, {"product_ids": ids})
        assert found["inventory"] == stock
        detail = server.rows("price_detail", shop["id"])[0]
        order_id = detail.pop("order_id")
        assert client.data("GET", f"/order/202407/orders/{order_id}/price_detail") == detail
        places = client.data("GET", "/logistics/202309/warehouses")["warehouses"]
        assert places == server.rows("warehouses", shop["id"])
        assert server.rows("shops") == client.shops
    finally:
        client.cipher = client.shops[0]["cipher"]


def test_unknown_control_paths_tables_and_shops_are_refused(server: Process) -> None:
    for path in ("/_rows/secrets", "/_rows/orders?shop_id=5", "/_nothing"):
        answer = server.session.get(server.url + path, timeout=5)
        assert answer.status_code == 404
        assert answer.json()["error"]


def test_the_ledger_knows_every_call(server: Process) -> None:
    since = len(server.session.get(server.url + "/_ledger", timeout=5).text.splitlines())
    first_page(server)
    server.client.call("GET", "/order/202507/orders", cipher="TTP_wrong")
    text = server.session.get(f"{server.url}/_ledger?since={since}", timeout=5).text
    one, other = (json.loads(line) for line in text.splitlines())
    assert (one["name"], one["status"], one["code"]) == ("order_search", 200, 0)
    assert one["shop"] == server.client.shops[0]["id"]
    assert one["page"] == {"size": 20, "token": False, "rows": 20, "next": True, "total": 600}
    assert (other["name"], other["status"], other["code"]) == ("order_detail", 401, 101000)
    summary = server.control("/_ledger?summary=1")
    assert summary["calls"] == since + 2
    assert summary["by_code"]["101000"] >= 1


def test_the_shop_clock_stands_still_moves_on_and_never_goes_back() -> None:
    server = Process("--orders", "100", "--days", "20", "--now", str(NOW))
    try:
        assert server.control("/_clock")["now"] == NOW
        before = first_page(server)["total_count"]
        assert server.control("/_clock", {"advance": 5 * DAY})["now"] == NOW + 5 * DAY
        assert first_page(server)["total_count"] > before
        assert "never goes back" in server.control("/_clock", {"now": NOW})["error"]
        assert server.control("/_clock", {"now": NOW + 6 * DAY})["now"] == NOW + 6 * DAY
        assert "error" in server.control("/_clock", {"hours": 1})
        old = server.client.tokens["data"]
        server.control("/_clock", {"advance_tokens": 8 * DAY})
        answer = server.client.call("GET", "/logistics/202309/warehouses")
        assert (answer.status_code, answer.json()["code"]) == (401, 105002)
        asked = {"refresh_token": old["refresh_token"], "grant_type": "refresh_token"}
        server.client.token = server.client.token_call("refresh", **asked)["data"]["access_token"]
        assert first_page(server)["orders"]
        assert server.client.token_call("refresh", **asked)["code"] == 36004001
    finally:
        assert server.stop() == 0


def test_the_consent_page_leads_back_with_the_code_or_a_refusal(server: Process) -> None:
    url = f"{server.url}/open/authorize?service_id=77&state=a%26b%3C%22"
    page = server.session.get(url, timeout=5)
    assert page.headers["Content-Type"].startswith("text/html")
    yes, no = (unescape(part.split('"')[0]) for part in page.text.split('href="')[1:])
    assert yes.startswith("http://127.0.0.1:8080/connect/tiktok/callback?")
    assert query_of(yes) == {"code": "sample-code", "state": 'a&b<"'}
    assert query_of(no) == {"code": "null", "error": "auth_denied", "state": 'a&b<"'}
    assert 'a&b<"' not in page.text


def test_pictures_are_small_pngs_of_their_own(server: Process) -> None:
    product = server.rows("products")[0]
    url = product["main_images"][0]["urls"][0]
    assert url.startswith(server.url + "/images/")
    answer = server.session.get(url, timeout=5)
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG\r\n\x1a\n")
    assert 60 < len(answer.content) < 600
    assert picture("1") != picture("2")


def test_a_script_file_that_is_wrong_stops_the_start(tmp_path: Path) -> None:
    script = tmp_path / "faults.json"
    script.write_text('[{"endpoint": "*", "nth": 1, "fault": {"kind": "explode"}}]')
    command = [sys.executable, "-m", "sample_shop", "--orders", "10", "--faults", str(script)]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert "'explode' is no kind of fault" in done.stderr


@pytest.mark.parametrize(
    "script",
    [
        {},
        [1],
        [{"endpoint": "*", "nth": 0, "fault": {"kind": "hang"}}],
        [{"endpoint": "*", "nth": "often", "fault": {"kind": "hang"}}],
        [{"endpoint": "*", "nth": 1, "fault": {"kind": "hang", "minutes": 1}}],
        [{"endpoint": "*", "when": 1, "fault": {"kind": "hang"}}],
    ],
)
def test_rules_that_cannot_be_meant_are_refused(script: object) -> None:
    with pytest.raises(BadScript):
        read_script(script)


def rule(
    kind: str, nth: Any = 1, endpoint: str = "order_search", **settings: Any
) -> dict[str, Any]:
    return {"endpoint": endpoint, "nth": nth, "fault": {"kind": kind, **settings}}


def codes(server: Process, calls: int) -> list[tuple[int, int]]:
    answers = [server.client.call("POST", ORDER_SEARCH, {"page_size": 5}) for _ in range(calls)]
    return [(answer.status_code, answer.json()["code"]) for answer in answers]


def test_faults_strike_the_call_that_was_named_and_no_other(server: Process) -> None:
    right, throttled = (200, 0), (429, 36009002)
    server.faults(rule("error", 2))
    assert codes(server, 3) == [right, throttled, right]
    server.faults(rule("error", [2, 3], "/order/*"))
    assert codes(server, 4) == [right, throttled, throttled, right]
    server.faults(rule("error", "every", "*"))
    assert codes(server, 2) == [throttled, throttled]
    server.faults({**rule("error", 1), "shop": server.client.shops[1]["id"]})
    assert codes(server, 1) == [right]
    server.faults(rule("error", 1, "return_search"))
    assert codes(server, 1) == [right]


def test_only_calls_with_a_page_token_count_where_that_is_asked(server: Process) -> None:
    server.faults({**rule("page_token_expired", 1), "paged": True})
    page = first_page(server)
    query = {"page_size": 20, "page_token": page["next_page_token"]}
    answer = server.client.call("POST", ORDER_SEARCH, query).json()
    assert answer["code"] == 36009004
    assert "page_token" in answer["message"]
    assert len(server.client.data("POST", ORDER_SEARCH, query)["orders"]) == 20


def struck(server: Process, kind: str, **settings: Any) -> requests.Response:
    server.faults(rule(kind, **settings))
    return server.client.call("POST", ORDER_SEARCH, {"page_size": 20})


def test_faults_of_status_and_code(server: Process) -> None:
    answer = struck(server, "error", status=429, retry_after=7)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    answer = struck(server, "error", status=200)
    assert (answer.status_code, answer.json()["code"]) == (200, 36009002)
    assert "Retry-After" not in answer.headers
    for status in (500, 502, 503, 504):
        assert struck(server, "http", status=status, body="busy").text == "busy"
    for code in (36009003, 36009007, 105005, 36009043):
        assert struck(server, "error", status=500, code=code).json()["code"] == code
    answer = struck(server, "access_expired")
    assert (answer.status_code, answer.json()["code"]) == (401, 105002)
    answer = struck(server, "redirect")
    assert (answer.status_code, answer.headers["Location"]) == (302, "https://elsewhere.invalid/")
    answer = struck(server, "error_with_data")
    assert answer.json()["code"] == 36009003
    assert len(answer.json()["data"]["orders"]) == 20


def test_bodies_that_must_not_be_believed(server: Process) -> None:
    for kind in ("malformed", "empty", "html", "wrong_length", "gzip_cut"):
        with pytest.raises(ValueError, match=r"."):
            struck(server, kind).json()
    assert struck(server, "null").json() is None
    assert struck(server, "bom").content.startswith(b"\xef\xbb\xbf{")
    assert b":NaN," in struck(server, "nan").content
    assert struck(server, "duplicate_keys").content.count(b'"code":') == 2
    assert struck(server, "deep").content.count(b"[") == 1000
    huge = struck(server, "huge", megabytes=2)
    assert 2_000_000 < len(huge.content) < 2_100_000
    assert huge.json()["code"] == 0


def test_connections_that_fail(server: Process) -> None:
    for kind in ("cut", "wrong_length", "drop"):
        settings = {"by": 10} if kind == "wrong_length" else {}
        with pytest.raises(requests.RequestException):
            _ = struck(server, kind, **settings).content
    server.faults(rule("hang", seconds=30))
    with pytest.raises(requests.Timeout):
        server.client.call("POST", ORDER_SEARCH, {"page_size": 5}, timeout=0.1)
    server.faults(rule("drip", seconds=0.05))
    started = time.monotonic()
    with pytest.raises(requests.RequestException):
        server.client.call("POST", ORDER_SEARCH, {"page_size": 5}, timeout=0.01)
    assert time.monotonic() - started < 5
    server.faults(rule("hang", seconds=0.05))
    assert codes(server, 1) == [(200, 0)]


def follow(server: Process, pages: int, size: int = 100) -> list[dict[str, Any]]:
    """Return so many pages, each asked for with the token of the page before."""
    found, token = [], ""
    for _ in range(pages):
        query = {"page_size": size, **({"page_token": token} if token else {})}
        found.append(server.client.data("POST", ORDER_SEARCH, query))
        token = found[-1]["next_page_token"]
    return found


def ids(page: dict[str, Any]) -> list[str]:
    return [order["id"] for order in page["orders"]]


def test_paging_that_goes_wrong(server: Process) -> None:
    true = follow(server, 6)
    assert true[5]["next_page_token"] == ""
    server.faults(rule("repeat_page", 2))
    one, two, three = follow(server, 3)
    assert one == two
    assert ids(three) == ids(true[1])
    server.faults(rule("repeat_rows", 2))
    one, two, three = follow(server, 3)
    assert ids(two) == ids(true[0])
    assert ids(three) == ids(true[2])
    server.faults(rule("same_token", "every"))
    assert {tuple(ids(page)) for page in follow(server, 4)} == {tuple(ids(true[0]))}
    server.faults(rule("endless", "every"))
    pages = follow(server, 12)
    assert [ids(page) for page in pages[:6]] == [ids(page) for page in true]
    assert all(page["orders"] == [] for page in pages[6:])
    assert len({page["next_page_token"] for page in pages}) == 12
    server.faults(rule("empty_page", [1, 2]))
    pages = follow(server, 8)
    assert [len(page["orders"]) for page in pages] == [0, 0, 100, 100, 100, 100, 100, 100]
    assert [ids(page) for page in pages[2:]] == [ids(page) for page in true]
    server.faults(rule("total_off", "every", by=50))
    assert first_page(server)["total_count"] == 650


def test_rows_shift_when_the_clock_moves_on_between_pages() -> None:
    server = Process("--orders", "300", "--days", "10", "--now", str(NOW))
    try:
        server.faults(rule("shift", 2, seconds=DAY))
        one, two = follow(server, 2)
        assert two["total_count"] > one["total_count"]
        assert server.control("/_clock")["now"] == NOW + DAY
    finally:
        assert server.stop() == 0


def test_every_kind_of_fault_is_in_the_readme() -> None:
    text = (HERE / "sample_shop" / "README.md").read_text()
    assert [kind for kind in FAULTS if f"`{kind}`" not in text] == []
