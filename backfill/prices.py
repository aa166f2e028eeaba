"""TikTok's own answers about prices are better than what we derive: they are not overwritten."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from backfill.normalise.rows import Normalised
from catalogue.tables import ORDER_LINE_ITEM_PRICE_DETAIL
from store.commits import Write
from store.records import ShopRecords


def without_answered_prices(records: ShopRecords, normalised: Normalised) -> Normalised:
    """Leave out derived prices of units whose price TikTok has told us for this very version of
    their order. Costs next to nothing in a shop that never asked for prices."""
    if "price_detail" not in records.progress():
        return normalised
    writes = tuple(
        _without_answered(records, write) if write.table is ORDER_LINE_ITEM_PRICE_DETAIL else write
        for write in normalised.writes
    )
    return replace(normalised, writes=writes)


def _without_answered(records: ShopRecords, write: Write) -> Write:
    if not write.rows:
        return write
    line, updated = (write.columns.index(name) for name in ("line_item_id", "update_time"))
    ids = [row[line] for row in write.rows]
    answered: dict[Any, Any] = dict(
        map(
            tuple,
            records.query(
                "SELECT line_item_id, update_time FROM order_line_item_price_detail "
                f"WHERE is_derived = 0 AND line_item_id IN ({', '.join('?' * len(ids))})",
                ids,
            ),
        )
    )
    kept = [row for row in write.rows if answered.get(row[line]) != row[updated]]
    return replace(write, rows=kept)
