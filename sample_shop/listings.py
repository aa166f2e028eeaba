"""The shop's products: which there are, what they cost and how they change as time passes.

Products 0 to P - 1 are the standing range (a long tail: the first few sell most). Besides them
every week brings one novelty and one countdown-auction listing, which is temporary. A product is
revised every few days: stock comes in, sometimes the price or the title changes; each revision
moves its update time.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .arrivals import DAY, HOUR
from .draws import Draws, Flags, Ints
from .names import ADJECTIVES, HARD_TITLES, PRICE_POINTS, THINGS
from .regions import Region
from .traits import AUCTION

WEEK: Final = 7 * DAY
#: Novelty of week w is FIRST_WEEKLY + 2 * w, its auction one more.
FIRST_WEEKLY: Final = 1_000_000
NOVELTIES_BEFORE: Final = 9  # weeks before the anchor from which there are novelties

STATUSES: Final = (
    "ACTIVATE", "DRAFT", "PENDING", "FAILED", "SELLER_DEACTIVATED", "PLATFORM_DEACTIVATED",
    "FREEZE", "DELETED",
)  # fmt: skip
ACTIVATE, DRAFT, PENDING, FAILED, SELLER_OFF, PLATFORM_OFF, FREEZE, DELETED = range(8)
#: Standing product n (from 10 on) with n % 40 in this table takes that status in the end.
_FATE: Final = {
    11: DRAFT, 17: PENDING, 23: FAILED, 29: SELLER_OFF, 31: PLATFORM_OFF, 37: FREEZE, 39: DELETED,
}  # fmt: skip
_FATES: Final = np.asarray([_FATE.get(n, ACTIVATE) for n in range(40)])
_PRICES: Final = np.asarray(PRICE_POINTS)
_STEPS_PERCENT: Final = np.asarray([100, 100, 110, 90, 95, 120])
MAX_SKUS: Final = 6
_PRICE_WEIGHTS: Final = (3.0, 5.0, 6.0, 7.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0, 0.5)
_NEVER_ENDS: Final = np.int64(2**40)
LAST_WEEK: Final = 4_300  # the weekly listings end in 2052


class Listings:
    """The products of one shop. Numbers name products; `when` are UTC seconds.

    What never changes about a product is drawn once and kept in tables: a page of orders asks
    for it many times.
    """

    def __init__(self, count: int, anchor: int, region: Region, draws: Draws) -> None:
        self.count = count
        self.region = region
        self.draws = draws
        self._first = 2 * (anchor // WEEK - NOVELTIES_BEFORE) + FIRST_WEEKLY
        weekly = np.arange(self._first, 2 * LAST_WEEK + FIRST_WEEKLY, dtype=np.int64)
        number = np.concatenate([np.arange(count, dtype=np.int64), weekly])
        is_weekly = number >= FIRST_WEEKLY
        self._numbers = number
        self._auction: Flags = is_weekly & (number % 2 == 1)
        made = anchor - DAY - draws.below("made", number, 400 * DAY)
        self._created = np.where(is_weekly, (number - FIRST_WEEKLY) // 2 * WEEK - HOUR, made)
        fate = np.where((number >= 10) & ~is_weekly, _FATES[number % 40], ACTIVATE)
        self._fate = np.where(self._auction, DELETED, fate)
        # Drafts never were anything else; an auction's listing is deleted a week after it ended.
        ends = anchor + (6 + draws.below("off", number, 30)) * DAY
        ends = np.where(np.isin(fate, (DRAFT, PENDING, FAILED)), self._created, ends)
        ends = np.where(self._auction, self._created + 2 * WEEK, ends)
        self._ends = np.where(self._fate == ACTIVATE, _NEVER_ENDS, ends)
        self._period = (5 + draws.below("period", number, 14)) * DAY
        many = 1 + draws.below("sku count", number, MAX_SKUS)
        self._sku_count = np.where(self._auction, 1, many)
        self._base = _PRICES[draws.pick("price", number, _PRICE_WEIGHTS)]

    def _row(self, number: Ints) -> Ints:
        """Return where the tables have these products (numbers must be known ones)."""
        return np.where(number < FIRST_WEEKLY, number, number - self._first + self.count)

    def numbers_at(self, now: int) -> Ints:
        """Return the numbers of all products that exist at `now`, by creation then number."""
        there = self._created <= now
        numbers, created = self._numbers[there], self._created[there]
        return np.asarray(numbers[np.lexsort((numbers, created))], dtype=np.int64)

    def exists(self, number: int, now: int) -> bool:
        """Return whether there is such a product at `now`."""
        known = 0 <= number < self.count or self._first <= number < 2 * LAST_WEEK + FIRST_WEEKLY
        return known and int(self.created(np.asarray([number]))[0]) <= now

    def created(self, number: Ints) -> Ints:
        """Return when products were made."""
        return np.asarray(self._created[self._row(number)], dtype=np.int64)

    def revision(self, number: Ints, when: Ints) -> Ints:
        """Return how often the product has been revised (it stops when the product ends)."""
        row = self._row(number)
        moment = np.minimum(when, self._ends[row])
        return np.maximum(0, (moment - self._created[row]) // self._period[row])

    def period(self, number: Ints) -> Ints:
        """Return the seconds (whole days) between two revisions of a product."""
        return np.asarray(self._period[self._row(number)], dtype=np.int64)

    def lasts(self, number: Ints) -> Flags:
        """Return which products stay on sale for ever."""
        return np.asarray(self._ends[self._row(number)] == _NEVER_ENDS, dtype=np.bool_)

    def updated(self, number: Ints, when: Ints) -> Ints:
        """Return when the product was last changed, as of `when`."""
        row = self._row(number)
        ends = self._ends[row]
        revised = self._created[row] + self.revision(number, when) * self._period[row]
        closed = self._auction[row] & (when >= ends - WEEK)
        changed = np.where(closed, np.maximum(revised, ends - WEEK), revised)
        return np.where(when >= ends, ends, changed)

    def status(self, number: Ints, when: Ints) -> Ints:
        """Return an index into STATUSES, as of `when`."""
        row = self._row(number)
        ends = self._ends[row]
        resting = (number % 40 == 7) & (number < FIRST_WEEKLY)
        resting &= self.revision(number, when) % 4 == 3
        closed = self._auction[row] & (when >= ends - WEEK)
        status = np.where(resting | closed, SELLER_OFF, ACTIVATE)
        return np.where(when >= ends, self._fate[row], status)

    def sku_count(self, number: Ints) -> Ints:
        """Return how many SKUs a product has, 1 to 6."""
        return np.asarray(self._sku_count[self._row(number)], dtype=np.int64)

    def price(self, number: Ints, sku: Ints, when: Ints) -> Ints:
        """Return the list price of a SKU in minor units, as of `when`."""
        step = self.revision(number, when) // 3
        percent = _STEPS_PERCENT[self.draws.below("price step", number * 4096 + step, 6)]
        minor = self._base[self._row(number)] * (100 + 8 * sku) * percent
        minor = minor * self.region.price_scale // 10_000
        if self.region.decimals == 0 and self.region.price_scale > 20:
            minor = np.maximum(100, minor // 100 * 100)
        return np.asarray(minor, dtype=np.int64)

    def title(self, number: int, revision: int) -> str:
        """Return a product's title at a revision; most titles never change."""
        if number < len(HARD_TITLES):
            title = HARD_TITLES[number]
        else:
            adjective = ADJECTIVES[self.draws.one("adjective", number, len(ADJECTIVES))]
            title = f"{adjective} {THINGS[self.thing(number)][0]}"
        if number >= FIRST_WEEKLY:
            week = (number - FIRST_WEEKLY) // 2
            mark = "⏳ Countdown Auction" if number % 2 else "New drop"
            return f"{mark} #{week}: {title}"
        if number % 3 == 0 and revision // 8 % 3 == 2:
            title += " (new edition)"
        return title

    def thing(self, number: int) -> int:
        """Return an index into THINGS."""
        return self.draws.one("thing", number, len(THINGS))

    def chosen(self, key: Ints, kind: Ints, created: Ints) -> tuple[Ints, Ints]:
        """Return (product, SKU) that order lines (`key` names one) ask for, each on its own."""
        chance = self.draws.unit("product", key)
        number = (self.count * chance**2.4).astype(np.int64)
        week = created // WEEK
        novel = self.draws.unit("novelty", key) < 0.06
        recent = week - 1 - self.draws.below("which novelty", key, NOVELTIES_BEFORE - 1)
        number = np.where(novel, FIRST_WEEKLY + 2 * recent, number)
        number = np.where(kind == AUCTION, FIRST_WEEKLY + 2 * week + 1, number)
        usable = (self.status(number, created) == ACTIVATE) & (self.created(number) <= created)
        number = np.where(usable, number, number % 7)
        sku = self.sku_count(number) * self.draws.unit("sku", key) ** 1.5
        return number, sku.astype(np.int64)
