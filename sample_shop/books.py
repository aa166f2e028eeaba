"""One shop as the calls see it: payload makers, and search results kept for the next page."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from . import pages, params
from .analytics import Analytics
from .answers import INVALID, Request, refused
from .draws import Flags, Ints
from .external_orders import ExternalLinks
from .pages import Place
from .payloads_aftersales import AftersalesPayloads
from .payloads_fbt import FbtPayloads
from .payloads_finance import FinancePayloads
from .payloads_orders import OrderPayloads
from .payloads_products import ProductPayloads
from .shop import Shop
from .webhooks import Registrations

_KEPT: Final = 8
Found = tuple[Ints, Ints]


class Book:
    """The payload makers of one shop. `base_url`: where pictures are served."""

    def __init__(self, shop: Shop, base_url: str) -> None:
        self.shop = shop
        self.orders = OrderPayloads(shop, base_url)
        self.products = ProductPayloads(shop, base_url)
        self.aftersales = AftersalesPayloads(shop, base_url)
        self.webhooks = Registrations()
        self.finance = FinancePayloads(shop)
        self.links = ExternalLinks(shop)
        self.analytics = Analytics(shop)
        self.fbt = FbtPayloads(shop)
        self._results: OrderedDict[tuple[bytes, int], Found] = OrderedDict()
        self._lock = threading.Lock()

    def result(self, query: bytes, now: int, search: Callable[[], Found]) -> Found:
        """Return what `search` finds; the last few results are kept while the clock stands."""
        key = (query, now)
        with self._lock:
            found = self._results.get(key)
        if found is None:
            found = search()
            with self._lock:
                self._results[key] = found
                while len(self._results) > _KEPT:
                    self._results.popitem(last=False)
        return found


@dataclass(frozen=True, slots=True)
class Call:
    """A call that passed every check: the request, its shop, its version, the times."""

    request: Request
    version: str
    book: Book
    body: Mapping[str, Any]
    ids: tuple[str, ...]  # from the path
    now: int  # shop clock
    token_now: int
    page_ttl: int | None
    notes: dict[str, Any]

    @property
    def shop(self) -> Shop:
        """Return the shop the call is about."""
        return self.book.shop

    def page(
        self, size: int, ascending: bool, search: Callable[[], Found], limit: int | None = None
    ) -> tuple[Ints, dict[str, Any]]:
        """Return the rows of the asked page, and `total_count` and `next_page_token`.

        `search` gives rows and the values they are sorted by, ascending. At most `limit` rows are
        handed out in all.
        """
        request = self.request
        kept = {k: v for k, v in request.query.items() if k not in _NOT_OF_THE_QUERY}
        query = pages.fingerprint(
            request.path, self.shop.id, sorted(kept.items()), _canonical(self.body)
        )
        rows, values = self.book.result(query, self.now, search)
        place = None
        if token := request.query.get("page_token"):
            try:
                place = pages.read(token, query, self.token_now, self.page_ttl)
            except pages.BadPageToken as problem:
                raise refused(INVALID, f"Invalid parameter. {problem}") from None
        served = place.served if place else 0
        if limit is not None:
            size = min(size, limit - served)
        picked = _after(rows, values, place, ascending, size)
        more = {"total_count": len(rows), "next_page_token": ""}
        left = len(picked) == size and _has_more(rows, picked, ascending)
        # The same page under another token, for those who want to leave it out once.
        begin = place or Place(-1 if ascending else 2**40, -1, 0)
        self.notes["resume"] = lambda: pages.write(begin, query, self.token_now, salt=4096)
        served += len(picked)
        if left and (limit is None or served < limit):
            last = int(picked[-1])
            more["next_page_token"] = pages.write(
                Place(int(values[last]), int(rows[last]), served), query, self.token_now
            )
        self.notes["page"] = {
            "size": size,
            "token": bool(token),
            "rows": len(picked),
            "next": bool(more["next_page_token"]),
            "total": len(rows),
        }
        return rows[picked], more


#: Query parameters that may differ from page to page.
_NOT_OF_THE_QUERY: Final = (
    "page_token", "sign", "timestamp", "app_key", "access_token", "shop_cipher",
)  # fmt: skip


def _canonical(value: object) -> object:
    if isinstance(value, Mapping):
        return sorted((name, _canonical(entry)) for name, entry in value.items())
    return value


def _after(rows: Ints, values: Ints, place: Place | None, ascending: bool, size: int) -> Ints:
    """Return the indexes of the next `size` entries after `place`, in the asked order."""
    if place is None:
        start = 0 if ascending else len(rows)
    else:
        low = int(np.searchsorted(values, place.value, side="left"))
        high = int(np.searchsorted(values, place.value, side="right"))
        equal = rows[low:high]
        start = low + int(
            np.searchsorted(equal, place.row, side="right")
            if ascending
            else np.searchsorted(equal, place.row, side="left")
        )
    if ascending:
        return np.arange(start, min(start + size, len(rows)))
    return np.arange(start - 1, max(start - 1 - size, -1), -1)


def _has_more(rows: Ints, picked: Ints, ascending: bool) -> bool:
    if not len(picked):
        return False
    last = int(picked[-1])
    return last < len(rows) - 1 if ascending else last > 0


def sorting(query: Mapping[str, str], default_order: str) -> tuple[bool, bool]:
    """Return (by update time?, ascending?) of `sort_field` and `sort_order`."""
    field = params.choice(query, "sort_field", ("create_time", "update_time"), "create_time")
    order = params.choice(query, "sort_order", ("ASC", "DESC"), default_order)
    return field == "update_time", order == "ASC"


def inside(instants: Ints, window: tuple[int | None, int | None]) -> Flags:
    """Return which instants lie in a half-open window."""
    kept = np.ones(len(instants), dtype=np.bool_)
    if window[0] is not None:
        kept &= instants >= window[0]
    if window[1] is not None:
        kept &= instants < window[1]
    return kept
