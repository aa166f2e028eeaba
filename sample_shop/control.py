"""What the simulator says about itself: `/_ledger`, `/_rows/<table>`, `/_clock`, `/_faults`."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

import numpy as np
import orjson

from . import analytics_rows, finance_tables, warehouses
from .answers import Answer
from .books import Book
from .draws import Ints
from .gateway import Gateway
from .payloads_products import WITHOUT_DETAIL
from .price_detail import price_details
from .shop import Shop
from .timeline import Timeline
from .world import Wall

Maker = Callable[[Ints, int], list[dict[str, Any]]]

_BATCH: Final = 200
TABLES: Final = (
    "shops", "orders", "price_detail", "products", "product_search", "inventory", "returns",
    "cancellations", "warehouses", *finance_tables.TABLES, *analytics_rows.TABLES,
)  # fmt: skip


class Ledger:
    """Every call that was served, in order."""

    def __init__(self, wall: Wall) -> None:
        self._wall = wall
        self._entries: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def note(self, method: str, path: str, answer: Answer, fault: str | None) -> None:
        """Write down a call and how it was answered."""
        entry: dict[str, Any] = {
            "n": 0,
            "at": round(self._wall(), 3),
            "method": method,
            "path": path,
            "name": answer.notes.get("name"),
            "shop": answer.notes.get("shop"),
            "status": answer.status,
            "code": None if answer.raw is not None else answer.code,
            "page": answer.notes.get("page"),
            "fault": fault,
        }
        with self._lock:
            entry["n"] = len(self._entries) + 1
            self._entries.append(entry)

    def since(self, number: int) -> list[dict[str, Any]]:
        """Return the entries after the number-th."""
        with self._lock:
            return self._entries[number:]

    def summary(self) -> dict[str, Any]:
        """Return counts: all calls, by name, by shop, by code, and by fault."""
        entries = self.since(0)
        counts = {
            "by_name": Counter(entry["name"] or entry["path"] for entry in entries),
            "by_shop": Counter(entry["shop"] for entry in entries if entry["shop"]),
            "by_code": Counter(str(entry["code"]) for entry in entries),
            "by_fault": Counter(entry["fault"] for entry in entries if entry["fault"]),
        }
        rows = sum((entry["page"] or {}).get("rows", 0) for entry in entries)
        return {"calls": len(entries), "rows": rows, **counts}


def rows_of(gateway: Gateway, table: str, shop_id: str | None) -> Iterator[dict[str, Any]]:
    """Return all rows of a table as the calls would give them now; LookupError if unknown."""
    if table not in TABLES:
        raise LookupError(f"no table {table}; there are {', '.join(TABLES)}")
    shop = gateway.world.shop(shop_id) if shop_id else gateway.world.shops[0]
    if shop is None:
        raise LookupError(f"no shop {shop_id}")
    if table == "shops":
        return iter([gateway.shop_payload(each) for each in gateway.world.shops])
    now, book = gateway.world.now(), gateway.books[shop.id]
    if table in analytics_rows.TABLES:
        return analytics_rows.TABLES[table](book, now)
    if table in finance_tables.TABLES:
        return finance_tables.TABLES[table](book, now)
    if table == "warehouses":
        return iter(warehouses.payloads(shop.region, shop.ids))
    if table in ("products", "product_search", "inventory"):
        return _product_rows(book, table, now)
    makers: dict[str, tuple[Timeline, Maker]] = {
        "orders": (shop.orders, book.orders.orders),
        "price_detail": (shop.orders, partial(_price_details, shop)),
        "returns": (shop.return_times, book.aftersales.returns),
        "cancellations": (shop.cancel_times, book.aftersales.cancellations),
    }
    timeline, make = makers[table]
    rows = timeline.find(now, (None, None), (None, None), by_update=False)[0]
    return _batched(rows, now, make)


def _product_rows(book: Book, table: str, now: int) -> Iterator[dict[str, Any]]:
    listings = book.shop.listings
    numbers = listings.numbers_at(now)
    if table == "products":
        when = np.full(len(numbers), now, dtype=np.int64)
        numbers = numbers[~np.isin(listings.status(numbers, when), WITHOUT_DETAIL)]
    make = {
        "products": book.products.details,
        "product_search": book.products.found,
        "inventory": book.products.inventory,
    }[table]
    return _batched(numbers, now, make)


def _price_details(shop: Shop, rows: Ints, _now: int) -> list[dict[str, Any]]:
    ids = shop.ids.many("order", rows)
    return [
        {"order_id": order_id, **detail}
        for order_id, detail in zip(ids, price_details(shop, rows), strict=True)
    ]


def _batched(rows: Ints, now: int, make: Maker) -> Iterator[dict[str, Any]]:
    for start in range(0, len(rows), _BATCH):
        yield from make(rows[start : start + _BATCH], now)


def ndjson(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Return rows as chunks of NDJSON."""
    chunk: list[bytes] = []
    for row in rows:
        chunk.append(orjson.dumps(row))
        if len(chunk) >= _BATCH:
            yield b"\n".join(chunk) + b"\n"
            chunk.clear()
    if chunk:
        yield b"\n".join(chunk) + b"\n"


def wish_in(body: bytes) -> dict[str, Any]:
    """Return what is asked for in a body; ValueError if it is no object."""
    wish = orjson.loads(body)
    if not isinstance(wish, dict):
        raise ValueError("send a JSON object")  # noqa: TRY004 - told to whoever asked
    return wish


def move_clocks(gateway: Gateway, body: bytes) -> dict[str, Any]:
    """Move the shop clock (`now` or `advance`) and age tokens (`advance_tokens`), in seconds.

    ValueError if the body is not one of these, or the clock would go back.
    """
    wishes = orjson.loads(body) if body else {}
    if not isinstance(wishes, dict) or set(wishes) - {"now", "advance", "advance_tokens"}:
        raise ValueError('send {"now": epoch}, {"advance": seconds} or {"advance_tokens": seconds}')
    if not all(isinstance(value, int) for value in wishes.values()):
        raise ValueError("seconds are whole numbers")
    clock = gateway.world.clock
    if "now" in wishes:
        clock.set_to(wishes["now"])
    if "advance" in wishes:
        clock.set_to(clock.now() + wishes["advance"])
    if "advance_tokens" in wishes:
        gateway.office.age(wishes["advance_tokens"])
    return {"now": gateway.world.now(), "tokens_now": gateway.office.now()}
