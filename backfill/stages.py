"""The stage table: one row says how one resource is fetched and turned into rows.

A new resource is a new row here and a normalise function. What is common to all (windows, pages,
commits, errors) is in `run`; how a request looks is in `tiktok_shop.endpoints`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any, Final

from backfill.normalise.aftersales import normalise_cancellations, normalise_returns
from backfill.normalise.orders import normalise_orders
from backfill.normalise.price_detail import normalise_price_detail
from backfill.normalise.products import (
    normalise_inventory,
    normalise_product_detail,
    normalise_product_search,
)
from backfill.normalise.rows import BuyerHasher, Normalised
from backfill.normalise.shop import normalise_warehouses
from backfill.prices import without_answered_prices
from catalogue import tables
from catalogue.table import Table
from store.commits import StageProgress
from store.records import ShopRecords


@dataclass(frozen=True, slots=True)
class Context:
    """What a normalise function may need beside the records: the workspace's buyer hash, and the
    row of ids that was asked for (of a stage that reads by id)."""

    buyer: BuyerHasher
    asked: tuple[Any, ...] = ()


Normalise = Callable[[Sequence[object], Context], Normalised]


@dataclass(frozen=True, slots=True)
class InWindows:
    """Read by a time of the record, `step_days` at a time; what is covered is not read again."""

    axis: str
    step_days: int


@dataclass(frozen=True, slots=True)
class Whole:
    """Read from beginning to end in every run. `axis`: the time by which it can be split when
    TikTok would not list it all; None where a list cannot be that long."""

    axis: str | None = None


@dataclass(frozen=True, slots=True)
class ById:
    """Read for ids that are in the records. `pending` is SQL that gives them (every `?` is when
    this reading was planned) and gives none that were read since. The ids go into the path (`path`)
    or, many at once, into the id filter (`id_filter`)."""

    pending: str
    path: str = ""
    id_filter: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """`name` is also the resource's name in windows and coverage. `label` is what people see;
    several stages may share one. `data` is the word by which people ask for it. `optional` stages
    are read when asked for by name only. `needs` are stages whose rows this one builds on,
    `after` those that only come first because they are wanted sooner. `reconcile` compares rows
    with what is stored before they are kept."""

    name: str
    label: str
    data: str
    endpoint: str
    reads: InWindows | Whole | ById
    normalise: Normalise
    tables: tuple[Table, ...]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    optional: bool = False
    reconcile: Callable[[ShopRecords, Normalised], Normalised] | None = None


def _plain(normalise: Callable[[Sequence[object]], Normalised]) -> Normalise:
    """Of a function that needs nothing but the records."""
    return lambda records, _context: normalise(records)


_DETAILS: Final = """
    SELECT product_id FROM products
    WHERE COALESCE(status, '') NOT IN ('FREEZE', 'DELETED')
      AND update_time > COALESCE(detail_update_time, 0)
    ORDER BY update_time DESC, product_id
"""
_STOCK: Final = """
    SELECT product_id FROM products
    WHERE COALESCE(status, '') <> 'DELETED'
      AND product_id NOT IN (SELECT product_id FROM sku_inventory WHERE last_seen_at >= ?)
    ORDER BY product_id
"""
_PRICES: Final = """
    SELECT order_id, MAX(create_time), MAX(update_time) FROM order_line_item_price_detail
    WHERE is_derived = 1 AND (shipping_list_price IS NULL OR payment IS NULL)
    GROUP BY order_id
    ORDER BY 2 DESC
"""

STAGES: Final[tuple[Stage, ...]] = (
    Stage(
        name="warehouses",
        label="Warehouses & FBT",
        data="products",
        endpoint="warehouses",
        reads=Whole(),
        normalise=_plain(normalise_warehouses),
        tables=(tables.WAREHOUSES,),
    ),
    Stage(
        name="products",
        label="Products Catalog",
        data="products",
        endpoint="product_search",
        reads=Whole("create_time"),
        normalise=_plain(normalise_product_search),
        tables=(tables.PRODUCTS, tables.PRODUCT_SKUS),
    ),
    Stage(
        name="orders",
        label="Orders",
        data="orders",
        endpoint="order_search",
        reads=InWindows("create_time", 1),
        normalise=lambda records, context: normalise_orders(records, context.buyer),
        tables=(tables.ORDERS, tables.ORDER_LINE_ITEMS, tables.ORDER_LINE_ITEM_PRICE_DETAIL),
        reconcile=without_answered_prices,
        after=("warehouses", "products"),
    ),
    Stage(
        name="returns",
        label="Refunds & Returns",
        data="orders",
        endpoint="return_search",
        reads=InWindows("create_time", 7),
        normalise=_plain(normalise_returns),
        tables=(tables.RETURNS, tables.RETURN_LINE_ITEMS),
        after=("orders",),
    ),
    Stage(
        name="cancellations",
        label="Refunds & Returns",
        data="orders",
        endpoint="cancellation_search",
        reads=InWindows("create_time", 7),
        normalise=_plain(normalise_cancellations),
        tables=(tables.CANCELLATIONS, tables.CANCELLATION_LINE_ITEMS),
        after=("returns",),
    ),
    Stage(
        name="inventory",
        label="Product Inventory",
        data="products",
        endpoint="inventory_search",
        reads=ById(_STOCK, id_filter="product_ids"),
        normalise=_plain(normalise_inventory),
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
        normalise=_plain(normalise_product_detail),
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
)

BY_NAME: Final[Mapping[str, Stage]] = {stage.name: stage for stage in STAGES}

#: The stages as people see them, in the order in which they are shown.
LABELS: Final = (
    *("Products Catalog", "Product Details & Images", "Product Inventory", "Orders"),
    *("Refunds & Returns", "Warehouses & FBT", "Price Details"),
)

#: The words by which people ask for data.
DATA: Final = tuple(dict.fromkeys(stage.data for stage in STAGES))


def in_order(data: Iterable[str] = ()) -> list[Stage]:
    """The stages of these kinds of data (none given: all that are not optional), each after those
    it builds on. ValueError for an unknown word."""
    wanted = frozenset(data)
    if unknown := wanted - set(DATA):
        raise ValueError(f"there is no data called {', '.join(sorted(unknown))}")
    sorter = TopologicalSorter({stage.name: (*stage.needs, *stage.after) for stage in STAGES})
    chosen = [BY_NAME[name] for name in sorter.static_order()]
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
