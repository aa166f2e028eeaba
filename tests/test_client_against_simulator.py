"""The client and OAuth against the simulator, which checks signatures with code of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest
import requests

from clock import SystemClock
from sample_shop.adapter import BASE_URL, SampleShopAdapter
from tests.scripted_tiktok import APP, NotingThrottle
from tiktok_shop import errors
from tiktok_shop.client import App, Client, Page
from tiktok_shop.endpoints import ENDPOINTS
from tiktok_shop.oauth import OAuth

DAY = 86_400


class Seller:
    """Access with tokens of the simulator's own making."""

    shop_key = "sample"

    def __init__(self, oauth: OAuth) -> None:
        self._oauth = oauth
        self.grant = oauth.exchange("sample-code")
        self.token = self.grant.access_token
        self.cipher = ""

    def access_token(self) -> str:
        return self.token

    def renew(self, stale_token: str) -> str:
        assert stale_token == self.token
        self.grant = self._oauth.refresh(self.grant.refresh_token)
        self.token = self.grant.access_token
        return self.token


class Market:
    def __init__(self, app: App = APP, page_ttl: int | None = None) -> None:
        session = requests.Session()
        session.mount(BASE_URL, SampleShopAdapter(page_ttl=page_ttl))
        clock = SystemClock()
        self.client = Client(app, session, clock, NotingThrottle(), api_base=BASE_URL)
        self.seller = Seller(OAuth(APP, session, clock, auth_base=BASE_URL))
        shops = Client(APP, session, clock, NotingThrottle(), api_base=BASE_URL).call(
            "authorized_shops", self.seller
        )
        self.shop = shops.data["shops"][0]
        self.seller.cipher = self.shop["cipher"]
        self.now = int(clock.now())

    def read(self, name: str, axis: str, days: int, page_size: int | None = None) -> Iterator[Page]:
        row = ENDPOINTS[name]
        window = row.time_filter(axis).window(self.now - days * DAY, self.now)
        return self.client.pages(
            row,
            self.seller,
            query=row.ascending(axis),
            body=window,
            page_size=page_size,
        )


@pytest.fixture(scope="module")
def market() -> Market:
    return Market()


def test_a_code_gives_a_sellers_grant_with_instants(market: Market) -> None:
    grant = market.seller.grant
    assert grant.user_type == 0
    assert market.now + 6 * DAY < grant.access_expires_at < market.now + 8 * DAY
    assert {row.scope for row in ENDPOINTS.values()} <= set(grant.scopes)


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("order_search", 5),
        ("return_search", 30),
        ("cancellation_search", 30),
        ("product_search", 5000),
    ],
)
def test_the_pages_of_a_list_hold_as_many_different_rows_as_tiktok_counts(
    market: Market, name: str, days: int
) -> None:
    pages = list(market.read(name, "create_time", days))
    rows = [row for page in pages for row in page.rows]
    key = {"return_search": "return_id", "cancellation_search": "cancel_id"}.get(name, "id")
    assert len(rows) == len({row[key] for row in rows}) == pages[0].total
    assert rows
    assert pages[0].reply.version == ENDPOINTS[name].versions[0]


def test_orders_come_oldest_first_and_within_the_window(market: Market) -> None:
    times = [
        row["create_time"]
        for page in market.read("order_search", "create_time", 3, page_size=7)
        for row in page.rows
    ]
    assert times == sorted(times)
    assert all(market.now - 3 * DAY <= moment < market.now for moment in times)


def test_details_of_orders_and_products_are_read_by_id(market: Market) -> None:
    orders = next(market.read("order_search", "create_time", 5)).rows[:3]
    ids = [order["id"] for order in orders]
    detail = market.client.call("order_detail", market.seller, query={"ids": ids})
    assert sorted(order["id"] for order in detail.data["orders"]) == sorted(ids)
    price = market.client.call("price_detail", market.seller, path={"order_id": ids[0]})
    assert price.data["line_items"]
    product_id = orders[0]["line_items"][0]["product_id"]
    stock = market.client.call(
        "inventory_search", market.seller, body={"product_ids": [product_id]}
    )
    assert [one["product_id"] for one in stock.data["inventory"]] == [product_id]
    assert market.client.call("warehouses", market.seller).data["warehouses"]


def test_an_older_version_is_fallen_back_to(market: Market) -> None:
    row = dataclasses.replace(ENDPOINTS["order_detail"], versions=("209912", "202309"))
    ids = [next(market.read("order_search", "create_time", 5)).rows[0]["id"]]
    assert market.client.call(row, market.seller, query={"ids": ids}).version == "202309"


def test_an_unknown_token_is_renewed_by_the_refresh_token() -> None:
    market = Market()
    market.seller.token = "TTP_unknown"
    assert market.client.call("warehouses", market.seller).data["warehouses"]
    assert market.seller.token != "TTP_unknown"


def test_a_wrong_secret_is_an_operators_matter() -> None:
    market = Market(app=App("sample-key", "wrong"))
    with pytest.raises(errors.Misconfigured, match="app secret"):
        market.client.call("warehouses", market.seller)


def test_a_wrong_app_key_is_an_operators_matter() -> None:
    market = Market(app=App("unknown-key", "wrong"))
    with pytest.raises(errors.Misconfigured, match="app key"):
        market.client.call("warehouses", market.seller)


def test_a_cipher_of_nobody_is_a_wrong_shop() -> None:
    market = Market()
    market.seller.cipher = "ROW_nobody"
    with pytest.raises(errors.WrongShop):
        market.client.call("warehouses", market.seller)


def test_a_page_token_that_expires_while_reading_restarts_the_window() -> None:
    pages = Market(page_ttl=-1).read("order_search", "create_time", 5, page_size=10)
    assert next(pages).rows
    with pytest.raises(errors.PageTokenExpired):
        next(pages)


def test_a_malformed_page_token_restarts_the_window(market: Market) -> None:
    with pytest.raises(errors.PageTokenExpired):
        list(market.client.pages("order_search", market.seller, page_token="senseless"))


def test_a_grant_that_nobody_gave_is_lost() -> None:
    session = requests.Session()
    session.mount(BASE_URL, SampleShopAdapter())
    oauth = OAuth(APP, session, SystemClock(), auth_base=BASE_URL)
    with pytest.raises(errors.AccessLost):
        oauth.exchange("unknown-code")
    with pytest.raises(errors.AccessLost):
        oauth.refresh("unknown-token")
