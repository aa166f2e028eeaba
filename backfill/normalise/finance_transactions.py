"""Settlement records: of a statement (202501), of an order by SKU (202501), and those still to come
(202507). All amounts keep TikTok's sign; the nested ones become columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any, Final

import orjson

from backfill.normalise.rows import Normalised, Row, by_name, key_or_none, read_each
from backfill.normalise.shape import Record, Shape, child, children
from backfill.normalise.values import WrongShape, instant, key_of, money, text
from catalogue.tables_finance import (
    BREAKDOWN,
    ESTIMATED_BREAKDOWN,
    SKU_BREAKDOWN,
    STATEMENT_TRANSACTION_SKUS,
    STATEMENT_TRANSACTIONS,
    STATEMENTS,
    UNSETTLED_TRANSACTIONS,
)
from store.commits import Write

#: Amounts that TikTok has given in either of two places.
_MOVED: Final = (
    "fbt_fulfillment_fee_reimbursement_amount",
    "shipping_fee_guarantee_reimbursement",
)

_TOTALS: Final = (
    *("settlement_amount", "revenue_amount"),
    *("shipping_cost_amount", "fee_tax_amount"),
)


def _nested(breakdown: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {name: f"{parent}.{name}" for parent, names in breakdown.items() for name in names}


_TRANSACTION: Final = Shape(
    STATEMENT_TRANSACTIONS,
    {
        "transaction_id": "id",
        **by_name(
            *("type", "order_id", "adjustment_id", "adjustment_order_id", "associated_order_id"),
            *("order_create_time", "reserve_id", "reserve_status", "estimated_release_time"),
            *(*_TOTALS, "adjustment_amount", "reserve_amount"),
        ),
        **_nested(BREAKDOWN),
    },
    required=("transaction_id",),
)
_TRANSACTION_COLUMNS: Final = (
    *_TRANSACTION.columns,
    *("order_key", "statement_id", "statement_key", "statement_time", "currency"),
)
#: What reading all transactions of a statement tells about it; the last ones are worked out by
#: `backfill.reconcile`.
COMPARED: Final = (
    *("transaction_count", "transaction_settlement_sum", "settlement_difference"),
    *("is_reconciled", "formula_difference"),
)
_READ_COLUMNS: Final = (
    *("statement_id", "statement_key", "statement_time", "payable_amount", "total_reserve_amount"),
    *("transactions_read_at", "reconciled_header", *COMPARED),
)

_SKU: Final = Shape(
    STATEMENT_TRANSACTION_SKUS,
    {
        **by_name("statement_id", "sku_id", "sku_name", "product_name", "quantity", *_TOTALS),
        **_nested(SKU_BREAKDOWN),
    },
    required=("statement_id", "sku_id"),
)
_SKU_COLUMNS: Final = (
    *_SKU.columns,
    *("row_number", "order_id", "order_key", "statement_key", "statement_time", "product_id"),
    "currency",
)

_UNSETTLED: Final = Shape(
    UNSETTLED_TRANSACTIONS,
    {
        "transaction_id": "id",
        **by_name(
            *("type", "status", "unsettled_reason", "order_id", "adjustment_id"),
            *("adjustment_order_id", "order_create_time", "order_delivery_time"),
            *("estimated_settlement", "currency", "est_settlement_amount", "est_revenue_amount"),
            *("est_shipping_cost_amount", "est_fee_tax_amount", "est_adjustment_amount"),
        ),
        **_nested(ESTIMATED_BREAKDOWN),
    },
    required=("transaction_id",),
)
_UNSETTLED_COLUMNS: Final = (
    *_UNSETTLED.columns,
    *("order_key", "estimated_settlement_time", "first_listed_at", "is_unsettled"),
)


def normalise_statement_transactions(
    pages: Iterable[object], statement: tuple[Any, ...], read_at: int, *, complete: bool
) -> Normalised:
    """Rows of statement_transactions from one page, and, from the last page (`complete`), the row
    of statements that says that they were read, in the run that began at `read_at`.

    `statement`: its id, time, currency and the amounts of its header, joined. The page names none
    of them, or by names that other calls use for something else.
    """
    statement_id, statement_time, currency, header = statement
    shared = (statement_id, key_of(statement_id), statement_time)
    rows: list[Row] = []
    headers: list[Row] = []
    rejected: list[tuple[str, str]] = []
    order, adjusted, associated = map(
        _TRANSACTION.position, ("order_id", "adjustment_order_id", "associated_order_id")
    )

    def read(record: Record) -> None:
        row = _TRANSACTION.read(_with_moved(record))
        about = row[order] or row[adjusted] or row[associated]
        rows.append((*row, key_or_none(about), *shared, currency))

    def read_page(page: Record) -> None:
        rejected.extend(read_each(children(page, "transactions"), "transactions", read))
        if complete:
            amounts = (_amount(page, "payable_amount"), _amount(page, "total_reserve_amount"))
            headers.append((*shared, *amounts, read_at, header, *(None for _ in COMPARED)))

    rejected.extend(read_each(pages, "statement_transactions", read_page))
    return Normalised(
        (
            Write(STATEMENT_TRANSACTIONS, _TRANSACTION_COLUMNS, rows),
            Write(STATEMENTS, _READ_COLUMNS, headers, is_ours=True),
        ),
        tuple(rejected),
    )


def normalise_statement_transaction_skus(
    answers: Iterable[object], order: tuple[Any, ...], read_at: int
) -> Normalised:
    """Rows of statement_transaction_skus from TikTok's answer for one order, and the rows of
    statement_transactions that say that it was asked, in the run that began at `read_at`.

    `order`: its id, JSON of its transactions ([transaction id, statement id, statement time]) and
    of its units ({SKU id: product id}). What belongs to a statement that was not read is left out:
    it comes when that statement has been read.
    """
    order_id, transactions_json, products_json = order
    transactions = orjson.loads(transactions_json)
    products: dict[str, str] = orjson.loads(products_json)
    times = {statement_id: time for _, statement_id, time in transactions}
    rows: list[Row] = []
    numbers: dict[tuple[str, str], count[int]] = {}
    statement, sku = _SKU.position("statement_id"), _SKU.position("sku_id")
    rejected: list[tuple[str, str]] = []

    def read_answer(answer: Record) -> None:
        currency = text(answer.get("currency"))

        def read(record: Record) -> None:
            row = _SKU.read(_with_moved(record))
            statement_id, sku_id = row[statement], row[sku]
            if statement_id not in times:
                return
            number = next(numbers.setdefault((statement_id, sku_id), count(1)))
            rows.append(
                (
                    *(*row, number, order_id, key_of(order_id), key_of(statement_id)),
                    *(times[statement_id], products.get(sku_id), currency),
                )
            )

        rejected.extend(read_each(children(answer, "sku_transactions"), "sku_transactions", read))

    rejected.extend(read_each(answers, "order_statement_transactions", read_answer))
    asked = [
        (transaction_id, statement_id, key_of(statement_id), time, read_at)
        for transaction_id, statement_id, time in transactions
    ]
    asked_columns = ("transaction_id", "statement_id", "statement_key", "statement_time")
    return Normalised(
        (
            Write(STATEMENT_TRANSACTION_SKUS, _SKU_COLUMNS, rows),
            Write(STATEMENT_TRANSACTIONS, (*asked_columns, "skus_read_at"), asked, is_ours=True),
        ),
        tuple(rejected),
    )


def normalise_unsettled_transactions(records: Iterable[object], listed_at: int) -> Normalised:
    """Rows of unsettled_transactions, as listed in the run that began at `listed_at`."""
    rows: list[Row] = []
    order, adjusted, estimated = map(
        _UNSETTLED.position, ("order_id", "adjustment_order_id", "estimated_settlement")
    )

    def read(record: Record) -> None:
        row = _UNSETTLED.read(_with_moved(record))
        about = key_or_none(row[order] or row[adjusted])
        rows.append((*row, about, _moment(row[estimated]), listed_at, 1))

    rejected = read_each(records, "transactions", read)
    return Normalised((Write(UNSETTLED_TRANSACTIONS, _UNSETTLED_COLUMNS, rows),), rejected)


def _with_moved(record: Record) -> Record:
    """The record with the amounts that TikTok has moved in the place they have now."""
    freight = child(record, "shipping_cost_breakdown")
    behind = child(freight, "supplementary_component")
    moved = {name: behind[name] for name in _MOVED if behind.get(name) and not freight.get(name)}
    return {**record, "shipping_cost_breakdown": {**freight, **moved}} if moved else record


def _amount(record: Record, name: str) -> object:
    try:
        return money(record.get(name))
    except (WrongShape, TypeError):
        raise WrongShape("is not a decimal number", name) from None


def _moment(estimated: str | None) -> object:
    """TikTok says "x days after delivery" until the delivery, a moment in seconds after it."""
    known = estimated is not None and estimated.isdecimal() and len(estimated) <= 11
    return instant(estimated) if known else None
