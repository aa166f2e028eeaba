"""The finance calls: statements, their transactions, payments, and what is not settled yet."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from . import params, payloads_by_order, payloads_transactions, payloads_unsettled
from .answers import INVALID, NOT_YOUR_ORDER, refused
from .arrivals import DAY
from .books import Call, Found, inside
from .finance_records import CODES, RELEASED, RESERVED
from .finance_statements import FAILED, PAID, PROCESSING

#: The unsettled call looks no further back unless it is asked to: 2025-01-01T00:00Z.
_UNSETTLED_SINCE: Final = 1_735_689_600
_NESTED: Final = "202501"


def statement_list(call: Call) -> dict[str, Any]:
    """GET /finance/202309/statements: oldest first unless asked otherwise, `sort_field` needed."""
    query, finance = call.request.query, call.book.finance.finance
    size = params.page_size(query, 1, 100, 20)
    ascending = params.asked_order(query, "statement_time")
    made = params.query_window(query, "statement_time")
    status = params.choice(query, "payment_status", ("", PAID, FAILED, PROCESSING), "")

    def search() -> Found:
        days = finance.days(call.now)
        days = days[inside((days + 1) * DAY, made)]
        if status:
            payments = finance.payment_of(call.now)
            has = [
                (payments[day].status(call.now) if day in payments else PROCESSING) == status
                for day in days.tolist()
            ]
            days = days[np.asarray(has, dtype=np.bool_)]
        return days, (days + 1) * DAY

    days, more = call.page(size, ascending, search)
    del more["total_count"]  # this call does not tell it
    return {"statements": call.book.finance.statements(days, call.now), **more}


def statement_transactions(call: Call) -> dict[str, Any]:
    """GET /finance/{202501,202309}/statements/{id}/statement_transactions, by order creation."""
    book = call.book.finance
    size = params.page_size(call.request.query, 1, 100, 20)
    ascending = params.asked_order(call.request.query, "order_create_time")
    day = call.shop.ids.position("statement", call.ids[0])
    known = book.finance.known(call.now)
    if day is None or (day + 1) * DAY > call.now or not len(known.of_day(day)[0]):
        raise refused(INVALID, "Invalid parameter. statement_id is not one of this shop.")
    nested = call.version >= _NESTED

    def search() -> Found:
        rows, created = known.of_day(day)
        if not nested:  # the older layout knows no reserves
            kept = ~np.isin(rows % CODES, (RESERVED, RELEASED))
            rows, created = rows[kept], created[kept]
        return rows, created

    rows, more = call.page(size, ascending, search)
    if nested:
        made = payloads_transactions.nested(book.parts, rows, call.now)
        return {**book.statement_detail(day, call.now), "transactions": made, **more}
    made = payloads_transactions.flat(book.parts, rows, call.now)
    return {**book.flat_detail(day, call.now), "statement_transactions": made, **more}


def order_transactions(call: Call) -> dict[str, Any]:
    """GET /finance/202501/orders/{order_id}/statement_transactions: no paging, empty at first."""
    row = call.shop.order_row(call.ids[0], call.now)
    if row is None:
        raise refused(NOT_YOUR_ORDER, "The order does not belong to the seller.")
    made = payloads_by_order.of_orders(call.book.finance.parts, [row], call.now)[0]
    call.notes["page"] = {"rows": len(made["sku_transactions"])}
    return made


def payment_list(call: Call) -> dict[str, Any]:
    """GET /finance/{202605,202309}/payments: oldest first unless asked otherwise."""
    query = call.request.query
    size = params.page_size(query, 1, 100, 20)
    ascending = params.asked_order(query, "create_time")
    made = params.query_window(query, "create_time")
    payments = {each.statements[-1]: each for each in call.book.finance.finance.payments(call.now)}

    def search() -> Found:
        last = np.asarray(list(payments), dtype=np.int64)
        created = np.asarray([each.created for each in payments.values()], dtype=np.int64)
        there = inside(created, made)
        return last[there], created[there]

    rows, more = call.page(size, ascending, search)
    del more["total_count"]  # this call does not tell it
    found = [payments[row] for row in rows.tolist()]
    return {"payments": call.book.finance.payments(found, call.now, call.version), **more}


def unsettled_list(call: Call) -> dict[str, Any]:
    """GET /finance/202507/orders/unsettled: search_time is taken as the creation of the order."""
    query, book = call.request.query, call.book.finance
    size = params.page_size(query, 1, 100, 20)
    ascending = params.asked_order(query, "order_create_time")
    start, before = params.query_window(query, "search_time")
    made = (_UNSETTLED_SINCE if start is None else start, before)
    known = book.finance.known(call.now)

    def search() -> Found:
        rows, created = known.unsettled(call.now)
        there = inside(created, made)
        return rows[there], created[there]

    rows, more = call.page(size, ascending, search)
    sums = book.estimates.get(
        (call.now, made),
        lambda: payloads_unsettled.sums(book.parts, search()[0], call.now),
    )
    payloads = payloads_unsettled.unsettled(book.parts, rows, call.now)
    return {**sums, "transactions": payloads, **more}
