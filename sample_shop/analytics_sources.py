"""Where a sale came from: LIVE, video or product card, and whose account it was.

Every unit sold has exactly one source, so that channels add up to the shop. The blocks of the
202605 product list are views of the sources that overlap, as TikTok's do.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from .draws import Flags, Ints

OFFICIAL, MARKETING, AFFILIATE = range(3)
#: `creator.author_type` of videos, by account.
AUTHOR_TYPES: Final = ("OFFICIAL", "CHANNEL", "AFFILIATE")
#: Values of `account_type` and the accounts they stand for.
ACCOUNT_TYPES: Final = {
    "ALL": (OFFICIAL, MARKETING, AFFILIATE),
    "OFFICIAL_ACCOUNTS": (OFFICIAL,),
    "MARKETING_ACCOUNTS": (MARKETING,),
    "AFFILIATE_ACCOUNTS": (AFFILIATE,),
}

#: LIVE by account, video by account, product cards elsewhere and in the shop tab.
LIVE, VIDEO, CARD, SHOP_TAB = 0, 3, 6, 7
SOURCES: Final = 8
CHANNELS: Final = {"LIVE": (0, 1, 2), "VIDEO": (3, 4, 5), "PRODUCT_CARD": (6, 7)}
EVERY_SOURCE: Final = tuple(range(SOURCES))
#: Blocks of the 202605 product list and the sources they show.
BLOCKS: Final = {
    "seller_live_performance": (0, 1),
    "seller_video_performance": (3, 4),
    "seller_product_card_performance": (6, 7),
    "affiliate_total_performance": (2, 5),
    "affiliate_live_performance": (2,),
    "affiliate_video_performance": (5,),
    "shop_tab_performance": (7,),
}


def of_accounts(channel: int, accounts: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sources of a channel (LIVE or VIDEO) that belong to these accounts."""
    return tuple(channel + account for account in accounts)


def among(source: Ints, sources: tuple[int, ...]) -> Flags:
    """Return which entries are one of these sources."""
    chosen = np.zeros(SOURCES, dtype=np.bool_)
    chosen[list(sources)] = True
    return np.asarray(chosen[source], dtype=np.bool_)
