"""Runs a plan: chooses the shops, fills in their segments, asks the engine, remembers the answer.

Reads only: the store says what is there and until when it was read; nothing here calls TikTok.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final, Protocol

import orjson
from cachetools import LRUCache

from catalogue.facts import FACTS, Fact
from catalogue.fields import FIELDS
from catalogue.tables import ORDERS, TABLES
from clock import Clock
from connector.plan import Plan, plan
from connector.request import GetDataRequest, Options
from connector.schema import data_type
from connector.select import ShopScope
from connector.zones import midnight, today
from errors import BadRequest, NotReady
from store.accounts import ShopRow, WorkspaceScope
from store.columns import Manifest, ShopColumns
from store.engine import Engine
from store.records import Covered, ShopRecords
from store.rows import joined_text

#: Looker Studio's own limit for one getData.
MOST_ROWS: Final = 1_000_000
LONGEST_HEADER: Final = 2_000
#: A little more than the 12 hours between two syncs.
STALE_AFTER_SECONDS: Final = 13 * 3600
_STATE_NOTES: Final = {
    "reauthorise": "{name} has to be connected again; its numbers stopped on the last import.",
    "disconnected": "{name} was disconnected; its numbers stopped on the last import.",
    "inactive": "TikTok has closed {name}; its numbers stopped on the last import.",
}


class ShopStores(Protocol):
    """Open files of a shop; kept open by whoever made this."""

    def records(self, workspace_id: str, shop_id: str) -> ShopRecords: ...
    def columns(self, workspace_id: str, shop_id: str) -> ShopColumns: ...


@dataclass(frozen=True)
class About:
    """What the answer shows: the X-Answer header. Instants are epoch seconds."""

    source: str
    as_of: float | None
    covered_from: dt.date | None
    stale: bool
    partial: bool
    notes: tuple[str, ...]

    def header(self) -> str:
        """Plain ASCII and under 2 KB, whatever the shops are called; the last notes go first."""
        as_of = self.as_of and dt.datetime.fromtimestamp(self.as_of, dt.UTC).isoformat()
        shown: dict[str, object] = {
            "source": self.source,
            "as_of": as_of,
            "covered_from": self.covered_from and self.covered_from.isoformat(),
            "stale": self.stale,
            "clamped": [],
            "partial": self.partial,
        }
        for count in range(len(self.notes), -1, -1):
            text = json.dumps({**shown, "notes": self.notes[:count]}, separators=(",", ":"))
            if len(text) < LONGEST_HEADER:
                break
        return text


@dataclass(frozen=True)
class Answer:
    """`body`: Looker's getData response as JSON text; `sql` and `parameters`: what was run."""

    body: bytes
    about: About
    plan: Plan
    sql: str


