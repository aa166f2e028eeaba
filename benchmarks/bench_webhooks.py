"""How soon a notification is acknowledged, and how soon what it is about is in an answer.

    python -m benchmarks.bench_webhooks [--orders 100000] [--seconds 20] [--rate 200]

A first import goes on in the worker all the time. Notifications come at a steady rate, whether or
not earlier ones have been answered; a time is counted from when it was due to be sent. After that,
new orders are pushed one by one, and getData is asked until it shows each.
"""

from __future__ import annotations

import argparse
import hmac
import http.client
import itertools
import json
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests

from benchmarks.product import ROOT, Client, Product, Simulator, Stopped, both, report, stop
from sample_shop.world import World, seeded_world

SEED = 7
#: As long as a first import reaches back.
DAYS = 90
SENDERS = 24
NEW_ORDERS = 10
READY_SECONDS = 180
_numbers = itertools.count(1)


def body_of(shop_id: str, order_id: str) -> bytes:
    content = {"order_id": order_id, "order_status": "UNPAID", "update_time": int(time.time())}
    return json.dumps(
        {
            "type": 1,
            "tts_notification_id": str(next(_numbers)),
            "shop_id": shop_id,
            "timestamp": int(time.time()),
            "data": content,
        }
    ).encode()


class Pusher:
    """One kept connection to the address of order events."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)

    def push(self, body: bytes) -> int:
        """The HTTP status; 0 when there was no answer."""
        key, message = b"sample-secret", b"sample-key" + body
        headers = {
            "Authorization": hmac.digest(key, message, "sha256").hex(),
            "Content-Type": "application/json",
        }
        try:
            self._connection.request("POST", "/webhooks/tiktok/ORDER_STATUS_CHANGE", body, headers)
            answer = self._connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return 0
        return answer.status


def acknowledge(url: str, bodies: Sequence[bytes], rate: float) -> list[tuple[int, float]]:
    """(status, seconds from when it was due) of each, sent at `rate` a second."""
    begun = time.monotonic() + 0.2
    turns = iter(enumerate(bodies))
    lock = threading.Lock()
    answers: list[tuple[int, float]] = []

    def send() -> None:
        pusher = Pusher(url)
        while True:
            with lock:
                turn = next(turns, None)
            if turn is None:
                return
            due = begun + turn[0] / rate
            time.sleep(max(0.0, due - time.monotonic()))
            status = pusher.push(turn[1])
            answers.append((status, time.monotonic() - due))

    threads = [threading.Thread(target=send) for _ in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def kept(installed: Product) -> int:
    """How many notifications are in the accounts database."""
    path = installed.folder / "data" / "accounts.sqlite"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        return int(database.execute("SELECT count(*) FROM notifications").fetchone()[0])


def unfinished(installed: Product, kind: str) -> bool:
    """Whether a run of this kind is worked or waits for a worker."""
    lines = installed.flask("runs", "list", "--json").splitlines()
    return any(
        run["kind"] == kind and run["state"] in ("pending", "running")
        for run in map(json.loads, lines)
    )


def ask_for(client: Client, shop_id: str, order_id: str) -> list[Any]:
    """The rows of one order in getData; none while today is not imported."""
    today = datetime.now(UTC).date()
    chosen = {
        "fieldName": "order_id",
        "values": [order_id],
        "type": "INCLUDE",
        "operator": "EQUALS",
    }
    reply = client.post(
        "getData",
        {
            "configParams": {"shops": shop_id},
            "dateRange": {
                "startDate": (today - timedelta(days=1)).isoformat(),
                "endDate": (today + timedelta(days=1)).isoformat(),
            },
            "fields": [{"name": "order_id"}, {"name": "order_status"}],
            "dimensionsFilters": [[chosen]],
        },
    )
    if reply.status_code == requests.codes.service_unavailable:
        return []
    reply.raise_for_status()
    rows: list[Any] = reply.json()["rows"]
    return rows


def wait_until(what: str, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise Stopped(f"{what} took more than {READY_SECONDS} s")
        time.sleep(0.5)


def visible(api: Simulator, client: Client, world: World, shop_id: str) -> list[float]:
    """Seconds from pushing each of some new orders until getData shows it."""
    shop = world.shops[0]
    first = int((shop.orders.created <= world.clock.now()).sum())
    world.clock.set_to(world.clock.now() + 6 * 3600)
    world.now()
    instants = sorted(int(at) for at in shop.orders.created.tolist())
    until = instants[first + NEW_ORDERS]
    requests.post(f"{api.url}/_clock", json={"now": until}, timeout=30).raise_for_status()
    seconds = []
    for position in range(first, first + NEW_ORDERS):
        order_id = shop.ids.one("order", position)
        started = time.monotonic()
        if Pusher(client.url).push(body_of(shop_id, order_id)) != requests.codes.ok:
            raise Stopped("a notification was not accepted")
        while not ask_for(client, shop_id, order_id):
            if time.monotonic() - started > READY_SECONDS:
                raise Stopped(f"order {order_id} did not come")
            time.sleep(0.03)
        seconds.append(time.monotonic() - started)
    return seconds


def measure(
    api: Simulator, installed: Product, client: Client, orders: int, length: float, rate: float
) -> None:
    world = seeded_world(SEED, orders, DAYS, now=api.now)
    world.now()
    shop = world.shops[0]
    newest = orders - 2_000
    ids = [shop.ids.one("order", newest + place) for place in range(1_500)]
    wait_until("the first days", lambda: bool(ask_for(client, shop.id, ids[-1])))
    bodies = [body_of(shop.id, ids[place % len(ids)]) for place in range(int(length * rate))]
    answers = acknowledge(client.url, bodies, rate)
    seconds = [took for _, took in answers]
    still = unfinished(installed, "import")
    size = {"rate": rate, "count": len(answers), "beside_an_import": still, "orders": orders}
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        report(
            figure=f"webhook_acknowledged_ms_{name}",
            value=round(1000 * quantile(seconds, share), 1),
            **size,
        )
    accepted = sum(status == requests.codes.ok for status, _ in answers)
    report(figure="webhooks_accepted", value=accepted, **size)
    report(figure="webhooks_lost", value=accepted - kept(installed), **size)
    wait_until("reading all again", lambda: not unfinished(installed, "reread"))
    shown = visible(api, client, world, shop.id)
    beside = {
        "count": len(shown),
        "beside_an_import": unfinished(installed, "import"),
        "orders": orders,
    }
    for name, share in (("p50", 0.5), ("max", 1.0)):
        report(
            figure=f"webhook_to_visible_seconds_{name}",
            value=round(quantile(shown, share), 2),
            **beside,
        )


@contextmanager
def worker_of(installed: Product) -> Iterator[None]:
    """The product's worker, at work."""
    with (installed.folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            installed.command("worker"),
            cwd=ROOT,
            env=installed.environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield
    finally:
        stop(process)


def main() -> int:
    """Measure both beside a first import and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate", type=float, default=200.0)
    chosen = parser.parse_args()
    with both(chosen.orders, SEED, DAYS) as (api, installed):
        installed.connect(wait=False)
        with installed.served() as client, worker_of(installed):
            measure(api, installed, client, chosen.orders, chosen.seconds, chosen.rate)
    return 0


if __name__ == "__main__":
    sys.exit(main())
