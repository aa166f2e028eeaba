"""Reading records again by their ids, because TikTok said that they changed.

What TikTok pushes is never stored: only its own answer to a call is, so a notification that comes
late, twice or in the wrong order changes nothing. Rows go through the same normalising and the same
upsert as an import's; windows, coverage and checkpoints stay as they are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from backfill.fetch import Source
from backfill.keep import RowsPublisher, keep
from backfill.normalise.rows import BuyerHasher
from backfill.run import Outcome
from backfill.stage import Context, Stage
from backfill.stages import BY_NAME
from backfill.work import HEARTBEAT_SECONDS
from clock import Clock
from errors import Reauthorise, Retryable
from store.commits import Write
from store.freshness import Freshness
from store.records import ShopRecords
from tiktok_shop.client import Reply
from tiktok_shop.endpoints import ENDPOINTS
from tiktok_shop.errors import (
    AppRefused,
    Misconfigured,
    RequestRefused,
    ScopeMissing,
    ShopInactive,
    UnknownAnswer,
    WrongShop,
)

#: Until the next try when TikTok or the disk has a bad moment, in seconds.
_WAIT_SECONDS: Final = 20.0

#: Ids in one call where TikTok documents no limit; its largest page of returns holds as many.
_IDS_IN_A_CALL: Final = 50

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Tools:
    """What records are read again with. `source` pays with its lane, which is also the lane of the
    fencing token."""

    records: ShopRecords
    columns: RowsPublisher
    source: Source
    buyer: BuyerHasher
    clock: Clock


@dataclass(frozen=True, slots=True)
class Answer:
    """Records as they are now, and the stage whose rows they become."""

    stage: Stage
    records: Sequence[Any]
    reply: Reply


Read = Callable[[Source, ShopRecords, Sequence[str]], Iterator[Answer]]


@dataclass(frozen=True, slots=True)
class ByFilter:
    """All ids in the call's id filter."""

    stage: str
    endpoint: str
    id_filter: str

    def __call__(
        self, source: Source, _records: ShopRecords, ids: Sequence[str]
    ) -> Iterator[Answer]:
        endpoint = ENDPOINTS[self.endpoint]
        filters = {self.id_filter: list(ids)}
        asked: dict[str, Any] = {"body" if endpoint.filters_in_body else "query": filters}
        if endpoint.paging is not None:
            for page in source.client.pages(endpoint, source.access, lane=source.lane, **asked):
                yield Answer(BY_NAME[self.stage], page.rows, page.reply)
            return
        reply = source.client.call(endpoint, source.access, lane=source.lane, **asked)
        yield Answer(BY_NAME[self.stage], reply.data.get(endpoint.rows) or [], reply)

    @property
    def most(self) -> int:
        return ENDPOINTS[self.endpoint].id_filter(self.id_filter).limit or _IDS_IN_A_CALL


