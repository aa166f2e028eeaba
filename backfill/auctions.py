"""Countdown auctions: each is a listing of its own that is gone a week later. In reports all that
sold under one name are one product, which TikTok does not have; it is made here, from the names of
the units sold.

TikTok's changelog announces a mark for such listings in the order APIs (30 July 2026), whose name
is not known: any kind of order or SKU that is called an auction counts, and else the name does.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from string import capwords
from typing import Final

_WORD: Final = "auction"

#: "Countdown Auction", "Auction #12", "Auction lot 7", "Lot 7 - auction"; not "Auction paddle".
_MARK: Final = re.compile(
    r"\b(?:countdown|timed|live|flash)[\s-]+auction\b"
    r"|\bauction\b[\s:-]*(?:#|no\.?|nr\.?|lot)\s*#?\d"
    r"|\blot\s*#?\d+\b.*\bauction\b"
)
#: What tells one auction from the next: numbers of lots, dates, times of day.
_COUNTERS: Final = (
    re.compile(r"\b\d{1,4}[./-]\d{1,2}(?:[./-]\d{1,4})?\b"),
    re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\s*(?:am|pm)?\b"),
    re.compile(r"(?:#|\b(?:lot|no|nr)\b\.?)\s*#?\d+"),
)
_EMPTY_BRACKETS: Final = re.compile(r"[(\[{]\s*[)\]}]")
_LOOSE_MARKS: Final = re.compile(r"\s+(?=[:,;.!])")
_ENDS: Final = " -:,;.|/~"


@dataclass(frozen=True, slots=True)
class AuctionProduct:
    """The product in place of all listings of one name. `product_id` cannot be one of TikTok's."""

    product_id: str
    title: str


@lru_cache(maxsize=4096)
def auction_product(name: str | None, *kinds: str | None) -> AuctionProduct | None:
    """The product that a unit of this name counts for; None when it was not sold by auction.
    `kinds` are TikTok's words for the order and the SKU."""
    if name is None:
        return None
    is_marked = "AUCTION" in " ".join(filter(None, kinds))
    return _of_name(name, is_marked)


def _of_name(name: str, is_marked: bool) -> AuctionProduct | None:
    plain = unicodedata.normalize("NFKC", name).casefold()
    if not is_marked and (_WORD not in plain or not _MARK.search(plain)):
        return None
    title = normalised_name(name)
    digest = blake2b(title.casefold().encode("utf-8", "replace"), digest_size=8).hexdigest()
    return AuctionProduct(f"auction-{digest}", title)


def normalised_name(name: str) -> str:
    """The name without pictures, numbers of lots, dates and differences of case; the name itself
    when nothing else is in it."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    plain = "".join(" " if _is_picture(mark) else mark for mark in plain)
    for counter in _COUNTERS:
        plain = counter.sub(" ", plain)
    plain = _LOOSE_MARKS.sub("", _EMPTY_BRACKETS.sub(" ", plain)).strip(_ENDS)
    return capwords(plain) or name.strip()


def _is_picture(mark: str) -> bool:
    """Emoji, other symbols, invisible marks; letters of any script are none."""
    variant = "\ufe00" <= mark <= "\ufe0f"
    return variant or (unicodedata.category(mark)[0] in "CSZ" and mark not in "#$+&")
