"""Where the parts are joined: settings and clock go in, a Flask app with its commands comes out.

    api → stage → store            worker, handlers made here
    request → plan → store → rows  connector blueprint

Everything below takes what it needs as arguments; nothing below knows of this module.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import structlog
from flask import Flask

import commands
from backfill.fetch import Source
from backfill.run import Outcome, Shop, Task, Tools, work
from backfill.schedule import IMPORT, enqueue_first_import
from backfill.stages import DATA, shown
from clock import Clock, SystemClock
from connector.fetch import Answers
from connector.routes import blueprint as connector_routes
from errors import BadRequest, Refused
from hub.connect import connect_routes
from hub.health import Figure, health_routes, writable
from hub.status import ShopStatus, status_routes
from sample_shop.adapter import BASE_URL as SAMPLE_BASE
from sample_shop.adapter import SampleShopAdapter
from settings import Settings, load
from store.accounts import SAMPLE, Accounts, ShopRow
from store.engine import Engine
from store.ledger import Claim, Ledger
from store.paths import DataFolder
from store.runs import Run
from store.secrets import Vault
from store.sessions import ConsentStates, Sessions
from store.shops import ShopStores
from store.throttle import StoreThrottle
from supervisor import folder_problem
from tiktok_shop.bounded import new_session
from tiktok_shop.client import Access, App, Client
from tiktok_shop.oauth import OAuth, consent_link
from tiktok_shop.redaction import strike_secrets
from web.attach import attach
from worker import Stop, Worker

SAMPLE_NAME: Final = "Sample Account"
SAMPLE_REGION: Final = "US"
#: What the in-process simulator expects; there is nothing behind it to protect.
_SAMPLE_APP: Final = App("sample-key", "sample-secret")
_SAMPLE_CODE: Final = "sample-code"
_RUNS_SHOWN: Final = 20
_SAMPLE_CALLS_PER_SECOND: Final = 10_000.0


@dataclass(frozen=True)
class Tiktok:
    """One way to TikTok: the real Partner API, or the simulator in this process."""

    client: Client
    oauth: OAuth


@dataclass(frozen=True)
class _NewGrant:
    """Access for the one call that has no shop yet: which shops the grant covers."""

    token: str = field(repr=False)
    shop_key: str = "authorization"
    cipher: str = ""

    def access_token(self) -> str:
        return self.token

    def renew(self, stale_token: str) -> str:
        return stale_token


@dataclass(frozen=True)
class _ListedShop:
    id: str
    name: str
    code: str
    region: str
    seller_type: str
    cipher: str = field(repr=False)


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
        database = settings.database_url and settings.database_url.get_secret_value()
        self.accounts = Accounts(
            database or f"sqlite:///{self.folder.accounts_path.absolute()}",
            Vault.open(self.folder.root, given),
            clock,
        )
        self.accounts.migrate()
        self.sessions = Sessions(self.accounts.database, clock)
        self.ledger = Ledger(self.accounts.database, clock)
        self.stores = ShopStores(self.folder, clock)
        self.engine = Engine(folders=[self.folder.shops_folder])
        self.answers = Answers(
            self.stores, self.engine, clock, settings.answer_cache_mb * 1024 * 1024
        )

    # -- TikTok --------------------------------------------------------------------------------

    @cached_property
    def sample(self) -> Tiktok:
        session = new_session()
        session.mount(SAMPLE_BASE, SampleShopAdapter())
        throttle = StoreThrottle(
            self.accounts.database,
            self.clock,
            _SAMPLE_APP.key,
            first_rate=_SAMPLE_CALLS_PER_SECOND,
            highest_rate=_SAMPLE_CALLS_PER_SECOND,
        )
        return Tiktok(
            Client(_SAMPLE_APP, session, self.clock, throttle, api_base=SAMPLE_BASE),
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
            Client(app, session, self.clock, throttle, api_base=settings.tiktok_api_base),
            OAuth(app, session, self.clock, auth_base=settings.tiktok_auth_base),
        )

    def tiktok(self, shop: ShopRow) -> Tiktok:
        return self.sample if shop.is_sample else self.live

    def connect(self, workspace_id: str, code: str, region: str) -> list[ShopRow]:
        """Exchange a consent code, keep the grant and its shops, start their first imports."""
        scope = self.accounts.workspace(workspace_id)
        way = self.sample if workspace_id == SAMPLE else self.live
        grant = way.oauth.exchange(code)
        listed = way.client.call("authorized_shops", _NewGrant(grant.access_token)).data
        authorization = scope.save_authorization(grant, region)
        shops = scope.save_shops(authorization.id, [_listed(shop) for shop in listed["shops"]])
        for shop in shops:
            self.ledger.unblock(workspace_id, shop.shop_id)
            enqueue_first_import(self.ledger, workspace_id, shop.shop_id)
        return shops

    # -- first start ---------------------------------------------------------------------------

    def prepare(self) -> None:
        """Workspace `default`, the Sample Account and its first import; harmless to repeat."""
        self.accounts.ensure_workspace(commands.DEFAULT_WORKSPACE, "Default")
        if not self.settings.sample_account:
            return
        shop = self.accounts.ensure_sample(SAMPLE_NAME, SAMPLE_REGION)
        if shop.authorization_id is None:
            self.connect(SAMPLE, _SAMPLE_CODE, SAMPLE_REGION)

    # -- the worker ----------------------------------------------------------------------------

    def worker(self, owner: str) -> Worker:
        interrupt = self.clock.interrupt if isinstance(self.clock, SystemClock) else lambda: None
        return Worker(
            self.ledger, {IMPORT: self.import_shop}, self.clock, owner, interrupt=interrupt
        )

    def import_shop(self, claim: Claim, stop: Stop) -> Outcome:
        run = claim.run
        scope = self.accounts.workspace(run.workspace_id)
        shop = scope.shop(run.shop_id)
        way = self.tiktok(shop)
        access: Access = self.accounts.token_keeper(shop, way.oauth.refresh)
        wanted = run.parameters.get("data") or (DATA if self.settings.import_price_detail else ())
        task = Task.of({**run.parameters, "data": wanted}, run.started_at or self.clock.now())
        return work(
            task,
            Shop(
                listed={
                    "id": shop.shop_id,
                    "name": shop.name,
                    "code": shop.code,
                    "region": shop.region,
                    "seller_type": shop.seller_type,
                },
                currency=shop.currency,
                time_zone=shop.shop_zone,
            ),
            Tools(
                records=self.stores.records(run.workspace_id, run.shop_id),
                columns=self.stores.columns(run.workspace_id, run.shop_id),
                source=Source(way.client, access, run.lane),
                buyer=scope.buyer_hasher(),
                clock=self.clock,
            ),
            ledger_token=claim.token,
            renew=lambda: _discard(self.ledger.renew(claim)),
            stop=stop,
        )

    # -- what pages show -----------------------------------------------------------------------

    def shop_statuses(self, workspace_id: str) -> list[ShopStatus]:
        return [self._status(shop) for shop in self.accounts.workspace(workspace_id).shops()]

    def _status(self, shop: ShopRow) -> ShopStatus:
        records = self.stores.records(shop.workspace_id, shop.shop_id)
        progress = records.progress()
        read = [stage.finished_at for stage in progress.values() if stage.finished_at]
        return ShopStatus(shop, shown(progress), max(read, default=None))

    def latest_runs(self, workspace_id: str) -> list[Run]:
        """Of the workspace and of the Sample Account, the newest first."""
        runs = [
            run
            for owner in dict.fromkeys((workspace_id, SAMPLE))
            for run in self.ledger.runs(owner, limit=_RUNS_SHOWN)
        ]
        return sorted(runs, key=lambda run: -run.created_at)[:_RUNS_SHOWN]

    def figures(self) -> list[Figure]:
        return [
            Figure("runs", "Runs in the ledger by state.", self.ledger.counts(), "state"),
            Figure(
                "queue_seconds",
                "How long the longest due run has been waiting for a worker.",
                {"": self.ledger.longest_due_seconds()},
            ),
        ]

    def close(self) -> None:
        self.stores.close()
        self.engine.close()


def create_app(settings: Settings | None = None, clock: Clock | None = None) -> Flask:
    """The app, with its commands. A bad setting ends the process with one sentence."""
    try:
        settings = settings or load(os.environ)
        configure_logs(settings)
        here = Installation(settings, clock or SystemClock())
    except Refused as refused:
        sys.stderr.write(f"{refused.message}\n")
        sys.exit(2)
    app = Flask(__name__)
    app.extensions["installation"] = here
    app.register_blueprint(connector_routes(here.accounts, here.answers))
    app.register_blueprint(
        health_routes(
            checks={
                "accounts": lambda: bool(here.accounts.workspaces()),
                "data_folder": lambda: writable(here.folder.root),
            },
            figures=here.figures,
        )
    )
    app.register_blueprint(
        status_routes(
            workspace_name=lambda workspace_id: here.accounts.workspace(workspace_id).name,
            shops=here.shop_statuses,
            runs=here.latest_runs,
        )
    )
    app.register_blueprint(
        connect_routes(
            states=ConsentStates(here.accounts.database, here.clock),
            consent_link=_consent_link(settings),
            connect=here.connect,
        )
    )
    attach(
        app,
        principal_for_key=here.accounts.principal_for_key,
        sessions=here.sessions,
        secure=settings.base_url.startswith("https://"),
    )
    commands.register(app, here)
    return app


def configure_logs(settings: Settings) -> None:
    """One line an event, secrets struck out first; JSON unless a person is looking."""
    console = settings.log_format == "console" or (
        settings.log_format == "auto" and sys.stderr.isatty()
    )
    renderer: Any = (
        structlog.dev.ConsoleRenderer() if console else structlog.processors.JSONRenderer()
    )
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[
            strike_secrets,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _consent_link(settings: Settings) -> Callable[[str, str], str]:
    def link(region: str, state: str) -> str:
        if not settings.tiktok_service_id:
            raise Refused("TIKTOK_SERVICE_ID is missing, so sellers cannot be sent to TikTok.")
        base = settings.tiktok_consent_base or ""
        return consent_link(region, settings.tiktok_service_id, state, base=base)

    return link


def _listed(shop: dict[str, Any]) -> _ListedShop:
    """A shop as Get Authorized Shops names it (202309); BadRequest without its id or cipher."""
    named = {name: str(shop.get(name) or "") for name in _ListedShop.__dataclass_fields__}
    if not (named["id"] and named["cipher"]):
        raise BadRequest("TikTok named a shop without its id. Try to connect it again later.")
    return _ListedShop(**named)


def _discard(_value: object) -> None:
    """For callbacks whose answer nobody wants."""
