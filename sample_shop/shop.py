"""One shop: its orders, products and aftersales, found by time, id or filter, as of an instant."""

from __future__ import annotations

import threading
from typing import Final

import numpy as np

from .aftersales import (
    Aftersales,
    Cancellations,
    Returns,
    join_cancellations,
    join_returns,
)
from .arrivals import DAY, Arrivals
from .basket import Till
from .draws import Draws, Flags, Ints
from .ids import Ids
from .life import ASKED_TO_CANCEL, CANCELLED, REFUSED_TO_CANCEL, Chronicle, Lives, states_at
from .listings import Listings
from .regions import Region
from .timeline import Timeline
from .traits import Traits

_AHEAD: Final = 8 * DAY  # how far beyond the clock lives are made at once


class Shop:
    """A shop of `region`, the `number`-th of its authorization, opened at `anchor` (UTC).

    `products`: how many standing products it has.
    """

    def __init__(
        self,
        shop_id: str,
        name: str,
        region: Region,
        number: int,
        seed: int,
        anchor: int,
        products: int,
    ) -> None:
        self.id = shop_id
        self.name = name
        self.region = region
        self.number = number
        self.anchor = anchor
        draws = Draws(seed, number)
        self.draws = draws
        self.ids = Ids(number, draws)
        self.traits = Traits(region, draws)
        self.arrivals = Arrivals(anchor, region.utc_offset_hours, draws)
        self.listings = Listings(products, anchor, region, draws)
        self.till = Till(self.traits, self.listings, draws)
        self._chronicle = Chronicle(self.traits, draws)
        self._aftersales = Aftersales(self.traits, draws)
        self._lock = threading.Lock()
        self._until = 0
        nothing = self._chronicle.lives(0, np.empty(0, np.int64))
        self._settle(
            nothing,
            [self._aftersales.returns(nothing)],
            [self._aftersales.cancellations(nothing)],
        )

    def advance(self, now: int) -> None:
        """Make sure that everything that happens until `now` has been worked out."""
        if now <= self._until:
            return
        with self._lock:
            if now <= self._until:
                return
            have, want = len(self.lives), self.arrivals.count_until(now + _AHEAD)
            if want > have:
                more = self._chronicle.lives(have, self.arrivals.created_at(have, want))
                returns, cancels = [self.returns], [self.cancellations]
                returns.append(self._aftersales.returns(more))
                cancels.append(self._aftersales.cancellations(more))
                lives = Lives(
                    0,
                    np.concatenate([self.lives.at, more.at]),
                    np.concatenate([self.lives.plan, more.plan]),
                )
                self._settle(lives, returns, cancels)
            self._until = now + _AHEAD - DAY

    def _settle(self, lives: Lives, returns: list[Returns], cancels: list[Cancellations]) -> None:
        self.lives = lives
        self.orders = Timeline(lives.at)
        self.returns = join_returns(returns)
        self.cancellations = join_cancellations(cancels)
        self.return_times = Timeline(self.returns.at)
        self.cancel_times = Timeline(self.cancellations.at)

    def states(self, rows: Ints, now: int) -> Ints:
        """Return the states (index into life.STATES) of orders, as of `now`."""
        return states_at(self.lives.at[rows], now, self.region.has_hold, self.traits.is_cod(rows))

    def asks_to_cancel(self, rows: Ints, now: int) -> Flags:
        """Return which orders have a buyer's request to cancel open at `now`."""
        at, moment = self.lives.at[rows], np.uint32(now)
        answered = np.minimum(at[:, REFUSED_TO_CANCEL], at[:, CANCELLED])
        return np.asarray((at[:, ASKED_TO_CANCEL] <= moment) & (answered > moment), dtype=np.bool_)

    def order_row(self, order_id: str, now: int) -> int | None:
        """Return the row of an order that exists at `now`, or None."""
        row = self.ids.position("order", order_id)
        if row is None or row >= len(self.lives) or int(self.lives.at[row, 0]) > now:
            return None
        return row