class ProductById:
    """The detail of one product, and its row in the list, which tells state, audit and prices: the
    list is asked for one of its SKUs (product search has no filter by product)."""

    most: Final = 1

    def __call__(
        self, source: Source, records: ShopRecords, ids: Sequence[str]
    ) -> Iterator[Answer]:
        (product_id,) = ids
        skus = records.query(
            "SELECT sku_id FROM product_skus WHERE product_id = ? ORDER BY sku_id", (product_id,)
        )
        sku_ids = [str(row["sku_id"]) for row in skus]
        try:
            reply = source.client.call(
                "product_detail", source.access, lane=source.lane, path={"product_id": product_id}
            )
        except (RequestRefused, UnknownAnswer) as error:
            # A product that was deleted or frozen has no detail any more.
            _log.info("no_detail", debug=error.debug, reference=error.reference)
        else:
            yield Answer(BY_NAME["product_details"], [reply.data], reply)
            listed = reply.data.get("skus")
            found = [sku.get("id") for sku in listed or [] if isinstance(sku, dict)]
            sku_ids = [str(sku_id) for sku_id in found if sku_id] or sku_ids
        if not sku_ids:
            return
        search = ByFilter("products", "product_search", "sku_ids")
        page = next(search(source, records, sku_ids[: search.most]), None)
        if page is not None:
            # A version that knows no such filter (202309) lists everything.
            own = [one for one in page.records if _id_of(one) == product_id]
            yield Answer(page.stage, own, page.reply)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of id that can be read again: which ids go together in how large a call."""

    read: Read
    most: int


def _by_filter(stage: str, endpoint: str, id_filter: str) -> Kind:
    found = ByFilter(stage, endpoint, id_filter)
    return Kind(found, found.most)


#: By what a notification names (`tiktok_shop.webhooks`), in the order of reading.
KINDS: Final[Mapping[str, Kind]] = {
    "orders": _by_filter("orders", "order_detail", "ids"),
    "returns": _by_filter("returns", "return_search", "return_ids"),
    "cancellations": _by_filter("cancellations", "cancellation_search", "cancel_ids"),
    "products": Kind(ProductById(), ProductById.most),
    "inventory": _by_filter("inventory", "inventory_search", "product_ids"),
    "sku_inventory": _by_filter("inventory", "inventory_search", "sku_ids"),
    "fbt_inventory": _by_filter("fbt_inventory", "fbt_inventory_search", "sku_ids"),
    "inbound_orders": _by_filter("inbound_orders", "inbound_orders", "ids"),
}


def reread(
    named: Mapping[str, Sequence[str]],
    tools: Tools,
    *,
    ledger_token: int,
    renew: Callable[[], None],
    stop: Callable[[], bool],
) -> Outcome:
    """Read these records (ids by a name in `KINDS`; KeyError for another) as they are now, keep
    them, and show them in the columns. Harmless to repeat. What TikTok does not know or will not
    show is left as it is.

    `renew` keeps the lease and raises `Fenced` when it is lost; `stop` says that the run should be
    handed back between two calls.
    """
    lane = tools.source.lane
    work = _Work(tools, tools.records.grant(lane, ledger_token), tools.clock.now())
    asked = [
        (KINDS[what], named[what][at : at + KINDS[what].most])
        for what in sorted(named, key=list(KINDS).index)
        for at in range(0, len(named[what]), KINDS[what].most)
    ]
    try:
        try:
            for kind, ids in asked:
                if stop():
                    return Outcome("waiting", "It was interrupted and goes on by itself.")
                work.alive(renew)
                work.read(kind, ids)
        finally:
            work.publish()
    except (Retryable, AppRefused) as error:
        wait = max(error.retry_after or 0.0, _WAIT_SECONDS)
        return Outcome("waiting", error.message, tools.clock.now() + wait)
    except (Reauthorise, ShopInactive, WrongShop, Misconfigured) as error:
        return Outcome("blocked", error.message, closed=isinstance(error, ShopInactive))
    except (sqlite3.OperationalError, OSError) as error:
        _log.error("storage_failed", error=type(error).__name__, detail=str(error))
        sentence = "The server cannot write its data at the moment. It goes on by itself."
        return Outcome("waiting", sentence, tools.clock.now() + _WAIT_SECONDS)
    return Outcome("done")


@dataclass(slots=True)
class _Work:
    tools: Tools
    token: int
    began_at: float
    read_again: list[Write] = field(default_factory=list)
    told: dict[str, Freshness] = field(default_factory=dict)
    renewed_at: float = 0.0

    def alive(self, renew: Callable[[], None]) -> None:
        now = self.tools.clock.monotonic()
        if now - self.renewed_at >= HEARTBEAT_SECONDS:
            self.renewed_at = now
            renew()

    def read(self, kind: Kind, ids: Sequence[str]) -> None:
        tools = self.tools
        try:
            for answer in kind.read(tools.source, tools.records, ids):
                self.keep(answer)
        except ScopeMissing as error:
            # The import says so where people look; other kinds can be read all the same.
            _log.warning("not_read_again", debug=error.debug, reference=error.reference)
        except (RequestRefused, UnknownAnswer) as error:
            if len(ids) == 1:
                _log.warning("not_read_again", debug=error.debug, reference=error.reference)
                return
            # One bad id must not hold up the others.
            for one in ids:
                self.read(kind, (one,))

    def keep(self, answer: Answer) -> None:
        tools, stage = self.tools, answer.stage
        normalised = stage.normalise(answer.records, Context(tools.buyer))
        held = tools.source.lane, self.token
        self.read_again += keep(stage, normalised, answer.reply, tools.records, held)
        self.told[stage.name] = Freshness(told_at=self.began_at)

    def publish(self) -> None:
        if self.told:
            self.tools.columns.publish_rows(self.read_again, seen=self.told)


def _id_of(record: object) -> str:
    return str(record.get("id")) if isinstance(record, dict) else ""
