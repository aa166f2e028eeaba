"""All rows of the finance tables and of the links to other systems, for `/_rows/<table>`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np

from . import payloads_by_order, payloads_transactions, payloads_unsettled
from .books import Book
from .payloads_finance import NEWER_PAYMENTS

Rows = Iterator[dict[str, Any]]
_BATCH: Final = 200


def _statements(book: Book, now: int) -> Rows:
    days = book.finance.finance.days(now)
    for start in range(0, len(days), _BATCH):
        yield from book.finance.statements(days[start : start + _BATCH], now)


def _transactions(book: Book, now: int) -> Rows:
    known, ids = book.finance.finance.known(now), book.shop.ids
    days = book.finance.finance.days(now)
    rows = np.concatenate([known.of_day(day)[0] for day in days.tolist()] or [days])
    counts = known.ends[: len(days)] - known.starts[: len(days)]
    statements = np.repeat(days, counts)
    for start in range(0, len(rows), _BATCH):
        part = slice(start, start + _BATCH)
        payloads = payloads_transactions.nested(book.finance.parts, rows[part], now)
        for name, row in zip(ids.many("statement", statements[part]), payloads, strict=True):
            yield {"statement_id": name, **row}


def _orders(book: Book, now: int) -> Iterator[list[int]]:
    rows = book.shop.orders.find(now, (None, None), (None, None), by_update=False)[0]
    for start in range(0, len(rows), _BATCH):
        yield rows[start : start + _BATCH].tolist()


def _skus(book: Book, now: int) -> Rows:
    for positions in _orders(book, now):
        for order in payloads_by_order.of_orders(book.finance.parts, positions, now):
            for sku in order["sku_transactions"]:
                yield {"order_id": order["order_id"], **sku}


def _payments(book: Book, now: int) -> Rows:
    payments = book.finance.finance.payments(now)
    yield from book.finance.payments(payments, now, NEWER_PAYMENTS)


def _unsettled(book: Book, now: int) -> Rows:
    rows = book.finance.finance.known(now).unsettled(now)[0]
    for start in range(0, len(rows), _BATCH):
        part = np.asarray(rows[start : start + _BATCH])
        yield from payloads_unsettled.unsettled(book.finance.parts, part, now)


def _external_orders(book: Book, now: int) -> Rows:
    for positions in _orders(book, now):
        for position in positions:
            link = book.links.of_order(position, now)
            if link is not None:
                yield {"order_id": book.shop.ids.one("order", position), **link}


#: Table -> its rows as of now. Those of the calls by statement and by order (202501) have the
#: statement's or order's id added.
TABLES: Final[dict[str, Callable[[Book, int], Rows]]] = {
    "statements": _statements,
    "statement_transactions": _transactions,
    "statement_transaction_skus": _skus,
    "payments": _payments,
    "unsettled": _unsettled,
    "external_orders": _external_orders,
}
