"""The stage table: one row says how one resource is fetched and turned into rows.

A new resource is a new row here and a normalise function. What is common to all (windows, pages,
commits, errors) is in `run`; how a request looks is in `tiktok_shop.endpoints`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Final

from backfill.normalise.aftersales import normalise_cancellations, normalise_returns
from backfill.normalise.orders import normalise_orders
from backfill.normalise.price_detail import normalise_price_detail
from backfill.normalise.products import (
    normalise_inventory,
    normalise_product_detail,
    normalise_product_search,
)
from backfill.normalise.shop import normalise_warehouses
from backfill.stage import ById, InWindows, Stage, Updates, Whole, plain
from backfill.stages_analytics import ANALYTICS_STAGES
from backfill.stages_beside import BESIDE_STAGES
from backfill.stages_finance import FINANCE_STAGES
from catalogue import tables
from store.commits import StageProgress

_DETAILS: Final = """
    SELECT product_id FROM products
    WHERE COALESCE(status, '') NOT IN ('FREEZE', 'DELETED') AND is_auction IS NULL
      AND update_time > COALESCE(detail_update_time, 0)
    ORDER BY update_time DESC, product_id
"""
_STOCK: Final = """
    SELECT product_id FROM products
    WHERE COALESCE(status, '') <> 'DELETED' AND is_auction IS NULL
      AND product_id NOT IN (SELECT product_id FROM sku_inventory WHERE last_seen_at >= ?)
    ORDER BY product_id
"""
_PRICES: Final = """
    SELECT order_id, MAX(create_time), MAX(update_time) FROM order_line_item_price_detail
    WHERE is_derived = 1 AND (shipping_list_price IS NULL OR payment IS NULL)
    GROUP BY order_id
    ORDER BY 2 DESC
"""
#: Whether an order of that time is still on its way: neither cancelled nor completed and settled.
_UNDER_WAY: Final = """
    SELECT 1 FROM orders
    WHERE create_time >= ? AND create_time < ? AND status IS NOT 'CANCELLED'
      AND (status IS NOT 'COMPLETED' OR order_key NOT IN
           (SELECT order_key FROM statement_transactions WHERE order_key IS NOT NULL))
    LIMIT 1
