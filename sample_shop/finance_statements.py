"""Statements and payments of a shop: what was settled on a day, and how the money was sent.

A statement is cut at 00:00 UTC for the day before if anything was settled on it, and is named by
that day (days since the epoch). A payment collects statements until they are worth a transfer;
banks rest at week-ends.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

import numpy as np

from .arrivals import DAY, HOUR
from .draws import Ints
from .finance_amounts import TOTALS, Amounts
from .finance_records import Settlements
from .shop import Shop

#: Statements of fewer records wait for the next ones, but not longer than a week.
SMALL: Final = 5
_LONGEST_WAIT: Final = 7
_AHEAD: Final = 7 * DAY
_BATCH: Final = 50_000
PROCESSING, FAILED, PAID = "PROCESSING", "FAILED", "PAID"


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment of statements. Instants in UTC seconds; `failed_at` None: it went well at once."""

    statements: tuple[int, ...]  # days
    created: int
    failed_at: int | None
    paid_at: int

    def status(self, now: int) -> str:
        """Return its status as of `now`; after a failure it is tried again."""
        if self.paid_at <= now:
            return PAID
        return FAILED if self.failed_at is not None and self.failed_at <= now else PROCESSING


class Finance:
    """Statements and payments of one shop as of an instant. Worked out when first asked for."""

    def __init__(self, shop: Shop) -> None:
        self.amounts = Amounts(shop)
        self._shop = shop
        self._lock = threading.Lock()
        self._known: Settlements | None = None
        self._totals: dict[int, tuple[int, ...]] = {}

    def known(self, now: int) -> Settlements:
        """Return the settlement records, complete for everything that is seen at `now`."""
        shop = self._shop
        with self._lock:
            known = self._known
            if (
                known is None
                or now > known.until
                or known.lives is not shop.lives
                or known.returns is not shop.returns
            ):
                known = self._known = Settlements(shop, now + _AHEAD)
            return known

    def days(self, now: int) -> Ints:
        """Return the days whose statements there are at `now`, in order."""
        days = self.known(now).days
        return np.asarray(days[(days + 1) * DAY <= now], dtype=np.int64)

    def totals(self, days: list[int], now: int) -> list[tuple[int, ...]]:
        """Return what the records of these statements add up to: amounts in the order of TOTALS."""
        missing = [day for day in dict.fromkeys(days) if day not in self._totals]
        batch: list[int] = []
        rows: list[Ints] = []
        for day in missing:
            batch.append(day)
            rows.append(self.known(now).of_day(day)[0])
            if sum(map(len, rows)) >= _BATCH or day == missing[-1]:
                self._add_up(batch, rows, now)
                batch, rows = [], []
        return [self._totals[day] for day in days]

    def _add_up(self, days: list[int], rows: list[Ints], now: int) -> None:
        columns = self.amounts.of(np.concatenate(rows), self.known(now))
        ends = np.cumsum([len(part) for part in rows])
        sums = [np.append(0, np.cumsum(columns[name]))[np.append(0, ends)] for name in TOTALS]
        for place, day in enumerate(days):
            self._totals[day] = tuple(int(part[place + 1] - part[place]) for part in sums)

    def payments(self, now: int) -> list[Payment]:
        """Return the payments there are at `now`, oldest first."""
        known, draws = self.known(now), self._shop.draws
        groups: list[tuple[int, ...]] = []
        waiting: list[int] = []
        records = 0
        for day, many in zip(
            known.days.tolist(), (known.ends - known.starts).tolist(), strict=True
        ):
            if (day + 1) * DAY > now:
                break
            waiting.append(day)
            records += many
            workday = (day + 4) % 7 < 5  # of the cut; epoch day 0 was a Thursday
            if (workday and records >= SMALL) or day - waiting[0] >= _LONGEST_WAIT:
                groups.append(tuple(waiting))
                waiting, records = [], 0
        last = np.asarray([group[-1] for group in groups], dtype=np.int64)
        created = (last + 1) * DAY + 2 * HOUR + draws.below("payment hour", last, 8 * HOUR)
        tried = created + DAY + draws.below("payment way", last, 2 * DAY)
        fails = draws.unit("payment fails", last) < 0.06
        paid = np.where(fails, tried + 2 * DAY + draws.below("payment again", last, DAY), tried)
        columns = zip(
            groups, created.tolist(), fails.tolist(), tried.tolist(), paid.tolist(), strict=True
        )
        return [
            Payment(group, start, attempt if failed else None, end)
            for group, start, failed, attempt, end in columns
            if start <= now
        ]

    def payment_of(self, now: int) -> dict[int, Payment]:
        """Return the payment of each statement that has one at `now`."""
        return {day: payment for payment in self.payments(now) for day in payment.statements}
