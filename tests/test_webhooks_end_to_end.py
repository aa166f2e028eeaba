"""From a change in the shop to the answer: the simulator pushes, the web server takes it, the
worker reads again, getData shows it."""

from __future__ import annotations

import itertools
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from pydantic import SecretStr
from werkzeug.serving import make_server

from app import create_app
from backfill.schedule import enqueue_backfill, enqueue_due
from backfill.slots import Known
from clock import SystemClock
from errors import Reauthorise
from installation import Installation
from sample_shop import control
from sample_shop.faults import FaultScript
from sample_shop.gateway import Gateway
from sample_shop.server import Server, Simulator
from sample_shop.tokens import TokenOffice
from sample_shop.world import seeded_world
from settings import Settings
from store.notifications import LANE
from tiktok_shop.webhooks import TOPICS

pytestmark = pytest.mark.slow

#: 12 September 2026, 13:46:40 UTC.
NOW = 1_789_220_800
HOUR = 3600
PATIENCE_SECONDS = 20.0


class _InSeptember(SystemClock):
    """A clock that runs, from NOW on."""

    def __init__(self) -> None:
        super().__init__()
        self._begun = self.monotonic()

        self.moved = 0.0

    def now(self) -> float:
        return NOW + self.moved + self.monotonic() - self._begun


@dataclass
class Town:
    """A simulated shop and an installation that has imported it, both listening on loopback."""

    simulator: Simulator
    url: str
    installation: Installation
    web: str
    key: str
    shop_id: str
    clock: _InSeptember
    server: Any
    sent_before: int = 0

    def work(self) -> None:
        self.installation.worker("worker").run_until_idle()

    def calls_counted(self) -> int:
        """Calls to TikTok as the usage of the workspace tells them."""
        return sum(self.installation.amounts.calls("default", 0.0).values())

    def pass_hours(self, hours: int) -> None:
        """The shop goes on, and TikTok tells us what happened."""
        self.sent_before = len(self.simulator.sender.sent())
        requests.post(f"{self.url}/_clock", json={"advance": hours * HOUR}, timeout=10)

    def push(self, topic: str, data: dict[str, Any], **more: Any) -> list[int]:
        """HTTP statuses of deliveries on request."""
        wish = {"topic": topic, "data": data, **more}
        answer = requests.post(f"{self.url}/_webhooks", json=wish, timeout=30).json()
        return [one["status"] for one in answer["sent"]]

    def truth(self, table: str) -> dict[str, dict[str, Any]]:
        name = {"orders": "id", "returns": "return_id", "cancellations": "cancel_id"}[table]
        rows = control.rows_of(self.simulator.gateway, table, None)
        return {row[name]: row for row in rows}

    def stored(self, table: str, key: str) -> dict[str, dict[str, Any]]:
        records = self.installation.stores.records("default", self.shop_id)
        return {row[key]: dict(row) for row in records.query(f"SELECT * FROM {table}")}

    def ask(self, *fields: str) -> list[list[str]]:
        body = {
            "configParams": {"shops": self.shop_id},
            "dateRange": {"startDate": "2026-09-01", "endDate": "2026-09-30"},
            "fields": [{"name": name} for name in fields],
        }
        headers = {"Authorization": f"Bearer {self.key}"}
        reply = requests.post(
            f"{self.web}/connector/v1/getData", json=body, headers=headers, timeout=20
        )
        assert reply.status_code == 200, reply.text
        return [row["values"] for row in reply.json()["rows"]]

    def states(self) -> dict[str, int]:
        return {state: int(count) for state, count in self.ask("order_status", "orders")}

    def true_states(self) -> dict[str, int]:
        states = [row["status"] for row in self.truth("orders").values()]
        return {state: states.count(state) for state in set(states)}


