"""Statements and payments (Get Statements 202309, Get Payments 202605 and 202309). The bank account
of a payment is in no mapping."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from backfill.normalise.rows import Normalised, Row, by_name, read_each
from backfill.normalise.shape import Record, Shape
from backfill.normalise.values import key_of
from catalogue.tables_finance import HEADER_AMOUNTS, PAYMENTS, STATEMENTS
from store.commits import Write

_STATEMENT: Final = Shape(
    STATEMENTS,
    {
        "statement_id": "id",
        **by_name("statement_time", "payment_status", "payment_id", "payment_time", "currency"),
        **by_name(*HEADER_AMOUNTS),
    },
    required=("statement_id", "statement_time"),
)

_PAYMENT: Final = Shape(
    PAYMENTS,
    {
        "payment_id": "id",
        **by_name("create_time", "paid_time", "status", "exchange_rate"),
        "amount": "amount.value",
        "currency": "amount.currency",
        "payment_amount_before_exchange": "payment_amount_before_exchange.value",
        "settlement_amount": "settlement_amount.value",
        "settlement_currency": "settlement_amount.currency",
        "reserve_amount": "reserve_amount.value",
    },
    required=("payment_id", "create_time"),
)


def normalise_statements(records: Iterable[object]) -> Normalised:
    """Rows of statements: the header as TikTok gives it."""
    rows: list[Row] = []

    def read(record: Record) -> None:
        row = _STATEMENT.read(record)
        rows.append((*row, key_of(row[0])))

    rejected = read_each(records, "statements", read)
    columns = (*_STATEMENT.columns, "statement_key")
    return Normalised((Write(STATEMENTS, columns, rows),), rejected)


def normalise_payments(records: Iterable[object]) -> Normalised:
    """Rows of payments."""
    rows: list[Row] = []

    def read(record: Record) -> None:
        rows.append(tuple(_PAYMENT.read(record)))

    rejected = read_each(records, "payments", read)
    return Normalised((Write(PAYMENTS, _PAYMENT.columns, rows),), rejected)
