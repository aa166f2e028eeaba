"""What is not settled yet, with estimates, as the unsettled call (202507) returns it.

Estimates know nothing of what comes back later, nor of a review; until the parcel is delivered
its freight is what the seller declared.
"""

from __future__ import annotations

from typing import Any, Final

from . import finance_rates as rates
from .arrivals import DAY
from .draws import Ints
from .finance_records import CODES, REFUND_AGAIN, SALE, Settlements
from .life import DELIVERED
from .payloads_records import SUMS, Line, Payload, RecordParts

_BEHIND: Final = rates.FREIGHT_BEHIND[1:-1]
_RETAIL, _SALES_TAX = rates.BEHIND_US[:3], rates.BEHIND_US[3:]
#: What is called otherwise here than on statements.
_BEFORE_TAX: Final = "affiliate_commission_before_pit_amount"
#: Later than this after the delivery, something must be the matter.
_USUALLY: Final = 15 * DAY


def sums(parts: RecordParts, rows: Ints, now: int) -> Payload:
    """Return the sums over all records that were found, as estimated at `now`."""
    columns = parts.finance.amounts.of(rows, parts.finance.known(now), estimated_at=now)
    return {
        f"sum_est_{name}": parts.money[int(columns[of].sum())]
        for name, of in (
            ("settlement_amount", "settlement_amount"),
            ("revenue_amount", "revenue_amount"),
            ("adjustment_amount", "adjustment_amount"),
            ("fee_amount", "fee_tax_amount"),
        )
    }


def unsettled(parts: RecordParts, rows: Ints, now: int) -> list[Payload]:
    """Return `transactions[]`: estimates of these records as of `now`."""
    known = parts.finance.known(now)
    lines = parts.lines(parts.finance.amounts.of(rows, known, estimated_at=now))
    announced, made = known.announced(now), []
    for row, head, line in zip(rows.tolist(), parts.heads(rows, known), lines, strict=True):
        payload = {**head, "status": "UNSETTLED", "currency": parts.shop.region.currency}
        payload |= {f"est_{name}": parts.money[line[name]] for name in SUMS}
        if row % CODES <= REFUND_AGAIN:
            payload |= _breakdowns(parts, line)
        if row % CODES == SALE:
            payload |= _waiting(row // CODES, known, now)
        else:
            payload["estimated_settlement"] = str(announced[row])
            payload["unsettled_reason"] = "waiting for settlement"
        made.append(payload)
    return made


def _breakdowns(parts: RecordParts, line: Line) -> dict[str, Any]:
    made = parts.breakdowns(line, _BEHIND)
    charged = made["fee_tax_breakdown"]
    if rates.BEFORE_TAX in charged["fee"]:
        charged["fee"][_BEFORE_TAX] = charged["fee"].pop(rates.BEFORE_TAX)
    if parts.shop.region.code == "US":  # collected and handed on: they come to nothing
        charged["fee"] |= parts.written(line, _RETAIL)
        charged["tax"] |= parts.written(line, _SALES_TAX)
    return made


def _waiting(position: int, known: Settlements, now: int) -> Payload:
    """Return when an order is thought to settle, and what it waits for."""
    delivered, expected = int(known.lives.at[position, DELIVERED]), int(known.expected[position])
    if delivered > now:
        return {
            "estimated_settlement": "7 days after delivery",
            "unsettled_reason": "waiting for delivery",
        }
    reason = "waiting for settlement"
    if known.is_returning(position, now):
        reason = "return or refund in progress"
    elif now > delivered + _USUALLY:
        reason = "under review"
    return {
        "order_delivery_time": delivered,
        "estimated_settlement": str(expected),
        "unsettled_reason": reason,
    }