def until(holds: Callable[[], bool]) -> bool:
    """Whether it came true in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    clock = _InSeptember()
    world = seeded_world(7, 120, 10, now=NOW, products=25)
    server = Server(("127.0.0.1", 0))
    office = TokenOffice("TTP_", world.open_id, clock.now, rotates=True)
    gateway = Gateway(world, office, server.url, clock.now)
    server.simulator = Simulator(gateway, FaultScript([]), "", webhook_retries=(0.1, 0.1))
    server.simulator.sender.start()
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    web = make_server("127.0.0.1", 0, lambda *_: [], threaded=True)
    address = f"http://127.0.0.1:{web.port}"
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("town"),
        public_url=address,
        tiktok_app_key="sample-key",
        tiktok_app_secret=SecretStr("sample-secret"),
        tiktok_api_base=server.url,
        tiktok_auth_base=server.url,
        sample_account=False,
    )
    app = create_app(settings, clock)
    here: Installation = app.extensions["installation"]
    web.app = app
    threading.Thread(target=web.serve_forever, args=(0.1,), daemon=True).start()
    here.prepare()
    here.connect("default", "sample-code", "US")
    _, key = here.accounts.workspace("default").create_key("test", "read")
    made = Town(server.simulator, server.url, here, address, key, world.shops[0].id, clock, web)
    # Ten days of orders are enough, so the first import is put aside.
    everything = here.ledger.claim("test", ["backward"])
    assert everything is not None
    here.ledger.finish(everything, "done")
    start = NOW - 11 * 24 * HOUR
    enqueue_backfill(
        here.ledger, clock, "default", made.shop_id, start=start, end=NOW, data=["orders"]
    )
    made.work()
    yield made
    web.shutdown()
    server.simulator.sender.stop()
    server.stop()
    here.close()


def test_connecting_a_shop_registers_what_tiktok_offers(town: Town) -> None:
    entries = town.simulator.gateway.books[town.shop_id].webhooks.entries()
    assert {entry["event_type"]: entry["address"] for entry in entries} == {
        name: f"{town.web}/webhooks/tiktok/{name}"
        for name, topic in TOPICS.items()
        if topic.offered
    }


def test_what_happens_in_the_shop_is_in_the_answer(town: Town) -> None:
    town.pass_hours(6)
    assert until(lambda: bool(town.installation.notifications.take("default", town.shop_id).ids))
    told = settled(town)
    assert {one["status"] for one in told} == {200}
    assert {"ORDER_STATUS_CHANGE", "RETURN_STATUS_CHANGE"} <= {one["topic"] for one in told}
    before = len(town.simulator.ledger.since(0))
    counted = town.calls_counted()
    town.work()
    made = len(town.simulator.ledger.since(before))
    assert town.calls_counted() - counted == made > 0
    assert_everything_is_as_in_the_shop(town)
    searches = [
        call["name"]
        for call in town.simulator.ledger.since(before)
        if call["name"] == "order_search"
    ]
    assert searches == [], "only what was named is asked for"


def settled(town: Town) -> list[dict[str, Any]]:
    """The deliveries since the clock was moved, once there are no more of them."""
    count = -1
    while count != len(town.simulator.sender.sent()):
        count = len(town.simulator.sender.sent())
        time.sleep(0.2)
    return town.simulator.sender.sent()[town.sent_before :]


def assert_everything_is_as_in_the_shop(town: Town) -> None:
    for table, key, state in (
        ("orders", "order_id", "status"),
        ("returns", "return_id", "return_status"),
        ("cancellations", "cancel_id", "cancel_status"),
    ):
        truth = {name: row[state] for name, row in town.truth(table).items()}
        stored = {name: row[state] for name, row in town.stored(table, key).items()}
        assert stored == truth, table
    assert town.states() == town.true_states()


def test_all_orders_of_arrival_lead_to_what_the_shop_says(town: Town) -> None:
    """The same four events of an order in all 24 orders, some twice: TikTok's answer is stored."""
    states = ("UNPAID", "AWAITING_SHIPMENT", "IN_TRANSIT", "CANCEL")
    order_id, truth = next(iter(town.truth("orders").items()))
    number = 0
    for arrival in itertools.permutations(states):
        for state in arrival:
            number += 1
            notification = f"9{number // 2}"  # every second one has an id that came before
            data = {"order_id": order_id, "order_status": state, "update_time": number}
            address = f"{town.web}/webhooks/tiktok/ORDER_STATUS_CHANGE"
            more = {"notification_id": notification, "address": address}
            assert town.push("ORDER_STATUS_CHANGE", data, **more) == [200]
        town.work()
        stored = town.stored("orders", "order_id")[order_id]
        assert (stored["status"], stored["update_time"]) == (
            truth["status"],
            truth["update_time"],
        )


