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


def money_states(
    orders: str = "orders",
    transactions: str = "statement_transactions",
    unsettled: str = "unsettled_transactions",
) -> str:
    """SQL, the same for the records (SQLite) and the columns (DuckDB): `order_id` and
    `money_state`, one row per order. The arguments say what stands for the three tables."""
    return f"""
        SELECT order_id, CASE
            WHEN order_key IN (
                SELECT order_key FROM {transactions} WHERE order_id IS NOT NULL) THEN '{SETTLED}'
            WHEN order_key IN (
                SELECT order_key FROM {unsettled}
                WHERE order_id IS NOT NULL AND is_unsettled) THEN '{ESTIMATED}'
            ELSE '{PLACED}' END AS money_state
        FROM {orders}"""
