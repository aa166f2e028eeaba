"""Whether a statement adds up: its transactions against its header, and the header against its own
parts. Amounts are exact decimals; a difference is kept and shown, never made to fit.

TikTok's formula differs by region: the statements of local shops in the US and the UK add up from
net sales, freight, fees and adjustments, elsewhere from revenue, fees (with the freight in them)
and adjustments. What TikTok signs negative is negative here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from backfill.normalise.finance_transactions import COMPARED
from backfill.normalise.rows import Normalised
from catalogue.tables_finance import (
    HEADER_AMOUNTS,
    STATEMENT_TRANSACTIONS,
    STATEMENTS,
    UNSETTLED_TRANSACTIONS,
)
from store.commits import Write
from store.records import ShopRecords

_NET_SALES_REGIONS: Final = frozenset({"US", "GB"})
_NET_SALES_PARTS: Final = (
    *("net_sales_amount", "shipping_cost_amount", "fee_amount", "adjustment_amount"),
)
_REVENUE_PARTS: Final = ("revenue_amount", "fee_amount", "adjustment_amount")

Amount = str | None


def compared(
    header: Mapping[str, Amount],
    settlements: Iterable[Amount],
    *,
    region: str | None,
    seller_type: str | None,
) -> dict[str, object]:
    """The values of `COMPARED`: how the settlements of its transactions and its own amounts stand
    against the settlement of the header (decimal strings; null where the header does not say it).
    """
    amounts = [Decimal(one or 0) for one in settlements]
    total = sum(amounts, Decimal(0))
    stated = header["settlement_amount"]
    difference = None if stated is None else Decimal(stated) - total
    parts = [header[name] for name in _parts_of(region, seller_type)]
    by_formula = None
    if stated is not None and parts[0] is not None:
        by_formula = Decimal(stated) - sum((Decimal(one or 0) for one in parts), Decimal(0))
    values = (
        *(len(amounts), format(total, "f"), _text(difference)),
        *(None if difference is None else int(difference == 0), _text(by_formula)),
    )
    return dict(zip(COMPARED, values, strict=True))


def _parts_of(region: str | None, seller_type: str | None) -> tuple[str, ...]:
    is_local = seller_type != "CROSS_BORDER"
    return _NET_SALES_PARTS if region in _NET_SALES_REGIONS and is_local else _REVENUE_PARTS


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def with_sums(records: ShopRecords, normalised: Normalised) -> Normalised:
    """Fill in `COMPARED` for the statement whose last page this is; other pages stay as they are.
    Transactions of its earlier pages are in the records already."""
    writes = tuple(
        _summed(records, write, normalised) if write.table is STATEMENTS and write.rows else write
        for write in normalised.writes
    )
    return replace(normalised, writes=writes)


def _summed(records: ShopRecords, write: Write, normalised: Normalised) -> Write:
    (row,) = write.rows
    values = dict(zip(write.columns, row, strict=True))
    key = (values["statement_key"],)
    settlements: dict[Any, Any] = dict(
        map(
            tuple,
            records.query(
                "SELECT transaction_id, settlement_amount FROM statement_transactions "
                "WHERE statement_key = ?",
                key,
            ),
        )
    )
    for page in normalised.writes:
        if page.table is STATEMENT_TRANSACTIONS:
            named, amount = map(page.columns.index, ("transaction_id", "settlement_amount"))
            settlements |= {one[named]: one[amount] for one in page.rows}
    (header,) = records.query(
        f"SELECT {', '.join(HEADER_AMOUNTS)} FROM statements WHERE statement_key = ?", key
    )
    shops = records.query("SELECT region, seller_type FROM shops")
    region, seller_type = tuple(shops[0]) if shops else (None, None)
    values |= compared(dict(header), settlements.values(), region=region, seller_type=seller_type)
    return replace(write, rows=[tuple(values[name] for name in write.columns)])


def no_longer_listed(records: ShopRecords, listed_since: int) -> tuple[Write, ...]:
    """Records of TikTok's list of unsettled money that its newest complete reading, begun at
    `listed_since` (UTC epoch seconds), did not have: settled, or given up."""
    gone = records.query(
        "SELECT transaction_id, first_listed_at, 0 FROM unsettled_transactions "
        "WHERE is_unsettled = 1 AND last_seen_at < ?",
        (listed_since,),
    )
    columns = ("transaction_id", "first_listed_at", "is_unsettled")
    return (Write(UNSETTLED_TRANSACTIONS, columns, [tuple(row) for row in gone], is_ours=True),)
