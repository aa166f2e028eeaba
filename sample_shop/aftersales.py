"""What happens after the sale: returns and refunds of every kind, and cancellations.

Both are read off the lives of the orders. Making the returns also settles when those orders are
COMPLETED: at once when everything was refunded, not before the last return has ended otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from .arrivals import HOUR
from .draws import Draws, Instants, Ints
from .life import (
    ASKED_TO_CANCEL,
    CANCELLED,
    COLLECTED,
    COMPLETED,
    DELIVERED,
    LINE_CANCELLED,
    P_ASKED,
    P_HOLD,
    P_LATE,
    P_LOST,
    P_NONE,
    P_ONE_LINE,
    P_REFUSED,
    P_SELLER,
    P_UNCOLLECTED,
    PAID,
    REFUSED_TO_CANCEL,
    Lives,
)
from .timeline import NEVER
from .traits import Traits

REQUEST: Final = "RETURN_OR_REFUND_REQUEST_"
PENDING, SUCCESS = REQUEST + "PENDING", REQUEST + "SUCCESS"
WITHDRAWN, COMPLETE = REQUEST + "CANCEL", REQUEST + "COMPLETE"
REJECTED: Final = "REFUND_OR_RETURN_REQUEST_REJECT"
ASK_BUYER, BUYER_SHIPS = "AWAITING_BUYER_RESPONSE", "AWAITING_BUYER_SHIP"
ON_ITS_WAY, NOT_RECEIVED = "BUYER_SHIPPED_ITEM", "REJECT_RECEIVE_PACKAGE"
REPLACEMENT: Final = "REPLACEMENT_REQUEST_"


@dataclass(frozen=True, slots=True)
class Course:
    """How a return goes: its states one after the other. `part`: only some money goes back."""

    kind: str
    states: tuple[str, ...]
    weight: float
    part: bool = False
    quick: bool = False


COURSES: Final = (
    Course("REFUND", (PENDING, SUCCESS, COMPLETE), 18),
    Course("REFUND", (PENDING, COMPLETE), 5, quick=True),
    Course("REFUND", (PENDING, REJECTED), 6),
    Course("REFUND", (PENDING, WITHDRAWN), 4),
    Course("REFUND", (PENDING, ASK_BUYER, SUCCESS, COMPLETE), 7, part=True),
    Course("REFUND", (PENDING, ASK_BUYER, REJECTED), 2),
    Course("RETURN_AND_REFUND", (PENDING, BUYER_SHIPS, ON_ITS_WAY, SUCCESS, COMPLETE), 30),
    Course("RETURN_AND_REFUND", (PENDING, BUYER_SHIPS, WITHDRAWN), 6),
    Course("RETURN_AND_REFUND", (PENDING, REJECTED), 6),
    Course("RETURN_AND_REFUND", (PENDING, BUYER_SHIPS, ON_ITS_WAY, NOT_RECEIVED), 3),
    Course("RETURN_AND_REFUND", (PENDING, BUYER_SHIPS, ON_ITS_WAY, NOT_RECEIVED, COMPLETE), 3),
    Course("REPLACEMENT", (REPLACEMENT + "PENDING", REPLACEMENT + "COMPLETE"), 5),
    Course("REPLACEMENT", (REPLACEMENT + "PENDING", REPLACEMENT + "REJECT"), 2),
    Course("REPLACEMENT", (REPLACEMENT + "PENDING", REPLACEMENT + "CANCEL"), 1.5),
    Course("REPLACEMENT", (REPLACEMENT + "PENDING", REPLACEMENT + "REFUND_SUCCESS"), 1.5),
)
STEPS: Final = max(len(course.states) for course in COURSES)
#: Courses whose money has gone back to the buyer at the end.
PAID_BACK: Final = np.asarray(
    [course.states[-1] in (COMPLETE, REPLACEMENT + "REFUND_SUCCESS") for course in COURSES]
)
_WHOLE: Final = PAID_BACK & np.asarray([not course.part for course in COURSES])
_LENGTHS: Final = np.asarray([len(course.states) for course in COURSES])

#: Which units a return is about: all of them, or one (the unit's number is this value).
ALL_UNITS: Final = -1

CANCEL_COLUMNS: Final = 3  # asked, answered, money back
RETURN_RATE: Final = 0.085


@dataclass(slots=True)
class Returns:
    """Returns by row: order position, which of its returns, course, units, instants."""

    position: Ints
    slot: Ints
    course: Ints
    unit: Ints
    at: Instants


@dataclass(slots=True)
class Cancellations:
    """Cancellations by row: order position, plan (life.PLANS), unit, instants."""

    position: Ints
    plan: Ints
    unit: Ints
    at: Instants


class Aftersales:
    """Makes the returns and cancellations of one shop."""

    def __init__(self, traits: Traits, draws: Draws) -> None:
        self._traits = traits
        self._draws = draws

    def returns(self, lives: Lives) -> Returns:
        """Return the returns of these orders, and settle their COMPLETED in place."""
        position = np.arange(lives.first, lives.first + len(lives), dtype=np.int64)
        chance = self._draws.unit("return", position)
        delivered = lives.at[:, DELIVERED].astype(np.int64)
        arrived = (delivered != NEVER) & ~self._traits.is_free(position)
        lost = (lives.at[:, COLLECTED] != NEVER) & arrived & (lives.plan == P_NONE)
        lost &= (chance >= RETURN_RATE) & (chance < RETURN_RATE + 0.006)
        first = np.flatnonzero((arrived & (chance < RETURN_RATE)) | lost)
        units = self._traits.units(position[first])
        single = (self._draws.unit("part of it", position[first]) < 0.45) & (units > 1)
        unit = self._draws.words("which unit", position[first]).astype(np.int64) & 0xFFFF
        unit = np.where(single & ~lost[first], unit % units, ALL_UNITS)
        course = self._draws.pick("course", position[first], tuple(c.weight for c in COURSES))
        course[lost[first]] = 0
        again = single & ~lost[first] & (self._draws.unit("again", position[first]) < 0.25)
        second = first[again]
        rows = np.concatenate([first, second])
        slot = np.concatenate([np.zeros(len(first), np.int64), np.ones(len(second), np.int64)])
        unit = np.concatenate([unit, (unit[again] + 1) % units[again]])
        repeat = self._draws.pick(
            "course again", position[second], tuple(c.weight for c in COURSES)
        )
        course = np.concatenate([course, repeat])
        at = self._instants(position[rows], slot, course, lives, rows, lost[rows])
        self._settle(lives, rows, slot, course, unit, at, lost)
        return Returns(position[rows], slot, course, unit, at.astype(np.uint32))

    def _instants(
        self, position: Ints, slot: Ints, course: Ints, lives: Lives, rows: Ints, lost: Ints
    ) -> Ints:
        key = position * 2 + slot
        delivered = lives.at[rows, DELIVERED].astype(np.int64)
        collected = lives.at[rows, COLLECTED].astype(np.int64)
        wait = (HOUR + self._draws.unit("request", key) ** 1.5 * 150 * HOUR).astype(np.int64)
        start = np.where(lost, collected + (delivered - collected) // 3, delivered + wait)
        at = np.full((len(position), STEPS), NEVER, dtype=np.int64)
        at[:, 0] = start
        quick = np.asarray([c.quick for c in COURSES])[course]
        for step in range(1, STEPS):
            hours = 1 + self._draws.unit(f"step {step}", key) * 70
            hours = np.where(quick, 0.02 + hours / 200, hours)
            # A refund before delivery must not outlast the parcel's way.
            seconds = np.where(lost, (delivered - collected) // 6, (hours * HOUR).astype(np.int64))
            has = step < _LENGTHS[course]
            at[:, step] = np.where(has, at[:, step - 1] + np.maximum(seconds, 60), NEVER)
        return at

    def _settle(
        self, lives: Lives, rows: Ints, slot: Ints, course: Ints, unit: Ints, at: Ints, lost: Ints
    ) -> None:
        end = at[np.arange(len(at)), _LENGTHS[course] - 1]
        completed = lives.at[:, COMPLETED].astype(np.int64)
        latest = np.zeros(len(lives), dtype=np.int64)
        np.maximum.at(latest, rows, end)
        has = completed != NEVER
        completed = np.where(has & (latest > 0), np.maximum(completed, latest + HOUR), completed)
        whole = (unit == ALL_UNITS) & _WHOLE[course] & (slot == 0)
        completed[rows[whole]] = end[whole] + 60
        lives.at[:, COMPLETED] = completed.astype(np.uint32)
        lives.at[lost, DELIVERED] = NEVER

    def cancellations(self, lives: Lives) -> Cancellations:
        """Return the cancellations of these orders (those never paid have none)."""
        asked_first = np.isin(lives.plan, (P_ASKED, P_REFUSED))
        at_once = np.isin(lives.plan, (P_HOLD, P_SELLER, P_LATE, P_UNCOLLECTED, P_LOST))
        rows = np.flatnonzero(asked_first | at_once | (lives.plan == P_ONE_LINE))
        plan = lives.plan[rows]
        position = rows + lives.first
        begin = np.where(
            asked_first[rows], lives.at[rows, ASKED_TO_CANCEL], lives.at[rows, CANCELLED]
        ).astype(np.int64)
        begin = np.where(plan == P_ONE_LINE, lives.at[rows, LINE_CANCELLED], begin)
        answered = np.where(
            plan == P_REFUSED, lives.at[rows, REFUSED_TO_CANCEL], lives.at[rows, CANCELLED]
        ).astype(np.int64)
        answered = np.where(plan == P_ONE_LINE, begin, answered)
        hours = (HOUR * (0.5 + self._draws.unit("money back", position) * 40)).astype(np.int64)
        paid = lives.at[rows, PAID] != NEVER
        done = np.where((plan != P_REFUSED) & paid, answered + hours, NEVER)
        at = np.stack([begin, answered, done], axis=1).astype(np.uint32)
        units = self._traits.units(position)
        unit = np.where(plan == P_ONE_LINE, units - 1, ALL_UNITS)
        return Cancellations(position, plan, unit, at)


def join_returns(parts: list[Returns]) -> Returns:
    """Return the rows of all parts, one after the other."""
    return Returns(
        np.concatenate([part.position for part in parts]),
        np.concatenate([part.slot for part in parts]),
        np.concatenate([part.course for part in parts]),
        np.concatenate([part.unit for part in parts]),
        np.concatenate([part.at for part in parts]),
    )


def join_cancellations(parts: list[Cancellations]) -> Cancellations:
    """Return the rows of all parts, one after the other."""
    return Cancellations(
        np.concatenate([part.position for part in parts]),
        np.concatenate([part.plan for part in parts]),
        np.concatenate([part.unit for part in parts]),
        np.concatenate([part.at for part in parts]),
    )
