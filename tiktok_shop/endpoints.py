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
    (times and ids) belong in the body of a POST and in the query of a GET. `always` goes into the
    query of every call. `weight` is what a call costs the shop's quota.
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
    always: tuple[tuple[str, str], ...] = ()
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

    def ascending(self, axis: str = "") -> dict[str, str]:
        """Query that sorts by `axis`, or else by the only field the call sorts by (some demand it),
        oldest first; empty when the call cannot sort so."""
        only = self.sort_fields[0] if len(self.sort_fields) == 1 else ""
        by = axis if axis in self.sort_fields else only
        return {"sort_field": by, "sort_order": "ASC"} if by else {}


_CREATED_AND_UPDATED: Final = ("create_time", "update_time")


def _half_open(axis: str) -> TimeFilter:
    return TimeFilter(axis, f"{axis}_ge", f"{axis}_lt", upper_is_inclusive=False)


_HALF_OPEN: Final = tuple(map(_half_open, _CREATED_AND_UPDATED))
# Products end in `_le`, and that bound is part of the range.
_CLOSED: Final = tuple(
    TimeFilter(axis, f"{axis}_ge", f"{axis}_le", upper_is_inclusive=True)
    for axis in _CREATED_AND_UPDATED
)

#: Of figures by day one bucket a day is asked for; without a word TikTok gives one in all.
_BY_DAY: Final = (("granularity", "1D"),)


def _analytics(
    name: str,
    path: str,
    versions: tuple[str, ...],
    *,
    rows: str = "",
    always: tuple[tuple[str, str], ...] = (),
) -> Endpoint:
    """A call of the family Data Analytics: one scope, pages of up to 100 where there is a list,
    days as `start_date_ge` and `end_date_lt` in the shop's own zone."""
    return Endpoint(
        name=name,
        method="GET",
        path=f"/analytics/{{version}}/{path}",
        versions=versions,
        scope="data.shop_analytics.public.read",
        rows=rows,
        paging=Paging(1, 100) if rows else None,
        always=always,
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
        id_filters=(IdFilter("sku_ids", 10),),
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
    Endpoint(
        name="statements",
        method="GET",
        path="/finance/{version}/statements",
        versions=("202309",),
        scope="seller.finance.info",
        rows="statements",
        paging=Paging(1, 100),
        time_filters=(_half_open("statement_time"),),
        sort_fields=("statement_time",),
    ),
    # Each page repeats the totals of the statement, so a page is one row.
    Endpoint(
        name="statement_transactions",
        method="GET",
        path="/finance/{version}/statements/{statement_id}/statement_transactions",
        versions=("202501",),
        scope="seller.finance.info",
        rows="",
        paging=Paging(1, 100),
        sort_fields=("order_create_time",),
    ),
    Endpoint(
        name="order_statement_transactions",
        method="GET",
        path="/finance/{version}/orders/{order_id}/statement_transactions",
        versions=("202501",),
        scope="seller.finance.info",
        rows="",
    ),
    Endpoint(
        name="payments",
        method="GET",
        path="/finance/{version}/payments",
        versions=("202605", "202309"),
        scope="seller.finance.info",
        rows="payments",
        paging=Paging(1, 100),
        time_filters=(_half_open("create_time"),),
        sort_fields=("create_time",),
    ),
    # Which time of the record the filter is about is not documented.
    Endpoint(
        name="unsettled_transactions",
        method="GET",
        path="/finance/{version}/orders/unsettled",
        versions=("202507",),
        scope="seller.finance.info",
        rows="transactions",
        paging=Paging(1, 100),
        time_filters=(_half_open("search_time"),),
        sort_fields=("order_create_time",),
    ),
    Endpoint(
        name="webhooks",
        method="GET",
        path="/event/{version}/webhooks",
        versions=("202309",),
        scope="seller.authorization.info",
        rows="webhooks",
    ),
    # Creates or replaces the address of one topic; body: `address`, `event_type`.
    Endpoint(
        name="webhook_update",
        method="PUT",
        path="/event/{version}/webhooks",
        versions=("202309",),
        scope="seller.authorization.info",
        rows="",
    ),
    # Body: `event_type`.
    Endpoint(
        name="webhook_delete",
        method="DELETE",
        path="/event/{version}/webhooks",
        versions=("202309",),
        scope="seller.authorization.info",
        rows="",
    ),
    _analytics("shop_performance", "shop/performance", ("202509",), always=_BY_DAY),
    # Of its figures only buyers, impressions and cancelled items are not told by the newer one.
    _analytics("shop_exposure", "shop/performance", ("202405",), always=_BY_DAY),
    _analytics(
        "shop_performance_hourly", "shop/performance/{date}/performance_per_hour", ("202510",)
    ),
    _analytics(
        "product_performance", "shop_products/performance", ("202605", "202509"), rows="products"
    ),
    _analytics("sku_performance", "shop_skus/performance", ("202509",), rows="skus"),
    _analytics("video_performance", "shop_videos/performance", ("202605", "202509"), rows="videos"),
    _analytics("video_overview", "shop_videos/overview_performance", ("202509",), always=_BY_DAY),
    _analytics(
        "live_performance", "shop_lives/performance", ("202509",), rows="live_stream_sessions"
    ),
    _analytics("live_overview", "shop_lives/overview_performance", ("202509",), always=_BY_DAY),
    Endpoint(
        name="fbt_warehouses",
        method="GET",
        path="/fbt/{version}/warehouses",
        versions=("202408",),
        scope="seller.fbt.info",
        rows="warehouses",
    ),
    Endpoint(
        name="fbt_inventory_search",
        method="POST",
        path="/fbt/{version}/inventory/search",
        versions=("202408",),
        scope="seller.fbt.info",
        rows="inventory",
        paging=Paging(1, 100),
        id_filters=(IdFilter("sku_ids", 100), IdFilter("goods_ids", 100)),
    ),
    Endpoint(
        name="fbt_records_search",
        method="POST",
        path="/fbt/{version}/inventory_records/search",
        versions=("202410",),
        scope="seller.fbt.info",
        rows="inventory_records",
        paging=Paging(1, 100),
        time_filters=(
            TimeFilter("create_time", "create_time_ge", "create_time_le", upper_is_inclusive=True),
        ),
    ),
    # The ids go without the prefix that TikTok shows elsewhere. Their number is not documented.
    Endpoint(
        name="inbound_orders",
        method="GET",
        path="/fbt/{version}/inbound_orders",
        versions=("202409",),
        scope="seller.fbt.info",
        rows="inbound_orders",
        id_filters=(IdFilter("ids", 20),),
    ),
    # The platform must be named; no other than this one is documented.
    Endpoint(
        name="external_orders",
        method="GET",
        path="/order/{version}/orders/{order_id}/external_orders",
        versions=("202406",),
        scope="seller.order.info",
        rows="external_orders",
        always=(("platform", "SHOPIFY"),),
    ),
)

ENDPOINTS: Final[Mapping[str, Endpoint]] = MappingProxyType({row.name: row for row in _TABLE})
