"""The videos and LIVE sessions of a shop, drawn like everything else.

A product that is filmed gets a new video every few days; a sale through a video came from one of
the newest of that product. LIVEs are held in five slots of a day, one after the other; a sale
through LIVE came from the newest session that had begun on that day. Both end before midnight.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .analytics_days import Days
from .analytics_sources import AFFILIATE, MARKETING, OFFICIAL
from .arrivals import DAY
from .draws import Draws, Flags, Ints
from .listings import Listings

_BASE_DAY: Final = 18_262  # 2020-01-01: video 0 of every product
_PER_PRODUCT: Final = 8_192
VIDEO_DAYS: Final = 45  # so long a video is watched
_CREATORS: Final = 60
#: The position under which deleted and unknown videos are grouped (their id is "0").
UNKNOWN: Final = 0
NONE: Final = -1

_SLOTS: Final = 8
#: Slot -> (whose account, hour it may begin at, how often it is held).
_SLOT_TABLE: Final = (
    (AFFILIATE, 9, 0.5), (MARKETING, 12, 0.4), (AFFILIATE, 15, 0.35), (OFFICIAL, 18, 0.6),
    (AFFILIATE, 20, 0.5),
)  # fmt: skip


def handle(account: int, creator: int) -> str:
    """Return the name of an account: the shop's own, or that of an affiliate by his number."""
    own = {OFFICIAL: "sampleshop_official", MARKETING: "sampleshop_live"}
    return own.get(account) or f"finds_with_{creator:03d}"


class Videos:
    """Videos of one shop; position = product number * 8192 + the product's video number."""

    def __init__(self, listings: Listings, draws: Draws) -> None:
        self._listings = listings
        self._draws = draws

    def _gap(self, number: Ints) -> Ints:
        return 3 + self._draws.below("video gap", number, 18)

    def _made(self, number: Ints, which: Ints) -> Ints:
        offset = self._draws.below("video offset", number, 20)
        return _BASE_DAY + offset + which * self._gap(number)

    def _newest(self, number: Ints, day: int) -> Ints:
        offset = self._draws.below("video offset", number, 20)
        return (day - _BASE_DAY - offset) // self._gap(number)

    def _seen(self, number: Ints, which: Ints, day: int) -> Flags:
        made = self._made(number, which)
        filmed = (number < 40) | (self._draws.unit("filmed", number) < 0.15)
        there = made > self._listings.created(number) // DAY
        return np.asarray(filmed & there & (made > day - VIDEO_DAYS), dtype=np.bool_)

    def sold(self, number: Ints, back: Ints, day: int) -> Ints:
        """Return the video through which a product sold: the `back`-newest of the days before.

        NONE where the product has no video.
        """
        newest = self._newest(number, day - 1)
        which = np.where(self._seen(number, newest - back, day), newest - back, newest)
        return np.where(self._seen(number, which, day), number * _PER_PRODUCT + which, NONE)

    def watched(self, number: Ints, day: int) -> Ints:
        """Return the positions of all videos of these products that are watched on a day."""
        back = np.arange(VIDEO_DAYS // 3 + 1)
        which = (self._newest(number, day)[:, None] - back).ravel()
        many = np.repeat(number, len(back))
        seen = self._seen(many, which, day)
        return np.asarray(many[seen] * _PER_PRODUCT + which[seen], dtype=np.int64)

    def product(self, position: Ints) -> Ints:
        """Return the number of the product a video is about."""
        return position // _PER_PRODUCT

    def posted(self, position: Ints) -> Ints:
        """Return the day a video was posted."""
        return self._made(position // _PER_PRODUCT, position % _PER_PRODUCT)

    def account(self, position: Ints) -> Ints:
        """Return whose videos they are."""
        return self._draws.pick("video account", position, (0.35, 0.1, 0.55))

    def creator(self, position: Ints) -> Ints:
        """Return the numbers of the creators of affiliates' videos."""
        return self._draws.below("video creator", position, _CREATORS)

    def gone(self, position: Ints) -> Flags:
        """Return which videos have been deleted: nothing is known about them any more."""
        return np.asarray(self._draws.unit("video gone", position) < 0.03, dtype=np.bool_)


class Sessions:
    """LIVE sessions of one shop; number = day * 8 + slot."""

    def __init__(self, days: Days, draws: Draws) -> None:
        self._days = days
        self._draws = draws

    def held(self, day: int) -> Ints:
        """Return the sessions of a day, in the order in which they begin."""
        number = np.asarray([day * _SLOTS + slot for slot in range(len(_SLOT_TABLE))])
        often = np.asarray([row[2] for row in _SLOT_TABLE])
        return np.asarray(number[self._draws.unit("live held", number) < often], dtype=np.int64)

    def begins(self, number: Ints) -> Ints:
        """Return when sessions of one day begin, in UTC seconds."""
        hour = np.asarray([row[1] for row in _SLOT_TABLE])[number % _SLOTS]
        midnight = np.asarray([self._days.start(day) for day in (number // _SLOTS).tolist()])
        within = self._draws.below("live begins", number, 3_500)
        return np.asarray(midnight + hour * 3_600 + within, dtype=np.int64)

    def ends(self, number: Ints) -> Ints:
        """Return when sessions end, in UTC seconds."""
        return self.begins(number) + 2_700 + self._draws.below("live lasts", number, 4_500)

    def account(self, number: Ints) -> Ints:
        """Return whose sessions they are."""
        return np.asarray([row[0] for row in _SLOT_TABLE])[number % _SLOTS]

    def creator(self, number: int) -> int:
        """Return the number of the creator who hosts an affiliate's session."""
        return self._draws.one("live creator", number, _CREATORS)

    def sold(self, day: int, instants: Ints) -> Ints:
        """Return the session through which units were sold on a day; NONE before the first."""
        held = self.held(day)
        if not len(held):
            return np.full(len(instants), NONE, dtype=np.int64)
        at = np.searchsorted(self.begins(held), instants, side="right") - 1
        return np.where(at >= 0, held[np.maximum(at, 0)], NONE)

    def after(self, day: int, instants: Ints) -> Ints:
        """Return the last session of the day before where it began within 24 hours, else NONE."""
        held = self.held(day - 1)
        if not len(held):
            return np.full(len(instants), NONE, dtype=np.int64)
        return np.where(instants < self.begins(held[-1:]) + DAY, held[-1], NONE)
