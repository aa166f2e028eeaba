"""The settlement records of a shop and when each is settled, read off its orders and returns.

An order settles 3 to 15 days after delivery if no return is open; an open one is waited for, and
one order in a hundred is held back for a review of some weeks. A return that was opened before is
part of the order's record; one that was opened after it becomes a record of its own. Corrections
come 10 to 40 days late, with an order or without. Some orders have a part of their money kept as
a reserve, which is released weeks later. What is settled on a day (UTC) is on the statement cut
at the midnight that ends it.

A record is named by its row: the order's position, or the day since the epoch, times CODES, plus
one of the codes. So everything about it can be worked out again from the row alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .aftersales import PAID_BACK
from .arrivals import DAY, HOUR
from .draws import Flags, Ints
from .life import CANCELLED, COLLECTED, COMPLETED, DELIVERED, P_LOST, P_ONE_LINE
from .shop import Shop
from .timeline import NEVER
from .traits import SAMPLE
from .warehouses import FBT_REGIONS

CODES: Final = 16
SALE, REFUND, REFUND_AGAIN, CORRECTION, RESERVED, RELEASED = range(6)
OF_THE_DAY, ADVERTISING, WAREHOUSING = 8, 9, 10  # by day, not by order

FIRST_STATEMENT: Final = 1_688_169_600  # 2023-07-01T00:00Z, the earliest there is
_NEVER: Final = int(NEVER)
#: Corrections of an order are announced this long before they are settled.
_ANNOUNCED: Final = 7 * DAY


def statement_time(at: Ints) -> Ints:
    """Return the midnight (UTC seconds) at which what was settled at `at` is on a statement."""
    return np.asarray((at // DAY + 1) * DAY, dtype=np.int64)


@dataclass(slots=True)
class Records:
    """Settlement records by statement day, then `created`, then row.

    `created`: creation of the order, else of the record; `listed` to `gone`: while it is among
    the unsettled. All instants are UTC seconds, 2**32 - 1 if never.
    """

    row: Ints
    at: Ints
    created: Ints
    listed: Ints
    gone: Ints


class Settlements:
    """All records of a shop that are known at `until`, and how returns take part in them."""

    def __init__(self, shop: Shop, until: int) -> None:
        self._shop = shop
        self.lives, self.returns, self.until = shop.lives, shop.returns, until
        position = np.arange(len(self.lives), dtype=np.int64)
        self._free = shop.traits.is_free(position)
        self.expected, due = self._due(position)
        self.settled_at, self._paid_back = self._wait_for_returns(due)
        start = self.returns.at[:, 0].astype(np.int64)
        self.in_sale: Flags = self._paid_back & (start < self.settled_at[self.returns.position])
        keys = self.returns.position * 2 + self.returns.slot
        self._by_key = np.argsort(keys)
        self._keys = keys[self._by_key]
        self.records = self._sorted(
            [
                self._sales(position),
                self._refunds(),
                self._corrections(position),
                *self._reserves(position),
                *self._of_the_shop(),
            ]
        )
        day = self.records.at // DAY
        self.days, self.starts = np.unique(day, return_index=True)
        self.ends = np.append(self.starts[1:], len(day))

    def _column(self, column: int) -> Ints:
        return np.asarray(self.lives.at[:, column], dtype=np.int64)

    def _due(self, position: Ints) -> tuple[Ints, Ints]:
        """Return when orders are expected to settle, and when they do if nobody returns."""
        draws, delivered = self._shop.draws, self._column(DELIVERED)
        # A parcel that never came has no delivery: its order was refunded and then completed.
        basis = np.where(delivered != _NEVER, delivered, self._column(COMPLETED))
        sold = (basis != _NEVER) & ~self._free
        days = 3 + 12 * draws.unit("settlement", position) ** 1.8
        review = np.where(self.is_reviewed(position), 18 + 12 * draws.unit("review", position), 0)
        expected = basis + (days * DAY).astype(np.int64)
        due = expected + (review * DAY).astype(np.int64)
        return np.where(sold, expected, _NEVER), np.where(sold, due, _NEVER)

    def is_reviewed(self, position: Ints) -> Flags:
        """Return which orders are held back for a review."""
        return np.asarray(self._shop.draws.unit("reviewed", position) < 0.012, dtype=np.bool_)

    def _wait_for_returns(self, due: Ints) -> tuple[Ints, Flags]:
        """Return when orders settle, and which returns paid back what is settled here."""
        returns, draws = self.returns, self._shop.draws
        at = returns.at.astype(np.int64)
        start, end = at[:, 0], np.where(at == _NEVER, 0, at).max(axis=1, initial=0)
        key = returns.position * 2 + returns.slot
        self._after = end + (HOUR * (2 + 28 * draws.unit("after return", key))).astype(np.int64)
        settled = due.copy()
        for _ in range(2):  # an order has at most two returns
            opened = start < settled[returns.position]
            opened &= settled[returns.position] != _NEVER
            np.maximum.at(settled, returns.position[opened], self._after[opened])
        units = self._shop.traits.units(returns.position)
        one_line = self.lives.plan[returns.position] == P_ONE_LINE
        cancelled = one_line & (returns.unit == units - 1)
        return settled, np.asarray(PAID_BACK[returns.course] & ~cancelled, dtype=np.bool_)

    def return_rows(self, position: Ints, slot: int) -> Ints:
        """Return the row of each order's return in this slot (0 or 1), or -1."""
        if not len(self._keys):
            return np.full(len(position), -1, dtype=np.int64)
        key = position * 2 + slot
        place = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        return np.where(self._keys[place] == key, self._by_key[place], -1)

    def is_in_sale(self, row: Ints) -> Flags:
        """Return which returns (by row, -1 for none) are part of their order's sale."""
        if not len(self.in_sale):
            return np.zeros(len(row), dtype=np.bool_)
        return (row >= 0) & self.in_sale[row]

    def _created(self, position: Ints) -> Ints:
        return np.asarray(self.lives.at[position, 0], dtype=np.int64)

    def _of_orders(
        self, position: Ints, code: int | Ints, at: Ints, listed: Ints | None = None
    ) -> Records:
        gone = np.minimum(statement_time(at), self._column(CANCELLED)[position])
        if listed is None:
            listed = np.full(len(at), _NEVER, dtype=np.int64)
        return Records(position * CODES + code, at, self._created(position), listed, gone)

    def _sales(self, position: Ints) -> Records:
        """Orders are listed from their collection on; lost ones until they are cancelled."""
        collected = self._column(COLLECTED)
        there = (collected != _NEVER) & ~self._free
        rows = position[there]
        return self._of_orders(rows, SALE, self.settled_at[rows], collected[rows])

    def _refunds(self) -> Records:
        """Return the refunds of what had been settled before."""
        settled = self.settled_at[self.returns.position]
        late = np.flatnonzero(self._paid_back & ~self.in_sale & (settled != _NEVER))
        position, code = self.returns.position[late], REFUND + self.returns.slot[late]
        at = self._after[late]
        return self._of_orders(position, code, at, at - 2 * HOUR)

    def _corrections(self, position: Ints) -> Records:
        draws = self._shop.draws
        late = (DAY * (10 + 30 * draws.unit("late correction", position))).astype(np.int64)
        chance = draws.unit("correction", position) < 0.02
        at = np.where(chance & (self.settled_at != _NEVER), self.settled_at + late, _NEVER)
        lost = self.lives.plan == P_LOST
        cancelled, delivered = self._column(CANCELLED), self._column(DELIVERED)
        at = np.where(lost & ~self._free & (cancelled != _NEVER), cancelled + late, at)
        sample = (self._shop.traits.kind(position) == SAMPLE) & (delivered != _NEVER)
        at = np.where(sample, delivered + late // 4, at)
        rows = np.flatnonzero(at != _NEVER)
        records = self._of_orders(rows, CORRECTION, at[rows], at[rows] - _ANNOUNCED)
        records.gone = statement_time(at[rows])
        return records

    def _reserves(self, position: Ints) -> list[Records]:
        draws = self._shop.draws
        calm = np.ones(len(position), dtype=np.bool_)
        calm[self.returns.position] = False
        kept = calm & (self.settled_at != _NEVER) & (draws.unit("reserve", position) < 0.03)
        rows = np.flatnonzero(kept)
        at = self.settled_at[rows]
        return [
            self._of_orders(rows, RESERVED, at),
            self._of_orders(rows, RELEASED, self.release_at(rows)),
        ]

    def release_at(self, position: Ints) -> Ints:
        """Return when the reserve of an order is released: 14 to 45 days after its settlement."""
        wait = 14 + 31 * self._shop.draws.unit("release", position)
        return np.asarray(self.settled_at[position] + (wait * DAY).astype(np.int64))

    def _of_the_shop(self) -> list[Records]:
        """Return what names no order: now and then, every Monday, every first of a month."""
        draws = self._shop.draws
        day = np.arange(self._shop.anchor // DAY, self.until // DAY + 1, dtype=np.int64)
        late = (DAY * (10 + 30 * draws.unit("late shop correction", day))).astype(np.int64)
        dates = day.astype("datetime64[D]")
        first = dates == dates.astype("datetime64[M]").astype("datetime64[D]")
        kinds = (
            (OF_THE_DAY, draws.unit("shop correction", day) < 0.2, day * DAY + late),
            (ADVERTISING, (day + 3) % 7 == 0, day * DAY + 5 * HOUR),
            (WAREHOUSING, first & (self._shop.region.code in FBT_REGIONS), day * DAY + 9 * HOUR),
        )
        made = []
        for code, there, when in kinds:
            at = when[there]
            never = np.full(len(at), _NEVER, dtype=np.int64)
            made.append(Records(day[there] * CODES + code, at, at, never, never))
        return made

    @staticmethod
    def _sorted(parts: list[Records]) -> Records:
        row, at, created, listed, gone = (
            np.concatenate([getattr(part, name) for part in parts]) for name in Records.__slots__
        )
        kept = statement_time(at) >= FIRST_STATEMENT
        row, at, created = row[kept], at[kept], created[kept]
        order = np.lexsort((row, created, at // DAY))
        return Records(
            row[order], at[order], created[order], listed[kept][order], gone[kept][order]
        )

    def of_day(self, day: int) -> tuple[Ints, Ints]:
        """Return (rows, created) of what was settled on a day since the epoch."""
        place = int(np.searchsorted(self.days, day))
        if place == len(self.days) or int(self.days[place]) != day:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        part = slice(int(self.starts[place]), int(self.ends[place]))
        return self.records.row[part], self.records.created[part]

    def unsettled(self, now: int) -> tuple[Ints, Ints]:
        """Return (rows, created) of the records that are announced but on no statement yet."""
        there = (self.records.listed <= now) & (now < self.records.gone)
        row, created = self.records.row[there], self.records.created[there]
        order = np.lexsort((row, created))
        return row[order], created[order]

    def announced(self, now: int) -> dict[int, int]:
        """Return when the unsettled records that are no sale will be settled, by row."""
        records = self.records
        there = (records.listed <= now) & (now < records.gone) & (records.row % CODES != SALE)
        return dict(zip(records.row[there].tolist(), records.at[there].tolist(), strict=True))

    def is_returning(self, position: int, now: int) -> bool:
        """Return whether an order's settlement is held up by a return at `now`."""
        one = np.asarray([position], dtype=np.int64)
        rows = [int(self.return_rows(one, slot)[0]) for slot in range(2)]
        start = self.returns.at[:, 0]
        return any(row >= 0 and int(start[row]) <= now < int(self._after[row]) for row in rows)

    def of_orders(self, position: Ints, now: int) -> list[list[tuple[int, int]]]:
        """Return (row, day) of the sales and refunds of each order that are on statements."""
        rows, ends = [position * CODES + SALE], [self.settled_at[position]]
        for slot in range(2):
            row = self.return_rows(position, slot)
            later = (row >= 0) & (self.settled_at[position] != _NEVER)
            if later.any():
                later &= self._paid_back[row] & ~self.in_sale[row]
                rows.append(position * CODES + REFUND + slot)
                ends.append(np.where(later, self._after[row], _NEVER))
        days = np.stack(ends, axis=1) // DAY
        cut = (days + 1) * DAY
        there = (cut >= FIRST_STATEMENT) & (cut <= now)
        columns = zip(np.stack(rows, axis=1).tolist(), days.tolist(), there.tolist(), strict=True)
        return [
            sorted(
                ((row, day) for row, day, kept in zip(*each, strict=True) if kept),
                key=lambda record: (record[1], record[0]),
            )
            for each in columns
        ]
