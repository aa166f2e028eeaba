"""The joined parts of one process, without its pages: what web, worker and commands work with.

    api → stage → store            a worker: handlers and rounds are made here
    request → plan → store → rows  `Installation.answers`

Everything below takes what it needs as arguments; only `app` knows of this module, which puts the
pages and routes before it. `python -m installation` is a worker that never loads them: ten
megabytes and half a second of CPU less.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlsplit

from backfill.age import shown_coverage, stale_stages
from backfill.allowance import Allowance, Limits
from backfill.asking import Asking
from backfill.call_log import call_log
from backfill.duties import duties
from backfill.fetch import Source
from backfill.freshening import Freshening, count_wish
from backfill.images import Pictures
from backfill.importing import Importing
from backfill.listening import Listening
from backfill.normalise.rows import BuyerHasher
from backfill.observing import Observing
from backfill.optional import offered_data, optional_data
from backfill.schedule import IMPORT, SYNC
from backfill.window_counts import is_good
from cli.installation import DEFAULT_WORKSPACE_NAME
from clock import Clock, SystemClock
from connector.fetch import Answers
from connector.live import Live, Rules
from errors import Refused
from hub.connecting import Connecting, every_shop
from logs import configure_logs
from memory import use_little_memory
from notices.telling import Telling, telling_of
from sample_shop.adapter import BASE_URL as SAMPLE_BASE
from sample_shop.adapter import SampleShopAdapter
from settings import Settings, load
from sheets_export.joined import SheetsExport
from store.accounts import SAMPLE, Accounts, ShopRow
from store.accounts_rows import DEFAULT_WORKSPACE
from store.allowed_calls import AllowedCalls
from store.amounts import Amounts
from store.database import Database
from store.engine import Engine
from store.farewell import Farewells
from store.images import ImageFolder, address_of
from store.invites import Invites
from store.ledger import Ledger
from store.live_runs import KIND as FRESHEN
from store.live_runs import LiveRuns
from store.notifications import REREAD, Notifications
from store.paths import DataFolder
from store.secrets import Vault
from store.sessions import Intent, Sessions
from store.shops import ShopStores
from store.tallies import Tallies
from store.throttle import StoreThrottle
from supervisor import folder_problem
from tiktok_shop.bounded import new_session
from tiktok_shop.client import Access, App, Client
from tiktok_shop.images import ImageDownload, image_session
from tiktok_shop.oauth import OAuth
from worker import LANES, SIDE_BY_SIDE, Rounds, Worker, give_way, owner

SAMPLE_NAME: Final = "Sample Account"
SAMPLE_REGION: Final = "US"
#: What the in-process simulator expects; there is nothing behind it to protect.
_SAMPLE_APP: Final = App("sample-key", "sample-secret")
_SAMPLE_CODE: Final = "sample-code"
_SAMPLE_CALLS_PER_SECOND: Final = 10_000.0
#: An answer that wants something newer waits no longer for a locked database.
_LONGEST_TURN_OF_AN_ANSWER_MS: Final = 1_000
_RULES: Final = Rules(stale_stages, is_good, count_wish, shown_coverage)


@dataclass(frozen=True)
class Tiktok:
    """One way to TikTok: the real Partner API, or the simulator in this process."""

    client: Client
    oauth: OAuth


class Installation:
    """The joined parts of one process. Made after a fork: connections do not cross one.

    Raises Refused when the data folder cannot be used.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        problem = folder_problem(settings.data_dir)
        if problem:
            raise Refused(problem)
        self.folder = DataFolder(settings.data_dir)
        given = settings.secret_key.get_secret_value() if settings.secret_key else ""
        named = settings.database_url and settings.database_url.get_secret_value()
        database = named or f"sqlite:///{self.folder.accounts_path.absolute()}"
        self.vault = Vault.open(self.folder.root, given)
        self.accounts = Accounts(
            database,
            self.vault,
            clock,
            reopened=lambda: Vault.open(self.folder.root, given),
        )
        self.accounts.migrate()
        self.sessions = Sessions(self.accounts.database, clock)
        self.invites = Invites(self.accounts.database, clock)
        self.allowed_calls = AllowedCalls(self.folder.root, clock)
        self.ledger = Ledger(self.accounts.database, clock)
        self.stores = ShopStores(self.folder, clock)
        self.amounts = Amounts(self.accounts.database, self.folder, clock)
        self.engine = Engine(folders=[self.folder.shops_folder])
        self.notifications = Notifications(
            self.accounts.database, Database(database, busy_timeout_ms=0), clock
        )
        self.quick = Database(database, busy_timeout_ms=_LONGEST_TURN_OF_AN_ANSWER_MS)
        self.live_runs = LiveRuns(self.quick, clock)
        self.tallies = Tallies(Database(database, busy_timeout_ms=0), clock)
        self.answers = Answers(
            self.stores,
            self.engine,
            clock,
            Live(self.stores, self.live_runs, clock, _RULES),
            cache_bytes=settings.answer_cache_mb * 1024 * 1024,
            analytics_days=settings.analytics_days,
            image_base=settings.base_url,
        )

    # -- TikTok --------------------------------------------------------------------------------

    @cached_property
    def _sample_shop(self) -> SampleShopAdapter:
        return SampleShopAdapter()

    @cached_property
    def sample(self) -> Tiktok:
        session = new_session()
        session.mount(SAMPLE_BASE, self._sample_shop)
        throttle = StoreThrottle(
            self.accounts.database,
            self.clock,
            _SAMPLE_APP.key,
            first_rate=_SAMPLE_CALLS_PER_SECOND,
            highest_rate=_SAMPLE_CALLS_PER_SECOND,
        )
        return Tiktok(
            self._client(_SAMPLE_APP, session, throttle, SAMPLE_BASE),
            OAuth(_SAMPLE_APP, session, self.clock, auth_base=SAMPLE_BASE),
        )

    @cached_property
    def live(self) -> Tiktok:
        settings = self.settings
        if not settings.has_tiktok_app or settings.tiktok_app_secret is None:
            raise Refused(
                "TIKTOK_APP_KEY and TIKTOK_APP_SECRET are missing, so no shop can be reached. Set "
                "them to those of your TikTok Shop Partner app."
            )
        app = App(settings.tiktok_app_key, settings.tiktok_app_secret.get_secret_value())
        session = new_session()
        throttle = StoreThrottle(self.accounts.database, self.clock, app.key)
        return Tiktok(
            self._client(app, session, throttle, settings.tiktok_api_base),
            OAuth(app, session, self.clock, auth_base=settings.tiktok_auth_base),
        )

    def _client(self, app: App, session: Any, throttle: StoreThrottle, base: str) -> Client:
        note = call_log(self.tallies)
        return Client(app, session, self.clock, throttle, api_base=base, on_call=note)

    def tiktok(self, shop: ShopRow) -> Tiktok:
        return self.sample if shop.is_sample else self.live

    @cached_property
    def connecting(self) -> Connecting:
        return Connecting(
            accounts=self.accounts,
            ledger=self.ledger,
            notifications=self.notifications,
            stores=self.stores,
            way=lambda workspace_id: self.sample if workspace_id == SAMPLE else self.live,
            deregister=self.listening.deregister,
        )

    def connect(self, workspace_id: str, code: str, region: str) -> Sequence[ShopRow]:
        """Connect every shop of a consent code."""
        intent = Intent(workspace_id, region)
        return self.connecting.connect(intent, code, every_shop).shops

    # -- first start ---------------------------------------------------------------------------

    def prepare(self) -> None:
        """Workspace `default`, the Sample Account and its first import; harmless to repeat."""
        self.accounts.ensure_workspace(DEFAULT_WORKSPACE, DEFAULT_WORKSPACE_NAME)
        if not self.settings.sample_account:
            return
        shop = self.accounts.ensure_sample(SAMPLE_NAME, SAMPLE_REGION)
        if shop.authorization_id is None:
            self.connect(SAMPLE, _SAMPLE_CODE, SAMPLE_REGION)

    # -- the worker ----------------------------------------------------------------------------

    def worker(self, owner: str, lanes: tuple[str, ...] = LANES) -> Worker:
        interrupt = self.clock.interrupt if isinstance(self.clock, SystemClock) else lambda: None
        handlers = {
            IMPORT: self.importing.work,
            SYNC: self.importing.work,
            REREAD: self.listening.reread,
            FRESHEN: self.freshening.work,
            **self.sheets.handlers(),
        }
        return Worker(self.ledger, handlers, self.clock, owner, lanes=lanes, interrupt=interrupt)

    def work(self) -> None:
        """Be a worker, with a thread for each of its lanes, until told to stop."""
        first, *others = (self.worker(owner(), lanes) for lanes in SIDE_BY_SIDE)
        first.run_until_stopped(beside=(*others, self.rounds(), self.telling_rounds()))

    @cached_property
    def sheets(self) -> SheetsExport:
        parts = (self.settings, self.accounts, self.ledger, self.answers, self.clock)
        return SheetsExport(*parts, self.vault.cookie_key, ask_google)

    @cached_property
    def listening(self) -> Listening:
        return Listening(
            accounts=self.accounts,
            ledger=self.ledger,
            stores=self.stores,
            notifications=self.notifications,
            clock=self.clock,
            source=self.source,
            public_url=self.settings.public_url,
        )

    @cached_property
    def freshening(self) -> Freshening:
        return Freshening(
            accounts=self.accounts,
            ledger=self.ledger,
            live_runs=self.live_runs,
            stores=self.stores,
            clock=self.clock,
            source=self.source,
        )

    def source(self, shop: ShopRow, lane: str) -> Source:
        way = self.tiktok(shop)
        access: Access = self.accounts.token_keeper(shop, way.oauth.refresh)
        return Source(way.client, access, lane)

    @cached_property
    def importing(self) -> Importing:
        return Importing(
            accounts=self.accounts,
            ledger=self.ledger,
            stores=self.stores,
            clock=self.clock,
            source=self.source,
            listen=lambda shop, lane, first: self.listening.register(
                shop, lane, also_not_offered=first
            ),
            optional=self.optional_data,
            daily_calls={
                "statement_transaction_skus": self.settings.sku_finance_daily_calls,
                "external_orders": self.settings.external_orders_daily_calls,
            },
            analytics_days=self.settings.analytics_days,
            pictures=self.pictures,
        )

    @cached_property
    def _image_download(self) -> ImageDownload:
        session = image_session()
        session.mount(SAMPLE_BASE, self._sample_shop)
        hosts = [urlsplit(SAMPLE_BASE).netloc, *self.settings.listed_image_hosts]
        return ImageDownload(session, self.clock, hosts)

    def pictures(self, shop: ShopRow, keyed: BuyerHasher) -> Pictures | None:
        if not self.settings.listed_image_hosts:
            return None
        place = (shop.workspace_id, shop.shop_id)
        folder = ImageFolder(self.folder.images_folder(*place))
        return Pictures(self._image_download.fetch, folder, address_of(*place), keyed)

    def optional_data(self, shop: ShopRow) -> list[str]:
        """The words of what is read on request only and of this shop always."""
        return optional_data(shop.optional_data, self.offered_data)

    @cached_property
    def offered_data(self) -> dict[str, bool]:
        """What a shop may have besides the usual, and whether it has it unless somebody says."""
        return offered_data(self.settings)

    @cached_property
    def farewells(self) -> Farewells:
        return Farewells(self.accounts.database, self.clock, self.settings.keep_disconnected_days)

    def rounds(self) -> Rounds:
        """What a worker process sees to besides."""
        known = duties(self.accounts, self.ledger, self.stores, self.amounts, self.clock)
        observing = Observing(self.accounts, self.stores, self.tallies, self.clock)
        own = {
            "observe": observing.once,
            "erase": self.accounts.database.erase_left_traces,
            "purge": lambda: self.connecting.purge_left(self.farewells),
        }
        return Rounds({**known, **own, **self.sheets.duties()}, self.clock)

    def telling_rounds(self) -> Rounds:
        """Notices apart from the rest: a mail server that hangs holds up nothing else."""
        return Rounds({"tell": self.telling.once}, self.clock)

    @cached_property
    def telling(self) -> Telling:
        return telling_of(self.accounts, self.clock, self.settings, kinds=(IMPORT, SYNC))

    @cached_property
    def asking(self) -> Asking:
        asked = self.settings
        limits = Limits(asked.limit_orders, asked.limit_storage_mb, asked.limit_monthly_calls)
        allowance = Allowance(limits, self.amounts, self.clock)
        parts = (self.accounts, self.ledger, self.stores, allowance, self.clock)
        return Asking(*parts, self.optional_data)

    def close(self) -> None:
        self.stores.close()
        self.engine.close()
        self.allowed_calls.close()


def ask_google(url: str, **wish: Any) -> Any:
    """google-auth's transport, loaded when somebody signs in with Google. It follows no redirect:
    what is sent holds a secret."""
    from google.auth.transport.requests import Request  # noqa: PLC0415

    return Request(new_session())(url, allow_redirects=False, **wish)


def main() -> None:
    """A worker until it is told to stop, with the settings of the environment."""
    try:
        settings = load(os.environ)
        configure_logs(settings)
        here = Installation(settings, SystemClock())
    except Refused as refused:
        sys.stderr.write(f"{refused.message}\n")
        sys.exit(2)
    use_little_memory()
    give_way()
    here.prepare()
    here.work()
    here.close()


if __name__ == "__main__":
    main()
