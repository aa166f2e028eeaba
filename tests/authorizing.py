"""An app in which shops are connected, and a TikTok that knows sellers by the codes they give."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hub.about_pages import about_routes
from hub.connecting import Connecting
from hub.overview import Overview
from hub.shop_pages import shop_pages
from settings import Settings
from store.accounts import Accounts, ShopRow
from store.database import Database
from store.farewell import Farewells
from store.invites import Invites
from store.ledger import Ledger
from store.notifications import Notifications
from store.paths import DataFolder
from store.sessions import ConsentStates, Sessions
from store.shops import ShopStores
from tests.installation import FakeClock, MadeGrant, MadeShop, accounts_in, no_limits
from tiktok_shop.client import Reply
from tiktok_shop.endpoints import ENDPOINTS
from web.attach import attach

ONE, TWO, THREE = (
    MadeShop(f"700000{n}", f"Test Shop {n}", cipher=f"ROW_cipher_{n}") for n in (1, 2, 3)
)
EVERY_SCOPE = tuple({endpoint.scope for endpoint in ENDPOINTS.values()})


@dataclass(frozen=True)
class SellersGrant(MadeGrant):
    seller_base_region: str = "GB"
    scopes: tuple[str, ...] = EVERY_SCOPE


@dataclass(frozen=True)
class Seller:
    """Who answers with a code: the grant and the shops it covers."""

    grant: SellersGrant = field(default_factory=SellersGrant)
    shops: tuple[MadeShop, ...] = (ONE,)


def other_seller(*shops: MadeShop) -> Seller:
    return Seller(SellersGrant(open_id="open-id-2", seller_name="Test Seller 2"), shops)


class FakeTikTok:
    """`sellers` by code. Notes which codes were exchanged; each new grant has new tokens."""

    def __init__(self) -> None:
        self.sellers: dict[str, Seller] = {"code-1": Seller()}
        self.exchanged: list[str] = []
        self.fails: Exception | None = None
        self._asked: Seller | None = None

    @property
    def client(self) -> Any:
        return self

    @property
    def oauth(self) -> Any:
        return self

    def exchange(self, code: str) -> SellersGrant:
        self.exchanged.append(code)
        if self.fails is not None:
            raise self.fails
        self._asked = self.sellers[code]
        number = len(self.exchanged)
        return replace(
            self._asked.grant,
            access_token=f"access-canary-{number}",
            refresh_token=f"refresh-canary-{number}",
        )

    def call(self, endpoint: str, _access: object) -> Reply:
        assert endpoint == "authorized_shops"
        assert self._asked is not None
        return Reply({"shops": [vars(shop) for shop in self._asked.shops]}, "req-1", "202309", 0.0)


class House:
    """Workspaces `alice` and `bob`, and the pages on which shops are connected."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.accounts: Accounts = accounts_in(folder, self.clock)
        database = self.accounts.database
        self.ledger = Ledger(database, self.clock)
        self.sessions = Sessions(database, self.clock)
        self.states = ConsentStates(database, self.clock)
        self.invites = Invites(database, self.clock)
        self.tiktok = FakeTikTok()
        self.stores = ShopStores(DataFolder(folder), self.clock)
        self.notifications = Notifications(
            database, Database(f"sqlite:///{folder}/accounts.sqlite"), self.clock
        )
        self.connecting = Connecting(
            accounts=self.accounts,
            ledger=self.ledger,
            notifications=self.notifications,
            stores=self.stores,
            way=lambda _workspace_id: self.tiktok,
        )
        self.app = Flask("tests", root_path=str(Path(__file__).parent))
        attach(
            self.app,
            principal_for_key=self.accounts.principal_for_key,
            sessions=self.sessions,
            secure=False,
            cookie_key=b"-" * 32,
            limits=no_limits(),
        )
        self.overview = Overview(
            self.accounts,
            self.ledger,
            self.stores,
            self.clock,
            self.notifications,
            Farewells(database, self.clock, 30),
        )
        self.listening: list[tuple[str, bool]] = []
        for page in shop_pages(
            self.overview,
            Settings(public_url="https://here.example.com"),
            invites=self.invites,
            connecting=self.connecting,
            consent_link=lambda region, state: f"https://tiktok.test/{region}?state={state}",
            offered_data={"price_detail": False, "sku_finance": True},
            listen=lambda shop, listens: self.listening.append((shop.shop_id, listens)),
        ):
            self.app.register_blueprint(page)
        self.app.register_blueprint(
            about_routes(operator="", support_email="", data_source_link="")
        )

    def signed_in(self, workspace_id: str = "alice") -> FlaskClient:
        client = self.app.test_client()
        client.post("/sign-in", data={"token": self.sessions.new_link_token(workspace_id)})
        return client

    def shops(self, workspace_id: str = "alice") -> dict[str, str]:
        """States by id, without the Sample Account."""
        return {shop.shop_id: shop.state for shop in self.own_shops(workspace_id)}

    def own_shops(self, workspace_id: str = "alice") -> list[ShopRow]:
        found = self.accounts.workspace(workspace_id).shops()
        return [shop for shop in found if not shop.is_sample]


def started(client: FlaskClient, **query: str) -> str:
    """Start connecting; the state that TikTok is given."""
    answer = client.get("/connect/tiktok/start", query_string=query)
    return state_in(answer)


def state_in(answer: TestResponse) -> str:
    assert answer.status_code == 303, answer.text
    link = urlsplit(answer.headers["Location"])
    assert link.netloc == "tiktok.test"
    return parse_qs(link.query)["state"][0]


def back(client: FlaskClient, **query: str) -> TestResponse:
    return client.get("/connect/tiktok/callback", query_string=query)


def form_token_in(page: str) -> str:
    return page.partition('name="form_token" value="')[2].partition('"')[0]
