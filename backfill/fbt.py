"""FBT warehouses under the ids of the seller's own list: the seller's names stay."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from backfill.normalise.rows import Normalised
from store.commits import Write
from store.records import ShopRecords

#: Where the two ids are in a row of warehouses as the FBT list gives it.
_ID: Final = 0
_FBT_ID: Final = 1


def without_sellers_names(records: ShopRecords, normalised: Normalised) -> Normalised:
    """Of a warehouse that the seller's own list names, too, keep only that it is TikTok's: two
    lists that overwrite each other would change it in every run."""
    sellers = {
        row[0]
        for row in records.query(
            "SELECT warehouse_id FROM warehouses WHERE effect_status IS NOT NULL"
        )
    }
    (write,) = normalised.writes
    theirs = [row for row in write.rows if row[_ID] in sellers]
    ours = [row for row in write.rows if row[_ID] not in sellers]
    flagged = Write(
        write.table, write.columns[: _FBT_ID + 1], [row[: _FBT_ID + 1] for row in theirs]
    )
    return replace(normalised, writes=(replace(write, rows=ours), flagged))
