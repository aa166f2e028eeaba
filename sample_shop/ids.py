"""Ids: 18 and 19 digit numbers, sent as text, from which the position can be read back.

An id is `family + shop * 10**13 + position * 997 + check`. The check (0-996) is drawn, so that an
id somebody made up is unknown; positions rise with time, so ids do too.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .draws import Draws, Ints

FAMILIES: Final[dict[str, int]] = {
    "order": 576_000_000_000_000_000,
    "line": 577_000_000_000_000_000,
    "package": 1_153_000_000_000_000_000,
    "buyer": 7_494_000_000_000_000_000,
    "product": 1_729_000_000_000_000_000,
    "sku": 1_730_000_000_000_000_000,
    "return": 4_035_000_000_000_000_000,
    "return_line": 4_036_000_000_000_000_000,
    "cancel": 4_037_000_000_000_000_000,
    "cancel_line": 4_038_000_000_000_000_000,
    "warehouse": 7_068_000_000_000_000_000,
    "video": 7_521_000_000_000_000_000,
    "live": 7_522_000_000_000_000_000,
    "inbound": 578_000_000_000_000_000,
    "goods": 7_301_000_000_000_000_000,
    "fbt_warehouse": 7_302_000_000_000_000_000,
    "group": 5_760_000_000_000_000_000,
    "statement": 7_238_000_000_000_000_000,
    "transaction": 1_636_000_000_000_000_000,
    "adjustment": 7_239_000_000_000_000_000,
    "reserve": 7_240_000_000_000_000_000,
    "payment": 3_458_000_000_000_000_000,
    "external_order": 676_000_000_000_000_000,
    "external_line": 677_000_000_000_000_000,
}
_SHOP: Final = 10**13
_CHECK: Final = 997


class Ids:
    """The ids of one shop. Positions must be below 10**10."""

    def __init__(self, shop_number: int, draws: Draws) -> None:
        self._offset = shop_number * _SHOP
        self._draws = draws

    def many(self, family: str, position: Ints) -> list[str]:
        """Return the ids of many positions."""
        check = self._draws.below("id " + family, position, _CHECK)
        numbers = position * np.int64(_CHECK) + check + np.int64(FAMILIES[family] + self._offset)
        return [str(number) for number in numbers.tolist()]

    def one(self, family: str, position: int) -> str:
        """Return the id of one position."""
        return self.many(family, np.asarray([position], dtype=np.int64))[0]

    def position(self, family: str, text: str) -> int | None:
        """Return the position an id of this shop stands for, or None for a foreign id."""
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            return None
        rest = int(text) - FAMILIES[family] - self._offset
        if not 0 <= rest < _SHOP:
            return None
        position = rest // _CHECK
        return position if self.one(family, position) == text else None
