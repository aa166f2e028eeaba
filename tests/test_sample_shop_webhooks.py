"""The simulator's webhooks: registering addresses, what is pushed, and how."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from sample_shop.faults import FaultScript
from sample_shop.gateway import Gateway
from sample_shop.server import Server, Simulator
from sample_shop.tokens import TokenOffice
from sample_shop.webhooks_events import events
from tests.sample_shop_client import NOW, ShopClient, in_process, small_world

WEBHOOKS = "/event/202309/webhooks"
HOUR = 3600
ADDRESS = "https://example.invalid/hooks/1"


def register(client: ShopClient, topic: str, address: str = ADDRESS) -> dict[str, Any]:
    body = {"address": address, "event_type": topic}
    answer: dict[str, Any] = client.call("PUT", WEBHOOKS, body=body).json()
    return answer


@pytest.fixture
def client() -> ShopClient:
    return in_process(small_world(orders=50, days=5, shops=2))


def test_nothing_is_registered_at_first(client: ShopClient) -> None:
    assert client.data("GET", WEBHOOKS) == {"total_count": 0, "webhooks": []}


def test_an_address_is_created_and_replaced_by_topic_and_shop(client: ShopClient) -> None:
    assert register(client, "ORDER_STATUS_CHANGE")["code"] == 0
    assert register(client, "PRODUCT_CREATION")["code"] == 0
    assert register(client, "ORDER_STATUS_CHANGE", ADDRESS + "0")["code"] == 0
    listed = client.data("GET", WEBHOOKS)
    assert listed["total_count"] == 2
    assert listed["webhooks"][0] == {
        "address": ADDRESS + "0",
        "create_time": NOW,
        "event_type": "ORDER_STATUS_CHANGE",
        "update_time": NOW,
    }
    other = client.shops[1]["cipher"]
    assert client.call("GET", WEBHOOKS, cipher=other).json()["data"]["total_count"] == 0


def test_deleting_works_whether_or_not_there_was_one(client: ShopClient) -> None:
    register(client, "ORDER_STATUS_CHANGE")
    for _ in range(2):
        answer = client.call("DELETE", WEBHOOKS, body={"event_type": "ORDER_STATUS_CHANGE"})
        assert answer.json()["code"] == 0
    assert client.data("GET", WEBHOOKS)["webhooks"] == []


def test_creating_by_post_is_refused(client: ShopClient) -> None:
    body = {"address": ADDRESS, "event_type": "ORDER_STATUS_CHANGE"}
    answer = client.call("POST", WEBHOOKS, body=body)
    assert (answer.status_code, answer.json()["code"]) == (405, 36009010)


@pytest.mark.parametrize(
    ("topic", "address"),
    [
        ("INVENTORY_CHANGED", ADDRESS),
        ("", ADDRESS),
        ("ORDER_STATUS_CHANGE", ""),
        ("ORDER_STATUS_CHANGE", "http://example.invalid/hooks"),
        ("ORDER_STATUS_CHANGE", "https://example.invalid/" + "x" * 255),
    ],
)
def test_a_topic_or_address_that_is_not_offered_is_refused(
    client: ShopClient, topic: str, address: str
) -> None:
    assert register(client, topic, address)["code"] == 36009004


def test_events_cover_every_change_of_the_stretch_once_and_in_order() -> None:
    world = small_world(orders=400, days=20, shops=1)
    shop = world.shops[0]
    world.clock.set_to(NOW + 48 * HOUR)
    world.now()
    whole = events(shop, NOW, NOW + 48 * HOUR)
    parts = [
        event
        for start in range(0, 48, 6)
        for event in events(shop, NOW + start * HOUR, NOW + (start + 6) * HOUR)
    ]
    of_orders = [event for event in whole if "ORDER" in event.topic]
    assert of_orders == [event for event in parts if "ORDER" in event.topic]
    assert [event.at for event in whole] == sorted(event.at for event in whole)
    assert all(NOW < event.at <= NOW + 48 * HOUR for event in whole)
    assert {event.topic for event in whole} >= {
        "ORDER_STATUS_CHANGE",
        "RETURN_STATUS_CHANGE",
        "CANCELLATION_STATUS_CHANGE",
        "PRODUCT_INFORMATION_CHANGE",
    }


def test_the_last_event_of_an_order_tells_its_state() -> None:
    client = in_process(world := small_world(orders=400, days=20, shops=1))
    world.clock.set_to(NOW + 48 * HOUR)
    world.now()
    told = {
        event.data["order_id"]: event.data["order_status"]
        for event in events(world.shops[0], NOW, NOW + 48 * HOUR)
        if event.topic == "ORDER_STATUS_CHANGE"
    }
    assert len(told) > 50
    assert "CANCEL" in told.values()
    for start in range(0, len(told), 50):
        ids = list(told)[start : start + 50]
        for order in client.data("GET", "/order/202507/orders", {"ids": ",".join(ids)})["orders"]:
            spelt = {"CANCELLED": "CANCEL"}.get(order["status"], order["status"])
            assert told[order["id"]] == spelt


# --- pushing ---


class Listener:
    """Takes what is pushed; `answers` are the next HTTP statuses, then always 200."""

    def __init__(self) -> None:
        self.got: list[tuple[str, str, bytes]] = []
        self.answers: list[int] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.got.append((self.path, self.headers["Authorization"], body))
                self.send_response(listener.answers.pop(0) if listener.answers else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        deadline = time.monotonic() + 10
        while len(self.got) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(self.got) >= count
        return [json.loads(body) for _, _, body in self.got]


class Served:
    def __init__(self) -> None:
        self.world = small_world(orders=200, days=10, shops=1)
        self.server = Server(("127.0.0.1", 0))
        office = TokenOffice("TTP_", self.world.open_id, time.time, rotates=True)
        gateway = Gateway(self.world, office, self.server.url, time.time)
        simulator = Simulator(gateway, FaultScript([]), "", webhook_retries=(0.05, 0.05))
        self.server.simulator = simulator
        simulator.sender.start()
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        self.client = ShopClient(self.server.url, requests.Session())
        self.listener = Listener()

    def control(self, path: str, body: dict[str, Any]) -> requests.Response:
        return requests.post(self.server.url + path, json=body, timeout=10)

    def sent(self) -> list[dict[str, Any]]:
        text = requests.get(f"{self.server.url}/_webhooks", timeout=10).text
        return [json.loads(line) for line in text.splitlines()]

    def close(self) -> None:
        self.server.simulator.sender.stop()
        self.server.stop()
        self.listener.server.shutdown()
        self.listener.server.server_close()


@pytest.fixture
def served() -> Iterator[Served]:
    made = Served()
    yield made
    made.close()


def test_what_happens_as_the_clock_moves_is_pushed_signed_to_the_address_of_its_topic(
    served: Served,
) -> None:
    register(served.client, "ORDER_STATUS_CHANGE", f"{served.listener.url}/orders")
    served.control("/_clock", {"advance": 3 * HOUR})
    bodies = served.listener.wait_for(5)
    assert {path for path, _, _ in served.listener.got} == {"/orders"}
    for _, header, raw in served.listener.got:
        key = b"sample-secret"
        assert header == hmac.new(key, b"sample-key" + raw, hashlib.sha256).hexdigest()
    first = bodies[0]
    assert (first["type"], first["shop_id"]) == (1, served.world.shops[0].id)
    assert first["data"].keys() == {
        "is_on_hold_order",
        "order_id",
        "order_status",
        "update_time",
    }
    assert len({body["tts_notification_id"] for body in bodies}) == len(bodies)


def test_a_topic_without_an_address_is_not_pushed(served: Served) -> None:
    register(served.client, "RETURN_STATUS_CHANGE", f"{served.listener.url}/returns")
    served.control("/_clock", {"advance": 48 * HOUR})
    served.listener.wait_for(1)
    assert {one["topic"] for one in served.sent()} == {"RETURN_STATUS_CHANGE"}


def test_what_is_not_accepted_comes_again_as_the_same_notification_and_then_is_lost(
    served: Served,
) -> None:
    register(served.client, "ORDER_STATUS_CHANGE", f"{served.listener.url}/orders")
    served.listener.answers = [503] * 1000
    served.control("/_clock", {"advance": HOUR})
    served.listener.wait_for(3)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and len(served.sent()) != 3 * ids_of(served.sent()):
        time.sleep(0.05)
    attempts: dict[str, list[int]] = {}
    for one in served.sent():
        attempts.setdefault(one["notification_id"], []).append(one["attempt"])
    assert set(map(tuple, attempts.values())) == {(1, 2, 3)}


def ids_of(sent: list[dict[str, Any]]) -> int:
    return len({one["notification_id"] for one in sent})


def test_anything_can_be_pushed_on_request(served: Served) -> None:
    answer = served.control(
        "/_webhooks",
        {
            "topic": "INVENTORY_CHANGED",
            "data": {"product_id": 1729592969712207009},
            "address": f"{served.listener.url}/any",
            "notification_id": "77",
            "timestamp": 5,
            "copies": 3,
            "secret": "forged",
        },
    ).json()
    assert [one["status"] for one in answer["sent"]] == [200, 200, 200]
    _, header, raw = served.listener.got[-1]
    assert header == hmac.new(b"forged", b"sample-key" + raw, hashlib.sha256).hexdigest()
    assert json.loads(raw) == {
        "type": 68,
        "tts_notification_id": "77",
        "seller_open_id": served.world.open_id,
        "timestamp": 5,
        "data": {"product_id": 1729592969712207009},
    }


def test_a_wish_that_cannot_be_fulfilled_is_refused_with_a_sentence(served: Served) -> None:
    for wish in (
        {"topic": "ORDER_STATUS_CHANGE"},
        {"topic": "ORDER_STATUS_CHANGE", "data": {}},
        {"topic": "X", "data": {}, "address": ADDRESS, "copies": 0},
    ):
        answer = served.control("/_webhooks", wish)
        assert answer.status_code == 400
        assert answer.json()["error"]
