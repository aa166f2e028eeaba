"""A TikTok that answers from a script, a clock that moves only when told, a throttle that notes."""

from __future__ import annotations

import hashlib
import hmac
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson
import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from tiktok_shop.client import App, CallRecord, Client

APP = App("sample-key", "sample-secret")
START = 1_767_225_600.0


class FakeClock:
    """Seconds pass only by sleeping, or when a test moves `instant`."""

    def __init__(self, instant: float = START) -> None:
        self.instant = instant
        self.slept: list[float] = []

    def now(self) -> float:
        return self.instant

    def monotonic(self) -> float:
        return self.instant

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.instant += seconds


@dataclass
class Scripted:
    """One reply; `content` a dict becomes JSON. `raises` instead of a reply."""

    content: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raises: Callable[[requests.PreparedRequest], Exception] | None = None
    raw: Any = None


def ok(data: Any = None, **more: Any) -> Scripted:
    return Scripted(
        {"code": 0, "message": "Success", "request_id": "req-1", "data": data or {}}, **more
    )


def refusal(code: int, message: str = "", status: int = 400, **headers: str) -> Scripted:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = {"code": code, "message": message, "request_id": "req-9", "data": None}
    return Scripted(body, status, named)


class ScriptedAdapter(BaseAdapter):
    """Answers in order; the last reply goes on for ever. Keeps every request."""

    def __init__(self, *script: Scripted) -> None:
        super().__init__()
        self.script = list(script)
        self.requests: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *_args: Any, **_more: Any) -> Any:
        self.requests.append(request)
        scripted = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if scripted.raises is not None:
            raise scripted.raises(request)
        content = scripted.content
        response = requests.Response()
        response.status_code = scripted.status
        response.headers = CaseInsensitiveDict(scripted.headers)
        response.url = request.url or ""
        response.request = request
        raw = content if isinstance(content, bytes) else orjson.dumps(content)
        response.raw = scripted.raw or io.BytesIO(raw)
        return response

    def close(self) -> None:
        """Nothing is held open."""

    def query(self, number: int = -1) -> dict[str, str]:
        """The decoded query of a request."""
        return dict(parse_qsl(urlsplit(self.requests[number].url or "").query))


def session_over(adapter: BaseAdapter) -> requests.Session:
    session = requests.Session()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class NotingThrottle:
    def __init__(self) -> None:
        self.acquired: list[tuple[str, str, int]] = []
        self.slowed: list[tuple[str, float | None]] = []
        self.successes: list[str] = []

    def acquire(self, shop_key: str, lane: str, cost: int = 1) -> None:
        self.acquired.append((shop_key, lane, cost))

    def slow_down(self, shop_key: str, retry_after: float | None) -> None:
        self.slowed.append((shop_key, retry_after))

    def succeeded(self, shop_key: str) -> None:
        self.successes.append(shop_key)


class ShopAccess:
    """Access to one shop whose token can be renewed any number of times."""

    shop_key = "shop-1"
    cipher = "ROW_cipher1"

    def __init__(self) -> None:
        self.token = "token-0"
        self.renewed: list[str] = []

    def access_token(self) -> str:
        return self.token

    def renew(self, stale_token: str) -> str:
        self.renewed.append(stale_token)
        self.token = f"token-{len(self.renewed)}"
        return self.token


class Stage:
    """A client over a script, with everything around it in reach of the test."""

    def __init__(self, *script: Scripted, **options: Any) -> None:
        self.adapter = ScriptedAdapter(*script)
        self.clock = FakeClock()
        self.throttle = NotingThrottle()
        self.access = ShopAccess()
        self.records: list[CallRecord] = []
        options.setdefault("jitter", lambda: 0.25)
        options.setdefault("on_call", self.records.append)
        self.client = Client(APP, session_over(self.adapter), self.clock, self.throttle, **options)


def expected_sign(request: requests.PreparedRequest, secret: str = APP.secret) -> str:
    """The signature worked out again from what was sent, by the rule as TikTok's page gives it."""
    parts = urlsplit(request.url or "")
    pairs = sorted(parse_qsl(parts.query, keep_blank_values=True))
    text = parts.path
    for name, value in pairs:
        if name not in ("sign", "access_token"):
            text += f"{name}{value}"
    body = request.body or b""
    assert isinstance(body, bytes)
    message = f"{secret}{text}{body.decode()}{secret}"
    return hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
