"""Rows of finance: statements, their records whole and by SKU, payouts, money still to come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal

from benchmarks.oracle_rows import Known, Maker, Payload, Row, instant, money, sold_product, text


def finance_rows(known: Known) -> Mapping[str, Maker]:
    """The facts of finance of one shop."""
    statements = _statements(known)
    return {
        "statements": lambda: (_row(known, one) for one in statements.values()),
        "transactions": lambda: _transactions(known, statements),
        "settled_skus": lambda: _by_sku(known, statements),
        "payments": lambda: (_payment(known, one) for one in known.payloads.payments),
        "unsettled": lambda: (_unsettled(known, one) for one in known.payloads.unsettled),
    }


def _statements(known: Known) -> dict[str, Payload]:
    """Statements by id, with what their records come to; without it where none was read."""
    records: dict[str, list[Payload]] = defaultdict(list)
    for record in known.payloads.transactions:
        records[str(record["statement_id"])].append(record)
    return {
        str(one["id"]): {**one, **_summed(one, records[str(one["id"])])}
        for one in known.payloads.statements
    }


def _summed(statement: Payload, records: list[Payload]) -> Payload:
    if not records:
        return {}
    header = money(statement.get("settlement_amount"))
    settled = sum((money(one.get("settlement_amount")) for one in records), Decimal(0))
    reserved = sum((money(one.get("reserve_amount")) for one in records), Decimal(0))
    return {
        "adds_up": settled == header,
        "missing": header - settled,
        "records": len(records),
        "reserved": reserved,
        "payable": header + reserved,
    }


def _row(known: Known, statement: Payload) -> Row:
    return Row(
        known.payloads.shop,
        at=instant(statement.get("statement_time")),
        statement=statement,
        currency=text(statement.get("currency")),
    )


def _of_statement(row: Row, record: Payload, statements: Mapping[str, Payload]) -> Row:
    row.own = record
    row.statement = statements.get(str(record["statement_id"]), {})
    row.at = instant(row.statement.get("statement_time"))
    row.currency = text(row.statement.get("currency"))
    return row


def _transactions(known: Known, statements: Mapping[str, Payload]) -> Iterator[Row]:
    for record in known.payloads.transactions:
        names = ("order_id", "adjustment_order_id", "associated_order_id")
        about = next(filter(None, (text(record.get(name)) for name in names)), None)
        yield _of_statement(known.of_order(about), record, statements)


def _by_sku(known: Known, statements: Mapping[str, Payload]) -> Iterator[Row]:
    """The product is that of the order's units of the SKU."""
    for record in known.payloads.settled_skus:
        order_id, sku_id = text(record.get("order_id")), text(record.get("sku_id"))
        products = {text(unit.get("sku_id")): unit for unit in known.units_of(order_id)}
        unit = products.get(sku_id)
        product_id = sold_product(unit) if unit else None
        row = known.at_sku(known.of_order(order_id), product_id, sku_id)
        yield _of_statement(row, record, statements)


def _payment(known: Known, payment: Payload) -> Row:
    currency = text((payment.get("amount") or {}).get("currency"))
    at = instant(payment.get("create_time"))
    return Row(known.payloads.shop, at=at, own=payment, currency=currency)


def _unsettled(known: Known, record: Payload) -> Row:
    about = text(record.get("order_id")) or text(record.get("adjustment_order_id"))
    row = known.of_order(about)
    row.own, row.currency = record, text(record.get("currency"))
    return row
