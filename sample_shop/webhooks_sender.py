"""Pushing notifications to whoever registered an address, again and again until they arrive."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import requests

from .books import Book
from .gateway import APP_KEY, APP_SECRET
from .shop import Shop
from .webhooks import OF_SELLER, Notification, authorization
from .webhooks_events import MOST_EVENTS, events
from .world import World

#: Seconds after which a notification that did not arrive is sent again; then it is lost.
RETRIES: Final = (120.0, 1_800.0, 10_800.0, 43_200.0)
_ANSWER_SECONDS: Final = 3.0
_TICK_SECONDS: Final = 0.1
_MOST_COPIES: Final = 10_000
_INBOUND: Final = "INBOUND_FBT_ORDER_STATUS_CHANGE"


@dataclass(order=True, slots=True)
class _Delivery:
    due: float
    number: int
    address: str = field(compare=False)
    topic: str = field(compare=False)
    body: bytes = field(compare=False)
    attempt: int = field(compare=False, default=1)


class Sender:
    """Tells what happens as the shop clock moves, for topics with an address. `books` are by shop
    id. It works in a thread of its own from `start` to `stop`."""

    def __init__(
        self, world: World, books: Mapping[str, Book], retries: Sequence[float] = RETRIES
    ) -> None:
        self._world = world
        self._books = books
        self._retries = tuple(retries)
        self._told_until = world.clock.now()
        self._waiting: list[_Delivery] = []
        self._numbers = itertools.count()
        self._sent: list[dict[str, Any]] = []
        self._session = requests.Session()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="webhooks", daemon=True)

    def start(self) -> None:
        """Begin to tell what happens from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Send nothing more."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def sent(self) -> list[dict[str, Any]]:
        """Return every delivery so far: topic, address, notification id, attempt, HTTP status."""
        return list(self._sent)

    def send(self, wish: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Send what somebody asks for, at once and not again; return the deliveries.

        `topic` and `data`; and maybe `shop_id` (the first shop), `address` (what is registered),
        `copies` (1), `notification_id` (a new one), `timestamp` (the shop clock), `secret`.
        ValueError if it cannot be sent.
        """
        topic, data = wish.get("topic"), wish.get("data")
        shop_id = str(wish.get("shop_id") or self._world.shops[0].id)
        if not isinstance(topic, str) or not isinstance(data, dict):
            raise ValueError('send {"topic": name, "data": {...}}')  # noqa: TRY004
        book = self._books.get(shop_id)
        address = wish.get("address") or (book and book.webhooks.address(topic))
        if not isinstance(address, str):
            complaint = f"nobody has registered an address for {topic} of shop {shop_id}"
            raise ValueError(complaint)  # noqa: TRY004
        copies = wish.get("copies", 1)
        if not isinstance(copies, int) or not 1 <= copies <= _MOST_COPIES:
            raise ValueError(f"copies is a number up to {_MOST_COPIES}")
        owner = {"shop_id": shop_id}
        if topic in OF_SELLER:
            owner = {"seller_open_id": self._world.open_id}
        at = int(wish.get("timestamp") or self._world.clock.now())
        body = Notification(topic, owner, data, at, str(wish.get("notification_id") or "")).body()
        secret = str(wish.get("secret") or APP_SECRET)
        with requests.Session() as session:
            return [self._post(session, address, topic, body, 1, secret) for _ in range(copies)]

    def _work(self) -> None:
        while not self._stopping.wait(_TICK_SECONDS):
            self._tell()
            while self._waiting and self._waiting[0].due <= time.monotonic():
                self._deliver(heapq.heappop(self._waiting))
                if self._stopping.is_set():
                    return

    def _tell(self) -> None:
        after, until = self._told_until, self._world.clock.now()
        self._told_until = until
        if until <= after or not any(book.webhooks.entries() for book in self._books.values()):
            return
        self._world.now()
        for shop in self._world.shops:
            registered = self._books[shop.id].webhooks
            for event in self._events(shop, after, until) if registered.entries() else ():
                address = registered.address(event.topic)
                if address is not None:
                    heapq.heappush(
                        self._waiting,
                        _Delivery(0.0, next(self._numbers), address, event.topic, event.body()),
                    )

    def _events(self, shop: Shop, after: int, until: int) -> list[Notification]:
        """Return what a shop has to tell; inbound orders are the seller's, not the shop's."""
        owner = {"seller_open_id": self._world.open_id}
        inbound = self._books[shop.id].fbt.inbound_changes(after, until)[:MOST_EVENTS]
        return events(shop, after, until) + [
            Notification(_INBOUND, owner, data, int(data["update_time"])) for data in inbound
        ]

    def _deliver(self, one: _Delivery) -> None:
        said = self._post(self._session, one.address, one.topic, one.body, one.attempt, APP_SECRET)
        if said["status"] != 200 and one.attempt <= len(self._retries):
            one.due = time.monotonic() + self._retries[one.attempt - 1]
            one.attempt += 1
            heapq.heappush(self._waiting, one)

    def _post(
        self,
        session: requests.Session,
        address: str,
        topic: str,
        body: bytes,
        attempt: int,
        secret: str,
    ) -> dict[str, Any]:
        headers = {
            "Authorization": authorization(body, APP_KEY, secret),
            "Content-Type": "application/json",
        }
        started = time.monotonic()
        try:
            status = session.post(
                address,
                data=body,
                headers=headers,
                timeout=_ANSWER_SECONDS,
                allow_redirects=False,
            ).status_code
        except requests.RequestException:
            status = 0
        said = {
            "topic": topic,
            "address": address,
            "notification_id": orjson.loads(body)["tts_notification_id"],
            "attempt": attempt,
            "status": status,
            "seconds": round(time.monotonic() - started, 4),
        }
        self._sent.append(said)
        return said