class Answers:
    """`cache_bytes` 0: every answer is computed. One per process; safe to share between threads."""

    def __init__(self, stores: ShopStores, engine: Engine, clock: Clock, cache_bytes: int) -> None:
        self._stores = stores
        self._engine = engine
        self._clock = clock
        self._lock = Lock()
        self._answers: LRUCache[object, bytes] = LRUCache(cache_bytes, getsizeof=len)
        self._currencies: LRUCache[object, tuple[str, ...]] = LRUCache(1_000)

    def answer(self, workspace: WorkspaceScope, request: GetDataRequest) -> Answer:
        """Raises BadRequest (also too_large) and NotReady."""
        shops = choose_shops(workspace, request.options)
        manifests = {shop.shop_id: self._columns(shop).manifest() for shop in shops}
        scopes = [self._scope(shop, request.options, manifests[shop.shop_id]) for shop in shops]
        if request.options.currency:
            scopes = [scope for scope in scopes if request.options.currency in scope.currencies]
            if not scopes:
                raise BadRequest(
                    f"None of the chosen shops has amounts in {request.options.currency}."
                )
        day = today(scopes[0].zone, self._clock.now())
        zones = {scope.shop_id: scope.zone for scope in scopes}
        made = plan(request, scopes, day)
        unknown = _unknown_facts(made, zones, manifests)
        if unknown:
            made = plan(request, scopes, day, unknown)
        asked = [shop for shop in shops if shop.shop_id in zones]
        about = self._about(made, asked, zones, manifests)
        if unknown:
            nothing = "No day of the range is imported, so there is nothing to show."
            about = replace(about, partial=True, notes=(nothing, *about.notes))
        if request.options.strict and (about.partial or about.stale):
            raise NotReady(" ".join(about.notes) or "Some days are not imported yet.")
        sql = made.sql
        for source in made.sources:
            scan = manifests[source.shop_id].scan(
                TABLES[source.table], source.lowest, source.highest
            )
            sql = sql.replace(source.token, scan)
        return Answer(self._body(made, sql), about, made, sql)

    def currencies(self, shop: ShopRow) -> tuple[str, ...]:
        """Currencies of the shop's orders, else its region's."""
        return self._scope_currencies(shop, self._columns(shop).manifest())

    # -- the shops -----------------------------------------------------------------------------

    def _columns(self, shop: ShopRow) -> ShopColumns:
        return self._stores.columns(shop.workspace_id, shop.shop_id)

    def _scope(self, shop: ShopRow, options: Options, manifest: Manifest) -> ShopScope:
        return ShopScope(
            shop_id=shop.shop_id,
            name=shop.name,
            region=shop.region,
            seller_type=shop.seller_type,
            currencies=self._scope_currencies(shop, manifest),
            zone=options.time_zone or shop.report_zone or "UTC",
        )

    def _scope_currencies(self, shop: ShopRow, manifest: Manifest) -> tuple[str, ...]:
        key = (shop.workspace_id, shop.shop_id, manifest.version.get(ORDERS.name))
        with self._lock:
            known = self._currencies.get(key)
        if known is None:
            found = self._engine.query(
                f"SELECT DISTINCT currency FROM {manifest.scan(ORDERS)} WHERE currency <> ''", {}
            )
            known = tuple(sorted(found.column(0).to_pylist())) or (shop.currency,)
            with self._lock:
                self._currencies[key] = known
        return known

    # -- the rows ------------------------------------------------------------------------------

    def _body(self, made: Plan, sql: str) -> bytes:
        key = (sql, orjson.dumps(made.parameters, option=orjson.OPT_SORT_KEYS), made.fields)
        with self._lock:
            known = self._answers.get(key)
        if known is not None:
            return known
        body = self._ask(made, sql)
        if len(body) <= self._answers.maxsize:
            with self._lock:
                self._answers[key] = body
        return body

    def _ask(self, made: Plan, sql: str) -> bytes:
        rows = self._engine.query(sql, made.parameters)
        if rows.num_rows > MOST_ROWS:
            raise BadRequest(
                f"The answer has {rows.num_rows:,} rows, more than the {MOST_ROWS:,} Looker Studio "
                "takes. Shorten the date range, or leave out ids such as Order ID.",
                code="too_large",
            )
        schema = [{"name": name, "dataType": data_type(FIELDS[name])} for name in made.fields]
        text = joined_text(rows.column("row"))
        return b"".join(
            (b'{"schema":', orjson.dumps(schema), b',"rows":[', text[:-1],
             b'],"filtersApplied":true}')
        )  # fmt: skip

    # -- what it shows -------------------------------------------------------------------------

    def _about(
        self,
        made: Plan,
        shops: Sequence[ShopRow],
        zones: Mapping[str, str],
        manifests: Mapping[str, Manifest],
    ) -> About:
        facts = [FACTS[name] for name in made.facts if FACTS[name].fed_by != "shops"]
        notes: list[str] = []
        read: list[float] = []
        starts: list[int] = []
        partial = False
        ready = not facts
        for shop in shops:
            zone = zones[shop.shop_id]
            for fact in facts:
                covered = manifests[shop.shop_id].covered(fact.fed_by)
                if not covered:
                    partial = True
                    notes.append(f"{shop.name}: {fact.about} Not imported yet.")
                    continue
                ready = True
                read.append(min(stretch.read_at for stretch in covered))
                if fact.is_dated and made.first_day and made.last_day:
                    starts.append(min(stretch.start for stretch in covered))
                    if not _is_covered(covered, made.first_day, made.last_day, zone):
                        partial = True
                        notes.append(f"{shop.name}: not every day of the range is imported yet.")
            if shop.state in _STATE_NOTES:
                notes.append(_STATE_NOTES[shop.state].format(name=shop.name))
        if not ready:
            raise NotReady(self._not_ready(shops), retry_after=10)
        as_of = min(read, default=None)
        covered_from = dt.datetime.fromtimestamp(max(starts), dt.UTC).date() if starts else None
        stale = as_of is not None and self._clock.now() - as_of > STALE_AFTER_SECONDS
        unique = tuple(dict.fromkeys(notes))
        return About("cached", as_of, covered_from, stale, partial, unique)

    def _not_ready(self, shops: Iterable[ShopRow]) -> str:
        shares = [
            100 * min(stage.done, stage.total) // stage.total
            for shop in shops
            for stage in self._stores.records(shop.workspace_id, shop.shop_id).progress().values()
            if stage.total
        ]
        percent = sum(shares) // len(shares) if shares else 0
        return f"The import has only begun ({percent} % done). Try again in a minute."


def choose_shops(workspace: WorkspaceScope, options: Options) -> list[ShopRow]:
    """Raises BadRequest(unknown_shop) for a shop that is not the workspace's, nor the sample."""
    if options.shops == ("all",):
        chosen = [shop for shop in workspace.shops() if not shop.is_sample]
        if not chosen:
            raise BadRequest(
                "No shop is connected yet. Connect one, or choose the Sample Account.",
                code="unknown_shop",
            )
    else:
        chosen = [workspace.shop(shop_id) for shop_id in options.shops]
    if options.client:
        chosen = [shop for shop in chosen if shop.client == options.client]
        if not chosen:
            raise BadRequest(
                f"No chosen shop belongs to the client {options.client[:60]}.", code="unknown_shop"
            )
    return chosen


def _unknown_facts(
    made: Plan, zones: Mapping[str, str], manifests: Mapping[str, Manifest]
) -> frozenset[str]:
    """Facts of the plan of which no shop has a single day of the range."""
    return frozenset(
        name
        for name in made.facts
        if FACTS[name].fed_by != "shops"
        and not any(
            _meets(made, FACTS[name], stretch, zone)
            for shop_id, zone in zones.items()
            for stretch in manifests[shop_id].covered(FACTS[name].fed_by)
        )
    )


def _meets(made: Plan, fact: Fact, stretch: Covered, zone: str) -> bool:
    if not (fact.is_dated and made.first_day and made.last_day):
        return True
    end = midnight(made.last_day + dt.timedelta(days=1), zone)
    return stretch.start < end and stretch.end > midnight(made.first_day, zone)


def _is_covered(covered: Sequence[Covered], first: dt.date, last: dt.date, zone: str) -> bool:
    """Whether all days up to the newest one that was read are there; later ones are yet to come."""
    start, end = midnight(first, zone), midnight(last + dt.timedelta(days=1), zone)
    end = min(end, max(stretch.end for stretch in covered))
    for stretch in sorted(covered, key=lambda stretch: stretch.start):
        if stretch.start > start:
            break
        start = max(start, stretch.end)
    return start >= end