def test_a_forgery_and_a_replay_change_nothing(town: Town) -> None:
    order_id = next(iter(town.truth("orders")))
    before = town.stored("orders", "order_id")
    calls = len(town.simulator.ledger.since(0))
    forged = {"order_id": order_id, "order_status": "CANCEL"}
    assert town.push("ORDER_STATUS_CHANGE", forged, secret="forged") == [401]
    town.work()
    assert len(town.simulator.ledger.since(0)) == calls
    a_year_ago = NOW - 365 * 86_400
    replay = {"notification_id": "1", "timestamp": a_year_ago, "copies": 100}
    assert set(town.push("ORDER_STATUS_CHANGE", forged, **replay)) == {200}
    town.work()
    assert len(town.simulator.ledger.since(0)) == calls + 1, "a hundred times the same is one"
    after = town.stored("orders", "order_id")
    assert {name: row | {"last_seen_at": 0} for name, row in after.items()} == {
        name: row | {"last_seen_at": 0} for name, row in before.items()
    }


def test_what_was_not_accepted_comes_again(town: Town) -> None:
    with sqlite3.connect(town.installation.folder.accounts_path) as other:
        other.execute("BEGIN IMMEDIATE")
        town.pass_hours(2)
        assert until(lambda: 503 in [one["status"] for one in since_move(town)])
        other.rollback()
    assert until(lambda: 200 in [one["status"] for one in since_move(town)])
    settled(town)
    town.work()
    assert_everything_is_as_in_the_shop(town)


def since_move(town: Town) -> list[dict[str, Any]]:
    return town.simulator.sender.sent()[town.sent_before :]


def test_a_day_of_lost_notifications_is_made_good_by_the_scheduled_sync(town: Town) -> None:
    """E9. For 24 hours nothing of ours answers, and TikTok gives up."""

    def gone(_environment: Any, start: Any) -> list[bytes]:
        start("503 Service Unavailable", [])
        return []

    answering, town.server.app = town.server.app, gone
    town.pass_hours(24)
    assert until(lambda: len(since_move(town)) > 1)
    assert {one["status"] for one in settled(town)} == {503}
    town.server.app = answering
    town.work()
    states = {name: row["status"] for name, row in town.truth("orders").items()}
    assert {
        name: row["status"] for name, row in town.stored("orders", "order_id").items()
    } != states
    town.clock.moved = float(town.simulator.gateway.world.clock.now() - NOW)
    here = town.installation
    asked = enqueue_due(here.ledger, here.clock, [Known("default", town.shop_id, NOW, True)])
    assert [run.trigger for run in asked] == ["schedule"]
    town.work()
    assert_everything_is_as_in_the_shop(town)


def test_the_coming_end_of_our_access_is_on_every_page(town: Town) -> None:
    ends_at = NOW + 20 * 86_400  # 2 October 2026
    data = {"message": "soon", "expiration_time": str(ends_at)}
    assert town.push("UPCOMING_AUTHORIZATION_EXPIRATION", data) == [200]
    with requests.Session() as session:
        token = town.installation.sessions.new_link_token("default")
        session.post(f"{town.web}/sign-in", data={"token": token}, timeout=10)
        page = session.get(f"{town.web}/shops", timeout=10).text
    assert "<strong>Access to " in page
    assert "</strong>, on 2 Oct 2026, 13:46 UTC." in page


def test_a_deauthorization_takes_the_tokens_away_at_once_and_its_replay_does_not(
    town: Town,
) -> None:
    at = int(town.installation.clock.now()) + 5
    data = {"message": "gone"}
    more = {"notification_id": "88"}
    assert town.push("SELLER_DEAUTHORIZATION", data, timestamp=at, **more) == [200]
    shop = town.installation.accounts.workspace("default").shop(town.shop_id)
    assert shop.state == "reauthorise"
    with pytest.raises(Reauthorise):
        town.installation.source(shop, LANE).access.access_token()
    assert town.ask("orders")[0][0], "what was imported is still served"
    town.installation.connect("default", "sample-code", "US")
    assert town.push("SELLER_DEAUTHORIZATION", data, timestamp=at - 60, **more) == [200]
    assert town.installation.accounts.workspace("default").shop(town.shop_id).state == "connected"
    assert town.installation.source(shop, LANE).access.access_token()
