"""The gateway: the documented order of checks, then the call itself.

Path, method, app key, timestamp, signature present, signature right, token known and not expired,
scope, shop cipher, rate limit, parameters, business rules. The timestamp is checked against the
wall clock; everything a call answers is as of the shop clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from . import (
    answers,
    calls_aftersales,
    calls_analytics,
    calls_external,
    calls_fbt,
    calls_finance,
    calls_orders,
    calls_products,
    calls_webhooks,
    params,
)
from .answers import Answer, RefusedCall, Request, refused
from .books import Book, Call
from .limits import RateLimit
from .shop import Shop
from .signature import is_signed
from .tokens import Pair, Standing, TokenOffice
from .world import Wall, World

APP_KEY: Final = "sample-key"
APP_SECRET: Final = "sample-secret"  # noqa: S105 (the simulator's well-known dummy)
AUTH_CODE: Final = "sample-code"
SCOPES: Final = (
    "seller.authorization.info", "seller.shop.info", "seller.order.info", "seller.product.basic",
    "seller.return_refund.basic", "seller.logistics", "data.shop_analytics.public.read",
    "seller.finance.info", "seller.fbt.info",
)  # fmt: skip
_OLDEST, _NEWEST = 300, 30  # seconds a timestamp may lie in the past and in the future


@dataclass(frozen=True, slots=True)
class Route:
    """A path with `{version}` and perhaps `{id}`; `scope` None: a token call, unsigned."""

    name: str
    method: str
    path: str
    versions: tuple[str, ...]
    scope: str | None
    call: Callable[[Call], dict[str, Any]] | None
    for_seller: bool = False  # seller level: no shop_cipher

    def pattern(self) -> re.Pattern[str]:
        """Return the path as a pattern with the version first."""
        text = self.path.replace("{version}", r"(\d{6}|v\d)").replace("{id}", "([^/]+)")
        return re.compile(text)


_O, _P = "seller.order.info", "seller.product.basic"
_R, _L = "seller.return_refund.basic", "seller.logistics"
_F = "seller.finance.info"
_A, _B = "data.shop_analytics.public.read", "seller.fbt.info"
ROUTES: Final = (
    Route("token_get", "GET", "/api/{version}/token/get", ("v2",), None, None),
    Route("token_refresh", "GET", "/api/{version}/token/refresh", ("v2",), None, None),
    Route("authorized_shops", "GET", "/authorization/{version}/shops", ("202309",),
          "seller.authorization.info", None, True),
    Route("order_search", "POST", "/order/{version}/orders/search", ("202309",), _O,
          calls_orders.order_search),
    Route("order_detail", "GET", "/order/{version}/orders", ("202507", "202309"), _O,
          calls_orders.order_detail),
    Route("price_detail", "GET", "/order/{version}/orders/{id}/price_detail", ("202407",), _O,
          calls_orders.order_price_detail),
    Route("product_search", "POST", "/product/{version}/products/search",
          ("202502", "202312", "202309"), _P, calls_products.product_search),
    Route("product_detail", "GET", "/product/{version}/products/{id}", ("202309",), _P,
          calls_products.product_detail),
    Route("inventory_search", "POST", "/product/{version}/inventory/search", ("202309",), _P,
          calls_products.inventory_search),
    Route("return_search", "POST", "/return_refund/{version}/returns/search",
          ("202602", "202309"), _R, calls_aftersales.return_search),
    Route("cancellation_search", "POST", "/return_refund/{version}/cancellations/search",
          ("202602", "202309"), _R, calls_aftersales.cancellation_search),
    Route("warehouse_list", "GET", "/logistics/{version}/warehouses", ("202309",), _L,
          calls_aftersales.warehouse_list),
    Route("webhook_list", "GET", "/event/{version}/webhooks", ("202309",),
          "seller.authorization.info", calls_webhooks.webhook_list),
    Route("webhook_update", "PUT", "/event/{version}/webhooks", ("202309",),
          "seller.authorization.info", calls_webhooks.webhook_update),
    Route("webhook_delete", "DELETE", "/event/{version}/webhooks", ("202309",),
          "seller.authorization.info", calls_webhooks.webhook_delete),
    Route("external_order_list", "GET", "/order/{version}/orders/{id}/external_orders",
          ("202406",), _O, calls_external.external_order_list),
    Route("external_order_add", "POST", "/order/{version}/orders/external_orders", ("202406",), _O,
          calls_external.external_order_add),
    Route("external_order_search", "POST", "/order/{version}/orders/external_order_search",
          ("202406",), _O, calls_external.external_order_search),
    Route("statement_list", "GET", "/finance/{version}/statements", ("202309",), _F,
          calls_finance.statement_list),
    Route("statement_transactions", "GET",
          "/finance/{version}/statements/{id}/statement_transactions", ("202501", "202309"), _F,
          calls_finance.statement_transactions),
    Route("order_transactions", "GET", "/finance/{version}/orders/{id}/statement_transactions",
          ("202501",), _F, calls_finance.order_transactions),
    Route("payment_list", "GET", "/finance/{version}/payments", ("202605", "202309"), _F,
          calls_finance.payment_list),
    Route("unsettled_list", "GET", "/finance/{version}/orders/unsettled", ("202507",), _F,
          calls_finance.unsettled_list),
    Route("shop_performance", "GET", "/analytics/{version}/shop/performance",
          ("202509", "202405"), _A, calls_analytics.shop_performance),
    Route("shop_performance_per_hour", "GET",
          "/analytics/{version}/shop/performance/{id}/performance_per_hour", ("202510",), _A,
          calls_analytics.shop_performance_per_hour),
    Route("product_performance_list", "GET", "/analytics/{version}/shop_products/performance",
          ("202605", "202509"), _A, calls_analytics.product_list),
    Route("product_performance", "GET", "/analytics/{version}/shop_products/{id}/performance",
          ("202509",), _A, calls_analytics.product_performance),
    Route("sku_performance_list", "GET", "/analytics/{version}/shop_skus/performance",
          ("202509",), _A, calls_analytics.sku_list),
    Route("video_performance_list", "GET", "/analytics/{version}/shop_videos/performance",
          ("202605", "202509"), _A, calls_analytics.video_list),
    Route("video_overview", "GET", "/analytics/{version}/shop_videos/overview_performance",
          ("202509",), _A, calls_analytics.video_overview),
    Route("live_performance_list", "GET", "/analytics/{version}/shop_lives/performance",
          ("202509",), _A, calls_analytics.live_list),
    Route("live_overview", "GET", "/analytics/{version}/shop_lives/overview_performance",
          ("202509",), _A, calls_analytics.live_overview),
    Route("fbt_inventory_search", "POST", "/fbt/{version}/inventory/search", ("202408",), _B,
          calls_fbt.inventory_search),
    Route("fbt_warehouse_list", "GET", "/fbt/{version}/warehouses", ("202408",), _B,
          calls_fbt.warehouse_list),
    Route("fbt_inventory_records", "POST", "/fbt/{version}/inventory_records/search",
          ("202410",), _B, calls_fbt.inventory_records),
    Route("fbt_inbound_orders", "GET", "/fbt/{version}/inbound_orders", ("202409",), _B,
          calls_fbt.inbound_orders),
)  # fmt: skip
_PATTERNS: Final = tuple((route.pattern(), route) for route in ROUTES)


def route_of(path: str, method: str = "") -> tuple[Route, str, tuple[str, ...]] | None:
    """Return (route, version, ids in the path), or None for a path nobody knows.

    Of several routes with the path the one of this method, else the first.
    """
    found = None
    for pattern, route in _PATTERNS:
        match = pattern.fullmatch(path)
        if match is not None and (found is None or route.method == method):
            found = route, match.group(1), match.groups()[1:]
            if route.method == method:
                break
    return found


class Gateway:
    """Answers the calls of one world."""

    def __init__(
        self,
        world: World,
        office: TokenOffice,
        base_url: str,
        wall: Wall,
        page_ttl: int | None = None,
        limit: RateLimit | None = None,
        scopes: tuple[str, ...] = SCOPES,
    ) -> None:
        self.world = world
        self.office = office
        self.books = {shop.id: Book(shop, base_url) for shop in world.shops}
        self._wall = wall
        self._page_ttl = page_ttl
        self._limit = limit
        self._scopes = scopes

    def shop_in(self, request: Request) -> Shop | None:
        """Return the shop a request names by its cipher, checked or not."""
        return self.world.shop_of_cipher(request.query.get("shop_cipher", ""))

    def answer(self, request: Request) -> Answer:
        """Return the answer to a request, refusals included."""
        notes: dict[str, Any] = {}
        try:
            answer = self._answer(request, notes)
        except RefusedCall as refusal:
            answer = refusal.answer()
        answer.notes = notes
        return answer

    def _answer(self, request: Request, notes: dict[str, Any]) -> Answer:
        found = route_of(request.path, request.method)
        if found is None:
            raise refused(answers.INVALID_PATH, "Invalid path.")
        route, version, ids = found
        notes["name"] = route.name
        if version not in route.versions:
            if version < min(route.versions):
                raise refused(answers.RETIRED_VERSION, "Invalid API version.")
            raise refused(answers.INVALID_PATH, "Invalid path.")
        if request.method != route.method:
            raise refused(answers.INVALID_METHOD, "Invalid method.")
        if route.scope is None:
            return self._token_call(route, request)
        self._check_signature(request)
        self._check_token(request, route.scope)
        shop = self._check_cipher(request, route)
        if shop is None or route.call is None:
            return Answer(data=self._authorized_shops())
        notes["shop"] = shop.id
        if self._limit is not None and (wait := self._limit.take(shop.id)):
            raise refused(answers.THROTTLED, "Too many requests.", {"Retry-After": str(wait)})
        call = Call(
            request,
            version,
            self.books[shop.id],
            params.json_body(request),
            ids,
            self.world.now(),
            self.office.now(),
            self._page_ttl,
            notes,
        )
        return Answer(data=route.call(call))

    def _check_signature(self, request: Request) -> None:
        query = request.query
        if query.get("app_key") != APP_KEY:
            raise _invalid("Invalid credentials. Invalid 'app_key' query parameter.")
        try:
            timestamp = int(query.get("timestamp", ""))
        except ValueError:
            raise _invalid("Invalid timestamp. It must be unix seconds.") from None
        now = int(self._wall())
        if timestamp < 0:
            raise _invalid("Invalid timestamp. It is lesser than 0.")
        if timestamp < now - _OLDEST:
            raise _invalid("Invalid timestamp. It is earlier than 5 minutes ago.")
        if timestamp > now + _NEWEST:
            raise _invalid("Invalid timestamp. It is more than 30 seconds in the future.")
        if not query.get("sign"):
            raise _invalid("Missing credentials. The signature is missing.")
        content_type = request.headers.get("content-type", "")
        if not is_signed(APP_SECRET, request.path, query, request.body, content_type):
            raise refused(
                answers.WRONG_SIGN, "Invalid credentials. The sign query parameter is invalid."
            )

    def _check_token(self, request: Request, scope: str) -> None:
        standing = self.office.standing(request.headers.get("x-tts-access-token", ""))
        if standing is Standing.EXPIRED:
            raise refused(
                answers.TOKEN_EXPIRED, "Expired credentials. The access token has expired."
            )
        if standing is not Standing.GOOD:
            raise _invalid("Invalid credentials. The x-tts-access-token header is invalid.")
        if scope not in self._scopes:
            raise refused(answers.NO_SCOPE, f"Access denied. The scopes lack {scope}.")

    def _check_cipher(self, request: Request, route: Route) -> Shop | None:
        cipher = request.query.get("shop_cipher")
        if route.for_seller:
            if cipher is not None:
                raise _invalid("Unexpected identifier. shop_cipher is not required.")
            return None
        if not cipher:
            raise refused(answers.CIPHER_MISSING, "Missing identifier. shop_cipher is required.")
        shop = self.world.shop_of_cipher(cipher)
        if shop is None:
            raise refused(
                answers.WRONG_PAIR, "Invalid query or header. shop_cipher and token do not match."
            )
        return shop

    def _authorized_shops(self) -> dict[str, Any]:
        return {"shops": [self.shop_payload(shop) for shop in self.world.shops]}

    def shop_payload(self, shop: Shop) -> dict[str, Any]:
        """Return one entry of `shops[]`."""
        return {
            "id": shop.id,
            "name": shop.name,
            "code": f"{shop.region.code}LC{shop.number:04d}",
            "region": shop.region.code,
            "seller_type": "LOCAL",
            "cipher": self.world.cipher(shop),
        }

    def _token_call(self, route: Route, request: Request) -> Answer:
        query = request.query
        if query.get("app_key") != APP_KEY or query.get("app_secret") != APP_SECRET:
            raise refused((200, 36004002), "invalid app_key or app_secret")
        grant = query.get("grant_type", "")
        if route.name == "token_get":
            if grant != "authorized_code":
                raise refused((200, 36004003), "invalid grant_type")
            if query.get("auth_code") != AUTH_CODE:
                raise refused((200, 36004004), "invalid auth code")
            return self._tokens(self.office.exchange())
        if grant not in ("refresh_token", "authorized_code"):
            raise refused((200, 36004003), "invalid grant_type")
        pair = self.office.refresh(query.get("refresh_token", ""))
        if isinstance(pair, Pair):
            return self._tokens(pair)
        if pair is Standing.UNKNOWN:
            raise refused((200, 36004005), "can not find related auth record")
        raise refused((200, 36004001), "rt has expired")

    def _tokens(self, pair: Pair) -> Answer:
        world = self.world
        return Answer(
            message="success",
            data={
                "access_token": pair.access,
                "access_token_expire_in": pair.access_expires_at,
                "refresh_token": pair.refresh,
                "refresh_token_expire_in": pair.refresh_expires_at,
                "open_id": world.open_id,
                "seller_name": world.seller,
                "seller_base_region": world.shops[0].region.code,
                "user_type": 0,
                "granted_scopes": list(self._scopes),
            },
        )


def _invalid(message: str) -> RefusedCall:
    return refused(answers.INVALID, message)
