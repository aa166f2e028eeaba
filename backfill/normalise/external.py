"""The number of an order in another system (external order references, 202406)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from backfill.normalise.rows import Normalised, Row, each_of, read_each
from backfill.normalise.shape import Record
from backfill.normalise.values import WrongShape, identifier, plain_text
from catalogue.tables import ORDERS
from catalogue.tables_fbt import EXTERNAL_ORDER_LINE_ITEMS, EXTERNAL_ORDERS
from store.commits import Write

ORDER_COLUMNS: Final = ("order_id", "platform", "external_order_id", "source")
LINE_COLUMNS: Final = (
    *("order_id", "platform", "external_order_id"),
    *("external_line_item_id", "line_item_id", "source"),
)
CHECKED_COLUMNS: Final = (
    *("order_id", "order_key", "create_time", "update_time"),
    "external_checked_at",
)

#: What `source` says of references that TikTok keeps.
_TIKTOK: Final = "tiktok"


def normalise_external_orders(records: Iterable[object], order: Row) -> Normalised:
    """Rows of external_orders and external_order_line_items from TikTok's answer for one order, and
    on the order itself that it was asked for. `order`: the values of `CHECKED_COLUMNS`; they are
    ours, the answer has none of them."""
    order_id = order[0]
    orders: list[Row] = []
    lines: list[Row] = []

    def read(record: Record) -> None:
        platform = plain_text(record.get("platform"))
        external_id = plain_text(record.get("id"))
        if platform is None or external_id is None:
            raise WrongShape("is missing", "id" if platform else "platform")
        shared = (order_id, platform.upper(), external_id)

        def read_line(line: Any) -> Row:
            if not isinstance(line, dict):
                raise WrongShape("is not an object")
            external_line_id = plain_text(line.get("id"))
            if external_line_id is None:
                raise WrongShape("is missing", "id")
            return (*shared, external_line_id, identifier(line.get("origin_id")), _TIKTOK)

        own = each_of(record, "line_items", read_line)
        orders.append((*shared, _TIKTOK))
        lines.extend(own)

    rejected = read_each(records, "external_orders", read)
    return Normalised(
        (
            Write(EXTERNAL_ORDERS, ORDER_COLUMNS, orders),
            Write(EXTERNAL_ORDER_LINE_ITEMS, LINE_COLUMNS, lines),
            Write(ORDERS, CHECKED_COLUMNS, [order] if order_id else [], is_ours=True),
        ),
        rejected,
    )
