"""A shop to import from, in this process: the simulator behind the real client, the real store,
a clock that stands still and faults that a test puts between them."""

from __future__ import annotations

import hashlib
import io
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import pytest
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from backfill.fetch import Source
from backfill.images import Pictures
from backfill.run import Outcome, Shop, Task, Tools, work
from backfill.windows import floor_of
from catalogue.tables import TABLES
from sample_shop.adapter import BASE_URL, SampleShopAdapter
from sample_shop.world import World, seeded_world
from store.columns import ShopColumns
from store.records import ShopRecords
from tests.scripted_tiktok import FakeClock, NotingThrottle
from tiktok_shop.client import App, Client
from tiktok_shop.endpoints import ENDPOINTS, Paging

#: 12 September 2026, 13:46:40 UTC.
NOW = 1_789_220_800
DAY = 86_400
START = floor_of(NOW, 10)

Fault = Callable[["Asked"], requests.Response | None]

_worlds: dict[tuple[int, int, int], World] = {}


def world_of(orders: int = 120, days: int = 10, seed: int = 7) -> World:
    """A shop whose clock stands at NOW; made once, since nothing changes it."""
    key = (orders, days, seed)
    if key not in _worlds:
        _worlds[key] = seeded_world(seed, orders, days, now=NOW, products=25, wall=lambda: NOW)
    return _worlds[key]


@dataclass(frozen=True)
class Asked:
    """A call as the simulator gets it; `number` counts from 1."""

    number: int
    path: str
    query: dict[str, str]
    body: dict[str, Any]

    @property
    def resource(self) -> str:
        """orders, products, returns, cancellations, inventory, warehouses, product or price; of
        other families, whose calls end alike, the family."""
        words = self.path.strip("/").split("/")
        if words[0] in ("fbt", "analytics"):
            return words[0]
        if words[0] == "product" and words[-1] != "search":
            return "product"
        if words[-1] == "price_detail":
            return "price"
        return words[-2] if words[-1] == "search" else words[-1]


@dataclass
class Between(BaseAdapter):
    """The simulator with a test's faults in front of it, and a list of the calls it saw."""

    behind: BaseAdapter
    faults: list[Fault] = field(default_factory=list)
    calls: list[Asked] = field(default_factory=list)
    change: Callable[[Asked, dict[str, Any]], None] | None = None

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        url = urlsplit(request.url or "")
        body = request.body or b"{}"
        asked = Asked(len(self.calls) + 1, url.path, dict(parse_qsl(url.query)), orjson.loads(body))
        self.calls.append(asked)
        for fault in self.faults:
            response = fault(asked)
            if response is not None:
                return response
        answer = self.behind.send(request, *args, **more)
        if self.change is None:
            return answer
        document = orjson.loads(answer.content)
        if document["data"] is None:  # a refusal
            return reply_with(document, answer.status_code)
        self.change(asked, document["data"])
        return reply_with(document, answer.status_code)

    def close(self) -> None:
        """Nothing is held open."""

    def count(self, resource: str) -> int:
        return sum(1 for asked in self.calls if asked.resource == resource)


def reply_with(document: Any, status: int = 200) -> requests.Response:
    response = requests.Response()
    response.status_code = status
    response.headers = CaseInsensitiveDict({"Content-Type": "application/json"})
    content = document if isinstance(document, bytes) else orjson.dumps(document)
    response.raw = io.BytesIO(content)
    return response


def refuses(code: int, message: str = "", status: int = 400) -> requests.Response:
    return reply_with(
        {"code": code, "message": message, "request_id": "req-refused", "data": None}, status
    )


def small_pages(patch: pytest.MonkeyPatch, size: int) -> None:
    """Lists come in pages of so many orders, so that a window has several."""
    order_search = ENDPOINTS["order_search"]
    smaller = {**ENDPOINTS, "order_search": replace(order_search, paging=Paging(1, size))}
    patch.setattr("backfill.fetch.ENDPOINTS", smaller)


def hashed_buyer(buyer_id: str) -> tuple[str, int]:
    digest = hashlib.blake2b(buyer_id.encode(), key=b"only for tests", digest_size=16).digest()
    return digest.hex(), int.from_bytes(digest[:8], "big", signed=True)


class _Access:
    shop_key = "shop-under-test"

    def __init__(self, token: str, cipher: str) -> None:
        self.token = token
        self.cipher = cipher

    def access_token(self) -> str:
        return self.token

    def renew(self, stale_token: str) -> str:
        return self.token


class NotPublished:
    """Columns that nobody looks at: most tests are about records."""

    def publish(self, *, force: bool = False) -> bool:
        return False

    def close(self) -> None:
        """Nothing is open."""


class ShopUnderTest:
    """One installation of one shop in `folder`. `work` imports; several objects over one folder are
    several processes, one after the other."""

    def __init__(
        self,
        folder: Path,
        world: World | None = None,
        clock: FakeClock | None = None,
        *,
        columns: bool = False,
    ) -> None:
        self.world = world or world_of()
        self.clock = clock or FakeClock(float(NOW))
        self.simulator = SampleShopAdapter(self.world, wall=self.clock.now)
        self.between = Between(self.simulator)
        session = requests.Session()
        session.mount(BASE_URL, self.between)
        self.throttle = NotingThrottle()
        self.client = Client(
            App("sample-key", "sample-secret"),
            session,
            self.clock,
            self.throttle,
            api_base=BASE_URL,
            jitter=lambda: 0.0,
        )
        token = self.simulator.gateway.office.exchange().access
        self.access = _Access(token, self.world.cipher(self.world.shops[0]))
        self.records = ShopRecords.open(folder / "records.sqlite")
        self.columns: Any = NotPublished()
        if columns:
            path = folder / "records.sqlite"
            self.columns = ShopColumns(path, folder / "columns", self.clock)
        self.renewals = 0

    @property
    def calls(self) -> list[Asked]:
        return self.between.calls

    def work(
        self,
        *,
        stop: Callable[[], bool] = lambda: False,
        renew: Callable[[], None] | None = None,
        began_at: float = NOW,
        in_flight: int = 4,
        records: Any = None,
        start: int | None = START,
        lane: str = "backward",
        daily_calls: Mapping[str, int] | None = None,
        pictures: Pictures | None = None,
        **parameters: Any,
    ) -> Outcome:
        """Ten days unless told otherwise: 11 windows of orders."""

        def renewed() -> None:
            self.renewals += 1

        return work(
            Task.of({"start": start, **parameters}, began_at),
            Shop({"id": "749", "name": "Test Shop 1", "region": "US"}, "USD", "America/Chicago"),
            Tools(
                records or self.records,
                self.columns,
                Source(self.client, self.access, lane),
                hashed_buyer,
                self.clock,
                in_flight,
                daily_calls=daily_calls or {},
                pictures=pictures,
            ),
            ledger_token=1,
            renew=renew or renewed,
            stop=stop,
        )

    def close(self) -> None:
        self.records.close()
        self.columns.close()


def digests(records_path: Path) -> dict[str, str]:
    """A fingerprint of the content of every record table, without the bookkeeping columns."""
    found = {}
    with closing(sqlite3.connect(records_path)) as connection:
        for table in TABLES.values():
            names = ", ".join(column.name for column in table.columns)
            rows = connection.execute(f"SELECT {names} FROM {table.name} ORDER BY {table.key[0]}")
            digest = hashlib.sha256()
            for row in sorted(rows.fetchall(), key=repr):
                digest.update(repr(row).encode())
            found[table.name] = digest.hexdigest()
    return found
