"""Views: what is known of an order or a buyer from several records at once, one row per key.

A view is made from the shop's whole kept history when it is asked for, so that it is never older
than the records: a settlement changes the state of an order's money without changing the order.
Facts reach a view many-to-one, like a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from catalogue.money_state import money_stages
from catalogue.table import Column, Kind


@dataclass(frozen=True)
class View:
    """`sql`: DuckDB's, with the name of a record table in braces where its rows go."""

    name: str
    about: str
    key: str
    sql: str
    columns: tuple[Column, ...]


VIEWS: Final[dict[str, View]] = {
    view.name: view
    for view in (
        View(
            name="order_money",
            about="Orders whose money has come further than the order itself.",
            key="order_key",
            sql=money_stages("{statement_transactions}", "{unsettled_transactions}"),
            columns=(
                Column("order_key", Kind.KEY),
                Column("money_state", Kind.TEXT, "settled or estimated."),
            ),
        ),
        View(
            name="buyers",
            about="Buyers with a paid order.",
            key="buyer_key",
            sql="SELECT buyer_key, MIN(create_time) AS first_order_at FROM {orders} "
            "WHERE is_paid AND buyer_key IS NOT NULL GROUP BY buyer_key",
            columns=(
                Column("buyer_key", Kind.KEY),
                Column("first_order_at", Kind.INSTANT, "Creation of the first paid order."),
            ),
        ),
        View(
            name="order_references",
            about="Orders that have a number in another system.",
            key="order_id",
            sql="SELECT order_id, "
            "string_agg(DISTINCT external_order_id, ',' ORDER BY external_order_id) "
            "AS external_order_ids, string_agg(DISTINCT platform, ',' ORDER BY platform) "
            "AS platforms FROM {external_orders} GROUP BY order_id",
            columns=(
                Column("order_id", Kind.TEXT),
                Column("external_order_ids", Kind.TEXT, "Joined with a comma."),
                Column("platforms", Kind.TEXT, "Joined with a comma."),
            ),
        ),
    )
}
