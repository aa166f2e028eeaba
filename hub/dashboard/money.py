"""Answers → profit and loss, from gross sales to what is settled. Pure.

The lines are those of TikTok's settlement: revenue, fees and taxes, freight and corrections make
the settlement of a record (Statement Transactions, 202501). What a line does not name is shown as
the rest of its part, so that every part adds up to its total.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from catalogue.fields import FIELDS
from connector.coverage import Known
from connector.rows import Row
from connector.zones import DAY, day_of

#: Total -> (what it is called here, its parts, what the rest of it is called).
_PARTS: Final[Mapping[str, tuple[str, tuple[str, ...], str]]] = {
    "tx_revenue": (
        "Revenue",
        ("tx_gross_sales", "tx_gross_sales_refund", "tx_seller_discount",
         "tx_seller_discount_refund"),
        "Other revenue",
    ),
    "tx_fee_tax": (
        "Fees and taxes",
        ("referral_fee", "platform_commission", "transaction_fee", "affiliate_commission",
         "affiliate_partner_commission", "affiliate_ads_commission", "gmv_max_ad_fee", "tx_taxes"),
        "Other fees",
    ),
    "tx_shipping_cost": ("Shipping", (), ""),
    "tx_adjustment": ("Adjustments", (), ""),
}  # fmt: skip
_TOTAL: Final = "tx_settlement"
_REST: Final = "Reserves and other"
#: Smaller is a matter of rounding.
_NOTHING: Final = 0.005
#: The parts of the import that settled money is read from.
_FED_BY: Final = "statement_transactions"

QUESTION: Final = tuple(
    dict.fromkeys([*(name for total in _PARTS for name in (*_PARTS[total][1], total)), _TOTAL])
)


@dataclass(frozen=True, slots=True)
class Line:
    """`level`: 0 of the settlement, 1 of its parts, 2 of what these are made of. `share` of the
    gross sales, None where there are none."""

    label: str
    about: str
    amount: float
    level: int
    share: float | None


@dataclass(frozen=True, slots=True)
class MoneyState:
    """How much of the sales of the range has come so far with its money."""

    label: str
    meaning: str
    gmv: float
    share: float


_STATES: Final = {
    "settled": ("Settled", "On a statement."),
    "estimated": ("Estimated", "TikTok says what it is going to be."),
    "placed": ("Placed", "Nothing is known of the money yet."),
}


def profit_and_loss(row: Row) -> list[Line]:
    """`row`: the answer to QUESTION without a dimension; none of the amounts known: no lines."""
    if _number(row, _TOTAL) is None:
        return []
    gross = _amount(row, "tx_gross_sales")
    lines: list[Line] = []

    def add(label: str, about: str, amount: float, level: int) -> None:
        lines.append(Line(label, about, amount, level, amount / gross if gross else None))

    for total, (label, parts, rest) in _PARTS.items():
        for part in parts:
            amount = _amount(row, part)
            if abs(amount) >= _NOTHING:
                add(_plain(part), FIELDS[part].about, amount, 2)
        left = _amount(row, total) - sum(_amount(row, part) for part in parts)
        if parts and abs(left) >= _NOTHING:
            add(rest, "", left, 2)
        add(label, FIELDS[total].about, _amount(row, total), 1)
    other = _amount(row, _TOTAL) - sum(_amount(row, total) for total in _PARTS)
    if abs(other) >= _NOTHING:
        add(_REST, FIELDS["reserve_amount"].about, other, 1)
    add("Settlement", FIELDS[_TOTAL].about, _amount(row, _TOTAL), 0)
    return lines


def money_states(rows: Iterable[Row]) -> list[MoneyState]:
    """`rows`: sales by how far their money has come."""
    found = {str(row["money_state"]): row for row in rows if row["money_state"]}
    whole = sum(_amount(row, "gmv") for row in found.values())
    made = []
    for state, (label, meaning) in _STATES.items():
        row = found.get(state, {})
        gmv = _amount(row, "gmv")
        made.append(MoneyState(label, meaning, gmv, gmv / whole if whole else 0.0))
    return made


def complete_through(known: Known) -> dt.date | None:
    """The last day (UTC) whose statements are read, of all shops that have any."""
    ends = [stretches[-1].end for read in known.values() if (stretches := read.get(_FED_BY))]
    return day_of(int(min(ends)) // DAY - 1) if ends else None


def _plain(name: str) -> str:
    """The label without what the heading says."""
    return FIELDS[name].label.removesuffix(" (settled)")


def _number(row: Row, name: str) -> float | None:
    value = row.get(name)
    return float(value) if isinstance(value, int | float) else None


def _amount(row: Row, name: str) -> float:
    return _number(row, name) or 0.0
