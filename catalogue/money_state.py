"""How far the money of an order has come.

placed     nothing is known of it but the order
estimated  TikTok lists it as unsettled and estimates what will be paid out
settled    a statement has a record of it; what was estimated counts no more

Corrections and reserves that name the order are no settlement of it.
"""

from __future__ import annotations

from typing import Final

PLACED: Final = "placed"
ESTIMATED: Final = "estimated"
SETTLED: Final = "settled"


def money_stages(
    transactions: str = "statement_transactions", unsettled: str = "unsettled_transactions"
) -> str:
    """SQL, the same for the records (SQLite) and the columns (DuckDB): `order_key` and
    `money_state`, one row per order that is more than placed. The arguments say what stands for
    the two tables."""
    return f"""
        SELECT order_key, CASE MAX(stage) WHEN 2 THEN '{SETTLED}' ELSE '{ESTIMATED}' END
            AS money_state
        FROM (
            SELECT order_key, 2 AS stage FROM {transactions} WHERE order_id IS NOT NULL
            UNION ALL
            SELECT order_key, 1 AS stage FROM {unsettled}
            WHERE order_id IS NOT NULL AND is_unsettled
        ) AS stages
        GROUP BY order_key"""


def money_states(
    orders: str = "orders",
    transactions: str = "statement_transactions",
    unsettled: str = "unsettled_transactions",
) -> str:
    """Likewise `order_id` and `money_state`, one row per order."""
    return f"""
        SELECT order_id, COALESCE(money_state, '{PLACED}') AS money_state
        FROM {orders} AS all_orders
        LEFT JOIN ({money_stages(transactions, unsettled)}) AS further
            ON further.order_key = all_orders.order_key"""
