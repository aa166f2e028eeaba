"""The stages of finance: statements with their transactions, payments, money still to come.

The transactions are read by statement, which is one call for up to a hundred orders. Their parts by
SKU need a call an order: they are optional, come last and have a daily number of calls.
"""

from __future__ import annotations

from typing import Final

from backfill.normalise.finance import normalise_payments, normalise_statements
from backfill.normalise.finance_transactions import (
    normalise_statement_transaction_skus,
    normalise_statement_transactions,
    normalise_unsettled_transactions,
)
from backfill.reconcile import no_longer_listed, with_sums
from backfill.stage import ById, InWindows, Stage, Whole, plain
from backfill.windows import DAY
from catalogue import tables_finance as tables

_HEADER: Final = " || '|' || ".join(f"COALESCE({name}, '')" for name in tables.HEADER_AMOUNTS)

#: Statements of which no transaction was read since their header changed, and those that do not
#: add up while they are not paid out.
_TRANSACTIONS: Final = f"""
    SELECT statement_id, statement_time, currency, {_HEADER} FROM statements
    WHERE reconciled_header IS NOT {_HEADER}
       OR (COALESCE(is_reconciled, 0) = 0 AND COALESCE(payment_status, '') <> 'PAID'
           AND transactions_read_at < ?)
    ORDER BY statement_time DESC, statement_id
"""
_SKUS: Final = """
    SELECT t.order_id,
           json_group_array(json_array(t.transaction_id, t.statement_id, t.statement_time)),
           (SELECT json_group_object(l.sku_id, COALESCE(l.auction_product_id, l.product_id))
            FROM order_line_items AS l
            WHERE l.order_key = t.order_key AND l.sku_id IS NOT NULL)
    FROM statement_transactions AS t
    WHERE t.order_id IN (SELECT order_id FROM statement_transactions WHERE skus_read_at IS NULL)
    GROUP BY t.order_id
    ORDER BY MAX(t.statement_time) DESC, t.order_id
"""

#: What is not paid out may still change; after so many days nobody waits for it.
_OPEN_DAYS: Final = 90
_OPEN_STATEMENTS: Final = f"""
    SELECT MIN(statement_time) FROM statements
    WHERE COALESCE(payment_status, '') <> 'PAID' AND statement_time >= ? - {_OPEN_DAYS * DAY}
"""
_OPEN_PAYMENTS: Final = f"""
    SELECT MIN(create_time) FROM payments
    WHERE COALESCE(status, '') <> 'PAID' AND create_time >= ? - {_OPEN_DAYS * DAY}
"""

FINANCE_STAGES: Final = (
    Stage(
        name="statements",
        label="Financial Statements",
        data="finance",
        endpoint="statements",
        reads=InWindows("statement_time", 30, open_since=_OPEN_STATEMENTS),
        normalise=plain(normalise_statements),
        tables=(tables.STATEMENTS,),
        after=("cancellations",),
    ),
    Stage(
        name="payments",
        label="Financial Statements",
        data="finance",
        endpoint="payments",
        reads=InWindows("create_time", 30, open_since=_OPEN_PAYMENTS),
        normalise=plain(normalise_payments),
        tables=(tables.PAYMENTS,),
        after=("statements",),
    ),
    Stage(
        name="statement_transactions",
        label="Statement Transactions",
        data="finance",
        endpoint="statement_transactions",
        reads=ById(_TRANSACTIONS, path="statement_id", covers_like="statements"),
        normalise=lambda pages, context: normalise_statement_transactions(
            pages, context.asked, context.as_of, complete=context.complete
        ),
        tables=(tables.STATEMENT_TRANSACTIONS, tables.STATEMENTS),
        needs=("statements",),
        after=("payments",),
        reconcile=with_sums,
    ),
    Stage(
        name="unsettled_transactions",
        label="Statement Transactions",
        data="finance",
        endpoint="unsettled_transactions",
        reads=Whole("search_time"),
        normalise=lambda records, context: normalise_unsettled_transactions(records, context.as_of),
        tables=(tables.UNSETTLED_TRANSACTIONS,),
        after=("statement_transactions",),
        conclude=no_longer_listed,
    ),
    Stage(
        name="statement_transaction_skus",
        label="Statement Transactions",
        data="sku_finance",
        endpoint="order_statement_transactions",
        reads=ById(_SKUS, path="order_id", covers_like="statement_transactions"),
        normalise=lambda answers, context: normalise_statement_transaction_skus(
            answers, context.asked, context.as_of
        ),
        tables=(tables.STATEMENT_TRANSACTION_SKUS, tables.STATEMENT_TRANSACTIONS),
        needs=("statement_transactions",),
        after=("unsettled_transactions", "product_details"),
        optional=True,
    ),
)
