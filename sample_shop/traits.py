"""What an order is, apart from when things happen to it: pure functions of its position."""

from __future__ import annotations

import threading
from typing import Final

import numpy as np

from .draws import Draws, Flags, Ints
from .regions import Region

KINDS: Final = (
    "NORMAL", "SAMPLE", "REPLACEMENT", "EXCHANGE", "SUBSCRIPTION", "PRE_ORDER", "MADE_TO_ORDER",
    "ZERO_LOTTERY", "BACK_ORDER", "AUCTION",
)  # fmt: skip
NORMAL, SAMPLE, REPLACEMENT, EXCHANGE, SUBSCRIPTION = range(5)
PRE_ORDER, MADE_TO_ORDER, ZERO_LOTTERY, BACK_ORDER, AUCTION = range(5, 10)
_KIND_WEIGHTS: Final = (0.897, 0.018, 0.007, 0.005, 0.012, 0.014, 0.006, 0.004, 0.005, 0.032)
_UNIT_WEIGHTS: Final = (0.64, 0.2, 0.09, 0.04, 0.03)
MAX_UNITS: Final = 5

FULFILLMENT: Final = (
    "FULFILLMENT_BY_SELLER",
    "FULFILLMENT_BY_TIKTOK",
    "FULFILLMENT_BY_DILAYANI_TOKOPEDIA",
)


class Traits:
    """The traits of one shop's orders; every method takes positions and gives one value each."""

    def __init__(self, region: Region, draws: Draws) -> None:
        self.region = region
        self.draws = draws
        self._last = threading.local()

    def kind(self, position: Ints) -> Ints:
        """Return an index into KINDS."""
        # A page asks for the kinds of the same positions a dozen times: the last are kept.
        last = self._last
        if getattr(last, "position", None) is not position:
            last.kind, last.position = self._kind(position), position
        kind: Ints = last.kind
        return kind

    def _kind(self, position: Ints) -> Ints:
        kind = self.draws.pick("kind", position, _KIND_WEIGHTS)
        if self.region.code != "US":
            kind[kind == SUBSCRIPTION] = NORMAL
        early = position < 20  # nothing yet to be replaced or exchanged
        kind[early & ((kind == REPLACEMENT) | (kind == EXCHANGE))] = NORMAL
        return kind

    def units(self, position: Ints) -> Ints:
        """Return how many units (line items) an order has, 1 to 5."""
        units = 1 + self.draws.pick("units", position, _UNIT_WEIGHTS)
        kind = self.kind(position)
        single = (kind == AUCTION) | (kind == ZERO_LOTTERY) | (kind == REPLACEMENT)
        return np.where(single, 1, units)

    def is_free(self, position: Ints) -> Flags:
        """Return which orders cost nothing (samples, replacements, exchanges, lotteries)."""
        return np.isin(self.kind(position), (SAMPLE, REPLACEMENT, EXCHANGE, ZERO_LOTTERY))

    def is_cod(self, position: Ints) -> Flags:
        """Return which orders are paid in cash on delivery."""
        if not self.region.cod_share:
            return np.zeros(len(position), dtype=np.bool_)
        cash = self.draws.unit("cod", position) < self.region.cod_share
        return np.asarray(cash & ~self.is_free(position), dtype=np.bool_)

    def is_combined(self, position: Ints) -> Flags:
        """Return which orders travel with their neighbour (positions 2m and 2m + 1)."""
        pair = self.draws.unit("combined", position // 2) < 0.03
        usual = self.kind(position) == NORMAL
        usual &= self.kind(position ^ 1) == NORMAL
        return np.asarray(pair & usual, dtype=np.bool_)

    def is_split(self, position: Ints) -> Flags:
        """Return which orders of several units go out in two packages."""
        split = self.draws.unit("split", position) < 0.12
        return np.asarray(
            split & (self.units(position) > 1) & ~self.is_combined(position), dtype=np.bool_
        )

    def buyer(self, position: Ints) -> Ints:
        """Return the buyer's number; about a third of the orders come from earlier buyers."""
        position = np.where(self.is_combined(position), position & ~1, position)
        back = self.draws.unit("returning", position) < 0.36
        distance = self.draws.unit("earlier buyer", position) ** 2
        earlier = (position * (1.0 - distance)).astype(np.int64)
        return np.where(back, earlier, position)

    def fulfillment(self, position: Ints) -> Ints:
        """Return an index into FULFILLMENT."""
        chance = self.draws.unit("fulfillment", position)
        if self.region.code in ("US", "GB"):
            return np.where(chance < 0.18, 1, 0)
        if self.region.code == "ID":
            return np.where(chance < 0.1, 2, 0)
        return np.zeros(len(position), dtype=np.int64)

    def warehouse(self, position: Ints) -> Ints:
        """Return the number of the warehouse an order is sent from (see warehouses.py)."""
        own = self.draws.pick("warehouse", position, (0.7, 0.3))
        return np.where(self.fulfillment(position) == 1, 2, own)

    def ships_itself(self, position: Ints) -> Flags:
        """Return which orders the seller ships with a carrier of his own (`SELLER`)."""
        own = self.draws.unit("own carrier", position) < 0.25
        return np.asarray(own & (self.fulfillment(position) == 0), dtype=np.bool_)
