"""Runs a plan: chooses the shops, has what is old freshened, fills in the segments, asks the
engine, remembers the answer.

    shops → plan → freshen → plan again, if something came → SQL over segments → body

Nothing here calls TikTok. The store says what is there and as of when; who is handed in as `live`
has the rest asked for.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from types import MappingProxyType
from typing import Final, Literal

import orjson
from cachetools import LRUCache

from catalogue.tables import ORDERS
from clock import Clock
from connector.about import About
from connector.body import Body, write
from connector.cells import Form
from connector.chosen import choose_shops, limit_notes, state_notes
from connector.counted import WindowCount
from connector.coverage import Known
from connector.live import NOTHING_ASKED, Freshened, Live, ShopStores, Window, Wish
from connector.plan import Plan, plan
from connector.request import GetDataRequest, Options, report_zone
from connector.seen import cut_short
from connector.select import ShopScope
from connector.shortfall import counted_days, counted_until, overdue, refuse_unless_whole
from connector.zones import today
from errors import BadRequest, NotReady
from store.accounts import ShopRow, WorkspaceScope
from store.columns import Manifest
from store.engine import Engine, UnreadableSegment
from store.window_counts import WindowCounts

Patience = Literal["usual", "none", "as it is"]

_NO_COUNTS: Final[Mapping[WindowCount, WindowCounts]] = MappingProxyType({})

#: Where a source goes, as `connector.select` writes it.
_TOKEN: Final = re.compile(r"\{s\d+\}")


@dataclass(frozen=True)
class Answer:
    """`sql`: what was run; `remembered`: the body is that of an earlier, equal question.
    `looking_seconds`: what it took to look up the shops and what is there of them;
    `waited_seconds`: how long it was waited for something newer. By shop id, `manifests` are the
    segments that were read, and `known` what they hold as of when."""

    body: Body
    about: About
    plan: Plan
    sql: str
    remembered: bool
    looking_seconds: float
    planning_seconds: float
    waited_seconds: float
    freshened: Freshened
    manifests: Mapping[str, Manifest]
    known: Known


@dataclass
class _Asked:
    """The chosen shops, and by their ids the segments that are there and what they hold."""

    shops: Sequence[ShopRow]
    scopes: Sequence[ShopScope]
    manifests: Mapping[str, Manifest]
    known: Known


class Answers:
    """`cache_bytes` 0: every answer is computed. `analytics_days`: how many days back TikTok's own
    figures are shown. `image_base`: the address people reach this installation by. One per process;
    safe to share between threads."""

    def __init__(
        self,
        stores: ShopStores,
        engine: Engine,
        clock: Clock,
        live: Live,
        *,
        cache_bytes: int,
        analytics_days: int,
        image_base: str,
    ) -> None:
        self._stores = stores
        self._engine = engine
        self._clock = clock
        self._live = live
        self._analytics_days = analytics_days
        self._image_base = image_base
        self._lock = Lock()
        self._answers: LRUCache[object, Body] = LRUCache(
            cache_bytes, getsizeof=lambda body: body.size
        )
        self._currencies: LRUCache[object, tuple[str, ...]] = LRUCache(1_000)

    def answer(
        self,
        workspace: WorkspaceScope,
        request: GetDataRequest,
        form: Form = "looker",
        *,
        patience: Patience = "usual",
    ) -> Answer:
        """`patience`: "usual" waits a little for what is newer; "none" has it asked for and answers
        at once what is there; "as it is" asks nobody.

        Raises BadRequest (also too_large) and NotReady; with `strict` also for an answer that would
        be clamped, partial or stale."""
        try:
            return self._answer(workspace, request, form, patience)
        except UnreadableSegment as unread:
            self._mend(choose_shops(workspace, request.options), unread)
            return self._answer(workspace, request, form, patience)

    def _answer(
        self, workspace: WorkspaceScope, request: GetDataRequest, form: Form, patience: Patience
    ) -> Answer:
        started = self._clock.monotonic()
        asked = self._choose(workspace, request.options)
        looking = self._clock.monotonic() - started
        notes = limit_notes(workspace, request.options)
        notes += state_notes(asked.shops, self._image_base)
        made = self._plan(request, asked, form, notes)
        waiting_since = self._clock.monotonic()
        freshened, counts = self._freshen(workspace, request, made, asked, patience)
        waited = self._clock.monotonic() - waiting_since
        looked_again = self._clock.monotonic()
        is_newer = freshened is not NOTHING_ASKED and self._look_again(asked)
        looking += self._clock.monotonic() - looked_again
        late = overdue(made.reads, asked.shops, asked.known, self._clock.now())
        more = [*freshened.problems.values(), *counted_until(counts, asked.shops)]
        more += [] if freshened.problems else late
        notes += more
        # Mostly nothing is newer, and the plan stands as it was made.
        if is_newer or counts or (more and made.tells_notes):
            made = self._plan(request, asked, form, notes, counts)
        is_old = bool(freshened.problems or late)
        made = replace(made, seen=cut_short(made.seen, counted_days(counts)))
        about = self._about(made, asked, freshened, notes, is_old=is_old)
        if request.options.strict:
            stands_still = any(shop.state != "connected" for shop in asked.shops)
            refuse_unless_whole(about, made.seen, stands_still=stands_still)
        scans = {
            source.token: source.scan(asked.manifests[source.shop_id]) for source in made.sources
        }
        # At once: of hundreds of shops the text is long, and so is the list of sources.
        sql = _TOKEN.sub(lambda token: scans[token[0]], made.sql)
        planning = self._clock.monotonic() - started - looking - waited
        body, remembered = self._body(made, sql)
        return Answer(
            body,
            about,
            made,
            sql,
            remembered,
            looking,
            planning,
            waited,
            freshened,
            asked.manifests,
            asked.known,
        )

    def currencies(self, shop: ShopRow) -> tuple[str, ...]:
        """Currencies of the shop's orders, else its region's."""
        try:
            return self._scope_currencies(shop, self._manifest(shop))
        except UnreadableSegment as unread:
            self._mend([shop], unread)
            return self._scope_currencies(shop, self._manifest(shop))

    def _mend(self, shops: Iterable[ShopRow], unread: UnreadableSegment) -> None:
        """Segments that were lost since this process first read them are made again. Raises what
        the engine said when none is."""
        columns = [self._stores.columns(shop.workspace_id, shop.shop_id) for shop in shops]
        mended = [one.mend() for one in columns]
        if not any(mended):
            raise unread.__cause__ or unread

    # -- the shops -----------------------------------------------------------------------------

    def _manifest(self, shop: ShopRow) -> Manifest:
        return self._stores.columns(shop.workspace_id, shop.shop_id).manifest()

    def _choose(self, workspace: WorkspaceScope, options: Options) -> _Asked:
        shops = choose_shops(workspace, options)
        manifests = {shop.shop_id: self._manifest(shop) for shop in shops}
        scopes = [self._scope(shop, options, manifests[shop.shop_id]) for shop in shops]
        if options.currency:
            scopes = [scope for scope in scopes if options.currency in scope.currencies]
            if not scopes:
                raise BadRequest(f"None of the chosen shops has amounts in {options.currency}.")
            kept = {scope.shop_id for scope in scopes}
            shops = [shop for shop in shops if shop.shop_id in kept]
        return _Asked(shops, scopes, manifests, self._known(shops, manifests))

    def _scope(self, shop: ShopRow, options: Options, manifest: Manifest) -> ShopScope:
        now = self._clock.now()
        return ShopScope(
            shop_id=shop.shop_id,
            name=shop.name,
            region=shop.region,
            seller_type=shop.seller_type,
            currencies=self._scope_currencies(shop, manifest),
            zone=report_zone(options, shop.report_zone, shop.shop_zone),
            own_zone=shop.shop_zone,
            today=today(shop.shop_zone, now),
            serves_kept=shop.serves_kept,
            image_base=self._image_base,
            # To the minute, so that an answer can be remembered for so long.
            now=int(now // 60) * 60,
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

    def _known(self, shops: Iterable[ShopRow], manifests: Mapping[str, Manifest]) -> Known:
        return {shop.shop_id: self._live.shown(shop, manifests[shop.shop_id]) for shop in shops}

    def _look_again(self, asked: _Asked) -> bool:
        """Whether there are other segments of the shops than before; they are `asked` for now."""
        before = asked.manifests
        asked.manifests = {shop.shop_id: self._manifest(shop) for shop in asked.shops}
        if all(newer is before[shop_id] for shop_id, newer in asked.manifests.items()):
            return False
        asked.known = self._known(asked.shops, asked.manifests)
        return True

    # -- the plan ------------------------------------------------------------------------------

    def _plan(
        self,
        request: GetDataRequest,
        asked: _Asked,
        form: Form,
        notes: Sequence[str],
        counts: Mapping[WindowCount, WindowCounts] = _NO_COUNTS,
    ) -> Plan:
        return plan(
            request,
            asked.scopes,
            today(asked.scopes[0].zone, self._clock.now()),
            known=asked.known,
            counts={window: counted.by_name() for window, counted in counts.items()},
            counted_at=[counted.counted_at for counted in counts.values()],
            shop_notes=notes,
            analytics_days=self._analytics_days,
            form=form,
        )

    def _freshen(
        self,
        workspace: WorkspaceScope,
        request: GetDataRequest,
        made: Plan,
        asked: _Asked,
        patience: Patience,
    ) -> tuple[Freshened, Mapping[WindowCount, WindowCounts]]:
        """What became of it, and the counts over the plan's windows that are there by then."""
        resources = made.live.resources if made.live.may_freshen else ()
        windows = [one for one in made.windows if self._can_be_counted(one, asked)]
        if patience == "as it is" or not (resources or windows):
            return NOTHING_ASKED, {}
        shops = [shop for shop in asked.shops if shop.state == "connected"]
        wishes = [
            Wish(
                shop,
                asked.manifests[shop.shop_id],
                resources,
                [_named(one) for one in windows if one.shop_id == shop.shop_id],
            )
            for shop in shops
        ]
        seconds = self._live.patience(workspace.id, shops, request.last_refresh)
        freshened = self._live.freshen(wishes, 0.0 if patience == "none" else seconds)
        by_id = {shop.shop_id: shop for shop in asked.shops}
        counts = {
            one: counted
            for one in windows
            if (counted := self._live.counted(by_id[one.shop_id], _named(one))) is not None
            and counted.until >= counted.first
        }
        return freshened, counts

    def _can_be_counted(self, window: WindowCount, asked: _Asked) -> bool:
        """Whether TikTok still has every day of it, whatever is kept here."""
        (day,) = (scope.today for scope in asked.scopes if scope.shop_id == window.shop_id)
        days_back = dt.timedelta(days=self._analytics_days)
        return day is not None and window.first >= day - days_back

    # -- the rows ------------------------------------------------------------------------------

    def _body(self, made: Plan, sql: str) -> tuple[Body, bool]:
        """The body, and whether it was known already. The SQL names the segments, and a segment
        never changes: an answer is remembered as long as those it was read from are the newest."""
        key = (sql, orjson.dumps(made.parameters, option=orjson.OPT_SORT_KEYS), made.fields)
        with self._lock:
            known = self._answers.get(key)
        if known is not None:
            return known, True
        body = write(self._engine, made, sql, self._clock)
        # One answer must not push out all others, nor keep a third of a process's memory.
        if body.size <= self._answers.maxsize // 4:
            with self._lock:
                self._answers[key] = body
        return body, False

    # -- what it shows -------------------------------------------------------------------------

    def _about(
        self,
        made: Plan,
        asked: _Asked,
        freshened: Freshened,
        notes: Sequence[str],
        *,
        is_old: bool,
    ) -> About:
        seen = made.seen
        if seen is None or not seen.ready:
            raise NotReady(self._not_ready(asked.shops), retry_after=10)
        unread = made.live.may_freshen and any(shop.state != "connected" for shop in asked.shops)
        return About(
            source="live" if freshened.arrived else "cached",
            as_of=seen.as_of,
            covered_from=seen.covered_from,
            stale=is_old or unread,
            clamped=made.clamped,
            partial=seen.partial,
            notes=tuple(dict.fromkeys([*made.notes, *seen.notes, *notes])),
        )

    def _not_ready(self, shops: Iterable[ShopRow]) -> str:
        shares = [
            100 * min(stage.done, stage.total) // stage.total
            for shop in shops
            for stage in self._stores.records(shop.workspace_id, shop.shop_id).progress().values()
            if stage.total
        ]
        percent = sum(shares) // len(shares) if shares else 0
        return f"The import has only begun ({percent} % done). Try again in a minute."


def _named(window: WindowCount) -> Window:
    return window.fact, window.first.isoformat(), window.last.isoformat()