"""

STAGES: Final[tuple[Stage, ...]] = (
    Stage(
        name="warehouses",
        label="Warehouses & FBT",
        data="products",
        endpoint="warehouses",
        reads=Whole(once_a_day=True),
        normalise=plain(normalise_warehouses),
        tables=(tables.WAREHOUSES,),
    ),
    Stage(
        name="products",
        label="Products Catalog",
        data="products",
        endpoint="product_search",
        reads=Whole("create_time"),
        normalise=plain(normalise_product_search),
        tables=(tables.PRODUCTS, tables.PRODUCT_SKUS),
        updates=Updates(),
    ),
    Stage(
        name="orders",
        label="Orders",
        data="orders",
        endpoint="order_search",
        reads=InWindows("create_time", 1),
        normalise=lambda records, context: normalise_orders(records, context.buyer),
        tables=(tables.ORDERS, tables.ORDER_LINE_ITEMS, tables.PRODUCTS),
        after=("warehouses", "products"),
        # TikTok moves the update time with the status only.
        updates=Updates(ages=(7, 30, 60, 90), may_change=_UNDER_WAY),
    ),
    Stage(
        name="returns",
        label="Refunds & Returns",
        data="orders",
        endpoint="return_search",
        reads=InWindows("create_time", 7),
        normalise=plain(normalise_returns),
        tables=(tables.RETURNS, tables.RETURN_LINE_ITEMS),
        after=("orders",),
        updates=Updates(),
    ),
    Stage(
        name="cancellations",
        label="Refunds & Returns",
        data="orders",
        endpoint="cancellation_search",
        reads=InWindows("create_time", 7),
        normalise=plain(normalise_cancellations),
        tables=(tables.CANCELLATIONS, tables.CANCELLATION_LINE_ITEMS),
        after=("returns",),
        updates=Updates(),
    ),
    Stage(
        name="inventory",
        label="Product Inventory",
        data="products",
        endpoint="inventory_search",
        reads=ById(_STOCK, id_filter="product_ids"),
        normalise=plain(normalise_inventory),
        tables=(tables.INVENTORY, tables.SKU_INVENTORY),
        needs=("products",),
        after=("cancellations",),
    ),
    Stage(
        name="product_details",
        label="Product Details & Images",
        data="products",
        endpoint="product_detail",
        reads=ById(_DETAILS, path="product_id"),
        normalise=plain(normalise_product_detail),
        tables=(tables.PRODUCTS, tables.PRODUCT_SKUS),
        needs=("products",),
        after=("inventory",),
    ),
    Stage(
        name="price_detail",
        label="Price Details",
        data="price_detail",
        endpoint="price_detail",
        reads=ById(_PRICES, path="order_id"),
        normalise=lambda records, context: normalise_price_detail(records, *context.asked),
        tables=(tables.ORDER_LINE_ITEM_PRICE_DETAIL,),
        needs=("orders",),
        after=("product_details",),
        optional=True,
    ),
    *FINANCE_STAGES,
    *ANALYTICS_STAGES,
    *BESIDE_STAGES,
)

BY_NAME: Final[Mapping[str, Stage]] = {stage.name: stage for stage in STAGES}

#: The stages as people see them, in the order in which they are shown.
LABELS: Final = (
    *("Products Catalog", "Product Details & Images", "Product Inventory", "Orders"),
    *("Refunds & Returns", "Warehouses & FBT", "Price Details"),
    *("Financial Statements", "Statement Transactions"),
    *("Analytics & Metrics", "External Orders"),
)

#: The words by which people ask for data.
DATA: Final = tuple(dict.fromkeys(stage.data for stage in STAGES))

#: Those of them that are read when nobody asks for anything in particular.
USUAL: Final = tuple(dict.fromkeys(stage.data for stage in STAGES if not stage.optional))


def in_order(data: Iterable[str] = ()) -> list[Stage]:
    """The stages of these kinds of data (none given: all that are not optional), each after those
    it builds on, optional ones last. ValueError for an unknown word."""
    wanted = frozenset(data)
    if unknown := wanted - set(DATA):
        raise ValueError(f"there is no data called {', '.join(sorted(unknown))}")
    sorter = TopologicalSorter({stage.name: (*stage.needs, *stage.after) for stage in STAGES})
    sequence = [BY_NAME[name] for name in sorter.static_order()]
    chosen = sorted(sequence, key=lambda stage: stage.optional)
    if wanted:
        return [stage for stage in chosen if stage.data in wanted]
    return [stage for stage in chosen if not stage.optional]


_WORST_FIRST: Final = ("failed", "blocked", "waiting", "running", "pending", "done")


def shown(progress: Mapping[str, StageProgress]) -> list[StageProgress]:
    """Progress by label, in the order of `LABELS`: numbers added up, the state that needs most
    attention. `total` is null until it is known for every part. Labels not begun are left out."""
    merged: list[StageProgress] = []
    for label in LABELS:
        parts = [
            progress[stage.name]
            for stage in STAGES
            if stage.label == label and stage.name in progress
        ]
        if parts:
            merged.append(_merge(label, parts))
    return merged


def _merge(label: str, parts: Sequence[StageProgress]) -> StageProgress:
    states = {part.state for part in parts}
    state = next(state for state in _WORST_FIRST if state in states)
    if state == "pending" and "done" in states:
        state = "running"
    totals = [part.total for part in parts]
    known = [total for total in totals if total is not None]
    return StageProgress(
        stage=label,
        state=state,
        done=sum(part.done for part in parts),
        total=sum(known) if len(known) == len(totals) else None,
        waits_for=next((part.waits_for for part in parts if part.waits_for), ""),
        error=next((part.error for part in parts if part.error), ""),
        reference=next((part.reference for part in parts if part.reference), ""),
        started_at=min((part.started_at for part in parts if part.started_at), default=None),
        heartbeat_at=max((part.heartbeat_at for part in parts if part.heartbeat_at), default=None),
        finished_at=_all_finished(parts),
    )


def _all_finished(parts: Sequence[StageProgress]) -> float | None:
    moments = [part.finished_at for part in parts]
    return None if None in moments else max(moment for moment in moments if moment is not None)
