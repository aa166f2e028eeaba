"""The lives of orders: when each is paid, held, shipped, delivered, completed or cancelled.

Everything is a pure function of the order's position, so that history never changes and the
future is already known; the shop clock only decides how much of it can be seen.
States and what leads to them: order states of the Partner API (`UNPAID` to `CANCELLED`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .arrivals import DAY, HOUR
from .draws import Draws, Flags, Floats, Instants, Ints
from .timeline import NEVER
from .traits import MADE_TO_ORDER, PRE_ORDER, Traits

#: Columns of `Lives.at`. Up to CANCELLED each stands for a state; the rest only move update_time.
CREATED, PAID, RELEASED, PARTLY_SHIPPED, SHIPPED = range(5)
COLLECTED, DELIVERED, COMPLETED, CANCELLED = range(5, 9)
ASKED_TO_CANCEL, REFUSED_TO_CANCEL, LINE_CANCELLED = range(9, 12)
COLUMNS: Final = 12

STATES: Final = (
    "UNPAID", "ON_HOLD", "AWAITING_SHIPMENT", "PARTIALLY_SHIPPING", "AWAITING_COLLECTION",
    "IN_TRANSIT", "DELIVERED", "COMPLETED", "CANCELLED",
)  # fmt: skip

#: How an order ends early. Order and weights belong together.
PLANS: Final = (
    "none", "unpaid_timeout", "unpaid_buyer", "on_hold", "asked", "asked_refused", "seller",
    "late", "uncollected", "lost", "one_line",
)  # fmt: skip
(P_NONE, P_TIMEOUT, P_UNPAID_BUYER, P_HOLD, P_ASKED, P_REFUSED) = range(6)
(P_SELLER, P_LATE, P_UNCOLLECTED, P_LOST, P_ONE_LINE) = range(6, 11)
_PLAN_WEIGHTS: Final = (0.846, 0.042, 0.012, 0.03, 0.026, 0.009, 0.012, 0.005, 0.005, 0.004, 0.009)


@dataclass(slots=True)
class Lives:
    """Positions `first` onwards: `at[row, column]` instants (NEVER if not), `plan[row]`."""

    first: int
    at: Instants
    plan: Ints

    def __len__(self) -> int:
        return len(self.at)


def states_at(at: Instants, now: int, holds: bool, cod: Flags) -> Ints:
    """Return an index into STATES for each row of instants, as of `now`."""
    moment = np.uint32(now)
    state = np.where(cod, 2, 0)
    state[at[:, PAID] <= moment] = 1 if holds else 2
    for column in range(RELEASED, CANCELLED + 1):
        state[at[:, column] <= moment] = column
    return state


class Chronicle:
    """Makes the lives of one shop's orders."""

    def __init__(self, traits: Traits, draws: Draws) -> None:
        self._traits = traits
        self._draws = draws

    def lives(self, first: int, created: Ints) -> Lives:
        """Return the lives of the orders at positions `first` onwards, created as given."""
        position = np.arange(first, first + len(created), dtype=np.int64)
        at = np.full((len(position), COLUMNS), NEVER, dtype=np.int64)
        at[:, CREATED] = created
        plan = self._plans(position)
        start = self._until_released(position, at, plan)
        self._shipping(position, at, plan, start)
        self._endings(position, at, plan, start)
        return Lives(first, at.astype(np.uint32), plan)

    def _between(self, salt: str, position: Ints, low: float, high: float, bend: float = 1) -> Ints:
        """Return whole seconds between low and high; `bend` > 1 leans towards low."""
        spread: Floats = self._draws.unit(salt, position) ** bend
        return np.asarray(low + (high - low) * spread, dtype=np.int64)

    def _plans(self, position: Ints) -> Ints:
        plan = self._draws.pick("plan", position, _PLAN_WEIGHTS)
        paid_at_once = self._traits.is_free(position) | self._traits.is_cod(position)
        plan[paid_at_once & ((plan == P_TIMEOUT) | (plan == P_UNPAID_BUYER))] = P_NONE
        plan[self._traits.is_free(position) & (plan == P_HOLD)] = P_NONE
        plan[(plan == P_ONE_LINE) & (self._traits.units(position) < 2)] = P_NONE
        return plan

    def _until_released(self, position: Ints, at: Ints, plan: Ints) -> Ints:
        """Fill PAID and RELEASED; return when each order may be worked on (NEVER if unpaid)."""
        created = at[:, CREATED]
        free, cod = self._traits.is_free(position), self._traits.is_cod(position)
        slow = self._draws.unit("slow payer", position) < 0.15
        wait = np.where(
            slow,
            self._between("slow pay", position, 180, 2_700),
            self._between("quick pay", position, 4, 180, 2),
        )
        wait[free] = 1
        unpaid = (plan == P_TIMEOUT) | (plan == P_UNPAID_BUYER)
        paid = np.where(unpaid | cod, NEVER, created + wait)
        at[:, PAID] = paid
        hold = np.where(free, 0, HOUR) if self._traits.region.has_hold else np.zeros_like(wait)
        at[:, RELEASED] = np.where(paid != NEVER, paid + hold, NEVER)
        return np.where(cod, created, at[:, RELEASED])

    def _shipping(self, position: Ints, at: Ints, plan: Ints, start: Ints) -> None:
        """Fill shipped, collected, delivered and completed for every order that got so far."""
        live = start != NEVER
        asked = start + self._between("asked", position, 300, 20 * HOUR, 2)
        answered = asked + self._between("answered", position, HOUR // 2, 30 * HOUR)
        shipped = start + self._between("shipping", position, 2 * HOUR, 72 * HOUR, 1.6)
        kind = self._traits.kind(position)
        later = (kind == PRE_ORDER) | (kind == MADE_TO_ORDER)
        shipped = shipped + np.where(later, self._between("later", position, 7 * DAY, 20 * DAY), 0)
        refused = live & (plan == P_REFUSED)
        shipped = np.where(refused, np.maximum(shipped, answered + HOUR), shipped)
        collected = shipped + self._between("collection", position, 2 * HOUR, 40 * HOUR)
        delivered = collected + self._between("transit", position, 20 * HOUR, 9 * DAY, 1.5)
        completed = delivered + 7 * DAY + self._between("completion", position, 0, 3 * DAY)
        split = live & self._traits.is_split(position)
        partly = start + ((shipped - start) * 0.6).astype(np.int64)
        one_line = live & (plan == P_ONE_LINE)
        for column, instants, when in (
            (SHIPPED, shipped, live),
            (COLLECTED, collected, live),
            (DELIVERED, delivered, live),
            (COMPLETED, completed, live),
            (PARTLY_SHIPPED, partly, split),
            (ASKED_TO_CANCEL, asked, live & ((plan == P_ASKED) | (plan == P_REFUSED))),
            (REFUSED_TO_CANCEL, answered, refused),
            (LINE_CANCELLED, start + ((shipped - start) * 0.3).astype(np.int64), one_line),
        ):
            at[:, column] = np.where(when, instants, NEVER)

    def _endings(self, position: Ints, at: Ints, plan: Ints, start: Ints) -> None:
        """Fill CANCELLED and take away what the cancellation prevents."""
        created, paid = at[:, CREATED], at[:, PAID]
        began = np.where(paid != NEVER, paid, created)
        asked = at[:, ASKED_TO_CANCEL]
        endings = {
            P_TIMEOUT: (created + DAY, PAID),
            P_UNPAID_BUYER: (created + self._between("unpaid", position, 300, 5 * HOUR), PAID),
            P_HOLD: (began + self._between("in hold", position, 60, 3_500), RELEASED),
            P_ASKED: (asked + self._between("granted", position, HOUR // 2, 30 * HOUR), SHIPPED),
            P_SELLER: (start + self._between("by seller", position, HOUR, 60 * HOUR), SHIPPED),
            P_LATE: (start + self._between("late", position, 4 * DAY, 7 * DAY), SHIPPED),
            P_UNCOLLECTED: (
                at[:, SHIPPED] + self._between("uncollected", position, HOUR, 60 * HOUR),
                COLLECTED,
            ),
            P_LOST: (
                at[:, COLLECTED] + self._between("lost", position, 5 * DAY, 15 * DAY),
                DELIVERED,
            ),
        }
        for which, (instant, prevented_from) in endings.items():
            rows = plan == which
            at[rows, CANCELLED] = instant[rows]
            at[np.flatnonzero(rows)[:, None], np.arange(prevented_from, CANCELLED)] = NEVER
        early = (plan == P_ASKED) | (plan == P_SELLER) | (plan == P_LATE)
        at[early, PARTLY_SHIPPED] = NEVER
