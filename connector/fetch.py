"""Runs a plan: chooses the shops, has what is old freshened, fills in the segments, asks the
engine, remembers the answer.

    shops → plan → freshen → plan again, if something came → SQL over segments → body

Nothing here calls TikTok. The store says what is there and as of when; who is handed in as `live`
has the rest asked for.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from types import MappingProxyType
from typing import Final, Literal

import orjson
from cachetools import LRUCache

from catalogue.facts import FACTS
from catalogue.tables import ORDERS, TABLES
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
from connector.seen import FIGURES_STALE_AFTER_SECONDS, Seen, cut_short
from connector.select import Days, ShopScope
from connector.zones import today
from errors import BadRequest, NotReady
from store.accounts import ShopRow, WorkspaceScope
from store.columns import Manifest
from store.engine import Engine, UnreadableSegment
from store.window_counts import WindowCounts

#: A little more than the 12 hours between two syncs.
STALE_AFTER_SECONDS: Final = 13 * 3_600

#: What is missing may come with the next import.
_RETRY_AFTER_SECONDS: Final = 60

Patience = Literal["usual", "none", "as it is"]

_NO_COUNTS: Final[Mapping[WindowCount, WindowCounts]] = MappingProxyType({})

#: Where a source goes, as `connector.select` writes it.
_TOKEN: Final = re.compile(r"\{s\d+\}")

_OVERDUE: Final = "{name}: its last import was long ago, and the next one is overdue."
_COUNTED_UNTIL: Final = "{name}: TikTok has counted people up to {until} so far."


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
    """The chosen shops, and by their ids the segments that are there."""

    shops: Sequence[ShopRow]
    scopes: Sequence[ShopScope]
    manifests: Mapping[str, Manifest]

    def look_again(self, manifest: Callable[[ShopRow], Manifest]) -> None:
        self.manifests = {shop.shop_id: manifest(shop) for shop in self.shops}


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
        if freshened is not NOTHING_ASKED:
            asked.look_again(self._manifest)
        overdue = self._overdue(made, asked)
        if freshened is not NOTHING_ASKED or counts or overdue:
            notes += [*freshened.problems.values(), *_counted_until(counts, asked.shops)]
            notes += [] if freshened.problems else overdue
            made = self._plan(request, asked, form, notes, counts)
        is_old = bool(freshened.problems or overdue)
        made = replace(made, seen=cut_short(made.seen, _until(counts)))
        about = self._about(made, asked, freshened, notes, is_old=is_old)
        if request.options.strict:
            stands_still = any(shop.state != "connected" for shop in asked.shops)
            _refuse_unless_whole(about, made.seen, stands_still=stands_still)
        scans = {
            source.token: asked.manifests[source.shop_id].scan(
                TABLES[source.table], source.lowest, source.highest
            )
            for source in made.sources
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
            self._known(asked),
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
        return _Asked(shops, scopes, manifests)

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
            known=self._known(asked),
            counts={window: counted.by_name() for window, counted in counts.items()},
            counted_at=[counted.counted_at for counted in counts.values()],
            shop_notes=notes,
            analytics_days=self._analytics_days,
            form=form,
        )

    def _known(self, asked: _Asked) -> Known:
        return {
            shop.shop_id: self._live.shown(shop, asked.manifests[shop.shop_id])
            for shop in asked.shops
        }

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

    def _overdue(self, made: Plan, asked: _Asked) -> list[str]:
        """A sentence for each shop of which a sync should have read something that is shown."""
        known, now = self._known(asked), self._clock.now()
        late = [
            shop.name
            for shop in asked.shops
            for read in made.reads
            if (stretches := known[shop.shop_id].get(read.fed_by))
            and now - max(one.read_at for one in stretches) > _longest_age(read.fact)
        ]
        return [_OVERDUE.format(name=name) for name in dict.fromkeys(late)]

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


def _counted_until(
    counts: Mapping[WindowCount, WindowCounts], shops: Iterable[ShopRow]
) -> list[str]:
    names = {shop.shop_id: shop.name for shop in shops}
    return [
        _COUNTED_UNTIL.format(name=names[window.shop_id], until=counted.until)
        for window, counted in counts.items()
        if counted.until < counted.last
    ]


def _longest_age(fact: str) -> float:
    return FIGURES_STALE_AFTER_SECONDS if FACTS[fact].cap else STALE_AFTER_SECONDS


def _until(counts: Mapping[WindowCount, WindowCounts]) -> list[Days]:
    """The days that were counted of each range that TikTok did not count to its end."""
    return [
        Days(window.first, dt.date.fromisoformat(counted.until))
        for window, counted in counts.items()
        if counted.until < counted.last
    ]


def _refuse_unless_whole(about: About, seen: Seen | None, *, stands_still: bool) -> None:
    """What a report must not show that wants all or nothing: what no import can bring is the
    request's, everything else comes with time, unless a shop is read no more: `stands_still`."""
    if about.clamped:
        raise BadRequest(" ".join(one.note for one in about.clamped), code="bad_date_range")
    if seen is not None and seen.to_ask_for is not None:
        first, last = seen.to_ask_for
        days = f"from {first} to {last}" if first else f"up to {last}"
        notes = " ".join(about.notes)
        raise BadRequest(f"{notes} Choose days {days}.".strip(), code="bad_date_range")
    if seen is not None and seen.never_read:
        notes = " ".join(seen.never_read)
        raise BadRequest(f"{notes} Leave their fields out.", code="incompatible_fields")
    if about.partial or about.stale:
        raise NotReady(
            " ".join(about.notes) or "The newest numbers are not there yet.",
            retry_after=None if stands_still else _RETRY_AFTER_SECONDS,
        )
