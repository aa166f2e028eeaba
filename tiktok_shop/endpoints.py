"""The calls we make of TikTok Shop's Partner API, as a table.

A request is built from a row of this table, never from a branch on its name: versions, scope, page
sizes, filters, sort fields and list limits are all here. Times are UTC epoch seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Paging:
    """Page sizes TikTok accepts. `page_size` and `page_token` go into the query."""

    min_size: int
    max_size: int


@dataclass(frozen=True, slots=True)
class TimeFilter:
    """A range filter on one time of the record; the lower bound is always inclusive."""

    axis: str
    lower: str
    upper: str
    upper_is_inclusive: bool

    def window(self, start: int, end: int) -> dict[str, int]:
        """Filters for the half-open window `start <= t < end` (UTC epoch seconds)."""
        if end <= start:
            raise ValueError(f"an empty window: {start} to {end}")
        return {self.lower: start, self.upper: end - 1 if self.upper_is_inclusive else end}


@dataclass(frozen=True, slots=True)
class IdFilter:
    """A list of ids; more than `limit` in one call are refused (None: no documented limit)."""

    name: str
    limit: int | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call.

    `path` has `{version}` and the names of its path parameters; `versions` go from the preferred
    one to fallbacks. `rows` names the array inside `data` ("" when `data` is one object). Filters
    (times and ids) belong in the body of a POST and in the query of a GET. `weight` is what a call
    costs the shop's quota.
    """

    name: str
    method: str
    path: str
    versions: tuple[str, ...]
    scope: str
    rows: str
    takes_cipher: bool = True
    paging: Paging | None = None
    time_filters: tuple[TimeFilter, ...] = ()
    sort_fields: tuple[str, ...] = ()
    id_filters: tuple[IdFilter, ...] = ()
    weight: int = 1

    @property
    def filters_in_body(self) -> bool:
        return self.method == "POST"

    def time_filter(self, axis: str) -> TimeFilter:
        """The filter on `axis`, such as "update_time"; KeyError when the call has none."""
        for found in self.time_filters:
            if found.axis == axis:
                return found
        raise KeyError(f"{self.name} cannot be filtered by {axis}")

    def id_filter(self, name: str) -> IdFilter:
        for found in self.id_filters:
            if found.name == name:
                return found
        raise KeyError(f"{self.name} cannot be filtered by {name}")

    def ascending(self, axis: str) -> dict[str, str]:
        """Query that sorts by `axis`, oldest first; empty when the call cannot sort by it."""
        return {"sort_field": axis, "sort_order": "ASC"} if axis in self.sort_fields else {}


_CREATED_AND_UPDATED: Final = ("create_time", "update_time")
_HALF_OPEN: Final = tuple(
    TimeFilter(axis, f"{axis}_ge", f"{axis}_lt", upper_is_inclusive=False)
    for axis in _CREATED_AND_UPDATED
)
# Products end in `_le`, and that bound is part of the range.
_CLOSED: Final = tuple(
    TimeFilter(axis, f"{axis}_ge", f"{axis}_le", upper_is_inclusive=True)
    for axis in _CREATED_AND_UPDATED
)

_TABLE: Final = (
    Endpoint(
        name="authorized_shops",
        method="GET",
        path="/authorization/{version}/shops",
        versions=("202309",),
        scope="seller.authorization.info",
        rows="shops",
        takes_cipher=False,
    ),
    Endpoint(
        name="order_search",
        method="POST",
        path="/order/{version}/orders/search",
        versions=("202309",),
        scope="seller.order.info",
        rows="orders",
        paging=Paging(1, 100),
        time_filters=_HALF_OPEN,
        sort_fields=_CREATED_AND_UPDATED,
    ),
    Endpoint(
        name="order_detail",
        method="GET",
        path="/order/{version}/orders",
        versions=("202507", "202309"),
        scope="seller.order.info",
        rows="orders",
        id_filters=(IdFilter("ids", 50),),
    ),
    Endpoint(
        name="price_detail",
        method="GET",
        path="/order/{version}/orders/{order_id}/price_detail",
        versions=("202407",),
        scope="seller.order.info",
        rows="",
    ),
    Endpoint(
        name="product_search",
        method="POST",
        path="/product/{version}/products/search",
        versions=("202502", "202309"),
        scope="seller.product.basic",
        rows="products",
        paging=Paging(1, 100),
        time_filters=_CLOSED,
    ),
    Endpoint(
        name="product_detail",
        method="GET",
        path="/product/{version}/products/{product_id}",
        versions=("202309",),
        scope="seller.product.basic",
        rows="",
    ),
    Endpoint(
        name="inventory_search",
        method="POST",
        path="/product/{version}/inventory/search",
        versions=("202309",),
        scope="seller.product.basic",
        rows="inventory",
        id_filters=(IdFilter("product_ids", 100), IdFilter("sku_ids", 600)),
    ),
    Endpoint(
        name="return_search",
        method="POST",
        path="/return_refund/{version}/returns/search",
        versions=("202602", "202309"),
        scope="seller.return_refund.basic",
        rows="return_orders",
        paging=Paging(10, 50),
        time_filters=_HALF_OPEN,
        sort_fields=_CREATED_AND_UPDATED,
        id_filters=(IdFilter("return_ids", None), IdFilter("order_ids", None)),
    ),
    Endpoint(
        name="cancellation_search",
        method="POST",
        path="/return_refund/{version}/cancellations/search",
        versions=("202602", "202309"),
        scope="seller.return_refund.basic",
        rows="cancellations",
        paging=Paging(1, 50),
        time_filters=_HALF_OPEN,
        sort_fields=_CREATED_AND_UPDATED,
        id_filters=(IdFilter("cancel_ids", None), IdFilter("order_ids", None)),
    ),
    Endpoint(
        name="warehouses",
        method="GET",
        path="/logistics/{version}/warehouses",
        versions=("202309",),
        scope="seller.logistics",
        rows="warehouses",
    ),
)

ENDPOINTS: Final[Mapping[str, Endpoint]] = MappingProxyType({row.name: row for row in _TABLE})
