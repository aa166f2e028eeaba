"""Payloads of the finance calls: statements (202309, 202501) and payments (202309, 202605)."""

from __future__ import annotations

from typing import Final

from . import finance_rates as rates
from .arrivals import DAY
from .draws import Ints
from .finance_statements import PAID, PROCESSING, Finance, Payment
from .kept import Kept
from .payloads_records import Payload, RecordParts
from .regions import Amounts as Written
from .shop import Shop

#: From this version on a payment names neither reserve nor bank account.
NEWER_PAYMENTS: Final = "202605"


class FinancePayloads:
    """Makes the payloads of one shop's statements and payments; `parts` for their records."""

    def __init__(self, shop: Shop) -> None:
        self.finance = Finance(shop)
        self.parts = RecordParts(shop, self.finance)
        self.estimates = Kept[Payload](4)  # sums over all that is unsettled, by what was asked
        self._shop = shop
        self._money = Written(shop.region)

    def statements(self, days: Ints, now: int) -> list[Payload]:
        """Return `statements[]` for these days."""
        numbers = days.tolist()
        payments, ids = self.finance.payment_of(now), self._shop.ids
        made = []
        for statement_id, day, totals in zip(
            ids.many("statement", days), numbers, self.finance.totals(numbers, now), strict=True
        ):
            payment = payments.get(day)
            statement = {
                "id": statement_id,
                "statement_time": (day + 1) * DAY,
                **self._head(totals),
                "payment_status": payment.status(now) if payment else PROCESSING,
            }
            if payment is not None:
                statement["payment_id"] = ids.one("payment", payment.statements[-1])
                if payment.status(now) == PAID:
                    statement["payment_time"] = payment.paid_at
            made.append(statement)
        return made

    def _head(self, totals: tuple[int, ...]) -> Payload:
        """Return the amounts of a statement; which columns there are depends on the market."""
        region, money = self._shop.region, self._money
        revenue, freight, fees, adjustment, settlement, _ = totals
        apart = region.code in rates.FREIGHT_APART
        head = {
            "currency": region.currency,
            "settlement_amount": money[settlement],
            "fee_amount": money[fees if apart else fees + freight],
            "shipping_cost_amount": money[freight if apart else 0],
            "adjustment_amount": money[adjustment],
        }
        if not apart:
            head["revenue_amount"] = money[revenue]
        if region.code not in rates.SOUTH_EAST_ASIA:
            head["net_sales_amount"] = money[revenue]
        return head

    def statement_detail(self, day: int, now: int) -> Payload:
        """Return what the transactions call (202501) says about the statement itself."""
        totals = self.finance.totals([day], now)[0]
        revenue, freight, fees, adjustment, settlement, reserve = (self._money[t] for t in totals)
        return {
            "id": self._shop.ids.one("statement", day),
            "create_time": (day + 1) * DAY,
            "status": "SETTLED",
            "currency": self._shop.region.currency,
            "payable_amount": self._money[totals[4] + totals[5]],
            "total_reserve_amount": reserve,
            "total_settlement_amount": settlement,
            "total_settlement_breakdown": {
                "total_revenue_amount": revenue,
                "total_shipping_cost_amount": freight,
                "total_fee_tax_amount": fees,
                "total_adjustment_amount": adjustment,
            },
        }

    def flat_detail(self, day: int, now: int) -> Payload:
        """Return what the flat transactions call (202309) says about the statement itself."""
        return {
            "statement_id": self._shop.ids.one("statement", day),
            "statement_time": (day + 1) * DAY,
            **self._head(self.finance.totals([day], now)[0]),
        }

    def payments(self, found: list[Payment], now: int, version: str) -> list[Payload]:
        """Return `payments[]`; an amount is what its statements come to, in their currency."""
        made = []
        for payment in found:
            totals = self.finance.totals(list(payment.statements), now)
            settlement, reserve = (sum(each[k] for each in totals) for k in (4, 5))
            row: Payload = {
                "id": self._shop.ids.one("payment", payment.statements[-1]),
                "create_time": payment.created,
                "status": payment.status(now),
                "amount": self._amount(settlement + reserve),
                "settlement_amount": self._amount(settlement),
                "payment_amount_before_exchange": self._amount(settlement + reserve),
                "exchange_rate": "1.000000",
            }
            if row["status"] == PAID:
                row["paid_time"] = payment.paid_at
            if version < NEWER_PAYMENTS:
                row["reserve_amount"] = self._amount(reserve)
                row["bank_account"] = "*******CANARY-0000"
            made.append(row)
        return made

    def _amount(self, minor: int) -> Payload:
        return {"currency": self._shop.region.currency, "value": self._money[minor]}
