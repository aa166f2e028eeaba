"""A small client for the simulator's tests. Signs by itself: it shares no code with either side."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from sample_shop.adapter import BASE_URL, SampleShopAdapter
from sample_shop.world import World, seeded_world

NOW = 1_760_000_000  # 2025-10-09T08:53:20Z
DAY = 86_400
ORDER_SEARCH = "/order/202309/orders/search"


def signed(path: str, query: Mapping[str, str], body: str, secret: str = "sample-secret") -> str:
    """Return the signature of a request."""
    joined = "".join(name + query[name] for name in sorted(query))
    text = f"{secret}{path}{joined}{body}{secret}"
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


class ShopClient:
    """Calls the simulator at `base` through `session`; `shops` are those it was granted."""

    def __init__(self, base: str, session: requests.Session) -> None:
        self.base, self.session = base, session
        self.tokens = self.token_call("get", auth_code="sample-code", grant_type="authorized_code")
        self.token = self.tokens["data"]["access_token"]
        answer = self.call("GET", "/authorization/202309/shops", cipher=None).json()
        self.shops: list[dict[str, Any]] = answer["data"]["shops"]
        self.cipher: str = self.shops[0]["cipher"]

    def token_call(self, which: str, **query: str) -> dict[str, Any]:
        """Return the answer of a token call."""
        query = {"app_key": "sample-key", "app_secret": "sample-secret", **query}
        url = f"{self.base}/api/v2/token/{which}"
        answer: dict[str, Any] = self.session.get(url, params=query, timeout=10).json()
        return answer

    def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        body: object = None,
        cipher: str | None = "own",
        timeout: float = 10.0,
    ) -> requests.Response:
        """Return the response to a signed call."""
        wanted = {name: str(value) for name, value in (query or {}).items()}
        wanted |= {"app_key": "sample-key", "timestamp": str(int(time.time()))}
        if cipher is not None:
            wanted["shop_cipher"] = self.cipher if cipher == "own" else cipher
        text = "" if body is None else json.dumps(body, ensure_ascii=False)
        wanted["sign"] = signed(path, wanted, text)
        return self.session.request(
            method,
            self.base + path,
            params=wanted,
            data=text.encode() or None,
            headers={"x-tts-access-token": self.token, "content-type": "application/json"},
            timeout=timeout,
            allow_redirects=False,
        )

    def data(self, method: str, path: str, query: Any = None, body: object = None) -> Any:
        """Return `data` of a call that must succeed."""
        answer = self.call(method, path, query, body).json()
        assert answer["code"] == 0, answer
        return answer["data"]

    def all_pages(
        self, path: str, rows: str, query: Mapping[str, object], body: object = None
    ) -> list[dict[str, Any]]:
        """Return the rows of all pages of a search."""
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            asked = {**query, "page_token": token} if token else query
            page = self.data("POST", path, asked, body)
            found += page[rows]
            token = page["next_page_token"]
            if not token:
                return found


def in_process(world: World | None = None, **options: Any) -> ShopClient:
    """Return a client of an adapter (by default of a small seeded world)."""
    session = requests.Session()
    adapter = SampleShopAdapter(world or small_world(), **options)
    session.mount(BASE_URL, adapter)
    return ShopClient(BASE_URL, session)


def small_world(orders: int = 600, days: int = 60, shops: int = 3, now: int = NOW) -> World:
    """Return a world whose clock stands still at `now`."""
    return seeded_world(7, orders, days, shops, now)


def query_of(url: str) -> dict[str, str]:
    """Return the query of a URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
